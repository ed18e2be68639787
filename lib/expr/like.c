/* SPDX-License-Identifier: Apache-2.0 */
/*
 * like.c - LIKE and ILIKE. A constant pattern is looked at once: without
 * underscores and with percent signs only at its ends it is a comparison or a
 * search.
 */
#include <utf8proc.h>

#include "expr/func.h"

typedef enum like_shape {
    LIKE_ANY,      /* by the matcher below */
    LIKE_EXACT,    /* abc */
    LIKE_PREFIX,   /* abc% */
    LIKE_SUFFIX,   /* %abc */
    LIKE_CONTAINS, /* %abc% */
} like_shape;

typedef struct like_pattern {
    like_shape shape;
    ds_slice text; /* without the percent signs */
} like_pattern;

typedef enum like_rc { LIKE_NO, LIKE_YES, LIKE_BAD } like_rc;

static inline void next_char(ds_slice *s)
{
    uint32_t n = 1;
    while (n < s->len && (s->ptr[n] & 0xc0) == 0x80)
        n++;
    s->ptr += n;
    s->len -= n;
}

static inline void next_byte(ds_slice *s)
{
    s->ptr++;
    s->len--;
}

/* One character of the pattern that is not a percent sign. */
static like_rc like_one(ds_slice *t, ds_slice *p)
{
    if (p->len && p->ptr[0] == '_') {
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

/* No recursion: after a percent sign only the last one is gone back to,
 * because an earlier one could not do better. PostgreSQL complains of an escape
 * character at the pattern's end only when it gets there with text left. */
static like_rc like_run(ds_slice t, ds_slice p)
{
    ds_slice back_t = {NULL, 0}, back_p = {NULL, 0};
    for (;;) {
        if (p.len && p.ptr[0] == '%') {
            next_byte(&p);
            if (p.len == 0)
                return LIKE_YES;
            back_t = t;
            back_p = p;
            continue;
        }
        if (t.len == 0)
            return p.len == 0 ? LIKE_YES : LIKE_NO;
        like_rc rc = like_one(&t, &p);
        if (rc == LIKE_BAD)
            return rc;
        if (rc == LIKE_YES)
            continue;
        if (back_p.ptr == NULL || back_t.len == 0)
            return LIKE_NO;
        next_char(&back_t);
        t = back_t;
        p = back_p;
    }
}

static bool like_simple(const like_pattern *k, ds_slice t)
{
    const ds_slice p = k->text;
    if (t.len < p.len)
        return false;
    switch (k->shape) {
    case LIKE_EXACT:
        return t.len == p.len && memcmp(t.ptr, p.ptr, p.len) == 0;
    case LIKE_PREFIX:
        return memcmp(t.ptr, p.ptr, p.len) == 0;
    case LIKE_SUFFIX:
        return memcmp(t.ptr + t.len - p.len, p.ptr, p.len) == 0;
    default:
        return memmem(t.ptr, t.len, p.ptr, p.len) != NULL;
    }
}

void like_prepare(tx *call, ds_arena *a)
{
    const tx *pattern = call->args[1];
    if (pattern->kind != TX_CONST || pattern->null)
        return;
    ds_slice p = pattern->v.s;
    like_pattern *k = ds_new(a, like_pattern, 1);
    bool first = p.len && p.ptr[0] == '%';
    bool last = p.len > 1 && p.ptr[p.len - 1] == '%';
    uint32_t from = first ? 1 : 0, to = p.len - (last ? 1 : 0);
    k->text = (ds_slice){p.ptr + from, to - from};
    k->shape = first && last ? LIKE_CONTAINS
               : first       ? LIKE_SUFFIX
               : last        ? LIKE_PREFIX
                             : LIKE_EXACT;
    for (uint32_t i = 0; i < k->text.len; i++)
        if (strchr("%_\\", k->text.ptr[i]) || k->text.ptr[i] == 0)
            k->shape = LIKE_ANY;
    call->data = k;
}

/* Lower case, character by character. */
static ds_slice fold_case(ds_arena *a, ds_slice s)
{
    uint8_t *out = ds_arena_alloc(a, (size_t)s.len * 2 + 1, 1);
    uint32_t n = 0;
    for (uint32_t i = 0; i < s.len;) {
        utf8proc_int32_t c;
        utf8proc_ssize_t l =
            utf8proc_iterate(s.ptr + i, (utf8proc_ssize_t)(s.len - i), &c);
        if (l <= 0) {
            out[n++] = s.ptr[i++];
            continue;
        }
        n += (uint32_t)utf8proc_encode_char(utf8proc_tolower(c), out + n);
        i += (uint32_t)l;
    }
    return (ds_slice){out, n};
}

static void like_rows(run *r, const run_step *s, bool any_case, bool negated)
{
    const like_pattern *k = any_case ? NULL : s->data;
    const ds_slice *t = RUN_ARG(r, s, 0)->v.str;
    const ds_slice *p = RUN_ARG(r, s, 1)->v.str;
    uint8_t *out = RUN_DST(r, s)->v.b;
    if (k && k->shape != LIKE_ANY) {
        RUN_EACH_OK(r, s, i)
        out[i] = like_simple(k, t[i]) != negated;
        return;
    }
    RUN_EACH_OK(r, s, i)
    {
        ds_arena *a = r->ev->arena;
        like_rc rc = any_case ? like_run(fold_case(a, t[i]), fold_case(a, p[i]))
                              : like_run(t[i], p[i]);
        out[i] = (rc == LIKE_YES) != negated;
        if (rc == LIKE_BAD)
            run_error(r, s, i, "E0704",
                      "LIKE pattern must not end with escape character");
    }
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
