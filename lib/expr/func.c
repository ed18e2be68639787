/* SPDX-License-Identifier: Apache-2.0 */
/*
 * func.c - the table of operators, casts and functions, found by name.
 *
 * The families' tables are sorted into one list when the first look-up comes;
 * after that they are only read. In a look-up by exact types the last family
 * wins.
 */
#include <pthread.h>
#include <stdlib.h>

#include "expr/func.h"
#include "record/value.h"

static const struct {
    const func_def *defs;
    const uint32_t *n;
} families[] = {
#define FAMILY(family) {func_##family, &func_##family##_count},
    FUNC_FAMILIES(FAMILY)
#undef FAMILY
};

const func_def *func_at(uint32_t i)
{
    for (size_t k = 0; k < sizeof families / sizeof *families; k++) {
        if (i < *families[k].n)
            return &families[k].defs[i];
        i -= *families[k].n;
    }
    return NULL;
}

/* ---- the index ---- */

typedef struct name_group {
    const char *name;
    uint32_t first, n; /* in `sorted` */
} name_group;

static pthread_once_t index_once = PTHREAD_ONCE_INIT;
static const func_def **sorted;
static name_group *groups; /* open hash; name NULL: free */
static uint32_t n_slots;   /* a power of two */

static uint32_t name_hash(const char *s)
{
    uint32_t h = 2166136261u;
    for (; *s; s++)
        h = (h ^ (uint8_t)*s) * 16777619u;
    return h;
}

typedef struct ranked {
    const func_def *f;
    uint32_t i;
} ranked;

static int by_name(const void *x, const void *y)
{
    const ranked *a = x, *b = y;
    int c = strcmp(a->f->name, b->f->name);
    return c ? c : (a->i > b->i) - (a->i < b->i);
}

static void group_add(name_group g)
{
    uint32_t at = name_hash(g.name) & (n_slots - 1);
    while (groups[at].name)
        at = (at + 1) & (n_slots - 1);
    groups[at] = g;
}

/* Kept until the process ends. */
static void index_make(void)
{
    static ds_arena *arena;
    uint32_t n = 0;
    while (func_at(n))
        n++;
    arena = ds_arena_new(64 * 1024);
    ranked *all = ds_new(arena, ranked, n + 1);
    for (uint32_t i = 0; i < n; i++)
        all[i] = (ranked){func_at(i), i};
    qsort(all, n, sizeof *all, by_name);
    sorted = ds_new(arena, const func_def *, n + 1);
    for (n_slots = 64; n_slots < 2 * n; n_slots *= 2)
        ;
    groups = ds_new(arena, name_group, n_slots);
    uint32_t first = 0;
    for (uint32_t i = 0; i < n; i++) {
        sorted[i] = all[i].f;
        if (i + 1 < n && strcmp(all[i + 1].f->name, all[i].f->name) == 0)
            continue;
        group_add((name_group){all[i].f->name, first, i + 1 - first});
        first = i + 1;
    }
}

const func_def *const *func_named(const char *name, uint32_t *n)
{
    pthread_once(&index_once, index_make);
    uint32_t at = name_hash(name) & (n_slots - 1);
    *n = 0;
    for (; groups[at].name; at = (at + 1) & (n_slots - 1)) {
        if (strcmp(groups[at].name, name) != 0)
            continue;
        *n = groups[at].n;
        return sorted + groups[at].first;
    }
    return NULL;
}

const func_def *func_exact(const char *name, const ds_type *args, uint32_t n)
{
    uint32_t n_list;
    const func_def *const *list = func_named(name, &n_list);
    while (n_list-- > 0) {
        const func_def *f = list[n_list];
        uint32_t k = 0;
        if (f->n_args != n)
            continue;
        while (k < n && f->args[k] == args[k])
            k++;
        if (k == n)
            return f;
    }
    return NULL;
}

const func_def *func_exact1(const char *name, ds_type a)
{
    return func_exact(name, &a, 1);
}

const func_def *func_exact2(const char *name, ds_type a, ds_type b)
{
    ds_type args[2] = {a, b};
    return func_exact(name, args, 2);
}

