/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_source.c - a member of a group, and a reader, on the mock cluster.
 */
#include "mock/mock.h"

#include "dstream/outbox.h"

enum { ROWS = 3000 };

/* Joining takes seconds: most tests share one member. */
static ds_source *shared;
static ds_position shared_pos[MOCK_PARTS];

static ds_source *from_start(mock *m)
{
    if (!shared) {
        shared = mock_source(m, m->broker, "shared", "shared.0");
        assert_int_equal(mock_join(m, shared, shared_pos, 0), MOCK_PARTS);
    }
    for (int i = 0; i < MOCK_PARTS; i++)
        shared_pos[i].next = 0;
    OK(m, shared->type->assign(shared, shared_pos, MOCK_PARTS, &m->err));
    return shared;
}

static int setup(void **state)
{
    mock *m = mock_start(3);
    mock_fill(m, 0, ROWS);
    mock_fill(m, 1, ROWS);
    *state = m;
    return 0;
}

static int teardown(void **state)
{
    if (shared)
        shared->type->close(shared);
    mock_stop(*state);
    return 0;
}

/* The next rows or end of a partition; changes are not expected. */
static ds_fetch next(mock *m, ds_source *s, uint32_t max)
{
    ds_fetch f = {0};
    for (int i = 0; i < 100; i++) {
        ds_rc rc = s->type->poll(s, m->arena, max, 100, &f, &m->err);
        OK(m, rc);
        assert_int_not_equal(rc, DS_CHANGED);
        if (rc == DS_OK)
            return f;
    }
    fail_msg("nothing arrives");
    return f;
}

/* Rows come in order, from one partition a call, at most as many as wanted. */
static void test_poll(void **state)
{
    mock *m = *state;
    ds_source *s = from_start(m);
    int64_t at[MOCK_PARTS] = {0};
    bool eof[MOCK_PARTS] = {0};
    while (!(eof[0] && eof[1] && eof[2] && eof[3])) {
        ds_fetch f = next(m, s, 70);
        assert_string_equal(f.topic, "in");
        int32_t p = f.partition;
        for (uint32_t i = 0; f.rows && i < f.rows->n; i++) {
            assert_int_equal(f.rows->partition, p);
            assert_int_equal(f.rows->off[i], at[p]++);
            assert_true(f.rows->ts[i] > 0 && f.rows->ts[i] % DS_MS == 0);
        }
        assert_true(!f.rows || f.rows->n <= 70);
        assert_int_equal(f.next, at[p]);
        eof[p] = f.eof;
    }
    assert_int_equal(at[0], ROWS);
    assert_int_equal(at[1], ROWS);
    assert_int_equal(at[2], 0);
}

/* What was fetched before a seek never comes after it, back or on. */
static void test_seek(void **state)
{
    mock *m = *state;
    ds_source *s = from_start(m);
    for (int round = 0; round < 200; round++) {
        int64_t to = (round * 7919) % ROWS;
        ds_position where = ds_position_of("in", round % 2, to);
        OK(m, s->type->seek(s, &where, 1, &m->err));
        for (int k = 0; k < 3; k++) {
            ds_fetch f = next(m, s, 50);
            if (f.partition != where.partition || !f.rows)
                continue;
            assert_int_equal(f.rows->off[0], to);
            to = f.next;
        }
        ds_arena_reset(m->arena);
    }
    ds_position wrong = ds_position_of("in", 77, 0);
    assert_int_equal(s->type->seek(s, &wrong, 1, &m->err), DS_E_INVALID);
}

/* A seek right after assign, before anything has started. */
static void test_seek_early(void **state)
{
    mock *m = *state;
    ds_source *s = from_start(m);
    ds_position *pos = shared_pos;
    uint32_t n = MOCK_PARTS;
    for (int round = 0; round < 60; round++) {
        ds_position where = ds_position_of("in", 0, 100 + round);
        for (int k = 0; k <= round % 3; k++)
            OK(m, s->type->assign(s, pos, k == 2 ? 0 : n, &m->err));
        OK(m, s->type->assign(s, pos, n, &m->err));
        for (int k = 0; k <= round % 4; k++)
            OK(m, s->type->seek(s, &where, 1, &m->err));
        ds_fetch f;
        do
            f = next(m, s, 10);
        while (f.partition != 0);
        assert_non_null(f.rows);
        assert_int_equal(f.rows->off[0], 100 + round);
        ds_arena_reset(m->arena);
    }
}

