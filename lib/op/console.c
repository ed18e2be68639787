/* SPDX-License-Identifier: Apache-2.0 */
/*
 * console.c - the first rows of each batch for people, as Spark's print().
 */
#include "op/ops.h"
#include "record/show.h"

#define RULE "-------------------------------------------\n"

struct console {
    ds_op op;
    ds_buf text;
    int64_t rows;
};

static ds_rc console_begin(ds_op *op, ds_err *err)
{
    struct console *c = (struct console *)op;

    (void)err;
    c->rows = 0;
    return DS_OK;
}

static void header_add(struct console *c)
{
    ds_buf_init(&c->text, c->op.epoch_arena, 256);
    ds_buf_printf(&c->text, RULE "Time: %lld ms\n" RULE,
                  (long long)(c->op.now / DS_MS));
}

static ds_rc console_push(ds_op *op, int port, const ds_batch *in, ds_err *err)
{
    struct console *c = (struct console *)op;
    const ds_console_args *args = op->node->args;

    (void)port;
    (void)err;
    op->rows_kept += in->n_sel;
    if (c->rows == 0)
        header_add(c);
    DS_EACH (in, i) {
        if (c->rows++ >= args->limit)
            break;
        ds_show_tuple(&c->text, in->schema, in->cols, i);
        ds_buf_str(&c->text, "\n");
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
    if (c->rows == 0 && !op->node->single)
        return DS_OK;
    if (c->rows == 0)
        header_add(c);
    ds_buf_str(&c->text, c->rows > args->limit ? "...\n\n" : "\n");
    op->host->print(op, (ds_slice){(const uint8_t *)c->text.s, c->text.len});
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
