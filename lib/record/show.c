/* SPDX-License-Identifier: Apache-2.0 */
/*
 * show.c - values as PostgreSQL's text and as JSON.
 */
#include "record/show.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "record/datetime.h"
#include "record/nested.h"
#include "record/numeric.h"
#include "record/value.h"

static uint32_t i64_format(int64_t v, char *buf)
{
    char digits[24];
    uint32_t n = 0, len = 0;
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do
        digits[n++] = (char)('0' + u % 10);
    while (u /= 10);
    if (v < 0)
        buf[len++] = '-';
    while (n > 0)
        buf[len++] = digits[--n];
    return len;
}

/* Adds one to the last of the digits "d.ddde+xx"; false if they are all 9. */
static bool digits_next(char *s)
{
    char *last = strchr(s, 'e') - 1;
    for (; last >= s; last--) {
        if (*last == '.')
            continue;
        if (*last != '9') {
            ++*last;
            return true;
        }
        *last = '0';
    }
    return false;
}

/* Whether the digits "d.ddde+xx" are exactly half way between v, a number of
 * so many bits, and one next to it. Such digits read back as v by a rule for
 * ties only; PostgreSQL does not take them. They end before the point. */
static bool is_halfway(const char *digits, double v, int bits)
{
    numeric_uint d = 0;
    int k = 1, e;
    const char *p = digits;
    for (; *p != 'e'; p++, k--)
        if (*p != '.')
            d = d * 10 + (numeric_uint)(*p - '0');
        else
            k++;
    k += atoi(p + 1);
    for (; d && d % 10 == 0; d /= 10)
        k++;
    /* d * 10^k = d * 5^k * 2^k; more bits than v has are no tie. */
    if (d == 0 || k < 0 || k > 27)
        return false;
    for (int i = 0; i < k; i++)
        d *= 5;
    for (; d % 2 == 0; d /= 2)
        k++;
    uint64_t m = (uint64_t)ldexp(frexp(v, &e), bits);
    e -= bits;
    bool power = m == (uint64_t)1 << (bits - 1);
    return (k == e - 1 && (d == 2 * m + 1 || (d == 2 * m - 1 && !power))) ||
           (k == e - 2 && d == 4 * m - 1 && power);
}

static bool f64_reads_back(const char *digits, double v)
{
    return strtod(digits, NULL) == v &&
           (v < 0x1p53 || !is_halfway(digits, v, 53));
}

/*
 * The shortest digits that read back as v > 0, as "d.ddde+xx". 15 digits (or
 * fewer, with zeros at the end) are enough for every number that a human
 * writes, 17 always; a number below the normal ones may need only one. Above a
 * power of two, numbers are twice as far apart as below it: there the digits
 * next to the nearest ones may still be read back as v.
 */
static void f64_digits(double v, char *buf, size_t size)
{
    int exponent;
    bool power = frexp(v, &exponent) == 0.5;
    for (int n = v < 2.2250738585072014e-308 ? 1 : 15; n < 17; n++) {
        snprintf(buf, size, "%.*e", n - 1, v);
        if (f64_reads_back(buf, v))
            return;
        if (power && digits_next(buf) && f64_reads_back(buf, v))
            return;
    }
    snprintf(buf, size, "%.16e", v);
}

/* The digits with their point where PostgreSQL puts it. */
static uint32_t f64_layout(const char *digits, char *buf, int most)
{
    char plain[24];
    int n = 0;
    const char *p = digits;
    for (; *p != 'e'; p++)
        if (*p != '.')
            plain[n++] = *p;
    int exponent = atoi(p + 1);
    while (n > 1 && plain[n - 1] == '0')
        n--;
    plain[n] = '\0';
    if (exponent < -4 || exponent >= most)
        return (uint32_t)sprintf(buf, "%c%s%se%c%02d", plain[0],
                                 n > 1 ? "." : "", plain + 1,
                                 exponent < 0 ? '-' : '+', abs(exponent));
    if (exponent < 0)
        return (uint32_t)sprintf(buf, "0.%.*s%s", -exponent - 1, "000", plain);
    if (n <= exponent + 1)
        return (uint32_t)sprintf(buf, "%s%.*s", plain, exponent + 1 - n,
                                 "00000000000000");
    return (uint32_t)sprintf(buf, "%.*s.%s", exponent + 1, plain,
                             plain + exponent + 1);
}

