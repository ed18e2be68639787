/* SPDX-License-Identifier: Apache-2.0 */
/*
 * set_text.c - sets of the parts of a text, which point into it.
 */
#include "expr/set_run.h"

static uint32_t next_char(ds_slice t, uint32_t at)
{
    at++;
    while (at < t.len && (t.ptr[at] & 0xc0) == 0x80)
        at++;
    return at;
}

/* ---- regexp_split_to_table ---- */

/* The word count's pattern, without a call per part. */
static void split_spaces(set_ctx *c, uint32_t row, ds_slice t)
{
    const uint8_t *p = t.ptr, *end = t.ptr + t.len, *begin = p;
    while (p < end) {
        uint32_t n;
        if (*p > ' ' && *p < 0xe1) {
            p++;
            continue;
        }
        n = regex_space(p, end);
        if (n == 0) {
            p++;
            continue;
        }
        set_put_text(c, row, begin, (uint32_t)(p - begin));
        do
            p += n;
        while (p < end && (n = regex_space(p, end)) != 0);
        begin = p;
    }
    set_put_text(c, row, begin, (uint32_t)(end - begin));
}

/* Empty matches at the start, at the end and right after a match do not
 * count. */
static bool split_regex(set_ctx *c, uint32_t row, ds_slice t)
{
    uint32_t from = 0, part = 0, last_end = 0, begin, end;
    regex_text(&c->re, t);
    while (from <= t.len) {
        regex_rc rc = regex_next(&c->re, t, from, &begin, &end);
        if (rc == REGEX_LIMIT)
            return false;
        if (rc == REGEX_NONE)
            break;
        if (begin < t.len && end > last_end) {
            set_put_text(c, row, t.ptr + part, begin - part);
            part = end;
        }
        last_end = end;
        from = begin == end ? next_char(t, end) : end;
    }
    set_put_text(c, row, t.ptr + part, t.len - part);
    return true;
}

void set_regexp(set_ctx *c, uint32_t row)
{
    ds_slice t = set_text_arg(c, 0, row);
    if (t.ptr == NULL || c->e->set_regex == NULL)
        return;
    if (c->e->set_regex->shape == REGEX_SPACES) {
        split_spaces(c, row, t);
    } else if (!split_regex(c, row, t)) {
        set_fail(c, row, "E0704",
                 "the regular expression takes too long on this text");
    }
}

/* ---- string_to_table ---- */

static void part_add(set_ctx *c, uint32_t row, const uint8_t *p, uint32_t len,
                     ds_slice null)
{
    if (null.ptr && null.len == len && memcmp(p, null.ptr, len) == 0)
        set_put_null(c, row);
    else
        set_put_text(c, row, p, len);
}

void set_string(set_ctx *c, uint32_t row)
{
    ds_slice t = set_text_arg(c, 0, row), sep = set_text_arg(c, 1, row);
    ds_slice null = c->n_args > 2 ? set_text_arg(c, 2, row) : DS_NULL_SLICE;
    uint32_t from = 0;
    if (t.ptr == NULL || t.len == 0)
        return;
    if (sep.ptr == NULL) {
        for (uint32_t to; from < t.len; from = to) {
            to = next_char(t, from);
            part_add(c, row, t.ptr + from, to - from, null);
        }
        return;
    }
    while (sep.len) {
        const uint8_t *p = memmem(t.ptr + from, t.len - from, sep.ptr, sep.len);
        if (p == NULL)
            break;
        part_add(c, row, t.ptr + from, (uint32_t)(p - t.ptr) - from, null);
        from = (uint32_t)(p - t.ptr) + sep.len;
    }
    part_add(c, row, t.ptr + from, t.len - from, null);
}
