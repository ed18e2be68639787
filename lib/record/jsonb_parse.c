/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jsonb_parse.c - JSON text to jsonb, without recursion.
 *
 *     {"b": [1, 2], "a": "x"}
 *
 * is read into a list of nodes, each before what it contains:
 *
 *     object 6 | key "b" | array 3 | 1 | 2 | key "a" | "x"
 *
 * and written from there, the members of objects in jsonb's order. Time and
 * memory are linear in the text (sorting apart), whatever it says.
 */
#include "record/jsonb_scan.h"

enum {
    NODES_AT_FIRST = 128,
    EXPANSION = 1 << 20, /* digits that exponents may add to a value */
};

/* A scalar's text, a key's, or of a container the bracket it opens with. Of a
 * key `size` is the length of the unescaped key, which stands inside the
 * quotes of `text` if it is two bytes shorter, else right after it. */
typedef struct node {
    const uint8_t *text;
    uint32_t len;
    uint32_t size; /* nodes here, the container's own one among them */
} node;

typedef struct parser {
    jsonb_lexer x;
    node *nodes;
    uint32_t n, cap;
    uint32_t open[JSONB_DEPTH]; /* containers around */
    uint32_t depth;
    uint32_t room;  /* for digits that exponents add */
    uint64_t bytes; /* that the value takes, at most */
} parser;

static node *add_node(parser *p, ds_slice text, uint32_t size)
{
    if (p->n == p->cap) {
        node *more = ds_new(p->x.arena, node, 2 * p->cap);
        memcpy(more, p->nodes, sizeof(node) * p->n);
        p->nodes = more;
        p->cap *= 2;
    }
    p->bytes += text.len + 3; /* what stands around it */
    p->nodes[p->n] = (node){text.ptr, text.len, size};
    return &p->nodes[p->n++];
}

static bool open_container(parser *p)
{
    if (p->depth == JSONB_DEPTH) {
        p->x.why = "stack depth limit exceeded: jsonb has at most 512 levels";
        return false;
    }
    p->open[p->depth++] = p->n;
    add_node(p, (ds_slice){p->x.at, 1}, 0);
    return jsonb_lex(&p->x);
}

static bool close_container(parser *p)
{
    uint32_t i = p->open[--p->depth];
    p->nodes[i].size = p->n - i;
    return jsonb_lex(&p->x);
}

static bool read_key(parser *p, const char *expected)
{
    if (p->x.kind != '"')
        return jsonb_lex_expected(&p->x, expected);
    add_node(p, p->x.text, p->x.raw.len);
    if (!jsonb_lex(&p->x))
        return false;
    if (p->x.kind != ':')
        return jsonb_lex_expected(&p->x, "\":\"");
    return jsonb_lex(&p->x);
}

static bool read_scalar(parser *p)
{
    jsonb_lexer *x = &p->x;
    uint8_t kind = x->kind;
    ds_slice text =
        kind == '"' ? x->text : (ds_slice){x->at, (uint32_t)(x->p - x->at)};
    if (kind == 0 || strchr("]},:", kind))
        return jsonb_lex_expected(x, "JSON value");
    /* PostgreSQL looks at the next token before it makes the number. */
    if (!jsonb_lex(x) ||
        (kind == '0' && !jsonb_lex_number(x, text, &p->room, &text)))
        return false;
    add_node(p, text, 1);
    return true;
}

/* What may follow a value: the ends of containers, then a comma. */
static bool read_after(parser *p, bool *done)
{
    while (p->depth > 0) {
        bool object = *p->nodes[p->open[p->depth - 1]].text == '{';
        uint8_t kind = p->x.kind;
        if (kind == ',') {
            if (!jsonb_lex(&p->x))
                return false;
            return !object || read_key(p, "string");
        }
        if (kind != (object ? '}' : ']'))
            return jsonb_lex_expected(&p->x, object ? "\",\" or \"}\""
                                                    : "\",\" or \"]\"");
        if (!close_container(p))
            return false;
    }
    *done = true;
    return p->x.kind == 0 || jsonb_lex_expected(&p->x, "end of input");
}

