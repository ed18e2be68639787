/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_datetime_parse.c - texts of dates and times (datetimes.h); what depends
 * on the time; what PostgreSQL's range goes beyond; random texts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dstream/clock.h"
#include "record/datetime.h"

typedef struct datetime_case {
    ds_type type;
    const char *text, *want;
} datetime_case;

static const datetime_case cases[] = {
#include "datetimes.h"
};

static const char *answer(ds_type type, const char *text, ds_time now,
                          ds_arena *a)
{
    int64_t v;
    const char *code;
    ds_buf b;
    datetime_rc rc = datetime_parse(type, ds_slice_of(text), now, &v);
    if (rc)
        return ds_str_printf(
            a, "!%s", datetime_error(type, rc, ds_slice_of(text), a, &code));
    assert_true(datetime_valid(type, v));
    ds_buf_init(&b, a, 64);
    datetime_show(&b, type, v);
    ds_buf_add(&b, "", 1);
    return b.s;
}

static void as_postgresql(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(4096);
    int bad = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const datetime_case *c = &cases[i];
        const char *got = answer(c->type, c->text, DS_TIME_NONE, a);
        if (strcmp(got, c->want) == 0)
            continue;
        print_error("%s '%s'\n  gives %s\n  not   %s\n", ds_type_name(c->type),
                    c->text, got, c->want);
        bad++;
    }
    ds_arena_free(a);
    assert_int_equal(bad, 0);
}

/* The same text again, whatever it was written as. */
static void its_own_text(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const datetime_case *c = &cases[i];
        if (c->want[0] != '!')
            assert_string_equal(answer(c->type, c->want, DS_TIME_NONE, a),
                                c->want);
    }
    ds_arena_free(a);
}

static void what_now_is(void **state)
{
    (void)state;
    static const datetime_case table[] = {
        {DS_TS, "now", "2026-11-22 09:30:00.5+00"},
        {DS_TIMESTAMP, "NOW", "2026-11-22 09:30:00.5"},
        {DS_DATE, "now", "2026-11-22"},
        {DS_TIME, "now", "09:30:00.5"},
        {DS_DATE, "today", "2026-11-22"},
        {DS_TS, "tomorrow", "2026-11-23 00:00:00+00"},
        {DS_TS, "yesterday 10:00", "2026-11-21 10:00:00+00"},
        {DS_TS, "yesterday allballs", "2026-11-21 00:00:00+00"},
        {DS_TS, "today 10:00 America/New_York", "2026-11-22 15:00:00+00"},
        {DS_TIME, "today", "!invalid input syntax for type time: \"today\""},
        {DS_DATE, "today today",
         "!invalid input syntax for type date: \"today today\""},
    };
    ds_arena *a = ds_arena_new(4096);
    ds_time now;
    assert_true(ds_time_parse(ds_slice_of("2026-11-22T09:30:00.5Z"), &now));
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_string_equal(answer(table[i].type, table[i].text, now, a),
                            table[i].want);
    ds_arena_free(a);
}

/* Microseconds from 1970 end earlier than PostgreSQL's from 2000. */
static void last_timestamps(void **state)
{
    (void)state;
    int64_t v;
    assert_int_equal(datetime_parse(DS_TIMESTAMP,
                                    ds_slice_of("294247-01-10 04:00:54.775806"),
                                    DS_TIME_NONE, &v),
                     DATETIME_OK);
    assert_true(v == INT64_MAX - 1);
    assert_int_equal(datetime_parse(DS_TIMESTAMP,
                                    ds_slice_of("294247-01-10 04:00:54.775807"),
                                    DS_TIME_NONE, &v),
                     DATETIME_RANGE);
    assert_int_equal(
        datetime_parse(DS_TS, ds_slice_of("294276-12-31"), DS_TIME_NONE, &v),
        DATETIME_RANGE);
}

static void rounding(void **state)
{
    (void)state;
    const int64_t year_2000 = 946684800 * DS_SECOND;
    assert_int_equal(datetime_round(DS_TIME, 500000, 0), 1000000);
    assert_int_equal(datetime_round(DS_TIME, 1234567, 3), 1235000);
    assert_true(datetime_round(DS_TS, year_2000 + 500000, 0) ==
                year_2000 + 1000000);
    assert_true(datetime_round(DS_TS, year_2000 - 500000, 0) ==
                year_2000 - 1000000);
    assert_true(datetime_round(DS_TS, DS_TIME_INF, 0) == DS_TIME_INF);
    assert_true(datetime_round(DS_TS, DS_TIME_NINF, 3) == DS_TIME_NINF);
    assert_true(datetime_round(DS_TS, 1234567, 6) == 1234567);
}

/* Pieces in any order: nothing but a value or an error comes of them. */
static void random_texts(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "1999", "01",     "8",   "-",   ":",     "/",    ".",   " ",
        "jan",  "bc",     "pm",  "t",   "z",     "+02",  "cet", "j",
        "y",    "epoch",  "dst", "mon", "12:30", "T",    "-08", "99999999999",
        "\xc3", "at",     "m",   "now", "ago",   "day",  "P",   "europe/paris",
        "0",    "<+3>-3", ",",   "1.5", "@",     "week", "\n",  "infinity",
    };
    static const ds_type types[] = {DS_DATE, DS_TIME, DS_TIMESTAMP, DS_TS};
    ds_arena *a = ds_arena_new(4096);
    srand(4);
    for (int i = 0; i < 20000; i++) {
        char text[400] = "";
        for (int k = rand() % 12; k > 0; k--)
            strcat(text,
                   pieces[rand() % (int)(sizeof pieces / sizeof *pieces)]);
        answer(types[rand() % 4], text, 0, a);
        ds_interval iv;
        interval_parse(ds_slice_of(text), &iv);
    }
    ds_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_postgresql), cmocka_unit_test(its_own_text),
        cmocka_unit_test(what_now_is),   cmocka_unit_test(last_timestamps),
        cmocka_unit_test(rounding),      cmocka_unit_test(random_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
