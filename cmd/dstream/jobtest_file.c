/* SPDX-License-Identifier: Apache-2.0 */
/* jobtest_file.c - a test file, checked against the job that it names. */
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/jobtest.h"
#include "plan/args.h"

typedef struct loader {
    const ds_registry *reg;
    ds_arena *a;
    ds_diags *d;
    const char *dir; /* of the test file */
    test_file *file;
    const ds_arg *root;
    const ds_plan *plan; /* of the test that is being read */
} loader;

static void fail_at(loader *l, ds_where where, const char *hint,
                    const char *msg)
{
    ds_diag_add(l->d, DS_ERROR, "E0901", where, hint, "%s", msg);
}

static const char *path_of(loader *l, const char *path)
{
    return path[0] == '/' ? path : ds_str_printf(l->a, "%s/%s", l->dir, path);
}

/* ---- the job ---- */

static const char *env_get(void *arg, const char *name)
{
    const ds_arg *v = arg ? ds_arg_find(arg, name) : NULL;

    return v && v->kind == DS_ARG_SCALAR ? v->text.s : getenv(name);
}

ds_job *test_job_open(const job_test *t, const ds_registry *reg,
                      const ds_plan **plan, ds_diags *d)
{
    yaml_vars vars = {.on = true,
                      .get = env_get,
                      .secrets_dir = getenv("CREDENTIALS_DIRECTORY")};
    ds_job *job = ds_job_new(reg);
    ds_diags *jd = ds_job_diags(job);
    ds_slice text = DS_NULL_SLICE;

    vars.arg = (void *)(uintptr_t)t->env;
    yaml_job_load(job, t->job, &vars, &text);
    ds_job_tap_all(job);
    ds_job_set_plain(job);
    ds_job_set_captured(job);
    *plan = ds_job_plan(job);
    if (*plan)
        return job;
    for (uint32_t i = 0; i < jd->n; i++)
        if (jd->list[i].severity == DS_ERROR)
            ds_diag_add(d, DS_ERROR, jd->list[i].code, jd->list[i].where,
                        jd->list[i].hint, "%s", jd->list[i].msg);
    if (ds_job_incomplete(job) && jd->errors == 0)
        ds_diag_add(d, DS_ERROR, "E0142", (ds_where){t->job, 1, 1, 0},
                    "schema: {file: x.avsc}, or `columns`",
                    "the columns of a source are known to a registry only, "
                    "which a test does not ask");
    ds_job_free(job);
    return NULL;
}

/* ---- what the job names ---- */

const ds_node *jobtest_source(const ds_plan *plan, const char *name)
{
    for (uint32_t i = 0; i < plan->n_nodes; i++)
        if (!strcmp(plan->nodes[i]->type->name, "source") &&
            !ds_node_reads_table(plan->nodes[i]) &&
            !strcmp(plan->nodes[i]->stream, name))
            return plan->nodes[i];
    return NULL;
}

static bool plan_has_table(const ds_plan *plan, const char *name)
{
    for (uint32_t i = 0; i < plan->n_tables; i++)
        if (!strcmp(plan->tables[i].name, name))
            return true;
    return false;
}

static bool plan_has_tap(const ds_plan *plan, const char *name)
{
    for (uint32_t i = 0; i < plan->n_topics; i++)
        if (!strncmp(plan->topics[i].name, "tap.", 4) &&
            !strcmp(plan->topics[i].name + 4, name))
            return true;
    return false;
}

/* ---- steps ---- */

static const char *const points[] = {"before_produce", "before_commit",
                                     "after_commit"};

static void step_crash(loader *l, test_step *s, const ds_arg *v)
{
    for (int i = 0; i < 3; i++)
        if (v->kind == DS_ARG_SCALAR && !strcmp(v->text.s, points[i]))
            s->point = points[i];
    if (!s->point)
        fail_at(l, v->where, "before_produce, before_commit or after_commit",
                "no such crash point");
    s->kind = STEP_CRASH;
}

static void step_time(loader *l, test_step *s, const ds_arg *v, step_kind kind)
{
    ds_slice text =
        v->kind == DS_ARG_SCALAR ? ds_slice_of(v->text.s) : DS_NULL_SLICE;
    bool ok = text.ptr && (kind == STEP_AT ? ds_time_parse(text, &s->time)
                                           : ds_duration_parse(text, &s->time));

    s->kind = kind;
    if (!ok)
        fail_at(l, v->where, kind == STEP_AT ? "2026-01-01T10:00:00Z" : "61s",
                kind == STEP_AT ? "this is no time" : "this is no duration");
}

