# SPDX-License-Identifier: Apache-2.0
"""aggregates - reduceByKey and a repartition against PostgreSQL's GROUP BY.

Each aggregate of aggregates.sql, and random ones, is computed over the rows of
columns.py by key: by `reduceByKey`, and in parts that are combined behind a
`keyBy` by `updateStateByKey`. usage: aggregates.py PROGRAM [--generated N]
[--seed S] [--show N], beside a server (run starts one).
"""

import argparse
import collections
import json
import os
import random
import re
import subprocess
import sys
import tempfile

import columns
import generate
import oracle

GROUPS = [0, 1, 2, None]
JOB = """dstream: 1
job: aggregates
sources:
  rows: {kafka: {topic: rows, %s columns: {%s}}}
streams:
  out:
    from: rows
    do:
      - %s: |
%s
sinks:
  out: {from: out, kafka: {topic: out}}
"""
SERVER = r"""
CREATE FUNCTION aggregate_eval(e text, OUT refused text, OUT failed text,
                               OUT answers text[]) LANGUAGE plpgsql AS $$
DECLARE
    one text; g int;
    sql text := 'SELECT (' || e || ')::text FROM (SELECT * FROM grouped '
        || 'ORDER BY ord OFFSET 0) q WHERE k IS NOT DISTINCT FROM $1';
BEGIN
    BEGIN
        EXECUTE 'PREPARE aggregate_check(int) AS ' || sql;
        DEALLOCATE aggregate_check;
    EXCEPTION WHEN OTHERS THEN
        refused := SQLERRM; RETURN;
    END;
    answers := '{}';
    FOREACH g IN ARRAY ARRAY[0, 1, 2, NULL] LOOP
        EXECUTE sql INTO one USING g;
        answers := answers || one;
    END LOOP;
EXCEPTION WHEN OTHERS THEN
    failed := SQLERRM;
END $$;
"""


def grouped_rows():
    rows = columns.rows(120, 11)
    for i, row in enumerate(rows):
        row["ord"] = i
        row["k"] = GROUPS[i * 7 % len(GROUPS)]
    return rows


DECLARED = dict(columns.COLUMNS, ord="integer", k="integer")


def server_start(rows):
    declared = ", ".join(f"{k} {v}" for k, v in DECLARED.items())
    sql = SERVER + f"CREATE TABLE grouped ({declared});\n"
    for row in rows:
        sql += (f"INSERT INTO grouped SELECT r.* FROM jsonb_to_record("
                f"{oracle.literal(columns.row_json(row))}) AS r({declared});\n")
    oracle.psql(sql)


def ask_server(exprs):
    values = ", ".join(f"({i}, {oracle.literal(e)})"
                       for i, e in enumerate(exprs))
    text = oracle.psql(
        "SELECT json_build_object('r', (o).refused, 'f', (o).failed, "
        "'a', (o).answers) FROM (SELECT n, aggregate_eval(e) AS o FROM "
        f"(VALUES {values}) AS v(n, e) ORDER BY n OFFSET 0) q ORDER BY n;\n")
    return [json.loads(x) for x in text.strip("\n").split("\n")]


