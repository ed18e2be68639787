/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_splice.c - jsonb_set, jsonb_insert, #-: changes at the end of a path.
 *
 * A change is one place in the text where something goes out and something
 * comes in:
 *
 *     {"a": [1, 2], "c": 3}     set {a,1} to 9: "2" goes, "9" comes
 *     |    before  |  after |   set {b} to 9: nothing goes, "b": 9 comes
 */
#include "expr/json.h"

typedef enum splice_kind {
    SPLICE_SET,     /* replace, or add what is not there */
    SPLICE_REPLACE, /* only what is there */
    SPLICE_DELETE,
    SPLICE_BEFORE, /* insert */
    SPLICE_AFTER,
} splice_kind;

typedef struct splice {
    splice_kind kind;
    ds_slice value; /* the new one */
    /* What comes of it: text[from, to) becomes pre key mid value post. */
    const uint8_t *from, *to;
    const char *pre, *mid, *post;
    ds_slice key; /* to be quoted; null: none */
    bool comes;   /* the value */
    bool none;    /* nothing changes */
} splice;

static bool adds(const splice *p)
{
    return p->kind != SPLICE_REPLACE && p->kind != SPLICE_DELETE;
}

static void out(splice *p, const uint8_t *from, const uint8_t *to)
{
    p->from = from;
    p->to = to;
    p->none = false;
}

static void in(splice *p, const uint8_t *at, const char *pre, const char *post)
{
    out(p, at, at);
    p->pre = pre;
    p->post = post;
    p->comes = true;
}

/* The member from..to goes, with a comma. */
static void take_out(splice *p, ds_slice container, const uint8_t *from,
                     const uint8_t *to)
{
    const uint8_t *first = container.ptr + 1;
    if (*to == ',')
        to += 2;
    else if (from > first)
        from -= 2;
    out(p, from, to);
}

static void at_element(splice *p, ds_slice array, ds_slice value)
{
    const uint8_t *to = value.ptr + value.len;
    switch (p->kind) {
    case SPLICE_DELETE:
        take_out(p, array, value.ptr, to);
        break;
    case SPLICE_BEFORE:
        in(p, value.ptr, "", ", ");
        break;
    case SPLICE_AFTER:
        in(p, to, ", ", "");
        break;
    default:
        in(p, value.ptr, "", "");
        p->to = to;
    }
}

/* The element that a step names; its place if it is not there. */
static bool find_element(splice *p, ds_slice array, int64_t at, bool last,
                         ds_slice *value)
{
    uint32_t n = jsonb_count(array);
    const uint8_t *end = array.ptr + array.len - 1;
    bool before = at < 0 && at + n < 0;
    *value = DS_NULL_SLICE;
    if (at < 0 && !before)
        at += n;
    if (!before && at < n) {
        *value = jsonb_element(array, at);
        return true;
    }
    if (last && adds(p)) {
        const char *comma = n ? ", " : "";
        if (before || n == 0)
            in(p, array.ptr + 1, "", comma);
        else
            in(p, end, comma, "");
    }
    return false;
}

static void at_member(splice *p, ds_slice object, ds_slice key, ds_slice value)
{
    const uint8_t *to = value.ptr + value.len;
    if (p->kind == SPLICE_DELETE) {
        take_out(p, object, key.ptr, to);
        return;
    }
    in(p, value.ptr, "", "");
    p->to = to;
}

/* Where a new key belongs. */
static void add_key(splice *p, ds_slice object, ds_slice name, ds_arena *a)
{
    ds_slice key, value, quoted;
    const uint8_t *at = object.ptr + 1;
    ds_buf b;
    ds_buf_init(&b, a, name.len + 16);
    jsonb_add_string(&b, name);
    quoted = json_since(&b, 0);
    p->key = quoted;
    p->mid = ": ";
    for (jsonb_iter it = jsonb_begin(object); jsonb_next(&it, &key, &value);) {
        if (jsonb_key_cmp(quoted, key) < 0) {
            in(p, key.ptr, "", ", ");
            return;
        }
        at = value.ptr + value.len;
    }
    in(p, at, at == object.ptr + 1 ? "" : ", ", "");
}

static bool find_member(ds_slice object, ds_slice name, ds_slice *key,
                        ds_slice *value)
{
    for (jsonb_iter it = jsonb_begin(object); jsonb_next(&it, key, value);)
        if (jsonb_string_is(*key, name))
            return true;
    return false;
}

/* ---- the walk ---- */

/* One step; *v is what it leads to, a null slice: this was the last. */
static const char *step(splice *p, ds_slice *v, ds_slice name, bool last,
                        uint32_t position, ds_arena *a)
{
    ds_slice container = *v, key;
    int64_t at;
    *v = DS_NULL_SLICE;
    if (*container.ptr == '[') {
        if (!json_index(name, &at))
            return ds_str_printf(
                a, "path element at position %u is not an integer: \"%.*s\"",
                position, (int)(name.len < 200 ? name.len : 200),
                (const char *)name.ptr);
        if (find_element(p, container, at, last, v) && last)
            at_element(p, container, *v);
        return NULL;
    }
    if (*container.ptr != '{')
        return NULL;
    if (find_member(container, name, &key, v)) {
        if (!last)
            return NULL;
        if (p->kind == SPLICE_BEFORE || p->kind == SPLICE_AFTER)
            return "cannot replace existing key";
        at_member(p, container, key, *v);
        return NULL;
    }
    *v = DS_NULL_SLICE;
    if (last && adds(p))
        add_key(p, container, name, a);
    return NULL;
}

