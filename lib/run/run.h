/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.h - the engine's own structures.
 *
 *     context --- the job that runs: cluster, database, workers
 *       worker --- a thread: group member, producer, the tasks it was assigned
 *         input --- a topic partition that the worker reads
 *         task --- the stage's graph for one partition number, its stores
 *       epoch --- what a worker does in one transaction, from the first poll to
 *                 its end: one batch of each task, or some, or a part of one
 *
 * A worker serves one stage. Everything below a worker belongs to its thread.
 * What an epoch touches hangs on the epoch, never on the worker: arenas,
 * outbox, overlays, counters; so that two can live at once.
 */
#ifndef RUN_RUN_H
#define RUN_RUN_H

#include <pthread.h>
#include <stdatomic.h>

#include "dstream/context.h"
#include "dstream/log.h"
#include "plan/plan.h"
#include "run/epoch.h"
#include "run/frontier.h"
#include "run/held.h"

typedef struct worker worker;
typedef struct task task;

/* A topic partition that a worker reads. */
typedef struct input {
    const char *topic;
    int32_t partition;
    task *task;
    uint32_t n_nodes;   /* the source nodes of the graph that read this topic */
    uint32_t *nodes;    /* by their position in the stage */
    int64_t position;   /* committed; DS_OFFSET_NONE: not yet. Before it is
                           asked for: the least that it can be */
    int64_t next;       /* after what the epoch has collected; what is held
                           has been collected too */
    bool moved_by_eof;  /* next is past position only because of an EOF */
    int64_t limit;      /* a record that must not be passed; INT64_MAX: none */
    char *limit_msg;    /* why */
    const char *held;   /* the limit is for a while only: what it waits for */
    ds_time hold_until; /* mono */
    bool paused;        /* the source was told */
    int64_t first;      /* of a co-partitioned table: rows that may be joined
                           with it wait until it is read up to here; 0: not */
    bool waits;         /* it does */
    /* Batches over all partitions (docs/batches.md). */
    ds_marks marks;      /* committed */
    ds_marks made;       /* what the epoch makes of them */
    ds_time watermark;   /* of event time, of the rows of the epoch as well */
    bool watermarked;    /* a source of it says how late rows may be */
    ds_time silent;      /* clock: since when it has given no rows */
    frontier *frontier;  /* of the sources behind it; NULL: it is a source */
    ds_time row_batch;   /* batches by record time: of the last row; or NONE */
    bool quiet;          /* idem: it holds no batch back */
    int64_t scanned;     /* the furthest that was read */
    int64_t reached;     /* likewise, and an abort does not forget it: what the
                            frontier knows is from there */
    int64_t dropped;     /* first of the records that are held no more and have
                            to be read again; INT64_MAX: none */
    ds_time limit_batch; /* the batch that `limit` is in */
    int64_t purged;      /* behind a cut: records below may be deleted */
} input;

typedef struct task_store {
    const ds_plan_store *plan;
    ds_store *store;
    ds_overlay *overlay; /* of the epoch in process */
    bool reset;          /* forget every key in the next epoch */
} task_store;

struct task {
    worker *worker;
    int32_t partition;
    ds_arena *arena;
    uint32_t n_ops;
    ds_op **ops; /* as the stage's nodes */
    bool *fed;   /* by op: something that the task reads leads to it, or it may
                    have a state; if not it has no partition here */
    uint32_t n_stores;
    task_store *stores;
    bool open;             /* begun in the epoch in process */
    bool in_batch;         /* a batch of it is begun */
    ds_time now;           /* that batch's time */
    ds_time event_max;     /* of the rows of the last push */
    ds_time watermark;     /* after its last batch that is committed */
    ds_time watermark_now; /* after the last one of the epoch */
    ds_time through;       /* the last batch that is committed */
    /* A stage that holds rows (timed.c). */
    holder *held;
    ds_time ran;        /* the last one of the epoch in process, or through */
    ds_time due;        /* the epoch runs batches up to this one */
    ds_time kept_below; /* rows of this batch and later are not in memory */
    bool stopped;       /* a record that must not pass is in the next batch */
};

