/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex_match.c - the longest or shortest match from a start, and its groups.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#include "expr/regex_plan.h"
#include "expr/text.h"

#define WORK_MOST (1u << 20)
#define ENDS_MOST (1u << 14)

static bool spend(regex_run *m, uint64_t steps)
{
    if (m->budget < steps)
        return false;
    m->budget -= steps;
    return true;
}

static bool more_work(regex_run *m)
{
    if (m->n_work >= WORK_MOST)
        return false;
    m->n_work = m->n_work ? m->n_work * 4 : 2048;
    free(m->work);
    m->work = malloc(sizeof *m->work * m->n_work);
    DS_BUG_ON(m->work == NULL);
    return true;
}

/* pcre2_dfa_match at `begin`; its result, or PCRE2_ERROR_MATCHLIMIT. */
static int dfa(regex_run *m, const void *code, ds_slice text, uint32_t begin,
               uint32_t options, pcre2_match_data *out)
{
    if (!spend(m, 32))
        return PCRE2_ERROR_MATCHLIMIT;
    if (m->work == NULL)
        more_work(m);
    regex_count_steps(m);
    for (;;) {
        int rc = pcre2_dfa_match(code, text.ptr, text.len, begin,
                                 PCRE2_ANCHORED | PCRE2_NO_UTF_CHECK | options,
                                 out, m->context, m->work, m->n_work);
        if (rc != PCRE2_ERROR_DFA_WSSIZE || !more_work(m))
            return rc;
    }
}

static uint32_t window_end(ds_slice text, uint32_t from, uint32_t size)
{
    if (size >= text.len - from)
        return text.len;
    uint32_t end = from + size;
    while (end < text.len && (text.ptr[end] & 0xc0) == 0x80)
        end++;
    return end;
}

/* The longest (shortest) match from `begin`; looks no further than it has to.
 */
static regex_rc whole_end(regex_run *m, ds_slice text, uint32_t begin,
                          uint32_t *end)
{
    const regex *re = m->re;
    const void *code = re->plan ? re->plan->code : re->code;
    for (uint32_t size = 256;; size *= 4) {
        ds_slice part = {text.ptr, window_end(text, begin, size)};
        int rc = dfa(m, code, part, begin,
                     (re->shortest ? PCRE2_DFA_SHORTEST : 0) |
                         (part.len < text.len ? PCRE2_PARTIAL_HARD : 0),
                     m->match);
        if (rc == PCRE2_ERROR_PARTIAL)
            continue;
        if (rc == PCRE2_ERROR_NOMATCH)
            return REGEX_NONE;
        if (rc < 0)
            return REGEX_LIMIT;
        *end = (uint32_t)pcre2_get_ovector_pointer(m->match)[1];
        return REGEX_MATCH;
    }
}

/* ---- all ends ---- */

static void *wide_data(regex_run *m, uint32_t n)
{
    if (n <= m->n_wide)
        return m->wide;
    n = n < 64 ? 64 : n > ENDS_MOST / 2 ? ENDS_MOST : 2 * n; /* at least n */
    pcre2_match_data_free(m->wide);
    m->wide = pcre2_match_data_create(n, NULL);
    DS_BUG_ON(m->wide == NULL);
    m->n_wide = n;
    return m->wide;
}

static void push_end(regex_run *m, uint32_t end)
{
    if (m->n_ends == m->cap_ends) {
        m->cap_ends = m->cap_ends ? 2 * m->cap_ends : 256;
        m->ends = realloc(m->ends, sizeof *m->ends * m->cap_ends);
        DS_BUG_ON(m->ends == NULL);
    }
    m->ends[m->n_ends++] = end;
}

/* How many ends a part of a text may have: all of them, or as many as can be
 * put in order in a moment. */
static uint32_t ends_room(uint32_t len)
{
    uint32_t most = (1u << 28) / (len + 1);
    most = most > ENDS_MOST ? ENDS_MOST : most;
    return len + 2 < most ? len + 2 : most;
}

/* Pushes the ends of p's matches from `begin` that are not past `limit`,
 * longest first. */
