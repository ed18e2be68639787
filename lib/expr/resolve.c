/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolve.c - which function or operator a call means, by the rules of
 * PostgreSQL's documentation, chapter "Type Conversion" (10.2, 10.3, 10.5).
 *
 * Candidates are narrowed in rounds: those whose arguments convert by
 * themselves; of these the ones with the most exact types; with the most exact
 * or preferred types; then what unknown literals may be, by category. A round
 * that would leave nothing does not count.
 */
#include "expr/func.h"

/* ---- types ---- */

char func_category(ds_type t)
{
    static const char of[DS_N_BASE_TYPES] = {
        [DS_NONE] = 'X',      [DS_BOOL] = 'B', [DS_I16] = 'N',
        [DS_I32] = 'N',       [DS_I64] = 'N',  [DS_F32] = 'N',
        [DS_F64] = 'N',       [DS_NUM] = 'N',  [DS_STR] = 'S',
        [DS_BYTES] = 'U',     [DS_DATE] = 'D', [DS_TIME] = 'D',
        [DS_TIMESTAMP] = 'D', [DS_TS] = 'D',   [DS_IV] = 'T',
        [DS_UUID] = 'U',      [DS_JSON] = 'U'};
    if (t < DS_N_BASE_TYPES)
        return of[t];
    if (t < FUNC_ANY + 0x100)
        return 'P';
    return ds_type_elem(t) != DS_NONE ? 'A' : 'C';
}

bool func_preferred(ds_type t)
{
    return t == DS_BOOL || t == DS_F64 || t == DS_STR || t == DS_TS ||
           t == DS_IV;
}

bool func_implicit(ds_type from, ds_type to)
{
    return from == to || from == DS_NONE ||
           func_cast(from, to, FUNC_CAST_IMPLICIT) != NULL;
}

int func_common(const ds_type *types, uint32_t n, ds_type *out)
{
    ds_type type = DS_NONE;
    for (uint32_t i = 0; i < n; i++) {
        ds_type next = types[i];
        if (next == DS_NONE || next == type)
            continue;
        if (type != DS_NONE && func_category(next) != func_category(type)) {
            *out = type;
            return (int)i;
        }
        if (type == DS_NONE ||
            (!func_preferred(type) && func_implicit(type, next) &&
             !func_implicit(next, type)))
            type = next;
    }
    *out = type;
    return -1;
}

/* ---- polymorphic types ---- */

typedef struct generics {
    ds_type elem, array; /* of FUNC_ANYELEMENT and FUNC_ANYARRAY */
    bool has_elem, has_array;
    ds_type common; /* of FUNC_ANYCOMPATIBLE and its array */
    bool has_common;
} generics;

static bool same(ds_type *known, ds_type t)
{
    if (t == DS_NONE)
        return true;
    if (*known == DS_NONE)
        *known = t;
    return *known == t;
}

static bool generic_arg(generics *g, ds_type want, ds_type t, ds_type *list,
                        uint32_t *n)
{
    switch ((int)want) {
    case FUNC_ANYNONARRAY:
        if (ds_type_elem(t) != DS_NONE)
            return false;
        g->has_elem = true;
        return same(&g->elem, t);
    case FUNC_ANYELEMENT:
        g->has_elem = true;
        return same(&g->elem, t);
    case FUNC_ANYARRAY:
        g->has_array = true;
        if (t != DS_NONE && ds_type_elem(t) == DS_NONE)
            return false;
        return same(&g->array, t);
    case FUNC_ANYCOMPATIBLE:
        g->has_common = true;
        list[(*n)++] = t;
        return true;
    case FUNC_ANYCOMPATIBLEARRAY:
        g->has_common = true;
        if (t != DS_NONE && ds_type_elem(t) == DS_NONE)
            return false;
        list[(*n)++] = ds_type_elem(t);
        return true;
    default:
        return true;
    }
}

