/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jsonb_make.c - values and objects written as jsonb.
 */
#include <stdlib.h>

#include "record/jsonb_scan.h"
#include "record/nested.h"

void jsonb_add_string(ds_buf *b, ds_slice text)
{
    static const char digits[] = "0123456789abcdef";
    static const char names[0x20] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    const uint8_t *p = text.ptr, *end = p + text.len;
    ds_buf_add(b, "\"", 1);
    while (p < end) {
        const uint8_t *to = jsonb_string_stop(p, end);
        ds_buf_add(b, p, (uint32_t)(to - p));
        if (to == end)
            break;
        char esc[6] = {'\\', (char)*to, '0', '0'};
        uint32_t n = 2;
        if (*to < 0x20 && names[*to]) {
            esc[1] = names[*to];
        } else if (*to < 0x20) {
            esc[1] = 'u';
            esc[4] = digits[*to >> 4];
            esc[5] = digits[*to & 15];
            n = 6;
        }
        ds_buf_add(b, esc, n);
        p = to + 1;
    }
    ds_buf_add(b, "\"", 1);
}

/* ---- objects ---- */

static int key_cmp(const void *x, const void *y)
{
    const jsonb_sort_key *a = x, *b = y;
    if (a->len != b->len)
        return a->len < b->len ? -1 : 1;
    int c = a->len ? memcmp(a->ptr, b->ptr, a->len) : 0;
    return c ? c : (a->i > b->i) - (a->i < b->i);
}

static bool same_key(const jsonb_sort_key *a, const jsonb_sort_key *b)
{
    return a->len == b->len && (!a->len || !memcmp(a->ptr, b->ptr, a->len));
}

static void insertion_sort(jsonb_sort_key *keys, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        jsonb_sort_key k = keys[i];
        uint32_t j = i;
        for (; j > 0 && key_cmp(&keys[j - 1], &k) > 0; j--)
            keys[j] = keys[j - 1];
        keys[j] = k;
    }
}

uint32_t jsonb_sort_keys(jsonb_sort_key *keys, uint32_t n)
{
    enum { FEW = 24 };
    uint32_t sorted = n > 0, kept = 0;
    while (sorted < n && key_cmp(&keys[sorted - 1], &keys[sorted]) < 0 &&
           !same_key(&keys[sorted - 1], &keys[sorted]))
        sorted++;
    if (sorted == n)
        return n;
    if (n <= FEW)
        insertion_sort(keys, n);
    else
        qsort(keys, n, sizeof *keys, key_cmp);
    for (uint32_t i = 0; i < n; i++)
        if (i + 1 == n || !same_key(&keys[i], &keys[i + 1]))
            keys[kept++] = keys[i];
    return kept;
}

void jsonb_add_object(ds_buf *b, const jsonb_pair *pairs, uint32_t n)
{
    jsonb_sort_key few[32], *keys = few;
    if (n > sizeof few / sizeof *few)
        keys = ds_new(b->arena, jsonb_sort_key, n);
    for (uint32_t i = 0; i < n; i++)
        keys[i] = (jsonb_sort_key){pairs[i].key.ptr, pairs[i].key.len, i};
    n = jsonb_sort_keys(keys, n);
    ds_buf_add(b, "{", 1);
    for (uint32_t i = 0; i < n; i++) {
        const jsonb_pair *p = &pairs[keys[i].i];
        if (i)
            ds_buf_add(b, ", ", 2);
        jsonb_add_string(b, p->key);
        ds_buf_add(b, ": ", 2);
        ds_buf_add(b, p->value.ptr, p->value.len);
    }
    ds_buf_add(b, "}", 1);
}

/* ---- values ---- */

static void add_quoted(ds_buf *b, ds_type type, const ds_col *c, uint32_t row)
{
    ds_buf text;
    ds_buf_init(&text, b->arena, 64);
    ds_show_text(&text, type, c, row);
    jsonb_add_string(b, (ds_slice){(const uint8_t *)text.s, text.len});
}

/* Numbers as numeric_in reads what the type's output function writes: digits,
 * "1e+20" written out; NaN and infinities as strings. */
static void add_number(ds_buf *b, ds_type type, const ds_col *c, uint32_t row)
{
    ds_buf text;
    char room[512];
    text = (ds_buf){b->arena, room, 0, sizeof room};
    ds_show_text(&text, type, c, row);
    ds_slice s = {(const uint8_t *)text.s, text.len}, number;
    const char *why;
    if (s.ptr[s.len - 1] > '9') { /* NaN, Infinity */
        jsonb_add_string(b, s);
        return;
    }
    bool plain = *s.ptr != '-' || s.len > 2 || s.ptr[1] != '0'; /* -0 */
    if (plain && memchr(s.ptr, 'e', s.len) == NULL)
        ds_buf_add(b, s.ptr, s.len);
    else if (jsonb_parse(s, b->arena, &number, &why))
        ds_buf_add(b, number.ptr, number.len);
    else
        ds_buf_add(b, "null", 4);
}

