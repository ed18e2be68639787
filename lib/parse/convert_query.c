/* SPDX-License-Identifier: Apache-2.0 */
/*
 * convert_query.c - libpg_query's queries to ours.
 */
#include "parse/convert.h"
#include "parse/parse.h"

#define NODE(x) PG_QUERY__NODE__NODE_##x

static const char *text_of(convert_ctx *c, const char *s)
{
    return s && s[0] ? ds_str_copy(c->arena, s) : NULL;
}

/* The token that stands at a location. */
static void point(const convert_ctx *c, int32_t location, uint32_t *at,
                  uint32_t *len)
{
    if (location < 0)
        return;
    *at = convert_at(c, location);
    const scan_token *t = scan_find(c->tokens, *at);
    *len = t && t->at == *at ? t->len : 1;
}

static ds_node **nodes_of(convert_ctx *c, PgQuery__Node **list, size_t n)
{
    ds_node **out = ds_new(c->arena, ds_node *, n + 1);
    for (size_t i = 0; i < n; i++)
        out[i] = convert_node(c, list[i]);
    return out;
}

static const char *const *names_of(convert_ctx *c, PgQuery__Node **list,
                                   size_t n)
{
    const char **out = ds_new(c->arena, const char *, n + 1);
    for (size_t i = 0; i < n; i++)
        out[i] = ds_str_copy(c->arena, list[i]->string->sval);
    return out;
}

/* ---- windows ---- */

/* PostgreSQL's bits of a frame (nodes/parsenodes.h). */
enum {
    FRAME_NONDEFAULT = 0x1,
    FRAME_ROWS = 0x4,
    FRAME_GROUPS = 0x8,
    FRAME_START_FIRST = 0x20,
    FRAME_END_LAST = 0x100,
    FRAME_START_CURRENT = 0x200,
    FRAME_END_CURRENT = 0x400,
    FRAME_START_PRECEDING = 0x800,
    FRAME_END_PRECEDING = 0x1000,
    FRAME_EXCLUDE_CURRENT = 0x8000,
    FRAME_EXCLUDE_GROUP = 0x10000,
    FRAME_EXCLUDE_TIES = 0x20000,
};

static void window_frame(convert_ctx *c, const PgQuery__WindowDef *w,
                         ds_window *out)
{
    int32_t o = w->frame_options;
    out->has_frame = o & FRAME_NONDEFAULT;
    out->mode = o & FRAME_ROWS     ? DS_FRAME_ROWS
                : o & FRAME_GROUPS ? DS_FRAME_GROUPS
                                   : DS_FRAME_RANGE;
    out->start = o & FRAME_START_FIRST       ? DS_BOUND_FIRST
                 : o & FRAME_START_CURRENT   ? DS_BOUND_CURRENT
                 : o & FRAME_START_PRECEDING ? DS_BOUND_PRECEDING
                                             : DS_BOUND_FOLLOWING;
    out->end = o & FRAME_END_LAST        ? DS_BOUND_LAST
               : o & FRAME_END_CURRENT   ? DS_BOUND_CURRENT
               : o & FRAME_END_PRECEDING ? DS_BOUND_PRECEDING
                                         : DS_BOUND_FOLLOWING;
    out->exclude = o & FRAME_EXCLUDE_CURRENT ? DS_EXCLUDE_CURRENT
                   : o & FRAME_EXCLUDE_GROUP ? DS_EXCLUDE_GROUP
                   : o & FRAME_EXCLUDE_TIES  ? DS_EXCLUDE_TIES
                                             : DS_EXCLUDE_NONE;
    if (w->start_offset)
        out->start_by = convert_node(c, w->start_offset);
    if (w->end_offset)
        out->end_by = convert_node(c, w->end_offset);
}

ds_window *convert_window(convert_ctx *c, const PgQuery__WindowDef *w)
{
    ds_window *out = ds_new(c->arena, ds_window, 1);
    out->name = text_of(c, w->name);
    out->refer = text_of(c, w->refname);
    point(c, w->location, &out->at, &out->len);
    out->parts = nodes_of(c, w->partition_clause, w->n_partition_clause);
    out->n_parts = (uint32_t)w->n_partition_clause;
    out->order = convert_order(c, w->order_clause, w->n_order_clause);
    out->n_order = (uint32_t)w->n_order_clause;
    window_frame(c, w, out);
    return out;
}

