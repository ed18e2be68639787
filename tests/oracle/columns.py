# SPDX-License-Identifier: Apache-2.0
"""The rows that expressions are evaluated over: every type, with its edges."""

import json
import random

COLUMNS = {
    "b": "boolean", "i2": "smallint", "i4": "integer", "i8": "bigint",
    "f4": "real", "f8": "double precision", "n": "numeric",
    "m": "numeric(10,2)", "s": "text", "t": "text", "y": "bytea",
    "d": "date", "tod": "time", "tl": "timestamp", "tz": "timestamptz",
    "iv": "interval", "u": "uuid", "j": "jsonb", "ai": "integer[]",
    "at": "text[]",
}

VALUES = {
    "b": [True, False],
    "i2": [0, 1, -1, 7, 100, 32767, -32768],
    "i4": [0, 1, -1, 2, 3, 10, -17, 12345, 2147483647, -2147483648],
    "i8": [0, 1, -1, 5, 1000000007, -99, 9223372036854775807,
           -9223372036854775808],
    "f4": [0, 1, -1.5, 3.25, 1e10, 0.1, -2e-5],
    "f8": [0, 1, -1, 0.5, 2.5, -3.75, 1e15, 1.0e-7, 123456.789, "NaN",
           "Infinity", "-Infinity"],
    "n": ["0", "1", "-1", "0.5", "2.50", "-3.75", "1234567.891",
          "99999999999999999999", "0.000001", "-0.10", "100"],
    "m": ["0.00", "1.00", "-1.50", "12.34", "99999999.99", "-0.01"],
    "s": ["", "a", "abc", "Hello, World", "äöü ß", "  two  words ", "ABC",
          "a,b,,c", "%_\\", "x=1;y=2", "12", "-3.5", "true",
          "2024-02-29", "日本語", "aaaa", "The quick brown fox", "it's",
          "tab\there", "{\"a\": 1}"],
    "t": ["", "a", "b", "abc", "lo", " ", ",", "o", "ABC", "ß", "quick",
          "12", "x", "aa"],
    "y": ["\\x", "\\x00", "\\x616263", "\\xdeadbeef", "\\xff00ff",
          "\\x68656c6c6f20776f726c64"],
    "d": ["1970-01-01", "2000-02-29", "2024-12-31", "1999-01-01",
          "2026-07-15", "0001-01-01", "infinity", "9999-12-31"],
    "tod": ["00:00:00", "12:34:56.789", "23:59:59.999999", "06:00:00",
            "24:00:00"],
    "tl": ["1970-01-01 00:00:00", "2024-02-29 12:34:56.789",
           "1999-12-31 23:59:59.999999", "2026-03-29 02:30:00",
           "0044-03-15 10:00:00 BC", "2000-01-01 00:00:00"],
    "tz": ["1970-01-01 00:00:00+00", "2024-02-29 12:34:56.789+00",
           "1999-12-31 23:59:59+05:30", "2026-03-29 01:00:00+00",
           "2026-10-25 01:30:00+02", "-infinity", "1900-01-01 00:00:00+00"],
    "iv": ["0", "1 day", "-1 day", "1 month", "1 year 2 mons 3 days 04:05:06",
           "-00:00:01", "36:00:00", "30 days", "1 mon -1 day",
           "00:00:00.000001"],
    "u": ["00000000-0000-0000-0000-000000000000",
          "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
          "ffffffff-ffff-ffff-ffff-ffffffffffff"],
    "j": [None, 1, 1.50, "text", True, [], {}, [1, 2, "x", None],
          {"a": 1, "b": {"c": [1, 2, {"d": "deep"}]}}, {"a": None},
          {"b": "2", "a": [True, False], "aa": 1e3},
          [{"a": 1}, {"a": 2}], "", -0.25],
    "ai": [[], [1], [1, 2, 3], [3, 1, 2, 2], [None], [1, None, -5],
           [2147483647]],
    "at": [[], ["a"], ["a", "b", "c"], [None, "x"], ["", " ", "a,b"],
           ["äöü", "{x}", "quote\""]],
}


def rows(n=32, seed=7):
    """Every value stands in some row; about one in twelve is NULL."""
    rng = random.Random(seed)
    out = []
    for i in range(n):
        row = {}
        for name, values in VALUES.items():
            order = i if i < len(values) else rng.randrange(len(values))
            value = values[order]
            # A JSON null would be an SQL NULL; the document `null` is none.
            if rng.random() < 1 / 12 and i > 3:
                value = None
            row[name] = value
        out.append(row)
    return out


def row_json(row):
    """Numerics stand as numbers, with all their digits."""
    cells = []
    for name, value in row.items():
        number = name in ("n", "m") and value is not None
        text = value if number else json.dumps(value, ensure_ascii=False)
        cells.append(f"{json.dumps(name)}: {text}")
    return "{" + ", ".join(cells) + "}"


def write_rows(path, some):
    with open(path, "w", encoding="utf-8") as f:
        for row in some:
            f.write(row_json(row) + "\n")


def mapping():
    return "{" + ", ".join(f'{k}: "{v}"' for k, v in COLUMNS.items()) + "}"
