/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_numeric.c - exact decimal numbers; what PostgreSQL 15 answers.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "record/numeric.h"
#include "record/wide.h"

static ds_arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = ds_arena_new(4096);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ds_arena_free(arena);
    return 0;
}

static const char *shown(numeric_rc rc, const ds_numeric *n)
{
    static const char *const errors[] = {
        [NUMERIC_SYNTAX] = "!syntax", [NUMERIC_WIDE] = "!wide",
        [NUMERIC_RANGE] = "!range",   [NUMERIC_ZERO] = "!zero",
        [NUMERIC_DOMAIN] = "!domain",
    };
    if (rc != NUMERIC_OK)
        return errors[rc];
    ds_buf b;
    ds_buf_init(&b, arena, 16);
    numeric_show(&b, n);
    ds_buf_add(&b, "", 1);
    return b.s;
}

static ds_numeric number(const char *text)
{
    ds_numeric n = {0};
    if (numeric_parse(ds_slice_of(text), &n) != NUMERIC_OK)
        fail_msg("%s is no number", text);
    return n;
}

static const struct {
    const char *in, *out;
} parses[] = {
    {"0", "0"},
    {"-0", "0"},
    {"007", "7"},
    {" \t-12.50\n", "-12.50"},
    {".5", "0.5"},
    {"5.", "5"},
    {"+.5e1", "5"},
    {"1e3", "1000"},
    {"1.2345E2", "123.45"},
    {"1e-5", "0.00001"},
    {"0e9", "0"},
    {"0e-3", "0.000"},
    {"-1.50e-2", "-0.0150"},
    {"nan", "NaN"},
    {"inf", "Infinity"},
    {"-INFINITY", "-Infinity"},
    {"+inf", "Infinity"},
    {"99999999999999999999999999999999999999",
     "99999999999999999999999999999999999999"},
    {"-0.00000000000000000000000000000000000000001",
     "-0.00000000000000000000000000000000000000001"},
    {"000000000000000000000000000000000000000000000000001.5", "1.5"},
    {"100000000000000000000000000000000000000", "!wide"},
    {"1e38", "!wide"},
    {"1.00000000000000000000000000000000000000", "!wide"},
    {"1e131071", "!wide"},
    {"1e131072", "!range"},
    {"1e-16384", "!range"},
    {"0e999999", "0"},
    {"1e2000000000", "!range"},
    {"", "!syntax"},
    {"+", "!syntax"},
    {".", "!syntax"},
    {"1e", "!syntax"},
    {"1e+", "!syntax"},
    {"1.2.3", "!syntax"},
    {"--1", "!syntax"},
    {"+nan", "!syntax"},
    {"infi", "!syntax"},
    {"1 2", "!syntax"},
    {"0x10", "!syntax"},
    {"12a", "!syntax"},
};

static void test_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof parses / sizeof *parses; i++) {
        ds_numeric n;
        numeric_rc rc = numeric_parse(ds_slice_of(parses[i].in), &n);
        assert_string_equal(shown(rc, &n), parses[i].out);
    }
}

