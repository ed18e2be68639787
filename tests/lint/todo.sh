# SPDX-License-Identifier: Apache-2.0
# todo.sh - a promise in the code names the issue that keeps it.
set -euo pipefail
word=TODO
all=$(tests/support/sources.sh | xargs -r grep -nE "\b(${word}|FIXME|XXX)\b" || true)
bad=$(printf '%s' "$all" | grep -vE "${word}\(#[0-9]+\)" || true)
[ -z "$all" ] || echo "$(printf '%s\n' "$all" | wc -l) open promises"
[ -n "$bad" ] || exit 0
printf '%s\n' "$bad"
echo "fix: write ${word}(#ISSUE): what is missing, or do it"
exit 1
