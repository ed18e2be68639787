/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window.c - window functions: f(...) OVER (...).
 *
 * Their results are columns of the layout; their arguments, partitions and
 * orders are trees over the same layout, aggregates among them.
 */
#include "query/level.h"

static const struct win_def {
    const char *name;
    win_call call;
    uint32_t least, most; /* arguments */
    ds_type type;         /* DS_NONE: that of the first argument */
    const char *form, *help;
} win_defs[] = {
    {"row_number", WIN_ROW_NUMBER, 0, 0, DS_I64,
     "row_number() OVER (…) → bigint", "the row's number, from 1"},
    {"rank", WIN_RANK, 0, 0, DS_I64, "rank() OVER (ORDER BY …) → bigint",
     "the number of the first of its equals"},
    {"dense_rank", WIN_DENSE_RANK, 0, 0, DS_I64,
     "dense_rank() OVER (ORDER BY …) → bigint", "its rank without gaps"},
    {"percent_rank", WIN_PERCENT_RANK, 0, 0, DS_F64,
     "percent_rank() OVER (ORDER BY …) → double precision",
     "its rank, from 0 to 1"},
    {"cume_dist", WIN_CUME_DIST, 0, 0, DS_F64,
     "cume_dist() OVER (ORDER BY …) → double precision",
     "the share of rows up to its equals"},
    {"ntile", WIN_NTILE, 1, 1, DS_I32, "ntile(integer) OVER (…) → integer",
     "which of so many parts of equal size it is in"},
    {"lag", WIN_LAG, 1, 3, DS_NONE, "lag(a, offset, default) OVER (…) → as a",
     "the value of the row before, or so many before"},
    {"lead", WIN_LEAD, 1, 3, DS_NONE,
     "lead(a, offset, default) OVER (…) → as a",
     "the value of the row behind, or so many behind"},
    {"first_value", WIN_FIRST_VALUE, 1, 1, DS_NONE,
     "first_value(a) OVER (…) → as a", "the value of the frame's first row"},
    {"last_value", WIN_LAST_VALUE, 1, 1, DS_NONE,
     "last_value(a) OVER (…) → as a", "the value of the frame's last row"},
    {"nth_value", WIN_NTH_VALUE, 2, 2, DS_NONE,
     "nth_value(a, integer) OVER (…) → as a",
     "the value of the frame's n-th row"},
};

bool ds_window_help_at(uint32_t i, ds_func_help *out)
{
    const struct win_def *d = win_defs + i;

    if (i >= sizeof win_defs / sizeof *win_defs)
        return false;
    *out = (ds_func_help){.name = d->name,
                          .family = "Window functions",
                          .form = d->form,
                          .help = d->help};
    return true;
}

static const struct win_def *win_find(const ds_node *n)
{
    for (size_t i = 0; i < sizeof win_defs / sizeof *win_defs; i++)
        if (strcmp(win_defs[i].name, n->name) == 0)
            return &win_defs[i];
    return NULL;
}

/* ---- OVER ---- */

static const ds_window *window_named(level *l, const char *name,
                                     const ds_window *from)
{
    bool later = false; /* a window may be made of those before it */
    for (uint32_t i = 0; i < l->q->n_windows && !later; i++) {
        if (strcmp(l->q->windows[i]->name, name) == 0)
            return l->q->windows[i];
        later = l->q->windows[i] == from;
    }
    return check_fail(&l->c, "E0324", from->at, from->len, NULL,
                      "window \"%s\" does not exist", name);
}

/* Partition, order and frame may come from three windows. */
typedef struct spec {
    const ds_window *parts, *order, *frame;
} spec;

static bool spec_of(level *l, const ds_window *w, uint32_t depth, spec *out)
{
    *out = (spec){w, w, w};
    if (w->refer == NULL)
        return true;
    if (depth > l->q->n_windows) {
        check_fail(&l->c, "E0324", w->at, w->len, NULL,
                   "window \"%s\" does not exist", w->refer);
        return false;
    }
    const ds_window *base = window_named(l, w->refer, w);
    spec of;
    if (base == NULL || !spec_of(l, base, depth + 1, &of))
        return false;
    const char *what = NULL;
    if (w->n_parts)
        what = "override PARTITION BY clause of";
    else if (w->n_order && of.order->n_order)
        what = "override ORDER BY clause of";
    else if (base->has_frame)
        what = "copy";
    if (what) {
        check_fail(&l->c, "E0324", w->at, w->len, NULL,
                   "cannot %s window \"%s\"%s", what, w->refer,
                   what[0] == 'c' ? " because it has a frame clause" : "");
        return false;
    }
    out->parts = of.parts;
    if (!w->n_order)
        out->order = of.order;
    return true;
}

