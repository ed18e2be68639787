/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exprs.c - what an expression costs per row.
 *
 * Expressions as a user writes them, over columns as a codec makes them. A
 * filter is followed by a select list over the rows that it kept, as in a job;
 * beside it stands the same in a loop of C that is compiled for it.
 */
#include "layers/layers.h"
#include "record/jsonb.h"
#include "record/numeric.h"

enum { ID, A, C, KIND, URL, LINE, PRICE, RATE, AT, WHEN, EVENT, DOC, N_COLS };

static const ds_field fields[N_COLS] = {
    [ID] = {"id", DS_I64, 0, true},
    [A] = {"a", DS_F64, 0, true},
    [C] = {"c", DS_F64, 0, true},
    [KIND] = {"kind", DS_STR, 0, true},
    [URL] = {"url", DS_STR, 0, true},
    [LINE] = {"line", DS_STR, 0, true},
    [PRICE] = {"price", DS_NUM, ((12 << 16) | 2) + 5, true},
    [RATE] = {"rate", DS_NUM, ((12 << 16) | 2) + 5, true},
    [AT] = {"at", DS_TS, 0, true},
    [WHEN] = {"happened", DS_STR, 0, true},
    [EVENT] = {"event", DS_STR, 0, true},
    [DOC] = {"doc", DS_JSON, 0, true},
};
static const ds_schema schema = {N_COLS, fields};
static ds_batch batches[LAYERS_BATCHES];

/* ---- rows ---- */

static ds_slice line(ds_arena *a)
{
    static const char *const words[] = {"the",   "quick", "brown", "fox",
                                        "jumps", "over",  "lazy",  "dog"};
    char text[128];
    uint32_t len = 0;

    while (len < 95) {
        const char *w = words[layers_random() % 8];
        size_t n = strlen(w);

        if (len)
            text[len++] = ' ';
        memcpy(text + len, w, n);
        len += (uint32_t)n;
    }
    return layers_text(a, "%.*s", (int)(len < 100 ? len : 100), text);
}

static void texts(ds_batch *rows, uint32_t i, ds_arena *a)
{
    static const char *const kinds[] = {"view", "click", "purchase"};
    unsigned long long n = layers_random() % 1000000;
    const char *why;
    ds_slice event;

    ((ds_slice *)layers_room(rows, KIND))[i] =
        ds_slice_of(kinds[layers_random() % 3]);
    ((ds_slice *)layers_room(rows, URL))[i] = layers_text(
        a, "%s://example.org/shop/%llu/item?color=%s&order=%llu",
        n % 2 ? "https" : "http", n, n % 3 ? "green" : "blue", n * n);
    ((ds_slice *)layers_room(rows, LINE))[i] = line(a);
    ((ds_slice *)layers_room(rows, WHEN))[i] =
        layers_text(a, "2024-%02llu-%02llu %02llu:%02llu:%02llu.%06llu+00",
                    n % 12 + 1, n % 28 + 1, n % 24, n % 60, n % 59, n);
    event = layers_text(
        a,
        "{\"ad_id\": \"%016llx-%016llx\", \"ad_type\": \"banner\", \"amount\": "
        "%llu.50, \"user\": {\"id\": %llu, \"country\": \"DE\"}, \"page_id\": "
        "\"%016llx-%016llx\", \"event_type\": \"view\", \"event_time\": "
        "\"%llu\", \"ip\": \"1.2.3.4\"}",
        n * 7, n * 11, n, n + 1, n * 13, n * 17, 1700000000000ull + n);
    ((ds_slice *)layers_room(rows, EVENT))[i] = event;
    if (!jsonb_parse(event, a, &((ds_slice *)layers_room(rows, DOC))[i], &why))
        layers_die("exprs: %s", why);
}

static void numbers(ds_batch *rows, uint32_t i)
{
    ((int64_t *)layers_room(rows, ID))[i] = (int64_t)(layers_random() % 65536);
    ((double *)layers_room(rows, A))[i] = (double)(layers_random() % 200);
    ((double *)layers_room(rows, C))[i] = (double)(layers_random() % 1000) / 8;
    ((ds_numeric *)layers_room(rows, PRICE))[i] =
        numeric_of((numeric_int)(layers_random() % 1000000), 2);
    ((ds_numeric *)layers_room(rows, RATE))[i] =
        numeric_of((numeric_int)(layers_random() % 10000), 2);
    ((ds_time *)layers_room(rows, AT))[i] =
        (ds_time)(1700000000000000ll + (int64_t)(layers_random() >> 20));
}

