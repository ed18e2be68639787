/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join.c - JOIN: its conditions, and the columns of USING.
 *
 * Of a condition the equalities between the two sides are looked up in a hash
 * table; the rest is evaluated for the pairs that are left.
 */
#include "query/from.h"

static uint32_t *base_both(builder *b, const rel *x, const rel *y)
{
    uint32_t n = x->schema->n;
    uint32_t *base = ds_new(b->arena, uint32_t, n + y->schema->n + 1);
    for (uint32_t i = 0; i < n; i++)
        base[i] = x->base ? x->base[i] : 0;
    for (uint32_t i = 0; i < y->schema->n; i++)
        base[n + i] = y->base ? y->base[i] : 0;
    return base;
}

rel *join_rel(builder *b, rel *left, rel *right)
{
    uint32_t n = left->schema->n, m = right->schema->n;
    ds_schema *s = ds_new(b->arena, ds_schema, 1);
    ds_field *fields = ds_new(b->arena, ds_field, n + m + 1);
    for (uint32_t i = 0; i < n + m; i++)
        fields[i] =
            i < n ? left->schema->fields[i] : right->schema->fields[i - n];
    *s = (ds_schema){n + m, fields};
    rel *r = rel_new(b, REL_JOIN, s);
    int *plain = ds_new(b->arena, int, n + m + 1);
    for (uint32_t i = 0; i < n + m; i++)
        plain[i] = i < n ? left->plain[i] : right->plain[i - n];
    rel_join *j = ds_new(b->arena, rel_join, 1);
    j->left = left;
    j->right = right;
    r->plain = plain;
    r->base = base_both(b, left, right);
    r->u.join = j;
    return r;
}

typedef struct joining {
    builder *b;
    level *l;
    rel *r;
    rel_join *j;
    uint32_t n_left, n_both;
    tx **left, **right; /* equal */
    uint32_t n_keys;
    tx *rest;
    tx **merged;
    uint32_t n_merged;
} joining;

/* ---- conditions ---- */

typedef struct reach {
    uint32_t n_left;
    bool left, right;
} reach;

static void find_reach(tx *x, void *arg)
{
    reach *r = arg;
    if (x->kind != TX_COL)
        return;
    r->left = r->left || x->col < r->n_left;
    r->right = r->right || x->col >= r->n_left;
}

static reach reach_of(const joining *k, tx *x)
{
    reach r = {.n_left = k->n_left};
    tx_walk(x, find_reach, &r);
    return r;
}

static bool is_equality(const tx *x)
{
    return x->kind == TX_CALL && strcmp(x->f->name, "=") == 0 &&
           x->n_args == 2 && rel_same_keys(x->args[0]->type, x->args[1]->type);
}

static void join_add(joining *k, tx *x)
{
    if (x->kind == TX_AND) {
        for (uint32_t i = 0; i < x->n_args; i++)
            join_add(k, x->args[i]);
        return;
    }
    if (is_equality(x)) {
        reach a = reach_of(k, x->args[0]), c = reach_of(k, x->args[1]);
        bool straight = a.left && !a.right && c.right && !c.left;
        bool turned = a.right && !a.left && c.left && !c.right;
        if (straight || turned) {
            k->left[k->n_keys] = x->args[straight ? 0 : 1];
            k->right[k->n_keys++] = x->args[straight ? 1 : 0];
            return;
        }
    }
    if (k->rest == NULL) {
        k->rest = x;
        return;
    }
    tx *both = tx_new(k->b->arena, TX_AND, DS_BOOL, x);
    both->args = ds_new(k->b->arena, tx *, 2);
    both->args[0] = k->rest;
    both->args[1] = x;
    both->n_args = 2;
    k->rest = both;
}

static void shift_col(tx *x, void *arg)
{
    if (x->kind == TX_COL)
        x->col -= *(const uint32_t *)arg;
}

static bool join_compile(joining *k)
{
    for (uint32_t i = 0; i < k->n_keys; i++)
        tx_walk(k->right[i], shift_col, &k->n_left);
    if (k->n_keys) {
        k->j->left_keys = level_list(k->l, k->left, k->n_keys);
        k->j->right_keys = level_list(k->l, k->right, k->n_keys);
        if (!k->j->left_keys || !k->j->right_keys)
            return false;
    }
    if (k->rest && !(k->j->on = level_list(k->l, &k->rest, 1)))
        return false;
    if (k->n_merged &&
        !(k->j->merged = level_list(k->l, k->merged, k->n_merged)))
        return false;
    return true;
}

