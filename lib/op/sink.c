/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink.c - rows to records of an output topic.
 *
 *     key         the sink's `key:`; else, if the job only maps and filters,
 * the source record's; else the stream's key; else none value       the
 * columns, in the sink's format headers     those of the source record, if the
 * job only maps and filters, then the sink's; one that the sink names replaces
 * all of them timestamp   the source record's, idem
 *
 * A key that updateStateByKey removed comes in at port 1 and becomes a
 * tombstone.
 */
#include "op/ops.h"
#include "record/show.h"

struct sink_plan {
    const ds_exprs *key;         /* NULL: not given */
    const ds_schema *key_schema; /* of what makes the key; NULL: no key */
    const uint16_t *key_cols;
    uint32_t n_key;
    bool key_is_text; /* ds_show_key; else key_codec */
    bool copies_key;
    bool copies;
    bool deletes;               /* a tombstone's key can be made */
    const ds_schema *keys_only; /* for key_codec: the key's columns */
    uint32_t n_headers;
    const ds_slice *names;
    ds_exprs **values;
};

struct sink {
    ds_op op;
    ds_codec *codec, *key_codec;
};

/* ---- plan ---- */

static const ds_schema *columns_only(const ds_schema *s, const uint16_t *cols,
                                     uint32_t n, ds_arena *a)
{
    ds_schema *made = ds_new(a, ds_schema, 1);
    ds_field *fields = ds_new(a, ds_field, n + 1);

    for (uint32_t i = 0; i < n; i++) {
        fields[i] = s->fields[cols[i]];
        fields[i].not_null = false;
    }
    *made = (ds_schema){n, fields};
    return made;
}

/* A tombstone has key columns only. */
static bool key_reads_keys_only(const ds_exprs *e, const ds_node *in)
{
    for (uint32_t c = 0; c < in->schema->n; c++) {
        bool key = false;

        for (uint32_t k = 0; k < in->n_keys; k++)
            key = key || in->keys[k] == c;
        if (!key && ds_exprs_reads(e, c))
            return false;
    }
    return true;
}

static void plan_key(struct sink_plan *p, ds_node *node, const ds_scope *scope,
                     ds_arena *a, ds_diags *d)
{
    static const uint16_t first = 0;
    const ds_sink_args *args = node->args;
    const ds_node *in = node->inputs[0];
    ds_exprs *e = NULL;

    if (args->key.s) {
        if (ds_expr_compile(&args->key, DS_NONE, scope, a, d, &e) < 0)
            return;
        p->key = e;
        p->key_schema = ds_exprs_schema(e);
        p->key_cols = &first;
        p->n_key = 1;
        p->deletes = in->deletes && key_reads_keys_only(e, in);
    } else if (in->copies && args->key_format.s == NULL) {
        p->copies_key = true;
    } else if (in->n_keys) {
        p->key_schema = in->schema;
        p->key_cols = in->keys;
        p->n_key = in->n_keys;
        p->deletes = in->deletes;
    } else {
        p->copies_key = in->copies;
    }
}

/* The key of one column is text by default, of several a JSON object. */
static void plan_key_format(struct sink_plan *p, ds_node *node, ds_arena *a,
                            ds_diags *d)
{
    const ds_sink_args *args = node->args;
    const ds_codec_type *codec = args->key_codec;
    ds_err err = {0};

    p->key_is_text = codec == NULL || strcmp(codec->name, "text") == 0;
    if (p->key_is_text || p->key_schema == NULL)
        return;
    p->keys_only = columns_only(p->key_schema, p->key_cols, p->n_key, a);
    if ((codec->check && codec->check(p->keys_only, false, &err) < 0) ||
        (codec->fits && codec->fits(args->key_options, p->keys_only, &err) < 0))
        ds_diag_add(d, DS_ERROR, "E0142",
                    ds_text_where(&args->key_format, 0, args->key_format.len),
                    NULL, "the key: %s", err.msg);
}

static void plan_headers(struct sink_plan *p, ds_node *node,
                         const ds_scope *scope, ds_arena *a, ds_diags *d)
{
    const ds_sink_args *args = node->args;
    const ds_arg *map = args->headers;
    ds_slice *names;

    if (map == NULL || map->kind != DS_ARG_MAP)
        return;
    names = ds_new(a, ds_slice, map->n + 1);
    p->values = ds_new(a, ds_exprs *, map->n + 1);
    p->names = names;
    for (uint32_t i = 0; i < map->n; i++) {
        const ds_arg *item = map->items[i];

        if (item->kind != DS_ARG_SCALAR || item->text.s == NULL) {
            ds_diag_add(d, DS_ERROR, "E0103", item->where, NULL,
                        "header `%s` takes an expression", map->names[i].s);
            continue;
        }
        names[p->n_headers] =
            (ds_slice){(const uint8_t *)map->names[i].s, map->names[i].len};
        if (ds_expr_compile(&item->text, DS_NONE, scope, a, d,
                            &p->values[p->n_headers]) >= 0)
            p->n_headers++;
    }
}

