/* SPDX-License-Identifier: Apache-2.0 */
/*
 * like.c - LIKE and ILIKE. A constant pattern is looked at once: without
 * underscores and with percent signs only at its ends it is a comparison or a
 * search.
 */
#include "expr/text.h"
#include "expr/words.h"

typedef enum like_shape {
    LIKE_ANY,      /* by the matcher below */
    LIKE_EXACT,    /* abc */
    LIKE_PREFIX,   /* abc% */
    LIKE_SUFFIX,   /* %abc */
    LIKE_CONTAINS, /* %abc% */
} like_shape;

typedef struct like_pattern {
    like_shape shape;
    ds_slice pattern; /* ILIKE: in lower case */
    ds_slice text;    /* what it looks for, if not LIKE_ANY */
} like_pattern;

typedef enum like_rc { LIKE_NO, LIKE_YES, LIKE_BAD, LIKE_SLOW } like_rc;

/* Characters that are compared before a match is given up. */
enum { LIKE_STEPS = 1 << 27 };

static inline void next_char(ds_slice *s)
{
    uint32_t n = text_char_at(*s, 0);
    s->ptr += n;
    s->len -= n;
}

static inline void next_byte(ds_slice *s)
{
    s->ptr++;
    s->len--;
}

/* One character of the pattern that is not a percent sign. */
static like_rc like_one(ds_slice *t, ds_slice *p, bool bytes)
{
    if (p->len && p->ptr[0] == '_') {
        if (bytes)
            next_byte(t);
        else
            next_char(t);
        next_byte(p);
        return LIKE_YES;
    }
    if (p->len && p->ptr[0] == '\\') {
        if (p->len == 1)
            return LIKE_BAD;
        next_byte(p);
    }
    if (p->len == 0 || p->ptr[0] != t->ptr[0])
        return LIKE_NO;
    next_byte(t);
    next_byte(p);
    return LIKE_YES;
}

static void like_next(ds_slice *t, bool bytes)
{
    if (bytes)
        next_byte(t);
    else
        next_char(t);
}

/* Whether nothing but wildcards stands before an escape character that ends the
 * pattern: after a percent sign PostgreSQL looks at what comes then. */
static bool like_bad_end(ds_slice t, ds_slice p, bool bytes)
{
    if (p.ptr[p.len - 1] != '\\' || t.len == 0)
        return false;
    for (; p.ptr[0] == '%' || p.ptr[0] == '_'; next_byte(&p)) {
        if (p.ptr[0] == '%')
            continue;
        if (t.len == 0)
            return false;
        like_next(&t, bytes);
    }
    return p.len == 1;
}

/* No recursion: after a percent sign only the last one is gone back to,
 * because an earlier one could not do better. PostgreSQL complains of an escape
 * character at the pattern's end only when it gets there with text left. */
static like_rc like_run(ds_slice t, ds_slice p, bool bytes)
{
    ds_slice back_t = {NULL, 0}, back_p = {NULL, 0};
    for (uint32_t steps = 0;; steps++) {
        if (steps == LIKE_STEPS)
            return LIKE_SLOW;
        if (p.len && p.ptr[0] == '%') {
            next_byte(&p);
            if (p.len == 0)
                return LIKE_YES;
            if (like_bad_end(t, p, bytes))
                return LIKE_BAD;
            back_t = t;
            back_p = p;
            continue;
        }
        if (t.len == 0)
            return p.len == 0 ? LIKE_YES : LIKE_NO;
        like_rc rc = like_one(&t, &p, bytes);
        if (rc == LIKE_BAD)
            return rc;
        if (rc == LIKE_YES)
            continue;
        if (back_p.ptr == NULL || back_t.len == 0)
            return LIKE_NO;
        like_next(&back_t, bytes);
        t = back_t;
        p = back_p;
    }
}

