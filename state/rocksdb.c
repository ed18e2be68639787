/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rocksdb.c - tables with RocksDB behind them, in the job's own folder.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dstream/log.h"
#include "state/types.h"

static void db_free(struct db *db)
{
    folder_close(&db->folder);
    free(db->job);
    free(db->cluster);
    free(db);
}

/* A damaged database is made again: the changelogs have everything. */
static ds_rc db_base_open(struct db *db, ds_err *err)
{
    ds_err why = {0};
    char *path = NULL;
    ds_rc rc;

    DS_BUG_ON(asprintf(&path, "%s/db", db->folder.dir) < 0);
    rc = base_db_open(path, db->memory, &db->base, &why);
    if (rc == DS_E_STATE) {
        ds_log(DS_LOG_WARN, "local state is damaged; it is restored",
               DS_KV("job", "%s", db->job), DS_KV("why", "%s", why.msg));
        rc = folder_drop_db(&db->folder, &why);
        if (rc == DS_OK)
            rc = base_db_open(path, db->memory, &db->base, &why);
    }
    free(path);
    return rc == DS_OK ? DS_OK
                       : ds_fail(err, rc, "%s: %s", db->folder.dir, why.msg);
}

static ds_rc db_open(const ds_db_spec *spec, ds_db **out, ds_err *err)
{
    struct db *db = calloc(1, sizeof(*db));
    ds_rc rc;

    DS_BUG_ON(db == NULL);
    db->head.type = &store_rocksdb;
    db->job = strdup(spec->job);
    db->cluster = strdup(spec->cluster_id ? spec->cluster_id : "");
    db->memory = spec->memory;
    rc = folder_open(spec, &db->folder, err);
    if (rc == DS_OK)
        rc = db_base_open(db, err);
    if (rc != DS_OK) {
        db_free(db);
        return rc;
    }
    writer_start(&db->writer);
    *out = &db->head;
    return DS_OK;
}

static ds_rc db_close(ds_db *head, ds_err *err)
{
    struct db *db = (struct db *)head;
    ds_rc rc;

    writer_stop(&db->writer);
    rc = base_db_close(db->base, err);
    db_free(db);
    return rc;
}

static void db_stats(ds_db *head, ds_db_stats *out)
{
    base_db_stats(((struct db *)head)->base, out);
}

const ds_store_type store_rocksdb = {
    .name = "rocksdb",
    .help = "State in memory with RocksDB behind it.",
    .db_open = db_open,
    .db_close = db_close,
    .db_stats = db_stats,
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
