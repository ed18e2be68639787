/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diag.c - collecting mistakes and showing them with their line.
 */
#include "dstream/diag.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "dstream/error.h"

enum {
    DIAG_MAX = 200,
    DIAG_BEFORE = 120, /* characters quoted before the caret */
    DIAG_WIDTH = 200,  /* characters quoted at most */
};

ds_text ds_text_of(const char *s)
{
    return (ds_text){.s = s, .len = s ? (uint32_t)strlen(s) : 0};
}

ds_where ds_text_where(const ds_text *t, uint32_t offset, uint32_t len)
{
    ds_where where = {.file = t->file};
    if (!t->s)
        return where;
    if (offset > t->len)
        offset = t->len;
    if (len > t->len - offset)
        len = t->len - offset;
    const uint8_t *s = (const uint8_t *)t->s;
    where.len = utf8_count(s + offset, len);
    if (t->n_segs == 0)
        return where;
    uint32_t i = t->n_segs - 1;
    while (i > 0 && t->segs[i].at > offset)
        i--;
    const ds_text_seg *seg = &t->segs[i];
    uint32_t at = seg->at < offset ? seg->at : offset;
    where.line = seg->line;
    where.col = seg->col + utf8_count(s + at, offset - at);
    return where;
}

void ds_diags_init(ds_diags *d, ds_arena *a)
{
    *d = (ds_diags){.arena = a};
}

