/* SPDX-License-Identifier: Apache-2.0 */
/*
 * from.c - FROM: tables, subqueries, functions.
 */
#include "query/from.h"

/* ---- tables ---- */

static const char *table_hint(builder *b, const char *name)
{
    const char *list[128];
    uint32_t n = 0;
    for (const with_scope *w = b->withs; w && n < 64; w = w->next)
        list[n++] = w->with->name;
    for (uint32_t i = 0; n < 128 && b->tables->at(b->tables->arg, i); i++)
        list[n++] = b->tables->at(b->tables->arg, i);
    const char *text = NULL;
    for (uint32_t i = 0; i < n && i < 20; i++)
        text = ds_str_printf(b->arena, "%s%s %s", text ? text : "there are",
                             text ? "," : "", list[i]);
    for (uint32_t i = 0; i < n; i++)
        if (strcasecmp(list[i], name) == 0)
            return ds_str_printf(b->arena, "did you mean %s?", list[i]);
    return ds_str_printf(
        b->arena, "%s; another stream comes in by transformWith",
        n == 1 ? ds_str_printf(b->arena, "there is only %s", list[0]) : text);
}

static rel *table_rel(builder *b, const ds_from *f)
{
    for (const with_scope *w = b->withs; w; w = w->next)
        if (strcmp(w->with->name, f->name) == 0) {
            /* Its mistakes have been told. */
            if (w->rel == NULL)
                return NULL;
            rel *r = ds_new(b->arena, rel, 1);
            *r = *w->rel;
            return r;
        }
    uint32_t table = 0;
    const ds_schema *s = b->tables->find(b->tables->arg, f->name, &table);
    if (s == NULL)
        return query_fail(b, "E0320", f->at, f->len, table_hint(b, f->name),
                          "relation \"%s\" does not exist", f->name);
    DS_BUG_ON(table >= DS_SQL_TABLES);
    rel *r = rel_new(b, REL_TABLE, s);
    uint32_t *base = ds_new(b->arena, uint32_t, s->n + 1);
    int *plain = ds_new(b->arena, int, s->n + 1);
    for (uint32_t i = 0; i < s->n; i++) {
        base[i] = 1 + REL_BASE(table, i);
        plain[i] = table == 0 ? (int)i : -1;
    }
    r->base = base;
    r->plain = plain;
    r->table = table;
    b->sql->uses |= 1ull << table;
    if (b->sql->reads[table] == NULL)
        b->sql->reads[table] = ds_new(b->arena, bool, s->n + 1);
    return r;
}

/* The WITH query that the table is. */
static const ds_with *with_of(const builder *b, const ds_from *f)
{
    for (const with_scope *w = b->withs; f->kind == DS_F_TABLE && w;
         w = w->next)
        if (strcmp(w->with->name, f->name) == 0)
            return w->with;
    return NULL;
}

static bool with_names(builder *b, const ds_from *f, const rel *r,
                       const char *table, names *out)
{
    const ds_with *with = with_of(b, f);
    uint32_t n = with && with->n_cols > f->n_cols ? with->n_cols : f->n_cols;
    const char **cols = ds_new(b->arena, const char *, n + 1);
    if (f->n_cols > r->schema->n) {
        query_fail(b, "E0323", f->at, f->len, NULL,
                   "table \"%s\" has %u columns available but %u columns "
                   "specified",
                   table ? table : "", r->schema->n, f->n_cols);
        return false;
    }
    for (uint32_t i = 0; i < n; i++)
        cols[i] = i < f->n_cols ? f->cols[i] : with->cols[i];
    *out = names_of(r->schema, table, cols, n, b->arena);
    return true;
}

static rel *from_table(builder *b, const ds_from *f, names *out)
{
    rel *r = table_rel(b, f);
    const char *table = f->alias ? f->alias : f->name;
    return r && with_names(b, f, r, table, out) ? r : NULL;
}

static rel *from_query(builder *b, const ds_from *f, names *out)
{
    if (f->lateral)
        return query_fail(b, "E0190", f->at, f->len, NULL,
                          "LATERAL is not supported");
    if (f->alias == NULL)
        return query_fail(b, "E0320", f->at, f->len,
                          "for example, FROM (SELECT ...) AS foo",
                          f->query->kind == DS_Q_VALUES
                              ? "VALUES in FROM must have an alias"
                              : "subquery in FROM must have an alias");
    rel *r = check_query(b, NULL, f->query, NULL);
    return r && with_names(b, f, r, f->alias, out) ? r : NULL;
}

/* ---- functions ---- */

/* The column of a function of one value: its own name for it, which an alias of
 * the table does not change, or the table's. */
