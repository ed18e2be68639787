/* SPDX-License-Identifier: Apache-2.0 */
/*
 * help.c - `dstream help NAME`: a function, an operator or an error code; and
 * docs/functions.md.
 */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "expr/codes.h"
#include "expr/help.h"
#include "plan/codes.h"

/* ---- one name ---- */

static int help_function(const char *name, ds_arena *a)
{
    const char *last = NULL;
    ds_func_help h;
    int n = 0;

    for (uint32_t i = 0; ds_func_help_at(i, a, &h); i++) {
        if (!h.name || strcmp(h.name, name) != 0)
            continue;
        if (h.help && (!last || strcmp(last, h.help) != 0)) {
            printf("%s%s\n", n ? "\n" : "", h.help);
            if (h.example)
                printf("  for example: %s\n", h.example);
            last = h.help;
        }
        printf("  %s\n", h.form);
        n++;
    }
    return n;
}

static bool help_code(const char *code)
{
    const char *text = codes_text(code);

    for (const ds_expr_code *e = ds_expr_codes; !text && e->code; e++)
        if (strcmp(e->code, code) == 0)
            text = e->text;
    if (text)
        printf("%s: %s\n", code, text);
    return text != NULL;
}

static const char *nearest(const char *name, ds_arena *a)
{
    const char **names = ds_new(a, const char *, 4096);
    ds_func_help h;
    uint32_t n = 0;

    for (uint32_t i = 0; n < 4096 && ds_func_help_at(i, a, &h); i++)
        if (h.name)
            names[n++] = h.name;
    return ds_name_nearest(name, names, n);
}

/* ---- all of them, as Markdown ---- */

enum { FORMS = 4 }; /* of one name that are shown */

/* A row of the table: entries of one name with one help. */
static bool goes_on(const ds_func_help *h, const ds_func_help *first)
{
    return h->name && strcmp(h->name, first->name) == 0 &&
           (!h->help || (first->help && strcmp(h->help, first->help) == 0));
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
        else
            putchar(*s);
    }
    fputs("</code>", stdout);
}

static uint32_t row_print(uint32_t i, const ds_func_help *first, ds_arena *a)
{
    ds_func_help h;
    uint32_t n = 0;

    fputs("| ", stdout);
    code_cell(first->form);
    for (i++; ds_func_help_at(i, a, &h) && goes_on(&h, first); i++) {
        if (++n >= FORMS)
            continue;
        fputs("<br>", stdout);
        code_cell(h.form);
    }
    if (n >= FORMS)
        printf("<br>and %u more", n - FORMS + 1);
    fputs(" | ", stdout);
    cell(first->help ? first->help : "");
    fputs(" | ", stdout);
    if (first->example)
        code_cell(first->example);
    fputs(" |\n", stdout);
    return i;
}

static void functions_print(ds_arena *a)
{
    const char *family = "";
    ds_func_help h;

    fputs("# Functions and operators\n\n"
          "PostgreSQL 15's, with its semantics; what differs stands in "
          "[language.md](language.md).\nThis file is made by `dstream help "
          "--functions`. Each example is an expression that is\ntrue (of "
          "aggregates: over the rows in lib/expr/func_agg.c), and a test "
          "evaluates it.\n",
          stdout);
    for (uint32_t i = 0; ds_func_help_at(i, a, &h);) {
        if (!h.name) {
            i++;
            continue;
        }
        if (strcmp(family, h.family) != 0) {
            family = h.family;
            printf("\n## %s\n\n| form | | example |\n|---|---|---|\n", family);
        }
        i = row_print(i, &h, a);
    }
}

int help_main(const char *name)
{
    ds_arena *a = ds_arena_new(1 << 16);
    int rc = 0;

    if (strcmp(name, "--functions") == 0) {
        functions_print(a);
    } else if (!help_code(name) && !help_function(name, a)) {
        const char *near = nearest(name, a);

        fprintf(stderr, "dstream: there is no verb, function or code `%.40s`",
                name);
        if (near)
            fprintf(stderr, "; did you mean `%s`?", near);
        fputs("\nSee `dstream --help`.\n", stderr);
        rc = EXIT_USAGE;
    }
    ds_arena_free(a);
    return rc;
}
