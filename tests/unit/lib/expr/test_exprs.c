/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_exprs.c - lists: names, mistakes, what they read, states, sets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dstream/clock.h"
#include "dstream/outbox.h"
#include "expr/codes.h"
#include "expr/expr.h"
#include "record/builder.h"
#include "record/show.h"

static const ds_field row_fields[] = {{"word", DS_STR, 0, true},
                                      {"n", DS_I64, 0, false},
                                      {"x", DS_F64, 0, false},
                                      {"at", DS_TS, 0, false},
                                      {"raw", DS_BYTES, 0, false}};
static const ds_schema row_schema = {5, row_fields};
static const ds_schema key_schema = {1, row_fields};
static const ds_field state_fields[] = {{"n", DS_I64, 0, false},
                                        {"last", DS_TS, 0, false}};
static const ds_schema no_state = {0, NULL};
static const ds_schema one_state = {1, state_fields};
static const ds_schema two_state = {2, state_fields};

typedef struct fixture {
    ds_arena *a;
    ds_diags d;
} fixture;

static const ds_text_seg first_seg = {0, 1, 1};

static ds_text text_of(const char *s)
{
    ds_text t = ds_text_of(s);
    t.segs = &first_seg;
    t.n_segs = 1;
    return t;
}

static int setup(void **state)
{
    fixture *f = malloc(sizeof *f);
    f->a = ds_arena_new(4096);
    ds_diags_init(&f->d, f->a);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    ds_arena_free(f->a);
    free(f);
    return 0;
}

static ds_exprs *compile(fixture *f, const char *list, const ds_scope *scope)
{
    ds_text t = text_of(list);
    ds_exprs *e = NULL;
    ds_diags_init(&f->d, f->a);
    ds_rc rc = ds_exprs_compile(&t, scope, f->a, &f->d, &e);
    assert_int_equal(rc == DS_OK, f->d.errors == 0);
    return rc == DS_OK ? e : NULL;
}

/* "E0301 4, E0312 9": the codes and columns of all mistakes. */
static const char *mistakes(fixture *f, const char *list, const ds_scope *s)
{
    ds_buf b;
    ds_buf_init(&b, f->a, 64);
    (void)compile(f, list, s);
    for (uint32_t i = 0; i < f->d.n; i++)
        ds_buf_printf(&b, "%s%s %u", i ? ", " : "", f->d.list[i].code,
                      f->d.list[i].where.col);
    ds_buf_add(&b, "", 1);
    return b.s;
}

