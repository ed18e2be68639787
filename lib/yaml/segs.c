/* SPDX-License-Identifier: Apache-2.0 */
/*
 * segs.c - from a byte of a scalar back to its place in the file.
 *
 * libyaml gives the decoded value and where it begins. The value is aligned
 * with the file's bytes once: equal bytes go together, white space may differ
 * (folding, indentation), escapes are skipped. A segment starts with every line
 * and after every escape.
 */
#include "yaml/tree_internal.h"

void source_map_init(source_map *m, ds_slice text, const char *file,
                     ds_arena *a)
{
    uint32_t n = 1, *lines;

    for (uint32_t i = 0; i < text.len; i++)
        n += text.ptr[i] == '\n';
    lines = ds_new(a, uint32_t, n);
    n = 1;
    for (uint32_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '\n')
            lines[n++] = i + 1;
    *m = (source_map){text, file, n, lines, 0, 0, 0};
}

static bool is_cont(uint8_t c)
{
    return (c & 0xc0) == 0x80;
}

/* The byte offset of a place. Scalars come in the order of the file: the way
 * along a line goes on from the one before. */
static uint32_t map_offset(source_map *m, uint32_t line, uint32_t col)
{
    uint32_t at = line < m->n_lines ? m->lines[line] : m->text.len;
    uint32_t end = col;

    if (line == m->last_line && col >= m->last_col) {
        at = m->last_at > at ? m->last_at : at;
        col -= m->last_col;
    }
    while (col && at < m->text.len && m->text.ptr[at] != '\n') {
        at++;
        while (at < m->text.len && is_cont(m->text.ptr[at]))
            at++;
        col--;
    }
    m->last_line = line;
    m->last_col = end - col;
    m->last_at = at;
    return at;
}

/* A walk through the file beside the value. */
typedef struct walk {
    const source_map *m;
    ds_arena *a;
    uint32_t at, line, col; /* in the file; from 0 */
    ds_text_seg *segs;
    uint32_t n, cap;
} walk;

static void walk_mark(walk *w, uint32_t value_at)
{
    if (w->n && w->segs[w->n - 1].at == value_at)
        w->n--;
    if (w->n == w->cap) {
        uint32_t cap = w->cap ? w->cap * 2 : 4;
        ds_text_seg *list = ds_new(w->a, ds_text_seg, cap);
        if (w->n)
            memcpy(list, w->segs, w->n * sizeof(*list));
        w->segs = list;
        w->cap = cap;
    }
    w->segs[w->n++] = (ds_text_seg){value_at, w->line + 1, w->col + 1};
}

static bool walk_end(const walk *w)
{
    return w->at >= w->m->text.len;
}

static uint8_t walk_byte(const walk *w)
{
    return walk_end(w) ? 0 : w->m->text.ptr[w->at];
}

static void walk_step(walk *w)
{
    uint8_t c = walk_byte(w);

    if (walk_end(w))
        return;
    w->at++;
    if (c == '\n') {
        w->line++;
        w->col = 0;
    } else if (walk_end(w) || !is_cont(w->m->text.ptr[w->at])) {
        w->col++;
    }
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void walk_spaces(walk *w)
{
    while (!walk_end(w) && is_space(walk_byte(w)))
        walk_step(w);
}

/* To the first line of a block scalar's content. */
static void walk_block(walk *w)
{
    while (!walk_end(w) && walk_byte(w) != '\n')
        walk_step(w);
    walk_spaces(w);
}

/* A backslash that ends its line. */
static bool walk_at_line_end(const walk *w)
{
    uint32_t next = w->at + 1;

    return next < w->m->text.len &&
           (w->m->text.ptr[next] == '\n' || w->m->text.ptr[next] == '\r');
}

/* Past an escape in double quotes, but not past a plain byte after it. */
static void walk_escape(walk *w)
{
    static const char digits[] = "xuU";
    static const int lengths[] = {2, 4, 8};
    const char *kind;
    uint8_t c;

    walk_step(w); /* the backslash */
    c = walk_byte(w);
    kind = c ? strchr(digits, c) : NULL;
    walk_step(w);
    for (int i = 0; kind && i < lengths[kind - digits]; i++)
        walk_step(w);
}

static uint32_t char_len(ds_slice v, uint32_t i)
{
    uint32_t n = 1;

    while (i + n < v.len && is_cont(v.ptr[i + n]))
        n++;
    return n;
}

/* A byte that stands as it is; in single quotes '' is one quote. Returns the
 * place in the value after it. */
static uint32_t walk_plain(walk *w, uint8_t c, uint32_t i, bool single)
{
    walk_step(w);
    if (single && c == '\'') {
        walk_step(w);
        walk_mark(w, i + 1);
    }
    return i + 1;
}

static void walk_align(walk *w, ds_slice v, bool quoted, bool doubled)
{
    uint32_t i = 0;

    walk_mark(w, 0);
    while (i < v.len && !walk_end(w)) {
        uint8_t c = v.ptr[i], r = walk_byte(w);

        if (doubled && r == '\\' && walk_at_line_end(w)) {
            walk_step(w); /* the lines are one: this gives no byte */
            walk_spaces(w);
            walk_mark(w, i);
        } else if (doubled && r == '\\') {
            walk_escape(w);
            if (!is_space(c) || !is_space(walk_byte(w)))
                i += char_len(v, i);
            walk_mark(w, i);
        } else if (c == r && !(c == '\n' || (c == ' ' && quoted))) {
            i = walk_plain(w, c, i, quoted && !doubled);
        } else if (is_space(c) && is_space(r)) {
            while (i < v.len && is_space(v.ptr[i]))
                i++;
            walk_spaces(w);
            walk_mark(w, i);
        } else {
            return; /* they part: the rest stays at the last place known */
        }
    }
}

ds_text source_map_scalar(source_map *m, ds_slice value, scalar_style style,
                          bool double_quoted, uint32_t line, uint32_t col,
                          ds_arena *a)
{
    walk w = {.m = m, .a = a, .line = line, .col = col};
    ds_text t = {ds_strn_copy(a, (const char *)value.ptr, value.len), value.len,
                 m->file, 0, NULL};

    w.at = map_offset(m, line, col);
    if (style == SCALAR_QUOTED)
        walk_step(&w);
    if (style == SCALAR_BLOCK)
        walk_block(&w);
    walk_align(&w, value, style == SCALAR_QUOTED, double_quoted);
    t.segs = w.segs;
    t.n_segs = w.n;
    return t;
}
