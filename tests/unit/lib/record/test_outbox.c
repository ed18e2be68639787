/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_outbox.c - rows in order, and their sums.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dstream/outbox.h"

static void test_order(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(4096);
    ds_outbox *box = ds_outbox_new(a);
    uint32_t n, next = 0;
    assert_null(ds_outbox_chunk(box, 0, &n));
    assert_int_equal(ds_outbox_bytes(box), 0);
    const uint8_t bytes[10] = {0};
    uint64_t total = 0;
    for (uint32_t i = 0; i < 20000;) {
        if (i % 3) {
            ds_row row = {.topic = i, .key = {bytes, 3}};
            ds_outbox_add(box, &row);
            total += 3;
            i++;
        } else {
            uint32_t many = i % 7000 == 0 ? 6000 : i % 50 + 1;
            ds_row *rows = ds_outbox_add_n(box, many);
            for (uint32_t k = 0; k < many; k++) {
                rows[k].topic = i++;
                rows[k].val = (ds_slice){bytes, 5};
                rows[k].hdr = (ds_slice){bytes, 2};
            }
            total += many * 7;
        }
        if (i % 11 == 0)
            assert_int_equal(ds_outbox_bytes(box), total);
    }
    assert_int_equal(ds_outbox_bytes(box), total);
    const ds_row *rows;
    for (uint32_t c = 0; (rows = ds_outbox_chunk(box, c, &n)); c++)
        for (uint32_t i = 0; i < n; i++)
            assert_int_equal(rows[i].topic, next++);
    assert_int_equal(next, ds_outbox_rows(box));
    ds_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
