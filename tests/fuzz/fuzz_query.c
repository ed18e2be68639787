/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_query.c - queries over a batch and a table, checked and run.
 *
 * The same rows give the same answer again, whatever is in memory.
 */
#include "columns.h"
#include "fuzz.h"
#include "query/query.h"
#include "record/show.h"

static const ds_schema *table_find(void *arg, const char *name, uint32_t *table)
{
    (void)arg;
    *table = strcmp(name, "other") == 0;
    return *table || strcmp(name, "batch") == 0 ? &fuzz_schema : NULL;
}

static const char *table_at(void *arg, uint32_t i)
{
    static const char *const names[] = {"batch", "other"};
    (void)arg;
    return i < 2 ? names[i] : NULL;
}

/* The rows, or what the query was refused for. */
static void answer(const ds_sql *q, const ds_batch *rows, ds_arena *a,
                   ds_buf *out)
{
    const ds_batch *tables[DS_SQL_TABLES] = {rows, rows}, *made;
    ds_sql_input in = {tables, 86400 * DS_SECOND, a};
    ds_sql_errors errs = {0};
    ds_err err;
    ds_rc rc = ds_sql_run(q, &in, &made, &errs, &err);
    FUZZ_CHECK(rc == DS_OK || rc == DS_E_RECORD || rc == DS_E_LIMIT);
    FUZZ_CHECK(rc != DS_E_RECORD || errs.n > 0);
    for (uint32_t i = 0; i < errs.n; i++)
        ds_buf_printf(out, "%u %s\n", errs.list[i].row, errs.list[i].code);
    if (rc != DS_OK)
        return;
    FUZZ_CHECK(made->sel == NULL);
    for (uint32_t i = 0; i < made->n && out->len < 1 << 16; i++) {
        FUZZ_CHECK(made->rec[i] == DS_SQL_NO_ROW || made->rec[i] < FUZZ_ROWS);
        for (uint32_t c = 0; c < made->schema->n; c++)
            if (!ds_col_is_null(&made->cols[c], i))
                ds_show_text(out, made->schema->fields[c].type, &made->cols[c],
                             i);
        ds_buf_str(out, "\n");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const ds_sql_names names = {table_find, table_at, NULL};
    if (!fuzz_is_text(data, size))
        return -1;
    ds_arena *a = ds_arena_new(1 << 16);
    ds_text text = ds_text_of(ds_strn_copy(a, (const char *)data, size));
    const ds_sql *q = NULL;
    ds_diags d;
    ds_diags_init(&d, a);
    if (ds_sql_check(&text, &names, a, &d, &q) == DS_OK) {
        ds_batch rows = fuzz_batch(a);
        ds_buf first, again;
        ds_buf_init(&first, a, 256);
        ds_buf_init(&again, a, 256);
        answer(q, &rows, a, &first);
        answer(q, &rows, a, &again);
        FUZZ_CHECK(first.len == again.len &&
                   !memcmp(first.s, again.s, first.len));
        rows.n = rows.n_sel = 0;
        answer(q, &rows, a, &again);
    } else {
        FUZZ_CHECK(d.errors > 0);
    }
    ds_arena_free(a);
    return 0;
}
