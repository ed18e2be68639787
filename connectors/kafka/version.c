/* SPDX-License-Identifier: Apache-2.0 */
/* version.c - of the Kafka library. */
#include "kafka/version.h"

#include <librdkafka/rdkafka.h>

const char *kafka_library_version(void)
{
    return rd_kafka_version_str();
}
