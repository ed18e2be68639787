# SPDX-License-Identifier: Apache-2.0
"""queries - SQL over batches against PostgreSQL's own answers.

Random queries, and those of queries.sql, over two tables of rows with NULLs and
ties: by `transformWith` in jobs, and by the server. Results must be equal as
bags, in order where ORDER BY names every column, and errors must be errors.
usage: queries.py PROGRAM [--generated N] [--seed S] [--show N], beside a server
(run starts one).
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

import oracle

BATCH = {"k": "text", "g": "integer", "v": "bigint", "f": "double precision",
         "n": "numeric", "s": "text", "d": "date", "z": "timestamptz",
         "b": "boolean"}
OTHER = {"k": "text", "w": "bigint", "x": "numeric", "e": "date",
         "h": "integer"}
VALUES = {
    "k": ["a", "b", "c", "d", "é", "Z"], "g": [1, 2, 3, -1],
    "v": [0, 1, 2, 2, 3, 7, -5, 100], "f": [0.5, 1.25, -2, 0, 8],
    "n": [1.0, 2.5, -0.1, 10.0], "s": ["x", "xy", "", "Yz"],
    "d": ["2024-01-01", "2024-02-29", "1999-12-31"],
    "z": ["2024-01-01 00:00:00+00", "2024-01-01 12:00:00+00"],
    "b": [True, False], "w": [1, 2, 5, 10, -3], "x": [0.5, 2.5, 3.0],
    "e": ["2024-01-01", "2024-03-01"], "h": [1, 2, 4],
}
KINDS = {"integer": "int", "bigint": "int", "numeric": "num",
         "double precision": "float", "text": "text", "date": "date",
         "timestamptz": "ts", "boolean": "bool"}
COLS = {t: [(c, KINDS[y]) for c, y in cols.items()]
        for t, cols in (("batch", BATCH), ("other", OTHER))}
JOB = """dstream: 1
job: queries
sources:
  rows: {{kafka: {{topic: rows, columns: {{{batch}}}}}}}
  other: {{kafka: {{topic: other, columns: {{{other}}}}}}}
streams:
  mark: {{from: rows, do: [transform: SELECT -1 AS q FROM batch LIMIT 1,
          map: "q, '' AS r, now() AS t"]}}
