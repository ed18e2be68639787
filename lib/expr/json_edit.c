/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_edit.c - || and -, without nulls, for people.
 */
#include "expr/json.h"

ds_buf json_buffer(run *r)
{
    ds_buf b;
    ds_buf_init(&b, r->ev->arena, 4096);
    return b;
}

uint32_t json_room(ds_buf *b, uint32_t need)
{
    enum { PIECE = 32 << 10, FULL = 1 << 20 };
    if (b->cap - b->len < need || b->len > FULL)
        ds_buf_init(b, b->arena, need > PIECE ? need : PIECE);
    return b->len;
}

void json_give(run *r, const run_step *s, uint32_t row, ds_slice v)
{
    RUN_DST(r, s)->v.str[row] = v;
    if (v.len > JSON_MOST)
        run_error(r, s, row, "E0704", "the jsonb value is too large");
    else if (run_may(r, s, row, v.len) && !jsonb_depth_ok(v))
        run_error(r, s, row, "E0704",
                  "stack depth limit exceeded: jsonb has at most 512 levels");
}

/* ---- || ---- */

/* The elements of an array; anything else is one. */
static ds_slice elements(ds_slice v)
{
    if (*v.ptr == '[')
        return (ds_slice){v.ptr + 1, v.len - 2};
    return v;
}

static void add_slice(ds_buf *b, ds_slice s)
{
    ds_buf_add(b, s.ptr, s.len);
}

static void add_member(ds_buf *b, ds_slice key, ds_slice value)
{
    if (b->s[b->len - 1] != '{')
        ds_buf_add(b, ", ", 2);
    add_slice(b, key);
    ds_buf_add(b, ": ", 2);
    add_slice(b, value);
}

/* Both objects, the second one's value where both have a key. */
static void merge(ds_buf *b, ds_slice x, ds_slice y)
{
    jsonb_iter ix = jsonb_begin(x), iy = jsonb_begin(y);
    ds_slice x_key, x_value, y_key, y_value;
    bool more_x = jsonb_next(&ix, &x_key, &x_value);
    bool more_y = jsonb_next(&iy, &y_key, &y_value);
    ds_buf_add(b, "{", 1);
    while (more_x || more_y) {
        int c = !more_x ? 1 : !more_y ? -1 : jsonb_key_cmp(x_key, y_key);
        if (c < 0)
            add_member(b, x_key, x_value);
        else
            add_member(b, y_key, y_value);
        if (c <= 0)
            more_x = jsonb_next(&ix, &x_key, &x_value);
        if (c >= 0)
            more_y = jsonb_next(&iy, &y_key, &y_value);
    }
    ds_buf_add(b, "}", 1);
}

static void concat(ds_buf *b, ds_slice x, ds_slice y)
{
    if (*x.ptr == '{' && *y.ptr == '{') {
        merge(b, x, y);
        return;
    }
    ds_slice first = elements(x), second = elements(y);
    ds_buf_add(b, "[", 1);
    add_slice(b, first);
    if (first.len && second.len)
        ds_buf_add(b, ", ", 2);
    add_slice(b, second);
    ds_buf_add(b, "]", 1);
}

void json_concat(run *r, const run_step *s)
{
    ds_buf b = json_buffer(r);
    RUN_EACH_OK(r, s, i)
    {
        ds_slice x = json_arg(r, s, 0, i), y = json_arg(r, s, 1, i);
        uint32_t from = json_room(&b, x.len + y.len + 4);
        concat(&b, x, y);
        json_give(r, s, i, json_since(&b, from));
    }
}

/* ---- - ---- */

static bool is_one_of(ds_slice string, ds_slice texts)
{
    nested_iter it = nested_begin(ds_array_type(DS_STR), texts);
    ds_value text;
    bool null;
    while (nested_next(&it, NULL, &null, &text))
        if (!null && jsonb_string_is(string, text.s))
            return true;
    return false;
}

/* Without the members with one of these keys, or the elements that are one of
 * these texts. `many`: texts is a text[]. */
static void delete_keys(ds_buf *b, ds_slice v, ds_slice texts, bool many)
{
    ds_slice key, value;
    bool object = *v.ptr == '{', first = true;
    ds_buf_add(b, object ? "{" : "[", 1);
    for (jsonb_iter it = jsonb_begin(v); jsonb_next(&it, &key, &value);) {
        ds_slice name = object ? key : value;
        if (*name.ptr == '"' &&
            (many ? is_one_of(name, texts) : jsonb_string_is(name, texts)))
            continue;
        if (!first)
            ds_buf_add(b, ", ", 2);
        first = false;
        if (object) {
            add_slice(b, key);
            ds_buf_add(b, ": ", 2);
        }
        add_slice(b, value);
    }
    ds_buf_add(b, object ? "}" : "]", 1);
}

