/* SPDX-License-Identifier: Apache-2.0 */
/*
 * props.c - which of librdkafka's settings a job may use.
 *
 * An allow-list: a property may run commands (sasl.kerberos.kinit.cmd), load
 * code (plugin.library.paths), open connections to anywhere, or silently break
 * the exactly-once protocol (isolation.level). A property that is not in this
 * table is refused; a test compares the table with the installed library.
 */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "kafka/kafka.h"

#define ANY KAFKA_ANY
#define CON KAFKA_CONSUMER
#define PRO KAFKA_PRODUCER
#define OK KAFKA_ALLOW, NULL
#define SECRET KAFKA_SECRET, NULL
#define OWNED(why) KAFKA_OWNED, why
#define REFUSED(why) KAFKA_REFUSE, why

#define CALLBACK REFUSED("it is a function, not a value")
#define TEST REFUSED("it is for the library's own tests")
#define LOADS REFUSED("it loads code into the process")
#define PROTOCOL OWNED("exactly-once needs its value")
#define OFFSETS OWNED("offsets are committed in the transaction")
#define ORDER OWNED("order and exactly-once need its value")
#define TRANSACTION OWNED("the transaction's timeout decides")
#define LEGACY REFUSED("it belongs to a client that dstream does not use")
#define OAUTH REFUSED("OAUTHBEARER is not supported")
#define KERBEROS REFUSED("Kerberos is not supported: it runs commands")

