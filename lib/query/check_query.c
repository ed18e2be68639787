/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_query.c - a text to relations: WITH, SELECT and what surrounds it.
 */
#include <stdarg.h>
#include <stdio.h>

#include "query/level.h"

void *query_fail(const builder *b, const char *code, uint32_t at, uint32_t len,
                 const char *hint, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    ds_diag_addv(b->diags, DS_ERROR, code, ds_text_where(b->text, at, len),
                 hint, fmt, args);
    va_end(args);
    return NULL;
}

rel *rel_new(builder *b, rel_kind kind, const ds_schema *schema)
{
    rel *r = ds_new(b->arena, rel, 1);
    int *plain = ds_new(b->arena, int, schema->n + 1);
    for (uint32_t i = 0; i < schema->n; i++)
        plain[i] = -1;
    r->kind = kind;
    r->id = b->sql->n_rels++;
    r->schema = schema;
    r->plain = plain;
    return r;
}

/* ---- WITH ---- */

static const rel *with_rel(builder *b, const ds_with *w)
{
    rel *r = check_query(b, NULL, w->query, NULL);
    if (r == NULL)
        return NULL;
    if (w->n_cols > r->schema->n)
        return query_fail(b, "E0323", w->at, w->len, NULL,
                          "WITH query \"%s\" has %u columns available but %u "
                          "columns specified",
                          w->name, r->schema->n, w->n_cols);
    return r;
}

void with_begin(builder *b, const ds_query *q, const with_scope **kept)
{
    *kept = b->withs;
    for (uint32_t i = 0; i < q->n_with; i++) {
        const ds_with *w = &q->with[i];
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(q->with[k].name, w->name) == 0)
                query_fail(b, "E0320", w->at, w->len, NULL,
                           "WITH query name \"%s\" specified more than once",
                           w->name);
        with_scope *s = ds_new(b->arena, with_scope, 1);
        *s = (with_scope){w, with_rel(b, w), b->withs};
        b->withs = s;
    }
}

void with_end(builder *b, const with_scope *kept)
{
    b->withs = kept;
}

/* ---- how much room a layout needs ---- */

typedef struct counts {
    uint32_t subs, windows, columns;
} counts;

static void count_node(const ds_node *n, counts *out)
{
    if (n == NULL)
        return;
    out->subs += n->kind == DS_N_QUERY;
    out->columns += n->kind == DS_N_COLUMN;
    for (uint32_t i = 0; i < n->n_args; i++)
        count_node(n->args[i], out);
    if (n->call == NULL)
        return;
    count_node(n->call->filter, out);
    for (uint32_t i = 0; i < n->call->n_order; i++)
        count_node(n->call->order[i].expr, out);
    const ds_window *w = n->call->over;
    out->windows += w != NULL;
}

static void count_window(const ds_window *w, counts *out)
{
    for (uint32_t i = 0; i < w->n_parts; i++)
        count_node(w->parts[i], out);
    for (uint32_t i = 0; i < w->n_order; i++)
        count_node(w->order[i].expr, out);
    count_node(w->start_by, out);
    count_node(w->end_by, out);
}

static void count_overs(const ds_node *n, counts *out)
{
    if (n == NULL)
        return;
    for (uint32_t i = 0; i < n->n_args; i++)
        count_overs(n->args[i], out);
    if (n->call && n->call->over)
        count_window(n->call->over, out);
}

