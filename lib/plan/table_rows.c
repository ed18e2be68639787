/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_rows.c - records of a topic, or lines of a file, to keys and rows.
 *
 * The key of a record is its key, whatever the value says: by it a record
 * replaces or deletes another one, and the topic is compacted.
 */
#include "plan/table_rows.h"

#include "record/builder.h"
#include "record/groups.h"
#include "record/jsonb.h"
#include "record/rowfmt.h"
#include "record/value.h"

/* ---- codecs ---- */

static ds_rc key_open(struct table_codec *c, ds_err *err)
{
    const ds_source_args *args = c->plan->args;
    const char *format = args->key_codec->name;
    ds_codec_spec spec = {.columns = &c->key_schema, .lone = true};

    c->key_is_json = strcmp(format, "json") == 0;
    c->key_field = (ds_field){.name = args->key.s,
                              .type = c->key_is_json           ? DS_JSON
                                      : !strcmp(format, "raw") ? DS_BYTES
                                                               : DS_STR};
    c->key_schema = (ds_schema){1, &c->key_field};
    return args->key_codec->open(&spec, &c->key, err);
}

ds_rc table_codec_start(const ds_plan_table *plan, ds_err *err)
{
    const ds_source_args *args = plan->args;

    return args->codec->start
               ? args->codec->start(args->options, args->body, err)
               : DS_OK;
}

ds_rc table_codec_open(struct table_codec *c, const ds_plan_table *plan,
                       ds_err *err)
{
    const ds_source_args *args = plan->args;
    ds_codec_spec spec = {.columns = args->body,
                          .options = args->options,
                          .header = args->header,
                          .lone =
                              args->columns == NULL && args->options == NULL};

    c->plan = plan;
    DS_TRY(args->codec->open(&spec, &c->value, err));
    return plan->topic >= 0 ? key_open(c, err) : DS_OK;
}

void table_codec_close(struct table_codec *c)
{
    if (c->value)
        c->plan->args->codec->close(c->value);
    if (c->key)
        c->plan->args->key_codec->close(c->key);
    c->value = c->key = NULL;
}

/* ---- keys and rows ---- */

void table_rows_init(struct table_rows *r, ds_arena *a)
{
    *r = (struct table_rows){.arena = a};
}

static void rows_put(struct table_rows *r, ds_slice key, ds_slice row)
{
    if (r->n == r->cap) {
        uint32_t cap = r->cap ? r->cap * 2 : 1024;
        ds_slice *keys = ds_new(r->arena, ds_slice, cap);
        ds_slice *rows = ds_new(r->arena, ds_slice, cap);

        if (r->n) {
            memcpy(keys, r->keys, r->n * sizeof(*keys));
            memcpy(rows, r->rows, r->n * sizeof(*rows));
        }
        r->keys = keys;
        r->rows = rows;
        r->cap = cap;
    }
    r->keys[r->n] = key;
    r->rows[r->n++] = row;
}

/* ---- keys of records ---- */

/* What is being decoded: records[0..n). */
struct decoding {
    struct table_codec *c;
    ds_arena *a; /* until it is done */
    const ds_slice *keys, *vals;
    uint32_t n;
    ds_row_errors *errs;
    ds_arena *errs_arena;
    /* The records that have a value, and their columns. */
    uint32_t n_live;
    ds_slice *live;
    uint32_t *live_rec;
    uint32_t *live_of; /* by record: its number in live + 1; 0: none */
    ds_col *cols;
};

static void refuse(struct decoding *d, uint32_t rec, const char *code,
                   const char *msg)
{
    ds_row_errors_add(d->errs, d->errs_arena, d->n, rec, code, 0, msg);
}

static bool is_refused(const struct decoding *d, uint32_t rec)
{
    return d->errs->bad && ds_bit_get(d->errs->bad, rec);
}

