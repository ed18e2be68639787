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
#include "plan/columns.h"
#include "record/show.h"
#include "yaml/yaml_tree.h"

static const char usage[] =
    "usage: dstream eval EXPR [--in FILE --columns MAPPING]\n"
    "       dstream eval --file EXPRS [--in FILE --columns MAPPING]\n"
    "\n"
    "Evaluate an SQL expression once, or for each row of a file of JSON lines. "
    "An\n"
    "answer is {\"value\": …} or {\"error\": {\"code\": …, \"message\": …}}. "
    "Exit 0; 1 if a\n"
    "row failed; 78 if the expression is refused.\n"
    "\n"
    "  --file EXPRS         an expression a line; for each a line of answers:\n"
    "                       {\"results\": […]}, or {\"refused\": {…}}\n"
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
    ds_time now; /* of all rows */
    ds_batch rows;
    ds_row_errors bad; /* rows that did not decode */
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

/* Files of jobs are UTF-8 when YAML was read; arguments may be anything. */
static bool compile(eval *e, ds_text *text, ds_arena *a, ds_diags *d)
{
    const ds_scope scope = {.cols = &e->schema};

    if (!ds_utf8_valid((ds_slice){(const uint8_t *)text->s, text->len})) {
        ds_diag_add(d, DS_ERROR, "E0201", ds_text_where(text, 0, 0), NULL,
                    "invalid byte sequence for encoding \"UTF8\"");
        return false;
    }
    return ds_expr_compile(text, DS_NONE, &scope, a, d, &e->expr) == DS_OK &&
           !d->errors;
}

static bool columns_read(eval *e, const char *mapping, ds_diags *d)
{
    const yaml_vars none = {.on = false};
    const ds_arg *map =
        yaml_parse(ds_slice_of(mapping), "--columns", &none, e->a, d);

    if (!map)
        return false;
    if (map->kind != DS_ARG_MAP || map->n == 0) {
        ds_diag_add(d, DS_ERROR, "E0103", map->where,
                    "{id: bigint, name: text}",
                    "columns are a map of names and types");
        return false;
    }
    return columns_parse(map, e->a, d, &e->schema);
}

/* ---- answers ---- */

static void answer_error(ds_buf *out, const char *what, const char *code,
                         const char *msg)
{
    ds_buf_printf(out, "{\"%s\": {\"code\": ", what);
    ds_show_json_str(out, ds_slice_of(code));
    ds_buf_str(out, ", \"message\": ");
    ds_show_json_str(out, ds_slice_of(msg));
    ds_buf_str(out, "}}");
}

static const ds_row_error *error_of(const ds_row_errors *errs, uint32_t row)
{
    for (uint32_t i = 0; i < errs->n; i++)
        if (errs->list[i].row == row)
            return &errs->list[i];
    return NULL;
}

/* The answers to rows 0..n), with `end` after each but the last. */
static void answers_add(eval *e, ds_buf *out, uint32_t n, const ds_col *value,
                        const ds_row_errors *errs, const char *end)
{
    ds_type type = ds_exprs_schema(e->expr)->fields[0].type;

    for (uint32_t i = 0; i < n; i++) {
        const ds_row_error *err = error_of(&e->bad, i);

        if (i)
            ds_buf_str(out, end);
        if (!err)
            err = error_of(errs, i);
        if (err) {
            e->failed = true;
            answer_error(out, "error", err->code, err->msg);
            continue;
        }
        ds_buf_str(out, "{\"value\": ");
        if (type == DS_NONE || ds_col_is_null(value, i))
            ds_buf_str(out, "null");
        else
            ds_show_json(out, type, value, i);
        ds_buf_str(out, "}");
    }
}

