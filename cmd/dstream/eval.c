/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eval.c - `dstream eval`: one expression over rows, one answer a line.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/run.h"
#include "dstream/clock.h"
#include "dstream/codec.h"
#include "expr/expr.h"
#include "record/show.h"
#include "yaml/yaml_tree.h"

static const char usage[] =
    "usage: dstream eval EXPR [--in FILE --columns MAPPING]\n"
    "\n"
    "Evaluate an SQL expression once, or for each row of a file of JSON lines. "
    "An\n"
    "answer is {\"value\": …} or {\"error\": {\"code\": …, \"message\": …}}. "
    "Exit 0; 1 if a\n"
    "row failed; 78 if the expression is refused.\n"
    "\n"
    "  --in FILE            rows, one JSON object a line; - is standard input\n"
    "  --columns MAPPING    as a source's columns: '{id: bigint, name: text}'\n"
    "  -o json              the only format so far\n"
    "  --help               this text\n";

enum { EVAL_ROWS = 1024 };

typedef struct eval {
    ds_arena *a;
    ds_schema schema;
    ds_exprs *expr;
    ds_codec *codec;
    const ds_codec_type *json;
    bool failed;
} eval;

/* A text that stands in a file of its own, for carets. */
static ds_text argument(const char *name, const char *s, ds_arena *a)
{
    ds_text_seg *seg = ds_new(a, ds_text_seg, 1);
    ds_text t = ds_text_of(s);

    *seg = (ds_text_seg){0, 1, 1};
    t.file = name;
    t.n_segs = 1;
    t.segs = seg;
    return t;
}

static bool columns_read(eval *e, const char *mapping, ds_diags *d)
{
    const yaml_vars none = {.on = false};
    const ds_arg *map =
        yaml_parse(ds_slice_of(mapping), "--columns", &none, e->a, d);
    ds_field *fields;

    if (!map)
        return false;
    if (map->kind != DS_ARG_MAP || map->n == 0) {
        ds_diag_add(d, DS_ERROR, "E0103", map->where,
                    "{id: bigint, name: text}",
                    "columns are a map of names and types");
        return false;
    }
    fields = ds_new(e->a, ds_field, map->n);
    for (uint32_t i = 0; i < map->n; i++) {
        if (map->items[i]->kind != DS_ARG_SCALAR) {
            ds_diag_add(d, DS_ERROR, "E0103", map->items[i]->where, NULL,
                        "a type is a text");
            continue;
        }
        if (ds_type_parse(&map->items[i]->text, d, &fields[i]) < 0)
            continue;
        fields[i].name = map->names[i].s;
    }
    e->schema = (ds_schema){map->n, fields};
    return d->errors == 0;
}

/* ---- answers ---- */

static void answer_error(eval *e, ds_buf *out, const char *code,
                         const char *msg)
{
    e->failed = true;
    ds_buf_str(out, "{\"error\": {\"code\": ");
    ds_show_json_str(out, ds_slice_of(code));
    ds_buf_str(out, ", \"message\": ");
    ds_show_json_str(out, ds_slice_of(msg));
    ds_buf_str(out, "}}\n");
}

static const ds_row_error *error_of(const ds_row_errors *errs, uint32_t row)
{
    for (uint32_t i = 0; i < errs->n; i++)
        if (errs->list[i].row == row)
            return &errs->list[i];
    return NULL;
}

static void answers_print(eval *e, uint32_t n, const ds_col *value,
                          const ds_row_errors *bad, const ds_row_errors *errs,
                          ds_arena *a)
{
    ds_type type = ds_exprs_schema(e->expr)->fields[0].type;
    ds_buf out;

    ds_buf_init(&out, a, 4096);
    for (uint32_t i = 0; i < n; i++) {
        const ds_row_error *err = error_of(bad, i);

        if (!err)
            err = error_of(errs, i);
        if (err) {
            answer_error(e, &out, err->code, err->msg);
            continue;
        }
        ds_buf_str(&out, "{\"value\": ");
        if (type == DS_NONE || ds_col_is_null(value, i))
            ds_buf_str(&out, "null");
        else
            ds_show_json(&out, type, value, i);
        ds_buf_str(&out, "}\n");
    }
    fwrite(out.s, 1, out.len, stdout);
}