static const struct {
    const char *a, *op, *b, *out;
} sums[] = {
    {"1.5", "+", "2.25", "3.75"},
    {"-0.01", "+", "0.01", "0.00"},
    {"99999999999999999999999999999999999998", "+", "1",
     "99999999999999999999999999999999999999"},
    {"1e37", "+", "-0.5", "9999999999999999999999999999999999999.5"},
    {"NaN", "+", "1", "NaN"},
    {"Infinity", "+", "-Infinity", "NaN"},
    {"Infinity", "+", "1", "Infinity"},
    {"9223372036854775807", "+", "1", "9223372036854775808"},
    {"-9223372036854775808", "+", "-1", "-9223372036854775809"},
    {"0.00", "+", "7", "7.00"},
    {"1.5", "-", "2.25", "-0.75"},
    {"0.1", "-", "0.3", "-0.2"},
    {"1e37", "-", "1e37", "0"},
    {"-Infinity", "-", "Infinity", "-Infinity"},
    {"NaN", "-", "NaN", "NaN"},
    {"-9223372036854775808.5", "-", "0.5", "-9223372036854775809.0"},
    {"1.5", "*", "2.25", "3.375"},
    {"-3", "*", "0.10", "-0.30"},
    {"9223372036854775807", "*", "9223372036854775807",
     "85070591730234615847396907784232501249"},
    {"1234567890123456789", "*", "12345678901234567890",
     "15241578753238836750190519987501905210"},
    {"0", "*", "-5.00", "0.00"},
    {"Infinity", "*", "0", "NaN"},
    {"-Infinity", "*", "-2", "Infinity"},
    {"1", "/", "3", "0.33333333333333333333"},
    {"2", "/", "3", "0.66666666666666666667"},
    {"10", "/", "4", "2.5000000000000000"},
    {"100", "/", "0.07", "1428.5714285714285714"},
    {"1", "/", "9999", "0.00010001000100010001"},
    {"9999", "/", "1", "9999.0000000000000000"},
    {"10000", "/", "1", "10000.0000000000000000"},
    {"1", "/", "10000", "0.000100000000000000000000"},
    {"4999", "/", "5000", "0.99980000000000000000"},
    {"5000", "/", "4999", "1.0002000400080016"},
    {"0", "/", "7", "0.00000000000000000000"},
    {"0.00", "/", "7.000", "0.00000000000000000000"},
    {"1", "/", "99999999999999999999",
     "0.000000000000000000010000000000000000"},
    {"99999999999999999999", "/", "7", "14285714285714285714"},
    {"1.234567890123456789", "/", "9.87654321", "0.12499999887343749990"},
    {"-1", "/", "3", "-0.33333333333333333333"},
    {"1e-20", "/", "3", "0.0000000000000000000033333333333333333333"},
    {"Infinity", "/", "2", "Infinity"},
    {"-Infinity", "/", "-2", "Infinity"},
    {"1", "/", "Infinity", "0"},
    {"Infinity", "/", "Infinity", "NaN"},
    {"NaN", "/", "0", "NaN"},
    {"12345.67", "/", "0.0001", "123456700.000000000000"},
    {"1", "/", "99999999999999999999999999999999999999",
     "0.00000000000000000000000000000000000001000000000000000000"},
    {"7", "%", "4", "3"},
    {"-7", "%", "4", "-3"},
    {"7.5", "%", "-2", "1.5"},
    {"1e37", "%", "0.0000000003", "0.0000000001"},
    {"0.3", "%", "7", "0.3"},
    {"Infinity", "%", "3", "NaN"},
    {"3", "%", "Infinity", "3"},
    {"-3.5", "%", "-Infinity", "-3.5"},
    {"99999999999999999999999999999999999999", "%", "1e-30",
     "0.000000000000000000000000000000"},
    {"1", "%", "99999999999999999999999999999999999999", "1"},
    {"7", "div", "2", "3"},
    {"-7", "div", "2", "-3"},
    {"7.9", "div", "0.5", "15"},
    {"0.1", "div", "3", "0"},
    {"1e37", "div", "3e-1", "33333333333333333333333333333333333333"},
    {"5", "div", "Infinity", "0"},
    {"-Infinity", "div", "5", "-Infinity"},
    {"2.5", "round", "0", "3"},
    {"-2.5", "round", "0", "-3"},
    {"1.005", "round", "2", "1.01"},
    {"1.5", "round", "4", "1.5000"},
    {"1234.5", "round", "-2", "1200"},
    {"50", "round", "-2", "100"},
    {"49", "round", "-2", "0"},
    {"5e37", "round", "-38", "!wide"},
    {"4e37", "round", "-38", "0"},
    {"NaN", "round", "2", "NaN"},
    {"0.5", "round", "-5", "0"},
    {"99999999999999999999999999999999999999", "round", "-1", "!wide"},
    {"2.9", "trunc", "0", "2"},
    {"-2.9", "trunc", "0", "-2"},
    {"1.009", "trunc", "2", "1.00"},
    {"1.5", "trunc", "4", "1.5000"},
    {"1299.5", "trunc", "-2", "1200"},
    {"99", "trunc", "-2", "0"},
    {"0", "sqrt", "0", "0.000000000000000"},
    {"1", "sqrt", "0", "1.000000000000000"},
    {"2", "sqrt", "0", "1.414213562373095"},
    {"10000", "sqrt", "0", "100.0000000000000"},
    {"0.0001", "sqrt", "0", "0.01000000000000000"},
    {"15241578750190521", "sqrt", "0", "123456789.0000000"},
    {"1e36", "sqrt", "0", "1000000000000000000"},
    {"99999999999999999999999999999999999999", "sqrt", "0",
     "10000000000000000000"},
    {"0.000", "sqrt", "0", "0.000000000000000"},
    {"2.00000000000000000000", "sqrt", "0", "1.41421356237309504880"},
    {"-1", "sqrt", "0", "!domain"},
    {"Infinity", "sqrt", "0", "Infinity"},
    {"NaN", "sqrt", "0", "NaN"},
    {"0", "exp", "0", "1.0000000000000000"},
    {"1", "exp", "0", "2.7182818284590452"},
    {"-1", "exp", "0", "0.3678794411714423"},
    {"2.302585", "exp", "0", "9.9999990700595864"},
    {"10.5", "exp", "0", "36315.502674246638"},
    {"-100", "exp", "0",
     "0.00000000000000000000000000000000000000000003720075976020836"},
    {"50", "exp", "0", "5184705528587072464087"},
    {"0.000000000000000000001", "exp", "0", "1.000000000000000000001"},
    {"Infinity", "exp", "0", "Infinity"},
    {"-Infinity", "exp", "0", "0"},
    {"100", "exp", "0", "!wide"},
    {"1", "ln", "0", "0.0000000000000000"},
    {"2", "ln", "0", "0.6931471805599453"},
    {"10", "ln", "0", "2.3025850929940457"},
    {"0.5", "ln", "0", "-0.6931471805599453"},
    {"1.0000000000000001", "ln", "0", "0.00000000000000010000000000000000"},
    {"0.999999", "ln", "0", "-0.0000010000005000003333"},
    {"1e30", "ln", "0", "69.077552789821371"},
    {"1e-30", "ln", "0", "-69.077552789821370520539743640531"},
    {"0", "ln", "0", "!domain"},
    {"-1", "ln", "0", "!domain"},
    {"Infinity", "ln", "0", "Infinity"},
    {"NaN", "ln", "0", "NaN"},
    {"99999999999999999999999999999999999999", "ln", "0", "87.498233533773736"},
    {"10", "log", "1000", "3.0000000000000000"},
    {"2", "log", "8", "3.0000000000000000"},
    {"2", "log", "0.1", "-3.3219280948873623"},
    {"0.5", "log", "3", "-1.5849625007211562"},
    {"10", "log", "2.000000000000000000000", "0.301029995663981195214"},
    {"1", "log", "5", "!zero"},
    {"1.00", "log", "2", "!zero"},
    {"0", "log", "5", "!domain"},
    {"5", "log", "-1", "!domain"},
    {"Infinity", "log", "2", "0"},
    {"2", "log", "Infinity", "Infinity"},
    {"10", "log", "1.0001", "0.00004342727686266964"},
    {"2", "^", "3", "8.0000000000000000"},
    {"2", "^", "-3", "0.1250000000000000"},
    {"1.5", "^", "2", "2.2500000000000000"},
    {"0.5", "^", "17", "0.0000076293945313"},
    {"2", "^", "-17", "0.0000076293945313"},
    {"-1.5", "^", "3", "-3.3750000000000000"},
    {"0", "^", "0", "1.0000000000000000"},
    {"0", "^", "5", "0.0000000000000000"},
    {"0", "^", "-1", "!zero"},
    {"-8", "^", "0.5", "!domain"},
    {"2", "^", "0.5", "1.4142135623730950"},
    {"100", "^", "1.5", "1000.0000000000000"},
    {"10", "^", "37", "!wide"},
    {"10", "^", "38", "!wide"},
    {"1.0001", "^", "10000", "2.7181459268252249"},
    {"0.99", "^", "100000", "0.0000000000000000"},
    {"1.000000001", "^", "3000000000", "20.085536893059362"},
    {"-1", "^", "3000000001", "-1.0000000000000000"},
    {"NaN", "^", "0", "1"},
    {"1", "^", "NaN", "1"},
    {"2", "^", "NaN", "NaN"},
    {"Infinity", "^", "-1", "0"},
    {"-Infinity", "^", "3", "-Infinity"},
    {"-Infinity", "^", "2", "Infinity"},
    {"-Infinity", "^", "0.5", "!domain"},
    {"0.5", "^", "Infinity", "0"},
    {"2", "^", "-Infinity", "0"},
    {"-1", "^", "Infinity", "1"},
    {"0", "^", "-Infinity", "!zero"},
    {"12.5", "^", "-2.25", "0.003403709374044793"},
    {"3.000000000000000000", "^", "2", "9.000000000000000000"},
    {"1", "/", "0", "!zero"},
    {"Infinity", "/", "0", "!zero"},
    {"0.0", "%", "0.00", "!zero"},
    {"5", "div", "0", "!zero"},
    {"99999999999999999999999999999999999999", "+", "1", "!wide"},
    {"1e37", "*", "10", "!wide"},
    {"1e30", "/", "1e-10", "!wide"},
};