/* What the pseudo-types of a candidate stand for; false: it does not fit. */
static bool generics_of(const func_def *f, const ds_type *args, uint32_t n,
                        generics *g)
{
    ds_type list[64];
    uint32_t n_list = 0;
    *g = (generics){0};
    for (uint32_t i = 0; i < n; i++)
        if (n_list == sizeof list / sizeof *list ||
            !generic_arg(g, func_arg(f, i), args[i], list, &n_list))
            return false;
    if (g->array != DS_NONE && !same(&g->elem, ds_type_elem(g->array)))
        return false;
    if (g->array == DS_NONE && g->elem != DS_NONE &&
        ds_type_elem(g->elem) == DS_NONE)
        g->array = ds_array_type(g->elem);
    if (func_common(list, n_list, &g->common) >= 0)
        return false;
    for (uint32_t i = 0; i < n_list; i++)
        if (!func_implicit(list[i], g->common))
            return false;
    if (g->has_common && g->common == DS_NONE)
        g->common = DS_STR;
    return true;
}

static ds_type generic_type(const generics *g, ds_type t, ds_type actual)
{
    switch ((int)t) {
    case FUNC_ANY:
        return actual == DS_NONE ? DS_STR : actual;
    case FUNC_ANYROW:
        return actual;
    case FUNC_ANYELEMENT:
    case FUNC_ANYNONARRAY:
        return g->elem;
    case FUNC_ANYARRAY:
        return g->array;
    case FUNC_ANYCOMPATIBLE:
        return g->common;
    case FUNC_ANYCOMPATIBLEARRAY:
        return ds_array_type(g->common);
    default:
        return t;
    }
}

/* ---- candidates ---- */

typedef struct search {
    const func_def **list; /* that are left */
    uint32_t n_list;
    const ds_type *args;
    uint32_t n;
} search;

static bool takes(ds_type want, ds_type t)
{
    if (func_category(want) != 'P')
        return func_implicit(t, want);
    if (want == FUNC_ANYROW)
        return t == DS_NONE || func_category(t) == 'C';
    return true;
}

static bool takes_all(const func_def *f, const ds_type *args, uint32_t n)
{
    bool more = f->flags & FUNC_VARIADIC;
    generics g;
    if (more ? n < f->n_args : n != f->n_args)
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (!takes(func_arg(f, i), args[i]))
            return false;
    return generics_of(f, args, n, &g);
}

/* Keeps those with the highest score. */
static bool keep_best(search *s, int (*score)(const search *, const func_def *))
{
    int best = 0;
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->n_list; i++) {
        int got = score(s, s->list[i]);
        if (got > best || i == 0) {
            best = got;
            n = 0;
        }
        if (got == best)
            s->list[n++] = s->list[i];
    }
    s->n_list = n;
    return n == 1;
}

static int score_exact(const search *s, const func_def *f)
{
    int score = 0;
    for (uint32_t i = 0; i < s->n; i++)
        score += s->args[i] != DS_NONE && s->args[i] == func_arg(f, i);
    return score;
}

static int score_preferred(const search *s, const func_def *f)
{
    int score = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        ds_type t = s->args[i], want = func_arg(f, i);
        if (t == DS_NONE)
            continue;
        score += want == t || (func_preferred(want) &&
                               func_category(want) == func_category(t));
    }
    return score;
}

typedef struct slot {
    char category; /* that an unknown argument may have; 0: it has its type */
    bool preferred;
} slot;

/* The category that the candidates expect at argument i; false: they differ
 * and none wants text. */
static bool slot_of(const search *s, uint32_t i, slot *out)
{
    bool conflict = false;
    *out = (slot){0};
    for (uint32_t k = 0; k < s->n_list; k++) {
        ds_type want = func_arg(s->list[k], i);
        char category = func_category(want);
        if (category == out->category) {
            out->preferred = out->preferred || func_preferred(want);
        } else if (out->category == 0 || category == 'S') {
            *out = (slot){category, func_preferred(want)};
        } else {
            conflict = true;
        }
    }
    return !conflict || out->category == 'S';
}

static bool fits_slot(const slot *is, ds_type want)
{
    return is->category == 0 || (func_category(want) == is->category &&
                                 (!is->preferred || func_preferred(want)));
}

static bool resolve_unknowns(search *s, ds_arena *a)
{
    slot *slots = ds_new(a, slot, s->n + 1);
    for (uint32_t i = 0; i < s->n; i++)
        if (s->args[i] == DS_NONE && !slot_of(s, i, &slots[i]))
            return false;
    const func_def **kept = ds_new(a, const func_def *, s->n_list);
    uint32_t n = 0;
    for (uint32_t k = 0; k < s->n_list; k++) {
        bool keep = true;
        for (uint32_t i = 0; i < s->n; i++)
            keep = keep && fits_slot(&slots[i], func_arg(s->list[k], i));
        if (keep)
            kept[n++] = s->list[k];
    }
    if (n > 0) {
        s->list = kept;
        s->n_list = n;
    }
    return s->n_list == 1;
}

