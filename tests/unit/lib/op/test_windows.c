/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_windows.c - windows beside a model that adds up the rows of each window
 * anew; with aborted epochs and restarts in between.
 */
#include "op/panes.h"
#include "rig.h"

#define KEYS 5
#define BATCHES 120
#define ROWS 4

/* ---- panes ---- */

static void test_span(void **state)
{
    struct panes_span s = panes_span_of(60 * DS_SECOND, 25 * DS_SECOND);

    (void)state;
    assert_int_equal(s.pane, 5 * DS_SECOND);
    assert_int_equal(s.n, 12);
    assert_int_equal(s.step, 5);
    assert_int_equal(panes_at(&s, 0), 0);
    assert_int_equal(panes_at(&s, 1), 1);
    assert_int_equal(panes_at(&s, 5 * DS_SECOND), 1);
    assert_int_equal(panes_at(&s, 5 * DS_SECOND + 1), 2);
    assert_true(panes_slides(&s, 50 * DS_SECOND));
    assert_false(panes_slides(&s, 55 * DS_SECOND));
}

/* Every pane, by the definition of a window. */
static void test_wanted(void **state)
{
    (void)state;
    for (int length = 1; length < 12; length++)
        for (int slide = 1; slide < 12; slide++) {
            struct panes_span s =
                panes_span_of(length * DS_SECOND, slide * DS_SECOND);

            for (int64_t pane = 0; pane < 50; pane++) {
                bool in = false;

                for (int64_t end = 0; end < 100; end += s.step)
                    in = in || (pane > end - s.n && pane <= end);
                assert_int_equal(panes_wanted(&s, pane), in);
            }
        }
}

/* ---- a model ---- */

struct row {
    int key, n;
};

static struct model {
    struct row rows[BATCHES + 1][ROWS];
    int n[BATCHES + 1];
    int length, slide;
    enum kind { SUM, HIGH, FUNCTION } kind;
    uint64_t seed;
} model;

static int rnd(int below)
{
    model.seed =
        model.seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (int)((model.seed >> 33) % (uint64_t)below);
}

static void model_rows(int batch)
{
    int pause = batch / 20 % 3 == 1; /* windows run empty */

    model.n[batch] = pause ? 0 : rnd(ROWS + 1);
    for (int i = 0; i < model.n[batch]; i++)
        model.rows[batch][i] = (struct row){rnd(KEYS), rnd(100) - 50};
}

static const char *model_key(int batch, int key)
{
    int count = 0, sum = 0, high = -1000, last = 0;

    for (int b = batch - model.length + 1; b <= batch; b++)
        for (int i = 0; b > 0 && i < model.n[b]; i++) {
            const struct row *r = &model.rows[b][i];

            if (r->key != key)
                continue;
            count++;
            sum += r->n;
            high = r->n > high ? r->n : high;
            last = r->n;
        }
    if (count == 0)
        return "";
    if (model.kind == FUNCTION)
        return ds_str_printf(rig.epoch, "out: k%d={\"k\":\"k%d\",\"n\":%d}\n",
                             key, key, sum);
    return ds_str_printf(
        rig.epoch, "out: k%d={\"k\":\"k%d\",\"x\":%d,\"y\":%d}\n", key, key,
        model.kind == HIGH ? high : count, model.kind == HIGH ? last : sum);
}

static const char *model_window(int batch)
{
    const char *out = "";

    for (int key = 0; batch % model.slide == 0 && key < KEYS; key++)
        out = ds_str_printf(rig.epoch, "%s%s", out, model_key(batch, key));
    return out;
}

/* ---- the job ---- */

