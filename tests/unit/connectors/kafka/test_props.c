/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_props.c - which of librdkafka's settings a job may use.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kafka/kafka.h"

struct fixture {
    ds_arena *arena;
    ds_diags diags;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    f->arena = ds_arena_new(4096);
    ds_diags_init(&f->diags, f->arena);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    ds_arena_free(f->arena);
    free(f);
    return 0;
}

/* The code of the one mistake, or NULL. */
static const char *check(struct fixture *f, const char *name, const char *value)
{
    ds_prop prop = {name, value, {"job.yaml", 8, 3, 0}};
    ds_diags_init(&f->diags, f->arena);
    kafka_check_prop(&prop, &f->diags);
    if (f->diags.n == 0)
        return NULL;
    assert_int_equal(f->diags.n, 1);
    assert_int_equal(f->diags.list[0].where.line, 8);
    return f->diags.list[0].code;
}

static void test_allowed(void **state)
{
    static const char *const list[][2] = {
        {"bootstrap.servers", "a:9092,b:9092"},
        {"session.timeout.ms", "6000"},
        {"heartbeat.interval.ms", "2000"},
        {"max.poll.interval.ms", "60000"},
        {"transaction.timeout.ms", "15000"},
        {"sasl.mechanism", "SCRAM-SHA-512"},
        {"sasl.mechanisms", "PLAIN"},
        {"security.protocol", "sasl_ssl"},
        {"compression.type", "lz4"},
        {"linger.ms", "1"},
        {"enable.ssl.certificate.verification", "true"},
    };
    for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++)
        assert_null(check(*state, list[i][0], list[i][1]));
}

static void test_owned_or_refused(void **state)
{
    static const char *const list[] = {
        "transactional.id",
        "group.id",
        "group.instance.id",
        "enable.auto.commit",
        "enable.auto.offset.store",
        "isolation.level",
        "auto.offset.reset",
        "check.crcs",
        "enable.partition.eof",
        "partition.assignment.strategy",
        "enable.idempotence",
        "acks",
        "partitioner",
        "plugin.library.paths",
        "sasl.kerberos.kinit.cmd",
        "sasl.kerberos.principal", /* goes into the command */
        "ssl.engine.location",
        "ssl.providers",
        "interceptors",
        "log_cb",
        "debug",
        "test.mock.num.brokers",
        "sasl.oauthbearer.token.endpoint.url",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++) {
        assert_string_equal(check(f, list[i], "1"), "E0510");
        assert_non_null(f->diags.list[0].hint);
    }
    check(f, "transactional.id", "mine");
    assert_string_equal(f->diags.list[0].msg,
                        "transactional.id is owned by dstream");
}

static void test_unknown(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(check(f, "sasl.mechanizm", "PLAIN"), "E0511");
    assert_non_null(strstr(f->diags.list[0].hint, "sasl.mechanism?"));
    assert_non_null(strstr(f->diags.list[0].hint, "sasl.mechanisms also"));
    assert_string_equal(check(f, "fetch.min.byte", "1"), "E0511");
    assert_string_equal(f->diags.list[0].hint, "did you mean fetch.min.bytes?");
    assert_string_equal(check(f, "completely.different", "1"), "E0511");
    assert_null(f->diags.list[0].hint);
    /* Nobody is led to what is refused. */
    assert_string_equal(check(f, "plugin.library.path", "x"), "E0511");
    assert_null(f->diags.list[0].hint);
    char long_name[400];
    memset(long_name, 'x', sizeof(long_name));
    long_name[sizeof(long_name) - 1] = 0;
    assert_string_equal(check(f, long_name, "1"), "E0511");
}

static void test_values(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(check(f, "session.timeout.ms", "soon"), "E0512");
    assert_string_equal(check(f, "session.timeout.ms", "-1"), "E0512");
    assert_string_equal(check(f, "security.protocol", "http"), "E0512");
    assert_string_equal(check(f, "sasl.mechanism", "GSSAPI"), "E0512");
    assert_string_equal(check(f, "sasl.mechanism", "OAUTHBEARER"), "E0512");
    assert_string_equal(
        check(f, "enable.ssl.certificate.verification", "false"), "E0512");
    assert_string_equal(
        check(f, "ssl.endpoint.identification.algorithm", "none"), "E0512");
}