/* Errors of rows[0..) that are records rec[0..). */
static ds_rc errors_take(struct decoding *d, const ds_row_errors *bad,
                         const uint32_t *rec, ds_err *err)
{
    for (uint32_t i = 0; i < bad->n; i++) {
        if (strcmp(bad->list[i].code, DS_CODE_WAIT) == 0)
            return ds_fail(err, DS_E_UNREACHABLE, "%s", bad->list[i].msg);
        refuse(d, rec[bad->list[i].row], bad->list[i].code, bad->list[i].msg);
    }
    return DS_OK;
}

/* A key of JSON is a scalar, or an object with a field of the column's name:
 * as in sources. */
static ds_slice key_of_json(struct decoding *d, uint32_t rec, ds_slice v)
{
    if (jsonb_kind_of(v) == JSONB_OBJECT)
        v = jsonb_member(v, ds_slice_of(d->c->key_field.name));
    if (v.ptr && jsonb_kind_of(v) >= JSONB_ARRAY) {
        refuse(d, rec, "E0601",
               "a key of JSON is a scalar, or an object with one under the "
               "column's name");
        return DS_NULL_SLICE;
    }
    return v.ptr ? jsonb_text(v, d->a) : v;
}

static void key_add(struct decoding *d, ds_col_builder *b, uint32_t rec,
                    ds_slice text)
{
    const ds_field *f = &d->c->plan->schema->fields[d->c->plan->key];
    ds_value v = {.s = text};
    const char *why = NULL, *code;

    if (f->type != DS_BYTES && (f->type != DS_STR || f->mod))
        why = ds_value_parse(f->type, f->mod, text, DS_TIME_NONE, d->a, &v,
                             &code);
    if (why)
        refuse(d, rec, code, ds_str_printf(d->a, "the record's key: %s", why));
    if (why)
        ds_col_builder_add_null(b);
    else
        ds_col_builder_add(b, &v);
}

/* A record without a key: that of its value, if it has the column. */
static void key_of_value(const struct decoding *d, ds_col_builder *b,
                         uint32_t rec)
{
    const ds_plan_table *t = d->c->plan;
    uint32_t at = d->live_of[rec];
    const ds_col *col =
        t->key < t->args->body->n && at ? &d->cols[t->key] : NULL;
    size_t size = ds_type_size(t->schema->fields[t->key].type);

    if (col && !is_refused(d, rec) && !ds_col_is_null(col, at - 1))
        ds_col_builder_add(b, (const uint8_t *)col->v.p + (at - 1) * size);
    else
        ds_col_builder_add_null(b);
}

/* The record keys that are there, decoded; *n: how many, rec: whose. */
static ds_rc keys_decode(struct decoding *d, ds_col *out, uint32_t *rec,
                         uint32_t *n, ds_err *err)
{
    const ds_codec_type *type = d->c->plan->args->key_codec;
    ds_slice *there = ds_new(d->a, ds_slice, d->n + 1);
    ds_row_errors bad = {0};

    *n = 0;
    for (uint32_t i = 0; i < d->n; i++)
        if (d->keys[i].ptr) {
            there[*n] = d->keys[i];
            rec[(*n)++] = i;
        }
    if (*n == 0)
        return DS_OK;
    DS_TRY(type->decode(d->c->key, there, *n, d->a, out, &bad, err));
    return errors_take(d, &bad, rec, err);
}

/* The keys of all records as a column. */
static ds_rc keys_col(struct decoding *d, ds_col *out, ds_err *err)
{
    const ds_plan_table *t = d->c->plan;
    uint32_t *rec = ds_new(d->a, uint32_t, d->n + 1);
    uint32_t n, at = 0;
    ds_col col = {0};
    ds_col_builder b;

    DS_TRY(keys_decode(d, &col, rec, &n, err));
    ds_col_builder_init(&b, t->schema->fields[t->key].type, d->a, d->n);
    for (uint32_t i = 0; i < d->n; i++) {
        bool here = at < n && rec[at] == i;
        uint32_t row = at;
        ds_slice text = DS_NULL_SLICE;

        at += here;
        if (!here) {
            key_of_value(d, &b, i);
            continue;
        }
        if (!is_refused(d, i) && !ds_col_is_null(&col, row))
            text = d->c->key_is_json ? key_of_json(d, i, col.v.str[row])
                                     : col.v.str[row];
        if (text.ptr && !is_refused(d, i))
            key_add(d, &b, i, text);
        else
            ds_col_builder_add_null(&b);
    }
    *out = ds_col_builder_done(&b);
    return DS_OK;
}

