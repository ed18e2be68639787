/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_path_lex.c - the tokens of SQL/JSON paths.
 */
#include <strings.h>

#include "expr/json_path.h"

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* What may stand in a name. */
static bool is_other(uint8_t c)
{
    return c && !is_blank(c) && !strchr("?%$.[]{}()|&!=<>@#,*:-+/\\\"", c);
}

static bool is_digit(const path_lexer *x, const uint8_t *p)
{
    return p < x->end && *p >= '0' && *p <= '9';
}

static const uint8_t *char_end(const path_lexer *x, const uint8_t *p)
{
    for (p++; p < x->end && (*p & 0xc0) == 0x80;)
        p++;
    return p;
}

bool path_lex_fail(path_lexer *x, const char *what)
{
    if (x->near.len == 0)
        x->error = ds_str_printf(x->arena, "%s at end of jsonpath input", what);
    else
        x->error =
            ds_str_printf(x->arena, "%s at or near \"%.*s\" of jsonpath input",
                          what, (int)(x->near.len < 200 ? x->near.len : 200),
                          (const char *)x->near.ptr);
    return false;
}

static bool fail_near(path_lexer *x, const char *what, const uint8_t *from,
                      const uint8_t *to)
{
    x->near = (ds_slice){from, (uint32_t)(to - from)};
    return path_lex_fail(x, what);
}

/* ---- names and strings ---- */

