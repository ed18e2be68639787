/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex_func.c - ~ and the functions that look for regular expressions.
 */
#include "expr/regex_call.h"

/* A call over rows. */
typedef struct regex_rows {
    run *r;
    const run_step *s;
    const regex_use *use;
    regex_cache cache;
} regex_rows;

static void rows_begin(regex_rows *x, run *r, const run_step *s,
                       const regex_use *use)
{
    x->r = r;
    x->s = s;
    x->use = use;
    regex_cache_begin(&x->cache, use, s->data);
}

/* The expression of row i for its text; NULL: the row has an error. */
static regex_run *rows_get(regex_rows *x, uint32_t i)
{
    run *r = x->r;
    const run_step *s = x->s;
    const char *why;
    int flag = x->use->flag;
    ds_slice flags =
        flag >= 0 && flag < s->n_args ? ARG_STR(flag)[i] : text_empty;
    regex_run *m = regex_cache_get(&x->cache, ARG_STR(x->use->pattern)[i],
                                   flags, ARG_STR(0)[i], &why);
    if (m == NULL)
        run_error(r, s, i, "E0704", "%s", why);
    return m;
}

static regex_rc rows_check(const regex_rows *x, uint32_t i, regex_rc rc)
{
    if (rc == REGEX_LIMIT)
        run_error(x->r, x->s, i, "E0704", REGEX_TOO_LONG);
    return rc;
}

/* An argument that counts from `least`. */
static bool number_fits(regex_rows *x, uint32_t k, uint32_t i, int64_t least,
                        int64_t most, const char *name)
{
    run *r = x->r;
    const run_step *s = x->s;
    if (k >= s->n_args || (ARG_I64(k)[i] >= least && ARG_I64(k)[i] <= most))
        return true;
    run_error(r, s, i, "E0704", "invalid value for parameter \"%s\": %lld",
              name, (long long)ARG_I64(k)[i]);
    return false;
}

/* The same for start and n, which stand side by side, and for a group. */
static bool numbers_fit(regex_rows *x, uint32_t i, uint32_t sub)
{
    return number_fits(x, 2, i, 1, INT32_MAX, "start") &&
           number_fits(x, 3, i, 1, INT32_MAX, "n") &&
           (sub == 5 || number_fits(x, 4, i, 0, 1, "endoption")) &&
           number_fits(x, sub, i, 0, INT32_MAX, "subexpr");
}

/* Argument k, or what it is when it is left out. */
static int64_t number_or(const regex_rows *x, uint32_t k, uint32_t i,
                         int64_t otherwise)
{
    return k < x->s->n_args ? RUN_ARG(x->r, x->s, k)->v.i64[i] : otherwise;
}

/* The byte of character `start` (from 1), or past the end. */
static uint32_t start_of(ds_slice t, int64_t start)
{
    if (start - 1 > (int64_t)t.len)
        return t.len + 1;
    uint32_t at = text_byte_of(t, start - 1);
    if (at == t.len && text_chars(t) < start - 1)
        return t.len + 1;
    return at;
}

/* ---- ~, regexp_like ---- */

static const regex_use match_cs = {NULL, "", 1, -1, REGEX_WHETHER};
static const regex_use match_ci = {NULL, "i", 1, -1, REGEX_WHETHER};
static const regex_use like = {"regexp_like()", NULL, 1, 2, REGEX_WHETHER};

void regex_match_cs_prepare(tx *call, ds_arena *a)
{
    regex_use_prepare(&match_cs, call, a);
}

void regex_match_ci_prepare(tx *call, ds_arena *a)
{
    regex_use_prepare(&match_ci, call, a);
}

void regex_like_prepare(tx *call, ds_arena *a)
{
    regex_use_prepare(&like, call, a);
}

static void test_rows(run *r, const run_step *s, const regex_use *use,
                      bool not )
{
    uint8_t *out = RUN_DST(r, s)->v.b;
    regex_rows x;
    rows_begin(&x, r, s, use);
    RUN_EACH_OK(r, s, i)
    {
        uint32_t begin, end;
        regex_run *m = rows_get(&x, i);
        out[i] = 0;
        if (m)
            out[i] = (rows_check(&x, i,
                                 regex_next(m, ARG_STR(0)[i], 0, &begin,
                                            &end)) == REGEX_MATCH) != not ;
    }
    regex_cache_end(&x.cache);
}

