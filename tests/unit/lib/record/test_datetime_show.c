/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_datetime_show.c - dates, times and timestamps as text and in JSON.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "record/datetime.h"

static void both_forms(void **state)
{
    (void)state;
    static const struct {
        ds_type type;
        int64_t value;
        const char *text, *json;
    } table[] = {
        {DS_DATE, 0, "1970-01-01", "1970-01-01"},
        {DS_DATE, -719163, "0001-12-31 BC", "0001-12-31 BC"},
        {DS_DATE, 2145042905, "5874897-12-31", "5874897-12-31"},
        {DS_DATE, DS_TIME_NINF, "-infinity", "-infinity"},
        {DS_TIME, 86400000000, "24:00:00", "24:00:00"},
        {DS_TIME, 1500000, "00:00:01.5", "00:00:01.5"},
        {DS_TIMESTAMP, -1, "1969-12-31 23:59:59.999999",
         "1969-12-31T23:59:59.999999"},
        {DS_TIMESTAMP, DS_TIME_INF, "infinity", "infinity"},
        {DS_TS, 0, "1970-01-01 00:00:00+00", "1970-01-01T00:00:00Z"},
        {DS_TS, 1769853600120000, "2026-01-31 10:00:00.12+00",
         "2026-01-31T10:00:00.12Z"},
        {DS_TS, -210866803200000000, "4714-11-24 00:00:00+00 BC",
         "4714-11-24T00:00:00Z BC"},
        {DS_TS, INT64_MAX - 1, "294247-01-10 04:00:54.775806+00",
         "294247-01-10T04:00:54.775806Z"},
    };
    ds_arena *a = ds_arena_new(4096);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        ds_buf b;
        ds_buf_init(&b, a, 64);
        datetime_show(&b, table[i].type, table[i].value);
        ds_buf_add(&b, "", 1);
        assert_string_equal(b.s, table[i].text);
        b.len = 0;
        datetime_show_json(&b, table[i].type, table[i].value);
        ds_buf_add(&b, "", 1);
        assert_string_equal(b.s, table[i].json);
    }
    ds_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
