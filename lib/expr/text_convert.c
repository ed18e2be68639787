/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text_convert.c - text and bytes into each other: encode, decode, hashes.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/md5.h>
#include <openssl/sha.h>

#include "expr/text.h"

static const char hex_digits[] = "0123456789abcdef";

static char *put_hex(char *p, const uint8_t *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        *p++ = hex_digits[s[i] >> 4];
        *p++ = hex_digits[s[i] & 15];
    }
    return p;
}

/* ---- md5, sha ---- */

/* OpenSSL's newer functions allocate for each text. */
#define HASH_OF(name, context, prefix)                                         \
    static void name##_of(ds_slice a, uint8_t *sum)                            \
    {                                                                          \
        context c;                                                             \
        prefix##_Init(&c);                                                     \
        prefix##_Update(&c, a.ptr, a.len);                                     \
        prefix##_Final(sum, &c);                                               \
    }
HASH_OF(md5, MD5_CTX, MD5)
HASH_OF(sha224, SHA256_CTX, SHA224)
HASH_OF(sha256, SHA256_CTX, SHA256)
HASH_OF(sha384, SHA512_CTX, SHA384)
HASH_OF(sha512, SHA512_CTX, SHA512)

static void hash_rows(run *r, const run_step *s,
                      void (*hash)(ds_slice a, uint8_t *sum), uint32_t n)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    {
        uint8_t *sum = run_bytes(r, n);
        hash(ARG_STR(0)[i], sum);
        out[i] = (ds_slice){sum, n};
    }
}

void text_md5(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    {
        uint8_t sum[MD5_DIGEST_LENGTH];
        uint8_t *p = run_bytes(r, 2 * sizeof sum);
        md5_of(ARG_STR(0)[i], sum);
        put_hex((char *)p, sum, sizeof sum);
        out[i] = (ds_slice){p, 2 * sizeof sum};
    }
}

void text_sha224(run *r, const run_step *s)
{
    hash_rows(r, s, sha224_of, SHA224_DIGEST_LENGTH);
}

void text_sha256(run *r, const run_step *s)
{
    hash_rows(r, s, sha256_of, SHA256_DIGEST_LENGTH);
}

void text_sha384(run *r, const run_step *s)
{
    hash_rows(r, s, sha384_of, SHA384_DIGEST_LENGTH);
}

void text_sha512(run *r, const run_step *s)
{
    hash_rows(r, s, sha512_of, SHA512_DIGEST_LENGTH);
}

/* ---- encode ---- */

static const char base64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
#define LINE 76 /* characters of base64 before a line break */

static ds_slice encode_hex(run *r, ds_slice a)
{
    uint8_t *p = run_bytes(r, (size_t)a.len * 2);
    put_hex((char *)p, a.ptr, a.len);
    return (ds_slice){p, a.len * 2};
}

static ds_slice encode_base64(run *r, ds_slice a)
{
    size_t room = ((size_t)a.len + 2) / 3 * 4;
    uint8_t *out = run_bytes(r, room + room / LINE + 1), *p = out;
    uint32_t column = 0;
    for (uint32_t i = 0; i < a.len; i += 3) {
        uint32_t n = a.len - i < 3 ? a.len - i : 3;
        uint32_t v = (uint32_t)a.ptr[i] << 16 |
                     (n > 1 ? (uint32_t)a.ptr[i + 1] << 8 : 0) |
                     (n > 2 ? a.ptr[i + 2] : 0);
        if (column == LINE) {
            *p++ = '\n';
            column = 0;
        }
        *p++ = (uint8_t)base64[v >> 18];
        *p++ = (uint8_t)base64[v >> 12 & 63];
        *p++ = n > 1 ? (uint8_t)base64[v >> 6 & 63] : '=';
        *p++ = n > 2 ? (uint8_t)base64[v & 63] : '=';
        column += 4;
    }
    /* A last line that is full is ended too, but not after "=". */
    if (column == LINE && a.len % 3 == 0)
        *p++ = '\n';
    return (ds_slice){out, (uint32_t)(p - out)};
}

static ds_slice encode_escape(run *r, ds_slice a)
{
    uint8_t *out = run_bytes(r, (size_t)a.len * 4), *p = out;
    for (uint32_t i = 0; i < a.len; i++) {
        uint8_t c = a.ptr[i];
        if (c == 0 || c >= 0x80) {
            *p++ = '\\';
            *p++ = (uint8_t)('0' + (c >> 6));
            *p++ = (uint8_t)('0' + (c >> 3 & 7));
            *p++ = (uint8_t)('0' + (c & 7));
            continue;
        }
        if (c == '\\')
            *p++ = '\\';
        *p++ = c;
    }
    return (ds_slice){out, (uint32_t)(p - out)};
}

