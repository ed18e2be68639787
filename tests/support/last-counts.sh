#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# last-counts.sh - reads rows {"word":…,"n":…} in their order and prints the
# last count of each word: "N word", most frequent first, then by word.
set -euo pipefail
sed -n -E 's/^\{"word":"(.*)","n":([0-9]+)\}$/\2 \1/p' |
    awk '{ n[substr($0, length($1) + 2)] = $1 }
        END { for (word in n) print n[word], word }' |
    LC_ALL=C sort -k1,1nr -k2