class Jobs:
    """Aggregates as jobs; `crossing`: behind a repartition."""

    def __init__(self, program, dir, rows, crossing):
        self.program = program
        self.crossing = crossing
        self.rows = os.path.join(dir, "rows.jsonl")
        self.job = os.path.join(dir, "job.yaml")
        columns.write_rows(self.rows, rows)

    def write(self, exprs):
        declared = ", ".join(f'{k}: "{v}"' for k, v in DECLARED.items())
        lines = ",\n".join(f"          ({e})::text AS a{i}"
                           for i, e in enumerate(exprs))
        op = "reduceByKey"
        if self.crossing:
            op = "keyBy: k + 0 AS g\n      - updateStateByKey"
        with open(self.job, "w", encoding="utf-8") as f:
            f.write(JOB % ("" if self.crossing else "key: k,", declared, op,
                           lines))

    def refused(self, exprs):
        """{number: message} of those that lint refuses."""
        self.write(exprs)
        first = next(i for i, line in enumerate(open(self.job, encoding="utf-8"))
                     if ")::text AS a0" in line) + 1
        p = subprocess.run([self.program, "lint", self.job],
                           capture_output=True, text=True)
        found = re.findall(r":(\d+):\d+: error\[(.*)", p.stdout)
        return {int(line) - first: text for line, text in found}

    def run(self, exprs):
        """{key: [texts]}, or the message of the first error."""
        self.write(exprs)
        p = subprocess.run([self.program, "run", self.job, "--in",
                            f"rows={self.rows}", "--out", "-"],
                           capture_output=True, text=True)
        if p.returncode:
            return p.stderr.strip()
        out = {}
        for line in p.stdout.split("\n"):
            if line:
                row = json.loads(line)
                key = row["g" if self.crossing else "k"]
                # A state is computed again for batches without rows.
                out.setdefault(key, [row[f"a{i}"] for i in range(len(exprs))])
        return out

    def answers(self, exprs):
        """A list of answers per group, or of messages."""
        if not exprs:
            return []
        got = self.run(exprs)
        if isinstance(got, dict):
            return [[got.get(k, [None] * len(exprs))[i] for k in GROUPS]
                    for i in range(len(exprs))]
        if len(exprs) == 1:
            return [got]
        half = len(exprs) // 2
        return self.answers(exprs[:half]) + self.answers(exprs[half:])


# In a state sums of bigint are bigint; what counts is computed again for a key
# without rows.
def same_behind(expr):
    return not re.search(r"\bsum\(|/ count\(", expr)


def read_corpus():
    pairs = []
    path = os.path.join(oracle.HERE, "aggregates.sql")
    for line in open(path, encoding="utf-8"):
        if line.strip() and not line.startswith("--"):
            ours, _, theirs = line.rstrip("\n").partition("\t")
            pairs.append((ours, theirs or ours))
    return pairs


class Random:
    """Aggregates of random expressions."""

    PLAIN = ["count", "sum", "avg", "min", "max", "array_agg", "jsonb_agg",
             "variance", "stddev_pop", "bool_and", "bit_or", "string_agg",
             "mode", "percentile_disc"]
    TYPES = {"sum": ["integer", "numeric", "bigint", "smallint", "interval"],
             "avg": ["integer", "numeric", "smallint", "bigint"],
             "variance": ["integer", "numeric", "smallint"],
             "stddev_pop": ["integer", "numeric", "smallint"],
             "bool_and": ["boolean"], "string_agg": ["text"],
             "bit_or": ["integer", "bigint", "smallint"],
             "min": ["integer", "numeric", "text", "date", "interval",
                     "double precision", "integer[]"]}
    ANY = ["integer", "text", "numeric", "boolean", "date", "jsonb", "interval",
           "timestamp with time zone"]

    def __init__(self, functions, seed):
        self.rng = random.Random(seed)
        self.gen = generate.Generator(generate.catalogue(oracle.psql, functions),
                                      seed, None)

    def one(self):
        r = self.rng
        name = r.choice(self.PLAIN)
        kind = r.choice(self.TYPES.get("min" if name == "max" else name,
                                       self.ANY))
        arg = self.gen.expr(kind, r.choice([0, 0, 1, 2]))
        if kind == "interval":
            # Of equal values PostgreSQL may keep any.
            arg = f"justify_interval({arg})"
        order = ""
        if name in ("mode", "percentile_disc"):
            head = "mode()" if name == "mode" else \
                f"percentile_disc({r.choice(['0.5', '0.1', '1'])})"
            text = f"{head} WITHIN GROUP (ORDER BY {arg}" + \
                r.choice(["", " DESC"]) + ")"
        else:
            distinct = "DISTINCT " if r.random() < 0.3 else ""
            if not distinct and r.random() < 0.4:
                by = self.gen.expr(r.choice(self.ANY), r.choice([0, 1]))
                order = (f" ORDER BY {by}"
                         f"{r.choice(['', ' DESC', ' NULLS FIRST'])}, ord")
            rest = ", ','" if name == "string_agg" else ""
            text = f"{name}({distinct}{arg}{rest}{order})"
        if r.random() < 0.3:
            text += f" FILTER (WHERE {self.gen.expr('boolean', 1)})"
        return text


