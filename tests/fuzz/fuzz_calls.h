/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_calls.h - expressions over a row of texts, which is what comes from
 * outside: compiled once, evaluated for each input.
 */
#ifndef TESTS_FUZZ_FUZZ_CALLS_H
#define TESTS_FUZZ_FUZZ_CALLS_H

#include "expr/expr.h"
#include "fuzz.h"
#include "record/show.h"

enum { CALLS_TEXTS = 3, CALLS_MOST = 64 };

/* The columns a, b, c: the parts of the input between zero bytes. */
static const ds_field calls_fields[CALLS_TEXTS] = {
    {"a", DS_STR, 0, false}, {"b", DS_STR, 0, false}, {"c", DS_STR, 0, false}};
static const ds_schema calls_schema = {CALLS_TEXTS, calls_fields};

static ds_arena *calls_arena;
static ds_exprs *calls[CALLS_MOST];

static inline void calls_init(const char *const *texts, uint32_t n)
{
    static const ds_scope scope = {.cols = &calls_schema};
    if (calls_arena)
        return;
    calls_arena = ds_arena_new(1 << 16);
    for (uint32_t i = 0; i < n; i++) {
        ds_text text = ds_text_of(texts[i]);
        ds_diags d;
        ds_diags_init(&d, calls_arena);
        if (ds_expr_compile(&text, DS_NONE, &scope, calls_arena, &d,
                            &calls[i]) < 0) {
            fprintf(stderr, "%s does not compile\n", texts[i]);
            abort();
        }
    }
}

/* The texts of a row. False: the input is none. */
static inline bool calls_row(ds_slice all, ds_slice row[CALLS_TEXTS])
{
    for (uint32_t i = 0; i < CALLS_TEXTS; i++) {
        row[i] = all;
        all = fuzz_split(&row[i], 0);
    }
    if (all.len)
        return false;
    for (uint32_t i = 0; i < CALLS_TEXTS; i++)
        if (!ds_utf8_valid(row[i]))
            return false;
    return true;
}

/* What the i-th expression gives: its text. False: NULL or refused. */
static inline bool calls_eval(uint32_t i, const ds_slice row[CALLS_TEXTS],
                              ds_arena *a, ds_slice *out)
{
    ds_col cols[CALLS_TEXTS], col;
    for (uint32_t k = 0; k < CALLS_TEXTS; k++)
        cols[k] = (ds_col){.v.str = &row[k]};
    const ds_batch in = {
        .schema = &calls_schema, .cols = cols, .n = 1, .n_sel = 1, .arena = a};
    ds_row_errors errs = {0};
    ds_eval ev = {.now = 86400 * DS_SECOND, .arena = a, .errs = &errs};
    ds_err err;
    ds_buf b;
    FUZZ_CHECK(ds_exprs_eval(calls[i], &in, &ev, &col, &err) == DS_OK);
    if (errs.n) {
        FUZZ_CHECK(errs.list[0].code && errs.list[0].msg[0]);
        return false;
    }
    if (ds_col_is_null(&col, 0))
        return false;
    ds_buf_init(&b, a, 64);
    ds_show_text(&b, ds_exprs_schema(calls[i])->fields[0].type, &col, 0);
    *out = (ds_slice){(const uint8_t *)b.s, b.len};
    FUZZ_CHECK(ds_utf8_valid(*out));
    return true;
}

static inline bool calls_is(uint32_t i, const ds_slice row[CALLS_TEXTS],
                            ds_arena *a, const char *text)
{
    ds_slice out;
    return calls_eval(i, row, a, &out) && ds_slice_eq(out, ds_slice_of(text));
}

#endif