typedef struct worker_stats { /* written by the worker, read by anybody */
    _Atomic uint64_t batches, aborts, rows_in, bytes_in, rows_out, errors;
    _Atomic uint64_t tally[DS_TALLY_N]; /* a ds_tally */
    _Atomic uint64_t taints, resyncs, rebalances;
    _Atomic int64_t last_batch_us, restore_left, restore_total;
    _Atomic int64_t assigned;
    _Atomic int64_t lag;       /* records of its partitions; -1: not known */
    _Atomic int64_t txn_since; /* mono: the open transaction's begin; 0: none */
    _Atomic(const char *) state; /* a job state's name, static */
    _Atomic(const char *) why;   /* what it waits for, static; NULL: nothing */
} worker_stats;

struct worker {
    struct ds_context *ctx;
    const ds_stage *stage;
    uint32_t number;
    char *id; /* <job>.<stage>.<instance>.<worker> */
    pthread_t thread;
    bool started;

    ds_source *source;
    ds_txn *txn;
    ds_reader *reader;
    bool holds;      /* rows wait for their batch to be whole: timed.c */
    bool assigned;   /* positions were given to the source */
    bool unanswered; /* a change was told and is still to be answered */
    uint32_t n_inputs;
    input *inputs;
    uint32_t n_tasks;
    task *tasks;
    ds_arena *assignment; /* inputs, tasks: until the next rebalance */
    ds_arena *scratch;

    epoch *epoch;
    char **reasons; /* that inputs were held for; see hold.c */
    uint32_t n_reasons;
    struct poisons *poisons; /* records that the epoch must reject */
    int fences;              /* unknown outcomes without a commit in between */
    int rebuilds;            /* of local state, likewise */
    int doubts;              /* times that a log was looked at again */
    bool doubted;            /* and is to be, now */
    ds_time rejoined;        /* mono: when it was first taken over, lately */
    int rejoins;             /* since then */
    ds_time last_time;       /* of the last epoch: batch time never goes back */
    ds_time through;         /* no epoch has this batch or an earlier one */
    ds_time clock_then, mono_then; /* when the clock was last followed */
    ds_time live;      /* the last batch that it has run; NONE: none lately */
    ds_time catch_up;  /* missed batches are run up to it only; NONE: all are */
    held_chunk *chunk; /* what is being read goes there */
    size_t chunk_bytes;
    ds_time last_rows;  /* mono: when rows last came in */
    ds_time last_fence; /* mono */
    ds_time purged;     /* mono: when it last had records deleted */
    ds_time wait_since; /* mono: batches wait for a source; 0: they do not */
    ds_time waits;      /* mono: when that was last told; 0: not yet */
    ds_time ticked;     /* mono: when the gauges were last moved */
    ds_err failed;      /* why it ended; rc 0: it did not fail */
    worker_stats stats;
    struct stats *metrics; /* stats.c; NULL: none */
};

/* A store that no task uses now: kept open between two assignments. */
typedef struct parked_store {
    const ds_plan_store *plan;
    int32_t partition;
    ds_store *store;
    bool in_use;
    bool reset_done;
} parked_store;

/* What a worker of the process had committed, or was told to be, when it lost
 * the partition. */
struct kept_position {
    const ds_stage *stage;
    char *topic;
    int32_t partition;
    int64_t next;
    ds_marks marks;
    ds_time until; /* mono */
};

struct ds_context {
    const ds_plan *plan;
    ds_run_options opts;
    ds_arena *arena;
    ds_broker *broker;
    const char *cluster_id;
    ds_db *db;
    struct tables *tables;  /* tables.c; NULL: not open */
    const char **topics;    /* names by number, for transactions */
    int32_t *partitions;    /* by topic number; 0: not known (a pattern) */
    _Atomic bool to_end;    /* opts.until_end, or the job is drained */
    struct stage_end *ends; /* to_end: see wait.c */
    uint32_t n_ends;
    bool ends_known;    /* all of them */
    uint32_t end_stage; /* the stage whose end is waited for */

    uint32_t n_workers;
    worker *workers;
    _Atomic int stop;  /* 1, 2: see ds_context_stop */
    _Atomic int drain; /* see ds_context_drain */
    bool drains;       /* the main thread has begun with it */
    uint32_t n_pumps;
    struct pump **pumps; /* receive.c */
    _Atomic int ended;   /* workers that have left their loop */

