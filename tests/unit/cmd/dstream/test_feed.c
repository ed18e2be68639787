/* SPDX-License-Identifier: Apache-2.0 */
/* test_feed.c - lines and envelopes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cmd/run.h"
#include "dstream/outbox.h"
#include "verb.h"

static ds_arena *arena;

static feed *text_feed(const char *text, bool envelope)
{
    run_file file = {.path = verb_file("feed", text), .envelope = envelope};
    ds_err err;
    feed *f;

    assert_int_equal(feed_open(&file, &f, &err), DS_OK);
    return f;
}

static void assert_slice(ds_slice s, const char *want)
{
    if (!want) {
        assert_null(s.ptr);
        return;
    }
    assert_non_null(s.ptr);
    assert_int_equal(s.len, strlen(want));
    assert_memory_equal(s.ptr, want, s.len);
}

static void a_line_ends_with_a_newline_or_the_file(void **state)
{
    static const char *const want[] = {"a", "", "b\r", " c"};
    feed *f = text_feed("a\n\nb\r\n c", false);
    feed_row row;
    ds_err err;

    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(feed_next(f, arena, &row, &err), DS_OK);
        assert_slice(row.val, want[i]);
        assert_null(row.key.ptr);
        assert_true(row.ts == DS_TIME_NONE);
    }
    assert_int_equal(feed_next(f, arena, &row, &err), DS_END);
    feed_close(f);
}

static void the_first_line_may_be_that_of_all_records(void **state)
{
    static const char *const want[] = {"a,b\r\n1,2\r", "a,b\r\n", "a,b\r\n3"};
    run_file file = {.header = true};
    feed_row row;
    ds_err err;
    feed *f;

    (void)state;
    file.path = verb_file("feed", "a,b\r\n1,2\r\n\n3");
    assert_int_equal(feed_open(&file, &f, &err), DS_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(feed_next(f, arena, &row, &err), DS_OK);
        assert_slice(row.val, want[i]);
    }
    assert_int_equal(feed_next(f, arena, &row, &err), DS_END);
    feed_close(f);
    file.path = verb_file("feed", "");
    assert_int_equal(feed_open(&file, &f, &err), DS_OK);
    assert_int_equal(feed_next(f, arena, &row, &err), DS_END);
    feed_close(f);
}

static void a_line_has_a_limit(void **state)
{
    run_file file = {.path = verb_path("long")};
    FILE *to = fopen(file.path, "w");
    feed_row row;
    ds_err err;
    feed *f;

    (void)state;
    for (unsigned i = 0; i < FEED_LINE_MAX + 1; i++)
        putc('x', to);
    fclose(to);
    assert_int_equal(feed_open(&file, &f, &err), DS_OK);
    assert_int_equal(feed_next(f, arena, &row, &err), DS_E_CONFIG);
    feed_close(f);
}

static void an_envelope_has_everything(void **state)
{
    feed *f = text_feed("{\"key\": \"k\\n\", \"value\": {\"n\": "
                        "12345678901234567890.10, \"s\": \"]}\"}, \"ts\": "
                        "\"2026-01-01T00:00:01Z\", \"partition\": 3, "
                        "\"headers\": {\"a\": [\"1\", null], \"b\": \"\"}}\n"
                        " {\"value\":null,\"ts\":1500}\n{}\n",
                        true);
    ds_header *h;
    uint32_t n;
    int32_t partitions;
    feed_row row;
    ds_err err;

    (void)state;
    assert_int_equal(feed_partitions(f, &partitions, &err), DS_OK);
    assert_int_equal(partitions, 4);
    assert_int_equal(feed_next(f, arena, &row, &err), DS_OK);
    assert_slice(row.key, "k\n");
    assert_slice(row.val, "{\"n\": 12345678901234567890.10, \"s\": \"]}\"}");
    assert_true(row.ts == INT64_C(1767225601) * DS_SECOND);
    assert_int_equal(row.partition, 3);
    assert_true(ds_headers_decode(arena, row.hdr, &h, &n));
    assert_int_equal(n, 3);
    assert_slice(h[1].name, "a");
    assert_slice(h[1].value, NULL);
    assert_slice(h[2].value, "");
    assert_int_equal(feed_next(f, arena, &row, &err), DS_OK);
    assert_slice(row.val, NULL);
    assert_true(row.ts == 1500 * DS_MS);
    assert_int_equal(feed_next(f, arena, &row, &err), DS_OK);
    assert_slice(row.val, NULL);
    assert_null(row.hdr.ptr);
    assert_int_equal(feed_next(f, arena, &row, &err), DS_END);
    feed_close(f);
}

static void a_bad_envelope_says_its_line(void **state)
{
    static const char *const bad[] = {
        "x",
        "{\"value\": 1",
        "{\"value\": 1} x",
        "{\"value\": \"a}",
        "{\"what\": 1}",
        "{\"partition\": -1}",
        "{\"partition\": 99999}",
        "{\"ts\": \"soon\"}",
        "{\"value\": }",
        "{\"value\"}",
        "{\"headers\": [1]}",
        "{\"value\": 1,}",
        "[]",
        "{\"key\": \"\\ud800\"}",
        "",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        char text[100];
        feed_row row;
        ds_err err;
        feed *f;

        snprintf(text, sizeof(text), "{\"value\": 1}\n%s\n", bad[i]);
        f = text_feed(text, true);
        assert_int_equal(feed_next(f, arena, &row, &err), DS_OK);
        assert_int_equal(feed_next(f, arena, &row, &err), DS_E_CONFIG);
        assert_non_null(strstr(err.msg, "feed:2: "));
        feed_close(f);
    }
}

static int set_up(void **state)
{
    (void)state;
    arena = ds_arena_new(1 << 12);
    return 0;
}

static int tear_down(void **state)
{
    ds_arena_free(arena);
    return verb_clean(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_ends_with_a_newline_or_the_file),
        cmocka_unit_test(the_first_line_may_be_that_of_all_records),
        cmocka_unit_test(a_line_has_a_limit),
        cmocka_unit_test(an_envelope_has_everything),
        cmocka_unit_test(a_bad_envelope_says_its_line),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