def verdict(server, refused, answer):
    """same or what is wrong"""
    if server["r"] is not None:
        return None if refused else f"PostgreSQL refuses: {server['r']}"
    if refused:
        return None if server["f"] else "refused: " + refused
    if server["f"] is not None:
        return None if isinstance(answer, str) else \
            f"PostgreSQL fails: {server['f']}"
    if isinstance(answer, str):
        if oracle.WIDE in answer or oracle.REFUSALS.search(answer):
            return "known"
        return f"dstream fails: {answer[:300]}"
    for k, want, got in zip(GROUPS, server["a"], answer):
        if want != got:
            return (f"key {k}: PostgreSQL {oracle.short(str(want))}, "
                    f"dstream {oracle.short(str(got))}")
    return None


def check(jobs, pairs, server, show):
    """Counter of same, known, refused and failed."""
    ours = [p[0] for p in pairs]
    refused = jobs.refused(ours)
    fails = {i for i, s in enumerate(server) if s["r"] or s["f"]}
    good = [i for i in range(len(ours)) if i not in refused and i not in fails]
    answers = {}
    for at in range(0, len(good), 100):
        part = good[at:at + 100]
        answers.update(zip(part, jobs.answers([ours[i] for i in part])))
    for i in fails - set(refused):
        answers[i] = jobs.answers([ours[i]])[0]
    count = collections.Counter()
    known = oracle.Differences(os.path.join(oracle.HERE, "differences.txt"))
    for i, expr in enumerate(ours):
        wrong = verdict(server[i], refused.get(i), answers.get(i))
        if wrong is None:
            count["same"] += 1
        elif wrong == "known" or known.why(expr):
            count["known"] += 1
        else:
            count["failed"] += 1
            if count["failed"] <= show:
                where = "behind a repartition: " if jobs.crossing else ""
                print(f"differs: {where}{expr}\n    {wrong}")
    return count


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("program")
    ap.add_argument("--generated", type=int, default=500)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--show", type=int, default=40)
    args = ap.parse_args()
    rows = grouped_rows()
    server_start(rows)
    pairs = read_corpus()
    chosen = len(pairs)
    maker = Random(oracle.functions(args.program), args.seed)
    pairs += [(e, e) for e in (maker.one() for _ in range(args.generated))]
    server = ask_server([p[1] for p in pairs])
    # A random one that fails says nothing: which row fails first is anybody's.
    keep = [i for i, s in enumerate(server)
            if i < chosen or not (s["r"] or s["f"])]
    pairs, server = [pairs[i] for i in keep], [server[i] for i in keep]
    total = collections.Counter()
    with tempfile.TemporaryDirectory() as tmp:
        total += check(Jobs(os.path.abspath(args.program), tmp, rows, False),
                       pairs, server, args.show)
        behind = [i for i, p in enumerate(pairs) if same_behind(p[0])]
        total += check(Jobs(os.path.abspath(args.program), tmp, rows, True),
                       [pairs[i] for i in behind], [server[i] for i in behind],
                       args.show)
    print(f"{chosen} chosen and {len(pairs) - chosen} generated aggregates, "
          f"{len(behind)} of them behind a repartition too: {total['same']} the "
          f"same, {total['known']} known differences")
    print(f"{total['same'] + total['known']} passed, {total['failed']} failed")
    return 1 if total["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