    pthread_mutex_t cluster; /* calls of workers to `broker` */
    pthread_mutex_t lock;    /* the rest */
    parked_store *parked;
    uint32_t n_parked;
    struct kept_position *kept;
    uint32_t n_kept;
    pthread_mutex_t fail_lock; /* held for moments only, unlike `lock` */
    ds_err failed;
    ds_time opened;      /* mono */
    ds_time started;     /* wall, never virtual */
    struct error_count { /* errors.limit: of all workers, since the start */
        pthread_mutex_t lock;
        ds_time since;      /* of the current span */
        uint64_t committed; /* in the span */
        uint64_t in_epochs; /* not committed yet */
    } refused;
    struct known_topic { /* of sources that do not start at the earliest */
        const char *name;
        int32_t partitions; /* at the start */
        bool begun;         /* the group had offsets of it then */
    } * known;
    uint32_t n_known;
};

/* context.c */
void context_fail(ds_context *ctx, const ds_err *err);
ds_rc context_store_take(ds_context *ctx, const ds_plan_store *plan,
                         int32_t partition, task_store *out, ds_err *err);
void context_store_give(ds_context *ctx, const ds_plan_store *plan,
                        int32_t partition);
/* --reset-state: what was there before has been forgotten, and committed. */
void context_store_reset(ds_context *ctx, const ds_plan_store *plan,
                         int32_t partition);

/* Committed offsets do not go back: whoever gets a partition later knows the
 * least that has been committed of it. */
void context_positions_keep(ds_context *ctx, const worker *w);
void context_position_recall(ds_context *ctx, const ds_stage *stage, input *in);

/* wait.c: remembers the ends that --until-end runs to. */
ds_rc wait_begin(ds_context *ctx, ds_err *err);

/* receive.c: a pump for each source that is received. */
void receive_open(ds_context *ctx);
ds_rc receive_start(ds_context *ctx, ds_err *err);
/* After a stop or drain: until they have ended. */
void receive_join(ds_context *ctx);
void receive_close(ds_context *ctx);
/* The worker has its inputs, or is about to lose them. */
void receive_own(ds_context *ctx, const worker *w, bool owned);

/* topics.c: start-up checks of everything that the job names. */
ds_rc topics_check(ds_context *ctx, ds_err *err);
/* Whether a partition without an offset is new to the group, not the group new
 * to it. */
bool topics_is_later(const ds_context *ctx, const char *topic,
                     int32_t partition);
/* Whether a source node reads this topic. */
bool topics_node_reads(const ds_node *node, const ds_plan *plan,
                       const char *topic);

/* The topics (names, patterns) of a source node, added to the list. */
void topics_of_node(const ds_node *node, const ds_plan *plan,
                    const char **topics, uint32_t *n);
#define TOPICS_MAX 1024 /* of one source; the plan checks it */

/* worker.c */
/* `topics` has room for all of the stage's. */
void worker_source_spec(const worker *w, const char **topics,
                        ds_source_spec *spec);
ds_rc worker_open(worker *w, ds_err *err);
void worker_close(worker *w, bool crash);
void *worker_main(void *arg);
/* Without a thread of its own: assigned and restored. */
ds_rc worker_ready(worker *w, ds_err *err);
/* One batch without waiting; DS_END: there were no rows to read. */
ds_rc worker_step(worker *w, ds_err *err);

/* assign.c: what a rebalance gives and takes. */
ds_rc assign_changed(worker *w, ds_err *err);
void assign_drop(worker *w);
/* Local data of all its stores: DS_E_STATE asks for it. */
ds_rc assign_wipe(worker *w, ds_err *err);
ds_rc assign_lose(worker *w, const int32_t *partitions, uint32_t n,
                  ds_err *err);
input *assign_input(worker *w, const char *topic, int32_t partition);

/* A broker that was frozen takes itself for the leader of its partitions until
 * it hears of the new one, and tells how their logs ended before; a coordinator
 * that has just come back may tell offsets of long ago. So a log that does not
 * hold what was committed of it is looked at again so often, before anybody is
 * told that records are missing. */
#define DOUBTS_MAX 20
#define DOUBT_EVERY (500 * DS_MS)

/* restore.c: bring positions and stores to what is committed. `resync`: the
 * source is running and is sought. DS_CHANGED: the assignment changes. */