static void step_lose(loader *l, test_step *s, const ds_arg *v)
{
    s->kind = STEP_LOSE;
    s->arg = v->kind == DS_ARG_MAP ? ds_arg_find(v, "lose") : NULL;
    if (!s->arg || s->arg->kind != DS_ARG_LIST)
        fail_at(l, v->where, "rebalance: {lose: [0]}",
                "rebalance needs a list of partitions to lose");
}

/* Rows may stand in a file of JSON lines. */
static const ds_arg *rows_file(loader *l, const ds_arg *v)
{
    const ds_arg *name = v->kind == DS_ARG_MAP ? ds_arg_find(v, "file") : NULL;
    ds_arg *list = ds_new(l->a, ds_arg, 1);
    ds_slice text;
    const ds_arg **items;
    uint32_t lines = 1;

    if (!name || v->n != 1 || name->kind != DS_ARG_SCALAR)
        return v;
    if (!yaml_read(path_of(l, name->text.s), l->a, &text, l->d))
        return v;
    for (uint32_t i = 0; i < text.len; i++)
        lines += text.ptr[i] == '\n';
    items = ds_new(l->a, const ds_arg *, lines);
    for (uint32_t at = 0; at < text.len;) {
        const uint8_t *end = memchr(text.ptr + at, '\n', text.len - at);
        uint32_t n = (end ? (uint32_t)(end - text.ptr) : text.len) - at;
        ds_slice line = {text.ptr + at, n};
        const ds_arg *row =
            n ? yaml_parse(line, name->text.s, NULL, l->a, l->d) : NULL;
        if (row)
            items[list->n++] = row;
        at += n + 1;
    }
    list->kind = DS_ARG_LIST;
    list->where = v->where;
    list->items = items;
    return list;
}

static const ds_arg *rows_list(loader *l, const ds_arg *v, const char *what)
{
    v = rows_file(l, v);
    if (v->kind == DS_ARG_LIST)
        return v;
    if (v->kind == DS_ARG_SCALAR && v->null) {
        ds_arg *none = ds_new(l->a, ds_arg, 1);
        *none = (ds_arg){.kind = DS_ARG_LIST, .where = v->where};
        return none;
    }
    fail_at(l, v->where, ds_str_printf(l->a, "%s: [a row, another]", what),
            "rows have to be a list");
    return v;
}

static void step_rows(loader *l, test_step *s, const ds_arg *step, uint32_t i)
{
    const ds_arg *p = ds_arg_find(step, "partition");
    ds_time t;

    s->kind = STEP_ROWS;
    s->source = step->names[i].s;
    s->arg = rows_list(l, step->items[i], s->source);
    s->key = ds_arg_find(step, "key");
    s->ts = ds_arg_find(step, "ts");
    s->headers = ds_arg_find(step, "headers");
    if (s->ts && (s->ts->kind != DS_ARG_SCALAR || !s->ts->text.s ||
                  !ds_time_parse(ds_slice_of(s->ts->text.s), &t)))
        fail_at(l, s->ts->where, "2026-01-01T10:00:00Z", "this is no time");
    if (s->key && s->key->kind != DS_ARG_SCALAR)
        fail_at(l, s->key->where, "key: a", "a record's key is a text");
    if (p) {
        char *end;
        long n = strtol(p->text.s ? p->text.s : "x", &end, 10);
        if (*end || n < 0 || n > 1000)
            fail_at(l, p->where, "0 to 1000", "this is no partition");
        else
            s->partition = (int32_t)n;
    }
}

static bool is_flag(const ds_arg *map, const char *name, const char *value)
{
    const ds_arg *v = ds_arg_find(map, name);

    return v && v->kind == DS_ARG_SCALAR && !strcmp(v->text.s, value);
}

/* A flag that may stand beside or inside `expect`; misspelt it would be none.
 */
static bool flag_read(loader *l, const ds_arg *map, const char *name,
                      const char *value)
{
    const ds_arg *v = ds_arg_find(map, name);
    bool other = v && v->kind == DS_ARG_SCALAR && !is_flag(map, name, value) &&
                 strcmp(v->text.s, "false") != 0;

    if (other)
        fail_at(l, v->where, ds_str_printf(l->a, "%s: %s", name, value),
                ds_str_printf(l->a, "%s has to be %s", name, value));
    return is_flag(map, name, value);
}

