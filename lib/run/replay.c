/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay.c - move a job back in time: plan and transaction.
 */
#include "dstream/replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "dstream/log.h"
#include "record/show.h"
#include "run/run.h"

/* Offsets of a transaction that is open stay unknown, and a changelog cannot
 * be read to its end, until the broker ends it: transaction.timeout.ms. */
#define PATIENCE (90 * DS_SECOND)
#define SEND_ROWS 10000

struct ds_replay {
    ds_arena *arena;
    const ds_plan *plan;
    ds_replay_target to;
    ds_broker *broker;
    ds_replay_view view;
    ds_replay_group *groups; /* as the plan's stages */
    ds_replay_part *parts;
    uint32_t cap_parts;
    ds_replay_store *stores; /* as the plan's */
};

/* ---- the plan ---- */

static ds_replay_part *part_add(ds_replay *r)
{
    if (r->view.n_parts == r->cap_parts) {
        uint32_t cap = r->cap_parts ? 2 * r->cap_parts : 64;
        ds_replay_part *list = ds_new(r->arena, ds_replay_part, cap);

        if (r->view.n_parts)
            memcpy(list, r->parts, r->view.n_parts * sizeof(*list));
        r->parts = list;
        r->cap_parts = cap;
    }
    r->view.parts = r->parts;
    return &r->parts[r->view.n_parts++];
}

/* Where one partition goes. A table is all of its topic. */
static ds_rc part_target(ds_replay *r, ds_replay_part *p, bool table,
                         ds_err *err)
{
    const ds_broker_type *b = r->broker->type;

    DS_TRY(b->watermarks(r->broker, p->topic, p->partition, &p->low, &p->end,
                         err));
    p->target = p->internal ? p->end : p->low;
    if (p->internal || table || r->to.to == DS_REPLAY_EARLIEST)
        return DS_OK;
    if (r->to.to == DS_REPLAY_DATETIME)
        return b->offset_at(r->broker, p->topic, p->partition, r->to.time,
                            &p->target, err);
    p->target = r->to.offset;
    if (p->target < p->low)
        p->target = p->low;
    if (p->target > p->end)
        p->target = p->end;
    p->clamped = p->target != r->to.offset;
    return DS_OK;
}

static ds_rc topic_plan(ds_replay *r, const ds_stage *s, const ds_node *node,
                        const char *topic, ds_err *err)
{
    bool internal = strcmp(node->type->name, "source") != 0;
    bool table = ds_node_reads_table(node) != NULL;
    ds_topic_info info = {0, 0};
    ds_rc rc = r->broker->type->topic_info(r->broker, topic, &info, err);

    DS_TRY(rc);
    if (rc == DS_NOTFOUND && internal)
        return DS_OK; /* the job has not run yet */
    if (rc == DS_NOTFOUND)
        return ds_fail(err, DS_E_CONFIG, "topic %s (source) does not exist",
                       topic);
    for (int32_t i = 0; i < info.partitions; i++) {
        ds_replay_part *p = part_add(r);

        *p = (ds_replay_part){.group = s->group,
                              .topic = topic,
                              .partition = i,
                              .internal = internal,
                              .committed = DS_OFFSET_NONE};
        DS_TRY(part_target(r, p, table, err));
    }
    return DS_OK;
}

/* Stable offsets: a transaction that is open is waited for. */
static ds_rc group_plan(ds_replay *r, const ds_stage *s, uint32_t first,
                        ds_err *err)
{
    uint32_t n = r->view.n_parts - first;
    ds_position *pos = ds_new(r->arena, ds_position, n + 1);
    ds_time until = ds_mono_now() + PATIENCE;
    ds_rc rc;

    do {
        for (uint32_t i = 0; i < n; i++)
            pos[i] =
                ds_position_of(r->parts[first + i].topic,
                               r->parts[first + i].partition, DS_OFFSET_NONE);
        rc = r->broker->type->group_offsets(r->broker, s->group, pos, n, 5000,
                                            err);
    } while (rc == DS_E_TIMEOUT && ds_mono_now() < until);
    DS_TRY(rc);
    for (uint32_t i = 0; i < n; i++)
        r->parts[first + i].committed = pos[i].next;
    r->groups[s->id].name = s->group;
    return r->broker->type->group_members(r->broker, s->group,
                                          &r->groups[s->id].members, err);
}

