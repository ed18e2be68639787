/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_metrics.c - families, series and the text that is scraped.
 */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "obs/metrics.h"

static const char *rendered(metrics *m, ds_arena *a)
{
    ds_slice s = metrics_render(m, a);
    return ds_strn_copy(a, (const char *)s.ptr, s.len);
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no \"%s\" in:\n%s", part, text);
}

static void test_text(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(1024);
    metrics *m = metrics_new();
    metric_family *f =
        metrics_family(m, METRIC_COUNTER, "batches_total", "By\nresult \\.",
                       METRIC_LABELS("job", "result"));
    assert_has(rendered(m, a),
               "# HELP dstream_batches_total By\\nresult \\\\.\n"
               "# TYPE dstream_batches_total counter\n");
    metric *s = metrics_series(f, METRIC_VALUES("a\"\\\n\xff", "committed"));
    assert_ptr_equal(
        s, metrics_series(f, METRIC_VALUES("a\"\\\n\xff", "committed")));
    metric_add(s, 1);
    metric_add(s, 41);
    metric *plain = metrics_series(
        metrics_family(m, METRIC_GAUGE, "memory_used_bytes", "x", METRIC_PLAIN),
        METRIC_PLAIN);
    metric_set(plain, 0.1);
    const char *text = rendered(m, a);
    assert_has(text, "dstream_batches_total{job=\"a\\\"\\\\\\n\xef\xbf\xbd\","
                     "result=\"committed\"} 42\n");
    assert_has(text, "dstream_memory_used_bytes 0.1\n");
    metric_set(plain, 1e300);
    assert_has(rendered(m, a), "dstream_memory_used_bytes 1e+300\n");
    metric_set(plain, -INFINITY);
    assert_has(rendered(m, a), "dstream_memory_used_bytes -Inf\n");
    metric_set(plain, 1700000000000000.0);
    assert_has(rendered(m, a), "dstream_memory_used_bytes 1700000000000000\n");
    metrics_free(m);
    ds_arena_free(a);
}

static void test_histogram(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(1024);
    metrics *m = metrics_new();
    metric *s = metrics_series(metrics_family(m, METRIC_HISTOGRAM, "d_seconds",
                                              "x", METRIC_LABELS("phase")),
                               METRIC_VALUES("commit"));
    metric_observe(s, 0.001);
    metric_observe(s, 0.02);
    metric_observe(s, 100);
    assert_true(metric_get(s) == 3);
    const char *text = rendered(m, a);
    assert_has(text, "_bucket{phase=\"commit\",le=\"0.001\"} 1\n");
    assert_has(text, "_bucket{phase=\"commit\",le=\"0.01\"} 1\n");
    assert_has(text, "_bucket{phase=\"commit\",le=\"0.025\"} 2\n");
    assert_has(text, "_bucket{phase=\"commit\",le=\"60\"} 2\n");
    assert_has(text, "_bucket{phase=\"commit\",le=\"+Inf\"} 3\n");
    assert_has(text, "dstream_d_seconds_sum{phase=\"commit\"} 100.021\n");
    assert_has(text, "dstream_d_seconds_count{phase=\"commit\"} 3\n");
    metrics_free(m);
    ds_arena_free(a);
}

static void test_remove(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(1024);
    metrics *m = metrics_new();
    metric_family *f = metrics_family(m, METRIC_GAUGE, "lag", "x",
                                      METRIC_LABELS("job", "partition"));
    metric_set(metrics_series(f, METRIC_VALUES("a", "0")), 5);
    metric_set(metrics_series(f, METRIC_VALUES("a", "1")), 6);
    metric_set(metrics_series(f, METRIC_VALUES("b", "0")), 7);
    metrics_remove(metrics_series(f, METRIC_VALUES("a", "0")));
    const char *text = rendered(m, a);
    assert_null(strstr(text, "partition=\"0\"} 5"));
    assert_has(text, "{job=\"a\",partition=\"1\"} 6");
    /* A series that comes back starts from nothing. */
    assert_true(metric_get(metrics_series(f, METRIC_VALUES("a", "0"))) == 0);
    metrics_remove_where(m, "job", "a");
    text = rendered(m, a);
    assert_null(strstr(text, "job=\"a\""));
    assert_has(text, "{job=\"b\",partition=\"0\"} 7");
    metrics_remove_where(m, "nothing", "a");
    metrics_free(m);
    ds_arena_free(a);
}

static void refresh(void *arg)
{
    metric_add(arg, 1);
}

static void test_process_and_refresh(void **state)
{
    (void)state;
    static const char *const names[] = {
        "process_cpu_seconds_total", "process_resident_memory_bytes",
        "process_open_fds",          "process_start_time_seconds",
        "process_max_fds",           "process_virtual_memory_bytes",
    };
    ds_arena *a = ds_arena_new(1024);
    metrics *m = metrics_new();
    metric *s = metrics_series(
        metrics_family(m, METRIC_GAUGE, "g", "x", METRIC_PLAIN), METRIC_PLAIN);
    metrics_on_render(m, refresh, s);
    const char *text = rendered(m, a);
    assert_has(text, "dstream_g 1\n");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *p = strstr(text, ds_str_printf(a, "\n%s ", names[i]));
        assert_non_null(p);
        assert_true(strtod(strchr(p, ' '), NULL) > 0);
    }
    metrics_free(m);
    ds_arena_free(a);
}

static void *adds(void *arg)
{
    for (int i = 0; i < 100000; i++)
        metric_add(arg, 1);
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    ds_arena *a = ds_arena_new(1024);
    metrics *m = metrics_new();
    metric_family *f =
        metrics_family(m, METRIC_COUNTER, "c", "x", METRIC_LABELS("l"));
    metric *s = metrics_series(f, METRIC_VALUES("1"));
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, adds, s);
    for (int i = 0; i < 50; i++)
        (void)metrics_render(m, a);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_true(metric_get(s) == 400000);
    metrics_free(m);
    ds_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_histogram),
        cmocka_unit_test(test_remove),
        cmocka_unit_test(test_process_and_refresh),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
