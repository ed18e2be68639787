/* SPDX-License-Identifier: Apache-2.0 */
/* epoch.c - the life of one micro-batch. */
#include "run/epoch.h"

#include <stdlib.h>

#include "dstream/clock.h"

static const char *const names[] = {"idle",    "open",      "sealed",
                                    "flushed", "committed", "aborting"};

const char *epoch_state_name(epoch_state s)
{
    return names[s];
}

bool epoch_may_go(epoch_state from, epoch_state to)
{
    switch (to) {
    case EPOCH_IDLE:
        return from == EPOCH_COMMITTED || from == EPOCH_ABORTING ||
               from == EPOCH_SEALED; /* nothing to send */
    case EPOCH_OPEN:
        return from == EPOCH_IDLE;
    case EPOCH_SEALED:
        return from == EPOCH_OPEN;
    case EPOCH_FLUSHED:
        return from == EPOCH_SEALED;
    case EPOCH_COMMITTED:
        return from == EPOCH_FLUSHED;
    case EPOCH_ABORTING:
        return from == EPOCH_OPEN || from == EPOCH_SEALED ||
               from == EPOCH_FLUSHED;
    }
    return false;
}

epoch *epoch_new(void)
{
    epoch *e = calloc(1, sizeof(*e));

    DS_BUG_ON(!e);
    e->in = ds_arena_new(1 << 20);
    e->mem = ds_arena_new(1 << 20);
    e->last = &e->first;
    return e;
}

void epoch_free(epoch *e)
{
    if (!e)
        return;
    ds_arena_free(e->mem);
    ds_arena_free(e->in);
    free(e);
}

void epoch_go(epoch *e, epoch_state to)
{
    DS_BUG_ON(!epoch_may_go(e->state, to));
    e->state = to;
}

void epoch_rerun(epoch *e)
{
    e->number++;
    ds_arena_reset(e->mem);
    e->outbox = ds_outbox_new(e->mem);
    e->errors = e->dead = e->turned_away = e->turned_away_dlq = 0;
    e->letters = NULL;
    e->letter_rows = NULL;
    e->notes = NULL;
    e->shown = NULL;
    e->n_times = e->n_progress = e->n_steps = e->cap_steps = 0;
    e->times = NULL;
    e->steps = NULL;
}

void epoch_begin(epoch *e)
{
    epoch_rerun(e);
    ds_arena_reset(e->in);
    e->first = NULL;
    e->last = &e->first;
    e->n_rows = 0;
    e->n_bytes = 0;
    e->time = DS_TIME_NONE;
    e->missed = (missed){0, 0, 1};
    e->due = e->whole = e->quiet = e->behind = false;
    e->late = -1;
    memset(e->spent, 0, sizeof(e->spent));
    epoch_go(e, EPOCH_OPEN);
}

ds_time epoch_lap(epoch *e, epoch_phase phase, ds_time since)
{
    ds_time now = ds_mono_now();

    e->spent[phase] += now - since;
    return now;
}

void epoch_add(epoch *e, struct input *in, const ds_envelope *rows)
{
    epoch_rows *r = ds_new(e->in, epoch_rows, 1);

    *r = (epoch_rows){NULL, in, rows};
    *e->last = r;
    e->last = &r->next;
    e->n_rows += rows->n;
    for (uint32_t i = 0; i < rows->n; i++)
        e->n_bytes += (uint64_t)rows->key[i].len + rows->val[i].len +
                      (rows->hdr ? rows->hdr[i].len : 0);
}

void epoch_step(epoch *e, const struct input *in, ds_time time, ds_time before)
{
    if (e->n_steps == e->cap_steps) {
        struct watermark_step *list;

        e->cap_steps = e->cap_steps ? 2 * e->cap_steps : 16;
        list = ds_new(e->mem, struct watermark_step, e->cap_steps);
        if (e->n_steps)
            memcpy(list, e->steps, e->n_steps * sizeof(*list));
        e->steps = list;
    }
    e->steps[e->n_steps++] = (struct watermark_step){in, time, before};
}

/* What there is of a sink's batch; made where it belongs: by time, then as the
 * sinks stand in the job. */
static struct epoch_shown *shown_of(epoch *e, const ds_node *node, ds_time time)
{
    struct epoch_shown **at = &e->shown, *s;

    while (*at && ((*at)->time < time ||
                   ((*at)->time == time && (*at)->node->id < node->id)))
        at = &(*at)->next;
    if (*at && (*at)->time == time && (*at)->node == node)
        return *at;
    s = ds_new(e->mem, struct epoch_shown, 1);
    *s = (struct epoch_shown){.next = *at, .node = node, .time = time};
    ds_buf_init(&s->text, e->mem, 256);
    return *at = s;
}

void epoch_print(epoch *e, const ds_node *node, ds_time time,
                 const ds_shown *rows)
{
    struct epoch_shown *s = shown_of(e, node, time);

    for (uint32_t i = 0; i < rows->n && s->lines < rows->limit; i++) {
        ds_buf_add(&s->text, rows->lines[i].ptr, rows->lines[i].len);
        ds_buf_str(&s->text, "\n");
        s->lines++;
    }
    s->rows += rows->rows;
    s->limit = rows->limit;
}
