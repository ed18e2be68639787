# SPDX-License-Identifier: Apache-2.0
"""corpus.py - hostile records and what has to become of each.

A case is a value and its fate: `out` (with what the output must hold), `dlq`
(with the code and the operator that refused it), `skip`, `filter`, or `kept` in
the state of its key (with what it adds). The job
that reads them is poison.yaml; what it must do is written here by hand, and
nothing is asked of the program."""

import collections
import json
import struct
from decimal import Decimal

Case = collections.namedtuple("Case", "format name value fate want code op")

DEEP = 10000
LARGE = 1048500  # all but a few bytes of what a topic of the default size takes


class Cases:
    """A format's cases."""

    def __init__(self, name):
        self.format = name
        self.list = []

    def add(self, name, value, fate, want=None, code=None, op=None):
        self.list.append(Case(self.format, name, value, fate, want, code, op))

    def out(self, name, value, want):
        self.add(name, value, "out", want)

    def bad(self, name, value, code="E0601", op="source"):
        self.add(name, value, "dlq", None, code, op)

    def skip(self, name, value):
        self.add(name, value, "skip")

    def drop(self, name, value):
        self.add(name, value, "filter")


# -- bytes that are no text --------------------------------------------------

BAD_UTF8 = {
    "a lone continuation": b"\x80", "a lead and no more": b"\xc3",
    "a byte that never stands": b"\xff", "an overlong slash": b"\xc0\xaf",
    "an overlong NUL": b"\xc0\x80", "an overlong of three": b"\xe0\x80\xaf",
    "a surrogate": b"\xed\xa0\x80", "past the last character":
    b"\xf4\x90\x80\x80", "cut in the middle": b"\xe2\x82",
    "five bytes": b"\xf8\x88\x80\x80\x80",
}
GOOD_TEXT = {
    "the last character": "\U0010ffff", "a non-character": "\uffff",
    "a private one": "\ue000", "right to left": "\u202e\u05d0",
    "joined": "👩‍👩‍👧‍👦", "combining": "e\u0301\u0301",
    "a byte order mark inside": "a\ufeffb", "DEL": "\x7f", "controls":
    "\x01\x02\x1f", "lines": "a\r\nb\nc\u2028d", "blanks": " \t ",
}


# -- JSON ---------------------------------------------------------------------

# What a good record holds; the columns of poison.yaml.
GOOD = {
    "id": "1", "n": "5", "s": "7", "f": "2.25", "r": "0.5", "b": "true",
    "t": '"12"', "v": '"abc"', "d": '"2026-01-31"',
    "ts": '"2026-01-01T10:00:00Z"', "lt": '"2026-01-01 10:00:00"',
    "tm": '"10:00:00"', "iv": '"1 day"',
    "u": '"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"', "num": "12.5",
    "big": "123", "j": '{"x": 1}', "a": "[1, 2]", "y": '"\\\\x00ff"',
    "w": '{"p": 1, "q": "z"}',
}


def text(**fields):
    """A record: the good one with these fields replaced; None: left out."""
    have = dict(GOOD, **fields)
    return "{%s}" % ", ".join('"%s": %s' % (k, v) for k, v in have.items()
                              if v is not None)


def one(**fields):
    return text(**fields).encode()


def raw(**fields):
    """The same where a field's bytes are no text."""
    plain = text(**{k: "@@" + k for k in fields}).encode()
    for k, v in fields.items():
        plain = plain.replace(b"@@" + k.encode(), v)
    return plain