/* Rows that did not decode are not evaluated. */
static ds_rc rows_eval(eval *e, ds_slice *vals, uint32_t n, ds_arena *a,
                       ds_err *err)
{
    ds_col *cols = ds_new(a, ds_col, e->schema.n + 1), value = {NULL, {NULL}};
    ds_row_errors bad = {0}, errs = {0};
    ds_batch b = {
        .schema = &e->schema, .cols = cols, .n = n, .n_sel = n, .arena = a};
    const ds_batch *in = &b;
    ds_eval ev = {
        .now = ds_clock_now(&ds_clock_wall), .arena = a, .errs = &errs};

    if (e->codec)
        DS_TRY(e->json->decode(e->codec, vals, n, a, cols, &bad, err));
    if (bad.n)
        in = ds_batch_drop(&b, bad.bad);
    if (in->n_sel)
        DS_TRY(ds_exprs_eval(e->expr, in, &ev, &value, err));
    answers_print(e, n, &value, &bad, &errs, a);
    return DS_OK;
}

static ds_rc file_eval(eval *e, const char *path, ds_err *err)
{
    const run_file file = {.path = path};
    ds_arena *a;
    feed *f;
    ds_rc rc = feed_open(&file, &f, err);

    DS_TRY(rc);
    a = ds_arena_new(1 << 16);
    while (rc == DS_OK) {
        ds_slice vals[EVAL_ROWS];
        uint32_t n = 0;
        feed_row row;

        while (n < EVAL_ROWS && (rc = feed_next(f, a, &row, err)) == DS_OK)
            if (row.val.len)
                vals[n++] = ds_slice_copy(a, row.val);
        if (rc >= 0 && n) {
            ds_rc one = rows_eval(e, vals, n, a, err);
            rc = one < 0 ? one : rc;
        }
        ds_arena_reset(a);
    }
    ds_arena_free(a);
    feed_close(f);
    return rc < 0 ? rc : DS_OK;
}

/* ---- the verb ---- */

static ds_rc eval_run(eval *e, const char *in, ds_err *err)
{
    const ds_codec_spec spec = {.columns = &e->schema};
    ds_rc rc;

    if (!in) {
        ds_arena *a = ds_arena_new(1 << 12);
        rc = rows_eval(e, NULL, 1, a, err);
        ds_arena_free(a);
        return rc;
    }
    e->json = ds_registry_codec(cmd_registry(), "json");
    DS_TRY(e->json->open(&spec, &e->codec, err));
    rc = file_eval(e, in, err);
    e->json->close(e->codec);
    return rc;
}

static int eval_main(const char *text, const char *in, const char *columns)
{
    eval e = {.a = ds_arena_new(1 << 16)};
    ds_text expr = argument("EXPR", text, e.a);
    ds_diags d;
    ds_err err = {DS_OK, ""};
    const ds_scope scope = {.cols = &e.schema};
    int code = EXIT_BAD_CONFIG;

    ds_diags_init(&d, e.a);
    if (columns && !columns_read(&e, columns, &d))
        ds_diags_show(&d, ds_slice_of(columns), stderr);
    else if (ds_expr_compile(&expr, DS_NONE, &scope, e.a, &d, &e.expr) < 0 ||
             d.errors)
        ds_diags_show(&d, ds_slice_of(text), stderr);
    else if (eval_run(&e, in, &err) < 0)
        code = cmd_fail(&err);
    else
        code = e.failed ? 1 : 0;
    if (fflush(stdout) || ferror(stdout)) {
        fprintf(stderr, "dstream: the output cannot be written: %s\n",
                strerror(errno));
        code = 1;
    }
    ds_arena_free(e.a);
    return code;
}

/* An expression that begins with a minus, as in -a, is no option. */
static bool minus_first(const char *s)
{
    return s && s[0] == '-' && s[1] && !strchr("-oh", s[1]);
}

int verb_eval(int argc, char **argv)
{
    static const struct option options[] = {
        {"in", required_argument, NULL, 'i'},
        {"columns", required_argument, NULL, 'c'},
        {"output", required_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0}};
    const char *in = NULL, *columns = NULL, *expr = NULL;
    int c;

    if (minus_first(argv[1])) {
        expr = argv[1];
        argv++;
        argc--;
    }
    while ((c = getopt_long(argc, argv, "o:h", options, NULL)) != -1) {
        if (c == 'i')
            in = optarg;
        else if (c == 'c')
            columns = optarg;
        else if (c != 'o')
            return cmd_help(c, "eval", usage);
        else if (strcmp(optarg, "json") != 0)
            return cmd_usage("eval", "-o: json is the only format so far");
    }
    if (argc - optind != (expr ? 0 : 1))
        return cmd_usage("eval", "one expression, in quotes");
    if (in && !columns)
        return cmd_usage("eval", "--in needs --columns");
    if (columns && !in)
        in = "-";
    return eval_main(expr ? expr : argv[optind], in, columns);
}
