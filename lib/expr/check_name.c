/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_name.c - what a name stands for: a column, metadata, the state.
 */
#include <strings.h>

#include "expr/check.h"
#include "record/show.h"

typedef struct meta_name {
    const char *name;
    ds_type type;
    tx_meta meta;
} meta_name;

static const meta_name meta_names[] = {
    {"_key", DS_STR, TX_META_KEY},
    {"_ts", DS_TS, TX_META_TS},
    {"_topic", DS_STR, TX_META_TOPIC},
    {"_partition", DS_I32, TX_META_PARTITION},
    {"_offset", DS_I64, TX_META_OFFSET},
    {"_headers", DS_BYTES, TX_META_HEADERS},
};

static const meta_name *meta_find(const char *name)
{
    for (size_t i = 0; i < sizeof meta_names / sizeof *meta_names; i++)
        if (strcmp(meta_names[i].name, name) == 0)
            return &meta_names[i];
    return NULL;
}

uint32_t exprs_first_state(const ds_scope *s)
{
    return s->cols ? s->cols->n : 0;
}

uint32_t exprs_first_agg(const ds_scope *s)
{
    return exprs_first_state(s) + (s->state ? s->state->n : 0);
}

/* Edits between two names, up to 3. */
static int distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    int row[65];
    if (n > 64 || m > 64)
        return 99;
    for (size_t j = 0; j <= m; j++)
        row[j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        int diagonal = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            int up = row[j];
            int best = diagonal + (a[i - 1] != b[j - 1]);
            if (up + 1 < best)
                best = up + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = up;
            row[j] = best;
        }
    }
    return row[m];
}

const char *check_name_hint(check *c, const char *name, const ds_schema *s)
{
    const char *best = NULL;
    int least = 3;
    if (s == NULL || s->n == 0)
        return NULL;
    for (uint32_t i = 0; i < s->n; i++)
        if (strcasecmp(name, s->fields[i].name) == 0)
            return ds_str_printf(c->arena,
                                 "a name in upper case is quoted: \"%s\"",
                                 s->fields[i].name);
    for (uint32_t i = 0; i < s->n; i++) {
        int d = distance(name, s->fields[i].name);
        if (d < least && d < (int)strlen(name)) {
            least = d;
            best = s->fields[i].name;
        }
    }
    if (best)
        return ds_str_printf(c->arena, "did you mean %s?", best);
    ds_buf b;
    ds_buf_init(&b, c->arena, 128);
    ds_buf_str(&b, "there are");
    for (uint32_t i = 0; i < s->n && i < 20; i++)
        ds_buf_printf(&b, "%s %s", i ? "," : "", s->fields[i].name);
    if (s->n > 20)
        ds_buf_str(&b, ", ...");
    ds_buf_add(&b, "", 1);
    return b.s;
}

static tx *column(check *c, const ds_node *n, const ds_field *f, uint32_t col)
{
    tx *x = check_typed(c, n, TX_COL, f->type);
    x->col = col;
    x->mod = f->mod;
    return x;
}

static tx *no_column(check *c, const ds_node *n, const ds_schema *cols)
{
    const char *name = n->names[n->n_names - 1];
    bool rows_only = !c->in_agg && c->scope->rows &&
                     ds_schema_find(c->scope->rows, name) >= 0;
    if (rows_only)
        return check_fail(
            c, "E0301", n->at, n->len,
            "here stand the key, the state and aggregates: sum(...), "
            "max(...), ...",
            "column \"%s\" must be inside an aggregate function", name);
    return check_fail(c, "E0301", n->at, n->len, check_name_hint(c, name, cols),
                      "column \"%s\" does not exist", name);
}

static tx *check_meta(check *c, const ds_node *n, const meta_name *m)
{
    bool may = c->in_agg ? c->scope->rows_meta : c->scope->meta;
    if (!may)
        return check_fail(
            c, "E0307", n->at, n->len, "map it to a column of its own before",
            "column \"%s\" does not exist after an aggregation", m->name);
    tx *x = check_typed(c, n, TX_META, m->type);
    x->col = m->meta;
    if (m->meta != TX_META_HEADERS)
        return x;
    return check_where(tx_call1(c->arena, func_exact1("headers", DS_BYTES), x),
                       n);
}

bool check_is_headers(const check *c, const ds_node *n)
{
    const ds_schema *cols = c->in_agg ? c->scope->rows : c->scope->cols;
    return n->kind == DS_N_COLUMN && n->n_names == 1 &&
           strcmp(n->names[0], "headers") == 0 &&
           (cols == NULL || ds_schema_find(cols, "headers") < 0);
}

/* The last value of a header, as text. */
tx *check_header(check *c, const ds_node *n)
{
    bool may = c->in_agg ? c->scope->rows_meta : c->scope->meta;
    if (!may)
        return check_fail(
            c, "E0307", n->at, n->len, "map it to a column of its own before",
            "column \"headers\" does not exist after an aggregation");
    tx *name = check_node(c, n->args[1]);
    if (name == NULL)
        return NULL;
    if (!check_can_coerce(name, DS_STR))
        return check_fail(c, "E0303", name->from, name->len, NULL,
                          "the name of a header must be type text, not type "
                          "%s",
                          ds_type_name(name->type));
    name = check_coerce(c, name, DS_STR);
    tx *all = check_typed(c, n, TX_META, DS_BYTES);
    all->col = TX_META_HEADERS;
    return check_where(tx_call2(c->arena,
                                func_exact2("header", DS_BYTES, DS_STR), all,
                                name, NULL),
                       n);
}

/* ---- state ---- */

bool check_state_unknown(const check *c)
{
    return c->scope->state && c->scope->state->n == 0;
}

