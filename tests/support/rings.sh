#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# rings.sh - runs the rings of tests in order, for `./dev test`; those that only
# compute behind those that wait.
#
# A ring is a function ring_NAME. Its output goes to build/test-logs/NAME.log;
# it ends with 0 (passed), 77 (skipped: something it needs is not there) or
# anything else (failed). Rings that call a script find their counts in its
# last line: "N passed, N failed[, N skipped]" or "N tests, N failed".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. tests/support/dev.sh

all_rings=(unit conform golden mock oracle spark broker registry docker
    lint fuzz sanitize)
# Rings that mostly wait, and rings that only compute: these run behind those,
# on what they leave of the processors.
waiting=(broker registry docker)
computing=(lint fuzz sanitize)

# What a ring needs installed. Asked for before it starts: sudo may want to ask.
ring_needs() {
    case $1 in
    lint) echo build tests lint ;;
    conform | golden) echo build tests python ;;
    oracle) echo build python postgres ;;
    spark) echo build spark ;;
    sanitize) echo build tests clang python ;;
    fuzz) echo build tests clang python ;;
    broker) echo build tests broker ;;
    registry) echo build tests broker ;;
    docker) echo build broker ;;
    *) echo build tests ;;
    esac
}

# run_labels PRESET LABELS: the test programs with one of these labels.
run_labels() {
    ctest --test-dir "build/$1" -L "^($2)\$" -V --no-tests=error \
        -j "$(dev_jobs)" --output-junit ctest.xml
}

ring_lint() {
    tests/lint/run
}

ring_unit() {
    dev_build dev
    run_labels dev unit
}

ring_conform() {
    dev_build dev
    run_labels dev conform
    tests/capi/run build/dev
}

ring_golden() {
    dev_build dev
    tests/golden/run build/dev/dstream
}

ring_mock() {
    dev_build dev
    run_labels dev mock
}

# The same expressions, aggregates and sets by a real PostgreSQL. The random ones
# are the same every time.
ring_oracle() {
    dev_build dev dstream
    tests/oracle/run build/dev/dstream --all --generated 20000 --seed 1
}

# The DStreams operators over the same batches by a real Spark.
ring_spark() {
    dev_build dev dstream
    tests/spark/run build/dev/dstream
}

# Memory errors, leaks and undefined behaviour in what needs no broker; races
# in what has threads of ours: the engine, the log, HTTP, and expressions in
# several at once. One of the engine's tests is a job on three threads, fed and
# watched by a fourth.
ring_sanitize() {
    local supp=$PWD/tests/support
    export ASAN_OPTIONS="detect_stack_use_after_return=1:strict_string_checks=1"
    export LSAN_OPTIONS="suppressions=$supp/lsan.supp:print_suppressions=0"
    export UBSAN_OPTIONS="print_stacktrace=1"
    export TSAN_OPTIONS="suppressions=$supp/tsan.supp:halt_on_error=1"
    dev_build asan dstream tests_unit tests_conform
    run_labels asan "unit|conform"
    tests/golden/run build/asan/dstream
    local threaded=(unit_lib_base_test_log unit_cmd_dstream_test_http
        unit_lib_expr_test_threads unit_api_test_streaming)
    local file
    for file in tests/unit/lib/run/test_*.c; do
        file=${file##*/}
        threaded+=("unit_lib_run_${file%.c}")
    done
    dev_build tsan "${threaded[@]}"
    ctest --test-dir build/tsan -R "^($(
        IFS='|'
        echo "${threaded[*]}"
    ))\$" -V --no-tests=error
}

# Each target a minute from its seeds, twice as many as there are cores: the
# ring is short, and a finding does not wait for speed.
ring_fuzz() {
    dev_build asan fuzz
    tests/fuzz/run build/asan/fuzz --jobs $((2 * $(dev_jobs)))
}

# Both versions of Kafka.
ring_broker() {
    [ -x tests/broker/run ] || die "tests/broker/run is missing"
    dev_build hooks dstream
    tests/broker/run
    dev_build dev
    tests/capi/run build/dev --broker
}

# A real schema registry, and one that lies.
ring_registry() {
    [ -x tests/registry/run ] || die "tests/registry/run is missing"
    dev_build dev dstream
    tests/registry/run
}

ring_docker() {
    [ -x tests/docker/run ] || die "tests/docker/run is missing"
    tests/docker/run
}

# count_tests LOG: "passed failed skipped" of all programs that the log shows.
count_tests() {
    sed -E 's/^[0-9]+: //' "$1" | tr -d '\r' | awk '
        /^\[  PASSED  \] [0-9]+ test/  { passed += $4 }
        /^\[  FAILED  \] [0-9]+ test/  { failed += $4 }
        /^\[  SKIPPED \] [0-9]+ test/  { skipped += $4 }
        /^[0-9]+ passed, [0-9]+ failed/ {
            passed += $1; failed += $3
            if ($6 ~ /^skipped/) skipped += $5
        }
        /^[0-9]+ tests?, [0-9]+ failed$/ {
            passed += $1 - $3; failed += $3
        }
        END { print passed + 0, failed + 0, skipped + 0 }'
}

