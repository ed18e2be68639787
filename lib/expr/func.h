/* SPDX-License-Identifier: Apache-2.0 */
/*
 * func.h - one table of everything that can be called: operators, casts and
 * functions, with their help. Documentation and the schema are made from it.
 */
#ifndef EXPR_FUNC_H
#define EXPR_FUNC_H

#include "expr/run.h"
#include "expr/set.h"

#define FUNC_ARGS 8

/* Types that stand for others in the table, as PostgreSQL's pseudo-types. A
 * kernel finds the real ones in run_step.types. */
#define FUNC_ANY ((ds_type)0x100)           /* "any": each argument its own */
#define FUNC_ANYELEMENT ((ds_type)0x101)    /* all of them the same, and */
#define FUNC_ANYARRAY ((ds_type)0x102)      /* its array */
#define FUNC_ANYCOMPATIBLE ((ds_type)0x103) /* their common type, and */
#define FUNC_ANYCOMPATIBLEARRAY ((ds_type)0x104) /* its array */
#define FUNC_ANYROW ((ds_type)0x105)             /* record */
#define FUNC_ANYNONARRAY ((ds_type)0x106) /* as FUNC_ANYELEMENT; no array */

enum {
    FUNC_NULLS = 1,       /* sees NULLs; otherwise NULL in, NULL out */
    FUNC_VARIADIC = 2,    /* the last argument may be repeated; its type is that
                             of one, not of their array */
    FUNC_HIDDEN = 4,      /* not callable by name */
    FUNC_SET = 8,         /* returns a set of rows */
    FUNC_GROWS = 16,      /* small arguments, large result: folded if small */
    FUNC_IMPLICIT = 32,   /* a cast that happens by itself */
    FUNC_ASSIGNMENT = 64, /* a cast that an assignment does */
    FUNC_NOW = 128,       /* depends on the batch's time: not folded */
};

typedef struct func_def {
    const char *name;
    /* FUNC_ANYROW: prepare() is called when the call is checked, and sets
     * call->type. */
    ds_type result;
    uint8_t n_args;
    uint8_t flags;
    ds_type args[FUNC_ARGS];
    run_kernel *fn; /* NULL: of a cast, or the checker makes another call */
    /* Called with constants where the arguments are constant: fills in
     * call->data. */
    void (*prepare)(tx *call, ds_arena *a);
    const char *help;
    const char *example; /* an expression that is true: "lower('Ab') = 'ab'" */
    set_fn *set;         /* FUNC_SET: gives the rows (set.h) */
    const struct agg_type *agg; /* an aggregate (agg.h) */
    /* Called when the call is checked: why it is refused then, with *code and
     * the argument to blame; NULL: it is not. */
    const char *(*refuse)(tx *call, ds_arena *a, const char **code,
                          uint32_t *arg);
} func_def;

/* A table per family: func_FAMILY.c. */
#define FUNC_FAMILIES(X) X(core) X(num) X(text) X(time) X(json) X(array) X(agg)
#define FUNC_DECLARE(family)                                                   \
    extern const func_def func_##family[];                                     \
    extern const uint32_t func_##family##_count;
FUNC_FAMILIES(FUNC_DECLARE)

/* Entry i of all tables, NULL past the last one. */
const func_def *func_at(uint32_t i);

/* The entry with exactly these argument types, or NULL. */
const func_def *func_exact(const char *name, const ds_type *args, uint32_t n);
const func_def *func_exact1(const char *name, ds_type a);
const func_def *func_exact2(const char *name, ds_type a, ds_type b);
/* All entries of this name, one after the other. */
const func_def *const *func_named(const char *name, uint32_t *n);
bool func_exists(const char *name);
/* Type of argument i of a call. */
static inline ds_type func_arg(const func_def *f, uint32_t i)
{
    return f->args[i < f->n_args ? i : f->n_args - 1u];
}

/* ---- resolve.c: PostgreSQL's "Type Conversion" ---- */

typedef enum func_found {
    FUNC_OK,
    FUNC_NONE,      /* does not exist */
    FUNC_AMBIGUOUS, /* is not unique */
    FUNC_UNKNOWN,   /* could not determine polymorphic type because input has
                       type unknown */
} func_found;

typedef struct func_match {
    const func_def *f;
    ds_type result;
    ds_type *args; /* what each argument of the call must become */
} func_match;

/* Overload resolution; DS_NONE is unknown. Operators take their unknown side
 * for the type of the other one first. */
func_found func_resolve(const char *name, const ds_type *args, uint32_t n,
                        ds_arena *a, func_match *out);
func_found func_resolve_op(const char *name, const ds_type *args, uint32_t n,
                           ds_arena *a, func_match *out);
/* The same among these entries. */
func_found func_resolve_among(const func_def *const *list, uint32_t n_list,
                              const ds_type *args, uint32_t n, ds_arena *a,
                              func_match *out);

/* 'N' number, 'S' string, 'D' date/time, 'T' interval, 'B' boolean, 'A' array,
 * 'C' row, 'P' pseudo-type, 'X' unknown, 'U' other. */
char func_category(ds_type t);
bool func_preferred(ds_type t);
/* Whether values of `from` become `to` by themselves. */
bool func_implicit(ds_type from, ds_type to);
/* The common type of alternatives (DS_NONE: all are unknown); -1, or which one
 * does not fit: its category is another. */
int func_common(const ds_type *types, uint32_t n, ds_type *out);

/* How far a cast goes by itself. */
typedef enum func_cast_kind {
    FUNC_CAST_IMPLICIT,
    FUNC_CAST_ASSIGNMENT,
    FUNC_CAST_EXPLICIT
} func_cast_kind;
/* The cast between two different types, or NULL. Its result may be a
 * pseudo-type: make the call with tx_cast(). */
const func_def *func_cast(ds_type from, ds_type to, func_cast_kind kind);
/* x as `to`; NULL: there is no such cast. x itself if it has the type. */
tx *tx_cast(ds_arena *a, tx *x, ds_type to, func_cast_kind kind);
/* x, of a type with brackets, as `mod` says; explicit casts cut texts, others
 * refuse them. */
tx *tx_fit(ds_arena *a, tx *x, int32_t mod, bool is_explicit);

/* cmp.c: the constants of an IN list, sorted. */
typedef struct cmp_set {
    const void *values;
    uint32_t n;
    bool null; /* one of them is NULL */
} cmp_set;
cmp_set *cmp_set_new(ds_type type, tx **list, uint32_t n, ds_arena *a);

/* Kernels are declared by family: core.h, num.h, text.h, ... */

#endif
