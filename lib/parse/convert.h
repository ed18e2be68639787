/* SPDX-License-Identifier: Apache-2.0 */
/*
 * convert.h - libpg_query's tree to ours.
 */
#ifndef PARSE_CONVERT_H
#define PARSE_CONVERT_H

#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

#include "parse/query.h"
#include "parse/scan.h"

typedef struct convert_ctx {
    ds_arena *arena;
    const scan_tokens *tokens;
    uint32_t prefix; /* bytes that were put in front of the text */
    uint32_t depth;
    bool too_deep;
    uint32_t deep_at;
    bool queries; /* subqueries and windows may stand in expressions */
} convert_ctx;

ds_node *convert_node(convert_ctx *c, const PgQuery__Node *n);
/* Never NULL; `at` is where to point if nothing of it says so. */
ds_query *convert_query(convert_ctx *c, const PgQuery__SelectStmt *s,
                        uint32_t at);
ds_window *convert_window(convert_ctx *c, const PgQuery__WindowDef *w);
ds_order *convert_order(convert_ctx *c, PgQuery__Node **list, size_t n);
ds_typename convert_type(convert_ctx *c, const PgQuery__TypeName *t);
/* A location of the tree to a byte of the text. */
uint32_t convert_at(const convert_ctx *c, int32_t location);

#endif