def json_syntax(c):
    for name, value in {
            "empty": b"", "a blank": b" ", "an open brace": b"{",
            "a closed brace": b"}", "cut": b'{"id":1', "one brace more":
            b'{"id":1}}', "something behind": b'{"id":1} x',
            "two of them": b'{"id":1}{"id":2}', "a leading zero":
            b'{"id":01}', "a plus": b'{"id":+1}', "no digit before the point":
            b'{"id":.5}', "no digit behind it": b'{"id":1.}',
            "NaN": b'{"id":NaN}', "Infinity": b'{"id":-Infinity}',
            "hex": b'{"id":0x1}', "a comma too many": b'{"id":1,}',
            "a comma too few": b'{"id":1 "n":2}', "no quotes": b"{id:1}",
            "single quotes": b"{'id':1}", "no colon": b'{"id" 1}',
            "a comment": b'{"id":1}/**/', "a byte order mark":
            b"\xef\xbb\xbf" + one(), "UTF-16": text().encode("utf-16"),
            "NUL": b"\0", "NUL behind": one() + b"\0", "a NUL inside":
            b'{"id":\x001}', "gzip": b"\x1f\x8b\x08\0" + b"x" * 20,
            "an array": b"[1]", "a number": b"1", "null": b"null",
            "a text": b'"x"', "true": b"true", "tombstone": None,
            "a framed record": b"\0\0\0\0\1" + one(),
            "a control in a text": raw(t=b'"a\x01b"'),
            "a line end in a text": raw(t=b'"a\nb"'),
            "an unknown escape": one(t=r'"\x41"'),
            "a short escape": one(t=r'"\u12"'),
            "no hex in an escape": one(t=r'"\u00zz"'),
            "an escape at the end": one()[:-1] + b', "t": "\\',
            "truth in capitals": one(b="True"),
            "an open text": b'{"id": 1, "t": "' + b"x" * 5000,
    }.items():
        c.bad(name, value)
    for name, value in BAD_UTF8.items():
        c.bad(name + " in a text", raw(t=b'"a' + value + b'"'))
        c.bad(name + " in a name", one()[:-1] + b', "' + value + b'": 1}')
        c.bad(name + " in an unknown field", raw(zz=b'"' + value + b'"'))


def json_depth(c):
    for name, value in {
            "arrays": "[" * DEEP + "]" * DEEP,
            "objects": '{"a":' * DEEP + "1" + "}" * DEEP,
            "open ones": "[" * DEEP,
            "one too deep": "[" * 65 + "]" * 65,
    }.items():
        c.bad(name + " in an unknown field", one(zz=value))
        c.bad(name + " in jsonb", one(j=value))
        c.bad(name + " alone", value.encode())
    c.bad("arrays in a bigint[]", one(a="[" * 60 + "1" + "]" * 60))
    c.out("deep, and allowed", one(zz="[" * 60 + "]" * 60), {"id": 1})


WRONG = {  # of every column: what is no value of its type
    "id": ['"1"', "true", "[]", "{}", "1.5", "1e3", "9223372036854775808",
           "-9223372036854775809", "1" * 4000, "1e400", "null"],
    "n": ["2147483648", "-2147483649", '"5"', "0.1", "false"],
    "s": ["32768", "-32769", '"x"'],
    "f": ["1e400", "-1e400", "9" * 400, '"1.5"', "true", "[1]"],
    "r": ["1e39", '"0.5"', "{}"],
    "b": ['"true"', "1", "0", "[true]"],
    "t": ["1", "true", '["a"]', r'"\u0000"', r'"a\u0000b"', r'"\ud800"',
          r'"\udc00\ud800"', r'"\ud800\u0041"', r'"\ud83d"'],
    "v": ['"abcdef"', "1", '"äöüßéè"'],
    "d": ['"2026-02-30"', '"2026-13-01"', '""', "20260101", '"0000-01-01"',
          '"yesterday week"', '"99999999-01-01"'],
    "ts": ['"2026-01-01T25:00:00Z"', '"x"', "1767225600", '"294277-01-01Z"',
           '"2026-01-01T10:00:00+99"'],
    "lt": ['"2026-01-01 10:60:00"', "true"],
    "tm": ['"25:00"', '"-1:00"', "10"],
    "iv": ['"1 fortnight"', '"x"', "1", '"999999999999 years"'],
    "u": ['"123"', '"g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"', "1"],
    "num": ["1e15", "12345678901234567", '"1"', "true"],
    "big": ["1e38", "9" * 39, "1e400", '"1"', "-" + "1" * 39],
    "a": ["1", '[1, "x"]', "[[1]]", "[1.5]", "[9223372036854775808]",
          '{"a": 1}'],
    "y": ['"00"', r'"\\x0"', r'"\\xzz"', "0"],
    "w": ["1", "[1]", '{"p": "1"}', '{"p": 2147483648}', '{"q": 1}'],
    "j": [r'"\u0000"', r'{"a": "\ud800"}', r'{"\u0000": 1}'],
}


