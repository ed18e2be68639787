/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_templates.c - a text and a template, with a zero byte between them: of
 * to_char, to_timestamp, to_date and to_number, and what else reads times,
 * intervals and zones out of texts.
 */
#include "fuzz_calls.h"

static const char *const texts[] = {
    "to_timestamp(a, b)",
    "to_date(a, b)",
    "to_number(a, b)",
    "to_char(timestamptz '2026-03-29 01:02:03.456789Z', b)",
    "to_char(timestamptz '0044-03-15 BC', b)",
    "to_char(timestamp '294246-12-31 23:59:59.999999', b)",
    "to_char('infinity'::timestamptz, b)",
    "to_char(interval '-178000000 years -3 mon 40 days -30:02:03.5', b)",
    "to_char(interval '1 year 2 mon 3 days 04:05:06.7', b)",
    "to_char(0, b)",
    "to_char(-1234567, b)",
    "to_char(9223372036854775807, b)",
    "to_char(-123.4567::float8, b)",
    "to_char(1.7e308::float8, b)",
    "to_char('NaN'::float8, b)",
    "to_char(0.005::real, b)",
    "to_char(-99999999999999999999.999999999999, b)",
    "to_char(a::numeric, b)",
    "to_char(a::float8, b)",
    "to_char(a::timestamptz, b)",
    "to_char(a::timestamp AT TIME ZONE b, 'YYYY TZ OF')",
    "to_char(a::interval, b)",
    "date_trunc(b, a::timestamptz)",
    "date_trunc(b, a::interval)",
    "extract('epoch' FROM a::interval)",
    "date_part(b, a::timestamptz)",
    "date_part(b, a::time)",
    "a::timestamptz - b::timestamptz",
    "age(a::timestamp, b::timestamp)",
    "a::timestamp + b::interval",
    "a::interval * b::float8",
    "a::interval / b::float8",
    "justify_interval(a::interval)",
    "a::time + b::interval",
    "make_date(length(a), length(b), 1)",
    "date_bin(a::interval, b::timestamp, timestamp '2001-01-01')",
};

enum { N = sizeof texts / sizeof *texts };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    calls_init(texts, N);
    ds_arena *a = ds_arena_new(1 << 14);
    ds_slice input = fuzz_input(data, size), row[CALLS_TEXTS], out;
    bool good = calls_row(input, row);
    for (uint32_t i = 0; i < N && good; i++)
        (void)calls_eval(i, row, a, &out);
    ds_arena_free(a);
    free((void *)(uintptr_t)input.ptr);
    return good ? 0 : -1;
}
