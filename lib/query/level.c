/* SPDX-License-Identifier: Apache-2.0 */
/*
 * level.c - a SELECT while it is checked: its layout and its names.
 */
#include <stdarg.h>
#include <stdio.h>

#include "query/level.h"

/* ---- layout ---- */

level *level_new(builder *b, level *outer, const ds_query *q)
{
    level *l = ds_new(b->arena, level, 1);
    l->b = b;
    l->outer = outer;
    l->q = q;
    l->s = ds_new(b->arena, rel_select, 1);
    l->c = (check){.text = b->text,
                   .scope = &l->scope,
                   .arena = b->arena,
                   .diags = b->diags,
                   .hooks = &level_hooks};
    return l;
}

void level_layout(level *l, const rel *from, uint32_t n_subs, uint32_t n_wins,
                  uint32_t n_keys, uint32_t n_outer)
{
    rel_select *s = l->s;
    uint32_t n = from ? from->schema->n : 0;
    s->from = from;
    l->n_from = n;
    s->first_sub = n;
    s->first_win = s->first_sub + n_subs;
    s->first_key = s->first_win + n_wins;
    l->first_outer = s->first_key + n_keys;
    s->n_cols = l->first_outer + n_outer;
    l->cap_subs = n_subs;
    l->cap_wins = n_wins;
    l->cap_outer = n_outer;
    l->fields = ds_new(l->b->arena, ds_field, s->n_cols + 1);
    for (uint32_t i = 0; i < s->n_cols; i++)
        l->fields[i] = i < n ? from->schema->fields[i]
                             : (ds_field){ds_str_printf(l->b->arena, "$%u", i),
                                          DS_BYTES, 0, false};
    l->layout = (ds_schema){s->n_cols, l->fields};
    s->layout = &l->layout;
    s->subs = ds_new(l->b->arena, rel_sub, n_subs + 1);
    s->wins = ds_new(l->b->arena, rel_window, n_wins + 1);
    l->wins = ds_new(l->b->arena, level_window, n_wins + 1);
    l->overs = ds_new(l->b->arena, level_over *, n_wins + 65);
    l->outer_cols = ds_new(l->b->arena, uint32_t, n_outer + 1);
    l->corr = ds_new(l->b->arena, level_corr, n_outer + 1);
    l->scope = (ds_scope){.cols = &l->layout, .rows = &l->layout};
}

tx *level_column_unread(level *l, uint32_t col)
{
    tx *x = tx_new(l->b->arena, TX_COL, l->fields[col].type, NULL);
    x->col = col;
    x->mod = l->fields[col].mod;
    return x;
}

tx *level_column(level *l, uint32_t col, uint32_t at, uint32_t len)
{
    tx *x = level_column_unread(l, col);
    x->at = x->from = at;
    x->len = len;
    if (l->s->from && col < l->n_from)
        level_read(l, l->s->from, col);
    return x;
}

/* The query reads that column of a table. */
void level_read(level *l, const rel *r, uint32_t col)
{
    uint32_t base = r->base ? r->base[col] : 0;
    if (base == 0)
        return;
    uint32_t table = (base - 1) >> 16;
    l->b->sql->reads[table][(base - 1) & 0xffff] = true;
}

void level_item_add(level *l, tx *x, const char *name, ds_where where,
                    bool unnamed)
{
    if (l->n_items == l->cap_items) {
        uint32_t cap = l->cap_items ? 2 * l->cap_items : 16;
        level_item *more = ds_new(l->b->arena, level_item, cap);
        for (uint32_t i = 0; i < l->n_items; i++)
            more[i] = l->items[i];
        l->items = more;
        l->cap_items = cap;
    }
    l->items[l->n_items++] = (level_item){x, name, where, unnamed};
}

/* ---- expressions ---- */

tx *level_expr(level *l, const ds_node *n, const char *place)
{
    l->c.place = place;
    l->c.at_root = false;
    tx *x = check_node(&l->c, n);
    l->c.place = NULL;
    return x;
}

