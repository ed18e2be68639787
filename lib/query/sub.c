/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sub.c - subqueries of expressions.
 *
 * A subquery becomes a call whose first argument is a column: the handle of its
 * result (sub_run.c), made once per batch and when it is first asked for. What
 * ties it to the query around it are equalities of its WHERE: the inner side
 * becomes columns behind its own, the outer side arguments of the call.
 *
 *     EXISTS (SELECT 1 FROM t WHERE t.k = batch.k AND t.n > 3)
 *     exists($3, batch.k)    $3: SELECT t.k FROM t WHERE t.n > 3
 */
#include "query/sub_run.h"

typedef struct subquery {
    level *l; /* around it */
    const ds_node *n;
    query_corr corr;
    rel *rel;
    uint32_t n_values;
} subquery;

static void *sub_fail(const subquery *s, const char *hint, const char *msg)
{
    return check_fail(&s->l->c, "E0190", s->n->at, s->n->len, hint, "%s", msg);
}

static bool sub_columns(subquery *s, uint32_t want)
{
    uint32_t n = s->n_values;
    if (n == want)
        return true;
    if (s->n->i == DS_SUB_ANY || s->n->i == DS_SUB_ALL)
        check_fail(&s->l->c, "E0323", s->n->at, s->n->len, NULL,
                   n < want ? "subquery has too few columns"
                            : "subquery has too many columns");
    else
        check_fail(&s->l->c, "E0323", s->n->at, s->n->len, NULL,
                   "subquery must return only one column");
    return false;
}

/* The handle, and the call with the arguments behind it. */
static tx *sub_call(subquery *s, const func_def *f, ds_type type, tx **args,
                    uint32_t n)
{
    level *l = s->l;
    rel_select *select = l->s;
    DS_BUG_ON(select->n_subs >= l->cap_subs);
    uint32_t i = select->n_subs++;
    rel_sub *sub = &select->subs[i];
    *sub = (rel_sub){.kind = (ds_sub_kind)s->n->i,
                     .rel = s->rel,
                     .n_values = s->n_values,
                     .n_corr = s->corr.n,
                     .empty = s->corr.aggregates ? s->rel : NULL};
    tx **all = ds_new(l->b->arena, tx *, n + s->corr.n + 2);
    all[0] = level_column(l, select->first_sub + i, s->n->at, s->n->len);
    for (uint32_t k = 0; k < n; k++)
        all[1 + k] = args[k];
    for (uint32_t k = 0; k < s->corr.n; k++)
        all[1 + n + k] = s->corr.outer[k];
    tx *x = check_where(tx_call(l->b->arena, f, all, 1 + n + s->corr.n, NULL),
                        s->n);
    x->type = type;
    return x;
}

/* ---- x IN (SELECT ...) ---- */

/* The two sides of an equality get one type; false after a message. */
static bool in_pair(subquery *s, tx **x, uint32_t col, ds_type *type)
{
    level *l = s->l;
    tx *y = tx_new(l->b->arena, TX_COL, s->rel->schema->fields[col].type, NULL);
    y->at = y->from = s->n->at;
    y->len = s->n->len;
    tx *eq = check_apply(&l->c, "=", *x, y, s->n);
    if (eq == NULL)
        return false;
    if (eq->kind != TX_CALL || eq->n_args != 2 ||
        !rel_same_keys(eq->args[0]->type, eq->args[1]->type)) {
        sub_fail(s, "cast one side", "IN of these types is not supported");
        return false;
    }
    *x = eq->args[0];
    *type = eq->args[1]->type;
    return true;
}

static tx *sub_in(subquery *s)
{
    level *l = s->l;
    const ds_node *left = s->n->args[0];
    ds_node one = {.kind = DS_N_ROW, .args = s->n->args, .n_args = 1};
    if (left->kind == DS_N_ROW)
        one = *left;
    tx **args = check_args(&l->c, &one);
    if (args == NULL || !sub_columns(s, one.n_args))
        return NULL;
    uint32_t n = s->rel->schema->n;
    ds_type *types = ds_new(l->b->arena, ds_type, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        types[i] = s->rel->schema->fields[i].type;
        if (i < one.n_args && !in_pair(s, &args[i], i, &types[i]))
            return NULL;
    }
    s->rel = rel_cast(l->b, s->rel, types);
    return s->rel ? sub_call(s, &sub_func_in, DS_BOOL, args, one.n_args) : NULL;
}

