/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_agg.c - aggregates over groups: whole, batch by batch and in parts.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "expr/func.h"
#include "record/builder.h"
#include "record/show.h"
#include "record/value.h"
#include "unit/lib/expr/agg_cases.h"

static const ds_schema no_cols = {0, NULL};

static ds_schema schema_new(ds_arena *a, const char *const *columns, uint32_t n)
{
    ds_field *fields = ds_new(a, ds_field, n);
    for (uint32_t c = 0; c < n; c++) {
        const char *space = strchr(columns[c], ' ');
        ds_text type = ds_text_of(space + 1);
        ds_diags d;
        ds_diags_init(&d, a);
        assert_int_equal(ds_type_parse(&type, &d, &fields[c]), DS_OK);
        fields[c].name =
            ds_strn_copy(a, columns[c], (size_t)(space - columns[c]));
    }
    return (ds_schema){n, fields};
}

static void value_add(ds_col_builder *b, ds_arena *a, const char *text)
{
    ds_value v;
    const char *code;
    if (text == NULL) {
        ds_col_builder_add_null(b);
        return;
    }
    assert_null(ds_value_parse(b->type, 0, ds_slice_of(text), DS_TIME_NONE, a,
                               &v, &code));
    ds_col_builder_add(b, &v);
}

static ds_batch *batch_new(ds_arena *a, const ds_schema *schema, ds_col *cols,
                           uint32_t n)
{
    ds_batch *b = ds_new(a, ds_batch, 1);
    *b = (ds_batch){
        .schema = schema, .cols = cols, .n = n, .n_sel = n, .arena = a};
    return b;
}

static ds_batch *cases_rows(ds_arena *a, uint32_t *group)
{
    ds_schema *schema = ds_new(a, ds_schema, 1);
    ds_col *cols = ds_new(a, ds_col, AGG_COLUMNS);
    *schema = schema_new(a, agg_columns, AGG_COLUMNS);
    for (uint32_t c = 0; c < AGG_COLUMNS; c++) {
        ds_col_builder b;
        ds_col_builder_init(&b, schema->fields[c].type, a, AGG_ROWS);
        for (uint32_t i = 0; i < AGG_ROWS; i++)
            value_add(&b, a, agg_rows[i].v[c]);
        cols[c] = ds_col_builder_done(&b);
    }
    for (uint32_t i = 0; i < AGG_ROWS; i++)
        group[i] = agg_rows[i].group;
    return batch_new(a, schema, cols, AGG_ROWS);
}

/* ---- an expression with its aggregates ---- */

typedef struct rig {
    ds_arena *a;
    ds_row_errors errs;
    ds_eval ev;
    const ds_exprs *e;
    const ds_agg *const *aggs;
    ds_acc **accs;
    uint32_t n;
} rig;

static ds_rc rig_compile(rig *r, ds_arena *a, const ds_schema *rows,
                         const char *text, ds_diags *d)
{
    ds_scope s = {.cols = &no_cols, .rows = rows};
    ds_text t = ds_text_of(text);
    ds_exprs *e = NULL;
    ds_diags_init(d, a);
    *r = (rig){.a = a};
    if (ds_expr_compile(&t, DS_NONE, &s, a, d, &e) < 0)
        return DS_E_CONFIG;
    r->e = e;
    r->aggs = ds_exprs_aggs(e, &r->n);
    return DS_OK;
}

static void rig_begin(rig *r)
{
    r->errs = (ds_row_errors){0};
    r->ev = (ds_eval){.arena = r->a, .errs = &r->errs};
    r->accs = ds_new(r->a, ds_acc *, r->n + 1);
    for (uint32_t i = 0; i < r->n; i++)
        r->accs[i] = ds_acc_new(r->aggs[i], r->a);
}

static void rig_open(rig *r, ds_arena *a, const ds_schema *rows,
                     const char *text)
{
    ds_diags d;
    if (rig_compile(r, a, rows, text, &d) < 0)
        fail_msg("%s: %s", text, d.n ? d.list[0].msg : "?");
    rig_begin(r);
}

