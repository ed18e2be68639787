/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_line.c - one log event as one line of text.
 *
 * Whatever a value holds, a line stays a line: control characters, bytes that
 * are no UTF-8 and characters that turn the direction of writing are escaped.
 */
#include "base/log_line.h"

#include <stdio.h>

#include "base/utf8.h"

/* Kept free for what ends a line. */
enum { LINE_TAIL = 8 };

static const char *const level_json[] = {"debug", "info", "warn", "error"};
static const char *const level_text[] = {"DEBUG", "INFO ", "WARN ", "ERROR"};

static bool put(log_line *l, const char *s, size_t n)
{
    if (l->n + n > LOG_LINE_MAX - LINE_TAIL)
        return false;
    memcpy(l->s + l->n, s, n);
    l->n += n;
    return true;
}

static bool put_str(log_line *l, const char *s)
{
    return put(l, s, strlen(s));
}

static bool put_escape(log_line *l, const uint8_t *p, uint32_t len)
{
    char buf[16];
    switch (*p) {
    case '\n':
        return put_str(l, "\\n");
    case '\r':
        return put_str(l, "\\r");
    case '\t':
        return put_str(l, "\\t");
    default:
        break;
    }
    if (!l->json) {
        for (uint32_t i = 0; i < len; i++) {
            snprintf(buf, sizeof(buf), "\\x%02x", p[i]);
            if (!put_str(l, buf))
                return false;
        }
        return true;
    }
    if (!utf8_char_valid(p, len))
        return put_str(l, "\\ufffd");
    uint32_t c = p[0];
    if (len == 2)
        c = (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
    else if (len == 3)
        c = (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
    snprintf(buf, sizeof(buf), "\\u%04x", c & 0xffffu);
    return put_str(l, buf);
}

/* The characters of a string, up to `most` bytes. */
static bool put_escaped(log_line *l, const char *s, size_t most)
{
    const uint8_t *p = (const uint8_t *)s;
    size_t n = strlen(s);
    for (size_t i = 0; i < n;) {
        if (i >= most)
            return put_str(l, "...");
        uint32_t len = utf8_char(p + i, n - i);
        bool ok;
        if (utf8_is_control(p + i, len))
            ok = put_escape(l, p + i, len);
        else if (p[i] == '"' || p[i] == '\\')
            ok = put_str(l, p[i] == '"' ? "\\\"" : "\\\\");
        else
            ok = put(l, s + i, len);
        if (!ok)
            return false;
        i += len;
    }
    return true;
}

static bool put_quoted(log_line *l, const char *s, size_t most)
{
    return put(l, "\"", 1) && put_escaped(l, s, most) && put(l, "\"", 1);
}

/* In text, quotes only where a value would not end at the next blank. */
static bool put_bare(log_line *l, const char *s)
{
    bool plain = *s != '\0' && strpbrk(s, " \"=\\") == NULL;
    return plain ? put_escaped(l, s, LOG_VALUE_MAX)
                 : put_quoted(l, s, LOG_VALUE_MAX);
}

void log_line_begin(log_line *l, bool json, ds_time ts, ds_log_level level,
                    const char *msg)
{
    char when[48];
    /* Always three digits, so that lines stand under each other. */
    int n = ds_time_format(ts - ts % DS_SECOND, when);
    snprintf(when + n - 1, sizeof(when) - (size_t)n, ".%03dZ",
             (int)(ts % DS_SECOND / DS_MS));
    l->json = json;
    l->n = 0;
    put_str(l, json ? "{\"ts\":\"" : "");
    put_str(l, when);
    put_str(l, json ? "\",\"level\":\"" : " ");
    put_str(l, (json ? level_json : level_text)[level]);
    if (json) {
        put_str(l, "\",\"msg\":");
        put_quoted(l, msg, LOG_LINE_MAX / 4);
    } else {
        put_str(l, " ");
        put_escaped(l, msg, LOG_LINE_MAX / 4);
    }
}

void log_line_add(log_line *l, const char *key, const char *value, bool number)
{
    size_t before = l->n;
    bool ok;
    if (l->json)
        ok = put(l, ",", 1) && put_quoted(l, key, LOG_VALUE_MAX) &&
             put(l, ":", 1) &&
             (number ? put_str(l, value) : put_quoted(l, value, LOG_VALUE_MAX));
    else
        ok = put(l, " ", 1) && put_escaped(l, key, LOG_VALUE_MAX) &&
             put(l, "=", 1) && put_bare(l, value);
    if (!ok)
        l->n = before;
}

void log_line_end(log_line *l)
{
    if (l->json)
        l->s[l->n++] = '}';
    l->s[l->n++] = '\n';
}
