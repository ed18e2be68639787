# SPDX-License-Identifier: Apache-2.0
"""Random expressions, typed by PostgreSQL's own catalogue.

The functions are those that language.md promises; which argument types they
take is asked of the server, so that a form that dstream lacks is generated too
and counted as refused.
"""

import random

import columns

NAMES = """
abs ceil ceiling floor round trunc sign sqrt cbrt exp ln log log10 power pow mod
div gcd lcm width_bucket degrees radians sin cos tan cot asin acos atan atan2 sinh
cosh tanh scale min_scale trim_scale to_char to_number to_hex factorial
ascii chr concat concat_ws format initcap left right lpad rpad length char_length
character_length octet_length bit_length lower upper md5 overlay position strpos
quote_ident quote_literal quote_nullable repeat replace reverse split_part
starts_with substr substring translate btrim ltrim rtrim string_to_array
array_to_string regexp_match regexp_replace regexp_split_to_array regexp_count
regexp_like regexp_substr regexp_instr encode decode get_byte bit_count sha256
sha512
date_part extract date_trunc date_bin age make_date make_time make_timestamp
make_interval to_timestamp to_date timezone isfinite justify_days justify_hours
justify_interval
jsonb_build_object jsonb_build_array to_jsonb jsonb_array_length jsonb_typeof
jsonb_extract_path_text jsonb_set jsonb_insert jsonb_strip_nulls jsonb_pretty
jsonb_path_query_array jsonb_path_query_first jsonb_path_exists jsonb_object
array_append array_prepend array_cat array_length array_lower array_upper
cardinality array_position array_positions array_remove array_replace trim_array
""".split()

OPERATORS = """
+ - * / % ^ = <> < <= > >= || & | # ~ << >> @ |/ ||/ ~~ !~~ ~~* !~~* ~* !~ !~*
-> ->> #> #>> ? @> <@ && #- ^@
""".split()

TYPES = {
    "boolean": "b", "smallint": "i2", "integer": "i4", "bigint": "i8",
    "real": "f4", "double precision": "f8", "numeric": "n", "text": "s",
    "bytea": "y", "date": "d", "time without time zone": "tod",
    "timestamp without time zone": "tl", "timestamp with time zone": "tz",
    "interval": "iv", "uuid": "u", "jsonb": "j", "integer[]": "ai",
    "text[]": "at",
}
COLUMNS_OF = {t: [c] for t, c in TYPES.items()}
COLUMNS_OF["text"].append("t")
COLUMNS_OF["numeric"].append("m")

POLYMORPHIC = {
    "anyelement": "text", "anyarray": "text[]", "anycompatible": "integer",
    "anycompatiblearray": "integer[]", "anynonarray": "integer",
}

