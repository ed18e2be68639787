/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_query.c - queries over two small tables: their rows, their mistakes. The
 * ring oracle compares many more with PostgreSQL.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "rig.h"

#define BATCH "a,1,0.5;b,2,1.5;a,3,NULL;NULL,4,2;c,NULL,1;b,2,7"
#define OTHER                                                                  \
    "a,10,2020-01-01;a,11,2020-01-02;b,20,NULL;x,30,2020-02-01;"               \
    "NULL,40,2020-03-01"

typedef struct query_case {
    const char *sql, *want;
} query_case;

static void run_cases(const query_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ds_arena *a = ds_arena_new(1 << 16);
        const char *got = rig_run(a, cases[i].sql);
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("%s\n   gives %s\n  should %s", cases[i].sql, got,
                     cases[i].want);
        ds_arena_free(a);
    }
}
#define RUN(cases) run_cases(cases, sizeof(cases) / sizeof *(cases))

static void full(void)
{
    rig_tables[0].rows = BATCH;
    rig_tables[1].rows = OTHER;
}

static void clauses(void **state)
{
    static const query_case cases[] = {
        {"SELECT k, v + 1 AS n FROM batch WHERE v > 1 ORDER BY n DESC, k",
         "NULL,5;a,4;b,3;b,3"},
        {"SELECT k, sum(v), count(*) FROM batch GROUP BY k ORDER BY 1 NULLS "
         "FIRST",
         "NULL,4,1;a,4,2;b,4,2;c,NULL,1"},
        {"SELECT count(*), sum(v) FROM batch WHERE v > 100", "0,NULL"},
        {"SELECT k FROM batch WHERE false GROUP BY k", ""},
        {"SELECT count(*) FROM batch;", "6"},
        {"SELECT upper(k) || 'y' AS u, sum(v) FROM batch GROUP BY upper(k) "
         "ORDER BY 1",
         "Ay,4;By,4;Cy,NULL;NULL,4"},
        {"SELECT k, sum(v) + 1 AS s FROM batch GROUP BY k HAVING count(*) > 1 "
         "ORDER BY sum(v), k LIMIT 1 OFFSET 1",
         "b,5"},
        {"SELECT DISTINCT k FROM batch ORDER BY k", "a;b;c;NULL"},
        {"SELECT DISTINCT ON (k) k, v FROM batch ORDER BY k, v DESC",
         "a,3;b,2;c,NULL;NULL,4"},
        {"SELECT v FROM batch ORDER BY v FETCH FIRST 2 ROWS WITH TIES",
         "1;2;2"},
        {"WITH t (p, q) AS (SELECT k, sum(v) FROM batch GROUP BY k) SELECT q "
         "FROM t WHERE p = 'a'",
         "4"},
        {"SELECT k, unnest(ARRAY[v, v * 2]) AS u FROM batch WHERE v < 3 ORDER "
         "BY 1, 2",
         "a,1;a,2;b,2;b,2;b,4;b,4"},
        {"SELECT k, u FROM batch, unnest(ARRAY[v, v * 2]) AS u WHERE v < 2",
         "a,1;a,2"},
    };
    (void)state;
    full();
    RUN(cases);
}

static void joins(void **state)
{
    static const query_case cases[] = {
        {"SELECT b.k, v, w FROM batch b JOIN other o ON b.k = o.k AND v < 3 "
         "ORDER BY 2, 3",
         "a,1,10;a,1,11;b,2,20;b,2,20"},
        {"SELECT b.k, v, w FROM batch b LEFT JOIN other o ON b.k = o.k AND w > "
         "10 ORDER BY 1, 2, 3",
         "a,1,11;a,3,11;b,2,20;b,2,20;c,NULL,NULL;NULL,4,NULL"},
        {"SELECT k, v, w FROM batch b FULL JOIN other o USING (k) ORDER BY 1, "
         "2, 3",
         "a,1,10;a,1,11;a,3,10;a,3,11;b,2,20;b,2,20;c,NULL,NULL;x,NULL,30;"
         "NULL,4,NULL;NULL,NULL,40"},
        {"SELECT k, v, w FROM batch RIGHT JOIN other USING (k) WHERE v IS NULL "
         "ORDER BY w",
         "x,NULL,30;NULL,NULL,40"},
        {"SELECT count(*) FROM batch a, batch b WHERE a.v < b.v", "9"},
        {"SELECT count(*) FROM batch a CROSS JOIN other CROSS JOIN batch b",
         "180"},
    };
    (void)state;
    full();
    RUN(cases);
}

