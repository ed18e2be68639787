# SPDX-License-Identifier: Apache-2.0
"""Texts that mean something to functions: patterns, templates, paths, zones.

Each maker takes a random.Random and gives an SQL literal.
"""


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def joined(r, parts, least, most, between=("",)):
    out = r.choice(parts)
    for _ in range(r.randint(least, most) - 1):
        out += r.choice(between) + r.choice(parts)
    return out


# ---- regular expressions, LIKE ----

ATOMS = ["a", "b", "c", "o", "l", ".", "[a-c]", "[^a]", r"\d", r"\w", r"\s",
         r"\S", "[[:alpha:]]", "[[:space:]]", " ", ",", "[lo]", "ä", "x", "qu",
         r"\.", "[A-Z]", r"\W", "[0-9]"]
REPEATS = ["*", "+", "?", "{2}", "{1,2}", "{0,1}", "{2,}", "*?", "+?", "??",
           "{1,3}?"]


def regex_part(r, depth):
    if depth and r.random() < 0.3:
        inside = regex_text(r, depth - 1)
        atom = r.choice(["(%s)", "(%s)", "(?:%s)"]) % inside
    else:
        atom = r.choice(ATOMS)
    return atom + (r.choice(REPEATS) if r.random() < 0.4 else "")


def regex_text(r, depth):
    text = "".join(regex_part(r, depth) for _ in range(r.randint(1, 3)))
    if r.random() < 0.2:
        text += "|" + "".join(
            regex_part(r, depth) for _ in range(r.randint(1, 2)))
    return text


def regex(r):
    text = regex_text(r, 2)
    chance = r.random()
    if chance < 0.1:
        text = "^" + text
    elif chance < 0.2:
        text += "$"
    elif chance < 0.24:
        text = r"\m" + text
    elif chance < 0.28:
        text += r"\M"
    elif chance < 0.32:
        text = "(?i)" + text
    elif chance < 0.36:
        text = "(" + r.choice(ATOMS) + ")" + text + r"\1"
    elif chance < 0.39:
        text += r.choice(["(?=%s)", "(?!%s)"]) % r.choice(ATOMS)
    return quoted(text)


def regex_flags(r):
    return quoted(r.choice(["", "i", "g", "gi", "n", "x", "s", "ic", "p", "w",
                            "q"]))


def replacement(r):
    return quoted(joined(r, ["x", r"\1", r"\&", "-", r"\2", "", r"\\", "<>"],
                         1, 3))


def like(r):
    return quoted(joined(r, ["%", "%", "_", "a", "b", "o", "lo", r"\%", r"\_",
                             "A", " ", "ä", "abc"], 1, 4))


def similar(r):
    return quoted(joined(r, ["%", "%", "_", "a", "b+", "(a|b)", "[a-c]*", "o?",
                             "(lo|x)", "c{2}", " ", "[^a]", "A"], 1, 4))


# ---- templates of to_char and its kin ----

DATE_WORDS = ["YYYY", "YYY", "YY", "Y", "Y,YYY", "IYYY", "IY", "MM", "Mon", "MON",
              "Month", "MONTH", "month", "DD", "DDD", "IDDD", "D", "ID", "Day",
              "DAY", "day", "Dy", "dy", "W", "WW", "IW", "CC", "J", "Q", "RM",
              "rm", "HH", "HH12", "HH24", "MI", "SS", "MS", "US", "FF3", "FF6",
              "SSSS", "SSSSS", "AM", "pm", "A.M.", "BC", "b.c.", "TZ", "tz",
              "TZH", "TZM", "OF", "DDth", "DDTH", "FMDD", "FMMonth", "FMDay",
              "FMHH12", "TMMon", "\"text\"", "\\\"", "x"]
NUMBER_WORDS = ["9", "99", "999", "0", "00", ".", "D", ",", "G", "MI", "PL", "SG",
                "S", "PR", "L", "FM", "th", "TH", "V", "EEEE", "RN", "B",
                "\" \"", " ", "$"]