/* ---- FROM ---- */

static ds_from *convert_from(convert_ctx *c, const PgQuery__Node *n);

static void from_alias(convert_ctx *c, const PgQuery__Alias *a, ds_from *f)
{
    if (a == NULL)
        return;
    f->alias = text_of(c, a->aliasname);
    f->cols = names_of(c, a->colnames, a->n_colnames);
    f->n_cols = (uint32_t)a->n_colnames;
}

static void from_other(ds_from *f, const char *what)
{
    f->kind = DS_F_OTHER;
    f->what = what;
}

static void from_table(convert_ctx *c, const PgQuery__RangeVar *r, ds_from *f)
{
    f->kind = DS_F_TABLE;
    f->name = text_of(c, r->relname);
    point(c, r->location, &f->at, &f->len);
    from_alias(c, r->alias, f);
    if (r->schemaname && r->schemaname[0])
        from_other(f, "a table of a schema");
}

static void from_query(convert_ctx *c, const PgQuery__RangeSubselect *r,
                       ds_from *f)
{
    f->kind = DS_F_QUERY;
    f->lateral = r->lateral;
    f->query = convert_query(c, r->subquery->select_stmt, f->at);
    f->at = f->query->at;
    f->len = f->query->len;
    from_alias(c, r->alias, f);
}

static void from_func(convert_ctx *c, const PgQuery__RangeFunction *r,
                      ds_from *f)
{
    f->kind = DS_F_FUNC;
    f->lateral = r->lateral;
    f->ordinality = r->ordinality;
    from_alias(c, r->alias, f);
    const PgQuery__List *first = r->functions[0]->list;
    f->call = convert_node(c, first->items[0]);
    f->at = f->call->at;
    f->len = f->call->len;
    if (r->is_rowsfrom && r->n_functions > 1)
        from_other(f, "ROWS FROM");
    if (r->n_coldeflist)
        from_other(f, "a column definition list");
}

/* Its place is that of its right side, which stands after JOIN. */
static void from_join(convert_ctx *c, const PgQuery__JoinExpr *j, ds_from *f)
{
    f->kind = DS_F_JOIN;
    f->join = j->jointype == PG_QUERY__JOIN_TYPE__JOIN_LEFT    ? DS_JOIN_LEFT
              : j->jointype == PG_QUERY__JOIN_TYPE__JOIN_RIGHT ? DS_JOIN_RIGHT
              : j->jointype == PG_QUERY__JOIN_TYPE__JOIN_FULL  ? DS_JOIN_FULL
                                                               : DS_JOIN_INNER;
    f->natural = j->is_natural;
    f->left = convert_from(c, j->larg);
    f->right = convert_from(c, j->rarg);
    f->at = f->right->at;
    f->len = f->right->len;
    f->with = names_of(c, j->using_clause, j->n_using_clause);
    f->n_with = (uint32_t)j->n_using_clause;
    if (j->quals)
        f->on = convert_node(c, j->quals);
    from_alias(c, j->alias, f);
    if (j->join_using_alias)
        from_other(f, "an alias of USING");
}

static ds_from *convert_from(convert_ctx *c, const PgQuery__Node *n)
{
    ds_from *f = ds_new(c->arena, ds_from, 1);
    if (c->depth >= DS_PARSE_MAX_DEPTH) {
        c->too_deep = true;
        from_other(f, "this depth");
        return f;
    }
    c->depth++;
    switch (n->node_case) {
    case NODE(RANGE_VAR):
        from_table(c, n->range_var, f);
        break;
    case NODE(RANGE_SUBSELECT):
        from_query(c, n->range_subselect, f);
        break;
    case NODE(RANGE_FUNCTION):
        from_func(c, n->range_function, f);
        break;
    case NODE(JOIN_EXPR):
        from_join(c, n->join_expr, f);
        break;
    case NODE(RANGE_TABLE_SAMPLE):
        from_other(f, "TABLESAMPLE");
        point(c, n->range_table_sample->location, &f->at, &f->len);
        break;
    default:
        from_other(f, "this in FROM");
    }
    c->depth--;
    return f;
}