static void expect_columns(loader *l, const ds_plan *plan, const char *name,
                           const ds_arg *rows)
{
    const ds_schema *schema = NULL;

    for (uint32_t i = 0; i < plan->n_nodes; i++) {
        const ds_node *n = plan->nodes[i];
        if (n->topic >= 0 && n->n_inputs &&
            !strncmp(plan->topics[n->topic].name, "tap.", 4) &&
            !strcmp(plan->topics[n->topic].name + 4, name))
            schema = n->inputs[0]->schema;
    }
    for (uint32_t i = 0; schema && i < rows->n; i++)
        for (uint32_t k = 0;
             k < rows->items[i]->n && rows->items[i]->kind == DS_ARG_MAP; k++)
            if (ds_schema_find(schema, rows->items[i]->names[k].s) < 0)
                fail_at(l, args_name_where(&rows->items[i]->names[k]), NULL,
                        ds_str_printf(l->a, "%s has no column %s", name,
                                      rows->items[i]->names[k].s));
}

/* The watermarks of sources after the batch; null: there is none yet. */
static void expect_watermark(loader *l, test_step *s, const ds_arg *v)
{
    ds_time t;

    s->watermark = v;
    for (uint32_t i = 0; i < v->n; i++) {
        const ds_arg *item = v->items[i];
        const char *name = v->names[i].s;
        const ds_node *node = jobtest_source(l->plan, name);

        if (!node || !node->watermarked)
            fail_at(l, args_name_where(&v->names[i]), NULL,
                    ds_str_printf(l->a,
                                  "the job has no source %s with a "
                                  "watermark",
                                  name));
        else if (!args_is_null(item) &&
                 (item->kind != DS_ARG_SCALAR ||
                  !ds_time_parse(ds_slice_of(item->text.s), &t)))
            fail_at(l, item->where, "2026-01-01T10:00:00Z, or null",
                    "this is no time");
    }
}

static void step_expect(loader *l, test_step *s, const ds_arg *step,
                        const ds_arg *v)
{
    ds_arg *sinks = ds_new(l->a, ds_arg, 1);
    ds_text *names;
    const ds_arg **items;

    s->kind = STEP_EXPECT;
    s->strict = flag_read(l, step, "order", "strict");
    s->strict = flag_read(l, v, "order", "strict") || s->strict;
    s->exact = flag_read(l, step, "exact", "true");
    s->exact = flag_read(l, v, "exact", "true") || s->exact;
    s->fails = ds_arg_find(step, "fails");
    if (s->fails && s->fails->kind != DS_ARG_SCALAR)
        fail_at(l, s->fails->where, "fails: division by zero",
                "fails needs a part of the message");
    if (v->kind != DS_ARG_MAP) {
        fail_at(l, v->where, "expect: {counts: [{word: a, n: 1}]}",
                "expect needs sinks or streams with their rows");
        return;
    }
    names = ds_new(l->a, ds_text, v->n + 1);
    items = ds_new(l->a, const ds_arg *, v->n + 1);
    *sinks = *v;
    sinks->n = 0;
    for (uint32_t i = 0; i < v->n; i++) {
        const char *name = v->names[i].s;
        if (v->items[i]->kind == DS_ARG_SCALAR &&
            (!strcmp(name, "order") || !strcmp(name, "exact")))
            continue;
        if (!strcmp(name, "watermark") && v->items[i]->kind == DS_ARG_MAP) {
            expect_watermark(l, s, v->items[i]);
            continue;
        }
        names[sinks->n] = v->names[i];
        items[sinks->n++] = rows_list(l, v->items[i], name);
        if (!strcmp(name, "dlq") ||
            (!strcmp(name, "late") && l->plan->late_topic >= 0))
            continue;
        if (!plan_has_tap(l->plan, name))
            fail_at(
                l, args_name_where(&v->names[i]), NULL,
                ds_str_printf(l->a, "the job has no sink or stream %s", name));
        else
            expect_columns(l, l->plan, name, items[sinks->n - 1]);
    }
    sinks->names = names;
    sinks->items = items;
    s->arg = sinks;
}

static void step_state(loader *l, test_step *s, const ds_arg *v)
{
    s->kind = STEP_STATE;
    s->arg = v;
    if (v->kind != DS_ARG_MAP) {
        fail_at(l, v->where, "state: {counts: {be: {n: 3}}}",
                "state needs stores with keys");
        return;
    }
    for (uint32_t i = 0; i < v->n; i++) {
        bool known = false;
        for (uint32_t k = 0; k < l->plan->n_stores; k++)
            known = known || !strcmp(l->plan->stores[k].name, v->names[i].s);
        if (!known)
            fail_at(
                l, args_name_where(&v->names[i]), NULL,
                ds_str_printf(l->a, "the job has no store %s", v->names[i].s));
        else if (v->items[i]->kind != DS_ARG_MAP)
            fail_at(l, v->items[i]->where, "{key: {column: value}}",
                    "a store needs keys with values");
    }
}

