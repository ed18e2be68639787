/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.c - writes JSON for people and for diff.
 */
#include "build/json.h"

static void put_string(FILE *to, const char *s)
{
    fputc('"', to);
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            fputc('\\', to);
        if ((unsigned char)*s < 0x20)
            fprintf(to, "\\u%04x", (unsigned)*s);
        else
            fputc(*s, to);
    }
    fputc('"', to);
}

static void item(struct json *j, const char *name)
{
    if (j->depth)
        fprintf(j->to, "%s\n%*s", j->first ? "" : ",", j->depth, "");
    j->first = false;
    if (name) {
        put_string(j->to, name);
        fputs(": ", j->to);
    }
}

void json_open(struct json *j, const char *name, char kind)
{
    item(j, name);
    fputc(kind, j->to);
    j->depth++;
    j->first = true;
}

void json_close(struct json *j, char kind)
{
    j->depth--;
    if (!j->first)
        fprintf(j->to, "\n%*s", j->depth, "");
    fputc(kind, j->to);
    j->first = false;
}

void json_str(struct json *j, const char *name, const char *value)
{
    item(j, name);
    put_string(j->to, value);
}

void json_raw(struct json *j, const char *name, const char *value)
{
    item(j, name);
    fputs(value, j->to);
}
