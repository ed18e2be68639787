/* SPDX-License-Identifier: Apache-2.0 */
/* serve.c - `dstream serve`. */
#include "cmd/cmd.h"

int verb_serve(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    fputs("dstream: serve is not built yet\n", stderr);
    return EXIT_USAGE;
}
