/* SPDX-License-Identifier: Apache-2.0 */
/*
 * help.c - the table of functions, for people.
 */
#include <ctype.h>

#include "expr/func.h"
#include "expr/help.h"
#include "record/show.h"

static const struct {
    const char *title;
    const uint32_t *n;
} families[] = {
    {"Comparison and logic", &func_core_count},
    {"Numbers", &func_num_count},
    {"Text and bytes", &func_text_count},
    {"Dates and times", &func_time_count},
    {"JSON", &func_json_count},
    {"Arrays and sets", &func_array_count},
    {"Aggregates", &func_agg_count},
};

/* Operators have their words here: their tables have too many forms. Those of
 * one family stand before those of any. */
static const struct {
    const char *name, *help, *example, *family;
} ops[] = {
    {"+", "a date and days; a time and an interval; a date and a time",
     "date '2024-01-30' + 2 = date '2024-02-01'", "Dates and times"},
    {"-", "days or time between; earlier by days or an interval; negative",
     "date '2024-03-01' - date '2024-02-01' = 29", "Dates and times"},
    {"*", "an interval some times over",
     "interval '1 hour' * 1.5 = interval '90 minutes'", "Dates and times"},
    {"/", "a part of an interval",
     "interval '1 hour' / 4 = interval '15 minutes'", "Dates and times"},
    {"-", "without a key or an element",
     "'{\"a\": 1, \"b\": 2}'::jsonb - 'a' = '{\"b\": 2}'", "JSON"},
    {"||", "elements or members of both", "'[1]'::jsonb || '2' = '[1, 2]'",
     "JSON"},
    {"@>", "contains", "'{\"a\": 1, \"b\": 2}'::jsonb @> '{\"a\": 1}'", "JSON"},
    {"<@", "is contained in", "'[2]'::jsonb <@ '[1, 2]'", "JSON"},
    {"||", "elements of both; with an element more",
     "ARRAY[1] || 2 = ARRAY[1, 2]", "Arrays and sets"},
    {"~", "matches a regular expression", "'abc' ~ 'b+'", "Text and bytes"},
    {"~~", "LIKE", "'abc' ~~ 'a%'", NULL},
    {"=", "equal", "1 = 1.0", NULL},
    {"<>", "not equal; also !=", "'a' <> 'b'", NULL},
    {"<", "less than", "date '2024-01-01' < date '2024-02-01'", NULL},
    {"<=", "less than or equal", "1 <= 1", NULL},
    {">", "greater than", "2 > 1", NULL},
    {">=", "greater than or equal", "'b' >= 'a'", NULL},
    {"+", "sum", "1 + 2 = 3", NULL},
    {"-", "difference; negative", "3 - 2 = 1", NULL},
    {"*", "product", "2 * 1.5 = 3", NULL},
    {"/", "quotient; of integers truncated", "7 / 2 = 3", NULL},
    {"%", "remainder", "7 % 4 = 3", NULL},
    {"^", "power", "2 ^ 10 = 1024", NULL},
    {"|/", "square root", "|/ 9 = 3", NULL},
    {"||/", "cube root", "||/ 8 = 2", NULL},
    {"@", "absolute value", "@ -7 = 7", NULL},
    {"&", "bitwise and", "6 & 3 = 2", NULL},
    {"|", "bitwise or", "6 | 3 = 7", NULL},
    {"#", "bitwise exclusive or", "6 # 3 = 5", NULL},
    {"~", "bitwise not", "~ 5 = -6", NULL},
    {"<<", "bits to the left", "1 << 4 = 16", NULL},
    {">>", "bits to the right", "16 >> 4 = 1", NULL},
    {"||", "one after the other", "'a' || 'b' = 'ab'", NULL},
    {"!~~", "NOT LIKE", "'abc' !~~ 'b%'", NULL},
    {"~~*", "ILIKE", "'ABC' ~~* 'a%'", NULL},
    {"!~~*", "NOT ILIKE", "'ABC' !~~* 'b%'", NULL},
    {"~*", "matches a regular expression, whatever the case", "'ABC' ~* 'b'",
     NULL},
    {"!~", "does not match a regular expression", "'abc' !~ 'x'", NULL},
    {"!~*", "does not match, whatever the case", "'ABC' !~* 'x'", NULL},
    {"^@", "begins with", "'abc' ^@ 'ab'", NULL},
    {"->", "a member or an element", "'{\"a\": [1]}'::jsonb -> 'a' = '[1]'",
     NULL},
    {"->>", "a member or an element as text", "'[\"x\"]'::jsonb ->> 0 = 'x'",
     NULL},
    {"#>", "what stands at a path", "'{\"a\": [1]}'::jsonb #> '{a,0}' = '1'",
     NULL},
    {"#>>", "what stands at a path, as text",
     "'{\"a\": [1]}'::jsonb #>> '{a,0}' = '1'", NULL},
    {"?", "whether there is a key", "'{\"a\": 1}'::jsonb ? 'a'", NULL},
    {"?|", "whether there is one of these keys",
     "'{\"a\": 1}'::jsonb ?| ARRAY['a','b']", NULL},
    {"?&", "whether there are all of these keys",
     "'{\"a\": 1, \"b\": 2}'::jsonb ?& ARRAY['a','b']", NULL},
    {"@>", "contains", "ARRAY[1,2,3] @> ARRAY[2]", NULL},
    {"<@", "is contained in", "ARRAY[2] <@ ARRAY[1,2,3]", NULL},
    {"&&", "have an element in common", "ARRAY[1,2] && ARRAY[2,3]", NULL},
    {"#-", "without what stands at a path",
     "'{\"a\": [1, 2]}'::jsonb #- '{a,0}' = '{\"a\": [2]}'", NULL},
    {"@?", "whether a path gives an item", "'{\"a\": 1}'::jsonb @? '$.a'",
     NULL},
    {"@@", "what the predicate of a path gives",
     "'{\"a\": 1}'::jsonb @@ '$.a == 1'", NULL},
};

