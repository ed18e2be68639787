/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.c - the library's handles: settings, logs, errors, closing.
 *
 * The defaults were measured on a real broker.
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "dstream/log.h"
#include "kafka/kafka.h"

/* ---- errors ---- */

bool kafka_is_auth(rd_kafka_resp_err_t e)
{
    switch (e) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
    case RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
        return true;
    default:
        return false;
    }
}

ds_rc kafka_rc(rd_kafka_resp_err_t e)
{
    if (kafka_is_auth(e))
        return DS_E_AUTH;
    switch (e) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
        return DS_OK;
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT:
        return DS_E_TIMEOUT;
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR__WAIT_CACHE:
    case RD_KAFKA_RESP_ERR__IN_PROGRESS:
    case RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
    case RD_KAFKA_RESP_ERR_NOT_CONTROLLER:
    case RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
        return DS_E_IO;
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
        return DS_E_FENCED;
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT:
        return DS_E_NOSUPPORT;
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT:
    case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
        return DS_E_CONFIG;
    default: /* not known to pass by itself */
        return DS_E_FAILED;
    }
}

ds_rc kafka_fail(ds_err *err, rd_kafka_resp_err_t e, const char *detail,
                 const char *what, ...)
{
    char text[300];
    va_list args;
    va_start(args, what);
    vsnprintf(text, sizeof(text), what, args);
    va_end(args);
    if (!detail || !detail[0])
        detail = rd_kafka_err2str(e);
    ds_rc rc = kafka_rc(e);
    return ds_fail(err, rc < 0 ? rc : DS_E_FAILED, "%s %s: %s",
                   rc == DS_E_AUTH ? "not authorised to" : "cannot", text,
                   detail);
}

/* ---- callbacks ---- */

/* From the library's threads: nothing of the library may be called here, and
 * ds_log only queues. */
static void on_log(const rd_kafka_t *rk, int level, const char *fac,
                   const char *buf)
{
    (void)rk;
    ds_log(level <= 4   ? DS_LOG_WARN
           : level == 7 ? DS_LOG_DEBUG
                        : DS_LOG_INFO,
           "kafka client", DS_KV("facility", "%s", fac),
           DS_KV("text", "%s", buf));
}

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
    (void)rk;
    (void)opaque;
    ds_log(DS_LOG_WARN, "kafka error",
           DS_KV("error", "%s", rd_kafka_err2name((rd_kafka_resp_err_t)code)),
           DS_KV("text", "%s", reason));
}

/* The cluster's handle remembers why it cannot connect. */
static void on_broker_error(rd_kafka_t *rk, int code, const char *reason,
                            void *opaque)
{
    kafka_broker *b = opaque;
    (void)rk;
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && b->auth)
        return;
    free(b->auth);
    b->auth = strdup(reason);
    b->auth_err = (rd_kafka_resp_err_t)code;
}

/* ---- settings ---- */

void kafka_set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char text[256];
    if (rd_kafka_conf_set(conf, name, value, text, sizeof(text)) !=
        RD_KAFKA_CONF_OK)
        ds_log(DS_LOG_WARN, "a setting of the kafka client was not taken",
               DS_KV("name", "%s", name), DS_KV("reason", "%s", text));
}

void kafka_set_int(rd_kafka_conf_t *conf, const char *name, int64_t value)
{
    char text[24];
    snprintf(text, sizeof(text), "%lld", (long long)value);
    kafka_set(conf, name, text);
}

void kafka_default(kafka_broker *b, rd_kafka_conf_t *conf, const char *name,
                   int64_t value)
{
    if (!kafka_prop_get(b, name))
        kafka_set_int(conf, name, value);
}