static ds_rc stage_plan(ds_replay *r, const ds_stage *s, ds_err *err)
{
    uint32_t first = r->view.n_parts;

    for (uint32_t i = 0; i < s->n_sources; i++) {
        const ds_node *node = s->sources[i];
        const char *names[TOPICS_MAX];
        uint32_t n = 0;

        topics_of_node(node, r->plan, names, &n);
        for (uint32_t k = 0; k < n; k++) {
            const char *const *topics = &names[k];
            uint32_t m = 1;

            if (names[k][0] == '^')
                DS_TRY(r->broker->type->topic_match(
                    r->broker, names[k], r->arena, &topics, &m, err));
            for (uint32_t j = 0; j < m; j++)
                DS_TRY(topic_plan(r, s, node, ds_str_copy(r->arena, topics[j]),
                                  err));
        }
    }
    return group_plan(r, s, first, err);
}

static ds_rc store_plan(ds_replay *r, const ds_plan_store *ps, ds_err *err)
{
    ds_replay_store *s = &r->stores[ps->id];
    ds_topic_info info = {0, 0};
    ds_rc rc =
        r->broker->type->topic_info(r->broker, ps->changelog, &info, err);

    DS_TRY(rc);
    *s = (ds_replay_store){.name = ps->name, .topic = ps->changelog};
    s->partitions = rc == DS_NOTFOUND ? 0 : info.partitions;
    for (int32_t i = 0; i < s->partitions; i++) {
        int64_t low, high;

        DS_TRY(r->broker->type->watermarks(r->broker, s->topic, i, &low, &high,
                                           err));
        s->records += high - low;
    }
    return DS_OK;
}

/* What the plan depends on. The ends of the user's topics move all the time and
 * change nothing. */
static void plan_hash(ds_replay *r)
{
    ds_buf b;

    ds_buf_init(&b, r->arena, 1024);
    ds_buf_printf(&b, "%s %d %d\n", r->plan->job, (int)r->to.to,
                  r->to.reset_state);
    for (uint32_t i = 0; i < r->view.n_parts; i++) {
        const ds_replay_part *p = &r->parts[i];

        ds_buf_printf(&b, "%s %s %d %" PRId64 " %" PRId64 "\n", p->group,
                      p->topic, p->partition, p->committed, p->target);
    }
    for (uint32_t i = 0; i < r->plan->n_stores; i++)
        ds_buf_printf(&b, "%s %" PRIx64 " %d %" PRId64 "\n", r->stores[i].topic,
                      r->plan->stores[i].signature, r->stores[i].partitions,
                      r->stores[i].records);
    snprintf(r->view.hash, sizeof(r->view.hash), "%08x",
             (unsigned)(ds_hash(b.s, b.len) >> 32));
}

static ds_rc replay_read(ds_replay *r, ds_err *err)
{
    const ds_plan *plan = r->plan;

    r->groups = ds_new(r->arena, ds_replay_group, plan->n_stages);
    r->stores = ds_new(r->arena, ds_replay_store, plan->n_stores + 1);
    for (uint32_t i = 0; i < plan->n_stages; i++)
        DS_TRY(stage_plan(r, &plan->stages[i], err));
    for (uint32_t i = 0; i < plan->n_stores; i++)
        DS_TRY(store_plan(r, &plan->stores[i], err));
    r->view.n_groups = plan->n_stages;
    r->view.groups = r->groups;
    r->view.n_stores = plan->n_stores;
    r->view.stores = r->stores;
    plan_hash(r);
    return DS_OK;
}

static ds_replay *replay_new(const ds_plan *plan, const ds_replay_target *to)
{
    ds_arena *a = ds_arena_new(1 << 14);
    ds_replay *r = ds_new(a, ds_replay, 1);

    r->arena = a;
    r->plan = plan;
    r->to = *to;
    r->broker = to->opened;
    return r;
}

ds_rc ds_replay_plan(const ds_plan *plan, const ds_replay_target *to,
                     ds_replay **out, ds_err *err)
{
    ds_replay *r = replay_new(plan, to);
    const ds_broker_spec spec = {plan->job, plan->props, plan->n_props,
                                 plan->batch};
    ds_rc rc = DS_OK;

    if (!r->broker)
        rc = to->broker->open(&spec, &r->broker, err);
    if (rc == DS_OK)
        rc = replay_read(r, err);
    if (rc != DS_OK) {
        ds_replay_close(r);
        return rc;
    }
    *out = r;
    return DS_OK;
}

const ds_replay_view *ds_replay_look(const ds_replay *r)
{
    return &r->view;
}

void ds_replay_close(ds_replay *r)
{
    if (!r)
        return;
    if (r->broker && !r->to.opened)
        r->broker->type->close(r->broker);
    ds_arena_free(r->arena);
}

