/* SPDX-License-Identifier: Apache-2.0 */
/* cmd.h - what the verbs of the program share. */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include "dstream/registry.h"

/* Everything that comes with dstream, registered once. */
const ds_registry *cmd_registry(void);

/* One function per verb; returns the exit code. */
int verb_test(int argc, char **argv);

#endif