static void op_words(ds_func_help *h)
{
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        if (strcmp(ops[i].name, h->name) != 0 ||
            (ops[i].family && strcmp(ops[i].family, h->family) != 0))
            continue;
        h->help = ops[i].help;
        h->example = ops[i].example;
        return;
    }
}

static const char *family_of(uint32_t i)
{
    for (size_t k = 0; k < sizeof families / sizeof *families; k++) {
        if (i < *families[k].n)
            return families[k].title;
        i -= *families[k].n;
    }
    return "";
}

static const char *type_name(ds_type t)
{
    static const struct {
        ds_type type;
        const char *name;
    } pseudo[] = {
        {FUNC_ANY, "\"any\""},
        {FUNC_ANYELEMENT, "anyelement"},
        {FUNC_ANYARRAY, "anyarray"},
        {FUNC_ANYCOMPATIBLE, "anycompatible"},
        {FUNC_ANYCOMPATIBLEARRAY, "anycompatiblearray"},
        {FUNC_ANYROW, "record"},
        {FUNC_ANYNONARRAY, "anynonarray"},
        {DS_TIME, "time"},
        {DS_TIMESTAMP, "timestamp"},
        {DS_TS, "timestamptz"},
    };
    for (size_t i = 0; i < sizeof pseudo / sizeof *pseudo; i++)
        if (pseudo[i].type == t)
            return pseudo[i].name;
    return ds_type_name(t);
}

static const char *form_of(const func_def *f, bool op, ds_arena *a)
{
    const char *result = f->result == DS_NONE ? "" : type_name(f->result);
    ds_buf b;
    if (op && f->n_args == 2)
        return ds_str_printf(a, "%s %s %s → %s", type_name(f->args[0]), f->name,
                             type_name(f->args[1]), result);
    if (op)
        return ds_str_printf(a, "%s %s → %s", f->name, type_name(f->args[0]),
                             result);
    ds_buf_init(&b, a, 64);
    ds_buf_printf(&b, "%s(", f->name);
    if (f->agg && f->n_args == 0)
        ds_buf_str(&b, "*");
    for (uint32_t i = 0; i < f->n_args; i++) {
        bool more = (f->flags & FUNC_VARIADIC) && i + 1 == f->n_args;
        ds_buf_printf(&b, "%s%s%s", i ? ", " : "", type_name(f->args[i]),
                      more ? ", …" : "");
    }
    ds_buf_printf(&b, ") → %s%s", f->flags & FUNC_SET ? "setof " : "", result);
    ds_buf_add(&b, "", 1);
    return b.s;
}