static numeric_rc calculate(const char *op, const ds_numeric *a,
                            const ds_numeric *b, ds_numeric *out)
{
    switch (op[0]) {
    case 's':
        return numeric_sqrt(a, out);
    case 'e':
        return numeric_exp(a, out);
    case 'l':
        return op[1] == 'n' ? numeric_ln(a, out) : numeric_log(a, b, out);
    case '^':
        return numeric_power(a, b, out);
    case '+':
        return numeric_add(a, b, out);
    case '-':
        return numeric_sub(a, b, out);
    case '*':
        return numeric_mul(a, b, out);
    case '/':
        return numeric_div(a, b, out);
    case '%':
        return numeric_mod(a, b, out);
    case 'd':
        return numeric_quot(a, b, out);
    case 'r':
        return numeric_round(a, (int32_t)b->lo, out);
    default:
        return numeric_trunc(a, (int32_t)b->lo, out);
    }
}

static void test_sums(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
        ds_numeric a = number(sums[i].a), b = number(sums[i].b), n;
        const char *got = shown(calculate(sums[i].op, &a, &b, &n), &n);
        if (strcmp(got, sums[i].out) != 0)
            fail_msg("%s %s %s: %s, not %s", sums[i].a, sums[i].op, sums[i].b,
                     got, sums[i].out);
    }
}

