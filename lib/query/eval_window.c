/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eval_window.c - window functions over batches.
 */
#include "query/window_agg.h"

/* A window function that is being computed: its result, by row. */
typedef struct calling {
    evaluation *e;
    const rel_window *w;
    const ds_batch *rows;
    const frames *f;
    ds_col *args;
    ds_col out;
    uint8_t *values;
    uint64_t *valid;
    size_t size;
} calling;

static void put(calling *c, uint32_t place, const void *value)
{
    uint32_t row = c->f->rows[place];
    memcpy(c->values + row * c->size, value, c->size);
    ds_bit_set(c->valid, row);
}

/* The first argument of another place, as it is there. */
static void put_arg(calling *c, uint32_t place, uint32_t arg, uint32_t from)
{
    uint32_t row = c->f->rows[from];
    if (!ds_col_is_null(&c->args[arg], row))
        put(c, place, (const uint8_t *)c->args[arg].v.p + row * c->size);
}

static void put_int(calling *c, uint32_t place, int64_t n)
{
    put(c, place, &n);
}

static void put_float(calling *c, uint32_t place, double x)
{
    put(c, place, &x);
}

/* ---- numbers of rows ---- */

static void call_rank(calling *c)
{
    const frames *f = c->f;
    for (uint32_t p = 0; p < f->n; p++) {
        uint32_t first = f->part[p].from, size = f->part[p].end - first;
        uint32_t rank = f->peers[p].from - first + 1;
        switch (c->w->call) {
        case WIN_ROW_NUMBER:
            put_int(c, p, p - first + 1);
            break;
        case WIN_RANK:
            put_int(c, p, rank);
            break;
        case WIN_DENSE_RANK:
            put_int(c, p, (int64_t)f->peer_number[p] + 1);
            break;
        case WIN_PERCENT_RANK:
            put_float(c, p, size > 1 ? (double)(rank - 1) / (size - 1) : 0);
            break;
        default:
            put_float(c, p, (double)(f->peers[p].end - first) / size);
        }
    }
}

static ds_rc refuse(const calling *c, uint32_t place, const char *msg)
{
    return eval_error(c->e, c->rows->rec[c->f->rows[place]], "E0704", msg);
}

/* n parts as equal as can be, the first ones larger. */
static ds_rc call_ntile(calling *c)
{
    const frames *f = c->f;
    for (uint32_t p = 0; p < f->n; p++) {
        uint32_t first = f->part[p].from, size = f->part[p].end - first;
        if (ds_col_is_null(&c->args[0], f->rows[first]))
            continue;
        int64_t n = c->args[0].v.i64[f->rows[first]];
        if (n <= 0)
            return refuse(c, p, "argument of ntile must be greater than zero");
        int64_t least = size / n, larger = size % n, i = p - first;
        int64_t edge = larger * (least + 1);
        put_int(c, p,
                i < edge ? i / (least + 1) + 1
                         : larger + (i - edge) / least + 1);
    }
    return DS_OK;
}

/* ---- values of other rows ---- */

static void call_lag(calling *c)
{
    const frames *f = c->f;
    uint32_t n_args = ds_exprs_schema(c->w->args)->n;
    for (uint32_t p = 0; p < f->n; p++) {
        uint32_t row = f->rows[p];
        int64_t by = 1;
        if (n_args > 1 && ds_col_is_null(&c->args[1], row))
            continue;
        if (n_args > 1)
            by = c->args[1].v.i64[row];
        int64_t at = (int64_t)p + (c->w->call == WIN_LAG ? -by : by);
        if (at >= f->part[p].from && at < f->part[p].end)
            put_arg(c, p, 0, (uint32_t)at);
        else if (n_args > 2)
            put_arg(c, p, 2, p);
    }
}

/* The k-th place of a frame, counted from 0; false: it has less. */
static bool frame_place(const frames *f, uint32_t p, uint64_t k, uint32_t *out)
{
    frame_range list[FRAME_RANGES];
    uint32_t n = frames_ranges(f, p, list);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t size = list[i].end - list[i].from;
        if (k < size) {
            *out = list[i].from + (uint32_t)k;
            return true;
        }
        k -= size;
    }
    return false;
}

static ds_rc call_nth(calling *c)
{
    const frames *f = c->f;
    for (uint32_t p = 0; p < f->n; p++) {
        uint32_t row = f->rows[p], at;
        if (ds_col_is_null(&c->args[1], row))
            continue;
        int64_t k = c->args[1].v.i64[row];
        if (k <= 0)
            return refuse(c, p,
                          "argument of nth_value must be greater than zero");
        if (frame_place(f, p, (uint64_t)k - 1, &at))
            put_arg(c, p, 0, at);
    }
    return DS_OK;
}

static void call_edge(calling *c)
{
    const frames *f = c->f;
    for (uint32_t p = 0; p < f->n; p++) {
        frame_range list[FRAME_RANGES];
        uint32_t n = frames_ranges(f, p, list);
        if (n)
            put_arg(c, p, 0,
                    c->w->call == WIN_FIRST_VALUE ? list[0].from
                                                  : list[n - 1].end - 1);
    }
}

/* ---- all ---- */

static ds_rc call_one(calling *c)
{
    switch (c->w->call) {
    case WIN_NTILE:
        return call_ntile(c);
    case WIN_LAG:
    case WIN_LEAD:
        call_lag(c);
        return DS_OK;
    case WIN_FIRST_VALUE:
    case WIN_LAST_VALUE:
        call_edge(c);
        return DS_OK;
    case WIN_NTH_VALUE:
        return call_nth(c);
    default:
        call_rank(c);
        return DS_OK;
    }
}

static ds_rc call_plain(evaluation *e, const rel_window *w,
                        const ds_batch *rows, const frames *f, ds_col *out)
{
    calling c = {.e = e, .w = w, .rows = rows, .f = f};
    c.size = ds_type_size(w->type);
    c.values = ds_arena_alloc(e->arena, (rows->n + 1) * c.size, 16);
    c.valid = ds_bits_new(e->arena, rows->n, false);
    uint32_t n_args = w->args ? ds_exprs_schema(w->args)->n : 0;
    c.args = ds_new(e->arena, ds_col, n_args + 1);
    if (n_args)
        DS_TRY(eval_exprs(e, w->args, rows, c.args));
    DS_TRY(call_one(&c));
    *out = (ds_col){.valid = c.valid, .v.p = c.values};
    return DS_OK;
}

ds_rc eval_windows(evaluation *e, const rel_select *s, ds_batch *rows)
{
    ds_col *cols = (ds_col *)(uintptr_t)rows->cols;
    frames f = {0};
    const rel_over *over = NULL;
    for (uint32_t i = 0; i < s->n_wins; i++) {
        const rel_window *w = &s->wins[i];
        if (w->over != over)
            DS_TRY(frames_make(e, w->over, rows, &f));
        over = w->over;
        ds_col *out = &cols[s->first_win + i];
        DS_TRY(w->agg ? window_agg(e, w->agg, rows, &f, out)
                      : call_plain(e, w, rows, &f, out));
    }
    return DS_OK;
}