static bool plan_writes(const ds_plan *plan, const char *topic)
{
    for (uint32_t i = 0; i < plan->n_topics; i++)
        if ((plan->topics[i].kind == DS_TOPIC_SINK ||
             plan->topics[i].kind == DS_TOPIC_DLQ ||
             plan->topics[i].kind == DS_TOPIC_LATE) &&
            !plan->topics[i].tap && !strcmp(plan->topics[i].name, topic))
            return true;
    return false;
}

static void record_check(loader *l, const ds_arg *rec)
{
    static const char *const known[] = {"key", "value", "headers", "ts"};

    if (rec->kind != DS_ARG_MAP)
        fail_at(l, rec->where, "{key: a, value: '1'}", "a record is a map");
    for (uint32_t i = 0; rec->kind == DS_ARG_MAP && i < rec->n; i++) {
        bool ok = false;
        for (int k = 0; k < 4; k++)
            ok = ok || !strcmp(rec->names[i].s, known[k]);
        if (!ok)
            fail_at(l, args_name_where(&rec->names[i]),
                    "key, value, headers, ts",
                    ds_str_printf(l->a, "a record has no %s", rec->names[i].s));
    }
}

static void step_records(loader *l, test_step *s, const ds_arg *step,
                         const ds_arg *v)
{
    s->kind = STEP_RECORDS;
    s->arg = v;
    s->strict = flag_read(l, step, "order", "strict");
    if (v->kind != DS_ARG_MAP) {
        fail_at(l, v->where, "records: {TOPIC: [{key: a, value: '1'}]}",
                "records needs topics with their records");
        return;
    }
    for (uint32_t i = 0; i < v->n; i++) {
        if (!plan_writes(l->plan, v->names[i].s))
            fail_at(l, args_name_where(&v->names[i]), NULL,
                    ds_str_printf(l->a, "the job writes no topic %s",
                                  v->names[i].s));
        if (v->items[i]->kind != DS_ARG_LIST)
            fail_at(l, v->items[i]->where, "[{key: a, value: '1'}]",
                    "records have to be a list");
        for (uint32_t k = 0;
             v->items[i]->kind == DS_ARG_LIST && k < v->items[i]->n; k++)
            record_check(l, v->items[i]->items[k]);
    }
}

/* The one name of a step that says what it is. */
static bool step_word(loader *l, test_step *s, const ds_arg *step, uint32_t i)
{
    const char *name = step->names[i].s;
    const ds_arg *v = step->items[i];

    if (jobtest_source(l->plan, name) || plan_has_table(l->plan, name))
        step_rows(l, s, step, i);
    else if (!strcmp(name, "records"))
        step_records(l, s, step, v);
    else if (!strcmp(name, "expect"))
        step_expect(l, s, step, v);
    else if (!strcmp(name, "state"))
        step_state(l, s, v);
    else if (!strcmp(name, "crash"))
        step_crash(l, s, v);
    else if (!strcmp(name, "at"))
        step_time(l, s, v, STEP_AT);
    else if (!strcmp(name, "advance"))
        step_time(l, s, v, STEP_ADVANCE);
    else if (!strcmp(name, "rebalance"))
        step_lose(l, s, v);
    else
        return false;
    return true;
}

static bool step_extra(const char *name)
{
    static const char *const extra[] = {"partition", "key",   "ts",   "headers",
                                        "order",     "exact", "fails"};

    for (size_t i = 0; i < sizeof(extra) / sizeof(*extra); i++)
        if (!strcmp(name, extra[i]))
            return true;
    return false;
}

static void step_load(loader *l, test_step *s, const ds_arg *step)
{
    uint32_t words = 0, unknown = 0;

    s->where = step->where;
    if (step->kind != DS_ARG_MAP) {
        fail_at(l, step->where, "- lines: [a b]", "a step is a map");
        return;
    }
    for (uint32_t i = 0; i < step->n; i++) {
        const char *name = step->names[i].s;
        if (step_word(l, s, step, i))
            words++;
        else if (!step_extra(name) && ++unknown)
            fail_at(l, args_name_where(&step->names[i]),
                    "a source or table of the job, expect, records, state, "
                    "crash, at, "
                    "advance, rebalance",
                    ds_str_printf(l->a, "no such step: %s", name));
    }
    if (words > 1)
        fail_at(l, step->where, "one step after the other",
                "this step says several things");
    if (words + unknown == 0)
        fail_at(l, step->where, "- lines: [a b]", "this step says nothing");
}

