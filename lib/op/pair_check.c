/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pair_check.c - whether an inverse is one: inverse(reduce(x, y), y) = x, tried
 * on values of the columns' types.
 *
 * A window takes out what came first, so reduce(x, y) has to be reduce(y, x),
 * too, and may be put in brackets as one likes. What overflows shows nothing.
 * Floating point may differ in the last digits: such columns are never taken
 * out (window_keyed.c). NULLs are not tried: an inverse is used only where
 * there are none.
 */
#include <math.h>

#include "op/pair.h"
#include "record/builder.h"
#include "record/groups.h"
#include "record/show.h"
#include "record/value.h"

#define TRIES 256

/* Values of a type, as text: edges first. */
static const char *const *texts_of(ds_type type, uint32_t *n)
{
    static const char *const ints[] = {"0",      "1",    "-1",    "2",
                                       "7",      "-13",  "100",   "32767",
                                       "-32768", "1000", "-12345"};
    static const char *const wide[] = {
        "0",    "1",         "-1",          "2",
        "7",    "-13",       "100",         "9223372036854775807",
        "1000", "123456789", "-2147483648", "-9223372036854775808"};
    static const char *const numbers[] = {
        "0", "1", "-1", "2", "0.5", "-2.25", "100", "12345.75", "0.25", "-7"};
    static const char *const words[] = {"", "a", "b", "ab", "ba", "zz", "5"};
    static const char *const bools[] = {"true", "false"};
    static const char *const times[] = {
        "2026-01-01 00:00:00", "2026-01-02 10:30:00", "1970-01-01 00:00:00",
        "2000-02-29 23:59:59"};
    static const char *const spans[] = {"0", "1 day", "1 hour", "-2 hours",
                                        "3 months"};
#define LIST(of) (*n = sizeof(of) / sizeof(*(of)), of)
    switch (type) {
    case DS_BOOL:
        return LIST(bools);
    case DS_I16:
    case DS_I32:
        return LIST(ints);
    case DS_I64:
        return LIST(wide);
    case DS_F32:
    case DS_F64:
    case DS_NUM:
        return LIST(numbers);
    case DS_STR:
    case DS_BYTES:
        return LIST(words);
    case DS_DATE:
    case DS_TIMESTAMP:
    case DS_TS:
        return LIST(times);
    case DS_IV:
        return LIST(spans);
    default:
        *n = 0;
        return NULL;
    }
#undef LIST
}

/* Different ones for each column and operand, the same at every start. */
static ds_col values_make(const ds_field *f, uint64_t seed, ds_arena *a)
{
    ds_col_builder b;
    uint32_t n;
    const char *const *texts = texts_of(f->type, &n);

    ds_col_builder_init(&b, f->type, a, TRIES);
    for (uint32_t i = 0; i < TRIES; i++) {
        const char *code;
        ds_value v;

        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
        if (n && !ds_value_parse(f->type, f->mod,
                                 ds_slice_of(texts[(seed >> 33) % n]), 0, a, &v,
                                 &code))
            ds_col_builder_add(&b, &v);
        else
            ds_col_builder_add_null(&b);
    }
    return ds_col_builder_done(&b);
}

/* Rows of the values, one per try. */
struct rows {
    const ds_schema *values;
    ds_col *cols;
};

struct tries {
    ds_arena *a;
    uint64_t *bad; /* something failed there */
};

static struct rows rows_make(const ds_schema *values, uint64_t seed,
                             ds_arena *a)
{
    struct rows r = {values, ds_new(a, ds_col, values->n + 1)};

    for (uint32_t c = 0; c < values->n; c++)
        r.cols[c] = values_make(&values->fields[c], seed * 101 + c, a);
    return r;
}

static struct rows apply(struct tries *t, const ds_exprs *f,
                         const struct rows *x, const struct rows *y)
{
    uint32_t width = x->values->n;
    struct rows out = {x->values, ds_new(t->a, ds_col, width + 1)};
    ds_col *cols = ds_new(t->a, ds_col, 2 * (size_t)width + 1);
    ds_row_errors errs = {0};
    ds_eval ev = {0, t->a, &errs};
    ds_err err;
    ds_batch in = {.schema = ds_pair_schema(x->values, t->a),
                   .cols = cols,
                   .n = TRIES,
                   .n_sel = TRIES,
                   .arena = t->a};

    for (uint32_t c = 0; c < width; c++) {
        cols[c] = x->cols[c];
        cols[width + c] = y->cols[c];
    }
    if (ds_exprs_eval(f, &in, &ev, out.cols, &err) != DS_OK)
        for (uint32_t i = 0; i < TRIES; i++)
            ds_bit_set(t->bad, i);
    for (uint32_t i = 0; i < errs.n; i++)
        ds_bit_set(t->bad, errs.list[i].row);
    return out;
}