static tx *over_key(level *l, const ds_node *n)
{
    tx *x = check_node(&l->c, n);
    return x && x->type == DS_NONE ? check_coerce(&l->c, x, DS_STR) : x;
}

static void find_from(tx *x, void *arg)
{
    const level **l = arg;
    if (x->kind == TX_COL &&
        (x->col < (*l)->n_from || x->col >= (*l)->s->n_cols))
        *l = NULL;
}

/* The x of x PRECEDING: the same for all rows. */
static tx *bound_expr(level *l, const ds_window *w, const ds_node *n)
{
    static const char *const modes[] = {"RANGE", "ROWS", "GROUPS"};
    tx *x = check_node(&l->c, n);
    const level *all = l;
    if (x == NULL)
        return NULL;
    tx_walk(x, find_from, &all);
    if (all == NULL)
        return check_fail(&l->c, "E0324", n->from, n->len, NULL,
                          "argument of %s must not contain variables",
                          modes[w->mode]);
    return x;
}

static bool bound_number(level *l, const ds_window *w, const ds_node *n,
                         tx **out)
{
    tx *x = bound_expr(l, w, n);
    if (x == NULL)
        return false;
    *out = x->type == DS_NONE
               ? check_coerce(&l->c, x, DS_I64)
               : tx_cast(l->b->arena, x, DS_I64, FUNC_CAST_ASSIGNMENT);
    if (*out == NULL && x->type != DS_NONE)
        check_fail(&l->c, "E0303", n->from, n->len, NULL,
                   "argument of %s must be type bigint, not type %s",
                   w->mode == DS_FRAME_ROWS ? "ROWS" : "GROUPS",
                   ds_type_name(x->type));
    return *out != NULL;
}

/* The type of an offset, and the one in which a bound meets the values that are
 * ordered: without overflow. DS_NONE: there is none. */
static ds_type range_types(ds_type key, ds_type *meet)
{
    switch (key) {
    case DS_I16:
    case DS_I32:
    case DS_I64:
        *meet = DS_NUM;
        return DS_I64;
    case DS_F32:
    case DS_F64:
        return *meet = DS_F64;
    case DS_NUM:
        return *meet = DS_NUM;
    case DS_DATE:
    case DS_TIMESTAMP:
        *meet = DS_TIMESTAMP;
        return DS_IV;
    case DS_TS:
    case DS_IV:
        *meet = key;
        return DS_IV;
    default:
        return DS_NONE;
    }
}

static tx *range_cast(level *l, tx *x, ds_type type)
{
    return x->type == type ? x
                           : tx_cast(l->b->arena, x, type, FUNC_CAST_EXPLICIT);
}

/* The value up to which a frame goes, as one more key. */
static bool bound_range(level *l, const ds_window *w, level_over *o,
                        const ds_node *n, bool before, tx **by, uint32_t *col)
{
    tx *key = o->keys[o->n_parts];
    ds_type meet = DS_NONE, type = range_types(key->type, &meet);
    if (type == DS_NONE) {
        check_fail(&l->c, "E0190", n->from, n->len,
                   "ROWS and GROUPS take a number of rows or groups",
                   "RANGE with offset PRECEDING/FOLLOWING is not supported for "
                   "column type %s",
                   ds_type_name(key->type));
        return false;
    }
    tx *x = bound_expr(l, w, n);
    if (x == NULL)
        return false;
    if (!check_can_coerce(x, type)) {
        check_fail(&l->c, "E0303", n->from, n->len,
                   "cast the offset value to an appropriate type",
                   "RANGE with offset PRECEDING/FOLLOWING is not supported for "
                   "column type %s and offset type %s",
                   ds_type_name(key->type), ds_type_name(x->type));
        return false;
    }
    *by = check_coerce(&l->c, x, type);
    if (*by == NULL)
        return false;
    bool minus = before != o->order[0].desc;
    tx *edge = check_apply(&l->c, minus ? "-" : "+", range_cast(l, key, meet),
                           type == DS_I64 ? range_cast(l, *by, meet) : *by, n);
    if (edge == NULL)
        return false;
    if (o->range_key == REL_NO_COL) {
        o->range_key = o->n_keys;
        o->keys[o->n_keys++] = range_cast(l, key, meet);
    }
    *col = o->n_keys;
    o->keys[o->n_keys++] = edge;
    return true;
}