static bool like_simple(const like_pattern *k, ds_slice t)
{
    const ds_slice p = k->text;
    if (t.len < p.len)
        return false;
    if (p.len == 0)
        return k->shape != LIKE_EXACT || t.len == 0;
    switch (k->shape) {
    case LIKE_EXACT:
        return t.len == p.len && words_eq(t.ptr, p.ptr, p.len);
    case LIKE_PREFIX:
        return words_eq(t.ptr, p.ptr, p.len);
    case LIKE_SUFFIX:
        return words_eq(t.ptr + t.len - p.len, p.ptr, p.len);
    default:
        return text_find(t, p, 0) != TEXT_NOWHERE;
    }
}

/* Lower case, character by character, into room for twice its length. */
static ds_slice fold_case(uint8_t *out, ds_slice s)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s.len;) {
        uint8_t c = s.ptr[i];
        if (c < 0x80) {
            out[n++] = (uint8_t)(c | ((uint8_t)(c - 'A') < 26 ? 0x20 : 0));
            i++;
            continue;
        }
        int32_t lower = text_lower_char(text_get_char(s, &i));
        n += text_put_char(lower, out + n);
    }
    return (ds_slice){out, n};
}

/* The text that a pattern without wildcards stands for; false: it has some, or
 * ends with an escape character. */
static bool like_plain(ds_slice p, ds_arena *a, ds_slice *text)
{
    uint8_t *out = ds_arena_alloc(a, p.len + 1u, 1);
    uint32_t n = 0;
    for (uint32_t i = 0; i < p.len; i++) {
        if (p.ptr[i] == '%' || p.ptr[i] == '_')
            return false;
        if (p.ptr[i] == '\\' && ++i == p.len)
            return false;
        out[n++] = p.ptr[i];
    }
    *text = (ds_slice){out, n};
    return true;
}

/* Whether the last character is a percent sign that is one. */
static bool ends_in_percent(ds_slice p)
{
    uint32_t slashes = 0;
    if (p.len < 2 || p.ptr[p.len - 1] != '%')
        return false;
    while (slashes + 1 < p.len && p.ptr[p.len - 2 - slashes] == '\\')
        slashes++;
    return slashes % 2 == 0;
}

void like_prepare(tx *call, ds_arena *a)
{
    const tx *pattern = call->args[1];
    if (pattern->kind != TX_CONST || pattern->null)
        return;
    ds_slice p = pattern->v.s;
    if (strchr(call->f->name, '*'))
        p = fold_case(ds_arena_alloc(a, p.len * 2u + 1, 1), p);
    like_pattern *k = ds_new(a, like_pattern, 1);
    bool first = p.len && p.ptr[0] == '%';
    bool last = ends_in_percent(p);
    uint32_t from = first ? 1 : 0, to = p.len - (last ? 1 : 0);
    k->pattern = p;
    k->shape = first && last ? LIKE_CONTAINS
               : first       ? LIKE_SUFFIX
               : last        ? LIKE_PREFIX
                             : LIKE_EXACT;
    if (!like_plain((ds_slice){p.ptr + from, to - from}, a, &k->text))
        k->shape = LIKE_ANY;
    call->data = k;
}

/* Room for the longest text of these rows in lower case, or NULL. */
static uint8_t *fold_room(run *r, const run_step *s, uint32_t arg)
{
    uint32_t longest = 0;
    RUN_EACH_OK(r, s, i)
    longest = ARG_STR(arg)[i].len > longest ? ARG_STR(arg)[i].len : longest;
    return run_bytes(r, (size_t)longest * 2);
}

/* In locals, which no result can change. */
static void simple_rows(run *r, const run_step *s, const like_pattern *k,
                        bool negated)
{
    const like_pattern pattern = *k;
    const run_sel sel = r->sels[s->sel];
    const run_reg dst = *RUN_DST(r, s);
    const ds_slice *t = ARG_STR(0);
    for (uint32_t j = 0; j < sel.n; j++) {
        uint32_t i = sel.idx ? sel.idx[j] : j;
        if (!run_is_null(&dst, i))
            dst.v.b[i] = like_simple(&pattern, t[i]) != negated;
    }
}

