/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exprs.c - lists of expressions: compiled, asked, evaluated.
 */
#include <stdlib.h>

#include "expr/check.h"
#include "record/numeric.h"
#include "record/show.h"

/* ---- from trees to a program ---- */

static void find_now(tx *x, void *arg)
{
    if (x->kind == TX_NOW || (x->f && x->f->flags & FUNC_NOW))
        *(bool *)arg = true;
}

static void exprs_slots(ds_exprs *e, ds_arena *a)
{
    uint32_t n = 0, most = e->schema.n + (e->set ? e->set->n_args : 0) + 1;
    e->slots = ds_new(a, tx *, most);
    e->slot_items = ds_new(a, uint16_t, most);
    e->slot_types = ds_new(a, ds_type, most);
    e->slot_plain = ds_new(a, int, most);
    for (uint32_t k = 0; e->set && k < e->set->n_args; k++) {
        e->slots[n] = e->set->args[k];
        e->slot_items[n++] = (uint16_t)e->set_item;
    }
    for (uint32_t i = 0; i < e->schema.n; i++) {
        if (e->of_set[i])
            continue;
        e->slots[n] = e->items[i];
        e->slot_items[n++] = (uint16_t)i;
    }
    e->n_slots = n;
}

void exprs_finish(ds_exprs *e, ds_arena *a)
{
    exprs_find_set(e, a);
    exprs_slots(e, a);
    tx **compute = ds_new(a, tx *, e->n_slots + 1);
    for (uint32_t i = 0; i < e->n_slots; i++) {
        tx *x = e->slots[i];
        e->slot_types[i] = x->type;
        e->slot_plain[i] = x->kind == TX_COL ? (int)x->col : -1;
        compute[i] = x->kind == TX_COL ? NULL : x;
    }
    for (uint32_t i = 0; i < e->schema.n; i++)
        tx_walk(e->items[i], find_now, &e->uses_now);
    gen_input in = {.slots = compute, .items = e->slot_items, .n = e->n_slots};
    e->prog = gen_program(&in, a);
}

/* ---- from text to trees ---- */

typedef struct build {
    check c;
    ds_diags *diags;
    uint32_t errors; /* before */
    tx **items;
    ds_field *fields;
    uint32_t n, cap;
    ds_where *places; /* of the names */
    bool failed;      /* an item is missing */
} build;

static void build_begin(build *b, const ds_scope *scope, ds_arena *a,
                        ds_diags *d)
{
    *b = (build){.c = {.scope = scope, .arena = a, .diags = d},
                 .diags = d,
                 .errors = d->errors};
}

static void find_wide(tx *x, void *arg)
{
    if (x->wide)
        check_fail(arg, "E0701", x->at, x->len, NULL,
                   "a numeric has at most %d digits", NUMERIC_DIGITS);
}

static void build_add(build *b, tx *x, const char *name, ds_where where)
{
    if (b->n == b->cap) {
        uint32_t cap = b->cap ? 2 * b->cap : 16;
        ds_arena *a = b->c.arena;
        tx **items = ds_new(a, tx *, cap);
        ds_field *fields = ds_new(a, ds_field, cap);
        ds_where *places = ds_new(a, ds_where, cap);
        for (uint32_t i = 0; i < b->n; i++) {
            items[i] = b->items[i];
            fields[i] = b->fields[i];
            places[i] = b->places[i];
        }
        b->items = items;
        b->fields = fields;
        b->places = places;
        b->cap = cap;
    }
    b->failed = b->failed || x == NULL;
    if (x)
        tx_walk(x, find_wide, &b->c);
    b->items[b->n] = x;
    b->fields[b->n].name = name;
    b->places[b->n++] = where;
}

static const char *query_name(const ds_node *n)
{
    const ds_query *q = n->query;
    if (n->i == DS_SUB_EXISTS)
        return "exists";
    if (n->i == DS_SUB_ARRAY)
        return "array";
    while (q->kind > DS_Q_VALUES)
        q = q->left;
    if (n->i != DS_SUB_VALUE || q->kind == DS_Q_VALUES)
        return n->i == DS_SUB_VALUE ? "column1" : "?column?";
    if (q->n_items != 1)
        return "?column?";
    return q->items[0].name ? q->items[0].name
                            : check_default_name(q->items[0].expr);
}