def date_template(r):
    return quoted(joined(r, DATE_WORDS, 1, 5, ["-", " ", ":", "", "/", ", "]))


def number_template(r):
    if r.random() < 0.6:
        whole = r.choice(["9", "999", "9999999", "0999", "9G999", "9,999,990",
                          "0"])
        rest = r.choice(["", "", ".9", "D99", ".000", "V99", ".99EEEE"])
        return quoted(r.choice(["", "FM", "S", "MI", "SG", "L", "PL", "B"]) +
                      whole + rest + r.choice(["", "", "S", "MI", "PR", "th"]))
    return quoted(joined(r, NUMBER_WORDS, 1, 6))


# A word of a template and texts that it may be given.
PARSED = [("YYYY", ["2024", "1999", "0044", "12024", "24"]),
          ("YY", ["24", "99", "5"]), ("MM", ["02", "12", "7", "13"]),
          ("Mon", ["Feb", "dec", "XXX"]), ("Month", ["March", "MAY", "june  "]),
          ("DD", ["29", "01", "7", "32"]), ("DDD", ["060", "366", "1"]),
          ("HH24", ["23", "00", "7", "24"]), ("HH12", ["11", "12", "1", "13"]),
          ("MI", ["59", "0", "61"]), ("SS", ["30", "07", "60"]),
          ("MS", ["5", "789", "12"]), ("US", ["5", "123456", "789"]),
          ("AM", ["pm", "AM", "xx"]), ("BC", ["BC", "ad"]),
          ("IYYY", ["2024", "2020"]), ("IW", ["53", "07", "1"]),
          ("ID", ["1", "7"]), ("J", ["2451187"]), ("Q", ["2"]),
          ("TZH", ["+02", "-05"]), ("Day", ["Monday", "friday   "]),
          ("RM", ["IV", "xii"]), ("CC", ["20", "21"]), ("SSSS", ["3600"]),
          ("FF3", ["123", "7"])]


def parsed_date(r):
    """text, template"""
    words = r.sample(PARSED, r.randint(1, 5))
    template = text = ""
    for i, (word, texts) in enumerate(words):
        if i:
            sep = r.choice(["-", " ", ":", "/", "", "  "])
            template += sep
            text += sep if r.random() < 0.85 else r.choice(["-", " ", ""])
        template += word
        text += r.choice(texts)
    return quoted(text), quoted(template)


# ---- JSON paths ----

STEPS = [".a", ".b", ".c", ".*", "[*]", "[0]", "[1]", "[last]", "[0 to 1]",
         ".**", ".d", "[-1]", ".size()", ".type()", ".keyvalue()", ".double()",
         ".abs()", ".floor()", ".b.c", "[0, 2]", ".\"aa\"", ".ceiling()"]
TESTS = ["@ > 1", "@ == 1", "@ == \"x\"", "@.a == 1", "exists(@.a)",
         "@ == null", "@ != 2", "@ starts with \"t\"", "@ like_regex \"^t\"",
         "@ >= 1 && @ <= 2", "@.a > 1 || @.b > 1", "!(@ == 1)",
         "(@ > 1) is unknown", "@.type() == \"number\"", "@ == true",
         "@.size() > 1", "@ + 1 == 2", "@[*] > 1", "@ < \"u\""]


def json_path_text(r):
    text = "$"
    for _ in range(r.randint(0, 3)):
        text += r.choice(STEPS)
        if r.random() < 0.2:
            text += f" ? ({r.choice(TESTS)})"
    return text


def json_path(r):
    text = json_path_text(r)
    if r.random() < 0.12:
        text += r.choice([" + 1", " * 2", " - 0.5", " / 2", " % 2", " > 1",
                          " == 1"])
    if r.random() < 0.2:
        text = "strict " + text
    return quoted(text)


def json_keys(r):
    return quoted("{" + joined(r, ["a", "b", "c", "0", "1", "-1", "d", "2", "aa"],
                               1, 3, [","]) + "}")