static void rig_add(rig *r, const ds_batch *rows, const uint32_t *group,
                    uint32_t n_groups)
{
    for (uint32_t i = 0; i < r->n; i++)
        assert_int_equal(
            ds_acc_add(r->accs[i], rows, group, n_groups, &r->ev, NULL), DS_OK);
}

/* The parts of `from` go to accumulator `i`. Returns the number of rounds. */
static uint32_t rig_merge(rig *r, uint32_t i, const ds_acc *from,
                          uint32_t n_groups)
{
    uint32_t *groups = NULL, n = n_groups, rounds = 0;
    while (n > 0) {
        ds_col parts[DS_AGG_PARTS];
        bool *more = ds_new(r->a, bool, n);
        uint32_t *now = ds_new(r->a, uint32_t, n), left = 0;
        uint32_t *next = ds_new(r->a, uint32_t, n);
        ds_batch b = {.n = n, .n_sel = n, .arena = r->a};
        ds_acc_parts(from, groups, n, r->a, parts, more);
        for (uint32_t k = 0; k < n; k++)
            now[k] = groups ? groups[k] : k;
        ds_acc_merge(r->accs[i], &b, parts, now, n_groups, &r->ev);
        for (uint32_t k = 0; k < n; k++)
            if (more[k])
                next[left++] = now[k];
        groups = next;
        n = left;
        rounds++;
    }
    return rounds;
}

static void result_show(ds_buf *b, const rig *r, const ds_col *c, uint32_t g)
{
    ds_type type = ds_exprs_schema(r->e)->fields[0].type;
    if (r->errs.bad && ds_bit_get(r->errs.bad, g))
        ds_buf_str(b, r->errs.list[0].msg);
    else if (ds_col_is_null(c, g))
        ds_buf_str(b, "NULL");
    else
        ds_show_text(b, type, c, g);
}

static ds_col rig_result(rig *r, uint32_t n_groups)
{
    ds_col *cols = ds_new(r->a, ds_col, r->n + 1), out;
    ds_field *fields = ds_new(r->a, ds_field, r->n + 1);
    ds_schema *schema = ds_new(r->a, ds_schema, 1);
    *schema = (ds_schema){r->n, fields};
    for (uint32_t i = 0; i < r->n; i++) {
        fields[i] = (ds_field){"", ds_agg_type(r->aggs[i]), 0, false};
        ds_acc_result(r->accs[i], n_groups, &r->ev, &cols[i]);
    }
    assert_int_equal(ds_exprs_eval(r->e,
                                   batch_new(r->a, schema, cols, n_groups),
                                   &r->ev, &out, NULL),
                     DS_OK);
    return out;
}

static const char *rig_show(rig *r, uint32_t n_groups)
{
    ds_col out = rig_result(r, n_groups);
    ds_buf b;
    ds_buf_init(&b, r->a, 64);
    for (uint32_t g = 0; g < n_groups; g++) {
        ds_buf_str(&b, g ? "|" : "");
        result_show(&b, r, &out, g);
    }
    ds_buf_add(&b, "", 1);
    return b.s;
}

static ds_batch *batch_part(const ds_batch *b, uint32_t from, uint32_t n)
{
    uint32_t *sel = ds_new(b->arena, uint32_t, n);
    for (uint32_t i = 0; i < n; i++)
        sel[i] = from + i;
    return ds_batch_select(b, sel, n);
}

/* ---- cases ---- */

static void check_case(size_t i, rig *r)
{
    const char *is = rig_show(r, AGG_GROUPS);
    if (strcmp(is, agg_cases[i].want) != 0)
        print_error("%s\n", agg_cases[i].agg);
    assert_string_equal(is, agg_cases[i].want);
}

/* `step` rows at a time. */
static void in_batches(uint32_t step)
{
    for (size_t i = 0; i < sizeof agg_cases / sizeof *agg_cases; i++) {
        ds_arena *a = ds_arena_new(4096);
        uint32_t group[AGG_ROWS];
        const ds_batch *rows = cases_rows(a, group);
        rig r;
        rig_open(&r, a, rows->schema, agg_cases[i].agg);
        for (uint32_t at = 0; at < AGG_ROWS; at += step)
            rig_add(&r, batch_part(rows, at, step), group, AGG_GROUPS);
        check_case(i, &r);
        ds_arena_free(a);
    }
}

