/* SPDX-License-Identifier: Apache-2.0 */
/*
 * topics.c - the topics that a job names: checked at start, internal ones made.
 */
#include <regex.h>

#include "run/run.h"

#define KNOWN_PATIENCE (60 * DS_SECOND)
/* Per topic: the transaction of an owner that was killed may be open. */
#define STABLE_MS 300
/* Whether a topic exists. */
#define ASKS_MAX 10
#define ASK_EVERY (200 * DS_MS)

static bool pattern_matches(const char *pattern, const char *topic)
{
    regex_t re;
    bool match;

    if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB))
        return false;
    match = !regexec(&re, topic, 0, NULL, 0);
    regfree(&re);
    return match;
}

static const char *node_repartition(const ds_node *node, const ds_plan *plan)
{
    int topic = node->topic >= 0 ? node->topic : node->inputs[0]->topic;

    return plan->topics[topic].name;
}

void topics_of_node(const ds_node *node, const ds_plan *plan,
                    const char **topics, uint32_t *n)
{
    const ds_source_args *args = node->args;

    if (strcmp(node->type->name, "source") != 0) {
        topics[(*n)++] = node_repartition(node, plan);
    } else if (args->topic.s) {
        topics[(*n)++] = args->topic.s;
    } else if (args->pattern.s) {
        topics[(*n)++] = args->pattern.s;
    } else {
        for (uint32_t i = 0; i < args->topics->n; i++)
            topics[(*n)++] = args->topics->items[i]->text.s;
    }
}

bool topics_node_reads(const ds_node *node, const ds_plan *plan,
                       const char *topic)
{
    const char *names[TOPICS_MAX];
    uint32_t n = 0;

    if (strcmp(node->type->name, "source") != 0 &&
        strcmp(node->type->name, "unshuffle") != 0)
        return false;
    topics_of_node(node, plan, names, &n);
    for (uint32_t i = 0; i < n; i++)
        if (names[i][0] == '^' ? pattern_matches(names[i], topic)
                               : !strcmp(names[i], topic))
            return true;
    return false;
}

static const char *kind_name(ds_topic_kind kind)
{
    static const char *const names[] = {
        "source", "sink",     "dead-letter", "late-row",
        "table",  "received", "changelog",   "repartition"};

    return names[kind];
}

/* A test may have made it with partitions of its own. */
static ds_rc received_topic(ds_context *ctx, uint32_t i, ds_err *err)
{
    ds_broker *b = ctx->broker;
    ds_topic_want want = {ctx->plan->topics[i].name, 1, false};
    ds_topic_info info = {0, 0};
    bool created;
    ds_rc rc = b->type->topic_info(b, want.name, &info, err);

    if (rc == DS_NOTFOUND) {
        DS_TRY(b->type->topic_ensure(b, &want, &created, err));
        ds_log(DS_LOG_INFO, "internal topic created",
               DS_KV("topic", "%s", want.name), DS_KV("partitions", "%d", 1));
        info.partitions = 1;
        rc = DS_OK;
    }
    ctx->partitions[i] = info.partitions;
    return rc;
}

/* One that was made a moment ago is not known to every broker. */
static ds_rc user_topic_info(ds_context *ctx, const char *topic,
                             ds_topic_info *info, ds_err *err)
{
    ds_broker *b = ctx->broker;
    ds_rc rc = DS_NOTFOUND;

    for (int i = 0; rc == DS_NOTFOUND && i < ASKS_MAX; i++) {
        if (i > 0)
            ctx->opts.clock->sleep(ctx->opts.clock, ASK_EVERY);
        rc = b->type->topic_info(b, topic, info, err);
    }
    return rc;
}

static ds_rc user_topic_check(ds_context *ctx, uint32_t i, ds_err *err)
{
    const ds_plan_topic *t = &ctx->plan->topics[i];
    ds_topic_info info;
    ds_rc rc;

    if (t->name[0] == '^')
        return DS_OK; /* what matches may come later */
    if (t->kind == DS_TOPIC_RECEIVED)
        return received_topic(ctx, i, err);
    rc = user_topic_info(ctx, t->name, &info, err);
    if (rc == DS_NOTFOUND)
        return ds_fail(err, DS_E_CONFIG,
                       "topic %s (%s) does not exist; create it, for example "
                       "with kafka-topics.sh --create --topic %s --partitions "
                       "6",
                       t->name, kind_name(t->kind), t->name);
    DS_TRY(rc);
    ctx->partitions[i] = info.partitions;
    return DS_OK;
}