static void names_and_mistakes(void **state)
{
    fixture *f = *state;
    ds_scope s = {.cols = &row_schema, .meta = true, .names = true};
    static const char *const cases[][2] = {
        {"word, n AS m", ""},
        {"word, n + 1", "E0313 7"},
        {"word, n AS word", "E0312 12"},
        {"word, word", "E0312 7"},
        {"nope, n + word AS y, other AS z", "E0301 1, E0302 9, E0301 22"},
        {"*, n AS m", ""},
        {"*, n", "E0312 4"},
        {"word.*", "E0304 1"},
        {"raw", ""},
        {"raw || 'x' AS y", ""},
        {"raw = raw AS y", ""},
        {"_ts, _offset, _partition, _topic, _key", ""},
        {"state AS y", "E0301 1"},
        {"wrod", "E0301 1"},
        {"n AS \"Ä b\", x", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(mistakes(f, cases[i][0], &s), cases[i][1]);
    (void)mistakes(f, "wrod", &s);
    assert_string_equal(f->d.list[0].hint, "did you mean word?");
    s.meta = false;
    assert_string_equal(mistakes(f, "word, _ts", &s), "E0307 7");
}

static void schema_and_reads(void **state)
{
    fixture *f = *state;
    ds_scope s = {.cols = &row_schema, .meta = true};
    ds_exprs *e = compile(f, "n * 2 AS m, word, lower(word), x::text", &s);
    const ds_schema *out = ds_exprs_schema(e);
    assert_int_equal(out->n, 4);
    assert_string_equal(out->fields[0].name, "m");
    assert_int_equal(out->fields[0].type, DS_I64);
    assert_string_equal(out->fields[2].name, "lower");
    assert_string_equal(out->fields[3].name, "x");
    assert_true(out->fields[1].not_null);
    assert_int_equal(ds_exprs_plain(e, 0), -1);
    assert_int_equal(ds_exprs_plain(e, 1), 0);
    assert_true(ds_exprs_reads(e, 0) && ds_exprs_reads(e, 1));
    assert_true(ds_exprs_reads(e, 2));
    assert_false(ds_exprs_reads(e, 3) || ds_exprs_reads(e, 4));
    assert_false(ds_exprs_uses_now(e));
    assert_true(ds_exprs_uses_now(compile(f, "at < now() AS y", &s)));
    assert_true(ds_exprs_uses_now(compile(f, "at < 'today' AS y", &s)));
    assert_true(ds_exprs_uses_now(compile(f, "current_date AS y", &s)));
    assert_false(ds_exprs_uses_now(compile(f, "word::date AS y", &s)));
    assert_int_equal(ds_exprs_set_item(e), -1);
}

static void canon_tells_apart(void **state)
{
    fixture *f = *state;
    ds_scope s = {.cols = &row_schema};
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {"n+1 AS y", "(n) + (1) AS y", true},
        {"n + 1 AS y", "n + 2 AS y", false},
        {"n + 1 AS y", "n + 1 AS z", false},
        {"n IN (1,2) AS y", "n IN (2, 1) AS y", true},
        {"n IN (1,2) AS y", "n IN (1, 3) AS y", false},
        {"at + interval '1 day' AS y", "at + interval '24 hours' AS y", false},
        {"n + 1 BETWEEN 1 AND 2 AS y", "n + 1 BETWEEN 1 AND 3 AS y", false},
        {"word LIKE 'a' AS y", "word LIKE 'b' AS y", false},
        {"n::numeric(5,1) AS y", "n::numeric(5,2) AS y", false},
        {"n + 1.0 AS y", "n + 1.00 AS y", false},
        {"ARRAY[n, 1] AS y", "ARRAY[n, 2] AS y", false},
        {"(ARRAY[n])[1] AS y", "(ARRAY[n])[2] AS y", false},
        {"at > 'now' AS y", "at > 'today' AS y", false},
        {"at > date '2026-01-01' AS y", "at > date '2026-01-02' AS y", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *a = ds_exprs_canon(compile(f, cases[i].a, &s), f->a);
        const char *b = ds_exprs_canon(compile(f, cases[i].b, &s), f->a);
        assert_int_equal(strcmp(a, b) == 0, cases[i].same);
    }
}

/* ---- states ---- */

static ds_scope state_scope(const ds_schema *st)
{
    return (ds_scope){.cols = &key_schema,
                      .state = st,
                      .rows = &row_schema,
                      .rows_meta = true};
}

static void idle_keeps(void **state)
{
    fixture *f = *state;
    ds_scope s = state_scope(&one_state);
    static const struct {
        const char *list;
        bool keeps;
    } cases[] = {
        {"coalesce(state, 0) + count(*) AS n", true},
        {"state + count(*) AS n", true},
        {"count(n) + coalesce(state.n, 0) AS n", true},
        {"coalesce(state, 0) + coalesce(sum(n), 0) AS n", true},
        {"coalesce(state, 0) + sum(n) AS n", false},
        {"CASE WHEN count(*) = 0 THEN state ELSE 1 END AS n", true},
        {"CASE WHEN state IS NULL THEN 1 ELSE state + count(*) END AS n", true},
        {"greatest(state, max(n)) AS n", true},
        {"coalesce(state, 0) + count(*) FILTER (WHERE n > 1) AS n", true},
        {"coalesce(state, 0) + count(DISTINCT word) AS n", true},
        {"count(*) FILTER (WHERE n > 1) AS n", false},
        {"CASE WHEN count(*) > 0 THEN 5 END AS n", false},
        {"count(*) AS n", false},
        {"state + 1 AS n", false},
        {"CASE WHEN now() > '2026-01-01' THEN state END AS n", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ds_exprs *e = compile(f, cases[i].list, &s);
        assert_non_null(e);
        if (ds_exprs_idle_keeps(e, false) != cases[i].keeps)
            print_error("%s\n", cases[i].list);
        assert_int_equal(ds_exprs_idle_keeps(e, false), cases[i].keeps);
    }
    s = state_scope(&two_state);
    assert_true(ds_exprs_idle_keeps(
        compile(f, "state.n + count(*) AS n, state.last AS last", &s), false));
    ds_exprs *e = compile(
        f, "coalesce(state.n, 0) + count(*) AS n, state.last AS last", &s);
    assert_true(ds_exprs_idle_keeps(e, false));
    assert_false(ds_exprs_idle_keeps(e, true));
    e = compile(f, "greatest(state.n, 0) + count(*) AS n, state.last", &s);
    assert_false(ds_exprs_idle_keeps(e, false));
}

static void state_types(void **state)
{
    fixture *f = *state;
    ds_scope s = state_scope(&no_state);
    ds_exprs *e = compile(
        f, "coalesce(state.n, 0) + sum(n) AS n, max(at) AS last, avg(n) AS m",
        &s);
    assert_non_null(e);
    assert_int_equal(ds_exprs_schema(e)->fields[0].type, DS_I64);
    assert_int_equal(ds_exprs_schema(e)->fields[1].type, DS_TS);
    assert_int_equal(ds_exprs_schema(e)->fields[2].type, DS_NUM);
    uint32_t n;
    (void)ds_exprs_aggs(e, &n);
    assert_int_equal(n, 3);
    assert_true(ds_exprs_rows_read(e, 1) && ds_exprs_rows_read(e, 3));
    assert_false(ds_exprs_rows_read(e, 0) || ds_exprs_uses_count(e));
    static const char *const same[] = {"sum(n) + sum( n ) AS y",
                                       "count(*) + count(*) AS y"};
    for (size_t i = 0; i < 2; i++) {
        (void)ds_exprs_aggs(compile(f, same[i], &s), &n);
        assert_int_equal(n, 1);
    }
    static const ds_field want[] = {{"n", DS_F64, 0, false}};
    static const ds_schema want_schema = {1, want};
    ds_exprs *c = NULL;
    ds_err err;
    e = compile(f, "coalesce(state, 0) + count(*) AS n", &s);
    assert_int_equal(ds_exprs_cast(e, &want_schema, f->a, &c, &err), DS_OK);
    assert_int_equal(ds_exprs_schema(c)->fields[0].type, DS_F64);
    /* mistakes */
    s = state_scope(&two_state);
    assert_string_equal(mistakes(f, "state AS y", &s), "E0301 1");
    assert_string_equal(mistakes(f, "state.z AS y, n AS z", &s),
                        "E0301 1, E0301 15");
    assert_string_equal(mistakes(f, "sum(count(*)) AS y", &s), "E0305 5");
    assert_string_equal(mistakes(f, "sum(word) AS y", &s), "E0302 1");
    assert_string_equal(mistakes(f, "sum(state.n) AS y", &s), "E0301 5");
    assert_string_equal(mistakes(f, "_ts AS y", &s), "E0307 1");
    assert_string_equal(mistakes(f, "max(_ts) AS y, state IS NULL AS z", &s),
                        "");
}

/* ---- sets ---- */

static const char *expand(fixture *f, const char *item, const char *value)
{
    ds_scope s = {.cols = &row_schema, .sets = true};
    ds_exprs *e = compile(f, ds_str_printf(f->a, "n, %s AS part", item), &s);
    if (e == NULL)
        return ds_str_printf(f->a, "?%s %s", f->d.list[0].code,
                             f->d.list[0].msg);
    ds_slice words[3] = {ds_slice_of("first"), ds_slice_of(value),
                         ds_slice_of("last")};
    int64_t ns[3] = {1, 2, 3};
    ds_col cols[5] = {{.v.str = words}, {.v.i64 = ns}};
    uint32_t sel[1] = {1};
    ds_batch in = {.schema = &row_schema,
                   .cols = cols,
                   .n = 3,
                   .n_sel = 1,
                   .sel = sel,
                   .arena = f->a};
    ds_row_errors errs = {0};
    ds_eval ev = {.arena = f->a, .errs = &errs};
    const ds_batch *out = NULL;
    uint32_t n_from;
    ds_err err;
    assert_int_equal(ds_exprs_eval_set(e, &in, &ev, &out, &n_from, &err),
                     DS_OK);
    if (errs.n)
        return ds_str_printf(f->a, "!%s", errs.list[0].code);
    assert_int_equal(n_from, out->n_sel > 0);
    ds_buf b;
    ds_buf_init(&b, f->a, 64);
    DS_EACH (out, i) {
        assert_int_equal(out->cols[0].v.i64[i], 2);
        assert_int_equal(out->rec[i], 1);
        if (ds_col_is_null(&out->cols[1], i))
            ds_buf_str(&b, "[NULL]");
        else
            ds_buf_printf(&b, "[%.*s]", (int)out->cols[1].v.str[i].len,
                          (const char *)out->cols[1].v.str[i].ptr);
    }
    ds_buf_add(&b, "", 1);
    return b.s;
}

typedef struct set_case {
    const char *item, *value, *want;
} set_case;

static const set_case set_cases[] = {
#define RE(pattern, value, want)                                               \
    {                                                                          \
        "regexp_split_to_table(word, '" pattern "')", value, want              \
    }
    RE("\\s+", "to be  or\tnot", "[to][be][or][not]"),
    RE("\\s+", " a ", "[][a][]"),
    RE("\\s+", "", "[]"),
    RE("\\s+", "a\xe2\x80\x83z", "[a][z]"),
    RE("\\s+", "a\xc2\xa0z", "[a\xc2\xa0z]"),
    RE("\\s", "a  b", "[a][][b]"),
    RE(",", "a,b,,c", "[a][b][][c]"),
    RE(", ", "a, b,c", "[a][b,c]"),
    RE("", "abc", "[a][b][c]"),
    RE("x*", "axxb", "[a][b]"),
    RE("b*", "abc", "[a][c]"),
    RE("[,;]", "a,b;c", "[a][b][c]"),
    RE("\\s*,\\s*", "a , b,c", "[a][b][c]"),
    RE("a|ab", "xabx", "[x][x]"),
    RE("(a|ab)(c|bcd)", "xabcdx", "[x][x]"),
    RE("a?(ab)?", "xabx", "[x][x]"),
    RE("\\d+", "a12b3c", "[a][b][c]"),
    RE("\\W+", "one, two; three", "[one][two][three]"),
    RE("[^a-z]+", "ab12cd", "[ab][cd]"),
    RE("\\m", "ab cd", "[ab ][cd]"),
    RE("\\M", "ab cd", "[ab][ cd]"),
    RE("\\y", "ab cd", "[ab][ ][cd]"),
    RE("^a", "aba", "[][ba]"),
    RE("a$", "aba", "[ab][]"),
    RE(".", "ab", "[][][]"),
    RE("a{2}", "aaaa", "[][][]"),
    RE("[[:space:]]+", "a \t b", "[a][b]"),
    RE("\\.", "a.b", "[a][b]"),
    RE("é", "aébéc", "[a][b][c]"),
    RE("(?=b)", "abab", "[a][ba][b]"),
    RE("[a-c]{1,2}", "xabcx", "[x][][x]"),
    RE("\\u00e9", "aéb", "[a][b]"),
    RE("(", "a",
       "?E0702 invalid regular expression: parentheses () not "
       "balanced"),
    RE("[a", "a",
       "?E0702 invalid regular expression: brackets [] not "
       "balanced"),
    RE("*", "a",
       "?E0702 invalid regular expression: quantifier operand "
       "invalid"),
    RE("a{3,2}", "a",
       "?E0702 invalid regular expression: invalid repetition "
       "count(s)"),
    RE("a*?", "a", "[a]"),
    RE("(.)\\1", "aabccd", "[][b][d]"),
    RE("(?i)a", "A", "[][]"),
    RE("(?<=a*)b", "ab",
       "?E0304 a lookbehind of no fixed length in a regular expression is not "
       "supported"),
    {"regexp_split_to_table(word, 'X', 'i')", "axb", "[a][b]"},
    {"regexp_split_to_table(word, substr(word, 2, 1))", "axb", "[a][b]"},
    {"regexp_split_to_table(word, NULL)", "axb", ""},
    {"regexp_split_to_table(NULL, 'x')", "axb", ""},
    {"regexp_split_to_table(lower(word), '\\s+')", "A b", "[a][b]"},
    {"string_to_table(word, ',')", "a,b,,c", "[a][b][][c]"},
    {"string_to_table(word, ',', '')", "a,b,,c", "[a][b][NULL][c]"},
    {"string_to_table(word, NULL)", "aéb", "[a][é][b]"},
    {"string_to_table(word, '')", "a,b", "[a,b]"},
    {"string_to_table(word, ',')", "", ""},
    {"string_to_table(word, '--')", "a--b-c--", "[a][b-c][]"},
    {"string_to_table(NULL, ',')", "a", ""},
    {"upper(string_to_table(word, ','))", "a,b", "[A][B]"},
    {"string_to_table(word, ',') || '-' || word", "a,b", "[a-a,b][b-a,b]"},
    {"string_to_table(word, ',')::bigint > 0", "1,x", "!E0702"},
};

static void sets(void **state)
{
    fixture *f = *state;
    int bad = 0;
    for (size_t i = 0; i < sizeof set_cases / sizeof *set_cases; i++) {
        const set_case *c = &set_cases[i];
        const char *got = expand(f, c->item, c->value);
        if (strcmp(got, c->want)) {
            bad++;
            print_error("%s of \"%s\"\n  gives %s\n  not   %s\n", c->item,
                        c->value, got, c->want);
        }
    }
    assert_int_equal(bad, 0);
    ds_scope s = {.cols = &row_schema, .sets = true};
    assert_string_equal(
        mistakes(f, "coalesce(string_to_table(word, ','), '') AS y", &s),
        "E0306 10");
    assert_string_equal(mistakes(f,
                                 "string_to_table(word, ',') AS y, "
                                 "string_to_table(word, ';') AS z",
                                 &s),
                        "E0304 34");
}

/* A pattern that could take for ever ends in an error of the row. */
static void hostile_patterns(void **state)
{
    fixture *f = *state;
    size_t n = 200000;
    char *text = ds_new(f->a, char, n + 1);
    memset(text, 'a', n);
    static const char *const patterns[] = {"(a+)+b", "a*a*a*b", "(a|aa)+b",
                                           "a.*b"};
    ds_time start = ds_mono_now();
    for (size_t i = 0; i < 4; i++) {
        const char *item = ds_str_printf(
            f->a, "regexp_split_to_table(word, '%s')", patterns[i]);
        const char *got = expand(f, item, text);
        assert_true(strcmp(got, "!E0704") == 0 || got[0] == '[');
    }
    assert_true(ds_mono_now() - start < 20 * DS_SECOND);
}

static void types_of_columns(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *text;
        ds_type type;
        bool not_null;
    } good[] = {{"text", DS_STR, false},
                {"text not null", DS_STR, true},
                {"BIGINT NOT NULL", DS_I64, true},
                {"int", DS_I32, false},
                {"smallint", DS_I16, false},
                {"real", DS_F32, false},
                {"float(53)", DS_F64, false},
                {"decimal(10,2) not null", DS_NUM, true},
                {"character varying(10)", DS_STR, false},
                {"timestamp(3)", DS_TIMESTAMP, false},
                {"time without time zone", DS_TIME, false},
                {"interval day to second", DS_IV, false},
                {"uuid", DS_UUID, false},
                {"jsonb", DS_JSON, false},
                {"double precision", DS_F64, false},
                {"timestamp with time zone not null", DS_TS, true},
                {"boolean null", DS_BOOL, false},
                {"bytea", DS_BYTES, false}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        ds_text t = text_of(good[i].text);
        ds_field field = {0};
        assert_int_equal(ds_type_parse(&t, &f->d, &field), DS_OK);
        assert_int_equal(field.type, good[i].type);
        assert_int_equal(field.not_null, good[i].not_null);
    }
    static const char *const bad[] = {"numeric(0)",
                                      "numeric(1001,2)",
                                      "numeric(10",
                                      "varchar(0)",
                                      "text(3)",
                                      "json",
                                      "char(3)",
                                      "timetz",
                                      "setof text",
                                      "txt",
                                      "text default 1",
                                      "not null",
                                      "",
                                      "text, int",
                                      "text FROM t",
                                      "text; select 1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ds_text t = text_of(bad[i]);
        ds_field field = {0};
        uint32_t before = f->d.errors;
        assert_true(ds_type_parse(&t, &f->d, &field) < 0);
        assert_int_equal(f->d.errors, before + 1);
    }
}

/* ---- columns of the record ---- */

static void metadata(void **state)
{
    fixture *f = *state;
    ds_scope s = {.cols = &row_schema, .meta = true};
    ds_exprs *e = compile(
        f, "_key || ':' || _offset || ':' || _partition || ':' || _topic AS y",
        &s);
    ds_slice keys[2] = {ds_slice_of("k"), {(const uint8_t *)"\xff", 1}};
    int64_t off[2] = {41, 42};
    ds_envelope env = {
        .n = 2, .topic = "t", .partition = 3, .key = keys, .off = off};
    uint32_t rec[3] = {0, 0, 1};
    ds_col cols[5] = {{0}};
    ds_batch in = {.schema = &row_schema,
                   .cols = cols,
                   .n = 3,
                   .n_sel = 3,
                   .env = &env,
                   .rec = rec,
                   .arena = f->a};
    ds_row_errors errs = {0};
    ds_eval ev = {.arena = f->a, .errs = &errs};
    ds_col out;
    assert_int_equal(ds_exprs_eval(e, &in, &ev, &out, NULL), DS_OK);
    assert_true(ds_slice_eq(out.v.str[1], ds_slice_of("k:41:3:t")));
    assert_int_equal(errs.n, 1);
    assert_int_equal(errs.list[0].row, 2);
}

/* The answer in row `row` as text, NULL, or ! and a message. */
static const char *row_text(fixture *f, const char *item, const ds_batch *in,
                            uint32_t row)
{
    ds_scope s = {.cols = &row_schema, .meta = true};
    ds_exprs *e = compile(f, item, &s);
    ds_row_errors errs = {0};
    ds_eval ev = {.arena = f->a, .errs = &errs};
    ds_col out;
    ds_buf b;
    assert_int_equal(ds_exprs_eval(e, in, &ev, &out, NULL), DS_OK);
    for (uint32_t i = 0; i < errs.n; i++)
        if (errs.list[i].row == row)
            return ds_str_printf(f->a, "!%s", errs.list[i].msg);
    if (ds_col_is_null(&out, row))
        return "NULL";
    ds_buf_init(&b, f->a, 64);
    ds_show_text(&b, ds_exprs_schema(e)->fields[0].type, &out, row);
    ds_buf_add(&b, "", 1);
    return b.s;
}

static void headers(void **state)
{
    fixture *f = *state;
    static const char bad[] = "\xff";
    const ds_header list[] = {
        {ds_slice_of("trace"), ds_slice_of("one")},
        {ds_slice_of("b"), ds_slice_of("say \"hi\"")},
        {ds_slice_of("none"), DS_NULL_SLICE},
        {ds_slice_of("trace"), ds_slice_of("two")},
    };
    const ds_header broken = {ds_slice_of("x"), {(const uint8_t *)bad, 1}};
    const ds_header nameless = {{(const uint8_t *)bad, 1}, ds_slice_of("v")};
    ds_slice hdr[4] = {ds_headers_encode(f->a, DS_NULL_SLICE, list, 4),
                       DS_NULL_SLICE,
                       ds_headers_encode(f->a, DS_NULL_SLICE, &broken, 1),
                       ds_headers_encode(f->a, DS_NULL_SLICE, &nameless, 1)};
    ds_envelope env = {.n = 4, .topic = "t", .hdr = hdr};
    ds_col cols[5] = {{0}};
    ds_batch in = {.schema = &row_schema,
                   .cols = cols,
                   .n = 4,
                   .n_sel = 4,
                   .env = &env,
                   .arena = f->a};
    static const struct {
        const char *item;
        uint32_t row;
        const char *want;
    } cases[] = {
        {"headers['trace'] AS y", 0, "two"},
        {"headers['b'] AS y", 0, "say \"hi\""},
        {"headers['none'] AS y", 0, "NULL"},
        {"headers['other'] AS y", 0, "NULL"},
        {"headers['trace'] AS y", 1, "NULL"},
        {"headers['b'] AS y", 2, "NULL"},
        {"headers['x'] AS y", 2,
         "!header \"x\" is no text: invalid byte sequence for encoding "
         "\"UTF8\""},
        {"_headers AS y", 0,
         "{\"b\": \"say \\\"hi\\\"\", \"none\": null, \"trace\": \"two\"}"},
        {"_headers AS y", 1, "{}"},
        {"headers['x'] AS y", 3, "NULL"},
        {"_headers AS y", 3,
         "!the name of a header is no text: invalid byte sequence for encoding "
         "\"UTF8\""},
        {"_headers ->> 'trace' AS y", 0, "two"},
        {"_headers ? 'trace' AS y", 1, "false"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(row_text(f, cases[i].item, &in, cases[i].row),
                            cases[i].want);
    static const ds_field own[] = {{"headers", DS_JSON, 0, false}};
    const ds_schema own_schema = {1, own};
    ds_scope s = {.cols = &own_schema, .meta = true};
    ds_exprs *e = compile(f, "headers['x'] AS y", &s);
    assert_int_equal(ds_exprs_schema(e)->fields[0].type, DS_JSON);
}

static void named(void **state)
{
    fixture *f = *state;
    ds_scope s = {.cols = &row_schema};
    ds_text names[2] = {text_of("a"), text_of("a")};
    ds_text texts[2] = {text_of("n + 1"), text_of("word")};
    ds_exprs *e = NULL;
    assert_true(ds_exprs_compile_named(names, texts, 2, &s, f->a, &f->d, &e) <
                0);
    assert_string_equal(f->d.list[0].code, "E0312");
    names[1] = text_of("b");
    ds_diags_init(&f->d, f->a);
    assert_int_equal(
        ds_exprs_compile_named(names, texts, 2, &s, f->a, &f->d, &e), DS_OK);
    assert_string_equal(ds_exprs_schema(e)->fields[1].name, "b");
}

/* Nesting costs no more than its length. */
static void nested(void **state)
{
    fixture *f = *state;
    ds_scope s = {.cols = &row_schema};
    static const char *const parts[][2] = {
        {"nullif(", ", n + 1)"},
        {"CASE ", " WHEN n + 2 THEN 1 ELSE 2 END"},
        {"coalesce(nullif(", ", n), 3)"},
    };
    for (size_t k = 0; k < 3; k++) {
        ds_buf b;
        ds_buf_init(&b, f->a, 1000);
        for (int i = 0; i < 30; i++)
            ds_buf_str(&b, parts[k][0]);
        ds_buf_str(&b, "n + 0");
        for (int i = 0; i < 30; i++)
            ds_buf_str(&b, parts[k][1]);
        ds_buf_str(&b, " AS y");
        ds_buf_add(&b, "", 1);
        ds_exprs *e = compile(f, b.s, &s);
        assert_non_null(e);
        assert_true(strlen(ds_exprs_canon(e, f->a)) < 20000);
    }
}

static void codes_are_in_the_table(void **state)
{
    (void)state;
    for (const ds_expr_code *c = ds_expr_codes; c->code; c++) {
        assert_int_equal(strlen(c->code), 5);
        assert_true(c->text[0] != 0);
        assert_true(c[1].code == NULL || strcmp(c->code, c[1].code) < 0);
    }
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--print") == 0) {
        for (size_t i = 0; i < sizeof set_cases / sizeof *set_cases; i++)
            printf("%s\x1f%s\x1f%s\n", set_cases[i].item, set_cases[i].value,
                   set_cases[i].want);
        return 0;
    }
#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(names_and_mistakes),
        TEST(schema_and_reads),
        TEST(canon_tells_apart),
        TEST(idle_keeps),
        TEST(state_types),
        TEST(sets),
        TEST(hostile_patterns),
        TEST(types_of_columns),
        TEST(metadata),
        TEST(headers),
        TEST(named),
        TEST(nested),
        TEST(codes_are_in_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
