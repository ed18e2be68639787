/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avro.c - the format avro: what a job says of it, records in, records out.
 *
 * The reader's schema is that of `schema.file`, else the latest version of the
 * subject at the start; a record's own schema is the one whose id it carries,
 * and without a registry the reader's. Each of them is compiled once per codec.
 */
#include "codec/avro.h"

#include <stdio.h>
#include <stdlib.h>

#include "codec/avro_program.h"
#include "codec/avro_write.h"
#include "codec/codecs.h"
#include "record/builder.h"
#include "record/show.h"

enum {
    ENCODE_BUFFER = 1 << 20, /* rows share a buffer up to here */
    PROGRAMS_MAX = 1000,     /* of a codec; then all are forgotten */
};

/* The program for records of one schema. */
struct known {
    uint32_t id;
    const avro_program *program; /* NULL: `why` */
    const char *why, *code;
    struct known *next;
};

struct avro_codec {
    ds_arena *arena;
    ds_codec_spec spec;
    struct avro_options *options;
    avro_decoder *reader;
    avro_encoder *writer;
    ds_arena *programs;
    struct known *slots[256];
    uint32_t n_known;
    struct known *last;
};

static ds_rc avro_check(const ds_schema *columns, bool decode, ds_err *err)
{
    if (decode && columns->n == 0)
        return ds_fail(err, DS_E_CONFIG, "format avro needs a column");
    return DS_OK;
}

/* ---- open ---- */

static void programs_forget(struct avro_codec *c)
{
    if (!c->programs)
        c->programs = ds_arena_new(1 << 14);
    ds_arena_reset(c->programs);
    memset(c->slots, 0, sizeof(c->slots));
    c->n_known = 0;
    c->last = NULL;
}

static ds_rc open_decode(struct avro_codec *c, ds_err *err)
{
    if (!c->options->reader)
        return ds_fail(err, DS_E_INVALID, "the schema is not known yet");
    c->reader = avro_decoder_new();
    programs_forget(c);
    return DS_OK;
}

static ds_rc avro_open(const ds_codec_spec *spec, ds_codec **out, ds_err *err)
{
    struct avro_options *o = spec->options;
    ds_arena *a = ds_arena_new(4096);
    struct avro_codec *c = ds_new(a, struct avro_codec, 1);
    ds_rc rc;

    c->arena = a;
    c->spec = *spec;
    c->options = o;
    rc = o->use.decode
             ? open_decode(c, err)
             : avro_encoder_new(o->writer, spec->columns, a, &c->writer, err);
    if (rc < 0) {
        ds_arena_free(a);
        return rc;
    }
    *out = (ds_codec *)c;
    return DS_OK;
}

static void avro_close(ds_codec *codec)
{
    struct avro_codec *c = (struct avro_codec *)codec;

    if (!c)
        return;
    avro_decoder_free(c->reader);
    ds_arena_free(c->programs);
    ds_arena_free(c->arena);
}

/* ---- decode ---- */

static void known_compile(struct avro_codec *c, const avro_type *writer,
                          struct known *k)
{
    /* What is declared is checked in every record, wanted or not; of the fields
     * of a schema those that nobody reads are skipped. */
    avro_target t = {c->spec.columns,
                     c->options->use.columns ? NULL : c->spec.want};
    ds_err why = {DS_OK, ""};

    if (avro_compile(writer, c->options->reader, &t, c->programs, &k->program,
                     &why) < 0) {
        k->program = NULL;
        k->code = CODEC_SCHEMA_ERROR;
        k->why = ds_str_printf(c->programs,
                               "the schema of the record cannot be read by "
                               "that of the job: %s",
                               why.msg);
    }
}

/* The schema of an id. DS_NOTFOUND: there is none; *k says so. < 0: nobody
 * can tell now. */
static ds_rc known_find(struct avro_codec *c, uint32_t id, struct known **out,
                        ds_err *err)
{
    struct known **slot = &c->slots[id % 256], *k;
    const avro_type *writer = NULL;
    const char *why = NULL;
    ds_rc rc = DS_OK;

    for (k = *slot; k; k = k->next)
        if (k->id == id) {
            *out = k;
            return DS_OK;
        }
    if (c->n_known >= PROGRAMS_MAX)
        programs_forget(c);
    if (c->options->framed)
        rc = avro_schema_of_id(c->options, id, c->programs, &writer, &why, err);
    else
        writer = c->options->reader;
    DS_TRY(rc);
    k = ds_new(c->programs, struct known, 1);
    k->id = id;
    if (rc == DS_OK) {
        known_compile(c, writer, k);
    } else {
        k->code = CODEC_ID_ERROR;
        k->why = why;
    }
    *out = k;
    c->n_known++;          /* it takes memory, whatever it is */
    if (rc == DS_NOTFOUND) /* it may be there later */
        return DS_OK;
    k->next = *slot;
    *slot = k;
    return DS_OK;
}