# ---- texts that are cast ----

ZONES = ["'Europe/Paris'", "'America/New_York'", "'UTC'", "'Asia/Kolkata'",
         "interval '2 hours'", "'EST'", "'CEST'", "'+03'", "'-04:30'",
         "'Australia/Lord_Howe'", "'CET-1CEST,M3.5.0,M10.5.0/3'",
         "'America/St_Johns'", "'Pacific/Apia'", "'PST8PDT'"]
UNITS = ["microsecond", "millisecond", "second", "minute", "hour", "day", "week",
         "month", "quarter", "year", "decade", "century", "millennium"]
FIELDS = UNITS + ["dow", "isodow", "doy", "isoyear", "epoch", "julian",
                  "timezone", "timezone_hour", "timezone_minute"]


def zone(r):
    return r.choice(ZONES)


def unit(r):
    return quoted(r.choice(UNITS))


def field(r):
    return quoted(r.choice(FIELDS))


def interval_text(r):
    if r.random() < 0.3:
        return r.choice(["P1Y2M10DT2H30M", "1-2", "3 4:05:06", "-1-2 +3 -4:05:06",
                         "PT36H", "P0001-02-03T04:05:06", "1 12:59:10", "12:30",
                         "-00:00:01.5", "P-1W", "100", "@ 1 minute ago"])
    words = [f"{r.choice(['1', '2', '-3', '0.5', '1.5', '-0.25', '10', '40'])} "
             + r.choice(["year", "mons", "weeks", "days", "hours", "min", "secs",
                         "decades", "us", "ms", "d", "h"])
             for _ in range(r.randint(1, 3))]
    return " ".join(words) + (" ago" if r.random() < 0.1 else "")


def date_text(r):
    y, m, d = r.choice([2024, 1999, 2000, 44, 9999]), r.randint(1, 12), \
        r.randint(1, 31)
    form = r.choice(["{y:04}-{m:02}-{d:02}", "{m}/{d}/{y}", "{y:04}{m:02}{d:02}",
                     "{mon} {d}, {y}", "{d}-{mon}-{y}", "{y}.{doy}",
                     "{y:04}-{m:02}-{d:02} BC", "{d} {mon} {y:04}"])
    mon = ["Jan", "feb", "March", "Apr", "MAY", "Jun", "July", "Aug", "Sept",
           "Oct", "nov", "December"][m - 1]
    return form.format(y=y, m=m, d=d, mon=mon, doy=f"{d * m:03}")


def time_text(r):
    h, m, s = r.randint(0, 24), r.randint(0, 60), r.randint(0, 60)
    form = r.choice(["{h}:{m:02}:{s:02}", "{h:02}:{m:02}", "{h:02}{m:02}{s:02}",
                     "{h}:{m:02}:{s:02}.5", "{h}:{m:02} PM", "{h:02}:{m:02} am",
                     "{h}:{m:02}:{s:02}.1234567"])
    return form.format(h=h, m=m, s=s)


def stamp_text(r):
    zone_of = r.choice(["", "", "Z", "+02", " -05:30", " Europe/Paris", " PST"])
    return date_text(r) + r.choice([" ", "T", " "]) + time_text(r) + zone_of


def number_text(r):
    digits = r.choice(["0", "1", "12", "0.5", ".5", "5.", "123456789", "1e3",
                       "1.5e-2", "99999999999", "0.1", "32768", "2147483648",
                       "NaN", "inf", "1.50", "00012", "-", "1e", "0x1f"])
    return r.choice(["", "", "-", "+", " "]) + digits + r.choice(["", "", " "])


def json_text(r, depth=2):
    kind = r.randrange(7 if depth else 5)
    if kind < 5:
        return r.choice(["1", "-2.50", "null", "true", "\"x\"", "\"a b\"", "1e2",
                         "\"\\u00e4\"", "0", "false", "\"\"", "12.0"])
    if kind == 5:
        return "[" + ", ".join(json_text(r, depth - 1)
                               for _ in range(r.randint(0, 3))) + "]"
    return "{" + ", ".join(f"\"{r.choice('abcd')}\": {json_text(r, depth - 1)}"
                           for _ in range(r.randint(0, 3))) + "}"