static void sink_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    const ds_sink_args *args = node->args;
    const ds_node *in = node->inputs[0];
    struct sink_plan *p = ds_new(a, struct sink_plan, 1);
    ds_scope scope = {.cols = in->schema, .meta = in->records};
    ds_err err = {0};

    p->copies = in->copies;
    if ((args->codec->check &&
         args->codec->check(in->schema, false, &err) < 0) ||
        (args->codec->fits &&
         args->codec->fits(args->options, in->schema, &err) < 0))
        ds_diag_add(d, DS_ERROR, "E0142",
                    args->format_where.line ? args->format_where : node->where,
                    NULL, "%s", err.msg);
    plan_key(p, node, &scope, a, d);
    plan_key_format(p, node, a, d);
    plan_headers(p, node, &scope, a, d);
    ds_node_read_all(node, 0);
    node->planned = p;
}

/* ---- run ---- */

static ds_rc sink_start(const ds_node *node, ds_err *err)
{
    const ds_sink_args *args = node->args;
    const struct sink_plan *p = node->planned;

    if (args->codec->start)
        DS_TRY(args->codec->start(args->options, node->schema, err));
    if (p->keys_only && args->key_codec->start)
        return args->key_codec->start(args->key_options, p->keys_only, err);
    return DS_OK;
}

static ds_rc sink_open(ds_op *op, ds_err *err)
{
    struct sink *s = (struct sink *)op;
    const ds_sink_args *args = op->node->args;
    const struct sink_plan *p = op->node->planned;
    ds_codec_spec body = {.columns = op->node->schema,
                          .options = args->options,
                          .header = args->header};
    ds_codec_spec key = {.columns = p->keys_only, .options = args->key_options};

    DS_TRY(args->codec->open(&body, &s->codec, err));
    if (p->keys_only)
        DS_TRY(args->key_codec->open(&key, &s->key_codec, err));
    return DS_OK;
}

static void sink_close(ds_op *op)
{
    struct sink *s = (struct sink *)op;
    const ds_sink_args *args = op->node->args;

    if (s->codec)
        args->codec->close(s->codec);
    if (s->key_codec)
        args->key_codec->close(s->key_codec);
}

/* The keys of the selected rows. */
static ds_rc keys_make(struct sink *s, const ds_batch *in, const ds_eval *ev,
                       ds_slice *out, ds_err *err)
{
    const struct sink_plan *p = s->op.node->planned;
    const ds_sink_args *args = s->op.node->args;
    const ds_col *cols = in->cols;
    ds_col made;
    ds_col *only;
    ds_batch keys;

    if (p->key) {
        DS_TRY(ds_exprs_eval(p->key, in, ev, &made, err));
        cols = &made;
    }
    if (p->key_is_text) {
        DS_EACH (in, i)
            if (ev->errs->n == 0 || !(ev->errs->bad[i / 64] >> (i % 64) & 1))
                out[k_i] = ds_show_key(p->key_schema, cols, p->key_cols,
                                       p->n_key, i, in->arena);
        return DS_OK;
    }
    only = ds_new(in->arena, ds_col, p->n_key);
    for (uint32_t i = 0; i < p->n_key; i++)
        only[i] = cols[p->key_cols[i]];
    keys = *in;
    keys.schema = p->keys_only;
    keys.cols = only;
    return args->key_codec->encode(s->key_codec, &keys, in->arena, out,
                                   ev->errs, err);
}

static ds_slice header_value(const ds_schema *s, const ds_col *col,
                             uint32_t row, ds_arena *a)
{
    ds_type type = s->fields[0].type;
    ds_buf b;

    if (ds_col_is_null(col, row))
        return DS_NULL_SLICE;
    if (type == DS_STR || type == DS_BYTES)
        return col->v.str[row];
    ds_buf_init(&b, a, 32);
    ds_show_text(&b, type, col, row);
    return (ds_slice){(const uint8_t *)b.s, b.len};
}

/* `before` without the headers that the sink names. */
static ds_slice headers_without(const struct sink_plan *p, ds_slice before,
                                ds_arena *a)
{
    ds_header *all;
    uint32_t n, kept = 0;

    if (before.ptr == NULL || !ds_headers_decode(a, before, &all, &n))
        return before;
    for (uint32_t i = 0; i < n; i++) {
        bool named = false;

        for (uint32_t k = 0; k < p->n_headers; k++)
            named = named || ds_slice_eq(all[i].name, p->names[k]);
        if (!named)
            all[kept++] = all[i];
    }
    return kept == n ? before : ds_headers_encode(a, DS_NULL_SLICE, all, kept);
}