/* Number of a topic of that name in the plan; -1: none. */
static int topic_number(const ds_context *ctx, const char *name)
{
    for (uint32_t i = 0; i < ctx->plan->n_topics; i++)
        if (!strcmp(ctx->plan->topics[i].name, name))
            return (int)i;
    return -1;
}

static ds_rc pattern_partitions(ds_context *ctx, const char *pattern,
                                int32_t *out, ds_err *err)
{
    const char *const *names;
    uint32_t n;

    DS_TRY(ctx->broker->type->topic_match(ctx->broker, pattern, ctx->arena,
                                          &names, &n, err));
    for (uint32_t i = 0; i < n; i++) {
        ds_topic_info info = {0, 0};
        ds_rc rc =
            ctx->broker->type->topic_info(ctx->broker, names[i], &info, err);
        DS_TRY(rc);
        if (info.partitions > *out)
            *out = info.partitions;
    }
    return DS_OK;
}

/* The number of tasks of a stage: that of its topics' partitions. A stage with
 * state needs the same number in all of them (exactly-once.md, C4). */
static ds_rc stage_partitions(ds_context *ctx, const ds_stage *s, int32_t *out,
                              ds_err *err)
{
    const char *names[TOPICS_MAX], *first = NULL;
    uint32_t n = 0;

    *out = 0;
    for (uint32_t i = 0; i < s->n_sources; i++)
        topics_of_node(s->sources[i], ctx->plan, names, &n);
    for (uint32_t i = 0; i < n; i++) {
        int number = topic_number(ctx, names[i]);
        int32_t count = number >= 0 ? ctx->partitions[number] : 0;

        if (names[i][0] == '^')
            DS_TRY(pattern_partitions(ctx, names[i], &count, err));
        if (first && s->keyed && count != *out)
            return ds_fail(err, DS_E_CONFIG,
                           "error[E0440]: topic %s has %d partitions, topic %s "
                           "%d: keyed state needs the same number in all "
                           "topics that it reads",
                           first, *out, names[i], count);
        first = names[i];
        if (count > *out)
            *out = count;
    }
    if (*out == 0)
        return ds_fail(err, DS_E_CONFIG, "no topic matches %s: nothing to read",
                       n ? names[0] : "the pattern");
    return DS_OK;
}

static bool stage_reads(const ds_context *ctx, const ds_stage *s,
                        const char *topic)
{
    for (uint32_t i = 0; i < s->n_sources; i++)
        if (topics_node_reads(s->sources[i], ctx->plan, topic))
            return true;
    return false;
}

/* State behind the topic was made for that many partitions. */
static bool state_has(ds_context *ctx, const ds_plan_topic *topic, int32_t n)
{
    const ds_plan *plan = ctx->plan;
    ds_topic_info info = {0, 0};
    ds_err err;

    for (uint32_t i = 0; i < plan->n_topics; i++) {
        const ds_plan_topic *t = &plan->topics[i];
        if (t->kind == DS_TOPIC_CHANGELOG &&
            stage_reads(ctx, &plan->stages[t->stage], topic->name) &&
            ctx->broker->type->topic_info(ctx->broker, t->name, &info, &err) ==
                DS_OK &&
            info.partitions == n)
            return true;
    }
    return false;
}

/* A repartition topic in use keeps its partitions when the source grows: where
 * its keys are does not depend on the source. */
static ds_rc repartition_kept(ds_context *ctx, const ds_plan_topic *t,
                              int32_t *partitions, ds_err *err)
{
    ds_topic_info info = {0, 0};
    ds_rc rc;

    if (t->kind != DS_TOPIC_REPARTITION || t->partitions)
        return DS_OK;
    rc = ctx->broker->type->topic_info(ctx->broker, t->name, &info, err);
    if (rc == DS_OK && info.partitions < *partitions &&
        (ctx->plan->stages[t->reader].timed ||
         state_has(ctx, t, info.partitions)))
        *partitions = info.partitions;
    return rc == DS_NOTFOUND ? DS_OK : rc;
}

