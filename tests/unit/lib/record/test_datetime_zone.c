/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_datetime_zone.c - zones: names, offsets, and many threads that ask for
 * them first. What clocks show is tested with expressions (test_time.c).
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "record/datetime.h"

static ds_arena *kept;

static const datetime_zone *find(const char *name)
{
    return datetime_zone_find(ds_slice_of(name), kept);
}

static void names(void **state)
{
    (void)state;
    static const char *const known[] = {
        "Europe/Paris", "EUROPE/paris",    "UTC",     "z",
        "+02",          "-05:30",          "UTC+3",   "MSK",
        "<+03>-3",      "Etc/GMT-14",      "EST5EDT", "X1Y",
        "PST8",         "X1Y,0/0,J365/25",
    };
    static const char *const unknown[] = {
        "",      "nowhere", "Europe",      "Europe/Paris ", "../zoneinfo/UTC",
        "+",     "+200",    "X1Y,M3.5.0",  "zone.tab",      "right/UTC",
        "<+3-3", "X1<Y",    "/etc/passwd",
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_non_null(find(known[i]));
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        assert_null(find(unknown[i]));
    assert_ptr_equal(find("Europe/Paris"), find("europe/PARIS"));
}

static void offsets(void **state)
{
    (void)state;
    const char *abbrev;
    bool dst;
    const datetime_zone *z = find("Europe/Paris");
    const ds_time july = 1784116800 * DS_SECOND; /* 2026-07-15 12:00 */
    assert_int_equal(datetime_zone_at(z, july, &abbrev, &dst), 7200);
    assert_string_equal(abbrev, "CEST");
    assert_true(dst);
    assert_true(datetime_zone_utc(z, july) == july - 7200 * DS_SECOND);
    assert_int_equal(datetime_zone_at(find("+02"), july, NULL, NULL), -7200);
    assert_int_equal(datetime_zone_at(find("EST"), july, &abbrev, &dst),
                     -18000);
    assert_string_equal(abbrev, "EST");
    assert_false(dst);
    assert_true(datetime_zone_utc(z, DS_TIME_INF) == DS_TIME_INF);
    assert_true(datetime_zone_utc(find("+10"), INT64_MAX - 2) == DS_TIME_INF);
}

static void *ask(void *arg)
{
    static const char *const some[] = {"Asia/Tokyo", "Asia/Kolkata",
                                       "America/Lima", "Africa/Cairo"};
    (void)arg;
    intptr_t sum = 0;
    ds_arena *a = ds_arena_new(1024); /* of this thread */
    for (int i = 0; i < 400; i++)
        sum += datetime_zone_at(datetime_zone_find(ds_slice_of(some[i % 4]), a),
                                i * 86400 * DS_SECOND, NULL, NULL);
    ds_arena_free(a);
    return (void *)sum;
}

static void many_threads(void **state)
{
    (void)state;
    pthread_t threads[8];
    void *first = NULL;
    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask, NULL), 0);
    for (int i = 0; i < 8; i++) {
        void *sum;
        pthread_join(threads[i], &sum);
        if (i == 0)
            first = sum;
        assert_ptr_equal(sum, first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_threads),
        cmocka_unit_test(names),
        cmocka_unit_test(offsets),
    };
    kept = ds_arena_new(1024);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    ds_arena_free(kept);
    return failed;
}