/* ---- the clauses ---- */

static void query_what(ds_query *q, const char *what, uint32_t at)
{
    if (q->what)
        return;
    q->what = what;
    q->what_at = at;
}

static void query_with(convert_ctx *c, const PgQuery__WithClause *w,
                       ds_query *q)
{
    if (w == NULL)
        return;
    if (w->recursive)
        query_what(q, "WITH RECURSIVE", convert_at(c, w->location));
    q->with = ds_new(c->arena, ds_with, w->n_ctes);
    for (size_t i = 0; i < w->n_ctes; i++) {
        const PgQuery__CommonTableExpr *e = w->ctes[i]->common_table_expr;
        ds_with *with = &q->with[q->n_with];
        point(c, e->location, &with->at, &with->len);
        if (e->ctequery->node_case != NODE(SELECT_STMT)) {
            query_what(q, "WITH of a statement that changes data", with->at);
            continue;
        }
        q->n_with++;
        with->name = text_of(c, e->ctename);
        with->cols = names_of(c, e->aliascolnames, e->n_aliascolnames);
        with->n_cols = (uint32_t)e->n_aliascolnames;
        with->query = convert_query(c, e->ctequery->select_stmt, with->at);
    }
}

static void query_items(convert_ctx *c, const PgQuery__SelectStmt *s,
                        ds_query *q)
{
    q->n_items = (uint32_t)s->n_target_list;
    q->items = ds_new(c->arena, ds_item, q->n_items + 1);
    for (uint32_t i = 0; i < q->n_items; i++) {
        const PgQuery__ResTarget *t = s->target_list[i]->res_target;
        ds_item *item = &q->items[i];
        item->expr = convert_node(c, t->val);
        item->name = text_of(c, t->name);
        point(c, t->location, &item->name_at, &item->name_len);
        if (i == 0)
            point(c, t->location, &q->at, &q->len);
    }
}

/* SELECT DISTINCT without ON is a list of one empty node. */
static void query_distinct(convert_ctx *c, const PgQuery__SelectStmt *s,
                           ds_query *q)
{
    if (s->n_distinct_clause == 0)
        return;
    q->distinct = true;
    if (s->distinct_clause[0]->node_case == PG_QUERY__NODE__NODE__NOT_SET)
        return;
    q->on = nodes_of(c, s->distinct_clause, s->n_distinct_clause);
    q->n_on = (uint32_t)s->n_distinct_clause;
}

/* (a, b) in GROUP BY is a, b; ROW(a, b) is a row. */
static const PgQuery__RowExpr *group_list(const PgQuery__Node *n)
{
    if (n->node_case == NODE(ROW_EXPR) &&
        n->row_expr->row_format ==
            PG_QUERY__COERCION_FORM__COERCE_IMPLICIT_CAST)
        return n->row_expr;
    return NULL;
}

static size_t group_size(PgQuery__Node *const *list, size_t n)
{
    size_t size = 0;
    for (size_t i = 0; i < n; i++) {
        const PgQuery__RowExpr *row = group_list(list[i]);
        size += row ? group_size(row->args, row->n_args) : 1;
    }
    return size;
}

static void group_add(convert_ctx *c, PgQuery__Node *const *list, size_t n,
                      ds_query *q)
{
    for (size_t i = 0; i < n; i++) {
        const PgQuery__RowExpr *row = group_list(list[i]);
        if (row)
            group_add(c, row->args, row->n_args, q);
        else
            q->group[q->n_group++] = convert_node(c, list[i]);
    }
}

static void query_group(convert_ctx *c, const PgQuery__SelectStmt *s,
                        ds_query *q)
{
    for (size_t i = 0; i < s->n_group_clause; i++)
        if (s->group_clause[i]->node_case == NODE(GROUPING_SET)) {
            const PgQuery__GroupingSet *g = s->group_clause[i]->grouping_set;
            query_what(q, "GROUPING SETS, ROLLUP and CUBE",
                       convert_at(c, g->location));
            return;
        }
    q->group = ds_new(c->arena, ds_node *,
                      group_size(s->group_clause, s->n_group_clause) + 1);
    group_add(c, s->group_clause, s->n_group_clause, q);
}