static bool same_value(ds_type type, const ds_col *x, const ds_col *y,
                       uint32_t row, ds_arena *a)
{
    if (ds_col_is_null(x, row) || ds_col_is_null(y, row))
        return ds_col_is_null(x, row) == ds_col_is_null(y, row);
    if (ds_type_phys(type) == DS_PHYS_F64)
        return fabs(x->v.f64[row] - y->v.f64[row]) <=
               1e-6 * (1 + fabs(x->v.f64[row]));
    return ds_slice_eq(ds_key_encode(x, &type, 1, row, a),
                       ds_key_encode(y, &type, 1, row, a));
}

/* The first try in which they differ, or TRIES. */
static uint32_t differs(struct tries *t, const struct rows *x,
                        const struct rows *y)
{
    for (uint32_t i = 0; i < TRIES; i++)
        for (uint32_t c = 0; c < x->values->n && !ds_bit_get(t->bad, i); c++)
            if (!same_value(x->values->fields[c].type, &x->cols[c], &y->cols[c],
                            i, t->a))
                return i;
    return TRIES;
}

/* A row as a value, or as an object. */
static const char *shown(const struct rows *r, uint32_t row, ds_arena *a)
{
    ds_buf b;

    ds_buf_init(&b, a, 64);
    if (r->values->n == 1 && ds_col_is_null(&r->cols[0], row))
        ds_buf_str(&b, "NULL");
    else if (r->values->n == 1)
        ds_show_json(&b, r->values->fields[0].type, &r->cols[0], row);
    else
        ds_show_json_row(&b, r->values, r->cols, row);
    return ds_strn_copy(a, b.s, b.len);
}

static struct tries tries_new(ds_arena *a)
{
    return (struct tries){a, ds_bits_new(a, TRIES, false)};
}

static bool is_inverse(const ds_exprs *reduce, const ds_exprs *inverse,
                       const struct rows *x, const struct rows *y,
                       ds_where where, ds_arena *a, ds_diags *d)
{
    struct tries t = tries_new(a);
    struct rows both = apply(&t, reduce, x, y);
    struct rows back = apply(&t, inverse, &both, y);
    uint32_t i = differs(&t, &back, x);

    if (i == TRIES)
        return true;
    ds_diag_add(d, DS_ERROR, "E0421", where,
                "inverse(reduce(x, y), y) has to be x; without `inverse` the "
                "window is re-reduced",
                "this is no inverse: reduce of %s and %s gives %s, and without "
                "%s again it gives %s, not %s",
                shown(x, i, a), shown(y, i, a), shown(&both, i, a),
                shown(y, i, a), shown(&back, i, a), shown(x, i, a));
    return false;
}

static bool is_symmetric(const ds_exprs *reduce, const struct rows *x,
                         const struct rows *y, ds_where where, ds_arena *a,
                         ds_diags *d)
{
    struct tries t = tries_new(a);
    struct rows xy = apply(&t, reduce, x, y);
    struct rows yx = apply(&t, reduce, y, x);
    uint32_t i = differs(&t, &xy, &yx);

    if (i == TRIES)
        return true;
    ds_diag_add(d, DS_ERROR, "E0421", where,
                "what came first is taken out first: drop `inverse`",
                "an inverse needs a reduce that takes its rows in any order: "
                "of %s and %s it gives %s, the other way round %s",
                shown(x, i, a), shown(y, i, a), shown(&xy, i, a),
                shown(&yx, i, a));
    return false;
}

static bool is_associative(const ds_exprs *reduce, const struct rows *x,
                           const struct rows *y, const struct rows *z,
                           ds_where where, ds_arena *a, ds_diags *d)
{
    struct tries t = tries_new(a);
    struct rows xy = apply(&t, reduce, x, y);
    struct rows yz = apply(&t, reduce, y, z);
    struct rows left = apply(&t, reduce, &xy, z);
    struct rows right = apply(&t, reduce, x, &yz);
    uint32_t i = differs(&t, &left, &right);

    if (i == TRIES)
        return true;
    ds_diag_add(d, DS_ERROR, "E0421", where,
                "rows are brought together in any grouping",
                "reduce has to be associative: of %s, %s and %s it gives %s or "
                "%s",
                shown(x, i, a), shown(y, i, a), shown(z, i, a),
                shown(&left, i, a), shown(&right, i, a));
    return false;
}

bool pair_check(const ds_exprs *reduce, const ds_exprs *inverse,
                ds_where reduce_where, ds_where inverse_where, ds_arena *a,
                ds_diags *d)
{
    const ds_schema *values = ds_exprs_schema(reduce);
    struct rows x = rows_make(values, 1, a);
    struct rows y = rows_make(values, 2, a);
    struct rows z = rows_make(values, 3, a);

    return is_symmetric(reduce, &x, &y, reduce_where, a, d) &&
           is_associative(reduce, &x, &y, &z, reduce_where, a, d) &&
           is_inverse(reduce, inverse, &x, &y, inverse_where, a, d);
}