static ds_rc rows_decode(eval *e, ds_slice *vals, uint32_t n, ds_arena *a,
                         ds_err *err)
{
    ds_col *cols = ds_new(a, ds_col, e->schema.n + 1);

    e->bad = (ds_row_errors){0};
    e->rows = (ds_batch){
        .schema = &e->schema, .cols = cols, .n = n, .n_sel = n, .arena = a};
    if (!e->codec)
        return DS_OK;
    return e->json->decode(e->codec, vals, n, a, cols, &e->bad, err);
}

/* Rows that did not decode are not evaluated. */
static ds_rc rows_eval(eval *e, ds_buf *out, const char *end, ds_arena *a,
                       ds_err *err)
{
    ds_col value = {NULL, {NULL}};
    ds_row_errors errs = {0};
    const ds_batch *in = &e->rows;
    ds_eval ev = {.now = e->now, .arena = a, .errs = &errs};

    if (e->bad.n)
        in = ds_batch_drop(in, e->bad.bad);
    if (in->n_sel)
        DS_TRY(ds_exprs_eval(e->expr, in, &ev, &value, err));
    answers_add(e, out, e->rows.n, &value, &errs, end);
    return DS_OK;
}

static ds_rc rows_answer(eval *e, ds_slice *vals, uint32_t n, ds_arena *a,
                         ds_err *err)
{
    ds_buf out;

    ds_buf_init(&out, a, 4096);
    DS_TRY(rows_decode(e, vals, n, a, err));
    DS_TRY(rows_eval(e, &out, "\n", a, err));
    ds_buf_str(&out, "\n");
    fwrite(out.s, 1, out.len, stdout);
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
            vals[n++] = ds_slice_copy(a, row.val);
        if (rc >= 0 && n) {
            ds_rc one = rows_answer(e, vals, n, a, err);
            rc = one < 0 ? one : rc;
        }
        ds_arena_reset(a);
    }
    ds_arena_free(a);
    feed_close(f);
    return rc < 0 ? rc : DS_OK;
}

/* ---- a file of expressions ---- */

/* All rows of a file, decoded. */
static ds_rc rows_read(eval *e, const char *path, ds_err *err)
{
    const run_file file = {.path = path};
    uint32_t n = 0, cap = 0;
    ds_slice *vals = NULL;
    feed_row row;
    feed *f;
    ds_rc rc = feed_open(&file, &f, err);

    DS_TRY(rc);
    while ((rc = feed_next(f, e->a, &row, err)) == DS_OK) {
        if (n == cap) {
            ds_slice *more = ds_new(e->a, ds_slice, cap = cap * 2 + 64);
            if (n)
                memcpy(more, vals, n * sizeof(*vals));
            vals = more;
        }
        vals[n++] = ds_slice_copy(e->a, row.val);
    }
    feed_close(f);
    return rc < 0 ? rc : rows_decode(e, vals, n, e->a, err);
}

/* The first mistake that was found. */
static void answer_refused(ds_buf *out, const ds_diags *d)
{
    uint32_t i = 0;

    while (i + 1 < d->n && d->list[i].severity != DS_ERROR)
        i++;
    answer_error(out, "refused", d->list[i].code, d->list[i].msg);
}

static ds_rc line_answer(eval *e, const char *line, size_t len, ds_err *err)
{
    ds_arena *a = ds_arena_new(1 << 14);
    ds_text text = argument("EXPRS", line, a);
    ds_diags d;
    ds_buf out;
    ds_rc rc = DS_OK;

    text.len = (uint32_t)len;
    ds_diags_init(&d, a);
    ds_buf_init(&out, a, 4096);
    if (!compile(e, &text, a, &d)) {
        answer_refused(&out, &d);
    } else {
        ds_buf_str(&out, "{\"results\": [");
        rc = rows_eval(e, &out, ", ", a, err);
        ds_buf_str(&out, "]}");
    }
    ds_buf_str(&out, "\n");
    fwrite(out.s, 1, out.len, stdout);
    ds_arena_free(a);
    return rc;
}

