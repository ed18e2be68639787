#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# threaded-job.sh PROGRAM - the word count of the demo with its threads, for
# the thread sanitizer: it must end well, and with the counts of awk.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
program=$1
text=$(ls jobs/texts/*.txt | head -n 1)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

"$program" run jobs/word-count.yaml --in "lines=$text" --out - \
    --state "$tmp/state" >"$tmp/rows"
tests/support/last-counts.sh <"$tmp/rows" >"$tmp/got"
tests/support/count-words.sh "$text" >"$tmp/want"
diff -u "$tmp/want" "$tmp/got" | head -n 20
cmp -s "$tmp/want" "$tmp/got"
echo "1 passed, 0 failed"
