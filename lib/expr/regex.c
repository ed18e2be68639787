/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex.c - regular expressions: compiling them, and matches that PCRE2 finds
 * alone.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#include "expr/regex_plan.h"

#define BUDGET (32u << 20) /* steps of pcre2_dfa_match in one text */
#define JIT_STACK (1u << 20)
#define EMITTED_MOST (2u << 20) /* by all parts of a plan */

/* ---- compiling ---- */

bool regex_option(regex_tree *t, uint8_t c)
{
    regex_options *o = &t->options;
    switch (c) {
    case 'b':
        return regex_refuse(t, "the flag \"b\" (basic syntax)");
    case 'c':
        o->any_case = false;
        return true;
    case 'e':
        o->extended = true;
        o->literal = false;
        return true;
    case 'g':
        o->global = true;
        return true;
    case 'i':
        o->any_case = true;
        return true;
    case 'm':
    case 'n':
        o->line_stop = o->line_anchor = true;
        return true;
    case 'p':
        o->line_stop = true;
        o->line_anchor = false;
        return true;
    case 'q':
        o->literal = true;
        o->extended = false;
        return true;
    case 's':
        o->line_stop = o->line_anchor = false;
        return true;
    case 't':
        o->expanded = false;
        return true;
    case 'w':
        o->line_stop = false;
        o->line_anchor = true;
        return true;
    case 'x':
        o->expanded = true;
        return true;
    default:
        return false;
    }
}

/* The flag e means basic syntax to PostgreSQL 15, other than (?e). */
static bool read_flags(regex_tree *t, ds_slice flags)
{
    for (uint32_t i = 0; i < flags.len; i++) {
        if (flags.ptr[i] == 'e')
            return regex_refuse(t, "the flag \"e\" (basic syntax)");
        if (regex_option(t, flags.ptr[i]))
            continue;
        if (t->refused)
            return false;
        uint32_t n = 1;
        while (i + n < flags.len && (flags.ptr[i + n] & 0xc0) == 0x80)
            n++;
        t->why = ds_str_printf(t->arena,
                               "invalid regular expression option: \"%.*s\"",
                               (int)n, (const char *)flags.ptr + i);
        return false;
    }
    return true;
}

static void free_code(void *code)
{
    pcre2_code_free(code);
}

void *regex_code_of(const char *text, size_t len, bool fast, int *error)
{
    PCRE2_SIZE at;
    return pcre2_compile(
        (PCRE2_SPTR)text, len,
        PCRE2_UTF | PCRE2_UCP | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY |
            PCRE2_NEVER_BACKSLASH_C |
            (fast ? 0 : PCRE2_NO_AUTO_POSSESS | PCRE2_AUTO_CALLOUT),
        error, &at, NULL);
}

