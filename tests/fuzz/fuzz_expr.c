/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_expr.c - expressions, parsed, checked and evaluated.
 *
 * A row's answer must not depend on the rows beside it: all rows at once and
 * each by itself give the same.
 */
#include "columns.h"
#include "expr/expr.h"
#include "fuzz.h"
#include "record/show.h"

/* The answers as text: a value, NULL, or the error's code. */
static void answers(const ds_exprs *e, const ds_batch *in, ds_arena *a,
                    ds_buf *out)
{
    ds_type type = ds_exprs_schema(e)->fields[0].type;
    ds_row_errors errs = {0};
    ds_eval ev = {.now = 86400 * DS_SECOND, .arena = a, .errs = &errs};
    ds_col col;
    ds_err err;
    FUZZ_CHECK(ds_exprs_eval(e, in, &ev, &col, &err) == DS_OK);
    DS_EACH (in, i) {
        if (errs.bad && ds_bit_get(errs.bad, i))
            ds_buf_str(out, "!");
        else if (ds_col_is_null(&col, i))
            ds_buf_str(out, "NULL");
        else
            ds_show_text(out, type, &col, i);
        ds_buf_str(out, "\n");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const ds_scope scope = {.cols = &fuzz_schema};
    if (!fuzz_is_text(data, size))
        return -1;
    ds_arena *a = ds_arena_new(1 << 16);
    ds_text text = ds_text_of(ds_strn_copy(a, (const char *)data, size));
    ds_exprs *e = NULL;
    ds_diags d;
    ds_diags_init(&d, a);
    if (ds_expr_compile(&text, DS_NONE, &scope, a, &d, &e) == DS_OK) {
        ds_buf all, each;
        ds_buf_init(&all, a, 256);
        ds_buf_init(&each, a, 256);
        ds_batch in = fuzz_batch(a);
        answers(e, &in, a, &all);
        in.n_sel = 1;
        for (uint32_t i = 0; i < FUZZ_ROWS; i++) {
            in.sel = &i;
            answers(e, &in, a, &each);
        }
        FUZZ_CHECK(all.len == each.len && !memcmp(all.s, each.s, all.len));
    } else {
        FUZZ_CHECK(d.errors > 0);
    }
    ds_arena_free(a);
    return 0;
}