/* ---- checks ---- */

ds_rc ds_replay_allowed(const ds_replay *r, ds_err *err)
{
    if (r->plan->n_stores == 0 || r->to.to == DS_REPLAY_EARLIEST ||
        r->to.reset_state)
        return DS_OK;
    return ds_fail(
        err, DS_E_DECISION,
        "job %s has state (store %s), which cannot go back to that "
        "target: replay it --to-earliest, or let it begin there with "
        "empty state: --state reset",
        r->plan->job, r->plan->stores[0].name);
}

static ds_rc members_check(const ds_replay *r, ds_err *err)
{
    for (uint32_t i = 0; i < r->view.n_groups; i++)
        if (r->groups[i].members > 0)
            return ds_fail(err, DS_E_DECISION,
                           "job %s runs: group %s has %d members. Stop all "
                           "instances; one that was killed is a member until "
                           "its session times out (session.timeout.ms)",
                           r->plan->job, r->groups[i].name,
                           r->groups[i].members);
    return DS_OK;
}

/* An instance that was stopped stays a member until its session times out. */
static ds_time session_timeout(const ds_plan *plan)
{
    int64_t ms = 10000;

    for (uint32_t i = 0; i < plan->n_props; i++)
        if (!strcmp(plan->props[i].name, "session.timeout.ms"))
            ms = strtoll(plan->props[i].value, NULL, 10);
    return (ms < 60000 ? ms : 60000) * DS_MS;
}

/* Whoever leaves makes the others join anew, which gives each of them another
 * session. */
static ds_rc group_wait(ds_replay *r, ds_replay_group *g, ds_err *err)
{
    ds_time patience = session_timeout(r->plan) + 2 * DS_SECOND;
    ds_time until = ds_mono_now() + patience;

    while (g->members > 0 && ds_mono_now() < until) {
        int before = g->members;

        ds_clock_wall.sleep(&ds_clock_wall, 250 * DS_MS);
        DS_TRY(r->broker->type->group_members(r->broker, g->name, &g->members,
                                              err));
        if (g->members < before)
            until = ds_mono_now() + patience;
    }
    return DS_OK;
}

static ds_rc members_wait(ds_replay *r, ds_err *err)
{
    bool told = false;

    for (uint32_t i = 0; i < r->view.n_groups; i++) {
        ds_replay_group *g = &r->groups[i];

        if (g->members > 0 && !told)
            ds_log(DS_LOG_WARN,
                   "waiting for members to leave: an instance that was "
                   "stopped is one until its session times out",
                   DS_KV("group", "%s", g->name),
                   DS_KV("members", "%d", g->members));
        told = told || g->members > 0;
        DS_TRY(group_wait(r, g, err));
    }
    return members_check(r, err);
}

/* Reads everything once more: what was shown must be what is done. */
static ds_rc world_check(const ds_replay *r, ds_err *err)
{
    ds_replay_target to = r->to;
    ds_replay *now;
    ds_rc rc;

    to.opened = r->broker;
    now = replay_new(r->plan, &to);
    rc = replay_read(now, err);
    if (rc == DS_OK)
        rc = members_check(now, err);
    if (rc == DS_OK && strcmp(now->view.hash, r->view.hash) != 0)
        rc = ds_fail(err, DS_E_DECISION,
                     "the plan is %s now, not %s: offsets or state have moved; "
                     "look at it again",
                     now->view.hash, r->view.hash);
    ds_replay_close(now);
    return rc;
}

/* ---- the keys of a changelog ---- */

/* Open addressing; a key that is deleted stays, marked. */
typedef struct key_set {
    ds_arena *arena; /* of the keys: until the transaction ends */
    ds_arena *table; /* of the slots */
    uint64_t n, cap, live;
    struct key {
        ds_slice key; /* null: free */
        bool gone;
    } * slots;
} key_set;

static struct key *key_slot(const key_set *s, ds_slice key)
{
    for (uint64_t i = ds_hash(key.ptr, key.len) & (s->cap - 1);;
         i = (i + 1) & (s->cap - 1))
        if (!s->slots[i].key.ptr || ds_slice_eq(s->slots[i].key, key))
            return &s->slots[i];
}

static void keys_grow(key_set *s)
{
    key_set old = *s;

    s->cap = old.cap ? 2 * old.cap : 1024;
    s->slots = ds_new(s->table, struct key, s->cap);
    for (uint64_t i = 0; i < old.cap; i++)
        if (old.slots[i].key.ptr)
            *key_slot(s, old.slots[i].key) = old.slots[i];
}