/* ---- expressions ---- */

static ds_exprs *compiled(const char *text, bool set, ds_arena *a)
{
    const ds_scope scope = {.cols = &schema, .sets = set};
    ds_text t = ds_text_of(text);
    ds_exprs *e = NULL;
    ds_diags d;

    ds_diags_init(&d, a);
    if (ds_exprs_compile(&t, &scope, a, &d, &e) < 0 || d.errors)
        layers_die("exprs: %s: %s", text, d.n ? d.list[0].msg : "?");
    return e;
}

static const ds_col *evaluated(const ds_exprs *e, const ds_batch *in,
                               ds_arena *epoch)
{
    ds_col *cols = ds_new(epoch, ds_col, ds_exprs_schema(e)->n);
    ds_row_errors errs = {0};
    const ds_eval ev = {1700000000000000, epoch, &errs};
    ds_err err;

    if (ds_exprs_eval(e, in, &ev, cols, &err) < 0)
        layers_die("exprs: %s", err.msg);
    if (errs.n)
        layers_die("exprs: %s", errs.list[0].msg);
    layers_keep(cols);
    return cols;
}

static void list(void *arg, uint32_t k, ds_arena *epoch)
{
    evaluated(arg, &batches[k], epoch);
}

static void set(void *arg, uint32_t k, ds_arena *epoch)
{
    ds_row_errors errs = {0};
    const ds_eval ev = {1700000000000000, epoch, &errs};
    const ds_batch *out;
    ds_batch in = batches[k];
    uint32_t n_from;
    ds_err err;

    in.arena = epoch;
    if (ds_exprs_eval_set(arg, &in, &ev, &out, &n_from, &err) < 0)
        layers_die("exprs: %s", err.msg);
    layers_keep(out);
}

typedef struct where_list {
    ds_exprs *where, *list;
} where_list;

/* As lib/op/filter.c and map.c. */
static void filter(void *arg, uint32_t k, ds_arena *epoch)
{
    const where_list *job = arg;
    ds_batch in = batches[k];
    const ds_col *keep = evaluated(job->where, &in, epoch);
    uint32_t *sel = ds_new(epoch, uint32_t, in.n), n = 0;

    for (uint32_t i = 0; i < in.n; i++) {
        sel[n] = i;
        n += !ds_col_is_null(keep, i) && keep->v.b[i];
    }
    in.arena = epoch;
    evaluated(job->list, ds_batch_select(&in, sel, n), epoch);
}

static void filter_in_c(void *arg, uint32_t k, ds_arena *epoch)
{
    const ds_batch *in = &batches[k];
    const double *a = in->cols[A].v.f64, *c = in->cols[C].v.f64;
    const ds_slice *kind = in->cols[KIND].v.str;
    double *out = ds_new(epoch, double, in->n);
    uint32_t n = 0;

    (void)arg;
    for (uint32_t i = 0; i < in->n; i++)
        if (a[i] > 100 && kind[i].len == 4 &&
            memcmp(kind[i].ptr, "view", 4) == 0)
            out[n++] = a[i] * 0.908 + c[i];
    layers_keep(out);
}

/* ---- aggregates ---- */

typedef struct groups {
    const ds_exprs *e;
    uint32_t group[LAYERS_ROWS];
    ds_acc *acc;
} groups;

enum { N_GROUPS = 100 };

static void aggregate(void *arg, uint32_t k, ds_arena *epoch)
{
    groups *g = arg;
    ds_row_errors errs = {0};
    const ds_eval ev = {1700000000000000, epoch, &errs};
    ds_err err;

    if (ds_acc_add(g->acc, &batches[k], g->group, N_GROUPS, &ev, &err) < 0)
        layers_die("exprs: %s", err.msg);
}

