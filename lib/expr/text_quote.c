/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text_quote.c - values as SQL writes them: quote_ident, quote_literal.
 */
#include <stdlib.h>

#include "expr/text.h"

/* Words that PostgreSQL 15 does not take as a name without quotes. */
static const char *const reserved[] = {
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "between",
    "bigint",
    "binary",
    "bit",
    "boolean",
    "both",
    "case",
    "cast",
    "char",
    "character",
    "check",
    "coalesce",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "dec",
    "decimal",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "exists",
    "extract",
    "false",
    "fetch",
    "float",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "greatest",
    "group",
    "grouping",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "inout",
    "int",
    "integer",
    "intersect",
    "interval",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "least",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "national",
    "natural",
    "nchar",
    "none",
    "normalize",
    "not",
    "notnull",
    "null",
    "nullif",
    "numeric",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "out",
    "outer",
    "overlaps",
    "overlay",
    "placing",
    "position",
    "precision",
    "primary",
    "real",
    "references",
    "returning",
    "right",
    "row",
    "select",
    "session_user",
    "setof",
    "similar",
    "smallint",
    "some",
    "substring",
    "symmetric",
    "table",
    "tablesample",
    "then",
    "time",
    "timestamp",
    "to",
    "trailing",
    "treat",
    "trim",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "values",
    "varchar",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
    "xmlattributes",
    "xmlconcat",
    "xmlelement",
    "xmlexists",
    "xmlforest",
    "xmlnamespaces",
    "xmlparse",
    "xmlpi",
    "xmlroot",
    "xmlserialize",
    "xmltable",
};

static int word_cmp(const void *key, const void *word)
{
    const ds_slice *k = key;
    const char *w = *(const char *const *)word;
    int d = strncmp((const char *)k->ptr, w, k->len);
    return d ? d : w[k->len] ? -1 : 0;
}

static bool is_plain_name(ds_slice s)
{
    if (s.len == 0 || (s.ptr[0] >= '0' && s.ptr[0] <= '9'))
        return false;
    for (uint32_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_')
            return false;
    }
    return bsearch(&s, reserved, sizeof reserved / sizeof *reserved,
                   sizeof *reserved, word_cmp) == NULL;
}

/* In quotes, with each quote (and each backslash if `slash`) twice. */
static void quoted(ds_buf *b, ds_slice s, char quote, bool slash)
{
    ds_buf_add(b, &quote, 1);
    uint32_t done = 0;
    for (uint32_t i = 0; i < s.len; i++) {
        if (s.ptr[i] != (uint8_t)quote && !(slash && s.ptr[i] == '\\'))
            continue;
        ds_buf_add(b, s.ptr + done, i + 1 - done);
        done = i;
    }
    ds_buf_add(b, s.ptr + done, s.len - done);
    ds_buf_add(b, &quote, 1);
}

void text_quote_ident(ds_buf *b, ds_slice s)
{
    if (is_plain_name(s))
        ds_buf_add(b, s.ptr, s.len);
    else
        quoted(b, s, '"', false);
}

void text_quote_literal(ds_buf *b, ds_slice s)
{
    bool slash = s.len && memchr(s.ptr, '\\', s.len) != NULL;
    if (slash)
        ds_buf_str(b, "E");
    quoted(b, s, '\'', slash);
}

static ds_slice buf_slice(const ds_buf *b)
{
    return (ds_slice){(const uint8_t *)b->s, b->len};
}

void text_quote_ident_rows(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    {
        ds_buf b;
        out[i] = ARG_STR(0)[i];
        if (is_plain_name(out[i]))
            continue;
        ds_buf_init(&b, r->ev->arena, out[i].len + 4);
        text_quote_ident(&b, out[i]);
        out[i] = buf_slice(&b);
    }
}

static ds_slice literal(run *r, const run_step *s, uint32_t i)
{
    ds_buf b, value;
    ds_buf_init(&value, r->ev->arena, 32);
    ds_slice text = text_of_arg(r, s, 0, i, &value);
    ds_buf_init(&b, r->ev->arena, text.len + 8);
    text_quote_literal(&b, text);
    return buf_slice(&b);
}

void text_quote_literal_rows(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    out[i] = literal(r, s, i);
}

void text_quote_nullable(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_DST(r, s)->valid = NULL;
    RUN_EACH(r, s, i)
    out[i] = text_null_arg(r, s, 0, i) ? ds_slice_of("NULL") : literal(r, s, i);
}
