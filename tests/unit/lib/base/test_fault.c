/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_fault.c - the hook of fault points.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dstream/fault.h"

static bool wanted(void *arg, const char *point)
{
    return strcmp(arg, point) == 0;
}

static void test_hook(void **state)
{
    (void)state;
    ds_err err = {0};
    assert_int_equal(ds_fault("before_commit", &err), DS_OK);
    ds_fault_set_hook(wanted, "before_commit");
    assert_int_equal(ds_fault("after_commit", &err), DS_OK);
    assert_int_equal(ds_fault("before_commit", &err), DS_E_CRASH);
    assert_non_null(strstr(err.msg, "before_commit"));
    ds_fault_set_hook(NULL, NULL);
    assert_int_equal(ds_fault("before_commit", &err), DS_OK);
}

static void test_names(void **state)
{
    (void)state;
    int n = 0;
    while (ds_fault_points[n])
        n++;
    assert_int_equal(n, 10);
    assert_false(ds_breaks("no_such_rule"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hook),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