/* NULL, or why not. */
static const char *splice_find(splice *p, ds_slice v, ds_slice path,
                               ds_arena *a)
{
    nested_iter it = nested_begin(ds_array_type(DS_STR), path);
    ds_value name;
    bool null;
    p->none = true;
    p->pre = p->mid = p->post = "";
    p->key = DS_NULL_SLICE;
    p->comes = false;
    for (uint32_t i = 1; v.ptr && nested_next(&it, NULL, &null, &name); i++) {
        if (null)
            return ds_str_printf(a, "path element at position %u is null", i);
        const char *why = step(p, &v, name.s, i == it.n, i, a);
        if (why)
            return why;
    }
    return NULL;
}

static void splice_write(const splice *p, ds_slice v, ds_buf *b)
{
    ds_buf_add(b, v.ptr, (uint32_t)(p->from - v.ptr));
    ds_buf_str(b, p->pre);
    ds_buf_add(b, p->key.ptr, p->key.len);
    ds_buf_str(b, p->mid);
    if (p->comes)
        ds_buf_add(b, p->value.ptr, p->value.len);
    ds_buf_str(b, p->post);
    ds_buf_add(b, p->to, (uint32_t)(v.ptr + v.len - p->to));
}

static void change(run *r, const run_step *s, uint32_t row, splice *p,
                   ds_buf *b)
{
    ds_slice v = json_arg(r, s, 0, row);
    RUN_DST(r, s)->v.str[row] = v;
    if (json_is_scalar(v)) {
        run_error(r, s, row, "E0704", "cannot %s path in scalar",
                  p->kind == SPLICE_DELETE ? "delete" : "set");
        return;
    }
    if (v.len == 2 && !adds(p))
        return;
    const char *why = splice_find(p, v, json_arg(r, s, 1, row), r->ev->arena);
    if (why)
        run_error(r, s, row, "E0704", "%s", why);
    if (why || p->none)
        return;
    uint32_t from = json_room(b, v.len + p->value.len + p->key.len + 8);
    splice_write(p, v, b);
    json_give(r, s, row, json_since(b, from));
}

/* ---- the functions ---- */

void json_delete_path(run *r, const run_step *s)
{
    ds_buf b = json_buffer(r);
    RUN_EACH_OK(r, s, i)
    {
        splice p = {.kind = SPLICE_DELETE};
        change(r, s, i, &p, &b);
    }
}

/* A boolean argument that may be left out. */
static bool flag(const run *r, const run_step *s, uint32_t k, uint32_t row,
                 bool otherwise)
{
    return k < s->n_args ? RUN_ARG(r, s, k)->v.b[row] : otherwise;
}

void json_set(run *r, const run_step *s)
{
    ds_buf b = json_buffer(r);
    RUN_EACH_OK(r, s, i)
    {
        splice p = {.kind =
                        flag(r, s, 3, i, true) ? SPLICE_SET : SPLICE_REPLACE};
        p.value = json_arg(r, s, 2, i);
        change(r, s, i, &p, &b);
    }
}

void json_insert(run *r, const run_step *s)
{
    ds_buf b = json_buffer(r);
    RUN_EACH_OK(r, s, i)
    {
        splice p = {.kind =
                        flag(r, s, 3, i, false) ? SPLICE_AFTER : SPLICE_BEFORE};
        p.value = json_arg(r, s, 2, i);
        change(r, s, i, &p, &b);
    }
}

/* How a NULL value is treated; false: the row has an error or is done. */
static bool treat_null(run *r, const run_step *s, uint32_t row, splice *p)
{
    ds_slice how = ds_slice_of("use_json_null");
    if (s->n_args > 4)
        how = json_arg_null(r, s, 4, row) ? DS_NULL_SLICE
                                          : json_arg(r, s, 4, row);
    RUN_DST(r, s)->v.str[row] = json_arg(r, s, 0, row);
    if (how.ptr == NULL) {
        run_error(r, s, row, "E0704",
                  "null_value_treatment must be \"delete_key\", "
                  "\"return_target\", \"use_json_null\", or "
                  "\"raise_exception\"");
        return false;
    }
    if (!json_arg_null(r, s, 2, row)) {
        p->value = json_arg(r, s, 2, row);
        return true;
    }
    p->value = ds_slice_of("null");
    if (ds_slice_eq(how, ds_slice_of("use_json_null")))
        return true;
    if (ds_slice_eq(how, ds_slice_of("delete_key")))
        p->kind = SPLICE_DELETE;
    else if (ds_slice_eq(how, ds_slice_of("raise_exception")))
        run_error(r, s, row, "E0704", "JSON value must not be null");
    else if (!ds_slice_eq(how, ds_slice_of("return_target")))
        run_error(r, s, row, "E0704",
                  "null_value_treatment must be \"delete_key\", "
                  "\"return_target\", \"use_json_null\", or "
                  "\"raise_exception\"");
    return p->kind == SPLICE_DELETE;
}

void json_set_lax(run *r, const run_step *s)
{
    ds_buf b = json_buffer(r);
    RUN_EACH(r, s, i)
    {
        if (json_arg_null(r, s, 0, i) || json_arg_null(r, s, 1, i) ||
            (s->n_args > 3 && json_arg_null(r, s, 3, i))) {
            run_set_null(r, s->dst, i);
            continue;
        }
        splice p = {.kind =
                        flag(r, s, 3, i, true) ? SPLICE_SET : SPLICE_REPLACE};
        if (treat_null(r, s, i, &p))
            change(r, s, i, &p, &b);
    }
}
