/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_txn_errors.c - what a transaction says to each error of the brokers.
 *
 * One row for each of exactly-once.md C1: the error is answered to a request,
 * and the call named gives this code to the engine. Then what the engine does
 * about it is done, and the next transaction must go through.
 */
#include "mock/mock.h"

#include <pthread.h>

/* Which call of the transaction fails. */
enum call { NONE, SEND, FLUSH, POSITIONS, COMMIT, ABORT };

struct row {
    const char *name;
    int16_t api;
    rd_kafka_resp_err_t error;
    int times;
    enum call call; /* which is expected to fail; FLUSH: or a later one */
    ds_rc rc;
    unsigned taint;
};

/* The library may look for the coordinator on another connection: then the
 * request counts as lost. */
enum { ANY_TAINT = 8 };

#define E(name) RD_KAFKA_RESP_ERR_##name

/* clang-format off */
static const struct row rows[] = {
    /* produced and lost on the way */
    {"produce, leader moved", API_PRODUCE, E(NOT_LEADER_FOR_PARTITION), 1, NONE, DS_OK, 0},
    {"produce, duplicate", API_PRODUCE, E(DUPLICATE_SEQUENCE_NUMBER), 1, NONE, DS_OK, 0},
    {"produce, cut", API_PRODUCE, E(_TRANSPORT), 1, NONE, DS_OK, DS_TAINT_PRODUCER},
    {"produce, not allowed", API_PRODUCE, E(TOPIC_AUTHORIZATION_FAILED), 1, FLUSH, DS_E_AUTH, 0},
    {"produce, too large", API_PRODUCE, E(MSG_SIZE_TOO_LARGE), 1, FLUSH, DS_E_FAILED, 0},
    {"produce, bad time", API_PRODUCE, E(INVALID_TIMESTAMP), 1, FLUSH, DS_E_FAILED, 0},
    {"produce, fenced", API_PRODUCE, E(INVALID_PRODUCER_EPOCH), 1, FLUSH, DS_E_UNKNOWN, 0},
    {"produce, out of order", API_PRODUCE, E(OUT_OF_ORDER_SEQUENCE_NUMBER), 1, FLUSH, DS_E_UNKNOWN, 0},
    /* partitions */
    {"partitions, concurrent", API_ADD_PARTITIONS, E(CONCURRENT_TRANSACTIONS), 3, NONE, DS_OK, 0},
    {"partitions, loading", API_ADD_PARTITIONS, E(COORDINATOR_LOAD_IN_PROGRESS), 2, NONE, DS_OK, 0},
    {"partitions, cut", API_ADD_PARTITIONS, E(_TRANSPORT), 1, NONE, DS_OK, DS_TAINT_PRODUCER},
    {"partitions, not allowed", API_ADD_PARTITIONS, E(TOPIC_AUTHORIZATION_FAILED), 1, FLUSH, DS_E_AUTH, 0},
    {"partitions, fenced", API_ADD_PARTITIONS, E(INVALID_PRODUCER_EPOCH), 1, FLUSH, DS_E_UNKNOWN, 0},
    {"partitions, bad state", API_ADD_PARTITIONS, E(INVALID_TXN_STATE), 1, FLUSH, DS_E_UNKNOWN, 0},
    /* the group's offsets */
    {"offsets, moved", API_ADD_OFFSETS, E(NOT_COORDINATOR), 1, NONE, DS_OK, ANY_TAINT},
    {"offsets, cut", API_ADD_OFFSETS, E(_TRANSPORT), 1, NONE, DS_OK, DS_TAINT_PRODUCER},
    {"offsets, not allowed", API_ADD_OFFSETS, E(GROUP_AUTHORIZATION_FAILED), 1, POSITIONS, DS_E_AUTH, 0},
    {"offsets, fenced", API_ADD_OFFSETS, E(INVALID_PRODUCER_EPOCH), 1, POSITIONS, DS_E_UNKNOWN, 0},
    {"offsets, bad state", API_ADD_OFFSETS, E(INVALID_TXN_STATE), 1, POSITIONS, DS_E_UNKNOWN, 0},
    {"commit offsets, generation", API_TXN_OFFSET_COMMIT, E(ILLEGAL_GENERATION), 1, POSITIONS, DS_E_TXN, 0},
    {"commit offsets, member", API_TXN_OFFSET_COMMIT, E(UNKNOWN_MEMBER_ID), 1, POSITIONS, DS_E_TXN, 0},
    {"commit offsets, instance", API_TXN_OFFSET_COMMIT, E(FENCED_INSTANCE_ID), 1, POSITIONS, DS_E_TXN, 0},
    {"commit offsets, not allowed", API_TXN_OFFSET_COMMIT, E(GROUP_AUTHORIZATION_FAILED), 1, POSITIONS, DS_E_AUTH, 0},
    {"commit offsets, strange", API_TXN_OFFSET_COMMIT, (rd_kafka_resp_err_t)120, 1, POSITIONS, DS_E_TXN, 0},
    {"commit offsets, fenced", API_TXN_OFFSET_COMMIT, E(INVALID_PRODUCER_EPOCH), 1, POSITIONS, DS_E_UNKNOWN, 0},
    {"commit offsets, cut", API_TXN_OFFSET_COMMIT, E(_TRANSPORT), 1, NONE, DS_OK, DS_TAINT_PRODUCER | DS_TAINT_CONSUMER},
    /* commit */
    {"commit, loading", API_END_TXN, E(COORDINATOR_LOAD_IN_PROGRESS), 2, NONE, DS_OK, 0},
    {"commit, moved", API_END_TXN, E(NOT_COORDINATOR), 1, NONE, DS_OK, ANY_TAINT},
    {"commit, cut", API_END_TXN, E(_TRANSPORT), 1, NONE, DS_OK, DS_TAINT_PRODUCER},
    {"commit, fenced", API_END_TXN, E(INVALID_PRODUCER_EPOCH), 1, COMMIT, DS_E_UNKNOWN, 0},
    {"commit, fenced (new)", API_END_TXN, E(PRODUCER_FENCED), 1, COMMIT, DS_E_UNKNOWN, 0},
    {"commit, bad state", API_END_TXN, E(INVALID_TXN_STATE), 1, COMMIT, DS_E_UNKNOWN, 0},
    {"commit, not allowed", API_END_TXN, E(TRANSACTIONAL_ID_AUTHORIZATION_FAILED), 1, COMMIT, DS_E_UNKNOWN, 0},
    {"commit, id expired", API_END_TXN, E(INVALID_PRODUCER_ID_MAPPING), 1, COMMIT, DS_E_TXN, 0},
    {"commit, strange", API_END_TXN, (rd_kafka_resp_err_t)120, 1, COMMIT, DS_E_TXN, 0},
    /* abort */
    {"abort, moved", API_END_TXN, E(NOT_COORDINATOR), 1, ABORT, DS_OK, ANY_TAINT},
    {"abort, fenced", API_END_TXN, E(INVALID_PRODUCER_EPOCH), 1, ABORT, DS_E_UNKNOWN, 0},
    {"abort, bad state", API_END_TXN, E(INVALID_TXN_STATE), 1, ABORT, DS_E_UNKNOWN, 0},
};
/* clang-format on */

