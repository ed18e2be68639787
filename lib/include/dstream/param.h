/* SPDX-License-Identifier: Apache-2.0 */
/*
 * param.h - the arguments of everything that a job can say.
 *
 * A table of ds_param is the only place where an argument is named. The C
 * calls, the YAML loader, docs and the JSON schema for editors all come from
 * it. What was written is a ds_arg tree (a YAML node, or made by C calls);
 * ds_args_fill() checks it against the table and fills in a struct.
 */
#ifndef DSTREAM_PARAM_H
#define DSTREAM_PARAM_H

#include <stddef.h>
#ifdef __cplusplus
#include <initializer_list>
#endif

#include "dstream/diag.h"
#include "dstream/public.h"

DS_PUBLIC_BEGIN

/* What was written: a scalar, a list, or names with values. */
typedef enum ds_arg_kind { DS_ARG_SCALAR, DS_ARG_LIST, DS_ARG_MAP } ds_arg_kind;

typedef struct ds_arg {
    ds_arg_kind kind;
    bool quoted;    /* scalar: written in quotes, so surely a string */
    bool null;      /* scalar: ~, null or nothing */
    ds_text text;   /* scalar: its value */
    ds_where where; /* where it begins */
    uint32_t n;     /* list, map */
    const ds_text *names;
    const struct ds_arg *const *items;
} ds_arg;

/* The value of a name in a map, or NULL. */
const ds_arg *ds_arg_find(const ds_arg *map, const char *name);

/* What a value is filled in as. */
typedef enum ds_param_type {
    DS_P_STR,      /* ds_text */
    DS_P_NAME,     /* ds_text: [a-z_][a-z0-9_]{0,62} */
    DS_P_INT,      /* int64_t, within min..max */
    DS_P_BOOL,     /* bool */
    DS_P_DURATION, /* ds_time, > 0 */
    DS_P_SIZE,     /* int64_t bytes */
    DS_P_ENUM,     /* int: position in choices, "changed|all" */
    DS_P_EXPR,     /* ds_text: one SQL expression */
    DS_P_QUERY,    /* ds_text: one SQL query */
    DS_P_SELECT,   /* const ds_arg *: select list, or a map name: expression */
    DS_P_EXPRS,    /* const ds_arg *: an expression or a list of them */
    DS_P_COLUMNS,  /* const ds_arg *: a map name: type */
    DS_P_EXPR_MAP, /* const ds_arg *: a map name: expression (headers) */
    DS_P_PROPS,    /* const ds_arg *: a map name: scalar (librdkafka's) */
    DS_P_STRS,     /* const ds_arg *: a list of scalars */
    DS_P_STREAM,   /* ds_text: another source, stream or table; it becomes an
                      input of the node */
    DS_P_STREAMS,  /* const ds_arg *: one of them, or a list; likewise */
    DS_P_ARG,      /* const ds_arg *: anything; whoever takes it checks it */
    DS_P_OBJECT    /* the struct of `sub`, in place; absent: zeroed */
} ds_param_type;

typedef struct ds_param {
    const char *name;
    ds_param_type type;
    size_t offset; /* into the args struct */
    const char *help;
    const char *def; /* NULL and not required: zeroed (a ds_text with s NULL) */
    bool required;
    bool main;           /* a bare scalar or list stands for this one */
    const char *choices; /* DS_P_ENUM */
    int64_t min, max;    /* DS_P_INT; both 0: any */
    size_t where; /* DS_P_DURATION: into the args struct, a ds_where: where it
                     stands; 0: nobody asks */
    const struct ds_param *sub; /* DS_P_OBJECT; of a DS_P_ARG: what whoever
                                   takes it checks it against */
    bool later; /* of the language, but not of this version: E0190 */
    const char *later_choices; /* DS_P_ENUM: idem */
} ds_param;                    /* tables end with {0} */

/* The name among `names` that `name` was probably meant to be, or NULL. */
const char *ds_name_nearest(const char *name, const char *const *names,
                            uint32_t n);

/* Fill in `args` (zeroed by the caller) from what was written; mistakes go to
 * `d`: unknown name (with the nearest one as hint), missing, wrong type, out of
 * range. False if there was one. `what` names the thing in messages. Texts and
 * ds_arg pointers are not copied. `arg` may be NULL: nothing was written.
 * A map is names of the table, except where the table has one parameter only
 * and that one takes a map itself: `map: {word: lower(value)}`. */
bool ds_args_fill(const ds_arg *arg, const ds_param *params, const char *what,
                  void *args, ds_arena *a, ds_diags *d);

/* name, value, ..., NULL: arguments from C. */
#ifdef __cplusplus
#define DS_OPTS(...)                                                           \
    (std::initializer_list<const char *>{__VA_ARGS__, nullptr}.begin())
#else
#define DS_OPTS(...) ((const char *const[]){__VA_ARGS__, NULL})
#endif

DS_PUBLIC_END

#endif
