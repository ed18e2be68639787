/* SPDX-License-Identifier: Apache-2.0 */
/* marks.c - a position's marks as text. */
#include "plan/marks.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int number_show(char *to, size_t room, int64_t v)
{
    return v == INT64_MIN ? snprintf(to, room, " -")
                          : snprintf(to, room, " %" PRId64, v);
}

size_t ds_marks_show(const ds_marks *m, char text[DS_MARKS_MAX])
{
    const int64_t list[] = {m->through, m->batch, m->scanned, m->watermark,
                            m->cuts};
    size_t len = 2, n = m->cuts ? 5 : 4;

    if (!m->set)
        return 0;
    memcpy(text, "b1", 3);
    for (size_t i = 0; i < n; i++)
        len += (size_t)number_show(text + len, DS_MARKS_MAX - len, list[i]);
    return len;
}

/* " NUMBER" or " -" off the front. */
static bool number_take(const char **at, const char *end, int64_t *out)
{
    const char *p = *at;
    bool minus;
    int64_t v = 0;

    if (end - p < 2 || *p++ != ' ')
        return false;
    minus = *p == '-';
    p += minus;
    *out = INT64_MIN;
    if (minus && (p == end || *p == ' ')) {
        *at = p;
        return true;
    }
    if (p == end || *p < '0' || *p > '9')
        return false;
    for (; p < end && *p >= '0' && *p <= '9'; p++)
        if (v > (INT64_MAX - 9) / 10)
            return false;
        else
            v = 10 * v + (*p - '0');
    *out = minus ? -v : v;
    *at = p;
    return true;
}

ds_marks ds_marks_read(const char *text, size_t len)
{
    const ds_marks none = {0};
    ds_marks m = {.set = true};
    int64_t *const list[] = {&m.through, &m.batch, &m.scanned, &m.watermark};
    const char *at = text ? text + 2 : NULL, *end = text ? text + len : NULL;

    if (!text || len < 2 || memcmp(text, "b1", 2) != 0)
        return none;
    for (size_t i = 0; i < 4; i++)
        if (!number_take(&at, end, list[i]))
            return none;
    if (at < end && !number_take(&at, end, &m.cuts))
        return none;
    return at == end ? m : none;
}