static ds_rc lines_answer(eval *e, const char *path, ds_err *err)
{
    FILE *f = path && strcmp(path, "-") ? fopen(path, "r") : stdin;
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    ds_rc rc = DS_OK;

    if (!f)
        return ds_fail(err, DS_E_CONFIG, "%s: %s", path, strerror(errno));
    while (rc == DS_OK && (n = getline(&line, &room, f)) >= 0) {
        if (n && line[n - 1] == '\n')
            line[--n] = '\0';
        rc = line_answer(e, line, (size_t)n, err);
    }
    free(line);
    if (f != stdin)
        fclose(f);
    return rc;
}

/* ---- the verb ---- */

static ds_rc codec_open(eval *e, ds_err *err)
{
    const ds_codec_spec spec = {.columns = &e->schema};

    e->json = ds_registry_codec(cmd_registry(), "json");
    return e->json->open(&spec, &e->codec, err);
}

static ds_rc eval_run(eval *e, const char *in, ds_err *err)
{
    ds_arena *a;
    ds_rc rc;

    if (in) {
        DS_TRY(codec_open(e, err));
        return file_eval(e, in, err);
    }
    a = ds_arena_new(1 << 12);
    rc = rows_answer(e, NULL, 1, a, err);
    ds_arena_free(a);
    return rc;
}

static ds_rc eval_lines(eval *e, const char *exprs, const char *in, ds_err *err)
{
    if (in) {
        DS_TRY(codec_open(e, err));
        DS_TRY(rows_read(e, in, err));
    } else {
        DS_TRY(rows_decode(e, NULL, 1, e->a, err));
    }
    return lines_answer(e, exprs, err);
}

/* `text`: the expression, or NULL and `exprs` is a file of them. */
static int eval_main(const char *text, const char *exprs, const char *in,
                     const char *columns)
{
    eval e = {.a = ds_arena_new(1 << 16), .now = ds_clock_now(&ds_clock_wall)};
    ds_text expr = argument("EXPR", text ? text : "", e.a);
    ds_diags d;
    ds_err err = {DS_OK, ""};
    int code = EXIT_BAD_CONFIG;

    ds_diags_init(&d, e.a);
    if (columns && !columns_read(&e, columns, &d))
        ds_diags_show(&d, ds_slice_of(columns), stderr);
    else if (text && !compile(&e, &expr, e.a, &d))
        ds_diags_show(&d, ds_slice_of(text), stderr);
    else if ((text ? eval_run(&e, in, &err) : eval_lines(&e, exprs, in, &err)) <
             0)
        code = cmd_fail(&err);
    else
        code = text && e.failed ? 1 : 0;
    if (e.codec)
        e.json->close(e.codec);
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
        {"file", required_argument, NULL, 'f'},
        {"in", required_argument, NULL, 'i'},
        {"columns", required_argument, NULL, 'c'},
        {"output", required_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0}};
    const char *in = NULL, *columns = NULL, *expr = NULL, *exprs = NULL;
    int c;

    if (minus_first(argv[1])) {
        expr = argv[1];
        argv++;
        argc--;
    }
    while ((c = getopt_long(argc, argv, "o:h", options, NULL)) != -1) {
        if (c == 'i')
            in = optarg;
        else if (c == 'f')
            exprs = optarg;
        else if (c == 'c')
            columns = optarg;
        else if (c != 'o')
            return cmd_help(c, "eval", usage);
        else if (strcmp(optarg, "json") != 0)
            return cmd_usage("eval", "-o: json is the only format so far");
    }
    if (argc - optind != (expr || exprs ? 0 : 1))
        return cmd_usage("eval", "one expression, in quotes, or --file");
    if (in && !columns)
        return cmd_usage("eval", "--in needs --columns");
    if (columns && !in)
        in = "-";
    if (!expr && !exprs)
        expr = argv[optind];
    return eval_main(expr, exprs, in, columns);
}
