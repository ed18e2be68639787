/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.c - records to rows: decodes the columns that the plan reads.
 */
#include "dstream/clock.h"
#include "op/ops.h"
#include "record/builder.h"
#include "record/jsonb.h"

struct source {
    ds_op op;
    ds_codec *codec;
    ds_codec *key; /* NULL: nobody reads the key's column */
    ds_schema key_schema;
    bool key_is_json; /* any JSON that has a text in it */
};

static ds_rc source_start(const ds_node *node, ds_err *err)
{
    const ds_source_args *args = node->args;

    if (args->codec->start)
        DS_TRY(args->codec->start(args->options, args->body, err));
    if (args->key_from_record && args->key_codec->start)
        return args->key_codec->start(
            args->key_options,
            &(ds_schema){1, &node->schema->fields[args->body->n]}, err);
    return DS_OK;
}

static ds_rc key_open(struct source *s, ds_err *err)
{
    static const ds_field any = {"key", DS_JSON, 0, false};
    static const ds_schema whole = {1, &any};
    const ds_source_args *args = s->op.node->args;
    const ds_field *f = &s->op.node->schema->fields[args->body->n];
    ds_codec_spec spec = {.columns = &s->key_schema,
                          .options = args->key_options};

    s->key_schema = (ds_schema){1, f};
    s->key_is_json = f->type == DS_STR && !args->key_options &&
                     strcmp(args->key_codec->name, "json") == 0;
    if (s->key_is_json)
        spec = (ds_codec_spec){.columns = &whole, .lone = true};
    return args->key_codec->open(&spec, &s->key, err);
}

static ds_rc source_open(ds_op *op, ds_err *err)
{
    struct source *s = (struct source *)op;
    const ds_source_args *args = op->node->args;
    const bool *want = op->node->reads;
    ds_codec_spec body = {.columns = args->body,
                          .want = want,
                          .strict = args->strict,
                          .options = args->options,
                          .header = args->header,
                          .lone =
                              args->columns == NULL && args->options == NULL};

    DS_TRY(args->codec->open(&body, &s->codec, err));
    if (!args->key_from_record || (want && !want[args->body->n]))
        return DS_OK;
    return key_open(s, err);
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

/* The keys that are there, and their rows. */
struct keys {
    ds_slice *keys;
    uint32_t *rows;
    uint32_t n;
};

/* Decoded keys back to their rows; a null key is NULL. */
static ds_col keys_spread(const struct keys *some, const ds_col *col,
                          ds_type type, const ds_batch *in)
{
    size_t size = ds_type_size(type);
    ds_col_builder b;
    uint32_t at = 0;

    ds_col_builder_init(&b, type, in->arena, in->n);
    for (uint32_t i = 0; i < in->n; i++) {
        bool here = at < some->n && some->rows[at] == i;

        if (here && !ds_col_is_null(col, at))
            ds_col_builder_add(&b, (const uint8_t *)col->v.p + at * size);
        else
            ds_col_builder_add_null(&b);
        at += here;
    }
    return ds_col_builder_done(&b);
}

static struct keys keys_there(const ds_batch *in)
{
    const ds_slice *keys = in->env->key;
    struct keys k = {ds_new(in->arena, ds_slice, in->n + 1),
                     ds_new(in->arena, uint32_t, in->n + 1), 0};

    for (uint32_t i = 0; keys && i < in->n; i++)
        if (keys[i].ptr) {
            k.keys[k.n] = keys[i];
            k.rows[k.n++] = i;
        }
    return k;
}

/* A key of JSON may be a scalar, or an object with a field of the column's
 * name: its text, also of a number. */
static ds_col keys_of_json(const struct source *s, const ds_col *col,
                           uint32_t n, ds_arena *a, ds_row_errors *errs)
{
    ds_slice name = ds_slice_of(s->key_schema.fields[0].name);
    ds_col_builder b;

    ds_col_builder_init(&b, DS_STR, a, n);
    for (uint32_t i = 0; i < n; i++) {
        ds_slice v = ds_col_is_null(col, i) ? DS_NULL_SLICE : col->v.str[i];

        if (v.ptr && jsonb_kind_of(v) == JSONB_OBJECT)
            v = jsonb_member(v, name);
        if (v.ptr && jsonb_kind_of(v) >= JSONB_ARRAY) {
            ds_row_errors_add(errs, a, n, i, "E0601", 0,
                              "a key of JSON is a scalar, or an object with "
                              "one under the column's name");
            v = DS_NULL_SLICE;
        }
        v = v.ptr ? jsonb_text(v, a) : v;
        if (v.ptr)
            ds_col_builder_add(&b, &v);
        else
            ds_col_builder_add_null(&b);
    }
    return ds_col_builder_done(&b);
}

static ds_rc key_decode(struct source *s, const ds_batch *in, ds_col *out,
                        ds_row_errors *errs, ds_err *err)
{
    const ds_source_args *args = s->op.node->args;
    struct keys some = keys_there(in);
    ds_row_errors bad = {0};
    ds_col col = {0};

    if (some.n)
        DS_TRY(args->key_codec->decode(s->key, some.keys, some.n, in->arena,
                                       &col, &bad, err));
    if (s->key_is_json && some.n)
        col = keys_of_json(s, &col, some.n, in->arena, &bad);
    for (uint32_t i = 0; i < bad.n; i++)
        ds_row_errors_add(errs, in->arena, in->n, some.rows[bad.list[i].row],
                          bad.list[i].code, 0, bad.list[i].msg);
    *out = some.n == in->n
               ? col
               : keys_spread(&some, &col, s->key_schema.fields[0].type, in);
    return DS_OK;
}

/* The largest event time; infinity is no time from which others are late. */
static ds_time event_max(const ds_op *op, const ds_batch *rows)
{
    const ds_col *c;
    ds_time max = DS_TIME_NONE;

    if (op->node->event_time < 0)
        return max;
    c = &rows->cols[op->node->event_time];
    DS_EACH (rows, i)
        if (!ds_col_is_null(c, i) && c->v.ts[i] != INT64_MAX &&
            c->v.ts[i] > max)
            max = c->v.ts[i];
    return max;
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
    ds_time start = ds_mono_now();

    (void)port;
    DS_BUG_ON(in->sel || in->rec);
    DS_TRY(args->codec->decode(s->codec, in->env->val, in->n, in->arena, cols,
                               &errs, err));
    if (s->key)
        DS_TRY(key_decode(s, in, &cols[args->body->n], &errs, err));
    op->decoding += ds_mono_now() - start;
    *out = *in;
    out->schema = op->node->schema;
    out->cols = cols;
    if (errs.n)
        DS_TRY(op->host->reject(op, out, &errs, &rest, err));
    op->rows_kept += rest->n_sel;
    op->event_max = event_max(op, rest);
    return ds_emit(op, rest, err);
}

const ds_op_type op_source = {
    .name = "source",
    .help = "Records of a topic as rows.",
    .args_size = sizeof(ds_source_args),
    .size = sizeof(struct source),
    .flags = DS_OP_INTERNAL,
    .start = source_start,
    .open = source_open,
    .push = source_push,
    .close = source_close,
};