static bool over_bounds(level *l, const ds_window *w, level_over *o)
{
    const ds_node *nodes[2] = {w->start_by, w->end_by};
    tx **by[2] = {&o->start_by, &o->end_by};
    uint32_t *cols[2] = {&o->range_start, &o->range_end};
    ds_frame_bound bounds[2] = {w->start, w->end};
    if (w->mode == DS_FRAME_RANGE && o->n_order != 1 &&
        (nodes[0] || nodes[1])) {
        check_fail(&l->c, "E0324", w->at, w->len, NULL,
                   "RANGE with offset PRECEDING/FOLLOWING requires exactly one "
                   "ORDER BY column");
        return false;
    }
    for (uint32_t i = 0; i < 2; i++) {
        if (nodes[i] == NULL)
            continue;
        bool ok =
            w->mode == DS_FRAME_RANGE
                ? bound_range(l, w, o, nodes[i],
                              bounds[i] == DS_BOUND_PRECEDING, by[i], cols[i])
                : bound_number(l, w, nodes[i], by[i]);
        if (!ok)
            return false;
    }
    return true;
}

static level_over *over_make(level *l, const ds_window *w)
{
    spec s;
    if (!spec_of(l, w, 0, &s))
        return NULL;
    uint32_t n = s.parts->n_parts + s.order->n_order;
    level_over *o = ds_new(l->b->arena, level_over, 1);
    o->window = w;
    o->frame = s.frame;
    o->keys = ds_new(l->b->arena, tx *, n + 4);
    o->range_key = o->range_start = o->range_end = REL_NO_COL;
    o->n_parts = s.parts->n_parts;
    o->n_order = s.order->n_order;
    o->order = s.order->order;
    bool ok = true;
    for (uint32_t i = 0; i < o->n_parts; i++)
        ok = (o->keys[o->n_keys++] = over_key(l, s.parts->parts[i])) && ok;
    for (uint32_t i = 0; i < o->n_order; i++)
        ok = (o->keys[o->n_keys++] = over_key(l, o->order[i].expr)) && ok;
    if (s.frame->mode == DS_FRAME_GROUPS && o->n_order == 0) {
        check_fail(&l->c, "E0324", w->at, w->len, NULL,
                   "GROUPS mode requires an ORDER BY clause");
        ok = false;
    }
    ok = ok && over_bounds(l, s.frame, o);
    return ok ? o : NULL;
}

static level_over *over_of(level *l, const ds_window *w)
{
    if (w->name && !(w = window_named(l, w->name, w)))
        return NULL;
    for (uint32_t i = 0; i < l->n_overs; i++)
        if (l->overs[i]->window == w)
            return l->overs[i];
    level_over *o = over_make(l, w);
    if (o)
        l->overs[l->n_overs++] = o;
    return o;
}

void level_windows(level *l)
{
    l->in_over = true;
    for (uint32_t i = 0; i < l->q->n_windows && i < 64; i++) {
        const ds_window *w = l->q->windows[i];
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(l->q->windows[k]->name, w->name) == 0)
                check_fail(&l->c, "E0324", w->at, w->len, NULL,
                           "window \"%s\" is already defined", w->name);
        over_of(l, w);
    }
    l->in_over = false;
}

/* ---- calls ---- */

static bool call_allowed(level *l, const ds_node *n)
{
    const char *why = NULL;
    if (l->q == NULL || l->set || l->c.place || l->in_having || l->in_where)
        why =
            ds_str_printf(l->b->arena, "window functions are not allowed in %s",
                          l->in_having ? "HAVING"
                          : l->c.place ? l->c.place
                                       : "this clause");
    else if (l->c.in_agg)
        why = "aggregate function calls cannot contain window function calls";
    else if (l->in_over)
        why = "window function calls cannot be nested";
    if (why)
        check_fail(&l->c, "E0324", n->at, n->len,
                   "compute it in a subquery in FROM", "%s", why);
    return why == NULL;
}

