/* SPDX-License-Identifier: Apache-2.0 */
/*
 * help.c - `dstream help NAME`: a function, an operator or an error code; and
 * docs/functions.md.
 */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/help_codes.h"
#include "cmd/help_ops.h"
#include "expr/help.h"
#include "query/query.h"

/* What can be named of the table. */
typedef struct listing {
    ds_func_help *list;
    uint32_t n;
} listing;

static listing listing_of(ds_arena *a)
{
    listing all = {NULL, 0};
    ds_func_help h;
    uint32_t n = 0;

    while (ds_func_help_at(n, a, &h))
        n++;
    for (uint32_t i = 0; ds_window_help_at(i, &h); i++)
        n++;
    all.list = ds_new(a, ds_func_help, n);
    for (uint32_t i = 0; i < n; i++)
        if (ds_func_help_at(i, a, &h) && h.name)
            all.list[all.n++] = h;
    for (uint32_t i = 0; ds_window_help_at(i, &h); i++)
        all.list[all.n++] = h;
    return all;
}

/* ---- one name ---- */

static int help_function(const char *name, const listing *all)
{
    const char *last = NULL;
    int n = 0;

    for (uint32_t i = 0; i < all->n; i++) {
        const ds_func_help *h = &all->list[i];

        if (strcmp(h->name, name) != 0)
            continue;
        if (h->help && (!last || strcmp(last, h->help) != 0)) {
            printf("%s%s\n", n ? "\n" : "", h->help);
            if (h->example)
                printf("  for example: %s\n", h->example);
            last = h->help;
        }
        printf("  %s\n", h->form);
        n++;
    }
    return n;
}

/* Lines of a job, or an expression. */
static void example_print(const char *what, const char *text)
{
    printf("  %s ", what);
    for (; *text; text++) {
        putchar(*text);
        if (*text == '\n')
            fputs("         ", stdout);
    }
    putchar('\n');
}

static bool help_code(const char *code)
{
    const char *text = help_code_text(code);

    if (!text)
        return false;
    printf("%s: %s\n", code, text);
    for (const help_example *e = help_examples; e->code; e++) {
        if (strcmp(e->code, code) != 0)
            continue;
        example_print("wrong:", e->wrong);
        example_print("right:", e->right);
    }
    return true;
}

/* `count` is an operator and a function. */
static bool help_name(const char *name, const listing *all)
{
    bool code = help_code(name);
    bool op = help_operator(cmd_registry(), name);

    return help_function(name, all) > 0 || op || code;
}

static const char *nearest(const char *name, const listing *all, ds_arena *a)
{
    enum { OPERATORS = 256 };
    const ds_registry *reg = cmd_registry();
    const char **names = ds_new(a, const char *, all->n + OPERATORS);
    const ds_op_type *op;
    uint32_t n = all->n;

    for (uint32_t i = 0; i < all->n; i++)
        names[i] = all->list[i].name;
    for (uint32_t i = 0; i < OPERATORS && (op = ds_registry_op_at(reg, i)); i++)
        if (!(op->flags & DS_OP_INTERNAL))
            names[n++] = op->name;
    return ds_name_nearest(name, names, n);
}

/* ---- all of them, as Markdown ---- */

enum { FORMS = 4 }; /* of one name that are shown */

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Of one row of the table: entries of a name with one help; of an operator all
 * of its family. */
static bool belongs(const ds_func_help *h, const ds_func_help *first)
{
    return same(h->family, first->family) && same(h->name, first->name) &&
           (!h->help || same(h->help, first->help));
}

/* A bar would end the cell. */
static void cell(const char *s)
{
    for (; *s; s++) {
        if (*s == '|')
            putchar('\\');
        putchar(*s);
    }
}

static void code_cell(const char *s)
{
    fputs("<code>", stdout);
    for (; *s; s++) {
        if (*s == '<')
            fputs("&lt;", stdout);
        else if (*s == '>')
            fputs("&gt;", stdout);
        else if (*s == '&')
            fputs("&amp;", stdout);
        else if (*s == '|')
            fputs("&#124;", stdout);
        else if (*s == ']') /* no link */
            fputs("&#93;", stdout);
        else
            putchar(*s);
    }
    fputs("</code>", stdout);
}

/* Entry i and those that belong to it, which are done then. */
static void row_print(const listing *all, uint32_t i, bool *done)
{
    const ds_func_help *first = &all->list[i];
    uint32_t n = 0;

    fputs("| ", stdout);
    for (uint32_t k = i; k < all->n; k++) {
        const ds_func_help *h = &all->list[k];

        if (done[k] || (k > i && !belongs(h, first))) {
            if (!first->op)
                break;
            continue;
        }
        done[k] = true;
        if (++n > FORMS)
            continue;
        fputs(n > 1 ? "<br>" : "", stdout);
        code_cell(h->form);
    }
    if (n > FORMS)
        printf("<br>and %u more", n - FORMS);
    fputs(" | ", stdout);
    cell(first->help ? first->help : "");
    fputs(" | ", stdout);
    if (first->example)
        code_cell(first->example);
    fputs(" |\n", stdout);
}

static void functions_print(const listing *all, ds_arena *a)
{
    const char *family = "";
    bool *done = ds_new(a, bool, all->n);

    fputs("# Functions and operators\n\n"
          "PostgreSQL 15's, with its semantics; what differs stands in "
          "[language.md](language.md#differences-from-postgresql).\nThis file "
          "is made by `dstream help --functions`. Each example is an "
          "expression that is\ntrue (of aggregates: over the rows in "
          "lib/expr/func_agg.c; of sets: an item of\n`flatMap`), and a test "
          "evaluates it. Window functions stand in the queries\nof "
          "`transform`, and so do all aggregates with OVER.\n",
          stdout);
    for (uint32_t i = 0; i < all->n; i++) {
        const ds_func_help *h = &all->list[i];

        if (done[i])
            continue;
        if (strcmp(family, h->family) != 0) {
            family = h->family;
            printf("\n## %s\n\n| form | | example |\n|---|---|---|\n", family);
        }
        row_print(all, i, done);
    }
}

int help_main(const char *name)
{
    ds_arena *a = ds_arena_new(1 << 16);
    const listing all = listing_of(a);
    int rc = 0;

    if (strcmp(name, "--functions") == 0) {
        functions_print(&all, a);
    } else if (strcmp(name, "--operators") == 0) {
        help_operators(cmd_registry());
    } else if (!help_name(name, &all)) {
        const char *near = nearest(name, &all, a);

        fprintf(stderr,
                "dstream: there is no verb, operator, function or code `%.40s`",
                name);
        if (near)
            fprintf(stderr, "; did you mean `%s`?", near);
        fputs("\nSee `dstream --help`.\n", stderr);
        rc = EXIT_USAGE;
    }
    ds_arena_free(a);
    return rc;
}