# What to write before ::type.
CAST_TEXTS = {
    "date": date_text, "time without time zone": time_text,
    "timestamp without time zone": stamp_text,
    "timestamp with time zone": stamp_text, "interval": interval_text,
    "numeric": number_text, "integer": number_text, "bigint": number_text,
    "smallint": number_text, "double precision": number_text,
    "real": number_text, "jsonb": json_text,
    "boolean": lambda r: r.choice(["t", "no", "ON", "0", " true ", "maybe"]),
    "integer[]": lambda r: r.choice(["{1,2}", "{}", "{NULL, 3}", "{1,x}", "{1",
                                     "[1:2]={1,2}", " { 4 } "]),
    "text[]": lambda r: r.choice(["{a,\"b c\"}", "{}", "{NULL,\"NULL\"}", "{a,,b}",
                                  "{\"x\\\"y\"}", "{ a , b }"]),
    "bytea": lambda r: r.choice(["\\x6162", "abc", "\\x6", "a\\\\b", "\\001"]),
    "uuid": lambda r: r.choice(["a0eebc999c0b4ef8bb6d6bb9bd380a11", "nope",
                                "{00000000-0000-0000-0000-00000000000a}"]),
}


def format_text(r):
    return quoted(joined(r, ["%s", "%I", "%L", "%%", "%1$s", "%2$s", "%10s",
                             "%-5s|", "text", "%3$L"], 1, 3, [" ", "-"]))