/* clang-format off */
static const kafka_setting settings[] = {
    {"acks", PRO, ORDER},
    {"allow.auto.create.topics", ANY, OWNED("topics must exist")},
    {"api.version.fallback.ms", ANY, REFUSED("brokers that old have no transactions")},
    {"api.version.request", ANY, REFUSED("brokers without it have no transactions")},
    {"api.version.request.timeout.ms", ANY, OK},
    {"auto.commit.enable", CON, OFFSETS},
    {"auto.commit.interval.ms", CON, OFFSETS},
    {"auto.offset.reset", CON, OWNED("use the source's start")},
    {"background_event_cb", ANY, CALLBACK},
    {"batch.num.messages", PRO, OK},
    {"batch.size", PRO, OK},
    {"bootstrap.servers", ANY, OK},
    {"broker.address.family", ANY, OK},
    {"broker.address.ttl", ANY, OK},
    {"broker.version.fallback", ANY, REFUSED("brokers that old have no transactions")},
    {"builtin.features", ANY, REFUSED("it tells what the library can do")},
    {"check.crcs", CON, OWNED("a corrupt record must be seen")},
    {"client.dns.lookup", ANY, OK},
    {"client.id", ANY, OK},
    {"client.rack", ANY, OK},
    {"closesocket_cb", ANY, CALLBACK},
    {"compression.codec", PRO, OK},
    {"compression.level", PRO, OK},
    {"compression.type", PRO, OK},
    {"connect_cb", ANY, CALLBACK},
    {"connections.max.idle.ms", ANY, OK},
    {"consume.callback.max.messages", CON, LEGACY},
    {"consume_cb", CON, CALLBACK},
    {"coordinator.query.interval.ms", CON, OK},
    {"debug", ANY, REFUSED("it can print secrets")},
    {"default_topic_conf", ANY, CALLBACK},
    {"delivery.report.only.error", PRO, OWNED("every record's report is needed")},
    {"delivery.timeout.ms", PRO, TRANSACTION},
    {"dr_cb", PRO, CALLBACK},
    {"dr_msg_cb", PRO, CALLBACK},
    {"enable.auto.commit", CON, OFFSETS},
    {"enable.auto.offset.store", CON, OFFSETS},
    {"enable.gapless.guarantee", PRO, ORDER},
    {"enable.idempotence", PRO, PROTOCOL},
    {"enable.metrics.push", ANY, OK},
    {"enable.partition.eof", CON, PROTOCOL},
    {"enable.random.seed", ANY, REFUSED("the program seeds its own numbers")},
    {"enable.sasl.oauthbearer.unsecure.jwt", ANY, OAUTH},
    {"enable.ssl.certificate.verification", ANY, OK},
    {"enabled_events", ANY, CALLBACK},
    {"error_cb", ANY, CALLBACK},
    {"fetch.error.backoff.ms", CON, OK},
    {"fetch.max.bytes", CON, OK},
    {"fetch.message.max.bytes", CON, OK},
    {"fetch.min.bytes", CON, OK},
    {"fetch.queue.backoff.ms", CON, OK},
    {"fetch.wait.max.ms", CON, OK},
    {"group.id", CON, OWNED("it is derived from the job's name")},
    {"group.instance.id", CON, OWNED("use --instance")},
    {"group.protocol", CON, PROTOCOL},
    {"group.protocol.type", CON, PROTOCOL},
    {"group.remote.assignor", CON, PROTOCOL},
    {"heartbeat.interval.ms", CON, OK},
    {"https.ca.location", ANY, OAUTH},
    {"https.ca.pem", ANY, OAUTH},
    {"interceptors", ANY, CALLBACK},
    {"internal.termination.signal", ANY, REFUSED("signals are the program's")},
    {"isolation.level", CON, OWNED("only committed records are read")},
    {"linger.ms", PRO, OK},
    {"log.connection.close", ANY, OK},
    {"log.queue", ANY, OWNED("logs go to dstream's log")},
    {"log.thread.name", ANY, OWNED("logs go to dstream's log")},
    {"log_cb", ANY, CALLBACK},
    {"log_level", ANY, OWNED("logs go to dstream's log")},
    {"max.in.flight", ANY, ORDER},
    {"max.in.flight.requests.per.connection", ANY, ORDER},
    {"max.partition.fetch.bytes", CON, OK},
    {"max.poll.interval.ms", CON, OK},
    {"max.poll.records", CON, OWNED("use batch.max_records")},
    {"message.copy.max.bytes", ANY, OWNED("rows are never copied")},
    {"message.max.bytes", ANY, OWNED("the topics' max.message.bytes decides")},
    {"message.send.max.retries", PRO, TRANSACTION},
    {"message.timeout.ms", PRO, TRANSACTION},
    {"metadata.broker.list", ANY, OK},
    {"metadata.max.age.ms", ANY, OK},
    {"metadata.recovery.rebootstrap.trigger.ms", ANY, OK},
    {"metadata.recovery.strategy", ANY, OK},
    {"msg_order_cmp", PRO, ORDER},
    {"oauthbearer_token_refresh_cb", ANY, CALLBACK},
    {"offset.store.method", CON, OFFSETS},
    {"offset.store.path", CON, LEGACY},
    {"offset.store.sync.interval.ms", CON, LEGACY},
    {"offset_commit_cb", CON, CALLBACK},
    {"opaque", ANY, CALLBACK},
    {"open_cb", ANY, CALLBACK},
    {"partition.assignment.strategy", CON, OWNED("range keeps equal partitions together")},
    {"partitioner", PRO, OWNED("keys go where Kafka's Java client puts them")},
    {"partitioner_cb", PRO, CALLBACK},
    {"plugin.library.paths", ANY, LOADS},
    {"produce.offset.report", PRO, OWNED("every record's report is needed")},
    {"queue.buffering.backpressure.threshold", PRO, OK},
    {"queue.buffering.max.kbytes", PRO, OK},
    {"queue.buffering.max.messages", PRO, OK},
    {"queue.buffering.max.ms", PRO, OK},
    {"queued.max.messages.kbytes", CON, OK},
    {"queued.min.messages", CON, OK},
    {"queuing.strategy", PRO, ORDER},
    {"rebalance_cb", CON, CALLBACK},
    {"receive.message.max.bytes", ANY, OK},
    {"reconnect.backoff.jitter.ms", ANY, REFUSED("it does nothing")},
    {"reconnect.backoff.max.ms", ANY, OK},
    {"reconnect.backoff.ms", ANY, OK},
    {"request.required.acks", PRO, ORDER},
    {"request.timeout.ms", PRO, OK},
    {"resolve_cb", ANY, CALLBACK},
    {"retries", PRO, TRANSACTION},
    {"retry.backoff.max.ms", ANY, OK},
    {"retry.backoff.ms", PRO, OK},
    {"sasl.kerberos.keytab", ANY, KERBEROS},
    {"sasl.kerberos.kinit.cmd", ANY, REFUSED("it runs a command")},
    {"sasl.kerberos.min.time.before.relogin", ANY, KERBEROS},
    {"sasl.kerberos.principal", ANY, KERBEROS},
    {"sasl.kerberos.service.name", ANY, KERBEROS},
    {"sasl.mechanism", ANY, OK},
    {"sasl.mechanisms", ANY, OK},
    {"sasl.oauthbearer.assertion.algorithm", ANY, OAUTH},
    {"sasl.oauthbearer.assertion.claim.aud", ANY, OAUTH},
    {"sasl.oauthbearer.assertion.claim.exp.seconds", ANY, OAUTH},
    {"sasl.oauthbearer.assertion.claim.iss", ANY, OAUTH},
    {"sasl.oauthbearer.assertion.claim.jti.include", ANY, OAUTH},
    {"sasl.oauthbearer.assertion.claim.nbf.seconds", ANY, OAUTH},
    {"sasl.oauthbearer.assertion.claim.sub", ANY, OAUTH},
    {"sasl.oauthbearer.assertion.file", ANY, OAUTH},
    {"sasl.oauthbearer.assertion.jwt.template.file", ANY, OAUTH},
    {"sasl.oauthbearer.assertion.private.key.file", ANY, OAUTH},
    {"sasl.oauthbearer.assertion.private.key.passphrase", ANY, OAUTH},
    {"sasl.oauthbearer.assertion.private.key.pem", ANY, OAUTH},
    {"sasl.oauthbearer.client.credentials.client.id", ANY, OAUTH},
    {"sasl.oauthbearer.client.credentials.client.secret", ANY, OAUTH},
    {"sasl.oauthbearer.client.id", ANY, OAUTH},
    {"sasl.oauthbearer.client.secret", ANY, OAUTH},
    {"sasl.oauthbearer.config", ANY, OAUTH},
    {"sasl.oauthbearer.extensions", ANY, OAUTH},
    {"sasl.oauthbearer.grant.type", ANY, OAUTH},
    {"sasl.oauthbearer.metadata.authentication.type", ANY, OAUTH},
    {"sasl.oauthbearer.method", ANY, OAUTH},
    {"sasl.oauthbearer.scope", ANY, OAUTH},
    {"sasl.oauthbearer.sub.claim.name", ANY, OAUTH},
    {"sasl.oauthbearer.token.endpoint.url", ANY, REFUSED("it opens connections to anywhere")},
    {"sasl.password", ANY, SECRET},
    {"sasl.username", ANY, OK},
    {"security.protocol", ANY, OK},
    {"session.timeout.ms", CON, OK},
    {"share.acknowledgement.mode", CON, LEGACY},
    {"socket.blocking.max.ms", ANY, REFUSED("it does nothing")},
    {"socket.connection.setup.timeout.ms", ANY, OK},
    {"socket.keepalive.enable", ANY, OK},
    {"socket.max.fails", ANY, OK},
    {"socket.nagle.disable", ANY, OWNED("transactions would take 40 ms more")},
    {"socket.receive.buffer.bytes", ANY, OK},
    {"socket.send.buffer.bytes", ANY, OK},
    {"socket.timeout.ms", ANY, OK},
    {"socket_cb", ANY, CALLBACK},
    {"ssl.ca.certificate.stores", ANY, REFUSED("it is for another system")},
    {"ssl.ca.location", ANY, OK},
    {"ssl.ca.pem", ANY, OK},
    {"ssl.certificate.location", ANY, OK},
    {"ssl.certificate.pem", ANY, OK},
    {"ssl.certificate.verify_cb", ANY, CALLBACK},
    {"ssl.cipher.suites", ANY, OK},
    {"ssl.crl.location", ANY, OK},
    {"ssl.curves.list", ANY, OK},
    {"ssl.endpoint.identification.algorithm", ANY, OK},
    {"ssl.engine.id", ANY, LOADS},
    {"ssl.engine.location", ANY, LOADS},
    {"ssl.key.location", ANY, OK},
    {"ssl.key.password", ANY, SECRET},
    {"ssl.key.pem", ANY, SECRET},
    {"ssl.keystore.location", ANY, OK},
    {"ssl.keystore.password", ANY, SECRET},
    {"ssl.providers", ANY, LOADS},
    {"ssl.sigalgs.list", ANY, OK},
    {"ssl_ca", ANY, CALLBACK},
    {"ssl_certificate", ANY, CALLBACK},
    {"ssl_engine_callback_data", ANY, CALLBACK},
    {"ssl_key", ANY, CALLBACK},
    {"statistics.interval.ms", ANY, OWNED("dstream has metrics of its own")},
    {"stats_cb", ANY, CALLBACK},
    {"sticky.partitioning.linger.ms", PRO, OWNED("dstream chooses partitions")},
    {"test.mock.broker.rtt", ANY, TEST},
    {"test.mock.num.brokers", ANY, TEST},
    {"throttle_cb", ANY, CALLBACK},
    {"topic.blacklist", ANY, REFUSED("name the topics that are wanted")},
    {"topic.metadata.propagation.max.ms", ANY, OK},
    {"topic.metadata.refresh.fast.cnt", ANY, REFUSED("it does nothing")},
    {"topic.metadata.refresh.fast.interval.ms", ANY, OK},
    {"topic.metadata.refresh.interval.ms", ANY, OK},
    {"topic.metadata.refresh.sparse", ANY, OK},
    {"transaction.timeout.ms", PRO, OK},
    {"transactional.id", PRO, OWNED("it is derived from the job's name")},
    {"ut_handle_ApiVersionResponse", ANY, TEST},
};
/* clang-format on */
enum { N_SETTINGS = sizeof(settings) / sizeof(*settings) };