static void conf_job(kafka_broker *b, rd_kafka_conf_t *conf, kafka_scope scope)
{
    for (uint32_t i = 0; i < b->n_props; i++) {
        const kafka_setting *s = kafka_setting_find(b->props[i].name);
        if (s && (s->scope == KAFKA_ANY || s->scope == scope))
            kafka_set(conf, s->name, b->props[i].value);
    }
    if (kafka_prop_get(b, "sasl.mechanism") &&
        !kafka_prop_get(b, "security.protocol"))
        kafka_set(conf, "security.protocol", "sasl_ssl");
    if (!kafka_prop_get(b, "client.id")) {
        char id[128];
        snprintf(id, sizeof(id), "dstream-%s", b->job);
        kafka_set(conf, "client.id", id);
    }
}

static void conf_consumer(kafka_broker *b, rd_kafka_conf_t *conf)
{
    bool quick = b->batch <= 20 * DS_MS;
    kafka_default(b, conf, "fetch.min.bytes", 65536);
    kafka_default(b, conf, "fetch.wait.max.ms", quick ? 3 : 10);
    kafka_default(b, conf, "max.partition.fetch.bytes", 262144);
    kafka_default(b, conf, "queued.min.messages", KAFKA_QUEUED_MIN);
    kafka_default(b, conf, "queued.max.messages.kbytes", 65536);
    kafka_default(b, conf, "fetch.error.backoff.ms", 50);
#if RD_KAFKA_VERSION >= 0x020200ff
    kafka_default(b, conf, "fetch.queue.backoff.ms", 5);
#endif
    kafka_set(conf, "enable.auto.commit", "false");
    kafka_set(conf, "enable.auto.offset.store", "false");
    kafka_set(conf, "isolation.level", "read_committed");
    kafka_set(conf, "auto.offset.reset", "error");
    kafka_set(conf, "enable.partition.eof", "true");
    kafka_set(conf, "check.crcs", "true");
}

static void conf_producer(kafka_broker *b, rd_kafka_conf_t *conf)
{
    kafka_set_int(conf, "transaction.timeout.ms", b->transaction_ms);
    /* The library wants less than the transaction's; a request that is lost
     * has to be sent again while there is time. */
    int socket_ms = kafka_prop_int(b, "socket.timeout.ms", 10000);
    if (socket_ms > b->transaction_ms - 100)
        socket_ms = b->transaction_ms - 100;
    kafka_set_int(conf, "socket.timeout.ms", socket_ms);
    kafka_default(b, conf, "linger.ms", b->batch <= 20 * DS_MS ? 1 : 5);
    kafka_default(b, conf, "retry.backoff.ms", 10);
    kafka_default(b, conf, "queue.buffering.max.messages", 500000);
    kafka_default(b, conf, "queue.buffering.max.kbytes", 262144);
    kafka_set(conf, "enable.idempotence", "true");
    kafka_set(conf, "acks", "all");
    /* Rows go with their epoch: no request may point into them. */
    kafka_set(conf, "message.copy.max.bytes", "1000000000");
}

rd_kafka_conf_t *kafka_conf(kafka_broker *b, kafka_scope scope)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    conf_job(b, conf, scope);
    kafka_set(conf, "socket.nagle.disable", "true");
    kafka_set(conf, "allow.auto.create.topics", "false");
    kafka_default(b, conf, "socket.timeout.ms", 10000);
    kafka_default(b, conf, "socket.connection.setup.timeout.ms", 5000);
    kafka_default(b, conf, "reconnect.backoff.ms", 50);
    kafka_default(b, conf, "reconnect.backoff.max.ms", 1000);
    kafka_default(b, conf, "topic.metadata.refresh.interval.ms", 30000);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_error_cb(conf, on_error);
    if (scope == KAFKA_CONSUMER)
        conf_consumer(b, conf);
    else
        conf_producer(b, conf);
    return conf;
}

ds_rc kafka_new(kafka_broker *b, rd_kafka_type_t type, rd_kafka_conf_t *conf,
                rd_kafka_t **out, ds_err *err)
{
    char text[256];
    (void)b;
    *out = rd_kafka_new(type, conf, text, sizeof(text));
    if (*out)
        return DS_OK;
    rd_kafka_conf_destroy(conf);
    return ds_fail(err, DS_E_CONFIG, "the kafka client does not start: %s",
                   text);
}

