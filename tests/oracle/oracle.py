# SPDX-License-Identifier: Apache-2.0
"""oracle - dstream's answers against PostgreSQL's.

Both evaluate `(EXPR)::text` over the rows of columns.py. A case passes if every
row has the same text, NULL, or an error on both sides, or if both refuse the
expression. See run for the usage.
"""

import argparse
import collections
import decimal
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

import columns
import generate

HERE = os.path.dirname(os.path.abspath(__file__))
MOST_REFUSED = 0.02
CHUNK = 1000

# Per expression a row: an array of texts with a mark in front ("=" value, "!"
# error, "0" NULL), or NULL and the message if it does not compile. Errors of
# single rows are found by evaluating row by row, which is slow, and so only
# done when the whole fails. `early` is set if a constant part fails when the
# query is planned, before anybody knows whether a row needs it.
SERVER = r"""
CREATE FUNCTION oracle_check(e text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'PREPARE oracle_check AS SELECT (' || e || ')::text FROM rows';
    DEALLOCATE oracle_check;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
END $$;
CREATE FUNCTION oracle_early(e text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'EXPLAIN SELECT (' || e || ')::text FROM rows';
    RETURN false;
EXCEPTION WHEN OTHERS THEN
    RETURN true;
END $$;
CREATE FUNCTION oracle_eval(e text, OUT refused text, OUT early boolean,
                            OUT answers text[])
LANGUAGE plpgsql AS $$
DECLARE
    r int; one text; sql text := '(SELECT (' || e || ')::text FROM rows WHERE ord = $1)';
BEGIN
    BEGIN
        EXECUTE 'SELECT array_agg(coalesce(''='' || v, ''0'') ORDER BY ord) FROM '
            || '(SELECT ord, (' || e || ')::text AS v FROM rows OFFSET 0) q' INTO answers;
        RETURN;
    EXCEPTION WHEN OTHERS THEN
    END;
    refused := oracle_check(e);
    IF refused IS NOT NULL THEN RETURN; END IF;
    early := oracle_early(e);
    answers := '{}';
    FOR r IN SELECT ord FROM rows ORDER BY ord LOOP
        BEGIN
            EXECUTE 'SELECT ' || sql INTO one USING r;
            answers := answers || coalesce('=' || one, '0');
        EXCEPTION WHEN OTHERS THEN
            answers := answers || ('!' || SQLERRM);
        END;
    END LOOP;
END $$;
"""


def psql(sql):
    p = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-f", "-"],
                       input=sql, capture_output=True, text=True)
    if p.returncode:
        sys.exit(f"psql: {p.stderr[-2000:]}")
    return p.stdout


def literal(s):
    return "'" + s.replace("'", "''") + "'"


def server_start(rows):
    declared = ", ".join(f"{k} {v}" for k, v in columns.COLUMNS.items())
    sql = SERVER + f"CREATE TABLE rows (ord int, {declared});\n"
    for i, row in enumerate(rows):
        # A JSON null stands for SQL NULL in every column.
        text = columns.row_json(row)
        sql += (f"INSERT INTO rows SELECT {i}, r.* FROM jsonb_to_record("
                f"{literal(text)}) AS r({declared});\n")
    psql(sql)


def ask_server(exprs):
    out = []
    for at in range(0, len(exprs), CHUNK):
        part = exprs[at:at + CHUNK]
        values = ", ".join(f"({i}, {literal(e)})" for i, e in enumerate(part))
        text = psql(
            "SET client_min_messages = error; SET lc_messages = 'C';\n"
            "SET statement_timeout = 0;\n"
            "SELECT json_build_object('r', (o).refused, 'e', (o).early, "
            "'a', (o).answers) "
            f"FROM (SELECT n, oracle_eval(e) AS o FROM (VALUES {values}) "
            "AS v(n, e) ORDER BY n OFFSET 0) q ORDER BY n;\n")
        lines = text.strip("\n").split("\n")
        assert len(lines) == len(part), (len(lines), len(part))
        out += [json.loads(x) for x in lines]
        progress("postgres", at + len(part), len(exprs))
    return out


def ask_dstream(program, exprs, rows_path):
    out = []
    for at in range(0, len(exprs), CHUNK):
        part = exprs[at:at + CHUNK]
        text = "".join(f"({e})::text\n" for e in part)
        p = subprocess.run(
            [program, "eval", "--file", "-", "--in", rows_path, "--columns",
             columns.mapping()], input=text, capture_output=True, text=True)
        lines = p.stdout.rstrip("\n").split("\n") if p.stdout else []
        if p.returncode or len(lines) != len(part):
            culprit = part[len(lines)] if len(lines) < len(part) else "?"
            print(p.stderr[-3000:])
            sys.exit(f"dstream ended with {p.returncode} at: {culprit}")
        out += [json.loads(x) for x in lines]
        progress("dstream", at + len(part), len(exprs))
    return out


