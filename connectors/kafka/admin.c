/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin.c - topics, offsets and groups of the cluster.
 */
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dstream/log.h"
#include "kafka/kafka.h"
#include "plan/marks.h"

/* ---- metadata ---- */

static ds_rc metadata(kafka_broker *b, const char *topic,
                      const struct rd_kafka_metadata **out, ds_err *err)
{
    rd_kafka_topic_t *rkt = NULL;
    if (topic) {
        rkt = rd_kafka_topic_new(b->ru, topic, NULL);
        if (!rkt)
            return kafka_fail(err, rd_kafka_last_error(), NULL,
                              "describe topic %s", topic);
    }
    rd_kafka_resp_err_t e =
        rd_kafka_metadata(b->ru, topic == NULL, rkt, out, KAFKA_ADMIN_MS);
    if (rkt)
        rd_kafka_topic_destroy(rkt);
    if (!e)
        return DS_OK;
    return topic ? kafka_fail(err, e, NULL, "describe topic %s", topic)
                 : kafka_fail(err, e, NULL, "list the topics");
}

static ds_rc topic_info_of(const struct rd_kafka_metadata *md,
                           const char *topic, ds_topic_info *out, ds_err *err)
{
    for (int i = 0; i < md->topic_cnt; i++) {
        const struct rd_kafka_metadata_topic *t = &md->topics[i];
        if (strcmp(t->topic, topic) != 0)
            continue;
        if (t->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
            return DS_NOTFOUND;
        if (kafka_is_auth(t->err) || (t->err && t->partition_cnt == 0))
            return kafka_fail(err, t->err, NULL, "describe topic %s", topic);
        out->partitions = t->partition_cnt;
        out->replication = t->partition_cnt ? t->partitions[0].replica_cnt : 0;
        return t->partition_cnt ? DS_OK : DS_NOTFOUND;
    }
    return DS_NOTFOUND;
}

/* Leaders move and topics settle: not worth an error at once. */
ds_rc kafka_topic_info(ds_broker *broker, const char *topic, ds_topic_info *out,
                       ds_err *err)
{
    kafka_broker *b = (kafka_broker *)broker;
    ds_time until = ds_mono_now() + 5 * DS_SECOND;
    for (;;) {
        const struct rd_kafka_metadata *md = NULL;
        ds_rc rc = metadata(b, topic, &md, err);
        if (rc == DS_OK && md) {
            rc = topic_info_of(md, topic, out, err);
            rd_kafka_metadata_destroy(md);
        }
        if ((rc != DS_E_IO && rc != DS_E_TIMEOUT) || ds_mono_now() > until)
            return rc;
        usleep(100000);
    }
}

ds_rc kafka_topic_match(ds_broker *broker, const char *pattern, ds_arena *a,
                        const char *const **names, uint32_t *n, ds_err *err)
{
    kafka_broker *b = (kafka_broker *)broker;
    const struct rd_kafka_metadata *md = NULL;
    regex_t re;
    int bad = regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB);
    if (bad) {
        char text[128];
        regerror(bad, &re, text, sizeof(text));
        return ds_fail(err, DS_E_CONFIG, "%s is no pattern: %s", pattern, text);
    }
    ds_rc rc = metadata(b, NULL, &md, err);
    if (rc == DS_OK) {
        const char **list = ds_new(a, const char *, md->topic_cnt + 1);
        *n = 0;
        for (int i = 0; i < md->topic_cnt; i++)
            if (regexec(&re, md->topics[i].topic, 0, NULL, 0) == 0)
                list[(*n)++] = ds_str_copy(a, md->topics[i].topic);
        *names = list;
        rd_kafka_metadata_destroy(md);
    }
    regfree(&re);
    return rc;
}

/* ---- admin requests ---- */

static rd_kafka_AdminOptions_t *options(kafka_broker *b, rd_kafka_admin_op_t op,
                                        int ms)
{
    char text[128];
    rd_kafka_AdminOptions_t *o = rd_kafka_AdminOptions_new(b->ru, op);
    if (rd_kafka_AdminOptions_set_request_timeout(o, ms, text, sizeof(text)))
        ds_log(DS_LOG_WARN, "kafka admin options", DS_KV("text", "%s", text));
    return o;
}

/* The answer to the request just sent. Every request has a queue of its own:
 * workers may ask at the same time. Takes over the queue. */