const kafka_setting *kafka_setting_at(uint32_t i)
{
    return i < N_SETTINGS ? &settings[i] : NULL;
}

const kafka_setting *kafka_setting_find(const char *name)
{
    for (uint32_t i = 0; i < N_SETTINGS; i++)
        if (strcmp(settings[i].name, name) == 0)
            return &settings[i];
    return NULL;
}

/* Levenshtein's distance; `most` or more is as good as anything. */
static uint32_t distance(const char *a, const char *b, uint32_t most)
{
    enum { LIMIT = 64 };
    uint32_t n = (uint32_t)strlen(a), m = (uint32_t)strlen(b);
    uint32_t row[LIMIT + 1];
    if (n >= LIMIT || m >= LIMIT || n > m + most || m > n + most)
        return most;
    for (uint32_t j = 0; j <= m; j++)
        row[j] = j;
    for (uint32_t i = 1; i <= n; i++) {
        uint32_t diagonal = row[0];
        row[0] = i;
        for (uint32_t j = 1; j <= m; j++) {
            uint32_t change = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            if (row[j - 1] + 1 < change)
                change = row[j - 1] + 1;
            if (row[j] + 1 < change)
                change = row[j] + 1;
            row[j] = change;
        }
    }
    return row[m];
}

/* The allowed property that was probably meant, or NULL. */
static const char *nearest(const char *name)
{
    uint32_t best = (uint32_t)strlen(name) / 3 + 1;
    const char *found = NULL;
    for (uint32_t i = 0; i < N_SETTINGS; i++) {
        if (settings[i].rule > KAFKA_SECRET)
            continue;
        uint32_t d = distance(name, settings[i].name, best);
        if (d < best) {
            best = d;
            found = settings[i].name;
        }
    }
    return found;
}

