/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame.c - rows in the order of a window, and the frame of each.
 */
#include <math.h>

#include "query/frame.h"

#include "record/nested.h"

/* ---- parts and peers ---- */

static void mark_runs(frame_range *out, const bool *begins, uint32_t n)
{
    for (uint32_t from = 0; from < n;) {
        uint32_t end = from + 1;
        while (end < n && !begins[end])
            end++;
        for (uint32_t p = from; p < end; p++)
            out[p] = (frame_range){from, end};
        from = end;
    }
}

static ds_rc frames_sort(evaluation *e, const rel_over *o, const ds_batch *rows,
                         frames *f)
{
    ds_arena *a = e->arena;
    uint32_t n = rows->n, n_keys = o->n_parts + o->n_order;
    ds_col *keys = ds_new(a, ds_col, n_keys + 4);
    rel_order *order = ds_new(a, rel_order, n_keys + 1);
    bool *part = ds_new(a, bool, n + 1), *peer = ds_new(a, bool, n + 1);
    static const ds_schema none = {0, NULL};
    const ds_schema *schema = o->keys ? ds_exprs_schema(o->keys) : &none;
    if (o->keys)
        DS_TRY(eval_exprs(e, o->keys, rows, keys));
    for (uint32_t i = 0; i < o->n_parts; i++)
        order[i] = (rel_order){i, false, false};
    for (uint32_t i = 0; i < o->n_order; i++)
        order[o->n_parts + i] = o->order[i];
    uint32_t *at = order_rows(keys, schema, order, n_keys, n, a);
    for (uint32_t p = 1; p < n; p++) {
        part[p] =
            !order_equal(keys, schema, order, o->n_parts, at[p - 1], at[p]);
        peer[p] = part[p] || !order_equal(keys, schema, o->order, o->n_order,
                                          at[p - 1], at[p]);
    }
    f->n = n;
    f->rows = at;
    f->keys = keys;
    if (o->range_key != REL_NO_COL && o->keys)
        f->range_type = schema->fields[o->range_key].type;
    f->part = ds_new(a, frame_range, n + 1);
    f->peers = ds_new(a, frame_range, n + 1);
    f->peer_number = ds_new(a, uint32_t, n + 1);
    mark_runs(f->part, part, n);
    mark_runs(f->peers, peer, n);
    for (uint32_t p = 1; p < n; p++)
        f->peer_number[p] = part[p] ? 0 : f->peer_number[p - 1] + peer[p];
    return DS_OK;
}

/* ---- bounds ---- */

/* Below zero, or no number. */
static bool is_negative(ds_type type, const ds_col *value)
{
    ds_value zero = {.num = {0, 0, 0, 0}}, v = ds_col_value(value, type, 0);
    bool nan =
        (type == DS_F64 && isnan(v.f)) || (type == DS_NUM && v.num.kind == 2);
    return nan || ds_value_cmp(type, &v, &zero) < 0;
}

/* The x of x PRECEDING, at most n: further makes no difference. */
static ds_rc bound_by(evaluation *e, const ds_exprs *by, ds_frame_mode mode,
                      const ds_batch *rows, const char *which, uint32_t *out)
{
    static const uint32_t first = 0;
    ds_col value;
    *out = 0;
    if (by == NULL || rows->n == 0)
        return DS_OK;
    const ds_batch *one = eval_gather(e, rows, rows->schema->n, &first, 1);
    DS_TRY(eval_exprs(e, by, one, &value));
    ds_type type = ds_exprs_schema(by)->fields[0].type;
    const char *why = NULL;
    if (ds_col_is_null(&value, 0))
        why =
            ds_str_printf(e->arena, "frame %s offset must not be null", which);
    else if (is_negative(type, &value))
        why =
            mode == DS_FRAME_RANGE
                ? "invalid preceding or following size in window function"
                : ds_str_printf(e->arena,
                                "frame %s offset must not be negative", which);
    if (why)
        return eval_error(e, DS_SQL_NO_ROW, "E0704", why);
    if (mode != DS_FRAME_RANGE)
        *out = value.v.i64[0] < rows->n ? (uint32_t)value.v.i64[0] : rows->n;
    return DS_OK;
}

/* Of each part the groups of peers, by number: where they begin. */
typedef struct peer_list {
    uint32_t
        *from;   /* of group k of the part that begins at place s: from[s+k] */
    uint32_t *n; /* groups of the part that begins at place s */
} peer_list;

static peer_list peers_list(const frames *f, ds_arena *a)
{
    peer_list l = {ds_new(a, uint32_t, f->n + 1),
                   ds_new(a, uint32_t, f->n + 1)};
    for (uint32_t p = 0; p < f->n; p++) {
        uint32_t s = f->part[p].from;
        l.from[s + f->peer_number[p]] = f->peers[p].from;
        l.n[s] = f->peer_number[p] + 1;
    }
    return l;
}

/* Where the group of peers `by` further begins, or the part ends. */
static uint32_t group_at(const frames *f, const peer_list *l, uint32_t p,
                         int64_t by)
{
    uint32_t s = f->part[p].from;
    int64_t k = (int64_t)f->peer_number[p] + by;
    if (k < 0)
        return s;
    return k < l->n[s] ? l->from[s + (uint32_t)k] : f->part[p].end;
}

