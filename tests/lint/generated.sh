# SPDX-License-Identifier: Apache-2.0
# generated.sh - what is generated and checked in is what the program says, and
# it says something about every code of an error.
set -euo pipefail
. tests/support/dev.sh
dev_build dev dstream
tmp=$(mktemp)
trap 'rm -f "$tmp"' EXIT
rc=0

# generated FILE ARGUMENT…: what dstream says, checked in.
generated() {
    local file=$1
    shift
    build/dev/dstream "$@" >"$tmp"
    cmp -s "$tmp" "$file" && return
    diff -u "$file" "$tmp" | head -n 20 || true
    echo "fix: ./dev build && build/dstream $* >$file"
    rc=1
}

generated jobs/job.schema.json schema
generated docs/functions.md help --functions
generated docs/operators.md help --operators

while read -r code; do
    build/dev/dstream help "$code" >/dev/null 2>&1 || {
        echo "dstream help $code says nothing"
        echo "fix: cmd/dstream/help_codes.c"
        rc=1
    }
done < <(tests/support/sources.sh | grep -E '^(lib|cmd|connectors)/' |
    xargs -r grep -hoE '"[EW]0[0-9]{3}"' | tr -d '"' | sort -u)
exit "$rc"