# What a function wants to see now and then, by the name of its argument's
# place: (function, position) -> literals.
SPECIAL = {
    ("date_trunc", 0): ["'day'", "'month'", "'week'", "'quarter'", "'year'",
                        "'hour'", "'century'", "'millisecond'"],
    ("date_part", 0): ["'year'", "'epoch'", "'dow'", "'isodow'", "'week'",
                       "'doy'", "'julian'", "'millennium'", "'second'"],
    ("extract", 0): ["'year'", "'epoch'", "'dow'", "'isoyear'", "'week'",
                     "'doy'", "'quarter'", "'microseconds'", "'hour'"],
    ("timezone", 0): ["'Europe/Paris'", "'America/New_York'", "'UTC'",
                      "'Asia/Kolkata'", "interval '2 hours'"],
    ("to_char", 1): ["'YYYY-MM-DD HH24:MI:SS'", "'999D99'", "'FM9990.00'",
                     "'Day, DD Mon YYYY'", "'S9,999,999'", "'IYYY-IW-ID'",
                     "'HH12:MI AM'", "'RN'", "'9.99EEEE'"],
    ("to_number", 1): ["'999D99'", "'9G999'", "'S99'"],
    ("to_date", 1): ["'YYYY-MM-DD'"], ("to_timestamp", 1): ["'YYYY-MM-DD'"],
    ("encode", 1): ["'hex'", "'base64'", "'escape'"],
    ("decode", 1): ["'hex'", "'base64'", "'escape'"],
    ("format", 0): ["'%s'", "'%s-%s'", "'%I'", "'%L'", "'%2$s'", "'a%%b'"],
    ("regexp_match", 1): ["'a+'", "'([a-z]+)'", "'(\\d+)'", "'.'", "'l*o'"],
    ("chr", 0): ["65", "228", "i2", "8364"],
    ("repeat", 1): ["2", "0", "-1", "3"],
    ("lpad", 1): ["5", "2", "0"], ("rpad", 1): ["5", "2", "0"],
    ("date_bin", 0): ["interval '15 minutes'", "interval '1 day'"],
    ("factorial", 0): ["5", "20", "0"],
    ("jsonb_path_query_array", 1): ["'$.*'", "'$.a'", "'$[*]'", "'$.b.c[*]'"],
    ("jsonb_path_query_first", 1): ["'$.a'", "'$[0]'"],
    ("jsonb_path_exists", 1): ["'$.a'", "'$[*] ? (@ > 1)'"],
    ("power", 1): ["2", "0.5", "-1", "3"], ("pow", 1): ["2", "0.5"],
    ("^", 1): ["2", "0.5", "-1", "0"],
    ("<<", 1): ["1", "3"], (">>", 1): ["1", "3"],
    ("->", 1): ["'a'", "'b'", "0", "1", "-1"],
    ("->>", 1): ["'a'", "'b'", "0", "1", "-1"],
    ("#>", 1): ["'{b,c}'", "'{0}'"], ("#>>", 1): ["'{b,c,0}'", "'{a}'"],
    ("@>", 1): [], ("?", 1): ["'a'", "'b'"],
    ("width_bucket", 3): ["5", "10"],
}
for name in ("regexp_replace", "regexp_split_to_array", "regexp_count",
             "regexp_like", "regexp_substr", "regexp_instr"):
    SPECIAL[(name, 1)] = SPECIAL[("regexp_match", 1)] + ["'\\s+'", "'[aeiou]'"]
for name in ("~", "~*", "!~", "!~*"):
    SPECIAL[(name, 1)] = SPECIAL[("regexp_match", 1)] + ["'^a'", "'b$'"]
for name in ("~~", "!~~", "~~*", "!~~*"):
    SPECIAL[(name, 1)] = ["'a%'", "'%b%'", "'_'", "'%o'", "t"]


def catalogue(psql):
    """[(name, argument types, result type, operator?)] as the server has it."""
    sql = """
    SELECT p.proname, coalesce(array_to_string(ARRAY(SELECT format_type(t, NULL)
        FROM unnest(p.proargtypes) WITH ORDINALITY AS a(t, n) ORDER BY n), ';'), ''),
        format_type(p.prorettype, NULL), p.provariadic <> 0
    FROM pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace
        AND p.prokind = 'f' AND NOT p.proretset AND p.proname = ANY (%s);
    """
    names = "ARRAY['" + "','".join(NAMES) + "']"
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
        out.append((name, [x for x in (left, right) if x], result, True, False))
    return [f for f in map(plain, out) if f]


def plain(f):
    name, args, result, operator, variadic = f
    if variadic:
        args = args[:-1] + ["text", "integer"][:1 + len(name) % 2]
    args = [POLYMORPHIC.get(a, a) for a in args]
    args = ["text" if a == '"any"' else "text" if a == "jsonpath" else a
            for a in args]
    result = POLYMORPHIC.get(result, result)
    if any(a not in TYPES for a in args) or result not in TYPES:
        return None
    return name, args, result, operator