static regex_rc push_ends(regex_run *m, const regex_plan *p, ds_slice text,
                          uint32_t begin, uint32_t limit)
{
    if (!p->looks)
        text.len = limit;
    uint32_t len = text.len - begin, room = ends_room(len);
    pcre2_match_data *out = wide_data(m, room);
    int rc = dfa(m, p->code, text, begin, 0, out);
    if (rc == PCRE2_ERROR_NOMATCH)
        return REGEX_MATCH;
    /* Each end is put before the longer ones. */
    if (rc <= 0 || !spend(m, (uint64_t)rc * (uint32_t)rc / 128))
        return REGEX_LIMIT;
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(out);
    for (int i = 0; i < rc; i++)
        if (at[2 * i + 1] <= limit)
            push_end(m, (uint32_t)at[2 * i + 1]);
    return REGEX_MATCH;
}

/* Whether p matches exactly [begin, end). */
static regex_rc matches(regex_run *m, const regex_plan *p, ds_slice text,
                        uint32_t begin, uint32_t end)
{
    uint32_t base = m->n_ends;
    if (!p->looks) { /* the longest one is enough */
        text.len = end;
        int longest = dfa(m, p->code, text, begin, 0, m->match);
        if (longest < 0)
            return longest == PCRE2_ERROR_NOMATCH ? REGEX_NONE : REGEX_LIMIT;
        return pcre2_get_ovector_pointer(m->match)[1] == end ? REGEX_MATCH
                                                             : REGEX_NONE;
    }
    regex_rc rc = push_ends(m, p, text, begin, end);
    bool found = m->n_ends > base && m->ends[base] == end;
    m->n_ends = base;
    return rc != REGEX_MATCH ? rc : found ? REGEX_MATCH : REGEX_NONE;
}

/* ---- taking a match apart ---- */

static regex_rc take(regex_run *m, const regex_plan *p, ds_slice text,
                     uint32_t begin, uint32_t end);

static void forget(regex_run *m, const regex_plan *p)
{
    if (p->group)
        m->spans[p->group] = (regex_span){REGEX_UNSET, REGEX_UNSET};
    for (uint32_t i = 0; i < p->n_kids; i++)
        forget(m, p->kids[i]);
}

static void forget_all(regex_run *m)
{
    for (uint32_t i = 1; i <= m->re->n_groups; i++)
        m->spans[i] = (regex_span){REGEX_UNSET, REGEX_UNSET};
}

/* The k-th of n ends in the order that a part prefers. */
static uint32_t end_at(const regex_run *m, uint32_t base, uint32_t n,
                       uint32_t k, const regex_plan *p)
{
    return m->ends[base + (p->flags & REGEX_SHORTER ? n - 1 - k : k)];
}

static regex_rc take_pair(regex_run *m, const regex_plan *p, ds_slice text,
                          uint32_t begin, uint32_t end)
{
    uint32_t base = m->n_ends;
    const regex_plan *left = p->kids[0], *right = p->kids[1];
    regex_rc rc = push_ends(m, left, text, begin, end);
    uint32_t n = m->n_ends - base;
    if (rc != REGEX_MATCH)
        return rc;
    rc = REGEX_NONE;
    for (uint32_t k = 0; k < n && rc == REGEX_NONE; k++) {
        uint32_t mid = end_at(m, base, n, k, left);
        rc = matches(m, right, text, mid, end);
        if (rc == REGEX_MATCH)
            rc = take(m, left, text, begin, mid);
        if (rc == REGEX_MATCH)
            rc = take(m, right, text, mid, end);
        if (rc == REGEX_NONE)
            forget(m, p);
    }
    m->n_ends = base;
    return rc;
}

static regex_rc take_choice(regex_run *m, const regex_plan *p, ds_slice text,
                            uint32_t begin, uint32_t end)
{
    for (uint32_t i = 0; i < p->n_kids; i++) {
        regex_rc rc = matches(m, p->kids[i], text, begin, end);
        if (rc == REGEX_MATCH)
            rc = take(m, p->kids[i], text, begin, end);
        if (rc != REGEX_NONE)
            return rc;
        forget(m, p->kids[i]);
    }
    return REGEX_NONE;
}

static int64_t chars_in(ds_slice text, uint32_t begin, uint32_t end)
{
    return text_chars((ds_slice){text.ptr + begin, end - begin});
}