/*
 * A number like 12.75: r / 10^k with r below 10^15. Division rounds to the
 * nearest, so if it gives v, these digits read back as v; and of 15 digits or
 * fewer no others do. The smallest k leaves no zeros at the end. Returns 0 if v
 * is no such number.
 */
static uint32_t f64_format_short(double v, char *buf)
{
    static const double powers[] = {1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};
    double size = fabs(v);
    if (size < 1e-4 || size >= 1e7)
        return 0;
    for (int k = 0; k <= 8; k++) {
        int64_t r = (int64_t)(size * powers[k] + 0.5);
        if ((double)r / powers[k] != size)
            continue;
        uint32_t n = 0;
        int64_t unit = (int64_t)powers[k];
        if (v < 0)
            buf[n++] = '-';
        n += i64_format(r / unit, buf + n);
        if (k == 0)
            return n;
        buf[n++] = '.';
        for (int i = k - 1; i >= 0; i--, r /= 10)
            buf[n + (uint32_t)i] = (char)('0' + r % 10);
        return n + (uint32_t)k;
    }
    return 0;
}

static uint32_t f64_format(double v, char *buf)
{
    if (isnan(v))
        return (uint32_t)sprintf(buf, "NaN");
    if (isinf(v))
        return (uint32_t)sprintf(buf, "%sInfinity", v < 0 ? "-" : "");
    if (v == 0)
        return (uint32_t)sprintf(buf, "%s0", signbit(v) ? "-" : "");
    if (fabs(v) < 1e15 && v == (double)(int64_t)v)
        return i64_format((int64_t)v, buf);
    uint32_t n = f64_format_short(v, buf);
    if (n)
        return n;
    char digits[40];
    uint32_t sign = v < 0;
    if (sign)
        buf[0] = '-';
    f64_digits(fabs(v), digits, sizeof(digits));
    return sign + f64_layout(digits, buf + sign, 15);
}

static bool f32_reads_back(const char *digits, double v)
{
    return (double)strtof(digits, NULL) == v && !is_halfway(digits, v, 24);
}

/* The shortest digits that read back as the same float. */
static uint32_t f32_format(double v, char *buf)
{
    char digits[40];
    uint32_t sign = v < 0;
    if (!isfinite(v) || v == 0)
        return f64_format(v, buf);
    int exponent;
    bool power = fabs(frexp(v, &exponent)) == 0.5;
    for (int n = 1; n <= 9; n++) {
        snprintf(digits, sizeof(digits), "%.*e", n - 1, fabs(v));
        if (f32_reads_back(digits, fabs(v)))
            break;
        if (power && digits_next(digits) && f32_reads_back(digits, fabs(v)))
            break;
    }
    if (sign)
        buf[0] = '-';
    return sign + f64_layout(digits, buf + sign, 6);
}

static void show_hex(ds_buf *b, ds_slice s)
{
    static const char hex[] = "0123456789abcdef";
    for (uint32_t i = 0; i < s.len; i++) {
        char pair[2] = {hex[s.ptr[i] >> 4], hex[s.ptr[i] & 15]};
        ds_buf_add(b, pair, 2);
    }
}

static void show_uuid(ds_buf *b, ds_slice s)
{
    for (uint32_t i = 0; i < s.len; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            ds_buf_add(b, "-", 1);
        show_hex(b, (ds_slice){s.ptr + i, 1});
    }
}

static void show_number(ds_buf *b, ds_type type, const ds_col *c, uint32_t row)
{
    char buf[64];
    uint32_t n = type == DS_F64   ? f64_format(c->v.f64[row], buf)
                 : type == DS_F32 ? f32_format(c->v.f64[row], buf)
                                  : i64_format(c->v.i64[row], buf);
    ds_buf_add(b, buf, n);
}

void ds_show_text(ds_buf *b, ds_type type, const ds_col *c, uint32_t row)
{
    switch (type) {
    case DS_BOOL:
        ds_buf_str(b, c->v.b[row] ? "true" : "false");
        break;
    case DS_I16:
    case DS_I32:
    case DS_I64:
    case DS_F32:
    case DS_F64:
        show_number(b, type, c, row);
        break;
    case DS_NUM:
        numeric_show(b, &c->v.num[row]);
        break;
    case DS_STR:
    case DS_JSON:
        ds_buf_add(b, c->v.str[row].ptr, c->v.str[row].len);
        break;
    case DS_BYTES:
        ds_buf_add(b, "\\x", 2);
        show_hex(b, c->v.str[row]);
        break;
    case DS_DATE:
    case DS_TIME:
    case DS_TIMESTAMP:
    case DS_TS:
        datetime_show(b, type, c->v.i64[row]);
        break;
    case DS_IV:
        interval_show(b, &c->v.iv[row]);
        break;
    case DS_UUID:
        show_uuid(b, c->v.str[row]);
        break;
    default:
        nested_show(b, type, c->v.str[row]);
    }
}

