/* SPDX-License-Identifier: Apache-2.0 */
/* version.h - of the Kafka library. */
#ifndef KAFKA_VERSION_H
#define KAFKA_VERSION_H

const char *kafka_library_version(void);

#endif
