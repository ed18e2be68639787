/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jsonb_lex.c - JSON text in tokens, with PostgreSQL's error messages.
 */
#include "record/jsonb_scan.h"

enum {
    TOKEN_SHOWN = 200,    /* bytes of a token in a message */
    NUMERIC_INT = 131072, /* digits that PostgreSQL's numeric has before */
    NUMERIC_FRAC = 16383, /* and after the point */
    EXPONENT_MAX = (1 << 30) - 1,
};

#define BAD_JSON "invalid input syntax for type json: "
#define OVERFLOWS "value overflows numeric format"

static bool fail(jsonb_lexer *x, const char *why)
{
    x->why = why;
    return false;
}

static int shown(const uint8_t *from, const uint8_t *to)
{
    uint32_t n = (uint32_t)(to - from);
    if (n > TOKEN_SHOWN)
        for (n = TOKEN_SHOWN; n && (from[n] & 0xc0) == 0x80;)
            n--;
    return (int)n;
}

bool jsonb_lex_expected(jsonb_lexer *x, const char *what)
{
    if (x->kind == 0)
        return fail(x, BAD_JSON "The input string ended unexpectedly.");
    x->why =
        ds_str_printf(x->arena, BAD_JSON "Expected %s, but found \"%.*s\".",
                      what, shown(x->at, x->p), (const char *)x->at);
    return false;
}

/* The token from x->at to `to` is none. */
static bool bad_token(jsonb_lexer *x, const uint8_t *to)
{
    x->why = ds_str_printf(x->arena, BAD_JSON "Token \"%.*s\" is invalid.",
                           shown(x->at, to), (const char *)x->at);
    return false;
}

static bool is_word(uint8_t c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
           c == '_' || c >= 0x80;
}

static const uint8_t *skip_word(const jsonb_lexer *x, const uint8_t *p)
{
    while (p < x->end && is_word(*p))
        p++;
    return p;
}

static bool is_digit(const jsonb_lexer *x, const uint8_t *p)
{
    return p < x->end && *p >= '0' && *p <= '9';
}

static const uint8_t *skip_digits(const jsonb_lexer *x, const uint8_t *p)
{
    while (is_digit(x, p))
        p++;
    return p;
}

/* ---- strings ---- */

/* Four hexadecimal digits from p on. */
static bool lex_hex(jsonb_lexer *x, const uint8_t *p, uint32_t *out)
{
    *out = 0;
    for (const uint8_t *to = p + 4; p < to; p++) {
        if (p >= x->end)
            return bad_token(x, x->end);
        uint8_t c = *p, low = c | 0x20;
        if (c >= '0' && c <= '9')
            *out = *out << 4 | (c - '0');
        else if (low >= 'a' && low <= 'f')
            *out = *out << 4 | (low - 'a' + 10u);
        else
            return fail(x, BAD_JSON "\"\\u\" must be followed by four "
                                    "hexadecimal digits.");
    }
    return true;
}

#define LOW_SURROGATE                                                          \
    BAD_JSON "Unicode low surrogate must follow a high surrogate."

/* A \u escape: to `raw`, unless it is the first half of a pair (*high). */
static bool lex_unicode(jsonb_lexer *x, const uint8_t *p, uint32_t *high,
                        ds_buf *raw)
{
    uint32_t c;
    uint8_t utf8[4];
    if (!lex_hex(x, p, &c))
        return false;
    if (c >= 0xd800 && c < 0xdc00) {
        if (*high)
            return fail(x, BAD_JSON "Unicode high surrogate must not follow a "
                                    "high surrogate.");
        *high = c;
        return true;
    }
    if ((c >= 0xdc00 && c < 0xe000) != (*high != 0))
        return fail(x, LOW_SURROGATE);
    if (c == 0)
        return fail(x, "unsupported Unicode escape sequence: "
                       "\\u0000 cannot be converted to text.");
    if (*high)
        c = 0x10000 + ((*high - 0xd800) << 10) + (c - 0xdc00);
    *high = 0;
    ds_buf_add(raw, utf8, jsonb_utf8(c, utf8));
    return true;
}

