/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eval_join.c - JOIN over batches.
 *
 * Rows of the right side are chained by the group of their keys; each left row
 * meets the chain of its own. What is left of the condition is evaluated for a
 * piece of such pairs at a time.
 */
#include "query/eval.h"

enum {
    JOIN_PIECE = 1 << 16,
    /* Pairs for which a condition is evaluated. */
    JOIN_MOST_PAIRS = 64 * 1000 * 1000,
    JOIN_MOST_ALL = 4 * DS_SQL_MOST_ROWS,
};
#define NO_MATCH UINT32_MAX

typedef struct joining {
    evaluation *e;
    const rel *r;
    const rel_join *j;
    const ds_batch *left, *right;
    uint32_t *chain, *next; /* right rows: first of a group, the one after */
    const uint32_t *group;  /* of left rows; NULL: all meet all */
    uint32_t n_groups;
    uint32_t *pairs_left, *pairs_right; /* the result */
    uint32_t n, cap;
    bool *left_met, *right_met;
    uint32_t *piece_left, *piece_right;
    uint32_t n_piece;
    uint64_t n_tried;
    ds_arena *scratch;
} joining;

/* ---- keys ---- */

static bool keys_null(const ds_col *cols, uint32_t n, uint32_t row)
{
    for (uint32_t i = 0; i < n; i++)
        if (ds_col_is_null(&cols[i], row))
            return true;
    return false;
}

static ds_rc side_keys(joining *k, const ds_exprs *keys, const ds_batch *rows,
                       ds_groups *g, uint32_t n, uint32_t **group)
{
    ds_arena *a = k->e->arena;
    ds_batch in = *rows;
    ds_col *cols = ds_new(a, ds_col, n + 1);
    uint16_t *numbers = ds_new(a, uint16_t, n + 1);
    DS_TRY(eval_exprs(k->e, keys, rows, cols));
    for (uint32_t i = 0; i < n; i++)
        numbers[i] = (uint16_t)i;
    in.cols = cols;
    in.schema = ds_exprs_schema(keys);
    *group = ds_new(a, uint32_t, rows->n + 1);
    ds_groups_map(g, &in, numbers, *group);
    for (uint32_t i = 0; i < rows->n; i++)
        if (keys_null(cols, n, i))
            (*group)[i] = NO_MATCH;
    return DS_OK;
}

static ds_rc join_keys(joining *k)
{
    const ds_schema *keys = ds_exprs_schema(k->j->right_keys);
    ds_arena *a = k->e->arena;
    uint32_t *right, *left;
    ds_type *types = ds_new(a, ds_type, keys->n);
    for (uint32_t i = 0; i < keys->n; i++)
        types[i] = keys->fields[i].type;
    ds_groups *g = ds_groups_new(a, types, keys->n);
    DS_TRY(side_keys(k, k->j->right_keys, k->right, g, keys->n, &right));
    k->n_groups = ds_groups_n(g);
    DS_TRY(side_keys(k, k->j->left_keys, k->left, g, keys->n, &left));
    k->group = left;
    k->chain = ds_new(a, uint32_t, k->n_groups + 1);
    k->next = ds_new(a, uint32_t, k->right->n + 1);
    for (uint32_t i = 0; i < k->n_groups; i++)
        k->chain[i] = NO_MATCH;
    for (uint32_t i = k->right->n; i-- > 0;) {
        if (right[i] == NO_MATCH)
            continue;
        k->next[i] = k->chain[right[i]];
        k->chain[right[i]] = i;
    }
    return DS_OK;
}

/* ---- pairs ---- */

static ds_rc pairs_grow(joining *k, uint32_t more)
{
    DS_TRY(eval_room(k->e, (uint64_t)k->n + more,
                     k->left->schema->n + k->right->schema->n, "a join"));
    if (k->n + more <= k->cap)
        return DS_OK;
    uint32_t cap = 2 * (k->n + more);
    uint32_t *left = ds_new(k->e->arena, uint32_t, cap);
    uint32_t *right = ds_new(k->e->arena, uint32_t, cap);
    if (k->n) {
        memcpy(left, k->pairs_left, k->n * sizeof(*left));
        memcpy(right, k->pairs_right, k->n * sizeof(*right));
    }
    k->pairs_left = left;
    k->pairs_right = right;
    k->cap = cap;
    return DS_OK;
}