def table(program):
    return subprocess.run([program, "help", "--functions"], check=True,
                          capture_output=True, text=True).stdout


def uncalled(program):
    """Names of dstream's table that no corpus calls."""
    text = ""
    for path in glob.glob(os.path.join(HERE, "**", "*.sql"), recursive=True):
        text += open(path, encoding="utf-8").read()
    names = set(re.findall(r"<code>([a-z_0-9]+)\(", table(program)))
    return sorted(n for n in names if not re.search(rf"\b{n}\(", text))


def functions(program):
    """Names of dstream's table that give one value per row."""
    text = table(program)
    text = text[:text.index("## Aggregates")]
    forms = re.findall(r"<code>([a-z_0-9]+)\(.*?</code>", text)
    sets = re.findall(r"<code>([a-z_0-9]+)\([^<]*→ setof", text)
    return sorted(set(forms) - set(sets))


def progress(what, done, of):
    print(f"{what}: {done} of {of}", file=sys.stderr)


class Differences:
    """differences.txt: `regular expression of expressions <tab> reason`."""

    def __init__(self, path):
        self.list = []
        for line in open(path, encoding="utf-8"):
            if line.strip() and not line.startswith("#"):
                pattern, reason = line.rstrip("\n").split("\t")
                self.list.append((re.compile(pattern), reason))

    def why(self, expr):
        for pattern, reason in self.list:
            if pattern.search(expr):
                return reason
        return None


# The one difference of all numerics (contract.md 8.11).
WIDE = "a numeric has at most 38 digits"
# Refused by name, as the row has it.
REFUSALS = re.compile("not supported$|takes too long on this|length too large")
# A timestamp counts from 1970 here, from 2000 there.
LATE = re.compile("29(42[5-9]|424[7-9]|4[3-9]|[5-9])")


def short(text):
    return repr(text if len(text) <= 120 else text[:117] + "...")


def compare_refused(server, ours):
    """dstream does not compile it; PostgreSQL does."""
    # A constant that cannot be used is found at once here, and there by the
    # first row that uses it.
    late = ours["refused"]["code"].startswith("E07")
    if all(a[0] == "!" or (late and a[0] == "0") for a in server["a"]):
        return "same", None
    return "refused", f"{ours['refused']['code']} {ours['refused']['message']}"


# What may leave a part of an expression unevaluated.
LAZY = re.compile(r"\b(case|coalesce|nullif|greatest|least|and|or|in|any|all|"
                  r"quote_nullable|concat|concat_ws|format|jsonb_build_\w+|"
                  r"array|row|is|num_nulls|num_nonnulls|array_\w+)\b",
                  re.IGNORECASE)
# dstream computes these at once if their arguments are constant, PostgreSQL row
# by row, after the other arguments.
STABLE = re.compile(r"\b(to_char|to_date|to_timestamp|to_number|concat|concat_ws|"
                    r"format|jsonb_build_\w+|to_jsonb|date_trunc|make_timestamptz|"
                    r"timestamptz|jsonb_path_\w+|array_to_string|date_part|"
                    r"extract|quote_\w+|age|timestamp with time zone)\b")
POWERS = re.compile(r"\b(power|pow|exp|ln|log|log10|sqrt)\(|\^")


NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def last_digit(expr, a, b):
    """Powers and logarithms of numeric: PostgreSQL's last digit may be off."""
    if not POWERS.search(expr) or NUMBER.sub("0", a) != NUMBER.sub("0", b):
        return False
    return all(x == y or numbers_meet(x, y)
               for x, y in zip(NUMBER.findall(a), NUMBER.findall(b)))


def numbers_meet(a, b):
    x, y = decimal.Decimal(a), decimal.Decimal(b)
    digits = x.as_tuple().exponent
    return digits == y.as_tuple().exponent and \
        abs(x - y) <= decimal.Decimal(1).scaleb(digits)


def compare_row(expr, server, want, ours):
    """same, known, refused or differs; `want` is PostgreSQL's answer."""
    if "error" in ours:
        if want[0] == "!":
            return "same"
        if ours["error"]["message"] == WIDE:
            return "known"
        if ours["error"]["message"].endswith("out of range") and \
                LATE.search(want):
            return "known"
        unsupported = REFUSALS.search(ours["error"]["message"])
        return "refused" if unsupported else "differs"
    # PostgreSQL computes constants that no row may need.
    if want[0] == "!" and server["e"]:
        lazy = ours["value"] is None or LAZY.search(expr)
        return "known" if lazy else "differs"
    if ours["value"] is None:
        if want[0] == "!" and STABLE.search(expr):
            return "known"
        return "same" if want[0] == "0" else "differs"
    if want[0] == "=" and last_digit(expr, want[1:], ours["value"]):
        return "same" if want == "=" + ours["value"] else "known"
    return "same" if want == "=" + ours["value"] else "differs"


