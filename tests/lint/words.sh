# SPDX-License-Identifier: Apache-2.0
# words.sh - the project speaks of itself alone: no paths of one machine.
set -euo pipefail
# Written so that the pattern does not find itself.
pattern='/wor[k]/|/tmp/b[-]|/roo[t]/|/home/[a-z]+/|/tmp/brie[f]'
bad=$(tests/support/sources.sh all | grep -v '^LICENSE$' |
    xargs -r -d '\n' grep -nIE "$pattern" || true)
[ -n "$bad" ] || exit 0
printf '%s\n' "$bad" | cut -c 1-160
echo "fix: use a path below the sources, or one that is given"
exit 1
