# SPDX-License-Identifier: Apache-2.0
# third-party.sh - a library's header appears in one folder, so that replacing
# the library means editing one place.
set -euo pipefail
rc=0

# only HEADER FOLDER…: who includes it elsewhere?
only() {
    local header=$1 bad
    shift
    bad=$(tests/support/sources.sh | grep -v -E "^($(
        IFS='|'
        echo "$*"
    )|tests)/" | xargs -r grep -nE "^ *# *include +[<\"]$header[>\"]" || true)
    if [ -n "$bad" ]; then
        printf '%s\n' "$bad"
        echo "fix: only $* may include $header: call the layer's own functions"
        rc=1
    fi
}

only 'pg_query\.h' lib/parse
only 'pg_query\.pb-c\.h|protobuf-c/.*' lib/parse
only 'yaml\.h' lib/yaml
only 'rocksdb/.*' state
only '(librdkafka/)?rdkafka(_mock)?\.h' connectors/kafka
only 'microhttpd\.h' cmd
only 'jansson\.h' cmd connectors/codec connectors/registry
only 'curl/.*' connectors/registry
only 'simdjson\.h' connectors/codec
only 'mimalloc.*' cmd lib/base
only 'utf8proc\.h' lib/expr
only 'pcre2\.h' lib/expr
only 'xxhash\.h' lib/base state lib/expr lib/record
exit "$rc"