/* A second member takes partitions away, across calls that fetch: rows of a
 * partition never come after it was taken. The answer comes much later. */
static void test_rebalance(void **state)
{
    mock *m = *state;
    ds_source *a = mock_source(m, m->broker, "two", NULL);
    ds_position pos[MOCK_PARTS];
    uint32_t n = mock_join(m, a, pos, 0);
    assert_int_equal(n, MOCK_PARTS);
    next(m, a, 10);
    ds_source *b = mock_source(m, m->broker, "two", NULL);
    bool taken = false, had_b = false;
    uint32_t n_a = n, n_b = 0;
    ds_time until = ds_mono_now() + 30 * DS_SECOND;
    while (ds_mono_now() < until && !(taken && n_a == 2 && n_b == 2)) {
        ds_fetch f;
        ds_change c;
        ds_rc rc = a->type->poll(a, m->arena, 10, 50, &f, &m->err);
        OK(m, rc);
        if (rc == DS_CHANGED) {
            /* Whoever has not heard of it moves nothing. */
            rc = a->type->seek(a, pos, n_a, &m->err);
            assert_int_equal(rc, n_a ? DS_CHANGED : DS_OK);
            a->type->change(a, &c);
            if (c.kind != DS_ASSIGNED) {
                taken = true;
                /* Nothing comes while the engine thinks about it. */
                for (int i = 0; i < 5; i++) {
                    rc = a->type->poll(a, m->arena, 10, 50, &f, &m->err);
                    assert_int_equal(rc, DS_END);
                }
            }
            n_a = c.kind == DS_ASSIGNED ? c.n : 0;
            for (uint32_t i = 0; i < n_a; i++) {
                pos[i] = c.parts[i];
                pos[i].next = 0;
            }
            OK(m, a->type->assign(a, pos, n_a, &m->err));
        } else if (rc == DS_OK) {
            bool mine = false;
            for (uint32_t i = 0; i < n_a; i++)
                mine = mine || pos[i].partition == f.partition;
            assert_true(mine);
        }
        rc = b->type->poll(b, m->arena, 10, 50, &f, &m->err);
        OK(m, rc);
        if (rc == DS_CHANGED) {
            b->type->change(b, &c);
            had_b = c.kind == DS_ASSIGNED;
            n_b = had_b ? c.n : 0;
            OK(m, b->type->assign(b, NULL, 0, &m->err));
        }
    }
    assert_true(taken);
    assert_int_equal(n_a, 2);
    assert_int_equal(n_b, 2);
    /* Closing answers what is open. */
    ds_time start = ds_mono_now();
    b->type->close(b);
    a->type->close(a);
    assert_true(ds_mono_now() - start < 5 * DS_SECOND);
}

/* The member is to be made anew; if that ends in the same way, it is another
 * process (the engine, and the broker ring). */
