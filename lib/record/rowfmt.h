/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rowfmt.h - rows as bytes: state values and rows that cross a repartition.
 *
 *     byte 0     format version (1)
 *     bytes      null bitmap, one bit per column (1: NULL), rounded up
 *     then per column that is not NULL, in order:
 *       boolean                  1 byte
 *       integers, dates, times   8 bytes, little-endian
 *       real, double precision   8 bytes, little-endian IEEE 754
 *       numeric                  24 bytes: ds_numeric, little-endian
 *       interval                 16 bytes: ds_interval, little-endian
 *       others                   u32 little-endian length, bytes
 *
 * Decoding checks every length against what is there: the bytes come back from
 * a topic, and are not trusted.
 */
#ifndef RECORD_ROWFMT_H
#define RECORD_ROWFMT_H

#include "dstream/batch.h"

/* The selected rows of cols (n rows stored) to out[0..n_sel). */
void ds_rows_encode(const ds_col *cols, const ds_schema *schema, uint32_t n,
                    const uint32_t *sel, uint32_t n_sel, ds_arena *a,
                    ds_slice *out);
/* n encoded rows to columns; a null slice is a row of NULLs. Text is checked
 * to be UTF-8. Rows that cannot be read are set in *bad (a bitmap in `a`, NULL
 * if there are none) and NULL in every column. */
void ds_rows_decode(const ds_slice *rows, uint32_t n, const ds_schema *schema,
                    ds_arena *a, ds_col *out, uint64_t **bad);

#endif
