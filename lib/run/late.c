/* SPDX-License-Identifier: Apache-2.0 */
/*
 * late.c - rows that come after their time: dropped, always counted, and sent
 * where errors.late says (contract.md 3.6).
 *
 * A topic gets the record as it was read; dlq a dead letter. Rows that crossed
 * a cut, or that an operator made, are no records any more: they are shown as
 * JSON.
 */
#include "record/show.h"
#include "run/run.h"

#define LATE_CODE "E0802"
#define LATE_SAYS "the row came after the watermark"

/* The record, to a topic of its own. */
static void late_record(worker *w, const ds_envelope *env, uint32_t rec)
{
    ds_row row = {.topic = (uint32_t)w->ctx->plan->late_topic,
                  .partition = DS_PARTITION_BY_KEY,
                  .key = env->key ? env->key[rec] : DS_NULL_SLICE,
                  .val = reject_value(w, env, rec),
                  .hdr = env->hdr ? env->hdr[rec] : DS_NULL_SLICE,
                  .ts = env->ts ? env->ts[rec] : DS_TIME_NONE,
                  .env = env,
                  .rec = rec};

    reject_keep(w, &row);
}

/* A row without a record. */
static void late_orphan(worker *w, const ds_batch *rows, uint32_t i)
{
    ds_row row = {.topic = (uint32_t)w->ctx->plan->late_topic,
                  .partition = DS_PARTITION_BY_KEY,
                  .ts = DS_TIME_NONE};
    ds_buf b;

    ds_buf_init(&b, w->epoch->mem, 128);
    ds_show_json_row(&b, rows->schema, rows->cols, i);
    row.val = (ds_slice){(const uint8_t *)b.s, b.len};
    ds_outbox_add(w->epoch->outbox, &row);
}

static void late_send(worker *w, const ds_op *op, const ds_batch *rows)
{
    bool letter = w->ctx->plan->late_topic == w->ctx->plan->dlq_topic;
    uint32_t last = UINT32_MAX;

    DS_EACH (rows, i) {
        uint32_t rec = rows->env ? ds_batch_rec(rows, i) : i;
        ds_row_error why = {.row = i, .code = LATE_CODE, .msg = LATE_SAYS};

        if (rows->env && rec == last) /* made of the same record */
            continue;
        last = rec;
        if (rows->env && letter)
            reject_letter(w, op->node, rows->env, rec, LATE_CODE, LATE_SAYS);
        else if (rows->env)
            late_record(w, rows->env, rec);
        else if (letter)
            reject_orphan(w, op->node, rows, &why);
        else
            late_orphan(w, rows, i);
    }
}

void late_rows(ds_op *op, const ds_batch *rows)
{
    worker *w = ((task *)op->task)->worker;

    if (rows->n_sel == 0)
        return;
    op->host->discard(op, rows->n_sel, "late");
    if (w->ctx->plan->late_topic >= 0)
        late_send(w, op, rows);
}
