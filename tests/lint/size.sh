# SPDX-License-Identifier: Apache-2.0
# size.sh - no file above 800 lines; a report of functions above 70 lines.
set -euo pipefail
rc=0
while read -r file; do
    lines=$(wc -l <"$file")
    if [ "$lines" -gt 800 ]; then
        echo "$file: $lines lines"
        rc=1
    fi
done < <(tests/support/sources.sh all |
    grep -E '(\.[ch]|\.cc|\.py|\.sh|\.cmake|^dev|CMakeLists\.txt)$')
[ "$rc" = 0 ] || echo "fix: split the file by nouns: 800 lines are the limit"

tests/support/sources.sh | xargs -r awk '
    FNR == 1 { start = 0 }
    /^[a-zA-Z_].*\(/ { name = $0 }
    /^{/ { start = FNR }
    /^}/ {
        if (start && FNR - start - 1 > 70) {
            sub(/\(.*/, "", name)
            sub(/.*[ *]/, "", name)
            print FILENAME ":" start ": " name " has " FNR - start - 1 " lines"
        }
        start = 0
    }'
exit "$rc"
