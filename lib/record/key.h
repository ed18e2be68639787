/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key.h - the bytes of a key.
 *
 *     per column  0x01                NULL
 *                 0x02 and a value    boolean: 1 byte
 *                                     integers, dates, times: 8 bytes, big-
 *                                       endian, the sign bit turned
 *                                     real, double precision: 8 bytes that
 *                                       compare as the numbers do; -0 is 0,
 *                                       one NaN
 *                                     numeric: numeric.h
 *                                     interval: its days and the microseconds
 * left, as two integers others: the bytes; before another column 0x00 as 0x00
 * 0xff, and an end mark 0x00 0x01
 *
 * Equal values have equal bytes; jsonb, arrays and rows are brought to their
 * plain form first.
 *
 * Bytes compare as the keys do, column by column, NULL first.
 */
#ifndef RECORD_KEY_H
#define RECORD_KEY_H

#include "record/nested.h"

enum { KEY_NULL = 1, KEY_VALUE = 2 };

/* Whether the values of a column must be brought to their plain form before
 * key_write() sees them. */
static inline bool key_needs_plain(ds_type t)
{
    return ds_type_phys(t) == DS_PHYS_SLICE && ds_type_has_plain(t);
}
/* An upper bound of the bytes that a row's key takes. */
size_t key_bound(const ds_col *const *cols, const ds_type *types, uint32_t n,
                 uint32_t row);
/* Writes the key to `to`; returns its length. */
uint32_t key_write(const ds_col *const *cols, const ds_type *types, uint32_t n,
                   uint32_t row, uint8_t *to);
/* As ds_key_decode(); `trusted` bytes are not checked to be UTF-8. */
bool key_read(const ds_slice *keys, uint32_t n_keys, const ds_type *types,
              uint32_t n, bool trusted, ds_arena *a, ds_col *out);

#endif