/* Other operators: as with an array of its values. */
static tx *sub_any(level *l, const ds_node *n)
{
    if (n->args[0]->kind == DS_N_ROW)
        return check_fail(&l->c, "E0190", n->at, n->len, NULL,
                          "a row is compared with a subquery by IN only");
    ds_node array = *n, any = *n;
    array.i = DS_SUB_ARRAY;
    array.args = NULL;
    array.n_args = 0;
    ds_node *args[2] = {n->args[0], &array};
    any.kind = DS_N_ANY;
    any.i = n->i == DS_SUB_ALL;
    any.args = args;
    any.n_args = 2;
    any.query = NULL;
    return check_node(&l->c, &any);
}

static tx *sub_value(subquery *s)
{
    if (!sub_columns(s, 1))
        return NULL;
    const ds_field *f = &s->rel->schema->fields[0];
    if (s->n->i == DS_SUB_VALUE) {
        tx *x = sub_call(s, &sub_func_value, f->type, NULL, 0);
        x->mod = f->mod;
        return x;
    }
    if (s->corr.n)
        return sub_fail(s, NULL,
                        "ARRAY, ANY and ALL of a subquery that names the query "
                        "around it are not supported");
    if (ds_type_elem(f->type) != DS_NONE)
        return sub_fail(s, NULL, "an array of arrays is not supported");
    return sub_call(s, &sub_func_array, ds_array_type(f->type), NULL, 0);
}

tx *level_sub(check *c, const ds_node *n)
{
    level *l = (level *)c;
    subquery s = {.l = l, .n = n};
    if (l->q == NULL || l->cap_subs == 0)
        return check_fail(c, "E0190", n->at, n->len, NULL,
                          "a subquery is not supported here");
    bool in = n->i == DS_SUB_ANY && strcmp(n->name, "=") == 0;
    if ((n->i == DS_SUB_ANY && !in) || n->i == DS_SUB_ALL)
        return sub_any(l, n);
    bool in_agg = c->in_agg;
    s.corr.kind = (ds_sub_kind)n->i;
    s.rel = check_query(l->b, l, n->query, &s.corr);
    c->in_agg = in_agg;
    if (s.rel == NULL)
        return NULL;
    s.n_values = s.rel->schema->n - s.corr.n;
    if (in)
        return sub_in(&s);
    if (n->i == DS_SUB_EXISTS)
        return sub_call(&s, &sub_func_exists, DS_BOOL, NULL, 0);
    return sub_value(&s);
}

/* ---- EXISTS ---- */

static void find_set(tx *x, void *arg)
{
    bool *found = arg;
    *found = *found || x->kind == TX_SET;
}

void level_only_rows(level *l)
{
    const ds_query *q = l->q;
    bool kept =
        l->c.n_aggs || l->s->n_wins || q->having || q->limit || q->offset;
    for (uint32_t i = 0; !kept && i < l->n_items; i++) {
        kept = l->items[i].x == NULL; /* it is wrong */
        if (!kept)
            tx_walk(l->items[i].x, find_set, &kept);
    }
    if (kept)
        return;
    l->n_items = l->n_out;
    l->s->n_order = l->s->n_on = 0;
    l->s->distinct = false;
    for (uint32_t i = 0; i < l->n_out; i++)
        l->items[i].x = tx_null(l->b->arena, DS_BOOL, l->items[i].x);
}

/* ---- what ties a subquery to the query around it ---- */

/* Outer columns become columns of the layout around. */
static void outer_col(tx *x, void *arg)
{
    const level *l = arg;
    if (x->kind == TX_COL && x->col >= l->first_outer)
        x->col = l->outer_cols[x->col - l->first_outer];
}

