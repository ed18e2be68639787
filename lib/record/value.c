/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value.c - text to values of any type.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <strings.h>

#include "record/datetime.h"
#include "record/jsonb.h"
#include "record/numeric.h"
#include "record/value.h"

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static ds_slice trim_space(ds_slice s)
{
    while (s.len && is_space(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len && is_space(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

static bool bool_word(ds_slice s, const char *word, uint32_t least)
{
    return s.len >= least && s.len <= strlen(word) &&
           strncasecmp((const char *)s.ptr, word, s.len) == 0;
}

/* Any unambiguous beginning of true, false, yes, no; on, off, 1, 0. */
static bool parse_bool(ds_slice s, uint8_t *out)
{
    s = trim_space(s);
    if (bool_word(s, "true", 1) || bool_word(s, "yes", 1) ||
        bool_word(s, "on", 2) || bool_word(s, "1", 1))
        *out = 1;
    else if (bool_word(s, "false", 1) || bool_word(s, "no", 1) ||
             bool_word(s, "off", 2) || bool_word(s, "0", 1))
        *out = 0;
    else
        return false;
    return true;
}

typedef enum parse_rc { PARSE_OK, PARSE_SYNTAX, PARSE_RANGE } parse_rc;

static parse_rc parse_i64(ds_slice s, int64_t *out)
{
    s = trim_space(s);
    bool minus = s.len && s.ptr[0] == '-';
    uint32_t i = s.len && (s.ptr[0] == '-' || s.ptr[0] == '+');
    if (i == s.len)
        return PARSE_SYNTAX;
    int64_t v = 0;
    bool over = false;
    for (; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return PARSE_SYNTAX;
        /* Counted downwards: there is one more negative number. */
        over |= __builtin_mul_overflow(v, 10, &v) ||
                __builtin_sub_overflow(v, s.ptr[i] - '0', &v);
    }
    if (!minus)
        over |= __builtin_sub_overflow(0, v, &v);
    *out = v;
    return over ? PARSE_RANGE : PARSE_OK;
}

static parse_rc parse_f64(ds_slice s, double *out, ds_arena *a)
{
    char room[64];
    s = trim_space(s);
    if (s.len == 0)
        return PARSE_SYNTAX;
    char *text = room;
    if (s.len >= sizeof room)
        text = ds_strn_copy(a, (const char *)s.ptr, s.len);
    else {
        memcpy(room, s.ptr, s.len);
        room[s.len] = 0;
    }
    char *end;
    errno = 0;
    *out = strtod(text, &end);
    if (end != text + s.len || strchr(text, '('))
        return PARSE_SYNTAX;
    bool over = errno == ERANGE && (*out == 0 || isinf(*out));
    return over ? PARSE_RANGE : PARSE_OK;
}

/* A value in a message: bounded, and cut between characters. */
static int shown(ds_slice s)
{
    uint32_t n = s.len < 200 ? s.len : 200;
    while (n && n < s.len && (s.ptr[n] & 0xc0) == 0x80)
        n--;
    return (int)n;
}

typedef struct input {
    ds_type type;
    int32_t mod;
    ds_slice s;
    ds_time now;
    ds_arena *arena;
    ds_value *out;
    const char **code;
} input;

static const char *bad_syntax(const input *in)
{
    *in->code = "E0702";
    return ds_str_printf(
        in->arena, "invalid input syntax for type %s: \"%.*s\"",
        ds_type_name(in->type), shown(in->s), (const char *)in->s.ptr);
}

static const char *out_of_range(const input *in)
{
    *in->code = "E0701";
    return ds_str_printf(in->arena, "\"%.*s\" is out of range for type %s",
                         shown(in->s), (const char *)in->s.ptr,
                         ds_type_name(in->type));
}

static const char *input_int(const input *in)
{
    parse_rc rc = parse_i64(in->s, &in->out->i);
    int64_t v = in->out->i;
    if (rc == PARSE_OK && ((in->type == DS_I32 && v != (int32_t)v) ||
                           (in->type == DS_I16 && v != (int16_t)v)))
        rc = PARSE_RANGE;
    if (rc == PARSE_OK)
        return NULL;
    if (rc == PARSE_SYNTAX)
        return bad_syntax(in);
    *in->code = "E0701";
    return ds_str_printf(
        in->arena, "value \"%.*s\" is out of range for type %s", shown(in->s),
        (const char *)in->s.ptr, ds_type_name(in->type));
}

static const char *input_float(const input *in)
{
    parse_rc rc = parse_f64(in->s, &in->out->f, in->arena);
    if (rc == PARSE_OK && in->type == DS_F32) {
        double v = (double)(float)in->out->f;
        if ((isinf(v) && !isinf(in->out->f)) || (v == 0 && in->out->f != 0))
            rc = PARSE_RANGE;
        in->out->f = v;
    }
    if (rc == PARSE_OK)
        return NULL;
    return rc == PARSE_SYNTAX ? bad_syntax(in) : out_of_range(in);
}

static const char *input_numeric(const input *in)
{
    numeric_rc rc = numeric_parse(in->s, &in->out->num);
    if (rc == NUMERIC_OK)
        return ds_value_fit(in->type, in->mod, in->arena, in->out, in->code);
    if (rc == NUMERIC_SYNTAX)
        return bad_syntax(in);
    *in->code = "E0701";
    return rc == NUMERIC_WIDE ? "a numeric has at most 38 digits"
                              : "value overflows numeric format";
}

static const char *input_datetime(const input *in)
{
    datetime_rc rc =
        in->type == DS_IV
            ? interval_parse_mod(in->s, in->mod, &in->out->iv)
            : datetime_parse(in->type, trim_space(in->s), in->now, &in->out->i);
    if (rc == DATETIME_OK)
        return ds_value_fit(in->type, in->mod, in->arena, in->out, in->code);
    return datetime_error(in->type, rc, in->s, in->arena, in->code);
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 32 digits in all; a hyphen after any group of four; braces around it. */
static const char *input_uuid(const input *in)
{
    uint8_t *to = ds_arena_alloc(in->arena, 16, 1);
    ds_slice s = in->s;
    uint32_t n = 0;
    bool braces = s.len >= 2 && s.ptr[0] == '{' && s.ptr[s.len - 1] == '}';
    if (braces)
        s = (ds_slice){s.ptr + 1, s.len - 2};
    for (uint32_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '-' && n > 0 && n < 32 && n % 4 == 0 &&
            s.ptr[i - 1] != '-')
            continue;
        int digit = hex_digit(s.ptr[i]);
        if (digit < 0 || n == 32)
            return bad_syntax(in);
        to[n / 2] = (uint8_t)(to[n / 2] << 4 | digit);
        n++;
    }
    if (n != 32)
        return bad_syntax(in);
    in->out->s = (ds_slice){to, 16};
    return NULL;
}

static const char *input_hex(const input *in)
{
    ds_slice s = {in->s.ptr + 2, in->s.len - 2};
    uint8_t *to = ds_arena_alloc(in->arena, s.len / 2 + 1, 1);
    uint32_t n = 0;
    *in->code = "E0702";
    for (uint32_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == ' ' || (s.ptr[i] >= '\t' && s.ptr[i] <= '\r'))
            continue;
        int high = hex_digit(s.ptr[i]);
        int low = i + 1 < s.len ? hex_digit(s.ptr[i + 1]) : 0;
        if (high < 0 || low < 0)
            return ds_str_printf(in->arena, "invalid hexadecimal digit: \"%c\"",
                                 s.ptr[high < 0 ? i : i + 1]);
        if (++i == s.len)
            return "invalid hexadecimal data: odd number of digits";
        to[n++] = (uint8_t)(high << 4 | low);
    }
    in->out->s = (ds_slice){to, n};
    return NULL;
}

/* \x and hexadecimal digits, or bytes with \\ and \ooo. */
static const char *input_bytea(const input *in)
{
    ds_slice s = in->s;
    if (s.len >= 2 && s.ptr[0] == '\\' && s.ptr[1] == 'x')
        return input_hex(in);
    uint8_t *to = ds_arena_alloc(in->arena, s.len + 1, 1);
    uint32_t n = 0;
    for (uint32_t i = 0; i < s.len; i++) {
        const uint8_t *p = s.ptr + i;
        uint32_t left = s.len - i;
        if (*p != '\\') {
            to[n++] = *p;
        } else if (left > 1 && p[1] == '\\') {
            to[n++] = '\\';
            i++;
        } else if (left > 3 && p[1] >= '0' && p[1] <= '3' && p[2] >= '0' &&
                   p[2] <= '7' && p[3] >= '0' && p[3] <= '7') {
            to[n++] =
                (uint8_t)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
            i += 3;
        } else {
            *in->code = "E0702";
            return "invalid input syntax for type bytea";
        }
    }
    in->out->s = (ds_slice){to, n};
    return NULL;
}

static const char *input_json(const input *in)
{
    const char *why = NULL;
    if (jsonb_parse(in->s, in->arena, &in->out->s, &why))
        return NULL;
    *in->code = "E0702";
    return why;
}

static const char *input_nested(const input *in)
{
    ds_type elem = ds_type_elem(in->type);
    if (elem == DS_NONE)
        return row_parse(in->type, in->s, in->arena, &in->out->s, in->code);
    return array_parse(elem, in->mod, in->s, in->arena, &in->out->s, in->code);
}

static const char *input_value(const input *in)
{
    switch (in->type) {
    case DS_BOOL:
        return parse_bool(in->s, &in->out->b) ? NULL : bad_syntax(in);
    case DS_I16:
    case DS_I32:
    case DS_I64:
        return input_int(in);
    case DS_F32:
    case DS_F64:
        return input_float(in);
    case DS_NUM:
        return input_numeric(in);
    case DS_NONE:
    case DS_STR:
        in->out->s = in->s;
        return ds_value_fit(in->type, in->mod, in->arena, in->out, in->code);
    case DS_BYTES:
        return input_bytea(in);
    case DS_DATE:
    case DS_TIME:
    case DS_TIMESTAMP:
    case DS_TS:
    case DS_IV:
        return input_datetime(in);
    case DS_UUID:
        return input_uuid(in);
    case DS_JSON:
        return input_json(in);
    default:
        return input_nested(in);
    }
}

const char *ds_value_parse(ds_type type, int32_t mod, ds_slice s, ds_time now,
                           ds_arena *a, ds_value *out, const char **code)
{
    const input in = {type, mod, s, now, a, out, code};
    return input_value(&in);
}

/* ---- what stands in brackets after a type ---- */

/* Whether something of the type is in brackets. */
static bool has_mod(ds_type type, int32_t mod)
{
    const ds_schema *fields = ds_row_fields(type);
    ds_type elem = ds_type_elem(type);
    if (elem != DS_NONE)
        return has_mod(elem, mod);
    if (!fields)
        return mod != 0;
    for (uint32_t i = 0; i < fields->n; i++)
        if (has_mod(fields->fields[i].type, fields->fields[i].mod))
            return true;
    return false;
}

/* The end of the n-th character, or the text's. */
static uint32_t characters(ds_slice s, uint32_t n)
{
    uint32_t i = 0;
    for (; i < s.len; i++)
        if ((s.ptr[i] & 0xc0) != 0x80 && n-- == 0)
            break;
    return i;
}

static const char *fit_text(int32_t n, ds_arena *a, ds_value *v,
                            const char **code)
{
    if (v->s.len <= (uint32_t)n)
        return NULL;
    uint32_t end = characters(v->s, (uint32_t)n);
    for (uint32_t i = end; i < v->s.len; i++) {
        if (v->s.ptr[i] != ' ') {
            *code = "E0701";
            return ds_str_printf(
                a, "value too long for type character varying(%d)", n);
        }
    }
    v->s.len = end;
    return NULL;
}

static const char *fit_nested(ds_type type, int32_t mod, ds_arena *a,
                              ds_value *v, const char **code)
{
    nested_iter it = nested_begin(type, v->s);
    const ds_schema *fields = it.fields;
    ds_value *values = ds_new(a, ds_value, it.n + 1);
    bool *nulls = ds_new(a, bool, it.n + 1);
    ds_type t;
    for (uint32_t i = 0; nested_next(&it, &t, &nulls[i], &values[i]); i++) {
        int32_t m = fields ? fields->fields[i].mod : mod;
        const char *why =
            nulls[i] ? NULL : ds_value_fit(t, m, a, &values[i], code);
        if (why)
            return why;
    }
    v->s = fields ? row_make(type, values, nulls, a)
                  : array_make(it.type, values, nulls, it.n, a);
    return NULL;
}

const char *ds_value_fit(ds_type type, int32_t mod, ds_arena *a, ds_value *v,
                         const char **code)
{
    if ((uint32_t)type < DS_N_BASE_TYPES ? mod == 0 : !has_mod(type, mod))
        return NULL;
    switch (type) {
    case DS_NUM:
        if (numeric_fit(&v->num, mod) == NUMERIC_OK)
            return NULL;
        *code = "E0701";
        return "numeric field overflow";
    case DS_STR:
        return fit_text(ds_mod_length(mod), a, v, code);
    case DS_TIME:
    case DS_TIMESTAMP:
    case DS_TS:
        v->i = datetime_round(type, v->i, mod - 1);
        return NULL;
    case DS_IV:
        if (interval_fit(mod, &v->iv))
            return NULL;
        *code = "E0701";
        return "interval out of range";
    default:
        return (uint32_t)type < DS_N_BASE_TYPES
                   ? NULL
                   : fit_nested(type, mod, a, v, code);
    }
}

/* ---- bytes from outside ---- */

static bool numeric_valid(const ds_numeric *n)
{
    static const numeric_int half = 10000000000000000000ull; /* 10^19 */
    if (n->kind < -1 || n->kind > 2 || n->scale < 0 || n->scale > 16383)
        return false;
    numeric_int v = numeric_value(n), most = half * half;
    return v > -most && v < most;
}

/* What lies outside cannot be shown: PostgreSQL's first and last day. */
enum { FIRST_DAY = -2440588, LAST_DAY = 2145042905 };

bool ds_fixed_valid(ds_type type, const ds_value *v)
{
    static const ds_time day = 24 * 60 * 60 * DS_SECOND;
    switch (type) {
    case DS_BOOL:
        return v->b <= 1;
    case DS_I16:
        return v->i == (int16_t)v->i;
    case DS_I32:
        return v->i == (int32_t)v->i;
    case DS_F32:
        return isnan(v->f) || v->f == (double)(float)v->f;
    case DS_NUM:
        return numeric_valid(&v->num);
    case DS_DATE:
        return v->i == DS_TIME_INF || v->i == DS_TIME_NINF ||
               (v->i >= FIRST_DAY && v->i <= LAST_DAY);
    case DS_TIME:
        return v->i >= 0 && v->i <= day;
    default:
        return true;
    }
}

bool ds_value_valid(ds_type type, ds_slice s)
{
    if ((uint32_t)type >= DS_N_BASE_TYPES)
        return nested_valid(type, s);
    if (type == DS_BYTES || s.len == 0)
        return type != DS_UUID && type != DS_JSON;
    if (type == DS_UUID)
        return s.len == 16;
    if (type == DS_JSON)
        return jsonb_valid(s);
    return memchr(s.ptr, 0, s.len) == NULL && ds_utf8_valid(s);
}
