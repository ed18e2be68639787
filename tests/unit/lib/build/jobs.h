/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobs.h - jobs from YAML texts, and what lint says of them as one text:
 * "5:9 E0101\n", sorted as they stand.
 */
#ifndef TESTS_BUILD_JOBS_H
#define TESTS_BUILD_JOBS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "plan/args.h"
#include "plan/plan.h"
#include "yaml/yaml_job.h"

static ds_registry *reg;
static ds_job *job;

static int jobs_setup(void **state)
{
    (void)state;
    reg = ds_registry_new();
    ds_register_ops(reg);
    ds_register_codecs(reg);
    ds_register_socket(reg);
    ds_register_files(reg);
    return 0;
}

static int jobs_teardown(void **state)
{
    (void)state;
    ds_job_free(job);
    job = NULL;
    ds_registry_free(reg);
    return 0;
}

/* A new job with all that the text says. */
static void jobs_say(const char *text)
{
    static const yaml_vars vars = {.on = false};
    const ds_arg *root;

    ds_job_free(job);
    job = ds_job_new(reg);
    root = yaml_parse(ds_slice_of(text), "f", &vars, ds_job_arena(job),
                      ds_job_diags(job));
    assert_non_null(root);
    for (uint32_t i = 0; i < root->n; i++)
        ds_job_set_arg(job, &root->names[i], root->items[i]);
}

static int diag_cmp(const void *x, const void *y)
{
    const ds_diag *a = x, *b = y;

    if (a->where.line != b->where.line)
        return a->where.line < b->where.line ? -1 : 1;
    if (a->where.col != b->where.col)
        return a->where.col < b->where.col ? -1 : 1;
    return strcmp(a->code, b->code);
}

static const char *jobs_mistakes(void)
{
    const ds_diags *d = ds_job_diags(job);
    ds_diag *list = ds_new(ds_job_arena(job), ds_diag, d->n + 1);
    const char *out = "";

    if (d->n)
        memcpy(list, d->list, d->n * sizeof(*list));
    qsort(list, d->n, sizeof(*list), diag_cmp);
    for (uint32_t i = 0; i < d->n; i++)
        out =
            ds_str_printf(ds_job_arena(job), "%s%u:%u %s\n", out,
                          list[i].where.line, list[i].where.col, list[i].code);
    return out;
}

/* The plan of a job without mistakes. */
static inline const ds_plan *jobs_plan(const char *text)
{
    const ds_plan *plan;

    jobs_say(text);
    plan = ds_job_plan(job);
    if (plan == NULL)
        ds_diags_show(ds_job_diags(job), ds_slice_of(text), stderr);
    assert_non_null(plan);
    return plan;
}

/* What is wrong with it; a job with errors has no plan. */
static inline const char *jobs_lint(const char *text)
{
    const ds_plan *plan;

    jobs_say(text);
    plan = ds_job_plan(job);
    assert_true((plan == NULL) == (ds_job_diags(job)->errors > 0));
    return jobs_mistakes();
}

static inline const ds_node *jobs_node(const ds_plan *plan, const char *name)
{
    for (uint32_t i = 0; i < plan->n_nodes; i++)
        if (strcmp(plan->nodes[i]->name, name) == 0)
            return plan->nodes[i];
    fail_msg("no node is named %s", name);
    return NULL;
}

#endif
