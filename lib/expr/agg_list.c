/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agg_list.c - aggregates that need their rows in order, or each once, or all.
 *
 * The arguments and ORDER BY keys of all groups' rows lie side by side in
 * columns, in order of arrival, with the group of each; DISTINCT is one hash
 * table of groups and arguments. When the result is asked for the rows are put
 * group by group, and sorted within each. Rows that are equal by the keys stay
 * in order of arrival.
 *
 * A list crosses a repartition in pieces of bounded size:
 *
 *     byte 0   version (1)
 *     per row  u32 length, a row of the arguments and keys (rowfmt.h)
 */
#include <stdlib.h>

#include "expr/agg.h"
#include "record/groups.h"
#include "record/nested.h"
#include "record/rowfmt.h"
#include "record/sort.h"

enum { LIST_VERSION = 1, LIST_PIECE = 64 * 1024 };

struct agg_list {
    uint32_t n, cap;
    uint32_t *group;
    uint8_t **values; /* per column */
    uint64_t **valid;
    ds_groups *seen; /* DISTINCT: group and arguments */
    /* While parts are asked for: rows by group, and the next one of each. */
    ds_slice *rows;
    const uint32_t *starts;
    uint32_t *next;
};

agg_list *agg_list_new(const ds_agg *agg, ds_arena *a)
{
    agg_list *l = ds_new(a, agg_list, 1);
    l->values = ds_new(a, uint8_t *, agg->n_cols + 1);
    l->valid = ds_new(a, uint64_t *, agg->n_cols + 1);
    if (agg->distinct) {
        ds_type *types = ds_new(a, ds_type, agg->n_args + 1);
        types[0] = DS_I64;
        for (uint32_t c = 0; c < agg->n_args; c++)
            types[c + 1] = agg->args[c];
        l->seen = ds_groups_new(a, types, agg->n_args + 1);
    }
    return l;
}

static void *list_more(ds_arena *a, const void *old, size_t have, size_t want)
{
    void *more = ds_arena_alloc(a, want, 16);
    if (have)
        memcpy(more, old, have);
    return more;
}

static void list_grow(ds_acc *acc, uint32_t n)
{
    agg_list *l = acc->list;
    const ds_agg *agg = acc->agg;
    if (n <= l->cap)
        return;
    DS_BUG_ON(n > UINT32_MAX / 4);
    uint32_t cap = n < 32 ? 64 : 2 * n;
    l->group = list_more(acc->arena, l->group, l->n * sizeof(*l->group),
                         cap * sizeof(*l->group));
    for (uint32_t c = 0; c < agg->n_cols; c++) {
        size_t size = ds_type_size(agg->args[c]);
        l->values[c] =
            list_more(acc->arena, l->values[c], l->n * size, cap * size);
        l->valid[c] = list_more(acc->arena, l->valid[c], (l->n + 63) / 64 * 8,
                                (size_t)(cap + 63) / 64 * 8);
    }
    l->cap = cap;
}

/* ---- rows in ---- */

/* Without rows whose arguments their group has seen. */
static void list_distinct(const ds_acc *acc, agg_rows *in)
{
    const ds_agg *agg = acc->agg;
    ds_arena *a = in->ev->arena;
    agg_list *l = acc->list;
    ds_col *cols = ds_new(a, ds_col, agg->n_args + 1);
    int64_t *group = ds_new(a, int64_t, in->n_batch + 1);
    uint16_t *key = ds_new(a, uint16_t, agg->n_args + 1);
    uint32_t *ids = ds_new(a, uint32_t, in->n_batch + 1);
    uint32_t *sel = ds_new(a, uint32_t, in->n + 1), n = 0;
    ds_batch b = {.cols = cols,
                  .n = in->n_batch,
                  .n_sel = in->n,
                  .sel = in->sel,
                  .arena = a};
    cols[0].v.i64 = group;
    for (uint32_t c = 0; c < agg->n_args; c++) {
        cols[c + 1] = in->cols[c];
        key[c + 1] = (uint16_t)(c + 1);
    }
    AGG_EACH(in, i)
    group[i] = in->group[i];
    uint32_t known = ds_groups_n(l->seen);
    ds_groups_map(l->seen, &b, key, ids);
    AGG_EACH(in, i)
    if (ids[i] >= known) {
        known++;
        sel[n++] = i;
    }
    in->sel = sel;
    in->n = n;
}

static void list_append(ds_acc *acc, const agg_rows *in, uint32_t c)
{
    agg_list *l = acc->list;
    ds_type type = acc->agg->args[c];
    size_t size = ds_type_size(type);
    uint32_t at = l->n;
    bool copies = acc->copies && ds_type_phys(type) == DS_PHYS_SLICE;
    AGG_EACH(in, i)
    {
        if (!ds_col_is_null(&in->cols[c], i)) {
            uint8_t *to = l->values[c] + at * size;
            memcpy(to, (const uint8_t *)in->cols[c].v.p + i * size, size);
            if (copies) {
                ds_slice s;
                memcpy(&s, to, sizeof(s));
                s = ds_slice_copy(acc->arena, s);
                memcpy(to, &s, sizeof(s));
            }
            ds_bit_set(l->valid[c], at);
        }
        at++;
    }
}

