/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree.c - libyaml's events to a ds_arg tree.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

#include "yaml/tree_internal.h"

#define MAX_DEPTH 32
#define MAX_NODES 50000
#define MAX_SCALAR (64 * 1024)

/* A list or map that is being read. */
typedef struct frame {
    ds_arg *arg;
    uint32_t cap;
    ds_text key; /* map: waits for its value */
    bool has_key;
    const ds_arg **items;
    ds_text *names;
    uint32_t size; /* nodes in it, aliases counted out */
} frame;

typedef struct anchor {
    const char *name;
    const ds_arg *arg; /* NULL while it is open */
    uint32_t size;
} anchor;

typedef struct tree {
    yaml_parser_t parser;
    source_map map;
    const yaml_vars *vars;
    ds_arena *a;
    ds_diags *d;
    frame stack[MAX_DEPTH];
    int depth;
    uint32_t nodes;
    anchor *anchors;
    uint32_t n_anchors;
    const ds_arg *root;
} tree;

static ds_where where_of(const tree *t, yaml_mark_t m, uint32_t len)
{
    return (ds_where){t->map.file, (uint32_t)m.line + 1, (uint32_t)m.column + 1,
                      len};
}

static bool tree_fail(tree *t, yaml_mark_t m, const char *code,
                      const char *hint, const char *msg)
{
    ds_diag_add(t->d, DS_ERROR, code, where_of(t, m, 0), hint, "%s", msg);
    return false;
}

static void frame_grow(tree *t, frame *f)
{
    uint32_t cap = f->cap ? f->cap * 2 : 8;
    const ds_arg **items = ds_new(t->a, const ds_arg *, cap);
    ds_text *names = ds_new(t->a, ds_text, cap);

    if (f->arg->n) {
        memcpy(items, f->items, f->arg->n * sizeof(*items));
        memcpy(names, f->names, f->arg->n * sizeof(*names));
    }
    f->items = items;
    f->names = names;
    f->cap = cap;
}

static void frame_add(tree *t, frame *f, const ds_arg *item)
{
    if (f->arg->n == f->cap)
        frame_grow(t, f);
    f->items[f->arg->n] = item;
    f->names[f->arg->n++] = f->key;
    f->has_key = false;
}

static void key_take(tree *t, frame *f, const ds_arg *key)
{
    const ds_text *name = &key->text;

    if (key->kind != DS_ARG_SCALAR) {
        ds_diag_add(t->d, DS_ERROR, "E0113", key->where, NULL,
                    "a key has to be a plain name");
        ds_text_seg *seg = ds_new(t->a, ds_text_seg, 1);
        *seg = (ds_text_seg){0, key->where.line, key->where.col};
        f->key = (ds_text){"?", 1, key->where.file, 1, seg};
    } else {
        f->key = *name;
        if (!key->quoted && !strcmp(name->s, "<<"))
            ds_diag_add(t->d, DS_ERROR, "E0114", key->where,
                        "write the keys out; anchors and aliases of whole "
                        "values work",
                        "merge keys are not supported");
    }
    f->has_key = true;
}

static int key_compare(const void *a, const void *b)
{
    const ds_text *x = *(const ds_text *const *)a;
    const ds_text *y = *(const ds_text *const *)b;
    int c = strcmp(x->s, y->s);

    return c ? c : (x < y ? -1 : 1);
}

/* Sorted, so that a map with many keys costs no more than sorting it. */
static void keys_check(tree *t, const ds_arg *map)
{
    const ds_text **keys = ds_new(t->a, const ds_text *, map->n + 1);

    for (uint32_t i = 0; i < map->n; i++)
        keys[i] = &map->names[i];
    qsort(keys, map->n, sizeof(*keys), key_compare);
    for (uint32_t i = 1; i < map->n; i++)
        if (!strcmp(keys[i - 1]->s, keys[i]->s))
            ds_diag_add(t->d, DS_ERROR, "E0112",
                        ds_text_where(keys[i], 0, keys[i]->len), NULL,
                        "`%.80s` stands here for the second time", keys[i]->s);
}

