/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.c - families and series.
 *
 * One mutex guards the lists; it is held while a series is made or removed and
 * while the text is rendered, never while one is updated. A series that was
 * removed is kept for the next one of its family: memory is bounded by the most
 * series that ever were.
 */
#include "obs/metrics.h"

#include "dstream/error.h"
#include "obs/text.h"

/* Upper bounds in seconds. */
static const double bounds[METRIC_BUCKETS] = {0.001, 0.0025, 0.005, 0.01, 0.025,
                                              0.05,  0.1,    0.25,  0.5,  1,
                                              2.5,   5,      10,    30,   60};

metrics *metrics_new(void)
{
    ds_arena *a = ds_arena_new(16 << 10);
    metrics *m = ds_new(a, metrics, 1);
    m->arena = a;
    m->last = &m->families;
    pthread_mutex_init(&m->mutex, NULL);
    return m;
}

void metrics_free(metrics *m)
{
    if (!m)
        return;
    pthread_mutex_destroy(&m->mutex);
    ds_arena_free(m->arena);
}

static uint32_t list_length(const char *const *list)
{
    uint32_t n = 0;
    while (list[n])
        n++;
    return n;
}

static const char **list_copy(ds_arena *a, const char *const *list, uint32_t n)
{
    const char **copy = ds_new(a, const char *, n);
    for (uint32_t i = 0; i < n; i++)
        copy[i] = ds_str_copy(a, list[i]);
    return copy;
}

static bool list_is(const char *const *a, const char *const *b, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(a[i], b[i]) != 0)
            return false;
    return true;
}

static metric_family *family_find(const metrics *m, const char *name)
{
    for (metric_family *f = m->families; f; f = f->next)
        if (strcmp(f->name, name) == 0)
            return f;
    return NULL;
}

metric_family *metrics_family(metrics *m, metric_type type, const char *name,
                              const char *help, const char *const *labels)
{
    uint32_t n = list_length(labels);
    pthread_mutex_lock(&m->mutex);
    metric_family *f = family_find(m, name);
    if (f) {
        DS_BUG_ON(f->type != type || f->n_labels != n ||
                  !list_is(f->labels, labels, n));
    } else {
        f = ds_new(m->arena, metric_family, 1);
        f->owner = m;
        f->type = type;
        f->name = ds_str_copy(m->arena, name);
        f->help = ds_str_copy(m->arena, help);
        f->n_labels = n;
        f->labels = list_copy(m->arena, labels, n);
        *m->last = f;
        m->last = &f->next;
    }
    pthread_mutex_unlock(&m->mutex);
    return f;
}

static metric *series_new(metric_family *f)
{
    ds_arena *a = f->owner->arena;
    metric *s = f->removed;
    if (s) {
        f->removed = s->next;
        s->next = NULL;
        atomic_store(&s->bits, 0);
        for (uint32_t i = 0; s->buckets && i <= METRIC_BUCKETS; i++)
            atomic_store(&s->buckets[i], 0);
        return s;
    }
    s = ds_new(a, metric, 1);
    s->family = f;
    if (f->type == METRIC_HISTOGRAM)
        s->buckets = ds_new(a, _Atomic uint64_t, METRIC_BUCKETS + 1);
    s->values = ds_new(a, char *, f->n_labels);
    s->caps = ds_new(a, size_t, f->n_labels);
    return s;
}

/* Label values go where those of an earlier series were, if they fit. */
static void series_set_values(metric *s, const char *const *values)
{
    for (uint32_t i = 0; i < s->family->n_labels; i++) {
        size_t size = strlen(values[i]) + 1;
        if (size > s->caps[i]) {
            s->values[i] = ds_arena_alloc(s->family->owner->arena, size, 1);
            s->caps[i] = size;
        }
        memcpy(s->values[i], values[i], size);
    }
}

metric *metrics_series(metric_family *f, const char *const *values)
{
    DS_BUG_ON(list_length(values) != f->n_labels);
    pthread_mutex_lock(&f->owner->mutex);
    metric **p = &f->series;
    while (*p &&
           !list_is((const char *const *)(*p)->values, values, f->n_labels))
        p = &(*p)->next;
    if (!*p) {
        *p = series_new(f);
        series_set_values(*p, values);
    }
    metric *s = *p;
    pthread_mutex_unlock(&f->owner->mutex);
    return s;
}

/* Needs the mutex. */
static void series_unlink(metric **p)
{
    metric *s = *p;
    *p = s->next;
    s->next = s->family->removed;
    s->family->removed = s;
}

void metrics_remove(metric *s)
{
    pthread_mutex_lock(&s->family->owner->mutex);
    metric **p = &s->family->series;
    while (*p && *p != s)
        p = &(*p)->next;
    if (*p)
        series_unlink(p);
    pthread_mutex_unlock(&s->family->owner->mutex);
}

