/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_error.c - codes, messages, contexts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dstream/error.h"

static void test_codes(void **state)
{
    (void)state;
    assert_string_equal(ds_rc_name(DS_E_TXN), "DS_E_TXN");
    assert_string_equal(ds_rc_name(DS_OK), "DS_OK");
    assert_int_equal(ds_rc_act(DS_E_TXN), DS_ACT_ABORT);
    assert_int_equal(ds_rc_act(DS_E_RECORD), DS_ACT_SKIP);
    assert_int_equal(ds_rc_act(DS_END), DS_ACT_NONE);
    assert_int_equal(ds_rc_exit(DS_E_CONFIG), 78);
    assert_int_equal(ds_rc_exit(DS_E_DECISION), 3);
    assert_string_equal(ds_rc_text(DS_E_TIMEOUT), "no answer in time");
    assert_int_equal(ds_rc_act((ds_rc)-99), DS_ACT_STOP);
}

static void test_fail_and_wrap(void **state)
{
    (void)state;
    ds_err err = {0};
    assert_int_equal(ds_fail(&err, DS_E_CONFIG, "topic %s does not exist", "t"),
                     DS_E_CONFIG);
    assert_int_equal(err.rc, DS_E_CONFIG);
    ds_wrap(&err, "job %s", "j");
    assert_string_equal(err.msg, "job j: topic t does not exist");
    (void)!ds_fail(&err, DS_E_IO, "again: %s", err.msg);
    assert_string_equal(err.msg, "again: job j: topic t does not exist");
    assert_int_equal(ds_fail(NULL, DS_E_IO, "x"), DS_E_IO);
    ds_wrap(NULL, "x");
}

static void test_long_and_lines(void **state)
{
    (void)state;
    ds_err err = {0};
    char text[900];
    for (size_t i = 0; i + 2 < sizeof(text); i += 2)
        memcpy(text + i, "\xc3\xa9", 3);
    (void)!ds_fail(&err, DS_E_IO, "x%s", text);
    size_t n = strlen(err.msg);
    assert_true(n <= sizeof(err.msg) - 1 && n >= sizeof(err.msg) - 3);
    assert_int_equal((n - 1) % 2, 0); /* whole characters only */
    (void)!ds_fail(&err, DS_E_IO, "xx%s", text);
    assert_int_equal((strlen(err.msg) - 2) % 2, 0);
    for (int i = 0; i < 50; i++)
        ds_wrap(&err, "context %d", i);
    assert_true(strlen(err.msg) < sizeof(err.msg));
    (void)!ds_fail(&err, DS_E_IO, "a\nb\r");
    assert_string_equal(err.msg, "a b ");
}

static ds_rc passes_up(ds_rc rc)
{
    DS_TRY(rc);
    return DS_OK;
}

static void test_try(void **state)
{
    (void)state;
    assert_int_equal(passes_up(DS_E_IO), DS_E_IO);
    assert_int_equal(passes_up(DS_END), DS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_fail_and_wrap),
        cmocka_unit_test(test_long_and_lines),
        cmocka_unit_test(test_try),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
