# SPDX-License-Identifier: Apache-2.0
# free.sh - memory lives in arenas: free() is for base/, for the files that
# wrap a library's handles, and for the few files named here.
set -euo pipefail

# Objects that own an arena: job, registry, context, epoch.
owners='lib/build/job\.c|lib/plan/registry\.c|lib/run/(context|epoch)\.c'
# Texts made by open_memstream.
owners+='|lib/build/schema\.c|lib/plan/(explain|stores)\.c'
# Lists that live longer than an epoch and shorter than the job, and grow.
owners+='|lib/run/(reject|wait|replay|hold|held)\.c'
# Work space of a matcher; it hangs on its arena.
owners+='|lib/expr/(regex|regex_match)\.c'

bad=$(tests/support/sources.sh |
    grep -v -E '^(lib/(base|parse|yaml)|state|connectors|api|cmd|tests|examples)/' |
    grep -v -E "^($owners)\$" |
    xargs -r grep -nE '(^|[^_[:alnum:]>.])(free|malloc|calloc|realloc|strdup|strndup|asprintf|getline)\(' || true)
[ -n "$bad" ] || exit 0
printf '%s\n' "$bad"
echo "fix: take the memory from an arena (dstream/arena.h)"
exit 1
