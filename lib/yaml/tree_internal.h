/* SPDX-License-Identifier: Apache-2.0 */
/* tree_internal.h - what the parts of the YAML reader share. */
#ifndef YAML_TREE_INTERNAL_H
#define YAML_TREE_INTERNAL_H

#include "yaml/yaml_tree.h"

typedef enum scalar_style {
    SCALAR_PLAIN,
    SCALAR_QUOTED,
    SCALAR_BLOCK
} scalar_style;

/* The text of a file and where its lines begin. */
typedef struct source_map {
    ds_slice text;
    const char *file;
    uint32_t n_lines;
    const uint32_t *lines;                 /* byte offsets */
    uint32_t last_line, last_col, last_at; /* where the last scalar began */
} source_map;

void source_map_init(source_map *m, ds_slice text, const char *file,
                     ds_arena *a);
/* Segments of a scalar whose first byte in the file stands at line:col (from
 * 0, in characters). Where the text and the file part, the rest stays at the
 * last place known. */
ds_text source_map_scalar(source_map *m, ds_slice value, scalar_style style,
                          bool double_quoted, uint32_t line, uint32_t col,
                          ds_arena *a);

/* Replace variables in a scalar. */
ds_text vars_replace(const ds_text *t, const yaml_vars *vars, ds_arena *a,
                     ds_diags *d);

#endif
