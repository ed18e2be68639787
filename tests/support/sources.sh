#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# sources.sh [all] - our C and C++ files, one a line; all: every text of ours.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
shopt -s nullglob
folders=(cmd api lib state connectors tests examples)
if [ "${1:-}" = all ]; then
    find . \( -path ./.git -o -path ./build -o -name __pycache__ \) -prune \
        -o -type f -print | sed 's,^\./,,' | LC_ALL=C sort
else
    for folder in "${folders[@]}"; do
        [ ! -d "$folder" ] ||
            find "$folder" -type f \( -name '*.[ch]' -o -name '*.cc' \)
    done | LC_ALL=C sort
fi
