/* SPDX-License-Identifier: Apache-2.0 */
/*
 * function.h - operators that call functions of a program.
 *
 *     function.c         their types, and rows one by one
 *     function_out.c     the rows that a function makes
 *     function_keyed.c   rows by key: reduce, update
 */
#ifndef OP_FUNCTION_H
#define OP_FUNCTION_H

#include "dstream/function.h"
#include "op/ops.h"
#include "record/builder.h"
#include "record/groups.h"

#define FUNCTION_REFUSED "E0790"

struct function_type {
    ds_op_type type;
    ds_function fn;
};

static inline const ds_function *function_of(const ds_node *node)
{
    return &((const struct function_type *)node->type)->fn;
}

/* function.c: the declared columns; NULL: a diagnostic was added. */
const ds_schema *function_columns(const ds_node *node, ds_arena *a,
                                  ds_diags *d);

/* What a call returned: DS_OK, or an error, which `why` (empty before) tells.
 */
ds_rc function_said(const ds_node *node, ds_rc rc, ds_err *why);

/* ---- function_out.c ---- */

/* The value of a column in the row that is made. */
struct out_value {
    bool set;
    union {
        uint8_t b;
        int64_t i64;
        double f64;
        ds_slice text;
        ds_numeric num;
        ds_interval iv;
    } v;
};

struct ds_out {
    ds_arena *arena;
    const ds_schema *schema;
    ds_time now;
    ds_col_builder *cols;
    struct out_value *row;
    uint32_t n;          /* rows that are whole */
    bool open;           /* row is being made */
    const char *misused; /* what the program did wrong; NULL: nothing */
    const char *refused; /* why the rows of this call do not count; NULL: they
                            do */
};

void out_init(ds_out *out, const ds_schema *schema, ds_time now, ds_arena *a,
              uint32_t expect);
/* The call is over: its last row is whole. */
void out_end(ds_out *out);
/* Rows from `n` on never were. */
void out_cut(ds_out *out, uint32_t n);
/* As a batch; it may grow on, which this one does not see. */
ds_batch *out_batch(const ds_out *out);
/* DS_E_FAILED if the program misused it. */
ds_rc out_check(const ds_out *out, const ds_node *node, ds_err *err);

/* ---- function_keyed.c ---- */

struct function_keyed {
    ds_op op;
    ds_groups *groups;
    ds_in *rows;     /* all of the epoch's batch, as they came */
    uint32_t *group; /* theirs */
    uint32_t n, cap;
};

void function_reduce_plan(ds_node *node, ds_arena *a, ds_diags *d);
void function_update_plan(ds_node *node, ds_arena *a, ds_diags *d);
ds_rc function_keyed_begin(ds_op *op, ds_err *err);
ds_rc function_keyed_push(ds_op *op, int port, const ds_batch *in, ds_err *err);
ds_rc function_reduce_seal(ds_op *op, ds_err *err);
ds_rc function_update_seal(ds_op *op, ds_err *err);

#endif
