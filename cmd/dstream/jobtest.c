/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jobtest.c - `dstream test`: job tests, and the sweep over their variants.
 */
#include <dirent.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/cmd.h"
#include "cmd/jobtest.h"
#include "dstream/fault.h"
#include "dstream/log.h"

typedef struct session {
    const ds_registry *reg;
    const char *pattern; /* -k */
    bool sweep;
    unsigned tests, failed, files, broken;
} session;

static const test_variant plain = {.name = NULL};

/* What --sweep repeats every test with; the fault points come on top. */
static const test_variant variants[] = {
    {.name = "commits aborted once", .abort = true},
    {.name = "columns of 1 row", .column_rows = 1},
    {.name = "columns of 2 rows", .column_rows = 2},
};
static const test_variant cut_variants[] = {
    {.name = "epochs of 1 row", .epoch_rows = 1},
    {.name = "epochs of 2 rows", .epoch_rows = 2},
    {.name = "epochs of 1 row, commits aborted once",
     .abort = true,
     .epoch_rows = 1},
};

static void report_print(const char *report)
{
    while (*report) {
        size_t n = strcspn(report, "\n");
        printf("       %.*s\n", (int)n, report);
        report += n + (report[n] == '\n');
    }
}

static bool variant_run(session *s, const test_file *f, const job_test *t,
                        const test_variant *v)
{
    ds_arena *a = ds_arena_new(1 << 16);
    ds_time start = ds_mono_now();
    char *report;
    bool ok = test_run(f, t, v, s->reg, a, &report);
    long ms = (long)((ds_mono_now() - start) / DS_MS);

    s->tests++;
    s->failed += !ok;
    if (!ok || !v->name)
        printf("  %-4s %s%s%s%s  %ld ms\n", ok ? "ok" : "FAIL", t->name,
               v->name ? " (" : "", v->name ? v->name : "", v->name ? ")" : "",
               ms);
    if (!ok)
        report_print(report);
    ds_arena_free(a);
    return ok;
}

static void test_sweep(session *s, const test_file *f, const job_test *t)
{
    unsigned n = s->tests, failed = s->failed;

    for (size_t i = 0; i < sizeof(variants) / sizeof(*variants); i++)
        variant_run(s, f, t, &variants[i]);
    for (size_t i = 0;
         f->cuts_any && i < sizeof(cut_variants) / sizeof(*cut_variants); i++)
        variant_run(s, f, t, &cut_variants[i]);
    for (size_t i = 0; ds_fault_points[i] && !f->crashes_none; i++) {
        char name[80];
        test_variant v = {.name = name, .point = ds_fault_points[i]};
        snprintf(name, sizeof(name), "crash at %s", v.point);
        variant_run(s, f, t, &v);
    }
    if (s->failed == failed)
        printf("       and %u variants\n", s->tests - n);
}

/* Mistakes of one file, with its lines. */
static void mistakes_of(const ds_diags *d, const char *file, ds_slice text,
                        ds_arena *a)
{
    ds_diags of, ignored;

    ds_diags_init(&of, a);
    for (uint32_t i = 0; i < d->n; i++)
        if (d->list[i].where.file && !strcmp(d->list[i].where.file, file))
            ds_diag_add(&of, d->list[i].severity, d->list[i].code,
                        d->list[i].where, d->list[i].hint, "%s",
                        d->list[i].msg);
    ds_diags_init(&ignored, a);
    if (!text.ptr)
        yaml_read(file, a, &text, &ignored);
    ds_diags_show(&of, text, stdout);
}

/* Those of the test file, and those of the jobs that it names. */
static void mistakes_show(const ds_diags *d, const char *path, ds_slice text,
                          ds_arena *a)
{
    mistakes_of(d, path, text, a);
    for (uint32_t i = 0; i < d->n; i++) {
        const char *file = d->list[i].where.file;
        bool known = !file || !strcmp(file, path);
        for (uint32_t k = 0; k < i && !known; k++)
            known =
                d->list[k].where.file && !strcmp(d->list[k].where.file, file);
        if (!known)
            mistakes_of(d, file, DS_NULL_SLICE, a);
    }
}

static void file_run(session *s, const char *path)
{
    ds_arena *a = ds_arena_new(1 << 16);
    ds_slice text = DS_NULL_SLICE;
    test_file f = {.path = path};
    ds_diags d;

    s->files++;
    ds_diags_init(&d, a);
    printf("%s\n", path);
    if (!test_file_load(path, s->reg, a, &d, &text, &f)) {
        mistakes_show(&d, path, text, a);
        s->broken++;
        ds_arena_free(a);
        return;
    }
    for (uint32_t i = 0; i < f.n_tests; i++) {
        if (s->pattern && !strstr(f.tests[i].name, s->pattern))
            continue;
        if (variant_run(s, &f, &f.tests[i], &plain) && s->sweep)
            test_sweep(s, &f, &f.tests[i]);
    }
    fflush(stdout);
    ds_arena_free(a);
}

static int name_order(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool is_test_file(const char *name)
{
    size_t n = strlen(name), e = strlen(".test.yaml");

    return n > e && !strcmp(name + n - e, ".test.yaml");
}

static void path_run(session *s, const char *path, int depth)
{
    struct dirent **list;
    struct stat st;
    int n;

    if (stat(path, &st) || !S_ISDIR(st.st_mode)) {
        file_run(s, path);
        return;
    }
    n = depth < 16 ? scandir(path, &list, NULL, name_order) : 0;
    for (int i = 0; i < n; i++) {
        char sub[4096];
        snprintf(sub, sizeof(sub), "%s/%s", path, list[i]->d_name);
        if (list[i]->d_name[0] != '.' && stat(sub, &st) == 0 &&
            (S_ISDIR(st.st_mode) || is_test_file(sub)))
            path_run(s, sub, depth + 1);
        free(list[i]);
    }
    if (n > 0)
        free(list);
}

static const char usage[] =
    "usage: dstream test [-k TEXT] [--sweep] [PATH…]\n"
    "\n"
    "Run job tests: files *.test.yaml, or all of a folder (default: .).\n"
    "No broker is contacted; the clock is virtual.\n"
    "\n"
    "  -k TEXT    only tests whose name holds TEXT\n"
    "  --sweep    every test again: with a crash at each fault point, with\n"
    "             aborted commits, with column batches of 1 and 2 rows, and\n"
    "             with other epochs where the file says cuts: any\n";

int verb_test(int argc, char **argv)
{
    static const struct option options[] = {{"sweep", no_argument, NULL, 's'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    session s = {.reg = cmd_registry()};
    int c;

    while ((c = getopt_long(argc, argv, "k:h", options, NULL)) != -1) {
        if (c == 'k') {
            s.pattern = optarg;
        } else if (c == 's') {
            s.sweep = true;
        } else {
            return cmd_help(c, "test", usage);
        }
    }
    /* What goes wrong on purpose is of no interest. */
    ds_log_start(DS_LOG_ERROR, DS_LOG_AUTO);
    if (optind == argc)
        path_run(&s, ".", 0);
    for (int i = optind; i < argc; i++)
        path_run(&s, argv[i], 0);
    printf("%u tests, %u failed\n", s.tests, s.failed);
    return s.broken ? 78 : s.failed ? 1 : 0;
}
