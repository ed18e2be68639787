/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kit.h - what the programs of the benchmark share: options, clock, clients.
 *
 * Independent of dstream's own code on purpose: the yardstick must not change
 * with what it measures.
 */
#ifndef BENCH_KIT_H
#define BENCH_KIT_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>

enum { KIT_MAX_PARTITIONS = 64 };

/* Prints the message and ends the program with 1. */
_Noreturn void kit_die(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/* The value after --NAME among the arguments, or `absent`. Words after a lone
 * "--" are not looked at. */
const char *kit_opt(int argc, char **argv, const char *name,
                    const char *absent);
int64_t kit_opt_int(int argc, char **argv, const char *name, int64_t absent);

int64_t kit_mono_ns(void);
int64_t kit_wall_ns(void);
void kit_sleep_ms(int64_t ms);

/* Kafka's default partition of a key. */
int32_t kit_partition(const void *key, size_t len, int32_t partitions);
uint64_t kit_hash(uint64_t seed, const void *p, size_t len);

/* Pairs of names and values, up to a NULL. */
rd_kafka_conf_t *kit_conf(const char *brokers, const char *const *pairs);
rd_kafka_t *kit_client(rd_kafka_type_t type, rd_kafka_conf_t *conf);
void kit_create_topic(rd_kafka_t *rk, const char *topic, int32_t partitions,
                      const char *const *pairs);
int32_t kit_partitions(rd_kafka_t *rk, const char *topic);
/* The ends of each partition as a reader of uncommitted records sees them;
 * returns their sum. `rk` must be such a reader. */
int64_t kit_ends(rd_kafka_t *rk, const char *topic, int32_t n, int64_t *ends);

#endif
