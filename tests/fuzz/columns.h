/* SPDX-License-Identifier: Apache-2.0 */
/*
 * columns.h - columns of every type, for targets that decode or evaluate.
 */
#ifndef TESTS_FUZZ_COLUMNS_H
#define TESTS_FUZZ_COLUMNS_H

#include "record/builder.h"
#include "record/show.h"
#include "record/value.h"

enum { FUZZ_COLUMNS = 18, FUZZ_ROWS = 3 };

static ds_field fuzz_fields[FUZZ_COLUMNS];
static ds_schema fuzz_schema = {FUZZ_COLUMNS, fuzz_fields};

static const struct {
    const char *name;
    ds_type type;
    bool array;
    const char *texts[FUZZ_ROWS]; /* NULL: NULL */
} fuzz_columns[FUZZ_COLUMNS] = {
    {"b", DS_BOOL, false, {"true", "false", NULL}},
    {"i2", DS_I16, false, {"7", "-32768", NULL}},
    {"i4", DS_I32, false, {"3", "2147483647", NULL}},
    {"i8", DS_I64, false, {"-1", "9223372036854775807", NULL}},
    {"f4", DS_F32, false, {"1.5", "-0.1", NULL}},
    {"f8", DS_F64, false, {"0.5", "NaN", NULL}},
    {"n", DS_NUM, false, {"1.50", "-99999999999999999999", NULL}},
    {"s", DS_STR, false, {"Hello, World", "\xc3\xa4\xe6\x97\xa5", NULL}},
    {"t", DS_STR, false, {"a", "", NULL}},
    {"y", DS_BYTES, false, {"\\x00ff", "\\x", NULL}},
    {"d", DS_DATE, false, {"2024-02-29", "infinity", NULL}},
    {"tod", DS_TIME, false, {"12:34:56.789", "24:00", NULL}},
    {"tl", DS_TIMESTAMP, false, {"2024-02-29 10:00", "0044-03-15 BC", NULL}},
    {"tz", DS_TS, false, {"2026-03-29 01:00+00", "-infinity", NULL}},
    {"iv", DS_IV, false, {"1 mon -1 day 2:03", "-00:00:00.000001", NULL}},
    {"j", DS_JSON, false, {"{\"a\": [1, 2.50, null]}", "[{}, \"x\"]", NULL}},
    {"ai", DS_I32, true, {"{1,NULL,3}", "{}", NULL}},
    {"at", DS_STR, true, {"{a,\"b c\"}", "{NULL}", NULL}},
};

static void fuzz_columns_init(void)
{
    for (int i = 0; i < FUZZ_COLUMNS; i++) {
        ds_type t = fuzz_columns[i].type;
        fuzz_fields[i].name = fuzz_columns[i].name;
        fuzz_fields[i].type = fuzz_columns[i].array ? ds_array_type(t) : t;
    }
}

/* The rows above, as columns in `a`. */
static inline ds_col *fuzz_rows(ds_arena *a)
{
    ds_col *cols = ds_new(a, ds_col, FUZZ_COLUMNS);
    for (uint32_t c = 0; c < FUZZ_COLUMNS; c++) {
        ds_col_builder b;
        ds_col_builder_init(&b, fuzz_fields[c].type, a, FUZZ_ROWS);
        for (int r = 0; r < FUZZ_ROWS; r++) {
            const char *s = fuzz_columns[c].texts[r], *code;
            ds_value v;
            if (s && !ds_value_parse(fuzz_fields[c].type, 0, ds_slice_of(s),
                                     DS_TIME_NONE, a, &v, &code))
                ds_col_builder_add(&b, &v);
            else
                ds_col_builder_add_null(&b);
        }
        cols[c] = ds_col_builder_done(&b);
    }
    return cols;
}

/* The same, as a batch. */
static inline ds_batch fuzz_batch(ds_arena *a)
{
    return (ds_batch){.schema = &fuzz_schema,
                      .cols = fuzz_rows(a),
                      .n = FUZZ_ROWS,
                      .n_sel = FUZZ_ROWS,
                      .arena = a};
}

/* Whether the input is a text over these columns. Texts are UTF-8 without
 * zeroes (diag.h): the YAML reader and eval refuse others. */
static inline bool fuzz_is_text(const uint8_t *data, size_t size)
{
    if (!fuzz_fields[0].name)
        fuzz_columns_init();
    return !memchr(data, 0, size) &&
           ds_utf8_valid((ds_slice){data, (uint32_t)size});
}

#endif
