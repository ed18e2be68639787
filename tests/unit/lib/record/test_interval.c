/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_interval.c - intervals compared, in equal form, and what does not fit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "record/datetime.h"

static const int64_t day = 86400 * DS_SECOND;

static void order(void **state)
{
    (void)state;
    const ds_interval month = {0, 0, 1}, days = {0, 30, 0};
    const ds_interval hours = {30 * day, 0, 0}, more = {30 * day + 1, 0, 0};
    const ds_interval most = {INT64_MAX, INT32_MAX, INT32_MAX};
    const ds_interval least = {INT64_MIN, INT32_MIN, INT32_MIN};
    assert_int_equal(interval_cmp(&month, &days), 0);
    assert_int_equal(interval_cmp(&month, &hours), 0);
    assert_int_equal(interval_cmp(&more, &month), 1);
    assert_int_equal(interval_cmp(&month, &more), -1);
    assert_int_equal(interval_cmp(&most, &least), 1);
}

static int32_t some_int(void)
{
    return rand() % 4 ? rand() % 5 - 2 : (int32_t)((uint32_t)rand() << 1);
}

static ds_interval some_interval(void)
{
    ds_interval iv = {rand() % 3 * day + rand() % 3, some_int(), some_int()};
    if (rand() % 8 == 0)
        iv.us = (int64_t)((uint64_t)rand() << 33 ^ (uint64_t)rand());
    return iv;
}

/* Equal intervals and no others have an equal form, which is equal to them. */
static void equal_form(void **state)
{
    (void)state;
    srand(1);
    for (int i = 0; i < 50000; i++) {
        ds_interval a = some_interval(), b = some_interval();
        if (rand() % 2) { /* the same, told otherwise */
            b = (ds_interval){a.us - day, a.days, a.months};
            if (b.days < INT32_MAX)
                b.days++;
        }
        ds_interval x = interval_plain(&a), y = interval_plain(&b);
        assert_int_equal(interval_cmp(&a, &x), 0);
        bool same = memcmp(&x, &y, sizeof x) == 0;
        assert_int_equal(same, interval_cmp(&a, &b) == 0);
    }
}

static void limits(void **state)
{
    (void)state;
    ds_interval out;
    const ds_interval least = {0, INT32_MIN, 0}, one = {0, 1, 0};
    const ds_interval most = {0, INT32_MAX, 0};
    assert_false(interval_negate(&least, &out));
    assert_false(interval_add(&most, &one, &out));
    assert_false(interval_sub(&least, &one, &out));
    assert_false(interval_multiply(&most, 2, &out));
    assert_true(interval_multiply(&one, 1.5, &out));
    assert_int_equal(out.days, 1);
    assert_true(out.us == day / 2);
    ds_time t;
    assert_true(timestamp_add(DS_TIME_INF, &most, &t));
    assert_true(t == DS_TIME_INF);
    assert_false(timestamp_add(0, &most, &t));
    assert_false(timestamp_add(0, &least, &t));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order),
        cmocka_unit_test(equal_form),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