static ds_rc together(const kafka_prop *props, uint32_t n, ds_err *err)
{
    return kafka_check_props(props, n, err);
}

static void test_together(void **state)
{
    (void)state;
    ds_err err;
    kafka_prop none[] = {{"client.id", "x"}};
    assert_int_equal(together(none, 1, &err), DS_E_CONFIG);
    assert_non_null(strstr(err.msg, "bootstrap.servers"));
    kafka_prop plain[] = {{"bootstrap.servers", "a:1"},
                          {"security.protocol", "SASL_PLAINTEXT"},
                          {"sasl.mechanism", "plain"}};
    assert_int_equal(together(plain, 3, &err), DS_E_CONFIG);
    assert_non_null(strstr(err.msg, "sasl_ssl"));
    plain[2].value = "SCRAM-SHA-256";
    assert_int_equal(together(plain, 3, &err), DS_OK);
    plain[2].value = "PLAIN";
    plain[1].value = "sasl_ssl";
    assert_int_equal(together(plain, 3, &err), DS_OK);
    /* Without a mechanism the library would take Kerberos and run kinit. */
    assert_int_equal(together(plain, 2, &err), DS_E_CONFIG);
    kafka_prop owned[] = {{"bootstrap.servers", "a:1"}, {"acks", "0"}};
    assert_int_equal(together(owned, 2, &err), DS_E_CONFIG);
}

static void test_secrets_are_not_shown(void **state)
{
    (void)state;
    ds_err err;
    kafka_prop props[] = {{"bootstrap.servers", "a:1"},
                          {"security.protocol", "sasl_ssl"},
                          {"sasl.password", "canary-password"}};
    assert_true(together(props, 3, &err) < 0);
    assert_null(strstr(err.msg, "canary"));
}

/* Every property that the installed library has stands in the table, with its
 * scope. A new version that adds one makes this fail: decide about it. */
static void test_library_is_covered(void **state)
{
    (void)state;
    FILE *file = tmpfile();
    char line[8192], name[128], scope[8];
    uint32_t n = 0, missing = 0;
    assert_non_null(file);
    rd_kafka_conf_properties_show(file);
    rewind(file);
    while (fgets(line, sizeof(line), file)) {
        if (sscanf(line, "%127[a-zA-Z0-9._] | %7[CP*]", name, scope) != 2 ||
            strcmp(name, "Property") == 0)
            continue;
        const kafka_setting *s = kafka_setting_find(name);
        n++;
        if (!s) {
            print_error("no rule for %s\n", name);
            missing++;
            continue;
        }
        kafka_scope want = scope[0] == 'C'   ? KAFKA_CONSUMER
                           : scope[0] == 'P' ? KAFKA_PRODUCER
                                             : KAFKA_ANY;
        if (s->scope != want && s->rule <= KAFKA_SECRET) {
            /* retry.backoff.ms was a producer's before it was everybody's. */
            if (want != KAFKA_ANY || s->scope != KAFKA_PRODUCER) {
                print_error("%s has another scope\n", name);
                missing++;
            }
        }
    }
    fclose(file);
    assert_true(n > 130);
    assert_int_equal(missing, 0);
}

static void test_table_is_sorted_and_reasoned(void **state)
{
    (void)state;
    uint32_t allowed = 0;
    for (uint32_t i = 0; kafka_setting_at(i); i++) {
        const kafka_setting *s = kafka_setting_at(i);
        if (i > 0)
            assert_true(strcmp(kafka_setting_at(i - 1)->name, s->name) < 0);
        if (s->rule <= KAFKA_SECRET)
            allowed++;
        else
            assert_non_null(s->why);
    }
    assert_in_range(allowed, 50, 90);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_allowed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_owned_or_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
        cmocka_unit_test_setup_teardown(test_values, setup, teardown),
        cmocka_unit_test(test_together),
        cmocka_unit_test(test_secrets_are_not_shown),
        cmocka_unit_test(test_library_is_covered),
        cmocka_unit_test(test_table_is_sorted_and_reasoned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