ds_exprs *level_list(level *l, tx **items, uint32_t n)
{
    ds_field *fields = ds_new(l->b->arena, ds_field, n + 1);
    for (uint32_t i = 0; i < n; i++)
        fields[i] = (ds_field){"$", items[i]->type, items[i]->mod, false};
    return check_list(&l->c, items, fields, n);
}

const char *level_canon(level *l, tx *x)
{
    return canon_tree(x, &l->layout, NULL, NULL, l->b->arena);
}

typedef struct sides {
    const level *l;
    bool outer, inner;
} sides;

static void find_side(tx *x, void *arg)
{
    sides *s = arg;
    if (x->kind != TX_COL)
        return;
    bool outer = x->col >= s->l->first_outer && x->col < s->l->s->n_cols;
    s->outer = s->outer || outer;
    s->inner = s->inner || !outer;
}

bool level_has_outer(const level *l, tx *x)
{
    sides s = {.l = l};
    tx_walk(x, find_side, &s);
    return s.outer;
}

bool level_has_inner(const level *l, tx *x)
{
    sides s = {.l = l};
    tx_walk(x, find_side, &s);
    return s.inner;
}

/* ---- names ---- */

/* Where a name leads: a column of this layout and the part of the name after
 * it. */
typedef struct found {
    int col; /* or NAMES_NONE, NAMES_AMBIGUOUS */
    uint32_t used;
    const names_table *table; /* that it names */
} found;

static found names_look(const names *in, const ds_node *n)
{
    bool twice;
    found f = {.col = NAMES_NONE};
    if (n->n_names > 1)
        f.table = names_table_of(in, n->names[0], &twice);
    if (f.table) {
        f.col = twice ? NAMES_AMBIGUOUS
                      : names_find(f.table->cols, f.table->n, n->names[1]);
        f.used = 2;
        return f;
    }
    f.col = names_find(in->cols, in->n_cols, n->names[0]);
    f.used = 1;
    if (f.col == NAMES_NONE && n->n_names == 1) {
        const names_table *t = names_table_of(in, n->names[0], &twice);
        if (t && t->scalar && !twice)
            f.col = (int)t->cols[0].col;
    }
    return f;
}

static const ds_schema *names_schema(const names_col *cols, uint32_t n,
                                     ds_arena *a)
{
    ds_schema *s = ds_new(a, ds_schema, 1);
    ds_field *fields = ds_new(a, ds_field, n + 1);
    for (uint32_t i = 0; i < n; i++)
        fields[i].name = cols[i].name;
    *s = (ds_schema){n, fields};
    return s;
}

static const char *tables_hint(level *l)
{
    const char *text = NULL;
    for (uint32_t i = 0; i < l->names.n_tables; i++)
        if (l->names.tables[i].name)
            text =
                ds_str_printf(l->b->arena, "%s%s %s", text ? text : "there are",
                              text ? "," : "", l->names.tables[i].name);
    return text;
}

/* The alias that hides a table's name, if that is what was written. */
static const char *alias_of(const ds_from *f, const char *table)
{
    if (f->kind == DS_F_JOIN) {
        const char *left = alias_of(f->left, table);
        return left ? left : alias_of(f->right, table);
    }
    return f->kind == DS_F_TABLE && f->alias && strcmp(f->name, table) == 0
               ? f->alias
               : NULL;
}

static tx *no_table(level *l, const ds_node *n)
{
    const char *table = n->names[0], *alias = NULL;
    for (const level *o = l; o && !alias; o = o->outer)
        for (uint32_t i = 0; o->q && i < o->q->n_from && !alias; i++)
            alias = alias_of(o->q->from[i], table);
    if (alias)
        return check_fail(
            &l->c, "E0320", n->at, n->len,
            ds_str_printf(l->b->arena, "its name here is %s", alias),
            "invalid reference to FROM-clause entry for table "
            "\"%s\"",
            table);
    return check_fail(&l->c, "E0320", n->at, n->len, tables_hint(l),
                      "missing FROM-clause entry for table \"%s\"", table);
}