static uint32_t equalities(const ds_node *n)
{
    uint32_t sum = 1;
    for (uint32_t i = 0; n && i < n->n_args; i++)
        sum += n->args[i] ? equalities(n->args[i]) : 0;
    return sum;
}

/* ---- USING ---- */

static int using_col(const joining *k, const ds_from *f, const names *n,
                     const char *name, const char *side)
{
    int col = names_find(n->cols, n->n_cols, name);
    if (col == NAMES_NONE)
        query_fail(k->b, "E0301", f->at, f->len, NULL,
                   "column \"%s\" specified in USING clause does not exist in "
                   "%s table",
                   name, side);
    if (col == NAMES_AMBIGUOUS)
        query_fail(k->b, "E0321", f->at, f->len, NULL,
                   "common column name \"%s\" appears more than once in %s "
                   "table",
                   name, side);
    return col;
}

/* The column that both become: that of the preserved side, if it has the common
 * type; else one that is computed. */
static bool using_merged(joining *k, const ds_from *f, tx *x, tx *y,
                         uint32_t *out)
{
    uint32_t cols[2] = {x->col, y->col};
    ds_type types[2] = {x->type, y->type};
    tx *list[2] = {x, y};
    ds_type type;
    int32_t mod;
    if (!check_unify(&k->l->c, "JOIN/USING", list, 2, &type, &mod))
        return false;
    for (uint32_t i = 0; i < 2; i++) {
        bool kept = f->join == DS_JOIN_INNER ||
                    f->join == (i == 0 ? DS_JOIN_LEFT : DS_JOIN_RIGHT);
        if (kept && types[i] == type) {
            *out = cols[i];
            return true;
        }
    }
    tx *made = list[f->join == DS_JOIN_RIGHT];
    if (f->join == DS_JOIN_FULL) {
        made = tx_new(k->b->arena, TX_COALESCE, type, list[0]);
        made->args = ds_new(k->b->arena, tx *, 2);
        made->args[0] = list[0];
        made->args[1] = list[1];
        made->n_args = 2;
        made->mod = mod;
    }
    k->merged[k->n_merged] = made;
    *out = k->n_both + k->n_merged++;
    return true;
}

/* A name stands once in USING. */
static bool using_once(const joining *k, const ds_from *f, uint32_t i)
{
    for (uint32_t m = 0; !f->natural && m < i; m++)
        if (strcmp(f->with[m], f->with[i]) == 0) {
            query_fail(k->b, "E0321", f->at, f->len, NULL,
                       "column name \"%s\" appears more than once in USING "
                       "clause",
                       f->with[i]);
            return false;
        }
    return true;
}

static bool using_one(joining *k, const ds_from *f, const names *left,
                      const names *right, const char *name, uint32_t *out)
{
    int x = using_col(k, f, left, name, "left");
    int y = using_col(k, f, right, name, "right");
    if (x < 0 || y < 0)
        return false;
    uint32_t r = k->n_left + (uint32_t)y;
    ds_node where = {.kind = DS_N_OP,
                     .name = "=",
                     .at = f->at,
                     .from = f->at,
                     .len = f->len};
    tx *eq = check_apply(&k->l->c, "=",
                         level_column(k->l, (uint32_t)x, f->at, f->len),
                         level_column(k->l, r, f->at, f->len), &where);
    if (eq == NULL)
        return false;
    join_add(k, eq);
    return using_merged(k, f, level_column(k->l, (uint32_t)x, f->at, f->len),
                        level_column(k->l, r, f->at, f->len), out);
}

static void names_common(const names *x, const names *y, ds_arena *a,
                         const char *const **with, uint32_t *n)
{
    const char **list = ds_new(a, const char *, x->n_cols + 1);
    *n = 0;
    for (uint32_t i = 0; i < x->n_cols; i++)
        if (names_find(y->cols, y->n_cols, x->cols[i].name) != NAMES_NONE)
            list[(*n)++] = x->cols[i].name;
    *with = list;
}