static void sets(void **state)
{
    static const query_case cases[] = {
        {"SELECT k FROM batch UNION SELECT k FROM other ORDER BY 1",
         "a;b;c;x;NULL"},
        {"SELECT k FROM batch INTERSECT ALL SELECT k FROM other ORDER BY 1",
         "a;a;b;NULL"},
        {"SELECT k FROM batch EXCEPT ALL SELECT k FROM other ORDER BY 1",
         "b;c"},
        {"VALUES (1, 'a'), (2, NULL) ORDER BY 1 DESC", "2,NULL;1,a"},
        {"SELECT NULL AS a UNION ALL SELECT 2 ORDER BY a", "2;NULL"},
        {"SELECT 2 AS a UNION ALL VALUES (NULL)",
         "E0303 33+4 UNION types integer and text cannot be matched"},
        {"SELECT 1 AS a UNION ALL SELECT 2.5 ORDER BY a", "1;2.5"},
    };
    (void)state;
    full();
    RUN(cases);
}

static void subqueries(void **state)
{
    static const query_case cases[] = {
        {"SELECT v FROM batch WHERE k IN (SELECT k FROM other) ORDER BY 1",
         "1;2;2;3"},
        {"SELECT k FROM batch WHERE k NOT IN (SELECT k FROM other)", ""},
        {"SELECT k FROM batch WHERE k NOT IN (SELECT k FROM other WHERE k IS "
         "NOT NULL)",
         "c"},
        {"SELECT v FROM batch b WHERE NOT EXISTS (SELECT 1 FROM other o WHERE "
         "o.k = b.k AND w > 10) ORDER BY 1",
         "4;NULL"},
        {"SELECT v, (SELECT count(*) FROM other o WHERE o.k = b.k) AS c FROM "
         "batch b ORDER BY 1, 2",
         "1,2;2,1;2,1;3,2;4,0;NULL,0"},
        {"SELECT (SELECT max(w) FROM other) AS m, v > ALL (SELECT w FROM "
         "other) AS x FROM batch WHERE v = 1",
         "40,false"},
        {"SELECT ARRAY(SELECT v FROM batch ORDER BY v) AS a",
         "{1,2,2,3,4,NULL}"},
        {"SELECT (SELECT v FROM batch) AS x FROM other",
         "error E0705 row -1: more than one row returned by a subquery used as "
         "an expression"},
        {"SELECT CASE WHEN v > 9 THEN (SELECT v FROM batch) END AS x FROM "
         "batch WHERE v = 1",
         "NULL"},
    };
    (void)state;
    full();
    RUN(cases);
}