/* A bit in each byte of v that a JSON string cannot hold as it is; above the
 * first one there may be false ones. */
static inline uint64_t not_plain(uint64_t v)
{
    const uint64_t ones = 0x0101010101010101ull;
    uint64_t quote = v ^ (ones * '"'), slash = v ^ (ones * '\\');
    return (((v - ones * 0x20) & ~v) | ((quote - ones) & ~quote) |
            ((slash - ones) & ~slash)) &
           (ones * 0x80);
}

/* How many bytes from p on a JSON string can hold as they are; sets *high if
 * one of them is no ASCII. */
static uint32_t plain_run(const uint8_t *p, uint32_t n, bool *high)
{
    uint64_t seen = 0, v;
    uint32_t i = 0;
    for (; i + sizeof(v) <= n; i += (uint32_t)sizeof(v)) {
        memcpy(&v, p + i, sizeof(v));
        if (not_plain(v))
            break;
        seen |= v;
    }
    for (; i < n && p[i] >= 0x20 && p[i] != '"' && p[i] != '\\'; i++)
        seen |= p[i];
    *high |= (seen & 0x8080808080808080ull) != 0;
    return i;
}

static void show_escape(ds_buf *b, uint8_t c)
{
    static const char *const names[0x20] = {
        ['\b'] = "\\b", ['\f'] = "\\f", ['\n'] = "\\n",
        ['\r'] = "\\r", ['\t'] = "\\t",
    };
    char buf[8];
    if (c < 0x20 && names[c]) {
        ds_buf_add(b, names[c], 2);
    } else if (c < 0x20) {
        snprintf(buf, sizeof(buf), "\\u%04x", c);
        ds_buf_add(b, buf, 6);
    } else {
        buf[0] = '\\';
        buf[1] = (char)c;
        ds_buf_add(b, buf, 2);
    }
}

/* Bytes that are no UTF-8 become U+FFFD: JSON has nothing else for them. */
static void show_repaired(ds_buf *b, const uint8_t *p, uint32_t n)
{
    for (uint32_t i = 0, len; i < n; i += len) {
        len = utf8_char(p + i, n - i);
        if (utf8_char_valid(p + i, len))
            ds_buf_add(b, p + i, len);
        else
            ds_buf_add(b, "\xef\xbf\xbd", 3);
    }
}

const char *ds_show_name(const char *name, ds_arena *a)
{
    ds_buf b;
    ds_buf_init(&b, a, strlen(name) + 8);
    ds_buf_str(&b, "\"");
    for (; *name; name++)
        ds_buf_printf(&b, *name == '"' ? "\"%c" : "%c", *name);
    ds_buf_add(&b, "\"", 2); /* the end, too */
    return b.s;
}

void ds_show_json_str(ds_buf *b, ds_slice s)
{
    ds_buf_room(b, s.len + 2);
    ds_buf_add(b, "\"", 1);
    for (uint32_t i = 0; i < s.len;) {
        bool high = false;
        uint32_t n = plain_run(s.ptr + i, s.len - i, &high);
        if (high && !ds_utf8_valid((ds_slice){s.ptr + i, n}))
            show_repaired(b, s.ptr + i, n);
        else
            ds_buf_add(b, s.ptr + i, n);
        i += n;
        if (i < s.len)
            show_escape(b, s.ptr[i++]);
    }
    ds_buf_add(b, "\"", 1);
}

static void show_quoted(ds_buf *b, ds_type type, const ds_col *c, uint32_t row)
{
    ds_buf_add(b, "\"", 1);
    if (type == DS_BYTES)
        ds_buf_add(b, "\\", 1);
    if (ds_type_phys(type) == DS_PHYS_I64)
        datetime_show_json(b, type, c->v.i64[row]);
    else
        ds_show_text(b, type, c, row);
    ds_buf_add(b, "\"", 1);
}

