/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.h - flat steps over registers, a vector of rows at a time.
 *
 * A register holds up to RUN_ROWS values of one type and their null bitmap. A
 * step reads registers and writes one, for the rows of a selection. AND, OR,
 * CASE and COALESCE make narrower selections, so that a row meets only what it
 * has to. Values of rows outside the selection, and of NULLs, are undefined
 * (numbers may be computed on, slices may not be followed).
 */
#ifndef EXPR_RUN_H
#define EXPR_RUN_H

#include "expr/expr.h"
#include "expr/tx.h"
#include "record/builder.h"

#define RUN_ROWS 1024
#define RUN_WORDS (RUN_ROWS / 64)

typedef struct run run;
typedef struct run_step run_step;
typedef void run_kernel(run *r, const run_step *s);

struct run_step {
    run_kernel *fn;
    uint16_t dst;
    uint16_t sel;
    uint16_t n_args;
    uint16_t item; /* of the list: for errors */
    bool strict;   /* NULL if an argument is: done before fn */
    bool fresh;    /* dst has no NULLs yet: done before fn */
    bool always;   /* runs for an empty selection too: it makes another */
    const uint16_t *args;
    const ds_type *types; /* of the arguments, then of dst */
    const void *data;
};

typedef enum run_reg_kind {
    RUN_COL,  /* col: of the batch */
    RUN_META, /* col: tx_meta */
    RUN_NOW,
    RUN_CONST, /* k: the same in every row, filled in once */
    RUN_TEMP,
    RUN_OUT, /* col: output slot */
} run_reg_kind;

typedef struct run_reg_def {
    run_reg_kind kind;
    ds_type type;
    uint32_t col;
    const tx *k;
} run_reg_def;

typedef struct run_program {
    const run_step *steps;
    uint32_t n_steps;
    const run_reg_def *regs;
    uint32_t n_regs;
    uint32_t n_sels;
} run_program;

typedef struct run_reg {
    union {
        void *p;
        uint8_t *b;
        int64_t *i64;
        double *f64;
        ds_slice *str;
        ds_numeric *num;
        ds_interval *iv;
    } v;
    uint64_t *valid; /* NULL: no NULLs */
    uint64_t *bits;  /* room for valid; NULL: the register is not written */
} run_reg;

typedef struct run_sel {
    const uint16_t *idx; /* NULL: rows 0..n-1 */
    uint16_t *room;
    uint32_t n;
} run_sel;

struct run {
    const run_program *prog;
    const ds_batch *in;
    const ds_eval *ev;
    run_reg *regs;
    run_sel *sels;
    uint32_t base; /* the batch's row that is row 0 here */
    uint32_t n;    /* rows here */
    size_t began;  /* bytes of the arena in use when it began */
};

/* Evaluate into slots[0..n_slots), but not into those with plain[i] >= 0
 * (plain may be NULL). */
ds_rc run_eval(const run_program *p, const ds_batch *in, const ds_eval *ev,
               const ds_type *slot_types, ds_col *slots, uint32_t n_slots,
               const int *plain);

/* A row is refused; its result is NULL from now on. */
void run_error(run *r, const run_step *s, uint32_t row, const char *code,
               const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void run_row_error(const ds_eval *ev, const ds_batch *in, uint32_t row,
                   uint32_t item, const char *code, const char *msg);
void run_set_null(run *r, uint16_t reg, uint32_t row);
uint8_t *run_bytes(run *r, size_t n);
/* Before a result of `bytes` is made that may be large: whether a batch may
 * take that much; else the row is refused. */
bool run_may(run *r, const run_step *s, uint32_t row, uint64_t bytes);

static inline bool run_is_null(const run_reg *g, uint32_t row)
{
    return g->valid && !ds_bit_get(g->valid, row);
}

/* Whether it is as well to compute every row of the vector. */
static inline bool run_dense(const run *r, const run_step *s)
{
    const run_sel *sel = &r->sels[s->sel];
    return sel->idx == NULL || sel->n >= r->n / 4;
}

#define RUN_ARG(r, s, k) (&(r)->regs[(s)->args[k]])
#define RUN_DST(r, s) (&(r)->regs[(s)->dst])

/* for each row of the step's selection:  RUN_EACH (r, s, i) { ... } */
#define RUN_EACH(r, s, i)                                                      \
    for (uint32_t k_##i = 0, i = 0;                                            \
         k_##i < (r)->sels[(s)->sel].n &&                                      \
         (i = (r)->sels[(s)->sel].idx ? (r)->sels[(s)->sel].idx[k_##i]         \
                                      : k_##i,                                 \
         1);                                                                   \
         k_##i++)
/* The same, without the rows for which dst is NULL already (strict). */
#define RUN_EACH_OK(r, s, i)                                                   \
    RUN_EACH(r, s, i)                                                          \
    if (!run_is_null(RUN_DST(r, s), i))

/* gen.c: trees to steps. */
typedef struct gen_input {
    tx **slots;
    const uint16_t *items; /* slot -> item */
    uint32_t n;
} gen_input;
const run_program *gen_program(const gen_input *in, ds_arena *a);

/* run_flow.c: the steps that AND, OR, CASE and COALESCE are made of. */
run_kernel run_load; /* dst = the constant in `data`, a tx */
void run_fill(run_reg *g, const tx *x, uint32_t n);
run_kernel run_check_key; /* dst is _key, and must be text */
run_kernel run_copy;      /* dst = a, in the selection */
run_kernel run_begin;     /* dst is about to be written in parts */
run_kernel run_and_into;  /* dst = dst AND a, in the selection */
run_kernel run_or_into;
run_kernel run_sel_true; /* selection dst = rows of the selection where a */
run_kernel run_sel_not_true;
run_kernel run_sel_not_false;
run_kernel run_sel_null;

#endif