static void say_unknown(const ds_prop *prop, ds_diags *d)
{
    const char *near = nearest(prop->name);
    char hint[160] = "";
    if (near && strncmp(near, "sasl.mechanism", 14) == 0)
        snprintf(hint, sizeof(hint),
                 "did you mean sasl.mechanism?  (sasl.mechanisms also works)");
    else if (near)
        snprintf(hint, sizeof(hint), "did you mean %s?", near);
    ds_diag_add(d, DS_ERROR, "E0511", prop->where, hint[0] ? hint : NULL,
                "unknown librdkafka property `%.80s`", prop->name);
}

/* What is wrong with the value of an allowed property; NULL: nothing. */
static const char *value_is_wrong(const kafka_setting *s, const char *value)
{
    if (strncmp(s->name, "sasl.mechanism", 14) == 0) {
        if (strcasecmp(value, "PLAIN") != 0 &&
            strcasecmp(value, "SCRAM-SHA-256") != 0 &&
            strcasecmp(value, "SCRAM-SHA-512") != 0)
            return "PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 are supported";
    } else if (strcmp(s->name, "enable.ssl.certificate.verification") == 0) {
        if (strcasecmp(value, "true") != 0)
            return "certificates are always verified";
    } else if (strcmp(s->name, "ssl.endpoint.identification.algorithm") == 0) {
        if (strcasecmp(value, "https") != 0)
            return "the broker's name is always verified";
    }
    return NULL;
}

/* Ask the library itself. A property that this version does not know is left
 * out later, with a warning. */
static bool library_takes(const char *name, const char *value, char *text,
                          size_t size, bool *known)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_res_t res = rd_kafka_conf_set(conf, name, value, text, size);
    rd_kafka_conf_destroy(conf);
    *known = res != RD_KAFKA_CONF_UNKNOWN;
    return res != RD_KAFKA_CONF_INVALID;
}

