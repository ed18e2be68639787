# SPDX-License-Identifier: Apache-2.0
# generated.sh - what is generated and checked in is what the program says.
set -euo pipefail
. tests/support/dev.sh
file=jobs/job.schema.json
[ -e "$file" ] || {
    echo "$file is missing"
    echo "fix: ./dev build && build/dstream schema >$file"
    exit 1
}
dev_build dev dstream
tmp=$(mktemp)
trap 'rm -f "$tmp"' EXIT
build/dev/dstream schema >"$tmp"
cmp -s "$tmp" "$file" && exit 0
diff -u "$file" "$tmp" | head -n 20
echo "fix: ./dev build && build/dstream schema >$file"
exit 1