static void like_error(run *r, const run_step *s, uint32_t row, like_rc rc)
{
    if (rc == LIKE_BAD)
        run_error(r, s, row, "E0704",
                  "LIKE pattern must not end with escape character");
    if (rc == LIKE_SLOW)
        run_error(r, s, row, "E0704",
                  "the LIKE pattern takes too long on this text");
}

static void like_rows(run *r, const run_step *s, bool any_case, bool negated)
{
    const like_pattern *k = s->data;
    if (k && k->shape != LIKE_ANY && !any_case) {
        simple_rows(r, s, k, negated);
        return;
    }
    uint8_t *out = RUN_DST(r, s)->v.b;
    uint8_t *room_t = any_case ? fold_room(r, s, 0) : NULL;
    uint8_t *room_p = any_case && !k ? fold_room(r, s, 1) : NULL;
    RUN_EACH_OK(r, s, i)
    {
        ds_slice t = ARG_STR(0)[i], p = k ? k->pattern : ARG_STR(1)[i];
        if (room_t)
            t = fold_case(room_t, t);
        if (k && k->shape != LIKE_ANY) {
            out[i] = like_simple(k, t) != negated;
            continue;
        }
        like_rc rc = like_run(t, room_p ? fold_case(room_p, p) : p, false);
        out[i] = (rc == LIKE_YES) != negated;
        like_error(r, s, i, rc);
    }
}

static void like_byte_rows(run *r, const run_step *s, bool negated)
{
    uint8_t *out = RUN_DST(r, s)->v.b;
    RUN_EACH_OK(r, s, i)
    {
        like_rc rc = like_run(ARG_STR(0)[i], ARG_STR(1)[i], true);
        out[i] = (rc == LIKE_YES) != negated;
        like_error(r, s, i, rc);
    }
}

void like_bytes(run *r, const run_step *s)
{
    like_byte_rows(r, s, false);
}

void like_not_bytes(run *r, const run_step *s)
{
    like_byte_rows(r, s, true);
}

void like_match(run *r, const run_step *s)
{
    like_rows(r, s, false, false);
}

void like_not_match(run *r, const run_step *s)
{
    like_rows(r, s, false, true);
}

void like_imatch(run *r, const run_step *s)
{
    like_rows(r, s, true, false);
}

void like_not_imatch(run *r, const run_step *s)
{
    like_rows(r, s, true, true);
}

/* ---- ESCAPE: the pattern with a backslash in its place ---- */

static ds_slice escape_bytes(run *r, ds_slice p, ds_slice esc)
{
    uint8_t *out = run_bytes(r, (size_t)p.len * 2);
    uint32_t n = 0;
    bool after = false;
    for (uint32_t i = 0; i < p.len;) {
        if (esc.len && !after && i + esc.len <= p.len &&
            memcmp(p.ptr + i, esc.ptr, esc.len) == 0) {
            out[n++] = '\\';
            i += esc.len;
            after = true;
            continue;
        }
        if (p.ptr[i] == '\\' && !after)
            out[n++] = '\\';
        ds_slice c = {p.ptr + i, p.len - i};
        next_char(&c);
        uint32_t len = p.len - i - c.len;
        memcpy(out + n, p.ptr + i, len);
        n += len;
        i += len;
        after = false;
    }
    return (ds_slice){out, n};
}

void like_escape(run *r, const run_step *s)
{
    const ds_slice *p = RUN_ARG(r, s, 0)->v.str;
    const ds_slice *esc = RUN_ARG(r, s, 1)->v.str;
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    {
        ds_slice rest = esc[i];
        if (rest.len)
            next_char(&rest);
        out[i] = p[i];
        if (rest.len)
            run_error(r, s, i, "E0704", "invalid escape string");
        else if (!(esc[i].len == 1 && esc[i].ptr[0] == '\\'))
            out[i] = escape_bytes(r, p[i], esc[i]);
    }
}
