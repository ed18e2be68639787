# SPDX-License-Identifier: Apache-2.0
# free.sh - memory lives in arenas: free() is for base/ and for the files that
# wrap a library's handles.
set -euo pipefail
bad=$(tests/support/sources.sh |
    grep -v -E '^(lib/(base|parse|yaml)|state|connectors|cmd|tests)/' |
    xargs -r grep -nE '(^|[^_[:alnum:]>.])(free|malloc|calloc|realloc|strdup|strndup|asprintf|getline)\(' || true)
[ -n "$bad" ] || exit 0
printf '%s\n' "$bad"
echo "fix: take the memory from an arena (dstream/arena.h)"
exit 1
