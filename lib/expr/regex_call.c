/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex_call.c - the expressions of calls, and walking over matches.
 */
#include <stdlib.h>

#include "expr/regex_call.h"

void regex_const_compile(const regex_use *use, ds_slice pattern, ds_slice flags,
                         ds_arena *a, regex_const *out)
{
    if (use->flags)
        flags = ds_slice_of(use->flags);
    out->re =
        regex_compile(pattern, flags, use->want, a, &out->why, &out->refused);
    if (out->refused)
        out->why = ds_str_printf(a, "%s is not supported", out->why);
    if (out->re && out->re->global && use->name) {
        out->re = NULL;
        out->why = ds_str_printf(a, "%s does not support the \"global\" option",
                                 use->name);
    }
}

static const tx *constant(const tx *call, int arg)
{
    if (arg < 0 || (uint32_t)arg >= call->n_args)
        return NULL;
    const tx *x = call->args[arg];
    return x->kind == TX_CONST && !x->null ? x : NULL;
}

void regex_use_prepare(const regex_use *use, tx *call, ds_arena *a)
{
    bool flagged = use->flag >= 0 && (uint32_t)use->flag < call->n_args;
    const tx *pattern = constant(call, use->pattern);
    const tx *flags = constant(call, use->flag);
    if (pattern == NULL || (flagged && flags == NULL))
        return;
    regex_const *c = ds_new(a, regex_const, 1);
    regex_const_compile(use, pattern->v.s, flags ? flags->v.s : text_empty, a,
                        c);
    call->data = c;
}

/* NULL patterns aside, what cannot be compiled is refused when the job is
 * loaded. */
const char *regex_refused(tx *call, ds_arena *a, const char **code,
                          uint32_t *arg)
{
    if (call->data == NULL)
        call->f->prepare(call, a);
    const regex_const *c = call->data;
    *arg = 1;
    if (c == NULL || c->re)
        return NULL;
    *code = c->refused ? "E0304" : "E0702";
    return c->why;
}

/* ---- the cache ---- */

void regex_cache_begin(regex_cache *c, const regex_use *use, const void *data)
{
    *c = (regex_cache){.use = use, .constant = data};
    if (c->constant && c->constant->re)
        regex_begin(&c->run, c->constant->re);
}

static void forget(regex_cache *c)
{
    for (uint32_t i = 0; i < c->n; i++)
        if (c->kept[i].c.re)
            regex_end(&c->kept[i].run);
    c->n = 0;
}

void regex_cache_end(regex_cache *c)
{
    if (c->constant && c->constant->re)
        regex_end(&c->run);
    forget(c);
    ds_arena_free(c->arena);
}

static ds_slice keep(ds_arena *a, ds_slice s)
{
    return (ds_slice){
        (const uint8_t *)ds_strn_copy(a, (const char *)s.ptr, s.len), s.len};
}

static bool same(ds_slice a, ds_slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static regex_kept *find(regex_cache *c, ds_slice pattern, ds_slice flags)
{
    for (uint32_t i = c->n; i-- > 0;)
        if (same(c->kept[i].pattern, pattern) && same(c->kept[i].flags, flags))
            return &c->kept[i];
    if (c->n == REGEX_KEPT) {
        forget(c);
        ds_arena_reset(c->arena);
        c->kept = NULL;
    }
    if (c->arena == NULL)
        c->arena = ds_arena_new(16384);
    if (c->kept == NULL)
        c->kept = ds_new(c->arena, regex_kept, REGEX_KEPT);
    regex_kept *k = &c->kept[c->n++];
    *k = (regex_kept){.pattern = keep(c->arena, pattern),
                      .flags = keep(c->arena, flags)};
    regex_const_compile(c->use, k->pattern, k->flags, c->arena, &k->c);
    if (k->c.re)
        regex_begin(&k->run, k->c.re);
    return k;
}

regex_run *regex_cache_get(regex_cache *c, ds_slice pattern, ds_slice flags,
                           ds_slice text, const char **why)
{
    regex_run *out = &c->run;
    const regex_const *of = c->constant;
    if (of == NULL) {
        regex_kept *k = find(c, pattern, flags);
        of = &k->c;
        out = &k->run;
    }
    if (of->re == NULL) {
        *why = of->why;
        return NULL;
    }
    regex_text(out, text);
    return out;
}

static void set_end(void *cache)
{
    regex_cache_end(cache);
}

regex_run *regex_set_get(set_row *row, const regex_use *use,
                         const ds_value *args)
{
    const char *why;
    regex_cache *c = row->state;
    if (c == NULL) {
        row->state = c = ds_new(row->arena, regex_cache, 1);
        regex_cache_begin(c, use, row->data);
        ds_arena_on_reset(row->arena, set_end, c);
    }
    regex_run *out =
        regex_cache_get(c, args[1].s, row->n_args > 2 ? args[2].s : text_empty,
                        args[0].s, &why);
    if (out == NULL)
        set_error(row, "E0704", why);
    return out;
}

/* An empty match is not found twice. */
regex_rc regex_walk_next(regex_walk *w)
{
    if (w->from > w->text.len)
        return REGEX_NONE;
    regex_rc rc = regex_next(w->run, w->text, w->from, &w->begin, &w->end);
    if (rc != REGEX_MATCH)
        return rc;
    w->from = w->end;
    if (w->begin == w->end)
        w->from += w->end < w->text.len ? text_char_at(w->text, w->end) : 1;
    return rc;
}