/* As PostgreSQL finds it: a type and CASE give way to a name inside. */
static const char *name_of(const ds_node *n, bool *weak)
{
    *weak = false;
    switch (n->kind) {
    case DS_N_COLUMN:
        return n->names[n->n_names - 1];
    case DS_N_FUNC:
    case DS_N_NOW:
    case DS_N_FIELD:
        return n->name;
    case DS_N_CAST:
    case DS_N_CASE: {
        bool cast = n->kind == DS_N_CAST;
        const ds_node *in = n->args[cast ? 0 : n->n_args - 1];
        const char *inner = in ? name_of(in, weak) : NULL;
        if (inner && !*weak)
            return inner;
        *weak = true;
        return cast ? n->type.name : "case";
    }
    case DS_N_COALESCE:
        return "coalesce";
    case DS_N_NULLIF:
        return "nullif";
    case DS_N_GREATEST:
        return "greatest";
    case DS_N_LEAST:
        return "least";
    case DS_N_INDEX:
    case DS_N_SLICE:
    case DS_N_COLLATE:
        return name_of(n->args[0], weak);
    case DS_N_ARRAY:
        return "array";
    case DS_N_ROW:
        return "row";
    case DS_N_QUERY: {
        const char *name = query_name(n);
        *weak = name[0] == '?';
        return *weak ? NULL : name;
    }
    default:
        *weak = true;
        return NULL;
    }
}

const char *check_default_name(const ds_node *n)
{
    bool weak;
    const char *name = name_of(n, &weak);
    return name ? name : "?column?";
}

static tx *build_item(build *b, const ds_node *n)
{
    b->c.at_root = true;
    tx *x = check_node(&b->c, n);
    if (x == NULL)
        return NULL;
    /* As PostgreSQL does with a column of unknown type. */
    return x->type == DS_NONE ? check_coerce(&b->c, x, DS_STR) : x;
}

static void build_star(build *b, const ds_node *n)
{
    const ds_schema *cols = b->c.scope->cols;
    if (n->n_names) {
        check_fail(&b->c, "E0304", n->at, n->len, NULL, "%s.* is not supported",
                   n->names[0]);
        return;
    }
    if (cols == NULL || cols->n == 0) {
        check_fail(&b->c, "E0304", n->at, n->len,
                   b->c.scope->rows ? "here stand aggregates: count(*) AS n"
                                    : NULL,
                   "* stands for no column here");
        return;
    }
    for (uint32_t i = 0; i < cols->n; i++) {
        tx *x = check_typed(&b->c, n, TX_COL, cols->fields[i].type);
        x->col = i;
        x->mod = cols->fields[i].mod;
        build_add(b, x, cols->fields[i].name,
                  ds_text_where(b->c.text, n->at, n->len));
    }
}

static void build_list(build *b, const ds_text *text)
{
    ds_item *items = NULL;
    uint32_t n = 0;
    b->c.text = text;
    if (ds_parse_list(text, b->c.arena, b->diags, &items, &n) < 0)
        return;
    for (uint32_t i = 0; i < n; i++) {
        const ds_node *node = items[i].expr;
        if (node->kind == DS_N_STAR) {
            build_star(b, node);
            continue;
        }
        tx *x = build_item(b, node);
        bool plain = node->kind == DS_N_COLUMN && node->n_names == 1;
        if (!items[i].name && !plain && b->c.scope->names) {
            check_fail(&b->c, "E0313", node->from, node->len,
                       "write: ... AS name", "this item needs a name");
            continue;
        }
        ds_where where =
            items[i].name
                ? ds_text_where(text, items[i].name_at, items[i].name_len)
                : ds_text_where(text, node->from, node->len);
        build_add(b, x,
                  items[i].name ? items[i].name : check_default_name(node),
                  where);
    }
}

typedef struct named {
    const char *name;
    uint32_t i;
} named;

static int named_order(const void *x, const void *y)
{
    const named *a = x, *b = y;
    int c = strcmp(a->name, b->name);
    return c ? c : (a->i > b->i) - (a->i < b->i);
}

