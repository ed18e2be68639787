/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group.c - GROUP BY: what groups, and what may stand beside groups.
 *
 * Every expression is checked over the rows first. A part of it that is an
 * expression of GROUP BY then becomes the column of its values; a column that
 * is left over is the mistake that PostgreSQL calls ungrouped.
 */
#include "query/level.h"

/* GROUP BY 2: a copy of the item, checked again. */
static const ds_node *key_by_position(level *l, const ds_node *n)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < l->q->n_items; i++) {
        const ds_node *item = l->q->items[i].expr;
        if (item->kind == DS_N_STAR)
            return check_fail(&l->c, "E0304", n->at, n->len, NULL,
                              "a position beside * is not supported");
        if (++at == n->i)
            return item;
    }
    return check_fail(&l->c, "E0323", n->at, n->len, NULL,
                      "GROUP BY position %lld is not in select list",
                      (long long)n->i);
}

/* A name is a column of FROM, else one of the select list. */
static const ds_node *key_by_name(level *l, const ds_node *n)
{
    bool found;
    if (names_find(l->names.cols, l->names.n_cols, n->names[0]) != NAMES_NONE)
        return n;
    int item = level_item_named(l, n, "GROUP BY", &found);
    if (found && item < 0)
        return NULL;
    for (uint32_t i = 0; found && i < l->q->n_items; i++) {
        const ds_item *it = &l->q->items[i];
        const char *name = it->name ? it->name : check_default_name(it->expr);
        if (it->expr->kind != DS_N_STAR && strcmp(name, n->names[0]) == 0)
            return it->expr;
    }
    return n;
}

static const ds_node *key_node(level *l, const ds_node *n)
{
    switch (n->kind) {
    case DS_N_INT:
        return key_by_position(l, n);
    case DS_N_STR:
    case DS_N_DEC:
    case DS_N_BOOL:
    case DS_N_NULL:
        return check_fail(&l->c, "E0323", n->at, n->len, NULL,
                          "non-integer constant in GROUP BY");
    case DS_N_COLUMN:
        return n->n_names == 1 ? key_by_name(l, n) : n;
    default:
        return n;
    }
}

void level_keys(level *l)
{
    uint32_t n = l->q->n_group;
    l->keys = ds_new(l->b->arena, tx *, n + l->cap_outer + 1);
    l->key_canons = ds_new(l->b->arena, const char *, n + l->cap_outer + 1);
    for (uint32_t i = 0; i < n; i++) {
        const ds_node *node = key_node(l, l->q->group[i]);
        tx *x = node ? level_expr(l, node, "GROUP BY") : NULL;
        if (x && x->type == DS_NONE)
            x = check_coerce(&l->c, x, DS_STR);
        if (x == NULL)
            continue;
        uint32_t k = l->n_keys++;
        l->keys[k] = x;
        l->key_canons[k] = level_canon(l, x);
        l->fields[l->s->first_key + k].type = x->type;
        l->fields[l->s->first_key + k].mod = x->mod;
    }
    l->s->n_keys = l->n_keys;
}

static void become_key(level *l, tx *x, uint32_t k)
{
    x->kind = TX_COL;
    x->col = l->s->first_key + k;
    x->f = NULL;
    x->data = NULL;
    x->args = NULL;
    x->n_args = 0;
}

/* "batch.price", as PostgreSQL says it. */
static const char *column_name(level *l, uint32_t col)
{
    for (uint32_t i = 0; i < l->names.n_tables; i++) {
        const names_table *t = &l->names.tables[i];
        for (uint32_t k = 0; t->name && k < t->n; k++)
            if (t->cols[k].col == col)
                return ds_str_printf(l->b->arena, "%s.%s", t->name,
                                     t->cols[k].name);
    }
    return l->fields[col].name;
}

typedef struct ungroup {
    level *l;
    bool ok;
} ungroup;

static void ungroup_node(ungroup *u, tx *x)
{
    level *l = u->l;
    if (x->kind == TX_CONST || x->kind == TX_NOW)
        return;
    bool made = x->kind == TX_COL && x->col >= l->n_from;
    const char *canon = made || l->n_keys == 0 ? "" : level_canon(l, x);
    for (uint32_t k = 0; k < l->n_keys; k++) {
        if (!made && strcmp(canon, l->key_canons[k]) == 0 &&
            x->type == l->keys[k]->type) {
            become_key(l, x, k);
            return;
        }
    }
    if (x->kind == TX_COL && x->col < l->n_from) {
        check_fail(&l->c, "E0322", x->at, x->len, NULL,
                   "column \"%s\" must appear in the GROUP BY clause or be "
                   "used in an aggregate function",
                   column_name(l, x->col));
        u->ok = false;
        return;
    }
    for (uint32_t i = 0; i < x->n_args; i++)
        ungroup_node(u, x->args[i]);
}

bool level_ungroup(level *l, tx *x)
{
    ungroup u = {l, true};
    if (x)
        ungroup_node(&u, x);
    return u.ok;
}
