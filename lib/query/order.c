/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order.c - ORDER BY, DISTINCT and LIMIT of a SELECT.
 *
 * What is sorted by is an item: one of the list, or one more behind it that is
 * not in the result.
 */
#include "query/level.h"

typedef struct order_of {
    const char *clause;
    const char *not_listed; /* the message if it must be in the list; or NULL */
} order_of;

enum { ORDER_NONE = -1 };

static int item_by_position(level *l, const ds_node *n, const char *clause)
{
    if (n->i >= 1 && n->i <= l->n_out)
        return (int)n->i - 1;
    check_fail(&l->c, "E0323", n->at, n->len, NULL,
               "%s position %lld is not in select list", clause,
               (long long)n->i);
    return ORDER_NONE;
}

int level_item_named(level *l, const ds_node *n, const char *clause,
                     bool *found)
{
    int at = ORDER_NONE;
    *found = false;
    for (uint32_t i = 0; i < l->n_out; i++) {
        if (strcmp(l->items[i].name, n->names[0]) != 0)
            continue;
        *found = true;
        if (at >= 0 && l->items[i].x && l->items[at].x &&
            strcmp(level_canon(l, l->items[i].x),
                   level_canon(l, l->items[at].x)) != 0) {
            check_fail(&l->c, "E0321", n->at, n->len, NULL,
                       "%s \"%s\" is ambiguous", clause, n->names[0]);
            return ORDER_NONE;
        }
        if (at < 0)
            at = (int)i;
    }
    return at;
}

static int item_of_expr(level *l, const ds_node *n, const order_of *o)
{
    uint32_t n_items = l->n_items;
    tx *x = level_expr(l, n, NULL);
    if (x == NULL)
        return ORDER_NONE;
    const char *canon = level_canon(l, x);
    for (uint32_t i = 0; i < n_items; i++)
        if (l->items[i].x && l->items[i].x->type == x->type &&
            strcmp(level_canon(l, l->items[i].x), canon) == 0)
            return (int)i;
    if (o->not_listed) {
        check_fail(&l->c, "E0323", n->from, n->len, NULL, "%s", o->not_listed);
        return ORDER_NONE;
    }
    level_item_add(l, x, "$order", ds_text_where(l->b->text, n->from, n->len),
                   false);
    return (int)n_items;
}

static int item_find(level *l, const ds_node *n, const order_of *o)
{
    bool found;
    switch (n->kind) {
    case DS_N_INT:
        return item_by_position(l, n, o->clause);
    case DS_N_STR:
    case DS_N_DEC:
    case DS_N_BOOL:
    case DS_N_NULL:
        check_fail(&l->c, "E0323", n->at, n->len, NULL,
                   "non-integer constant in %s", o->clause);
        return ORDER_NONE;
    default:
        break;
    }
    if (n->kind == DS_N_COLUMN && n->n_names == 1) {
        int at = level_item_named(l, n, o->clause, &found);
        if (found)
            return at;
    }
    if (l->set && n->kind == DS_N_COLUMN && level_expr(l, n, NULL) == NULL)
        return ORDER_NONE;
    if (l->set) {
        check_fail(&l->c, "E0323", n->from, n->len,
                   "only names and positions of the result stand here",
                   "invalid UNION/INTERSECT/EXCEPT ORDER BY clause");
        return ORDER_NONE;
    }
    return item_of_expr(l, n, o);
}

void level_order(level *l)
{
    rel_select *s = l->s;
    order_of o = {.clause = "ORDER BY"};
    if (l->q->distinct && l->q->n_on == 0)
        o.not_listed = "for SELECT DISTINCT, ORDER BY expressions must appear "
                       "in select list";
    s->order = ds_new(l->b->arena, rel_order, l->q->n_order + 1);
    for (uint32_t i = 0; i < l->q->n_order; i++) {
        const ds_order *by = &l->q->order[i];
        if (by->other) {
            check_fail(&l->c, "E0304", by->expr->from, by->expr->len, NULL,
                       "ORDER BY ... USING is not supported");
            continue;
        }
        int at = item_find(l, by->expr, &o);
        if (at >= 0)
            s->order[s->n_order++] =
                (rel_order){(uint32_t)at, by->desc, by->nulls_first};
    }
}