static void key_note(key_set *s, ds_slice key, bool gone)
{
    struct key *k;

    if (2 * s->n >= s->cap)
        keys_grow(s);
    k = key_slot(s, key);
    if (!k->key.ptr) {
        if (gone)
            return;
        *k = (struct key){ds_slice_copy(s->arena, key), true};
        s->n++;
    }
    s->live += (uint64_t)k->gone - (uint64_t)gone;
    k->gone = gone;
}

static void rows_note(key_set *s, const ds_envelope *rows)
{
    for (uint32_t i = 0; i < rows->n; i++)
        if (rows->key[i].ptr && !ds_slice_eq(rows->key[i], DS_ENGINE_KEY))
            key_note(s, rows->key[i], rows->val[i].ptr == NULL);
}

/* The committed keys of one partition, up to its true end. */
static ds_rc keys_read(ds_reader *rd, const char *topic, int32_t partition,
                       key_set *out, ds_err *err)
{
    ds_arena *a = ds_arena_new(1 << 16);
    ds_position pos = ds_position_of(topic, partition, 0);
    ds_time until = ds_mono_now() + PATIENCE;
    int64_t low, high;
    ds_rc rc = rd->type->ends(rd, &pos, 1, &low, &high, err);

    pos.next = low;
    if (rc == DS_OK && low < high)
        rc = rd->type->assign(rd, &pos, 1, err);
    while (rc >= 0 && pos.next < high) {
        ds_fetch f;

        rc = rd->type->poll(rd, a, 10000, 500, &f, err);
        if (rc == DS_OK) {
            if (f.rows)
                rows_note(out, f.rows);
            pos.next = f.next;
            until = ds_mono_now() + PATIENCE;
        } else if (rc >= 0 && ds_mono_now() > until) {
            rc = ds_fail(err, DS_E_DECISION,
                         "topic %s partition %d cannot be read past offset "
                         "%" PRId64 ": a transaction is open there; try again "
                         "when it has timed out",
                         topic, partition, pos.next);
        }
        ds_arena_reset(a);
    }
    ds_arena_free(a);
    return rc < 0 ? rc : rd->type->assign(rd, NULL, 0, err);
}

/* ---- the transaction ---- */

/* The new positions of the inputs whose keys are in this partition. */
static ds_slice engine_row(const ds_replay *r, const ds_plan_store *ps,
                           int32_t partition)
{
    const char *group = r->groups[ps->node->stage].name;
    ds_position *pos = ds_new(r->arena, ds_position, r->view.n_parts + 1);
    uint32_t n = 0;

    for (uint32_t i = 0; i < r->view.n_parts; i++) {
        const ds_replay_part *p = &r->parts[i];

        if (p->partition == partition && !strcmp(p->group, group))
            pos[n++] = ds_position_of(p->topic, p->partition, p->target);
    }
    ds_time now = ds_clock_now(&ds_clock_wall);

    return engine_record_make(ps->signature, now, now, pos, n, r->arena);
}

static ds_rc rows_send(ds_txn *txn, const ds_row *rows, uint32_t n, ds_err *err)
{
    for (uint32_t at = 0; at < n; at += SEND_ROWS) {
        uint32_t bad, some = n - at < SEND_ROWS ? n - at : SEND_ROWS;

        DS_TRY(txn->type->send(txn, rows + at, some, &bad, err));
    }
    return DS_OK;
}

/* Tombstones and the engine record of one partition. */
static ds_rc partition_reset(ds_replay *r, ds_txn *txn, ds_reader *rd,
                             const ds_plan_store *ps, int32_t partition,
                             ds_err *err)
{
    key_set keys = {.arena = r->arena, .table = ds_arena_new(1 << 16)};
    ds_row *rows;
    uint32_t n = 0;
    ds_rc rc = keys_read(rd, ps->changelog, partition, &keys, err);

    if (rc == DS_OK) {
        rows = ds_new(r->arena, ds_row, keys.live + 1);
        for (uint64_t i = 0; i < keys.cap; i++)
            if (keys.slots[i].key.ptr && !keys.slots[i].gone)
                rows[n++] = (ds_row){.topic = ps->id,
                                     .partition = partition,
                                     .key = keys.slots[i].key,
                                     .ts = DS_TIME_NONE};
        rows[n++] = (ds_row){.topic = ps->id,
                             .partition = partition,
                             .key = DS_ENGINE_KEY,
                             .val = engine_row(r, ps, partition),
                             .ts = DS_TIME_NONE};
        rc = rows_send(txn, rows, n, err);
        r->stores[ps->id].keys += keys.live;
    }
    ds_arena_free(keys.table);
    return rc;
}