/* An item may be checked again for GROUP BY, and a window for each call. */
static counts count_query(const ds_query *q)
{
    counts all = {0}, items = {0};
    for (uint32_t i = 0; i < q->n_items; i++) {
        count_node(q->items[i].expr, &items);
        count_overs(q->items[i].expr, &items);
    }
    for (uint32_t i = 0; i < q->n_windows; i++)
        count_window(q->windows[i], &all);
    for (uint32_t i = 0; i < q->n_order; i++) {
        count_node(q->order[i].expr, &all);
        count_overs(q->order[i].expr, &all);
    }
    uint32_t per_window = all.subs * (items.windows + all.windows);
    for (uint32_t i = 0; i < q->n_group; i++)
        count_node(q->group[i], &all);
    for (uint32_t i = 0; i < q->n_on; i++)
        count_node(q->on[i], &all);
    count_node(q->having, &all);
    count_node(q->limit, &all);
    count_node(q->offset, &all);
    counts where = {0};
    count_node(q->where, &where);
    return (counts){
        all.subs + where.subs + per_window + items.subs * (1 + q->n_group),
        all.windows + items.windows * (1 + q->n_group), where.columns};
}

/* ---- SELECT ---- */

static void select_where(level *l)
{
    if (l->q->where == NULL)
        return;
    l->in_where = true;
    l->where = level_expr(l, l->q->where, "WHERE");
    l->in_where = false;
    if (l->where)
        l->where = check_bool(&l->c, l->where, "WHERE");
}

static void select_having(level *l)
{
    if (l->q->having == NULL)
        return;
    /* Windows come after it, aggregates do not. */
    l->in_having = true;
    l->having = level_expr(l, l->q->having, NULL);
    l->in_having = false;
    if (l->having)
        l->having = check_bool(&l->c, l->having, "HAVING");
}

/* Aggregates, GROUP BY or HAVING: from here on trees are over groups. */
static void select_group(level *l)
{
    rel_select *s = l->s;
    s->grouped = l->q->n_group || l->c.n_aggs || l->q->having;
    if (!s->grouped)
        return;
    for (uint32_t i = 0; i < l->n_items; i++)
        level_ungroup(l, l->items[i].x);
    level_ungroup(l, l->having);
    level_windows_ungroup(l);
}

level *check_select(builder *b, level *outer, const ds_query *q,
                    query_corr *corr)
{
    uint32_t errors = b->diags->errors;
    level *l = level_new(b, outer, q);
    rel *from = NULL;
    l->may = corr;
    if (q->n_from &&
        (from = check_from(b, outer, q->from, q->n_from, &l->names)) == NULL)
        return NULL;
    counts n = count_query(q);
    level_layout(l, from, n.subs, n.windows, q->n_group + n.columns,
                 outer ? n.columns : 0);
    select_where(l);
    level_items(l);
    level_keys(l);
    select_having(l);
    level_windows(l);
    level_order(l);
    level_distinct(l);
    level_limit(l);
    if (corr && corr->kind == DS_SUB_EXISTS)
        level_only_rows(l);
    if (b->diags->errors != errors || !level_correlate(l))
        return NULL;
    select_group(l);
    return b->diags->errors == errors ? l : NULL;
}

static tx *item_typed(level *l, tx *x, ds_type want)
{
    if (x->type != DS_NONE)
        return want == DS_NONE || x->type == want
                   ? x
                   : tx_cast(l->b->arena, x, want, FUNC_CAST_IMPLICIT);
    return check_coerce(&l->c, x, want == DS_NONE ? DS_STR : want);
}

/* A column keeps what is known of it. */
static bool finish_not_null(const level *l, const tx *x)
{
    return x->kind == TX_COL && x->col < l->n_from && !l->s->grouped &&
           l->fields[x->col].not_null;
}

static ds_exprs *finish_items(level *l, const ds_type *want, ds_field *fields)
{
    tx **items = ds_new(l->b->arena, tx *, l->n_items + 1);
    for (uint32_t i = 0; i < l->n_items; i++) {
        ds_type type = want && i < l->n_out ? want[i] : DS_NONE;
        tx *x = item_typed(l, l->items[i].x, type);
        if (x == NULL)
            return NULL;
        items[i] = x;
        fields[i] = (ds_field){l->items[i].name, x->type, x->mod,
                               finish_not_null(l, x)};
    }
    return check_list(&l->c, items, fields, l->n_items);
}

