# SPDX-License-Identifier: Apache-2.0
#
# layers.sh - a layer sees the headers of the layers below it and no others.
#
# The table says who may see whom, apart from CMakeLists.txt on purpose: a
# DEPENDS too many there fails here. The build writes each layer's include
# paths to build/PRESET/layers/NAME; the compiler is asked with them.
set -euo pipefail
. tests/support/dev.sh

below() {
    case $1 in
    base) echo ;;
    obs | record | parse) echo base ;;
    expr) echo base record parse ;;
    plan | query) echo base record parse expr ;;
    op) echo base record parse expr query plan ;;
    build | state | kafka | memory | socket | file | registry)
        echo base record parse expr plan ;;
    codec) echo base record parse expr plan registry ;;
    yaml) echo base record parse expr plan build ;;
    run) echo base record parse expr plan obs ;;
    api) echo base record parse expr query plan obs op build yaml run state kafka \
        memory socket file registry codec ;;
    cmd) echo base record parse expr query plan obs op build yaml run state kafka \
        memory socket file registry codec api ;;
    *) return 1 ;;
    esac
}

folder() {
    case $1 in
    state | api) echo "$1" ;;
    kafka | memory | socket | file | registry | codec) echo "connectors/$1" ;;
    cmd) echo cmd/dstream ;;
    *) echo "lib/$1" ;;
    esac
}

mkdir -p "$dev_log_dir"
dev_drop_stale lint
cmake --preset lint >"$dev_log_dir/configure-lint.log" 2>&1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
layers=$(cd build/lint/layers && ls)
rc=0

# compiles LAYER HEADER: does a file of this layer compile with this include?
compiles() {
    printf '#include "%s"\nint probe(void);\nint probe(void) { return 0; }\n' \
        "$2" >"$tmp/probe.c"
    # shellcheck disable=SC2046
    cc -std=c17 -D_GNU_SOURCE -fsyntax-only \
        $(cat "build/lint/layers/$1") "$tmp/probe.c" 2>"$tmp/says"
}

for layer in $layers; do
    may=$(below "$layer") || {
        echo "the layer $layer is not in the table of tests/lint/layers.sh"
        rc=1
        continue
    }
    for other in $layers; do
        [ -d "$(folder "$other")" ] || continue
        header=$(find "$(folder "$other")" -name '*.h' | LC_ALL=C sort |
            sed -n 1p)
        [ -n "$header" ] || continue
        include=$other/${header#"$(folder "$other")"/}
        # A header that does not compile at home is no news anywhere else.
        [ "$other" = "$layer" ] || compiles "$other" "$include" || continue
        if [ "$other" = "$layer" ] || [[ " $may " == *" $other "* ]]; then
            compiles "$layer" "$include" && continue
            echo "$layer cannot include $include: $(head -n 3 "$tmp/says")"
            echo "fix: make the header compile alone; else DEPENDS in CMakeLists.txt"
            rc=1
        elif compiles "$layer" "$include"; then
            echo "$layer can include $include, a layer that it must not know"
            echo "fix: take the layer out of DEPENDS in CMakeLists.txt"
            rc=1
        fi
    done
done

# A path around the include folders would get past all that.
if grep -nE '^ *# *include +"[^"]*\.\./' $(tests/support/sources.sh) /dev/null
then
    echo 'fix: write "layer/file.h", never a path with ..'
    rc=1
fi
exit "$rc"
