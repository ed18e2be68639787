/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h - writes JSON, indented by one blank a level. A name of NULL is an
 * item of a list.
 */
#ifndef BUILD_JSON_H
#define BUILD_JSON_H

#include <stdbool.h>
#include <stdio.h>

struct json {
    FILE *to;
    int depth;
    bool first; /* nothing stands yet in what was opened last */
};

/* `kind` is { or [. */
void json_open(struct json *j, const char *name, char kind);
void json_close(struct json *j, char kind); /* } or ] */
void json_str(struct json *j, const char *name, const char *value);
/* A number, true, false. */
void json_raw(struct json *j, const char *name, const char *value);

#endif
