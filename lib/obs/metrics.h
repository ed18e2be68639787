/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.h - counters, gauges and histograms, and Prometheus' text of them.
 *
 *     metric_family *f = metrics_family(m, METRIC_COUNTER, "batches_total",
 *                                       "Batches by result.",
 *                                       METRIC_LABELS("job", "result"));
 *     metric *s = metrics_series(f, METRIC_VALUES("orders", "committed"));
 *     metric_add(s, 1);
 *
 * A family is registered once and shown from then on, also without a series.
 * A series is looked up once, under a lock, and then updated without one.
 *
 * Thread: any.
 */
#ifndef OBS_METRICS_H
#define OBS_METRICS_H

#include <stdint.h>

#include "dstream/slice.h"

typedef struct metrics metrics;
typedef struct metric_family metric_family;
typedef struct metric metric;

typedef enum metric_type {
    METRIC_COUNTER,
    METRIC_GAUGE,
    METRIC_HISTOGRAM /* seconds, in buckets from 0.001 to 60 */
} metric_type;

/* Lists that end with NULL. */
#define METRIC_LABELS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define METRIC_VALUES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define METRIC_PLAIN ((const char *const[]){NULL})

metrics *metrics_new(void);
void metrics_free(metrics *m);

/* `name` without the prefix dstream_. The same name again gives the same
 * family; type and labels must then be the same. Copies everything. */
metric_family *metrics_family(metrics *m, metric_type type, const char *name,
                              const char *help, const char *const *labels);
/* The series with these label values, made if there is none: 0 at first. Lives
 * until it is removed or the metrics are. */
metric *metrics_series(metric_family *f, const char *const *values);
/* Nobody may use the series from now on. */
void metrics_remove(metric *s);
/* Removes all series whose label has this value: a job that is gone. */
void metrics_remove_where(metrics *m, const char *label, const char *value);

void metric_add(metric *s, double n);       /* counter, gauge */
void metric_set(metric *s, double value);   /* gauge */
void metric_observe(metric *s, double sec); /* histogram */
double metric_get(const metric *s); /* a histogram: how many were observed */

/* Called before each rendering, to bring gauges up to date. */
void metrics_on_render(metrics *m, void (*fn)(void *arg), void *arg);
/* All families in Prometheus' text format 0.0.4, and the process_* ones. */
ds_slice metrics_render(metrics *m, ds_arena *a);

#endif