typedef enum coding {
    CODING_NONE,
    CODING_HEX,
    CODING_BASE64,
    CODING_ESCAPE
} coding;

static bool same_word(ds_slice s, const char *word)
{
    uint32_t i = 0;
    for (; i < s.len && word[i]; i++) {
        uint8_t c = s.ptr[i];
        if (c >= 'A' && c <= 'Z')
            c |= 0x20;
        if (c != (uint8_t)word[i])
            return false;
    }
    return i == s.len && word[i] == 0;
}

static coding coding_of(run *r, const run_step *s, uint32_t i)
{
    ds_slice name = ARG_STR(1)[i];
    if (same_word(name, "hex"))
        return CODING_HEX;
    if (same_word(name, "base64"))
        return CODING_BASE64;
    if (same_word(name, "escape"))
        return CODING_ESCAPE;
    run_error(r, s, i, "E0704", "unrecognized encoding: \"%.*s\"",
              (int)name.len, (const char *)name.ptr);
    return CODING_NONE;
}

void text_encode(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    {
        ds_slice a = ARG_STR(0)[i];
        coding c = coding_of(r, s, i);
        out[i] = text_empty;
        if (c == CODING_NONE || !text_fits(r, s, i, a.len, &out[i]))
            continue;
        out[i] = c == CODING_HEX      ? encode_hex(r, a)
                 : c == CODING_BASE64 ? encode_base64(r, a)
                                      : encode_escape(r, a);
    }
}

/* ---- decode ---- */

typedef struct decode {
    run *r;
    const run_step *s;
    uint32_t row;
    ds_slice text;
    uint8_t *out;
    uint32_t n;
} decode;