void regex_match_cs(run *r, const run_step *s)
{
    test_rows(r, s, &match_cs, false);
}

void regex_match_ci(run *r, const run_step *s)
{
    test_rows(r, s, &match_ci, false);
}

void regex_unmatch_cs(run *r, const run_step *s)
{
    test_rows(r, s, &match_cs, true);
}

void regex_unmatch_ci(run *r, const run_step *s)
{
    test_rows(r, s, &match_ci, true);
}

void regex_like(run *r, const run_step *s)
{
    test_rows(r, s, &like, false);
}

/* ---- regexp_count, regexp_instr, regexp_substr ---- */

static const regex_use count = {"regexp_count()", NULL, 1, 3, REGEX_WHERE};
static const regex_use instr = {"regexp_instr()", NULL, 1, 5, REGEX_WHERE};
static const regex_use instr_sub = {"regexp_instr()", NULL, 1, 5, REGEX_GROUPS};
static const regex_use substr = {"regexp_substr()", NULL, 1, 4, REGEX_WHERE};
static const regex_use substr_sub = {"regexp_substr()", NULL, 1, 4,
                                     REGEX_GROUPS};

void regex_count_prepare(tx *call, ds_arena *a)
{
    regex_use_prepare(&count, call, a);
}

void regex_instr_prepare(tx *call, ds_arena *a)
{
    regex_use_prepare(call->n_args > 6 ? &instr_sub : &instr, call, a);
}

void regex_substr_prepare(tx *call, ds_arena *a)
{
    regex_use_prepare(call->n_args > 5 ? &substr_sub : &substr, call, a);
}

void regex_count(run *r, const run_step *s)
{
    int64_t *out = RUN_DST(r, s)->v.i64;
    regex_rows x;
    rows_begin(&x, r, s, &count);
    RUN_EACH_OK(r, s, i)
    {
        ds_slice t = ARG_STR(0)[i];
        out[i] = 0;
        if (!number_fits(&x, 2, i, 1, INT32_MAX, "start"))
            continue;
        regex_walk w = {.run = rows_get(&x, i), .text = t};
        w.from = s->n_args > 2 ? start_of(t, ARG_I64(2)[i]) : 0;
        while (w.run && rows_check(&x, i, regex_walk_next(&w)) == REGEX_MATCH)
            out[i]++;
    }
    regex_cache_end(&x.cache);
}

/* The span of group `sub` of the n-th match from `start` on; unset: none. */
static regex_span nth_match(regex_rows *x, uint32_t i, int64_t start, int64_t n,
                            int64_t sub)
{
    run *r = x->r;
    const run_step *s = x->s;
    regex_span none = {REGEX_UNSET, REGEX_UNSET};
    ds_slice t = ARG_STR(0)[i];
    regex_walk w = {
        .run = rows_get(x, i), .text = t, .from = start_of(t, start)};
    /* Without groups the match is the first one. */
    if (w.run && w.run->re->n_groups == 0 && sub == 1)
        sub = 0;
    if (w.run == NULL || sub > w.run->re->n_groups)
        return none;
    for (; n > 0; n--)
        if (rows_check(x, i, regex_walk_next(&w)) != REGEX_MATCH)
            return none;
    return w.run->spans[sub];
}

void regex_instr(run *r, const run_step *s)
{
    int64_t *out = RUN_DST(r, s)->v.i64;
    regex_rows x;
    rows_begin(&x, r, s, s->n_args > 6 ? &instr_sub : &instr);
    RUN_EACH_OK(r, s, i)
    {
        out[i] = 0;
        if (!numbers_fit(&x, i, 6))
            continue;
        regex_span m =
            nth_match(&x, i, number_or(&x, 2, i, 1), number_or(&x, 3, i, 1),
                      number_or(&x, 6, i, 0));
        if (m.begin == REGEX_UNSET)
            continue;
        bool after = number_or(&x, 4, i, 0) == 1;
        out[i] = 1 + text_chars((ds_slice){ARG_STR(0)[i].ptr,
                                           after ? m.end : m.begin});
    }
    regex_cache_end(&x.cache);
}

static ds_slice part_of(ds_slice t, regex_span m)
{
    return (ds_slice){t.ptr + m.begin, m.end - m.begin};
}