static bool plain_call(level *l, const ds_node *n)
{
    const ds_call *call = n->call;
    const char *why = NULL;
    if (call->distinct)
        why = "DISTINCT is not implemented for window functions";
    else if (call->n_order)
        why = "aggregate ORDER BY is not implemented for window functions";
    else if (call->filter)
        why = "FILTER is not implemented for non-aggregate window functions";
    else if (call->names || call->variadic)
        why = "named arguments of window functions are not supported";
    if (why)
        check_fail(&l->c, "E0304", n->at, n->len, NULL, "%s", why);
    return why == NULL;
}

static bool arg_as(level *l, const ds_node *n, tx **args, uint32_t i,
                   ds_type type)
{
    if (!check_can_coerce(args[i], type)) {
        check_no_function(&l->c, n, args, true);
        return false;
    }
    args[i] = check_coerce(&l->c, args[i], type);
    return args[i] != NULL;
}

/* lag(value, offset, default): value and default have one type. */
static bool call_types(level *l, const ds_node *n, const struct win_def *d,
                       tx **args, ds_type *type)
{
    *type = d->type;
    if (d->call == WIN_NTILE)
        return arg_as(l, n, args, 0, DS_I32);
    if (d->type != DS_NONE)
        return true;
    if (n->n_args == 3) {
        ds_type both[2] = {args[0]->type, args[2]->type};
        ds_type common = DS_NONE;
        if (func_common(both, 2, &common) >= 0) {
            check_no_function(&l->c, n, args, true);
            return false;
        }
        if (!arg_as(l, n, args, 0, common) || !arg_as(l, n, args, 2, common))
            return false;
    }
    if (args[0]->type == DS_NONE) {
        check_fail(&l->c, "E0302", n->at, n->len, "cast the argument",
                   "could not determine polymorphic type because input has "
                   "type unknown");
        return false;
    }
    *type = args[0]->type;
    return n->n_args < 2 || arg_as(l, n, args, 1, DS_I32);
}

static bool call_plain(level *l, const ds_node *n, const struct win_def *d,
                       level_window *w)
{
    if (!plain_call(l, n))
        return false;
    w->call = d->call;
    w->n_args = n->n_args;
    w->args = check_args(&l->c, n);
    if (w->args == NULL)
        return false;
    if (n->n_args < d->least || n->n_args > d->most || n->i) {
        check_no_function(&l->c, n, w->args, true);
        return false;
    }
    return call_types(l, n, d, w->args, &w->type);
}

static bool call_agg(level *l, const ds_node *n, level_window *w)
{
    if (!check_is_agg(n->name)) {
        if (func_exists(n->name))
            check_fail(&l->c, "E0324", n->at, n->len, NULL,
                       "OVER specified, but %s is not a window function nor "
                       "an aggregate function",
                       n->name);
        else if ((w->args = check_args(&l->c, n)))
            check_no_function(&l->c, n, w->args, true);
        return false;
    }
    w->call = WIN_AGG;
    w->agg = check_agg_begin(&l->c, n);
    if (w->agg == NULL)
        return false;
    w->type = w->agg->result;
    return true;
}

/* ---- calls that are the same ---- */

static bool same_trees(level *l, tx *const *x, tx *const *y, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (!x[i] != !y[i])
            return false;
        if (x[i] && (x[i]->type != y[i]->type ||
                     strcmp(level_canon(l, x[i]), level_canon(l, y[i])) != 0))
            return false;
    }
    return true;
}

static bool same_over(level *l, const level_over *x, const level_over *y)
{
    const ds_window *f = x->frame, *g = y->frame;
    if (x == y)
        return true;
    if (x->n_keys != y->n_keys || x->n_parts != y->n_parts ||
        x->n_order != y->n_order || f->mode != g->mode ||
        f->start != g->start || f->end != g->end || f->exclude != g->exclude)
        return false;
    for (uint32_t i = 0; i < x->n_order; i++)
        if (x->order[i].desc != y->order[i].desc ||
            x->order[i].nulls_first != y->order[i].nulls_first)
            return false;
    return same_trees(l, x->keys, y->keys, x->n_keys) &&
           same_trees(l, &x->start_by, &y->start_by, 1) &&
           same_trees(l, &x->end_by, &y->end_by, 1);
}