struct fixture {
    mock *m;
    ds_source *source;
    ds_position pos[MOCK_PARTS];
    uint32_t n_pos;
};

/* One transaction up to the call that fails. */
static ds_rc transaction(struct fixture *f, ds_txn *t, bool commit,
                         enum call *failed)
{
    mock *m = f->m;
    uint32_t bad;
    ds_rc rc = t->type->begin(t, &m->err);
    *failed = SEND;
    if (rc == DS_OK)
        rc = t->type->send(t, mock_rows(m, 0, DS_PARTITION_BY_KEY, 10), 10,
                           &bad, &m->err);
    if (rc < 0)
        return rc;
    *failed = FLUSH;
    if ((rc = t->type->flush(t, &m->err)) < 0)
        return rc;
    *failed = POSITIONS;
    if ((rc = t->type->positions(t, f->source, f->pos, f->n_pos, &m->err)) < 0)
        return rc;
    *failed = commit ? COMMIT : ABORT;
    rc = commit ? t->type->commit(t, &m->err) : t->type->abort(t, &m->err);
    if (rc == DS_OK)
        *failed = NONE;
    return rc;
}

/* What the engine does: abort, and if that is not sure a new producer. */
static void recover(struct fixture *f, ds_txn *t, ds_rc rc)
{
    mock *m = f->m;
    if (rc == DS_E_TXN || rc == DS_E_AUTH)
        rc = t->type->abort(t, &m->err);
    int tries = 0;
    if (rc < 0 || t->type->taint(t))
        while ((rc = t->type->reset(t, &m->err)) == DS_E_TIMEOUT && tries++ < 3)
            continue;
    OK(m, rc);
    assert_int_equal(t->type->taint(t), 0);
}

