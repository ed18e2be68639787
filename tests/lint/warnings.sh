# SPDX-License-Identifier: Apache-2.0
# warnings.sh - clang compiles everything without a warning, as gcc does in
# the other builds. Nothing is linked.
set -euo pipefail
. tests/support/dev.sh
mkdir -p "$dev_log_dir"
dev_drop_stale lint
cmake --preset lint >"$dev_log_dir/configure-lint.log" 2>&1 || {
    tail -n 20 "$dev_log_dir/configure-lint.log"
    exit 1
}
objects=$(ninja -C build/lint -t targets all | sed -n 's/\.o: .*/.o/p')
[ -n "$objects" ] || exit 0
log=$dev_log_dir/warnings.log
# shellcheck disable=SC2086
if ! ninja -C build/lint -k 0 -j "$(dev_jobs)" $objects >"$log" 2>&1; then
    grep -E '(error|warning):' "$log" | sort -u | head -n 40
    echo "fix: mend the code, not the flags (the whole log is $log)"
    exit 1
fi
