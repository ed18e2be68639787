/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex_set.c - sets of characters: brackets, classes, both cases of a letter.
 *
 * The classes are those of the C library's locale C.UTF-8, said with Unicode
 * properties; each was compared with PostgreSQL over all characters. PCRE2
 * never ignores case: a letter stands there in both cases.
 */
#include "expr/regex_node.h"
#include "expr/text.h"

/* Of ranges in both cases: some that hold all characters. */
enum { FOLDED_MOST = 8 << 20 };

#define SPACES                                                                 \
    "\\t-\\r\\x20\\x{1680}\\x{2000}-\\x{2006}\\x{2008}-\\x{200a}\\x{2028}"     \
    "\\x{2029}\\x{205f}\\x{3000}"
#define NO_CHARS "\\p{Cn}\\p{Cs}\\p{Cc}"
#define ALNUM "\\p{Alphabetic}\\p{Nd}"

static const struct {
    const char *name;
    const char *items; /* within brackets, or */
    const char *part;  /* beside them */
    const char *other; /* all others, beside brackets */
} classes[] = {
    {"alnum", ALNUM, NULL, "[^" ALNUM "]"},
    {"alpha", NULL, "(?![0-9])[" ALNUM "]", "(?:[0-9]|[^" ALNUM "])"},
    {"ascii", "\\x{1}-\\x{7f}", NULL, "[^\\x{1}-\\x{7f}]"},
    {"blank", "\\t\\x20", NULL, "[^\\t\\x20]"},
    {"cntrl", "\\p{Cc}", NULL, "[^\\p{Cc}]"},
    {"digit", "0-9", NULL, "[^0-9]"},
    {"graph", NULL, "[^" NO_CHARS SPACES "]", "[" NO_CHARS SPACES "]"},
    {"lower", "\\p{Lowercase}\\x{1c5}\\x{1c8}\\x{1cb}\\x{1f2}", NULL, NULL},
    {"print", NULL, "[^" NO_CHARS "\\x{2028}\\x{2029}]", NULL},
    {"punct", NULL, "[^" NO_CHARS SPACES ALNUM "]", NULL},
    {"space", SPACES, NULL, "[^" SPACES "]"},
    {"upper", "\\p{Uppercase}\\p{Lt}", NULL, NULL},
    {"word", ALNUM "_", NULL, "[^" ALNUM "_]"},
    {"xdigit", "0-9A-Fa-f", NULL, "[^0-9A-Fa-f]"},
};

static bool ascii_alnum(uint32_t c)
{
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c >= '0' && c <= '9');
}

static bool ascii_is(const char *name, uint32_t c)
{
    bool letter = ascii_alnum(c) && c > '9';
    bool space = c == ' ' || (c >= '\t' && c <= '\r');
    bool graph = c > ' ' && c < 0x7f;
    switch (name[0]) {
    case 'a':
        return name[1] == 's' ? true : name[2] == 'n' ? ascii_alnum(c) : letter;
    case 'b':
        return c == ' ' || c == '\t';
    case 'c':
        return c < ' ' || c == 0x7f;
    case 'd':
        return c >= '0' && c <= '9';
    case 'g':
        return graph;
    case 'l':
        return letter && c >= 'a';
    case 'p':
        return name[1] == 'r' ? graph || c == ' ' : graph && !ascii_alnum(c);
    case 's':
        return space;
    case 'u':
        return letter && c < 'a';
    case 'w':
        return ascii_alnum(c) || c == '_';
    default:
        return (c >= '0' && c <= '9') ||
               ((c | 0x20) >= 'a' && (c | 0x20) < 'g');
    }
}

void regex_set_init(regex_set *s, regex_tree *t)
{
    *s = (regex_set){.t = t};
    ds_buf_init(&s->items, t->arena, 32);
    ds_buf_init(&s->parts, t->arena, 32);
}

static void mark(regex_set *s, uint32_t c)
{
    if (c < 128)
        s->chars.ascii[c / 64] |= 1ull << (c % 64);
    else
        s->chars.wide = true;
}

