# SPDX-License-Identifier: Apache-2.0
"""hostile.py PROGRAM - files made to hurt the loader.

Each has to be refused: exit 78, a line with file, line and column, within a
second and 64 MiB (four times that under a sanitizer).
"""

import os
import re
import resource
import subprocess
import sys
import tempfile
import time

JOB = (
    b"dstream: 1\njob: bad\n"
    b"sources:\n  rows: {kafka: {topic: rows, format: text}}\n"
    b"sinks:\n  out: {from: rows, kafka: {topic: out}}\n"
)

QUERY = JOB + b"streams:\n  a:\n    from: rows\n    do:\n      - transform: "


def laughs(levels, width, kind):
    """Aliases of aliases."""
    lines = [b"a0: &a0 x"]
    for i in range(1, levels):
        items = b", ".join(b"*a%d" % (i - 1) for _ in range(width))
        if kind == "map":
            items = b", ".join(b"k%d: *a%d" % (k, i - 1) for k in range(width))
            lines.append(b"a%d: &a%d {%s}" % (i, i, items))
        else:
            lines.append(b"a%d: &a%d [%s]" % (i, i, items))
    return b"\n".join(lines) + b"\n"


def steps(*texts):
    """A job whose one stream has these filters."""
    body = b"".join(b"      - filter: " + t + b"\n" for t in texts)
    return JOB + b"streams:\n  a:\n    from: rows\n    do:\n" + body


def queries():
    """Of a transform: its name and the query."""
    one = b"SELECT value FROM batch"
    yield "nested", b"SELECT value FROM (" * 2000 + b"batch" + b") s" * 2000
    yield "in", (one + b" WHERE value IN (") * 900 + one + b")" * 900
    yield "unions", b" UNION ALL ".join([b"SELECT nope FROM batch"] * 2000)
    yield "joins", b"SELECT r0.value FROM batch r0" + b"".join(
        b" JOIN batch r%d ON r0.value = r%d.value" % (i, i)
        for i in range(1, 1000)
    )
    yield "star", b"SELECT " + b",".join([b"*"] * 10000) + b" FROM batch"
    yield "aliases", b"SELECT 1 AS a FROM " + b",".join([b"batch"] * 8000)
    yield "with", b"WITH " + b",".join(
        b"t%d AS (SELECT nope FROM t%d)" % (i, i + 1) for i in range(1500)
    ) + b" SELECT value FROM t0"
    yield "order", one + b" ORDER BY " + b",".join([b"nope"] * 8000)


