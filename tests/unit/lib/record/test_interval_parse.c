/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_interval_parse.c - texts of intervals (intervals.h), and of intervals
 * with fields.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "record/datetime.h"
#include "record/interval.h"

typedef struct interval_case {
    const char *text, *want;
} interval_case;

static const interval_case cases[] = {
#include "intervals.h"
};

static const char *show(const ds_interval *iv, ds_arena *a)
{
    ds_buf b;
    ds_buf_init(&b, a, 64);
    interval_show(&b, iv);
    ds_buf_add(&b, "", 1);
    return b.s;
}

static const char *answer(const char *text, int32_t mod, ds_arena *a)
{
    ds_interval iv;
    const char *code;
    datetime_rc rc = interval_parse_mod(ds_slice_of(text), mod, &iv);
    if (rc)
        return ds_str_printf(
            a, "!%s", datetime_error(DS_IV, rc, ds_slice_of(text), a, &code));
    assert_true(interval_fit(mod, &iv));
    return show(&iv, a);
}

static void as_postgresql(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(4096);
    int bad = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = answer(cases[i].text, 0, a);
        if (strcmp(got, cases[i].want) == 0)
            continue;
        print_error("'%s'\n  gives %s\n  not   %s\n", cases[i].text, got,
                    cases[i].want);
        bad++;
    }
    ds_arena_free(a);
    assert_int_equal(bad, 0);
}

static void with_fields(void **state)
{
    (void)state;
    enum { ANY = 0xffff };
    static const struct {
        const char *text;
        int32_t fields, precision;
        const char *want;
    } table[] = {
        {"3", INTERVAL_YEAR, ANY, "3 years"},
        {"3", INTERVAL_MONTH, ANY, "3 mons"},
        {"3", INTERVAL_DAY, ANY, "3 days"},
        {"3", INTERVAL_HOUR, ANY, "03:00:00"},
        {"3", INTERVAL_MINUTE, ANY, "00:03:00"},
        {"3.25", INTERVAL_SECOND, 1, "00:00:03.3"},
        {"1-2", INTERVAL_YEAR, ANY, "1 year"},
        {"1-2", INTERVAL_YEAR | INTERVAL_MONTH, ANY, "1 year 2 mons"},
        {"1 2:03:04", INTERVAL_DAY, ANY, "1 day"},
        {"1 2:03:04", INTERVAL_DAY | INTERVAL_HOUR, ANY, "1 day 02:00:00"},
        {"1:02", INTERVAL_MINUTE | INTERVAL_SECOND, ANY, "00:01:02"},
        {"1 2:03:04.5678", INTERVAL_FULL, 2, "1 day 02:03:04.57"},
        {"-1.5", INTERVAL_FULL, 0, "-00:00:02"},
    };
    ds_arena *a = ds_arena_new(4096);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int32_t mod = (table[i].fields << 16 | table[i].precision) + 1;
        assert_string_equal(answer(table[i].text, mod, a), table[i].want);
    }
    ds_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_postgresql),
        cmocka_unit_test(with_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
