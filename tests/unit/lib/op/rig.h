/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rig.h - a job's operators without the engine: one partition, a host that
 * notes what is refused, a memory store. What the sinks made is one text:
 *
 *     out: key=value {header=value} @timestamp
 */
#ifndef TESTS_OP_RIG_H
#define TESTS_OP_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dstream/job.h"
#include "plan/plan.h"
#include "record/show.h"
#include "yaml/yaml_job.h"

#define RIG_ROWS 64

/* A record; NULL texts are nulls. */
typedef struct rig_rec {
    const char *key, *val;
    const char *header; /* of that name and value */
    ds_time ts;
} rig_rec;

static struct rig {
    ds_registry *reg;
    ds_job *job;
    const ds_plan *plan;
    ds_arena *task, *epoch;
    ds_op **ops; /* by node */
    ds_outbox *box;
    ds_db *db;
    ds_store **stores; /* by number */
    ds_overlay **overlays;
    ds_time now;
    ds_time watermark, watermark_before;
    uint32_t step; /* rows per column batch; 0: all */
    int64_t off;
    char said[4000]; /* errors, prints */
    bool failed;     /* on_error: fail */
    const char *dir; /* RocksDB there; NULL: memory */
} rig;

static void rig_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void rig_say(const char *fmt, ...)
{
    size_t n = strlen(rig.said);
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(rig.said + n, sizeof(rig.said) - n, fmt, ap);
    va_end(ap);
}

/* ---- the host ---- */

static ds_rc rig_reject(ds_op *op, const ds_batch *in,
                        const ds_row_errors *errs, const ds_batch **rest,
                        ds_err *err)
{
    for (uint32_t i = 0; i < errs->n; i++)
        rig_say("%s refuses %lld: %s\n", op->node->op,
                (long long)in->env->off[ds_batch_rec(in, errs->list[i].row)],
                errs->list[i].code);
    if (rig.failed && errs->n)
        return ds_fail(err, DS_E_RECORD, "refused");
    *rest = errs->n ? ds_batch_drop(in, errs->bad) : in;
    return DS_OK;
}

static ds_rc rig_reject_record(ds_op *op, const ds_envelope *env, uint32_t rec,
                               const char *code, const char *msg, ds_err *err)
{
    rig_say("%s blames %lld: %s\n", op->node->op, (long long)env->off[rec],
            code);
    return ds_fail(err, DS_E_RECORD, "%s", msg);
}

static void rig_print(ds_op *op, const ds_shown *rows)
{
    ds_buf lines, all;

    ds_buf_init(&lines, rig.epoch, 256);
    ds_buf_init(&all, rig.epoch, 256);
    for (uint32_t i = 0; i < rows->n; i++)
        ds_buf_printf(&lines, "%.*s\n", (int)rows->lines[i].len,
                      (const char *)rows->lines[i].ptr);
    ds_show_printed(&all, op->now,
                    (ds_slice){(const uint8_t *)lines.s, lines.len},
                    rows->rows > rows->limit);
    rig_say("%.*s", (int)all.len, all.s);
}

static void rig_discard(ds_op *op, uint32_t n, const char *reason)
{
    (void)op;
    (void)n;
    (void)reason;
}

static void rig_late(ds_op *op, const ds_batch *rows)
{
    DS_EACH (rows, i)
        rig_say("%s: row %u is late\n", op->node->op, i);
}

static const ds_batch *rig_admit(ds_op *op, const ds_batch *in)
{
    (void)op;
    return in;
}

static const ds_op_host rig_host = {.reject = rig_reject,
                                    .reject_record = rig_reject_record,
                                    .admit = rig_admit,
                                    .print = rig_print,
                                    .discard = rig_discard,
                                    .late = rig_late};

/* ---- the job ---- */

static const ds_plan *rig_plan(const char *yaml)
{
    static const yaml_vars vars = {.on = false};
    const ds_arg *root;

    rig.job = ds_job_new(rig.reg);
    root = yaml_parse(ds_slice_of(yaml), "f", &vars, ds_job_arena(rig.job),
                      ds_job_diags(rig.job));
    assert_non_null(root);
    for (uint32_t i = 0; i < root->n; i++)
        ds_job_set_arg(rig.job, &root->names[i], root->items[i]);
    return ds_job_plan(rig.job);
}

