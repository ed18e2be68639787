/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avro_bytes.c - see avro_bytes.h.
 */
#include "codec/avro_bytes.h"

#include <stdio.h>

#include "record/show.h"

got avro_bad(avro_bytes *r, const char *why)
{
    snprintf(r->why, sizeof(r->why), "%s", why);
    return BAD;
}

got avro_truncated(avro_bytes *r)
{
    return avro_bad(r, "the record is truncated");
}

got avro_get_long_slow(avro_bytes *r, int64_t *out)
{
    uint64_t z = 0;

    for (uint32_t shift = 0; shift < 70; shift += 7) {
        uint8_t b;

        if (r->p == r->end)
            return avro_truncated(r);
        b = *r->p++;
        if (shift == 63 && b > 1)
            break;
        z |= (uint64_t)(b & 0x7f) << shift;
        if (!(b & 0x80)) {
            *out = (int64_t)(z >> 1) ^ -(int64_t)(z & 1);
            return GOT;
        }
    }
    return avro_bad(r, "an integer has more than 64 bits");
}

got avro_get_int(avro_bytes *r, int64_t *out)
{
    if (avro_get_long(r, out) == BAD)
        return BAD;
    if (*out < INT32_MIN || *out > INT32_MAX)
        return avro_bad(r, "an int has more than 32 bits");
    return GOT;
}

got avro_get_bool(avro_bytes *r, uint8_t *out)
{
    if (r->p == r->end)
        return avro_truncated(r);
    *out = *r->p++;
    return *out > 1 ? avro_bad(r, "a boolean is neither 0 nor 1") : GOT;
}

got avro_get_fixed(avro_bytes *r, uint32_t n, ds_slice *out)
{
    if (avro_left(r) < n)
        return avro_truncated(r);
    *out = (ds_slice){r->p, n};
    r->p += n;
    return GOT;
}

got avro_get_bytes(avro_bytes *r, ds_slice *out)
{
    int64_t n;

    if (avro_get_long(r, &n) == BAD)
        return BAD;
    if (n < 0)
        return avro_bad(r, "a length is negative");
    if ((uint64_t)n > avro_left(r))
        return avro_truncated(r);
    *out = (ds_slice){r->p, (uint32_t)n};
    r->p += n;
    return GOT;
}

got avro_get_float(avro_bytes *r, double *out)
{
    float f;

    if (avro_left(r) < sizeof(f))
        return avro_truncated(r);
    memcpy(&f, r->p, sizeof(f));
    r->p += sizeof(f);
    *out = (double)f;
    return GOT;
}

got avro_get_double(avro_bytes *r, double *out)
{
    if (avro_left(r) < sizeof(*out))
        return avro_truncated(r);
    memcpy(out, r->p, sizeof(*out));
    r->p += sizeof(*out);
    return GOT;
}

/* Short texts are the usual ones, and ASCII. */
static bool text_ok(ds_slice s)
{
    const uint8_t *p = s.ptr, *end = p + s.len;

    for (; end - p >= 8; p += 8) {
        uint64_t w;

        memcpy(&w, p, 8);
        if ((w | (w - 0x0101010101010101u)) & 0x8080808080808080u)
            break;
    }
    while (p < end && *p && *p < 0x80)
        p++;
    if (p == end)
        return true;
    return !memchr(s.ptr, 0, s.len) && ds_utf8_valid(s);
}

got avro_get_text(avro_bytes *r, ds_slice *out)
{
    if (avro_get_bytes(r, out) == BAD)
        return BAD;
    if (text_ok(*out))
        return GOT;
    return avro_bad(r, memchr(out->ptr, 0, out->len)
                           ? "a string has a NUL character"
                           : "a string is not valid UTF-8");
}
