/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex_similar.c - SQL's regular expressions (SIMILAR TO) as PostgreSQL's.
 */
#include "expr/regex_call.h"

typedef struct similar {
    ds_buf out;
    ds_slice escape; /* one character, or none */
    uint32_t depth;  /* of brackets */
    bool first;      /* right after [ or [^ */
    uint32_t marks;  /* escape-double-quotes so far */
} similar;

static bool is_escape(const similar *x, ds_slice p, uint32_t at)
{
    uint32_t n = x->escape.len;
    return n && p.len - at >= n && memcmp(p.ptr + at, x->escape.ptr, n) == 0;
}

/* What follows the escape character stands for itself; a double quote parts
 * the pattern in three for substring(). */
static bool escaped(similar *x, ds_slice p, uint32_t *at)
{
    if (*at >= p.len)
        return true;
    uint32_t n = text_char_at(p, *at);
    x->first = false;
    if (p.ptr[*at] == '"' && x->depth == 0) {
        *at += 1;
        if (++x->marks > 2)
            return false;
        ds_buf_str(&x->out, x->marks == 1 ? "){1,1}?(" : "){1,1}(?:");
        return true;
    }
    ds_buf_str(&x->out, "\\");
    ds_buf_add(&x->out, p.ptr + *at, n);
    *at += n;
    return true;
}

static void in_bracket(similar *x, uint8_t c)
{
    bool first = x->first;
    x->first = first && c == '^' && x->out.s[x->out.len - 1] == '[';
    if (c == '[')
        x->depth++;
    else if (c == ']' && !first)
        x->depth--;
    else if (c == '\\')
        ds_buf_str(&x->out, "\\");
    ds_buf_add(&x->out, &c, 1);
}

static void outside(similar *x, uint8_t c)
{
    switch (c) {
    case '%':
        ds_buf_str(&x->out, ".*");
        return;
    case '_':
        ds_buf_str(&x->out, ".");
        return;
    case '(':
        ds_buf_str(&x->out, "(?:");
        return;
    case '[':
        x->depth = 1;
        x->first = true;
        break;
    case '\\':
    case '.':
    case '^':
    case '$':
        ds_buf_str(&x->out, "\\");
        break;
    default:
        break;
    }
    ds_buf_add(&x->out, &c, 1);
}

/* NULL, or why not. */
static const char *regex_of_similar(ds_slice p, ds_slice escape, ds_arena *a,
                                    ds_slice *out)
{
    similar x = {.escape = escape};
    if (escape.len && text_char_at(escape, 0) != escape.len)
        return "invalid escape string";
    ds_buf_init(&x.out, a, p.len * 2 + 16);
    ds_buf_str(&x.out, "^(?:");
    for (uint32_t at = 0; at < p.len;) {
        if (is_escape(&x, p, at)) {
            at += escape.len;
            if (!escaped(&x, p, &at))
                return "SQL regular expression may not contain more than two "
                       "escape-double-quote separators";
        } else if (x.depth) {
            in_bracket(&x, p.ptr[at++]);
        } else {
            outside(&x, p.ptr[at++]);
        }
    }
    ds_buf_str(&x.out, ")$");
    *out = (ds_slice){(const uint8_t *)x.out.s, x.out.len};
    return NULL;
}

void regex_similar(run *r, const run_step *s)
{
    static const ds_slice backslash = {(const uint8_t *)"\\", 1};
    ds_slice *out = RUN_DST(r, s)->v.str;
    RUN_EACH_OK(r, s, i)
    {
        const char *why = regex_of_similar(
            ARG_STR(0)[i], s->n_args > 1 ? ARG_STR(1)[i] : backslash,
            r->ev->arena, &out[i]);
        if (why == NULL)
            continue;
        out[i] = text_empty;
        run_error(r, s, i, "E0704", "%s", why);
    }
}
