/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - what the program tells its operator, on standard error.
 *
 * One event, one line, stable keys: readable on a terminal, JSON otherwise
 * (docs/command-line.md). Repeated messages of one site are counted, not
 * repeated. Lines go through a writer thread; a full queue drops and counts,
 * so logging never blocks a worker.
 *
 *     ds_log(DS_LOG_WARN, "changelog is behind",
 *            DS_KV("job", "%s", job), DS_KV("partition", "%d", p));
 *
 * Thread: any.
 */
#ifndef DSTREAM_LOG_H
#define DSTREAM_LOG_H

#include <stdbool.h>

#include "dstream/public.h"

DS_PUBLIC_BEGIN

typedef enum ds_log_level {
    DS_LOG_DEBUG,
    DS_LOG_INFO,
    DS_LOG_WARN,
    DS_LOG_ERROR
} ds_log_level;

typedef enum ds_log_format {
    DS_LOG_AUTO, /* readable if standard error is a terminal, else JSON */
    DS_LOG_TEXT,
    DS_LOG_JSON
} ds_log_format;

void ds_log_start(ds_log_level least, ds_log_format format);
void ds_log_stop(void); /* writes what is queued */

/* The first string is the message, the others are "key\0value" made by DS_KV;
 * the list ends with NULL. A key "code" is an error code (E0702). */
void ds_log_at(const char *site, ds_log_level level, const char *const *msg_kv);
/* Formats into one of 32 per-thread buffers. */
const char *ds_log_kv(const char *key, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#define DS_KV(key, ...) ds_log_kv(key, __VA_ARGS__)
#define DS_LOG_STR_(x) #x
#define DS_LOG_STR(x) DS_LOG_STR_(x)
#define ds_log(level, ...)                                                     \
    ds_log_at(__FILE__ ":" DS_LOG_STR(__LINE__), level,                        \
              (const char *const[]){__VA_ARGS__, NULL})

/* Progress: one line that replaces itself on a terminal; nothing elsewhere. */
bool ds_progress_wanted(void);
void ds_progress(const char *line);

/* How often each level was logged since the start; for metrics. */
unsigned long ds_log_count(ds_log_level level);

DS_PUBLIC_END

#endif
