/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group_by_key_and_window.c - the last batches' values of each key as arrays,
 * oldest batch first (Spark's groupByKeyAndWindow; contract.md 5.3).
 */
#include "op/window_keyed.h"

static bool is_key(const ds_node *in, uint32_t col)
{
    for (uint32_t i = 0; i < in->n_keys; i++)
        if (in->keys[i] == col)
            return true;
    return false;
}

/* "name", as SQL quotes it. */
static const char *quoted(const char *name, ds_arena *a)
{
    char *to = ds_new(a, char, 2 * strlen(name) + 3);
    char *at = to;

    *at++ = '"';
    for (; *name; name++) {
        if (*name == '"')
            *at++ = '"';
        *at++ = *name;
    }
    *at = '"';
    return to;
}

static void group_window_plan(ds_node *node, ds_arena *a, ds_diags *d)
{
    const ds_node *in = node->inputs[0];
    struct window_plan *p = ds_new(a, struct window_plan, 1);
    ds_scope scope = keyed_scope(&p->keyed, node, a);
    ds_text *names = ds_new(a, ds_text, in->schema->n + 1);
    ds_text *texts = ds_new(a, ds_text, in->schema->n + 1);
    ds_exprs *e = NULL;
    uint32_t n = 0;

    for (uint32_t c = 0; c < in->schema->n; c++) {
        const char *name = in->schema->fields[c].name;

        if (is_key(in, c))
            continue;
        names[n] = ds_text_of(name);
        texts[n++] =
            ds_text_of(ds_str_printf(a, "array_agg(%s)", quoted(name, a)));
    }
    if (ds_exprs_compile_named(names, texts, n, &scope, a, d, &e) >= 0)
        window_keyed_plan(p, node, node->args, e, NULL, a, d);
}

static const ds_param group_window_params[] = {WINDOW_PARAMS, {0}};

const ds_op_type op_group_by_key_and_window = {
    .name = "groupByKeyAndWindow",
    .keeps = "the values of the window, by key and pane",
    .cost = "all of them at each slide",
    .help = "The last batches' values of each key as arrays, at each slide.",
    .params = group_window_params,
    .args_size = sizeof(struct window_args),
    .flags = DS_OP_BY_KEY | WINDOW_FLAGS,
    .plan = group_window_plan,
    WINDOW_KEYED,
};