/* The computed columns become columns of the relation. */
static void merged_columns(joining *k)
{
    ds_arena *a = k->b->arena;
    uint32_t n = k->n_both + k->n_merged;
    ds_schema *s = ds_new(a, ds_schema, 1);
    ds_field *fields = ds_new(a, ds_field, n + 1);
    uint32_t *base = ds_new(a, uint32_t, n + 1);
    int *plain = ds_new(a, int, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        bool own = i < k->n_both;
        tx *x = own ? NULL : k->merged[i - k->n_both];
        fields[i] = own ? k->r->schema->fields[i]
                        : (ds_field){"$using", x->type, x->mod, false};
        base[i] = own ? k->r->base[i] : 0;
        plain[i] = own ? k->r->plain[i] : -1;
    }
    *s = (ds_schema){n, fields};
    k->r->schema = s;
    k->r->base = base;
    k->r->plain = plain;
}

static bool join_using(joining *k, const ds_from *f, const names *left,
                       const names *right, names *out)
{
    const char *const *with = f->with;
    uint32_t n = f->n_with;
    if (f->natural)
        names_common(left, right, k->b->arena, &with, &n);
    uint32_t *merged = ds_new(k->b->arena, uint32_t, n + 1);
    k->merged = ds_new(k->b->arena, tx *, n + 1);
    for (uint32_t i = 0; i < n; i++)
        if (!using_once(k, f, i) ||
            !using_one(k, f, left, right, with[i], &merged[i]))
            return false;
    if (n)
        names_merge(out, with, merged, n, k->b->arena);
    return true;
}

/* ---- JOIN ---- */

/* Columns of a side that may be missing are not the record's in every row. */
static void outer_sides(joining *k)
{
    int *plain = (int *)(uintptr_t)k->r->plain;
    bool left = k->j->kind == DS_JOIN_RIGHT || k->j->kind == DS_JOIN_FULL;
    bool right = k->j->kind == DS_JOIN_LEFT || k->j->kind == DS_JOIN_FULL;
    ds_field *fields = (ds_field *)(uintptr_t)k->r->schema->fields;
    for (uint32_t i = 0; i < k->n_both; i++) {
        if (!(i < k->n_left ? left : right))
            continue;
        plain[i] = -1;
        fields[i].not_null = false;
    }
}

static rel *join_sides(joining *k, const ds_from *f, const names *left,
                       const names *right, names *out)
{
    k->l = level_new(k->b, NULL, NULL);
    k->l->names = *out;
    level_layout(k->l, k->r, 0, 0, 0, 0);
    uint32_t most =
        f->n_with + left->n_cols + 1 + (f->on ? equalities(f->on) : 0);
    k->left = ds_new(k->b->arena, tx *, most);
    k->right = ds_new(k->b->arena, tx *, most);
    if (f->on) {
        tx *on = level_expr(k->l, f->on, "JOIN conditions");
        if (on)
            on = check_bool(&k->l->c, on, "JOIN/ON");
        if (on == NULL)
            return NULL;
        join_add(k, on);
    }
    if ((f->n_with || f->natural) && !join_using(k, f, left, right, out))
        return NULL;
    if (!join_compile(k))
        return NULL;
    outer_sides(k);
    if (k->n_merged)
        merged_columns(k);
    return k->r;
}

rel *from_join(builder *b, level *outer, const ds_from *f, names *out)
{
    names right_names, left_names;
    rel *left = from_item(b, outer, f->left, &left_names);
    *out = left_names;
    if (f->right->kind == DS_F_FUNC && left) {
        bool plain = f->join == DS_JOIN_INNER && !f->on && !f->n_with;
        if (!plain)
            return query_fail(b, "E0190", f->at, f->len,
                              "write CROSS JOIN, and the condition into WHERE",
                              "a join with a function on a condition is not "
                              "supported");
        return from_both(b, outer, left, out, f->right);
    }
    rel *right = from_item(b, outer, f->right, &right_names);
    if (left == NULL || right == NULL)
        return NULL;
    rel *r = join_rel(b, left, right);
    joining k = {.b = b,
                 .r = r,
                 .j = (rel_join *)(uintptr_t)r->u.join,
                 .n_left = left->schema->n,
                 .n_both = r->schema->n};
    k.j->kind = f->join;
    *out = names_both(&left_names, &right_names, k.n_left, b->arena);
    if (!from_names_once(b, out, f) ||
        !join_sides(&k, f, &left_names, &right_names, out))
        return NULL;
    if (f->alias)
        *out = names_alias(out, f->alias, f->cols, f->n_cols, b->arena);
    return k.r;
}
