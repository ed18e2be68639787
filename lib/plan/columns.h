/* SPDX-License-Identifier: Apache-2.0 */
/*
 * columns.h - what `columns:` says: names and types, nested as JSON is.
 *
 *     {id: bigint not null,
 *      address: {street: text, zip: "varchar(10)"},     a row
 *      items: [{sku: text, price: "numeric(10,2)"}],    an array of rows
 *      tags: text[]}                                    or [text]
 */
#ifndef PLAN_COLUMNS_H
#define PLAN_COLUMNS_H

#include "dstream/batch.h"
#include "dstream/param.h"

/* A name of 1 to 63 bytes; if not, false and a mistake. */
bool columns_name(const ds_text *name, ds_diags *d);
/* False: a mistake was reported. The names belong to the map. */
bool columns_parse(const ds_arg *map, ds_arena *a, ds_diags *d, ds_schema *out);

#endif