def files():
    """Name and bytes of each."""
    yield "no-file", None
    yield "empty", b""
    yield "blank", b"   \n\n \t\n"
    yield "nul", b"\0"
    yield "nul-inside", JOB + b"batch: 1\0s\n"
    yield "nul-escaped", JOB + b'batch: "1\\0s"\n'
    yield "bell", JOB + b"batch: \x07\n"
    yield "random", bytes((i * 7919 + i // 13) % 256 for i in range(20000))
    yield "latin-1", JOB + b"description: caf\xe9\n"
    yield "utf-8-overlong", JOB + b"description: \xc0\xaf\n"
    yield "utf-8-surrogate", JOB + b"description: \xed\xa0\x80\n"
    yield "utf-8-cut", JOB + b"description: \xe2\x82"
    yield "utf-16", "dstream: 1\njob: bad\n".encode("utf-16")
    yield "utf-32", "dstream: 1\njob: bad\n".encode("utf-32")
    yield "elf", b"\x7fELF\x02\x01\x01" + bytes(1000)
    yield "laughs-list", laughs(100, 10, "list")
    yield "laughs-map", laughs(60, 10, "map")
    yield "laughs-wide", laughs(3, 20000, "list")
    yield "alias-of-itself", b"a: &a [*a]\n"
    yield "alias-unknown", b"a: *b\n"
    yield "anchors", b"\n".join(b"k%d: &a%d 1" % (i, i) for i in range(60000))
    yield "brackets", b"[" * 1000000
    yield "braces", b"{" * 1000000
    yield "brackets-closed", b"[" * 100000 + b"]" * 100000
    yield "braces-keys", b"{a: " * 100000
    yield "dashes", b"- " * 100000
    yield "questions", b"? " * 100000
    yield "indent", b"\n".join(b" " * i + b"a:" for i in range(1000))
    yield "wide-list", JOB + b"workers: [" + b"1," * 200000 + b"1]\n"
    yield "wide-map", b"".join(b"k%d: 1\n" % i for i in range(60000))
    yield "same-key", b"k: 1\n" * 60000
    yield "long-scalar", JOB + b"description: " + b"x" * 100000 + b"\n"
    yield "long-quoted", JOB + b'description: "' + b"x" * 500000 + b'"\n'
    yield "long-block", JOB + b"description: |\n" + b"  xxxxxxxxx\n" * 60000
    yield "long-key", b"k" * 100000 + b": 1\n"
    # In parts, since a child's memory counts from its parent's.
    yield "huge", [b"# "] + [b"x" * 100000] * 1000
    yield "huge-scalar", [b"a: "] + [b"x" * 100000] * 1000
    yield "comments", b"#\n" * 600000
    yield "open-quote", JOB + b'description: "never closed\n' + b"a: b\n" * 1000
    yield "open-flow", JOB + b"description: [a, {b: c\n" * 1000
    yield "merge", b"a: &a {b: c}\nd: {<<: *a}\n"
    yield "merge-bomb", b"a: &a {b: c}\n" + b"d: {<<: [" + b"*a," * 5000 + b"]}\n"
    yield "tag", b"a: !!python/object/apply:os.system [id]\n"
    yield "tag-directive", b"%TAG ! tag:example.com,2000:\n---\na: !b c\n"
    yield "tag-binary", b"dstream: 1\njob: !!binary aGVsbG8=\n"
    yield "directive", b"%YAML 9.9\n---\na: b\n"
    yield "documents", b"--- a\n" * 20000
    yield "crlf-mix", JOB.replace(b"\n", b"\r\n") + b"batch:\r 1s\n\r x\n"
    yield "tabs", b"a:\n\tb: c\n"
    yield "list-as-key", b"{[a, b]: c}\n"
    yield "map-as-key", b"? {a: b}\n: c\n"
    yield "null-key", b"~: 1\n"
    yield "booleans", JOB + b"workers: yes\n"
    yield "octal", JOB + b"workers: 0o17\n"
    yield "hex", JOB + b"workers: 0x10\n"
    yield "exponent", JOB + b"workers: 1e3\n"
    yield "infinity", JOB + b"workers: .inf\n"
    yield "int-too-large", JOB + b"workers: 99999999999999999999999\n"
    yield "duration-too-large", JOB + b"batch: 99999999999999999999d\n"
    yield "size-too-large", JOB + b"memory: 99999999999999EiB\n"
    yield "variables", JOB + b"description: " + b"${X" * 20000 + b"\n"
    yield "variables-nested", JOB + b"description: " + b"${A:-" * 12000 + b"}" * 12000 + b"\n"
    yield "variable-path", JOB + b"description: ${file:../../../etc/passwd}\n"
    yield "variable-device", JOB + b"description: ${file:/dev/zero}\n"
    yield "variable-nul", JOB + b'description: "${file:a\\0b}"\n'
    yield "sql-parens", steps(b"(" * 30000)
    yield "sql-parens-closed", steps(b"(" * 20000 + b"1=1" + b")" * 20000)
    yield "sql-not", steps(b"NOT " * 15000 + b"true")
    yield "sql-minus", steps(b"- " * 20000 + b"1 = 1")
    yield "sql-or", steps(b" OR ".join([b"nope = 1"] * 5000))
    yield "sql-case", steps(b"CASE WHEN true THEN " * 3000 + b"1" + b" END" * 3000)
    yield "sql-concat", steps(b" || ".join([b"'a'"] * 12000))
    yield "sql-casts", steps(b"value" + b"::text" * 10000)
    yield "sql-calls", steps(b"lower(" * 8000 + b"value" + b")" * 8000)
    yield "sql-quote", steps(b"value = '" + b"x" * 60000)
    yield "sql-comment", steps(b'"/*' + b"/*" * 20000 + b'"')
    yield "sql-dollar", steps(b"value = $a$ open")
    yield "sql-identifier", steps(b"a" * 60000 + b" > 1")
    yield "sql-number", steps(b"9" * 60000 + b" > 1")
    yield "sql-many", steps(*[b"nope%d > 1" % i for i in range(5000)])
    yield "sql-regex", JOB + (
        b"streams:\n  a:\n    from: rows\n    do:\n"
        b"      - flatMap: regexp_split_to_table(value, '" + b"(a*)*" * 2000
        + b"(') AS w\n"
    )
    for name, text in queries():
        yield "query-" + name, QUERY + text + b"\n"
    yield "in-list", steps(b"value IN (" + b",".join([b"1"] * 12000) + b")")
    yield "many-streams", JOB + b"streams:\n" + b"".join(
        b"  s%d: {from: s%d, do: [{filter: true}]}\n" % (i, i + 1)
        for i in range(4000)
    )
    yield "many-columns", (
        b"dstream: 1\njob: bad\nsources:\n  r: {kafka: {topic: r, columns: {"
        + b", ".join(b"c%d: text" % i for i in range(15000))
        + b"}}}\nsinks:\n  out: {from: r, kafka: {topic: out}}\n"
    )
    yield "many-sources", b"dstream: 1\njob: bad\nsources:\n" + b"".join(
        b"  s%d: {kafka: {topic: t, format: text}}\n" % i for i in range(4000)
    )
    yield "terminal", JOB + b'"\\e[2J\\e]0;title\\a": 1\n'
    yield "bidi", JOB + "\u202edstream: 1\n".encode()


def lint(program, path, out):
    """Exit code, seconds, KiB."""
    start = time.monotonic()
    child = subprocess.Popen(
        [program, "lint", path],
        stdout=out,
        stderr=subprocess.STDOUT,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (30, 30)),
    )
    _, status, usage = os.wait4(child.pid, 0)
    took = usage.ru_utime + usage.ru_stime
    wall = time.monotonic() - start
    return os.waitstatus_to_exitcode(status), min(took, wall), usage.ru_maxrss


def check(program, folder, name, data, slack):
    """What is wrong with the answer to this file; None: nothing."""
    path = os.path.join(folder, name + ".yaml")
    if data is not None:
        with open(path, "wb") as f:
            f.writelines([data] if isinstance(data, bytes) else data)
    with tempfile.TemporaryFile() as out:
        code, took, memory = lint(program, path, out)
        out.seek(0)
        text = out.read()
    first = text.split(b"\n", 1)[0].decode(errors="replace")
    where = re.match(re.escape(path) + r":\d+:\d+: error\[E\d{4}\]: \S", first)
    if data is not None:
        os.remove(path)
    if code != 78:
        return f"exit {code}: {first[:120]}"
    if not where:
        return f"no file:line:col in {first[:120]!r}"
    if took > slack:
        return f"{took:.1f} s"
    if memory > 64 * 1024 * slack:
        return f"{memory // 1024} MiB"
    if len(text) > 1 << 20:
        return f"says {len(text)} bytes"
    if any(c < 32 and c != 10 for c in text):
        return "a control character in what it says"
    return None


def main():
    program = sys.argv[1]
    with open(program, "rb") as f:
        image = f.read()
    sanitized = b"__asan_init" in image or b"__tsan_init" in image
    slack = 8 if sanitized else 1
    n = bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files():
            n += 1
            wrong = check(program, folder, name, data, slack)
            if wrong:
                bad += 1
                print(f"hostile: {name}: {wrong}", file=sys.stderr)
    print(f"{n} hostile files, {bad} not refused as they should be")
    return 1 if bad else 0


sys.exit(main())