/* ---- values ---- */

/* A null value deletes; so does an empty one, unless the format is one of plain
 * bytes (contract.md 4.2). */
static bool deletes(const struct decoding *d, uint32_t i)
{
    const char *format = d->c->plan->args->codec->name;

    return d->keys && (!d->vals[i].ptr ||
                       (d->vals[i].len == 0 && strcmp(format, "text") != 0 &&
                        strcmp(format, "raw") != 0));
}

static ds_rc values_decode(struct decoding *d, ds_err *err)
{
    const ds_source_args *args = d->c->plan->args;
    ds_row_errors bad = {0};

    d->live = ds_new(d->a, ds_slice, d->n + 1);
    d->live_rec = ds_new(d->a, uint32_t, d->n + 1);
    d->live_of = ds_new(d->a, uint32_t, d->n + 1);
    d->cols = ds_new(d->a, ds_col, args->body->n + 1);
    for (uint32_t i = 0; i < d->n; i++)
        if (!deletes(d, i)) {
            d->live[d->n_live] = d->vals[i];
            d->live_rec[d->n_live++] = i;
            d->live_of[i] = d->n_live;
        }
    if (d->n_live == 0)
        return DS_OK;
    DS_TRY(args->codec->decode(d->c->value, d->live, d->n_live, d->a, d->cols,
                               &bad, err));
    return errors_take(d, &bad, d->live_rec, err);
}

/* The rows of the records that are there, by record. */
static ds_slice *rows_encode(struct decoding *d, ds_arena *to)
{
    const ds_plan_table *t = d->c->plan;
    ds_slice *rows = ds_new(d->a, ds_slice, d->n + 1);
    ds_slice *some = ds_new(d->a, ds_slice, d->n + 1);
    uint32_t *sel = ds_new(d->a, uint32_t, d->n + 1), n = 0;
    ds_col *cols = ds_new(d->a, ds_col, t->values->n + 1);

    for (uint32_t c = 0, v = 0; c < t->args->body->n; c++)
        if (c != t->key)
            cols[v++] = d->cols[c];
    for (uint32_t i = 0; i < d->n_live; i++)
        if (!is_refused(d, d->live_rec[i]))
            sel[n++] = i;
    ds_rows_encode(cols, t->values, d->n_live, sel, n, to, some);
    for (uint32_t i = 0; i < n; i++)
        rows[d->live_rec[sel[i]]] = some[i];
    return rows;
}

static ds_rc rows_decode(struct table_rows *r, struct decoding *d, ds_err *err)
{
    const ds_plan_table *t = d->c->plan;
    ds_type type = t->schema->fields[t->key].type;
    ds_slice *rows;
    ds_col key;

    DS_TRY(values_decode(d, err));
    if (d->keys)
        DS_TRY(keys_col(d, &key, err));
    else
        key = d->cols[t->key];
    rows = rows_encode(d, r->arena);
    for (uint32_t i = 0; i < d->n; i++) {
        if (is_refused(d, i))
            continue;
        if (ds_col_is_null(&key, i))
            r->no_key++;
        else
            rows_put(r, ds_key_encode(&key, &type, 1, i, r->arena), rows[i]);
    }
    return DS_OK;
}

ds_rc table_rows_add(struct table_rows *r, struct table_codec *c,
                     const ds_slice *keys, const ds_slice *vals, uint32_t n,
                     ds_row_errors *errs, ds_err *err)
{
    struct decoding d = {.c = c,
                         .a = ds_arena_new(1 << 16),
                         .keys = keys,
                         .vals = vals,
                         .n = n,
                         .errs = errs,
                         .errs_arena = r->arena};
    ds_rc rc = n ? rows_decode(r, &d, err) : DS_OK;

    ds_arena_free(d.a);
    return rc;
}