static regex_rc take_turn(regex_run *m, const regex_plan *p, ds_slice text,
                          uint32_t begin, uint32_t end, uint32_t k);

/* Turn k is [begin, mid): it is the last one, or others follow. */
static regex_rc take_this(regex_run *m, const regex_plan *p, ds_slice text,
                          regex_span turn, uint32_t end, uint32_t k)
{
    const regex_plan *kid = p->kids[0];
    bool last = turn.end == end;
    if (last || kid->flags & REGEX_BACKS) {
        forget(m, kid);
        regex_rc rc = take(m, kid, text, turn.begin, turn.end);
        if (last || rc != REGEX_MATCH)
            return rc;
    }
    return spend(m, 8192) ? take_turn(m, p, text, turn.end, end, k + 1)
                          : REGEX_LIMIT;
}

/* Turn k (from 1) begins at `begin`; an empty turn is taken only if there must
 * be that many. */
static regex_rc take_turn(regex_run *m, const regex_plan *p, ds_slice text,
                          uint32_t begin, uint32_t end, uint32_t k)
{
    uint32_t base = m->n_ends, least = p->min ? p->min : 1;
    regex_rc rc = push_ends(m, p->kids[0], text, begin, end);
    uint32_t n = m->n_ends - base;
    if (rc != REGEX_MATCH)
        return rc;
    rc = REGEX_NONE;
    for (uint32_t i = 0; i < n && rc == REGEX_NONE; i++) {
        uint32_t mid = end_at(m, base, n, i, p->kids[0]);
        bool empty = mid == begin &&
                     (k >= least || least - k < chars_in(text, mid, end));
        bool may = mid == end ? k >= least : k < p->max && !empty;
        if (may)
            rc = take_this(m, p, text, (regex_span){begin, mid}, end, k);
    }
    m->n_ends = base;
    return rc;
}

static regex_rc take_turns(regex_run *m, const regex_plan *p, ds_slice text,
                           uint32_t begin, uint32_t end)
{
    if (p->min > 0 || begin < end)
        return take_turn(m, p, text, begin, end, 1);
    /* No turn is enough for no text, but PostgreSQL sets the groups. */
    if (p->kids[0]->flags & REGEX_SHORTER)
        return REGEX_MATCH;
    regex_rc rc = take_turn(m, p, text, begin, end, 1);
    return rc == REGEX_NONE ? REGEX_MATCH : rc;
}

static bool same_text(const regex_run *m, ds_slice text, uint32_t a, uint32_t b,
                      uint32_t n)
{
    if (!m->re->any_case)
        return memcmp(text.ptr + a, text.ptr + b, n) == 0;
    uint32_t end = a + n;
    while (a < end)
        if (text_lower_char(text_get_char(text, &a)) !=
            text_lower_char(text_get_char(text, &b)))
            return false;
    return true;
}

static regex_rc take_back(const regex_run *m, const regex_plan *p,
                          ds_slice text, uint32_t begin, uint32_t end)
{
    regex_span g = m->spans[p->back];
    uint32_t n = g.end - g.begin;
    if (g.begin == REGEX_UNSET)
        return REGEX_NONE;
    if (n == 0)
        return begin == end ? REGEX_MATCH : REGEX_NONE;
    uint32_t turns = (end - begin) / n;
    if ((end - begin) % n || turns < p->min || turns > p->max)
        return REGEX_NONE;
    for (uint32_t i = 0; i < turns; i++)
        if (!same_text(m, text, g.begin, begin + i * n, n))
            return REGEX_NONE;
    return REGEX_MATCH;
}

/* p matches [begin, end), back references aside: sets its groups. */
static regex_rc take(regex_run *m, const regex_plan *p, ds_slice text,
                     uint32_t begin, uint32_t end)
{
    regex_rc rc = REGEX_MATCH;
    if (!(p->flags & (REGEX_CAPTURES | REGEX_BACKS)))
        return REGEX_MATCH;
    if (!spend(m, 32))
        return REGEX_LIMIT;
    switch (p->kind) {
    case REGEX_LEAF:
        break;
    case REGEX_PAIR:
        rc = take_pair(m, p, text, begin, end);
        break;
    case REGEX_CHOICE:
        rc = take_choice(m, p, text, begin, end);
        break;
    case REGEX_TURNS:
        rc = take_turns(m, p, text, begin, end);
        break;
    case REGEX_BACKREF:
        rc = take_back(m, p, text, begin, end);
        break;
    }
    if (rc == REGEX_MATCH && p->group)
        m->spans[p->group] = (regex_span){begin, end};
    return rc;
}