static ds_slice headers_make(const struct sink_plan *p, const ds_batch *in,
                             const ds_col *values, uint32_t row)
{
    const ds_envelope *env = in->env;
    ds_slice before = DS_NULL_SLICE;
    ds_header *add;

    if (p->copies && env && env->hdr)
        before = env->hdr[ds_batch_rec(in, row)];
    if (p->n_headers == 0)
        return before;
    add = ds_new(in->arena, ds_header, p->n_headers);
    for (uint32_t i = 0; i < p->n_headers; i++)
        add[i] =
            (ds_header){p->names[i], header_value(ds_exprs_schema(p->values[i]),
                                                  &values[i], row, in->arena)};
    return ds_headers_encode(in->arena, headers_without(p, before, in->arena),
                             add, p->n_headers);
}

/* Everything of a batch that can be refused. */
struct sink_parts {
    ds_slice *keys, *vals; /* of the selected rows */
    ds_col *headers;
};

static ds_rc parts_make(struct sink *s, const ds_batch *in, ds_row_errors *errs,
                        struct sink_parts *parts, ds_err *err)
{
    const struct sink_plan *p = s->op.node->planned;
    const ds_sink_args *args = s->op.node->args;
    ds_eval ev = {s->op.now, in->arena, errs};
    const ds_envelope *env = in->env;

    parts->keys = ds_new(in->arena, ds_slice, in->n_sel);
    parts->vals = ds_new(in->arena, ds_slice, in->n_sel);
    parts->headers = ds_new(in->arena, ds_col, p->n_headers + 1);
    if (p->key_schema)
        DS_TRY(keys_make(s, in, &ev, parts->keys, err));
    else if (p->copies_key && env && env->key)
        DS_EACH (in, i)
            parts->keys[k_i] = env->key[ds_batch_rec(in, i)];
    for (uint32_t h = 0; h < p->n_headers; h++)
        DS_TRY(ds_exprs_eval(p->values[h], in, &ev, &parts->headers[h], err));
    return args->codec->encode(s->codec, in, in->arena, parts->vals, errs, err);
}

static void rows_add(ds_op *op, const ds_batch *in, const ds_row_errors *errs,
                     const struct sink_parts *parts)
{
    const struct sink_plan *p = op->node->planned;
    uint32_t n = in->n_sel - errs->n;
    ds_row *row;

    if (n == 0)
        return;
    row = ds_outbox_add_n(op->outbox, n);
    op->rows_out += n;
    op->rows_kept += n;
    DS_EACH (in, i) {
        if (errs->n && errs->bad[i / 64] >> (i % 64) & 1)
            continue;
        *row++ =
            (ds_row){.topic = (uint32_t)op->node->topic,
                     .partition = DS_PARTITION_BY_KEY,
                     .key = parts->keys[k_i],
                     .val = parts->vals[k_i],
                     .hdr = headers_make(p, in, parts->headers, i),
                     .ts = p->copies ? op_record_time(op, in, i) : DS_TIME_NONE,
                     .env = in->env,
                     .rec = in->env ? ds_batch_rec(in, i) : 0};
    }
}

static ds_rc deletes_push(struct sink *s, const ds_batch *in, ds_err *err)
{
    ds_row_errors errs = {0};
    ds_eval ev = {s->op.now, in->arena, &errs};
    ds_slice *keys = ds_new(in->arena, ds_slice, in->n_sel);
    ds_row *rows;

    DS_TRY(keys_make(s, in, &ev, keys, err));
    if (errs.n)
        return ds_fail(err, DS_E_FAILED, "%s: the key of a removed row: %s",
                       s->op.node->name, errs.list[0].msg);
    rows = ds_outbox_add_n(s->op.outbox, in->n_sel);
    for (uint32_t i = 0; i < in->n_sel; i++)
        rows[i] = (ds_row){.topic = (uint32_t)s->op.node->topic,
                           .partition = DS_PARTITION_BY_KEY,
                           .key = keys[i],
                           .ts = DS_TIME_NONE};
    s->op.rows_out += in->n_sel;
    return DS_OK;
}

static ds_rc sink_push(ds_op *op, int port, const ds_batch *in, ds_err *err)
{
    struct sink *s = (struct sink *)op;
    const struct sink_plan *p = op->node->planned;
    ds_row_errors errs = {0};
    struct sink_parts parts;
    const ds_batch *rest;

    if (in->n_sel == 0)
        return DS_OK;
    if (port == OP_PORT_DELETES)
        return p->deletes ? deletes_push(s, in, err) : DS_OK;
    DS_TRY(parts_make(s, in, &errs, &parts, err));
    if (errs.n)
        DS_TRY(op->host->reject(op, in, &errs, &rest, err));
    rows_add(op, in, &errs, &parts);
    return DS_OK;
}

const ds_op_type op_sink = {
    .name = "sink",
    .help = "Rows to records of a topic.",
    .args_size = sizeof(ds_sink_args),
    .size = sizeof(struct sink),
    .flags = DS_OP_INTERNAL,
    .plan = sink_plan,
    .start = sink_start,
    .open = sink_open,
    .push = sink_push,
    .close = sink_close,
};
