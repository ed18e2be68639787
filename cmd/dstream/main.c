/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - the verbs of dstream.
 */
#include <string.h>

#include "cmd/cmd.h"

static const struct verb {
    const char *name;
    verb_fn *fn;
    const char *help;
} verbs[] = {
    {"run", verb_run, "run one job in the foreground"},
    {"serve", verb_serve, "the daemon: all jobs of a folder, with metrics"},
    {"replay", verb_replay, "move a job and its state back in time"},
    {"lint", verb_lint, "check job files; no network"},
    {"explain", verb_explain, "what a job does: stages, topics, stores"},
    {"test", verb_test, "run job tests; no broker"},
    {"eval", verb_eval, "evaluate an expression over rows"},
    {"schema", verb_schema, "print the JSON schema of job files"},
    {"version", verb_version, "versions of dstream and its libraries"},
};

#define N_VERBS (sizeof(verbs) / sizeof(*verbs))

static void usage(FILE *to)
{
    fputs("usage: dstream VERB [OPTION…]\n\n"
          "Exactly-once stream processing beside Kafka.\n\n",
          to);
    for (size_t i = 0; i < N_VERBS; i++)
        fprintf(to, "  %-8s  %s\n", verbs[i].name, verbs[i].help);
    fputs(
        "\n`dstream VERB --help` tells a verb's options; `dstream help NAME` "
        "what a function,\nan operator or an error code is.\n"
        "Exit codes: 0 done; 1 a record, a job or a test failed; 3 a decision "
        "is needed;\n"
        "64 usage; 69 broker unreachable; 73 state directory; 77 not "
        "authorised;\n"
        "78 bad job or configuration.\n",
        to);
}

static const struct verb *verb_find(const char *name)
{
    for (size_t i = 0; i < N_VERBS; i++)
        if (!strcmp(verbs[i].name, name))
            return &verbs[i];
    return NULL;
}

static int verb_unknown(const char *name)
{
    const char *names[N_VERBS], *near;

    for (size_t i = 0; i < N_VERBS; i++)
        names[i] = verbs[i].name;
    near = ds_name_nearest(name, names, N_VERBS);
    fprintf(stderr, "dstream: there is no verb `%.40s`", name);
    if (near)
        fprintf(stderr, "; did you mean `%s`?", near);
    fputs("\nSee `dstream --help`.\n", stderr);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    const struct verb *v;
    char name[40];

    if (argc < 2) {
        usage(stderr);
        return EXIT_USAGE;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
        (!strcmp(argv[1], "help") && argc == 2)) {
        usage(stdout);
        return 0;
    }
    if (!strcmp(argv[1], "--version")) {
        argv[1] = "version";
        argc = 2;
    }
    if (!strcmp(argv[1], "help")) {
        char *help[] = {argv[2], "--help", NULL};
        v = verb_find(argv[2]);
        return v ? v->fn(2, help) : help_main(argv[2]);
    }
    v = verb_find(argv[1]);
    if (!v)
        return verb_unknown(argv[1]);
    snprintf(name, sizeof(name), "dstream %s", v->name);
    argv[1] = name; /* what getopt puts in front of its messages */
    return v->fn(argc - 1, argv + 1);
}