"""


def table_rows(cols, n, rng):
    return [{c: None if rng.random() < 0.12 else rng.choice(VALUES[c])
             for c in cols} for _ in range(n)]


# ---- random queries ----

class Query:
    """One query: `cols` are its columns c0, c1, ... with their kinds."""

    def __init__(self, rng):
        self.rng = rng
        self.names = 0
        self.withs = []

    def name(self, stem="t"):
        self.names += 1
        return f"{stem}{self.names}"

    def pick(self, *choices):
        return self.rng.choice(choices)

    def chance(self, p):
        return self.rng.random() < p

    # -- expressions over cols [(sql, kind)] --

    def leaf(self, kind, cols):
        fit = [c for c, k in cols if k == kind]
        if fit and not self.chance(0.15):
            return self.rng.choice(fit)
        return {"int": self.pick("1", "2", "0", "3::bigint"),
                "num": self.pick("1.5", "2.50", "0.1"),
                "float": self.pick("0.5::float8", "2::float8"),
                "text": self.pick("'a'", "'x'", "''"),
                "date": "date '2024-01-01'",
                "ts": "timestamptz '2024-01-01 00:00:00+00'",
                "bool": self.pick("true", "false", "NULL::boolean")}[kind]

    def expr(self, kind, cols, depth=2):
        if depth == 0 or self.chance(0.4):
            return self.leaf(kind, cols)
        e = lambda k: self.expr(k, cols, depth - 1)
        case = lambda k: (f"CASE WHEN {e('bool')} THEN {e(k)} "
                          f"ELSE {e(k)} END")
        forms = {
            "int": [lambda: f"({e('int')} {self.pick('+', '-', '*')} "
                            f"{e('int')})",
                    lambda: f"length({e('text')})", lambda: case("int"),
                    lambda: f"coalesce({e('int')}, {e('int')})",
                    lambda: f"greatest({e('int')}, {e('int')})"],
            "num": [lambda: f"({e('num')} + {e('num')})",
                    lambda: f"({e('num')} * {e('int')})"],
            "float": [lambda: f"({e('float')} + {e('float')})",
                      lambda: case("float")],
            "text": [lambda: f"({e('text')} || {e('text')})",
                     lambda: f"upper({e('text')})",
                     lambda: f"coalesce({e('text')}, 'n')",
                     lambda: case("text")],
            "date": [lambda: f"({e('date')} + 1)"],
            "ts": [lambda: f"({e('ts')} + interval '1 hour')"],
            "bool": [lambda: self.predicate(cols, depth - 1)],
        }[kind]
        return self.rng.choice(forms)()

    def predicate(self, cols, depth=1):
        if depth > 0 and self.chance(0.3):
            return (f"({self.predicate(cols, depth - 1)} "
                    f"{self.pick('AND', 'OR')} "
                    f"{self.predicate(cols, depth - 1)})")
        kind = self.pick("int", "int", "text", "num", "float", "date")
        x = self.expr(kind, cols, 1)
        if self.chance(0.2):
            return f"{x} IS {self.pick('', 'NOT ')}NULL"
        if self.chance(0.1):
            return f"({x} IS DISTINCT FROM {self.expr(kind, cols, 1)})"
        if self.chance(0.1):
            return f"NOT ({x} = {self.leaf(kind, cols)})"
        op = self.pick("=", "<>", "<", "<=", ">", ">=")
        return f"({x} {op} {self.expr(kind, cols, 1)})"

    def sub_predicate(self, cols):
        """IN, EXISTS and values of subqueries, some that look outside."""
        kind = self.pick("int", "text", "num")
        inner = [(c, k) for c, k in COLS["other"]]
        mine = [(f"o.{c}", k) for c, k in inner]
        col = self.leaf(kind, mine)
        out = [c for c, k in cols if k == "text"]
        where = f" WHERE {self.predicate(mine)}" if self.chance(0.6) else ""
        tie = ""
        if out and self.chance(0.5):
            tie = f"o.k = {self.rng.choice(out)}"
            where = f"{where} AND {tie}" if where else f" WHERE {tie}"
        neg = self.pick("", "NOT ")
        form = self.rng.randrange(4)
        if form == 0:
            return (f"{self.expr(kind, cols, 1)} {neg}IN "
                    f"(SELECT {col} FROM other o{where})")
        if form == 1:
            return f"{neg}EXISTS (SELECT 1 FROM other o{where})"
        if form == 2:
            f = self.pick("max", "min", "count", "sum")
            return (f"{self.expr('int', cols, 1)} "
                    f"{self.pick('<', '>', '=')} (SELECT {f}(o.w) FROM "
                    f"other o{where})")
        if tie:
            return f"{neg}EXISTS (SELECT o.w FROM other o{where})"
        return (f"{self.expr(kind, cols, 1)} {self.pick('<', '>=', '<>')} "
                f"{self.pick('ALL', 'ANY')} (SELECT {col} FROM other o)")

    # -- FROM --

    def table(self, depth):
        """(sql, alias, cols) of one item."""
        alias = self.name()
        form = self.rng.random()
        if depth > 0 and form < 0.2:
            sql, cols = self.query(depth - 1)
            return f"({sql}) AS {alias}", [(f"{alias}.{c}", k)
                                           for c, k in cols]
        if depth > 0 and form < 0.3:
            sql, cols = self.query(depth - 1)
            name = self.name("w")
            self.withs.append(f"{name} AS ({sql})")
            return f"{name} AS {alias}", [(f"{alias}.{c}", k)
                                          for c, k in cols]
        if form < 0.36:
            rows = ", ".join(f"({self.pick(1, 2, 3, 'NULL')}, "
                             f"{self.pick(chr(39) + 'a' + chr(39), 'NULL')})"
                             for _ in range(self.pick(2, 3)))
            return (f"(VALUES (1, 'b'), {rows}) AS {alias}(p, q)",
                    [(f"{alias}.p", "int"), (f"{alias}.q", "text")])
        if form < 0.42:
            empty = self.pick("batch", "other")
            return (f"(SELECT * FROM {empty} WHERE false) AS {alias}",
                    [(f"{alias}.{c}", k) for c, k in COLS[empty]])
        t = "batch" if form < 0.75 else "other"
        return f"{t} AS {alias}", [(f"{alias}.{c}", k) for c, k in COLS[t]]

    def from_clause(self, depth):
        sql, cols = self.table(depth)
        n = self.pick(0, 0, 1, 1, 2)
        for _ in range(n):
            right, more = self.table(depth - 1)
            kind = self.pick("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN",
                             "CROSS JOIN")
            if kind == "CROSS JOIN":
                right, more = self.small()
                sql, cols = f"{sql} CROSS JOIN {right}", cols + more
                continue
            kinds = {k for _, k in cols} & {k for _, k in more}
            both = [k for k in ("text", "int", "num", "date") if k in kinds]
            if not both:
                continue
            on = []
            for key in self.rng.sample(both, self.pick(1, 1, min(2, len(both)))):
                x = self.rng.choice([c for c, k in cols if k == key])
                y = self.rng.choice([c for c, k in more if k == key])
                on.append(f"{x} = {y}")
            if kind != "FULL JOIN" and self.chance(0.4):
                on.append(self.predicate(cols + more))
            sql = f"{sql} {kind} {right} ON {' AND '.join(on)}"
            cols = cols + more
        return sql, cols

    def small(self):
        alias = self.name()
        return (f"(VALUES (1), (NULL), (3)) AS {alias}(p)",
                [(f"{alias}.p", "int")])

    # -- what is selected --

    def aggregate(self, cols):
        kind, form = self.pick(
            ("int", "count(*)"), ("int", "count({})"), ("num", "sum({})"),
            ("num", "avg({})"), ("int", "max({})"), ("int", "min({})"),
            ("int", "count(DISTINCT {})"), ("num", "sum(DISTINCT {})"))
        if self.chance(0.15):
            x = self.expr("text", cols, 1)
            agg, kind = f"string_agg({x}, ',' ORDER BY {x})", "text"
        elif self.chance(0.1):
            x = self.expr("bool", cols, 1)
            agg, kind = f"bool_or({x})", "bool"
        else:
            agg = form.format(self.expr("int", cols, 1))
        if self.chance(0.2):
            agg = f"{agg} FILTER (WHERE {self.predicate(cols)})"
        return agg, kind

    def window(self, cols):
        """A window function whose answer does not depend on how ties lie."""
        parts = self.leaf(self.pick("text", "int"), cols)
        order = ", ".join(c + self.pick("", " DESC", " NULLS FIRST")
                          for c, _ in cols)
        some = self.expr(self.pick("int", "text", "date"), cols, 1)
        by = f"PARTITION BY {parts} " if self.chance(0.6) else ""
        frame = self.pick(
            "", "", "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW",
            "ROWS BETWEEN 1 PRECEDING AND 2 FOLLOWING", "ROWS 3 PRECEDING",
            "RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING",
            "GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING",
            "ROWS BETWEEN 3 FOLLOWING AND 5 FOLLOWING",
            "RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING")
        if frame and self.chance(0.4):
            frame += " EXCLUDE " + self.pick("CURRENT ROW", "GROUP", "TIES")
        over = f"({by}ORDER BY {order} {frame})"
        peers = f"({by}ORDER BY {some}{self.pick('', ' DESC')})"
        x = self.expr("int", cols, 1)
        return self.pick(
            (f"row_number() OVER {over}", "int"),
            (f"rank() OVER {peers}", "int"),
            (f"dense_rank() OVER {peers}", "int"),
            (f"percent_rank() OVER {peers}", "float"),
            (f"cume_dist() OVER {peers}", "float"),
            (f"ntile({self.pick(1, 2, 3, 7)}) OVER {over}", "int"),
            (f"lag({x}) OVER {over}", "int"),
            (f"lead({x}, {self.pick(0, 2)}, -1) OVER {over}", "int"),
            (f"first_value({x}) OVER {over}", "int"),
            (f"last_value({x}) OVER {over}", "int"),
            (f"nth_value({x}, 2) OVER {over}", "int"),
            (f"sum({x}) OVER {over}", "num"),
            (f"sum({x}) OVER {peers}", "num"),
            (f"count({x}) OVER {over}", "int"),
            (f"max({x}) OVER {over}", "int"),
            (f"avg({x}) OVER {over}", "num"),
            (f"array_agg({x}) OVER {over}", "other"),
            (f"count(*) FILTER (WHERE {self.predicate(cols)}) OVER {over}",
             "int"),
            (f"sum({x}) OVER ({by})", "num"))

    def kinds(self):
        return [self.pick("int", "text", "num", "float", "date", "bool", "ts")
                for _ in range(self.pick(1, 2, 3))]

    def select(self, depth):
        source, cols = self.from_clause(depth)
        where = []
        if self.chance(0.5):
            where.append(self.predicate(cols))
        if self.chance(0.25):
            where.append(self.sub_predicate(cols))
        tail = f" FROM {source}"
        if where:
            tail += f" WHERE {' AND '.join(where)}"
        form = self.rng.random()
        if form < 0.3:
            keys = [(self.expr(k, cols, 1), k) for k in self.kinds()[:2]]
            keys = [(e, k) for e, k in keys if "." in e]
            items = keys + [self.aggregate(cols) for _ in range(2)]
            if keys:
                tail += " GROUP BY " + ", ".join(
                    self.pick(e, str(i + 1)) for i, (e, _) in enumerate(keys))
            if self.chance(0.3):
                agg, kind = self.aggregate(cols)
                if kind in ("int", "num"):
                    tail += f" HAVING {agg} > {self.pick(0, 1, 2)}"
            if self.chance(0.2):
                items.append(("rank() OVER (ORDER BY count(*))", "int"))
        elif form < 0.55 and len(cols) < 12:
            items = [self.window(cols) for _ in range(self.pick(1, 2))]
            items += [(self.rng.choice(cols)[0], "other")]
        else:
            items = [(self.expr(k, cols), k) for k in self.kinds()]
        lead = "SELECT "
        if self.chance(0.15):
            lead = "SELECT DISTINCT "
        sql = lead + ", ".join(f"{e} AS c{i}" for i, (e, _) in
                               enumerate(items)) + tail
        return sql, [(f"c{i}", k) for i, (_, k) in enumerate(items)]

    def query(self, depth):
        sql, cols = self.select(depth)
        if self.chance(0.15):
            kinds = [k for _, k in cols]
            if "other" in kinds:
                return sql, cols
            source, mine = self.from_clause(0)
            right = "SELECT " + ", ".join(self.expr(k, mine, 1)
                                          for k in kinds) + f" FROM {source}"
            op = self.pick("UNION", "UNION ALL", "INTERSECT", "EXCEPT",
                           "INTERSECT ALL", "EXCEPT ALL")
            sql = f"{sql} {op} {right}"
        return sql, cols

    def whole(self):
        sql, cols = self.query(2)
        order = ""
        if self.chance(0.6):
            order = " ORDER BY " + ", ".join(
                c + self.pick("", " DESC", " NULLS FIRST", " ASC NULLS LAST")
                for c, _ in cols)
            if self.chance(0.4):
                order += f" LIMIT {self.pick(0, 3, 10)}"
            if self.chance(0.2):
                order += f" OFFSET {self.pick(1, 4)}"
        lead = f"WITH {', '.join(self.withs)} " if self.withs else ""
        return lead + sql + order, len(cols), bool(order)


def generated(n, seed):
    rng = random.Random(seed)
    out = []
    for _ in range(n):
        out.append(Query(rng).whole())
    return out


def read_corpus():
    """Queries of queries.sql, one a line; their columns are c0, c1, ..."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        "queries.sql")
    out = []
    with open(path, encoding="utf-8") as f:
        for line in f:
            line = line.strip()
            if line and not line.startswith("--"):
                n = len(set(re.findall(r"\bAS (c\d+)\b", line)))
                out.append((line, n, "ORDER BY" in line.rsplit(")", 1)[-1]))
    return out