/* What the grammar has, and no table. */
#define GRAMMAR(n, f, h, e)                                                    \
    {                                                                          \
        .name = (n), .family = "Forms of the grammar", .form = (f),            \
        .help = (h), .example = (e)                                            \
    }

static const ds_func_help grammar[] = {
    GRAMMAR("coalesce", "coalesce(a, b, …)", "the first that is not NULL",
            "coalesce(NULL, 2) = 2"),
    GRAMMAR("nullif", "nullif(a, b)", "NULL if they are equal, else a",
            "nullif(1, 1) IS NULL"),
    GRAMMAR("greatest", "greatest(a, b, …)",
            "the greatest of those that are not NULL", "greatest(1, 3) = 3"),
    GRAMMAR("least", "least(a, b, …)", "the least of those that are not NULL",
            "least(1, NULL, 3) = 1"),
    GRAMMAR("case", "CASE WHEN condition THEN a … ELSE b END",
            "the value behind the first condition that is true",
            "CASE WHEN 1 > 2 THEN 'a' ELSE 'b' END = 'b'"),
    GRAMMAR("cast", "CAST(a AS type), a::type", "as another type",
            "CAST('12' AS integer) = '12'::integer"),
    GRAMMAR("and", "a AND b", "whether both are true",
            "(true AND false) = false"),
    GRAMMAR("or", "a OR b", "whether one of them is true", "true OR false"),
    GRAMMAR("not", "NOT a", "whether it is false", "NOT false"),
    GRAMMAR("is", "a IS [NOT] NULL, TRUE, FALSE, UNKNOWN, DISTINCT FROM b",
            "what NULL does not make NULL", "NULL IS NOT DISTINCT FROM NULL"),
    GRAMMAR("between", "a BETWEEN b AND c", "b <= a and a <= c",
            "2 BETWEEN 1 AND 3"),
    GRAMMAR("in", "a IN (b, c, …)", "whether it is equal to one of them",
            "2 IN (1, 2)"),
    GRAMMAR("any", "a = ANY (array)",
            "whether the comparison is true of an element",
            "2 = ANY (ARRAY[1, 2])"),
    GRAMMAR("all", "a > ALL (array)",
            "whether the comparison is true of all elements",
            "3 > ALL (ARRAY[1, 2])"),
    GRAMMAR("like", "text LIKE pattern",
            "whether it matches: % is any text, _ a character",
            "'abc' LIKE 'a%'"),
    GRAMMAR("ilike", "text ILIKE pattern", "the same in any case",
            "'ABC' ILIKE 'a%'"),
    GRAMMAR("similar", "text SIMILAR TO pattern",
            "whether it matches a pattern of the SQL standard",
            "'abc' SIMILAR TO 'a(b|x)c'"),
    GRAMMAR("array", "ARRAY[a, b, …]", "an array of them",
            "(ARRAY[5, 6])[2] = 6"),
    GRAMMAR("row", "ROW(a, b, …)", "a row of them",
            "ROW(1, 'a') = ROW(1, 'a')"),
};

static bool grammar_at(uint32_t i, ds_func_help *out)
{
    uint32_t n = 0;

    while (func_at(n))
        n++;
    if (i < n || i - n >= sizeof grammar / sizeof *grammar)
        return false;
    *out = grammar[i - n];
    return true;
}

bool ds_func_help_at(uint32_t i, ds_arena *a, ds_func_help *out)
{
    const func_def *f = func_at(i);
    if (f == NULL)
        return grammar_at(i, out);
    *out = (ds_func_help){.family = family_of(i)};
    if (f->flags & FUNC_HIDDEN)
        return true;
    out->op = !isalpha((unsigned char)f->name[0]) && f->name[0] != '_';
    out->name = f->name;
    out->form = form_of(f, out->op, a);
    out->help = f->help;
    out->example = f->example;
    out->aggregate = f->agg != NULL;
    out->set = f->flags & FUNC_SET;
    if (out->op)
        op_words(out);
    return true;
}