static void measure_aggregate(const char *name, const char *text)
{
    ds_arena *a = ds_arena_new(1 << 16);
    const ds_schema none = {0, NULL};
    const ds_scope scope = {.cols = &none, .rows = &schema};
    ds_text t = ds_text_of(text);
    groups *g = ds_new(a, groups, 1);
    ds_exprs *e = NULL;
    uint32_t n;
    ds_diags d;

    ds_diags_init(&d, a);
    if (ds_exprs_compile(&t, &scope, a, &d, &e) < 0 || d.errors)
        layers_die("exprs: %s: %s", text, d.n ? d.list[0].msg : "?");
    g->acc = ds_acc_new(ds_exprs_aggs(e, &n)[0], a);
    for (uint32_t i = 0; i < LAYERS_ROWS; i++)
        g->group[i] = (uint32_t)(layers_random() % N_GROUPS);
    layers_measure(name, aggregate, g);
    ds_arena_free(a);
}

/* ---- what is measured ---- */

static void measure_filter(void)
{
    ds_arena *a = ds_arena_new(1 << 16);
    where_list job = {compiled("a > 100 AND kind = 'view'", false, a),
                      compiled("a * 0.908 + c", false, a)};

    layers_measure("filter", filter, &job);
    layers_measure("filter_in_c", filter_in_c, NULL);
    ds_arena_free(a);
}

static void measure_lists(void)
{
    static const struct {
        const char *name, *text;
    } cases[] = {
        {"integer_add", "id + 7"},
        {"text_equal", "kind = 'view'"},
        {"like_prefix", "url LIKE 'https://%'"},
        {"like_contains", "url LIKE '%green%'"},
        {"lower", "lower(line)"},
        {"concat", "kind || '-' || url"},
        {"split_part", "split_part(url, '/', 4)"},
        {"regexp_like", "url ~ '^https?://[a-z.]+/shop/\\d+/'"},
        {"regexp_replace", "regexp_replace(url, '\\d+', 'N')"},
        {"regexp_split_to_array", "regexp_split_to_array(line, '\\s+')"},
        {"numeric_add", "price + rate"},
        {"numeric_multiply", "price * rate"},
        {"numeric_compare", "price > rate"},
        {"numeric_constant", "price > 100.50"},
        {"numeric_times_constant", "price * 1.19"},
        {"numeric_divide", "price / rate"},
        {"numeric_round", "round(price * 1.19, 2)"},
        {"timestamptz_parse", "happened::timestamptz"},
        {"timestamptz_show", "at::text"},
        {"date_trunc", "date_trunc('hour', at)"},
        {"extract", "extract(hour FROM at)"},
        {"to_char", "to_char(at, 'YYYY-MM-DD HH24:MI')"},
        {"jsonb_parse", "event::jsonb"},
        {"jsonb_field_text", "doc->>'ad_id'"},
        {"jsonb_path_text", "doc->'user'->>'id'"},
        {"jsonb_field_number", "(doc->>'amount')::numeric"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ds_arena *a = ds_arena_new(1 << 16);

        layers_measure(cases[i].name, list, compiled(cases[i].text, false, a));
        ds_arena_free(a);
    }
}

static void measure_sets(void)
{
    static const struct {
        const char *name, *text;
    } cases[] = {
        {"regexp_split_to_table", "regexp_split_to_table(line, '\\s+') AS w"},
        {"regexp_split_by_blank", "regexp_split_to_table(line, ' ') AS w"},
        {"string_to_table", "string_to_table(line, ' ') AS w"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ds_arena *a = ds_arena_new(1 << 16);

        layers_measure(cases[i].name, set, compiled(cases[i].text, true, a));
        ds_arena_free(a);
    }
}

int main(int argc, char **argv)
{
    ds_arena *a = ds_arena_new(1 << 20);

    for (uint32_t k = 0; k < LAYERS_BATCHES; k++) {
        batches[k] = layers_batch(&schema, a);
        for (uint32_t i = 0; i < LAYERS_ROWS; i++) {
            numbers(&batches[k], i);
            texts(&batches[k], i, a);
        }
    }
    layers_begin(argc, argv);
    measure_filter();
    measure_lists();
    measure_sets();
    measure_aggregate("count_all", "count(*)");
    measure_aggregate("sum_bigint", "sum(id)");
    measure_aggregate("sum_numeric", "sum(price)");
    measure_aggregate("avg_double", "avg(a)");
    measure_aggregate("max_timestamptz", "max(at)");
    layers_end();
    ds_arena_free(a);
    return 0;
}