/* All known arguments have one type: so have the unknown ones, perhaps. */
static bool assume_same(search *s, ds_arena *a)
{
    ds_type known = DS_NONE;
    ds_type *args = ds_new(a, ds_type, s->n + 1);
    for (uint32_t i = 0; i < s->n; i++)
        if (!same(&known, s->args[i]))
            return false;
    if (known == DS_NONE)
        return false;
    for (uint32_t i = 0; i < s->n; i++)
        args[i] = known;
    const func_def *last = NULL;
    for (uint32_t k = 0; k < s->n_list; k++) {
        if (!takes_all(s->list[k], args, s->n))
            continue;
        if (last)
            return false;
        last = s->list[k];
    }
    if (last == NULL)
        return false;
    s->list[0] = last;
    s->n_list = 1;
    return true;
}

static bool narrow(search *s, ds_arena *a)
{
    bool unknown = false;
    for (uint32_t i = 0; i < s->n; i++)
        unknown = unknown || s->args[i] == DS_NONE;
    if (s->n_list == 1 || keep_best(s, score_exact) ||
        keep_best(s, score_preferred))
        return true;
    return unknown && (resolve_unknowns(s, a) || assume_same(s, a));
}

static func_found match(const func_def *f, const ds_type *args, uint32_t n,
                        ds_arena *a, func_match *out)
{
    generics g;
    generics_of(f, args, n, &g);
    if ((g.has_elem || g.has_array) && g.elem == DS_NONE)
        return FUNC_UNKNOWN;
    out->f = f;
    out->result = generic_type(&g, f->result, f->result);
    out->args = ds_new(a, ds_type, n + 1);
    for (uint32_t i = 0; i < n; i++)
        out->args[i] = generic_type(&g, func_arg(f, i), args[i]);
    return FUNC_OK;
}

static const func_def *exact_among(const func_def *const *list, uint32_t n_list,
                                   const ds_type *args, uint32_t n)
{
    const func_def *found = NULL;
    for (uint32_t k = 0; k < n_list; k++) {
        const func_def *f = list[k];
        bool more = f->flags & FUNC_VARIADIC;
        if ((f->flags & FUNC_HIDDEN) || (more ? n < f->n_args : n != f->n_args))
            continue;
        uint32_t i = 0;
        while (i < n && func_arg(f, i) == args[i] && args[i] != DS_NONE)
            i++;
        if (i == n && (found == NULL || !more))
            found = f;
    }
    return found;
}

func_found func_resolve_among(const func_def *const *list, uint32_t n_list,
                              const ds_type *args, uint32_t n, ds_arena *a,
                              func_match *out)
{
    const func_def *exact = exact_among(list, n_list, args, n);
    if (exact)
        return match(exact, args, n, a, out);
    search s = {ds_new(a, const func_def *, n_list + 1), 0, args, n};
    for (uint32_t i = 0; i < n_list; i++)
        if (!(list[i]->flags & FUNC_HIDDEN) && takes_all(list[i], args, n))
            s.list[s.n_list++] = list[i];
    if (s.n_list == 0)
        return FUNC_NONE;
    if (!narrow(&s, a))
        return FUNC_AMBIGUOUS;
    return match(s.list[0], args, n, a, out);
}

func_found func_resolve(const char *name, const ds_type *args, uint32_t n,
                        ds_arena *a, func_match *out)
{
    uint32_t n_list;
    const func_def *const *list = func_named(name, &n_list);
    return func_resolve_among(list, n_list, args, n, a, out);
}

func_found func_resolve_op(const char *name, const ds_type *args, uint32_t n,
                           ds_arena *a, func_match *out)
{
    uint32_t n_list;
    const func_def *const *list = func_named(name, &n_list);
    if (n == 2 && (args[0] == DS_NONE) != (args[1] == DS_NONE)) {
        ds_type known = args[0] == DS_NONE ? args[1] : args[0];
        ds_type both[2] = {known, known};
        const func_def *f = exact_among(list, n_list, both, 2);
        if (f)
            return match(f, both, 2, a, out);
    }
    return func_resolve_among(list, n_list, args, n, a, out);
}
