/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_join.c - joins across batches against a model that keeps all rows, and
 * products of many rows.
 */
#include "rig.h"

#define JOB(step)                                                              \
    "dstream: 1\njob: j\nbatch: 1s\n"                                          \
    "sources:\n"                                                               \
    "  l: {kafka: {topic: l, key: k, columns: {k: text, x: bigint, at: "       \
    "timestamp}}, event_time: at, watermark: 1s}\n"                            \
    "  r: {kafka: {topic: r, key: k, columns: {k: text, y: bigint, t: "        \
    "timestamptz}}, event_time: t, watermark: 1s}\n"                           \
    "sinks: {out: {from: s, kafka: {topic: out, format: csv}}}\n"              \
    "streams:\n"                                                               \
    "  s: {from: l, do: [" step "]}\n"

/* ---- a model of `within` ---- */

#define ROWS 2000
#define KEYS 5
#define NONE (-1)

struct row {
    int key;
    ds_time time;
    bool matched, gone;
};

static struct model {
    struct row rows[2][ROWS];
    uint32_t n[2];
    uint64_t pairs, hash; /* of what has to come out */
    ds_time within;
    bool outer[2];
} model;

static uint64_t pair_hash(int left, int right)
{
    int both[] = {left, right};

    return ds_hash(both, sizeof(both));
}

static void model_emit(int left, int right)
{
    model.pairs++;
    model.hash += pair_hash(left, right);
}

static bool model_meets(const struct row *x, const struct row *y)
{
    ds_time d = x->time - y->time;

    return x->key == y->key && !x->gone && !y->gone && d <= model.within &&
           -d <= model.within;
}

/* A row that is not late meets all that are there. */
static void model_add(int side, int key, ds_time time)
{
    uint32_t at = model.n[side]++;
    struct row *row = &model.rows[side][at];

    *row = (struct row){key, time, false, false};
    if (rig.watermark_before != DS_TIME_NONE && time <= rig.watermark_before) {
        row->gone = true;
        return;
    }
    for (uint32_t i = 0; i < model.n[!side]; i++) {
        struct row *other = &model.rows[!side][i];

        if (!model_meets(row, other))
            continue;
        row->matched = other->matched = true;
        model_emit(side ? (int)i : (int)at, side ? (int)at : (int)i);
    }
}

/* No match can come any more. */
static void model_expire(void)
{
    for (int s = 0; s < 2; s++)
        for (uint32_t i = 0; i < model.n[s]; i++) {
            struct row *row = &model.rows[s][i];

            if (row->gone || row->time + model.within >= rig.watermark)
                continue;
            row->gone = true;
            if (!row->matched && model.outer[s])
                model_emit(s ? NONE : (int)i, s ? (int)i : NONE);
        }
}

/* ---- batches of random rows ---- */

static uint32_t seed;

static uint32_t random_below(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;
    return (uint32_t)(((uint64_t)seed * n) >> 32);
}

static rig_rec random_rec(int side, int key, ds_time time, uint32_t number)
{
    rig_rec rec = {0};

    if (key)
        rec.key = ds_str_printf(rig.epoch, "k%d", key);
    rec.val = ds_str_printf(
        rig.epoch,
        "{\"k\":%s,\"%s\":%u,\"%s\":\"1970-01-01T00:%02d:%02d.%03d\"}",
        key ? ds_str_printf(rig.epoch, "\"k%d\"", key) : "null",
        side ? "y" : "x", number, side ? "t" : "at",
        (int)(time / DS_SECOND / 60), (int)(time / DS_SECOND % 60),
        (int)(time / DS_MS % 1000));
    if (side) /* a timestamptz needs its zone */
        rec.val = ds_str_printf(rig.epoch, "%.*sZ\"}", (int)strlen(rec.val) - 2,
                                rec.val);
    return rec;
}

static ds_rc push_random(int side, ds_time around, uint32_t n, ds_err *err)
{
    rig_rec recs[32] = {0};

    for (uint32_t i = 0; i < n; i++) {
        int key = (int)random_below(KEYS); /* 0 is NULL */
        ds_time time = around + random_below(100) * 100 * DS_MS;

        recs[i] = random_rec(side, key, time, model.n[side]);
        model_add(side, key, time);
    }
    return rig_source((uint32_t)side, recs, n, err);
}

