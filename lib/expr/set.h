/* SPDX-License-Identifier: Apache-2.0 */
/*
 * set.h - what set-returning functions are written with.
 *
 * A set function is called once per row and emits the rows of its set. A row
 * with a NULL argument has no set and the function is not called, unless its
 * entry has FUNC_NULLS. A row that meets an error gives nothing at all.
 *
 *     void json_set_elements(set_row *row, const ds_value *args,
 *                            const bool *nulls)
 *     {
 *         for each element
 *             set_emit(row, element, false);
 *     }
 */
#ifndef EXPR_SET_H
#define EXPR_SET_H

#include "record/nested.h"

/* A set function sees the first part; the rest is set.c's. */
typedef struct set_row {
    ds_arena *arena;      /* the epoch's: emitted values live here or longer */
    const ds_type *types; /* of the arguments, then of a row of the set */
    uint32_t n_args;
    const void *data; /* what func_def.prepare left in the call */
    ds_time now;      /* the batch's */
    bool done;        /* it met an error, or has too many: nothing counts any
                         more */
    struct set_ctx *ctx;
    uint32_t row; /* of the batch */
    void *state;  /* the function's own; NULL before a batch's first call */
} set_row;

/* nulls[i] or args[i], by the ds_phys of types[i]. */
typedef void set_fn(set_row *row, const ds_value *args, const bool *nulls);

/* One more row; its value is not looked at if it is NULL. */
void set_emit(set_row *row, const ds_value *value, bool is_null);
/* The row is refused (copies msg). The function should return then; what it
 * emits for this row does not count. */
void set_error(set_row *row, const char *code, const char *msg);

#endif
