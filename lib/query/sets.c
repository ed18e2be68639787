/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sets.c - VALUES, UNION, INTERSECT and EXCEPT: rows put together.
 */
#include "query/level.h"

/* One side of a set operation, whose untyped columns may still become what the
 * other side has. */
typedef struct side {
    level *l;        /* a SELECT or VALUES, not finished */
    rel *made;       /* others */
    uint32_t n_rows; /* VALUES: l's items are its cells, row after row */
    const ds_query *q;
    uint32_t n;
} side;

/* ---- VALUES ---- */

static bool values_column(level *l, uint32_t n_rows, uint32_t n, uint32_t col,
                          ds_type *type)
{
    tx **list = ds_new(l->b->arena, tx *, n_rows + 1);
    int32_t mod;
    for (uint32_t i = 0; i < n_rows; i++)
        list[i] = l->items[i * n + col].x;
    bool unknown = true;
    for (uint32_t i = 0; i < n_rows; i++)
        unknown = unknown && list[i]->type == DS_NONE;
    *type = DS_NONE;
    if (!unknown && !check_unify(&l->c, "VALUES", list, n_rows, type, &mod))
        return false;
    /* Untyped cells are text, whatever stands on the other side. */
    for (uint32_t i = 0; unknown && i < n_rows; i++)
        if ((list[i] = check_coerce(&l->c, list[i], DS_STR)) == NULL)
            return false;
    for (uint32_t i = 0; i < n_rows; i++)
        l->items[i * n + col].x = list[i];
    return true;
}

static level *values_level(builder *b, const ds_query *q)
{
    uint32_t errors = b->diags->errors, n = q->row_sizes[0];
    level *l = level_new(b, NULL, q);
    level_layout(l, NULL, 0, 0, 0, 0);
    for (uint32_t i = 0; i < q->n_rows; i++) {
        if (q->row_sizes[i] != n) {
            query_fail(b, "E0323", q->rows[i][0]->from, q->rows[i][0]->len,
                       NULL, "VALUES lists must all be the same length");
            return NULL;
        }
        for (uint32_t k = 0; k < n; k++) {
            const ds_node *cell = q->rows[i][k];
            level_item_add(l, level_expr(l, cell, "VALUES"), "",
                           ds_text_where(b->text, cell->from, cell->len),
                           false);
        }
    }
    if (b->diags->errors != errors)
        return NULL;
    for (uint32_t k = 0; k < n; k++) {
        ds_type type;
        if (!values_column(l, q->n_rows, n, k, &type))
            return NULL;
    }
    return l;
}

static rel *values_finish(const side *s, const ds_type *want)
{
    builder *b = s->l->b;
    uint32_t n_cells = s->n_rows * s->n;
    tx **cells = ds_new(b->arena, tx *, n_cells + 1);
    ds_schema *schema = ds_new(b->arena, ds_schema, 1);
    ds_field *fields = ds_new(b->arena, ds_field, s->n + 1);
    for (uint32_t i = 0; i < n_cells; i++) {
        tx *x = s->l->items[i].x;
        ds_type type = want ? want[i % s->n] : DS_NONE;
        if (x->type == DS_NONE)
            x = check_coerce(&s->l->c, x, type == DS_NONE ? DS_STR : type);
        else if (type != DS_NONE && type != x->type)
            x = tx_cast(b->arena, x, type, FUNC_CAST_IMPLICIT);
        if (x == NULL)
            return NULL;
        cells[i] = x;
        int32_t mod = i < s->n || fields[i % s->n].mod == x->mod ? x->mod : 0;
        fields[i % s->n] =
            (ds_field){ds_str_printf(b->arena, "column%u", i % s->n + 1),
                       x->type, mod, false};
    }
    *schema = (ds_schema){s->n, fields};
    rel *r = rel_new(b, REL_VALUES, schema);
    r->cells = level_list(s->l, cells, n_cells);
    r->n_rows = s->n_rows;
    return r->cells ? r : NULL;
}

/* ---- sides ---- */

static bool side_make(builder *b, level *outer, const ds_query *q, side *out)
{
    *out = (side){.q = q};
    bool bare = q->n_with == 0 && !q->what;
    if (q->kind == DS_Q_SELECT && bare) {
        out->l = check_select(b, outer, q, NULL);
        out->n = out->l ? out->l->n_out : 0;
        return out->l != NULL;
    }
    if (q->kind == DS_Q_VALUES && bare && !q->n_order && !q->limit &&
        !q->offset) {
        out->l = values_level(b, q);
        out->n_rows = q->n_rows;
        out->n = q->row_sizes[0];
        return out->l != NULL;
    }
    out->made = check_query(b, outer, q, NULL);
    out->n = out->made ? out->made->schema->n : 0;
    return out->made != NULL;
}

