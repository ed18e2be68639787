/* SPDX-License-Identifier: Apache-2.0 */
/* job.c - a job file, read into a ds_job. */
#include <stdlib.h>

#include "yaml/yaml_job.h"

void yaml_job_load(ds_job *job, const char *path, const yaml_vars *vars,
                   ds_slice *source)
{
    ds_arena *a = ds_job_arena(job);
    ds_diags *d = ds_job_diags(job);
    yaml_vars env = {.on = true,
                     .secrets_dir = getenv("CREDENTIALS_DIRECTORY")};
    const ds_arg *root;

    path = ds_str_copy(a, path);
    if (!yaml_read(path, a, source, d))
        return;
    root = yaml_parse(*source, path, vars ? vars : &env, a, d);
    if (!root)
        return;
    if (root->kind != DS_ARG_MAP) {
        ds_diag_add(d, DS_ERROR, "E0103", root->where, "dstream: 1",
                    "a job file is a map of names and values");
        return;
    }
    if (!ds_arg_find(root, "dstream"))
        ds_diag_add(d, DS_ERROR, "E0102", root->where, "dstream: 1",
                    "`dstream` is missing: the version of the language");
    for (uint32_t i = 0; i < root->n; i++)
        ds_job_set_arg(job, &root->names[i], root->items[i]);
}
