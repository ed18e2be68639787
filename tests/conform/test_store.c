/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_store.c - one suite for every kind of store.
 */
#include "files.h"
#include "load.h"
#include "ordered.h"
#include "stores.h"

/* ---- every kind ---- */

static void test_get_put_scan(void **state)
{
    struct world *w = *state;
    ds_overlay *ov = begin(w);

    assert_get(w, ov, "a", NULL);
    put(w, ov, "b", "2");
    put(w, ov, "a", "1");
    put(w, ov, "c", "3");
    put(w, ov, "a", "one");
    put(w, ov, "d", "");
    assert_get(w, ov, "a", "one");
    assert_get(w, ov, "d", "");
    assert_get(w, NULL, "a", NULL); /* not committed */
    assert_string_equal(scan(w, ov, NULL, NULL), "a=one b=2 c=3 d= ");
    commit(w, ov, 5);
    assert_get(w, NULL, "a", "one");
    assert_get(w, NULL, "d", "");
    assert_string_equal(scan(w, NULL, "b", "d"), "b=2 c=3 ");

    ov = begin(w);
    put(w, ov, "b", NULL);
    put(w, ov, "bb", "22");
    assert_get(w, ov, "b", NULL);
    assert_get(w, NULL, "b", "2");
    assert_string_equal(scan(w, ov, "a", "c"), "a=one bb=22 ");
    assert_string_equal(scan(w, NULL, "a", "c"), "a=one b=2 ");
    commit(w, ov, 7);
    assert_string_equal(scan(w, NULL, NULL, NULL), "a=one bb=22 c=3 d= ");
}

static void test_abort(void **state)
{
    struct world *w = *state;
    ds_overlay *ov = begin(w);

    put(w, ov, "a", "1");
    commit(w, ov, 1);
    ov = begin(w);
    put(w, ov, "a", "2");
    put(w, ov, "b", "2");
    ds_arena_reset(w->epoch); /* that is an abort */
    assert_get(w, NULL, "a", "1");
    ov = begin(w);
    assert_get(w, ov, "a", "1");
    assert_get(w, ov, "b", NULL);
    put(w, ov, "a", "3");
    commit(w, ov, 3);
    assert_string_equal(scan(w, NULL, NULL, NULL), "a=3 ");
}

static void test_two_epochs(void **state)
{
    struct world *w = *state;
    ds_arena *other = ds_arena_new(1 << 12);
    ds_overlay *old = begin(w), *young;

    put(w, old, "a", "1");
    put(w, old, "b", "1");
    assert_int_equal(
        type->seal(w->s, old, DS_NULL_SLICE, 0, ds_outbox_new(w->epoch), NULL),
        DS_OK);
    young = type->begin(w->s, old, other);
    assert_get(w, young, "a", "1");
    put(w, young, "a", "2");
    put(w, young, "b", NULL);
    assert_get(w, young, "a", "2");
    assert_get(w, old, "a", "1");
    assert_string_equal(scan(w, young, NULL, NULL), "a=2 ");
    assert_string_equal(scan(w, old, NULL, NULL), "a=1 b=1 ");
    assert_int_equal(type->commit(w->s, old, 3, NULL), DS_OK);
    ds_arena_reset(w->epoch); /* the old epoch's memory is gone */
    assert_get(w, young, "a", "2");
    assert_get(w, young, "b", NULL);
    assert_get(w, NULL, "b", "1");
    commit(w, young, 5);
    assert_string_equal(scan(w, NULL, NULL, NULL), "a=2 ");
    ds_arena_free(other);
}

