/* SPDX-License-Identifier: Apache-2.0 */
/*
 * items.c - the select list of a SELECT.
 */
#include "query/level.h"

static void star_cols(level *l, const names_col *cols, uint32_t n,
                      const ds_node *node)
{
    ds_where where = ds_text_where(l->b->text, node->at, node->len);
    for (uint32_t i = 0; i < n; i++)
        level_item_add(l, level_column(l, cols[i].col, node->at, node->len),
                       cols[i].name, where, false);
}

static void star(level *l, const ds_node *n)
{
    bool twice;
    if (n->n_names == 0) {
        if (l->q->n_from == 0)
            check_fail(&l->c, "E0301", n->at, n->len, NULL,
                       "SELECT * with no tables specified is not valid");
        star_cols(l, l->names.cols, l->names.n_cols, n);
        return;
    }
    const names_table *t = names_table_of(&l->names, n->names[0], &twice);
    if (t == NULL || n->n_names > 1)
        check_fail(&l->c, "E0320", n->at, n->len, NULL,
                   "missing FROM-clause entry for table \"%s\"", n->names[0]);
    else if (twice)
        check_fail(&l->c, "E0321", n->at, n->len, NULL,
                   "table reference \"%s\" is ambiguous", n->names[0]);
    else
        star_cols(l, t->cols, t->n, n);
}

void level_items(level *l)
{
    if (l->q->n_items == 0)
        query_fail(l->b, "E0190", l->q->at, l->q->len, NULL,
                   "a select list of nothing is not supported");
    l->scope.sets = true;
    for (uint32_t i = 0; i < l->q->n_items; i++) {
        const ds_item *item = &l->q->items[i];
        if (item->expr->kind == DS_N_STAR) {
            star(l, item->expr);
            continue;
        }
        l->c.at_root = true;
        tx *x = check_node(&l->c, item->expr);
        const char *name =
            item->name ? item->name : check_default_name(item->expr);
        level_item_add(l, x, name,
                       ds_text_where(l->b->text, item->name_at, item->name_len),
                       !item->name && strcmp(name, "?column?") == 0);
    }
    l->scope.sets = false;
    l->n_out = l->n_items;
}