static bool corr_take(level *l, tx *x)
{
    if (x->kind != TX_CALL || strcmp(x->f->name, "=") != 0 || x->n_args != 2 ||
        !rel_same_keys(x->args[0]->type, x->args[1]->type))
        return false;
    for (uint32_t i = 0; i < 2; i++) {
        tx *outer = x->args[i], *inner = x->args[1 - i];
        if (!level_has_outer(l, outer) || level_has_inner(l, outer) ||
            level_has_outer(l, inner))
            continue;
        l->corr[l->n_corr++] = (level_corr){outer, inner};
        return true;
    }
    return false;
}

/* What remains of a condition, NULL: nothing. */
static tx *corr_split(level *l, tx *x)
{
    if (!level_has_outer(l, x))
        return x;
    if (x->kind == TX_AND) {
        uint32_t n = 0;
        for (uint32_t i = 0; i < x->n_args; i++) {
            tx *rest = corr_split(l, x->args[i]);
            if (rest)
                x->args[n++] = rest;
        }
        x->n_args = n;
        return n == 0 ? NULL : n == 1 ? x->args[0] : x;
    }
    if (corr_take(l, x))
        return NULL;
    return check_fail(
        &l->c, "E0190", x->from, x->len,
        "it must be: column of the subquery = column of the query "
        "around it; or join the tables",
        "this condition on a column of the query around a "
        "subquery is not supported");
}

/* The clauses in which more columns would change what the subquery means. */
static bool corr_allowed(level *l)
{
    const ds_query *q = l->q;
    bool plain = l->may->kind != DS_SUB_VALUE;
    bool aggregates = l->c.n_aggs > 0 || q->having;
    const char *what = NULL;
    if (q->limit || q->offset)
        what = "LIMIT";
    else if (l->s->n_wins)
        what = "a window function";
    else if (q->n_group || q->having || (plain && aggregates))
        what = "GROUP BY";
    else if (l->s->distinct || l->s->n_on)
        what = "DISTINCT";
    if (what == NULL)
        return true;
    check_fail(&l->c, "E0190", l->outer_at, l->outer_len, NULL,
               "%s in a subquery that names the query around it is not "
               "supported",
               what);
    return false;
}

/* The inner sides: items behind the result's own; with aggregates what they
 * are grouped by. */
static void corr_items(level *l)
{
    ds_arena *a = l->b->arena;
    level_item *kept = l->items;
    uint32_t n = l->n_items;
    l->items = NULL;
    l->n_items = l->cap_items = 0;
    for (uint32_t i = 0; i < l->n_out; i++)
        level_item_add(l, kept[i].x, kept[i].name, kept[i].where, false);
    for (uint32_t i = 0; i < l->n_corr; i++) {
        tx *x = l->corr[i].inner;
        if (l->c.n_aggs) {
            uint32_t k = l->n_keys++;
            l->keys[k] = x;
            l->key_canons[k] = level_canon(l, x);
            l->fields[l->s->first_key + k].type = x->type;
            tx *key = tx_new(a, TX_COL, x->type, x);
            key->col = l->s->first_key + k;
            x = key;
        }
        level_item_add(l, x, "$corr", (ds_where){0}, false);
    }
    for (uint32_t i = l->n_out; i < n; i++)
        level_item_add(l, kept[i].x, kept[i].name, kept[i].where, false);
    for (uint32_t i = 0; i < l->s->n_order; i++)
        if (l->s->order[i].col >= l->n_out)
            l->s->order[i].col += l->n_corr;
    l->s->n_keys = l->n_keys;
}

bool level_correlate(level *l)
{
    if (l->n_outer == 0)
        return true;
    uint32_t errors = l->b->diags->errors;
    l->where = corr_split(l, l->where);
    if (l->b->diags->errors != errors || !corr_allowed(l))
        return false;
    query_corr *c = l->may;
    c->outer = ds_new(l->b->arena, tx *, l->n_corr + 1);
    c->n = l->n_corr;
    c->aggregates = l->c.n_aggs > 0;
    for (uint32_t i = 0; i < l->n_corr; i++) {
        c->outer[i] = l->corr[i].outer;
        tx_walk(c->outer[i], outer_col, l);
    }
    corr_items(l);
    return true;
}
