/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_line.h - one log event as one line of text.
 */
#ifndef BASE_LOG_LINE_H
#define BASE_LOG_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "dstream/clock.h"
#include "dstream/log.h"

enum {
    LOG_LINE_MAX = 4096, /* bytes of a line with its newline */
    LOG_VALUE_MAX = 480, /* bytes of a value; what is longer is cut */
};

typedef struct log_line {
    bool json;
    size_t n;
    char s[LOG_LINE_MAX];
} log_line;

/* The line's beginning: time, level, message. */
void log_line_begin(log_line *l, bool json, ds_time ts, ds_log_level level,
                    const char *msg);
/* A value; a `number` is written as it is. Once the line is full, the values
 * that do not fit are left out. */
void log_line_add(log_line *l, const char *key, const char *value, bool number);
void log_line_end(log_line *l);

#endif