static const char *func_column(const ds_from *f)
{
    const char *name = check_default_name(f->call);
    if (strcmp(name, "jsonb_array_elements") == 0 ||
        strcmp(name, "jsonb_array_elements_text") == 0)
        return "value";
    return f->alias ? f->alias : name;
}

/* What a function gives: its fields, or itself. */
static void func_items(level *l, const ds_from *f, tx *x)
{
    const ds_schema *fields = ds_row_fields(x->type);
    ds_where where = ds_text_where(l->b->text, f->at, f->len);
    for (uint32_t i = 0; fields && i < fields->n; i++)
        level_item_add(
            l, check_field_of(&l->c, x, fields->fields[i].name, f->call),
            fields->fields[i].name, where, false);
    if (fields == NULL)
        level_item_add(l, x, func_column(f), where, false);
}

/* A function sees the tables before it: a row becomes as many as its set has.
 */
static rel *from_func(builder *b, const ds_from *f, rel *left, names *both)
{
    static const ds_schema none = {0, NULL};
    const names empty = {0};
    if (f->ordinality)
        return query_fail(b, "E0190", f->at, f->len, NULL,
                          "WITH ORDINALITY is not supported");
    level *l = level_new(b, NULL, f->query);
    l->names = *both;
    level_layout(l, left, 0, 0, 0, 0);
    uint32_t n_left = left ? left->schema->n : 0;
    for (uint32_t i = 0; i < n_left; i++)
        level_item_add(l, level_column_unread(l, i), l->fields[i].name,
                       (ds_where){0}, false);
    l->scope.sets = true;
    l->c.at_root = true;
    l->c.place = "functions in FROM";
    tx *x = check_node(&l->c, f->call);
    if (x == NULL)
        return NULL;
    if (x->type == DS_NONE)
        x = check_coerce(&l->c, x, DS_STR);
    func_items(l, f, x);
    l->n_out = l->n_items;
    rel *r = level_finish(l, NULL);
    if (r == NULL)
        return NULL;
    uint32_t *base = ds_new(b->arena, uint32_t, r->schema->n + 1);
    for (uint32_t i = 0; i < n_left; i++)
        base[i] = left->base ? left->base[i] : 0;
    r->base = base;
    ds_schema own = {r->schema->n - n_left, r->schema->fields + n_left};
    const ds_schema *s = r->schema->n > n_left ? &own : &none;
    names mine;
    rel fake = {.schema = s};
    if (!with_names(b, f, &fake,
                    f->alias ? f->alias : check_default_name(f->call), &mine))
        return NULL;
    mine.tables[0].scalar = ds_row_fields(x->type) == NULL;
    *both = names_both(left ? both : &empty, &mine, n_left, b->arena);
    return r;
}

/* ---- all of it ---- */

rel *from_item(builder *b, level *outer, const ds_from *f, names *out)
{
    switch (f->kind) {
    case DS_F_TABLE:
        return from_table(b, f, out);
    case DS_F_QUERY:
        return from_query(b, f, out);
    case DS_F_JOIN:
        return from_join(b, outer, f, out);
    case DS_F_FUNC:
        *out = (names){0};
        return from_func(b, f, NULL, out);
    case DS_F_OTHER:
        break;
    }
    return query_fail(b, "E0190", f->at, f->len, NULL, "%s is not supported",
                      f->what);
}

/* A table's name stands once. */
bool from_names_once(builder *b, const names *n, const ds_from *f)
{
    for (uint32_t i = 0; i < n->n_tables; i++)
        for (uint32_t k = 0; k < i; k++)
            if (n->tables[i].name && n->tables[k].name &&
                strcmp(n->tables[i].name, n->tables[k].name) == 0) {
                query_fail(b, "E0320", f->at, f->len, "give it an alias",
                           "table name \"%s\" specified more than once",
                           n->tables[i].name);
                return false;
            }
    return true;
}

rel *from_both(builder *b, level *outer, rel *left, names *both,
               const ds_from *f)
{
    if (f->kind == DS_F_FUNC) {
        rel *r = left ? from_func(b, f, left, both) : NULL;
        return r && from_names_once(b, both, f) ? r : NULL;
    }
    names right;
    rel *r = from_item(b, outer, f, &right);
    if (r == NULL || left == NULL)
        return NULL;
    *both = names_both(both, &right, left->schema->n, b->arena);
    if (!from_names_once(b, both, f))
        return NULL;
    return join_rel(b, left, r);
}

rel *check_from(builder *b, level *outer, ds_from *const *list, uint32_t n,
                names *out)
{
    rel *r = from_item(b, outer, list[0], out);
    for (uint32_t i = 1; i < n; i++)
        r = from_both(b, outer, r, out, list[i]);
    return r;
}