ds_rc restore_run(worker *w, bool resync, ds_err *err);

/* engine_record.c */
ds_slice engine_record_make(uint64_t signature, ds_time time, ds_time started,
                            const ds_position *pos, uint32_t n, ds_arena *a);
ds_slice engine_record_encode(const worker *w, const task *t,
                              const task_store *ts, ds_arena *a);
/* The positions in it; false: damaged or of another format. */
bool engine_record_decode(ds_slice s, ds_arena *a, uint64_t *signature,
                          ds_time *started, ds_position **pos, uint32_t *n);

/* task.c: an epoch of a task has overlays and, within them, batches: one after
 * the other, each begun and sealed. */
ds_rc task_open(worker *w, task *t, int32_t partition, ds_err *err);
/* Every input of the worker has its task: which operators are fed. */
void tasks_feed(worker *w);
void task_close(task *t, bool crash);
/* The epoch: once, however often it is called. */
ds_rc task_begin(task *t, ds_err *err);
ds_rc task_batch_begin(task *t, ds_time time, ds_err *err);
ds_rc task_batch_seal(task *t, ds_err *err);
/* Of a stage that does not hold rows: begun, with all batches of the epoch but
 * the last sealed and that one begun. */
ds_rc task_ready(task *t, ds_err *err);
ds_rc task_push(task *t, uint32_t node, const ds_envelope *rows, ds_err *err);
/* The batch that is open, if one is, and the epoch. */
ds_rc task_seal(task *t, ds_err *err);

/* batch.c: batch times of a stage that reads the sources, and what all timed
 * stages say of theirs. */
/* What the cuts of a running worker go by. */
ds_time batch_now(worker *w);
/* The epoch's batches, by the time of its cut. */
void batch_time(worker *w, ds_time cut);
/* And those before that nobody has run. */
void batch_missed(worker *w);
/* The clock has come to a batch that has not run. */
bool batch_is_new(const worker *w, ds_time cut);
/* All tasks have to run this epoch's batches, with rows or without. */
bool batch_wants_all(const worker *w);
/* What the epoch makes of the inputs' marks. */
void batch_mark(worker *w);
/* Rows of an input were pushed: its watermark. */
void batch_saw(worker *w, input *in, uint32_t node);
/* Its partition has been silent for so long that it holds nothing back; what
 * was read of it may have to run yet. */
bool batch_is_silent(const worker *w, const input *in);
/* Of an input, as it was committed last; DS_TIME_NONE: none was. */
ds_time batch_watermark_before(const input *in);
/* Of a task, as it is after the rows so far. */
ds_time batch_watermark(const task *t);
/* Of a source, in the partitions that the worker has; INT64_MAX: none of them
 * counts. */
ds_time batch_source_watermark(const worker *w, const char *source);
/* A paced stage says how far it is. */
void batch_tell(worker *w);
/* See ds_op_host.token. */
uint64_t batch_token(const task *t, bool next);
void batch_committed(worker *w);
void batch_aborted(worker *w);
/* Where reading has to go on after a restart. */
ds_position batch_position(const worker *w, const input *in);
/* The committed marks are there: where batches go on. */
ds_rc batch_place(worker *w, ds_err *err);

/* intake.c: what such a stage reads. */
ds_rc intake_poll(worker *w, int wait_ms, ds_err *err);
/* The next batch of the task is not in memory: back to where it begins. */
ds_rc intake_again(worker *w, task *t, ds_err *err);
/* Nothing more is read into the chunk. */
void intake_close(worker *w);

/* timed.c: a stage that holds rows until their batch is whole. */
ds_rc timed_place(worker *w, ds_err *err);
/* Until batches are whole. */
ds_rc timed_collect(worker *w, bool wait, ds_err *err);
/* How many tasks have a batch that may run now. */
uint32_t timed_due(worker *w);
/* Through the graphs, all batches that are due. DS_E_RECORD: once more. */
ds_rc timed_run(worker *w, ds_err *err);
/* Positions and marks that the epoch commits. */
void timed_mark(worker *w);
int64_t timed_low(const input *in);
void timed_committed(worker *w);

/* purge.c: what was read of repartition topics is deleted, now and then. */
void purge_tick(worker *w);
/* DS_E_DECISION: such a topic does not hold what was committed of it. `low` is
 * from before `committed` was asked for, if others may read it, `high` from
 * after. */
