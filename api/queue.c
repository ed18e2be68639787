/* SPDX-License-Identifier: Apache-2.0 */
/* queue.c - texts that the program gives itself, as Spark's queueStream. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "api/api.h"

struct queued {
    struct queued *next;
    bool null;
    uint32_t len;
    uint8_t bytes[];
};

struct ds_queue {
    pthread_mutex_t lock;
    pthread_cond_t came;
    struct queued *first, **last;
};

struct queue_type {
    ds_receiver_type type;
    ds_queue *q;
};

ds_queue *ds_queue_new(void)
{
    ds_queue *q = calloc(1, sizeof(*q));

    DS_BUG_ON(!q);
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->came, NULL);
    q->last = &q->first;
    return q;
}

void ds_queue_free(ds_queue *q)
{
    if (!q)
        return;
    while (q->first) {
        struct queued *next = q->first->next;

        free(q->first);
        q->first = next;
    }
    pthread_cond_destroy(&q->came);
    pthread_mutex_destroy(&q->lock);
    free(q);
}

void ds_queue_push(ds_queue *q, ds_slice value)
{
    struct queued *item = malloc(sizeof(*item) + value.len);

    DS_BUG_ON(!item);
    *item = (struct queued){.null = !value.ptr, .len = value.len};
    if (value.ptr && value.len)
        memcpy(item->bytes, value.ptr, value.len);
    pthread_mutex_lock(&q->lock);
    *q->last = item;
    q->last = &item->next;
    pthread_cond_signal(&q->came);
    pthread_mutex_unlock(&q->lock);
}

static ds_rc queue_open(const ds_receiver_use *use, void **out, ds_err *err)
{
    (void)err;
    *out = ((const struct queue_type *)use->type)->q;
    return DS_OK;
}

static void queue_close(void *receiver)
{
    (void)receiver; /* the program's */
}

/* With the lock held. */
static void queue_wait(ds_queue *q, int timeout_ms)
{
    struct timespec until;
    int rc = 0;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)timeout_ms * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    while (!q->first && rc == 0)
        rc = pthread_cond_timedwait(&q->came, &q->lock, &until);
}

static ds_rc queue_poll(void *receiver, ds_arena *a, int timeout_ms,
                        uint32_t max, ds_received *out, uint32_t *n,
                        ds_err *err)
{
    ds_queue *q = receiver;

    (void)err;
    pthread_mutex_lock(&q->lock);
    queue_wait(q, timeout_ms);
    for (*n = 0; *n < max && q->first; (*n)++) {
        struct queued *item = q->first;
        ds_slice bytes = {item->bytes, item->len};

        out[*n] = (ds_received){.val = item->null ? DS_NULL_SLICE
                                                  : ds_slice_copy(a, bytes),
                                .ts = DS_TIME_NONE};
        q->first = item->next;
        free(item);
    }
    if (!q->first)
        q->last = &q->first;
    pthread_mutex_unlock(&q->lock);
    return *n ? DS_OK : DS_END;
}

ds_dstream *ds_queue_stream(ds_streaming_context *ssc, const char *name,
                            ds_queue *q)
{
    ds_arena *a = ds_registry_arena(ssc->reg);
    struct queue_type *t;

    if (!streaming_given(ssc, "ds_queue_stream", name && q))
        return NULL;
    t = ds_new(a, struct queue_type, 1);
    t->type = (ds_receiver_type){.name = ds_str_printf(a, "queue %s", name),
                                 .help = "Texts that the program gives itself.",
                                 .format = "text",
                                 .open = queue_open,
                                 .close = queue_close,
                                 .poll = queue_poll};
    t->q = q;
    if (!ds_registry_receiver(ssc->reg, t->type.name))
        ds_registry_add_receiver(ssc->reg, &t->type);
    return ds_receiver_stream(ssc, name, t->type.name, NULL);
}