void agg_list_add(ds_acc *acc, const agg_rows *rows)
{
    agg_rows in = *rows;
    agg_list *l = acc->list;
    if (in.n == 0)
        return;
    if (l->seen)
        list_distinct(acc, &in);
    list_grow(acc, l->n + in.n);
    for (uint32_t c = 0; c < acc->agg->n_cols; c++)
        list_append(acc, &in, c);
    uint32_t at = l->n;
    AGG_EACH(&in, i)
    l->group[at++] = in.group[i];
    l->n = at;
}

/* ---- order ---- */

static void list_cols(const agg_list *l, const ds_agg *agg, ds_col *cols)
{
    for (uint32_t c = 0; c < agg->n_cols; c++)
        cols[c] = (ds_col){.valid = l->valid[c], .v.p = l->values[c]};
}

/* Group by group, each in order of arrival. */
static agg_order list_by_group(const ds_acc *acc, uint32_t n_groups,
                               ds_arena *a)
{
    const agg_list *l = acc->list;
    uint32_t *starts = ds_new(a, uint32_t, n_groups + 2);
    uint32_t *rows = ds_new(a, uint32_t, l->n + 1);
    ds_col *cols = ds_new(a, ds_col, acc->agg->n_cols + 1);
    list_cols(l, acc->agg, cols);
    for (uint32_t i = 0; i < l->n; i++)
        starts[l->group[i] + 2]++;
    for (uint32_t g = 2; g < n_groups + 2; g++)
        starts[g] += starts[g - 1];
    for (uint32_t i = 0; i < l->n; i++)
        rows[starts[l->group[i] + 1]++] = i;
    return (agg_order){cols, rows, starts, n_groups};
}

/* As ORDER BY says, then as DISTINCT does: by the arguments, ascending. */
static void list_sort(const ds_agg *agg, const agg_order *o, ds_arena *a)
{
    sort_key *keys = ds_new(a, sort_key, agg->n_keys + agg->n_args + 1);
    uint32_t n_keys = 0;
    for (uint32_t k = 0; k < agg->n_keys; k++) {
        const agg_key *key = &agg->keys[k];
        keys[n_keys++] = (sort_key){o->cols[key->col], agg->args[key->col],
                                    key->desc, key->nulls_first};
    }
    for (uint32_t c = 0; agg->distinct && c < agg->n_args; c++)
        keys[n_keys++] = (sort_key){o->cols[c], agg->args[c], false, false};
    if (n_keys == 0)
        return;
    uint32_t *rows = (uint32_t *)(uintptr_t)o->rows;
    uint32_t most = 0;
    for (uint32_t g = 0; g < o->n_groups; g++)
        if (o->starts[g + 1] - o->starts[g] > most)
            most = o->starts[g + 1] - o->starts[g];
    uint32_t *room = ds_new(a, uint32_t, most + 1);
    for (uint32_t g = 0; g < o->n_groups; g++)
        sort_rows(keys, n_keys, rows + o->starts[g],
                  o->starts[g + 1] - o->starts[g], room);
}

/* ---- results ---- */

void agg_list_result(const ds_acc *acc, uint32_t n, const ds_eval *ev,
                     ds_col *out)
{
    const ds_agg *agg = acc->agg;
    agg_order o = list_by_group(acc, n, ev->arena);
    if (agg->type->finish || !(agg->type->flags & AGG_ANY_ORDER))
        list_sort(agg, &o, ev->arena);
    if (agg->type->finish) {
        agg->type->finish(agg, &o, ev, out);
        return;
    }
    ds_acc plain = {.agg = agg, .arena = ev->arena};
    agg_rows in = {.n = acc->list->n,
                   .sel = o.rows,
                   .group = acc->list->group,
                   .cols = o.cols,
                   .ev = ev,
                   .n_batch = acc->list->n};
    agg_grow(&plain, n);
    agg->type->add(&plain, &in);
    agg->type->result(&plain, n, ev, out);
}

/* ---- in parts ---- */

static ds_schema list_schema(const ds_agg *agg, ds_arena *a)
{
    ds_field *fields = ds_new(a, ds_field, agg->n_cols + 1);
    for (uint32_t c = 0; c < agg->n_cols; c++)
        fields[c] = (ds_field){"", agg->args[c], 0, false};
    return (ds_schema){agg->n_cols, fields};
}