static void test_seal(void **state)
{
    struct world *w = *state;
    ds_overlay *ov = begin(w);
    ds_outbox *box = ds_outbox_new(w->epoch);
    ds_slice k = ds_slice_of("z"), v = k, got;
    const ds_row *rows;
    uint32_t n;

    put(w, ov, "a", "1");
    put(w, ov, "a", "2");
    put(w, ov, "b", NULL);
    assert_int_equal(type->seal(w->s, ov, ds_slice_of("engine"), 9, box, NULL),
                     DS_OK);
    assert_int_equal(ds_outbox_rows(box), 3); /* one per dirty key */
    rows = ds_outbox_chunk(box, 0, &n);
    assert_int_equal(n, 3);
    assert_true(ds_slice_eq(rows[0].key, ds_slice_of("a")));
    assert_true(ds_slice_eq(rows[0].val, ds_slice_of("2")));
    assert_null(rows[1].val.ptr);
    assert_true(ds_slice_eq(rows[2].key, DS_ENGINE_KEY));
    assert_int_equal(rows[2].topic, 9);
    assert_int_equal(rows[2].partition, 3);
    assert_int_equal(type->put(w->s, ov, &k, NULL, &v, 1, NULL), DS_E_INVALID);
    assert_int_equal(type->engine(w->s, w->a, &got, NULL), DS_OK);
    assert_null(got.ptr);
    assert_int_equal(type->commit(w->s, ov, 3, NULL), DS_OK);
    assert_int_equal(type->engine(w->s, w->a, &got, NULL), DS_OK);
    assert_true(ds_slice_eq(got, ds_slice_of("engine")));
}

static void test_own_keys(void **state)
{
    struct world *w = *state;
    ds_overlay *ov = begin(w);
    ds_slice v = ds_slice_of("x");

    assert_int_equal(type->put(w->s, ov, &DS_ENGINE_KEY, NULL, &v, 1, NULL),
                     DS_E_INVALID);
}

static void assert_position(struct world *w, ds_rc want_rc, int64_t want)
{
    int64_t pos = 0;
    ds_time written;
    ds_err err = {0};

    assert_int_equal(type->position(w->s, &pos, &written, &err), want_rc);
    if (want_rc == DS_OK)
        assert_int_equal(pos, want);
}

static void test_position(void **state)
{
    struct world *w = *state;
    ds_overlay *ov;

    assert_position(w, DS_NOTFOUND, 0);
    ov = begin(w);
    put(w, ov, "a", "1");
    commit(w, ov, 10);
    assert_position(w, DS_OK, 10);
    ov = begin(w);
    commit(w, ov, -1); /* not known */
    assert_position(w, DS_OK, 10);
    ov = begin(w);
    commit(w, ov, 8); /* never back */
    assert_position(w, DS_OK, 10);
}

static void test_apply(void **state)
{
    struct world *w = *state;
    ds_slice keys[] = {ds_slice_of("a"),
                       DS_ENGINE_KEY,
                       ds_slice_of("b"),
                       ds_slice_of("a"),
                       {(const uint8_t *)"\0?", 2},
                       ds_slice_of("b")};
    ds_slice vals[] = {ds_slice_of("1"), ds_slice_of("e1"),    ds_slice_of("2"),
                       ds_slice_of("3"), ds_slice_of("later"), DS_NULL_SLICE};
    int64_t off[] = {0, 1, 2, 3, 4, 5};
    ds_envelope env = {.n = 6,
                       .topic = "t",
                       .partition = 3,
                       .key = keys,
                       .val = vals,
                       .off = off};
    ds_slice engine;

    assert_int_equal(type->apply(w->s, &env, 6, NULL), DS_OK);
    assert_position(w, DS_OK, 6);
    assert_string_equal(scan(w, NULL, NULL, NULL), "a=3 ");
    assert_int_equal(type->engine(w->s, w->a, &engine, NULL), DS_OK);
    assert_true(ds_slice_eq(engine, ds_slice_of("e1")));
    env.n = 0;
    assert_int_equal(type->apply(w->s, &env, 9, NULL), DS_OK);
    assert_position(w, DS_OK, 9);
}

static void test_wipe(void **state)
{
    struct world *w = *state;
    ds_overlay *ov = begin(w);
    ds_slice engine;

    put(w, ov, "a", "1");
    commit(w, ov, 4);
    assert_int_equal(type->tick(w->s, INT64_MAX, NULL), DS_OK);
    assert_int_equal(type->wipe(w->s, NULL), DS_OK);
    assert_position(w, DS_NOTFOUND, 0);
    assert_get(w, NULL, "a", NULL);
    assert_int_equal(type->engine(w->s, w->a, &engine, NULL), DS_OK);
    assert_null(engine.ptr);
    ov = begin(w);
    put(w, ov, "b", "2");
    commit(w, ov, 6);
    assert_string_equal(scan(w, NULL, NULL, NULL), "b=2 ");
    world_reopen(w, 64 * MIB);
    assert_string_equal(scan(w, NULL, NULL, NULL),
                        type == &store_memory ? "" : "b=2 ");
}

