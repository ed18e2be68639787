# SPDX-License-Identifier: Apache-2.0
# format.sh - our C files are as clang-format leaves them.
set -euo pipefail
bad=$(tests/support/sources.sh | while read -r file; do
    clang-format "$file" | cmp -s - "$file" || echo "$file"
done)
[ -n "$bad" ] || exit 0
printf '%s\n' "$bad"
echo "fix: ./dev fmt"
exit 1