ds_rc purge_check(const char *topic, int32_t partition, const char *group,
                  int64_t committed, int64_t low, int64_t high, ds_err *err);

/* hold.c: partitions that wait at a record. */
/* A text that readers of the status may keep until the worker goes. */
const char *hold_reason(worker *w, const char *msg);
ds_rc hold_set(worker *w, const ds_envelope *env, uint32_t rec, const char *msg,
               ds_err *err);
/* Before an epoch: pauses what waits, goes on with what has waited. */
ds_rc hold_round(worker *w, ds_err *err);
const input *hold_any(const worker *w);
void hold_forget(worker *w);

/* first.c: a co-partitioned table is read before the rows that it is joined
 * with. */
/* After an assignment: what waits for what; after an abort (`resync`) once
 * more, up to the same ends. */
ds_rc first_place(worker *w, bool resync, ds_err *err);
/* Before an epoch: pauses what waits. */
ds_rc first_round(worker *w, ds_err *err);
/* The input was read on: what has waited for it goes on, in the same epoch. */
ds_rc first_reached(worker *w, const input *in, ds_err *err);

/* reject.c */
extern const ds_op_host reject_host;
/* `rows` without those that the epoch must reject or not pass. */
ds_rc reject_filter(worker *w, const input *in, const ds_envelope *rows,
                    const ds_envelope **out, ds_err *err);
void reject_forget(worker *w); /* after a commit: no poison is left */
/* The dead letters of a sealed epoch, in the order of their records: the
 * operators refuse them one after the other. */
void reject_send(worker *w);
/* What the epoch refused counts for errors.limit: it is committed, or comes
 * again. */
void reject_settle(worker *w, bool committed);
/* A record as a dead letter. */
void reject_letter(worker *w, const ds_node *node, const ds_envelope *env,
                   uint32_t rec, const char *code, const char *msg);
/* Idem of a row that belongs to no record. */
void reject_orphan(worker *w, const ds_node *node, const ds_batch *in,
                   const ds_row_error *why);
/* What a letter says of a record: its value; the row, if it crossed a cut. */
ds_slice reject_value(const worker *w, const ds_envelope *env, uint32_t rec);
/* A row that is sent with the letters, in the order of their records. */
void reject_keep(worker *w, const ds_row *row);
/* A row that its topic refuses (too large). */
ds_rc reject_row(worker *w, const ds_row *row, const char *why, ds_err *err);

/* late.c: a ds_op_host's late(). */
void late_rows(ds_op *op, const ds_batch *rows);

/* commit.c: the transaction of a sealed epoch (exactly-once.md, B2). */
ds_rc commit_epoch(worker *w, ds_err *err);

/* tally.c: what became of the rows of the epoch; of the worker so far. */
void tally_epoch(const worker *w, ds_tally *out);
void tally_add(worker_stats *s, const ds_tally *t);
void tally_sum(ds_tally *sum, worker_stats *s);

/* stats.c: metrics; all of them do nothing without opts.metrics. */
void stats_open(worker *w);
void stats_close(worker *w);
/* Gauges, about once a second. */
void stats_tick(worker *w);
/* After a transaction that took `took`, before the epoch is forgotten. */
void stats_commit(worker *w, ds_time took);
/* What became of its rows. */
void stats_rows(worker *w, const ds_tally *rows);
/* At the very end of the epoch: how long its phases took. */
void stats_phases(worker *w);
void stats_abort(worker *w, ds_rc rc);
/* A record that the epoch refuses: counted when it commits. `code` lives as
 * long as the epoch; `action` is a constant: dlq, skip. */
void stats_error(worker *w, const ds_node *node, const char *code,
                 const char *action);
/* Rows dropped on purpose; `reason` is a constant. */
void stats_discard(worker *w, const ds_node *node, const char *reason,
                   uint32_t n);
/* The job stops at a record. */
void stats_failed(worker *w, const ds_node *node, const char *code);
void stats_lag(worker *w);
/* Partitions are there, since `start` (mono); they are going away. */
void stats_gained(worker *w, ds_time start);
void stats_lost(worker *w);
void stats_restore(worker *w, const char *topic, int32_t partition,
                   int64_t left, int64_t total);

#endif