/* The columns of a piece of pairs. */
static ds_batch *piece_batch(joining *k, ds_arena *a)
{
    uint32_t n_left = k->left->schema->n, n_right = k->right->schema->n;
    uint32_t n = k->n_piece;
    ds_batch *b = ds_new(a, ds_batch, 1);
    ds_col *cols = ds_new(a, ds_col, n_left + n_right + 1);
    uint32_t *rec = ds_new(a, uint32_t, n + 1);
    for (uint32_t c = 0; c < n_left; c++)
        cols[c] =
            ds_col_gather(&k->left->cols[c], k->left->schema->fields[c].type,
                          k->piece_left, n, a);
    for (uint32_t c = 0; c < n_right; c++)
        cols[n_left + c] =
            ds_col_gather(&k->right->cols[c], k->right->schema->fields[c].type,
                          k->piece_right, n, a);
    for (uint32_t i = 0; i < n; i++) {
        rec[i] = k->left->rec[k->piece_left[i]];
        if (rec[i] == DS_SQL_NO_ROW)
            rec[i] = k->right->rec[k->piece_right[i]];
    }
    *b = (ds_batch){.schema = k->r->schema,
                    .cols = cols,
                    .n = n,
                    .n_sel = n,
                    .rec = rec,
                    .arena = a};
    return b;
}

/* Pairs for which the rest of the condition is true stay. */
static ds_rc piece_filter(joining *k)
{
    ds_col keep;
    uint32_t n = 0;
    ds_arena *a = k->scratch;
    ds_row_errors errs = {0};
    ds_eval ev = {.now = k->e->in->now, .arena = a, .errs = &errs};
    const ds_batch *b = piece_batch(k, a);
    DS_TRY(ds_exprs_eval(k->j->on, b, &ev, &keep, k->e->err));
    DS_TRY(eval_errors(k->e, b, &errs));
    for (uint32_t i = 0; i < k->n_piece; i++) {
        if (ds_col_is_null(&keep, i) || !keep.v.b[i])
            continue;
        k->piece_left[n] = k->piece_left[i];
        k->piece_right[n++] = k->piece_right[i];
    }
    k->n_piece = n;
    return DS_OK;
}

static ds_rc piece_end(joining *k)
{
    k->n_tried += k->n_piece;
    if (k->n_tried > JOIN_MOST_PAIRS)
        return ds_fail(k->e->err, DS_E_LIMIT,
                       "a join compares more than %d pairs of rows",
                       JOIN_MOST_PAIRS);
    if (k->j->on && k->n_piece) {
        ds_rc rc = piece_filter(k);
        ds_arena_reset(k->scratch);
        DS_TRY(rc);
    }
    DS_TRY(pairs_grow(k, k->n_piece));
    for (uint32_t i = 0; i < k->n_piece; i++) {
        k->pairs_left[k->n] = k->piece_left[i];
        k->pairs_right[k->n++] = k->piece_right[i];
        k->left_met[k->piece_left[i]] = true;
        k->right_met[k->piece_right[i]] = true;
    }
    k->n_piece = 0;
    return DS_OK;
}

static ds_rc piece_add(joining *k, uint32_t left, uint32_t right)
{
    k->piece_left[k->n_piece] = left;
    k->piece_right[k->n_piece++] = right;
    return k->n_piece == JOIN_PIECE ? piece_end(k) : DS_OK;
}

/* A left row with the right rows of its keys, or with all. */
static ds_rc match_row(joining *k, uint32_t left)
{
    if (k->group == NULL) {
        for (uint32_t i = 0; i < k->right->n; i++)
            DS_TRY(piece_add(k, left, i));
        return DS_OK;
    }
    uint32_t at = k->group[left];
    at = at < k->n_groups ? k->chain[at] : NO_MATCH;
    for (; at != NO_MATCH; at = k->next[at])
        DS_TRY(piece_add(k, left, at));
    return DS_OK;
}

static ds_rc join_match(joining *k)
{
    for (uint32_t i = 0; i < k->left->n; i++)
        DS_TRY(match_row(k, i));
    return piece_end(k);
}

/* Rows that met nobody, with NULLs for the other side. */
static ds_rc join_outer(joining *k)
{
    bool left = k->j->kind == DS_JOIN_LEFT || k->j->kind == DS_JOIN_FULL;
    bool right = k->j->kind == DS_JOIN_RIGHT || k->j->kind == DS_JOIN_FULL;
    for (uint32_t i = 0; left && i < k->left->n; i++) {
        if (k->left_met[i])
            continue;
        DS_TRY(pairs_grow(k, 1));
        k->pairs_left[k->n] = i;
        k->pairs_right[k->n++] = NO_MATCH;
    }
    for (uint32_t i = 0; right && i < k->right->n; i++) {
        if (k->right_met[i])
            continue;
        DS_TRY(pairs_grow(k, 1));
        k->pairs_left[k->n] = NO_MATCH;
        k->pairs_right[k->n++] = i;
    }
    return DS_OK;
}