void ds_show_json(ds_buf *b, ds_type type, const ds_col *c, uint32_t row)
{
    if (ds_col_is_null(c, row)) {
        ds_buf_add(b, "null", 4);
        return;
    }
    switch (type) {
    case DS_STR:
        ds_show_json_str(b, c->v.str[row]);
        return;
    case DS_F32:
    case DS_F64:
        if (!isfinite(c->v.f64[row]))
            break;
        ds_show_text(b, type, c, row);
        return;
    case DS_NUM:
        if (c->v.num[row].kind)
            break;
        ds_show_text(b, type, c, row);
        return;
    case DS_BOOL:
    case DS_I16:
    case DS_I32:
    case DS_I64:
    case DS_JSON:
        ds_show_text(b, type, c, row);
        return;
    case DS_BYTES:
    case DS_DATE:
    case DS_TIME:
    case DS_TIMESTAMP:
    case DS_TS:
    case DS_IV:
    case DS_UUID:
        break;
    default:
        nested_show_json(b, type, c->v.str[row]);
        return;
    }
    show_quoted(b, type, c, row);
}

#define RULE "-------------------------------------------\n"

void ds_show_printed(ds_buf *b, ds_time time, ds_slice rows, bool more)
{
    ds_buf_printf(b, RULE "Time: %lld ms\n" RULE, (long long)(time / DS_MS));
    ds_buf_add(b, rows.ptr, rows.len);
    ds_buf_str(b, more ? "...\n\n" : "\n");
}

void ds_show_tuple(ds_buf *b, const ds_schema *s, const ds_col *cols,
                   uint32_t row)
{
    if (s->n != 1)
        ds_buf_str(b, "(");
    for (uint32_t c = 0; c < s->n; c++) {
        if (c)
            ds_buf_str(b, ",");
        if (ds_col_is_null(&cols[c], row))
            ds_buf_str(b, "null");
        else
            ds_show_text(b, s->fields[c].type, &cols[c], row);
    }
    if (s->n != 1)
        ds_buf_str(b, ")");
}

static void show_member(ds_buf *b, const ds_schema *s, const ds_col *cols,
                        uint32_t field, uint32_t row)
{
    ds_show_json_str(b, ds_slice_of(s->fields[field].name));
    ds_buf_add(b, ":", 1);
    ds_show_json(b, s->fields[field].type, &cols[field], row);
}

void ds_show_json_row(ds_buf *b, const ds_schema *s, const ds_col *cols,
                      uint32_t row)
{
    ds_buf_add(b, "{", 1);
    for (uint32_t c = 0; c < s->n; c++) {
        if (c > 0)
            ds_buf_add(b, ",", 1);
        show_member(b, s, cols, c, row);
    }
    ds_buf_add(b, "}", 1);
}

/* A key's member, in the form that equal values share. */
static void show_key_member(ds_buf *b, const ds_field *f, const ds_col *c,
                            uint32_t row, bool json)
{
    const char *code;
    ds_value v;
    ds_col one = {.v.p = &v};
    if (ds_type_has_plain(f->type) && !ds_col_is_null(c, row)) {
        v = ds_col_value(c, f->type, row);
        ds_value_plain(f->type, &v, b->arena);
        ds_value_fit(f->type, f->mod, b->arena, &v, &code);
        c = &one;
        row = 0;
    }
    if (json)
        ds_show_json(b, f->type, c, row);
    else
        ds_show_text(b, f->type, c, row);
}

ds_slice ds_show_key(const ds_schema *s, const ds_col *cols,
                     const uint16_t *key, uint32_t n_key, uint32_t row,
                     ds_arena *a)
{
    ds_buf b;
    if (n_key == 1) {
        const ds_col *c = &cols[key[0]];
        const ds_field *f = &s->fields[key[0]];
        if (ds_col_is_null(c, row))
            return DS_NULL_SLICE;
        if ((f->type == DS_STR || f->type == DS_BYTES) && c->v.str[row].ptr)
            return c->v.str[row];
        ds_buf_init(&b, a, 32);
        if (f->type != DS_BYTES)
            show_key_member(&b, f, c, row, false);
        return (ds_slice){(const uint8_t *)b.s, b.len};
    }
    ds_buf_init(&b, a, 64);
    ds_buf_add(&b, "{", 1);
    for (uint32_t i = 0; i < n_key; i++) {
        const ds_field *f = &s->fields[key[i]];
        if (i > 0)
            ds_buf_add(&b, ",", 1);
        ds_show_json_str(&b, ds_slice_of(f->name));
        ds_buf_add(&b, ":", 1);
        show_key_member(&b, f, &cols[key[i]], row, true);
    }
    ds_buf_add(&b, "}", 1);
    return (ds_slice){(const uint8_t *)b.s, b.len};
}
