/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source - records to rows: decodes the columns that the plan reads.
 */
#include "op/ops.h"
#include "record/builder.h"

struct source {
    ds_op op;
    ds_codec *codec;
    ds_codec *key; /* NULL: nobody reads the key's column */
    ds_schema key_schema;
};

static ds_rc source_open(ds_op *op, ds_err *err)
{
    struct source *s = (struct source *)op;
    const ds_source_args *args = op->node->args;
    const bool *want = op->node->reads;
    ds_codec_spec body = {args->body, want, args->strict};
    ds_codec_spec key = {&s->key_schema, NULL, false};

    DS_TRY(args->codec->open(&body, &s->codec, err));
    if (!args->key_from_record || (want && !want[args->body->n]))
        return DS_OK;
    s->key_schema = (ds_schema){1, &op->node->schema->fields[args->body->n]};
    return args->key_codec->open(&key, &s->key, err);
}

static void source_close(ds_op *op)
{
    struct source *s = (struct source *)op;
    const ds_source_args *args = op->node->args;

    if (s->codec)
        args->codec->close(s->codec);
    if (s->key)
        args->key_codec->close(s->key);
}

/* Keys that are there, decoded, back to their rows; a null key is NULL. */
static ds_rc key_decode_some(struct source *s, const ds_slice *keys,
                             const uint32_t *rows, uint32_t n_rows,
                             const ds_batch *in, ds_col *out,
                             ds_row_errors *errs, ds_err *err)
{
    const ds_source_args *args = s->op.node->args;
    ds_type type = s->key_schema.fields[0].type;
    size_t size = ds_type_size(type);
    ds_row_errors some = {0};
    ds_col_builder b;
    ds_col col = {0};
    uint32_t at = 0;

    if (n_rows)
        DS_TRY(args->key_codec->decode(s->key, keys, n_rows, in->arena, &col,
                                       &some, err));
    ds_col_builder_init(&b, type, in->arena, in->n);
    for (uint32_t i = 0; i < in->n; i++) {
        bool here = at < n_rows && rows[at] == i;

        if (here && !ds_col_is_null(&col, at))
            ds_col_builder_add(&b, (const uint8_t *)col.v.p + at * size);
        else
            ds_col_builder_add_null(&b);
        at += here;
    }
    for (uint32_t i = 0; i < some.n; i++)
        ds_row_errors_add(errs, in->arena, in->n, rows[some.list[i].row],
                          some.list[i].code, 0, some.list[i].msg);
    *out = ds_col_builder_done(&b);
    return DS_OK;
}

static ds_rc key_decode(struct source *s, const ds_batch *in, ds_col *out,
                        ds_row_errors *errs, ds_err *err)
{
    const ds_source_args *args = s->op.node->args;
    const ds_slice *keys = in->env->key;
    ds_slice *some;
    uint32_t *rows, n = 0;

    for (uint32_t i = 0; keys && i < in->n; i++)
        n += keys[i].ptr != NULL;
    if (n == in->n)
        return args->key_codec->decode(s->key, keys, n, in->arena, out, errs,
                                       err);
    some = ds_new(in->arena, ds_slice, n + 1);
    rows = ds_new(in->arena, uint32_t, n + 1);
    n = 0;
    for (uint32_t i = 0; keys && i < in->n; i++)
        if (keys[i].ptr) {
            some[n] = keys[i];
            rows[n++] = i;
        }
    return key_decode_some(s, some, rows, n, in, out, errs, err);
}

/* `in` is records only: every row is its own record. */
static ds_rc source_push(ds_op *op, int port, const ds_batch *in, ds_err *err)
{
    struct source *s = (struct source *)op;
    const ds_source_args *args = op->node->args;
    ds_col *cols = ds_new(in->arena, ds_col, op->node->schema->n + 1);
    ds_batch *out = ds_new(in->arena, ds_batch, 1);
    ds_row_errors errs = {0};
    const ds_batch *rest = out;

    (void)port;
    DS_BUG_ON(in->sel || in->rec);
    DS_TRY(args->codec->decode(s->codec, in->env->val, in->n, in->arena, cols,
                               &errs, err));
    if (s->key)
        DS_TRY(key_decode(s, in, &cols[args->body->n], &errs, err));
    *out = *in;
    out->schema = op->node->schema;
    out->cols = cols;
    if (errs.n)
        DS_TRY(op->host->reject(op, out, &errs, &rest, err));
    return ds_emit(op, rest, err);
}

const ds_op_type op_source = {
    .name = "source",
    .help = "Records of a topic as rows.",
    .args_size = sizeof(ds_source_args),
    .size = sizeof(struct source),
    .flags = DS_OP_INTERNAL,
    .open = source_open,
    .push = source_push,
    .close = source_close,
};