static void whole(void **state)
{
    (void)state;
    in_batches(AGG_ROWS);
}

static void batch_by_batch(void **state)
{
    (void)state;
    in_batches(1);
    in_batches(2);
}

/* Sums of doubles may differ in the last digit when they are added up in parts:
 * these of the table do. */
static bool rounds_apart(const char *agg)
{
    static const char *const those[] = {"avg(r)",        "regr_sxx(x, k)",
                                        "stddev_pop(r)", "covar_samp(x, r)",
                                        "sum(r)",        "regr_avgx(x, r)"};
    for (size_t i = 0; i < sizeof those / sizeof *those; i++)
        if (strcmp(those[i], agg) == 0)
            return true;
    return false;
}

/* `step` rows in each accumulator, their parts merged. */
static void in_parts_of(uint32_t step)
{
    for (size_t i = 0; i < sizeof agg_cases / sizeof *agg_cases; i++) {
        ds_arena *a = ds_arena_new(4096);
        uint32_t group[AGG_ROWS];
        const ds_batch *rows = cases_rows(a, group);
        rig r;
        rig_open(&r, a, rows->schema, agg_cases[i].agg);
        for (uint32_t at = 0; at < AGG_ROWS; at += step)
            for (uint32_t k = 0; k < r.n; k++) {
                ds_acc *one = ds_acc_new(r.aggs[k], a);
                assert_int_equal(ds_acc_add(one, batch_part(rows, at, step),
                                            group, AGG_GROUPS, &r.ev, NULL),
                                 DS_OK);
                assert_int_equal(rig_merge(&r, k, one, AGG_GROUPS), 1);
            }
        if (!rounds_apart(agg_cases[i].agg))
            check_case(i, &r);
        ds_arena_free(a);
    }
}

static void in_parts(void **state)
{
    (void)state;
    in_parts_of(1);
    in_parts_of(4);
    in_parts_of(AGG_ROWS);
}

/* A group without rows. */
static void no_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof agg_cases / sizeof *agg_cases; i++) {
        ds_arena *a = ds_arena_new(4096);
        uint32_t group[AGG_ROWS];
        const ds_batch *rows = cases_rows(a, group);
        const char *agg = agg_cases[i].agg;
        bool counts = strncmp(agg, "count", 5) == 0 ||
                      strncmp(agg, "regr_count", 10) == 0 ||
                      strncmp(agg, "approx_count", 12) == 0;
        rig r;
        rig_open(&r, a, rows->schema, agg);
        assert_string_equal(rig_show(&r, 1), counts ? "0" : "NULL");
        ds_arena_free(a);
    }
}

static void mistakes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof agg_mistakes / sizeof *agg_mistakes; i++) {
        ds_arena *a = ds_arena_new(4096);
        uint32_t group[AGG_ROWS];
        const ds_batch *rows = cases_rows(a, group);
        ds_diags d;
        rig r;
        if (rig_compile(&r, a, rows->schema, agg_mistakes[i].agg, &d) == DS_OK)
            fail_msg("%s is taken", agg_mistakes[i].agg);
        assert_string_equal(d.list[0].msg, agg_mistakes[i].msg);
        assert_string_equal(d.list[0].code, agg_mistakes[i].code);
        ds_arena_free(a);
    }
}

