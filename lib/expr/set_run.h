/* SPDX-License-Identifier: Apache-2.0 */
/*
 * set_run.h - a batch whose rows become their sets, for set.c and the sets that
 * are made without a call per row of the set.
 */
#ifndef EXPR_SET_RUN_H
#define EXPR_SET_RUN_H

#include "expr/exprs.h"

typedef struct set_ctx {
    const ds_exprs *e;
    const ds_batch *in;
    const ds_eval *ev;
    ds_type type; /* of a row of the set */
    size_t size;  /* of its values */

    const ds_col *args; /* of the set function */
    uint32_t n_args;

    /* What was emitted. */
    uint8_t *values;
    uint32_t *rows;  /* of the input */
    uint64_t *valid; /* for `cap` values; NULL: no NULLs so far */
    uint32_t n, cap;

    uint32_t first; /* of the row at hand */
    uint32_t stop;  /* no further without set_grow() */
    bool failed;    /* it met an error */
} set_ctx;

/* At `stop`: room for one more of `row`; false: it has too many, and has
 * failed. */
bool set_grow(set_ctx *c, uint32_t row);
void set_fail(set_ctx *c, uint32_t row, const char *code, const char *msg);
void set_put_null(set_ctx *c, uint32_t row);

static inline void set_put_text(set_ctx *c, uint32_t row, const uint8_t *p,
                                uint32_t len)
{
    if (c->n == c->stop && !set_grow(c, row))
        return;
    c->rows[c->n] = row;
    ((ds_slice *)(void *)c->values)[c->n] = (ds_slice){p, len};
    c->n++;
}

/* The parts of a text between bytes that are `sep`, an ASCII character. */
void set_put_parts(set_ctx *c, uint32_t row, ds_slice t, uint8_t sep);

#endif