void *regex_code(regex_tree *t, const regex_node *n, bool groups, bool fast)
{
    ds_buf b;
    int error = 0;
    void *code = NULL;
    ds_buf_init(&b, t->arena, 256);
    regex_emit(&b, t, n, groups, !fast);
    t->emitted += b.len;
    if (b.len <= REGEX_EMIT_MOST && t->emitted <= EMITTED_MOST)
        code = regex_code_of(b.s, b.len, fast, &error);
    if (code == NULL) {
        if (error == PCRE2_ERROR_LOOKBEHIND_NOT_FIXED_LENGTH)
            regex_refuse(t, "a lookbehind of no fixed length");
        else
            regex_too_complex(t);
        return NULL;
    }
    ds_arena_on_reset(t->arena, free_code, code);
    if (fast)
        (void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    return code;
}

/* What finds out in one pass whether anything matches. */
static ds_slice search_text(const regex_tree *t)
{
    ds_buf b;
    ds_buf_init(&b, t->arena, 256);
    ds_buf_str(&b, ".*?(?:");
    regex_emit(&b, t, t->root, false, true);
    ds_buf_str(&b, ")");
    return (ds_slice){(const uint8_t *)b.s, b.len};
}

/* Which code, and whether a plan is needed. */
static bool compile(regex_tree *t, regex *re)
{
    regex_facts f = {0};
    regex_plan *plan = regex_plan_of(t, &f.prefer);
    if (plan == NULL)
        return false;
    bool groups = re->want == REGEX_GROUPS && t->n_groups > 0;
    regex_facts_of(t, &f);
    re->shortest = f.prefer == REGEX_SHORT;
    re->backs = t->backs;
    re->any_case = t->options.any_case;
    re->n_groups = t->n_groups;
    re->plan_groups = t->backs || (groups && !f.groups);
    re->code = regex_code(t, t->root, groups && !re->plan_groups, true);
    if (re->code == NULL)
        return false;
    re->search = search_text(t);
    if (re->plan_groups) {
        re->plan = plan;
        return regex_plan_compile(t, plan);
    }
    if (f.agree || re->want == REGEX_WHETHER)
        return true;
    re->plan = plan;
    plan->code = regex_code(t, t->root, false, false);
    return plan->code != NULL;
}

static bool is_plain(ds_slice p)
{
    for (uint32_t i = 0; i < p.len; i++)
        if (strchr("\\[](){}*+?|^$.", p.ptr[i]) || p.ptr[i] == 0)
            return false;
    return p.len > 0;
}

static regex_shape shape_of(const regex_options *o, ds_slice p)
{
    bool spaces = p.len >= 2 && p.len <= 3 && memcmp(p.ptr, "\\s", 2) == 0;
    if (o->any_case || o->expanded || o->extended)
        return REGEX_PCRE;
    if (o->literal && (o->line_stop || o->line_anchor))
        return REGEX_PCRE; /* wrong */
    if (is_plain(p) || (o->literal && p.len > 0))
        return REGEX_TEXT;
    if (o->literal || !spaces)
        return REGEX_PCRE;
    return p.len == 2        ? REGEX_SPACE
           : p.ptr[2] == '+' ? REGEX_SPACES
                             : REGEX_PCRE;
}

const regex *regex_compile(ds_slice pattern, ds_slice flags, regex_want want,
                           ds_arena *a, const char **why, bool *refused)
{
    regex *re = ds_new(a, regex, 1);
    regex_tree t = {.arena = a};
    bool ok = read_flags(&t, flags);
    *re = (regex){.want = want, .text = pattern};
    re->global = t.options.global;
    if (ok) {
        re->shape = shape_of(&t.options, pattern);
        if (re->shape == REGEX_PCRE)
            ok = regex_parse(&t, pattern) && compile(&t, re);
    }
    *why = t.why;
    *refused = t.refused;
    return ok ? re : NULL;
}

/* ---- matching ---- */

/* A step of pcre2_dfa_match: a state at a place. Each is compared with those
 * before it. */
static int count_step(pcre2_callout_block *b, void *arg)
{
    regex_run *run = arg;
    if (b->current_position != run->at)
        run->states = 0;
    run->at = b->current_position;
    uint64_t cost = 1 + run->states++ / 64;
    if (run->budget < cost)
        return PCRE2_ERROR_CALLOUT;
    run->budget -= cost;
    return 0;
}

/* A run may have been moved since it began. */
void regex_count_steps(regex_run *run)
{
    pcre2_set_callout(run->context, count_step, run);
}

void regex_begin(regex_run *run, const regex *re)
{
    *run = (regex_run){.re = re};
    run->spans = calloc(re->n_groups + 1, sizeof *run->spans);
    DS_BUG_ON(run->spans == NULL);
    if (re->shape != REGEX_PCRE)
        return;
    run->match = pcre2_match_data_create(re->n_groups + 1, NULL);
    run->context = pcre2_match_context_create(NULL);
    DS_BUG_ON(!run->match || !run->context);
}

void regex_end(regex_run *run)
{
    pcre2_match_data_free(run->match);
    pcre2_match_data_free(run->wide);
    pcre2_match_context_free(run->context);
    pcre2_jit_stack_free(run->stack);
    pcre2_code_free(run->search);
    free(run->work);
    free(run->ends);
    free(run->spans);
}

/* The limit holds for each start in a text, so a long text gets a low one. */
void regex_text(regex_run *run, ds_slice text)
{
    run->budget = BUDGET;
    run->searched = false;
    if (run->context == NULL)
        return;
    uint32_t limit = (uint32_t)(50000000u / (text.len + 1));
    limit = limit > 500000 ? 500000 : limit < 1000 ? 1000 : limit;
    pcre2_set_match_limit(run->context, limit);
    pcre2_set_heap_limit(run->context, 20000);
}

/* Patterns that go deep get a stack of their own. */
static bool more_stack(regex_run *run)
{
    if (run->stack)
        return false;
    run->stack = pcre2_jit_stack_create(32768, JIT_STACK, NULL);
    if (run->stack)
        pcre2_jit_stack_assign(run->context, NULL, run->stack);
    return run->stack != NULL;
}

static regex_rc next_pcre(regex_run *run, ds_slice text, uint32_t from,
                          uint32_t *begin, uint32_t *end)
{
    const regex *re = run->re;
    int rc = pcre2_match(re->code, text.ptr, text.len, from, PCRE2_NO_UTF_CHECK,
                         run->match, run->context);
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT && more_stack(run))
        return next_pcre(run, text, from, begin, end);
    if (rc == PCRE2_ERROR_NOMATCH)
        return REGEX_NONE;
    if (rc < 0)
        return regex_slow_next(run, text, from, begin, end);
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(run->match);
    *begin = (uint32_t)at[0];
    *end = (uint32_t)at[1];
    for (uint32_t i = 1; i <= re->n_groups; i++) {
        bool set = (int)i < rc && at[2 * i] != PCRE2_UNSET;
        run->spans[i].begin = set ? (uint32_t)at[2 * i] : REGEX_UNSET;
        run->spans[i].end = set ? (uint32_t)at[2 * i + 1] : REGEX_UNSET;
    }
    return REGEX_MATCH;
}

