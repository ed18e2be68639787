/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_rows.h - records of a topic, or lines of a file, as the keys and rows
 * of a table (dstream/table.h).
 */
#ifndef PLAN_TABLE_ROWS_H
#define PLAN_TABLE_ROWS_H

#include "plan/plan.h"

/* Keys and rows on their way into a table, in the order in which they came. */
struct table_rows {
    ds_arena *arena; /* of keys and rows */
    uint32_t n, cap;
    ds_slice *keys, *rows; /* a null row: the key is gone */
    uint32_t no_key;       /* rows that were left out: their key is NULL */
};

/* What makes rows of values; of one thread. */
struct table_codec {
    const ds_plan_table *plan;
    ds_codec *value;
    ds_codec *key; /* of records; NULL: it is in the value */
    bool key_is_json;
    ds_schema key_schema; /* of `key` */
    ds_field key_field;
};

/* What a format has to do before the first open(): once for a plan. */
ds_rc table_codec_start(const ds_plan_table *plan, ds_err *err);
ds_rc table_codec_open(struct table_codec *c, const ds_plan_table *plan,
                       ds_err *err);
void table_codec_close(struct table_codec *c);
void table_rows_init(struct table_rows *r, ds_arena *a);
/* Values with their keys (NULL: the key is in the value). What is refused
 * goes to `errs`, by its number in `vals`; DS_E_UNREACHABLE: a server that is
 * needed for it does not answer now. */
ds_rc table_rows_add(struct table_rows *r, struct table_codec *c,
                     const ds_slice *keys, const ds_slice *vals, uint32_t n,
                     ds_row_errors *errs, ds_err *err);

#endif
