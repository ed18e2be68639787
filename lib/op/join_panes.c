/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join_panes.c - the stores of a join across batches: panes are got, kept and
 * dropped.
 */
#include "op/join_within.h"
#include "record/builder.h"
#include "record/rowfmt.h"

enum { ROW_MATCHED = 1, ROW_HEAD = 1 + 8 + 4 };

static ds_rc panes_bad(const struct within *w, ds_err *err)
{
    return ds_fail(err, DS_E_STATE,
                   "%s: a key or a value in the state cannot be read",
                   w->join->op.node->name);
}

/* ---- the bytes of a pane ---- */

struct stored {
    ds_slice bytes;
    ds_time time;
    bool matched;
};

/* The next row of a pane; false: the end, or *bad. */
static bool pane_next(ds_slice *pane, struct stored *row, bool *bad)
{
    uint32_t len;

    if (pane->len == 0)
        return false;
    *bad = pane->len < ROW_HEAD;
    if (*bad)
        return false;
    row->matched = pane->ptr[0] == ROW_MATCHED;
    memcpy(&row->time, pane->ptr + 1, 8);
    memcpy(&len, pane->ptr + 9, 4);
    *bad = pane->len - ROW_HEAD < len;
    if (*bad)
        return false;
    row->bytes = (ds_slice){pane->ptr + ROW_HEAD, len};
    pane->ptr += ROW_HEAD + len;
    pane->len -= ROW_HEAD + len;
    return true;
}

static uint8_t *pane_put(uint8_t *to, const struct stored *row)
{
    *to = row->matched ? ROW_MATCHED : 0;
    memcpy(to + 1, &row->time, 8);
    memcpy(to + 9, &row->bytes.len, 4);
    memcpy(to + ROW_HEAD, row->bytes.ptr, row->bytes.len);
    return to + ROW_HEAD + row->bytes.len;
}

static bool panes_count(const ds_slice *panes, uint32_t n, uint32_t *rows)
{
    struct stored row;
    bool bad = false;

    for (uint32_t i = 0; i < n; i++) {
        ds_slice pane = panes[i];

        while (pane_next(&pane, &row, &bad))
            ++*rows;
        if (bad)
            return false;
    }
    return true;
}

/* ---- store keys ---- */

/* The bytes of a key behind its kind. */
static ds_slice key_of_kind(uint8_t kind, ds_slice key, ds_arena *a)
{
    uint8_t *bytes = ds_arena_alloc(a, key.len + 1, 1);

    bytes[0] = kind;
    memcpy(bytes + 1, key.ptr, key.len);
    return (ds_slice){bytes, key.len + 1};
}

/* The distinct store keys of (number, the join's key of a group); which of them
 * each one is goes to `out`. */
static const ds_slice *store_keys(const struct within *w, uint8_t kind,
                                  const int64_t *numbers,
                                  const uint32_t *groups, uint32_t n,
                                  uint32_t *out, uint32_t *n_keys)
{
    const struct join_plan *p = w->plan;
    ds_groups *g = ds_groups_new(w->arena, w->types, p->key->n + 1);
    ds_col *cols = ds_new(w->arena, ds_col, p->key->n + 1);
    uint16_t *at = ds_new(w->arena, uint16_t, p->key->n + 1);
    ds_batch b = {.cols = cols, .n = n, .n_sel = n, .arena = w->arena};
    ds_slice *keys;

    cols[0] = (ds_col){.v.i64 = numbers};
    for (uint32_t c = 0; c < p->key->n; c++) {
        cols[1 + c] =
            ds_col_gather(&w->keys[c], p->key_types[c], groups, n, w->arena);
        at[1 + c] = (uint16_t)(1 + c);
    }
    ds_groups_map(g, &b, at, out);
    *n_keys = ds_groups_n(g);
    keys = ds_new(w->arena, ds_slice, *n_keys + 1);
    for (uint32_t i = 0; i < *n_keys; i++)
        keys[i] = key_of_kind(kind, ds_groups_keys(g)[i], w->arena);
    return keys;
}

/* ---- load ---- */

