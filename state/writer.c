/* SPDX-License-Identifier: Apache-2.0 */
/*
 * writer.c - the thread that writes to RocksDB.
 */
#include "state/writer.h"

#include <signal.h>
#include <stdlib.h>

static uint32_t common(ds_slice a, ds_slice b, uint32_t most)
{
    uint32_t n = 0;

    most = a.len < most ? a.len : most;
    most = b.len < most ? b.len : most;
    while (n < most && a.ptr[n] == b.ptr[n])
        n++;
    return n;
}

/* The eight bytes after what all keys begin with, as a number: most pairs
 * compare by it. */
static void pairs_order(base_pair *pairs, uint32_t n)
{
    uint32_t skip = n ? pairs[0].key.len : 0;

    for (uint32_t i = 1; i < n && skip; i++)
        skip = common(pairs[0].key, pairs[i].key, skip);
    for (uint32_t i = 0; i < n; i++) {
        ds_slice key = pairs[i].key;
        uint8_t eight[8] = {0};
        uint32_t left = key.len - skip < 8 ? key.len - skip : 8;
        uint64_t order;

        memcpy(eight, key.ptr + skip, left);
        memcpy(&order, eight, 8);
        pairs[i].order = __builtin_bswap64(order);
    }
}

/* Pairs are sorted by number: they are large and lie apart. */
struct sorted {
    uint64_t order;
    uint32_t pair;
};

/* By the lowest byte first; n > 0. */
static struct sorted *sort_by_order(struct sorted *from, struct sorted *to,
                                    uint32_t n)
{
    for (unsigned shift = 0; shift < 64; shift += 8) {
        uint32_t at[256] = {0}, sum = 0;
        struct sorted *old = from;

        for (uint32_t i = 0; i < n; i++)
            at[from[i].order >> shift & 255]++;
        if (at[from[0].order >> shift & 255] == n)
            continue; /* all the same */
        for (int b = 0; b < 256; b++) {
            uint32_t here = at[b];

            at[b] = sum;
            sum += here;
        }
        for (uint32_t i = 0; i < n; i++)
            to[at[from[i].order >> shift & 255]++] = from[i];
        from = to;
        to = old;
    }
    return from;
}

static int pair_cmp(const void *x, const void *y)
{
    return ds_slice_cmp(((const base_pair *)x)->key,
                        ((const base_pair *)y)->key);
}

/* Those that have the eight bytes in common, by the whole key. */
static void sort_ties(base_pair *pairs, uint32_t n)
{
    for (uint32_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && pairs[end].order == pairs[i].order;)
            end++;
        if (end - i > 1)
            qsort(pairs + i, end - i, sizeof(*pairs), pair_cmp);
    }
}

/* Ascending keys cost a sixth of random ones. */
static void job_sort(write_job *job)
{
    uint32_t n = job->n;
    struct sorted *list = malloc((n + 1) * 2 * sizeof(*list));
    base_pair *pairs = malloc((n + 1) * sizeof(*pairs));
    const struct sorted *sorted;

    DS_BUG_ON(list == NULL || pairs == NULL);
    pairs_order(job->pairs, n);
    for (uint32_t i = 0; i < n; i++)
        list[i] = (struct sorted){job->pairs[i].order, i};
    sorted = n ? sort_by_order(list, list + n, n) : list;
    for (uint32_t i = 0; i < n; i++)
        pairs[i] = job->pairs[sorted[i].pair];
    free(list);
    sort_ties(pairs, n);
    if (n) /* the store looks at its size meanwhile: it stays where it is */
        memcpy(job->pairs, pairs, n * sizeof(*pairs));
    free(pairs);
}

static void job_run(write_job *job)
{
    ds_err err = {0};
    ds_rc rc;

    job_sort(job);
    rc = base_write(job->base, job->pairs, job->n, job->meta, &err);
    if (rc == DS_OK && job->flush)
        rc = base_flush(job->base, false, &err);
    job->err = err;
    job->err.rc = rc;
}

static void *writer_main(void *arg)
{
    writer *w = arg;

    pthread_mutex_lock(&w->lock);
    for (;;) {
        write_job *job = w->first;

        if (job == NULL && w->stop)
            break;
        if (job == NULL) {
            pthread_cond_wait(&w->work, &w->lock);
            continue;
        }
        w->first = job->next;
        if (w->first == NULL)
            w->last = &w->first;
        pthread_mutex_unlock(&w->lock);
        job_run(job);
        pthread_mutex_lock(&w->lock);
        job->busy = false;
        pthread_cond_broadcast(&w->done);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* Signals are for other threads. */
void writer_start(writer *w)
{
    sigset_t all, old;

    *w = (writer){0};
    w->last = &w->first;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->work, NULL);
    pthread_cond_init(&w->done, NULL);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    DS_BUG_ON(pthread_create(&w->thread, NULL, writer_main, w) != 0);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void writer_stop(writer *w)
{
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_signal(&w->work);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    pthread_cond_destroy(&w->work);
    pthread_cond_destroy(&w->done);
    pthread_mutex_destroy(&w->lock);
}

void writer_add(writer *w, write_job *job)
{
    pthread_mutex_lock(&w->lock);
    job->busy = true;
    job->next = NULL;
    *w->last = job;
    w->last = &job->next;
    pthread_cond_signal(&w->work);
    pthread_mutex_unlock(&w->lock);
}

bool writer_busy(writer *w, const write_job *job)
{
    bool busy;

    pthread_mutex_lock(&w->lock);
    busy = job->busy;
    pthread_mutex_unlock(&w->lock);
    return busy;
}

void writer_wait(writer *w, const write_job *job)
{
    pthread_mutex_lock(&w->lock);
    while (job->busy)
        pthread_cond_wait(&w->done, &w->lock);
    pthread_mutex_unlock(&w->lock);
}