# (function or operator, number of the argument) -> a maker or literals.
SPECIAL = {
    ("date_trunc", 0): unit, ("date_trunc", 2): zone, ("date_part", 0): field,
    ("extract", 0): field, ("timezone", 0): zone,
    ("make_timestamptz", 6): zone,
    ("encode", 1): ["'hex'", "'base64'", "'escape'"],
    ("decode", 1): ["'hex'", "'base64'", "'escape'"],
    ("convert_from", 1): ["'UTF8'", "'utf-8'"],
    ("convert_to", 1): ["'UTF8'"],
    ("normalize", 1): ["NFC", "NFD", "NFKC", "NFKD"],
    ("is_normalized", 1): ["'NFC'", "'NFD'"],
    ("format", 0): format_text,
    ("chr", 0): ["65", "228", "i2", "8364", "128512"],
    ("repeat", 1): ["2", "0", "-1", "3", "i2 % 5"],
    ("lpad", 1): ["5", "2", "0", "7"], ("rpad", 1): ["5", "2", "0", "7"],
    ("left", 1): ["2", "-2", "0", "5"], ("right", 1): ["2", "-1", "0", "4"],
    ("substring", 1): ["1", "2", "0", "-2", "3"], ("substr", 1): ["1", "2", "-1"],
    ("split_part", 2): ["1", "2", "-1", "3"],
    ("split_part", 1): ["','", "' '", "'o'", "''", "t"],
    ("string_to_array", 1): ["','", "' '", "'o'", "''", "NULL", "t"],
    ("date_bin", 0): ["interval '15 minutes'", "interval '1 day'",
                      "interval '7 days 1 hour'", "iv"],
    ("factorial", 0): ["5", "20", "0", "i2", "33"],
    ("power", 1): ["2", "0.5", "-1", "3"], ("pow", 1): ["2", "0.5"],
    ("^", 1): ["2", "0.5", "-1", "0", "3"], ("exp", 0): ["1.5", "n / 100", "f8"],
    ("<<", 1): ["1", "3", "31"], (">>", 1): ["1", "3", "31"],
    ("->", 1): ["'a'", "'b'", "0", "1", "-1"],
    ("->>", 1): ["'a'", "'b'", "0", "1", "-1"],
    ("#>", 1): json_keys, ("#>>", 1): json_keys, ("#-", 1): json_keys,
    ("?", 1): ["'a'", "'b'", "t"], ("?|", 1): json_keys, ("?&", 1): json_keys,
    ("jsonb_set", 1): json_keys, ("jsonb_insert", 1): json_keys,
    ("jsonb_set_lax", 1): json_keys,
    ("jsonb_set_lax", 4): ["'return_target'", "'delete_key'", "'use_json_null'",
                           "'raise_exception'"],
    ("jsonb_extract_path", 1): ["'a'", "'b'", "'0'"],
    ("jsonb_extract_path_text", 1): ["'a'", "'b'", "'0'"],
    ("jsonb_object", 0): ["'{a,1,b,2}'", "'{a,b}'", "at"],
    ("width_bucket", 3): ["5", "10", "i2"],
    ("width_bucket", 1): ["0", "-10", "0.5", "10"],
    ("width_bucket", 2): ["100", "10", "0"],
    ("round", 1): ["1", "2", "-1", "0"], ("trunc", 1): ["1", "2", "-1", "0"],
    ("get_byte", 1): ["0", "1", "3"], ("set_byte", 1): ["0", "1"],
    ("get_bit", 1): ["0", "5", "17"], ("set_bit", 1): ["0", "5"],
    ("set_bit", 2): ["0", "1"], ("array_fill", 1): ["ARRAY[2]", "'{3}'", "'{}'"],
    ("array_fill", 2): ["ARRAY[1]"], ("trim_array", 1): ["0", "1", "2"],
    ("array_length", 1): ["1", "2"], ("array_lower", 1): ["1"],
    ("array_upper", 1): ["1", "0"],
    ("make_date", 0): ["2024", "1999", "-5", "i4"],
    ("make_date", 1): ["1", "2", "12"], ("make_date", 2): ["1", "29", "31"],
    ("make_time", 0): ["0", "12", "24"], ("make_time", 1): ["0", "59"],
    ("make_time", 2): ["0", "59.5", "f8"],
    ("to_number", 1): number_template,
    ("unistr", 0): ["'\\0061\\+0000e4'", "'a\\u00e9'", "s"],
    ("to_ascii", 0): ["s"],
}
for i, what in enumerate(["2024", "2", "29", "12", "30", "1.5"]):
    SPECIAL[("make_timestamp", i)] = [what, what, "1"]
    SPECIAL[("make_timestamptz", i)] = [what, what, "1"]
for name in ("regexp_match", "regexp_replace", "regexp_split_to_array",
             "regexp_count", "regexp_like", "regexp_substr", "regexp_instr", "~",
             "~*", "!~", "!~*"):
    SPECIAL[(name, 1)] = regex
SPECIAL[("regexp_replace", 2)] = replacement
# Where flags stand, and numbers before them.
for name, at in (("regexp_match", 2), ("regexp_split_to_array", 2),
                 ("regexp_like", 2), ("regexp_count", 3), ("regexp_substr", 4),
                 ("regexp_instr", 5), ("regexp_replace", 5)):
    SPECIAL[(name, at)] = regex_flags
    for i in range(2 if name != "regexp_replace" else 3, at):
        SPECIAL[(name, i)] = ["1", "2", "0", "3"]
SPECIAL[("regexp_substr", 5)] = SPECIAL[("regexp_instr", 6)] = ["0", "1", "2"]
for name in ("~~", "!~~", "~~*", "!~~*"):
    SPECIAL[(name, 1)] = like
for name in ("jsonb_path_exists", "jsonb_path_match", "jsonb_path_query_array",
             "jsonb_path_query_first", "@?", "@@"):
    SPECIAL[(name, 1)] = json_path
    SPECIAL[(name, 2)] = ["'{}'", "'{\"x\": 1}'", "j"]
# These take nothing else: a text that is no literal has no such function.
ALWAYS = {("normalize", 1), ("extract", 0), ("is_normalized", 1)} | {
    k for k in SPECIAL if SPECIAL[k] is json_path}