/* Times and groups of the batch's rows of a side, behind the stored ones. */
static void new_rows(struct within *w, int side)
{
    const struct rows *rows = &w->join->rows[side];
    const struct join_side *plan = &w->plan->side[side];
    struct within_side *s = &w->side[side];
    ds_arena *a = w->arena;
    uint32_t at = s->n_stored;

    for (uint32_t i = 0; i < rows->n_batches; i++) {
        const ds_batch *b = &rows->batches[i];
        ds_col *cols = ds_new(a, ds_col, plan->vals->n + 1);

        for (uint32_t c = 0; c < plan->vals->n; c++)
            cols[c] = b->cols[plan->cols[c]];
        ds_rows_encode(cols, plan->vals, b->n, b->sel, b->n_sel, a,
                       s->bytes + at);
        DS_EACH (b, row)
            s->times[at + k_row] = b->cols[plan->time].v.ts[row];
        at += b->n_sel;
    }
    if (rows->n)
        memcpy(s->groups + s->n_stored, rows->groups,
               rows->n * sizeof(uint32_t));
}

static void rows_new(struct within *w, struct within_side *s)
{
    ds_arena *a = w->arena;

    s->bytes = ds_new(a, ds_slice, s->n + 1);
    s->times = ds_new(a, ds_time, s->n + 1);
    s->groups = ds_new(a, uint32_t, s->n + 1);
    s->panes_of = ds_new(a, uint32_t, s->n + 1);
    s->matched = ds_new(a, bool, s->n + 1);
}

/* Which panes of which groups matter: grows as a plain list. */
struct wanted {
    int64_t *panes;
    uint32_t *groups;
    uint32_t n;
};

/* The panes that a row of the other side may find a match in. */
static void want_around(const struct join_plan *p, ds_time t, uint32_t group,
                        struct wanted *to)
{
    int64_t last = within_pane(p, within_add(t, p->within));

    for (int64_t pane = within_pane(p, within_add(t, -p->within)); pane <= last;
         pane++) {
        to->panes[to->n] = pane;
        to->groups[to->n++] = group;
    }
}

static void times_of(const struct within *w, int side, ds_time *times)
{
    const struct rows *rows = &w->join->rows[side];
    uint32_t at = 0;

    for (uint32_t i = 0; i < rows->n_batches; i++) {
        const ds_batch *b = &rows->batches[i];
        const ds_col *c = &b->cols[w->plan->side[side].time];

        DS_EACH (b, row)
            times[at++] = c->v.ts[row];
    }
}

/* First the panes of the side's own rows, in their order. */
static struct wanted wanted_of(const struct within *w, int side)
{
    const struct rows *own = &w->join->rows[side];
    const struct rows *other = &w->join->rows[!side];
    uint32_t most = own->n + other->n * 5;
    struct wanted to = {ds_new(w->arena, int64_t, most + 1),
                        ds_new(w->arena, uint32_t, most + 1), own->n};
    ds_time *times = ds_new(w->arena, ds_time, own->n + other->n + 1);

    times_of(w, side, times);
    for (uint32_t i = 0; i < own->n; i++) {
        to.panes[i] = within_pane(w->plan, times[i]);
        to.groups[i] = own->groups[i];
    }
    times_of(w, !side, times);
    for (uint32_t i = 0; i < other->n; i++)
        want_around(w->plan, times[i], other->groups[i], &to);
    return to;
}

static ds_rc stored_rows(struct within *w, struct within_side *s,
                         const ds_slice *old, ds_err *err)
{
    struct stored row;
    bool bad = false;
    uint32_t at = 0;

    for (uint32_t i = 0; i < s->n_panes; i++) {
        ds_slice pane = old[i];

        while (pane_next(&pane, &row, &bad)) {
            s->bytes[at] = row.bytes;
            s->times[at] = row.time;
            s->matched[at] = row.matched;
            s->groups[at] = s->pane_group[i];
            s->panes_of[at++] = i;
        }
    }
    return bad ? panes_bad(w, err) : DS_OK;
}

