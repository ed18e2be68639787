/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_value.c - JSON values to values of all types.
 *
 * The text has been walked (json_walk.c): it is valid JSON, and what is read
 * here once more, the inside of arrays and objects, is not checked again. No
 * type is nested deeper than the walk allows.
 */
#include "codec/json_value.h"

#include "dstream/clock.h"
#include "record/jsonb.h"
#include "record/numeric.h"
#include "record/value.h"

/* ---- messages ---- */

static void show_path(ds_buf *b, const json_path *path)
{
    if (path->up)
        show_path(b, path->up);
    if (!path->name)
        ds_buf_printf(b, "[%u]", path->item);
    else
        ds_buf_printf(b, "%s%s", path->up ? "." : "", path->name);
}

static const char *path_text(json_reader *r, const json_path *path)
{
    ds_buf b;
    ds_buf_init(&b, r->arena, 64);
    show_path(&b, path);
    ds_buf_add(&b, "", 1);
    return b.s;
}

static bool fail(json_reader *r, const json_path *path, const char *what)
{
    r->error =
        ds_str_printf(r->arena, "column \"%s\": %s", path_text(r, path), what);
    return false;
}

static int shown(ds_slice s)
{
    uint32_t n = s.len;
    if (n > JSON_SHOWN) {
        n = JSON_SHOWN;
        while (n > 0 && (s.ptr[n] & 0xc0) == 0x80)
            n--;
    }
    return (int)n;
}

static bool fail_value(json_reader *r, const json_path *path, ds_type type,
                       ds_slice s, const char *fmt_range)
{
    const char *name = ds_type_name(type);
    const char *dots = s.len > JSON_SHOWN ? "..." : "";
    int n = shown(s);
    const char *p = (const char *)s.ptr;
    return fail(r, path,
                fmt_range
                    ? ds_str_printf(r->arena,
                                    "value \"%.*s%s\" is out of range for "
                                    "type %s",
                                    n, p, dots, name)
                    : ds_str_printf(r->arena,
                                    "invalid input syntax for type %s: "
                                    "\"%.*s%s\"",
                                    name, n, p, dots));
}

static bool bad_syntax(json_reader *r, const json_path *path, ds_type type,
                       ds_slice s)
{
    return fail_value(r, path, type, s, NULL);
}

static bool out_of_range(json_reader *r, const json_path *path, ds_type type,
                         ds_slice s)
{
    return fail_value(r, path, type, s, "range");
}

static bool wrong_kind(json_reader *r, const json_path *path, ds_type type,
                       json_kind kind)
{
    return fail(r, path,
                ds_str_printf(r->arena, "cannot cast a JSON %s to type %s",
                              json_kind_name(kind), ds_type_name(type)));
}

bool json_null_error(json_reader *r, const json_path *path)
{
    r->error = ds_str_printf(
        r->arena, "null value in column \"%s\" violates not-null constraint",
        path_text(r, path));
    return false;
}

/* ---- scalars ---- */

/* The characters of a string, in a room that is made once for the batch. */
static ds_slice string_of(json_reader *r, const json_cell *cell)
{
    if (!cell->escaped)
        return cell->raw;
    if (!r->unescaped)
        r->unescaped = ds_arena_alloc(r->arena, r->room + 1, 1);
    ds_slice s = {r->unescaped, json_unescape(cell->raw, r->unescaped)};
    r->unescaped += s.len;
    return s;
}

static bool to_integer(json_reader *r, ds_type type, const json_path *path,
                       const json_cell *cell, int64_t *out)
{
    ds_slice s = cell->raw;
    if (cell->escaped)
        return bad_syntax(r, path, type, s);
    bool minus = s.ptr[0] == '-';
    int64_t v = 0;
    for (uint32_t i = minus; i < s.len; i++) {
        int64_t digit = s.ptr[i] - '0';
        if (__builtin_mul_overflow(v, 10, &v) ||
            __builtin_add_overflow(v, minus ? -digit : digit, &v))
            return out_of_range(r, path, type, s);
    }
    if ((type == DS_I32 && v != (int32_t)v) ||
        (type == DS_I16 && v != (int16_t)v))
        return out_of_range(r, path, type, s);
    *out = v;
    return true;
}

