# SPDX-License-Identifier: Apache-2.0
"""Random expressions, typed by PostgreSQL's own catalogue.

The functions are those of dstream's table and those that language.md promises;
which argument types they take is asked of the server, so that a form that
dstream lacks is generated too and counted as refused.
"""

import random

import vocabulary as words

PROMISED = """
abs ceil ceiling floor round trunc sign sqrt cbrt exp ln log log10 power pow mod
div gcd lcm width_bucket degrees radians sin cos tan cot asin acos atan atan2 sinh
cosh tanh scale min_scale trim_scale to_char to_number to_hex factorial
ascii chr concat concat_ws format initcap left right lpad rpad length char_length
character_length octet_length bit_length lower upper md5 overlay position strpos
quote_ident quote_literal quote_nullable repeat replace reverse split_part
starts_with substr substring translate btrim ltrim rtrim string_to_array
array_to_string regexp_match regexp_replace regexp_split_to_array regexp_count
regexp_like regexp_substr regexp_instr encode decode get_byte bit_count sha256
sha512 date_part extract date_trunc date_bin age make_date make_time
make_timestamp make_interval to_timestamp to_date timezone isfinite justify_days
justify_hours justify_interval
jsonb_build_object jsonb_build_array to_jsonb jsonb_array_length jsonb_typeof
jsonb_extract_path_text jsonb_set jsonb_insert jsonb_strip_nulls jsonb_pretty
jsonb_path_query_array jsonb_path_query_first jsonb_path_exists jsonb_object
array_append array_prepend array_cat array_length array_lower array_upper
cardinality array_position array_positions array_remove array_replace trim_array
""".split()
# What answers by another text, or by the clock.
LEFT_OUT = {"to_json", "row_to_json", "array_to_json", "json_build_object",
            "json_build_array", "pg_typeof", "overlaps", "to_ascii"}

OPERATORS = """
+ - * / % ^ = <> < <= > >= || & | # ~ << >> @ |/ ||/ ~~ !~~ ~~* !~~* ~* !~ !~*
-> ->> #> #>> ? ?| ?& @> <@ && #- ^@ @? @@
""".split()

TYPES = {
    "boolean": ["b"], "smallint": ["i2"], "integer": ["i4"], "bigint": ["i8"],
    "real": ["f4"], "double precision": ["f8"], "numeric": ["n", "m"],
    "text": ["s", "t"], "bytea": ["y"], "date": ["d"],
    "time without time zone": ["tod"], "timestamp without time zone": ["tl"],
    "timestamp with time zone": ["tz"], "interval": ["iv"], "uuid": ["u"],
    "jsonb": ["j"], "integer[]": ["ai"], "text[]": ["at"], "numeric[]": [],
    "date[]": [], "bigint[]": [],
}
USUAL = [t for t in TYPES if TYPES[t]]
ELEMENTS = ["text", "integer", "numeric", "date", "bigint"]

LITERALS = {
    "boolean": ["true", "false"],
    "smallint": ["2::smallint", "'-7'::int2"],
    "integer": ["0", "1", "2", "-3", "10", "100"],
    "bigint": ["3::bigint", "10000000000", "-1::bigint"],
    "real": ["1.5::real", "'-0.1'::float4"],
    "double precision": ["0.5::float8", "1e3::float8", "-2::float8"],
    "numeric": ["1.5", "0.10", "-2.25", "1e-3", "12345678901234567890.5"],
    "text": ["'a'", "''", "'abc'", "'Hello'", "'ä'", "'1'", "' x '", "'a,b'",
             "'foo bar'::text"],
    "bytea": ["'\\x6162'::bytea", "''::bytea", "'\\xff00'::bytea"],
    "date": ["date '2024-02-29'", "date '1999-12-31'"],
    "time without time zone": ["time '10:30'", "time '23:59:59.5'"],
    "timestamp without time zone": ["timestamp '2024-02-29 10:00'",
                                    "timestamp '1969-07-20 20:17:40.25'"],
    "timestamp with time zone": ["timestamptz '2024-06-01 12:00+02'",
                                 "timestamptz '1970-01-01'"],
    "interval": ["interval '1 day'", "interval '1 month 2 hours'",
                 "interval '-90 minutes'"],
    "uuid": ["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid"],
    "jsonb": ["'{\"a\": [1, 2.50, null]}'::jsonb", "'[1, \"b\"]'::jsonb",
              "'3'::jsonb"],
    "integer[]": ["ARRAY[1,2,3]", "'{4,NULL}'::int[]", "ARRAY[i4, 2, i2]"],
    "text[]": ["ARRAY['a','b']", "'{}'::text[]", "ARRAY[s, t]"],
    "numeric[]": ["ARRAY[1.5, n]", "'{0.50,NULL}'::numeric[]", "ARRAY[m]"],
    "date[]": ["ARRAY[d]", "'{2024-02-29,infinity}'::date[]"],
    "bigint[]": ["ARRAY[i8, 3]", "'{10000000000,1}'::bigint[]"],
}