static void put_range(regex_set *s, uint32_t from, uint32_t to)
{
    for (uint32_t c = from; c <= to && c < 128; c++)
        mark(s, c);
    mark(s, to);
    /* PCRE2 knows no halves of pairs, and no text has them. */
    if (from >= 0xd800 && from < 0xe000)
        from = 0xe000;
    if (to >= 0xd800 && to < 0xe000)
        to = 0xd7ff;
    if (from > to)
        return;
    ds_buf_printf(&s->items, "\\x{%x}", from);
    if (to > from)
        ds_buf_printf(&s->items, "-\\x{%x}", to);
}

void regex_set_char(regex_set *s, uint32_t c)
{
    uint32_t lower = c, upper = c;
    if (s->t->options.any_case) {
        lower = (uint32_t)text_lower_char((int32_t)c);
        upper = (uint32_t)text_upper_char((int32_t)c);
    }
    put_range(s, lower, lower);
    if (upper != lower)
        put_range(s, upper, upper);
}

void regex_set_range(regex_set *s, uint32_t from, uint32_t to)
{
    put_range(s, from, to);
    if (!s->t->options.any_case)
        return;
    s->t->folded += to - from;
    if (s->t->folded > FOLDED_MOST) {
        (void)regex_too_complex(s->t);
        return;
    }
    for (uint32_t c = from; c <= to; c++) {
        uint32_t lower = (uint32_t)text_lower_char((int32_t)c);
        uint32_t upper = (uint32_t)text_upper_char((int32_t)c);
        if (lower < from || lower > to)
            put_range(s, lower, lower);
        if (upper < from || upper > to)
            put_range(s, upper, upper);
    }
}

bool regex_set_class(regex_set *s, ds_slice name, bool not )
{
    bool any_case = s->t->options.any_case;
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        const char *class = classes[i].name;
        if (name.len != strlen(class) || memcmp(name.ptr, class, name.len))
            continue;
        if (any_case &&
            (strcmp(class, "upper") == 0 || strcmp(class, "lower") == 0))
            return regex_set_class(s, ds_slice_of("alpha"), not );
        if (not )
            ds_buf_printf(&s->parts, "|%s", classes[i].other);
        else if (classes[i].items)
            ds_buf_str(&s->items, classes[i].items);
        else
            ds_buf_printf(&s->parts, "|%s", classes[i].part);
        for (uint32_t c = 0; c < 128; c++)
            if (ascii_is(class, c) != not )
                mark(s, c);
        s->chars.wide =
            s->chars.wide || not || !strchr("adx", class[0]) || class[1] == 'l';
        return true;
    }
    return false;
}

static void add_zero(ds_buf *b)
{
    ds_buf_add(b, "", 1);
}

/* What the set says as one alternative of PCRE2's. */
static const char *set_text(regex_set *s, bool not )
{
    ds_buf b;
    ds_buf_init(&b, s->t->arena, s->items.len + s->parts.len + 32);
    add_zero(&s->items);
    add_zero(&s->parts);
    const char *items = s->items.s, *parts = s->parts.s;
    const char *line = not &&s->t->options.line_stop ? "\\n" : "";
    if (!*parts && !*items && !*line)
        ds_buf_str(&b, not ? "." : "(?!)");
    else if (!*parts)
        ds_buf_printf(&b, "[%s%s%s]", not ? "^" : "", items, line);
    else if (not &&*items)
        ds_buf_printf(&b, "(?!(?:[%s]%s))%s", items, parts,
                      *line ? "[^\\n]" : ".");
    else if (not )
        ds_buf_printf(&b, "(?!(?:%s))%s", parts + 1, *line ? "[^\\n]" : ".");
    else if (*items)
        ds_buf_printf(&b, "[%s]%s", items, parts);
    else
        ds_buf_str(&b, parts + 1);
    add_zero(&b);
    if (!*parts)
        return b.s;
    return ds_str_printf(s->t->arena, "(?:%s)", b.s);
}

regex_node *regex_set_done(regex_set *s, bool not )
{
    regex_node *n = regex_node_new(s->t, REGEX_SET);
    n->pcre = set_text(s, not );
    n->chars = s->chars;
    if (not ) {
        n->chars.ascii[0] = ~n->chars.ascii[0];
        n->chars.ascii[1] = ~n->chars.ascii[1];
        n->chars.wide = true;
    }
    return n;
}

regex_node *regex_set_any(regex_tree *t)
{
    regex_set s;
    regex_set_init(&s, t);
    return regex_set_done(&s, true);
}