static void test_reopen(void **state)
{
    struct world *w = *state;
    ds_overlay *ov = begin(w);
    ds_outbox *box = ds_outbox_new(w->epoch);
    ds_slice engine;

    put(w, ov, "a", "1");
    put(w, ov, "b", "2");
    assert_int_equal(type->seal(w->s, ov, ds_slice_of("e"), 0, box, NULL),
                     DS_OK);
    assert_int_equal(type->commit(w->s, ov, 4, NULL), DS_OK);
    ov = begin(w);
    put(w, ov, "a", NULL);
    commit(w, ov, 6);
    ov = begin(w);
    put(w, ov, "c", "lost"); /* never committed */
    world_reopen(w, 64 * MIB);
    if (type == &store_memory) {
        assert_position(w, DS_NOTFOUND, 0);
        return;
    }
    assert_position(w, DS_OK, 6);
    assert_string_equal(scan(w, NULL, NULL, NULL), "b=2 ");
    assert_int_equal(type->engine(w->s, w->a, &engine, NULL), DS_OK);
    assert_true(ds_slice_eq(engine, ds_slice_of("e")));
}

/* ---- against a model ---- */

#define MODEL_KEYS 3000

struct model {
    int v[MODEL_KEYS]; /* 0: absent */
};

static ds_slice model_val(ds_arena *a, int v)
{
    /* Lengths vary, so that values move. */
    return v ? ds_slice_of(ds_str_printf(a, "%d%*s", v, v % 90, ""))
             : DS_NULL_SLICE;
}

static void model_put(struct world *w, ds_overlay *ov, struct model *m,
                      uint64_t *x, uint32_t n)
{
    ds_slice *keys = ds_new(w->epoch, ds_slice, n);
    ds_slice *vals = ds_new(w->epoch, ds_slice, n);

    for (uint32_t i = 0; i < n; i++) {
        int k = (int)(rng(x) % MODEL_KEYS);
        m->v[k] = rng(x) % 5 == 0 ? 0 : (int)(rng(x) % 1000000) + 1;
        keys[i] = key_of(w->epoch, k);
        vals[i] = model_val(w->epoch, m->v[k]);
    }
    assert_int_equal(type->put(w->s, ov, keys, NULL, vals, n, NULL), DS_OK);
}

struct model_scan {
    const struct model *m;
    int at;
};

static ds_rc model_row(void *arg, ds_slice key, ds_slice val, ds_err *err)
{
    struct model_scan *s = arg;
    int k = number_in((ds_slice){key.ptr + 5, key.len - 5});

    (void)err;
    for (; s->at < k; s->at++)
        if (s->m->v[s->at] != 0)
            fail_msg("key %d is missing", s->at);
    assert_int_equal(s->at, k);
    assert_int_equal(s->m->v[k], number_in(val));
    s->at++;
    return DS_OK;
}

static void model_check(struct world *w, ds_overlay *ov, const struct model *m)
{
    struct model_scan s = {m, 0};
    ds_slice *keys = ds_new(w->a, ds_slice, MODEL_KEYS);
    ds_slice *vals = ds_new(w->a, ds_slice, MODEL_KEYS);
    ds_err err = {0};

    if (type->scan(w->s, ov, DS_NULL_SLICE, DS_NULL_SLICE, model_row, &s,
                   &err) != DS_OK)
        fail_msg("%s", err.msg);
    for (; s.at < MODEL_KEYS; s.at++)
        if (m->v[s.at] != 0)
            fail_msg("key %d is missing", s.at);
    for (int i = 0; i < MODEL_KEYS; i++)
        keys[i] = key_of(w->a, i);
    if (type->get(w->s, ov, keys, NULL, MODEL_KEYS, w->a, vals, &err) != DS_OK)
        fail_msg("%s", err.msg);
    for (int i = 0; i < MODEL_KEYS; i++)
        assert_true(ds_slice_eq(vals[i], model_val(w->a, m->v[i])));
    ds_arena_reset(w->a);
}

/* Random epochs, some aborted, in a memory so small that entries are evicted.
 */