MODIFIED = {
    "numeric": ["numeric(5,1)", "numeric(10)", "numeric(6,3)", "numeric(30,10)"],
    "text": ["varchar(3)", "varchar"],
    "timestamp without time zone": ["timestamp(0)", "timestamp(2)"],
    "timestamp with time zone": ["timestamptz(1)"],
    "time without time zone": ["time(0)", "time(3)"],
    "interval": ["interval(0)", "interval hour", "interval day to minute"],
}


def names_of(functions):
    return sorted(set(PROMISED) | {f for f in functions if f not in LEFT_OUT})


def catalogue(psql, functions):
    """[(name, argument types, result type, operator?)] as the server has it."""
    sql = """
    SELECT p.proname, coalesce(array_to_string(ARRAY(SELECT format_type(t, NULL)
        FROM unnest(p.proargtypes) WITH ORDINALITY AS a(t, n) ORDER BY n), ';'), ''),
        format_type(p.prorettype, NULL), p.provariadic <> 0
    FROM pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace
        AND p.prokind = 'f' AND NOT p.proretset AND p.proname = ANY (%s);
    """
    names = "ARRAY['" + "','".join(names_of(functions)) + "']"
    out = []
    for line in psql(sql % names).strip().split("\n"):
        name, args, result, variadic = line.split("|")
        out.append((name, args.split(";") if args else [], result, False,
                    variadic == "t"))
    sql = """
    SELECT o.oprname, CASE WHEN o.oprleft = 0 THEN '' ELSE format_type(o.oprleft,
        NULL) END, format_type(o.oprright, NULL), format_type(o.oprresult, NULL)
    FROM pg_operator o WHERE o.oprname = ANY (%s);
    """
    names = "ARRAY['" + "','".join(OPERATORS) + "']"
    for line in psql(sql % names).strip().split("\n"):
        cells = line.split("|")
        # An operator may hold the separator itself.
        result, right, left = cells[-1], cells[-2], cells[-3]
        name = "|".join(cells[:-3])
        if name == "@@" and left != "jsonb":
            continue  # text search
        out.append((name, [x for x in (left, right) if x], result, True, False))
    return [f for entry in out for f in plain(entry)]


def plain(f):
    """The forms of an entry, with real types in the place of any."""
    name, args, result, operator, variadic = f
    if variadic and args[-1] != '"any"':
        args = args[:-1] + [args[-1].removesuffix("[]")]
    args = ["jsonpath" if a == "jsonpath" else a for a in args]
    poly = any(a.startswith("any") for a in args + [result])
    out = []
    for elem in ELEMENTS if poly else ["text"]:
        real = {"anyelement": elem, "anynonarray": elem, "anycompatible": elem,
                "anyarray": elem + "[]", "anycompatiblearray": elem + "[]",
                "anycompatiblenonarray": elem, "jsonpath": "text",
                '"any"': "any"}
        types = [real.get(a, a) for a in args]
        gives = real.get(result, result)
        if all(a in TYPES or a == "any" for a in types) and gives in TYPES:
            out.append((name, types, gives, operator, variadic))
    return out