static void add_nested(ds_buf *b, ds_type type, bool null, const ds_value *v);

static void add_array(ds_buf *b, ds_type type, ds_slice v)
{
    nested_iter it = nested_begin(type, v);
    ds_value value;
    bool null;
    ds_buf_add(b, "[", 1);
    for (bool first = true; nested_next(&it, NULL, &null, &value);
         first = false) {
        if (!first)
            ds_buf_add(b, ", ", 2);
        add_nested(b, ds_type_elem(type), null, &value);
    }
    ds_buf_add(b, "]", 1);
}

static void add_row(ds_buf *b, ds_type type, const ds_schema *fields,
                    ds_slice v)
{
    nested_iter it = nested_begin(type, v);
    ds_value value;
    bool null;
    jsonb_pair *pairs = ds_new(b->arena, jsonb_pair, fields->n + 1);
    for (uint32_t i = 0; i < fields->n; i++) {
        ds_buf one;
        ds_type t = fields->fields[i].type;
        if (!nested_next(&it, &t, &null, &value))
            null = true;
        ds_buf_init(&one, b->arena, 64);
        add_nested(&one, t, null, &value);
        pairs[i].key = ds_slice_of(fields->fields[i].name);
        pairs[i].value = (ds_slice){(const uint8_t *)one.s, one.len};
    }
    jsonb_add_object(b, pairs, fields->n);
}

static void add_nested(ds_buf *b, ds_type type, bool null, const ds_value *v)
{
    ds_col one = {.v.p = v};
    if (null)
        ds_buf_add(b, "null", 4);
    else
        jsonb_add_value(b, type, &one, 0);
}

/* As ISO 8601 has it: 2026-01-01T10:00:00+00:00, perhaps with " BC". */
static void add_time(ds_buf *b, ds_type type, const ds_col *c, uint32_t row)
{
    char room[64];
    ds_buf text = {b->arena, room, 0, sizeof room};
    ds_show_text(&text, type, c, row);
    char *space = memchr(text.s, ' ', text.len);
    char *zone = type == DS_TS ? memchr(text.s, '+', text.len) : NULL;
    uint32_t n = zone ? (uint32_t)(zone + 3 - text.s) : text.len;
    if (space && type != DS_DATE)
        *space = 'T';
    ds_buf_add(b, text.s, n);
    if (zone)
        ds_buf_add(b, ":00", 3);
    ds_buf_add(b, text.s + n, text.len - n);
}

void jsonb_add_key(ds_buf *b, ds_type type, const ds_col *c, uint32_t row)
{
    if (type == DS_STR)
        ds_buf_add(b, c->v.str[row].ptr, c->v.str[row].len);
    else if (type == DS_DATE || type == DS_TIMESTAMP || type == DS_TS)
        add_time(b, type, c, row);
    else
        ds_show_text(b, type, c, row);
}

void jsonb_add_value(ds_buf *b, ds_type type, const ds_col *c, uint32_t row)
{
    if (type == DS_NONE || ds_col_is_null(c, row)) {
        ds_buf_add(b, "null", 4);
        return;
    }
    const ds_schema *fields = ds_row_fields(type);
    switch (type) {
    case DS_BOOL:
        ds_buf_str(b, c->v.b[row] ? "true" : "false");
        return;
    case DS_I16:
    case DS_I32:
    case DS_I64:
        ds_show_text(b, type, c, row);
        return;
    case DS_F32:
    case DS_F64:
    case DS_NUM:
        add_number(b, type, c, row);
        return;
    case DS_STR:
        jsonb_add_string(b, c->v.str[row]);
        return;
    case DS_JSON:
        ds_buf_add(b, c->v.str[row].ptr, c->v.str[row].len);
        return;
    case DS_DATE:
    case DS_TIMESTAMP:
    case DS_TS:
        ds_buf_add(b, "\"", 1);
        add_time(b, type, c, row);
        ds_buf_add(b, "\"", 1);
        return;
    default:
        break;
    }
    if (fields)
        add_row(b, type, fields, c->v.str[row]);
    else if (ds_type_elem(type) != DS_NONE)
        add_array(b, type, c->v.str[row]);
    else
        add_quoted(b, type, c, row);
}
