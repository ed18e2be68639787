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
enum func_pseudo_type {
    FUNC_ANY = 0x100,        /* "any": each argument its own */
    FUNC_ANYELEMENT,         /* all of them the same type, and */
    FUNC_ANYARRAY,           /* its array */
    FUNC_ANYCOMPATIBLE,      /* all of them brought to their common type, */
    FUNC_ANYCOMPATIBLEARRAY, /* and its array */
    FUNC_ANYROW,             /* record */
};

enum {
    FUNC_NULLS = 1,       /* sees NULLs; otherwise NULL in, NULL out */
    FUNC_VARIADIC = 2,    /* the last argument may be repeated */
    FUNC_HIDDEN = 4,      /* not callable by name */
    FUNC_SET = 8,         /* returns a set of rows */
    FUNC_GROWS = 16,      /* small arguments, large result: not folded */
    FUNC_IMPLICIT = 32,   /* a cast that happens by itself */
    FUNC_ASSIGNMENT = 64, /* a cast that an assignment does */
    FUNC_NOW = 128,       /* depends on the batch's time: not folded */
};

typedef struct func_def {
    const char *name;
    ds_type result;
    uint8_t n_args;
    uint8_t flags;
    ds_type args[FUNC_ARGS];
    run_kernel *fn;
    /* Called with constants where the arguments are constant: fills in
     * call->data. */
    void (*prepare)(tx *call, ds_arena *a);
    const char *help;
    const char *example; /* an expression that is true: "lower('Ab') = 'ab'" */
    set_fn *set;         /* FUNC_SET: gives the rows (set.h) */
} func_def;

/* A table per family: func_FAMILY.c. */
#define FUNC_FAMILIES(X) X(core) X(num) X(text) X(time) X(json) X(array)
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
bool func_exists(const char *name);

typedef enum func_found {
    FUNC_OK,
    FUNC_NONE,     /* does not exist */
    FUNC_AMBIGUOUS /* is not unique */
} func_found;
/* PostgreSQL's overload resolution for our types; DS_NONE is unknown. */
func_found func_resolve(const char *name, const ds_type *args, uint32_t n,
                        const func_def **out);
/* Type of argument i of a call. */
static inline ds_type func_arg(const func_def *f, uint32_t i)
{
    return f->args[i < f->n_args ? i : f->n_args - 1u];
}

/* How far a cast goes by itself. */
typedef enum func_cast_kind {
    FUNC_CAST_IMPLICIT,
    FUNC_CAST_EXPLICIT
} func_cast_kind;
/* The cast between two types, or NULL. */
const func_def *func_cast(ds_type from, ds_type to, func_cast_kind kind);
/* The range of smallint (2) or integer (4). */
const func_def *func_narrow(int width);


/* cmp.c: the constants of an IN list, sorted. */
typedef struct cmp_set {
    const void *values;
    uint32_t n;
    bool null; /* one of them is NULL */
} cmp_set;
cmp_set *cmp_set_new(ds_type type, tx **list, uint32_t n, ds_arena *a);

/* Kernels, by file. */
#define FUNC_CMP_KERNELS(X)                                                    \
    X(eq) X(ne) X(lt) X(le) X(gt) X(ge) X(distinct) X(greatest) X(least)
#define FUNC_CMP_DECLARE(op)                                                   \
    run_kernel cmp_##op##_bool, cmp_##op##_i64, cmp_##op##_f64, cmp_##op##_str;
FUNC_CMP_KERNELS(FUNC_CMP_DECLARE)
run_kernel cmp_in_i64, cmp_in_f64, cmp_in_str;
run_kernel logic_not, logic_is_null, logic_is_not_null, logic_is_true,
    logic_is_not_true, logic_is_false, logic_is_not_false;
run_kernel cast_i64_f64, cast_f64_i64, cast_i64_bool, cast_bool_i64,
    cast_to_text_bool, cast_to_text_i64, cast_to_text_f64, cast_to_text_ts,
    cast_to_text_bytes, cast_bool_out, cast_text_bool, cast_text_i64,
    cast_text_f64, cast_text_ts, cast_narrow2, cast_narrow4, cast_text_narrow4,
    cast_text_narrow2;

#endif