static void rig_link(ds_op *op)
{
    const ds_node *node = op->node;

    op->outs = ds_new(rig.task, ds_op *, node->n_outputs + 1);
    op->out_ports = ds_new(rig.task, int, node->n_outputs + 1);
    for (uint32_t i = 0; i < node->n_outputs; i++)
        if (node->outputs[i]->stage == node->stage) {
            op->out_ports[op->n_outs] = node->out_ports[i];
            op->outs[op->n_outs++] = rig.ops[node->outputs[i]->id];
        }
}

static void rig_stores_open(void)
{
    const ds_store_type *type =
        ds_registry_store(rig.reg, rig.dir ? "rocksdb" : "memory");
    ds_db_spec spec = {rig.dir, "job", "", 256 << 20};
    const ds_plan *plan = rig.plan;

    assert_int_equal(type->db_open(&spec, &rig.db, NULL), DS_OK);
    rig.stores = ds_new(rig.task, ds_store *, plan->n_stores + 1);
    rig.overlays = ds_new(rig.task, ds_overlay *, plan->n_stores + 1);
    for (uint32_t i = 0; i < plan->n_stores; i++) {
        ds_store_spec store = {plan->stores[i].name, plan->stores[i].changelog,
                               0, plan->stores[i].signature};
        assert_int_equal(type->open(rig.db, &store, &rig.stores[i], NULL),
                         DS_OK);
        if (plan->stores[i].nth == 0)
            rig.ops[plan->stores[i].node->id]->store = rig.stores[i];
        else
            rig.ops[plan->stores[i].node->id]->second = rig.stores[i];
    }
}

static void rig_open(const char *yaml)
{
    ds_err err = {0};

    rig.plan = rig_plan(yaml);
    if (rig.plan == NULL)
        ds_diags_show(ds_job_diags(rig.job), ds_slice_of(yaml), stderr);
    assert_non_null(rig.plan);
    rig.ops = ds_new(rig.task, ds_op *, rig.plan->n_nodes);
    for (uint32_t i = 0; i < rig.plan->n_nodes; i++) {
        const ds_node *node = rig.plan->nodes[i];
        ds_op *op = ds_arena_alloc(rig.task, node->type->size, 16);

        op->type = node->type;
        op->node = node;
        op->host = &rig_host;
        op->task_arena = rig.task;
        rig.ops[i] = op;
    }
    rig_stores_open();
    for (uint32_t i = 0; i < rig.plan->n_nodes; i++)
        rig_link(rig.ops[i]);
    for (uint32_t i = 0; i < rig.plan->n_nodes; i++)
        if (rig.ops[i]->type->open &&
            rig.ops[i]->type->open(rig.ops[i], &err) != DS_OK)
            fail_msg("%s", err.msg);
}

static int rig_setup(void **state)
{
    (void)state;
    rig = (struct rig){.watermark = DS_TIME_NONE,
                       .watermark_before = DS_TIME_NONE};
    rig.reg = ds_registry_new();
    ds_register_ops(rig.reg);
    ds_register_codecs(rig.reg);
    ds_register_stores(rig.reg);
    rig.task = ds_arena_new(1 << 14);
    rig.epoch = ds_arena_new(1 << 14);
    return 0;
}

static int rig_teardown(void **state)
{
    (void)state;
    for (uint32_t i = 0; rig.plan && i < rig.plan->n_nodes; i++)
        if (rig.ops[i]->type->close)
            rig.ops[i]->type->close(rig.ops[i]);
    for (uint32_t i = 0; rig.plan && i < rig.plan->n_stores; i++)
        assert_int_equal(rig.stores[i]->type->close(rig.stores[i], NULL),
                         DS_OK);
    if (rig.db)
        assert_int_equal(rig.db->type->db_close(rig.db, NULL), DS_OK);
    ds_job_free(rig.job);
    ds_registry_free(rig.reg);
    ds_arena_free(rig.task);
    ds_arena_free(rig.epoch);
    return 0;
}

/* ---- an epoch ---- */