/* In ascending order; equal ones are joined by '='. */
static const char *const ordered[] = {
    "-Infinity",
    "-99999999999999999999999999999999999999",
    "-10000",
    "-1.5=-1.50",
    "-1.4999999999999999999999999999999999999",
    "-1=-1.000",
    "-0.5",
    "-1e-10",
    "0=0.00=-0",
    "1e-16383",
    "7e-1000",
    "1e-10",
    "0.5=0.50",
    "1=1.0000",
    "1.1",
    "9.99",
    "10=10.0",
    "11",
    "99",
    "100=100.00",
    "9223372036854775807",
    "9223372036854775808",
    "99999999999999999999999999999999999999",
    "Infinity",
    "NaN",
};

static void key_there_and_back(const ds_numeric *n, uint8_t *key, uint32_t *len)
{
    ds_numeric back, plain = numeric_plain(n);
    *len = numeric_key(n, key);
    assert_true(*len <= NUMERIC_KEY);
    assert_int_equal(numeric_from_key(key, *len, &back), *len);
    assert_memory_equal(&back, &plain, sizeof back);
    for (uint32_t cut = 0; cut < *len; cut++)
        assert_int_equal(numeric_from_key(key, cut, &back), 0);
}

static void test_order(void **state)
{
    (void)state;
    struct {
        ds_numeric n;
        int rank;
    } all[64];
    int n = 0;
    for (size_t i = 0; i < sizeof ordered / sizeof *ordered; i++) {
        char text[128], *save = NULL;
        snprintf(text, sizeof text, "%s", ordered[i]);
        for (char *p = strtok_r(text, "=", &save); p;
             p = strtok_r(NULL, "=", &save), n++) {
            all[n].n = number(p);
            all[n].rank = (int)i;
        }
    }
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            uint8_t a[NUMERIC_KEY], b[NUMERIC_KEY];
            uint32_t la, lb;
            int want =
                (all[i].rank > all[j].rank) - (all[i].rank < all[j].rank);
            assert_int_equal(numeric_cmp(&all[i].n, &all[j].n), want);
            key_there_and_back(&all[i].n, a, &la);
            key_there_and_back(&all[j].n, b, &lb);
            int c = ds_slice_cmp((ds_slice){a, la}, (ds_slice){b, lb});
            assert_int_equal((c > 0) - (c < 0), want);
        }
    }
}

static const struct {
    const char *in;
    int p, s;
    const char *out;
} fits[] = {
    {"12.345", 10, 2, "12.35"},
    {"12", 10, 2, "12.00"},
    {"99.994", 4, 2, "99.99"},
    {"99.995", 4, 2, "!range"},
    {"-1234.5", 4, -2, "-1200"},
    {"1e6", 4, -2, "!range"},
    {"0.0012345", 3, 5, "0.00123"},
    {"0.01", 3, 5, "!range"},
    {"0", 1, 1, "0.0"},
    {"1", 1, 1, "!range"},
    {"NaN", 4, 2, "NaN"},
    {"Infinity", 4, 2, "!range"},
    {"1e37", 10, 2, "!range"},
    {"1", 100, 50, "!wide"},
};

