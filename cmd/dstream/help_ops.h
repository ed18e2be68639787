/* SPDX-License-Identifier: Apache-2.0 */
/* help_ops.h - `dstream help --operators`: docs/operators.md; and of one. */
#ifndef CMD_HELP_OPS_H
#define CMD_HELP_OPS_H

#include "dstream/registry.h"

/* On standard output. */
void help_operators(const ds_registry *reg);

/* What it does and takes; false: there is no such operator. */
bool help_operator(const ds_registry *reg, const char *name);

#endif
