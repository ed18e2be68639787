/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.c - the store of tests and of runs without --state: tables only.
 */
#include <stdlib.h>

#include "state/types.h"

static ds_rc memory_open(const ds_db_spec *spec, ds_db **out, ds_err *err)
{
    struct db *db = calloc(1, sizeof(*db));

    (void)err;
    DS_BUG_ON(db == NULL);
    db->head.type = &store_memory;
    db->job = strdup(spec->job ? spec->job : "");
    db->folder.lock = -1;
    db->memory = spec->memory;
    *out = &db->head;
    return DS_OK;
}

static ds_rc memory_close(ds_db *head, ds_err *err)
{
    struct db *db = (struct db *)head;

    (void)err;
    free(db->job);
    free(db);
    return DS_OK;
}

const ds_store_type store_memory = {
    .name = "memory",
    .help = "State in memory only; restored from the changelog.",
    .db_open = memory_open,
    .db_close = memory_close,
    .open = store_open,
    .close = store_close,
    .wipe = store_wipe,
    .begin = store_begin,
    .get = store_get,
    .put = store_put,
    .scan = store_scan,
    .visit = store_visit,
    .seal = store_seal,
    .commit = store_commit,
    .apply = store_apply,
    .position = store_position,
    .engine = store_engine,
    .tick = store_tick,
    .stats = store_stats,
};