/* A tree that has the type of column i, and is untyped as far as that is. */
static tx *side_probe(builder *b, const side *s, uint32_t i)
{
    tx *x = tx_new(b->arena, TX_COL, DS_NONE, NULL);
    x->at = x->from = s->q->at;
    x->len = s->q->len;
    if (s->made) {
        x->type = s->made->schema->fields[i].type;
        x->mod = s->made->schema->fields[i].mod;
        return x;
    }
    const tx *of = s->l->items[i].x;
    x->type = of->type;
    x->mod = of->mod;
    x->at = x->from = of->from;
    x->len = of->len;
    if (of->type == DS_NONE) { /* a literal; may be NULL */
        x->kind = TX_CONST;
        x->null = true;
    }
    return x;
}

static rel *side_finish(builder *b, const side *s, const ds_type *want)
{
    if (s->made)
        return rel_cast(b, s->made, want);
    return s->n_rows ? values_finish(s, want) : level_finish(s->l, want);
}

rel *rel_cast(builder *b, rel *r, const ds_type *want)
{
    bool same = true;
    for (uint32_t i = 0; i < r->schema->n; i++)
        same = same && r->schema->fields[i].type == want[i];
    if (same)
        return r;
    level *l = level_new(b, NULL, NULL);
    level_layout(l, r, 0, 0, 0, 0);
    for (uint32_t i = 0; i < r->schema->n; i++) {
        tx *x = level_column(l, i, 0, 1);
        if (x->type != want[i])
            x = tx_cast(b->arena, x, want[i], FUNC_CAST_IMPLICIT);
        DS_BUG_ON(x == NULL);
        level_item_add(l, x, r->schema->fields[i].name, (ds_where){0}, false);
    }
    l->n_out = l->n_items;
    return level_finish(l, NULL);
}

static const char *set_name(ds_query_kind kind)
{
    return kind == DS_Q_UNION       ? "UNION"
           : kind == DS_Q_INTERSECT ? "INTERSECT"
                                    : "EXCEPT";
}

/* The left side's names; of a column what is known of it on both sides. */
static const ds_schema *sides_schema(builder *b, const rel_set *set)
{
    const ds_schema *x = set->left->schema, *y = set->right->schema;
    ds_schema *s = ds_new(b->arena, ds_schema, 1);
    ds_field *fields = ds_new(b->arena, ds_field, x->n + 1);
    for (uint32_t i = 0; i < x->n; i++) {
        fields[i] = x->fields[i];
        if (fields[i].mod != y->fields[i].mod)
            fields[i].mod = 0;
        fields[i].not_null = fields[i].not_null && y->fields[i].not_null;
    }
    *s = (ds_schema){x->n, fields};
    return s;
}

static rel *sides_join(builder *b, const ds_query *q, side *x, side *y)
{
    ds_type *types = ds_new(b->arena, ds_type, x->n + 1);
    check c = {.text = b->text, .arena = b->arena, .diags = b->diags};
    if (x->n != y->n)
        return query_fail(b, "E0323", y->q->at, y->q->len, NULL,
                          "each %s query must have the same number of columns",
                          set_name(q->kind));
    for (uint32_t i = 0; i < x->n; i++) {
        tx *list[2] = {side_probe(b, x, i), side_probe(b, y, i)};
        int32_t mod;
        if (list[0]->type == DS_NONE && list[1]->type == DS_NONE)
            types[i] = DS_STR;
        else if (!check_unify(&c, set_name(q->kind), list, 2, &types[i], &mod))
            return NULL;
    }
    rel_set *set = ds_new(b->arena, rel_set, 1);
    *set = (rel_set){q->kind, q->all, side_finish(b, x, types),
                     side_finish(b, y, types)};
    if (!set->left || !set->right)
        return NULL;
    rel *r = rel_new(b, REL_SET, sides_schema(b, set));
    int *plain = ds_new(b->arena, int, x->n + 1);
    for (uint32_t i = 0; i < x->n; i++)
        plain[i] =
            set->left->plain[i] == set->right->plain[i] || q->kind != DS_Q_UNION
                ? set->left->plain[i]
                : -1;
    r->plain = plain;
    r->u.set = set;
    return r;
}

rel *check_sides(builder *b, level *outer, const ds_query *q)
{
    if (q->kind == DS_Q_VALUES) {
        side s = {.q = q, .n_rows = q->n_rows, .n = q->row_sizes[0]};
        s.l = values_level(b, q);
        return s.l ? values_finish(&s, NULL) : NULL;
    }
    side x, y;
    bool left = side_make(b, outer, q->left, &x);
    bool right = side_make(b, outer, q->right, &y);
    return left && right ? sides_join(b, q, &x, &y) : NULL;
}