static bool on_has(const uint32_t *on, uint32_t n, uint32_t item)
{
    for (uint32_t i = 0; i < n; i++)
        if (on[i] == item)
            return true;
    return false;
}

/* As long as an expression of ON has not come, ORDER BY has only such. */
static void distinct_matches(level *l, const uint32_t *on, uint32_t n)
{
    uint32_t seen = 0;
    for (uint32_t i = 0; i < l->s->n_order; i++) {
        uint32_t item = l->s->order[i].col;
        bool again = false;
        for (uint32_t k = 0; k < i; k++)
            again = again || l->s->order[k].col == item;
        if (on_has(on, n, item)) {
            seen += !again;
            continue;
        }
        if (seen == n)
            return;
        check_fail(&l->c, "E0323", l->q->on[0]->from, l->q->on[0]->len, NULL,
                   "SELECT DISTINCT ON expressions must match initial ORDER BY "
                   "expressions");
        return;
    }
}

void level_distinct(level *l)
{
    const order_of o = {.clause = "DISTINCT ON"};
    uint32_t n = 0;
    l->s->distinct = l->q->distinct;
    if (l->q->n_on == 0)
        return;
    uint32_t *on = ds_new(l->b->arena, uint32_t, l->q->n_on);
    for (uint32_t i = 0; i < l->q->n_on; i++) {
        int at = item_find(l, l->q->on[i], &o);
        if (at >= 0 && !on_has(on, n, (uint32_t)at))
            on[n++] = (uint32_t)at;
    }
    l->s->on = on;
    l->s->n_on = n;
    distinct_matches(l, on, n);
}

/* ---- LIMIT and OFFSET ---- */

typedef struct finding {
    const level *l;
    const tx *column;
} finding;

static void find_variable(tx *x, void *arg)
{
    finding *f = arg;
    if (x->kind == TX_COL && x->col < f->l->n_from && !f->column)
        f->column = x;
}

static tx *limit_of(level *l, const ds_node *n, const char *clause)
{
    if (n == NULL)
        return NULL;
    tx *x = level_expr(l, n, clause);
    if (x == NULL)
        return NULL;
    finding f = {.l = l};
    tx_walk(x, find_variable, &f);
    if (f.column)
        return check_fail(&l->c, "E0323", f.column->at, f.column->len, NULL,
                          "argument of %s must not contain variables", clause);
    tx *count = x->type == DS_NONE
                    ? check_coerce(&l->c, x, DS_I64)
                    : tx_cast(l->b->arena, x, DS_I64, FUNC_CAST_ASSIGNMENT);
    if (count == NULL && x->type != DS_NONE)
        return check_fail(&l->c, "E0303", n->from, n->len, NULL,
                          "argument of %s must be type bigint, not type %s",
                          clause, ds_type_name(x->type));
    count = count ? fold_tree(count, l->b->arena) : NULL;
    if (count && count->kind == TX_CONST && !count->null && count->v.i < 0)
        return check_fail(&l->c, "E0323", n->from, n->len, NULL,
                          "%s must not be negative", clause);
    return count;
}

void level_limit(level *l)
{
    l->limit = limit_of(l, l->q->limit, "LIMIT");
    l->offset = limit_of(l, l->q->offset, "OFFSET");
    l->s->ties = l->q->ties;
    if (l->q->ties && l->q->n_order == 0)
        check_fail(&l->c, "E0323", l->q->limit->from, l->q->limit->len, NULL,
                   "WITH TIES cannot be specified without ORDER BY clause");
}
