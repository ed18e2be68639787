/* SPDX-License-Identifier: Apache-2.0 */
/* help_ops.h - `dstream help --operators`: docs/operators.md. */
#ifndef CMD_HELP_OPS_H
#define CMD_HELP_OPS_H

#include "dstream/registry.h"

/* On standard output. */
void help_operators(const ds_registry *reg);

#endif