static void windows(void **state)
{
    static const query_case cases[] = {
        {"SELECT v, row_number() OVER w, rank() OVER w, dense_rank() OVER w, "
         "ntile(2) OVER w, lag(v) OVER w, sum(v) OVER w FROM batch WINDOW w AS "
         "(ORDER BY v) ORDER BY 1, 2",
         "1,1,1,1,1,NULL,1;2,2,2,2,1,1,5;2,3,2,2,1,2,5;3,4,4,3,2,2,8;"
         "4,5,5,4,2,3,12;NULL,6,6,5,2,4,12"},
        {"SELECT v, count(*) OVER w, array_agg(v) OVER (w ROWS 1 PRECEDING) "
         "FROM batch WINDOW w AS (ORDER BY v ROWS BETWEEN 1 PRECEDING AND 1 "
         "FOLLOWING)",
         "E0324 46+1 cannot copy window \"w\" because it has a frame clause"},
        {"SELECT v, array_agg(v) OVER (ORDER BY v ROWS BETWEEN 1 PRECEDING AND "
         "1 FOLLOWING EXCLUDE CURRENT ROW) FROM batch ORDER BY v",
         "1,{2};2,{1,2};2,{2,3};3,{2,4};4,{3,NULL};NULL,{4}"},
        {"SELECT k, sum(v) AS s, rank() OVER (ORDER BY sum(v) DESC NULLS LAST) "
         "FROM batch GROUP BY k ORDER BY k",
         "a,4,1;b,4,1;c,NULL,4;NULL,4,1"},
        {"SELECT v, sum(v) OVER (ORDER BY v RANGE BETWEEN 1 PRECEDING AND 2 "
         "FOLLOWING) AS s FROM batch ORDER BY 1",
         "1,8;2,12;2,12;3,11;4,7;NULL,NULL"},
        {"SELECT d, count(*) OVER (ORDER BY d DESC RANGE BETWEEN '1 month' "
         "PRECEDING AND '1 day' FOLLOWING) AS s FROM other ORDER BY 1",
         "2020-01-01,3;2020-01-02,3;2020-02-01,2;2020-03-01,1;NULL,1"},
        {"SELECT v, max(v) OVER (ORDER BY v GROUPS 1 PRECEDING EXCLUDE TIES) "
         "FROM batch ORDER BY v",
         "1,1;2,2;2,2;3,3;4,4;NULL,4"},
    };
    (void)state;
    full();
    RUN(cases);
}

static void empty(void **state)
{
    static const query_case cases[] = {
        {"SELECT * FROM batch", ""},
        {"SELECT count(*), sum(v), array_agg(k) FROM batch", "0,NULL,NULL"},
        {"SELECT k, count(*) FROM batch GROUP BY k", ""},
        {"SELECT k, w FROM batch RIGHT JOIN other USING (k)", ""},
        {"SELECT rank() OVER (ORDER BY v), sum(v) OVER (ORDER BY v ROWS 2 "
         "PRECEDING) FROM batch",
         ""},
        {"SELECT 1 AS one WHERE EXISTS (SELECT FROM batch)",
         "E0190 23+1 a select list of nothing is not supported"},
        {"SELECT 1 AS one WHERE NOT EXISTS (SELECT 1 FROM batch)", "1"},
        {"SELECT k FROM batch UNION SELECT k FROM other", ""},
    };
    (void)state;
    rig_tables[0].rows = rig_tables[1].rows = "";
    RUN(cases);
}

/* The row of table 0 that is to blame. */
static void errors(void **state)
{
    static const query_case cases[] = {
        {"SELECT 1 / (v - 3) AS x FROM batch",
         "error E0703 row 2: division by zero"},
        {"SELECT k FROM (SELECT * FROM batch ORDER BY v DESC) x JOIN other o "
         "USING (k) WHERE 1 / (v - 1) > 0",
         "error E0703 row 0: division by zero"},
        {"SELECT k, 9223372036854775807 + sum(v)::bigint AS s FROM batch GROUP "
         "BY k",
         "error E0701 row 2: bigint out of range"},
        {"SELECT ntile(0) OVER (ORDER BY v) FROM batch",
         "error E0704 row 0: argument of ntile must be greater than zero"},
        {"SELECT sum(v) OVER (ORDER BY f RANGE BETWEEN -1 FOLLOWING AND 1 "
         "FOLLOWING) AS s FROM batch",
         "error E0704 row -1: invalid preceding or following size in window "
         "function"},
        {"SELECT v FROM batch LIMIT (SELECT -1)",
         "error E0704 row -1: LIMIT must not be negative"},
    };
    (void)state;
    full();
    RUN(cases);
}