/* What the sink got: k,x,at,y,t. */
static void out_add(uint64_t *pairs, uint64_t *hash)
{
    char *text = ds_str_copy(rig.epoch, rig_rows(DS_TOPIC_SINK)), *save;

    for (char *line = strtok_r(text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        char *field = strchr(line, '=') + 1;
        int numbers[2];

        field = strchr(field, ',') + 1; /* x */
        numbers[0] = *field == ',' ? NONE : atoi(field);
        field = strchr(strchr(field, ',') + 1, ',') + 1; /* y */
        numbers[1] = *field == ',' ? NONE : atoi(field);
        *hash += pair_hash(numbers[0], numbers[1]);
        ++*pairs;
    }
}

static void run_model(const char *yaml, ds_time within, bool left, bool right,
                      uint32_t first_seed)
{
    uint64_t pairs = 0, hash = 0;
    ds_err err = {0};

    seed = first_seed;
    model = (struct model){.within = within, .outer = {left, right}};
    rig_open(yaml);
    for (int b = 0; b < 60; b++) {
        ds_time around = b * DS_SECOND;

        rig.watermark = b < 3 ? DS_TIME_NONE : around + 3 * DS_SECOND;
        rig.watermark_before = b < 4 ? DS_TIME_NONE : around + 2 * DS_SECOND;
        if (b == 59) /* the end: nothing can come any more */
            rig.watermark = 1000 * DS_SECOND;
        if (rig_begin(&err) != DS_OK ||
            push_random(b % 2, around, random_below(16), &err) != DS_OK ||
            push_random(!(b % 2), around, random_below(16), &err) != DS_OK ||
            rig_end(&err) != DS_OK)
            fail_msg("%s", err.msg);
        model_expire();
        out_add(&pairs, &hash);
        assert_int_equal(pairs, model.pairs);
        assert_true(hash == model.hash);
    }
    assert_true(pairs > 100);
}

/* ---- tests ---- */

static ds_rc key_count(void *arg, ds_slice key, ds_slice val, ds_err *err)
{
    (void)key;
    (void)val;
    (void)err;
    ++*(uint32_t *)arg;
    return DS_OK;
}

/* At the end both stores are empty: the state is bounded by the watermark. */
static void assert_nothing_left(void)
{
    for (uint32_t i = 0; i < rig.plan->n_stores; i++) {
        uint32_t n = 0;

        assert_int_equal(rig.stores[i]->type->scan(rig.stores[i], NULL,
                                                   DS_NULL_SLICE, DS_NULL_SLICE,
                                                   key_count, &n, NULL),
                         DS_OK);
        assert_int_equal(n, 0);
    }
}

static void test_within(void **state)
{
    (void)state;
    run_model(JOB("{join: {with: r, within: 2s}}"), 2 * DS_SECOND, false, false,
              1);
    assert_nothing_left();
}

static void test_within_left(void **state)
{
    (void)state;
    run_model(JOB("{leftOuterJoin: {with: r, within: 1500ms}}"), 1500 * DS_MS,
              true, false, 2);
    assert_nothing_left();
}

static void test_within_right(void **state)
{
    (void)state;
    run_model(JOB("{rightOuterJoin: {with: r, within: 300ms}}"), 300 * DS_MS,
              false, true, 3);
    assert_nothing_left();
}

static void test_within_full(void **state)
{
    (void)state;
    run_model(JOB("{fullOuterJoin: {with: r, within: 1ms}}"), DS_MS, true, true,
              4);
    assert_nothing_left();
}

/* Cut into batches of one row. */
static void test_within_cut(void **state)
{
    (void)state;
    rig.step = 1;
    run_model(JOB("{fullOuterJoin: {with: r, within: 5s}}"), 5 * DS_SECOND,
              true, true, 5);
}

/* ---- products ---- */

#define MANY 5000

static ds_rc push_same_key(uint32_t n, ds_err *err)
{
    static rig_rec recs[MANY];

    for (uint32_t i = 0; i < n; i++)
        recs[i] = (rig_rec){.key = "a", .val = "{\"k\":\"a\"}"};
    DS_TRY(rig_source(0, recs, n, err));
    return rig_source(1, recs, n, err);
}

/* More rows than one batch of columns holds; and more than there may be. */
static void test_product(void **state)
{
    ds_err err = {0};
    const ds_node *node;

    (void)state;
    rig_open(JOB("{join: r}, {filter: x > 0}"));
    node = rig.plan->nodes[2];
    assert_string_equal(node->op, "join");
    assert_int_equal(rig_begin(&err), DS_OK);
    assert_int_equal(push_same_key(100, &err), DS_OK);
    assert_int_equal(rig_end(&err), DS_OK);
    assert_int_equal(rig.ops[2]->rows_out, 10000);
    assert_int_equal(rig_begin(&err), DS_OK);
    assert_int_equal(push_same_key(MANY, &err), DS_OK);
    assert_int_equal(rig_end(&err), DS_E_FAILED);
    assert_non_null(strstr(err.msg, "25000000 rows"));
}

static void test_stores(void **state)
{
    const ds_node *node;

    (void)state;
    rig_open(JOB(
        "{join: {with: r, within: 2s}}, {filter: x > 0}, "
        "{leftOuterJoin: {with: u, within: 1s}}") "  u: {from: r, do: [map: "
                                                  "'k, y AS z, t AS u']}\n");
    assert_int_equal(rig.plan->n_stores, 4);
    assert_string_equal(rig.plan->stores[0].name, "s.left");
    assert_string_equal(rig.plan->stores[1].name, "s.right");
    assert_string_equal(rig.plan->stores[2].name, "s.2.left");
    assert_string_equal(rig.plan->stores[3].changelog, "j.s.2.right.changelog");
    assert_true(rig.plan->stores[0].signature != rig.plan->stores[1].signature);
    node = rig.plan->stores[0].node;
    assert_int_equal(node->store, 0);
    assert_int_equal(node->event_time, 2);
    assert_true(node->watermarked);
    assert_true(node->lag > 2 * DS_SECOND);
    assert_true(rig.plan->stores[2].node->lag > node->lag + DS_SECOND);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
    const struct CMUnitTest tests[] = {
        T(test_within),      T(test_within_left), T(test_within_right),
        T(test_within_full), T(test_within_cut),  T(test_stores),
        T(test_product),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
