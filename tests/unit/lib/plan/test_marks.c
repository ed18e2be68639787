/* SPDX-License-Identifier: Apache-2.0 */
/* test_marks.c - marks as text and back; what is no such text has none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "plan/marks.h"

static void goes_round(ds_marks m, const char *want)
{
    char text[DS_MARKS_MAX];
    size_t len = ds_marks_show(&m, text);
    ds_marks got = ds_marks_read(text, len);

    assert_string_equal(text, want);
    assert_int_equal(len, strlen(want));
    assert_true(got.set);
    assert_int_equal(got.through, m.through);
    assert_int_equal(got.batch, m.batch);
    assert_int_equal(got.scanned, m.scanned);
    assert_int_equal(got.watermark, m.watermark);
    assert_int_equal(got.cuts, m.cuts);
}

static void test_round(void **state)
{
    (void)state;
    goes_round((ds_marks){true, 1000000, 2000000, 42, DS_TIME_NONE, 0},
               "b1 1000000 2000000 42 -");
    goes_round((ds_marks){true, DS_TIME_NONE, DS_TIME_NONE, 0, -5, 0},
               "b1 - - 0 -5");
    goes_round((ds_marks){true, INT64_MAX / 10, -1, 0, 0, 0},
               "b1 922337203685477580 -1 0 0");
    goes_round((ds_marks){true, 1, 1, 2, DS_TIME_NONE, 77}, "b1 1 1 2 - 77");
}

static void test_not_set(void **state)
{
    char text[DS_MARKS_MAX];
    ds_marks none = {0};

    (void)state;
    assert_int_equal(ds_marks_show(&none, text), 0);
}

static void test_anything_else(void **state)
{
    static const char *const texts[] = {"",
                                        "b",
                                        "b1",
                                        "b1 1 2 3",
                                        "b1 1 2 3 ",
                                        "b1 1 2 3 4 ",
                                        "b1 1 2 3 4x",
                                        "b2 1 2 3 4",
                                        "b1 1 2 3 --",
                                        "b1 1  2 3 4",
                                        "b1 1 2 3 99999999999999999999",
                                        "a text of somebody else"};

    (void)state;
    assert_false(ds_marks_read(NULL, 0).set);
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        assert_false(ds_marks_read(texts[i], strlen(texts[i])).set);
    assert_false(ds_marks_read("b1 1 2 3 4", 8).set); /* cut */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round),
        cmocka_unit_test(test_not_set),
        cmocka_unit_test(test_anything_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