/* Offsets of a topic that a stage reads say that it wrote into all of its
 * repartition topics. */
static ds_rc cuts_written(ds_context *ctx, const ds_stage *s, uint32_t topic,
                          bool *written, ds_err *err)
{
    int32_t n = ctx->partitions[topic];
    ds_position *pos = ds_new(ctx->arena, ds_position, n + 1);
    ds_broker *b = ctx->broker;
    ds_time until = ds_mono_now() + KNOWN_PATIENCE;
    ds_rc rc;

    do {
        for (int32_t p = 0; p < n; p++)
            pos[p] = ds_position_of(ctx->topics[topic], p, DS_OFFSET_NONE);
        rc = b->type->group_offsets(b, s->group, pos, (uint32_t)n, STABLE_MS,
                                    err);
    } while (rc == DS_E_TIMEOUT && ds_mono_now() < until);
    for (int32_t p = 0; rc == DS_OK && p < n; p++)
        *written = *written || (pos[p].next >= 0 && pos[p].marks.set &&
                                pos[p].marks.cuts == s->cuts);
    return rc;
}

/* Kafka forgets the offsets of a topic that is deleted; what wrote into it
 * knows that it was there. */
static ds_rc repartition_gone(ds_context *ctx, const ds_plan_topic *t,
                              ds_err *err)
{
    const ds_stage *s = &ctx->plan->stages[t->stage];
    ds_topic_info info = {0, 0};
    bool written = false;
    ds_rc rc;

    if (t->kind != DS_TOPIC_REPARTITION)
        return DS_OK;
    rc = ctx->broker->type->topic_info(ctx->broker, t->name, &info, err);
    if (rc != DS_NOTFOUND)
        return rc;
    for (uint32_t i = 0; i < ctx->plan->n_topics; i++)
        if (ctx->partitions[i] && stage_reads(ctx, s, ctx->topics[i]))
            DS_TRY(cuts_written(ctx, s, i, &written, err));
    if (!written)
        return DS_OK;
    return ds_fail(err, DS_E_DECISION,
                   "topic %s is gone: rows that group %s has put into it and "
                   "that stage %s has not read yet are lost. Start over with "
                   "`dstream replay FILE --to-earliest --execute`",
                   t->name, s->group, ctx->plan->stages[t->reader].name);
}

static ds_rc internal_topic(ds_context *ctx, uint32_t i, int32_t partitions,
                            ds_err *err)
{
    DS_TRY(repartition_gone(ctx, &ctx->plan->topics[i], err));
    DS_TRY(repartition_kept(ctx, &ctx->plan->topics[i], &partitions, err));
    const ds_plan_topic *t = &ctx->plan->topics[i];
    ds_topic_want want = {t->name, t->partitions ? t->partitions : partitions,
                          t->kind == DS_TOPIC_CHANGELOG};
    bool created;

    DS_TRY(ctx->broker->type->topic_ensure(ctx->broker, &want, &created, err));
    if (created)
        ds_log(DS_LOG_INFO, "internal topic created",
               DS_KV("topic", "%s", t->name),
               DS_KV("partitions", "%d", want.partitions));
    ctx->partitions[i] = want.partitions;
    return DS_OK;
}

static ds_rc stage_topics(ds_context *ctx, const ds_stage *s, ds_err *err)
{
    int32_t n;

    DS_TRY(stage_partitions(ctx, s, &n, err));
    for (uint32_t i = 0; i < ctx->plan->n_topics; i++) {
        const ds_plan_topic *t = &ctx->plan->topics[i];
        if (t->kind == DS_TOPIC_CHANGELOG && t->stage == s->id)
            DS_TRY(internal_topic(ctx, i, n, err));
    }
    return DS_OK;
}

