/* SPDX-License-Identifier: Apache-2.0 */
/*
 * epoch.h - one micro-batch, from the first poll to the end of its
 * transaction.
 *
 *              begin        seal         flush          commit
 *      IDLE ---------> OPEN -----> SEALED -----> FLUSHED ------> COMMITTED
 *       ^               |            |              |                |
 *       |               |            |              |                | stores
 *       |   rewind      v            v              v                v commit
 *       +---------- ABORTING <-------+--------------+               IDLE
 *
 *      OPEN       batches run through the graphs; rows collect in the outbox
 *      SEALED     operators and stores have added what they still owe
 *      FLUSHED    all rows are acknowledged, then the input positions sent
 *      COMMITTED  Kafka has it; local stores may still be behind
 *      ABORTING   overlays dropped, sources sought to the last commit; also
 *                 the way out when the outcome of a commit stays unknown
 *
 * What a crash leaves behind, by state:
 *
 *      state          Kafka               base store       recovery
 *      OPEN..FLUSHED  open transaction,   previous epoch   next start fences
 *                     not visible                          and aborts; replay
 *      COMMITTED      this epoch          an earlier one   replay changelog
 *                                         or this one      from position()
 *
 * A commit that times out is called again until its deadline, and nothing else
 * is called on that producer. Past the deadline, or after any other error, the
 * outcome is unknown: new producer, then resync (exactly-once.md, B2).
 */
#ifndef RUN_EPOCH_H
#define RUN_EPOCH_H

#include "dstream/op.h"
#include "dstream/outbox.h"
#include "record/show.h"
#include "run/missed.h"

typedef enum epoch_state {
    EPOCH_IDLE,
    EPOCH_OPEN,
    EPOCH_SEALED,
    EPOCH_FLUSHED,
    EPOCH_COMMITTED,
    EPOCH_ABORTING
} epoch_state;

const char *epoch_state_name(epoch_state s);

/* True when the picture above has an arrow from `from` to `to`. */
bool epoch_may_go(epoch_state from, epoch_state to);

/* Where an epoch's time goes. */
typedef enum epoch_phase {
    PHASE_FETCH,   /* in the consumer */
    PHASE_DECODE,  /* bytes to columns */
    PHASE_PROCESS, /* operators */
    PHASE_STATE,   /* changelog rows are made; committed values enter tables */
    PHASE_PRODUCE, /* rows are sent and acknowledged */
    PHASE_COMMIT,  /* positions and the end of the transaction */
    PHASE_TOTAL,   /* from the cut to the end */
    PHASE_N
} epoch_phase;

/* Rows of one poll, kept until the epoch ends: it may have to run again. */
typedef struct epoch_rows {
    struct epoch_rows *next;
    struct input *input;
    const ds_envelope *rows;
} epoch_rows;

typedef struct epoch {
    epoch_state state;
    uint64_t number; /* another one when it begins, and when it runs again */
    ds_arena *in;    /* what was polled */
    ds_arena *mem; /* all that is made of it; reset when the epoch runs again */
    ds_outbox *outbox;
    ds_time time;  /* of the batch; of several the last one */
    missed missed; /* tasks run those before `time`, without rows */
    bool quiet;  /* batches by record time: a partition is silent, or no more */
    bool behind; /* it runs missed batches, and no rows */
    bool due;    /* the clock has come to `time` */
    bool whole;  /* no later epoch has rows of batch `time` */
    uint32_t n_times; /* batches that were run, ascending; for progress */
    ds_time *times;
    struct watermark_step { /* an input's watermark rose in a batch */
        const struct input *input;
        ds_time time, before;
    } * steps;
    uint32_t n_steps, cap_steps;
    uint32_t n_progress; /* progress records in the outbox */
    epoch_rows *first, **last;
    uint32_t n_rows;
    uint64_t n_bytes;
    uint64_t errors;  /* rows rejected */
    uint64_t limited; /* of them: counted for errors.limit */
    uint64_t turned_away, turned_away_dlq; /* records refused again at their
                                              source: they never went in */
    uint64_t dead;       /* of them: sent to the dead-letter topic */
    struct epoch_shown { /* rows for standard output, by batch and sink */
        struct epoch_shown *next;
        const struct ds_node *node;
        ds_time time;
        ds_buf text;
        int64_t lines, rows, limit;
    } * shown;
    struct letter *letters; /* records that have their dead letter */
    ds_outbox *letter_rows; /* those; NULL: none */
    struct error_note {     /* how many were refused, by kind */
        struct error_note *next;
        const struct ds_node *node;
        const char *code, *action;
        uint64_t count;
    } * notes;     /* code NULL: dropped on purpose; action: why */
    ds_time began; /* mono: when it was cut */
    ds_time late;  /* how long after its time; -1: cut by a limit */
    ds_time spent[PHASE_N];
    bool idle;  /* rows have not come for a while */
    bool works; /* it has something to commit; see epoch_works() */
} epoch;

epoch *epoch_new(void);
void epoch_free(epoch *e);
/* The one place where the state changes; an illegal change is a bug. */
void epoch_go(epoch *e, epoch_state to);
/* Empty, for new rows. */
void epoch_begin(epoch *e);
/* Forget what was made, keep what was polled. */
void epoch_rerun(epoch *e);
/* Adds the time since `since` (mono) to a phase; returns the time now. */
ds_time epoch_lap(epoch *e, epoch_phase phase, ds_time since);
void epoch_add(epoch *e, struct input *in, const ds_envelope *rows);
void epoch_step(epoch *e, const struct input *in, ds_time time, ds_time before);
void epoch_print(epoch *e, const struct ds_node *node, ds_time time,
                 const ds_shown *rows);

#endif
