/* SPDX-License-Identifier: Apache-2.0 */
/*
 * version.c - `dstream version`: of the program and of its libraries.
 */
#include <getopt.h>
#include <jansson.h>
#include <microhttpd.h>

#include "cmd/cmd.h"
#include "kafka/version.h"
#include "parse/version.h"
#include "state/version.h"

static const char usage[] =
    "usage: dstream version\n"
    "\n"
    "Print the versions of dstream and of the libraries it was built with.\n"
    "\n"
    "  --help               this text\n";

int verb_version(int argc, char **argv)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int c = getopt_long(argc, argv, "h", options, NULL);

    if (c != -1)
        return cmd_help(c, "version", usage);
    if (optind != argc)
        return cmd_usage("version", "it takes no argument");
    printf("dstream %s\n", DSTREAM_VERSION);
    printf("librdkafka %s\n", kafka_library_version());
    printf("rocksdb %s\n", state_library_version());
    printf("postgresql grammar %s\n", parse_library_version());
    printf("libmicrohttpd %s\n", MHD_get_version());
    printf("jansson %s\n", jansson_version_str());
    return 0;
}