static ds_rc rig_begin(ds_err *err)
{
    ds_arena_reset(rig.epoch);
    rig.box = ds_outbox_new(rig.epoch);
    for (uint32_t i = 0; i < rig.plan->n_stores; i++) {
        rig.overlays[i] =
            rig.stores[i]->type->begin(rig.stores[i], NULL, rig.epoch);
        if (rig.plan->stores[i].nth == 0)
            rig.ops[rig.plan->stores[i].node->id]->overlay = rig.overlays[i];
        else
            rig.ops[rig.plan->stores[i].node->id]->second_overlay =
                rig.overlays[i];
    }
    for (uint32_t i = 0; i < rig.plan->n_nodes; i++) {
        ds_op *op = rig.ops[i];

        op->epoch_arena = rig.epoch;
        op->outbox = rig.box;
        op->now = rig.now;
        op->watermark = rig.watermark;
        op->watermark_before = rig.watermark_before;
        if (op->type->begin)
            DS_TRY(op->type->begin(op, err));
    }
    return DS_OK;
}

static ds_rc rig_push_some(ds_op *op, const ds_envelope *all, uint32_t at,
                           uint32_t n, ds_err *err)
{
    static const ds_schema none = {0, NULL};
    ds_envelope *env = ds_new(rig.epoch, ds_envelope, 1);
    ds_batch *b = ds_new(rig.epoch, ds_batch, 1);

    *env = (ds_envelope){n,
                         all->topic,
                         all->partition,
                         all->key ? all->key + at : NULL,
                         all->val + at,
                         all->hdr ? all->hdr + at : NULL,
                         all->ts ? all->ts + at : NULL,
                         all->off + at};
    *b = (ds_batch){
        .schema = &none, .n = n, .n_sel = n, .env = env, .arena = rig.epoch};
    return op->type->push(op, 0, b, err);
}

static ds_rc rig_push(ds_op *op, const ds_envelope *env, ds_err *err)
{
    uint32_t step = rig.step ? rig.step : env->n;

    for (uint32_t at = 0; at < env->n; at += step)
        DS_TRY(rig_push_some(op, env, at,
                             env->n - at < step ? env->n - at : step, err));
    return DS_OK;
}

static ds_slice rig_slice(const char *s)
{
    return s ? ds_slice_of(s) : DS_NULL_SLICE;
}

static const ds_envelope *rig_envelope(const rig_rec *recs, uint32_t n)
{
    ds_envelope *env = ds_new(rig.epoch, ds_envelope, 1);
    ds_slice *key = ds_new(rig.epoch, ds_slice, n + 1);
    ds_slice *val = ds_new(rig.epoch, ds_slice, n + 1);
    ds_slice *hdr = ds_new(rig.epoch, ds_slice, n + 1);
    ds_time *ts = ds_new(rig.epoch, ds_time, n + 1);
    int64_t *off = ds_new(rig.epoch, int64_t, n + 1);

    for (uint32_t i = 0; i < n; i++) {
        ds_header h = {rig_slice(recs[i].header), rig_slice(recs[i].header)};

        key[i] = rig_slice(recs[i].key);
        val[i] = rig_slice(recs[i].val);
        ts[i] = recs[i].ts;
        off[i] = rig.off++;
        if (recs[i].header)
            hdr[i] = ds_headers_encode(rig.epoch, DS_NULL_SLICE, &h, 1);
    }
    *env = (ds_envelope){n, "in", 0, key, val, hdr, ts, off};
    return env;
}

/* What the outbox has for a repartition topic goes into the next stage. */
static ds_rc rig_cross(ds_op *op, ds_err *err)
{
    uint32_t total = (uint32_t)ds_outbox_rows(rig.box), n, count = 0;
    ds_envelope *env = ds_new(rig.epoch, ds_envelope, 1);
    ds_slice *key = ds_new(rig.epoch, ds_slice, total + 1);
    ds_slice *val = ds_new(rig.epoch, ds_slice, total + 1);
    int64_t *off = ds_new(rig.epoch, int64_t, total + 1);
    const ds_row *rows;

    for (uint32_t c = 0; (rows = ds_outbox_chunk(rig.box, c, &n)); c++)
        for (uint32_t i = 0; i < n; i++)
            if ((int)rows[i].topic == op->node->topic) {
                key[count] = rows[i].key;
                val[count] = rows[i].val;
                off[count++] = (int64_t)1000 + i;
            }
    *env = (ds_envelope){count, "re", 0, key, val, NULL, NULL, off};
    return count ? rig_push(op, env, err) : DS_OK;
}