/* The member follows what its group does. */
static void poll_member(struct fixture *f)
{
    mock *m = f->m;
    ds_fetch fetch;
    ds_change c;
    ds_rc rc =
        f->source->type->poll(f->source, m->arena, 100, 100, &fetch, &m->err);
    OK(m, rc);
    if (rc != DS_CHANGED)
        return;
    f->source->type->change(f->source, &c);
    f->n_pos = c.kind == DS_ASSIGNED ? c.n : 0;
    for (uint32_t i = 0; i < f->n_pos; i++) {
        f->pos[i] = c.parts[i];
        f->pos[i].next = 3;
    }
    OK(m, f->source->type->assign(f->source, f->pos, f->n_pos, &m->err));
}

/* As the engine would: until it goes through, at most for 20 seconds. */
static void next_transaction(struct fixture *f, ds_txn *t)
{
    ds_time until = ds_mono_now() + 20 * DS_SECOND;
    enum call failed;
    ds_rc rc;
    do {
        poll_member(f);
        rc = f->n_pos ? transaction(f, t, true, &failed) : DS_E_TXN;
        if (rc < 0 && f->n_pos)
            recover(f, t, rc);
    } while (rc < 0 && ds_mono_now() < until);
    OK(f->m, rc);
}

static void test_row(struct fixture *f, const struct row *row)
{
    mock *m = f->m;
    rd_kafka_resp_err_t errors[8];
    enum call failed;
    ds_txn *t = mock_txn(m, m->broker, row->name);
    ds_time start = ds_mono_now();
    for (int i = 0; i < row->times; i++)
        errors[i] = row->error;
    rd_kafka_mock_push_request_errors_array(m->cluster, row->api,
                                            (size_t)row->times, errors);
    ds_rc rc = transaction(f, t, row->call != ABORT, &failed);
    if (rc != row->rc)
        fail_msg("%s: %s, not %s, in call %d: %s", row->name, ds_rc_name(rc),
                 ds_rc_name(row->rc), (int)failed, rc < 0 ? m->err.msg : "");
    if (rc < 0 && failed != row->call && row->call != FLUSH)
        fail_msg("%s: call %d failed, not %d", row->name, (int)failed,
                 (int)row->call);
    /* Rows went to one of the three topics. */
    if (rc == DS_E_AUTH && row->call == FLUSH &&
        !strstr(m->err.msg, "topic out"))
        fail_msg("%s: %s", row->name, m->err.msg);
    if (row->taint && row->taint != ANY_TAINT &&
        t->type->taint(t) != row->taint)
        fail_msg("%s: taint %u, not %u", row->name, t->type->taint(t),
                 row->taint);
    if (!row->taint && rc == DS_OK)
        assert_int_equal(t->type->taint(t), 0);
    rd_kafka_mock_clear_request_errors(m->cluster, row->api);
    recover(f, t, rc);
    next_transaction(f, t);
    t->type->close(t);
    ds_time took = (ds_mono_now() - start) / DS_MS;
    print_message("    %-30s %-12s %lld ms\n", row->name, ds_rc_name(row->rc),
                  (long long)took);
    assert_true(took < 12000);
}

static void test_rows(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        test_row(f, &rows[i]);
        ds_arena_reset(f->m->arena);
    }
}

struct start {
    rd_kafka_resp_err_t error;
    int times;
    ds_rc rc;
};

