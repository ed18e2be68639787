/* SPDX-License-Identifier: Apache-2.0 */
/*
 * joins.c - what a join costs per row that comes in.
 *
 * Half of the rows are of the left stream, half of the right one; each row
 * finds one match. In a batch: rows of the same call. Within a time: the right
 * row comes 8 batches after its left one, the watermark 32 batches after both,
 * so that the stores hold some 64,000 rows and lose as many as they get.
 */
#include "dstream/job.h"
#include "layers/layers.h"
#include "plan/plan.h"
#include "yaml/yaml_job.h"

enum { K, N, AT, N_COLS };
enum { HALF = LAYERS_ROWS / 2, APART = 8, LATE = 32 };

#define JOB(step)                                                              \
    "dstream: 1\njob: j\nbatch: 1s\n"                                          \
    "sources:\n"                                                               \
    "  l: {kafka: {topic: l, key: k, columns: {k: text, n: bigint, at: "       \
    "timestamptz}}, event_time: at, watermark: 1s}\n"                          \
    "  r: {kafka: {topic: r, key: k, columns: {k: text, m: bigint, t: "        \
    "timestamptz}}, event_time: t, watermark: 1s}\n"                           \
    "streams: {s: {from: l, do: [" step "]}}\n"                                \
    "sinks: {out: {from: s, kafka: {topic: out}}}\n"

/* A join without what comes before and after it. */
struct bench {
    const ds_plan *plan;
    ds_op *op;
    ds_store *stores[2];
    uint64_t epoch;
    bool within;
};

static void late(ds_op *op, const ds_batch *rows)
{
    (void)op;
    layers_die("joins: %u rows are late", rows->n_sel);
}

static void discard(ds_op *op, uint32_t n, const char *reason)
{
    (void)op;
    layers_die("joins: %u rows are %s", n, reason);
}

static const ds_op_host host = {.late = late, .discard = discard};

static void check(ds_rc rc, const ds_err *err)
{
    if (rc != DS_OK)
        layers_die("joins: %s", err->msg);
}

/* ---- the operator ---- */

static const ds_node *join_node(const ds_plan *plan)
{
    for (uint32_t i = 0; i < plan->n_nodes; i++)
        if (plan->nodes[i]->n_inputs == 2)
            return plan->nodes[i];
    layers_die("joins: the job has no join");
}

static void stores_open(struct bench *b, const ds_registry *reg, ds_arena *a)
{
    const ds_store_type *type = ds_registry_store(reg, "memory");
    ds_db_spec spec = {NULL, "j", "", 1 << 30};
    ds_db *db;
    ds_err err;

    (void)a;
    check(type->db_open(&spec, &db, &err), &err);
    for (uint32_t i = 0; i < b->plan->n_stores; i++) {
        ds_store_spec store = {.name = b->plan->stores[i].name,
                               .topic = b->plan->stores[i].changelog};
        check(type->open(db, &store, &b->stores[i], &err), &err);
    }
    b->op->store = b->stores[0];
    b->op->second = b->stores[1];
}

static struct bench *bench_open(const char *yaml, ds_arena *a)
{
    static const yaml_vars vars = {.on = false};
    struct bench *b = ds_new(a, struct bench, 1);
    ds_registry *reg = ds_registry_new();
    ds_job *job;
    const ds_arg *root;

    ds_register_ops(reg);
    ds_register_codecs(reg);
    ds_register_stores(reg);
    job = ds_job_new(reg);
    root = yaml_parse(ds_slice_of(yaml), "f", &vars, ds_job_arena(job),
                      ds_job_diags(job));
    for (uint32_t i = 0; root && i < root->n; i++)
        ds_job_set_arg(job, &root->names[i], root->items[i]);
    b->plan = ds_job_plan(job);
    if (b->plan == NULL)
        layers_die("joins: the job has mistakes");
    b->op = ds_arena_alloc(a, join_node(b->plan)->type->size, 16);
    b->op->node = join_node(b->plan);
    b->op->type = b->op->node->type;
    b->op->host = &host;
    b->within = b->plan->n_stores > 0;
    if (b->within)
        stores_open(b, reg, a);
    return b;
}

/* ---- an epoch ---- */

/* Rows first to first + HALF; `at` is their time. */
static const ds_batch *side_rows(const ds_schema *schema, uint64_t first,
                                 ds_time at, ds_arena *a)
{
    ds_batch *b = ds_new(a, ds_batch, 1);
    ds_slice *keys;

    *b = layers_batch(schema, a);
    b->n = b->n_sel = HALF;
    keys = layers_room(b, K);
    for (uint32_t i = 0; i < HALF; i++) {
        uint64_t *key = ds_new(a, uint64_t, 2); /* 16 bytes */

        key[0] = (first + i) * 0x9e3779b97f4a7c15ull & 0x7f7f7f7f7f7f7f7full;
        keys[i] = (ds_slice){(const uint8_t *)key, 16};
        ((int64_t *)layers_room(b, N))[i] = (int64_t)i;
        ((ds_time *)layers_room(b, AT))[i] = at;
    }
    return b;
}

static void overlays(struct bench *b, ds_arena *epoch, bool begin)
{
    ds_outbox *out = begin ? NULL : ds_outbox_new(epoch);
    ds_overlay *all[] = {b->op->overlay, b->op->second_overlay};
    ds_err err;

    for (int i = 0; i < 2; i++) {
        const ds_store_type *type = b->stores[i]->type;

        if (begin) {
            all[i] = type->begin(b->stores[i], NULL, epoch);
            continue;
        }
        check(type->seal(b->stores[i], all[i], DS_NULL_SLICE, 0, out, &err),
              &err);
        check(type->commit(b->stores[i], all[i], -1, &err), &err);
    }
    b->op->overlay = all[0];
    b->op->second_overlay = all[1];
}

static void join_work(void *arg, uint32_t k, ds_arena *epoch)
{
    struct bench *b = arg;
    ds_op *op = b->op;
    uint64_t left = b->epoch++ * HALF;
    uint64_t right = left - (b->within ? APART * HALF : 0);
    ds_time now = (ds_time)b->epoch * DS_SECOND;
    uint64_t before = op->rows_out;
    ds_err err;

    (void)k;
    op->epoch_arena = epoch;
    op->watermark_before = now - (LATE + 1) * DS_SECOND;
    op->watermark = now - LATE * DS_SECOND;
    if (b->within)
        overlays(b, epoch, true);
    check(op->type->begin(op, &err), &err);
    check(op->type->push(
              op, 0, side_rows(op->node->inputs[0]->schema, left, now, epoch),
              &err),
          &err);
    check(op->type->push(
              op, 1, side_rows(op->node->inputs[1]->schema, right, now, epoch),
              &err),
          &err);
    check(op->type->seal(op, &err), &err);
    if (b->within)
        overlays(b, epoch, false);
    if (b->epoch > APART && op->rows_out - before != HALF)
        layers_die("joins: %llu pairs instead of %d",
                   (unsigned long long)(op->rows_out - before), HALF);
}

int main(int argc, char **argv)
{
    ds_arena *a = ds_arena_new(1 << 16);

    layers_begin(argc, argv);
    layers_measure("join_batch", join_work, bench_open(JOB("join: r"), a));
    layers_measure("join_within", join_work,
                   bench_open(JOB("join: {with: r, within: 10s}"), a));
    layers_measure("full_outer_join_within", join_work,
                   bench_open(JOB("fullOuterJoin: {with: r, within: 10s}"), a));
    layers_end();
    return 0;
}
