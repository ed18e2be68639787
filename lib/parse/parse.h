/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parse.h - SQL text to trees, by PostgreSQL's grammar.
 *
 * A text is exactly a select list, an expression, a type or a query: whatever
 * else the grammar would take after it (FROM, UNION, a second statement) is an
 * error at its position. Texts are bounded in size and nesting before the
 * grammar sees them, because it recurses. Mistakes go to the diags; the return
 * value is then DS_E_CONFIG.
 *
 * Thread: any.
 */
#ifndef PARSE_PARSE_H
#define PARSE_PARSE_H

#include "dstream/diag.h"
#include "dstream/error.h"
#include "parse/query.h"

#define DS_PARSE_MAX_BYTES (64u * 1024) /* of one text */
#define DS_PARSE_MAX_DEPTH 100          /* levels of a tree */

ds_rc ds_parse_list(const ds_text *text, ds_arena *a, ds_diags *d,
                    ds_item **items, uint32_t *n);
ds_rc ds_parse_expr(const ds_text *text, ds_arena *a, ds_diags *d,
                    ds_node **out);
/* SELECT ..., VALUES ..., WITH ..., and what UNION and its like make of them.
 */
ds_rc ds_parse_query(const ds_text *text, ds_arena *a, ds_diags *d,
                     ds_query **out);
/* "text", "text not null". */
ds_rc ds_parse_type(const ds_text *text, ds_arena *a, ds_diags *d,
                    ds_typename *out, bool *not_null);

#endif
