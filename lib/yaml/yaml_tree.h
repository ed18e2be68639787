/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml_tree.h - YAML text as a ds_arg tree that knows where everything stands.
 *
 * The tree comes first: nothing is interpreted while parsing. Limits: 1 MiB,
 * depth 32, 50,000 nodes with aliases counted as often as they are used, 64 KiB
 * per scalar, one document, UTF-8 without NUL. Merge keys, custom tags and
 * duplicate keys are mistakes.
 *
 * Thread: any.
 */
#ifndef YAML_YAML_TREE_H
#define YAML_YAML_TREE_H

#include "dstream/param.h"

typedef struct yaml_vars {
    bool on; /* ${X} and ${file:name} are replaced in scalars */
    /* NULL: the environment. Returns NULL if it is not set. */
    const char *(*get)(void *arg, const char *name);
    void *arg;
    const char *secrets_dir; /* of ${file:name}; NULL: there is none */
} yaml_vars;

#define YAML_MAX_BYTES (1024 * 1024)

/* NULL if the text is no YAML or breaks a limit; then `d` has the mistake.
 * Other mistakes (duplicate keys, variables that are not set) leave a tree. The
 * tree lives in `a`; `file` must live as long. */
const ds_arg *yaml_parse(ds_slice text, const char *file, const yaml_vars *vars,
                         ds_arena *a, ds_diags *d);

/* A file's bytes in `a`; false after a diag at the file (missing, a directory,
 * too large). "-" is standard input. */
bool yaml_read(const char *path, ds_arena *a, ds_slice *out, ds_diags *d);

#endif