void regex_substr(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    regex_rows x;
    rows_begin(&x, r, s, s->n_args > 5 ? &substr_sub : &substr);
    RUN_EACH_OK(r, s, i)
    {
        out[i] = text_empty;
        if (!numbers_fit(&x, i, 5))
            continue;
        regex_span m =
            nth_match(&x, i, number_or(&x, 2, i, 1), number_or(&x, 3, i, 1),
                      number_or(&x, 5, i, 0));
        if (m.begin == REGEX_UNSET)
            run_set_null(r, s->dst, i);
        else
            out[i] = part_of(ARG_STR(0)[i], m);
    }
    regex_cache_end(&x.cache);
}

/* ---- substring(text, pattern) ---- */

static const regex_use substring = {NULL, "", 1, -1, REGEX_GROUPS};

void regex_substring_prepare(tx *call, ds_arena *a)
{
    regex_use_prepare(&substring, call, a);
}

/* The first group if there is one, else all of the match. */
static void substring_row(regex_rows *x, regex_run *m, uint32_t i)
{
    run *r = x->r;
    const run_step *s = x->s;
    uint32_t begin, end;
    ds_slice t = ARG_STR(0)[i];
    regex_rc rc =
        m ? rows_check(x, i, regex_next(m, t, 0, &begin, &end)) : REGEX_NONE;
    regex_span g = {REGEX_UNSET, REGEX_UNSET};
    if (rc == REGEX_MATCH)
        g = m->spans[m->re->n_groups > 0];
    if (g.begin == REGEX_UNSET)
        run_set_null(r, s->dst, i);
    else
        RUN_DST(r, s)->v.str[i] = part_of(t, g);
}

void regex_substring(run *r, const run_step *s)
{
    regex_rows x;
    rows_begin(&x, r, s, &substring);
    RUN_EACH_OK(r, s, i)
    substring_row(&x, rows_get(&x, i), i);
    regex_cache_end(&x.cache);
}

/* ---- regexp_match, regexp_matches ---- */

static const regex_use first = {"regexp_match()", NULL, 1, 2, REGEX_GROUPS};
static const regex_use matches = {NULL, NULL, 1, 2, REGEX_GROUPS};

void regex_first_prepare(tx *call, ds_arena *a)
{
    regex_use_prepare(&first, call, a);
}

void regex_matches_prepare(tx *call, ds_arena *a)
{
    regex_use_prepare(&matches, call, a);
}

/* The groups of a match as an array; all of it if there are none. */
static ds_slice groups_array(const regex_run *m, ds_slice t, ds_arena *a)
{
    ds_value few[16];
    bool few_nulls[16];
    uint32_t n = m->re->n_groups ? m->re->n_groups : 1;
    ds_value *values = n > 16 ? ds_new(a, ds_value, n) : few;
    bool *nulls = n > 16 ? ds_new(a, bool, n) : few_nulls;
    for (uint32_t k = 0; k < n; k++) {
        regex_span g = m->spans[m->re->n_groups ? k + 1 : 0];
        nulls[k] = g.begin == REGEX_UNSET;
        values[k].s = nulls[k] ? text_empty : part_of(t, g);
    }
    return array_make(DS_STR, values, nulls, n, a);
}

void regex_first(run *r, const run_step *s)
{
    ds_slice *out = RUN_DST(r, s)->v.str;
    regex_rows x;
    rows_begin(&x, r, s, &first);
    RUN_EACH_OK(r, s, i)
    {
        uint32_t begin, end;
        ds_slice t = ARG_STR(0)[i];
        regex_run *m = rows_get(&x, i);
        if (m &&
            rows_check(&x, i, regex_next(m, t, 0, &begin, &end)) == REGEX_MATCH)
            out[i] = groups_array(m, t, r->ev->arena);
        else
            run_set_null(r, s->dst, i);
    }
    regex_cache_end(&x.cache);
}

/* ---- sets ---- */

void regex_matches(set_row *row, const ds_value *args, const bool *nulls)
{
    (void)nulls;
    regex_walk w = {.run = regex_set_get(row, &matches, args),
                    .text = args[0].s};
    regex_rc rc = REGEX_MATCH;
    while (w.run && (rc = regex_walk_next(&w)) == REGEX_MATCH) {
        ds_value v = {.s = groups_array(w.run, w.text, row->arena)};
        set_emit(row, &v, false);
        if (!w.run->re->global)
            break;
    }
    if (rc == REGEX_LIMIT)
        set_error(row, "E0704", REGEX_TOO_LONG);
}
