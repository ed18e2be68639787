/* SPDX-License-Identifier: Apache-2.0 */
/*
 * select.c - select lists as arguments: "word, 1 AS n", or a map of names and
 * expressions.
 */
#include <ctype.h>

#include "op/ops.h"
#include "record/builder.h"

static ds_exprs *compile_map(const ds_arg *map, const ds_scope *scope,
                             ds_arena *a, ds_diags *d)
{
    ds_text *texts = ds_new(a, ds_text, map->n + 1);
    ds_exprs *e = NULL;
    ds_rc rc;

    for (uint32_t i = 0; i < map->n; i++) {
        const ds_arg *item = map->items[i];

        if (item->kind != DS_ARG_SCALAR || item->text.s == NULL) {
            ds_diag_add(d, DS_ERROR, "E0103", item->where, NULL,
                        "`%s` takes an expression", map->names[i].s);
            return NULL;
        }
        texts[i] = item->text;
    }
    rc = ds_exprs_compile_named(map->names, texts, map->n, scope, a, d, &e);
    return rc < 0 ? NULL : e;
}

ds_exprs *select_compile(const ds_arg *list, const ds_scope *scope, ds_arena *a,
                         ds_diags *d)
{
    ds_exprs *e = NULL;
    ds_rc rc;

    if (list->kind == DS_ARG_MAP)
        return compile_map(list, scope, a, d);
    if (list->kind != DS_ARG_SCALAR || list->text.s == NULL) {
        ds_diag_add(d, DS_ERROR, "E0103", list->where, NULL,
                    "a select list is a text, or names with expressions");
        return NULL;
    }
    rc = ds_exprs_compile(&list->text, scope, a, d, &e);
    return rc < 0 ? NULL : e;
}

void select_reads(ds_node *node, const ds_exprs *e)
{
    uint32_t n = ds_node_input(node, 0)->n;

    ds_node_read_none(node, 0);
    for (uint32_t c = 0; c < n; c++)
        if (ds_exprs_reads(e, c))
            ds_node_read(node, 0, c);
}

int select_item(const ds_node *node, const int *plain, int col)
{
    for (uint32_t i = 0; col >= 0 && i < node->schema->n; i++)
        if (plain[i] == col)
            return (int)i;
    return -1;
}

void select_keys(ds_node *node, const int *plain, ds_arena *a)
{
    uint16_t *keys = ds_new(a, uint16_t, node->n_keys + 1);

    for (uint32_t k = 0; k < node->n_keys; k++) {
        int item = select_item(node, plain, node->keys[k]);

        if (item < 0) {
            node->n_keys = 0;
            node->by_key = false;
            return;
        }
        keys[k] = (uint16_t)item;
    }
    node->keys = keys;
}

void select_event_time(ds_node *node, const ds_exprs *e)
{
    int col = node->inputs[0]->event_time;

    for (uint32_t i = 0; col >= 0 && i < ds_exprs_schema(e)->n; i++)
        if (node->event_time < 0 && ds_exprs_plain(e, i) == col)
            node->event_time = (int)i;
}

/* on_error null: the items that failed become NULL in their rows. */
static void items_null(ds_col *cols, uint32_t n, const ds_batch *in,
                       const ds_row_errors *errs)
{
    for (uint32_t i = 0; i < n && i < errs->n_items; i++) {
        uint64_t *valid;

        if (!errs->items[i])
            continue;
        valid = ds_bits_new(in->arena, in->n, true);
        for (uint32_t w = 0; w < (in->n + 63) / 64; w++)
            valid[w] = (cols[i].valid ? cols[i].valid[w] : valid[w]) &
                       ~errs->items[i][w];
        cols[i].valid = valid;
    }
}

ds_rc select_eval(ds_op *op, const ds_exprs *e, const ds_batch *in,
                  const ds_batch **out, ds_err *err)
{
    const ds_schema *schema = ds_exprs_schema(e);
    ds_col *cols = ds_new(in->arena, ds_col, schema->n + 1);
    bool nulls = op->node->on_error == DS_ON_ERROR_NULL;
    ds_row_errors errs = {.by_item = nulls};
    ds_eval ev = {op->now, in->arena, &errs};
    const ds_batch *rest = in;
    ds_batch *made;

    DS_TRY(ds_exprs_eval(e, in, &ev, cols, err));
    if (errs.n && nulls) {
        DS_TRY(op->host->null_items(op, in, &errs, err));
        items_null(cols, schema->n, in, &errs);
    } else if (errs.n) {
        DS_TRY(op->host->reject(op, in, &errs, &rest, err));
    }
    op->rows_kept += rest->n_sel;
    made = ds_new(in->arena, ds_batch, 1);
    *made = *rest;
    made->schema = schema;
    made->cols = cols;
    *out = made;
    return DS_OK;
}

static bool is_word(char c)
{
    return c == '_' || isalnum((unsigned char)c);
}

/* What comes after the word: a call has a parenthesis there. */
static bool is_call(const char *s)
{
    return s[strspn(s, " \t\r\n")] == '(';
}

static bool text_mentions(const char *s, const char *word, bool call)
{
    size_t n = strlen(word);

    for (const char *p = s; (p = strcasestr(p, word)) != NULL; p += n)
        if ((p == s || !is_word(p[-1])) && !is_word(p[n]) &&
            (!call || is_call(p + n)))
            return true;
    return false;
}

static bool list_mentions(const ds_arg *list, const char *word, bool call)
{
    if (list->kind == DS_ARG_SCALAR)
        return list->text.s && text_mentions(list->text.s, word, call);
    for (uint32_t i = 0; i < list->n; i++)
        if (list_mentions(list->items[i], word, call))
            return true;
    return false;
}

bool select_mentions(const ds_arg *list, const char *word)
{
    return list_mentions(list, word, false);
}

bool select_calls(const ds_arg *list, const char *function)
{
    return list_mentions(list, function, true);
}

const ds_schema *select_concat(const ds_schema *x, const ds_schema *y,
                               const ds_node *node, ds_arena *a, ds_diags *d)
{
    ds_schema *both = ds_new(a, ds_schema, 1);
    ds_field *fields = ds_new(a, ds_field, x->n + y->n + 1);

    for (uint32_t i = 0; i < x->n; i++)
        fields[i] = x->fields[i];
    for (uint32_t i = 0; i < y->n; i++) {
        bool twice = ds_schema_find(x, y->fields[i].name) >= 0;

        if (twice && strncmp(node->op, "countBy", 7) == 0)
            ds_diag_add(d, DS_ERROR, "E0125", node->where,
                        "rename it with map before: count AS n",
                        "%s adds a column `%s`, and there is one already",
                        node->op, y->fields[i].name);
        else if (twice)
            ds_diag_add(d, DS_ERROR, "E0125", node->where,
                        "the key's columns stay and are not listed",
                        "`%s` is a column of the key already",
                        y->fields[i].name);
        fields[x->n + i] = y->fields[i];
    }
    *both = (ds_schema){x->n + y->n, fields};
    return both;
}
