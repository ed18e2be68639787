# SPDX-License-Identifier: Apache-2.0
#
# readme.sh - what README.md quotes is still so: the output of commands, pieces
# of sources, the table of layers; and links in our texts, and the names of
# texts in our sources, lead somewhere.
set -euo pipefail
. tests/support/dev.sh
dev_build dev dstream
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
rc=0

# Every block between fences as a file: NNN.txt, or NNN.c after ```c.
awk -v tmp="$tmp" '
    /^```/ && !inside { inside = 1; n++; kind = /^```c$/ ? "c" : "txt"
        file = sprintf("%s/%03d.%s", tmp, n, kind); next }
    /^```/ { inside = 0; close(file); next }
    inside { print >file }' README.md

shown=0
for block in "$tmp"/*.txt; do
    command=$(sed -n '1s,^\$ build/dstream ,,p' "$block")
    [ -n "$command" ] || continue
    shown=$((shown + 1))
    # shellcheck disable=SC2086
    build/dev/dstream $command >"$tmp/says" 2>&1 || true
    tail -n +2 "$block" | diff -u - "$tmp/says" >"$tmp/diff" && continue
    echo "dstream $command says something else than README.md:"
    head -n 20 "$tmp/diff"
    rc=1
done
[ "$shown" -ge 3 ] || {
    echo "README.md shows $shown commands with their output, not 3"
    rc=1
}

source=$(cat lib/op/filter.c)
for block in "$tmp"/*.c; do
    [[ $source == *"$(cat "$block")"* ]] && continue
    echo "README.md quotes what lib/op/filter.c does not say:"
    head -n 3 "$block"
    rc=1
done

# ds_layer(NAME DIR FOLDER … DEPENDS LAYERS …)
awk '/^ds_layer\(/ { on = 1; text = "" }
    on { text = text " " $0 }
    on && /\)$/ { on = 0; print text }' CMakeLists.txt |
    sed -E 's/^ *ds_layer\(([a-z]+) DIR ([^ ]+)(.*)\)$/\1 \2 \3/
        s/^([^ ]+ [^ ]+) .*DEPENDS ([a-z ]*[a-z]).*$/\1 \2/
        s/^([^ ]+ [^ ]+)  .*$/\1/
        s/  +/ /g' |
    sed -E 's/^([^ ]+) ([^ ]+) ?(.*)$/| \1 | `\2` | \3 |/; s/\|  \|$/| |/' \
        >"$tmp/layers"
sed -n '/^| layer | folder | sees |$/,/^$/p' README.md |
    grep -v -E '^(\| layer \| folder|\|---|$)' |
    diff -u - "$tmp/layers" >"$tmp/diff" || {
    echo "the table of layers in README.md is not that of CMakeLists.txt:"
    cat "$tmp/diff"
    rc=1
}

for text in README.md CONTRIBUTING.md docs/*.md; do
    for link in $(grep -oE '\]\([^)#:]+' "$text" | cut -c 3-); do
        [ -e "$(dirname "$text")/$link" ] || {
            echo "$text: the link $link leads nowhere"
            rc=1
        }
    done
done
for text in $(tests/support/sources.sh all |
    grep -E '^(cmd|lib|state|connectors|tests|jobs|docker)/' |
    xargs -r -d '\n' grep -hoIE '(^|[ (])(docs/)?[a-z-]+\.md\b' |
    sed -E 's,^[ (]?(docs/)?,,' | sort -u); do
    [ -e "docs/$text" ] || {
        echo "$text is named in: $(tests/support/sources.sh all |
            xargs -r -d '\n' grep -lI -F "$text" | head -n 3 | xargs)" \
            "and is not in docs/"
        rc=1
    }
done
[ "$rc" = 0 ] || echo "fix: mend README.md, or what names a text"
exit "$rc"
