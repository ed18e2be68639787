/* SPDX-License-Identifier: Apache-2.0 */
/*
 * raw_pass.c - the yardstick of pass-through: key, value and timestamp of each
 * record, unchanged.
 */
#include "common/raw.h"

static void send_one(raw *r, rd_kafka_message_t *m)
{
    rd_kafka_vu_t vu[] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = r->out},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = m->partition},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = 0},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {m->payload, m->len}},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {m->key, m->key_len}},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP,
         .u.i64 = rd_kafka_message_timestamp(m, NULL)},
    };
    rd_kafka_error_t *e;
    while ((e = rd_kafka_produceva(r->producer, vu, 6)) != NULL) {
        if (rd_kafka_error_code(e) != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            kit_die("produce: %s", rd_kafka_error_string(e));
        rd_kafka_error_destroy(e);
        rd_kafka_poll(r->producer, 10);
    }
}

/* All at the cut: produced as they come, they would make four times as many
 * requests at a low rate. */
static void seal(raw *r, rd_kafka_message_t **messages, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        send_one(r, messages[i]);
}

int main(int argc, char **argv)
{
    return raw_main(argc, argv, NULL, seal);
}
