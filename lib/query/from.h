/* SPDX-License-Identifier: Apache-2.0 */
/*
 * from.h - what FROM and its joins share.
 */
#ifndef QUERY_FROM_H
#define QUERY_FROM_H

#include <strings.h>

#include "query/level.h"

/* An item of FROM and its names. */
rel *from_item(builder *b, level *outer, const ds_from *f, names *out);
/* One more after `left`, whose names are in `both`; a function may name its
 * columns. NULL after a message, also if left is NULL. */
rel *from_both(builder *b, level *outer, rel *left, names *both,
               const ds_from *f);
/* Whether no table's name stands twice. */
bool from_names_once(builder *b, const names *n, const ds_from *f);
/* join.c */
rel *from_join(builder *b, level *outer, const ds_from *f, names *out);
/* Every row of one side with every row of the other. */
rel *join_rel(builder *b, rel *left, rel *right);

#endif