static void test_start(void **state)
{
    static const struct start list[] = {
        {E(COORDINATOR_NOT_AVAILABLE), 2, DS_OK},
        {E(COORDINATOR_LOAD_IN_PROGRESS), 2, DS_OK},
        {E(CONCURRENT_TRANSACTIONS), 3, DS_OK},
        {E(_TRANSPORT), 1, DS_OK},
        {E(INVALID_TRANSACTION_TIMEOUT), 1, DS_E_CONFIG},
        {E(TRANSACTIONAL_ID_AUTHORIZATION_FAILED), 1, DS_E_AUTH},
        {E(CLUSTER_AUTHORIZATION_FAILED), 1, DS_E_AUTH},
    };
    static const char *const topics[] = {"out"};
    struct fixture *f = *state;
    mock *m = f->m;
    for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++) {
        rd_kafka_resp_err_t errors[4];
        ds_txn_spec spec = {"starts", topics, 1};
        ds_txn *t = NULL;
        for (int k = 0; k < list[i].times; k++)
            errors[k] = list[i].error;
        rd_kafka_mock_push_request_errors_array(
            m->cluster, API_INIT_PRODUCER_ID, (size_t)list[i].times, errors);
        ds_rc rc = kafka_type.txn_open(m->broker, &spec, &t, &m->err);
        if (rc != list[i].rc)
            fail_msg("%s: %s: %s", rd_kafka_err2name(list[i].error),
                     ds_rc_name(rc), rc < 0 ? m->err.msg : "");
        if (rc == DS_OK) { /* it is not of a transaction */
            assert_int_equal(t->type->taint(t), 0);
            t->type->close(t);
        } else {
            assert_non_null(strstr(m->err.msg, list[i].rc == DS_E_CONFIG
                                                   ? "transaction.timeout.ms"
                                                   : "starts"));
        }
        rd_kafka_mock_clear_request_errors(m->cluster, API_INIT_PRODUCER_ID);
    }
}

