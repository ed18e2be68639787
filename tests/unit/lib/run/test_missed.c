/* SPDX-License-Identifier: Apache-2.0 */
/* test_missed.c - which batches are run late, and which never. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dstream/clock.h"
#include "run/missed.h"

#define S DS_SECOND

static void expect(const ds_plan *plan, ds_time last, ds_time time, bool live,
                   missed want)
{
    missed m = missed_batches(plan, last, time, live);

    assert_int_equal(m.from, want.from);
    assert_int_equal(m.until, want.until);
    assert_int_equal(m.step, want.step);
}

static void test_none(void **state)
{
    ds_plan plan = {.batch = S};

    (void)state;
    expect(&plan, DS_TIME_NONE, 100 * S, false, (missed){100 * S, 100 * S, S});
    expect(&plan, 99 * S, 100 * S, true, (missed){100 * S, 100 * S, S});
    expect(&plan, 100 * S, 100 * S, true, (missed){100 * S, 100 * S, S});
}

static void test_short(void **state)
{
    ds_plan plan = {.batch = S}, minutes = {.batch = 60 * S};

    (void)state;
    expect(&plan, 90 * S, 100 * S, false, (missed){91 * S, 100 * S, S});
    expect(&plan, 40 * S, 100 * S, false, (missed){41 * S, 100 * S, S});
    /* The interval was another one. */
    expect(&plan, 90 * S + 1, 100 * S, false, (missed){91 * S, 100 * S, S});
    expect(&minutes, 0, 240 * S, false, (missed){60 * S, 240 * S, 60 * S});
}

static void test_down(void **state)
{
    ds_plan plan = {.batch = S};

    (void)state;
    expect(&plan, 0, 100 * S, false, (missed){100 * S, 100 * S, S});
    expect(&plan, 0, 1000 * S, true, (missed){S, 1000 * S, S});
    expect(&plan, 0, 1001 * S, true, (missed){1001 * S, 1001 * S, S});
}

/* Down for long: as long as windows have rows. */
static void test_windows(void **state)
{
    ds_plan plan = {.batch = S, .span = 90 * S, .slide = 30 * S};
    ds_plan day = {.batch = S, .span = 86400 * S, .slide = 3600 * S};
    ds_plan fine = {.batch = DS_MS, .span = 86400 * S, .slide = DS_MS};

    (void)state;
    expect(&plan, 10 * S, 500 * S, false, (missed){11 * S, 100 * S, S});
    expect(&plan, 10 * S, 80 * S, false, (missed){11 * S, 80 * S, S});
    expect(&day, 10 * S, 200000 * S, false,
           (missed){3600 * S, 86410 * S, 3600 * S});
    expect(&day, 10 * S, 3000 * S, false,
           (missed){3600 * S, 3600 * S, 3600 * S});
    expect(&fine, 0, 86400 * S, false, (missed){DS_MS, 60001 * DS_MS, DS_MS});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_short),
        cmocka_unit_test(test_down),
        cmocka_unit_test(test_windows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
