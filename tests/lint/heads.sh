# SPDX-License-Identifier: Apache-2.0
# heads.sh - each C file says its licence and, in a line, what it is; comments
# are of one kind.
set -euo pipefail
rc=0
while read -r file; do
    name=${file##*/}
    head -n 1 "$file" | grep -q 'SPDX-License-Identifier: Apache-2\.0' || {
        echo "$file: the first line is not the licence line"
        rc=1
    }
    head -n 4 "$file" | grep -qF "${name} - " || {
        echo "$file: the head does not say \"$name - what it is.\""
        rc=1
    }
done < <(tests/support/sources.sh)
[ "$rc" = 0 ] || echo "fix: begin the file as its neighbours begin"

bad=$(tests/support/sources.sh | grep -E '\.[ch]$' |
    xargs -r grep -nE '^([^":]|"[^"]*")*[^":/*]?//([^"]*$)' |
    grep -vE '^[^:]+:[0-9]+: *(/?\*|[^/]*/\*)' || true)
if [ -n "$bad" ]; then
    printf '%s\n' "$bad"
    echo "fix: write /* … */"
    rc=1
fi
exit "$rc"