/* The id that a record carries, and what is behind it. */
static bool unframe(ds_slice val, uint32_t *id, ds_slice *body, char *why,
                    size_t size)
{
    const uint8_t *p = val.ptr;

    if (val.len < 5) {
        snprintf(why, size,
                 "a record of Avro begins with a 0 and the id of its schema; "
                 "this one has %u bytes",
                 val.len);
        return false;
    }
    if (p[0] != 0) {
        snprintf(why, size,
                 "a record of Avro begins with a 0 and the id of its schema; "
                 "this one begins with 0x%02x",
                 p[0]);
        return false;
    }
    *id = (uint32_t)p[1] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 8 |
          p[4];
    *body = (ds_slice){p + 5, val.len - 5};
    return true;
}

/* A batch being decoded. */
struct decode {
    struct avro_codec *c;
    avro_columns_out out;
    char why[300];
    const char *code;
};

static bool decode_fail(struct decode *d, const char *code, const char *why)
{
    d->code = code;
    snprintf(d->why, sizeof(d->why), "%s", why);
    return false;
}

static bool decode_row(struct decode *d, ds_slice val)
{
    struct avro_codec *c = d->c;
    ds_slice body = val;
    struct known *k = c->last;
    uint32_t id = 0;
    ds_err err = {DS_OK, ""};
    const char *why;

    d->code = CODEC_ERROR;
    if (!val.ptr)
        return decode_fail(d, CODEC_ERROR,
                           "a record of Avro was expected, not a null value");
    if (c->options->framed && !unframe(val, &id, &body, d->why, sizeof(d->why)))
        return false;
    if (!k || k->id != id) {
        if (known_find(c, id, &k, &err) < 0)
            return decode_fail(d, DS_CODE_WAIT, err.msg);
        c->last = k->program ? k : NULL;
    }
    if (!k->program)
        return decode_fail(d, k->code, k->why);
    return avro_decode_record(c->reader, k->program, body, &d->out, &why) ||
           decode_fail(d, CODEC_ERROR, why);
}

static void null_row(struct decode *d)
{
    for (uint32_t col = 0; col < d->out.columns->n; col++) {
        if (!d->out.values[col])
            continue;
        if (!d->out.valid[col])
            d->out.valid[col] = ds_bits_new(d->out.a, d->out.n_rows, true);
        ds_bit_clear(d->out.valid[col], d->out.row);
    }
}

static ds_rc avro_decode(ds_codec *codec, const ds_slice *vals, uint32_t n,
                         ds_arena *a, ds_col *cols, ds_row_errors *errs,
                         ds_err *err)
{
    struct avro_codec *c = (struct avro_codec *)codec;
    const ds_schema *columns = c->spec.columns;
    void **values = ds_new(a, void *, columns->n);
    struct decode d = {.c = c};

    (void)err;
    d.out = (avro_columns_out){.values = values,
                               .valid = ds_new(a, uint64_t *, columns->n),
                               .n_rows = n,
                               .columns = columns,
                               .a = a};
    for (uint32_t col = 0; col < columns->n; col++)
        if (!c->spec.want || c->spec.want[col])
            values[col] = ds_arena_alloc(
                a, n * ds_type_size(columns->fields[col].type), 16);
    for (uint32_t row = 0; row < n; row++) {
        d.out.row = row;
        if (decode_row(&d, vals[row]))
            continue;
        ds_row_errors_add(errs, a, n, row, d.code, 0, d.why);
        null_row(&d);
    }
    for (uint32_t col = 0; col < columns->n; col++) {
        cols[col].valid = d.out.valid[col];
        cols[col].v.p = values[col];
    }
    return DS_OK;
}

/* ---- encode ---- */

static void frame(const struct avro_options *o, ds_buf *b)
{
    uint8_t head[5] = {0, (uint8_t)(o->id >> 24), (uint8_t)(o->id >> 16),
                       (uint8_t)(o->id >> 8), (uint8_t)o->id};

    if (o->framed)
        ds_buf_add(b, head, sizeof(head));
}

static ds_rc avro_encode(ds_codec *codec, const ds_batch *rows, ds_arena *a,
                         ds_slice *out, ds_row_errors *errs, ds_err *err)
{
    struct avro_codec *c = (struct avro_codec *)codec;
    ds_buf b;

    (void)err;
    ds_buf_init(&b, a, rows->n_sel < 1024 ? 64 * (rows->n_sel + 1) : 64 << 10);
    DS_EACH (rows, row) {
        uint32_t start;
        const char *why;

        if (errs->n && errs->bad[row / 64] >> (row % 64) & 1)
            continue;
        if (b.len > ENCODE_BUFFER)
            ds_buf_init(&b, a, 64 << 10);
        start = b.len;
        frame(c->options, &b);
        if (!avro_encode_record(c->writer, rows->cols, row, &b, &why)) {
            ds_row_errors_add(errs, a, rows->n, row, CODEC_ENCODE_ERROR, 0,
                              why);
            b.len = start;
            continue;
        }
        /* When the buffer moves later, these bytes stay where they are. */
        out[k_row] = (ds_slice){(const uint8_t *)b.s + start, b.len - start};
    }
    return DS_OK;
}

const ds_codec_type codec_avro = {
    .name = "avro",
    .help = "Avro: a record per row, its schema in a registry or a file.",
    .lone = DS_NONE,
    .check = avro_check,
    .plan = avro_plan,
    .fits = avro_fits,
    .start = avro_start,
    .open = avro_open,
    .close = avro_close,
    .decode = avro_decode,
    .encode = avro_encode,
};