static void build_names(build *b)
{
    named *sorted = ds_new(b->c.arena, named, b->n + 1);
    for (uint32_t i = 0; i < b->n; i++)
        sorted[i] = (named){b->fields[i].name, i};
    qsort(sorted, b->n, sizeof *sorted, named_order);
    for (uint32_t k = 1; k < b->n; k++)
        if (strcmp(sorted[k].name, sorted[k - 1].name) == 0)
            ds_diag_add(b->diags, DS_ERROR, "E0312", b->places[sorted[k].i],
                        "give it another name with AS",
                        "column name \"%s\" stands twice", sorted[k].name);
}

static ds_rc build_end(build *b, ds_exprs **out)
{
    ds_arena *a = b->c.arena;
    const ds_scope *scope = b->c.scope;
    build_names(b);
    const char *code, *why;
    const tx *bad = exprs_set_trouble(b->items, b->n, scope, a, &code, &why);
    if (bad)
        check_fail(&b->c, code, bad->at, bad->len, NULL, "%s", why);
    if (b->failed || b->diags->errors != b->errors)
        return DS_E_CONFIG;
    ds_exprs *e = ds_new(a, ds_exprs, 1);
    e->items = b->items;
    e->scope = *scope;
    e->aggs = b->c.aggs;
    e->n_aggs = b->c.n_aggs;
    e->canons = ds_new(a, const char *, b->n + 1);
    const char **aggs = ds_new(a, const char *, e->n_aggs + 1);
    for (uint32_t i = 0; i < e->n_aggs; i++)
        aggs[i] = e->aggs[i]->canon;
    for (uint32_t i = 0; i < b->n; i++) {
        tx *x = b->items[i];
        b->fields[i].type = x->type;
        b->fields[i].mod = x->mod;
        bool plain = x->kind == TX_COL && x->col < exprs_first_state(scope);
        b->fields[i].not_null = plain && scope->cols->fields[x->col].not_null;
        if (plain)
            b->fields[i].mod = scope->cols->fields[x->col].mod;
        e->canons[i] = canon_tree(x, scope->cols, scope->state, aggs, a);
        fold_tree(x, a);
    }
    e->schema = (ds_schema){b->n, b->fields};
    exprs_finish(e, a);
    *out = e;
    return DS_OK;
}

ds_rc ds_exprs_compile(const ds_text *list, const ds_scope *scope, ds_arena *a,
                       ds_diags *d, ds_exprs **out)
{
    build b;
    build_begin(&b, scope, a, d);
    build_list(&b, list);
    return build_end(&b, out);
}

static tx *build_wanted(build *b, tx *x, const ds_node *n, ds_type want)
{
    if (want == DS_NONE || x->type == want)
        return x;
    if (check_can_coerce(x, want))
        return check_coerce(&b->c, x, want);
    return check_fail(&b->c, "E0303", n->from, n->len, NULL,
                      "the expression must be type %s, not type %s",
                      ds_type_name(want), ds_type_name(x->type));
}

ds_rc ds_expr_compile(const ds_text *text, ds_type want, const ds_scope *scope,
                      ds_arena *a, ds_diags *d, ds_exprs **out)
{
    build b;
    ds_node *n = NULL;
    build_begin(&b, scope, a, d);
    b.c.text = text;
    DS_TRY(ds_parse_expr(text, a, d, &n));
    b.c.at_root = true;
    tx *x = check_node(&b.c, n);
    if (x)
        x = build_wanted(&b, x, n, want);
    if (x && x->type == DS_NONE)
        x = check_coerce(&b.c, x, DS_STR);
    build_add(&b, x, check_default_name(n),
              ds_text_where(text, n->from, n->len));
    return build_end(&b, out);
}

ds_rc ds_exprs_compile_named(const ds_text *names, const ds_text *texts,
                             uint32_t n, const ds_scope *scope, ds_arena *a,
                             ds_diags *d, ds_exprs **out)
{
    build b;
    build_begin(&b, scope, a, d);
    for (uint32_t i = 0; i < n; i++) {
        ds_node *node = NULL;
        b.c.text = &texts[i];
        tx *x = ds_parse_expr(&texts[i], a, d, &node) == DS_OK
                    ? build_item(&b, node)
                    : NULL;
        build_add(&b, x, ds_strn_copy(a, names[i].s, names[i].len),
                  ds_text_where(&names[i], 0, names[i].len));
    }
    return build_end(&b, out);
}

