# SPDX-License-Identifier: Apache-2.0
#
# symbols.sh [BUILD] - the libraries show what the public headers declare, all of it and
# nothing else; and each public header compiles alone, as C17 and as C++17.
set -euo pipefail
. tests/support/dev.sh
build=${1:-build/dev}
[ $# -gt 0 ] || dev_build dev dstream_shared dstream_static
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
rc=0

headers=$(cd lib/include && echo dstream/*.h)
for header in $headers; do
    printf '#include "%s"\n' "$header" >>"$tmp/all.c"
    printf '#include "%s"\nint probe(void);\nint probe(void) { return 0; }\n' \
        "$header" >"$tmp/one.c"
    cp "$tmp/one.c" "$tmp/one.cc"
    for compile in "gcc -std=c17 $tmp/one.c" "clang -std=c17 $tmp/one.c" \
        "g++ -std=c++17 $tmp/one.cc" "clang++ -std=c++17 $tmp/one.cc"; do
        # shellcheck disable=SC2086
        $compile -Wall -Wextra -Wpedantic -Wshadow -Werror -fsyntax-only \
            -Ilib/include 2>"$tmp/says" && continue
        echo "$header does not compile alone by ${compile%% /*}:"
        head -n 5 "$tmp/says"
        rc=1
    done
done

# Functions as the compiler sees them; variables as they are written.
gcc -std=c17 -fsyntax-only -Ilib/include -aux-info "$tmp/aux" "$tmp/all.c"
{
    sed -nE 's,^/\* [^ ]*dstream/[^ ]* \*/ extern [^(]*[ *](ds_[a-z0-9_]+) \(.*,\1,p' \
        "$tmp/aux"
    for header in $headers; do
        sed -nE 's,^extern .*[ *](ds_[a-z0-9_]+)(\[.*\])?;.*,\1,p' \
            "lib/include/$header"
    done
} | sort -u >"$tmp/declared"
[ "$(wc -l <"$tmp/declared")" -gt 50 ] || {
    echo "only $(wc -l <"$tmp/declared") names were found in the headers"
    rc=1
}

nm -D --defined-only --format=posix "$build"/libdstream.so |
    awk '$2 != "A" { sub(/@.*/, "", $1); print $1 }' | sort -u >"$tmp/shared"
nm -g --defined-only --format=posix "$build"/libdstream.a 2>/dev/null |
    awk 'NF > 2 && $1 ~ /^ds_/ { print $1 }' | sort -u >"$tmp/static"
nm -g --defined-only --format=posix "$build"/libdstream.a 2>/dev/null |
    awk 'NF > 2 && $2 != "W" && $2 != "V" && $2 != "u" && $1 !~ /^ds_/ {
        print $1 }' | sort -u >"$tmp/foreign"
for kind in shared static; do
    comm -13 "$tmp/declared" "$tmp/$kind" | sed "s/\$/: the $kind library shows it, and no public header declares it/" >"$tmp/more"
    comm -23 "$tmp/declared" "$tmp/$kind" | sed "s/\$/: a public header declares it, and the $kind library lacks it/" >"$tmp/less"
    [ ! -s "$tmp/more" ] && [ ! -s "$tmp/less" ] && continue
    cat "$tmp/more" "$tmp/less"
    rc=1
done
if [ -s "$tmp/foreign" ]; then
    head -n 5 "$tmp/foreign" | sed 's/$/: the static library shows it/'
    rc=1
fi
[ "$rc" = 0 ] || echo "fix: declare it between DS_PUBLIC_BEGIN and DS_PUBLIC_END, or take it out of lib/include"
exit "$rc"