LITERALS = {
    "boolean": ["true", "false"],
    "smallint": ["2::smallint", "'-7'::int2"],
    "integer": ["0", "1", "2", "-3", "10", "100"],
    "bigint": ["3::bigint", "10000000000", "-1::bigint"],
    "real": ["1.5::real", "'-0.1'::float4"],
    "double precision": ["0.5::float8", "1e3::float8", "-2::float8"],
    "numeric": ["1.5", "0.10", "-2.25", "1e-3", "12345678901234567890.5"],
    "text": ["'a'", "''", "'abc'", "'Hello'", "'ä'", "'1'", "' x '"],
    "bytea": ["'\\x6162'::bytea", "''::bytea"],
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
    "integer[]": ["ARRAY[1,2,3]", "'{4,NULL}'::int[]"],
    "text[]": ["ARRAY['a','b']", "'{}'::text[]"],
}


class Generator:
    def __init__(self, functions, seed, only):
        self.rng = random.Random(seed)
        self.by_result = {}
        self.all = functions
        if only:
            wanted = only.split(",")
            self.all = [f for f in functions if f[0] in wanted]
        for f in functions:
            self.by_result.setdefault(f[2], []).append(f)
        self.names = sorted({f[0] for f in self.all})

    def leaf(self, t):
        r = self.rng
        if r.random() < 0.6:
            return r.choice(COLUMNS_OF[t])
        if r.random() < 0.06:
            return "NULL"
        return r.choice(LITERALS[t])

    def call(self, f, depth):
        name, args, _, operator = f
        parts = []
        for i, a in enumerate(args):
            special = SPECIAL.get((name, i))
            if special and self.rng.random() < 0.75:
                parts.append(self.rng.choice(special))
            else:
                parts.append(self.expr(a, depth - 1))
        if name == "position":
            return f"position({parts[0]} IN {parts[1]})"
        if name == "extract":
            return f"extract({parts[0]} FROM {parts[1]})"
        if not operator:
            return f"{name}({', '.join(parts)})"
        if len(parts) == 1:
            return f"({name} {parts[0]})"
        return f"({parts[0]} {name} {parts[1]})"

    def special(self, t, depth):
        r = self.rng
        kind = r.randrange(6)
        e = lambda x: self.expr(x, depth - 1)
        if kind == 0:
            return f"CASE WHEN {e('boolean')} THEN {e(t)} ELSE {e(t)} END"
        if kind == 1:
            return f"coalesce({e(t)}, {e(t)})"
        if kind == 2:
            return f"nullif({e(t)}, {e(t)})"
        if kind == 3:
            return f"({e(r.choice(list(TYPES)))})::{t}"
        if kind == 4 and t == "boolean":
            other = r.choice(list(TYPES))
            return r.choice([
                f"({e(other)} IS NOT DISTINCT FROM {e(other)})",
                f"({e(other)} IS NULL)",
                f"({e(other)} IN ({e(other)}, {e(other)}))",
                f"({e(other)} BETWEEN {e(other)} AND {e(other)})",
                f"({e('boolean')} AND {e('boolean')})",
                f"({e('boolean')} OR {e('boolean')})",
                f"(NOT {e('boolean')})",
                f"({e('integer')} = ANY ({e('integer[]')}))",
                f"({e('text')} <> ALL ({e('text[]')}))",
                f"({e('text')} SIMILAR TO '%(a|b)%')",
            ])
        if kind == 5 and t == "integer":
            return f"({e('integer[]')})[{e('integer')}]"
        return r.choice([f"greatest({e(t)}, {e(t)})", f"least({e(t)}, {e(t)})"])

    def expr(self, t, depth):
        if depth <= 0 or self.rng.random() < 0.25:
            return self.leaf(t)
        if self.rng.random() < 0.12:
            return self.special(t, depth)
        fs = self.by_result.get(t)
        return self.call(self.rng.choice(fs), depth) if fs else self.leaf(t)

    def one(self):
        # Names first: a name with thirty forms is no more important.
        name = self.rng.choice(self.names)
        f = self.rng.choice([f for f in self.all if f[0] == name])
        if self.rng.random() < 0.15:
            return self.special(self.rng.choice(list(TYPES)), 2)
        return self.call(f, self.rng.choice([1, 1, 2, 3]))


def generate(psql, n, seed, only=None):
    g = Generator(catalogue(psql), seed, only)
    return [g.one() for _ in range(n)] if n else []
