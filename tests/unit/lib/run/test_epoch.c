/* SPDX-License-Identifier: Apache-2.0 */
/* test_epoch.c - what counts against an epoch's limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "run/epoch.h"

/* Headers are bytes too: a record may be nothing else. */
static void test_bytes_are_all_bytes(void **state)
{
    epoch *e = epoch_new();
    ds_slice key = ds_slice_of("abc"), val = ds_slice_of("de");
    ds_slice hdr = ds_slice_of("0123456789");
    int64_t off = 0;
    ds_time ts = 0;
    ds_envelope rows = {
        .n = 1, .topic = "t", .key = &key, .val = &val, .ts = &ts, .off = &off};

    (void)state;
    epoch_begin(e);
    epoch_add(e, NULL, &rows);
    assert_int_equal(e->n_bytes, 5);
    rows.hdr = &hdr;
    epoch_add(e, NULL, &rows);
    assert_int_equal(e->n_bytes, 20);
    assert_int_equal(e->n_rows, 2);
    epoch_free(e);
}

static void test_states(void **state)
{
    (void)state;
    assert_true(epoch_may_go(EPOCH_FLUSHED, EPOCH_COMMITTED));
    assert_false(epoch_may_go(EPOCH_COMMITTED, EPOCH_ABORTING));
    assert_false(epoch_may_go(EPOCH_SEALED, EPOCH_COMMITTED));
    assert_false(epoch_may_go(EPOCH_COMMITTED, EPOCH_OPEN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_are_all_bytes),
        cmocka_unit_test(test_states),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