static regex_rc next_space(const regex *re, ds_slice text, uint32_t from,
                           uint32_t *begin, uint32_t *end)
{
    const uint8_t *stop = text.ptr + text.len;
    const uint8_t *p = text.ptr + from;
    uint32_t n = 0;
    while (p < stop && (n = regex_space(p, stop)) == 0)
        p++;
    if (p == stop)
        return REGEX_NONE;
    *begin = (uint32_t)(p - text.ptr);
    p += n;
    while (re->shape == REGEX_SPACES && p < stop &&
           (n = regex_space(p, stop)) != 0)
        p += n;
    *end = (uint32_t)(p - text.ptr);
    return REGEX_MATCH;
}

static regex_rc next_text(const regex *re, ds_slice text, uint32_t from,
                          uint32_t *begin, uint32_t *end)
{
    if (text.len - from < re->text.len)
        return REGEX_NONE;
    const uint8_t *p =
        re->text.len == 1
            ? memchr(text.ptr + from, re->text.ptr[0], text.len - from)
            : memmem(text.ptr + from, text.len - from, re->text.ptr,
                     re->text.len);
    if (p == NULL)
        return REGEX_NONE;
    *begin = (uint32_t)(p - text.ptr);
    *end = *begin + re->text.len;
    return REGEX_MATCH;
}

regex_rc regex_next(regex_run *run, ds_slice text, uint32_t from,
                    uint32_t *begin, uint32_t *end)
{
    const regex *re = run->re;
    regex_rc rc;
    if (text.ptr == NULL)
        text.ptr = (const uint8_t *)"";
    if (re->shape == REGEX_TEXT)
        rc = next_text(re, text, from, begin, end);
    else if (re->shape != REGEX_PCRE)
        rc = next_space(re, text, from, begin, end);
    else if (re->backs)
        rc = regex_plan_next(run, text, from, begin, end);
    else
        rc = next_pcre(run, text, from, begin, end);
    if (rc == REGEX_MATCH && re->plan && !re->backs)
        rc = regex_plan_next(run, text, *begin, begin, end);
    if (rc == REGEX_MATCH)
        run->spans[0] = (regex_span){*begin, *end};
    return rc;
}
