/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c - `dstream replay`. */
#include "cmd/cmd.h"

int verb_replay(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    fputs("dstream: replay is not built yet\n", stderr);
    return EXIT_USAGE;
}