static bool node_count(tree *t, uint32_t n, yaml_mark_t m)
{
    t->nodes += n;
    for (int i = 0; i < t->depth; i++)
        t->stack[i].size += n;
    if (t->nodes > MAX_NODES)
        return tree_fail(t, m, "E0111", "aliases count as often as they stand",
                         "the file has more than 50000 nodes");
    return true;
}

static bool node_place(tree *t, const ds_arg *arg)
{
    frame *f = t->depth ? &t->stack[t->depth - 1] : NULL;

    if (!f)
        t->root = arg;
    else if (f->arg->kind == DS_ARG_MAP && !f->has_key)
        key_take(t, f, arg);
    else
        frame_add(t, f, arg);
    return true;
}

static bool anchor_add(tree *t, const yaml_char_t *name, const ds_arg *arg,
                       uint32_t size)
{
    if (!name)
        return true;
    if (t->n_anchors % 16 == 0) {
        anchor *list = ds_new(t->a, anchor, t->n_anchors + 16);
        if (t->n_anchors)
            memcpy(list, t->anchors, t->n_anchors * sizeof(*list));
        t->anchors = list;
    }
    t->anchors[t->n_anchors++] =
        (anchor){ds_str_copy(t->a, (const char *)name), arg, size};
    return true;
}

static bool tag_check(tree *t, const yaml_char_t *tag, yaml_mark_t m)
{
    if (!tag || !strcmp((const char *)tag, "!"))
        return true;
    return tree_fail(t, m, "E0115", "quote a value to make it a string",
                     "tags are not supported");
}

static bool is_null_word(const char *s)
{
    return !*s || !strcmp(s, "~") || !strcmp(s, "null") || !strcmp(s, "Null") ||
           !strcmp(s, "NULL");
}

static bool on_scalar(tree *t, const yaml_event_t *e)
{
    yaml_scalar_style_t style = e->data.scalar.style;
    bool block =
        style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE;
    bool plain = style == YAML_PLAIN_SCALAR_STYLE;
    frame *f = t->depth ? &t->stack[t->depth - 1] : NULL;
    bool key = f && f->arg->kind == DS_ARG_MAP && !f->has_key;
    ds_slice v = {e->data.scalar.value, (uint32_t)e->data.scalar.length};
    ds_arg *arg = ds_new(t->a, ds_arg, 1);

    if (e->data.scalar.length > MAX_SCALAR)
        return tree_fail(t, e->start_mark, "E0111", NULL,
                         "a scalar is longer than 64 KiB");
    if (memchr(v.ptr, 0, v.len))
        return tree_fail(t, e->start_mark, "E0110", NULL,
                         "a NUL character stands in a scalar");
    if (!tag_check(t, e->data.scalar.tag, e->start_mark) ||
        !node_count(t, 1, e->start_mark))
        return false;
    arg->kind = DS_ARG_SCALAR;
    arg->quoted = !plain;
    arg->text = source_map_scalar(&t->map, v,
                                  plain   ? SCALAR_PLAIN
                                  : block ? SCALAR_BLOCK
                                          : SCALAR_QUOTED,
                                  style == YAML_DOUBLE_QUOTED_SCALAR_STYLE,
                                  (uint32_t)e->start_mark.line,
                                  (uint32_t)e->start_mark.column, t->a);
    arg->null = plain && is_null_word(arg->text.s);
    arg->where = where_of(t, e->start_mark, plain ? v.len : 1);
    if (!key && t->vars && t->vars->on)
        arg->text = vars_replace(&arg->text, t->vars, t->a, t->d);
    anchor_add(t, e->data.scalar.anchor, arg, 1);
    return node_place(t, arg);
}

static bool on_start(tree *t, ds_arg_kind kind, const yaml_char_t *name,
                     const yaml_char_t *tag, yaml_mark_t m)
{
    ds_arg *arg = ds_new(t->a, ds_arg, 1);

    if (t->depth == MAX_DEPTH)
        return tree_fail(t, m, "E0111", NULL, "nested deeper than 32 levels");
    if (!tag_check(t, tag, m) || !node_count(t, 1, m))
        return false;
    arg->kind = kind;
    arg->where = where_of(t, m, 1);
    anchor_add(t, name, NULL, t->depth ? 1 : 0);
    if (name)
        t->anchors[t->n_anchors - 1].size = (uint32_t)t->depth; /* its frame */
    t->stack[t->depth++] = (frame){.arg = arg, .size = 1};
    return true;
}