static tx *no_column(level *l, const ds_node *n, const found *f)
{
    bool twice;
    check *c = &l->c;
    if (f->col == NAMES_AMBIGUOUS)
        return check_fail(
            c, "E0321", n->at, n->len, "put the table's name in front of it",
            "column reference \"%s\" is ambiguous", n->names[f->used - 1]);
    if (f->table)
        return check_fail(c, "E0301", n->at, n->len,
                          check_name_hint(c, n->names[1],
                                          names_schema(f->table->cols,
                                                       f->table->n, c->arena)),
                          "column %s.%s does not exist", n->names[0],
                          n->names[1]);
    if (n->n_names > 1)
        return no_table(l, n);
    if (names_table_of(&l->names, n->names[0], &twice))
        return check_fail(c, "E0190", n->at, n->len, "name its columns",
                          "a table's whole row as a value is not supported");
    return check_fail(
        c, "E0301", n->at, n->len,
        check_name_hint(c, n->names[0],
                        names_schema(l->names.cols, l->names.n_cols, c->arena)),
        "column \"%s\" does not exist", n->names[0]);
}

static tx *fields_of(level *l, tx *x, const ds_node *n, uint32_t from)
{
    for (uint32_t i = from; x && i < n->n_names; i++)
        x = check_field_of(&l->c, x, n->names[i], n);
    return x;
}

/* A column of the level around: a column of this layout that stands for it. */
static tx *outer_column(level *l, const ds_node *n, uint32_t col, uint32_t used)
{
    uint32_t i = 0;
    if (!l->may || !l->in_where || l->c.in_agg)
        return check_fail(
            &l->c, "E0190", n->at, n->len,
            "join the tables, or compare with the column in the "
            "subquery's WHERE",
            "a column of the query around a subquery is supported "
            "in its WHERE only");
    while (i < l->n_outer && l->outer_cols[i] != col)
        i++;
    if (i == l->n_outer) {
        l->outer_cols[l->n_outer++] = col;
        l->fields[l->first_outer + i] = l->outer->fields[col];
        l->fields[l->first_outer + i].name =
            ds_str_printf(l->b->arena, "$outer%u", i);
    }
    if (l->outer_len == 0) {
        l->outer_at = n->at;
        l->outer_len = n->len;
    }
    if (l->outer->s->from && col < l->outer->n_from)
        level_read(l->outer, l->outer->s->from, col);
    tx *x = level_column(l, l->first_outer + i, n->at, n->len);
    return fields_of(l, x, n, used);
}

/* a.b is a field of the column a only where no table around is called so. */
static bool names_outer_table(const level *l, const ds_node *n, const found *f)
{
    bool twice;
    if (n->n_names < 2 || f->table)
        return false;
    for (const level *o = l->outer; o; o = o->outer)
        if (names_table_of(&o->names, n->names[0], &twice))
            return true;
    return false;
}

static tx *column(check *c, const ds_node *n)
{
    level *l = (level *)c;
    found f = names_look(&l->names, n);
    if (names_outer_table(l, n, &f))
        f.col = NAMES_NONE;
    if (f.col >= 0) {
        tx *x = level_column(l, (uint32_t)f.col, n->at, n->len);
        x->from = n->from;
        return fields_of(l, x, n, f.used);
    }
    for (level *o = l->outer; o && f.col == NAMES_NONE && !f.table;
         o = o->outer) {
        found g = names_look(&o->names, n);
        if (g.col == NAMES_NONE)
            continue;
        if (g.col < 0 || o != l->outer)
            return check_fail(c, "E0190", n->at, n->len, NULL,
                              "a column of a query further out is not "
                              "supported");
        return outer_column(l, n, (uint32_t)g.col, g.used);
    }
    return no_column(l, n, &f);
}

const check_hooks level_hooks = {
    .column = column, .query = level_sub, .window = level_window_call};
