/* SPDX-License-Identifier: Apache-2.0 */
/*
 * func.c - the table of operators, casts and functions, and overload
 * resolution.
 */
#include "expr/func.h"

#define B DS_BOOL
#define I DS_I64
#define F DS_F64
#define T DS_TS
#define S DS_STR
#define Y DS_BYTES

/* clang-format off */
#define OP2(name, res, a, b, fn) {name, res, 2, 0, {a, b}, fn, NULL, NULL, NULL}
#define CMP(name, op) \
    OP2(name, B, B, B, cmp_##op##_bool), OP2(name, B, I, I, cmp_##op##_i64), \
    OP2(name, B, F, F, cmp_##op##_f64), OP2(name, B, T, T, cmp_##op##_i64), \
    OP2(name, B, S, S, cmp_##op##_str), OP2(name, B, Y, Y, cmp_##op##_str)
#define INNER(name, res, n, flags, fn, ...) \
    {name, res, n, (flags) | FUNC_HIDDEN, {__VA_ARGS__}, fn, NULL, NULL, NULL}
#define PICK(name, op) \
    INNER(name, B, 2, FUNC_NULLS, cmp_##op##_bool, B, B), \
    INNER(name, I, 2, FUNC_NULLS, cmp_##op##_i64, I, I), \
    INNER(name, F, 2, FUNC_NULLS, cmp_##op##_f64, F, F), \
    INNER(name, T, 2, FUNC_NULLS, cmp_##op##_i64, T, T), \
    INNER(name, S, 2, FUNC_NULLS, cmp_##op##_str, S, S)
#define DISTINCT(type, fn) INNER("distinct", B, 2, FUNC_NULLS, fn, type, type)
#define TEST(name, fn) \
    INNER(name, B, 1, FUNC_NULLS, fn, B), INNER(name, B, 1, FUNC_NULLS, fn, I), \
    INNER(name, B, 1, FUNC_NULLS, fn, F), INNER(name, B, 1, FUNC_NULLS, fn, T), \
    INNER(name, B, 1, FUNC_NULLS, fn, S), INNER(name, B, 1, FUNC_NULLS, fn, Y)
#define FN(name, res, n, fn, help, example, ...) \
    {name, res, n, 0, {__VA_ARGS__}, fn, NULL, help, example}
#define SET(name, n, help, example, ...) \
    {name, S, n, FUNC_SET, {__VA_ARGS__}, NULL, NULL, help, example}
#define CAST(from, to, fn) INNER("cast", to, 1, 0, fn, from)

const func_def func_table[] = {
    CMP("=", eq), CMP("<>", ne), CMP("<", lt), CMP("<=", le), CMP(">", gt),
    CMP(">=", ge),
    OP2("+", I, I, I, num_add_i64), OP2("-", I, I, I, num_sub_i64),
    OP2("*", I, I, I, num_mul_i64), OP2("/", I, I, I, num_div_i64),
    OP2("%", I, I, I, num_mod_i64),
    OP2("+", F, F, F, num_add_f64), OP2("-", F, F, F, num_sub_f64),
    OP2("*", F, F, F, num_mul_f64), OP2("/", F, F, F, num_div_f64),
    OP2("^", F, F, F, num_power_f64),
    OP2("+", T, T, DS_IV, time_add), OP2("+", T, DS_IV, T, time_add),
    OP2("-", T, T, DS_IV, time_sub),
    OP2("||", S, S, S, str_concat),
    {"-", I, 1, 0, {I}, num_neg_i64, NULL, NULL, NULL},
    {"-", F, 1, 0, {F}, num_neg_f64, NULL, NULL, NULL},
    {"~~", B, 2, 0, {S, S}, like_match, like_prepare, NULL, NULL},
    {"!~~", B, 2, 0, {S, S}, like_not_match, like_prepare, NULL, NULL},
    OP2("~~*", B, S, S, like_imatch), OP2("!~~*", B, S, S, like_not_imatch),

    INNER("not", B, 1, 0, logic_not, B),
    INNER("bool out", S, 1, 0, cast_bool_out, B),
    INNER("like_escape", S, 2, 0, like_escape, S, S),
    TEST("is null", logic_is_null), TEST("is not null", logic_is_not_null),
    INNER("is true", B, 1, FUNC_NULLS, logic_is_true, B),
    INNER("is not true", B, 1, FUNC_NULLS, logic_is_not_true, B),
    INNER("is false", B, 1, FUNC_NULLS, logic_is_false, B),
    INNER("is not false", B, 1, FUNC_NULLS, logic_is_not_false, B),
    DISTINCT(B, cmp_distinct_bool), DISTINCT(I, cmp_distinct_i64),
    DISTINCT(F, cmp_distinct_f64), DISTINCT(T, cmp_distinct_i64),
    DISTINCT(S, cmp_distinct_str), DISTINCT(Y, cmp_distinct_str),
    PICK("greatest", greatest), PICK("least", least),
    INNER("in", B, 1, 0, cmp_in_i64, I), INNER("in", B, 1, 0, cmp_in_f64, F),
    INNER("in", B, 1, 0, cmp_in_i64, T), INNER("in", B, 1, 0, cmp_in_str, S),

    CAST(I, F, cast_i64_f64), CAST(F, I, cast_f64_i64),
    CAST(I, B, cast_i64_bool), CAST(B, I, cast_bool_i64),
    CAST(B, S, cast_to_text_bool), CAST(I, S, cast_to_text_i64),
    CAST(F, S, cast_to_text_f64), CAST(T, S, cast_to_text_ts),
    CAST(Y, S, cast_to_text_bytes),
    CAST(S, B, cast_text_bool), CAST(S, I, cast_text_i64),
    CAST(S, F, cast_text_f64), CAST(S, T, cast_text_ts),
    INNER("narrow2", I, 1, 0, cast_narrow2, I),
    INNER("narrow4", I, 1, 0, cast_narrow4, I),
    INNER("text narrow2", I, 1, 0, cast_text_narrow2, S),
    INNER("text narrow4", I, 1, 0, cast_text_narrow4, S),

    FN("abs", I, 1, num_abs_i64, "absolute value", "abs(-7) = 7", I),
    FN("abs", F, 1, num_abs_f64, "absolute value", "abs(-7.5) = 7.5", F),
    FN("round", F, 1, num_round_f64, "to the nearest integer, halves to even",
       "round(2.5) = 2", F),
    FN("floor", F, 1, num_floor_f64, "the next integer below",
       "floor(-2.5) = -3", F),
    FN("ceil", F, 1, num_ceil_f64, "the next integer above",
       "ceil(2.1) = 3", F),
    FN("ceiling", F, 1, num_ceil_f64, "the next integer above",
       "ceiling(2.1) = 3", F),
    FN("trunc", F, 1, num_trunc_f64, "towards zero", "trunc(-2.5) = -2", F),
    FN("sign", F, 1, num_sign_f64, "-1, 0 or 1", "sign(-2.5) = -1", F),
    FN("sqrt", F, 1, num_sqrt_f64, "square root", "sqrt(9) = 3", F),
    FN("power", F, 2, num_power_f64, "a to the power of b",
       "power(2, 10) = 1024", F, F),
    FN("mod", I, 2, num_mod_i64, "remainder of a / b", "mod(7, 4) = 3", I, I),
    FN("lower", S, 1, str_lower, "in lower case", "lower('Ab') = 'ab'", S),
    FN("upper", S, 1, str_upper, "in upper case", "upper('Ab') = 'AB'", S),
    FN("length", I, 1, str_length, "number of characters",
       "length('abc') = 3", S),
    FN("char_length", I, 1, str_length, "number of characters",
       "char_length('abc') = 3", S),
    FN("character_length", I, 1, str_length, "number of characters",
       "character_length('abc') = 3", S),
    FN("octet_length", I, 1, str_octets, "number of bytes",
       "octet_length('abc') = 3", S),
    FN("btrim", S, 1, str_btrim, "without spaces at both ends; trim(x)",
       "trim('  a ') = 'a'", S),
    FN("btrim", S, 2, str_btrim,
       "without these characters at both ends; trim(both chars from x)",
       "btrim('xaxy', 'xy') = 'a'", S, S),
    FN("ltrim", S, 1, str_ltrim, "without spaces at its start",
       "ltrim('  a ') = 'a '", S),
    FN("ltrim", S, 2, str_ltrim, "without these characters at its start",
       "ltrim('xxa', 'x') = 'a'", S, S),
    FN("rtrim", S, 1, str_rtrim, "without spaces at its end",
       "rtrim(' a  ') = ' a'", S),
    FN("rtrim", S, 2, str_rtrim, "without these characters at its end",
       "rtrim('axx', 'x') = 'a'", S, S),
    FN("substr", S, 2, str_substr2, "from this character on, counted from 1",
       "substr('abc', 2) = 'bc'", S, I),
    FN("substr", S, 3, str_substr3, "as many characters from this one on",
       "substr('abcd', 2, 2) = 'bc'", S, I, I),
    FN("substring", S, 2, str_substr2,
       "from this character on; substring(x from n)",
       "substring('abc', 2) = 'bc'", S, I),
    FN("substring", S, 3, str_substr3,
       "as many characters from this one on; substring(x from n for m)",
       "substring('abcd', 2, 2) = 'bc'", S, I, I),
    FN("left", S, 2, str_left, "the first n characters; all but -n last ones",
       "left('abc', 2) = 'ab'", S, I),
    FN("right", S, 2, str_right,
       "the last n characters; all but -n first ones", "right('abc', 2) = 'bc'",
       S, I),
    FN("split_part", S, 3, str_split_part,
       "the n-th field between separators; -1 is the last",
       "split_part('a,b,c', ',', 2) = 'b'", S, S, I),
    {"replace", S, 3, FUNC_GROWS, {S, S, S}, str_replace, NULL,
     "every occurrence of b in a by c", "replace('abab', 'b', 'c') = 'acac'"},
    FN("strpos", I, 2, str_strpos, "where b begins in a, or 0",
       "strpos('abc', 'b') = 2", S, S),
    FN("position", I, 2, str_strpos, "position(b in a): where b begins in a",
       "position('b' in 'abc') = 2", S, S),
    FN("starts_with", B, 2, str_starts_with, "whether a begins with b",
       "starts_with('abc', 'ab') = true", S, S),
    FN("reverse", S, 1, str_reverse, "backwards", "reverse('abc') = 'cba'", S),
    {"repeat", S, 2, FUNC_GROWS, {S, I}, str_repeat, NULL, "n times",
     "repeat('ab', 2) = 'abab'"},
    {"concat", S, 1, FUNC_NULLS | FUNC_VARIADIC, {S}, str_concat_nulls, NULL,
     "the texts of all arguments, NULLs left out", "concat('a', NULL, 1) = 'a1'"},

    SET("regexp_split_to_table", 2,
        "a row per part between matches of a regular expression",
        "regexp_split_to_table(line, '\\s+') AS word", S, S),
    SET("regexp_split_to_table", 3, "the same with flags: i ignores case",
        "regexp_split_to_table(line, 'x', 'i') AS part", S, S, S),
    SET("string_to_table", 2,
        "a row per part between separators; per character if NULL",
        "string_to_table(tags, ',') AS tag", S, S),
    SET("string_to_table", 3, "the same; parts equal to the third are NULL",
        "string_to_table(tags, ',', '-') AS tag", S, S, S),
};
/* clang-format on */

const uint32_t func_count = sizeof func_table / sizeof *func_table;

const func_def *func_exact(const char *name, const ds_type *args, uint32_t n)
{
    for (uint32_t i = 0; i < func_count; i++) {
        const func_def *f = &func_table[i];
        if (f->n_args != n || strcmp(f->name, name) != 0)
            continue;
        uint32_t k = 0;
        while (k < n && f->args[k] == args[k])
            k++;
        if (k == n)
            return f;
    }
    return NULL;
}

const func_def *func_exact1(const char *name, ds_type a)
{
    return func_exact(name, &a, 1);
}

const func_def *func_exact2(const char *name, ds_type a, ds_type b)
{
    ds_type args[2] = {a, b};
    return func_exact(name, args, 2);
}

bool func_exists(const char *name)
{
    for (uint32_t i = 0; i < func_count; i++)
        if (!(func_table[i].flags & FUNC_HIDDEN) &&
            strcmp(func_table[i].name, name) == 0)
            return true;
    return false;
}

/* How well a call fits: -1 not at all; else, unknowns aside, the number of
 * arguments that need no conversion. */
static int fit(const func_def *f, const ds_type *args, uint32_t n)
{
    int exact = 0;
    if (f->n_args != n)
        return -1;
    for (uint32_t i = 0; i < n; i++) {
        if (args[i] == DS_NONE)
            continue;
        if (args[i] == f->args[i])
            exact++;
        else if (args[i] != DS_I64 || f->args[i] != DS_F64)
            return -1;
    }
    return exact;
}

/* Unknown literals are text if some candidate takes text there. */
static int text_unknowns(const func_def *f, const ds_type *args, uint32_t n)
{
    int score = 0;
    for (uint32_t i = 0; i < n; i++)
        score += args[i] == DS_NONE && f->args[i] == DS_STR;
    return score;
}

static const func_def *one_unknown(const char *name, const ds_type *args)
{
    if ((args[0] == DS_NONE) == (args[1] == DS_NONE))
        return NULL;
    ds_type known = args[0] == DS_NONE ? args[1] : args[0];
    return func_exact2(name, known, known);
}

func_found func_resolve(const char *name, const ds_type *args, uint32_t n,
                        const func_def **out)
{
    *out = n == 2 ? one_unknown(name, args) : NULL;
    if (*out)
        return FUNC_OK;
    int best = -1, best_text = -1;
    bool tie = false;
    for (uint32_t i = 0; i < func_count; i++) {
        const func_def *f = &func_table[i];
        if ((f->flags & FUNC_HIDDEN) || strcmp(f->name, name) != 0)
            continue;
        int exact = fit(f, args, n);
        int text = exact < 0 ? -1 : text_unknowns(f, args, n);
        if (exact < 0 || exact < best || (exact == best && text < best_text))
            continue;
        tie = exact == best && text == best_text;
        best = exact;
        best_text = text;
        *out = f;
    }
    if (*out == NULL)
        return FUNC_NONE;
    return tie ? FUNC_AMBIGUOUS : FUNC_OK;
}

const func_def *func_cast(ds_type from, ds_type to, func_cast_kind kind)
{
    if (kind == FUNC_CAST_IMPLICIT && !(from == DS_I64 && to == DS_F64))
        return NULL;
    for (uint32_t i = 0; i < func_count; i++) {
        const func_def *f = &func_table[i];
        if (f->result == to && f->n_args == 1 && f->args[0] == from &&
            strcmp(f->name, "cast") == 0)
            return f;
    }
    return NULL;
}

const func_def *func_narrow(int width)
{
    return func_exact1(width == 2 ? "narrow2" : "narrow4", DS_I64);
}