static bool on_end(tree *t)
{
    frame *f = &t->stack[--t->depth];

    f->arg->items = f->items;
    if (f->arg->kind == DS_ARG_MAP) {
        f->arg->names = f->names;
        keys_check(t, f->arg);
    }
    for (uint32_t i = t->n_anchors; i-- > 0;) {
        if (!t->anchors[i].arg && t->anchors[i].size == (uint32_t)t->depth) {
            t->anchors[i].arg = f->arg;
            t->anchors[i].size = f->size;
            break;
        }
    }
    return node_place(t, f->arg);
}

static bool on_alias(tree *t, const yaml_event_t *e)
{
    const char *name = (const char *)e->data.alias.anchor;

    for (uint32_t i = t->n_anchors; i-- > 0;) {
        anchor *x = &t->anchors[i];
        if (strcmp(x->name, name) != 0)
            continue;
        if (!x->arg)
            return tree_fail(t, e->start_mark, "E0116", NULL,
                             "an alias stands inside its own anchor");
        return node_count(t, x->size, e->start_mark) && node_place(t, x->arg);
    }
    return tree_fail(t, e->start_mark, "E0116", NULL,
                     "there is no anchor of that name");
}

/* Where a byte of the file stands; what comes before it is UTF-8. */
static ds_where byte_where(const tree *t, uint32_t at)
{
    const source_map *m = &t->map;
    ds_where w = {m->file, 1, 1, 0};

    if (at > m->text.len)
        at = m->text.len;
    while (w.line < m->n_lines && m->lines[w.line] <= at)
        w.line++;
    for (uint32_t i = m->lines[w.line - 1]; i < at; i++)
        w.col += (m->text.ptr[i] & 0xc0) != 0x80;
    return w;
}

/* Whether a bracket stands where a value in {...} should have ended: text[]. */
/* The character there; 0: none. */
static char char_at(const tree *t, ds_where w)
{
    const source_map *m = &t->map;
    uint32_t at = w.line <= m->n_lines ? m->lines[w.line - 1] : m->text.len;
    uint32_t col = 0;

    for (; at < m->text.len; at++) {
        col += (m->text.ptr[at] & 0xc0) != 0x80;
        if (col == w.col)
            return m->text.ptr[at];
    }
    return 0;
}

static const char *parser_hint(const tree *t, ds_where where)
{
    const char *context = t->parser.context ? t->parser.context : "";
    const char *problem = t->parser.problem ? t->parser.problem : "";
    unsigned line = (unsigned)t->parser.context_mark.line + 1;

    if (strstr(context, "flow") && char_at(t, where) == '[')
        return "inside {...} and [...] quote what has brackets: \"text[]\"";
    if (strstr(problem, "mapping values are not allowed"))
        return "quote a text that has `: ` in it";
    if (strstr(context, "block") && strstr(problem, "did not find expected"))
        return char_at(t, where) == '}' || char_at(t, where) == ']'
                   ? "a bracket too many"
                   : "what belongs together begins in one column";
    if (!strstr(context, "flow") && !strstr(context, "quoted"))
        return NULL;
    if (line == where.line && t->parser.problem_mark.line + 1 != line)
        return "it is not closed";
    return line < where.line
               ? ds_str_printf(t->a, "what begins in line %u is not closed",
                               line)
               : NULL;
}