/* ---- the result ---- */

/* As ds_col_gather(), with NULL for NO_MATCH. */
static ds_col side_gather(const ds_col *c, ds_type type, const uint32_t *rows,
                          uint32_t n, bool holes, uint32_t n_rows, ds_arena *a)
{
    if (!holes)
        return ds_col_gather(c, type, rows, n, a);
    if (n_rows == 0)
        return ds_col_const(type, NULL, n, a);
    uint32_t *at = ds_new(a, uint32_t, n + 1);
    for (uint32_t i = 0; i < n; i++)
        at[i] = rows[i] == NO_MATCH ? 0 : rows[i];
    ds_col out = ds_col_gather(c, type, at, n, a);
    uint64_t *valid = ds_bits_new(a, n, true);
    for (uint32_t i = 0; i < n; i++)
        if (rows[i] == NO_MATCH || (out.valid && !ds_bit_get(out.valid, i)))
            ds_bit_clear(valid, i);
    out.valid = valid;
    return out;
}

static ds_rc join_merged(joining *k, ds_batch *b)
{
    ds_col *cols = (ds_col *)(uintptr_t)b->cols;
    if (k->j->merged == NULL)
        return DS_OK;
    return eval_exprs(k->e, k->j->merged, b,
                      cols + k->left->schema->n + k->right->schema->n);
}

static ds_rc join_result(joining *k, const ds_batch **out)
{
    ds_arena *a = k->e->arena;
    uint32_t n_left = k->left->schema->n, n_right = k->right->schema->n;
    k->e->n_joined += k->n;
    if (k->e->n_joined > JOIN_MOST_ALL)
        return ds_fail(k->e->err, DS_E_LIMIT,
                       "the joins of a query have more than %d rows together",
                       JOIN_MOST_ALL);
    ds_batch *b = eval_batch(k->e, k->r->schema, k->r->schema->n, k->n);
    ds_col *cols = (ds_col *)(uintptr_t)b->cols;
    bool left = k->j->kind == DS_JOIN_RIGHT || k->j->kind == DS_JOIN_FULL;
    bool right = k->j->kind == DS_JOIN_LEFT || k->j->kind == DS_JOIN_FULL;
    for (uint32_t c = 0; c < n_left; c++)
        cols[c] =
            side_gather(&k->left->cols[c], k->left->schema->fields[c].type,
                        k->pairs_left, k->n, left, k->left->n, a);
    for (uint32_t c = 0; c < n_right; c++)
        cols[n_left + c] =
            side_gather(&k->right->cols[c], k->right->schema->fields[c].type,
                        k->pairs_right, k->n, right, k->right->n, a);
    uint32_t *rec = ds_new(a, uint32_t, k->n + 1);
    for (uint32_t i = 0; i < k->n; i++) {
        uint32_t x = k->pairs_left[i], y = k->pairs_right[i];
        rec[i] = x == NO_MATCH ? DS_SQL_NO_ROW : k->left->rec[x];
        if (rec[i] == DS_SQL_NO_ROW && y != NO_MATCH)
            rec[i] = k->right->rec[y];
    }
    b->rec = rec;
    *out = b;
    return join_merged(k, b);
}

static ds_rc join_all(joining *k, const ds_batch **out)
{
    if (k->j->left_keys)
        DS_TRY(join_keys(k));
    DS_TRY(join_match(k));
    DS_TRY(join_outer(k));
    return join_result(k, out);
}

ds_rc eval_join(evaluation *e, const rel *r, const ds_batch **out)
{
    joining k = {.e = e, .r = r, .j = r->u.join};
    DS_TRY(eval_rel(e, k.j->left, &k.left));
    DS_TRY(eval_rel(e, k.j->right, &k.right));
    k.left_met = ds_new(e->arena, bool, k.left->n + 1);
    k.right_met = ds_new(e->arena, bool, k.right->n + 1);
    k.piece_left = ds_new(e->arena, uint32_t, JOIN_PIECE);
    k.piece_right = ds_new(e->arena, uint32_t, JOIN_PIECE);
    if (k.j->on)
        k.scratch = ds_arena_new(1 << 16);
    ds_rc rc = join_all(&k, out);
    ds_arena_free(k.scratch);
    return rc;
}