/* The partitions of the largest stage that writes to this one. */
static ds_rc writers_partitions(ds_context *ctx, const ds_stage *s,
                                int32_t *out, ds_err *err)
{
    *out = 0;
    for (uint32_t i = 0; i < ctx->plan->n_topics; i++) {
        const ds_plan_topic *t = &ctx->plan->topics[i];
        int32_t n;

        if (t->kind != DS_TOPIC_REPARTITION || t->reader != s->id)
            continue;
        DS_TRY(stage_partitions(ctx, &ctx->plan->stages[t->stage], &n, err));
        *out = n > *out ? n : *out;
    }
    return DS_OK;
}

static bool reads_repartition(const ds_plan *plan, const ds_stage *s,
                              uint32_t topic)
{
    return plan->topics[topic].kind == DS_TOPIC_REPARTITION &&
           plan->topics[topic].reader == s->id;
}

/* Before anything is written: does the topic hold what its reader has committed
 * of it? Another instance may be reading, committing and deleting meanwhile: so
 * the log's start is asked for before the offsets and its end after them.
 * Offsets that are not stable now are looked at again when the reader starts.
 */
static ds_rc repartition_look(ds_context *ctx, const ds_stage *s,
                              uint32_t topic, ds_err *err)
{
    int32_t n = ctx->partitions[topic];
    ds_position *pos = ds_new(ctx->arena, ds_position, n + 1);
    int64_t *low = ds_new(ctx->arena, int64_t, n + 1);
    ds_broker *b = ctx->broker;
    int64_t later, high;
    ds_rc rc;

    for (int32_t p = 0; p < n; p++) {
        pos[p] = ds_position_of(ctx->topics[topic], p, DS_OFFSET_NONE);
        DS_TRY(b->type->watermarks(b, pos[p].topic, p, &low[p], &high, err));
    }
    rc = b->type->group_offsets(b, s->group, pos, (uint32_t)n, STABLE_MS, err);
    if (rc < 0 && ds_rc_act(rc) != DS_ACT_RETRY)
        return rc;
    for (int32_t p = 0; rc == DS_OK && p < n; p++) {
        if (pos[p].next < 0)
            continue;
        DS_TRY(b->type->watermarks(b, pos[p].topic, p, &later, &high, err));
        DS_TRY(purge_check(pos[p].topic, p, s->group, pos[p].next, low[p], high,
                           err));
    }
    return DS_OK;
}

static ds_rc repartition_check(ds_context *ctx, const ds_stage *s,
                               uint32_t topic, ds_err *err)
{
    ds_clock *clock = ctx->opts.clock;

    for (int i = 0;; i++) {
        ds_rc rc = repartition_look(ctx, s, topic, err);
        if (rc != DS_E_DECISION || i == DOUBTS_MAX)
            return rc;
        clock->sleep(clock, DOUBT_EVERY);
    }
}

/* The repartition topics that a stage reads: all of the same number of
 * partitions. */
static ds_rc stage_inputs(ds_context *ctx, const ds_stage *s, ds_err *err)
{
    const ds_plan *plan = ctx->plan;
    int32_t n;

    DS_TRY(writers_partitions(ctx, s, &n, err));
    for (uint32_t i = 0; i < plan->n_topics; i++)
        if (reads_repartition(plan, s, i))
            DS_TRY(repartition_kept(ctx, &plan->topics[i], &n, err));
    for (uint32_t i = 0; i < plan->n_topics; i++) {
        if (!reads_repartition(plan, s, i))
            continue;
        DS_TRY(internal_topic(ctx, i, n, err));
        DS_TRY(repartition_check(ctx, s, i, err));
    }
    return DS_OK;
}

/* ---- where sources begin ---- */

static struct known_topic *known_find(const ds_context *ctx, const char *topic)
{
    for (uint32_t i = 0; i < ctx->n_known; i++)
        if (!strcmp(ctx->known[i].name, topic))
            return &ctx->known[i];
    return NULL;
}

bool topics_is_later(const ds_context *ctx, const char *topic,
                     int32_t partition)
{
    const struct known_topic *k = known_find(ctx, topic);

    return !k || partition >= k->partitions || k->begun;
}

/* Stable offsets of all its partitions: waits for transactions that are open,
 * which the broker ends when they time out. */