static uint32_t char_len(const jsonb_lexer *x, const uint8_t *p)
{
    uint32_t n = 1;
    while (p + n < x->end && (p[n] & 0xc0) == 0x80)
        n++;
    return n;
}

/* The escape of which p is the backslash. */
static bool lex_escape(jsonb_lexer *x, const uint8_t **p, uint32_t *high,
                       ds_buf *raw)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const uint8_t *e = *p + 1;
    if (e == x->end)
        return bad_token(x, e);
    if (*e == 'u') {
        *p = e + 5;
        return lex_unicode(x, e + 1, high, raw);
    }
    if (*high)
        return fail(x, LOW_SURROGATE);
    const char *which = *e ? strchr(from, *e) : NULL;
    if (which == NULL) {
        x->why = ds_str_printf(
            x->arena, BAD_JSON "Escape sequence \"\\%.*s\" is invalid.",
            (int)char_len(x, e), (const char *)e);
        return false;
    }
    ds_buf_add(raw, &to[which - from], 1);
    *p = e + 1;
    return true;
}

/* A string with escapes; p is the first of them. */
static bool lex_escaped(jsonb_lexer *x, const uint8_t *p)
{
    ds_buf raw, text;
    uint32_t high = 0;
    ds_buf_init(&raw, x->arena, (uint32_t)(p - x->at) + 64);
    ds_buf_add(&raw, x->at + 1, (uint32_t)(p - x->at - 1));
    for (;;) {
        if (p == x->end)
            return bad_token(x, p);
        if (*p == '\\') {
            if (!lex_escape(x, &p, &high, &raw))
                return false;
            continue;
        }
        if (*p < 0x20)
            break;
        if (high)
            return fail(x, LOW_SURROGATE);
        if (*p == '"')
            break;
        const uint8_t *to = jsonb_string_stop(p, x->end);
        ds_buf_add(&raw, p, (uint32_t)(to - p));
        p = to;
    }
    if (*p != '"') {
        x->why = ds_str_printf(
            x->arena, BAD_JSON "Character with value 0x%02x must be escaped.",
            *p);
        return false;
    }
    x->p = p + 1;
    ds_buf_init(&text, x->arena, raw.len + raw.len / 8 + 16);
    jsonb_add_string(&text, (ds_slice){(const uint8_t *)raw.s, raw.len});
    uint32_t len = text.len;
    ds_buf_add(&text, raw.s, raw.len); /* side by side: see node.text */
    x->text = (ds_slice){(const uint8_t *)text.s, len};
    x->raw = (ds_slice){x->text.ptr + len, raw.len};
    return true;
}

static bool lex_string(jsonb_lexer *x)
{
    const uint8_t *p = jsonb_string_stop(x->at + 1, x->end);
    x->kind = '"';
    if (p == x->end || *p != '"')
        return lex_escaped(x, p);
    x->p = p + 1;
    x->text = (ds_slice){x->at, (uint32_t)(x->p - x->at)};
    x->raw = (ds_slice){x->at + 1, x->text.len - 2};
    return true;
}

/* ---- numbers ---- */

static bool lex_digits(jsonb_lexer *x)
{
    const uint8_t *p = x->at;
    p += *p == '-';
    bool good = is_digit(x, p);
    if (good && *p == '0')
        p++;
    else
        p = skip_digits(x, p);
    if (p < x->end && *p == '.') {
        p++;
        good = good && is_digit(x, p);
        p = skip_digits(x, p);
    }
    if (p < x->end && (*p | 0x20) == 'e') {
        p++;
        p += p < x->end && (*p == '+' || *p == '-');
        good = good && is_digit(x, p);
        p = skip_digits(x, p);
    }
    const uint8_t *to = skip_word(x, p);
    if (!good || to != p)
        return bad_token(x, to);
    x->kind = '0';
    x->p = p;
    return true;
}

typedef struct number {
    bool minus, plain;        /* plain: no exponent */
    const uint8_t *digits[2]; /* before and after the point */
    uint32_t n[2];
    int64_t exponent;
} number;

