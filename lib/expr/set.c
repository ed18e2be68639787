/* SPDX-License-Identifier: Apache-2.0 */
/*
 * set.c - set-returning functions: a row becomes as many as its set has.
 */
#include "expr/exprs.h"

typedef struct set_out {
    ds_arena *arena;
    ds_slice *parts;
    uint32_t *rows; /* of the input */
    uint32_t n, cap;
    bool nulls;
} set_out;

typedef struct set_ctx {
    const ds_exprs *e;
    const ds_batch *in;
    const ds_eval *ev;
    set_out out;
    const ds_col *args; /* of the set function */
    uint32_t n_args;
    regex_run re;
} set_ctx;

static void set_add(set_out *o, uint32_t row, const uint8_t *p, uint32_t len)
{
    if (o->n == o->cap) {
        uint32_t cap = 2 * o->cap;
        ds_slice *parts = ds_new(o->arena, ds_slice, cap);
        uint32_t *rows = ds_new(o->arena, uint32_t, cap);
        memcpy(parts, o->parts, sizeof *parts * o->n);
        memcpy(rows, o->rows, sizeof *rows * o->n);
        o->parts = parts;
        o->rows = rows;
        o->cap = cap;
    }
    o->rows[o->n] = row;
    o->parts[o->n++] = (ds_slice){p, len};
}

static ds_slice set_arg(const set_ctx *c, uint32_t k, uint32_t row)
{
    if (ds_col_is_null(&c->args[k], row))
        return DS_NULL_SLICE;
    return c->args[k].v.str[row];
}

static uint32_t next_char(ds_slice t, uint32_t at)
{
    at++;
    while (at < t.len && (t.ptr[at] & 0xc0) == 0x80)
        at++;
    return at;
}

/* ---- regexp_split_to_table ---- */

/* The word count's pattern, without a call per part. */
static void split_spaces(set_ctx *c, uint32_t row, ds_slice t)
{
    const uint8_t *p = t.ptr, *end = t.ptr + t.len, *begin = p;
    while (p < end) {
        uint32_t n;
        if (*p > ' ' && *p < 0xe1) {
            p++;
            continue;
        }
        n = regex_space(p, end);
        if (n == 0) {
            p++;
            continue;
        }
        set_add(&c->out, row, begin, (uint32_t)(p - begin));
        do
            p += n;
        while (p < end && (n = regex_space(p, end)) != 0);
        begin = p;
    }
    set_add(&c->out, row, begin, (uint32_t)(end - begin));
}

/* Empty matches at the start, at the end and right after a match do not
 * count. */
static bool split_regex(set_ctx *c, uint32_t row, ds_slice t)
{
    uint32_t from = 0, part = 0, last_end = 0, begin, end;
    regex_text(&c->re, t);
    while (from <= t.len) {
        regex_rc rc = regex_next(&c->re, t, from, &begin, &end);
        if (rc == REGEX_LIMIT)
            return false;
        if (rc == REGEX_NONE)
            break;
        if (begin < t.len && end > last_end) {
            set_add(&c->out, row, t.ptr + part, begin - part);
            part = end;
        }
        last_end = end;
        from = begin == end ? next_char(t, end) : end;
    }
    set_add(&c->out, row, t.ptr + part, t.len - part);
    return true;
}

static void set_regexp(set_ctx *c, uint32_t row)
{
    ds_slice t = set_arg(c, 0, row);
    if (t.ptr == NULL || c->e->set_regex == NULL)
        return;
    uint32_t n = c->out.n;
    if (c->e->set_regex->shape == REGEX_SPACES) {
        split_spaces(c, row, t);
    } else if (!split_regex(c, row, t)) {
        c->out.n = n;
        run_row_error(c->ev, c->in, row, (uint32_t)c->e->set_item, "E0704",
                      "the regular expression takes too long on this text");
    }
}

/* ---- string_to_table ---- */

static void part_add(set_ctx *c, uint32_t row, const uint8_t *p, uint32_t len,
                     ds_slice null)
{
    bool is_null = null.ptr && null.len == len && memcmp(p, null.ptr, len) == 0;
    c->out.nulls = c->out.nulls || is_null;
    set_add(&c->out, row, is_null ? NULL : p, len);
}