/* Rows whose argument fails, and NULL as a key, are errors of the row. */
static void bad_argument(void **state)
{
    static const struct {
        const char *agg, *code, *msg;
        uint32_t n;
    } cases[] = {
        {"sum(10 / (n - 5))", "E0703", "division by zero", 2},
        {"count(*) FILTER (WHERE 10 / (n - 5) > 0)", "E0703",
         "division by zero", 2},
        {"array_agg(k ORDER BY 1 / (k - 1))", "E0703", "division by zero", 2},
        {"sum(k ORDER BY 1 / (k - 1))", "E0703", "division by zero", 2},
        {"jsonb_object_agg(s, n)", "E0704", "field name must not be null", 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ds_arena *a = ds_arena_new(4096);
        uint32_t group[AGG_ROWS];
        const ds_batch *rows = cases_rows(a, group);
        rig r;
        rig_open(&r, a, rows->schema, cases[i].agg);
        rig_add(&r, rows, group, AGG_GROUPS);
        assert_int_equal(r.errs.n, cases[i].n);
        assert_string_equal(r.errs.list[0].code, cases[i].code);
        assert_string_equal(r.errs.list[0].msg, cases[i].msg);
        ds_arena_free(a);
    }
}

/* ---- results that do not fit ---- */

static const char *of_two(const char *type, const char *x, const char *y,
                          const char *agg, ds_arena *a)
{
    const char *column = ds_str_printf(a, "v %s", type);
    ds_schema schema = schema_new(a, &column, 1);
    ds_col_builder b;
    ds_col col;
    const uint32_t group[2] = {0, 0};
    rig r;
    ds_col_builder_init(&b, schema.fields[0].type, a, 2);
    value_add(&b, a, x);
    value_add(&b, a, y);
    col = ds_col_builder_done(&b);
    rig_open(&r, a, &schema, agg);
    rig_add(&r, batch_new(a, &schema, &col, 2), group, 1);
    return rig_show(&r, 1);
}

static void limits(void **state)
{
#define NINES "99999999999999999999999999999999999999"
    static const char *const cases[][5] = {
        {"double precision", "1e308", "1e308", "sum(v)",
         "value out of range: overflow"},
        {"double precision", "1e308", "Infinity", "sum(v)", "Infinity"},
        {"double precision", "1e308", "1", "avg(v)",
         "value out of range: overflow"},
        {"double precision", "1", "1e100", "avg(v)", "5e+99"},
        {"real", "3e38", "3e38", "sum(v)", "value out of range: overflow"},
        {"real", "3e38", "3e38", "avg(v)", "3.0000000054977558e+38"},
        {"numeric", NINES, "1", "sum(v)", "a numeric has at most 38 digits"},
        {"numeric", NINES, "1", "avg(v)",
         "50000000000000000000000000000000000000"},
        {"numeric", NINES, "-" NINES, "sum(v)", "0"},
        {"numeric", "1e37", "1e-30", "sum(v)",
         "a numeric has at most 38 digits"},
        {"numeric", "0.001", "0.003", "stddev_pop(v)",
         "0.001000000000000000000000"},
        {"numeric", NINES, "0", "variance(v)",
         "a numeric has at most 38 digits"},
        {"numeric", "9e18", "9e18", "variance(v)", "0"},
        {"interval", "178000000 years", "178000000 years", "sum(v)",
         "interval out of range"},
        {"bigint", "9223372036854775807", "9223372036854775807", "sum(v)",
         "18446744073709551614"},
        {"integer", "2147483647", "2147483647", "sum(v)", "4294967294"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ds_arena *a = ds_arena_new(4096);
        const char *const *c = cases[i];
        assert_string_equal(of_two(c[0], c[1], c[2], c[3], a), c[4]);
        ds_arena_free(a);
    }
}

/* ---- many rows ---- */

static ds_batch *numbers_new(ds_arena *a, uint32_t n, uint32_t distinct)
{
    static const char *const column[] = {"n bigint"};
    ds_schema *schema = ds_new(a, ds_schema, 1);
    ds_col *col = ds_new(a, ds_col, 1);
    int64_t *v = ds_new(a, int64_t, n + 1);
    *schema = schema_new(a, column, 1);
    for (uint32_t i = 0; i < n; i++)
        v[i] = (int64_t)(((uint64_t)i * 7919) % distinct);
    col->v.i64 = v;
    return batch_new(a, schema, col, n);
}

/* Whole, and in two parts. */
static void many_rows(rig *r, const ds_batch *rows, bool parts,
                      uint32_t *rounds)
{
    uint32_t *group = ds_new(r->a, uint32_t, rows->n + 1), half = rows->n / 2;
    *rounds = 0;
    if (!parts) {
        rig_add(r, rows, group, 1);
        return;
    }
    for (uint32_t k = 0; k < 2; k++) {
        ds_acc *one = ds_acc_new(r->aggs[0], r->a);
        const ds_batch *part =
            batch_part(rows, k * half, k ? rows->n - half : half);
        assert_int_equal(ds_acc_add(one, part, group, 1, &r->ev, NULL), DS_OK);
        *rounds += rig_merge(r, 0, one, 1);
    }
}

static double one_number(const char *agg, uint32_t n, uint32_t distinct,
                         bool parts)
{
    ds_arena *a = ds_arena_new(1 << 20);
    const ds_batch *rows = numbers_new(a, n, distinct);
    uint32_t rounds;
    rig r;
    rig_open(&r, a, rows->schema, agg);
    many_rows(&r, rows, parts, &rounds);
    double v = strtod(rig_show(&r, 1), NULL);
    ds_arena_free(a);
    return v;
}

/* 4 standard errors, and the same however the rows came. */
static void distinct_error(void **state)
{
    static const uint32_t counts[] = {1,    63,   64,    65,    200,
                                      1000, 5000, 20000, 100000};
    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        uint32_t n = counts[i];
        double is = one_number("approx_count_distinct(n)", 2 * n, n, false);
        double fine =
            one_number("approx_count_distinct(n, 0.01)", 2 * n, n, false);
        assert_true(fabs(is - n) <= (n <= 64 ? 0 : 4 * 0.05 * n));
        assert_true(fabs(fine - n) <= (n <= 64 ? 0 : 4 * 0.01 * n));
        assert_true(is ==
                    one_number("approx_count_distinct(n)", 2 * n, n, true));
    }
}

/* The values are 0..n-1: each is its own rank. */
static void percentile_error(void **state)
{
    static const double fractions[] = {0, 0.001, 0.25, 0.5, 0.9, 0.999, 1};
    const uint32_t n = 300007;
    (void)state;
    for (size_t i = 0; i < sizeof fractions / sizeof *fractions; i++)
        for (int parts = 0; parts < 2; parts++) {
            char agg[80];
            snprintf(agg, sizeof agg, "approx_percentile(n, %g, 100)",
                     fractions[i]);
            double is = one_number(agg, n, n, parts);
            assert_true(fabs(is - fractions[i] * n) <= n / 100.0 + 1);
        }
    /* Few rows: exact. */
    assert_true(one_number("approx_percentile(n, 0.5)", 50001, 50001, true) ==
                25000);
}

/* Lists cross in pieces; in order. */
static void pieces(void **state)
{
    static const char *const aggs[] = {
        "md5(array_agg(n)::text)", "count(DISTINCT n)",
        "md5(string_agg(n::text, ','))", "sum(DISTINCT n)",
        "md5(array_agg(n ORDER BY n DESC)::text)"};
    (void)state;
    for (size_t i = 0; i < sizeof aggs / sizeof *aggs; i++) {
        ds_arena *a = ds_arena_new(1 << 20);
        const ds_batch *rows = numbers_new(a, 40000, 30011);
        uint32_t rounds;
        rig r;
        rig_open(&r, a, rows->schema, aggs[i]);
        many_rows(&r, rows, false, &rounds);
        const char *want = rig_show(&r, 1);
        rig_begin(&r);
        many_rows(&r, rows, true, &rounds);
        assert_string_equal(rig_show(&r, 1), want);
        assert_true(rounds > 4);
        ds_arena_free(a);
    }
}

/* ---- parts from a topic are not trusted ---- */

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* A part with some bytes changed, or cut: an error of its row, or another
 * value. */
static ds_slice spoil(ds_arena *a, ds_slice s, uint32_t *seed)
{
    uint8_t *bytes = ds_arena_alloc(a, s.len + 1, 1);
    memcpy(bytes, s.ptr, s.len);
    for (uint32_t k = next_random(seed) % 4; k > 0 && s.len; k--)
        bytes[next_random(seed) % s.len] = (uint8_t)next_random(seed);
    uint32_t len =
        next_random(seed) % 3 ? s.len : next_random(seed) % (s.len + 1);
    /* At its end, so that reading past it is seen. */
    uint8_t *exact = malloc(len ? len : 1);
    memcpy(exact, bytes, len);
    ds_arena_on_reset(a, free, exact);
    return (ds_slice){exact, len};
}

static void spoil_parts(rig *r, const ds_batch *rows, const uint32_t *group,
                        uint32_t *seed)
{
    ds_type types[DS_AGG_PARTS];
    ds_col parts[DS_AGG_PARTS];
    bool more[AGG_GROUPS] = {false};
    const uint32_t into[AGG_GROUPS] = {0, 1, 2};
    ds_batch b = {.n = AGG_GROUPS, .n_sel = AGG_GROUPS, .arena = r->a};
    ds_acc *one = ds_acc_new(r->aggs[0], r->a);
    assert_int_equal(ds_acc_add(one, rows, group, AGG_GROUPS, &r->ev, NULL),
                     DS_OK);
    ds_acc_parts(one, NULL, AGG_GROUPS, r->a, parts, more);
    uint32_t n = ds_agg_parts(r->aggs[0], types);
    for (uint32_t c = 0; c < n; c++) {
        if (types[c] != DS_BYTES)
            continue;
        ds_slice *bad = ds_new(r->a, ds_slice, AGG_GROUPS);
        for (uint32_t g = 0; g < AGG_GROUPS; g++)
            if (!ds_col_is_null(&parts[c], g))
                bad[g] = spoil(r->a, parts[c].v.str[g], seed);
        parts[c].v.str = bad;
    }
    ds_acc_merge(r->accs[0], &b, parts, into, AGG_GROUPS, &r->ev);
    for (uint32_t i = 0; i < r->errs.n; i++)
        assert_string_equal(r->errs.list[i].code, "E0690");
    if (r->errs.n == 0)
        (void)rig_show(r, AGG_GROUPS);
}

static void spoilt_parts(void **state)
{
    uint32_t seed = 1;
    (void)state;
    for (size_t i = 0; i < sizeof agg_cases / sizeof *agg_cases; i++)
        for (uint32_t k = 0; k < 60; k++) {
            ds_arena *a = ds_arena_new(4096);
            uint32_t group[AGG_ROWS];
            const ds_batch *rows = cases_rows(a, group);
            rig r;
            rig_open(&r, a, rows->schema, agg_cases[i].agg);
            if (r.n == 1)
                spoil_parts(&r, rows, group, &seed);
            ds_arena_free(a);
        }
}

/* ---- what the table says ---- */

/* The rows of func_agg.c's head. */
static void examples(void **state)
{
    static const char *const columns[] = {"n integer",  "x double precision",
                                          "v numeric",  "s text",
                                          "ok boolean", "i interval"};
    static const char *const values[4][6] = {
        {"3", "0.5", "1.50", "c", "t", "1 hour"},
        {"1", "1.5", "2.5", "a", "f", "2 hours"},
        {"2", "2.5", "3.5", "b", "t", "3 hours"},
        {NULL, NULL, NULL, NULL, NULL, NULL}};
    const uint32_t group[4] = {0, 0, 0, 0};
    ds_arena *a = ds_arena_new(1 << 16);
    ds_schema schema = schema_new(a, columns, 6);
    ds_col cols[6];
    (void)state;
    for (uint32_t c = 0; c < 6; c++) {
        ds_col_builder b;
        ds_col_builder_init(&b, schema.fields[c].type, a, 4);
        for (uint32_t i = 0; i < 4; i++)
            value_add(&b, a, values[i][c]);
        cols[c] = ds_col_builder_done(&b);
    }
    for (uint32_t i = 0; i < func_agg_count; i++) {
        rig r;
        assert_true((func_agg[i].help != NULL) ==
                    (func_agg[i].example != NULL));
        if (func_agg[i].example == NULL)
            continue;
        rig_open(&r, a, &schema, func_agg[i].example);
        rig_add(&r, batch_new(a, &schema, cols, 4), group, 1);
        const char *is = rig_show(&r, 1);
        if (strcmp(is, "true") != 0)
            print_error("%s\n", func_agg[i].example);
        assert_string_equal(is, "true");
    }
    ds_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),
        cmocka_unit_test(batch_by_batch),
        cmocka_unit_test(in_parts),
        cmocka_unit_test(no_rows),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(bad_argument),
        cmocka_unit_test(limits),
        cmocka_unit_test(distinct_error),
        cmocka_unit_test(percentile_error),
        cmocka_unit_test(pieces),
        cmocka_unit_test(spoilt_parts),
        cmocka_unit_test(examples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
