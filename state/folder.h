/* SPDX-License-Identifier: Apache-2.0 */
/*
 * folder.h - the folder of a job's state: whose it is, and that one process has
 * it.
 *
 *     <state dir>/<job>/identity   format, job, cluster
 *     <state dir>/<job>/lock       flock; holds the process id
 *     <state dir>/<job>/db/        RocksDB
 */
#ifndef STATE_FOLDER_H
#define STATE_FOLDER_H

#include "dstream/store.h"

#define FOLDER_FORMAT 1

typedef struct folder {
    char *dir;
    int lock; /* -1: not locked */
} folder;

/* Checks the identity before anything is written, then locks. */
ds_rc folder_open(const ds_db_spec *spec, folder *out, ds_err *err);
void folder_close(folder *f);
/* Deletes <dir>/db and what is in it. */
ds_rc folder_drop_db(const folder *f, ds_err *err);

#endif