static bool same_str(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool diag_is_known(const ds_diags *d, const ds_diag *diag)
{
    for (uint32_t i = 0; i < d->n; i++) {
        const ds_diag *old = &d->list[i];
        if (old->severity == diag->severity &&
            old->where.line == diag->where.line &&
            old->where.col == diag->where.col &&
            same_str(old->where.file, diag->where.file) &&
            same_str(old->code, diag->code) && same_str(old->msg, diag->msg))
            return true;
    }
    return false;
}

void ds_diags_unknown(ds_diags *d, ds_where where)
{
    if (!d->unknown)
        d->unknown = ds_new(d->arena, ds_where, DIAG_MAX);
    if (d->n_unknown < DIAG_MAX)
        d->unknown[d->n_unknown++] = where;
}

/* A mistake of a value is told at its quote, at its begin, or at its end. */
static bool is_unknown(const ds_diags *d, const ds_where *where)
{
    for (uint32_t i = 0; i < d->n_unknown; i++) {
        const ds_where *u = &d->unknown[i];

        if (same_str(u->file, where->file) && u->line == where->line &&
            where->col + 1 >= u->col && where->col <= u->col + u->len)
            return true;
    }
    return false;
}

/* Messages quote what the user wrote: no control character gets through. */
static char *diag_clean(char *msg)
{
    for (char *p = msg; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = ' ';
    return msg;
}

void ds_diag_add(ds_diags *d, ds_severity severity, const char *code,
                 ds_where where, const char *hint, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    ds_diag_addv(d, severity, code, where, hint, fmt, args);
    va_end(args);
}

void ds_diag_addv(ds_diags *d, ds_severity severity, const char *code,
                  ds_where where, const char *hint, const char *fmt,
                  va_list args)
{
    char msg[1000];
    int wanted = vsnprintf(msg, sizeof(msg), fmt, args);
    if (wanted >= (int)sizeof(msg))
        utf8_cut(msg);
    ds_diag diag = {severity, code, where, diag_clean(msg), hint};
    /* A mistake in what is used twice (an alias) counts twice: whoever looks
     * whether something went wrong must see it each time. */
    d->errors += severity == DS_ERROR;
    if (d->n == DIAG_MAX || diag_is_known(d, &diag) || is_unknown(d, &where))
        return;
    if (d->n == d->cap) {
        uint32_t cap = d->cap ? d->cap * 2 : 8;
        ds_diag *list = ds_new(d->arena, ds_diag, cap);
        if (d->n)
            memcpy(list, d->list, d->n * sizeof(*list));
        d->list = list;
        d->cap = cap;
    }
    diag.code = ds_str_copy(d->arena, code);
    diag.msg = ds_str_copy(d->arena, msg);
    if (hint)
        diag.hint = diag_clean(ds_str_copy(d->arena, hint));
    if (where.file)
        diag.where.file = ds_str_copy(d->arena, where.file);
    d->list[d->n++] = diag;
}

static int diag_cmp(const void *pa, const void *pb)
{
    const ds_diag *a = pa, *b = pb;
    int c = strcmp(a->where.file ? a->where.file : "",
                   b->where.file ? b->where.file : "");
    if (c)
        return c;
    if (a->where.line != b->where.line)
        return a->where.line < b->where.line ? -1 : 1;
    if (a->where.col != b->where.col)
        return a->where.col < b->where.col ? -1 : 1;
    c = strcmp(a->code, b->code);
    return c ? c : strcmp(a->msg, b->msg);
}

static ds_slice source_line(ds_slice source, uint32_t line)
{
    const uint8_t *p = source.ptr, *end = source.ptr + source.len;
    for (uint32_t i = 1; i < line && p < end; i++) {
        const uint8_t *newline = memchr(p, '\n', (size_t)(end - p));
        p = newline ? newline + 1 : end;
    }
    const uint8_t *stop = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;
    if (!stop)
        stop = end;
    if (stop > p && stop[-1] == '\r')
        stop--;
    return (ds_slice){p, (uint32_t)(stop - p)};
}

/* A tab is shown as one blank, so that the caret's column needs no tab stops;
 * anything else that could move the cursor as a question mark. */
static void show_char(const uint8_t *p, uint32_t len, FILE *to)
{
    if (*p == '\t')
        fputc(' ', to);
    else if (utf8_is_control(p, len))
        fputc('?', to);
    else
        fwrite(p, 1, len, to);
}

/* The quoted line, cut around the caret where it is long, and the caret. */
static void show_quote(const ds_diag *diag, ds_slice line, FILE *to)
{
    uint32_t col = diag->where.col ? diag->where.col : 1;
    uint32_t chars = utf8_count(line.ptr, line.len);
    uint32_t first = 1, last = chars;
    if (chars > DIAG_WIDTH) {
        first = col > DIAG_BEFORE ? col - DIAG_BEFORE : 1;
        last = first + DIAG_WIDTH - 1 < chars ? first + DIAG_WIDTH - 1 : chars;
    }
    if (col > chars + 1)
        col = chars + 1;
    fprintf(to, "%6u | %s", diag->where.line, first > 1 ? "..." : "");
    uint32_t at = 1, pad = first > 1 ? 3 : 0, width = 0;
    for (uint32_t i = 0; i < line.len && at <= last; at++) {
        uint32_t len = utf8_char(line.ptr + i, line.len - i);
        if (at >= first)
            show_char(line.ptr + i, len, to);
        if (at >= first && at < col)
            pad += utf8_width(line.ptr + i, len);
        if (at >= col && at < col + diag->where.len)
            width += utf8_width(line.ptr + i, len);
        i += len;
    }
    fprintf(to, "%s\n       | %*s", last < chars ? "..." : "", (int)pad, "");
    do
        fputc('^', to);
    while (width > 1 && width--);
}

static void diag_show(const ds_diag *diag, ds_slice source, FILE *to)
{
    if (diag->where.file)
        fprintf(to, "%s:", diag->where.file);
    if (diag->where.line)
        fprintf(to, "%u:%u:", diag->where.line, diag->where.col);
    fprintf(to, "%s%s[%s]: %s\n",
            diag->where.file || diag->where.line ? " " : "",
            diag->severity == DS_ERROR ? "error" : "warning", diag->code,
            diag->msg);
    ds_slice line = DS_NULL_SLICE;
    if (diag->where.line && source.ptr)
        line = source_line(source, diag->where.line);
    if (line.len) {
        show_quote(diag, line, to);
        if (diag->hint)
            fprintf(to, " %s", diag->hint);
        fputc('\n', to);
    } else if (diag->hint) {
        fprintf(to, "       = %s\n", diag->hint);
    }
}

void ds_diags_show(ds_diags *d, ds_slice source, FILE *to)
{
    char *text = NULL;
    size_t len = 0;
    FILE *all = open_memstream(&text, &len);

    DS_BUG_ON(all == NULL);
    if (d->n)
        qsort(d->list, d->n, sizeof(*d->list), diag_cmp);
    for (uint32_t i = 0; i < d->n; i++)
        diag_show(&d->list[i], source, all);
    if (d->n == DIAG_MAX)
        fprintf(all, "(only the first %d are shown)\n", DIAG_MAX);
    DS_BUG_ON(fclose(all) != 0);
    /* At once: the log may write there too. */
    if (len)
        (void)fwrite(text, 1, len, to);
    free(text);
}