/* What numbers are written as that JSON has none for. */
static bool is_odd_number(ds_type type, const json_cell *cell)
{
    static const char *const words[] = {"NaN", "Infinity", "-Infinity"};
    if (cell->kind != JSON_STRING || cell->escaped ||
        (type != DS_NUM && type != DS_F64 && type != DS_F32))
        return false;
    for (int i = 0; i < 3; i++)
        if (ds_slice_eq(cell->raw, ds_slice_of(words[i])))
            return true;
    return false;
}

/* As a text of the type is read, in PostgreSQL's words where it is none. */
static bool parse(json_reader *r, const ds_field *f, const json_path *path,
                  ds_slice s, ds_value *out)
{
    const char *code;
    const char *why =
        ds_value_parse(f->type, f->mod, s, DS_TIME_NONE, r->arena, out, &code);
    return !why || fail(r, path, why);
}

static bool to_float(json_reader *r, const ds_field *f, const json_path *path,
                     const json_cell *cell, ds_value *out)
{
    uint64_t bits;
    if (!json_to_double(cell->raw.ptr, cell->raw.len, &out->f))
        return out_of_range(r, path, f->type, cell->raw);
    if (f->type == DS_F64)
        return true;
    /* Halfway between two floats it matters what the double was rounded
     * from. */
    memcpy(&bits, &out->f, sizeof(bits));
    double v = (double)(float)out->f;
    if ((bits & 0x1fffffff) == 0x10000000 || v - v != 0 ||
        (v == 0 && out->f != 0))
        return parse(r, f, path, cell->raw, out);
    out->f = v;
    return true;
}

static bool from_number(json_reader *r, const ds_field *f,
                        const json_path *path, const json_cell *cell,
                        ds_value *out)
{
    switch (f->type) {
    case DS_I16:
    case DS_I32:
    case DS_I64:
        return to_integer(r, f->type, path, cell, &out->i);
    case DS_F32:
    case DS_F64:
        return to_float(r, f, path, cell, out);
    case DS_NUM:
        return parse(r, f, path, cell->raw, out);
    default:
        return wrong_kind(r, path, f->type, cell->kind);
    }
}

static int hex_digit(uint8_t c)
{
    uint8_t low = c | 0x20;
    return c >= '0' && c <= '9'       ? c - '0'
           : low >= 'a' && low <= 'f' ? low - 'a' + 10
                                      : -1;
}

/* "\x0102", PostgreSQL's hex form. */
static bool to_bytes(json_reader *r, const json_path *path, ds_slice s,
                     ds_slice *out)
{
    if (s.len < 2 || s.len % 2 || memcmp(s.ptr, "\\x", 2) != 0)
        return bad_syntax(r, path, DS_BYTES, s);
    uint32_t n = s.len / 2 - 1;
    uint8_t *to = ds_arena_alloc(r->arena, n, 1);
    for (uint32_t i = 0; i < n; i++) {
        int high = hex_digit(s.ptr[2 + 2 * i]);
        int low = hex_digit(s.ptr[3 + 2 * i]);
        if (high < 0 || low < 0)
            return bad_syntax(r, path, DS_BYTES, s);
        to[i] = (uint8_t)(high * 16 + low);
    }
    *out = (ds_slice){to, n};
    return true;
}

static bool to_text(json_reader *r, const ds_field *f, const json_path *path,
                    const json_cell *cell, ds_value *out)
{
    const char *code, *why = NULL;
    out->s = string_of(r, cell);
    if (cell->escaped && out->s.len && memchr(out->s.ptr, 0, out->s.len))
        return fail(r, path, "\\u0000 cannot be converted to text");
    if (f->mod)
        why = ds_value_fit(f->type, f->mod, r->arena, out, &code);
    return !why || fail(r, path, why);
}

static bool from_string(json_reader *r, const ds_field *f,
                        const json_path *path, const json_cell *cell,
                        ds_value *out)
{
    switch (f->type) {
    case DS_STR:
        return to_text(r, f, path, cell, out);
    case DS_BYTES:
        return to_bytes(r, path, string_of(r, cell), &out->s);
    case DS_TS:
        /* RFC 3339 is what others write. */
        if (f->mod == 0 && !cell->escaped && ds_time_parse(cell->raw, &out->i))
            return true;
        return parse(r, f, path, string_of(r, cell), out);
    case DS_DATE:
    case DS_TIME:
    case DS_TIMESTAMP:
    case DS_IV:
    case DS_UUID:
        return parse(r, f, path, string_of(r, cell), out);
    default:
        if (is_odd_number(f->type, cell))
            return parse(r, f, path, cell->raw, out);
        return wrong_kind(r, path, f->type, cell->kind);
    }
}

