/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_query.c - what a parsed query consists of, and where its mistakes are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "parse/parse.h"

static const ds_text_seg first_seg = {0, 1, 1};

static const ds_query *parse(ds_arena *a, ds_diags *d, const char *text)
{
    ds_text *t = ds_new(a, ds_text, 1);
    *t = ds_text_of(text);
    t->segs = &first_seg;
    t->n_segs = 1;
    ds_query *q = NULL;
    ds_diags_init(d, a);
    ds_rc rc = ds_parse_query(t, a, d, &q);
    return rc < 0 ? NULL : q;
}

static void mistakes(void **state)
{
    static const char *const cases[][2] = {
        {"", "E0201 1+0 a query is missing"},
        {"SELECT a FROM", "E0201 14+0 syntax error at end of input"},
        {"SELECT a FRUM batch", "E0201 15+5 syntax error at or near \"batch\""},
        {"SELECT 1; SELECT 2", "E0201 9+1 syntax error at or near \";\""},
        {"a, b", "E0201 1+1 syntax error at or near \"a\""},
        {"DELETE FROM batch", "E0201 1+6 only a query stands here"},
        {"SELECT \xc3\xa9 FROM batch WHERE AND",
         "E0201 27+3 syntax error at or near \"AND\""},
    };
    char got[500];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ds_arena *a = ds_arena_new(4096);
        ds_diags d;
        assert_null(parse(a, &d, cases[i][0]));
        snprintf(got, sizeof got, "%s %u+%u %s", d.list[0].code,
                 d.list[0].where.col, d.list[0].where.len, d.list[0].msg);
        assert_string_equal(got, cases[i][1]);
        ds_arena_free(a);
    }
}

static void clauses(void **state)
{
    ds_arena *a = ds_arena_new(4096);
    ds_diags d;
    (void)state;
    const ds_query *q =
        parse(a, &d,
              "WITH x (p) AS (SELECT 1) SELECT DISTINCT ON (k) k, sum(v) AS s, "
              "rank() OVER (w ROWS BETWEEN 2 PRECEDING AND CURRENT ROW EXCLUDE "
              "TIES) FROM batch b (k, v) LEFT JOIN x USING (p) WHERE v > 0 "
              "GROUP BY k HAVING count(*) > 1 WINDOW w AS (PARTITION BY k "
              "ORDER BY v DESC) ORDER BY 2 NULLS FIRST LIMIT 3 OFFSET 1");
    assert_non_null(q);
    assert_int_equal(q->kind, DS_Q_SELECT);
    assert_string_equal(q->with[0].name, "x");
    assert_string_equal(q->with[0].cols[0], "p");
    assert_true(q->distinct && q->n_on == 1 && q->n_items == 3);
    assert_string_equal(q->items[1].name, "s");
    const ds_window *over = q->items[2].expr->call->over;
    assert_string_equal(over->refer, "w");
    assert_true(over->has_frame && over->mode == DS_FRAME_ROWS);
    assert_int_equal(over->start, DS_BOUND_PRECEDING);
    assert_int_equal(over->start_by->i, 2);
    assert_int_equal(over->end, DS_BOUND_CURRENT);
    assert_int_equal(over->exclude, DS_EXCLUDE_TIES);
    const ds_from *f = q->from[0];
    assert_int_equal(f->kind, DS_F_JOIN);
    assert_int_equal(f->join, DS_JOIN_LEFT);
    assert_string_equal(f->with[0], "p");
    assert_string_equal(f->left->alias, "b");
    assert_int_equal(f->left->n_cols, 2);
    assert_string_equal(q->windows[0]->name, "w");
    assert_true(q->windows[0]->order[0].desc);
    assert_true(q->order[0].nulls_first && !q->order[0].desc);
    assert_true(q->where && q->having && q->limit && q->offset);
    ds_arena_free(a);
}

static void sets(void **state)
{
    ds_arena *a = ds_arena_new(4096);
    ds_diags d;
    (void)state;
    const ds_query *q =
        parse(a, &d,
              "VALUES (1, 'a'), (2, NULL) EXCEPT ALL SELECT * FROM t "
              "WHERE x IN (SELECT y FROM u) AND EXISTS (SELECT 1) ORDER BY 1");
    assert_non_null(q);
    assert_int_equal(q->kind, DS_Q_EXCEPT);
    assert_true(q->all && q->n_order == 1);
    assert_int_equal(q->left->kind, DS_Q_VALUES);
    assert_int_equal(q->left->n_rows, 2);
    const ds_node *in = q->right->where->args[0];
    assert_int_equal(in->kind, DS_N_QUERY);
    assert_int_equal(in->i, DS_SUB_ANY);
    assert_string_equal(in->name, "=");
    assert_string_equal(in->query->from[0]->name, "u");
    assert_int_equal(q->right->where->args[1]->i, DS_SUB_EXISTS);
    ds_arena_free(a);
}

/* Names of what is refused later, with a place. */
static void unsupported(void **state)
{
    static const char *const cases[][2] = {
        {"WITH RECURSIVE x AS (SELECT 1) SELECT * FROM x", "WITH RECURSIVE"},
        {"SELECT k FROM batch GROUP BY ROLLUP (k)",
         "GROUPING SETS, ROLLUP and CUBE"},
        {"SELECT k FROM batch FOR UPDATE", "FOR UPDATE and its like"},
        {"SELECT k INTO x FROM batch", "SELECT INTO"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ds_arena *a = ds_arena_new(4096);
        ds_diags d;
        const ds_query *q = parse(a, &d, cases[i][0]);
        assert_non_null(q);
        assert_string_equal(q->what, cases[i][1]);
        ds_arena_free(a);
    }
}

static void too_deep(void **state)
{
    char text[20000] = "SELECT 1";
    ds_arena *a = ds_arena_new(4096);
    ds_diags d;
    (void)state;
    for (int i = 0; i < 150; i++) {
        char inner[20000];
        snprintf(inner, sizeof inner, "%s", text);
        snprintf(text, sizeof text, "SELECT 1 FROM (%.19000s) x", inner);
    }
    assert_null(parse(a, &d, text));
    assert_string_equal(d.list[0].code, "E0202");
    ds_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes), cmocka_unit_test(clauses),
        cmocka_unit_test(sets),     cmocka_unit_test(unsupported),
        cmocka_unit_test(too_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
