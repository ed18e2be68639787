/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ops.c - the list of operators. A new one is a file and a line here.
 */
#include "op/ops.h"

static const ds_op_type *const types[] = {
    &op_source,
    &op_unshuffle,
    &op_shuffle,
    &op_sink,
    &op_console,
    &op_table_join,
    &op_stored_table_join,
    &op_partial,
    &op_map,
    &op_flat_map,
    &op_filter,
    &op_window,
    &op_count_by_window,
    &op_count_by_value_and_window,
    &op_reduce_by_window,
    &op_reduce_by_key_and_window,
    &op_group_by_key_and_window,
    &op_key_by,
    &op_reduce_by_key,
    &op_update_state_by_key,
    &op_union,
    &op_repartition,
    &op_outside,
    &op_map_with_state,
    &op_transform,
    &op_transform_with,
    &op_map_partitions,
    &op_join,
    &op_left_outer_join,
    &op_right_outer_join,
    &op_full_outer_join,
    &op_cogroup,
    &op_reduce,
    &op_count,
    &op_count_by_key,
    &op_count_by_value,
    &op_by_value,
    &op_group_by_key,
    &op_map_values,
    &op_flat_map_values,
    &op_glom,
};

void ds_register_ops(ds_registry *reg)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
        ds_registry_add_op(reg, types[i]);
}