# Runs one ring; its "result seconds passed failed skipped" go into a file.
run_ring() {
    local ring=$1 log=$dev_log_dir/$1.log rc=0 start=$SECONDS
    local result passed failed skipped
    quietly "$ring" "$log" tests/support/rings.sh --ring "$ring" || rc=$?
    read -r passed failed skipped < <(count_tests "$log")
    case $rc in
    0)
        result=passed
        [ "$failed" = 0 ] || result=failed
        ;;
    77) result=skipped ;;
    *) result=failed ;;
    esac
    # A ring that counts nothing, or dies between its tests, counts as one.
    case $result in
    passed) [ "$passed" -gt 0 ] || passed=1 ;;
    skipped) [ "$skipped" -gt 0 ] || skipped=1 ;;
    failed) [ "$failed" -gt 0 ] || failed=1 ;;
    esac
    echo "$result $((SECONDS - start)) $passed $failed $skipped" \
        >"$dev_log_dir/$ring.result"
}

# run_behind RING…: one after the other, behind who wants a processor too.
run_behind() {
    behind_pid=""
    renice -n 10 $BASHPID >/dev/null
    local ring
    for ring in "$@"; do
        run_ring "$ring"
    done
}

# listed NAME WORD…: whether NAME is one of the words.
listed() {
    local name=$1
    shift
    [[ " $* " == *" $name "* ]]
}

need_all() {
    local ring
    for ring in "$@"; do
        # shellcheck disable=SC2046
        need $(ring_needs "$ring")
    done
}

# What looks like the reason, then the end. Test programs run side by side, so
# that the reason may stand far above.
reasons='\[ +(FAILED|ERROR|LINE) +\]|(^|[^_a-z])(error|ERROR|FAIL)[ :]'
reasons+='|WARNING: ThreadSanitizer|^[A-Za-z_.]+(Error|Exception)\b'
reasons+='|^(violation|invalid)\b|^--- .*: exit|, [1-9][0-9]* failed'
show_failure() {
    local log=$dev_log_dir/$1.log
    say "---- $log"
    grep -a -n -E "$reasons" "$log" | cut -c 1-400 | head -n 60 || true
    say "---- its end"
    tail -n 25 "$log"
    say "----"
}

# Reads what run_ring left of a ring, and counts it.
tell_ring() {
    local ring=$1 result seconds passed failed skipped word
    read -r result seconds passed failed skipped <"$dev_log_dir/$ring.result"
    word=$(printf '%-9s %-8s %5ss  %s passed, %s failed, %s skipped' \
        "$ring" "$result" "$seconds" "$passed" "$failed" "$skipped")
    say "$word"
    table+=$word$'\n'
    sum_passed=$((sum_passed + passed))
    sum_failed=$((sum_failed + failed))
    sum_skipped=$((sum_skipped + skipped))
    case $result in
    failed)
        bad=1
        show_failure "$ring"
        ;;
    skipped) lost+=("$ring") ;;
    esac
}

# Nothing goes on behind an interrupted run.
behind_pid=""
trap '[ -z "$behind_pid" ] || kill "$behind_pid" 2>/dev/null || true' EXIT

test_rings() {
    local allow_skip=no rings=() word
    for word in "$@"; do
        case $word in
        --allow-skip) allow_skip=yes ;;
        *)
            listed "$word" "${all_rings[@]}" || {
                say "dev: no ring $word; there are: ${all_rings[*]}" >&2
                exit 64
            }
            rings+=("$word")
            ;;
        esac
    done
    [ ${#rings[@]} -gt 0 ] || rings=("${all_rings[@]}")
    mkdir -p "$dev_log_dir"
    rm -f "$dev_log_dir"/*.result

    local ring front=() behind=()
    local table="" lost=() sum_passed=0 sum_failed=0 sum_skipped=0 bad=0
    for ring in "${rings[@]}"; do
        if listed "$ring" "${computing[@]}"; then
            behind+=("$ring")
        else
            front+=("$ring")
        fi
    done
    for ring in "${front[@]}"; do
        # shellcheck disable=SC2046
        need $(ring_needs "$ring")
        if [ -z "$behind_pid" ] && [ ${#behind[@]} -gt 0 ] &&
            listed "$ring" "${waiting[@]}"; then
            need_all "${behind[@]}"
            say "${behind[*]} behind the next ones …"
            run_behind "${behind[@]}" &
            behind_pid=$!
        fi
        say "$ring …"
        run_ring "$ring"
        tell_ring "$ring"
    done
    if [ -n "$behind_pid" ]; then
        wait "$behind_pid"
        behind_pid=""
    else
        need_all "${behind[@]}"
        for ring in "${behind[@]}"; do
            say "$ring …"
            run_ring "$ring"
        done
    fi
    for ring in "${behind[@]}"; do
        tell_ring "$ring"
    done

    say ""
    printf '%s' "$table"
    for ring in "${lost[@]}"; do
        say "SKIPPED: the ring $ring did not run:" \
            "$(sed -n 's/^skipped: //p' "$dev_log_dir/$ring.log" | tail -n 1)"
        [ "$allow_skip" = yes ] || bad=1
    done
    say "$sum_passed passed, $sum_failed failed, $sum_skipped skipped"
    return "$bad"
}

if [ "${1:-}" = --ring ]; then
    "ring_$2"
else
    test_rings "$@"
fi