/* The store keys of a side; the pane of each of its own rows in `own`. */
static void load_keys(struct within *w, int side, uint32_t *own)
{
    struct within_side *s = &w->side[side];
    struct wanted want = wanted_of(w, side);
    uint32_t *pane = ds_new(w->arena, uint32_t, want.n + 1);

    s->pane_keys = store_keys(w, WITHIN_PANE, want.panes, want.groups, want.n,
                              pane, &s->n_panes);
    s->pane_group = ds_new(w->arena, uint32_t, s->n_panes + 1);
    s->dirty = ds_new(w->arena, bool, s->n_panes + 1);
    for (uint32_t i = 0; i < want.n; i++)
        s->pane_group[pane[i]] = want.groups[i];
    memcpy(own, pane, w->join->rows[side].n * sizeof(*own));
}

static ds_rc values_decode(struct within *w, int side, const ds_slice *bytes,
                           uint32_t n, ds_col **out, ds_err *err)
{
    const ds_schema *vals = w->plan->side[side].vals;
    uint64_t *bad = NULL;

    *out = ds_new(w->arena, ds_col, vals->n + 1);
    ds_rows_decode(bytes, n, vals, w->arena, *out, &bad);
    return bad ? panes_bad(w, err) : DS_OK;
}

ds_rc within_load(struct within *w, int side, ds_err *err)
{
    struct within_side *s = &w->side[side];
    uint32_t n_new = w->join->rows[side].n;
    uint32_t *own = ds_new(w->arena, uint32_t, n_new + 1);
    ds_slice *old;
    ds_col *cols;

    load_keys(w, side, own);
    old = ds_new(w->arena, ds_slice, s->n_panes + 1);
    DS_TRY(s->store->type->get(s->store, s->overlay, s->pane_keys, NULL,
                               s->n_panes, w->arena, old, err));
    if (!panes_count(old, s->n_panes, &s->n_stored))
        return panes_bad(w, err);
    s->n = s->n_stored + n_new;
    rows_new(w, s);
    DS_TRY(stored_rows(w, s, old, err));
    new_rows(w, side);
    memcpy(s->panes_of + s->n_stored, own, n_new * sizeof(*own));
    for (uint32_t i = 0; i < n_new; i++)
        s->dirty[own[i]] = true;
    s->bytes[s->n] = DS_NULL_SLICE; /* the row that stands for none */
    DS_TRY(values_decode(w, side, s->bytes, s->n + 1, &cols, err));
    s->cols = cols;
    return DS_OK;
}

/* ---- save ---- */

static ds_slice pane_make(const struct within_side *s,
                          const struct rows_index *index, uint32_t pane,
                          ds_arena *a)
{
    size_t size = 0;
    uint8_t *bytes, *to;

    for (uint32_t i = index->start[pane]; i < index->start[pane + 1]; i++)
        size += ROW_HEAD + s->bytes[index->order[i]].len;
    bytes = to = ds_arena_alloc(a, size + 1, 1);
    for (uint32_t i = index->start[pane]; i < index->start[pane + 1]; i++) {
        uint32_t row = index->order[i];

        to = pane_put(to, &(struct stored){s->bytes[row], s->times[row],
                                           s->matched[row]});
    }
    return (ds_slice){bytes, (uint32_t)size};
}

/* When the new rows that found no match are due. */
static ds_rc save_due(struct within *w, int side, ds_err *err)
{
    static const ds_slice something = {(const uint8_t *)"", 1};
    struct within_side *s = &w->side[side];
    uint32_t n = 0, n_new = s->n - s->n_stored;
    int64_t *times = ds_new(w->arena, int64_t, n_new + 1);
    uint32_t *rows = ds_new(w->arena, uint32_t, n_new + 1);
    const ds_slice *keys;
    ds_slice *vals;

    for (uint32_t i = s->n_stored; i < s->n; i++)
        if (!s->matched[i]) {
            times[n] = s->times[i];
            rows[n++] = s->groups[i];
        }
    if (n == 0)
        return DS_OK;
    keys = store_keys(w, WITHIN_DUE, times, rows, n,
                      ds_new(w->arena, uint32_t, n), &n);
    vals = ds_new(w->arena, ds_slice, n);
    for (uint32_t i = 0; i < n; i++)
        vals[i] = something;
    return s->store->type->put(s->store, s->overlay, keys, NULL, vals, n, err);
}

