/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kafka.c - the kafka connector, as the rest of the program sees it.
 */
#include "kafka/kafka.h"

#include "dstream/registry.h"

const ds_broker_type kafka_type = {
    .name = "kafka",
    .help = "a Kafka cluster, through librdkafka",
    .check_prop = kafka_check_prop,
    .open = kafka_open,
    .close = kafka_close,
    .cluster_id = kafka_cluster_id,
    .topic_info = kafka_topic_info,
    .topic_match = kafka_topic_match,
    .topic_ensure = kafka_topic_ensure,
    .watermarks = kafka_watermarks,
    .offset_at = kafka_offset_at,
    .group_offsets = kafka_group_offsets,
    .group_members = kafka_group_members,
    .topic_config = kafka_topic_config,
    .delete_records = kafka_delete_records,
    .source_open = kafka_source_open,
    .txn_open = kafka_txn_open,
    .reader_open = kafka_reader_open,
    .source = &kafka_source_type,
    .txn = &kafka_txn_type,
    .reader = &kafka_reader_type,
};

void ds_register_kafka(ds_registry *reg)
{
    ds_registry_add_broker(reg, &kafka_type);
}
