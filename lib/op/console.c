/* SPDX-License-Identifier: Apache-2.0 */
/*
 * console.c - the first rows of each batch for people, as Spark's print().
 *
 * The engine puts the header above them: what the tasks of a worker have of one
 * batch shows as one.
 */
#include "op/ops.h"
#include "record/show.h"

struct console {
    ds_op op;
    ds_slice *lines;
    uint32_t n, cap;
    int64_t rows;
};

static ds_rc console_begin(ds_op *op, ds_err *err)
{
    struct console *c = (struct console *)op;

    (void)err;
    c->n = c->cap = 0;
    c->rows = 0;
    return DS_OK;
}

static void line_add(struct console *c, const ds_batch *in, uint32_t row)
{
    ds_arena *a = c->op.epoch_arena;
    ds_slice *lines = c->lines;
    ds_buf b;

    if (c->n == c->cap) {
        c->cap = c->cap ? 2 * c->cap : 16;
        c->lines = ds_new(a, ds_slice, c->cap);
        if (c->n)
            memcpy(c->lines, lines, c->n * sizeof(*lines));
    }
    ds_buf_init(&b, a, 64);
    ds_show_tuple(&b, in->schema, in->cols, row);
    c->lines[c->n++] = (ds_slice){(const uint8_t *)b.s, b.len};
}

static ds_rc console_push(ds_op *op, int port, const ds_batch *in, ds_err *err)
{
    struct console *c = (struct console *)op;
    const ds_console_args *args = op->node->args;

    (void)port;
    (void)err;
    op->rows_kept += in->n_sel;
    c->rows += in->n_sel;
    DS_EACH (in, i) {
        if (c->n >= args->limit)
            break;
        line_add(c, in, i);
    }
    return DS_OK;
}

static ds_rc console_seal(ds_op *op, ds_err *err)
{
    struct console *c = (struct console *)op;
    const ds_console_args *args = op->node->args;

    (void)err;
    /* Where one task has the whole batch an empty one shows too, as Spark's;
     * several would each say that they have nothing. */
    if (c->rows > 0 || op->node->single)
        op->host->print(op, &(ds_shown){c->lines, c->n, c->rows, args->limit});
    return DS_OK;
}

const ds_op_type op_console = {
    .name = "console",
    .help = "The first rows of each batch on standard output.",
    .args_size = sizeof(ds_console_args),
    .size = sizeof(struct console),
    .flags = DS_OP_INTERNAL,
    .begin = console_begin,
    .push = console_push,
    .seal = console_seal,
};