ds_rc ds_exprs_cast(const ds_exprs *e, const ds_schema *want, ds_arena *a,
                    ds_exprs **out, ds_err *err)
{
    if (want->n != e->schema.n)
        return ds_fail(err, DS_E_CONFIG, "%u columns stand where %u should",
                       e->schema.n, want->n);
    ds_exprs *c = ds_new(a, ds_exprs, 1);
    *c = *e;
    ds_field *fields = ds_new(a, ds_field, want->n + 1);
    c->items = ds_new(a, tx *, want->n + 1);
    c->canons = ds_new(a, const char *, want->n + 1);
    for (uint32_t i = 0; i < want->n; i++) {
        ds_type to = want->fields[i].type;
        tx *x = e->items[i];
        fields[i] = e->schema.fields[i];
        c->items[i] = x;
        c->canons[i] = e->canons[i];
        if (x->type == to)
            continue;
        tx *cast =
            x->kind == TX_SET ? NULL : tx_cast(a, x, to, FUNC_CAST_EXPLICIT);
        if (cast == NULL)
            return ds_fail(err, DS_E_CONFIG, "cannot cast %s of type %s to %s",
                           fields[i].name, ds_type_name(x->type),
                           ds_type_name(to));
        c->items[i] = fold_tree(cast, a);
        c->canons[i] =
            ds_str_printf(a, "%s::%s", e->canons[i], ds_type_name(to));
        fields[i].type = to;
        fields[i].mod = 0;
    }
    c->schema = (ds_schema){want->n, fields};
    exprs_finish(c, a);
    *out = c;
    return DS_OK;
}

ds_exprs *check_list(check *c, tx **items, const ds_field *fields, uint32_t n)
{
    ds_arena *a = c->arena;
    uint32_t errors = c->diags->errors;
    const char *code, *why;
    const tx *bad = exprs_set_trouble(items, n, c->scope, a, &code, &why);
    if (bad)
        check_fail(c, code, bad->at, bad->len, NULL, "%s", why);
    for (uint32_t i = 0; i < n; i++)
        tx_walk(items[i], find_wide, c);
    if (c->diags->errors != errors)
        return NULL;
    ds_exprs *e = ds_new(a, ds_exprs, 1);
    e->items = items;
    e->scope = *c->scope;
    e->schema = (ds_schema){n, fields};
    for (uint32_t i = 0; i < n; i++)
        fold_tree(items[i], a);
    exprs_finish(e, a);
    return e;
}

ds_exprs *ds_exprs_order(const ds_exprs *e, const ds_schema *want, ds_arena *a)
{
    ds_exprs *o = ds_new(a, ds_exprs, 1);
    ds_field *fields = ds_new(a, ds_field, want->n + 1);
    *o = *e;
    o->items = ds_new(a, tx *, want->n + 1);
    o->canons = ds_new(a, const char *, want->n + 1);
    for (uint32_t i = 0; i < want->n; i++) {
        int from = ds_schema_find(&e->schema, want->fields[i].name);
        DS_BUG_ON(from < 0);
        o->items[i] = e->items[from];
        o->canons[i] = e->canons[from];
        fields[i] = e->schema.fields[from];
    }
    o->schema = (ds_schema){want->n, fields};
    exprs_finish(o, a);
    return o;
}

/* ---- evaluation ---- */

ds_rc ds_exprs_eval(const ds_exprs *e, const ds_batch *in, const ds_eval *ev,
                    ds_col *out, ds_err *err)
{
    if (e->set_item >= 0)
        return ds_fail(err, DS_E_INVALID, "the list returns a set");
    return exprs_eval_slots(e, in, ev, out);
}

ds_rc exprs_eval_slots(const ds_exprs *e, const ds_batch *in, const ds_eval *ev,
                       ds_col *slots)
{
    if (e->prog->n_regs > 0)
        DS_TRY(run_eval(e->prog, in, ev, e->slot_types, slots, e->n_slots,
                        e->slot_plain));
    for (uint32_t i = 0; i < e->n_slots; i++)
        if (e->slot_plain[i] >= 0)
            slots[i] = in->cols[e->slot_plain[i]];
    return DS_OK;
}