def json_types(c):
    for column, values in WRONG.items():
        for value in values:
            c.bad("%s: %.30s" % (column, value), one(**{column: value}))
    c.bad("id left out", one(id=None))


def json_good(c):
    c.out("plain", one(), {"id": 1, "q": 20, "sq": 49, "i": 12, "xx": 1,
                           "j": {"x": 1}, "a": [1, 2], "y": "\\x00ff",
                           "w": {"p": 1, "q": "z"}, "num": Decimal("12.5000"),
                           "big": 123, "d": "2026-01-31"})
    c.out("white space", b" \t\r\n" + one() + b"\n\r\t ", {"id": 1})
    c.out("a name twice", b'{"n": 9, "n": "x", ' + one()[1:], {"q": 20})
    c.out("names in escapes", one().replace(b'"id"', rb'"\u0069d"'),
          {"id": 1})
    c.out("unknown fields", one(zz='{"": [1, {"id": 9}], "n": null}'),
          {"id": 1, "q": 20})
    c.out("a large number nobody reads", one(zz="1e400"), {"id": 1})
    c.out("a long number nobody reads", one(zz="9" * 400), {"id": 1})
    c.out("only what must be", b'{"id": 2, "s": 3}',
          {"id": 2, "q": None, "t": None, "a": None, "i": None})
    c.out("38 digits", one(big="9" * 38), {"big": int("9" * 38)})
    c.out("38 digits with a point", one(big="-" + "1" * 20 + "." + "2" * 18),
          {"big": Decimal("-" + "1" * 20 + "." + "2" * 18)})
    c.out("the largest bigint", one(id="9223372036854775807"),
          {"id": 9223372036854775807})
    c.out("the least bigint", one(id="-9223372036854775808"),
          {"id": -9223372036854775808})
    c.out("a text as long as it may be", one(t='"%s"' % ("x" * 500000)),
          {"t": "x" * 500000, "i": None})
    c.out("a null of every type", text(**dict.fromkeys(
        [k for k in GOOD if k not in ("id", "s")], "null")).encode(),
        dict.fromkeys([k for k in GOOD if k not in (
            "id", "s", "n", "f", "r", "b", "v", "ts", "lt", "tm", "iv", "u")])
        | {"id": 1, "q": None, "i": None})
    c.out("null on an error", one(t='"no number"'), {"t": "no number",
                                                     "i": None, "id": 1})
    c.out("null on an overflow", one(t='"2147483648"'), {"i": None})
    for name, value in GOOD_TEXT.items():
        c.out(name, one(t=json.dumps(value)), {"t": value, "i": None})
        c.out(name + ", as it is",
              one(t=json.dumps(value, ensure_ascii=False)),
              {"t": value, "i": None})


def json_expressions(c):
    """Refused by an operator: a map by dlq, a filter by skip."""
    for name, fields, code in (
            ("100 / 0", {"n": "0"}, "E0703"),
            ("a square of smallint", {"s": "182"}, "E0701"),
            ("a date past the last", {"d": '"5874897-12-31"', "n": "1"},
             "E0701"),
            ("a cast of jsonb", {"j": '{"x": "one"}'}, "E0702"),
            ("a cast of jsonb, too large", {"j": '{"x": 1e30}'}, "E0701"),
            ("a root", {"f": "-1"}, "E0704"),
            ("39 digits by a product", {"big": "9" * 30}, "E0701"),
    ):
        c.bad(name, one(**fields), code, "map")
    c.skip("10 / 0 in a filter", one(s="0"))
    c.drop("filtered", one(s="-3"))


def json_cases():
    c = Cases("json")
    json_good(c)
    json_syntax(c)
    json_depth(c)
    json_types(c)
    json_expressions(c)
    return c.list


# -- jsonb without columns ---------------------------------------------------