/* ---- tests ---- */

/* A file without tests names a job all the same. */
static void job_check(loader *l)
{
    const ds_arg *job = ds_arg_find(l->root, "job");
    job_test t = {.env = ds_arg_find(l->root, "env")};
    ds_job *open = NULL;

    if (job && job->kind == DS_ARG_SCALAR) {
        t.job = path_of(l, job->text.s);
        open = test_job_open(&t, l->reg, &l->plan, l->d);
    }
    if (open)
        ds_job_free(open);
}

static const ds_arg *find_either(const ds_arg *test, const ds_arg *root,
                                 const char *name)
{
    const ds_arg *v = ds_arg_find(test, name);

    return v ? v : ds_arg_find(root, name);
}

static const char *const root_names[] = {"job",  "tests",   "env",
                                         "cuts", "crashes", NULL};
static const char *const test_names[] = {"job", "name", "env", "steps", NULL};

static void names_check(loader *l, const ds_arg *map, const char *const *known)
{
    for (uint32_t i = 0; map->kind == DS_ARG_MAP && i < map->n; i++) {
        const char *const *k = known;
        while (*k && strcmp(*k, map->names[i].s) != 0)
            k++;
        if (!*k)
            fail_at(l, args_name_where(&map->names[i]),
                    known == root_names ? "job, env, cuts, crashes, tests"
                                        : "name, job, env, steps",
                    ds_str_printf(l->a, "unknown key %s", map->names[i].s));
    }
}

static void test_load(loader *l, job_test *t, const ds_arg *test)
{
    const ds_arg *name = ds_arg_find(test, "name");
    const ds_arg *job = find_either(test, l->root, "job");
    const ds_arg *steps = ds_arg_find(test, "steps");
    ds_job *open;

    names_check(l, test, test_names);
    t->where = test->where;
    t->name = name && name->kind == DS_ARG_SCALAR ? name->text.s : "unnamed";
    t->env = find_either(test, l->root, "env");
    if (t->env && t->env->kind != DS_ARG_MAP)
        fail_at(l, t->env->where, "env: {KAFKA: \"localhost:9092\"}",
                "env is a map of variables");
    if (!job || job->kind != DS_ARG_SCALAR || !steps ||
        steps->kind != DS_ARG_LIST) {
        fail_at(l, test->where, "{name: …, steps: [ … ]} and job: FILE",
                "a test needs a job and steps");
        return;
    }
    t->job = path_of(l, job->text.s);
    open = test_job_open(t, l->reg, &l->plan, l->d);
    if (!open)
        return;
    t->steps = ds_new(l->a, test_step, steps->n + 1);
    t->n_steps = steps->n;
    for (uint32_t i = 0; i < steps->n; i++)
        step_load(l, &t->steps[i], steps->items[i]);
    ds_job_free(open);
}

bool test_file_load(const char *path, const ds_registry *reg, ds_arena *a,
                    ds_diags *d, ds_slice *text, test_file *out)
{
    loader l = {.reg = reg, .a = a, .d = d, .file = out};
    const ds_arg *tests, *cuts, *crashes;

    path = ds_str_copy(a, path);
    out->path = path;
    l.dir = dirname(ds_str_copy(a, path));
    if (!yaml_read(path, a, text, d))
        return false;
    l.root = yaml_parse(*text, path, NULL, a, d);
    if (!l.root)
        return false;
    tests = ds_arg_find(l.root, "tests");
    if (l.root->kind != DS_ARG_MAP || !tests || tests->kind != DS_ARG_LIST) {
        fail_at(&l, l.root->where, "job: FILE and tests: [ … ]",
                "this is no test file");
        return false;
    }
    names_check(&l, l.root, root_names);
    cuts = ds_arg_find(l.root, "cuts");
    if (cuts && !is_flag(l.root, "cuts", "any"))
        fail_at(&l, cuts->where, "cuts: any", "cuts can be any, or left out");
    crashes = ds_arg_find(l.root, "crashes");
    out->crashes_none = is_flag(l.root, "crashes", "none");
    if (crashes && !out->crashes_none)
        fail_at(&l, crashes->where, "crashes: none",
                "crashes can be none, or left out");
    out->cuts_any = is_flag(l.root, "cuts", "any");
    out->tests = ds_new(a, job_test, tests->n + 1);
    out->n_tests = tests->n;
    if (tests->n == 0)
        job_check(&l);
    for (uint32_t i = 0; i < tests->n; i++)
        test_load(&l, &out->tests[i], tests->items[i]);
    return d->errors == 0;
}
