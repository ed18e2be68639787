# SPDX-License-Identifier: Apache-2.0
"""rows.py - reads the bytes of internal topics (lib/record/rowfmt.h): format
byte, null bitmap, then the columns that are not NULL."""

import struct

VERSION = 1


def decode(data, types):
    """The values of a row, or None if it is no row of these types."""
    if data is None:
        return [None] * len(types)
    at = 1 + (len(types) + 7) // 8
    if len(data) < at or data[0] != VERSION:
        return None
    out = []
    for i, t in enumerate(types):
        if data[1 + i // 8] >> (i % 8) & 1:
            out.append(None)
            continue
        size = {"bigint": 8, "double": 8, "boolean": 1}.get(t)
        if size is None:
            if len(data) < at + 4:
                return None
            size, at = struct.unpack_from("<I", data, at)[0], at + 4
        cell = data[at:at + size]
        if len(cell) < size:
            return None
        at += size
        if t == "bigint":
            out.append(struct.unpack("<q", cell)[0])
        elif t == "double":
            out.append(struct.unpack("<d", cell)[0])
        elif t == "boolean":
            out.append(cell != b"\0")
        else:
            out.append(cell)
    return out if at == len(data) else None


def encode(values, types):
    """The other way, for tests of the verifier."""
    bitmap = bytearray((len(types) + 7) // 8)
    body = b""
    for i, (v, t) in enumerate(zip(values, types)):
        if v is None:
            bitmap[i // 8] |= 1 << i % 8
        elif t == "bigint":
            body += struct.pack("<q", v)
        else:
            body += struct.pack("<I", len(v)) + v
    return bytes([VERSION]) + bytes(bitmap) + body


def counts(data, front=()):
    """(n, last) of a row of the word count, last None if it has no such
    column: the state, or with `front` what may stand before it."""
    for head in [()] + [front] * bool(front):
        for types in (["bigint", "bigint"], ["bigint"]):
            row = decode(data, list(head) + types)
            if row is not None and row[len(head)] is not None:
                got = row[len(head):]
                return got[0], got[1] if len(got) > 1 else None
    return None


def partial(data):
    """The same of a row that crosses the repartition: the partial count and
    maximum, with or without the word in front."""
    return counts(data, ("text",)) if data is not None else None


def word_of(key):
    """The word in the key of an internal record: it may have tag bytes in
    front, which no word has."""
    return key.lstrip(bytes(range(32))).decode(errors="replace")