static bool number_split(ds_slice t, number *out)
{
    const uint8_t *p = t.ptr, *end = t.ptr + t.len;
    *out = (number){.minus = *p == '-'};
    p += out->minus;
    for (int part = 0; part < 2; part++) {
        out->digits[part] = p;
        while (p < end && *p >= '0' && *p <= '9')
            p++;
        out->n[part] = (uint32_t)(p - out->digits[part]);
        if (part == 0 && p < end && *p == '.')
            p++;
    }
    out->plain = p == end;
    if (out->plain)
        return true;
    bool minus = p[1] == '-';
    p += 1 + (p[1] == '-' || p[1] == '+');
    for (; p < end && out->exponent < EXPONENT_MAX; p++)
        out->exponent = 10 * out->exponent + (*p - '0');
    if (out->exponent >= EXPONENT_MAX)
        return false;
    if (minus)
        out->exponent = -out->exponent;
    return true;
}

static uint8_t number_digit(const number *v, int64_t i)
{
    if (i < 0 || i >= (int64_t)v->n[0] + v->n[1])
        return '0';
    return i < v->n[0] ? v->digits[0][i] : v->digits[1][i - v->n[0]];
}

/* Writes `whole` digits from digit `first` on, a point and `frac` more. */
static ds_slice number_write(const jsonb_lexer *x, const number *v,
                             int64_t first, int64_t whole, int64_t frac)
{
    uint8_t *to = ds_arena_alloc(x->arena, (size_t)(whole + frac + 4), 1);
    uint8_t *t = to;
    if (v->minus)
        *t++ = '-';
    if (whole == 0)
        *t++ = '0';
    for (int64_t i = 0; i < whole; i++)
        *t++ = number_digit(v, first + i);
    if (frac)
        *t++ = '.';
    for (int64_t i = 0; i < frac; i++)
        *t++ = number_digit(v, first + whole + i);
    return (ds_slice){to, (uint32_t)(t - to)};
}

bool jsonb_lex_number(jsonb_lexer *x, ds_slice token, uint32_t *room,
                      ds_slice *out)
{
    number v;
    if (!number_split(token, &v))
        return fail(x, OVERFLOWS);
    int64_t n = (int64_t)v.n[0] + v.n[1], first = 0;
    int64_t point = v.n[0] + v.exponent; /* stands before this digit */
    int64_t frac = v.n[1] - v.exponent > 0 ? v.n[1] - v.exponent : 0;
    while (first < n && number_digit(&v, first) == '0')
        first++;
    if (first == n) { /* zero has neither sign nor size */
        v.minus = false;
        point = first = 0;
    }
    int64_t whole = point > first ? point - first : 0;
    if (whole > NUMERIC_INT || frac > NUMERIC_FRAC)
        return fail(x, OVERFLOWS);
    if (v.plain && (*token.ptr == '-') == v.minus) {
        *out = token;
        return true;
    }
    int64_t more = whole + frac - n;
    if (more > 64) {
        if (more > *room)
            return fail(x, "the numbers of the jsonb value have too many "
                           "digits");
        *room -= (uint32_t)more;
    }
    *out = number_write(x, &v, point - whole, whole, frac);
    return true;
}

/* ---- tokens ---- */

static bool lex_word(jsonb_lexer *x)
{
    const uint8_t *to = skip_word(x, x->at);
    uint32_t n = (uint32_t)(to - x->at);
    if (!((n == 4 &&
           (memcmp(x->at, "true", 4) == 0 || memcmp(x->at, "null", 4) == 0)) ||
          (n == 5 && memcmp(x->at, "false", 5) == 0)))
        return bad_token(x, to == x->at ? to + 1 : to);
    x->kind = *x->at;
    x->p = to;
    return true;
}

bool jsonb_lex(jsonb_lexer *x)
{
    const uint8_t *p = x->p;
    while (p < x->end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
        p++;
    x->at = x->p = p;
    if (p == x->end) {
        x->kind = 0;
        return true;
    }
    switch (*p) {
    case '{':
    case '}':
    case '[':
    case ']':
    case ',':
    case ':':
        x->kind = *p;
        x->p = p + 1;
        return true;
    case '"':
        return lex_string(x);
    default:
        if (*p == '-' || (*p >= '0' && *p <= '9'))
            return lex_digits(x);
        return lex_word(x);
    }
}