static bool decode_fail(const decode *d, const char *what, uint32_t at,
                        const char *rest)
{
    run_error(d->r, d->s, d->row, "E0704", "%s \"%.*s\"%s", what,
              (int)text_char_at(d->text, at), (const char *)d->text.ptr + at,
              rest);
    return false;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool decode_hex(decode *d)
{
    ds_slice a = d->text;
    for (uint32_t i = 0; i < a.len;) {
        if (is_blank(a.ptr[i])) {
            i++;
            continue;
        }
        int high = hex_value(a.ptr[i]);
        if (high < 0)
            return decode_fail(d, "invalid hexadecimal digit:", i, "");
        if (++i >= a.len) {
            run_error(d->r, d->s, d->row, "E0704",
                      "invalid hexadecimal data: odd number of digits");
            return false;
        }
        int low = hex_value(a.ptr[i]);
        if (low < 0)
            return decode_fail(d, "invalid hexadecimal digit:", i, "");
        i++;
        d->out[d->n++] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static int base64_value(uint8_t c)
{
    const char *p = c ? strchr(base64, c) : NULL;
    return p ? (int)(p - base64) : -1;
}

/* Four characters make three bytes; "=" may stand for the last one or two. */
typedef struct base64_group {
    uint32_t bits, have;
    uint32_t end; /* bytes in the last group; 0: it has not come */
} base64_group;

static void base64_put(decode *d, base64_group *g)
{
    d->out[d->n++] = (uint8_t)(g->bits >> 16);
    if (g->end != 1)
        d->out[d->n++] = (uint8_t)(g->bits >> 8);
    if (g->end == 0)
        d->out[d->n++] = (uint8_t)g->bits;
    g->bits = g->have = 0;
}

static bool base64_take(decode *d, base64_group *g, uint32_t i)
{
    uint8_t c = d->text.ptr[i];
    int v = base64_value(c);
    if (c == '=') {
        if (!g->end && g->have != 2 && g->have != 3)
            return decode_fail(d, "unexpected", i,
                               " while decoding base64 sequence");
        if (!g->end)
            g->end = g->have - 1;
        v = 0;
    } else if (v < 0) {
        return decode_fail(d, "invalid symbol", i,
                           " found while decoding base64 sequence");
    }
    g->bits = g->bits << 6 | (uint32_t)v;
    if (++g->have == 4)
        base64_put(d, g);
    return true;
}

static bool decode_base64(decode *d)
{
    base64_group g = {0, 0, 0};
    for (uint32_t i = 0; i < d->text.len; i++)
        if (!is_blank(d->text.ptr[i]) && !base64_take(d, &g, i))
            return false;
    if (g.have == 0)
        return true;
    run_error(d->r, d->s, d->row, "E0704", "invalid base64 end sequence");
    return false;
}

static bool octal(ds_slice a, uint32_t at)
{
    if (at + 3 >= a.len || a.ptr[at + 1] < '0' || a.ptr[at + 1] > '3')
        return false;
    return a.ptr[at + 2] >= '0' && a.ptr[at + 2] <= '7' &&
           a.ptr[at + 3] >= '0' && a.ptr[at + 3] <= '7';
}

static bool decode_escape(decode *d)
{
    ds_slice a = d->text;
    for (uint32_t i = 0; i < a.len;) {
        if (a.ptr[i] != '\\') {
            d->out[d->n++] = a.ptr[i++];
        } else if (octal(a, i)) {
            d->out[d->n++] =
                (uint8_t)((a.ptr[i + 1] - '0') << 6 |
                          (a.ptr[i + 2] - '0') << 3 | (a.ptr[i + 3] - '0'));
            i += 4;
        } else if (i + 1 < a.len && a.ptr[i + 1] == '\\') {
            d->out[d->n++] = '\\';
            i += 2;
        } else {
            run_error(d->r, d->s, d->row, "E0704",
                      "invalid input syntax for type bytea");
            return false;
        }
    }
    return true;
}

void text_decode(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    {
        decode d = {.r = r, .s = s, .row = i, .text = ARG_STR(0)[i]};
        coding c = coding_of(r, s, i);
        out[i] = text_empty;
        if (c == CODING_NONE)
            continue;
        d.out = run_bytes(r, d.text.len + 4u);
        bool ok = c == CODING_HEX      ? decode_hex(&d)
                  : c == CODING_BASE64 ? decode_base64(&d)
                                       : decode_escape(&d);
        if (ok)
            out[i] = (ds_slice){d.out, d.n};
    }
}

/* ---- convert_from, convert_to ---- */

/* How many bytes the character at p should have, 0: none begins so. */
static uint32_t utf8_expected(uint8_t c)
{
    return c < 0x80             ? 1
           : (c & 0xe0) == 0xc0 ? 2
           : (c & 0xf0) == 0xe0 ? 3
           : (c & 0xf8) == 0xf0 ? 4
                                : 1;
}

static bool utf8_good(const uint8_t *p, uint32_t n)
{
    if (p[0] == 0)
        return false;
    if (n == 1)
        return p[0] < 0x80;
    for (uint32_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return false;
    switch (p[0]) {
    case 0xc0:
    case 0xc1:
        return false;
    case 0xe0:
        return p[1] >= 0xa0;
    case 0xed:
        return p[1] < 0xa0;
    case 0xf0:
        return p[1] >= 0x90;
    case 0xf4:
        return p[1] < 0x90;
    default:
        return p[0] < 0xf5;
    }
}

uint32_t text_bad_utf8(ds_slice s, uint32_t *n)
{
    uint32_t at = 0;
    while (at < s.len) {
        uint32_t want = utf8_expected(s.ptr[at]);
        *n = want < s.len - at ? want : s.len - at;
        if (want > s.len - at || !utf8_good(s.ptr + at, want))
            return at;
        at += want;
    }
    return at;
}

/* UTF8 under the names that PostgreSQL knows: letters and digits count. */
static bool is_utf8(ds_slice name)
{
    char plain[16];
    uint32_t n = 0;
    for (uint32_t i = 0; i < name.len; i++) {
        uint8_t c = name.ptr[i];
        if (c >= 'A' && c <= 'Z')
            c |= 0x20;
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
            if (n + 1 >= sizeof plain)
                return false;
            plain[n++] = (char)c;
        }
    }
    plain[n] = 0;
    return strcmp(plain, "utf8") == 0 || strcmp(plain, "unicode") == 0;
}

static bool utf8_only(run *r, const run_step *s, uint32_t i)
{
    ds_slice name = ARG_STR(1)[i];
    if (is_utf8(name))
        return true;
    run_error(r, s, i, "E0704",
              "encoding \"%.*s\" is not supported: only UTF8 is", (int)name.len,
              (const char *)name.ptr);
    return false;
}

void text_convert_from(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    {
        ds_slice a = ARG_STR(0)[i];
        uint32_t n = 0, at;
        out[i] = text_empty;
        if (!utf8_only(r, s, i))
            continue;
        at = text_bad_utf8(a, &n);
        if (at == a.len) {
            out[i] = a;
            continue;
        }
        char bytes[24], *p = bytes;
        for (uint32_t k = 0; k < n; k++) {
            memcpy(p, " 0x", 3);
            p = put_hex(p + 3, a.ptr + at + k, 1);
        }
        *p = 0;
        run_error(r, s, i, "E0704",
                  "invalid byte sequence for encoding \"UTF8\":%s", bytes);
    }
}

void text_convert_to(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    out[i] = utf8_only(r, s, i) ? ARG_STR(0)[i] : text_empty;
}

/* PostgreSQL does it for some single-byte encodings of the server only. */
void text_to_ascii(run *r, const run_step *s)
{
    RUN_EACH_OK(r, s, i)
    {
        RUN_DST(r, s)->v.str[i] = text_empty;
        run_error(r, s, i, "E0704",
                  "encoding conversion from UTF8 to ASCII not supported");
    }
}
