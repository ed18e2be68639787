/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml_job.h - a job file, read into a ds_job.
 *
 * Thread: any.
 */
#ifndef YAML_YAML_JOB_H
#define YAML_YAML_JOB_H

#include "dstream/job.h"
#include "yaml/yaml_tree.h"

/* Reads the file and says everything in it to the job; mistakes are in the
 * job's diags. `source` gets the file's bytes, for showing them. vars NULL:
 * from the environment and CREDENTIALS_DIRECTORY. */
void yaml_job_load(ds_job *job, const char *path, const yaml_vars *vars,
                   ds_slice *source);

#endif