# ---- both sides ----

def row_text(n):
    return ("jsonb_build_array("
            + ", ".join(f"c{i}::text" for i in range(n)) + ")::text")


def server_start(batch, other):
    sql = ""
    for name, cols, rows in (("batch", BATCH, batch), ("other", OTHER, other)):
        declared = ", ".join(f"{c} {t}" for c, t in cols.items())
        sql += f"CREATE TABLE {name} ({declared});\n"
        for row in rows:
            sql += (f"INSERT INTO {name} SELECT r.* FROM jsonb_to_record("
                    f"{oracle.literal(json.dumps(row))}) AS r({declared});\n")
    sql += r"""
CREATE FUNCTION query_eval(q text, e text, OUT failed text, OUT answers text[])
LANGUAGE plpgsql AS $$
DECLARE r text;
BEGIN
    answers := '{}';
    FOR r IN EXECUTE 'SELECT ' || e || ' FROM (' || q || ') x' LOOP
        answers := answers || r;
    END LOOP;
EXCEPTION WHEN OTHERS THEN
    failed := SQLSTATE || ' ' || SQLERRM;
END $$;
"""
    oracle.psql(sql)


def ask_server(queries):
    values = ", ".join(f"({i}, {oracle.literal(q)}, "
                       f"{oracle.literal(row_text(n))})"
                       for i, (q, n, _) in enumerate(queries))
    text = oracle.psql(
        "SELECT json_build_object('f', (o).failed, 'a', (o).answers) FROM "
        "(SELECT n, query_eval(q, e) AS o FROM "
        f"(VALUES {values}) AS v(n, q, e) ORDER BY n OFFSET 0) q ORDER BY n;\n")
    return [json.loads(x) for x in text.strip("\n").split("\n")]