static ds_rc known_ask(ds_context *ctx, const char *group,
                       struct known_topic *k, ds_err *err)
{
    ds_position *pos = ds_new(ctx->arena, ds_position, k->partitions + 1);
    ds_time until = ds_mono_now() + KNOWN_PATIENCE;
    ds_rc rc;

    do {
        for (int32_t p = 0; p < k->partitions; p++)
            pos[p] = ds_position_of(k->name, p, DS_OFFSET_NONE);
        rc = ctx->broker->type->group_offsets(
            ctx->broker, group, pos, (uint32_t)k->partitions, 1000, err);
    } while (rc == DS_E_TIMEOUT && ds_mono_now() < until);
    for (int32_t p = 0; rc == DS_OK && p < k->partitions; p++)
        k->begun = k->begun || pos[p].next >= 0;
    return rc;
}

static ds_rc known_add(ds_context *ctx, const char *group, const char *topic,
                       bool *begun, ds_err *err)
{
    struct known_topic *k = known_find(ctx, topic);
    ds_topic_info info = {0, 0};
    ds_rc rc;

    if (!k && ctx->n_known < TOPICS_MAX) {
        rc = ctx->broker->type->topic_info(ctx->broker, topic, &info, err);
        DS_TRY(rc);
        k = &ctx->known[ctx->n_known++];
        *k = (struct known_topic){ds_str_copy(ctx->arena, topic),
                                  info.partitions, false};
        DS_TRY(known_ask(ctx, group, k, err));
    }
    *begun = *begun || (k && k->begun);
    return DS_OK;
}

/* The topics of a source that does not start at the earliest record. */
static ds_rc source_known(ds_context *ctx, const ds_stage *s,
                          const ds_node *node, ds_err *err)
{
    const char *names[TOPICS_MAX];
    uint32_t n = 0;

    topics_of_node(node, ctx->plan, names, &n);
    for (uint32_t i = 0; i < n; i++) {
        const char *const *list = &names[i];
        uint32_t m = 1, first = ctx->n_known;
        bool begun = false;

        if (names[i][0] == '^')
            DS_TRY(ctx->broker->type->topic_match(ctx->broker, names[i],
                                                  ctx->arena, &list, &m, err));
        for (uint32_t k = 0; k < m; k++)
            DS_TRY(known_add(ctx, s->group, list[k], &begun, err));
        for (uint32_t k = first; k < ctx->n_known; k++)
            ctx->known[k].begun = ctx->known[k].begun || begun;
    }
    return DS_OK;
}

static ds_rc starts_check(ds_context *ctx, ds_err *err)
{
    ctx->known = ds_new(ctx->arena, struct known_topic, TOPICS_MAX);
    ctx->n_known = 0;
    for (uint32_t i = 0; i < ctx->plan->n_stages; i++) {
        const ds_stage *s = &ctx->plan->stages[i];
        for (uint32_t k = 0; k < s->n_sources; k++) {
            const ds_source_args *args = s->sources[k]->args;
            if (!strcmp(s->sources[k]->type->name, "source") && args->start.s &&
                strcmp(args->start.s, "earliest") != 0)
                DS_TRY(source_known(ctx, s, s->sources[k], err));
        }
    }
    return DS_OK;
}

ds_rc topics_check(ds_context *ctx, ds_err *err)
{
    const ds_plan *plan = ctx->plan;

    ctx->topics = ds_new(ctx->arena, const char *, plan->n_topics + 1);
    ctx->partitions = ds_new(ctx->arena, int32_t, plan->n_topics + 1);
    for (uint32_t i = 0; i < plan->n_topics; i++)
        ctx->topics[i] = plan->topics[i].name;
    for (uint32_t i = 0; i < plan->n_topics; i++)
        if (plan->topics[i].kind < DS_TOPIC_CHANGELOG)
            DS_TRY(user_topic_check(ctx, i, err));
    /* A stage comes after those whose repartition topics it reads. */
    for (uint32_t i = 0; i < plan->n_stages; i++) {
        DS_TRY(stage_inputs(ctx, &plan->stages[i], err));
        DS_TRY(stage_topics(ctx, &plan->stages[i], err));
    }
    return starts_check(ctx, err);
}
