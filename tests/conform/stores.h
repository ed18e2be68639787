/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stores.h - a store in a folder of the test's own, and calls that must
 * succeed.
 */
#ifndef TESTS_CONFORM_STORES_H
#define TESTS_CONFORM_STORES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dstream/log.h"
#include "state/types.h"

#define MIB ((int64_t)1 << 20)

static const ds_store_type *type; /* that is tested */
static char root[64];             /* a folder of the test's own */
static char job_dir[128];

struct world {
    ds_db *db;
    ds_store *s;
    ds_arena *a;     /* of the test */
    ds_arena *epoch; /* of an epoch */
};

/* ---- help ---- */

static int remove_one(const char *path, const struct stat *st, int t,
                      struct FTW *f)
{
    (void)st;
    (void)t;
    (void)f;
    return remove(path);
}

static ds_db_spec db_spec(const char *job, int64_t memory)
{
    return (ds_db_spec){job_dir, job, "cluster-1", memory};
}

static void world_open(struct world *w, int64_t memory)
{
    ds_db_spec spec = db_spec("job", memory);
    ds_store_spec store = {"counts", "job.counts.changelog", 3, 77};
    ds_err err = {0};

    if (type->db_open(&spec, &w->db, &err) != DS_OK ||
        type->open(w->db, &store, &w->s, &err) != DS_OK)
        fail_msg("%s", err.msg);
}

static void world_close(struct world *w)
{
    ds_err err = {0};

    if (type->close(w->s, &err) != DS_OK ||
        type->db_close(w->db, &err) != DS_OK)
        fail_msg("%s", err.msg);
}

static void world_reopen(struct world *w, int64_t memory)
{
    world_close(w);
    world_open(w, memory);
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    snprintf(root, sizeof(root), "%s/dstream-store-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(root))
        return -1;
    snprintf(job_dir, sizeof(job_dir), "%s/state/job", root);
    w->a = ds_arena_new(1 << 16);
    w->epoch = ds_arena_new(1 << 16);
    world_open(w, 64 * MIB);
    *state = w;
    return 0;
}

static int setup_closed(void **state)
{
    setup(state);
    world_close(*state);
    return 0;
}

static int teardown_closed(void **state)
{
    struct world *w = *state;

    ds_arena_free(w->a);
    ds_arena_free(w->epoch);
    free(w);
    return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int teardown(void **state)
{
    world_close(*state);
    return teardown_closed(state);
}

static ds_slice key_of(ds_arena *a, int i)
{
    return ds_slice_of(ds_str_printf(a, "\x01key-%06d", i));
}

static uint32_t rng(uint64_t *x)
{
    *x = *x * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*x >> 33);
}

static int number_in(ds_slice s)
{
    int n = 0;

    for (uint32_t i = 0; i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9'; i++)
        n = n * 10 + s.ptr[i] - '0';
    return n;
}

static ds_overlay *begin(struct world *w)
{
    return type->begin(w->s, NULL, w->epoch);
}

static void put(struct world *w, ds_overlay *ov, const char *key,
                const char *val)
{
    ds_slice k = ds_slice_of(key);
    ds_slice v = val ? ds_slice_of(val) : DS_NULL_SLICE;

    assert_int_equal(type->put(w->s, ov, &k, NULL, &v, 1, NULL), DS_OK);
}

static const char *get(struct world *w, ds_overlay *ov, const char *key)
{
    ds_slice k = ds_slice_of(key), v;
    ds_err err = {0};

    if (type->get(w->s, ov, &k, NULL, 1, w->a, &v, &err) != DS_OK)
        fail_msg("%s", err.msg);
    return v.ptr ? ds_strn_copy(w->a, (const char *)v.ptr, v.len) : NULL;
}

static void assert_get(struct world *w, ds_overlay *ov, const char *key,
                       const char *want)
{
    const char *got = get(w, ov, key);

    if (want == NULL)
        assert_null(got);
    else if (got == NULL)
        fail_msg("%s is absent, not %s", key, want);
    else
        assert_string_equal(got, want);
}

static void commit(struct world *w, ds_overlay *ov, int64_t pos)
{
    ds_outbox *box = ds_outbox_new(w->epoch);
    ds_err err = {0};

    assert_int_equal(type->seal(w->s, ov, DS_NULL_SLICE, 0, box, &err), DS_OK);
    if (type->commit(w->s, ov, pos, &err) != DS_OK)
        fail_msg("%s", err.msg);
}

static ds_rc scan_add(void *arg, ds_slice key, ds_slice val, ds_err *err)
{
    char *text = arg;

    (void)err;
    snprintf(text + strlen(text), 1000 - strlen(text), "%.*s=%.*s ",
             (int)key.len, (const char *)key.ptr, (int)val.len,
             (const char *)val.ptr);
    return DS_OK;
}

static const char *scan(struct world *w, ds_overlay *ov, const char *lo,
                        const char *hi)
{
    char *text = ds_new(w->a, char, 1000);
    ds_err err = {0};

    if (type->scan(w->s, ov, lo ? ds_slice_of(lo) : DS_NULL_SLICE,
                   hi ? ds_slice_of(hi) : DS_NULL_SLICE, scan_add, text,
                   &err) != DS_OK)
        fail_msg("%s", err.msg);
    return text;
}

#endif