static bool read_all(parser *p)
{
    bool done = false;
    if (!jsonb_lex(&p->x))
        return false;
    while (!done) {
        uint8_t kind = p->x.kind;
        if (kind == '{' || kind == '[') {
            if (!open_container(p))
                return false;
            if (p->x.kind != (kind == '{' ? '}' : ']')) {
                if (kind == '{' && !read_key(p, "string or \"}\""))
                    return false;
                continue;
            }
        } else if (!read_scalar(p)) {
            return false;
        }
        if (!read_after(p, &done))
            return false;
    }
    return true;
}

/* ---- writing ---- */

typedef struct level {
    uint32_t next, end; /* of an array: nodes; of an object: sorted keys */
    bool object;
} level;

typedef struct writer {
    const node *nodes;
    jsonb_sort_key *keys; /* of the objects around, the innermost last */
    level levels[JSONB_DEPTH];
    uint32_t depth;
    uint8_t *to;
} writer;

static void put(writer *w, const void *p, uint32_t n)
{
    memcpy(w->to, p, n);
    w->to += n;
}

static uint32_t after(const writer *w, uint32_t i)
{
    return i + w->nodes[i].size;
}

/* The keys of object i go where those of the object around end. */
static level sorted_members(writer *w, uint32_t i, uint32_t first)
{
    uint32_t n = 0;
    jsonb_sort_key *keys = w->keys + first;
    for (uint32_t k = i + 1; k < after(w, i); k = after(w, k + 1)) {
        const node *key = &w->nodes[k];
        bool inside = key->size + 2 == key->len;
        const uint8_t *raw = inside ? key->text + 1 : key->text + key->len;
        keys[n++] = (jsonb_sort_key){raw, key->size, k};
    }
    n = jsonb_sort_keys(keys, n);
    return (level){first, first + n, true};
}

static void write_open(writer *w, uint32_t i)
{
    level *l = &w->levels[w->depth];
    put(w, w->nodes[i].text, 1);
    *l = (level){i + 1, after(w, i), false};
    if (*w->nodes[i].text == '{') {
        uint32_t first = 0;
        for (uint32_t d = w->depth; d-- > 0 && first == 0;)
            first = w->levels[d].object ? w->levels[d].end : 0;
        *l = sorted_members(w, i, first);
    }
    w->depth++;
}

/* The next value of the innermost container; false: it has ended. */
static bool write_next(writer *w, bool first, uint32_t *value)
{
    level *l = &w->levels[w->depth - 1];
    if (l->next == l->end) {
        *w->to++ = l->object ? '}' : ']';
        w->depth--;
        return false;
    }
    if (!first)
        put(w, ", ", 2);
    if (!l->object) {
        *value = l->next;
        l->next = after(w, l->next);
        return true;
    }
    uint32_t k = w->keys[l->next++].i;
    put(w, w->nodes[k].text, w->nodes[k].len);
    put(w, ": ", 2);
    *value = k + 1;
    return true;
}

static void write_all(writer *w)
{
    uint32_t i = 0;
    bool first;
    do {
        uint8_t c = *w->nodes[i].text;
        first = c == '{' || c == '[';
        if (first)
            write_open(w, i);
        else
            put(w, w->nodes[i].text, w->nodes[i].len);
        while (w->depth > 0 && !write_next(w, first, &i))
            first = false;
    } while (w->depth > 0);
}

bool jsonb_parse(ds_slice text, ds_arena *a, ds_slice *out, const char **why)
{
    node some[NODES_AT_FIRST];
    jsonb_sort_key few[NODES_AT_FIRST / 2];
    parser p; /* the stacks need not be cleared */
    writer w;
    p.x = (jsonb_lexer){
        .arena = a, .p = text.ptr, .end = text.ptr + text.len, .at = text.ptr};
    p.nodes = some;
    p.cap = NODES_AT_FIRST;
    p.n = p.depth = 0;
    p.room = EXPANSION;
    p.bytes = 0;
    if (!read_all(&p)) {
        *why = p.x.why;
        return false;
    }
    if (p.bytes > UINT32_MAX / 4) {
        *why = "the jsonb value is too large";
        return false;
    }
    uint8_t *to = ds_arena_alloc(a, (size_t)p.bytes, 1);
    w.nodes = p.nodes;
    w.keys = p.n > NODES_AT_FIRST ? ds_new(a, jsonb_sort_key, p.n / 2) : few;
    w.depth = 0;
    w.to = to;
    write_all(&w);
    *out = (ds_slice){to, (uint32_t)(w.to - to)};
    return true;
}