static void delete_from(run *r, const run_step *s, bool many)
{
    ds_buf b = json_buffer(r);
    RUN_EACH_OK(r, s, i)
    {
        ds_slice v = json_arg(r, s, 0, i);
        uint32_t from = json_room(&b, v.len);
        if (json_is_scalar(v))
            run_error(r, s, i, "E0704", "cannot delete from scalar");
        else if (!many || json_affordable(r, s, i, v, json_arg(r, s, 1, i)))
            delete_keys(&b, v, json_arg(r, s, 1, i), many);
        RUN_DST(r, s)->v.str[i] = json_since(&b, from);
    }
}

void json_delete_key(run *r, const run_step *s)
{
    delete_from(r, s, false);
}

void json_delete_keys(run *r, const run_step *s)
{
    delete_from(r, s, true);
}

static void delete_index(ds_buf *b, ds_slice v, int64_t at)
{
    ds_slice value;
    bool first = true;
    if (at < 0)
        at += jsonb_count(v);
    ds_buf_add(b, "[", 1);
    for (jsonb_iter it = jsonb_begin(v); jsonb_next(&it, NULL, &value);) {
        if (at-- == 0)
            continue;
        if (!first)
            ds_buf_add(b, ", ", 2);
        first = false;
        add_slice(b, value);
    }
    ds_buf_add(b, "]", 1);
}

void json_delete_index(run *r, const run_step *s)
{
    ds_buf b = json_buffer(r);
    const int64_t *at = RUN_ARG(r, s, 1)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        ds_slice v = json_arg(r, s, 0, i);
        uint32_t from = json_room(&b, v.len);
        if (*v.ptr == '{')
            run_error(r, s, i, "E0704",
                      "cannot delete from object using integer index");
        else if (json_is_scalar(v))
            run_error(r, s, i, "E0704", "cannot delete from scalar");
        else
            delete_index(&b, v, at[i]);
        RUN_DST(r, s)->v.str[i] = json_since(&b, from);
    }
}

/* ---- without nulls, for people: from left to right ---- */

/* Past the string at p. */
static const uint8_t *skip_string(const uint8_t *p)
{
    for (p++; *p != '"'; p++)
        p += *p == '\\';
    return p + 1;
}

static void strip_nulls(ds_buf *b, ds_slice v, uint32_t from)
{
    const uint8_t *p = v.ptr, *end = v.ptr + v.len;
    while (p < end) {
        if (*p != '"') {
            ds_buf_add(b, p++, 1);
            continue;
        }
        const uint8_t *to = skip_string(p);
        if (end - to < 6 || memcmp(to, ": null", 6) != 0) {
            ds_buf_add(b, p, (uint32_t)(to - p));
            p = to;
            continue;
        }
        p = to + 6; /* without the comma after it, or else the one before */
        if (*p == ',')
            p += 2;
        else if (b->len - from > 2 && b->s[b->len - 1] == ' ')
            b->len -= 2;
    }
}

void json_strip_nulls(run *r, const run_step *s)
{
    ds_buf b = json_buffer(r);
    RUN_EACH_OK(r, s, i)
    {
        ds_slice v = json_arg(r, s, 0, i);
        uint32_t from = json_room(&b, v.len);
        strip_nulls(&b, v, from);
        RUN_DST(r, s)->v.str[i] = json_since(&b, from);
    }
}

static void new_line(ds_buf *b, uint32_t depth)
{
    ds_buf_add(b, "\n", 1);
    for (uint32_t i = 0; i < depth; i++)
        ds_buf_add(b, "    ", 4);
}

/* Blanks can be many more than what stands between them. */
static void pretty(ds_buf *b, ds_slice v)
{
    const uint8_t *p = v.ptr, *end = v.ptr + v.len;
    uint32_t depth = 0, from = b->len;
    while (p < end && !json_large(b, from)) {
        const uint8_t *to = *p == '"' ? skip_string(p) : p + 1;
        if (*p == '}' || *p == ']')
            new_line(b, --depth);
        ds_buf_add(b, p, (uint32_t)(to - p));
        if (*p == '{' || *p == '[') {
            depth++;
            if (*to != '}' && *to != ']')
                new_line(b, depth);
        } else if (*p == ',') {
            new_line(b, depth);
            to++; /* no space there */
        }
        p = to;
    }
}

void json_pretty(run *r, const run_step *s)
{
    ds_buf b = json_buffer(r);
    RUN_EACH_OK(r, s, i)
    {
        ds_slice v = json_arg(r, s, 0, i);
        uint32_t from = json_room(&b, 2 * v.len);
        pretty(&b, v);
        RUN_DST(r, s)->v.str[i] = json_since(&b, from);
        if (json_large(&b, from))
            run_error(r, s, i, "E0704", "requested length too large");
        else
            (void)run_may(r, s, i, b.len - from);
    }
}
