/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avro.c - what a record of five fields costs to read into columns, and to
 * write. One line of JSON: CPU seconds per million records.
 *
 *     bench_avro [RECORDS]
 *
 * The records (31 bytes): a long, two texts, a decimal(12,2), a
 * timestamp-micros.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "codec/avro_program.h"
#include "codec/avro_write.h"
#include "record/numeric.h"
#include "record/show.h"

enum { BATCH = 4096 };

static const char schema[] =
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":["
    "{\"name\":\"id\",\"type\":\"long\"},"
    "{\"name\":\"who\",\"type\":\"string\"},"
    "{\"name\":\"what\",\"type\":[\"null\",\"string\"]},"
    "{\"name\":\"amount\",\"type\":{\"type\":\"bytes\",\"logicalType\":"
    "\"decimal\",\"precision\":12,\"scale\":2}},"
    "{\"name\":\"at\",\"type\":{\"type\":\"long\",\"logicalType\":"
    "\"timestamp-micros\"}}]}";

static double cpu_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fail(const char *why)
{
    fprintf(stderr, "bench_avro: %s\n", why);
    exit(1);
}

/* The columns of a batch, written record by record. */
static void rows_write(avro_encoder *w, ds_arena *a, ds_slice *out)
{
    int64_t *id = ds_new(a, int64_t, BATCH), *at = ds_new(a, int64_t, BATCH);
    ds_slice *who = ds_new(a, ds_slice, BATCH);
    ds_numeric *amount = ds_new(a, ds_numeric, BATCH);
    ds_col cols[] = {{.v.i64 = id},
                     {.v.str = who},
                     {.v.str = who},
                     {.v.num = amount},
                     {.v.i64 = at}};
    const char *why;
    ds_buf b;

    ds_buf_init(&b, a, BATCH * 64);
    for (uint32_t i = 0; i < BATCH; i++) {
        uint32_t start = b.len;

        id[i] = i * 1000;
        at[i] = 1700000000000000 + i;
        who[i] = ds_slice_of("customer");
        amount[i] = numeric_of(123456 + i, 2);
        if (!avro_encode_record(w, cols, i, &b, &why))
            fail(why);
        out[i] = (ds_slice){(const uint8_t *)b.s + start, b.len - start};
    }
}

static void rows_read(avro_decoder *r, const avro_program *p,
                      const ds_schema *columns, const ds_slice *rows,
                      ds_arena *a)
{
    void *values[5];
    uint64_t *valid[5] = {NULL};
    avro_columns_out out = {values, valid, BATCH, 0, columns, a};
    const char *why;

    for (uint32_t c = 0; c < columns->n; c++)
        values[c] = ds_arena_alloc(
            a, BATCH * ds_type_size(columns->fields[c].type), 16);
    for (out.row = 0; out.row < BATCH; out.row++)
        if (!avro_decode_record(r, p, rows[out.row], &out, &why))
            fail(why);
}

int main(int argc, char **argv)
{
    long n = argc > 1 ? strtol(argv[1], NULL, 10) : 10000000;
    long rounds = (n + BATCH - 1) / BATCH;
    ds_arena *a = ds_arena_new(1 << 20), *epoch = ds_arena_new(1 << 20);
    ds_slice text = ds_slice_of(schema), *rows = ds_new(a, ds_slice, BATCH);
    const avro_type *t;
    const ds_schema *columns;
    const avro_program *p;
    avro_encoder *w;
    ds_err err;
    double start, read, written;
    avro_decoder *r = avro_decoder_new();

    if (avro_schema_parse(&text, 1, a, &t, &err) ||
        avro_columns(t, a, &columns, &err) ||
        avro_compile(t, t, &(avro_target){columns, NULL}, a, &p, &err) ||
        avro_encoder_new(t, columns, a, &w, &err))
        fail(err.msg);
    start = cpu_now();
    for (long i = 0; i < rounds; i++) {
        ds_arena_reset(epoch);
        rows_write(w, i + 1 < rounds ? epoch : a, rows);
    }
    written = cpu_now() - start;
    start = cpu_now();
    for (long i = 0; i < rounds; i++) {
        ds_arena_reset(epoch);
        rows_read(r, p, columns, rows, epoch);
    }
    read = cpu_now() - start;
    printf("{\"records\": %ld, \"bytes\": %u, \"read\": %.3f, \"written\": "
           "%.3f}\n",
           rounds * BATCH, rows[0].len, read * 1e6 / (double)(rounds * BATCH),
           written * 1e6 / (double)(rounds * BATCH));
    avro_decoder_free(r);
    ds_arena_free(epoch);
    ds_arena_free(a);
    return 0;
}