static void test_missing_topic(void **state)
{
    static const char *const topics[] = {"out", "nowhere"};
    struct fixture *f = *state;
    ds_txn_spec spec = {"missing", topics, 2};
    ds_txn *t = NULL;
    /* The mock makes topics by itself unless told an error. */
    rd_kafka_mock_topic_set_error(f->m->cluster, "nowhere",
                                  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    assert_int_equal(kafka_type.txn_open(f->m->broker, &spec, &t, &f->m->err),
                     DS_E_CONFIG);
    assert_non_null(strstr(f->m->err.msg, "nowhere"));
}

static void *make_later(void *arg)
{
    mock *m = arg;
    sleep(1);
    rd_kafka_mock_topic_set_error(m->cluster, "later",
                                  RD_KAFKA_RESP_ERR_NO_ERROR);
    return NULL;
}

/* A topic that was made a moment ago is not known to every broker. */
static void test_topic_just_made(void **state)
{
    static const char *const topics[] = {"out", "later"};
    struct fixture *f = *state;
    ds_txn_spec spec = {"made", topics, 2};
    ds_txn *t = NULL;
    pthread_t thread;
    rd_kafka_mock_topic_create(f->m->cluster, "later", 1, 1);
    rd_kafka_mock_topic_set_error(f->m->cluster, "later",
                                  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    assert_int_equal(pthread_create(&thread, NULL, make_later, f->m), 0);
    OK(f->m, kafka_type.txn_open(f->m->broker, &spec, &t, &f->m->err));
    assert_int_equal(pthread_join(thread, NULL), 0);
    t->type->close(t);
}

/* What the producer's brokers say of a topic, now. */
static void ask_of(ds_txn *t, const char *topic)
{
    rd_kafka_t *rk = ((kafka_txn *)t)->rk;
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(rk, topic, NULL);
    const struct rd_kafka_metadata *md = NULL;
    assert_int_equal(rd_kafka_metadata(rk, 0, rkt, &md, 5000), 0);
    rd_kafka_metadata_destroy(md);
    rd_kafka_topic_destroy(rkt);
}

/* A producer that heard of it from such a broker: the topic is there. */
static void test_topic_unknown_for_a_moment(void **state)
{
    struct fixture *f = *state;
    ds_txn *t = mock_txn(f->m, f->m->broker, "moment");
    enum call failed;
    ds_rc rc;
    next_transaction(f, t);
    rd_kafka_mock_topic_set_error(f->m->cluster, "out",
                                  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    ask_of(t, "out");
    rd_kafka_mock_topic_set_error(f->m->cluster, "out",
                                  RD_KAFKA_RESP_ERR_NO_ERROR);
    rc = transaction(f, t, true, &failed);
    if (rc != DS_E_TXN)
        fail_msg("%s: %s", ds_rc_name(rc), rc < 0 ? f->m->err.msg : "");
    recover(f, t, rc);
    next_transaction(f, t);
    t->type->close(t);
}

/* A transaction that another is open in is a bug of the caller, not a hang. */
static void test_begin_twice(void **state)
{
    struct fixture *f = *state;
    ds_txn *t = mock_txn(f->m, f->m->broker, "twice");
    OK(f->m, t->type->begin(t, &f->m->err));
    assert_true(t->type->begin(t, &f->m->err) < 0);
    t->type->close(t);
}

static void test_without_positions(void **state)
{
    struct fixture *f = *state;
    ds_txn *t = mock_txn(f->m, f->m->broker, "nothing");
    OK(f->m, t->type->begin(t, &f->m->err));
    assert_int_equal(t->type->positions(t, f->source, f->pos, 0, &f->m->err),
                     DS_E_INVALID);
    t->type->close(t);
}

/* A member that has not joined yet would not be fenced. */
static void test_guard(void **state)
{
    struct fixture *f = *state;
    mock *m = f->m;
    ds_txn *t = mock_txn(m, m->broker, "guard");
    ds_source *s = mock_source(m, m->broker, "guards", NULL);
    ds_position pos = ds_position_of("in", 0, 5);
    OK(m, t->type->begin(t, &m->err));
    assert_int_equal(t->type->positions(t, s, &pos, 1, &m->err), DS_E_TXN);
    OK(m, t->type->abort(t, &m->err));
    s->type->close(s);
    t->type->close(t);
}

static void test_acked(void **state)
{
    struct fixture *f = *state;
    mock *m = f->m;
    uint32_t bad;
    ds_txn *t = mock_txn(m, m->broker, "acked");
    for (int round = 1; round <= 2; round++) {
        OK(m, t->type->begin(t, &m->err));
        assert_int_equal(t->type->acked(t, 1, 3), -1);
        OK(m, t->type->send(t, mock_rows(m, 1, 3, 5), 5, &bad, &m->err));
        OK(m, t->type->flush(t, &m->err));
        assert_int_equal(t->type->acked(t, 1, 3), 5 * round);
        assert_int_equal(t->type->acked(t, 1, 2), -1);
        assert_int_equal(t->type->acked(t, 0, 3), -1);
        OK(m, t->type->commit(t, &m->err));
    }
    /* The offsets of a duplicate are too low, never too high. */
    rd_kafka_mock_push_request_errors(
        m->cluster, API_PRODUCE, 1,
        RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER);
    OK(m, t->type->begin(t, &m->err));
    OK(m, t->type->send(t, mock_rows(m, 1, 3, 5), 5, &bad, &m->err));
    OK(m, t->type->flush(t, &m->err));
    assert_true(t->type->acked(t, 1, 3) <= 15);
    OK(m, t->type->commit(t, &m->err));
    t->type->close(t);
}

static void test_too_large(void **state)
{
    struct fixture *f = *state;
    mock *m = f->m;
    uint32_t bad = 99, size = 2 << 20;
    ds_txn *t = mock_txn(m, m->broker, "large");
    ds_row *list = mock_rows(m, 0, 0, 6);
    list[4].val = (ds_slice){ds_arena_alloc(m->arena, size, 1), size};
    OK(m, t->type->begin(t, &m->err));
    assert_int_equal(t->type->send(t, list, 6, &bad, &m->err), DS_E_LIMIT);
    assert_int_equal(bad, 4);
    assert_non_null(strstr(m->err.msg, "topic out"));
    OK(m, t->type->abort(t, &m->err));
    list[4].ts = 1000000; /* the other way to send */
    OK(m, t->type->begin(t, &m->err));
    assert_int_equal(t->type->send(t, list, 6, &bad, &m->err), DS_E_LIMIT);
    assert_int_equal(bad, 4);
    OK(m, t->type->abort(t, &m->err));
    t->type->close(t);
}

/* With a queue far smaller than the epoch nothing is lost or reordered. */
static void test_full_queue(void **state)
{
    enum { N = 5000 };
    struct fixture *f = *state;
    mock *m = f->m;
    static const ds_prop small[] = {
        {.name = "queue.buffering.max.messages", .value = "150"}};
    ds_broker *b = mock_broker(m, small, 1);
    ds_txn *t = mock_txn(m, b, "full");
    int64_t low, before, after;
    uint32_t bad;
    OK(m, kafka_type.watermarks(b, "log", 0, &low, &before, &m->err));
    ds_row *list = mock_rows(m, 1, 0, N);
    for (uint32_t i = 0; i < N; i += 3)
        list[i].ts = 1000000;
    OK(m, t->type->begin(t, &m->err));
    OK(m, t->type->send(t, list, N, &bad, &m->err));
    OK(m, t->type->flush(t, &m->err));
    OK(m, t->type->commit(t, &m->err));
    assert_int_equal(t->type->acked(t, 1, 0), before + N);
    t->type->close(t);
    ds_reader *r = NULL;
    OK(m, kafka_type.reader_open(b, &r, &m->err));
    ds_position pos = ds_position_of("log", 0, before);
    OK(m, r->type->ends(r, &pos, 1, &low, &after, &m->err));
    assert_int_equal(after, before + N);
    OK(m, r->type->assign(r, &pos, 1, &m->err));
    uint32_t seen = 0;
    for (bool eof = false; !eof || seen < N;) {
        ds_fetch fetch = {0};
        ds_rc rc = r->type->poll(r, m->arena, 777, 1000, &fetch, &m->err);
        OK(m, rc);
        assert_int_equal(rc, DS_OK);
        eof = fetch.eof;
        for (uint32_t i = 0; fetch.rows && i < fetch.rows->n; i++, seen++) {
            char want[16];
            snprintf(want, sizeof(want), "v%u", seen);
            assert_true(ds_slice_eq(fetch.rows->val[i], ds_slice_of(want)));
        }
    }
    assert_int_equal(seen, N);
    r->type->close(r);
    kafka_type.close(b);
}

/* No call blocks longer than its bound while the coordinator is away. */
static void test_coordinator_down(void **state)
{
    struct fixture *f = *state;
    mock *m = f->m;
    uint32_t bad;
    enum call failed;
    ds_txn *t = mock_txn(m, m->broker, "down");
    OK(m, transaction(f, t, true, &failed));
    OK(m, t->type->begin(t, &m->err));
    OK(m, t->type->send(t, mock_rows(m, 0, 0, 3), 3, &bad, &m->err));
    OK(m, t->type->flush(t, &m->err));
    OK(m, t->type->positions(t, f->source, f->pos, f->n_pos, &m->err));
    for (int32_t i = 1; i <= 3; i++)
        rd_kafka_mock_broker_set_down(m->cluster, i);
    ds_time start = ds_mono_now();
    assert_int_equal(t->type->commit(t, &m->err), DS_E_UNKNOWN);
    assert_in_range((ds_mono_now() - start) / DS_SECOND, 1, 10);
    start = ds_mono_now();
    assert_int_equal(t->type->reset(t, &m->err), DS_E_TIMEOUT);
    assert_in_range((ds_mono_now() - start) / DS_SECOND, 1, 13);
    for (int32_t i = 1; i <= 3; i++)
        rd_kafka_mock_broker_set_up(m->cluster, i);
    int tries = 0;
    ds_rc rc;
    while ((rc = t->type->reset(t, &m->err)) == DS_E_TIMEOUT && tries++ < 4)
        continue;
    OK(m, rc);
    next_transaction(f, t);
    t->type->close(t);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    f->m = mock_start(3);
    for (int32_t p = 0; p < MOCK_PARTS; p++)
        mock_fill(f->m, p, 10);
    f->source = mock_source(f->m, f->m->broker, "job", "job.main.a.0");
    f->n_pos = mock_join(f->m, f->source, f->pos, 3);
    assert_int_equal(f->n_pos, MOCK_PARTS);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    f->source->type->close(f->source);
    mock_stop(f->m);
    free(f);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_start),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_missing_topic),
        cmocka_unit_test(test_topic_just_made),
        cmocka_unit_test(test_topic_unknown_for_a_moment),
        cmocka_unit_test(test_begin_twice),
        cmocka_unit_test(test_without_positions),
        cmocka_unit_test(test_guard),
        cmocka_unit_test(test_acked),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_full_queue),
        cmocka_unit_test(test_coordinator_down),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
