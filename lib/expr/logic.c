/* SPDX-License-Identifier: Apache-2.0 */
/*
 * logic.c - NOT, and tests that see NULLs.
 */
#include "expr/core.h"

void logic_not(run *r, const run_step *s)
{
    const uint8_t *a = RUN_ARG(r, s, 0)->v.b;
    uint8_t *out = RUN_DST(r, s)->v.b;
    RUN_EACH(r, s, i)
    out[i] = !a[i];
}

#define TEST(name, test)                                                       \
    void name(run *r, const run_step *s)                                       \
    {                                                                          \
        const run_reg *a = RUN_ARG(r, s, 0);                                   \
        run_reg *d = RUN_DST(r, s);                                            \
        d->valid = NULL;                                                       \
        RUN_EACH(r, s, i)                                                      \
        d->v.b[i] = (test);                                                    \
    }
TEST(logic_is_true, !run_is_null(a, i) && a->v.b[i])
TEST(logic_is_not_true, run_is_null(a, i) || !a->v.b[i])
TEST(logic_is_false, !run_is_null(a, i) && !a->v.b[i])
TEST(logic_is_not_false, run_is_null(a, i) || a->v.b[i])

/* A row is NULL if all its fields are, and not NULL if none is: a row with both
 * is neither. */
static bool fields_null(ds_type type, ds_slice v, bool null)
{
    const ds_schema *fields = ds_row_fields(type);
    for (uint32_t i = 0; i < fields->n; i++) {
        ds_value part;
        if (row_get(type, v, i, &part) == null)
            return false;
    }
    return true;
}

static void test_null(run *r, const run_step *s, bool null)
{
    const run_reg *a = RUN_ARG(r, s, 0);
    run_reg *d = RUN_DST(r, s);
    bool row = ds_row_fields(s->types[0]) != NULL;
    d->valid = NULL;
    RUN_EACH(r, s, i)
    {
        d->v.b[i] = run_is_null(a, i) == null;
        if (row && !run_is_null(a, i))
            d->v.b[i] = fields_null(s->types[0], a->v.str[i], null);
    }
}

void logic_is_null(run *r, const run_step *s)
{
    test_null(r, s, true);
}

void logic_is_not_null(run *r, const run_step *s)
{
    test_null(r, s, false);
}

/* ---- num_nulls ---- */

static void count_nulls(run *r, const run_step *s, bool nulls)
{
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH(r, s, i)
    {
        out[i] = 0;
        for (uint32_t k = 0; k < s->n_args; k++)
            out[i] += run_is_null(RUN_ARG(r, s, k), i) == nulls;
    }
}

void logic_num_nulls(run *r, const run_step *s)
{
    count_nulls(r, s, true);
}

void logic_num_nonnulls(run *r, const run_step *s)
{
    count_nulls(r, s, false);
}