static ds_rc groups_move(ds_replay *r, ds_txn *txn, ds_err *err)
{
    ds_position *pos = ds_new(r->arena, ds_position, r->view.n_parts + 1);

    for (uint32_t g = 0; g < r->view.n_groups; g++) {
        uint32_t n = 0;

        for (uint32_t i = 0; i < r->view.n_parts; i++)
            if (!strcmp(r->parts[i].group, r->groups[g].name))
                pos[n++] =
                    ds_position_of(r->parts[i].topic, r->parts[i].partition,
                                   r->parts[i].target);
        if (n)
            DS_TRY(txn->type->group_positions(txn, r->groups[g].name, pos, n,
                                              err));
    }
    return DS_OK;
}

static ds_rc transaction(ds_replay *r, ds_txn *txn, ds_reader *rd, ds_err *err)
{
    DS_TRY(txn->type->begin(txn, err));
    for (uint32_t i = 0; i < r->plan->n_stores; i++)
        for (int32_t p = 0; p < r->stores[i].partitions; p++)
            DS_TRY(partition_reset(r, txn, rd, &r->plan->stores[i], p, err));
    DS_TRY(txn->type->flush(txn, err));
    DS_TRY(groups_move(r, txn, err));
    return txn->type->commit(txn, err);
}

/* The partitions that the group's topics have; NULL: those of any group. */
static int32_t parts_of(const ds_replay *r, const char *group)
{
    int32_t n = 0;

    for (uint32_t i = 0; i < r->view.n_parts; i++)
        if ((!group || !strcmp(r->parts[i].group, group)) &&
            r->parts[i].partition >= n)
            n = r->parts[i].partition + 1;
    return n;
}

/* A changelog that was lost is made anew, so that the offsets have state that
 * agrees with them. A repartition topic that is not there yet will have the
 * partitions of its source. */
static ds_rc changelogs_make(ds_replay *r, ds_err *err)
{
    for (uint32_t i = 0; i < r->plan->n_stores; i++) {
        const ds_plan_store *ps = &r->plan->stores[i];
        ds_topic_want want = {ps->changelog, 0, true};
        bool created;

        if (r->stores[i].partitions)
            continue;
        want.partitions = parts_of(r, r->groups[ps->node->stage].name);
        if (want.partitions == 0)
            want.partitions = parts_of(r, NULL);
        if (want.partitions == 0)
            continue;
        DS_TRY(r->broker->type->topic_ensure(r->broker, &want, &created, err));
        r->stores[i].partitions = want.partitions;
    }
    return DS_OK;
}

static ds_rc execute(ds_replay *r, ds_txn **txn, ds_reader **rd, ds_err *err)
{
    const char **topics = ds_new(r->arena, const char *, r->plan->n_stores + 1);
    ds_txn_spec spec = {ds_str_printf(r->arena, "%s.replay", r->plan->job),
                        topics, r->plan->n_stores};
    ds_rc rc;

    for (uint32_t i = 0; i < r->plan->n_stores; i++)
        topics[i] = r->plan->stores[i].changelog;
    DS_TRY(changelogs_make(r, err));
    DS_TRY(r->broker->type->reader_open(r->broker, rd, err));
    DS_TRY(r->broker->type->txn_open(r->broker, &spec, txn, err));
    rc = transaction(r, *txn, *rd, err);
    if (rc == DS_E_UNKNOWN) {
        ds_wrap(err, "whether the replay was done is not known; look at the "
                     "plan again");
        return rc;
    }
    if (rc < 0) {
        ds_err ignored;
        if ((*txn)->type->abort(*txn, &ignored) < 0)
            ds_log(DS_LOG_WARN, "the transaction was not aborted",
                   DS_KV("error", "%s", ignored.msg));
        ds_wrap(err, "nothing was changed");
    }
    return rc;
}

ds_rc ds_replay_execute(ds_replay *r, ds_err *err)
{
    ds_txn *txn = NULL;
    ds_reader *rd = NULL;
    ds_rc rc;

    DS_TRY(ds_replay_allowed(r, err));
    DS_TRY(members_wait(r, err));
    DS_TRY(world_check(r, err));
    rc = execute(r, &txn, &rd, err);
    if (rd)
        rd->type->close(rd);
    if (txn)
        txn->type->close(txn);
    return rc;
}
