/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_time_text.c - times to text and back, the calendar against gmtime, and
 * the clocks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/calendar.h"
#include "dstream/clock.h"

/* What each means, in the one form that ds_time_format() writes. */
static const struct {
    const char *text, *means; /* NULL: no time */
} parsed[] = {
    {"2026-11-22T09:00:00Z", "2026-11-22T09:00:00Z"},
    {"2026-11-22t09:00:00z", "2026-11-22T09:00:00Z"},
    {"2026-11-22T09:00:00.123Z", "2026-11-22T09:00:00.123Z"},
    {"2026-11-22 09:00:00.5+00", "2026-11-22T09:00:00.5Z"},
    {"2026-11-22 09:00:00", "2026-11-22T09:00:00Z"},
    {"2026-11-22 09:00", "2026-11-22T09:00:00Z"},
    {"2026-11-22", "2026-11-22T00:00:00Z"},
    {"2026-1-2 9:05", "2026-01-02T09:05:00Z"},
    {"20261122T090000Z", "2026-11-22T09:00:00Z"},
    {"20261122T0900", "2026-11-22T09:00:00Z"},
    {"2026-11-22T09:00:00+02:00", "2026-11-22T07:00:00Z"},
    {"2026-11-22T09:00:00-0530", "2026-11-22T14:30:00Z"},
    {"2026-11-22 09:00:00 UTC", "2026-11-22T09:00:00Z"},
    {"2026-11-22 09:00:00 +01", "2026-11-22T08:00:00Z"},
    {" 2026-11-22 ", "2026-11-22T00:00:00Z"},
    {"2026-12-31T24:00:00Z", "2027-01-01T00:00:00Z"},
    {"2026-12-31T23:59:60Z", "2027-01-01T00:00:00Z"},
    {"2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"},
    {"2000-02-29T00:00:00Z", "2000-02-29T00:00:00Z"},
    {"1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"},
    {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
    {"9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"},
    {"12345-01-01 00:00:00Z", "12345-01-01T00:00:00Z"},
    {"2026-11-22T09:00:00.1234567Z", "2026-11-22T09:00:00.123457Z"},
    {"2026-11-22T09:00:00.9999999Z", "2026-11-22T09:00:01Z"},
    {"", NULL},
    {"now", NULL},
    {"2026", NULL},
    {"2026-11", NULL},
    {"2026-13-01", NULL},
    {"2026-00-01", NULL},
    {"2026-02-29", NULL},
    {"1900-02-29", NULL},
    {"2026-04-31", NULL},
    {"2026-11-22T", NULL},
    {"2026-11-22T25:00:00Z", NULL},
    {"2026-11-22T24:00:01Z", NULL},
    {"2026-11-22T09:60:00Z", NULL},
    {"2026-11-22T09:00:61Z", NULL},
    {"2026-11-22T09:00:00.Z", NULL},
    {"2026-11-22T09:00:00+99:00", NULL},
    {"2026-11-22T09:00:00+16:00", NULL},
    {"2026-11-22T09:00:00+02:60", NULL},
    {"2026-11-22T09:00:00Zx", NULL},
    {"2026-11-22T09:00:00 Europe/Berlin", NULL},
    {"2026-11-22T9", NULL},
    {"-2026-11-22", NULL},
    {"0000-01-01", NULL},
    {"0001-01-01T00:00:00+01:00", NULL},
    {"999999-01-01", NULL},
    {"99999999999999999999", NULL},
    {"1700000000", NULL},
};

static void test_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(parsed) / sizeof(parsed[0]); i++) {
        ds_time t;
        char buf[40];
        bool ok = ds_time_parse(ds_slice_of(parsed[i].text), &t);
        if (ok != (parsed[i].means != NULL))
            fail_msg("%s: parsed: %d", parsed[i].text, ok);
        if (!ok)
            continue;
        int n = ds_time_format(t, buf);
        assert_int_equal(n, strlen(buf));
        assert_string_equal(buf, parsed[i].means);
    }
    ds_time t;
    assert_false(ds_time_parse(DS_NULL_SLICE, &t));
}

static void test_round_trip(void **state)
{
    (void)state;
    srand(3);
    for (int i = 0; i < 200000; i++) {
        /* Years 1 to 9999. */
        int64_t seconds = -62135596800 +
                          (int64_t)((double)rand() / RAND_MAX * 315537897599.0);
        ds_time t = seconds * DS_SECOND + (i % 3 ? rand() % DS_SECOND : 0),
                back;
        char buf[40];
        int n = ds_time_format(t, buf);
        assert_true(
            ds_time_parse((ds_slice){(uint8_t *)buf, (uint32_t)n}, &back));
        assert_true(back == t);
        time_t c = (time_t)seconds;
        struct tm tm;
        gmtime_r(&c, &tm);
        calendar_time split;
        calendar_split(t, &split);
        assert_int_equal(split.year, tm.tm_year + 1900);
        assert_int_equal(split.month, tm.tm_mon + 1);
        assert_int_equal(split.day, tm.tm_mday);
        assert_int_equal(split.hour, tm.tm_hour);
        assert_int_equal(split.second, tm.tm_sec);
    }
}

/* A time outside what can be read is still written, within its buffer. */
static void test_extremes(void **state)
{
    (void)state;
    char buf[40];
    assert_true(ds_time_format(INT64_MAX, buf) < 40);
    assert_string_equal(buf, "294247-01-10T04:00:54.775807Z");
    assert_true(ds_time_format(INT64_MIN, buf) < 40);
    assert_string_equal(buf, "-290308-12-21T19:59:05.224192Z");
}

static void test_hostile(void **state)
{
    (void)state;
    static const char alphabet[] = "0123456789-:.TZ+ ,UC";
    srand(5);
    for (int i = 0; i < 300000; i++) {
        uint8_t buf[32];
        uint32_t n = (uint32_t)rand() % sizeof(buf);
        for (uint32_t k = 0; k < n; k++)
            buf[k] = (uint8_t)alphabet[(size_t)rand() % (sizeof(alphabet) - 1)];
        int64_t out;
        (void)ds_time_parse((ds_slice){buf, n}, &out);
        (void)ds_duration_parse((ds_slice){buf, n}, &out);
        (void)ds_size_parse((ds_slice){buf, n}, &out);
    }
}

static void test_clocks(void **state)
{
    (void)state;
    ds_clock c;
    ds_clock_virtual_init(&c, 5);
    assert_int_equal(ds_clock_now(&c), 5);
    c.sleep(&c, DS_SECOND);
    assert_int_equal(ds_clock_now(&c), 5);
    c.virtual_now = 7;
    assert_int_equal(ds_clock_now(&c), 7);
    ds_time before = ds_mono_now();
    ds_clock_wall.sleep(&ds_clock_wall, 2 * DS_MS);
    assert_true(ds_mono_now() - before >= 2 * DS_MS);
    assert_true(ds_clock_now(&ds_clock_wall) > 1600000000 * DS_SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),    cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_extremes), cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_clocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
