/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text_list.c - texts to arrays and back: string_to_array, array_to_string,
 * string_to_table.
 */
#include "expr/set_run.h"
#include "expr/text.h"

/* The parts of a text between separators. */
typedef struct parts {
    ds_slice text;
    const ds_slice *sep; /* NULL: each character is a part */
    uint32_t at;
    bool done;
} parts;

static bool parts_next(parts *p, ds_slice *part)
{
    if (p->done)
        return false;
    *part = (ds_slice){p->text.ptr + p->at, p->text.len - p->at};
    if (p->sep == NULL) {
        part->len = text_char_at(p->text, p->at);
        p->at += part->len;
        p->done = p->at >= p->text.len;
        return true;
    }
    uint32_t at =
        p->sep->len ? text_find(p->text, *p->sep, p->at) : TEXT_NOWHERE;
    p->done = at == TEXT_NOWHERE;
    if (p->done)
        return true;
    part->len = at - p->at;
    p->at = at + p->sep->len;
    return true;
}

static bool same(ds_slice a, ds_slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* ---- string_to_array ---- */

typedef struct list {
    ds_arena *arena;
    ds_value *values;
    bool *nulls;
    uint32_t n, cap;
} list;

static void list_add(list *l, ds_slice s, bool null)
{
    if (l->n == l->cap) {
        uint32_t cap = l->cap ? 2 * l->cap : 16;
        ds_value *values = ds_new(l->arena, ds_value, cap);
        bool *nulls = ds_new(l->arena, bool, cap);
        if (l->n) {
            memcpy(values, l->values, sizeof *values * l->n);
            memcpy(nulls, l->nulls, sizeof *nulls * l->n);
        }
        l->values = values;
        l->nulls = nulls;
        l->cap = cap;
    }
    l->values[l->n].s = s;
    l->nulls[l->n++] = null;
}

void text_to_array(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    list l = {.arena = r->ev->arena};
    RUN_DST(r, s)->valid = NULL;
    RUN_EACH(r, s, i)
    {
        if (text_null_arg(r, s, 0, i)) {
            run_set_null(r, s->dst, i);
            continue;
        }
        const ds_slice *null =
            s->n_args > 2 && !text_null_arg(r, s, 2, i) ? &ARG_STR(2)[i] : NULL;
        parts p = {.text = ARG_STR(0)[i],
                   .sep = text_null_arg(r, s, 1, i) ? NULL : &ARG_STR(1)[i]};
        ds_slice part;
        p.done = p.text.len == 0;
        l.n = 0;
        while (parts_next(&p, &part))
            list_add(&l, part, null && same(part, *null));
        out[i] = array_make(DS_STR, l.values, l.nulls, l.n, r->ev->arena);
    }
}

/* ---- string_to_table ---- */

void text_to_table(set_row *row, const ds_value *args, const bool *nulls)
{
    if (nulls[0])
        return;
    parts p = {.text = args[0].s, .sep = nulls[1] ? NULL : &args[1].s};
    p.done = p.text.len == 0;
    bool null = row->n_args > 2 && !nulls[2];
    ds_value part;
    if (!null && p.sep && p.sep->len == 1 && !p.done) {
        set_put_parts(row->ctx, row->row, p.text, p.sep->ptr[0]);
        return;
    }
    while (parts_next(&p, &part.s))
        set_emit(row, &part, null && same(part.s, args[2].s));
}

/* ---- array_to_string ---- */

static void put_value(ds_buf *b, ds_type type, const ds_value *v)
{
    if (type == DS_STR) {
        ds_buf_add(b, v->s.ptr, v->s.len);
    } else if (type == DS_BOOL) {
        ds_buf_str(b, v->b ? "t" : "f");
    } else {
        ds_col c = {.v.p = v};
        ds_show_text(b, type, &c, 0);
    }
}

static ds_slice join(run *r, const run_step *s, uint32_t i,
                     const ds_slice *null_text)
{
    ds_slice sep = ARG_STR(1)[i], a = ARG_STR(0)[i];
    nested_iter it = nested_begin(s->types[0], a);
    ds_buf b;
    bool null, any = false;
    ds_value v;
    ds_buf_init(&b, r->ev->arena, a.len + 16);
    while (b.len < TEXT_MAX && nested_next(&it, NULL, &null, &v)) {
        if (null && null_text == NULL)
            continue;
        if (any)
            ds_buf_add(&b, sep.ptr, sep.len);
        any = true;
        if (null)
            ds_buf_add(&b, null_text->ptr, null_text->len);
        else
            put_value(&b, ds_type_elem(s->types[0]), &v);
    }
    ds_slice out = {(const uint8_t *)b.s, b.len};
    (void)text_fits(r, s, i, b.len, &out);
    return out;
}

void text_from_array(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_DST(r, s)->valid = NULL;
    RUN_EACH(r, s, i)
    {
        bool null = s->n_args > 2 && !text_null_arg(r, s, 2, i);
        if (text_null_arg(r, s, 0, i) || text_null_arg(r, s, 1, i))
            run_set_null(r, s->dst, i);
        else
            out[i] = join(r, s, i, null ? &ARG_STR(2)[i] : NULL);
    }
}