static bool same_call(level *l, const level_window *x, const level_window *y)
{
    if (x->call != y->call || x->n_args != y->n_args || !x->agg != !y->agg ||
        !same_over(l, x->over, y->over) ||
        !same_trees(l, x->args, y->args, x->n_args))
        return false;
    return !x->agg ||
           (x->agg->f == y->agg->f && x->agg->n_args == y->agg->n_args &&
            same_trees(l, x->agg->args, y->agg->args, x->agg->n_args) &&
            same_trees(l, &x->agg->filter, &y->agg->filter, 1));
}

/* The column of this call: of one that stands again, the same. */
static uint32_t call_column(level *l, const level_window *w)
{
    uint32_t i = 0;
    while (i < l->s->n_wins && !same_call(l, &l->wins[i], w))
        i++;
    if (i == l->s->n_wins) {
        DS_BUG_ON(i >= l->cap_wins);
        l->s->n_wins++;
        l->wins[i] = *w;
        l->fields[l->s->first_win + i].type = w->type;
    }
    return l->s->first_win + i;
}

tx *level_window_call(check *c, const ds_node *n)
{
    level *l = (level *)c;
    const struct win_def *d = win_find(n);
    level_window w = {.node = n};
    if (n->what || !call_allowed(l, n))
        return NULL;
    l->in_over = true;
    bool ok = d ? call_plain(l, n, d, &w) : call_agg(l, n, &w);
    w.over = over_of(l, n->call->over);
    l->in_over = false;
    if (!ok || !w.over)
        return NULL;
    return check_where(level_column(l, call_column(l, &w), n->at, n->len), n);
}

/* ---- after GROUP BY ---- */

static bool ungroup_list(level *l, tx **list, uint32_t n)
{
    bool ok = true;
    for (uint32_t i = 0; i < n; i++)
        ok = level_ungroup(l, list[i]) && ok;
    return ok;
}

bool level_windows_ungroup(level *l)
{
    bool ok = true;
    for (uint32_t i = 0; i < l->n_overs; i++)
        ok = ungroup_list(l, l->overs[i]->keys, l->overs[i]->n_keys) && ok;
    for (uint32_t i = 0; i < l->s->n_wins; i++) {
        level_window *w = &l->wins[i];
        ok = ungroup_list(l, w->args, w->n_args) && ok;
        if (w->agg)
            ok = ungroup_list(l, w->agg->args, w->agg->n_args) &&
                 level_ungroup(l, w->agg->filter) && ok;
    }
    return ok;
}

static rel_over *over_finish(level *l, level_over *o)
{
    if (o->made)
        return o->made;
    rel_over *r = ds_new(l->b->arena, rel_over, 1);
    r->n_parts = o->n_parts;
    r->n_order = o->n_order;
    r->order = ds_new(l->b->arena, rel_order, o->n_order + 1);
    for (uint32_t i = 0; i < o->n_order; i++)
        r->order[i] = (rel_order){o->n_parts + i, o->order[i].desc,
                                  o->order[i].nulls_first};
    r->mode = o->frame->mode;
    r->start = o->frame->start;
    r->end = o->frame->end;
    r->exclude = o->frame->exclude;
    r->range_key = o->range_key;
    r->range_start = o->range_start;
    r->range_end = o->range_end;
    if (o->n_keys && !(r->keys = level_list(l, o->keys, o->n_keys)))
        return NULL;
    if (o->start_by && !(r->start_by = level_list(l, &o->start_by, 1)))
        return NULL;
    if (o->end_by && !(r->end_by = level_list(l, &o->end_by, 1)))
        return NULL;
    return o->made = r;
}

bool level_windows_finish(level *l)
{
    for (uint32_t i = 0; i < l->s->n_wins; i++) {
        level_window *w = &l->wins[i];
        rel_window *r = &l->s->wins[i];
        *r = (rel_window){
            .call = w->call, .over = over_finish(l, w->over), .type = w->type};
        if (r->over == NULL)
            return false;
        if (w->agg && !(r->agg = check_agg_end(&l->c, w->node, w->agg)))
            return false;
        if (w->n_args && !(r->args = level_list(l, w->args, w->n_args)))
            return false;
    }
    return true;
}