def any_cases():
    """One column of jsonb, with the record's metadata beside it."""
    c = Cases("any")
    for name, value, want in (
            ("an object", b'{"b": 1.50, "a": [null]}',
             {"b": Decimal("1.50"), "a": [None]}),
            ("a number", b" 17 ", 17), ("a text", b'"x"', "x"),
            ("null", b"null", None), ("an array", b"[]", []),
            ("a name twice", b'{"a": 1, "a": 2}', {"a": 2}),
            ("a name of no letters", b'{"": 1}', {"": 1}),
            ("60 deep", b"[" * 60 + b"]" * 60,
             json.loads("[" * 60 + "]" * 60))):
        c.out(name, value, {"value": want})
    c.out("tombstone", None, {"value": None})
    for name, value in (("empty", b""), ("cut", b'{"a"'), ("deep", b"[" * DEEP),
                        ("NUL", rb'"\u0000"'), ("half a pair", rb'"\ud800"'),
                        ("no UTF-8", b'"\xff"'), ("two", b"1 2")):
        c.bad(name, value)
    return c.list


# -- CSV ------------------------------------------------------------------------

def csv_cases():
    c = Cases("csv")
    for name, value, want in (
            ("plain", b"1,abc,2026-01-01,5", (1, "abc", "2026-01-01", 20)),
            ("quotes", b'2,"a,""b""\r\nc",,1', (2, 'a,"b"\r\nc', None, 100)),
            ("empty and NULL", b'3,"",,', (3, "", None, None)),
            ("NULL", b"4,,,", (4, None, None, None)),
            ("a line end", b"5,x,,4\r\n", (5, "x", None, 25)),
            ("blanks", b"6, x ,,4", (6, " x ", None, 25))):
        c.out(name, value, dict(zip(("id", "name", "d", "q"), want)))
    for name, value in GOOD_TEXT.items():
        if not set("\r\n") & set(value):
            c.out(name, ("7,%s,,4" % value).encode(), {"name": value})
    for name, value in BAD_UTF8.items():
        c.bad(name, b"1,a" + value + b",,")
    for name, value in (
            ("empty", b""), ("tombstone", None), ("too few", b"1,a"),
            ("too many", b"1,a,,4,"), ("no id", b",a,,"),
            ("an open quote", b'1,"a,,'), ("a quote inside", b'1,a"b,,'),
            ("behind a quote", b'1,"a"b,,'), ("two rows", b"1,a,,\n2,b,,"),
            ("NUL", b"1,a\0b,,"), ("a bare line end", b"\n"),
            ("10,000 fields", b"," * DEEP), ("a bad date", b"1,a,2026-02-30,"),
            ("a bad number", b"x,a,,"), ("too large", b"1,a,,2147483648"),
            ("a fraction", b"1.5,a,,"), ("an open quote for long",
                                         b'1,"' + b"a," * DEEP)):
        c.bad(name, value)
    c.bad("division", b"1,a,,0", "E0703", "map")
    return c.list


# -- Avro ----------------------------------------------------------------------

SCHEMA = {
    "type": "record", "name": "P", "fields": [
        {"name": "id", "type": "long"},
        {"name": "n", "type": ["null", "int"]},
        {"name": "t", "type": "string"},
        {"name": "b", "type": "boolean"},
        {"name": "d", "type": {"type": "int", "logicalType": "date"}},
        {"name": "ts", "type": {"type": "long",
                                "logicalType": "timestamp-micros"}},
        {"name": "num", "type": {"type": "bytes", "logicalType": "decimal",
                                 "precision": 10, "scale": 2}},
        {"name": "e", "type": {"type": "enum", "name": "E",
                               "symbols": ["A", "B"]}},
        {"name": "a", "type": {"type": "array", "items": "long"}},
        {"name": "u", "type": {"type": "string", "logicalType": "uuid"}},
        {"name": "m", "type": {"type": "map", "values": "long"}},
        {"name": "f", "type": "double"},
    ]}


