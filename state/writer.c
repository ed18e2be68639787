/* SPDX-License-Identifier: Apache-2.0 */
/*
 * writer.c - the thread that writes to RocksDB.
 */
#include "state/writer.h"

#include <signal.h>
#include <stdlib.h>

static int pair_cmp(const void *x, const void *y)
{
    return ds_slice_cmp(((const base_pair *)x)->key,
                        ((const base_pair *)y)->key);
}

/* Ascending keys cost a sixth of random ones. */
static void job_run(write_job *job)
{
    ds_err err = {0};
    ds_rc rc;

    if (job->n)
        qsort(job->pairs, job->n, sizeof(*job->pairs), pair_cmp);
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
