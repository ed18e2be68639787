/* SPDX-License-Identifier: Apache-2.0 */
/* frontier.c - how far the sources behind one input of a stage are. */
#include "run/frontier.h"

#include <string.h>

struct frontier {
    ds_arena *arena;
    uint32_t n, cap;
    frontier_source *sources;
};

frontier *frontier_new(ds_arena *a)
{
    frontier *f = ds_new(a, frontier, 1);

    f->arena = a;
    return f;
}

static frontier_source *source_find(const frontier *f, const char *topic,
                                    int32_t partition)
{
    for (uint32_t i = 0; i < f->n; i++)
        if (f->sources[i].partition == partition &&
            !strcmp(f->sources[i].topic, topic))
            return &f->sources[i];
    return NULL;
}

static frontier_source *source_add(frontier *f, const char *topic,
                                   int32_t partition)
{
    frontier_source *s = source_find(f, topic, partition);

    if (s)
        return s;
    if (f->n == f->cap) {
        frontier_source *list;

        f->cap = f->cap ? 2 * f->cap : 8;
        list = ds_new(f->arena, frontier_source, f->cap);
        if (f->n)
            memcpy(list, f->sources, f->n * sizeof(*list));
        f->sources = list;
    }
    s = &f->sources[f->n++];
    *s = (frontier_source){.topic = ds_str_copy(f->arena, topic),
                           .partition = partition,
                           .last = {DS_TIME_NONE, DS_TIME_NONE, 0}};
    return s;
}

void frontier_expect(frontier *f, const char *topic, int32_t partition,
                     const frontier_mark *known)
{
    frontier_source *s = source_add(f, topic, partition);

    s->last.through = time_later(s->last.through, known->through);
    s->last.watermark = time_later(s->last.watermark, known->watermark);
}

static void mark_push(frontier *f, frontier_source *s)
{
    if (s->n && s->marks[s->n - 1].through == s->last.through) {
        s->marks[s->n - 1] = s->last; /* it said so again, and more */
        return;
    }
    if (s->n == s->cap) {
        frontier_mark *list;

        s->cap = s->cap ? 2 * s->cap : 8;
        list = ds_new(f->arena, frontier_mark, s->cap);
        if (s->n)
            memcpy(list, s->marks, s->n * sizeof(*list));
        s->marks = list;
    }
    s->marks[s->n++] = s->last;
}

void frontier_note(frontier *f, const char *topic, int32_t partition,
                   const frontier_mark *said)
{
    frontier_source *s = source_add(f, topic, partition);

    if (said->through < s->last.through)
        return; /* read once more */
    if (s->last.through == DS_TIME_NONE && said->through != DS_TIME_NONE) {
        /* In batches before it had no watermark. */
        s->last = (frontier_mark){said->through - 1, DS_TIME_NONE,
                                  said->flags & FRONTIER_IDLE};
        mark_push(f, s);
    }
    s->last = (frontier_mark){said->through,
                              time_later(s->last.watermark, said->watermark),
                              said->flags};
    if (said->through != DS_TIME_NONE)
        mark_push(f, s);
}

ds_time frontier_through(const frontier *f)
{
    ds_time least = INT64_MAX, most = DS_TIME_NONE;

    for (uint32_t i = 0; i < f->n; i++) {
        const frontier_mark *m = &f->sources[i].last;

        most = time_later(most, m->through);
        if (!(m->flags & FRONTIER_QUIET) && m->through < least)
            least = m->through;
    }
    return least == INT64_MAX ? most : least;
}

/* What it said first that reaches batch `t`; the last of all before, if it has
 * not said more. */
static const frontier_mark *source_at(const frontier_source *s, ds_time t)
{
    for (uint32_t i = 0; i < s->n; i++)
        if (s->marks[i].through >= t)
            return &s->marks[i];
    return &s->last;
}

ds_time frontier_watermark(const frontier *f, ds_time t)
{
    ds_time least = INT64_MAX;

    for (uint32_t i = 0; i < f->n; i++) {
        const frontier_mark *m = source_at(&f->sources[i], t);

        if (!(m->flags & FRONTIER_IDLE) && m->watermark < least)
            least = m->watermark;
    }
    return least == INT64_MAX ? DS_TIME_NONE : least;
}

bool frontier_idle(const frontier *f, ds_time t)
{
    for (uint32_t i = 0; i < f->n; i++)
        if (!(source_at(&f->sources[i], t)->flags & FRONTIER_IDLE))
            return false;
    return true;
}

void frontier_leave(frontier *f, ds_time t)
{
    for (uint32_t i = 0; i < f->n; i++) {
        frontier_source *s = &f->sources[i];
        uint32_t gone = 0;

        while (gone < s->n && s->marks[gone].through <= t)
            gone++;
        s->n -= gone;
        if (gone && s->n)
            memmove(s->marks, s->marks + gone, s->n * sizeof(*s->marks));
    }
}

const frontier_source *frontier_slowest(const frontier *f)
{
    const frontier_source *slow = NULL;

    for (uint32_t i = 0; i < f->n; i++) {
        const frontier_source *s = &f->sources[i];

        if (!(s->last.flags & FRONTIER_QUIET) &&
            (!slow || s->last.through < slow->last.through))
            slow = s;
    }
    return slow;
}

uint32_t frontier_sources(const frontier *f)
{
    return f->n;
}