static void test_model(void **state)
{
    struct world *w = *state;
    struct model m = {0}, next;
    uint64_t x = 42;
    int64_t pos = 0;
    ds_time now = DS_SECOND;

    world_reopen(w, 100 << 10);
    for (int e = 0; e < 400; e++) {
        ds_overlay *ov = begin(w);
        next = m;
        model_put(w, ov, &next, &x, 1 + rng(&x) % 200);
        if (e % 16 == 0)
            model_check(w, ov, &next);
        if (rng(&x) % 4 != 0) {
            commit(w, ov, pos += 200);
            m = next;
        }
        ds_arena_reset(w->epoch);
        now += rng(&x) % 20 * DS_SECOND;
        assert_int_equal(type->tick(w->s, now, NULL), DS_OK);
        if (e % 16 == 3)
            model_check(w, NULL, &m);
        if (e % 50 == 49 && type != &store_memory) {
            world_reopen(w, 100 << 10);
            assert_position(w, DS_OK, pos);
        }
    }
    model_check(w, NULL, &m);
}

/* ---- RocksDB only ---- */

#define MANY 1000000
#define MANY_BATCH 50000

static void many_put(struct world *w, uint32_t first, uint64_t add)
{
    ds_overlay *ov = begin(w);
    ds_slice *keys = ds_new(w->epoch, ds_slice, MANY_BATCH);
    ds_slice *vals = ds_new(w->epoch, ds_slice, MANY_BATCH);
    uint64_t *n = ds_new(w->epoch, uint64_t, MANY_BATCH);

    for (uint32_t i = 0; i < MANY_BATCH; i++) {
        keys[i] = key_of(w->epoch, (int)(first + i));
        n[i] = first + i + add;
        vals[i] = (ds_slice){(const uint8_t *)&n[i], 8};
    }
    assert_int_equal(type->put(w->s, ov, keys, NULL, vals, MANY_BATCH, NULL),
                     DS_OK);
    commit(w, ov, (int64_t)first + MANY_BATCH);
    ds_arena_reset(w->epoch);
}

static void many_check(struct world *w, uint32_t first, uint64_t add)
{
    ds_slice *keys = ds_new(w->epoch, ds_slice, MANY_BATCH);
    ds_slice *vals = ds_new(w->epoch, ds_slice, MANY_BATCH);
    ds_err err = {0};

    for (uint32_t i = 0; i < MANY_BATCH; i++)
        keys[i] = key_of(w->epoch, (int)(first + i));
    if (type->get(w->s, NULL, keys, NULL, MANY_BATCH, w->epoch, vals, &err) !=
        DS_OK)
        fail_msg("%s", err.msg);
    for (uint32_t i = 0; i < MANY_BATCH; i++) {
        uint64_t v;
        assert_int_equal(vals[i].len, 8);
        memcpy(&v, vals[i].ptr, 8);
        assert_int_equal(v, first + i + add);
    }
    ds_arena_reset(w->epoch);
}

static void test_eviction(void **state)
{
    struct world *w = *state;
    ds_store_stats stats;
    int64_t calls;

    world_reopen(w, 24 * MIB);
    for (uint32_t at = 0; at < MANY; at += MANY_BATCH)
        many_put(w, at, 7);
    type->stats(w->s, &stats);
    assert_true(table_bytes(&((struct store *)w->s)->table) <
                (size_t)(24 * MIB));
    assert_false(((struct store *)w->s)->table.complete);
    calls = stats.base_calls;
    for (uint32_t at = 0; at < MANY; at += MANY_BATCH)
        many_check(w, at, 7);
    type->stats(w->s, &stats);
    assert_true(stats.base_calls - calls <= 2 * MANY / MANY_BATCH);
    world_reopen(w, 24 * MIB);
    many_check(w, 0, 7);
    many_check(w, MANY - MANY_BATCH, 7);
}

/* What fits is read from memory: the base is not asked at all. */
static void test_no_calls(void **state)
{
    struct world *w = *state;
    ds_store_stats before, after;

    world_reopen(w, 256 * MIB);
    for (uint32_t at = 0; at < 4 * MANY_BATCH; at += MANY_BATCH)
        many_put(w, at, 1);
    type->stats(w->s, &before);
    for (uint32_t at = 0; at < 4 * MANY_BATCH; at += MANY_BATCH) {
        many_check(w, at, 1);
        many_put(w, at, 2);
    }
    type->stats(w->s, &after);
    assert_int_equal(before.base_calls, after.base_calls);
    assert_int_equal(after.keys, 4 * MANY_BATCH);
}

