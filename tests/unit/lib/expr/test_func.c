/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_func.c - the table of functions as a whole: found by name, each entry
 * once, what a kernel may rely on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "expr/func.h"

static bool same_entry(const func_def *a, const func_def *b)
{
    if (a->n_args != b->n_args || a->result != b->result)
        return false;
    return memcmp(a->args, b->args, sizeof *a->args * a->n_args) == 0;
}

static void every_entry_once(void **state)
{
    const func_def *f;
    int bad = 0;
    (void)state;
    for (uint32_t i = 0; (f = func_at(i)); i++) {
        uint32_t n, same = 0;
        const func_def *const *list = func_named(f->name, &n);
        assert_non_null(list);
        for (uint32_t k = 0; k < n; k++)
            same += same_entry(list[k], f);
        if (same != 1)
            print_error("%s with %u arguments stands %u times\n", f->name,
                        f->n_args, same);
        bad += same != 1;
    }
    assert_int_equal(bad, 0);
}

static void hidden_names_are_not_called(void **state)
{
    (void)state;
    assert_false(func_exists("cast"));
    assert_false(func_exists("is null"));
    assert_false(func_exists("nosuch"));
    assert_true(func_exists("lower"));
    assert_true(func_exists("="));
}

/* Casts that PostgreSQL has, and how far they go by themselves. */
static void casts(void **state)
{
    static const struct {
        ds_type from, to;
        int kind; /* a func_cast_kind; -1: there is none */
    } cases[] = {
        {DS_I16, DS_I32, FUNC_CAST_IMPLICIT},
        {DS_I32, DS_NUM, FUNC_CAST_IMPLICIT},
        {DS_NUM, DS_F64, FUNC_CAST_IMPLICIT},
        {DS_I64, DS_I32, FUNC_CAST_ASSIGNMENT},
        {DS_F64, DS_NUM, FUNC_CAST_ASSIGNMENT},
        {DS_DATE, DS_TS, FUNC_CAST_IMPLICIT},
        {DS_TS, DS_DATE, FUNC_CAST_ASSIGNMENT},
        {DS_TIME, DS_IV, FUNC_CAST_IMPLICIT},
        {DS_IV, DS_TIME, FUNC_CAST_ASSIGNMENT},
        {DS_BOOL, DS_I32, FUNC_CAST_EXPLICIT},
        {DS_I64, DS_BOOL, -1},
        {DS_I64, DS_STR, FUNC_CAST_ASSIGNMENT},
        {DS_STR, DS_I64, FUNC_CAST_EXPLICIT},
        {DS_JSON, DS_NUM, FUNC_CAST_EXPLICIT},
        {DS_UUID, DS_BYTES, -1},
        {DS_DATE, DS_I32, -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int kind = FUNC_CAST_IMPLICIT; kind <= FUNC_CAST_EXPLICIT; kind++)
            for (int array = 0; array < 2; array++) {
                ds_type from = cases[i].from, to = cases[i].to;
                bool want = cases[i].kind >= 0 && kind >= cases[i].kind;
                if (array) {
                    from = ds_array_type(from);
                    to = ds_array_type(to);
                }
                bool got = func_cast(from, to, (func_cast_kind)kind) != NULL;
                if (got != want)
                    print_error("%s to %s\n", ds_type_name(from),
                                ds_type_name(to));
                assert_int_equal(got, want);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_entry_once),
        cmocka_unit_test(hidden_names_are_not_called),
        cmocka_unit_test(casts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
