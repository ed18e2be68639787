/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sort.h - row numbers in the order of some columns.
 */
#ifndef RECORD_SORT_H
#define RECORD_SORT_H

#include "dstream/batch.h"

/* A column to sort by. */
typedef struct sort_key {
    ds_col col;
    ds_type type;
    bool desc, nulls_first;
} sort_key;

/* Stable, in PostgreSQL's order of each type; `room` has n / 2 + 1 places. */
void sort_rows(const sort_key *keys, uint32_t n_keys, uint32_t *rows,
               uint32_t n, uint32_t *room);

#endif