/* ---- closing ---- */

/* Whoever of the two comes last frees it. */
struct burial {
    pthread_mutex_t lock;
    pthread_cond_t done;
    rd_kafka_t *rk;
    bool consumer, finished, left;
};

static void burial_free(struct burial *u)
{
    pthread_mutex_destroy(&u->lock);
    pthread_cond_destroy(&u->done);
    free(u);
}

static void burial_close(rd_kafka_t *rk, bool consumer)
{
    if (consumer)
        rd_kafka_consumer_close(rk);
    rd_kafka_destroy_flags(rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

static void *burial_run(void *arg)
{
    struct burial *u = arg;
    burial_close(u->rk, u->consumer);
    pthread_mutex_lock(&u->lock);
    u->finished = true;
    bool left = u->left;
    pthread_cond_signal(&u->done);
    pthread_mutex_unlock(&u->lock);
    if (left)
        burial_free(u);
    return NULL;
}

static bool burial_wait(struct burial *u)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += KAFKA_CLOSE_MS / 1000;
    pthread_mutex_lock(&u->lock);
    int rc = 0;
    while (!u->finished && rc == 0)
        rc = pthread_cond_timedwait(&u->done, &u->lock, &until);
    bool finished = u->finished;
    u->left = !finished;
    pthread_mutex_unlock(&u->lock);
    return finished;
}

bool kafka_destroy(rd_kafka_t *rk, bool consumer)
{
    struct burial *u = calloc(1, sizeof(*u));
    DS_BUG_ON(!u);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&u->lock, NULL);
    pthread_cond_init(&u->done, &monotonic);
    pthread_condattr_destroy(&monotonic);
    u->rk = rk;
    u->consumer = consumer;
    pthread_t thread;
    if (pthread_create(&thread, NULL, burial_run, u) != 0) {
        burial_free(u);
        burial_close(rk, consumer); /* no thread: then without a limit */
        return true;
    }
    bool finished = burial_wait(u);
    if (finished) {
        pthread_join(thread, NULL);
        burial_free(u);
    } else {
        pthread_detach(thread);
        ds_log(DS_LOG_ERROR, "a kafka client does not close; it is left alone",
               DS_KV("seconds", "%d", KAFKA_CLOSE_MS / 1000));
    }
    return finished;
}

/* ---- the cluster ---- */

static void warn_version(void)
{
    static bool said;
    int v = rd_kafka_version() & ~0xff;
    if (said)
        return;
    said = true;
    if (v == 0x02050000 || v == 0x02050100 || v == 0x02050200 ||
        v == 0x02060000 || v == 0x020a0000)
        ds_log(DS_LOG_WARN, "this version of librdkafka has known faults",
               DS_KV("version", "%s", rd_kafka_version_str()),
               DS_KV("better", "2.11.1"));
    else if (v < 0x02040000)
        ds_log(DS_LOG_INFO, "this version of librdkafka is old",
               DS_KV("version", "%s", rd_kafka_version_str()),
               DS_KV("better", "2.11.1"));
}

