/* SPDX-License-Identifier: Apache-2.0 */
/*
 * formats.c - what a record costs to read into columns and to write.
 *
 * JSON: the events of the Yahoo streaming benchmark, 7 fields in some 250
 * bytes, of which a job reads 3. CSV: five fields of five types. Avro is
 * measured by avro.c.
 */
#include "codec/codecs.h"
#include "layers/layers.h"
#include "record/numeric.h"

typedef struct job {
    const ds_codec_type *type;
    ds_codec *codec;
    const ds_schema *columns;
    ds_slice *rows[LAYERS_BATCHES];
    ds_batch batches[LAYERS_BATCHES]; /* of the rows, decoded */
} job;

static const ds_field event_fields[] = {
    {"user_id", DS_STR, 0, true},    {"page_id", DS_STR, 0, true},
    {"ad_id", DS_STR, 0, true},      {"ad_type", DS_STR, 0, true},
    {"event_type", DS_STR, 0, true}, {"event_time", DS_STR, 0, true},
    {"ip_address", DS_STR, 0, true},
};
static const ds_schema event = {7, event_fields};
/* What a job declares that needs only these. */
static const ds_field view_fields[] = {
    {"ad_id", DS_STR, 0, true},
    {"event_type", DS_STR, 0, true},
    {"event_time", DS_STR, 0, true},
};
static const ds_schema view = {3, view_fields};

static const ds_field order_fields[] = {
    {"id", DS_I64, 0, true},    {"who", DS_STR, 0, true},
    {"what", DS_STR, 0, false}, {"amount", DS_NUM, 0, true},
    {"at", DS_TS, 0, true},
};
static const ds_schema order = {5, order_fields};

static ds_slice uuid(ds_arena *a)
{
    uint64_t high = layers_random(), low = layers_random();

    return layers_text(a, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(high >> 32),
                       (unsigned)(high >> 16 & 0xffff),
                       (unsigned)(high & 0xffff), (unsigned)(low >> 48),
                       (unsigned long long)(low & 0xffffffffffffull));
}

static ds_slice event_row(ds_arena *a)
{
    static const char *const ads[] = {"banner", "modal", "sponsored-search",
                                      "mail", "mobile"};
    static const char *const kinds[] = {"view", "click", "purchase"};

    return layers_text(
        a,
        "{\"user_id\":\"%.36s\",\"page_id\":\"%.36s\",\"ad_id\":\"%.36s\","
        "\"ad_type\":\"%s\",\"event_type\":\"%s\",\"event_time\":\"%llu\","
        "\"ip_address\":\"1.2.3.4\"}",
        (const char *)uuid(a).ptr, (const char *)uuid(a).ptr,
        (const char *)uuid(a).ptr, ads[layers_random() % 5],
        kinds[layers_random() % 3],
        1700000000000ull + layers_random() % 100000000);
}

static ds_slice order_json(ds_arena *a)
{
    return layers_text(a,
                       "{\"id\":%u,\"who\":\"customer\",\"what\":\"thing\","
                       "\"amount\":%u.%02u,\"at\":"
                       "\"2024-05-06T07:08:09.%06uZ\"}",
                       (unsigned)(layers_random() % 4000000),
                       (unsigned)(layers_random() % 100000),
                       (unsigned)(layers_random() % 100),
                       (unsigned)(layers_random() % 1000000));
}

static ds_slice order_csv(ds_arena *a)
{
    return layers_text(a, "%u,customer,thing,%u.%02u,2024-05-06T07:08:09.%06uZ",
                       (unsigned)(layers_random() % 4000000),
                       (unsigned)(layers_random() % 100000),
                       (unsigned)(layers_random() % 100),
                       (unsigned)(layers_random() % 1000000));
}

static void decode(void *arg, uint32_t k, ds_arena *epoch)
{
    job *j = arg;
    ds_col *cols = ds_new(epoch, ds_col, j->columns->n);
    ds_row_errors errs = {0};
    ds_err err;

    if (j->type->decode(j->codec, j->rows[k], LAYERS_ROWS, epoch, cols, &errs,
                        &err) < 0)
        layers_die("%s: %s", j->type->name, err.msg);
    if (errs.n)
        layers_die("%s: %s", j->type->name, errs.list[0].msg);
    j->batches[k].cols = cols;
}

static void encode(void *arg, uint32_t k, ds_arena *epoch)
{
    job *j = arg;
    ds_slice *out = ds_new(epoch, ds_slice, LAYERS_ROWS);
    ds_row_errors errs = {0};
    ds_err err;

    if (j->type->encode(j->codec, &j->batches[k], epoch, out, &errs, &err) < 0)
        layers_die("%s: %s", j->type->name, err.msg);
    layers_keep(out);
}

static job opened(const ds_codec_type *type, const ds_schema *columns,
                  const bool *want, ds_slice (*row)(ds_arena *a), ds_arena *a)
{
    const ds_codec_spec spec = {.columns = columns, .want = want};
    job j = {.type = type, .columns = columns};
    ds_err err;

    if (type->open(&spec, &j.codec, &err) < 0)
        layers_die("%s: %s", type->name, err.msg);
    for (uint32_t k = 0; k < LAYERS_BATCHES; k++) {
        j.rows[k] = ds_new(a, ds_slice, LAYERS_ROWS);
        for (uint32_t i = 0; i < LAYERS_ROWS; i++)
            j.rows[k][i] = row(a);
        j.batches[k] = layers_batch(columns, a);
    }
    return j;
}

static void measure(const char *reads, const char *writes,
                    const ds_codec_type *type, const ds_schema *columns,
                    const bool *want, ds_slice (*row)(ds_arena *a))
{
    ds_arena *a = ds_arena_new(1 << 20);
    job j = opened(type, columns, want, row, a);

    layers_measure(reads, decode, &j);
    if (writes) {
        for (uint32_t k = 0; k < LAYERS_BATCHES; k++)
            decode(&j, k, a);
        layers_measure(writes, encode, &j);
    }
    type->close(j.codec);
    ds_arena_free(a);
}

int main(int argc, char **argv)
{
    static const bool three[7] = {false, false, true, false, true, true, false};

    layers_begin(argc, argv);
    measure("json_3_of_7", NULL, &codec_json, &view, NULL, event_row);
    measure("json_3_of_7_declared", NULL, &codec_json, &event, three,
            event_row);
    measure("json_7", "json_7_out", &codec_json, &event, NULL, event_row);
    measure("json_5", "json_5_out", &codec_json, &order, NULL, order_json);
    measure("csv_5", "csv_5_out", &codec_csv, &order, NULL, order_csv);
    layers_end();
    return 0;
}
