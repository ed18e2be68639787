/* SPDX-License-Identifier: Apache-2.0 */
/*
 * one_row.h - one row of named values, for tables of expressions. Before it:
 * `columns`, {name, type, text of the value or NULL} each.
 */
#ifndef TESTS_EXPR_ONE_ROW_H
#define TESTS_EXPR_ONE_ROW_H

enum { N_COLUMNS = sizeof columns / sizeof *columns };

static ds_field fields[N_COLUMNS];
static const ds_schema schema = {N_COLUMNS, fields};

static const ds_text_seg seg = {0, 1, 1};

static ds_text text_of(const char *s)
{
    ds_text t = ds_text_of(s);
    t.segs = &seg;
    t.n_segs = 1;
    return t;
}

static ds_batch *row_new(ds_arena *a)
{
    ds_col *cols = ds_new(a, ds_col, N_COLUMNS);
    ds_diags d;
    ds_diags_init(&d, a);
    for (uint32_t c = 0; c < N_COLUMNS; c++) {
        ds_text type = text_of(columns[c][1]);
        ds_value v = {.i = 0};
        ds_col_builder b;
        const char *code;
        assert_int_equal(ds_type_parse(&type, &d, &fields[c]), DS_OK);
        fields[c].name = columns[c][0];
        ds_col_builder_init(&b, fields[c].type, a, 1);
        if (columns[c][2] == NULL) {
            ds_col_builder_add_null(&b);
        } else {
            const char *msg = ds_value_parse(fields[c].type, fields[c].mod,
                                             ds_slice_of(columns[c][2]),
                                             DS_TIME_NONE, a, &v, &code);
            assert_null(msg);
            ds_col_builder_add(&b, &v);
        }
        cols[c] = ds_col_builder_done(&b);
    }
    ds_batch *batch = ds_new(a, ds_batch, 1);
    *batch = (ds_batch){
        .schema = &schema, .cols = cols, .n = 1, .n_sel = 1, .arena = a};
    return batch;
}

#endif