static ds_rc answer(rd_kafka_queue_t *queue, rd_kafka_event_t **out,
                    ds_err *err, const char *what, const char *name)
{
    rd_kafka_event_t *ev = rd_kafka_queue_poll(queue, KAFKA_ADMIN_MS + 2000);
    rd_kafka_queue_destroy(queue);
    if (!ev)
        return ds_fail(err, DS_E_TIMEOUT, "cannot %s %s: no answer", what,
                       name);
    rd_kafka_resp_err_t e = rd_kafka_event_error(ev);
    *out = ev;
    if (!e)
        return DS_OK;
    ds_rc rc = kafka_fail(err, e, rd_kafka_event_error_string(ev), "%s %s",
                          what, name);
    rd_kafka_event_destroy(ev);
    return rc;
}
/* ---- topic configuration ---- */

/* A topic's configuration; the entries live in the event. */
struct description {
    rd_kafka_event_t *ev;
    const rd_kafka_ConfigEntry_t **entries;
    size_t n;
    bool unknown; /* the broker that answered does not know the topic */
};

static ds_rc describe_once(kafka_broker *b, const char *topic, int ms,
                           struct description *d, ds_err *err)
{
    rd_kafka_ConfigResource_t *ask =
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    rd_kafka_AdminOptions_t *o =
        options(b, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, ms);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(b->ru);
    rd_kafka_DescribeConfigs(b->ru, &ask, 1, o, queue);
    rd_kafka_AdminOptions_destroy(o);
    rd_kafka_ConfigResource_destroy(ask);
    DS_TRY(
        answer(queue, &d->ev, err, "read the configuration of topic", topic));
    size_t m;
    const rd_kafka_ConfigResource_t **got =
        rd_kafka_DescribeConfigs_result_resources(
            rd_kafka_event_DescribeConfigs_result(d->ev), &m);
    rd_kafka_resp_err_t e =
        m ? rd_kafka_ConfigResource_error(got[0]) : RD_KAFKA_RESP_ERR__FAIL;
    d->unknown = e == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    if (e) {
        ds_rc rc = kafka_fail(
            err, e, m ? rd_kafka_ConfigResource_error_string(got[0]) : NULL,
            "read the configuration of topic %s", topic);
        rd_kafka_event_destroy(d->ev);
        return rc;
    }
    d->entries = rd_kafka_ConfigResource_configs(got[0], &d->n);
    return DS_OK;
}

/* A topic that has just been made is not known to every broker at once: one of
 * them has it, or nobody would ask. */
static ds_rc describe(kafka_broker *b, const char *topic, int ms,
                      struct description *d, ds_err *err)
{
    ds_time until = ds_mono_now() + ms * DS_MS;

    for (;;) {
        ds_rc rc;

        d->unknown = false;
        rc = describe_once(b, topic, ms, d, err);
        if (rc == DS_OK || !d->unknown || ds_mono_now() >= until)
            return rc;
        usleep(20000);
    }
}

static const char *entry(const struct description *d, const char *name)
{
    for (size_t i = 0; i < d->n; i++)
        if (strcmp(rd_kafka_ConfigEntry_name(d->entries[i]), name) == 0)
            return rd_kafka_ConfigEntry_value(d->entries[i]);
    return NULL;
}

ds_rc kafka_topic_config(ds_broker *broker, const char *topic, const char *name,
                         ds_arena *a, const char **value, ds_err *err)
{
    struct description d = {0};
    ds_topic_info info = {0};
    /* The library's answer does not tell a missing topic from other faults. */
    ds_rc rc = kafka_topic_info(broker, topic, &info, err);
    if (rc != DS_OK)
        return rc;
    DS_TRY(describe((kafka_broker *)broker, topic, KAFKA_ADMIN_MS, &d, err));
    const char *text = entry(&d, name);
    if (text)
        *value = ds_str_copy(a, text);
    rd_kafka_event_destroy(d.ev);
    return text ? DS_OK : DS_NOTFOUND;
}

int64_t kafka_topic_number(kafka_broker *b, const char *topic, const char *name)
{
    struct description d = {0};
    /* A cluster that does not tell would cost the wait every time. */
    if (__atomic_load_n(&b->tells_nothing, __ATOMIC_RELAXED))
        return -1;
    ds_rc rc = describe(b, topic, KAFKA_DESCRIBE_MS, &d, NULL);
    if (rc == DS_E_TIMEOUT || rc == DS_E_NOSUPPORT)
        __atomic_store_n(&b->tells_nothing, 1, __ATOMIC_RELAXED);
    if (rc < 0)
        return -1;
    const char *value = entry(&d, name);
    int64_t number = value ? strtoll(value, NULL, 10) : -1;
    rd_kafka_event_destroy(d.ev);
    return number;
}

