/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.c - Prometheus' text format 0.0.4.
 */
#include "obs/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "dstream/error.h"

void text_init(text *t, ds_arena *a)
{
    *t = (text){.arena = a, .cap = 16 << 10};
    t->s = ds_arena_alloc(a, t->cap, 1);
}

void text_add(text *t, const char *s, size_t n)
{
    if (n > t->cap - t->n) {
        size_t cap = (t->n + n) * 2;
        char *grown = ds_arena_alloc(t->arena, cap, 1);
        memcpy(grown, t->s, t->n);
        t->s = grown;
        t->cap = cap;
    }
    memcpy(t->s + t->n, s, n);
    t->n += n;
}

void text_str(text *t, const char *s)
{
    text_add(t, s, strlen(s));
}

void text_printf(text *t, const char *fmt, ...)
{
    char buf[512];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(buf, sizeof(buf), fmt, args);
    va_end(args);
    DS_BUG_ON(n < 0 || (size_t)n >= sizeof(buf));
    text_add(t, buf, (size_t)n);
}

void text_label(text *t, const char *value)
{
    const uint8_t *p = (const uint8_t *)value;
    size_t n = strlen(value);
    for (size_t i = 0; i < n;) {
        uint32_t len = utf8_char(p + i, n - i);
        if (p[i] == '\n')
            text_str(t, "\\n");
        else if (p[i] == '"')
            text_str(t, "\\\"");
        else if (p[i] == '\\')
            text_str(t, "\\\\");
        else if (!utf8_char_valid(p + i, len))
            text_str(t, "\xef\xbf\xbd");
        else
            text_add(t, value + i, len);
        i += len;
    }
}

void text_number(text *t, double value)
{
    char buf[40];
    if (isnan(value)) {
        text_str(t, "NaN");
    } else if (isinf(value)) {
        text_str(t, value < 0 ? "-Inf" : "+Inf");
    } else if (fabs(value) < 9007199254740992.0 &&
               value == (double)(int64_t)value) {
        snprintf(buf, sizeof(buf), "%lld", (long long)value);
        text_str(t, buf);
    } else {
        snprintf(buf, sizeof(buf), "%.15g", value);
        if (strtod(buf, NULL) != value)
            snprintf(buf, sizeof(buf), "%.17g", value);
        text_str(t, buf);
    }
}

void text_head(text *t, const char *name, const char *help, const char *type)
{
    text_printf(t, "# HELP %s ", name);
    for (const char *p = help; *p; p++) {
        if (*p == '\n')
            text_str(t, "\\n");
        else if (*p == '\\')
            text_str(t, "\\\\");
        else
            text_add(t, p, 1);
    }
    text_printf(t, "\n# TYPE %s %s\n", name, type);
}