class Jobs:
    def __init__(self, program, dir, batch, other):
        self.program = program
        self.job = os.path.join(dir, "job.yaml")
        self.files = []
        for name, rows in (("rows", batch), ("other", other)):
            path = os.path.join(dir, f"{name}.jsonl")
            with open(path, "w", encoding="utf-8") as f:
                for row in rows:
                    f.write(json.dumps(row) + "\n")
            self.files += ["--in", f"{name}={path}"]

    def write(self, queries):
        declare = lambda cols: ", ".join(f'{c}: "{t}"'
                                         for c, t in cols.items())
        text = JOB.format(batch=declare(BATCH), other=declare(OTHER))
        self.lines = {}
        for i, (q, n, _) in enumerate(queries):
            text += (f"  q{i}:\n    from: rows\n    do:\n"
                     "      - transformWith:\n          with: other\n"
                     "          sql: |\n")
            self.lines[text.count("\n") + 1] = i
            text += (f"            {q}\n"
                     f"      - map: {json.dumps(row_text(n) + ' AS r')}\n"
                     f"      - map: {i} AS q, r, now() AS t\n")
        text += "sinks:\n  mark: {from: mark, kafka: {topic: mark}}\n"
        for i in range(len(queries)):
            text += f"  q{i}: {{from: q{i}, kafka: {{topic: q{i}}}}}\n"
        with open(self.job, "w", encoding="utf-8") as f:
            f.write(text)

    def refused(self, queries):
        self.write(queries)
        p = subprocess.run([self.program, "lint", self.job],
                           capture_output=True, text=True)
        found = re.findall(r":(\d+):\d+: error\[(.*)", p.stdout + p.stderr)
        out = {self.lines[int(line)]: text for line, text in found
               if int(line) in self.lines}
        if p.returncode and not out:
            sys.exit(f"queries: lint refuses the job: {p.stdout}{p.stderr}")
        return out

    def run(self, queries):
        """[[rows]], or the message of the first error."""
        self.write(queries)
        p = subprocess.run([self.program, "run", self.job, *self.files,
                            "--out", "-", "-q"],
                           capture_output=True, text=True)
        if p.returncode:
            return p.stderr.strip() or f"exit {p.returncode}"
        rows = [json.loads(line) for line in p.stdout.split("\n") if line]
        # Some queries give rows of an empty batch too.
        full = {row["t"] for row in rows if row["q"] < 0}
        out = [[] for _ in queries]
        for row in rows:
            if row["q"] >= 0 and row["t"] in full:
                out[row["q"]].append(row["r"])
        return out

    def answers(self, queries):
        if not queries:
            return []
        got = self.run(queries)
        if not isinstance(got, str):
            return got
        if len(queries) == 1:
            return [got]
        half = len(queries) // 2
        return self.answers(queries[:half]) + self.answers(queries[half:])