bool func_exists(const char *name)
{
    uint32_t n;
    const func_def *const *list = func_named(name, &n);
    for (uint32_t i = 0; i < n; i++)
        if (!(list[i]->flags & FUNC_HIDDEN))
            return true;
    return false;
}

/* ---- casts ---- */

typedef struct cast_entry {
    const func_def *base[DS_N_BASE_TYPES][DS_N_BASE_TYPES];
} cast_entry;

static pthread_once_t casts_once = PTHREAD_ONCE_INIT;
static cast_entry casts;

static void casts_make(void)
{
    uint32_t n;
    const func_def *const *list = func_named("cast", &n);
    for (uint32_t i = 0; i < n; i++)
        if (list[i]->args[0] < DS_N_BASE_TYPES &&
            list[i]->result < DS_N_BASE_TYPES)
            casts.base[list[i]->args[0]][list[i]->result] = list[i];
}

static func_cast_kind cast_needs(const func_def *f)
{
    if (f->flags & FUNC_IMPLICIT)
        return FUNC_CAST_IMPLICIT;
    return f->flags & FUNC_ASSIGNMENT ? FUNC_CAST_ASSIGNMENT
                                      : FUNC_CAST_EXPLICIT;
}

/* The one that the catalogue names, or by way of text. */
static const func_def *cast_base(ds_type from, ds_type to, func_cast_kind kind)
{
    const func_def *f = NULL;
    if (from < DS_N_BASE_TYPES && to < DS_N_BASE_TYPES)
        f = casts.base[from][to];
    if (f)
        return cast_needs(f) <= kind ? f : NULL;
    if (to == DS_STR && kind >= FUNC_CAST_ASSIGNMENT)
        return func_exact1("cast out", FUNC_ANY);
    if (from == DS_STR && kind >= FUNC_CAST_EXPLICIT)
        return func_exact1("cast in", DS_STR);
    return NULL;
}

const func_def *func_cast(ds_type from, ds_type to, func_cast_kind kind)
{
    pthread_once(&casts_once, casts_make);
    if (from == to)
        return NULL;
    ds_type a = ds_type_elem(from), b = ds_type_elem(to);
    if (a == DS_NONE || b == DS_NONE)
        return cast_base(from, to, kind);
    return cast_base(a, b, kind) ? func_exact1("cast array", FUNC_ANYARRAY)
                                 : NULL;
}

static tx *wide_to_float(ds_arena *a, const tx *x, ds_type to)
{
    tx *out = tx_new(a, TX_CONST, to, x);
    const char *code;
    ds_slice text = ds_slice_of(x->wide);
    if (ds_value_parse(to, 0, text, DS_TIME_NONE, a, &out->v, &code))
        return NULL;
    return out;
}

tx *tx_cast(ds_arena *a, tx *x, ds_type to, func_cast_kind kind)
{
    if (x->type == to)
        return x;
    if (x->wide && (to == DS_F64 || to == DS_F32)) {
        tx *out = wide_to_float(a, x, to);
        if (out)
            return out;
    }
    const func_def *f =
        x->type == DS_NONE ? NULL : func_cast(x->type, to, kind);
    if (f == NULL && x->type != DS_NONE)
        return NULL;
    if (tx_is_null(x))
        return tx_null(a, to, x);
    if (f == NULL)
        return NULL;
    tx *out = tx_call1(a, f, x);
    out->type = to;
    return out;
}

tx *tx_fit(ds_arena *a, tx *x, int32_t mod, bool is_explicit)
{
    if (mod == 0 || (x->mod == mod && x->kind != TX_CONST))
        return x;
    ds_type args[2] = {FUNC_ANY, DS_I32};
    tx *list[2] = {x, tx_const(a, DS_I32, (ds_value){.i = mod}, x)};
    const func_def *f = func_exact(is_explicit ? "fit cut" : "fit", args, 2);
    tx *out = tx_call(a, f, list, 2, x);
    out->type = x->type;
    out->mod = mod;
    return out;
}