/* Until a broker has answered. */
static ds_rc open_wait(kafka_broker *b, ds_err *err)
{
    ds_time until = ds_mono_now() + KAFKA_OPEN_MS * DS_MS;
    ds_time refused = 0;
    do {
        const struct rd_kafka_metadata *md;
        rd_kafka_resp_err_t e = rd_kafka_metadata(b->ru, 0, NULL, &md, 1000);
        if (e == RD_KAFKA_RESP_ERR_NO_ERROR) {
            rd_kafka_metadata_destroy(md);
            return DS_OK;
        }
        while (rd_kafka_poll(b->ru, 0) > 0)
            continue;
        /* Once more: a broker that has just started may not know its users. */
        if (b->auth && kafka_is_auth(b->auth_err)) {
            if (!refused)
                refused = ds_mono_now();
            else if (ds_mono_now() - refused > 2 * DS_SECOND)
                return kafka_fail(err, b->auth_err, b->auth,
                                  "connect to the brokers %s",
                                  kafka_prop_get(b, "bootstrap.servers"));
        }
    } while (ds_mono_now() < until);
    return ds_fail(err, DS_E_UNREACHABLE,
                   "no broker of %s answers within %d s%s%s",
                   kafka_prop_get(b, "bootstrap.servers"), KAFKA_OPEN_MS / 1000,
                   b->auth ? ": " : "", b->auth ? b->auth : "");
}

static void copy_props(kafka_broker *b, const ds_broker_spec *spec)
{
    b->job = strdup(spec->job ? spec->job : "job");
    b->n_props = spec->n_props;
    b->props = calloc(spec->n_props + 1, sizeof(*b->props));
    DS_BUG_ON(!b->props || !b->job);
    for (uint32_t i = 0; i < spec->n_props; i++) {
        b->props[i].name = strdup(spec->props[i].name);
        b->props[i].value = strdup(spec->props[i].value);
    }
}

static ds_rc open_handle(kafka_broker *b, ds_err *err)
{
    DS_TRY(kafka_check_props(b->props, b->n_props, err));
    b->transaction_ms = kafka_prop_int(b, "transaction.timeout.ms", 10000);
    if (b->transaction_ms < 1000)
        return ds_fail(err, DS_E_CONFIG,
                       "transaction.timeout.ms is below 1000");
    rd_kafka_conf_t *conf = kafka_conf(b, KAFKA_CONSUMER);
    kafka_set(conf, "isolation.level", "read_uncommitted");
    rd_kafka_conf_set_error_cb(conf, on_broker_error);
    rd_kafka_conf_set_opaque(conf, b);
    DS_TRY(kafka_new(b, RD_KAFKA_CONSUMER, conf, &b->ru, err));
    return open_wait(b, err);
}

ds_rc kafka_open(const ds_broker_spec *spec, ds_broker **out, ds_err *err)
{
    kafka_broker *b = calloc(1, sizeof(*b));
    DS_BUG_ON(!b);
    b->base.type = &kafka_type;
    b->batch = spec->batch;
    copy_props(b, spec);
    warn_version();
    ds_rc rc = open_handle(b, err);
    if (rc < 0)
        kafka_close(&b->base);
    else
        *out = &b->base;
    return rc;
}

void kafka_close(ds_broker *broker)
{
    kafka_broker *b = (kafka_broker *)broker;
    if (!b)
        return;
    if (b->offsets)
        kafka_destroy(b->offsets, false);
    if (b->deleted)
        rd_kafka_queue_destroy(b->deleted);
    if (b->ru && !kafka_destroy(b->ru, false))
        return; /* its callbacks still use b */
    free(b->offsets_group);
    for (uint32_t i = 0; i < b->n_props; i++) {
        explicit_bzero(b->props[i].value, strlen(b->props[i].value));
        free(b->props[i].name);
        free(b->props[i].value);
    }
    free(b->props);
    for (uint32_t i = 0; i < b->n_known; i++)
        free(b->known[i].topic);
    free(b->known);
    free(b->auth);
    free(b->job);
    free(b);
}

ds_rc kafka_cluster_id(ds_broker *broker, ds_arena *a, const char **id,
                       ds_err *err)
{
    kafka_broker *b = (kafka_broker *)broker;
    char *text = rd_kafka_clusterid(b->ru, KAFKA_ADMIN_MS);
    if (!text)
        return ds_fail(err, DS_E_TIMEOUT, "the cluster does not tell its id");
    *id = ds_str_copy(a, text);
    rd_kafka_mem_free(b->ru, text);
    return DS_OK;
}