static void family_remove_where(metric_family *f, const char *label,
                                const char *value)
{
    uint32_t i = 0;
    while (i < f->n_labels && strcmp(f->labels[i], label) != 0)
        i++;
    if (i == f->n_labels)
        return;
    for (metric **p = &f->series; *p;) {
        if (strcmp((*p)->values[i], value) == 0)
            series_unlink(p);
        else
            p = &(*p)->next;
    }
}

void metrics_remove_where(metrics *m, const char *label, const char *value)
{
    pthread_mutex_lock(&m->mutex);
    for (metric_family *f = m->families; f; f = f->next)
        family_remove_where(f, label, value);
    pthread_mutex_unlock(&m->mutex);
}

static double to_double(uint64_t bits)
{
    double d;
    memcpy(&d, &bits, sizeof(d));
    return d;
}

static uint64_t to_bits(double d)
{
    uint64_t bits;
    memcpy(&bits, &d, sizeof(bits));
    return bits;
}

void metric_add(metric *s, double n)
{
    uint64_t old = atomic_load_explicit(&s->bits, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(
        &s->bits, &old, to_bits(to_double(old) + n), memory_order_relaxed,
        memory_order_relaxed))
        continue;
}

void metric_set(metric *s, double value)
{
    atomic_store_explicit(&s->bits, to_bits(value), memory_order_relaxed);
}

void metric_observe(metric *s, double sec)
{
    uint32_t i = 0;
    while (i < METRIC_BUCKETS && !(sec <= bounds[i]))
        i++;
    atomic_fetch_add_explicit(&s->buckets[i], 1, memory_order_relaxed);
    metric_add(s, sec);
}

double metric_get(const metric *s)
{
    if (!s->buckets)
        return to_double(atomic_load_explicit(&s->bits, memory_order_relaxed));
    uint64_t n = 0;
    for (uint32_t i = 0; i <= METRIC_BUCKETS; i++)
        n += atomic_load_explicit(&s->buckets[i], memory_order_relaxed);
    return (double)n;
}

void metrics_on_render(metrics *m, void (*fn)(void *arg), void *arg)
{
    pthread_mutex_lock(&m->mutex);
    struct refresh *r = ds_new(m->arena, struct refresh, 1);
    *r = (struct refresh){m->refresh, fn, arg};
    m->refresh = r;
    pthread_mutex_unlock(&m->mutex);
}

/* "{job="x",le="0.1"}"; `le` may be NULL. */
static void render_labels(text *t, const metric *s, const char *le)
{
    const metric_family *f = s->family;
    if (f->n_labels == 0 && !le)
        return;
    const char *sep = "{";
    for (uint32_t i = 0; i < f->n_labels; i++, sep = ",") {
        text_printf(t, "%s%s=\"", sep, f->labels[i]);
        text_label(t, s->values[i]);
        text_str(t, "\"");
    }
    if (le)
        text_printf(t, "%sle=\"%s\"", sep, le);
    text_str(t, "}");
}

static void render_sample(text *t, const metric *s, const char *suffix,
                          const char *le, double value)
{
    text_printf(t, "dstream_%s%s", s->family->name, suffix);
    render_labels(t, s, le);
    text_str(t, " ");
    text_number(t, value);
    text_str(t, "\n");
}

static void render_histogram(text *t, const metric *s)
{
    uint64_t n = 0;
    char le[32];
    for (uint32_t i = 0; i <= METRIC_BUCKETS; i++) {
        n += atomic_load_explicit(&s->buckets[i], memory_order_relaxed);
        if (i < METRIC_BUCKETS)
            snprintf(le, sizeof(le), "%g", bounds[i]);
        else
            snprintf(le, sizeof(le), "+Inf");
        render_sample(t, s, "_bucket", le, (double)n);
    }
    render_sample(
        t, s, "_sum", NULL,
        to_double(atomic_load_explicit(&s->bits, memory_order_relaxed)));
    render_sample(t, s, "_count", NULL, (double)n);
}

static void render_family(text *t, const metric_family *f)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};
    char name[128];
    snprintf(name, sizeof(name), "dstream_%s", f->name);
    text_head(t, name, f->help, types[f->type]);
    for (const metric *s = f->series; s; s = s->next) {
        if (f->type == METRIC_HISTOGRAM)
            render_histogram(t, s);
        else
            render_sample(t, s, "", NULL, metric_get(s));
    }
}

ds_slice metrics_render(metrics *m, ds_arena *a)
{
    pthread_mutex_lock(&m->mutex);
    struct refresh *refresh = m->refresh;
    pthread_mutex_unlock(&m->mutex);
    for (; refresh; refresh = refresh->next)
        refresh->fn(refresh->arg);
    text t;
    text_init(&t, a);
    pthread_mutex_lock(&m->mutex);
    for (const metric_family *f = m->families; f; f = f->next)
        render_family(&t, f);
    pthread_mutex_unlock(&m->mutex);
    process_render(&t);
    return (ds_slice){(const uint8_t *)t.s, (uint32_t)t.n};
}