static void test_fenced(void **state)
{
    mock *m = *state;
    ds_source *s = from_start(m);
    rd_kafka_mock_push_request_errors(m->cluster, API_HEARTBEAT, 1,
                                      RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
    ds_time until = ds_mono_now() + 10 * DS_SECOND;
    ds_rc rc;
    do {
        ds_fetch f;
        ds_change c;
        rc = s->type->poll(s, m->arena, 100, 100, &f, &m->err);
        if (rc == DS_CHANGED) {
            s->type->change(s, &c);
            OK(m, s->type->assign(s, NULL, 0, &m->err));
        }
    } while (rc >= 0 && ds_mono_now() < until);
    assert_int_equal(rc, DS_E_REJOIN);
    assert_non_null(strstr(m->err.msg, "shared.0"));
    s->type->close(s);
    shared = NULL;
}

/* What polling ends with: an error, or what the last call gave. */
static ds_rc poll_error(mock *m, ds_source *s, int seconds)
{
    ds_time until = ds_mono_now() + seconds * DS_SECOND;
    ds_rc rc;
    do {
        ds_fetch f;
        rc = s->type->poll(s, m->arena, 100, 100, &f, &m->err);
    } while (rc >= 0 && ds_mono_now() < until);
    return rc;
}

/* A position that the log does not have: where, what it has, the way out. */
static void test_out_of_range(void **state)
{
    mock *m = *state;
    ds_source *s = from_start(m);
    ds_position *pos = shared_pos;
    uint32_t n = MOCK_PARTS;
    for (uint32_t i = 0; i < n; i++)
        pos[i].next = pos[i].partition == 1 ? 99999 : 0;
    OK(m, s->type->assign(s, pos, n, &m->err));
    ds_rc rc = poll_error(m, s, 10);
    assert_int_equal(rc, DS_E_FAILED);
    assert_non_null(strstr(m->err.msg, "topic in partition 1 offset 99999"));
    assert_non_null(strstr(m->err.msg, "0 to 3000"));
    assert_non_null(strstr(m->err.msg, "replay"));
}

static void test_not_allowed(void **state)
{
    mock *m = *state;
    ds_source *s = from_start(m);
    rd_kafka_mock_push_request_errors(
        m->cluster, API_FETCH, 3, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
        RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
        RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    ds_rc rc = poll_error(m, s, 5);
    /* The mock fails the whole request, which the library takes for the
     * connection's; what matters is that nothing is lost after it. */
    assert_true(rc == DS_E_AUTH || rc >= 0);
    rd_kafka_mock_clear_request_errors(m->cluster, API_FETCH);
}

/* "Not stable yet" is waited for and never taken for "no offset". */
static void test_committed(void **state)
{
    mock *m = *state;
    ds_source *s = from_start(m);
    ds_position *pos = shared_pos;
    uint32_t n = MOCK_PARTS;
    rd_kafka_resp_err_t not_yet[6];
    for (int i = 0; i < 6; i++)
        not_yet[i] = RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT;
    rd_kafka_mock_push_request_errors_array(m->cluster, API_OFFSET_FETCH, 3,
                                            not_yet);
    OK(m, s->type->committed(s, pos, n, 8000, &m->err));
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(pos[i].next, DS_OFFSET_NONE);
    rd_kafka_mock_push_request_errors(
        m->cluster, API_OFFSET_FETCH, 1,
        RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
    assert_int_equal(s->type->committed(s, pos, n, 2000, &m->err), DS_E_AUTH);
    assert_non_null(strstr(m->err.msg, "shared"));
    for (int32_t i = 1; i <= 3; i++)
        rd_kafka_mock_broker_set_down(m->cluster, i);
    ds_time start = ds_mono_now();
    assert_int_equal(s->type->committed(s, pos, n, 1000, &m->err),
                     DS_E_TIMEOUT);
    assert_true(ds_mono_now() - start < 4 * DS_SECOND);
    for (int32_t i = 1; i <= 3; i++)
        rd_kafka_mock_broker_set_up(m->cluster, i);
}

/* The same, but the group has read on: this member only does not know yet that
 * it is none. */
static void test_passed_by(void **state)
{
    mock *m = *state;
    ds_position pos[MOCK_PARTS];
    rd_kafka_topic_partition_list_t *on = rd_kafka_topic_partition_list_new(1);
    ds_source *s = mock_source(m, m->broker, "passed", "passed.0");
    uint32_t n = mock_join(m, s, pos, 0);
    ds_rc rc;

    rd_kafka_topic_partition_list_add(on, "in", 1)->offset = 100001;
    assert_int_equal(rd_kafka_commit(kafka_source_handle(s), on, 0), 0);
    rd_kafka_topic_partition_list_destroy(on);
    for (uint32_t i = 0; i < n; i++)
        pos[i].next = pos[i].partition == 1 ? 99999 : 0;
    OK(m, s->type->assign(s, pos, n, &m->err));
    rc = poll_error(m, s, 10);
    assert_int_equal(rc, DS_E_TXN);
    assert_non_null(strstr(m->err.msg, "from offset 99999 to 100001"));
    s->type->close(s);
}

/* More than the mock keeps of a partition (5 MiB), so that it deletes some. */
static void fill_over(mock *m, int32_t partition)
{
    enum { N = 70, SIZE = 100000 };
    char *value = ds_arena_alloc(m->arena, SIZE, 1);
    ds_txn *t = mock_txn(m, m->broker, "over");
    memset(value, 'x', SIZE);
    for (int i = 0; i < N; i++) {
        ds_row *row = mock_rows(m, 2, partition, 1);
        uint32_t bad;
        row->val = (ds_slice){(const uint8_t *)value, SIZE};
        OK(m, t->type->begin(t, &m->err));
        OK(m, t->type->send(t, row, 1, &bad, &m->err));
        OK(m, t->type->flush(t, &m->err));
        OK(m, t->type->commit(t, &m->err));
    }
    t->type->close(t);
}

/* What a fetch of an earlier assignment ended with comes after the next one:
 * it says nothing about that. */
static void test_range_of_before(void **state)
{
    enum { PART = 3 };
    mock *m = *state;
    int64_t low, high;
    ds_fetch f;
    fill_over(m, PART);
    OK(m, kafka_type.watermarks(m->broker, "in", PART, &low, &high, &m->err));
    assert_true(low > 0);
    ds_position pos[MOCK_PARTS];
    ds_source *s = mock_source(m, m->broker, "before", "before.0");
    assert_int_equal(mock_join(m, s, pos, 0), MOCK_PARTS);
    assert_int_equal(pos[PART].partition, PART);
    for (int round = 0; round < 3; round++) {
        sleep(1); /* the library has it, we have not */
        pos[PART].next = low;
        OK(m, s->type->assign(s, pos, MOCK_PARTS, &m->err));
        do
            f = next(m, s, 10);
        while (f.partition != PART || !f.eof);
        assert_int_equal(f.next, high);
        pos[PART].next = 0;
        OK(m, s->type->assign(s, pos, MOCK_PARTS, &m->err));
    }
    s->type->close(s);
}

/* A log that ends before the position may be told by a broker that was frozen
 * and does not know yet that others lead its partitions. */
static void test_range_grows(void **state)
{
    enum { PART = 2, FROM = 5, TO = 10 };
    mock *m = *state;
    ds_position pos[MOCK_PARTS];
    ds_source *s = mock_source(m, m->broker, "grows", "grows.0");
    ds_fetch f;
    assert_int_equal(mock_join(m, s, pos, 0), MOCK_PARTS);
    assert_int_equal(pos[PART].partition, PART);
    pos[PART].next = FROM;
    OK(m, s->type->assign(s, &pos[PART], 1, &m->err));
    OK(m, poll_error(m, s, 2));
    mock_fill(m, PART, TO);
    do
        f = next(m, s, 10);
    while (f.partition != PART || !f.rows);
    assert_int_equal(f.rows->off[0], FROM);
    s->type->close(s);
}

/* The same where a changelog is read. */
static void test_reader_range_grows(void **state)
{
    enum { PART = 2, MORE = 5 };
    mock *m = *state;
    int64_t low, high;
    ds_reader *r = NULL;
    ds_fetch f = {0};
    ds_rc rc = DS_END;
    ds_time until = ds_mono_now() + 2 * DS_SECOND;
    OK(m, kafka_type.reader_open(m->broker, &r, &m->err));
    ds_position pos = ds_position_of("in", PART, 0);
    OK(m, r->type->ends(r, &pos, 1, &low, &high, &m->err));
    pos.next = high + MORE;
    OK(m, r->type->assign(r, &pos, 1, &m->err));
    while (ds_mono_now() < until)
        OK(m, r->type->poll(r, m->arena, 10, 100, &f, &m->err));
    mock_fill(m, PART, 2 * MORE);
    for (int i = 0; i < 50 && !(rc == DS_OK && f.rows); i++)
        OK(m, (rc = r->type->poll(r, m->arena, 10, 100, &f, &m->err)));
    assert_non_null(f.rows);
    assert_int_equal(f.rows->off[0], pos.next);
    /* For ever: then it is so. */
    pos.next = 99999;
    OK(m, r->type->assign(r, &pos, 1, &m->err));
    until = ds_mono_now() + 10 * DS_SECOND;
    do
        rc = r->type->poll(r, m->arena, 10, 100, &f, &m->err);
    while (rc >= 0 && ds_mono_now() < until);
    assert_int_equal(rc, DS_E_FAILED);
    assert_non_null(strstr(m->err.msg, "topic in partition 2 offset 99999"));
    r->type->close(r);
}

/* Whoever moves a partition does not see the error that it has just ended with:
 * the library has stopped reading it, and would take no seek. */
static void test_seek_over_error(void **state)
{
    enum { PART = 3 };
    mock *m = *state;
    int64_t low, high;
    ds_fetch f;
    OK(m, kafka_type.watermarks(m->broker, "in", PART, &low, &high, &m->err));
    assert_true(low > 0);
    ds_position pos[MOCK_PARTS];
    ds_source *s = mock_source(m, m->broker, "over", "over.0");
    assert_int_equal(mock_join(m, s, pos, 0), MOCK_PARTS);
    pos[0].next = pos[1].next = ROWS - 5;
    for (int round = 0; round < 3; round++) {
        pos[PART].next = 0;
        OK(m, s->type->assign(s, pos, MOCK_PARTS, &m->err));
        sleep(1); /* the error is there, behind the rows of others */
        f = next(m, s, 1);
        assert_int_not_equal(f.partition, PART);
        pos[PART].next = low;
        OK(m, s->type->seek(s, &pos[PART], 1, &m->err));
        do
            f = next(m, s, 10);
        while (f.partition != PART || !f.eof);
        assert_int_equal(f.next, high);
    }
    s->type->close(s);
}

/* Keys, values, headers: null, empty and bytes are what they were. */
static void test_round_trip(void **state)
{
    mock *m = *state;
    ds_header headers[] = {
        {ds_slice_of("a"), {(const uint8_t *)"x\0y", 3}},
        {ds_slice_of("a"), {(const uint8_t *)"", 0}},
        {ds_slice_of(""), DS_NULL_SLICE},
    };
    ds_slice hdr = ds_headers_encode(m->arena, DS_NULL_SLICE, headers, 3);
    ds_slice empty = {(const uint8_t *)"", 0};
    ds_row rows[] = {
        {.topic = 1,
         .partition = 2,
         .key = empty,
         .val = DS_NULL_SLICE,
         .hdr = hdr,
         .ts = 1500 * DS_MS + 7},
        {.topic = 1,
         .partition = 2,
         .key = DS_NULL_SLICE,
         .val = empty,
         .hdr = DS_NULL_SLICE,
         .ts = DS_TIME_NONE},
        {.topic = 1,
         .partition = 2,
         .key = ds_slice_of("k"),
         .val = ds_slice_of("v"),
         .hdr = DS_NULL_SLICE,
         .ts = ds_clock_wall.now(&ds_clock_wall) + 3600 * 24 * DS_SECOND},
    };
    uint32_t bad;
    int64_t low, high;
    ds_txn *t = mock_txn(m, m->broker, "trip");
    OK(m, t->type->begin(t, &m->err));
    OK(m, t->type->send(t, rows, 3, &bad, &m->err));
    OK(m, t->type->flush(t, &m->err));
    OK(m, t->type->commit(t, &m->err));
    t->type->close(t);
    ds_reader *r = NULL;
    OK(m, kafka_type.reader_open(m->broker, &r, &m->err));
    ds_position pos = ds_position_of("log", 2, 0);
    OK(m, r->type->ends(r, &pos, 1, &low, &high, &m->err));
    assert_int_equal(high, 3);
    OK(m, r->type->assign(r, &pos, 1, &m->err));
    ds_fetch f = {0};
    ds_rc rc = DS_END;
    for (int i = 0; i < 50 && rc == DS_END; i++)
        OK(m, (rc = r->type->poll(r, m->arena, 10, 200, &f, &m->err)));
    assert_non_null(f.rows);
    assert_int_equal(f.rows->n, 3);
    assert_true(ds_slice_eq(f.rows->key[0], empty));
    assert_null(f.rows->val[0].ptr);
    assert_true(ds_slice_eq(f.rows->hdr[0], hdr));
    assert_int_equal(f.rows->ts[0], 1500 * DS_MS);
    assert_null(f.rows->key[1].ptr);
    assert_true(ds_slice_eq(f.rows->val[1], empty));
    assert_null(f.rows->hdr[1].ptr);
    /* Nothing is later than now (contract 4.7). */
    assert_true(f.rows->ts[2] <= ds_clock_wall.now(&ds_clock_wall));
    r->type->close(r);
}

static void test_cluster(void **state)
{
    mock *m = *state;
    ds_topic_info info;
    const char *id = NULL;
    const char *const *names;
    uint32_t n;
    int64_t low, high, at;
    OK(m, kafka_type.cluster_id(m->broker, m->arena, &id, &m->err));
    assert_non_null(id);
    OK(m, kafka_type.topic_info(m->broker, "in", &info, &m->err));
    assert_int_equal(info.partitions, MOCK_PARTS);
    rd_kafka_mock_topic_set_error(m->cluster, "absent",
                                  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    assert_int_equal(kafka_type.topic_info(m->broker, "absent", &info, &m->err),
                     DS_NOTFOUND);
    rd_kafka_mock_topic_set_error(m->cluster, "secret",
                                  RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    assert_int_equal(kafka_type.topic_info(m->broker, "secret", &info, &m->err),
                     DS_E_AUTH);
    assert_non_null(strstr(m->err.msg, "secret"));
    OK(m, kafka_type.topic_match(m->broker, "^(in|out)$", m->arena, &names, &n,
                                 &m->err));
    assert_int_equal(n, 2);
    assert_int_equal(kafka_type.topic_match(m->broker, "^(in", m->arena, &names,
                                            &n, &m->err),
                     DS_E_CONFIG);
    OK(m, kafka_type.watermarks(m->broker, "in", 0, &low, &high, &m->err));
    assert_int_equal(low, 0);
    assert_int_equal(high, ROWS);
    OK(m, kafka_type.offset_at(m->broker, "in", 0, 0, &at, &m->err));
    assert_true(at >= 0);
}

static void test_unreachable(void **state)
{
    ds_prop props[] = {{.name = "bootstrap.servers", .value = "127.0.0.1:1"}};
    ds_broker_spec spec = {"job", props, 1, DS_SECOND};
    ds_broker *b = NULL;
    ds_err err;
    (void)state;
    ds_time start = ds_mono_now();
    assert_int_equal(kafka_type.open(&spec, &b, &err), DS_E_UNREACHABLE);
    assert_in_range((ds_mono_now() - start) / DS_SECOND, 8, 14);
    assert_non_null(strstr(err.msg, "127.0.0.1:1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cluster),
        cmocka_unit_test(test_poll),
        cmocka_unit_test(test_seek),
        cmocka_unit_test(test_seek_early),
        cmocka_unit_test(test_rebalance),
        cmocka_unit_test(test_out_of_range),
        cmocka_unit_test(test_not_allowed),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_committed),
        cmocka_unit_test(test_passed_by),
        cmocka_unit_test(test_fenced),
        cmocka_unit_test(test_range_of_before),
        cmocka_unit_test(test_seek_over_error),
        cmocka_unit_test(test_range_grows),
        cmocka_unit_test(test_reader_range_grows),
        cmocka_unit_test(test_unreachable),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