def compare(server, ours, ordered):
    """None, or what differs."""
    if server["f"]:
        return None if isinstance(ours, str) else "should fail: " + server["f"]
    if isinstance(ours, str):
        return "fails: " + ours[-300:]
    want = server["a"]
    if ordered and want != ours:
        return f"want {want}\n  got {ours}"
    if collections.Counter(want) != collections.Counter(ours):
        missing = collections.Counter(want) - collections.Counter(ours)
        extra = collections.Counter(ours) - collections.Counter(want)
        return (f"missing {list(missing.elements())[:6]}\n  "
                f"extra {list(extra.elements())[:6]}")
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--generated", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=20)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    batch, other = table_rows(BATCH, 40, rng), table_rows(OTHER, 15, rng)
    queries = read_corpus() + generated(args.generated, args.seed)
    passed = failed = refused = 0
    server_start(batch, other)
    with tempfile.TemporaryDirectory() as dir:
        jobs = Jobs(args.program, dir, batch, other)
        for at in range(0, len(queries), 40):
            part = queries[at:at + 40]
            server = ask_server(part)
            no = jobs.refused(part)
            keep = [i for i in range(len(part)) if i not in no]
            ours = dict(zip(keep, jobs.answers([part[i] for i in keep])))
            for i, query in enumerate(part):
                if i in no:
                    ok = server[i]["f"] and not server[i]["f"].startswith("22")
                    refused += not ok
                    why = None if ok else "refused: " + no[i]
                else:
                    why = compare(server[i], ours[i], query[2])
                passed += why is None
                if why and not why.startswith("refused"):
                    failed += 1
                if why and args.show > 0:
                    args.show -= 1
                    print(f"{query[0]}\n  {why}\n")
    if refused * 50 > len(queries):
        print(f"queries: {refused} of {len(queries)} are refused")
        failed += refused
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
