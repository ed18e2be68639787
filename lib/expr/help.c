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

/* Operators have their words here: their tables have too many forms. */
static const struct {
    const char *name, *help, *example;
} ops[] = {
    {"=", "equal", "1 = 1.0"},
    {"<>", "not equal; also !=", "'a' <> 'b'"},
    {"<", "less than", "date '2024-01-01' < date '2024-02-01'"},
    {"<=", "less than or equal", "1 <= 1"},
    {">", "greater than", "2 > 1"},
    {">=", "greater than or equal", "'b' >= 'a'"},
    {"+", "sum; a time and an interval", "1 + 2 = 3"},
    {"-", "difference; negative; a key or an element away", "3 - 2 = 1"},
    {"*", "product", "2 * 1.5 = 3"},
    {"/", "quotient; of integers truncated", "7 / 2 = 3"},
    {"%", "remainder", "7 % 4 = 3"},
    {"^", "power", "2 ^ 10 = 1024"},
    {"|/", "square root", "|/ 9 = 3"},
    {"||/", "cube root", "||/ 8 = 2"},
    {"@", "absolute value", "@ -7 = 7"},
    {"&", "bitwise and", "6 & 3 = 2"},
    {"|", "bitwise or", "6 | 3 = 7"},
    {"#", "bitwise exclusive or", "6 # 3 = 5"},
    {"~", "bitwise not; matches a regular expression", "'abc' ~ 'b+'"},
    {"<<", "bits to the left", "1 << 4 = 16"},
    {">>", "bits to the right", "16 >> 4 = 1"},
    {"||", "one after the other", "'a' || 'b' = 'ab'"},
    {"~~", "LIKE", "'abc' ~~ 'a%'"},
    {"!~~", "NOT LIKE", "'abc' !~~ 'b%'"},
    {"~~*", "ILIKE", "'ABC' ~~* 'a%'"},
    {"!~~*", "NOT ILIKE", "'ABC' !~~* 'b%'"},
    {"~*", "matches a regular expression, whatever the case", "'ABC' ~* 'b'"},
    {"!~", "does not match a regular expression", "'abc' !~ 'x'"},
    {"!~*", "does not match, whatever the case", "'ABC' !~* 'x'"},
    {"^@", "begins with", "'abc' ^@ 'ab'"},
    {"->", "a member or an element", "'{\"a\": [1]}'::jsonb -> 'a' = '[1]'"},
    {"->>", "a member or an element as text", "'[\"x\"]'::jsonb ->> 0 = 'x'"},
    {"#>", "what stands at a path", "'{\"a\": [1]}'::jsonb #> '{a,0}' = '1'"},
    {"#>>", "what stands at a path, as text",
     "'{\"a\": [1]}'::jsonb #>> '{a,0}' = '1'"},
    {"?", "whether there is a key", "'{\"a\": 1}'::jsonb ? 'a'"},
    {"?|", "whether there is one of these keys",
     "'{\"a\": 1}'::jsonb ?| ARRAY['a','b']"},
    {"?&", "whether there are all of these keys",
     "'{\"a\": 1, \"b\": 2}'::jsonb ?& ARRAY['a','b']"},
    {"@>", "contains", "ARRAY[1,2,3] @> ARRAY[2]"},
    {"<@", "is contained in", "ARRAY[2] <@ ARRAY[1,2,3]"},
    {"&&", "have an element in common", "ARRAY[1,2] && ARRAY[2,3]"},
    {"#-", "without what stands at a path",
     "'{\"a\": [1, 2]}'::jsonb #- '{a,0}' = '{\"a\": [2]}'"},
    {"@?", "whether a path gives an item", "'{\"a\": 1}'::jsonb @? '$.a'"},
    {"@@", "what the predicate of a path gives",
     "'{\"a\": 1}'::jsonb @@ '$.a == 1'"},
};

static void op_words(ds_func_help *h)
{
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        if (strcmp(ops[i].name, h->name) != 0)
            continue;
        h->help = ops[i].help;
        h->example = ops[i].example;
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

bool ds_func_help_at(uint32_t i, ds_arena *a, ds_func_help *out)
{
    const func_def *f = func_at(i);
    if (f == NULL)
        return false;
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
