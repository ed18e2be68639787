/* SPDX-License-Identifier: Apache-2.0 */
/* test_args.c - arguments against a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "plan/args.h"

/* ---- what tests write ---- */

static ds_arena *arena;
static ds_diags diags;

static int setup(void **state)
{
    (void)state;
    arena = ds_arena_new(4096);
    ds_diags_init(&diags, arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ds_arena_free(arena);
    return 0;
}

/* A value that stands at that column of line 1. */
static const ds_arg *at(uint32_t col, const char *text)
{
    ds_arg *arg = ds_new(arena, ds_arg, 1);
    ds_text_seg *seg = ds_new(arena, ds_text_seg, 1);

    *seg = (ds_text_seg){0, 1, col};
    arg->text = ds_text_of(text ? text : "");
    arg->text.file = "f";
    arg->text.n_segs = 1;
    arg->text.segs = seg;
    arg->null = text == NULL;
    arg->where = (ds_where){"f", 1, col, 0};
    return arg;
}

/* name, value, name, value, ..., NULL */
static const ds_arg *map(const char *first, ...)
{
    ds_text *names = ds_new(arena, ds_text, 16);
    const ds_arg **items = ds_new(arena, const ds_arg *, 16);
    uint32_t n = 0;
    va_list ap;

    va_start(ap, first);
    for (const char *name = first; name; name = va_arg(ap, const char *)) {
        names[n] = at(100 + n, name)->text;
        items[n++] = va_arg(ap, const ds_arg *);
    }
    va_end(ap);
    return args_map(names, items, n, (ds_where){"f", 1, 1, 0}, arena);
}

static const ds_arg *list(const char *first, const char *second)
{
    const ds_arg **items = ds_new(arena, const ds_arg *, 2);
    ds_arg *arg = ds_new(arena, ds_arg, 1);

    items[0] = at(5, first);
    items[1] = at(6, second);
    arg->kind = DS_ARG_LIST;
    arg->n = 2;
    arg->items = items;
    arg->where = (ds_where){"f", 1, 4, 0};
    return arg;
}

struct things {
    ds_text str, name, expr;
    int64_t n, size;
    bool on;
    ds_time every;
    int choice;
    const ds_arg *select, *exprs, *columns, *props, *strs, *any;
    struct {
        int64_t depth;
    } sub;
};

#define AT(member) offsetof(struct things, member)

static const ds_param sub_params[] = {
    {.name = "depth", .type = DS_P_INT, .offset = 0, .def = "7", .main = true},
    {0}};

static const ds_param params[] = {
    {.name = "str", .type = DS_P_STR, .offset = AT(str)},
    {.name = "name", .type = DS_P_NAME, .offset = AT(name)},
    {.name = "expr", .type = DS_P_EXPR, .offset = AT(expr), .main = true},
    {.name = "count",
     .type = DS_P_INT,
     .offset = AT(n),
     .def = "3",
     .min = 1,
     .max = 9},
    {.name = "size", .type = DS_P_SIZE, .offset = AT(size)},
    {.name = "on", .type = DS_P_BOOL, .offset = AT(on)},
    {.name = "every", .type = DS_P_DURATION, .offset = AT(every)},
    {.name = "choice",
     .type = DS_P_ENUM,
     .offset = AT(choice),
     .choices = "changed|all",
     .later_choices = "none|null"},
    {.name = "select", .type = DS_P_SELECT, .offset = AT(select)},
    {.name = "exprs", .type = DS_P_EXPRS, .offset = AT(exprs)},
    {.name = "columns", .type = DS_P_COLUMNS, .offset = AT(columns)},
    {.name = "props", .type = DS_P_PROPS, .offset = AT(props)},
    {.name = "strs", .type = DS_P_STRS, .offset = AT(strs)},
    {.name = "any", .type = DS_P_ARG, .offset = AT(any)},
    {.name = "sub", .type = DS_P_OBJECT, .offset = AT(sub), .sub = sub_params},
    {.name = "window", .type = DS_P_ARG, .later = true},
    {0},
};

static struct things things;

static bool fill(const ds_arg *arg)
{
    things = (struct things){0};
    return ds_args_fill(arg, params, "thing", &things, arena, &diags);
}

/* One value that is wrong: the code, and the column it is reported at. */
static void check_bad(const char *name, const ds_arg *value, const char *code,
                      uint32_t col)
{
    uint32_t before = diags.n;

    assert_false(fill(map(name, value, NULL)));
    assert_int_equal(diags.n, before + 1);
    assert_string_equal(diags.list[before].code, code);
    assert_int_equal(diags.list[before].where.col, col);
}

static void check_hint(const char *want)
{
    if (want)
        assert_string_equal(diags.list[diags.n - 1].hint, want);
    else
        assert_null(diags.list[diags.n - 1].hint);
}

/* ---- values ---- */

static void test_values(void **state)
{
    (void)state;
    assert_true(fill(map("str", at(1, "NO"), "name", at(2, "a_1"), "count",
                         at(3, "9"), "size", at(4, "2KiB"), "on", at(5, "true"),
                         "every", at(6, "1m"), "choice", at(7, "all"), "sub",
                         at(8, "2"), NULL)));
    assert_string_equal(things.str.s, "NO");
    assert_string_equal(things.name.s, "a_1");
    assert_int_equal(things.n, 9);
    assert_int_equal(things.size, 2048);
    assert_true(things.on);
    assert_int_equal(things.every, 60 * DS_SECOND);
    assert_int_equal(things.choice, 1);
    assert_int_equal(things.sub.depth, 2);
    assert_int_equal(diags.n, 0);
}

static void test_defaults(void **state)
{
    (void)state;
    assert_true(fill(NULL));
    assert_int_equal(things.n, 3);
    assert_int_equal(things.sub.depth, 0); /* absent: zeroed */
    assert_true(fill(map("sub", map(NULL), NULL)));
    assert_int_equal(things.sub.depth, 7);
    assert_null(things.str.s);
}

/* Scalars are what YAML 1.2 says: an int is a text where a text is wanted. */
static void test_scalars(void **state)
{
    (void)state;
    assert_true(fill(map("str", at(1, "42"), "expr", at(2, "true"), NULL)));
    assert_string_equal(things.str.s, "42");
    check_bad("on", at(7, "yes"), "E0103", 7);
    check_bad("on", at(7, "True"), "E0103", 7);
    check_bad("on", at(7, "1"), "E0103", 7);
    check_bad("str", at(7, NULL), "E0103", 7);
    check_bad("str", list("a", "b"), "E0103", 4);
}

static void test_numbers(void **state)
{
    (void)state;
    check_bad("count", at(9, "ten"), "E0103", 9);
    check_bad("count", at(9, "1.5"), "E0103", 9);
    check_bad("count", at(9, " 1"), "E0103", 9);
    check_bad("count", at(9, ""), "E0103", 9);
    check_bad("count", at(9, "0"), "E0104", 9);
    check_bad("count", at(8, "10"), "E0104", 8);
    check_bad("count", at(7, "99999999999999999999"), "E0104", 7);
}

static void test_texts(void **state)
{
    (void)state;
    check_bad("every", at(9, "5"), "E0105", 9);
    check_hint("give it a unit: 500ms, 10s, 5m");
    check_bad("every", at(9, "0s"), "E0105", 9);
    check_bad("every", at(9, "soon"), "E0105", 9);
    check_bad("size", at(9, "many"), "E0105", 9);
    check_bad("size", at(9, "-1"), "E0105", 9);
    check_bad("name", at(9, "1a"), "E0105", 9);
    check_bad("name", at(9, "Upper"), "E0105", 9);
    check_bad("name", at(9, ""), "E0105", 9);
}

static void test_choices(void **state)
{
    (void)state;
    check_bad("choice", at(9, "chnaged"), "E0104", 9);
    check_hint("did you mean `changed`?");
    check_bad("choice", at(9, "none"), "E0190", 9);
    check_bad("choice", at(9, NULL), "E0190", 9);
}

static void test_trees(void **state)
{
    (void)state;
    assert_true(fill(map("select", at(1, "a, b"), "exprs", list("a", "b"),
                         "columns", map("a", at(2, "text"), NULL), "strs",
                         list("x", "y"), "any", list("p", "q"), NULL)));
    assert_int_equal(things.exprs->n, 2);
    assert_true(fill(map("select", map("a", at(1, "1"), NULL), NULL)));
    check_bad("select", list("a", "b"), "E0103", 4);
    check_bad("exprs", map("a", at(2, "b"), NULL), "E0103", 1);
    check_bad("columns", at(8, "a text"), "E0103", 8);
    check_bad("columns", map(NULL), "E0102", 1);
    check_bad("props", map("a", at(3, NULL), NULL), "E0103", 3);
    check_bad("strs", at(8, "x"), "E0103", 8);
}

/* From C a list is one text. */
static void test_from_c(void **state)
{
    const ds_arg *columns =
        args_scalar("id text not null, n numeric(1,2)", arena);

    (void)state;
    assert_true(fill(
        map("columns", columns, "strs", args_scalar("a, b", arena), NULL)));
    assert_int_equal(things.columns->n, 2);
    assert_string_equal(things.columns->names[0].s, "id");
    assert_string_equal(things.columns->items[0]->text.s, "text not null");
    assert_string_equal(things.columns->items[1]->text.s, "numeric(1,2)");
    assert_int_equal(things.strs->n, 2);
    assert_string_equal(things.strs->items[1]->text.s, "b");
}

/* ---- names ---- */

static void test_names(void **state)
{
    (void)state;
    check_bad("cuont", at(9, "5"), "E0101", 100);
    check_hint("did you mean `count`?");
    check_bad("nothing_like_it", at(9, "5"), "E0101", 100);
    check_hint(NULL);
    check_bad("window", at(9, "5"), "E0190", 100);
}

static void test_main(void **state)
{
    (void)state;
    assert_true(fill(at(1, "n > 1")));
    assert_string_equal(things.expr.s, "n > 1");
    assert_false(fill(list("a", "b")));
    assert_string_equal(diags.list[0].code, "E0103");
}

static void test_required(void **state)
{
    static const ds_param need[] = {
        {.name = "a", .type = DS_P_STR, .offset = 0, .required = true}, {0}};
    ds_text a = {0};

    (void)state;
    assert_false(ds_args_fill(map(NULL), need, "it", &a, arena, &diags));
    assert_string_equal(diags.list[0].code, "E0102");
    assert_string_equal(diags.list[0].msg, "it needs `a`");
    /* A scalar where a map is needed. */
    assert_false(ds_args_fill(at(3, "x"), need, "it", &a, arena, &diags));
    assert_string_equal(diags.list[1].code, "E0103");
    /* Written, but wrong: it is not missing as well. */
    assert_false(ds_args_fill(map("a", at(3, NULL), NULL), need, "it", &a,
                              arena, &diags));
    assert_int_equal(diags.n, 3);
}

/* `map: {a: x}`: the map is the select list, not names of the table. */
static void test_only_map(void **state)
{
    static const ds_param only[] = {
        {.name = "select", .type = DS_P_SELECT, .offset = 0, .main = true},
        {0}};
    const ds_arg *got = NULL;
    const ds_arg *given = map("select", at(1, "a"), "b", at(2, "c"), NULL);

    (void)state;
    assert_true(ds_args_fill(given, only, "map", &got, arena, &diags));
    assert_ptr_equal(got, given);
}

static void test_all_mistakes(void **state)
{
    (void)state;
    assert_false(fill(
        map("on", at(1, "x"), "count", at(2, "y"), "zzz", at(3, "z"), NULL)));
    assert_int_equal(diags.n, 3);
}

static void test_nearest(void **state)
{
    const char *const names[] = {"filter", "map", "flatMap", "keyBy"};

    (void)state;
    assert_string_equal(ds_name_nearest("flter", names, 4), "filter");
    assert_string_equal(ds_name_nearest("flatmap", names, 4), "flatMap");
    assert_string_equal(ds_name_nearest("mpa", names, 4), "map");
    assert_string_equal(ds_name_nearest("key_by", names, 4), "keyBy");
    assert_null(ds_name_nearest("reduce", names, 4));
    assert_null(ds_name_nearest("x", names, 4));
    assert_null(ds_name_nearest("", names, 4));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(values),   T(defaults), T(scalars),      T(numbers), T(texts),
        T(choices),  T(trees),    T(from_c),       T(names),   T(main),
        T(required), T(only_map), T(all_mistakes), T(nearest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