void kafka_check_prop(const ds_prop *prop, ds_diags *d)
{
    const kafka_setting *s = kafka_setting_find(prop->name);
    if (!s) {
        say_unknown(prop, d);
        return;
    }
    if (s->rule == KAFKA_OWNED || s->rule == KAFKA_REFUSE) {
        ds_diag_add(d, DS_ERROR, "E0510", prop->where, s->why,
                    s->rule == KAFKA_OWNED ? "%s is owned by dstream"
                                           : "%s may not be set",
                    s->name);
        return;
    }
    const char *wrong = value_is_wrong(s, prop->value);
    char text[256];
    bool known = true;
    if (wrong) {
        ds_diag_add(d, DS_ERROR, "E0512", prop->where, wrong,
                    "%s cannot be `%.80s`", s->name, prop->value);
    } else if (!library_takes(s->name, prop->value, text, sizeof(text),
                              &known)) {
        ds_diag_add(d, DS_ERROR, "E0512", prop->where,
                    s->rule == KAFKA_SECRET ? NULL : text,
                    "%s does not take this value", s->name);
    } else if (!known) {
        ds_diag_add(d, DS_WARNING, "W0511", prop->where, NULL,
                    "librdkafka %s has no %s: it is left out",
                    rd_kafka_version_str(), s->name);
    }
}

static const char *find(const kafka_prop *props, uint32_t n, const char *name)
{
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(props[i].name, name) == 0)
            return props[i].value;
    return NULL;
}

/* Other names of one property: what the library treats as the same. */
static const char *const aliases[][2] = {
    {"bootstrap.servers", "metadata.broker.list"},
    {"sasl.mechanism", "sasl.mechanisms"},
    {"max.partition.fetch.bytes", "fetch.message.max.bytes"},
    {"linger.ms", "queue.buffering.max.ms"},
    {"compression.type", "compression.codec"},
};

const char *kafka_prop_get(const kafka_broker *b, const char *name)
{
    const char *value = find(b->props, b->n_props, name);
    for (size_t i = 0; !value && i < sizeof(aliases) / sizeof(*aliases); i++)
        if (strcmp(name, aliases[i][0]) == 0)
            value = find(b->props, b->n_props, aliases[i][1]);
    return value;
}

int kafka_prop_int(const kafka_broker *b, const char *name, int otherwise)
{
    const char *value = kafka_prop_get(b, name);
    return value ? (int)strtol(value, NULL, 10) : otherwise;
}

static ds_rc check_sasl(const kafka_prop *props, uint32_t n, ds_err *err)
{
    const char *protocol = find(props, n, "security.protocol");
    const char *mechanism = find(props, n, "sasl.mechanism");
    if (!mechanism)
        mechanism = find(props, n, "sasl.mechanisms");
    bool sasl = protocol && strncasecmp(protocol, "sasl_", 5) == 0;
    if (sasl && !mechanism)
        return ds_fail(err, DS_E_CONFIG,
                       "security.protocol %s needs a sasl.mechanism: PLAIN, "
                       "SCRAM-SHA-256 or SCRAM-SHA-512",
                       protocol);
    if (mechanism && strcasecmp(mechanism, "PLAIN") == 0 && protocol &&
        strcasecmp(protocol, "sasl_plaintext") == 0)
        return ds_fail(err, DS_E_CONFIG,
                       "SASL PLAIN over an unencrypted connection shows the "
                       "password to everybody: use sasl_ssl or a SCRAM "
                       "mechanism");
    if (mechanism && protocol && !sasl)
        return ds_fail(err, DS_E_CONFIG,
                       "sasl.mechanism needs security.protocol sasl_ssl, not "
                       "%s",
                       protocol);
    return DS_OK;
}

ds_rc kafka_check_props(const kafka_prop *props, uint32_t n, ds_err *err)
{
    for (uint32_t i = 0; i < n; i++) {
        const kafka_setting *s = kafka_setting_find(props[i].name);
        char text[256];
        bool known;
        if (!s)
            return ds_fail(err, DS_E_CONFIG, "unknown librdkafka property %s",
                           props[i].name);
        if (s->rule == KAFKA_OWNED || s->rule == KAFKA_REFUSE)
            return ds_fail(err, DS_E_CONFIG, "%s may not be set: %s", s->name,
                           s->why);
        const char *wrong = value_is_wrong(s, props[i].value);
        if (wrong ||
            !library_takes(s->name, props[i].value, text, sizeof(text), &known))
            return ds_fail(err, DS_E_CONFIG, "%s does not take its value: %s",
                           s->name,
                           wrong                     ? wrong
                           : s->rule == KAFKA_SECRET ? "not valid"
                                                     : text);
    }
    if (!find(props, n, "bootstrap.servers") &&
        !find(props, n, "metadata.broker.list"))
        return ds_fail(err, DS_E_CONFIG,
                       "no brokers are named: set bootstrap.servers");
    return check_sasl(props, n, err);
}
