/* SPDX-License-Identifier: Apache-2.0 */
/* test_frontier.c - how far sources are, and what they say of it as bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "run/frontier.h"
#include "run/progress.h"

static ds_arena *arena;

static void says(frontier *f, int32_t source, ds_time through, ds_time mark,
                 unsigned flags)
{
    frontier_note(f, "in", source, &(frontier_mark){through, mark, flags});
}

static frontier *two_sources(void)
{
    static const frontier_mark none = {DS_TIME_NONE, DS_TIME_NONE, 0};
    frontier *f;

    ds_arena_reset(arena);
    f = frontier_new(arena);
    frontier_expect(f, "in", 0, &none);
    frontier_expect(f, "in", 1, &none);
    return f;
}

static void test_least_of_all(void **state)
{
    frontier *f = two_sources();

    (void)state;
    assert_true(frontier_through(f) == DS_TIME_NONE);
    says(f, 0, 10, DS_TIME_NONE, 0);
    assert_true(frontier_through(f) == DS_TIME_NONE);
    assert_int_equal(frontier_slowest(f)->partition, 1);
    says(f, 1, 20, DS_TIME_NONE, 0);
    assert_int_equal(frontier_through(f), 10);
    says(f, 0, 30, DS_TIME_NONE, 0);
    assert_int_equal(frontier_through(f), 20);
    says(f, 1, 10, DS_TIME_NONE, 0); /* read once more */
    assert_int_equal(frontier_through(f), 20);
}

static void test_nobody(void **state)
{
    frontier *f = frontier_new(arena);

    (void)state;
    assert_true(frontier_through(f) == DS_TIME_NONE);
    assert_null(frontier_slowest(f));
    assert_true(frontier_watermark(f, 1) == DS_TIME_NONE);
}

static void test_who_was_not_expected_joins(void **state)
{
    frontier *f = two_sources();

    (void)state;
    says(f, 0, 10, 0, 0);
    says(f, 1, 10, 0, 0);
    says(f, 2, DS_TIME_NONE, DS_TIME_NONE, 0);
    assert_int_equal(frontier_sources(f), 3);
    assert_true(frontier_through(f) == DS_TIME_NONE);
    says(f, 2, 10, 0, 0);
    assert_int_equal(frontier_through(f), 10);
}

static void test_known_from_before(void **state)
{
    frontier *f = two_sources();

    (void)state;
    frontier_expect(f, "in", 0, &(frontier_mark){50, 7, 0});
    frontier_expect(f, "in", 1, &(frontier_mark){50, 7, 0});
    assert_int_equal(frontier_through(f), 50);
    assert_int_equal(frontier_watermark(f, 50), 7);
    says(f, 0, 40, 3, 0); /* from before that */
    assert_int_equal(frontier_through(f), 50);
}

/* One without rows so far held nothing back before it spoke either. */
static void test_first_said(void **state)
{
    frontier *f = two_sources();

    (void)state;
    says(f, 0, 10, 100, 0);
    says(f, 0, 20, 200, 0);
    says(f, 1, 20, DS_TIME_NONE, FRONTIER_IDLE);
    assert_int_equal(frontier_watermark(f, 10), 100);
    assert_int_equal(frontier_watermark(f, 20), 200);
    assert_int_equal(frontier_through(f), 20);
}

/* Reading far ahead changes no watermark of an earlier batch. */
static void test_watermark_by_batch(void **state)
{
    frontier *f = two_sources();

    (void)state;
    says(f, 0, 10, 100, 0);
    says(f, 0, 20, 200, 0);
    says(f, 0, 30, 300, 0);
    says(f, 1, 20, 150, 0);
    says(f, 1, 30, 250, 0);
    /* The second one began later: before that it had none. */
    assert_true(frontier_watermark(f, 10) == DS_TIME_NONE);
    assert_int_equal(frontier_watermark(f, 20), 150);
    assert_int_equal(frontier_watermark(f, 30), 250);
    frontier_leave(f, 20);
    assert_int_equal(frontier_watermark(f, 30), 250);
    says(f, 1, 40, 90, 0); /* never back */
    says(f, 0, 40, 400, 0);
    assert_int_equal(frontier_watermark(f, 40), 250);
}

static void test_idle(void **state)
{
    frontier *f = two_sources();

    (void)state;
    says(f, 0, 10, 100, 0);
    says(f, 1, 10, DS_TIME_NONE, 0);
    assert_true(frontier_watermark(f, 10) == DS_TIME_NONE);
    says(f, 0, 20, 200, 0);
    says(f, 1, 20, DS_TIME_NONE, FRONTIER_IDLE);
    assert_int_equal(frontier_watermark(f, 20), 200);
    assert_false(frontier_idle(f, 20));
    says(f, 0, 30, 200, FRONTIER_IDLE);
    says(f, 1, 30, DS_TIME_NONE, FRONTIER_IDLE);
    assert_true(frontier_idle(f, 30));
    assert_true(frontier_watermark(f, 30) == DS_TIME_NONE);
}

static void test_quiet(void **state)
{
    frontier *f = two_sources();

    (void)state;
    says(f, 0, 30, 0, 0);
    says(f, 1, 10, 0, FRONTIER_QUIET);
    assert_int_equal(frontier_through(f), 30);
    assert_int_equal(frontier_slowest(f)->partition, 0);
    says(f, 0, 30, 0, FRONTIER_QUIET);
    assert_int_equal(frontier_through(f), 30);
}

static void test_progress_goes_round(void **state)
{
    ds_time times[] = {10, 20};
    progress_source sources[] = {{"in", 0, {20, 7, FRONTIER_IDLE}},
                                 {"", 3, {DS_TIME_NONE, DS_TIME_NONE, 0}}};
    progress p = {2, 2, times, sources}, got;
    ds_slice bytes = progress_encode(&p, arena);

    (void)state;
    assert_true(progress_decode(bytes, arena, &got));
    assert_int_equal(got.n_times, 2);
    assert_int_equal(got.times[1], 20);
    assert_int_equal(got.n_sources, 2);
    assert_string_equal(got.sources[0].topic, "in");
    assert_int_equal(got.sources[0].mark.through, 20);
    assert_int_equal(got.sources[0].mark.watermark, 7);
    assert_int_equal(got.sources[0].mark.flags, FRONTIER_IDLE);
    assert_int_equal(got.sources[1].partition, 3);
    assert_true(got.sources[1].mark.through == DS_TIME_NONE);
    for (uint32_t n = 0; n < bytes.len; n++)
        assert_false(progress_decode((ds_slice){bytes.ptr, n}, arena, &got));
    assert_false(progress_decode(DS_NULL_SLICE, arena, &got));
}

static int setup(void **state)
{
    (void)state;
    arena = ds_arena_new(1 << 14);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ds_arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_least_of_all),
        cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_who_was_not_expected_joins),
        cmocka_unit_test(test_known_from_before),
        cmocka_unit_test(test_first_said),
        cmocka_unit_test(test_watermark_by_batch),
        cmocka_unit_test(test_idle),
        cmocka_unit_test(test_quiet),
        cmocka_unit_test(test_progress_goes_round),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