/* What item i is of table 0, in every row. */
static int finish_plain(const level *l, const tx *x)
{
    if (x->kind == TX_COL && x->col >= l->s->first_key &&
        x->col < l->s->first_key + l->n_keys)
        x = l->keys[x->col - l->s->first_key];
    if (x->kind != TX_COL || x->col >= l->n_from)
        return -1;
    return l->s->from->plain[x->col];
}

static bool finish_list(level *l, tx **list, uint32_t n, const ds_exprs **out)
{
    if (n == 0 || list[0] == NULL)
        return true;
    *out = level_list(l, list, n);
    return *out != NULL;
}

/* The layout with the aggregates behind it. */
static const ds_schema *finish_layout(const level *l)
{
    ds_schema *all = ds_new(l->b->arena, ds_schema, 1);
    ds_field *fields =
        ds_new(l->b->arena, ds_field, l->s->n_cols + l->c.n_aggs + 1);
    for (uint32_t i = 0; i < l->s->n_cols; i++)
        fields[i] = l->fields[i];
    for (uint32_t i = 0; i < l->c.n_aggs; i++)
        fields[l->s->n_cols + i] =
            (ds_field){"$agg", ds_agg_type(l->c.aggs[i]), 0, false};
    *all = (ds_schema){l->s->n_cols + l->c.n_aggs, fields};
    return all;
}

/* Items around a set are computed where there are no aggregates any more. */
static bool finish_set(level *l)
{
    const ds_exprs *e = l->s->items;
    for (uint32_t i = 0; e->set && l->c.n_aggs && i < e->schema.n; i++)
        if (e->of_set[i] && e->items[i]->kind != TX_SET)
            return check_fail(
                &l->c, "E0190", e->items[i]->at, e->items[i]->len,
                "call it in a query around this one",
                "an expression around a set-returning function is "
                "not supported beside aggregates");
    return true;
}

rel *level_finish(level *l, const ds_type *want)
{
    rel_select *s = l->s;
    ds_arena *a = l->b->arena;
    uint32_t n_schema = l->n_out + l->n_corr;
    ds_field *fields = ds_new(a, ds_field, l->n_items + 1);
    ds_schema *schema = ds_new(a, ds_schema, 1);
    *schema = (ds_schema){n_schema, fields};
    rel *r = rel_new(l->b, REL_SELECT, schema);
    int *plain = ds_new(a, int, n_schema + 1);
    for (uint32_t i = 0; i < n_schema; i++)
        plain[i] = finish_plain(l, l->items[i].x);
    s->items = finish_items(l, want, fields);
    bool ok = s->items && finish_set(l) &&
              finish_list(l, &l->where, 1, &s->where) &&
              finish_list(l, &l->having, 1, &s->having) &&
              finish_list(l, &l->limit, 1, &s->limit) &&
              finish_list(l, &l->offset, 1, &s->offset) &&
              finish_list(l, l->keys, l->n_keys, &s->keys);
    if (!ok || !level_windows_finish(l))
        return NULL;
    s->aggs = l->c.aggs;
    s->n_aggs = l->c.n_aggs;
    s->n_out = n_schema;
    s->layout = finish_layout(l);
    r->plain = plain;
    r->u.select = s;
    return r;
}

/* ---- ORDER BY and LIMIT of what is no SELECT ---- */

static rel *check_tail(builder *b, const ds_query *q, rel *r)
{
    uint32_t errors = b->diags->errors;
    if (q->n_order == 0 && !q->limit && !q->offset)
        return r;
    level *l = level_new(b, NULL, q);
    counts n = count_query(q);
    l->set = true;
    l->names = names_of(r->schema, NULL, NULL, 0, b->arena);
    level_layout(l, r, n.subs, n.windows, 0, 0);
    for (uint32_t i = 0; i < r->schema->n; i++)
        level_item_add(l, level_column(l, i, q->at, q->len),
                       r->schema->fields[i].name,
                       ds_text_where(b->text, q->at, q->len), false);
    l->n_out = l->n_items;
    level_order(l);
    level_limit(l);
    return b->diags->errors == errors ? level_finish(l, NULL) : NULL;
}