bool check_is_state(const check *c, const ds_node *n)
{
    return !c->in_agg && c->scope->state && n->kind == DS_N_COLUMN &&
           n->n_names == 1 && strcmp(n->names[0], "state") == 0 &&
           c->scope->state->n != 1;
}

static tx *check_state(check *c, const ds_node *n)
{
    const ds_schema *s = c->scope->state;
    uint32_t first = exprs_first_state(c->scope);
    if (s->n == 0)
        return check_where(tx_null(c->arena, DS_NONE, NULL), n);
    if (n->n_names == 1) {
        if (s->n == 1)
            return column(c, n, &s->fields[0], first);
        return check_fail(
            c, "E0301", n->at, n->len,
            ds_str_printf(c->arena, "name one: state.%s", s->fields[0].name),
            "the state has several columns");
    }
    int i = ds_schema_find(s, n->names[1]);
    if (i < 0)
        return check_fail(c, "E0301", n->at, n->len,
                          check_name_hint(c, n->names[1], s),
                          "column state.%s does not exist", n->names[1]);
    return column(c, n, &s->fields[i], first + (uint32_t)i);
}

/* state IS [NOT] NULL of a state of several columns: all of them are. */
tx *check_state_null(check *c, const ds_node *n)
{
    const ds_schema *s = c->scope->state;
    const char *name = n->negated ? "is not null" : "is null";
    if (s->n == 0) {
        ds_value v = {.b = n->negated ? 0 : 1};
        return check_where(tx_const(c->arena, DS_BOOL, v, NULL), n);
    }
    tx *all = check_typed(c, n, TX_AND, DS_BOOL);
    all->args = ds_new(c->arena, tx *, s->n);
    for (uint32_t i = 0; i < s->n; i++) {
        tx *x = column(c, n->args[0], &s->fields[i],
                       exprs_first_state(c->scope) + i);
        all->args[all->n_args++] = check_test(c, n, name, x);
    }
    return all;
}

/* ---- names ---- */

/* a.b.c, where a is a row. */
static tx *fields_of(check *c, tx *x, const ds_node *n, uint32_t from)
{
    for (uint32_t i = from; x && i < n->n_names; i++)
        x = check_field_of(c, x, n->names[i], n);
    return x;
}

/* Column `name` of a or b; -1: there is none. */
static int pair_find(const ds_schema *cols, bool b, const char *name)
{
    uint32_t half = cols->n / 2;
    for (uint32_t i = b ? half : 0; i < (b ? cols->n : half); i++)
        if (strcmp(cols->fields[i].name + 2, name) == 0) /* behind "a." */
            return (int)i;
    return -1;
}

/* a, b, a.x, b.x: of a function of two rows. */
static tx *check_pair(check *c, const ds_node *n)
{
    const ds_schema *cols = c->scope->cols;
    bool is_b = strcmp(n->names[0], "b") == 0;
    DS_BUG_ON(cols == NULL);
    uint32_t half = cols->n / 2, first = is_b ? half : 0;
    int i = n->n_names > 1 ? pair_find(cols, is_b, n->names[1]) : -1;
    if (!is_b && strcmp(n->names[0], "a") != 0)
        return check_fail(c, "E0301", n->at, n->len,
                          check_name_hint(c, n->names[0], cols),
                          "column \"%s\" does not exist", n->names[0]);
    if (i >= 0)
        return fields_of(c, column(c, n, &cols->fields[i], (uint32_t)i), n, 2);
    if (half == 1 &&
        (n->n_names == 1 || ds_row_fields(cols->fields[first].type)))
        return fields_of(c, column(c, n, &cols->fields[first], first), n, 1);
    if (n->n_names == 1 && half)
        return check_fail(
            c, "E0301", n->at, n->len,
            ds_str_printf(c->arena, "name one: %s", cols->fields[first].name),
            "the row has several columns");
    return check_fail(c, "E0301", n->at, n->len,
                      check_name_hint(c, n->names[n->n_names - 1], cols),
                      "column %s.%s does not exist", n->names[0], n->names[1]);
}

tx *check_column(check *c, const ds_node *n)
{
    if (c->hooks)
        return c->hooks->column(c, n);
    const ds_schema *cols = c->in_agg ? c->scope->rows : c->scope->cols;
    bool has_state = !c->in_agg && c->scope->state;
    int i = cols ? ds_schema_find(cols, n->names[0]) : -1;
    if (c->scope->pair)
        return check_pair(c, n);
    if (has_state && strcmp(n->names[0], "state") == 0) {
        const ds_schema *state = c->scope->state;
        bool column = n->n_names > 1 &&
                      (state->n != 1 || !ds_row_fields(state->fields[0].type) ||
                       ds_schema_find(state, n->names[1]) >= 0);
        ds_node name = *n;
        name.n_names = column ? 2 : 1;
        if (state->n == 0)
            return check_state(c, n);
        return fields_of(c, check_state(c, &name), n, name.n_names);
    }
    if (i >= 0 && (n->n_names == 1 || ds_row_fields(cols->fields[i].type)))
        return fields_of(c, column(c, n, &cols->fields[i], (uint32_t)i), n, 1);
    if (n->n_names > 1)
        return check_fail(c, "E0301", n->at, n->len,
                          i >= 0 && cols->fields[i].type == DS_JSON
                              ? "a field of a jsonb column: column ->> 'field'"
                              : "write the column without it",
                          "missing FROM-clause entry for table \"%s\"",
                          n->names[n->n_names - 2]);
    const meta_name *m = meta_find(n->names[0]);
    if (m)
        return check_meta(c, n, m);
    return no_column(c, n, cols);
}
