/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_units.c - durations and sizes.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dstream/clock.h"

struct row {
    const char *text;
    int64_t value; /* -1: refused */
};

static void check(const struct row *rows, size_t n,
                  bool (*parse)(ds_slice s, int64_t *out))
{
    for (size_t i = 0; i < n; i++) {
        int64_t got = -1;
        bool ok = parse(ds_slice_of(rows[i].text), &got);
        if (ok != (rows[i].value >= 0) || got != rows[i].value)
            fail_msg("%s: got %d, %" PRId64, rows[i].text, ok, got);
    }
}

static void test_durations(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"10s", 10 * DS_SECOND},
        {"500ms", 500 * DS_MS},
        {"5m", 300 * DS_SECOND},
        {"1h30m", 5400 * DS_SECOND},
        {"7d", 7 * 86400 * DS_SECOND},
        {"2w", 14 * 86400 * DS_SECOND},
        {"0s", 0},
        {"1m30s", 90 * DS_SECOND},
        {"1ms1us", 1001},
        {"PT10M", 600 * DS_SECOND},
        {"PT1H30M", 5400 * DS_SECOND},
        {"P1DT2H", 26 * 3600 * DS_SECOND},
        {"P2W", 14 * 86400 * DS_SECOND},
        {"PT0.5S", 500 * DS_MS},
        {"PT1.000001S", 1000001},
        {"", -1},
        {"10", -1},
        {"s", -1},
        {"10 s", -1},
        {" 10s", -1},
        {"10s ", -1},
        {"-10s", -1},
        {"1.5s", -1},
        {"10S", -1},
        {"10sec", -1},
        {"P", -1},
        {"PT", -1},
        {"P1Y", -1},
        {"P1M", -1},
        {"PT1D", -1},
        {"P1DT", -1},
        {"PT1S1M", -1},
        {"PT1.5M", -1},
        {"PT.5S", -1},
        {"PT1.S", -1},
        {"PT1", -1},
        {"99999999999999999999s", -1},
        {"9223372036854775807s", -1},
        {"PT9223372036854775807H", -1},
    };
    check(rows, sizeof(rows) / sizeof(rows[0]), ds_duration_parse);
}

static void test_sizes(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"64MiB", 64ll << 20},
        {"500 kB", 500000},
        {"1GB", 1000000000},
        {"4096", 4096},
        {"2GiB", 2ll << 30},
        {"1TiB", 1ll << 40},
        {"8 B", 8},
        {"1KiB", 1024},
        {"0", 0},
        {"", -1},
        {"MiB", -1},
        {"1.5GiB", -1},
        {"-1", -1},
        {"64mib", -1},
        {"64MiBs", -1},
        {"64  MiB", -1},
        {"64 ", -1},
        {"9223372036854775807", INT64_MAX},
        {"9223372036854775808", -1},
        {"9999999999TiB", -1},
    };
    check(rows, sizeof(rows) / sizeof(rows[0]), ds_size_parse);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