static void mistakes(void **state)
{
    static const query_case cases[] = {
        {"SELECT nope, v + k FROM batch",
         "E0301 8+4 column \"nope\" does not exist; E0302 16+1 operator does "
         "not exist: bigint + text"},
        {"SELECT v FROM btach", "E0320 15+5 relation \"btach\" does not exist"},
        {"SELECT k FROM batch, other",
         "E0321 8+1 column reference \"k\" is ambiguous"},
        {"SELECT x.v FROM batch",
         "E0320 8+3 missing FROM-clause entry for table \"x\""},
        {"SELECT k, v FROM batch GROUP BY k",
         "E0322 11+1 column \"batch.v\" must appear in the GROUP BY clause or "
         "be used in an aggregate function"},
        {"SELECT k FROM batch WHERE sum(v) > 1",
         "E0305 27+3 aggregate functions are not allowed in WHERE"},
        {"SELECT k FROM batch WHERE row_number() OVER () > 1",
         "E0324 27+10 window functions are not allowed in WHERE"},
        {"SELECT k FROM batch ORDER BY 3",
         "E0323 30+1 ORDER BY position 3 is not in select list"},
        {"SELECT DISTINCT k FROM batch ORDER BY v",
         "E0323 39+1 for SELECT DISTINCT, ORDER BY expressions must appear in "
         "select list"},
        {"SELECT k, v FROM batch UNION SELECT k FROM other",
         "E0323 37+1 each UNION query must have the same number of columns"},
        {"SELECT k FROM batch LIMIT -1",
         "E0323 27+1 LIMIT must not be negative"},
        {"SELECT k FROM batch JOIN batch ON true",
         "E0320 26+5 table name \"batch\" specified more than once"},
        {"SELECT k FROM batch, batch, unnest(k)",
         "E0320 22+5 table name \"batch\" specified more than once"},
        {"SELECT k FROM batch JOIN other USING (v)",
         "E0301 26+5 column \"v\" specified in USING clause does not exist in "
         "right table"},
        {"SELECT * FROM batch b WHERE EXISTS (SELECT 1 FROM other o WHERE o.w "
         "> b.v)",
         "E0190 65+1 this condition on a column of the query around a subquery "
         "is not supported"},
        {"WITH RECURSIVE x AS (SELECT 1) SELECT * FROM x",
         "E0190 1+1 WITH RECURSIVE is not supported"},
        {"SELECT k FROM batch GROUP BY CUBE (k)",
         "E0190 30+1 GROUPING SETS, ROLLUP and CUBE is not supported"},
    };
    (void)state;
    full();
    RUN(cases);
}

static void explodes(void **state)
{
    ds_arena *a = ds_arena_new(1 << 16);
    (void)state;
    assert_string_equal(
        rig_run(a, "WITH n AS (SELECT * FROM generate_series(1, 3000)) SELECT "
                   "count(*) FROM n a, n b"),
        "failed: a join has more than 4000000 rows");
    ds_arena_free(a);
}

/* What is read, what is a column of the batch. */
static void questions(void **state)
{
    ds_arena *a = ds_arena_new(1 << 16);
    const char *why;
    (void)state;
    const ds_sql *q = rig_check(
        a,
        "SELECT x.k AS key, 1 AS one FROM (SELECT k, v AS unread FROM batch "
        "WHERE f > 0) x JOIN other o USING (k)",
        &why);
    assert_non_null(q);
    assert_true(ds_sql_uses(q, 0) && ds_sql_uses(q, 1));
    assert_true(ds_sql_reads(q, 0, 0) && ds_sql_reads(q, 0, 2));
    assert_true(ds_sql_reads(q, 1, 0) && !ds_sql_reads(q, 1, 1));
    assert_int_equal(ds_sql_plain(q, 0), 0);
    assert_int_equal(ds_sql_plain(q, 1), -1);
    q = rig_check(a, "SELECT b.k FROM other o LEFT JOIN batch b USING (k)",
                  &why);
    assert_int_equal(ds_sql_plain(q, 0), -1);
    q = rig_check(a, "SELECT max(v), k FROM batch GROUP BY k", &why);
    assert_int_equal(ds_sql_plain(q, 1), 0);
    assert_false(ds_sql_reads(q, 0, 2));
    ds_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clauses),  cmocka_unit_test(joins),
        cmocka_unit_test(sets),     cmocka_unit_test(subqueries),
        cmocka_unit_test(windows),  cmocka_unit_test(empty),
        cmocka_unit_test(errors),   cmocka_unit_test(mistakes),
        cmocka_unit_test(explodes), cmocka_unit_test(questions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