ds_rc within_save(struct within *w, int side, ds_err *err)
{
    struct within_side *s = &w->side[side];
    struct rows_index index =
        rows_by_group(s->panes_of, s->n, s->n_panes, w->arena);
    ds_slice *keys = ds_new(w->arena, ds_slice, s->n_panes + 1);
    ds_slice *vals = ds_new(w->arena, ds_slice, s->n_panes + 1);
    uint32_t n = 0;

    for (uint32_t i = 0; i < s->n_panes; i++) {
        if (!s->dirty[i])
            continue;
        keys[n] = s->pane_keys[i];
        vals[n++] = pane_make(s, &index, i, w->arena);
    }
    if (n)
        DS_TRY(s->store->type->put(s->store, s->overlay, keys, NULL, vals, n,
                                   err));
    return w->plan->side[side].outer ? save_due(w, side, err) : DS_OK;
}

/* ---- expire ---- */

struct key_list {
    ds_arena *arena;
    ds_slice *keys;
    uint32_t n, cap;
};

static ds_rc key_add(void *arg, ds_slice key, ds_slice val, ds_err *err)
{
    struct key_list *l = arg;

    (void)val;
    (void)err;
    if (l->n == l->cap) {
        uint32_t cap = l->cap ? l->cap * 2 : 256;
        ds_slice *more = ds_new(l->arena, ds_slice, cap);

        if (l->n)
            memcpy(more, l->keys, l->n * sizeof(*more));
        l->keys = more;
        l->cap = cap;
    }
    l->keys[l->n++] = ds_slice_copy(l->arena, key);
    return DS_OK;
}

/* The store's keys of that kind whose number is before `end`. */
static ds_rc keys_before(struct within *w, int side, uint8_t kind, int64_t end,
                         struct key_list *out, ds_err *err)
{
    struct within_side *s = &w->side[side];
    ds_col number = {.v.i64 = &end};
    ds_slice hi = ds_key_encode(&number, w->types, 1, 0, w->arena);

    *out = (struct key_list){.arena = w->arena};
    return s->store->type->scan(s->store, s->overlay, (ds_slice){&kind, 1},
                                key_of_kind(kind, hi, w->arena), key_add, out,
                                err);
}

static ds_rc keys_delete(struct within_side *s, const struct key_list *l,
                         ds_arena *a, ds_err *err)
{
    ds_slice *nulls = ds_new(a, ds_slice, l->n + 1);

    return l->n ? s->store->type->put(s->store, s->overlay, l->keys, NULL,
                                      nulls, l->n, err)
                : DS_OK;
}

/* The rows of the panes in which the due ones lie, of those that are due. */
struct due {
    uint32_t n;
    ds_slice *bytes;
    uint32_t *of; /* number of the due key */
};

static ds_rc due_rows(struct within *w, const ds_slice *panes,
                      const int64_t *times, uint32_t n, struct due *out,
                      ds_err *err)
{
    struct stored row;
    uint32_t most = 0;
    bool bad = false;

    if (!panes_count(panes, n, &most))
        return panes_bad(w, err);
    out->bytes = ds_new(w->arena, ds_slice, most + 1);
    out->of = ds_new(w->arena, uint32_t, most + 1);
    for (uint32_t i = 0; i < n; i++) {
        ds_slice pane = panes[i];

        while (pane_next(&pane, &row, &bad)) {
            if (row.matched || row.time != times[i])
                continue;
            out->bytes[out->n] = row.bytes;
            out->of[out->n++] = i;
        }
    }
    return DS_OK;
}