/* From row `from` on as many as fit, at least one; the row after them. */
static uint32_t piece_end(const ds_slice *rows, uint32_t from, uint32_t end)
{
    uint64_t size = 1;
    uint32_t i = from;
    for (; i < end; i++) {
        size += 4 + (uint64_t)rows[i].len;
        if (i > from && size > LIST_PIECE)
            break;
    }
    return i;
}

static ds_slice piece_write(const ds_slice *rows, uint32_t from, uint32_t end,
                            ds_arena *a)
{
    size_t size = 1;
    for (uint32_t i = from; i < end; i++)
        size += 4 + (size_t)rows[i].len;
    DS_BUG_ON(size > UINT32_MAX);
    uint8_t *bytes = ds_arena_alloc(a, size, 1), *to = bytes;
    *to++ = LIST_VERSION;
    for (uint32_t i = from; i < end; i++) {
        memcpy(to, &rows[i].len, 4);
        memcpy(to + 4, rows[i].ptr, rows[i].len);
        to += 4 + rows[i].len;
    }
    return (ds_slice){bytes, (uint32_t)size};
}

/* Everything as rows of bytes, group by group. */
static void list_encode(const ds_acc *acc, uint32_t n, ds_arena *a)
{
    agg_list *l = acc->list;
    agg_order o = list_by_group(acc, n, a);
    ds_schema schema = list_schema(acc->agg, a);
    l->rows = ds_new(a, ds_slice, l->n + 1);
    l->starts = o.starts;
    l->next = ds_new(a, uint32_t, n + 1);
    memcpy(l->next, o.starts, n * sizeof(*l->next));
    ds_rows_encode(o.cols, &schema, l->n, o.rows, l->n, a, l->rows);
}

void agg_list_parts(const ds_acc *acc, const uint32_t *groups, uint32_t n,
                    ds_arena *a, ds_col *cols, bool *more)
{
    agg_list *l = acc->list;
    agg_out out = agg_out_new(DS_BYTES, n, a);
    if (groups == NULL)
        list_encode(acc, n, a);
    for (uint32_t k = 0; k < n; k++) {
        uint32_t g = groups ? groups[k] : k, last = l->starts[g + 1];
        if (l->next[g] == last)
            continue;
        uint32_t end = piece_end(l->rows, l->next[g], last);
        ds_slice piece = piece_write(l->rows, l->next[g], end, a);
        agg_out_set(&out, k, &piece);
        l->next[g] = end;
        more[k] = more[k] || end < last;
    }
    cols[0] = agg_out_done(&out);
}

/* Counts the rows of a piece; false: it is none. */
static bool piece_count(ds_slice piece, uint32_t *n)
{
    uint32_t at = 1;
    if (piece.len < 1 || piece.ptr[0] != LIST_VERSION)
        return false;
    while (at < piece.len) {
        uint32_t len;
        if (piece.len - at < 4)
            return false;
        memcpy(&len, piece.ptr + at, 4);
        if (piece.len - at - 4 < len)
            return false;
        at += 4 + len;
        (*n)++;
    }
    return true;
}

static void piece_read(ds_slice piece, ds_slice *rows)
{
    for (uint32_t at = 1; at < piece.len;) {
        memcpy(&rows->len, piece.ptr + at, 4);
        rows->ptr = piece.ptr + at + 4;
        at += 4 + rows->len;
        rows++;
    }
}

void agg_list_merge(ds_acc *acc, const agg_rows *in)
{
    ds_arena *a = in->ev->arena;
    const ds_slice *pieces = in->cols[0].v.str;
    uint32_t total = 0;
    AGG_EACH(in, i)
    {
        if (!piece_count(pieces[i], &total)) {
            agg_bad_part(in, i);
            return;
        }
    }
    ds_slice *rows = ds_new(a, ds_slice, total + 1);
    uint32_t *group = ds_new(a, uint32_t, total + 1);
    uint32_t *from = ds_new(a, uint32_t, total + 1), n = 0;
    AGG_EACH(in, i)
    {
        uint32_t count = 0;
        (void)piece_count(pieces[i], &count);
        piece_read(pieces[i], rows + n);
        for (uint32_t k = 0; k < count; k++, n++) {
            group[n] = in->group[i];
            from[n] = i;
        }
    }
    ds_schema schema = list_schema(acc->agg, a);
    ds_col *cols = ds_new(a, ds_col, acc->agg->n_cols + 1);
    uint64_t *bad = NULL;
    ds_rows_decode(rows, total, &schema, a, cols, &bad);
    for (uint32_t k = 0; bad && k < total; k++)
        if (ds_bit_get(bad, k))
            agg_bad_part(in, from[k]);
    if (bad)
        return;
    agg_rows made = {.n = total,
                     .group = group,
                     .cols = cols,
                     .ev = in->ev,
                     .n_batch = total};
    agg_list_add(acc, &made);
}