def row_detail(i, want, ours):
    kind = {"=": "value", "0": "null", "!": "error"}[want[0]]
    if "error" in ours:
        got, text = "error", ours["error"]["message"]
    elif ours["value"] is None:
        got, text = "null", ""
    else:
        got, text = "value", ours["value"]
    return (f"row {i}: PostgreSQL {kind} {short(want[1:])}, "
            f"dstream {got} {short(text)}")


def compare(expr, server, ours):
    """(verdict, detail): same, known, refused, accepted, differs."""
    if server["r"] is not None:
        if "refused" in ours or all("error" in a for a in ours["results"]):
            return "same", None
        # There is no type json, and so less to choose from; varchar is text.
        if re.search("is not unique|character varying", server["r"]):
            return "known", None
        return "accepted", f"PostgreSQL refuses: {server['r']}"
    if "refused" in ours:
        return compare_refused(server, ours)
    found = "same", None
    for i, (want, got) in enumerate(zip(server["a"], ours["results"])):
        verdict = compare_row(expr, server, want, got)
        if verdict == "differs":
            return verdict, row_detail(i, want, got)
        if verdict == "refused":
            found = verdict, "at run time: " + got["error"]["message"]
        elif verdict == "known" and found[0] == "same":
            found = verdict, None
    return found


def read_corpus(paths):
    out = []
    for path in sorted(paths):
        for line in open(path, encoding="utf-8"):
            if line.strip() and not line.startswith("--"):
                out.append(line.rstrip("\n"))
    return out


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("program")
    ap.add_argument("--corpus", nargs="*", default=None)
    ap.add_argument("--expr", action="append", default=[])
    ap.add_argument("--generated", type=int, default=20000)
    ap.add_argument("--only", help="generate calls of these names only")
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--show", type=int, default=40)
    args = ap.parse_args()
    rows = columns.rows()
    server_start(rows)
    if args.expr:
        exprs, chosen = args.expr, len(args.expr)
    else:
        files = args.corpus
        if files is None:
            files = glob.glob(os.path.join(HERE, "corpus", "*.sql"))
        exprs = read_corpus(files)
        chosen = len(exprs)
        exprs += generate.generate(psql, functions(args.program),
                                   args.generated, args.seed, args.only)
    with tempfile.TemporaryDirectory() as tmp:
        path = os.path.join(tmp, "rows.jsonl")
        columns.write_rows(path, rows)
        ours = ask_dstream(os.path.abspath(args.program), exprs, path)
    server = ask_server(exprs)
    return report(exprs, chosen, server, ours, args)


class Report:
    """Verdicts by number, and the first of each kind by text."""

    def __init__(self, show):
        self.count = collections.Counter()
        self.refusals = collections.Counter()
        self.shown = collections.Counter()
        self.show = show
        self.refused = self.failed = 0

    def add(self, expr, chosen, verdict, detail, why):
        if verdict == "refused":
            self.refused += 1
            self.refusals[detail] += 1
            if chosen and not why:
                verdict = "refused (chosen)"
        if why and verdict not in ("same", "refused"):
            verdict = "known"
        self.count[verdict] += 1
        if verdict not in ("differs", "accepted", "refused (chosen)"):
            return
        self.failed += 1
        self.shown[verdict] += 1
        if self.shown[verdict] <= self.show:
            print(f"{verdict}: {expr}\n    {detail[:400]}")


def report(exprs, chosen, server, ours, args):
    known = Differences(os.path.join(HERE, "differences.txt"))
    out = Report(args.show)
    for i, expr in enumerate(exprs):
        verdict, detail = compare(expr, server[i], ours[i])
        out.add(expr, i < chosen, verdict, detail, known.why(expr))
        if args.expr:
            print(expr, "\n   PostgreSQL", server[i], "\n   dstream   ", ours[i])
    for message, n in out.refusals.most_common(args.show):
        print(f"refused {n:5}  {message[:150]}")
    accepted = sum(1 for s in server if s["r"] is None)
    share = out.refused / max(1, accepted)
    print(f"{chosen} chosen and {len(exprs) - chosen} generated expressions, "
          f"{len(columns.rows())} rows each: {out.count['same']} the same, "
          f"{out.count['known']} known differences, "
          f"{share:.2%} of what PostgreSQL accepts refused")
    missing = uncalled(args.program) if chosen and not args.expr else []
    for name in missing:
        print(f"nothing calls {name}()")
    out.failed += len(missing)
    if share > MOST_REFUSED:
        print(f"more than {MOST_REFUSED:.0%} refused")
        out.failed += 1
    print(f"{len(exprs) - out.failed} passed, {out.failed} failed")
    return 1 if out.failed else 0


if __name__ == "__main__":
    sys.exit(main())