static void test_fit(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof fits / sizeof *fits; i++) {
        ds_numeric n = number(fits[i].in);
        numeric_rc rc = numeric_fit(&n, ds_mod_numeric(fits[i].p, fits[i].s));
        assert_string_equal(shown(rc, &n), fits[i].out);
    }
}

static const struct {
    double in;
    const char *f64, *f32;
} doubles[] = {
    {0, "0", "0"},
    {-0.0, "0", "0"},
    {0.1, "0.1", "0.1"},
    {0.1 + 0.2, "0.3", "0.3"},
    {1.0 / 3, "0.333333333333333", "0.333333"},
    {-2.5, "-2.5", "-2.5"},
    {123456.5, "123456.5", "123456"},
    {123457.5, "123457.5", "123458"},
    {9007199254740992, "9007199254740990", "9007200000000000"},
    {1e15, "1000000000000000", "1000000000000000"},
    {1e22, "10000000000000000000000", "10000000000000000000000"},
    {1.5e-9, "0.0000000015", "0.0000000015"},
    {1e-30, "0.000000000000000000000000000001",
     "0.000000000000000000000000000001"},
    {1e37, "10000000000000000000000000000000000000",
     "10000000000000000000000000000000000000"},
    {1e38, "!wide", "!wide"},
    {NAN, "NaN", "NaN"},
    {-INFINITY, "-Infinity", "-Infinity"},
};

static void test_doubles(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++) {
        ds_numeric n;
        numeric_rc rc = numeric_from_f64(doubles[i].in, &n);
        assert_string_equal(shown(rc, &n), doubles[i].f64);
        rc = numeric_from_f32(doubles[i].in, &n);
        assert_string_equal(shown(rc, &n), doubles[i].f32);
    }
}

static void test_to_double(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "0",
        "1.5",
        "-0.1",
        "12345678901234567890.123456789",
        "0.00000000000000000000000000000000000007",
        "99999999999999999999999999999999999999",
        "9007199254740993",
        "-9223372036854775807.5",
        "5e-324",
        "1e-320",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        ds_numeric n = number(texts[i]);
        double v;
        assert_int_equal(numeric_to_f64(&n, &v), NUMERIC_OK);
        assert_true(v == strtod(texts[i], NULL));
    }
    ds_numeric n = number("1e-400");
    double v;
    assert_int_equal(numeric_to_f64(&n, &v), NUMERIC_RANGE);
    n = number("-Infinity");
    assert_int_equal(numeric_to_f64(&n, &v), NUMERIC_OK);
    assert_true(isinf(v) && v < 0);
}

static void test_to_integer(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        int64_t out;
        bool fits;
    } cases[] = {
        {"2.5", 3, true},
        {"-2.5", -3, true},
        {"2.4999", 2, true},
        {"9223372036854775807.4", INT64_MAX, true},
        {"9223372036854775807.5", 0, false},
        {"-9223372036854775808.4", INT64_MIN, true},
        {"-9223372036854775808.5", 0, false},
        {"NaN", 0, false},
        {"Infinity", 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ds_numeric n = number(cases[i].in);
        int64_t v;
        numeric_rc rc = numeric_to_i64(&n, &v);
        assert_int_equal(rc == NUMERIC_OK, cases[i].fits);
        if (cases[i].fits)
            assert_true(v == cases[i].out);
    }
}

/* (q * d + r) / d gives q and r back. */
static void test_wide(void **state)
{
    (void)state;
    uint64_t seed = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        numeric_uint part[3];
        for (int k = 0; k < 3; k++) {
            part[k] = 0;
            for (int h = 0; h < 2; h++) {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                part[k] = part[k] << 64 | (seed % 5 ? seed : UINT64_MAX);
            }
            part[k] >>= seed % 128;
        }
        numeric_uint d = part[0] ? part[0] : 1, rest;
        wide n = wide_add(wide_mul(part[1], d), (wide){0, part[2] % d});
        assert_true(wide_div(n, d, &rest) == part[1]);
        assert_true(rest == part[2] % d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),      cmocka_unit_test(test_sums),
        cmocka_unit_test(test_order),      cmocka_unit_test(test_fit),
        cmocka_unit_test(test_doubles),    cmocka_unit_test(test_to_double),
        cmocka_unit_test(test_to_integer), cmocka_unit_test(test_wide),
    };
    return cmocka_run_group_tests_name("numeric", tests, setup, teardown);
}
