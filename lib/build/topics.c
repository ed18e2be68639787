/* SPDX-License-Identifier: Apache-2.0 */
/*
 * topics.c - a job must not read what it writes, nor write over its own.
 */
#include <regex.h>
#include <string.h>

#include "build/build.h"

void build_written(ds_job *job, const ds_text *topic)
{
    job->written = planner_grow(job->arena, job->written, job->n_written,
                                &job->cap_written, sizeof(*job->written));
    job->written[job->n_written++] =
        (struct written){topic->s, ds_text_where(topic, 0, topic->len)};
}

/* A name, or a pattern that begins with ^, against a topic's name. */
static bool matches(const char *name, const char *topic)
{
    regex_t re;
    bool yes;

    if (name[0] != '^')
        return strcmp(name, topic) == 0;
    if (regcomp(&re, name, REG_EXTENDED | REG_NOSUB))
        return false;
    yes = regexec(&re, topic, 0, NULL, 0) == 0;
    regfree(&re);
    return yes;
}

/* The source that reads the topic; NULL: none. */
static const struct source *reader_of(const ds_job *job, const char *topic)
{
    for (uint32_t i = 0; i < job->sources.n; i++) {
        const ds_source_args *s = job->srcs[i].args;

        for (uint32_t k = 0; s && k < s->n_names; k++)
            if (matches(s->names[k], topic))
                return &job->srcs[i];
    }
    return NULL;
}

static const char other_topic[] = "write to another topic";

static void check_written(ds_job *job, const struct written *w)
{
    const struct source *src = reader_of(job, w->topic);
    const ds_plan *plan = job->plan;

    if (src)
        ds_diag_add(&job->diags, DS_ERROR, "E0130", w->where, other_topic,
                    "topic %s is read by source `%s`: the job would read what "
                    "it writes",
                    w->topic, src->name.s);
    for (uint32_t i = 0; i < plan->n_tables; i++)
        if (plan->tables[i].topic >= 0 &&
            strcmp(plan->topics[plan->tables[i].topic].name, w->topic) == 0)
            ds_diag_add(&job->diags, DS_ERROR, "E0130", w->where, other_topic,
                        "topic %s is read by table `%s`: the job would read "
                        "what it writes",
                        w->topic, plan->tables[i].name);
    for (uint32_t i = 0; i < plan->n_topics; i++)
        if (plan->topics[i].kind >= DS_TOPIC_CHANGELOG &&
            strcmp(plan->topics[i].name, w->topic) == 0)
            ds_diag_add(&job->diags, DS_ERROR, "E0132", w->where, other_topic,
                        "topic %s is one of the job's internal ones", w->topic);
}

/* One is enough: a pattern that takes one of them takes them all. */
static void check_internal(ds_job *job)
{
    const ds_plan *plan = job->plan;

    for (uint32_t i = 0; i < plan->n_topics; i++) {
        const char *topic = plan->topics[i].name;
        const struct source *src = reader_of(job, topic);

        if (plan->topics[i].kind < DS_TOPIC_CHANGELOG || src == NULL)
            continue;
        ds_diag_add(&job->diags, DS_ERROR, "E0132", args_name_where(&src->name),
                    NULL, "source `%s` would read the job's internal topic %s",
                    src->name.s, topic);
        return;
    }
}

/* Two sources of one topic would each want their own position in it. */
static void check_twice(ds_job *job)
{
    for (uint32_t i = 0; i < job->sources.n; i++) {
        const ds_source_args *s = job->srcs[i].args;

        for (uint32_t k = 0; s && k < s->n_names; k++) {
            const struct source *first = reader_of(job, s->names[k]);

            if (first && s->names[k][0] != '^' && first < &job->srcs[i])
                ds_diag_add(&job->diags, DS_ERROR, "E0131",
                            args_name_where(&job->srcs[i].name),
                            "several streams can come from one source",
                            "topic %s is already read by source `%s`",
                            s->names[k], first->name.s);
        }
    }
}

static void twice_by_table(ds_job *job, const ds_plan_table *t,
                           const char *what, const char *name)
{
    ds_diag_add(&job->diags, DS_ERROR, "E0131", t->where,
                "leave `copartitioned` out: then it is read apart",
                "topic %s is already read by %s `%s`", t->args->topic.s, what,
                name);
}

/* A co-partitioned table is read as a source is. */
static void check_tables(ds_job *job)
{
    const ds_plan *plan = job->plan;

    for (uint32_t i = 0; i < plan->n_tables; i++) {
        const ds_plan_table *t = &plan->tables[i];
        const struct source *src =
            t->copartitioned ? reader_of(job, t->args->topic.s) : NULL;

        if (src)
            twice_by_table(job, t, "source", src->name.s);
        for (uint32_t k = 0; k < i && t->copartitioned; k++)
            if (plan->tables[k].copartitioned &&
                plan->tables[k].topic == t->topic)
                twice_by_table(job, t, "table", plan->tables[k].name);
    }
}

void build_check_topics(ds_job *job)
{
    check_twice(job);
    check_tables(job);
    for (uint32_t i = 0; i < job->n_written; i++)
        check_written(job, &job->written[i]);
    check_internal(job);
}