static void set_string(set_ctx *c, uint32_t row)
{
    ds_slice t = set_arg(c, 0, row), sep = set_arg(c, 1, row);
    ds_slice null = c->n_args > 2 ? set_arg(c, 2, row) : DS_NULL_SLICE;
    uint32_t from = 0;
    if (t.ptr == NULL || t.len == 0)
        return;
    if (sep.ptr == NULL) {
        for (uint32_t to; from < t.len; from = to) {
            to = next_char(t, from);
            part_add(c, row, t.ptr + from, to - from, null);
        }
        return;
    }
    while (sep.len) {
        const uint8_t *p = memmem(t.ptr + from, t.len - from, sep.ptr, sep.len);
        if (p == NULL)
            break;
        part_add(c, row, t.ptr + from, (uint32_t)(p - t.ptr) - from, null);
        from = (uint32_t)(p - t.ptr) + sep.len;
    }
    part_add(c, row, t.ptr + from, t.len - from, null);
}

/* ---- the batch ---- */

static void set_expand(set_ctx *c)
{
    bool regexp =
        strcmp(c->e->items[c->e->set_item]->f->name, "string_to_table") != 0;
    bool match = regexp && c->e->set_regex;
    if (match)
        regex_begin(&c->re, c->e->set_regex);
    DS_EACH (c->in, i) {
        if (c->ev->errs->bad && ds_bit_get(c->ev->errs->bad, i))
            continue;
        if (regexp)
            set_regexp(c, i);
        else
            set_string(c, i);
    }
    if (match)
        regex_end(&c->re);
}

static ds_col set_column(const set_ctx *c)
{
    ds_col col = {.v.str = c->out.parts};
    if (!c->out.nulls)
        return col;
    uint64_t *valid = ds_bits_new(c->ev->arena, c->out.n, true);
    for (uint32_t i = 0; i < c->out.n; i++)
        if (c->out.parts[i].ptr == NULL)
            ds_bit_clear(valid, i);
    col.valid = valid;
    return col;
}

static const uint32_t *set_records(const set_ctx *c)
{
    if (c->in->env == NULL || c->in->rec == NULL)
        return c->out.rows;
    uint32_t *rec = ds_new(c->ev->arena, uint32_t, c->out.n + 1);
    for (uint32_t i = 0; i < c->out.n; i++)
        rec[i] = c->in->rec[c->out.rows[i]];
    return rec;
}

ds_rc ds_exprs_eval_set(const ds_exprs *e, const ds_batch *in,
                        const ds_eval *ev, const ds_batch **out, ds_err *err)
{
    ds_arena *a = ev->arena;
    if (e->set_item < 0)
        return ds_fail(err, DS_E_INVALID, "the list returns no set");
    ds_col *slots = ds_new(a, ds_col, e->n_slots + 1);
    DS_TRY(exprs_eval_slots(e, in, ev, slots));
    const tx *set = e->items[e->set_item];
    set_ctx c = {.e = e, .in = in, .ev = ev, .n_args = set->n_args};
    c.args = slots + e->set_item; /* one slot per item before it */
    c.out.arena = a;
    c.out.cap = 4 * in->n_sel + 16;
    c.out.parts = ds_new(a, ds_slice, c.out.cap);
    c.out.rows = ds_new(a, uint32_t, c.out.cap);
    set_expand(&c);

    ds_batch *b = ds_new(a, ds_batch, 1);
    ds_col *cols = ds_new(a, ds_col, e->schema.n);
    for (uint32_t i = 0, slot = 0; i < e->schema.n; i++) {
        if ((int)i == e->set_item) {
            cols[i] = set_column(&c);
            slot += set->n_args;
            continue;
        }
        cols[i] = ds_col_gather(&slots[slot++], e->schema.fields[i].type,
                                c.out.rows, c.out.n, a);
    }
    *b = (ds_batch){.schema = &e->schema,
                    .cols = cols,
                    .n = c.out.n,
                    .n_sel = c.out.n,
                    .env = in->env,
                    .rec = set_records(&c),
                    .arena = a};
    *out = b;
    return DS_OK;
}
