#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# demo.sh - counts the words of a text twice, for `./dev demo`: embedded, and
# on a real broker with kill -9 in the middle; then shows that both agree.
#
# It starts itself again with --on-kafka under `broker run`, which sets
# DSTREAM_BROKERS and stops the broker whatever happens.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

text=jobs/texts/a-walk-along-the-stream.txt
job=jobs/word-count.yaml
program=build/dstream
top=10

fail() {
    printf 'demo: %s\n' "$*" >&2
    exit 1
}

# The counts of a run whose rows come on standard output.
embedded() {
    echo "Counting the words of $text, without a broker:"
    "$program" run "$job" --in "lines=$text" --out - \
        >"$tmp/rows" 2>"$tmp/embedded.log" || {
        cat "$tmp/embedded.log" >&2
        fail "$program run $job --in lines=$text --out - failed"
    }
    tests/support/last-counts.sh <"$tmp/rows" >"$tmp/embedded"
    [ -s "$tmp/embedded" ] || fail "the run printed no count"
    echo
    head -n "$top" "$tmp/embedded" |
        awk '{ printf "  %-12s %6d\n", $2, $1 }'
    echo
    tests/support/count-words.sh "$text" >"$tmp/awk"
    cmp -s "$tmp/embedded" "$tmp/awk" || {
        diff "$tmp/embedded" "$tmp/awk" | head -n 10 >&2 || true
        fail "awk counts otherwise (<: dstream, >: awk)"
    }
    echo "$(wc -l <"$tmp/embedded") words; awk says the same."
}

kafka_client() {
    "$python" -B tests/support/demo_kafka.py "$@"
}

start_job() {
    "$program" run "$job" --state "$tmp/state" --instance demo "$@" \
        >"$tmp/job.out" 2>>"$tmp/job.log" &
    job_pid=$!
}

show_job_log() {
    tail -n 20 "$tmp/job.log" >&2
}

# wait_committed N: until there are more than N committed records.
wait_committed() {
    local before=$1 deadline=$((SECONDS + 90))
    while :; do
        committed=$(kafka_client committed word-counts)
        [ "$committed" -le "$before" ] || return 0
        kill -0 "$job_pid" 2>/dev/null || {
            show_job_log
            fail "the job ended by itself"
        }
        [ "$SECONDS" -lt "$deadline" ] || {
            show_job_log
            fail "no new count was committed in 90 s"
        }
        sleep 0.2
    done
}

# Starts the job on what has come so far, sees it commit, gives it more, and
# kills it while it works on that.
one_kill() {
    local kill=$1 first=$2 middle=$3 last=$4
    start_job
    kafka_client produce lines "$text" "$first" "$middle"
    wait_committed "$committed"
    kafka_client produce lines "$text" "$middle" "$last"
    sleep 0."$((RANDOM % 10))"
    kill -0 "$job_pid" 2>/dev/null || {
        show_job_log
        fail "the job ended before it could be killed"
    }
    kill -KILL "$job_pid"
    wait "$job_pid" 2>/dev/null || true
    job_pid=
    echo "  $last of $lines lines are there, $committed counts committed:" \
        "kill -9, number $kill"
}

on_kafka() {
    local lines committed=0
    lines=$(wc -l <"$text")
    # The name that job files use.
    export KAFKA=$DSTREAM_BROKERS
    python=$(tests/support/venv)
    echo "The same job on the broker at $DSTREAM_BROKERS:"
    kafka_client create lines 6 word-counts 6

    one_kill 1 0 $((lines / 6)) $((lines / 3))
    one_kill 2 $((lines / 3)) $((lines / 2)) $((lines * 2 / 3))

    kafka_client produce lines "$text" $((lines * 2 / 3)) "$lines"
    echo "  $lines of $lines lines are there; the job goes on to the end"
    start_job --until-end
    local deadline=$((SECONDS + 180))
    while kill -0 "$job_pid" 2>/dev/null; do
        [ "$SECONDS" -lt "$deadline" ] || {
            show_job_log
            fail "the job did not reach the end in 180 s"
        }
        sleep 0.2
    done
    wait "$job_pid" || {
        show_job_log
        fail "the job failed"
    }
    job_pid=
    kafka_client counts word-counts >"$tmp/kafka.new"
    LC_ALL=C sort -k1,1nr -k2 "$tmp/kafka.new" >"$tmp/kafka"
}

# Every word with both counts; a word that one side lacks counts 0 there.
side_by_side() {
    awk 'NR == FNR { a[$2] = $1; next } { b[$2] = $1 }
        END {
            for (word in a) all[word]
            for (word in b) all[word]
            for (word in all)
                print word, a[word] + 0, b[word] + 0
        }' "$tmp/embedded" "$tmp/kafka" |
        LC_ALL=C sort -k2,2nr -k1,1 >"$tmp/both"
    echo
    printf '  %-12s %9s %9s\n' word embedded kafka
    head -n "$top" "$tmp/both" | awk '{ printf "  %-12s %9d %9d\n", $1, $2, $3 }'
    local words differ
    words=$(wc -l <"$tmp/both")
    differ=$(awk '$2 != $3' "$tmp/both" | wc -l)
    [ "$words" -le "$top" ] || echo "  … and $((words - top)) more words"
    echo
    if [ "$differ" != 0 ]; then
        awk '$2 != $3 { printf "  %-12s %9d %9d  differ\n", $1, $2, $3 }' \
            "$tmp/both" | head -n 20
        fail "$differ of $words words differ"
    fi
    echo "SUCCESS: all $words words have the same count, embedded and on Kafka" \
        "through two kill -9."
}

# shellcheck disable=SC2317
clean_up() {
    [ -z "${job_pid:-}" ] || kill -KILL "$job_pid" 2>/dev/null || true
    [ -n "${DSTREAM_DEMO_TMP:-}" ] || rm -rf "$tmp"
}

tmp=${DSTREAM_DEMO_TMP:-$(mktemp -d)}
job_pid=
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

if [ "${1:-}" = --on-kafka ]; then
    on_kafka
    side_by_side
else
    embedded
    echo
    echo "Starting a broker …"
    # Not exec: the folder is removed here, after the broker has stopped.
    export DSTREAM_DEMO_TMP=$tmp
    rc=0
    tests/support/broker run --name "demo-$$" -- \
        tests/support/demo.sh --on-kafka || rc=$?
    unset DSTREAM_DEMO_TMP
    exit "$rc"
fi