/* Writing behind: nothing before it is due, all of it after. */
static void test_tick(void **state)
{
    struct world *w = *state;
    ds_store_stats stats;
    ds_overlay *ov;

    assert_int_equal(type->tick(w->s, 100 * DS_SECOND, NULL), DS_OK);
    ov = begin(w);
    put(w, ov, "a", "1");
    commit(w, ov, 2);
    assert_int_equal(type->tick(w->s, 109 * DS_SECOND, NULL), DS_OK);
    type->stats(w->s, &stats);
    assert_int_equal(stats.unwritten, 1);
    assert_int_equal(type->tick(w->s, 110 * DS_SECOND, NULL), DS_OK);
    for (int i = 0; i < 5000; i++) {
        assert_int_equal(type->tick(w->s, 111 * DS_SECOND, NULL), DS_OK);
        type->stats(w->s, &stats);
        if (stats.unwritten == 0)
            return;
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
    fail_msg("not written");
}

static void dir_write(const char *name, const char *text)
{
    char path[256];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", job_dir, name);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void assert_refused(const char *job, ds_rc want, const char *says)
{
    ds_db_spec spec = db_spec(job, 16 * MIB);
    ds_err err = {0};
    ds_db *db = NULL;
    ds_rc rc = type->db_open(&spec, &db, &err);

    if (rc == DS_OK) {
        assert_int_equal(type->db_close(db, NULL), DS_OK);
        fail_msg("%s is not refused", job);
    }
    assert_int_equal(rc, want);
    if (!strstr(err.msg, says))
        fail_msg("\"%s\" does not say \"%s\"", err.msg, says);
}

static void test_folder_of_another_job(void **state)
{
    char path[256];
    struct stat before, after;

    (void)state;
    snprintf(path, sizeof(path), "%s/lock", job_dir);
    assert_int_equal(stat(path, &before), 0);
    assert_refused("other", DS_E_CONFIG, "belongs to job job");
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}

static void test_folder_newer(void **state)
{
    (void)state;
    dir_write("identity", "dstream state 9\njob job\ncluster \n");
    assert_refused("job", DS_E_CONFIG, "newer");
    dir_write("identity", "something else");
    assert_refused("job", DS_E_CONFIG, "identity");
}

static void test_folder_foreign(void **state)
{
    char path[256];

    (void)state;
    snprintf(path, sizeof(path), "%s/identity", job_dir);
    assert_int_equal(unlink(path), 0);
    dir_write("letter.txt", "mine");
    assert_refused("job", DS_E_CONFIG, "no state");
}

static void test_folder_locked(void **state)
{
    (void)state; /* it is open */
    assert_refused("job", DS_E_DISK, "locked by another process");
}

static void test_folder_link(void **state)
{
    char real[160];

    (void)state;
    snprintf(real, sizeof(real), "%s/real", root);
    assert_int_equal(rename(job_dir, real), 0);
    assert_int_equal(symlink(real, job_dir), 0);
    assert_refused("job", DS_E_DISK, "symbolic link");
    assert_int_equal(unlink(job_dir), 0);
    fclose(fopen(job_dir, "w"));
    assert_refused("job", DS_E_DISK, "no folder");
}

static ds_rc store_with(const char *cluster, uint64_t signature, int64_t *pos,
                        ds_err *err)
{
    ds_db_spec spec = {job_dir, "job", cluster, 16 * MIB};
    ds_store_spec store = {"counts", "job.counts.changelog", 3, signature};
    ds_time written;
    ds_store *s = NULL;
    ds_db *db;
    ds_rc rc = type->db_open(&spec, &db, err);

    if (rc != DS_OK)
        return rc;
    rc = type->open(db, &store, &s, err);
    if (rc == DS_OK) {
        if (type->position(s, pos, &written, NULL) == DS_NOTFOUND)
            *pos = -1;
        assert_int_equal(type->close(s, NULL), DS_OK);
    }
    assert_int_equal(type->db_close(db, NULL), DS_OK);
    return rc;
}

static void test_store_identity(void **state)
{
    struct world *w = *state;
    ds_overlay *ov;
    ds_err err = {0};
    int64_t pos;

    world_open(w, 16 * MIB);
    ov = begin(w);
    put(w, ov, "a", "1");
    commit(w, ov, 4);
    world_close(w);
    assert_int_equal(store_with("cluster-1", 77, &pos, &err), DS_OK);
    assert_int_equal(pos, 4);
    assert_int_equal(store_with("cluster-1", 78, &pos, &err), DS_E_DECISION);
    assert_non_null(strstr(err.msg, "counts"));
    assert_int_equal(store_with("cluster-1", 0, &pos, &err), DS_OK);
    assert_int_equal(pos, 4); /* whoever does not ask */
    assert_int_equal(store_with("", 77, &pos, &err), DS_OK);
    assert_int_equal(pos, 4); /* not known */
    assert_int_equal(store_with("cluster-2", 77, &pos, &err), DS_OK);
    assert_int_equal(pos, -1); /* of another cluster: restored */
}

static int damage_one(const char *path, const struct stat *st, int t,
                      struct FTW *f)
{
    int fd;

    (void)t;
    (void)f;
    if (!S_ISREG(st->st_mode) || !strstr(path, ".sst"))
        return 0;
    fd = open(path, O_WRONLY);
    if (fd < 0 || pwrite(fd, "damage damage damage", 20, 10) != 20 ||
        ftruncate(fd, st->st_size - 7) != 0)
        return -1;
    return close(fd);
}

/* Damage is found, and what is left is an empty store that can be restored. */
static void test_damage(void **state)
{
    struct world *w = *state;
    ds_overlay *ov;
    ds_err err = {0};
    int64_t pos = 0;

    world_open(w, 16 * MIB);
    ov = begin(w);
    put(w, ov, "a", "1");
    commit(w, ov, 4);
    world_close(w);
    assert_int_equal(nftw(job_dir, damage_one, 16, FTW_PHYS), 0);
    if (store_with("cluster-1", 77, &pos, &err) != DS_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(pos, -1);
    assert_int_equal(store_with("cluster-1", 77, &pos, &err), DS_OK);
}

/* ---- kill -9 ---- */

/* Epoch e puts and deletes some keys that follow from e alone. */
static void chain_epoch(struct world *w, ds_overlay *ov, struct model *m,
                        int64_t e)
{
    uint64_t x = (uint64_t)e * 2654435761u + 1;
    uint32_t n = 1 + rng(&x) % 400;

    if (w)
        model_put(w, ov, m, &x, n);
    else
        for (uint32_t i = 0; i < n; i++) {
            int k = (int)(rng(&x) % MODEL_KEYS);
            m->v[k] = rng(&x) % 5 == 0 ? 0 : (int)(rng(&x) % 1000000) + 1;
        }
}

/* A number in a file that both processes see. */
static _Atomic int64_t *shared_number(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    void *p;

    assert_int_equal(ftruncate(fd, 4096), 0);
    p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_true(p != MAP_FAILED);
    close(fd);
    return p;
}

/* The other process: a new program, since RocksDB's threads do not survive a
 * fork. */
static int chain_main(const char *dir, const char *number, const char *least)
{
    struct world w = {.a = ds_arena_new(1 << 16),
                      .epoch = ds_arena_new(1 << 16)};
    _Atomic int64_t *done = shared_number(number);
    struct model m = {0};
    int64_t pos = 0;
    ds_time written, now = 0;

    type = &store_rocksdb;
    snprintf(job_dir, sizeof(job_dir), "%s", dir);
    world_open(&w, 2 * MIB);
    base_db_files(((struct db *)w.db)->base, strtoul(least, NULL, 10));
    if (type->position(w.s, &pos, &written, NULL) == DS_NOTFOUND)
        pos = 0;
    for (;; pos++) {
        ds_overlay *ov = begin(&w);
        chain_epoch(&w, ov, &m, pos);
        commit(&w, ov, pos + 1);
        ds_arena_reset(w.epoch);
        now += 4 * DS_SECOND; /* a write every third epoch, and flushes */
        if (type->tick(w.s, now, NULL) != DS_OK)
            return 3;
        *done = pos + 1;
    }
}

/* Writes of so many bytes are files. */
static pid_t chain_start(const char *number, const char *least)
{
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        execl("/proc/self/exe", "test_store", "chain", job_dir, number, least,
              NULL);
        _exit(4);
    }
    return child;
}

/* After a kill the store is exactly what the epochs before its position made.
 */
static void test_kill(void **state)
{
    struct world *w = *state;
    char number[128];
    _Atomic int64_t *done;
    int64_t pos = 0, last = 0, made = 0;
    uint64_t x = (uint64_t)time(NULL);
    struct model m = {0};
    ds_time written;

    snprintf(number, sizeof(number), "%s/number", root);
    done = shared_number(number);
    for (int round = 0; round < 12; round++) {
        static const char *const least[] = {"100000000", "1", "4000"};
        pid_t child = chain_start(number, least[round % 3]);
        struct timespec t = {0, 30000000 + (long)(rng(&x) % 400) * 1000000};
        int status;

        nanosleep(&t, NULL);
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        assert_true(WIFSIGNALED(status));
        world_open(w, 2 * MIB);
        if (type->position(w->s, &pos, &written, NULL) == DS_NOTFOUND)
            pos = 0;
        assert_true(pos >= last);
        assert_true(pos <= *done + 1);
        for (; made < pos; made++)
            chain_epoch(NULL, NULL, &m, made);
        model_check(w, NULL, &m);
        last = pos;
        world_close(w);
    }
    assert_true(last > 0); /* else nothing was shown */
    munmap((void *)(uintptr_t)done, 4096);
}

/* ---- run ---- */

static const struct CMUnitTest all_kinds[] = {
    cmocka_unit_test_setup_teardown(test_get_put_scan, setup, teardown),
    cmocka_unit_test_setup_teardown(test_abort, setup, teardown),
    cmocka_unit_test_setup_teardown(test_two_epochs, setup, teardown),
    cmocka_unit_test_setup_teardown(test_seal, setup, teardown),
    cmocka_unit_test_setup_teardown(test_own_keys, setup, teardown),
    cmocka_unit_test_setup_teardown(test_position, setup, teardown),
    cmocka_unit_test_setup_teardown(test_apply, setup, teardown),
    cmocka_unit_test_setup_teardown(test_wipe, setup, teardown),
    cmocka_unit_test_setup_teardown(test_reopen, setup, teardown),
    cmocka_unit_test_setup_teardown(test_model, setup, teardown),
    cmocka_unit_test_setup_teardown(test_ordered, setup, teardown),
};

static const struct CMUnitTest rocksdb_only[] = {
    cmocka_unit_test_setup_teardown(test_kill, setup_closed, teardown_closed),
    cmocka_unit_test_setup_teardown(test_load, setup, teardown),
    cmocka_unit_test_setup_teardown(test_load_part, setup, teardown),
    cmocka_unit_test_setup_teardown(test_load_wipe, setup, teardown),
    cmocka_unit_test_setup_teardown(test_eviction, setup, teardown),
    cmocka_unit_test_setup_teardown(test_no_calls, setup, teardown),
    cmocka_unit_test_setup_teardown(test_tick, setup, teardown),
    cmocka_unit_test_setup_teardown(test_files, setup, teardown),
    cmocka_unit_test_setup_teardown(test_folder_of_another_job, setup_closed,
                                    teardown_closed),
    cmocka_unit_test_setup_teardown(test_folder_newer, setup_closed,
                                    teardown_closed),
    cmocka_unit_test_setup_teardown(test_folder_foreign, setup_closed,
                                    teardown_closed),
    cmocka_unit_test_setup_teardown(test_folder_locked, setup, teardown),
    cmocka_unit_test_setup_teardown(test_folder_link, setup_closed,
                                    teardown_closed),
    cmocka_unit_test_setup_teardown(test_store_identity, setup_closed,
                                    teardown_closed),
    cmocka_unit_test_setup_teardown(test_damage, setup_closed, teardown_closed),
};

int main(int argc, char **argv)
{
    int bad;

    if (argc == 5 && strcmp(argv[1], "chain") == 0)
        return chain_main(argv[2], argv[3], argv[4]);

    type = &store_rocksdb;
    bad = cmocka_run_group_tests_name("rocksdb only", rocksdb_only, NULL, NULL);
    bad += cmocka_run_group_tests_name("rocksdb", all_kinds, NULL, NULL);
    type = &store_memory;
    bad += cmocka_run_group_tests_name("memory", all_kinds, NULL, NULL);
    return bad != 0;
}
