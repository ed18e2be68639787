/* SPDX-License-Identifier: Apache-2.0 */
/* test_explain.c - explain of four jobs, word for word: explain/NAME.txt. */
#include "jobs.h"

#define DIR DS_SOURCE_DIR "/tests/unit/lib/build/explain/"

static const char *read_all(const char *path, ds_arena *a)
{
    ds_diags d;
    ds_slice bytes;

    ds_diags_init(&d, a);
    if (!yaml_read(path, a, &bytes, &d))
        return "";
    return ds_strn_copy(a, (const char *)bytes.ptr, bytes.len);
}

static void check(const char *name, bool tap)
{
    ds_arena *a;
    ds_slice source;
    const char *got, *want;
    const ds_plan *plan;
    char path[500];

    ds_job_free(job);
    job = ds_job_new(reg);
    a = ds_job_arena(job);
    if (tap)
        ds_job_tap_all(job);
    snprintf(path, sizeof(path), DIR "%s.yaml", name);
    yaml_job_load(job, path, NULL, &source);
    plan = ds_job_plan(job);
    ds_diags_show(ds_job_diags(job), source, stderr);
    assert_non_null(plan);
    got = ds_plan_explain(plan, a);
    snprintf(path, sizeof(path), DIR "%s.txt", name);
    want = read_all(path, a);
    if (strcmp(got, want) != 0)
        fail_msg("%s differs; got:\n%s", path, got);
}

static void test_explain(void **state)
{
    (void)state;
    check("word-count", false);
    check("clicks", false);
    check("copy", false);
    check("tables", false);
}

/* A test runner's topics are not shown. */
static void test_taps(void **state)
{
    (void)state;
    check("word-count", true);
}

/* The schema that is checked in is that of the tables. */
static void test_schema(void **state)
{
    ds_arena *a = ds_arena_new(4096);
    const char *want = read_all(DS_SOURCE_DIR "/jobs/job.schema.json", a);

    (void)state;
    if (strcmp(ds_job_schema(reg, a), want) != 0)
        fail_msg("jobs/job.schema.json is old: dstream schema makes it anew");
    ds_arena_free(a);
}

int main(void)
{
#define T(name)                                                                \
    cmocka_unit_test_setup_teardown(test_##name, jobs_setup, jobs_teardown)
    const struct CMUnitTest tests[] = {T(explain), T(taps), T(schema)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