static const char *const compact_configs[][2] = {
    {"cleanup.policy", "compact"},
    {"segment.bytes", "67108864"},
    {NULL, NULL},
};
static const char *const delete_configs[][2] = {
    {"cleanup.policy", "delete"},
    {"retention.ms", "-1"},
    {"retention.bytes", "-1"},
    {"segment.bytes", "52428800"},
    {NULL, NULL},
};

static ds_rc ensure_create(kafka_broker *b, const ds_topic_want *want,
                           bool *created, ds_err *err)
{
    char text[256];
    rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(
        want->name, want->partitions, -1, text, sizeof(text));
    if (!topic)
        return ds_fail(err, DS_E_CONFIG, "cannot create topic %s: %s",
                       want->name, text);
    const char *const(*configs)[2] =
        want->compact ? compact_configs : delete_configs;
    for (; configs[0][0]; configs++)
        rd_kafka_NewTopic_set_config(topic, configs[0][0], configs[0][1]);
    rd_kafka_AdminOptions_t *o =
        options(b, RD_KAFKA_ADMIN_OP_CREATETOPICS, KAFKA_ADMIN_MS);
    rd_kafka_AdminOptions_set_operation_timeout(o, 5000, text, sizeof(text));
    rd_kafka_queue_t *queue = rd_kafka_queue_new(b->ru);
    rd_kafka_CreateTopics(b->ru, &topic, 1, o, queue);
    rd_kafka_AdminOptions_destroy(o);
    rd_kafka_NewTopic_destroy(topic);
    rd_kafka_event_t *ev = NULL;
    DS_TRY(answer(queue, &ev, err, "create topic", want->name));
    size_t n;
    const rd_kafka_topic_result_t **res = rd_kafka_CreateTopics_result_topics(
        rd_kafka_event_CreateTopics_result(ev), &n);
    rd_kafka_resp_err_t e =
        n ? rd_kafka_topic_result_error(res[0]) : RD_KAFKA_RESP_ERR__FAIL;
    ds_rc rc = DS_OK;
    *created = !e;
    if (e && e != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        rc = kafka_fail(err, e,
                        n ? rd_kafka_topic_result_error_string(res[0]) : NULL,
                        "create topic %s", want->name);
    rd_kafka_event_destroy(ev);
    return rc;
}

static ds_rc ensure_setting(const ds_topic_want *want, const char *name,
                            const char *has, const char *needs, ds_err *err)
{
    if (has && strcmp(has, needs) == 0)
        return DS_OK;
    return ds_fail(err, DS_E_CONFIG,
                   "topic %s exists with %s=%s, dstream needs %s: change it "
                   "(kafka-configs --alter), or delete the topic if nothing "
                   "in it is needed",
                   want->name, name, has ? has : "(unset)", needs);
}

static ds_rc ensure_configs(kafka_broker *b, const ds_topic_want *want,
                            ds_err *err)
{
    struct description d = {0};
    DS_TRY(describe(b, want->name, KAFKA_ADMIN_MS, &d, err));
    ds_rc rc =
        ensure_setting(want, "cleanup.policy", entry(&d, "cleanup.policy"),
                       want->compact ? "compact" : "delete", err);
    if (rc == DS_OK && !want->compact)
        rc = ensure_setting(want, "retention.ms", entry(&d, "retention.ms"),
                            "-1", err);
    if (rc == DS_OK && !want->compact)
        rc = ensure_setting(want, "retention.bytes",
                            entry(&d, "retention.bytes"), "-1", err);
    rd_kafka_event_destroy(d.ev);
    return rc;
}

static ds_rc ensure_check(kafka_broker *b, const ds_topic_want *want,
                          const ds_topic_info *info, ds_err *err)
{
    if (info->partitions != want->partitions)
        return ds_fail(err, DS_E_CONFIG,
                       "topic %s has partitions=%d, dstream needs %d: the "
                       "source's number of partitions has changed, or the "
                       "topic is not dstream's own",
                       want->name, (int)info->partitions,
                       (int)want->partitions);
    if (info->replication < 3)
        ds_log(DS_LOG_WARN,
               "an internal topic has few replicas: a lost disk loses state",
               DS_KV("topic", "%s", want->name),
               DS_KV("replicas", "%d", (int)info->replication));
    return ensure_configs(b, want, err);
}

ds_rc kafka_topic_ensure(ds_broker *broker, const ds_topic_want *want,
                         bool *created, ds_err *err)
{
    kafka_broker *b = (kafka_broker *)broker;
    ds_topic_info info = {0};
    *created = false;
    ds_rc rc = kafka_topic_info(broker, want->name, &info, err);
    if (rc == DS_NOTFOUND) {
        DS_TRY(ensure_create(b, want, created, err));
        /* It takes a moment until every broker knows it. */
        ds_time until = ds_mono_now() + KAFKA_ADMIN_MS * DS_MS;
        while ((rc = kafka_topic_info(broker, want->name, &info, err)) ==
                   DS_NOTFOUND &&
               ds_mono_now() < until)
            usleep(20000);
        if (rc == DS_NOTFOUND)
            return ds_fail(err, DS_E_TIMEOUT,
                           "topic %s was created but does not appear",
                           want->name);
    }
    DS_TRY(rc);
    return ensure_check(b, want, &info, err);
}

/* ---- records that are wanted no more ---- */

static void deleted_warn(rd_kafka_event_t *ev)
{
    const rd_kafka_DeleteRecords_result_t *r =
        rd_kafka_event_DeleteRecords_result(ev);
    const rd_kafka_topic_partition_list_t *list =
        r ? rd_kafka_DeleteRecords_result_offsets(r) : NULL;
    if (rd_kafka_event_error(ev))
        ds_log(DS_LOG_WARN, "records that were read are not deleted",
               DS_KV("error", "%s", rd_kafka_event_error_string(ev)));
    for (int i = 0; list && i < list->cnt; i++)
        if (list->elems[i].err)
            ds_log(DS_LOG_WARN, "records that were read are not deleted",
                   DS_KV("topic", "%s", list->elems[i].topic),
                   DS_KV("partition", "%d", (int)list->elems[i].partition),
                   DS_KV("error", "%s", rd_kafka_err2str(list->elems[i].err)));
}

void kafka_delete_records(ds_broker *broker, const ds_position *pos, uint32_t n)
{
    kafka_broker *b = (kafka_broker *)broker;
    rd_kafka_event_t *ev;
    if (!b->deleted)
        b->deleted = rd_kafka_queue_new(b->ru);
    while ((ev = rd_kafka_queue_poll(b->deleted, 0)) != NULL) {
        deleted_warn(ev);
        rd_kafka_event_destroy(ev);
    }
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)n);
    for (uint32_t i = 0; i < n; i++)
        rd_kafka_topic_partition_list_add(list, pos[i].topic, pos[i].partition)
            ->offset = pos[i].next;
    rd_kafka_DeleteRecords_t *ask = rd_kafka_DeleteRecords_new(list);
    rd_kafka_AdminOptions_t *o =
        options(b, RD_KAFKA_ADMIN_OP_DELETERECORDS, KAFKA_ADMIN_MS);
    rd_kafka_DeleteRecords(b->ru, &ask, 1, o, b->deleted);
    rd_kafka_AdminOptions_destroy(o);
    rd_kafka_DeleteRecords_destroy(ask);
    rd_kafka_topic_partition_list_destroy(list);
}

