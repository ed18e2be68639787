/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rig.h - queries over small tables, their results as text.
 *
 *     batch  k text, v bigint, f double precision     number 0
 *     other  k text, w bigint, d date                 number 1
 */
#ifndef TEST_QUERY_RIG_H
#define TEST_QUERY_RIG_H

#include <stdio.h>
#include <stdlib.h>

#include "query/query.h"
#include "record/builder.h"
#include "record/show.h"
#include "record/value.h"

typedef struct rig_table {
    const char *name;
    ds_schema schema;
    const char *rows; /* "a,1,0.5;b,NULL,2"; "" no row */
} rig_table;

static const ds_field rig_batch_cols[] = {
    {"k", DS_STR, 0, false}, {"v", DS_I64, 0, false}, {"f", DS_F64, 0, false}};
static const ds_field rig_other_cols[] = {
    {"k", DS_STR, 0, false}, {"w", DS_I64, 0, false}, {"d", DS_DATE, 0, false}};

static rig_table rig_tables[] = {
    {"batch", {3, rig_batch_cols}, ""},
    {"other", {3, rig_other_cols}, ""},
};

static const ds_schema *rig_find(void *arg, const char *name, uint32_t *table)
{
    (void)arg;
    for (uint32_t i = 0; i < 2; i++)
        if (strcmp(rig_tables[i].name, name) == 0) {
            *table = i;
            return &rig_tables[i].schema;
        }
    return NULL;
}

static const char *rig_at(void *arg, uint32_t i)
{
    (void)arg;
    return i < 2 ? rig_tables[i].name : NULL;
}

static const ds_batch *rig_batch(ds_arena *a, const rig_table *t)
{
    ds_col_builder cols[8];
    uint32_t n = 0;
    const char *p = t->rows;
    for (uint32_t c = 0; c < t->schema.n; c++)
        ds_col_builder_init(&cols[c], t->schema.fields[c].type, a, 4);
    while (*p) {
        for (uint32_t c = 0; c < t->schema.n; c++) {
            size_t len = strcspn(p, ",;");
            const char *code;
            ds_value v;
            ds_slice s = {(const uint8_t *)ds_strn_copy(a, p, len),
                          (uint32_t)len};
            if (len == 4 && memcmp(p, "NULL", 4) == 0)
                ds_col_builder_add_null(&cols[c]);
            else if (ds_value_parse(t->schema.fields[c].type, 0, s, 0, a, &v,
                                    &code))
                abort();
            else
                ds_col_builder_add(&cols[c], &v);
            p += len + (p[len] != 0);
        }
        n++;
    }
    ds_batch *b = ds_new(a, ds_batch, 1);
    ds_col *made = ds_new(a, ds_col, 8);
    for (uint32_t c = 0; c < t->schema.n; c++)
        made[c] = ds_col_builder_done(&cols[c]);
    *b = (ds_batch){
        .schema = &t->schema, .cols = made, .n = n, .n_sel = n, .arena = a};
    return b;
}

static const char *rig_rows(ds_arena *a, const ds_batch *b)
{
    ds_buf out;
    ds_buf_init(&out, a, 256);
    for (uint32_t i = 0; i < b->n; i++) {
        if (i)
            ds_buf_str(&out, ";");
        for (uint32_t c = 0; c < b->schema->n; c++) {
            if (c)
                ds_buf_str(&out, ",");
            if (ds_col_is_null(&b->cols[c], i))
                ds_buf_str(&out, "NULL");
            else
                ds_show_text(&out, b->schema->fields[c].type, &b->cols[c], i);
        }
    }
    ds_buf_add(&out, "", 1);
    return out.s;
}

static const ds_text_seg rig_seg = {0, 1, 1};

/* The mistakes of a query: "E0301 8+1 message | hint; ...". NULL: none. */
static const ds_sql *rig_check(ds_arena *a, const char *sql, const char **out)
{
    static const ds_sql_names tables = {rig_find, rig_at, NULL};
    ds_text *text = ds_new(a, ds_text, 1);
    const ds_sql *q = NULL;
    ds_diags d;
    ds_diags_init(&d, a);
    *text = ds_text_of(sql);
    text->segs = &rig_seg;
    text->n_segs = 1;
    ds_rc rc = ds_sql_check(text, &tables, a, &d, &q);
    *out = NULL;
    for (uint32_t i = 0; i < d.n; i++)
        *out =
            ds_str_printf(a, "%s%s%s %u+%u %s", *out ? *out : "",
                          *out ? "; " : "", d.list[i].code, d.list[i].where.col,
                          d.list[i].where.len, d.list[i].msg);
    if (rc < 0 && *out == NULL)
        *out = "refused without a message";
    return rc < 0 ? NULL : q;
}

/* Rows, or mistakes, or "error CODE row N: message". */
static const char *rig_run(ds_arena *a, const char *sql)
{
    const char *out;
    const ds_sql *q = rig_check(a, sql, &out);
    if (q == NULL)
        return out;
    const ds_batch *tables[2] = {rig_batch(a, &rig_tables[0]),
                                 rig_batch(a, &rig_tables[1])};
    ds_sql_input in = {.tables = tables, .now = 0, .arena = a};
    const ds_batch *rows = NULL;
    ds_sql_errors errs;
    ds_err err;
    ds_rc rc = ds_sql_run(q, &in, &rows, &errs, &err);
    if (rc == DS_E_RECORD)
        return ds_str_printf(a, "error %s row %d: %s", errs.list[0].code,
                             (int)errs.list[0].row, errs.list[0].msg);
    return rc < 0 ? ds_str_printf(a, "failed: %s", err.msg) : rig_rows(a, rows);
}

#endif
