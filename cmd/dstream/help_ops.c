/* SPDX-License-Identifier: Apache-2.0 */
/*
 * help_ops.c - the table of operators, docs/operators.md: what each one makes,
 * needs, keeps and costs, from its type; and one operator with what it takes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/help_ops.h"

static const char intro[] =
    "# Operators\n\n"
    "This file is made by `dstream help --operators`. What they take stands in "
    "[language.md](language.md), how a batch is whole over all partitions in "
    "[batches.md](batches.md).\n\n"
    "Everything is exactly once: results, state and input positions are one "
    "transaction. The column *result* says what a reader can count on beyond "
    "that: **row** - each row by itself, so how rows are cut into batches "
    "changes nothing; **batch** - one result per batch over all partitions, "
    "whichever instances and transactions its rows came through; **key** - the "
    "state after all rows so far, given out when it changes.\n\n"
    "*Rows meet*: where rows have to come together they cross an internal "
    "topic "
    "unless they are there already: **key** - the rows of a key; **one** - all "
    "rows of the batch in one task; **spread** - rows go round. *Combined*: "
    "one "
    "partial result per key and batch crosses, not every row.\n\n"
    "| operator | what it does | result | rows meet | keeps | cost |\n"
    "|---|---|---|---|---|---|\n";

static const char *result_of(const ds_op_type *t)
{
    if (t->flags & DS_OP_NEEDS_BATCH)
        return "batch";
    return t->flags & DS_OP_STATEFUL ? "key" : "row";
}

static const char *meet_of(const ds_op_type *t)
{
    if (t->spread)
        return "spread";
    if (t->flags & DS_OP_ONE)
        return t->combine ? "one, combined" : "one";
    if (t->flags & DS_OP_BY_KEY)
        return t->combine ? "key, combined" : "key";
    return "";
}

static int by_name(const void *x, const void *y)
{
    const ds_op_type *const *a = x, *const *b = y;

    return strcmp((*a)->name, (*b)->name);
}

void help_operators(const ds_registry *reg)
{
    const ds_op_type *list[256];
    size_t n = 0;

    for (uint32_t i = 0; n < 256 && ds_registry_op_at(reg, i); i++)
        if (!(ds_registry_op_at(reg, i)->flags & DS_OP_INTERNAL))
            list[n++] = ds_registry_op_at(reg, i);
    qsort(list, n, sizeof(list[0]), by_name);
    fputs(intro, stdout);
    for (size_t i = 0; i < n; i++)
        printf("| `%s` | %s | %s | %s | %s | %s |\n", list[i]->name,
               list[i]->help, result_of(list[i]), meet_of(list[i]),
               list[i]->keeps ? list[i]->keeps : "",
               list[i]->cost ? list[i]->cost : "");
}

/* What is written in its place is all the operator has: {select: x} would be a
 * column named select. */
static bool is_bare(const ds_param *p)
{
    return p && p->main && p->type == DS_P_SELECT && !p[1].name;
}

bool help_operator(const ds_registry *reg, const char *name)
{
    const ds_op_type *t = ds_registry_op(reg, name);

    if (t == NULL || (t->flags & DS_OP_INTERNAL))
        return false;
    printf("%s: %s\n", t->name, t->help);
    if (is_bare(t->params))
        printf("  a select list, or {name: expression, ...}: %s\n",
               t->params->help);
    for (const ds_param *p = t->params; p && p->name; p++)
        if (!p->later && !is_bare(t->params))
            printf("  %-10s %s%s%s%s%s\n", p->name,
                   p->required ? "(required) " : "", p->help ? p->help : "",
                   p->def ? " Absent: " : "", p->def ? p->def : "",
                   p->def ? "." : "");
    if (t->keeps)
        printf("  keeps: %s\n", t->keeps);
    if (t->cost)
        printf("  cost: %s\n", t->cost);
    return true;
}