class Generator:
    def __init__(self, functions, seed, only):
        self.rng = random.Random(seed)
        self.by_result = {}
        self.all = functions
        if only:
            wanted = only.split(",")
            self.all = [f for f in functions if f[0] in wanted]
        for f in functions:
            self.by_result.setdefault(f[2], {}).setdefault(f[0], []).append(f)
        self.by_name = {}
        for f in self.all:
            self.by_name.setdefault(f[0], []).append(f)
        self.names = sorted(self.by_name)

    def leaf(self, t):
        r = self.rng
        if TYPES[t] and r.random() < 0.6:
            return r.choice(TYPES[t])
        if r.random() < 0.05:
            return f"NULL::{t}" if r.random() < 0.5 else "NULL"
        return r.choice(LITERALS[t])

    def argument(self, f, i, t, depth):
        r = self.rng
        special = words.SPECIAL.get((f[0], i))
        if f[0] in ("to_char", "to_date", "to_timestamp") and i == 1:
            special = words.date_template if f[1][0] in (
                "text", "interval", "timestamp without time zone",
                "timestamp with time zone") else words.number_template
        if special and ((f[0], i) in words.ALWAYS or r.random() < 0.85):
            return special(r) if callable(special) else r.choice(special)
        if t == "any":
            t = r.choice(USUAL)
        text = self.expr(t, depth - 1)
        # Of what type a NULL is: there are no bit strings here.
        bits = ("set_bit", "get_bit", "bit_count", "set_byte", "get_byte")
        return f"NULL::{t}" if text == "NULL" and f[0] in bits else text

    def call(self, f, depth):
        name, args, _, operator, variadic = f
        r = self.rng
        if variadic:
            args = args + args[-1:] * r.choice([0, 0, 1, 2, 3])
            if "build_object" in name and len(args) % 2:
                args = args[1:]
        if name in ("to_date", "to_timestamp") and len(args) == 2 and \
                r.random() < 0.8:
            text, template = words.parsed_date(r)
            return f"{name}({text}, {template})"
        parts = [self.argument(f, i, a, depth) for i, a in enumerate(args)]
        if name == "position":
            return f"position({parts[0]} IN {parts[1]})"
        if name == "extract":
            return f"extract({parts[0]} FROM {parts[1]})"
        if name == "timezone" and r.random() < 0.5:
            return f"({parts[1]} AT TIME ZONE {parts[0]})"
        if not operator:
            return f"{name}({', '.join(parts)})"
        if len(parts) == 1:
            return f"({name} {parts[0]})"
        return f"({parts[0]} {name} {parts[1]})"

    def boolean_form(self, depth):
        r = self.rng
        e = lambda x: self.expr(x, depth - 1)
        t = r.choice(USUAL)
        op = r.choice(["=", "<>", "<", "<=", ">", ">="])
        time = r.choice(["date", "timestamp without time zone",
                         "timestamp with time zone"])
        return r.choice([
            lambda: f"({e(t)} IS NOT DISTINCT FROM {e(t)})",
            lambda: f"({e(t)} IS DISTINCT FROM {e(t)})",
            lambda: f"({e(t)} IS NULL)",
            lambda: f"({e(t)} IS NOT NULL)",
            lambda: f"({e(t)} IN ({e(t)}, {e(t)}))",
            lambda: f"({e(t)} NOT IN ({e(t)}, {e(t)}, {self.leaf(t)}))",
            lambda: f"({e(t)} BETWEEN {e(t)} AND {e(t)})",
            lambda: f"({e(t)} NOT BETWEEN SYMMETRIC {e(t)} AND {e(t)})",
            lambda: f"({e('boolean')} AND {e('boolean')})",
            lambda: f"({e('boolean')} OR {e('boolean')})",
            lambda: f"(NOT {e('boolean')})",
            lambda: f"({e('boolean')} IS " + r.choice(
                ["TRUE", "NOT TRUE", "FALSE", "NOT FALSE", "UNKNOWN"]) + ")",
            lambda: f"({e('integer')} {op} ANY ({e('integer[]')}))",
            lambda: f"({e('text')} {op} ALL ({e('text[]')}))",
            lambda: f"({e('numeric')} = ANY ({e('numeric[]')}))",
            lambda: f"({e('text')} SIMILAR TO {words.similar(r)})",
            lambda: f"({e('text')} NOT LIKE {words.like(r)} ESCAPE '#')",
            lambda: f"({e('text')} ILIKE {words.like(r)})",
            lambda: f"({e('text')} IS NFC NORMALIZED)",
            lambda: (f"(({e(time)}, {e(time)}) OVERLAPS "
                     f"({e(time)}, {e('interval')}))"),
            lambda: (f"(ROW({e(t)}, {e('integer')}) {op} "
                     f"ROW({e(t)}, {e('integer')}))"),
        ])()

    def special(self, t, depth):
        r = self.rng
        e = lambda x: self.expr(x, depth - 1)
        if t == "boolean" and r.random() < 0.6:
            return self.boolean_form(depth)
        forms = [
            lambda: f"CASE WHEN {e('boolean')} THEN {e(t)} ELSE {e(t)} END",
            lambda: (f"CASE {e('integer')} WHEN 1 THEN {e(t)} WHEN i2 THEN "
                     f"{e(t)} END"),
            lambda: f"coalesce({e(t)}, {e(t)})",
            lambda: f"nullif({e(t)}, {e(t)})",
            lambda: f"greatest({e(t)}, {e(t)})",
            lambda: f"least({e(t)}, {e(t)}, {e(t)})",
            lambda: f"({e(r.choice(list(TYPES)))})::{t}",
        ]
        if t in words.CAST_TEXTS:
            text = words.CAST_TEXTS[t]
            forms += [lambda: f"{words.quoted(text(r))}::{t}"] * 3
        if t in MODIFIED:
            forms += [lambda: f"({e(r.choice(USUAL))})::{r.choice(MODIFIED[t])}",
                      lambda: f"({e(t)})::{r.choice(MODIFIED[t])}"]
        if t + "[]" in TYPES:
            forms.append(lambda: f"({e(t + '[]')})[{e('integer')}]")
        if t.endswith("[]"):
            forms += [lambda: f"({e(t)})[{e('integer')}:{e('integer')}]",
                      lambda: f"ARRAY[{e(t[:-2])}, {e(t[:-2])}]"]
        if t == "jsonb":
            forms.append(lambda: f"({e(t)})[{r.choice(['0', 'i2'])}]")
        if t == "text":
            forms += [lambda: f"substring({e(t)} from {words.regex(r)})",
                      lambda: (f"trim({r.choice(['both', 'leading', 'trailing'])}"
                               f" {e(t)} from {e(t)})"),
                      lambda: f"ROW({e(r.choice(USUAL))}, {e(t)})::text",
                      lambda: f"({e(r.choice(list(TYPES)))})::text"]
        return r.choice(forms)()

    def expr(self, t, depth):
        r = self.rng
        if depth <= 0 or r.random() < 0.25:
            return self.leaf(t)
        if r.random() < 0.15:
            return self.special(t, depth)
        names = self.by_result.get(t)
        if not names:
            return self.leaf(t)
        return self.call(r.choice(names[r.choice(sorted(names))]), depth)

    def one(self):
        # Names first: a name with thirty forms is no more important.
        r = self.rng
        if r.random() < 0.2:
            return self.special(r.choice(list(TYPES)), 2)
        f = r.choice(self.by_name[r.choice(self.names)])
        return self.call(f, r.choice([1, 1, 2, 3]))


def generate(psql, functions, n, seed, only=None):
    if not n:
        return []
    g = Generator(catalogue(psql, functions), seed, only)
    return [g.one() for _ in range(n)]