static ds_rc rig_seal(ds_err *err)
{
    for (uint32_t s = 0; s < rig.plan->n_stages; s++) {
        for (uint32_t i = 0; i < rig.plan->n_nodes; i++) {
            ds_op *op = rig.ops[i];

            if (op->node->stage != s)
                continue;
            if (strcmp(op->type->name, "unshuffle") == 0)
                DS_TRY(rig_cross(op, err));
            if (op->type->seal)
                DS_TRY(op->type->seal(op, err));
        }
    }
    return DS_OK;
}

static ds_rc rig_source(uint32_t nth, const rig_rec *recs, uint32_t n,
                        ds_err *err)
{
    if (n == 0)
        return DS_OK;
    return rig_push(rig.ops[rig.plan->stages[0].sources[nth]->id],
                    rig_envelope(recs, n), err);
}

/* What is pushed ends here. */
static ds_rc rig_end(ds_err *err)
{
    DS_TRY(rig_seal(err));
    for (uint32_t i = 0; i < rig.plan->n_stores; i++) {
        ds_store *s = rig.stores[i];
        DS_TRY(s->type->seal(s, rig.overlays[i], DS_NULL_SLICE,
                             rig.plan->stores[i].topic, rig.box, err));
        DS_TRY(s->type->commit(s, rig.overlays[i], -1, err));
    }
    return DS_OK;
}

/* One epoch of the first source. */
static inline ds_rc rig_epoch(const rig_rec *recs, uint32_t n, ds_err *err)
{
    rig.now += DS_SECOND;
    DS_TRY(rig_begin(err));
    DS_TRY(rig_source(0, recs, n, err));
    return rig_end(err);
}

/* ---- what came out ---- */

static const char *rig_text(ds_slice s)
{
    return s.ptr ? ds_strn_copy(rig.epoch, (const char *)s.ptr, s.len) : "~";
}

static inline const char *rig_headers(ds_slice hdr)
{
    const char *out = "";
    ds_header *h;
    uint32_t n;

    if (hdr.ptr == NULL)
        return "";
    assert_true(ds_headers_decode(rig.epoch, hdr, &h, &n));
    for (uint32_t i = 0; i < n; i++)
        out = ds_str_printf(rig.epoch, "%s {%s=%s}", out, rig_text(h[i].name),
                            rig_text(h[i].value));
    return out;
}

/* The rows for topics of a kind, as text. */
static inline const char *rig_rows(ds_topic_kind kind)
{
    const char *out = "";
    const ds_row *rows;
    uint32_t n;

    for (uint32_t c = 0; (rows = ds_outbox_chunk(rig.box, c, &n)); c++)
        for (uint32_t i = 0; i < n; i++) {
            const ds_row *r = &rows[i];

            if (rig.plan->topics[r->topic].kind != kind)
                continue;
            out =
                ds_str_printf(rig.epoch, "%s%s: %s=%s%s", out,
                              rig.plan->topics[r->topic].name, rig_text(r->key),
                              rig_text(r->val), rig_headers(r->hdr));
            if (r->ts != DS_TIME_NONE)
                out =
                    ds_str_printf(rig.epoch, "%s @%lld", out, (long long)r->ts);
            out = ds_str_printf(rig.epoch, "%s\n", out);
        }
    return out;
}

/* An epoch of these values, and what the sinks got. */
static inline const char *rig_run(const char *const *vals)
{
    rig_rec recs[RIG_ROWS] = {0};
    ds_err err = {0};
    uint32_t n = 0;

    for (; vals[n]; n++)
        recs[n].val = strcmp(vals[n], "NULL") ? vals[n] : NULL;
    if (rig_epoch(recs, n, &err) != DS_OK)
        fail_msg("%s", err.msg);
    return rig_rows(DS_TOPIC_SINK);
}

#define RIG_RUN(...) rig_run((const char *const[]){__VA_ARGS__, NULL})
#define RIG_IDLE() rig_run((const char *const[]){NULL})

/* The code of the first mistake. */
static inline const char *rig_mistake(const char *yaml)
{
    assert_null(rig_plan(yaml));
    return ds_job_diags(rig.job)->list[0].code;
}

#endif
