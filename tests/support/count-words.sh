#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# count-words.sh FILE - the word count again, in awk, as a check on ours:
# "N word", most frequent first, then by word. ASCII text only.
set -euo pipefail
awk '{ for (i = 1; i <= NF; i++) n[tolower($i)]++ }
    END { for (word in n) print n[word], word }' "$1" |
    LC_ALL=C sort -k1,1nr -k2