static rel *query_body(builder *b, level *outer, const ds_query *q,
                       query_corr *corr)
{
    if (q->kind == DS_Q_SELECT) {
        level *l = check_select(b, outer, q, corr);
        return l ? level_finish(l, NULL) : NULL;
    }
    rel *r = check_sides(b, outer, q);
    return r ? check_tail(b, q, r) : NULL;
}

rel *check_query(builder *b, level *outer, const ds_query *q, query_corr *corr)
{
    const with_scope *kept;
    if (q->what)
        return query_fail(b, "E0190", q->what_at, 1, NULL,
                          "%s is not supported", q->what);
    with_begin(b, q, &kept);
    rel *r = query_body(b, outer, q, corr);
    with_end(b, kept);
    return r;
}

/* ---- the whole ---- */

static void sql_names(builder *b, const ds_query *q, const rel *top)
{
    ds_where *places = ds_new(b->arena, ds_where, top->schema->n + 1);
    bool *unnamed = ds_new(b->arena, bool, top->schema->n + 1);
    uint32_t k = 0;
    while (q->kind > DS_Q_VALUES)
        q = q->left;
    for (uint32_t i = 0; i < top->schema->n; i++) {
        unnamed[i] = strcmp(top->schema->fields[i].name, "?column?") == 0;
        places[i] = ds_text_where(b->text, q->at, q->len);
    }
    for (uint32_t i = 0; q->kind == DS_Q_SELECT && i < q->n_items; i++) {
        if (q->items[i].expr->kind == DS_N_STAR)
            break; /* what follows it has no place of its own */
        if (k < top->schema->n)
            places[k++] = ds_text_where(b->text, q->items[i].name_at,
                                        q->items[i].name_len);
    }
    b->sql->places = places;
    b->sql->unnamed = unnamed;
}

ds_rc ds_sql_check(const ds_text *text, const ds_sql_names *tables, ds_arena *a,
                   ds_diags *d, const ds_sql **out)
{
    ds_query *q = NULL;
    uint32_t errors = d->errors;
    DS_TRY(ds_parse_query(text, a, d, &q));
    ds_sql *sql = ds_new(a, ds_sql, 1);
    builder b = {
        .text = text, .tables = tables, .arena = a, .diags = d, .sql = sql};
    rel *top = check_query(&b, NULL, q, NULL);
    if (top == NULL || d->errors != errors)
        return DS_E_CONFIG;
    sql->top = top;
    sql->text = text;
    sql_names(&b, q, top);
    *out = sql;
    return DS_OK;
}

const ds_schema *ds_sql_schema(const ds_sql *q)
{
    return q->top->schema;
}

int ds_sql_plain(const ds_sql *q, uint32_t i)
{
    return q->top->plain[i];
}

bool ds_sql_uses(const ds_sql *q, uint32_t table)
{
    return q->uses >> table & 1;
}

bool ds_sql_reads(const ds_sql *q, uint32_t table, uint32_t col)
{
    return q->reads[table] && q->reads[table][col];
}

bool ds_sql_check_names(const ds_sql *q, ds_diags *d)
{
    const ds_schema *s = q->top->schema;
    uint32_t errors = d->errors;
    for (uint32_t i = 0; i < s->n; i++) {
        if (q->unnamed[i])
            ds_diag_add(d, DS_ERROR, "E0313", q->places[i],
                        "write: ... AS name", "this item needs a name");
        for (uint32_t k = 0; k < i && !q->unnamed[i]; k++)
            if (strcmp(s->fields[i].name, s->fields[k].name) == 0) {
                ds_diag_add(d, DS_ERROR, "E0312", q->places[i],
                            "give it another name with AS",
                            "column name \"%s\" stands twice",
                            s->fields[i].name);
                break;
            }
    }
    return d->errors == errors;
}