static int hex(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* `n` hexadecimal digits; how many there are. */
static uint32_t lex_hex(const path_lexer *x, const uint8_t *p, uint32_t n,
                        uint32_t *out)
{
    uint32_t i = 0;
    *out = 0;
    for (; i < n && p + i < x->end && hex(p[i]) >= 0; i++)
        *out = *out << 4 | (uint32_t)hex(p[i]);
    return i;
}

static void add_char(ds_buf *b, uint32_t c)
{
    char u[4];
    uint32_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    if (n == 1) {
        u[0] = (char)c;
    } else {
        for (uint32_t i = n - 1; i > 0; i--, c >>= 6)
            u[i] = (char)(0x80 | (c & 0x3f));
        u[0] = (char)(0xf0 << (4 - n) | c);
    }
    ds_buf_add(b, u, n);
}

#define BAD_PATH "invalid input syntax for type jsonpath: "

/* \uXXXX, \u{X...}, \xXX: one code, which may be half of a pair. */
static bool lex_code(path_lexer *x, const uint8_t **at, uint32_t *code)
{
    const uint8_t *p = *at + 2, *from = *at;
    uint32_t n;
    if (from[1] == 'x') {
        n = lex_hex(x, p, 2, code);
        if (n < 2)
            return fail_near(x, "invalid hex character sequence", from, p + n);
        *at = p + 2;
        return true;
    }
    if (p < x->end && *p == '{') {
        n = lex_hex(x, p + 1, 6, code);
        if (n == 0 || p + n + 1 >= x->end || p[n + 1] != '}')
            return fail_near(x, "invalid unicode sequence", from, p + 1 + n);
        *at = p + n + 2;
        return true;
    }
    n = lex_hex(x, p, 4, code);
    if (n < 4)
        return fail_near(x, "invalid unicode sequence", from, p + n);
    *at = p + 4;
    return true;
}

static bool lex_unicode(path_lexer *x, const uint8_t **at, uint32_t *high,
                        ds_buf *b)
{
    uint32_t c;
    if (!lex_code(x, at, &c))
        return false;
    if (c >= 0xd800 && c < 0xdc00) {
        x->error = BAD_PATH "Unicode high surrogate must not follow a high "
                            "surrogate.";
        if (*high)
            return false;
        *high = c;
        return true;
    }
    x->error = BAD_PATH "Unicode low surrogate must follow a high surrogate.";
    if ((c >= 0xdc00 && c < 0xe000) != (*high != 0))
        return false;
    if (*high)
        c = 0x10000 + ((*high - 0xd800) << 10) + (c - 0xdc00);
    *high = 0;
    x->error = c == 0 ? "unsupported Unicode escape sequence: \\u0000 cannot "
                        "be converted to text."
                      : "Unicode escape value is out of range";
    if (c == 0 || c > 0x10ffff)
        return false;
    x->error = NULL;
    add_char(b, c);
    return true;
}

/* The escape at *at. */
static bool lex_escape(path_lexer *x, const uint8_t **at, uint32_t *high,
                       ds_buf *b)
{
    static const char from[] = "bfnrtv", to[] = "\b\f\n\r\t\v";
    const uint8_t *p = *at + 1;
    if (p >= x->end)
        return fail_near(x, "unexpected end after backslash", p, p);
    if (*p == 'u' || *p == 'x')
        return lex_unicode(x, at, high, b);
    const char *which = *p ? strchr(from, *p) : NULL;
    *at = char_end(x, p);
    if (which)
        ds_buf_add(b, &to[which - from], 1);
    else
        ds_buf_add(b, p, (uint32_t)(*at - p));
    return true;
}

/* A name, or a string in quotes: *at is its first character. */
static bool lex_chars(path_lexer *x, const uint8_t **at, bool quoted)
{
    ds_buf b;
    const uint8_t *p = *at;
    uint32_t high = 0;
    ds_buf_init(&b, x->arena, 32);
    while (p < x->end && (quoted ? *p != '"' : is_other(*p) || *p == '\\')) {
        if (*p == '\\') {
            if (!lex_escape(x, &p, &high, &b))
                return false;
            continue;
        }
        if (high)
            break;
        ds_buf_add(&b, p++, 1);
    }
    if (high) {
        x->error =
            BAD_PATH "Unicode low surrogate must follow a high surrogate.";
        return false;
    }
    *at = p;
    x->text = (ds_slice){(const uint8_t *)b.s, b.len};
    return true;
}

static bool lex_quoted(path_lexer *x, const uint8_t *p, int token)
{
    if (!lex_chars(x, &p, true))
        return false;
    if (p == x->end)
        return fail_near(x, "unexpected end of quoted string", p, p);
    x->near = (ds_slice){p, 1};
    x->token = token;
    x->p = p + 1;
    return true;
}

/* Messages show what ended the name, as PostgreSQL's do. */
static bool lex_name(path_lexer *x)
{
    const uint8_t *p = x->p;
    if (!lex_chars(x, &p, false))
        return false;
    x->near = (ds_slice){p, p < x->end && is_blank(*p)};
    x->token = TOKEN_IDENT;
    x->p = p;
    return true;
}

static bool lex_dollar(path_lexer *x)
{
    const uint8_t *p = x->p + 1;
    if (p < x->end && *p == '"')
        return lex_quoted(x, p + 1, TOKEN_VARIABLE);
    while (p < x->end && is_other(*p))
        p++;
    x->near = (ds_slice){x->p, (uint32_t)(p - x->p)};
    x->text = (ds_slice){x->p + 1, x->near.len - 1};
    x->token = x->text.len ? TOKEN_VARIABLE : '$';
    x->p = p;
    return true;
}

/* ---- numbers ---- */

static bool lex_number(path_lexer *x)
{
    const uint8_t *p = x->p, *e;
    x->token = TOKEN_INT;
    if (*p == '0')
        p++;
    else
        while (is_digit(x, p))
            p++;
    if (p < x->end && *p == '.') {
        x->token = TOKEN_NUMBER;
        for (p++; is_digit(x, p);)
            p++;
    }
    if (p < x->end && (*p | 0x20) == 'e') {
        e = p + 1;
        if (e < x->end && (*e == '+' || *e == '-'))
            e++;
        if (is_digit(x, e)) {
            x->token = TOKEN_NUMBER;
            for (p = e; is_digit(x, p);)
                p++;
        } else if (e > p + 1) {
            return fail_near(x, "invalid numeric literal", x->p, e);
        }
    }
    if (p < x->end && is_other(*p))
        return fail_near(x, "trailing junk after numeric literal", x->p,
                         char_end(x, p));
    x->near = x->text = (ds_slice){x->p, (uint32_t)(p - x->p)};
    x->p = p;
    return true;
}

/* ---- all of them ---- */

static bool skip_blank(path_lexer *x)
{
    for (;;) {
        while (x->p < x->end && is_blank(*x->p))
            x->p++;
        if (x->end - x->p < 2 || x->p[0] != '/' || x->p[1] != '*')
            return true;
        const uint8_t *p =
            memmem(x->p + 2, (size_t)(x->end - x->p - 2), "*/", 2);
        if (p == NULL)
            return fail_near(x, "unexpected end of comment", x->end, x->end);
        x->p = p + 2;
    }
}

static bool lex_special(path_lexer *x)
{
    static const struct {
        char text[3];
        path_token token;
    } pairs[] = {
        {"&&", TOKEN_AND},        {"||", TOKEN_OR},
        {"**", TOKEN_ANY},        {"==", TOKEN_EQUAL},
        {"<>", TOKEN_NOT_EQUAL},  {"!=", TOKEN_NOT_EQUAL},
        {"<=", TOKEN_LESS_EQUAL}, {">=", TOKEN_GREATER_EQUAL},
    };
    uint32_t n = 1;
    x->token = *x->p;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (x->end - x->p > 1 && memcmp(x->p, pairs[i].text, 2) == 0) {
            x->token = (int)pairs[i].token;
            n = 2;
        }
    x->near = (ds_slice){x->p, n};
    x->p += n;
    return true;
}

bool path_lex(path_lexer *x)
{
    if (!skip_blank(x))
        return false;
    x->near = x->text = (ds_slice){x->p, 0};
    if (x->p == x->end) {
        x->token = TOKEN_END;
        return true;
    }
    if (*x->p == '"')
        return lex_quoted(x, x->p + 1, TOKEN_STRING);
    if (*x->p == '$')
        return lex_dollar(x);
    if (is_digit(x, x->p) || (*x->p == '.' && is_digit(x, x->p + 1)))
        return lex_number(x);
    if (is_other(*x->p) || *x->p == '\\')
        return lex_name(x);
    return lex_special(x);
}

bool path_is_word(const path_lexer *x, const char *word)
{
    size_t n = strlen(word);
    if (x->token != TOKEN_IDENT || x->text.len != n)
        return false;
    if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0 ||
        strcmp(word, "null") == 0)
        return memcmp(x->text.ptr, word, n) == 0;
    return strncasecmp((const char *)x->text.ptr, word, n) == 0;
}
