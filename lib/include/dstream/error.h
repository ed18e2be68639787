/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.h - return codes, and what the caller has to do about them.
 *
 * Functions that can fail return ds_rc:
 *    0    success;
 *   > 0   a normal answer that carries no result (end of input, no such key);
 *   < 0   an error.
 *
 * The code says what happened; its ds_act says what to do next. Exactly one
 * place in the program switches on ds_act: lib/run/worker.c. Everybody else
 * passes errors up unchanged, adding context with ds_wrap(). A program that
 * ends because of an error exits with ds_rc_exit() (sysexits, contract 9).
 *
 * `err` is always the last argument. It may be NULL. It is written only when
 * the function returns < 0; so calls that never return > 0 can be chained
 * with ||.
 */
#ifndef DSTREAM_ERROR_H
#define DSTREAM_ERROR_H

#include "dstream/public.h"

DS_PUBLIC_BEGIN

/* On the type, below. */
#if defined(__clang__)
#define DS_MUST_USE __attribute__((warn_unused_result))
#else
#define DS_MUST_USE /* gcc knows it on functions only; CI builds with both */
#endif
#if defined(__GNUC__)
#define DS_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define DS_PRINTF(fmt, args)
#endif

typedef enum ds_act {
    DS_ACT_NONE,    /* nothing to do */
    DS_ACT_SKIP,    /* this record is bad: on_error decides, go on */
    DS_ACT_RETRY,   /* transient: the same call may succeed later */
    DS_ACT_ABORT,   /* abort the transaction, replay the epoch */
    DS_ACT_RESYNC,  /* outcome unknown: new producer, then as ABORT */
    DS_ACT_REJOIN,  /* as ABORT, with a new group member */
    DS_ACT_REBUILD, /* as ABORT, and drop local state: restore from changelog */
    DS_ACT_STOP     /* this process must not go on (fenced, bad job, bug) */
} ds_act;

/* clang-format off */
/*    name               value  act      exit  text */
#define DS_RC_MAP(X)                                                           \
    X(DS_OK,               0,  NONE,      0, "ok")                             \
    X(DS_END,              1,  NONE,      0, "nothing more to give")           \
    X(DS_NOTFOUND,         2,  NONE,      0, "no such thing")                  \
    X(DS_CHANGED,          3,  NONE,      0, "the assignment changes")         \
    X(DS_E_INVALID,       -1,  STOP,     70, "the caller broke the contract")  \
    X(DS_E_CONFIG,        -2,  STOP,     78, "the job or its configuration is wrong") \
    X(DS_E_RECORD,        -3,  SKIP,      1, "the record does not match its schema") \
    X(DS_E_LIMIT,         -4,  ABORT,     1, "a memory or size limit was reached") \
    X(DS_E_IO,            -5,  RETRY,    69, "the network failed")             \
    X(DS_E_TIMEOUT,       -6,  RETRY,    69, "no answer in time")              \
    X(DS_E_TXN,           -7,  ABORT,     1, "the transaction has to be aborted") \
    X(DS_E_UNKNOWN,       -8,  RESYNC,    1, "the outcome of the transaction is unknown") \
    X(DS_E_FENCED,        -9,  STOP,      1, "another process has this instance id") \
    X(DS_E_STATE,        -10,  REBUILD,  73, "local state is lost or corrupt") \
    X(DS_E_DISK,         -11,  STOP,     73, "the state directory cannot be used") \
    X(DS_E_DECISION,     -12,  STOP,      3, "a decision is needed")           \
    X(DS_E_UNREACHABLE,  -13,  STOP,     69, "a server cannot be reached")     \
    X(DS_E_AUTH,         -14,  STOP,     77, "not authorised")                 \
    X(DS_E_USAGE,        -15,  STOP,     64, "wrong usage")                    \
    X(DS_E_NOSUPPORT,    -16,  STOP,     78, "not supported")                  \
    X(DS_E_FAILED,       -17,  STOP,      1, "the job failed at a record")     \
    X(DS_E_CRASH,        -18,  STOP,      1, "a test asked for a crash here")  \
    X(DS_E_REJOIN,       -19,  REJOIN,    1, "the group does not know this member any more")
/* clang-format on */

typedef enum DS_MUST_USE ds_rc {
#define X(name, value, act, exit, text) name = value,
    DS_RC_MAP(X)
#undef X
} ds_rc;

typedef struct ds_err {
    ds_rc rc;
    char msg[500]; /* NUL-terminated; complete sentence, no newline */
} ds_err;

/* The name ("DS_E_TXN"), the text, the default action, the exit code. */
const char *ds_rc_name(ds_rc rc);
const char *ds_rc_text(ds_rc rc);
ds_act ds_rc_act(ds_rc rc);
int ds_rc_exit(ds_rc rc);

/* Fill in `err` (if not NULL) and return `rc`:
 *     return ds_fail(err, DS_E_CONFIG, "topic %s does not exist", topic);
 */
ds_rc ds_fail(ds_err *err, ds_rc rc, const char *fmt, ...) DS_PRINTF(3, 4);

/* Put "<context>: " in front of the message already in `err`. */
void ds_wrap(ds_err *err, const char *fmt, ...) DS_PRINTF(2, 3);

/* Pass an error up. Only where nothing has to be released on the way:
 * memory is in an arena, so that is nearly everywhere. Else: goto done. */
#define DS_TRY(expr)                                                           \
    do {                                                                       \
        ds_rc rc_ = (expr);                                                    \
        if (rc_ < 0)                                                           \
            return rc_;                                                        \
    } while (0)

/* An engine invariant: checked in release builds too, aborts the process. */
#define DS_BUG_ON(cond)                                                        \
    do {                                                                       \
        if (cond)                                                              \
            ds_bug(__FILE__, __LINE__, #cond);                                 \
    } while (0)
DS_NORETURN void ds_bug(const char *file, int line, const char *what);

DS_PUBLIC_END

#endif