static uint32_t row_at(const frames *f, uint32_t p, int64_t by)
{
    int64_t at = (int64_t)p + by;
    if (at < f->part[p].from)
        return f->part[p].from;
    return at < f->part[p].end ? (uint32_t)at : f->part[p].end;
}

/* The first place of [from, end) whose key is NULL, or is not. */
static uint32_t null_edge(const frames *f, const ds_col *key, uint32_t from,
                          uint32_t end, bool null)
{
    while (from < end) {
        uint32_t mid = from + (end - from) / 2;
        if (ds_col_is_null(key, f->rows[mid]) == null)
            end = mid;
        else
            from = mid + 1;
    }
    return from;
}

/* inf - inf: all values but NaN are within an infinite distance. */
static void range_infinite(ds_type type, const ds_col *key, uint32_t row,
                           bool most, ds_value *bound)
{
    if (type == DS_F64 && isnan(bound->f) && !isnan(key->v.f64[row]))
        bound->f = most ? INFINITY : -INFINITY;
    if (type == DS_NUM && bound->num.kind == 2 && key->v.num[row].kind != 2)
        bound->num.kind = most ? 1 : -1;
}

/* Where the values begin that are not before a place's bound, or (`after`) are
 * behind it. A NULL has the other NULLs around it and no values. */
static uint32_t range_edge(const frames *f, const rel_over *o, uint32_t p,
                           uint32_t col, int64_t after)
{
    const ds_col *key = &f->keys[o->range_key];
    ds_type type = f->range_type;
    uint32_t row = f->rows[p], from = f->part[p].from, end = f->part[p].end;
    if (ds_col_is_null(key, row))
        return after ? f->peers[p].end : f->peers[p].from;
    if (o->order[0].nulls_first)
        from = null_edge(f, key, from, end, false);
    else
        end = null_edge(f, key, from, end, true);
    ds_value bound = ds_col_value(&f->keys[col], type, row);
    range_infinite(type, key, row, (after == 1) != o->order[0].desc, &bound);
    while (from < end) {
        uint32_t mid = from + (end - from) / 2;
        ds_value v = ds_col_value(key, type, f->rows[mid]);
        int c = ds_value_cmp(type, &v, &bound);
        c = o->order[0].desc ? -c : c;
        if (after ? c > 0 : c >= 0)
            end = mid;
        else
            from = mid + 1;
    }
    return from;
}

/* Where a frame begins (`after` 0) or ends (`after` 1: behind its last). */
static uint32_t frame_edge(const frames *f, const rel_over *o,
                           const peer_list *l, uint32_t p, ds_frame_bound bound,
                           uint32_t by, int64_t after)
{
    int64_t move = bound == DS_BOUND_PRECEDING ? -(int64_t)by : by;
    if (bound == DS_BOUND_FIRST)
        return f->part[p].from;
    if (bound == DS_BOUND_LAST)
        return f->part[p].end;
    if (bound == DS_BOUND_CURRENT)
        move = 0;
    else if (o->mode == DS_FRAME_RANGE)
        return range_edge(f, o, p, after ? o->range_end : o->range_start,
                          after);
    return o->mode == DS_FRAME_ROWS ? row_at(f, p, move + after)
                                    : group_at(f, l, p, move + after);
}

ds_rc frames_make(evaluation *e, const rel_over *o, const ds_batch *rows,
                  frames *f)
{
    uint32_t start, end;
    *f = (frames){.exclude = o->exclude};
    DS_TRY(frames_sort(e, o, rows, f));
    DS_TRY(bound_by(e, o->start_by, o->mode, rows, "starting", &start));
    DS_TRY(bound_by(e, o->end_by, o->mode, rows, "ending", &end));
    peer_list l = peers_list(f, e->arena);
    f->frame = ds_new(e->arena, frame_range, f->n + 1);
    f->whole = o->exclude == DS_EXCLUDE_NONE;
    for (uint32_t p = 0; p < f->n; p++) {
        f->frame[p].from = frame_edge(f, o, &l, p, o->start, start, 0);
        f->frame[p].end = frame_edge(f, o, &l, p, o->end, end, 1);
        f->whole = f->whole && f->frame[p].from == f->part[p].from &&
                   f->frame[p].end == f->part[p].end;
    }
    return DS_OK;
}

/* ---- EXCLUDE ---- */

static uint32_t range_add(frame_range *out, uint32_t n, uint32_t from,
                          uint32_t end)
{
    if (from >= end)
        return n;
    out[n] = (frame_range){from, end};
    return n + 1;
}

static uint32_t least(uint32_t x, uint32_t y)
{
    return x < y ? x : y;
}

static uint32_t most(uint32_t x, uint32_t y)
{
    return x > y ? x : y;
}

uint32_t frames_ranges(const frames *f, uint32_t p,
                       frame_range out[FRAME_RANGES])
{
    frame_range in = f->frame[p], cut = f->peers[p];
    uint32_t n = 0;
    if (f->exclude == DS_EXCLUDE_NONE)
        return range_add(out, 0, in.from, in.end);
    if (f->exclude == DS_EXCLUDE_CURRENT)
        cut = (frame_range){p, p + 1};
    n = range_add(out, n, in.from, least(in.end, cut.from));
    if (f->exclude == DS_EXCLUDE_TIES && p >= in.from && p < in.end)
        n = range_add(out, n, p, p + 1);
    return range_add(out, n, most(in.from, cut.end), in.end);
}