/* ---- the inside of arrays and objects ---- */

static const uint8_t *skip_blanks(const uint8_t *p)
{
    while (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')
        p++;
    return p;
}

/* From behind a string's opening quote to behind its closing one. */
static const uint8_t *string_end(const uint8_t *p, bool *escaped)
{
    for (*escaped = false; *p != '"'; p++)
        if (*p == '\\') {
            *escaped = true;
            p++;
        }
    return p + 1;
}

/* Behind the bracket that closes the one at p. */
static const uint8_t *container_end(const uint8_t *p)
{
    uint32_t depth = 0;
    bool escaped;
    do {
        if (*p == '"') {
            p = string_end(p + 1, &escaped);
            continue;
        }
        depth += *p == '[' || *p == '{';
        depth -= *p == ']' || *p == '}';
        p++;
    } while (depth > 0);
    return p;
}

static const uint8_t *number_end(const uint8_t *p, const uint8_t *end,
                                 bool *fraction)
{
    *fraction = false;
    for (; p < end; p++) {
        if (*p == '.' || *p == 'e' || *p == 'E')
            *fraction = true;
        else if (!(*p >= '0' && *p <= '9') && *p != '-' && *p != '+')
            break;
    }
    return p;
}

/* The value at p, all of it; returns what is behind it. */
static const uint8_t *take(const uint8_t *p, const uint8_t *end,
                           json_cell *cell)
{
    const uint8_t *from = p;
    cell->escaped = false;
    switch (*p) {
    case '"':
        cell->kind = JSON_STRING;
        p = string_end(p + 1, &cell->escaped);
        cell->raw = (ds_slice){from + 1, (uint32_t)(p - from) - 2};
        return p;
    case '{':
    case '[':
        cell->kind = *p == '{' ? JSON_OBJECT : JSON_ARRAY;
        p = container_end(p);
        break;
    case 't':
        cell->kind = JSON_TRUE;
        p += 4;
        break;
    case 'f':
        cell->kind = JSON_FALSE;
        p += 5;
        break;
    case 'n':
        cell->kind = JSON_NULL;
        p += 4;
        break;
    default:
        cell->kind = JSON_NUMBER;
        p = number_end(p, end, &cell->escaped);
    }
    cell->raw = (ds_slice){from, (uint32_t)(p - from)};
    return p;
}

/* `n` more places on the stack; returns the first. */
static uint32_t stack_push(json_reader *r, uint32_t n)
{
    uint32_t first = r->n;
    if (n > r->cap - r->n) {
        uint32_t cap = 2 * (r->n + n) + 16;
        ds_value *values = ds_new(r->arena, ds_value, cap);
        bool *nulls = ds_new(r->arena, bool, cap);
        if (r->n) {
            memcpy(values, r->values, r->n * sizeof *values);
            memcpy(nulls, r->nulls, r->n * sizeof *nulls);
        }
        r->values = values;
        r->nulls = nulls;
        r->cap = cap;
    }
    memset(r->nulls + first, true, n);
    r->n += n;
    return first;
}

/* A value that may be null to a place on the stack. */
static bool to_stack(json_reader *r, const ds_field *f, const json_path *path,
                     const json_cell *cell, uint32_t at)
{
    ds_value v;
    r->nulls[at] = cell->kind == JSON_NULL;
    if (r->nulls[at])
        return true;
    if (!json_value(r, f, path, cell, &v))
        return false;
    r->values[at] = v; /* the stack may have moved */
    return true;
}

static bool to_array(json_reader *r, const ds_field *f, const json_path *path,
                     ds_slice text, ds_value *out)
{
    const ds_field item = {NULL, ds_type_elem(f->type), f->mod, false};
    const uint8_t *p = skip_blanks(text.ptr + 1), *end = text.ptr + text.len;
    uint32_t first = r->n, n = 0;
    while (*p != ']') {
        json_path at = {path, NULL, ++n};
        json_cell cell;
        p = skip_blanks(take(p, end, &cell));
        if (!to_stack(r, &item, &at, &cell, stack_push(r, 1)))
            return false;
        if (*p == ',')
            p = skip_blanks(p + 1);
    }
    out->s =
        array_make(item.type, r->values + first, r->nulls + first, n, r->arena);
    r->n = first;
    return true;
}

/* Which of the row's fields a key names; -1: none. */
static int find_field(json_reader *r, const ds_schema *fields, uint32_t guess,
                      const json_cell *key)
{
    ds_slice name = string_of(r, key);
    for (uint32_t k = 0; k < fields->n; k++) {
        uint32_t i = guess + k < fields->n ? guess + k : guess + k - fields->n;
        const char *known = fields->fields[i].name;
        if (strlen(known) == name.len && memcmp(known, name.ptr, name.len) == 0)
            return (int)i;
    }
    return -1;
}

static bool fail_unknown(json_reader *r, const json_path *path,
                         const json_cell *key)
{
    return fail(r, path,
                ds_str_printf(r->arena, "field \"%.*s\" is not of the row",
                              shown(key->raw), (const char *)key->raw.ptr));
}

static bool nulls_allowed(json_reader *r, const ds_schema *fields,
                          const json_path *path, uint32_t first)
{
    for (uint32_t i = 0; i < fields->n; i++) {
        json_path at = {path, fields->fields[i].name, 0};
        if (fields->fields[i].not_null && r->nulls[first + i])
            return json_null_error(r, &at);
    }
    return true;
}

static bool to_row(json_reader *r, const ds_field *f, const json_path *path,
                   ds_slice text, ds_value *out)
{
    const ds_schema *fields = ds_row_declared(f->type, f->mod);
    const uint8_t *p = skip_blanks(text.ptr + 1), *end = text.ptr + text.len;
    uint32_t first = stack_push(r, fields->n), guess = 0;
    while (*p != '}') {
        json_cell key, cell;
        p = skip_blanks(take(p, end, &key));
        p = skip_blanks(p + 1); /* the colon */
        p = skip_blanks(take(p, end, &cell));
        if (*p == ',')
            p = skip_blanks(p + 1);
        int i = find_field(r, fields, guess, &key);
        if (i < 0 && r->strict)
            return fail_unknown(r, path, &key);
        if (i < 0)
            continue;
        guess = (uint32_t)i + 1 < fields->n ? (uint32_t)i + 1 : 0;
        json_path at = {path, fields->fields[i].name, 0};
        if (!to_stack(r, &fields->fields[i], &at, &cell, first + (uint32_t)i))
            return false;
    }
    if (!nulls_allowed(r, fields, path, first))
        return false;
    out->s = row_make(f->type, r->values + first, r->nulls + first, r->arena);
    r->n = first;
    return true;
}

/* ---- all kinds ---- */

bool json_any(json_reader *r, ds_slice text, ds_value *out)
{
    const char *why = "invalid byte sequence for encoding \"UTF8\"";
    if (json_utf8_valid(text.ptr, text.len) &&
        jsonb_parse(text, r->arena, &out->s, &why))
        return true;
    r->error = why;
    return false;
}

/* What stands in the text for a value, with a string's quotes. */
static ds_slice whole(const json_cell *cell)
{
    switch (cell->kind) {
    case JSON_STRING:
        return (ds_slice){cell->raw.ptr - 1, cell->raw.len + 2};
    case JSON_TRUE:
        return ds_slice_of("true");
    case JSON_FALSE:
        return ds_slice_of("false");
    default:
        return cell->raw;
    }
}

static bool to_jsonb(json_reader *r, const json_path *path,
                     const json_cell *cell, ds_value *out)
{
    const char *why = NULL;
    if (jsonb_parse(whole(cell), r->arena, &out->s, &why))
        return true;
    return fail(r, path, why);
}

bool json_value(json_reader *r, const ds_field *f, const json_path *path,
                const json_cell *cell, ds_value *out)
{
    if (f->type == DS_JSON)
        return to_jsonb(r, path, cell, out);
    switch (cell->kind) {
    case JSON_TRUE:
    case JSON_FALSE:
        out->b = cell->kind == JSON_TRUE;
        return f->type == DS_BOOL || wrong_kind(r, path, f->type, cell->kind);
    case JSON_NUMBER:
        return from_number(r, f, path, cell, out);
    case JSON_STRING:
        return from_string(r, f, path, cell, out);
    case JSON_ARRAY:
        if (ds_type_elem(f->type) != DS_NONE)
            return to_array(r, f, path, cell->raw, out);
        break;
    case JSON_OBJECT:
        if (ds_row_fields(f->type))
            return to_row(r, f, path, cell->raw, out);
        break;
    case JSON_MISSING:
    case JSON_NULL:
        break;
    }
    return wrong_kind(r, path, f->type, cell->kind);
}
