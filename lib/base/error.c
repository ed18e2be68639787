/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.c - return codes and their messages.
 */
#include "dstream/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

struct rc_info {
    const char *name;
    int value;
    ds_act act;
    int exit;
    const char *text;
};

static const struct rc_info rc_infos[] = {
#define X(name, value, act, exit, text)                                        \
    {#name, value, DS_ACT_##act, exit, text},
    DS_RC_MAP(X)
#undef X
};

static const struct rc_info *rc_info(ds_rc rc)
{
    for (size_t i = 0; i < sizeof(rc_infos) / sizeof(rc_infos[0]); i++)
        if (rc_infos[i].value == (int)rc)
            return &rc_infos[i];
    static const struct rc_info unknown = {"DS_E_?", 0, DS_ACT_STOP, 70,
                                           "unknown code"};
    return &unknown;
}

const char *ds_rc_name(ds_rc rc)
{
    return rc_info(rc)->name;
}

const char *ds_rc_text(ds_rc rc)
{
    return rc_info(rc)->text;
}

ds_act ds_rc_act(ds_rc rc)
{
    return rc_info(rc)->act;
}

int ds_rc_exit(ds_rc rc)
{
    return rc_info(rc)->exit;
}

/* A message is one line of whole UTF-8 characters: newlines become blanks, and
 * a character that the buffer's end has cut is taken off. */
static void err_tidy(char *msg, size_t size, int wanted)
{
    if (wanted >= 0 && (size_t)wanted >= size)
        utf8_cut(msg);
    for (char *p = msg; *p; p++)
        if (*p == '\n' || *p == '\r')
            *p = ' ';
}

ds_rc ds_fail(ds_err *err, ds_rc rc, const char *fmt, ...)
{
    if (!err)
        return rc;
    /* An argument may point into err->msg. */
    char msg[sizeof(err->msg)];
    va_list args;
    va_start(args, fmt);
    int wanted = vsnprintf(msg, sizeof(msg), fmt, args);
    va_end(args);
    err_tidy(msg, sizeof(msg), wanted);
    err->rc = rc;
    memcpy(err->msg, msg, sizeof(msg));
    return rc;
}

void ds_wrap(ds_err *err, const char *fmt, ...)
{
    if (!err)
        return;
    char msg[sizeof(err->msg)];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(msg, sizeof(msg), fmt, args);
    va_end(args);
    if (n >= 0 && (size_t)n < sizeof(msg))
        n += snprintf(msg + n, sizeof(msg) - (size_t)n, ": %s", err->msg);
    err_tidy(msg, sizeof(msg), n);
    memcpy(err->msg, msg, sizeof(msg));
}

_Noreturn void ds_bug(const char *file, int line, const char *what)
{
    fprintf(stderr, "dstream: bug at %s:%d: %s\n", file, line, what);
    fflush(stderr);
    abort();
}