/* The values of the panes in which due keys lie; their key columns. */
static ds_rc due_panes(struct within *w, int side, const struct key_list *l,
                       ds_col *cols, ds_slice *panes, ds_err *err)
{
    struct within_side *s = &w->side[side];
    int64_t *numbers = ds_new(w->arena, int64_t, l->n + 1);
    ds_slice *keys = ds_new(w->arena, ds_slice, l->n + 1);
    uint32_t n_cols = w->plan->key->n + 1;
    ds_col *at = ds_new(w->arena, ds_col, n_cols);

    for (uint32_t i = 0; i < l->n; i++)
        keys[i] = (ds_slice){l->keys[i].ptr + 1, l->keys[i].len - 1};
    if (!ds_key_decode(keys, l->n, w->types, n_cols, w->arena, cols))
        return panes_bad(w, err);
    for (uint32_t i = 0; i < l->n; i++)
        numbers[i] = within_pane(w->plan, cols[0].v.i64[i]);
    memcpy(at, cols, n_cols * sizeof(*at));
    at[0] = (ds_col){.v.i64 = numbers};
    for (uint32_t i = 0; i < l->n; i++)
        keys[i] = key_of_kind(WITHIN_PANE,
                              ds_key_encode(at, w->types, n_cols, i, w->arena),
                              w->arena);
    return s->store->type->get(s->store, s->overlay, keys, NULL, l->n, w->arena,
                               panes, err);
}

/* A column of one NULL for each value of a side. */
static const ds_col *no_row(const struct within *w, int side)
{
    const ds_schema *vals = w->plan->side[side].vals;
    ds_col *cols = ds_new(w->arena, ds_col, vals->n + 1);

    for (uint32_t c = 0; c < vals->n; c++)
        cols[c] = ds_col_const(vals->fields[c].type, NULL, 1, w->arena);
    return cols;
}

static ds_rc due_emit(struct within *w, int side, const ds_col *keys,
                      const struct due *due, ds_err *err)
{
    struct join_pairs pairs = {
        .op = &w->join->op, .plan = w->plan, .keys = keys};
    ds_col *cols;

    DS_TRY(values_decode(w, side, due->bytes, due->n, &cols, err));
    pairs.cols[side] = cols;
    pairs.cols[!side] = no_row(w, !side);
    join_pairs_begin(&pairs);
    for (uint32_t i = 0; i < due->n; i++)
        DS_TRY(side == JOIN_LEFT
                   ? join_pairs_add(&pairs, due->of[i], i, 0, err)
                   : join_pairs_add(&pairs, due->of[i], 0, i, err));
    return join_pairs_end(&pairs, err);
}

static ds_rc expire_due(struct within *w, int side, ds_time limit, ds_err *err)
{
    struct key_list l;
    struct due due = {0};
    ds_col *cols = ds_new(w->arena, ds_col, w->plan->key->n + 1);
    ds_slice *panes;

    DS_TRY(keys_before(w, side, WITHIN_DUE, limit, &l, err));
    if (l.n == 0)
        return DS_OK;
    panes = ds_new(w->arena, ds_slice, l.n);
    DS_TRY(due_panes(w, side, &l, cols, panes, err));
    DS_TRY(due_rows(w, panes, cols[0].v.i64, l.n, &due, err));
    ds_key_fit(w->plan->key, cols + 1, l.n, w->arena);
    if (due.n)
        DS_TRY(due_emit(w, side, cols + 1, &due, err));
    return keys_delete(&w->side[side], &l, w->arena, err);
}

/* Whether a row came in this batch whose time is up already. */
static bool came_too_old(const struct within *w, int side, ds_time limit)
{
    const struct within_side *s = &w->side[side];

    for (uint32_t i = s->n_stored; i < s->n; i++)
        if (s->times[i] < limit)
            return true;
    return false;
}

ds_rc within_expire(struct within *w, int side, ds_err *err)
{
    const struct join_plan *p = w->plan;
    const ds_op *op = &w->join->op;
    ds_time before = within_limit(p, side, op->watermark_before);
    ds_time limit = within_limit(p, side, op->watermark);
    bool old = came_too_old(w, side, limit);
    struct key_list over;

    if (limit == DS_TIME_NONE || (limit == before && !old))
        return DS_OK;
    if (p->side[side].outer)
        DS_TRY(expire_due(w, side, limit, err));
    if (!old && before != DS_TIME_NONE &&
        within_pane(p, before) == within_pane(p, limit))
        return DS_OK;
    DS_TRY(
        keys_before(w, side, WITHIN_PANE, within_pane(p, limit), &over, err));
    return keys_delete(&w->side[side], &over, w->arena, err);
}