/* ---- groups ---- */

static rd_kafka_resp_err_t committed_once(rd_kafka_t *rk, ds_position *pos,
                                          uint32_t n, int timeout_ms,
                                          uint32_t *at)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)n);
    for (uint32_t i = 0; i < n; i++)
        rd_kafka_topic_partition_list_add(list, pos[i].topic, pos[i].partition);
    rd_kafka_resp_err_t e = rd_kafka_committed(rk, list, timeout_ms);
    *at = n;
    for (uint32_t i = 0; !e && i < n; i++)
        if ((e = list->elems[i].err))
            *at = i;
    for (uint32_t i = 0; !e && i < n; i++) {
        const rd_kafka_topic_partition_t *p = &list->elems[i];
        pos[i].next = p->offset >= 0 ? p->offset : DS_OFFSET_NONE;
        pos[i].marks = ds_marks_read(p->offset >= 0 ? p->metadata : NULL,
                                     p->metadata_size);
    }
    rd_kafka_topic_partition_list_destroy(list);
    return e;
}

/* A timeout is never "no offset": the library then says -1001 without an
 * error (exactly-once.md B3). */
ds_rc kafka_committed(rd_kafka_t *rk, ds_position *pos, uint32_t n,
                      int timeout_ms, ds_err *err)
{
    ds_time until = ds_mono_now() + timeout_ms * DS_MS;
    if (n == 0)
        return DS_OK;
    for (;;) {
        uint32_t at;
        ds_time left = (until - ds_mono_now()) / DS_MS;
        rd_kafka_resp_err_t e =
            committed_once(rk, pos, n, left > 1 ? (int)left : 1, &at);
        if (!e)
            return DS_OK;
        ds_rc rc = kafka_rc(e);
        if (rc != DS_E_TIMEOUT && rc != DS_E_IO)
            return at < n ? kafka_fail(err, e, NULL,
                                       "read the committed offset of topic %s "
                                       "partition %d",
                                       pos[at].topic, (int)pos[at].partition)
                          : kafka_fail(err, e, NULL,
                                       "read the group's committed offsets");
        if (ds_mono_now() >= until)
            return ds_fail(err, DS_E_TIMEOUT,
                           "the group's committed offsets are not stable: %s",
                           rd_kafka_err2str(e));
        usleep(20000);
    }
}

