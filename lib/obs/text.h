/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.h - what metrics.c, text.c and process.c share: the structures, and
 * writing Prometheus' text format.
 */
#ifndef OBS_TEXT_H
#define OBS_TEXT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "obs/metrics.h"

enum { METRIC_BUCKETS = 15 };

struct refresh {
    struct refresh *next;
    void (*fn)(void *arg);
    void *arg;
};

struct metrics {
    ds_arena *arena;
    pthread_mutex_t mutex;
    metric_family *families, **last; /* in the order of registration */
    struct refresh *refresh;
};

struct metric_family {
    metric_family *next;
    metrics *owner;
    metric_type type;
    const char *name, *help;
    uint32_t n_labels;
    const char **labels;
    metric *series;
    metric *removed; /* to be used again */
};

struct metric {
    metric *next;
    metric_family *family;
    char **values;
    size_t *caps;              /* bytes that values[i] has room for */
    _Atomic uint64_t bits;     /* a double; of a histogram its sum */
    _Atomic uint64_t *buckets; /* METRIC_BUCKETS + 1, not cumulated */
};

/* The text being written. */
typedef struct text {
    ds_arena *arena;
    char *s;
    size_t n, cap;
} text;

void text_init(text *t, ds_arena *a);
void text_add(text *t, const char *s, size_t n);
void text_str(text *t, const char *s);
void text_printf(text *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A label's value, escaped; bytes that are no UTF-8 become U+FFFD. */
void text_label(text *t, const char *value);
void text_number(text *t, double value);
/* The lines HELP and TYPE. */
void text_head(text *t, const char *name, const char *help, const char *type);

/* process.c: the standard metrics of a process. */
void process_render(text *t);

#endif
