/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verb.h - calls a verb as the shell would: in a process of its own, with what
 * it writes in files.
 */
#ifndef TESTS_VERB_H
#define TESTS_VERB_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/cmd.h"

typedef struct ran {
    int code;
    char out[1 << 16], err[1 << 16];
} ran;

static char verb_dir[64];

static inline const char *verb_path(const char *name)
{
    static char buf[64][256];
    static unsigned next;
    char *to = buf[next++ % 64];

    if (!verb_dir[0]) {
        strcpy(verb_dir, "/tmp/verb-XXXXXX");
        assert_non_null(mkdtemp(verb_dir));
    }
    snprintf(to, sizeof(buf[0]), "%s/%s", verb_dir, name);
    return to;
}

static inline const char *verb_file(const char *name, const char *text)
{
    const char *path = verb_path(name);
    FILE *to = fopen(path, "w");

    assert_non_null(to);
    fputs(text, to);
    fclose(to);
    return path;
}

static inline void verb_slurp(const char *path, char *to, size_t cap)
{
    FILE *from = fopen(path, "r");
    size_t n = from ? fread(to, 1, cap - 1, from) : 0;

    to[n] = 0;
    if (from)
        fclose(from);
}

static inline void verb_redirect(const char *path, int fd)
{
    int to = open(path, O_CREAT | O_TRUNC | O_RDWR, 0600);

    dup2(to, fd);
    close(to);
}

/* The arguments end with NULL. */
static inline const ran *verb_run_in(const char *input, verb_fn *fn,
                                     const char *const *args)
{
    static ran r;
    const char *out = verb_path("out"), *err = verb_path("err");
    char *argv[32] = {(char *)(uintptr_t) "dstream verb"};
    int argc = 1, status;
    pid_t pid;

    for (; args[argc - 1]; argc++)
        argv[argc] = strdup(args[argc - 1]);
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        if (input)
            verb_redirect(input, 0);
        verb_redirect(out, 1);
        verb_redirect(err, 2);
        status = fn(argc, argv);
        fflush(NULL);
        _exit(status);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    r.code = WEXITSTATUS(status);
    verb_slurp(out, r.out, sizeof(r.out));
    verb_slurp(err, r.err, sizeof(r.err));
    for (int i = 1; i < argc; i++)
        free(argv[i]);
    return &r;
}

#define VERB(fn, ...) verb_run_in(NULL, fn, (const char *[]){__VA_ARGS__, NULL})

static inline int verb_clean(void **state)
{
    char command[128];

    (void)state;
    if (!verb_dir[0])
        return 0;
    snprintf(command, sizeof(command), "rm -rf %s", verb_dir);
    return system(command);
}

#endif