static bool parser_fail(tree *t)
{
    const yaml_parser_t *p = &t->parser;
    yaml_mark_t m = p->problem_mark;
    const char *context = p->context ? p->context : "";
    const char *problem = p->problem ? p->problem : "not YAML";
    ds_where where;

    if (p->error == YAML_READER_ERROR) {
        ds_diag_add(t->d, DS_ERROR, "E0110",
                    byte_where(t, (uint32_t)p->problem_offset),
                    "the file has to be UTF-8", "%s", problem);
        return false;
    }
    /* At the end there is nothing to show but what it should have closed. */
    where = where_of(
        t, *context && m.index >= t->map.text.len ? p->context_mark : m, 0);
    ds_diag_add(t->d, DS_ERROR, "E0110", where, parser_hint(t, where), "%s%s%s",
                problem, *context ? " " : "", context);
    return false;
}

/* One event; false: stop. *done: the stream has ended. */
static bool tree_event(tree *t, const yaml_event_t *e, bool *done, int *docs)
{
    switch (e->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (++*docs > 1)
            return tree_fail(t, e->start_mark, "E0117", "one file is one job",
                             "a second document begins here");
        return true;
    case YAML_SCALAR_EVENT:
        return on_scalar(t, e);
    case YAML_SEQUENCE_START_EVENT:
        return on_start(t, DS_ARG_LIST, e->data.sequence_start.anchor,
                        e->data.sequence_start.tag, e->start_mark);
    case YAML_MAPPING_START_EVENT:
        return on_start(t, DS_ARG_MAP, e->data.mapping_start.anchor,
                        e->data.mapping_start.tag, e->start_mark);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return on_end(t);
    case YAML_ALIAS_EVENT:
        return on_alias(t, e);
    case YAML_STREAM_END_EVENT:
        *done = true;
        return true;
    default:
        return true;
    }
}

static bool tree_read(tree *t)
{
    bool done = false, ok = true;
    int docs = 0;

    while (ok && !done) {
        yaml_event_t e;
        if (!yaml_parser_parse(&t->parser, &e))
            return parser_fail(t);
        ok = tree_event(t, &e, &done, &docs);
        yaml_event_delete(&e);
    }
    return ok;
}

const ds_arg *yaml_parse(ds_slice text, const char *file, const yaml_vars *vars,
                         ds_arena *a, ds_diags *d)
{
    tree *t = ds_new(a, tree, 1);
    bool ok;

    if (text.len > YAML_MAX_BYTES) {
        ds_diag_add(d, DS_ERROR, "E0111", (ds_where){file, 1, 1, 0}, NULL,
                    "the file is larger than 1 MiB");
        return NULL;
    }
    if (text.len >= 3 && !memcmp(text.ptr, "\xef\xbb\xbf", 3))
        text = (ds_slice){text.ptr + 3, text.len - 3}; /* a mark, no text */
    t->vars = vars;
    t->a = a;
    t->d = d;
    source_map_init(&t->map, text, file, a);
    if (!yaml_parser_initialize(&t->parser))
        return NULL;
    yaml_parser_set_encoding(&t->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&t->parser, text.ptr, text.len);
    ok = tree_read(t);
    yaml_parser_delete(&t->parser);
    if (!ok)
        return NULL;
    if (!t->root)
        ds_diag_add(d, DS_ERROR, "E0110", (ds_where){file, 1, 1, 0}, NULL,
                    "the file is empty");
    return t->root;
}

static bool read_all(int fd, uint8_t *buf, uint32_t cap, uint32_t *n)
{
    ssize_t got = 1;

    for (*n = 0; got > 0 && *n < cap; *n += (uint32_t)got) {
        got = read(fd, buf + *n, cap - *n);
        if (got < 0)
            return false;
    }
    return true;
}

bool yaml_read(const char *path, ds_arena *a, ds_slice *out, ds_diags *d)
{
    bool std = !strcmp(path, "-");
    int fd = std ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    uint8_t *buf = ds_arena_alloc(a, YAML_MAX_BYTES + 1, 1);
    uint32_t n = 0;
    bool ok = fd >= 0 && read_all(fd, buf, YAML_MAX_BYTES + 1, &n);
    int error = errno;

    if (fd >= 0 && !std)
        close(fd);
    if (!ok)
        ds_diag_add(d, DS_ERROR, "E0118", (ds_where){path, 1, 1, 0}, NULL,
                    "the file cannot be read: %s", strerror(error));
    *out = (ds_slice){buf, n};
    return ok;
}