/* A handle for the group's offsets: kept, since they are asked for often. */
static ds_rc offsets_handle(kafka_broker *b, const char *group, ds_err *err)
{
    if (b->offsets && !strcmp(b->offsets_group, group))
        return DS_OK;
    if (b->offsets)
        kafka_destroy(b->offsets, false);
    free(b->offsets_group);
    b->offsets = NULL;
    b->offsets_group = strdup(group);
    rd_kafka_conf_t *conf = kafka_conf(b, KAFKA_CONSUMER);
    kafka_set(conf, "group.id", group);
    return kafka_new(b, RD_KAFKA_CONSUMER, conf, &b->offsets, err);
}

ds_rc kafka_group_offsets(ds_broker *broker, const char *group,
                          ds_position *pos, uint32_t n, int timeout_ms,
                          ds_err *err)
{
    kafka_broker *b = (kafka_broker *)broker;
    DS_TRY(offsets_handle(b, group, err));
    ds_rc rc = kafka_committed(b->offsets, pos, n, timeout_ms, err);
    if (rc < 0)
        ds_wrap(err, "group %s", group);
    return rc;
}

/* What the coordinator says of a group: *out is NULL if there is none of that
 * name; else it lives as long as *ev, which is the caller's. */
static ds_rc group_describe(kafka_broker *b, const char *group,
                            rd_kafka_event_t **ev,
                            const rd_kafka_ConsumerGroupDescription_t **out,
                            ds_err *err)
{
    rd_kafka_AdminOptions_t *o =
        options(b, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, KAFKA_ADMIN_MS);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(b->ru);
    rd_kafka_DescribeConsumerGroups(b->ru, &group, 1, o, queue);
    rd_kafka_AdminOptions_destroy(o);
    DS_TRY(answer(queue, ev, err, "describe group", group));
    size_t m;
    const rd_kafka_ConsumerGroupDescription_t **list =
        rd_kafka_DescribeConsumerGroups_result_groups(
            rd_kafka_event_DescribeConsumerGroups_result(*ev), &m);
    const rd_kafka_error_t *bad =
        m ? rd_kafka_ConsumerGroupDescription_error(list[0]) : NULL;
    rd_kafka_resp_err_t e =
        bad ? rd_kafka_error_code(bad) : RD_KAFKA_RESP_ERR_NO_ERROR;
    ds_rc rc = DS_OK;
    if (e && e != RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND)
        rc = kafka_fail(err, e, rd_kafka_error_string(bad), "describe group %s",
                        group);
    *out = !e && m ? list[0] : NULL;
    if (rc < 0)
        rd_kafka_event_destroy(*ev);
    return rc;
}

ds_rc kafka_group_members(ds_broker *broker, const char *group, int *n,
                          ds_err *err)
{
    const rd_kafka_ConsumerGroupDescription_t *desc = NULL;
    rd_kafka_event_t *ev = NULL;
    DS_TRY(group_describe((kafka_broker *)broker, group, &ev, &desc, err));
    *n = desc ? (int)rd_kafka_ConsumerGroupDescription_member_count(desc) : 0;
    rd_kafka_event_destroy(ev);
    return DS_OK;
}