static int line_cmp(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* The lines of what came out, in order. */
static const char *sorted(const char *text)
{
    char *copy = ds_str_copy(rig.epoch, text);
    const char *lines[64], *out = "";
    size_t n = 0;

    for (char *at = copy, *end; (end = strchr(at, '\n')); at = end + 1) {
        *end = '\0';
        assert_true(n < 64);
        lines[n++] = at;
    }
    qsort(lines, n, sizeof(*lines), line_cmp);
    for (size_t i = 0; i < n; i++)
        out = ds_str_printf(rig.epoch, "%s%s\n", out, lines[i]);
    return out;
}

static void batch_begin(int batch)
{
    ds_err err = {0};

    rig.now = batch * DS_SECOND;
    if (rig_begin(&err) != DS_OK)
        fail_msg("%s", err.msg);
}

static void batch_push(int batch, int n)
{
    rig_rec recs[ROWS];
    ds_err err = {0};

    for (int i = 0; i < n; i++) {
        const struct row *r = &model.rows[batch][i];

        recs[i] =
            (rig_rec){.key = ds_str_printf(rig.epoch, "k%d", r->key),
                      .val = ds_str_printf(
                          rig.epoch, "{\"k\":\"k%d\",\"n\":%d}", r->key, r->n)};
    }
    if (rig_source(0, recs, (uint32_t)n, &err) != DS_OK)
        fail_msg("%s", err.msg);
}

/* An epoch with other rows, which never commits. */
static void batch_abort(int batch)
{
    ds_err err = {0};

    batch_begin(batch);
    batch_push(batch, model.n[batch] / 2);
    if (rnd(2))
        assert_int_equal(rig_seal(&err), DS_OK);
}

/* What operators have in memory is gone. */
static void restart(void)
{
    for (uint32_t i = 0; i < rig.plan->n_nodes; i++) {
        ds_op *op = rig.ops[i];

        if (op->type->close)
            op->type->close(op);
        if (op->type->open)
            assert_int_equal(op->type->open(op, NULL), DS_OK);
    }
}

static void run(int length, int slide, enum kind kind, uint64_t seed)
{
    static const char *const reduce[] = {"\"count(*) AS x, sum(n) AS y\"",
                                         "\"max(n) AS x, last(n) AS y\"",
                                         "a + b AS n, inverse: a - b AS n"};
    ds_err err = {0};

    rig_setup(NULL);
    model = (struct model){
        .length = length, .slide = slide, .kind = kind, .seed = seed};
    rig_open(ds_str_printf(
        rig.task,
        "dstream: 1\njob: j\n"
        "sources: {in: {kafka: {topic: in, key: k, columns: {k: text, n: "
        "bigint not null}}}}\n"
        "streams: {s: {from: in, do: [reduceByKeyAndWindow: {reduce: %s, "
        "length: %ds, slide: %ds}]}}\n"
        "sinks: {out: {from: s, kafka: {topic: out}}}\n",
        reduce[kind], length, slide));
    for (int batch = 1; batch <= BATCHES; batch++) {
        model_rows(batch);
        if (rnd(10) == 0)
            batch_abort(batch);
        if (rnd(25) == 0)
            restart();
        batch_begin(batch);
        batch_push(batch, model.n[batch]);
        if (rig_end(&err) != DS_OK)
            fail_msg("%s", err.msg);
        assert_string_equal(sorted(rig_rows(DS_TOPIC_SINK)),
                            model_window(batch));
    }
    rig_teardown(NULL);
}

static void test_model(void **state)
{
    static const int shapes[][2] = {{1, 1},  {2, 1},  {3, 1},  {10, 1}, {17, 1},
                                    {40, 1}, {5, 5},  {6, 4},  {10, 4}, {9, 6},
                                    {2, 5},  {4, 10}, {30, 7}, {24, 8}};

    (void)state;
    for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
        for (int kind = SUM; kind <= FUNCTION; kind++)
            run(shapes[i][0], shapes[i][1], (enum kind)kind,
                i * 3 + (uint64_t)kind + 1);
}

/* What left the window left the store too. */
static void test_forgotten(void **state)
{
    ds_store_stats stats;
    int64_t most = 0;
    ds_err err = {0};

    (void)state;
    rig_setup(NULL);
    model = (struct model){.length = 10, .slide = 1, .seed = 7};
    rig_open("dstream: 1\njob: j\n"
             "sources: {in: {kafka: {topic: in, key: k, columns: {k: text, n: "
             "bigint}}}}\n"
             "streams: {s: {from: in, do: [reduceByKeyAndWindow: {reduce: "
             "sum(n) AS n, length: 10s}]}}\n"
             "sinks: {out: {from: s, kafka: {topic: out}}}\n");
    for (int batch = 1; batch <= BATCHES; batch++) {
        model.n[batch] = ROWS;
        for (int i = 0; i < ROWS; i++)
            model.rows[batch][i] = (struct row){rnd(KEYS), 1};
        batch_begin(batch);
        batch_push(batch, ROWS);
        assert_int_equal(rig_end(&err), DS_OK);
        rig.stores[0]->type->stats(rig.stores[0], &stats);
        most = stats.keys > most ? stats.keys : most;
    }
    assert_true(most <= 2 * 11 + 1); /* of each pane two, and the head */
    rig_teardown(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_span),
        cmocka_unit_test(test_wanted),
        cmocka_unit_test(test_model),
        cmocka_unit_test(test_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
