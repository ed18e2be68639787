# SPDX-License-Identifier: Apache-2.0
#
# dev.sh - what ./dev and its rings share: packages, builds, quiet commands.
# Sourced, never run. The caller has set -euo pipefail and stands in the root.
# shellcheck shell=bash

dev_log_dir=build/test-logs

say() {
    printf '%s\n' "$*"
}

die() {
    printf 'dev: %s\n' "$*" >&2
    exit 1
}

# Packages by need. Names are Debian 12's.
dev_packages() {
    case $1 in
    build)
        echo gcc g++ libc6-dev cmake ninja-build pkg-config librdkafka-dev \
            librocksdb-dev libyaml-dev libpg-query-dev libmicrohttpd-dev \
            libjansson-dev libsimdjson-dev libmimalloc-dev libxxhash-dev \
            libpcre2-dev libutf8proc-dev libprotobuf-c-dev libssl-dev \
            libcurl4-openssl-dev libavro-dev tzdata
        ;;
    tests) echo libcmocka-dev make ;;
    clang) echo clang libclang-rt-14-dev llvm ;;
    format) echo clang-format ;;
    lint) echo clang clang-format clang-tidy ;;
    python) echo python3 ;;
    postgres) echo postgresql-15 ;;
    spark) echo openjdk-17-jdk-headless python3 python3-venv ca-certificates ;;
    broker) echo procps python3 python3-venv ca-certificates ;;
    esac
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "not root and no sudo: run as root: $*"
    fi
}

dev_apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        -o DPkg::Lock::Timeout=600 --no-install-recommends "$@"
}

# need NEED…: installs what is missing of these; says nothing otherwise.
need() {
    command -v dpkg-query >/dev/null || return 0
    local word package missing=() log
    for word in "$@"; do
        for package in $(dev_packages "$word"); do
            case $(dpkg-query -W -f '${db:Status-Status}' "$package" \
                2>/dev/null || true) in
            installed) ;;
            *) missing+=("$package") ;;
            esac
        done
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing: ${missing[*]}"
    mkdir -p "$dev_log_dir"
    log=$dev_log_dir/install.log
    # Package lists that are there may be old or empty: fetch them only then.
    dev_apt_install "${missing[@]}" >"$log" 2>&1 && return 0
    as_root apt-get update -qq >>"$log" 2>&1 || true
    dev_apt_install "${missing[@]}" >>"$log" 2>&1 && return 0
    tail -n 20 "$log" >&2
    die "cannot install: ${missing[*]} (the whole log is $log)"
}

# quietly TITLE LOG COMMAND…: runs the command with its output in LOG; shows
# a line of progress now and then. The command has a process group of its own,
# so that an interrupt ends all of it.
quietly() {
    local title=$1 log=$2 start=$SECONDS rc=0 shown=$SECONDS
    shift 2
    mkdir -p "$(dirname "$log")"
    set -m
    "$@" >"$log" 2>&1 </dev/null &
    dev_child=$!
    set +m
    trap 'dev_interrupted' INT TERM HUP
    while kill -0 "$dev_child" 2>/dev/null; do
        sleep 0.2
        if [ $((SECONDS - shown)) -ge 15 ]; then
            shown=$SECONDS
            printf '  %s: %ss  %s\n' "$title" $((SECONDS - start)) \
                "$(dev_last_line "$log")"
        fi
    done
    wait "$dev_child" || rc=$?
    trap - INT TERM HUP
    return "$rc"
}

dev_interrupted() {
    trap - INT TERM HUP
    kill -TERM -- "-$dev_child" 2>/dev/null || true
    wait "$dev_child" || true
    exit 130
}

dev_last_line() {
    tail -c 2000 "$1" | tr -d '\r' | grep -a -v '^[[:space:]]*$' |
        tail -n 1 | cut -c 1-100 || true
}

# A build folder that was made for another place of the sources is stale.
dev_drop_stale() {
    local cache=build/$1/CMakeCache.txt
    if [ -e "$cache" ] &&
        ! grep -q "^CMAKE_HOME_DIRECTORY:INTERNAL=$PWD\$" "$cache"; then
        rm -rf "build/$1"
    fi
}

# dev_build PRESET [TARGET…]
dev_build() {
    local preset=$1 log=$dev_log_dir/build-$1.log
    shift
    mkdir -p "$dev_log_dir"
    dev_drop_stale "$preset"
    if ! cmake --preset "$preset" >"$log" 2>&1; then
        tail -n 30 "$log" >&2
        die "cannot configure the preset $preset (the whole log is $log)"
    fi
    if ! quietly "build $preset" "$log" \
        cmake --build "build/$preset" -j "$(dev_jobs)" \
        ${1:+--target "$@"}; then
        grep -a -E -A 6 'error|FAILED|undefined reference' "$log" |
            head -n 40 >&2 || true
        die "the build of the preset $preset failed (the whole log is $log)"
    fi
}

dev_jobs() {
    echo "${DSTREAM_JOBS:-$(nproc)}"
}

# The release program, at the place that everybody knows: build/dstream.
dev_program() {
    need build
    dev_build release dstream
    if ! cmp -s build/release/dstream build/dstream; then
        cp build/release/dstream build/dstream.new
        mv build/dstream.new build/dstream
    fi
}