/* With back references: of all ends from here the first that can be taken
 * apart. */
static regex_rc take_any(regex_run *m, ds_slice text, uint32_t begin,
                         uint32_t *end)
{
    const regex_plan *p = m->re->plan;
    uint32_t base = m->n_ends;
    regex_rc rc = push_ends(m, p, text, begin, text.len);
    uint32_t n = m->n_ends - base;
    if (rc != REGEX_MATCH)
        return rc;
    rc = REGEX_NONE;
    for (uint32_t k = 0; k < n && rc == REGEX_NONE; k++) {
        *end = end_at(m, base, n, k, p);
        forget_all(m);
        rc = take(m, p, text, begin, *end);
    }
    m->n_ends = base;
    return rc;
}

static bool at_limit(int rc)
{
    return rc == PCRE2_ERROR_MATCHLIMIT || rc == PCRE2_ERROR_HEAPLIMIT ||
           rc == PCRE2_ERROR_DEPTHLIMIT || rc == PCRE2_ERROR_JIT_STACKLIMIT;
}

/* Whether there is a match at `from` or behind it; looked for once in a text.
 */
static regex_rc any_match(regex_run *m, ds_slice text, uint32_t from)
{
    int error;
    const ds_slice s = m->re->search;
    if (m->searched)
        return REGEX_MATCH;
    if (m->search == NULL)
        m->search = regex_code_of((const char *)s.ptr, s.len, false, &error);
    if (m->search == NULL)
        return REGEX_LIMIT;
    int rc = dfa(m, m->search, text, from, PCRE2_DFA_SHORTEST, m->match);
    m->searched = rc >= 0;
    return rc >= 0                     ? REGEX_MATCH
           : rc == PCRE2_ERROR_NOMATCH ? REGEX_NONE
                                       : REGEX_LIMIT;
}

regex_rc regex_slow_next(regex_run *m, ds_slice text, uint32_t from,
                         uint32_t *begin, uint32_t *end)
{
    const regex *re = m->re;
    regex_rc any = any_match(m, text, from);
    *begin = *end = from;
    if (any != REGEX_MATCH || re->want == REGEX_WHETHER)
        return any;
    if (re->want == REGEX_GROUPS && re->n_groups && !re->plan)
        return REGEX_LIMIT;
    for (;;) {
        *begin = from;
        regex_rc rc = whole_end(m, text, from, end);
        if (rc != REGEX_NONE || from >= text.len)
            return rc;
        from += text_char_at(text, from);
    }
}

static regex_rc next_back(regex_run *m, ds_slice text, uint32_t from,
                          uint32_t *begin, uint32_t *end)
{
    while (from <= text.len) {
        int found = pcre2_match(m->re->code, text.ptr, text.len, from,
                                PCRE2_NO_UTF_CHECK, m->match, m->context);
        if (found == PCRE2_ERROR_NOMATCH)
            return REGEX_NONE;
        if ((found < 0 && !at_limit(found)) || !spend(m, 64))
            return REGEX_LIMIT;
        *begin =
            found < 0 ? from : (uint32_t)pcre2_get_ovector_pointer(m->match)[0];
        regex_rc rc = take_any(m, text, *begin, end);
        if (rc != REGEX_NONE)
            return rc;
        if (*begin >= text.len)
            return REGEX_NONE;
        from = *begin + text_char_at(text, *begin);
    }
    return REGEX_NONE;
}

regex_rc regex_plan_next(regex_run *m, ds_slice text, uint32_t from,
                         uint32_t *begin, uint32_t *end)
{
    const regex *re = m->re;
    if (re->backs)
        return next_back(m, text, from, begin, end);
    *begin = from;
    regex_rc rc = whole_end(m, text, from, end);
    if (rc != REGEX_MATCH || !re->plan_groups)
        return rc;
    forget_all(m);
    rc = take(m, re->plan, text, *begin, *end);
    return rc == REGEX_NONE ? REGEX_LIMIT : rc;
}