def varint(n):
    n = (n << 1) ^ (n >> 63) if n < 0 else n << 1
    out = bytearray()
    while n > 0x7f:
        out.append(n & 0x7f | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def counted(data):
    return varint(len(data)) + data


AVRO = {
    "id": varint(1), "n": varint(1) + varint(5), "t": counted(b"abc"),
    "b": b"\1", "d": varint(20454), "ts": varint(1767225600000000),
    "num": counted(b"\x04\xd2"), "e": varint(1),
    "a": varint(2) + varint(1) + varint(-1) + varint(0),
    "u": counted(b"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    "m": varint(1) + counted(b"k") + varint(7) + varint(0),
    "f": struct.pack("<d", 2.25),
}


def avro(**fields):
    return b"".join(dict(AVRO, **fields).values())


HUGE = varint(1 << 40)
AVRO_BAD = {
    "id": [b"\xff" * 10 + b"\x01", b"\x80" * 11],
    "n": [varint(2), varint(-1), varint(1) + varint(1 << 31),
          varint(1 << 40)],
    "t": [varint(-1), varint(-(1 << 62)), HUGE, varint(1 << 62),
          varint(100000), counted(b"a\0b")] +
         [counted(b"a" + v) for v in BAD_UTF8.values()],
    "b": [b"\2", b"\xff"],
    "d": [varint(1 << 31), b"\xff" * 10 + b"\x01", varint((1 << 31) - 1)],
    "ts": [varint((1 << 63) - 1), varint(-(1 << 63))],
    "num": [varint(-1), HUGE, counted(b"\x7f" + b"\xff" * 20),
            counted(b"\x7f" + b"\xff" * 7)],
    "e": [varint(2), varint(-1), HUGE],
    "a": [HUGE + varint(1) + varint(0), varint(-3) + varint(1) + varint(0),
          varint(1 << 62), varint(-(1 << 63)), varint(2) + varint(1)],
    "u": [counted(b"abc"), counted(b""), counted(b"x" * 36)],
    "m": [HUGE, varint(1) + varint(-1), varint(1) + counted(b"\xff") +
          varint(7) + varint(0)],
}


def avro_cases():
    c = Cases("avro")
    c.out("plain", avro(), {
        "id": 1, "q": 20, "t": "abc", "b": True, "d": "2026-01-01",
        "ts": "2026-01-01T00:00:00Z", "num": Decimal("12.34"), "e": "B",
        "a": [1, -1], "u": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "m": {"k": 7}, "f": Decimal("2.25")})
    c.out("null", avro(n=varint(0)), {"q": None})
    c.out("blocks with their sizes", avro(
        a=varint(-2) + varint(2) + varint(1) + varint(-1) + varint(0)),
        {"a": [1, -1]})
    c.out("many blocks", avro(a=(varint(1) + varint(3)) * 50 + varint(0)),
          {"a": [3] * 50})
    c.out("no number", avro(f=struct.pack("<d", float("nan"))), {"f": "NaN"})
    c.out("an empty decimal", avro(num=counted(b"\0")), {"num": 0})
    c.out("an empty text", avro(t=counted(b"")), {"t": ""})
    c.out("the least long", avro(id=varint(-(1 << 63))), {"id": -(1 << 63)})
    for name, value in GOOD_TEXT.items():
        c.out(name, avro(t=counted(value.encode())), {"t": value})
    for field, values in AVRO_BAD.items():
        for value in values:
            c.bad("%s: %s" % (field, value[:12].hex()),
                  avro(**{field: value}))
    for i in range(len(avro())):
        c.bad("cut at %d" % i, avro()[:i])
    c.bad("tombstone", None)
    c.bad("a byte behind", avro() + b"\0")
    c.bad("two of them", avro() * 2)
    c.bad("a magic byte and an id", b"\0\0\0\0\1" + avro())
    c.bad("another magic", b"\1" + avro())
    c.bad("a file", b"Obj\1" + avro())
    c.bad("JSON", b'{"id": 1}')
    c.bad("ones", b"\xff" * 200)
    c.bad("zeros and one more", b"\0" * 200)
    c.bad("division", avro(n=varint(1) + varint(0)), "E0703", "map")
    return c.list


# -- text and bytes --------------------------------------------------------------

def text_cases():
    """A map of text: `div:N` divides (dlq), `int:N` casts (skip)."""
    c = Cases("text")
    for name, value in dict(GOOD_TEXT, empty="", plain="a line").items():
        c.out(name, value.encode(), value.encode())
    c.out("tombstone", None, None)
    c.out("half a million", "é".encode() * 250000, "é".encode() * 250000)
    c.out("divided", b"div:5", b"20")
    c.out("cast", b"int:0012", b"12")
    for name, value in BAD_UTF8.items():
        c.bad(name, b"a" + value)
    c.bad("NUL", b"a\0b")
    c.bad("only NUL", b"\0")
    c.bad("division", b"div:0", "E0703", "map")
    c.bad("a cast in a division", b"div:x", "E0702", "map")
    c.skip("a cast", b"int:x")
    c.skip("a cast, too large", b"int:2147483648")
    c.drop("filtered", b"drop me")
    return c.list


def large_cases():
    """As large as their topic lets them be; a few are enough."""
    c = Cases("text")
    c.bad("as large as the topic allows: no room for a header more",
          b"x" * LARGE, "E0801", "sink")
    c.bad("as large as the topic allows, no text", b"\xff" * LARGE)
    j = Cases("json")
    j.bad("as large as the topic allows, cut",
          b'{"id": 1, "t": "' + b"y" * (LARGE - 20))
    a = Cases("avro")
    a.bad("as large as the topic allows, and one byte short", avro(
        t=counted(b"z" * (LARGE - 200)))[:-1])
    r = Cases("raw")
    r.out("as large as the topic allows", b"\0" * LARGE, b"\0" * LARGE)
    return c.list + j.list + a.list + r.list


def sums_cases():
    """A state by key: good records are counted and their 100 / n summed up."""
    c = Cases("sums")
    for n, adds in ((1, 100), (3, 33), (-7, -14), (1000, 0), ("null", 0)):
        c.add("n: %s" % n, b'{"n": %s}' % str(n).encode(), "kept", adds)
    for name, value in (("cut", b'{"n": 1'), ("tombstone", None),
                        ("a text", b'{"n": "1"}'), ("a bad key", b'{"n": 1}'),
                        ("past bigint", b'{"n": 9223372036854775808}')):
        c.bad(name, value)
    c.bad("division", b'{"n": 0}', "E0703", "updateStateByKey")
    return c.list


def raw_cases():
    c = Cases("raw")
    values = dict(BAD_UTF8, empty=b"", tombstone=None, NUL=b"\0", all=bytes(
        range(256)), Avro=avro(), JSON=one())
    for name, value in values.items():
        c.out(name, value, value)
    return c.list


# -- what stands around a value ---------------------------------------------------

KEYS = [None, b"", b"k", b"\0", b"a\0b", b"\xff\xfe", "schlüssel".encode(),
        b"K" * 2000, b"{}", b"\0\0\0\0\1x", b" "]


def headers(rnd):
    """Any headers: none, a hundred, doubles, null and empty values."""
    kind = rnd.randrange(8)
    if kind == 0:
        return []
    if kind == 1:
        return [("h%d" % (i % 50), b"%d" % i) for i in range(100)]
    if kind == 2:
        return [("d", b"1"), ("e", None), ("d", b"1"), ("d", b""),
                ("e", b"\0\xff")]
    if kind == 3:
        return [("", b"no name"), ("ключ", "значение".encode())]
    if kind == 4:
        return [("__streams.errors.offset", b"7"),
                ("__dstream.errors.code", b"E0000"), ("n", None)]
    if kind == 5:
        return [("long", bytes(rnd.randrange(256) for _ in range(3000)))]
    return [("x", b"%d" % rnd.randrange(1000))]


def key(rnd, case):
    if case.format == "sums":
        return b"a\xff" if case.name == "a bad key" else \
            rnd.choice([b"", "ключ".encode(), b"k%d" % rnd.randrange(60)])
    return rnd.choice(KEYS) if rnd.random() < 0.7 else \
        b"k%d" % rnd.randrange(100)


def cases():
    return (json_cases() + any_cases() + csv_cases() + avro_cases() +
            text_cases() + raw_cases() + sums_cases())


def good(rnd):
    """A case that must come out, for most of the stream."""
    return rnd.choice(_GOOD[rnd.choice(sorted(_GOOD))])


_GOOD = collections.defaultdict(list)
for _c in cases():
    if _c.fate in ("out", "kept") and len(_c.value or b"") < 10000:
        _GOOD[_c.format].append(_c)

if __name__ == "__main__":
    print(collections.Counter((c.format, c.fate) for c in cases()))
