# SPDX-License-Identifier: Apache-2.0
"""sets - flatMap against PostgreSQL's set-returning functions.

Each line of sets.sql is evaluated by a job, `flatMap: ord, (SET)::text AS v`,
which skips rows that fail, and by PostgreSQL over the same rows; they must give
the same rows in the same order. usage: sets.py PROGRAM [--show N], beside a
server (run starts one).
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

import columns
import oracle

JOB = """dstream: 1
job: sets
errors: {on_error: skip}
sources:
  rows: {kafka: {topic: rows, columns: {%s}}}
streams:
%s
sinks:
%s
"""
STREAM = """  s%d:
    from: rows
    do:
      - flatMap: |
          ord, (%s)::text AS v
"""
DECLARED = dict(columns.COLUMNS, ord="integer")
SERVER = r"""
CREATE FUNCTION set_eval(e text, OUT refused text, OUT answers jsonb)
LANGUAGE plpgsql AS $$
DECLARE
    r int; one jsonb;
    sql text := 'SELECT jsonb_agg(v) FROM (SELECT (' || e || ')::text AS v '
        || 'FROM rows WHERE ord = $1) q';
BEGIN
    BEGIN
        EXECUTE 'PREPARE set_check(int) AS ' || sql;
        DEALLOCATE set_check;
    EXCEPTION WHEN OTHERS THEN
        refused := SQLERRM; RETURN;
    END;
    answers := '{}';
    FOR r IN SELECT ord FROM rows ORDER BY ord LOOP
        BEGIN
            EXECUTE sql INTO one USING r;
            IF one IS NOT NULL THEN
                answers := answers || jsonb_build_object(r, one);
            END IF;
        EXCEPTION WHEN OTHERS THEN
        END;
    END LOOP;
END $$;
"""


def read_corpus():
    path = os.path.join(oracle.HERE, "sets.sql")
    return [line.rstrip("\n") for line in open(path, encoding="utf-8")
            if line.strip() and not line.startswith("--")]


def ask_server(exprs):
    values = ", ".join(f"({i}, {oracle.literal(e)})"
                       for i, e in enumerate(exprs))
    text = oracle.psql(
        "SELECT json_build_object('r', (o).refused, 'a', (o).answers) FROM "
        f"(SELECT n, set_eval(e) AS o FROM (VALUES {values}) AS v(n, e) "
        "ORDER BY n OFFSET 0) q ORDER BY n;\n")
    return [json.loads(x) for x in text.strip("\n").split("\n")]


def write_job(path, exprs):
    declared = ", ".join(f'{k}: "{v}"' for k, v in DECLARED.items())
    streams = "".join(STREAM % (i, e) for i, e in exprs)
    sinks = "".join(f"  s{i}: {{from: s{i}, kafka: {{topic: s{i}}}}}\n"
                    for i, _ in exprs)
    with open(path, "w", encoding="utf-8") as f:
        f.write(JOB % (declared, streams, sinks))


def refused_by_lint(program, path, exprs):
    write_job(path, exprs)
    p = subprocess.run([program, "lint", path], capture_output=True, text=True)
    lines = open(path, encoding="utf-8").read().split("\n")
    out = {}
    for line, text in re.findall(r":(\d+):\d+: error\[(.*)", p.stdout):
        # The stream's name stands above its list.
        at = int(line) - 1
        while not re.match(r"  s\d+:$", lines[at]):
            at -= 1
        out[int(lines[at].strip()[1:-1])] = text
    return out


def ask_dstream(program, dir, exprs):
    """({number: message}, {number: {ord: [texts]}})"""
    path = os.path.join(dir, "job.yaml")
    rows = os.path.join(dir, "rows.jsonl")
    all_rows = columns.rows()
    for i, row in enumerate(all_rows):
        row["ord"] = i
    columns.write_rows(rows, all_rows)
    numbered = list(enumerate(exprs))
    refused = refused_by_lint(program, path, numbered)
    good = [(i, e) for i, e in numbered if i not in refused]
    answers = {}
    for at in range(0, len(good), 25):
        part = good[at:at + 25]
        write_job(path, part)
        command = [program, "run", path, "--in", f"rows={rows}"]
        for i, _ in part:
            command += ["--out", f"s{i}={dir}/out{i}"]
        p = subprocess.run(command, capture_output=True, text=True)
        if p.returncode:
            sys.exit(f"dstream ended with {p.returncode}: {p.stderr[-2000:]}")
        for i, _ in part:
            answers[i] = {}
            for line in open(f"{dir}/out{i}", encoding="utf-8"):
                row = json.loads(line)
                answers[i].setdefault(str(row["ord"]), []).append(row["v"])
    return refused, answers


def wrong(server, refused, answer):
    if server["r"] is not None:
        return None if refused or not answer else \
            f"PostgreSQL refuses: {server['r']}"
    if refused is not None:
        # A constant that cannot be used is found at once.
        late = refused.startswith("E07") and not server["a"]
        return None if late else "refused: " + refused
    if answer == server["a"]:
        return None
    for key in sorted(set(answer) | set(server["a"]), key=int):
        if answer.get(key) != server["a"].get(key):
            return (f"row {key}: PostgreSQL {server['a'].get(key)}, "
                    f"dstream {answer.get(key)}")[:400]
    return None


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("program")
    ap.add_argument("--show", type=int, default=40)
    args = ap.parse_args()
    exprs = read_corpus()
    oracle.server_start(columns.rows())
    oracle.psql(SERVER)
    server = ask_server(exprs)
    known = oracle.Differences(os.path.join(oracle.HERE, "differences.txt"))
    failed = passed = listed = 0
    with tempfile.TemporaryDirectory() as tmp:
        refused, answers = ask_dstream(os.path.abspath(args.program), tmp, exprs)
    for i, expr in enumerate(exprs):
        text = wrong(server[i], refused.get(i), answers.get(i))
        if text is None:
            passed += 1
        elif known.why(expr):
            listed += 1
        else:
            failed += 1
            if failed <= args.show:
                print(f"differs: {expr}\n    {text}")
    print(f"{len(exprs)} sets: {passed} the same, {listed} known differences")
    print(f"{passed + listed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