static void query_select(convert_ctx *c, const PgQuery__SelectStmt *s,
                         ds_query *q)
{
    query_items(c, s, q);
    query_distinct(c, s, q);
    q->from = ds_new(c->arena, ds_from *, s->n_from_clause + 1);
    for (size_t i = 0; i < s->n_from_clause; i++)
        q->from[q->n_from++] = convert_from(c, s->from_clause[i]);
    if (s->where_clause)
        q->where = convert_node(c, s->where_clause);
    query_group(c, s, q);
    if (s->having_clause)
        q->having = convert_node(c, s->having_clause);
    q->windows = ds_new(c->arena, ds_window *, s->n_window_clause + 1);
    for (size_t i = 0; i < s->n_window_clause; i++)
        q->windows[q->n_windows++] =
            convert_window(c, s->window_clause[i]->window_def);
    if (s->into_clause)
        query_what(q, "SELECT INTO", q->at);
}

static void query_values(convert_ctx *c, const PgQuery__SelectStmt *s,
                         ds_query *q)
{
    q->kind = DS_Q_VALUES;
    q->n_rows = (uint32_t)s->n_values_lists;
    q->rows = ds_new(c->arena, ds_node **, q->n_rows);
    q->row_sizes = ds_new(c->arena, uint32_t, q->n_rows);
    for (uint32_t i = 0; i < q->n_rows; i++) {
        const PgQuery__List *l = s->values_lists[i]->list;
        q->rows[i] = nodes_of(c, l->items, l->n_items);
        q->row_sizes[i] = (uint32_t)l->n_items;
    }
    if (q->row_sizes[0]) {
        q->at = q->rows[0][0]->from;
        q->len = q->rows[0][0]->len;
    }
}

static void query_sides(convert_ctx *c, const PgQuery__SelectStmt *s,
                        ds_query *q)
{
    q->kind = s->op == PG_QUERY__SET_OPERATION__SETOP_UNION ? DS_Q_UNION
              : s->op == PG_QUERY__SET_OPERATION__SETOP_INTERSECT
                  ? DS_Q_INTERSECT
                  : DS_Q_EXCEPT;
    q->all = s->all;
    q->left = convert_query(c, s->larg, q->at);
    q->right = convert_query(c, s->rarg, q->at);
    q->at = q->left->at;
    q->len = q->left->len;
}

/* LIMIT ALL is LIMIT NULL. */
static void query_tail(convert_ctx *c, const PgQuery__SelectStmt *s,
                       ds_query *q)
{
    q->order = convert_order(c, s->sort_clause, s->n_sort_clause);
    q->n_order = (uint32_t)s->n_sort_clause;
    if (s->limit_count)
        q->limit = convert_node(c, s->limit_count);
    if (s->limit_offset)
        q->offset = convert_node(c, s->limit_offset);
    q->ties = s->limit_option == PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_WITH_TIES;
    if (s->n_locking_clause)
        query_what(q, "FOR UPDATE and its like", q->at);
}

ds_query *convert_query(convert_ctx *c, const PgQuery__SelectStmt *s,
                        uint32_t at)
{
    ds_query *q = ds_new(c->arena, ds_query, 1);
    q->at = at;
    q->len = 1;
    if (c->depth >= DS_PARSE_MAX_DEPTH) {
        c->too_deep = true;
        query_what(q, "this depth", at);
        return q;
    }
    c->depth++;
    query_with(c, s->with_clause, q);
    if (s->op != PG_QUERY__SET_OPERATION__SETOP_NONE &&
        s->op != PG_QUERY__SET_OPERATION__SET_OPERATION_UNDEFINED)
        query_sides(c, s, q);
    else if (s->n_values_lists)
        query_values(c, s, q);
    else
        query_select(c, s, q);
    query_tail(c, s, q);
    c->depth--;
    return q;
}
