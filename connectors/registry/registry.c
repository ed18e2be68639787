/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registry.c - what is asked of a registry, and what it said before.
 */
#include "registry/registry.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "dstream/clock.h"
#include "registry/http.h"

enum {
    SLOTS = 1024,
    ENTRIES_MAX = 10000,
    REFERENCES_MAX = 50,
    ASKED_MAX = 20, /* unknown ids in a second: records can name any */
};
#define ABSENT_FOR (30 * DS_SECOND)
#define REST_AFTER (500 * DS_MS) /* a failure: nobody asks for so long */

/* What was said of an id. */
struct entry {
    struct entry *next;
    ds_time until; /* absent: mono; 0: it is there */
    ds_arena *a;
    registry_schema schema;
};

struct registry {
    registry *next;
    uint64_t hash;
    ds_arena *a;
    registry_props props;
    pthread_mutex_t lock; /* the cache and the rest below */
    pthread_mutex_t wire; /* held while the server is asked */
    registry_http *http;
    struct entry *slots[SLOTS];
    uint32_t n_entries;
    ds_time rest_until; /* mono */
    ds_err failed;      /* why */
    ds_time second;     /* mono: since when ids are counted */
    uint32_t asked;
};

static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;
static registry *all;

/* ---- open ---- */

static uint64_t props_hash(const ds_prop *props, uint32_t n)
{
    uint64_t h = 0;

    for (uint32_t i = 0; i < n; i++) {
        h = h * 31 + ds_hash(props[i].name, strlen(props[i].name));
        h = h * 31 + ds_hash(props[i].value, strlen(props[i].value));
    }
    return h;
}

/* The job that it comes from may go. */
static const ds_prop *props_copy(const ds_prop *props, uint32_t n, ds_arena *a)
{
    ds_prop *copy = ds_new(a, ds_prop, n + 1);

    for (uint32_t i = 0; i < n; i++)
        copy[i] = (ds_prop){.name = ds_str_copy(a, props[i].name),
                            .value = ds_str_copy(a, props[i].value)};
    return copy;
}

static ds_rc registry_new(const ds_prop *props, uint32_t n, registry **out,
                          ds_err *err)
{
    registry *r = calloc(1, sizeof(*r));
    ds_rc rc;

    DS_BUG_ON(!r);
    r->a = ds_arena_new(4096);
    rc = registry_props_read(props_copy(props, n, r->a), n, (ds_where){0},
                             &r->props, r->a, NULL, err);
    if (rc < 0) {
        ds_arena_free(r->a);
        free(r);
        return rc;
    }
    pthread_mutex_init(&r->lock, NULL);
    pthread_mutex_init(&r->wire, NULL);
    r->http = registry_http_new(&r->props);
    *out = r;
    return DS_OK;
}

ds_rc registry_open(const ds_prop *props, uint32_t n, registry **out,
                    ds_err *err)
{
    uint64_t hash = props_hash(props, n);
    ds_rc rc = DS_OK;
    registry *r;

    pthread_mutex_lock(&all_lock);
    for (r = all; r && r->hash != hash; r = r->next)
        ;
    if (!r)
        rc = registry_new(props, n, &r, err);
    if (rc == DS_OK && !r->hash) {
        r->hash = hash;
        r->next = all;
        all = r;
    }
    pthread_mutex_unlock(&all_lock);
    *out = rc == DS_OK ? r : NULL;
    return rc;
}

const char *registry_url(const registry *r)
{
    return r->props.urls[0];
}

/* ---- asking ---- */

/* Its own words about an error. */
static const char *said(const json_t *j)
{
    const char *s = json_string_value(json_object_get(j, "message"));

    return s ? s : "it does not say why";
}

static ds_rc wrong_answer(const registry *r, const char *what, ds_err *err)
{
    return ds_fail(err, DS_E_UNREACHABLE,
                   "the schema registry %s: its answer has %s", registry_url(r),
                   what);
}

/* DS_OK: status 2xx. */
static ds_rc status_check(const registry *r, long status, const json_t *j,
                          ds_err *err)
{
    json_int_t code = json_integer_value(json_object_get(j, "error_code"));

    if (!json_is_object(j))
        return wrong_answer(r, "no JSON object", err);
    if (status >= 200 && status < 300)
        return DS_OK;
    /* A proxy's 404 is none of the registry's. */
    if (status == 404 && code >= 40400 && code < 40500)
        return DS_NOTFOUND;
    if (status == 404)
        return wrong_answer(r, "status 404 and no error_code", err);
    return ds_fail(err, DS_E_CONFIG,
                   "the schema registry %s refuses it (status %ld): %.250s",
                   registry_url(r), status, said(j));
}

/* The wire is ours. */
static ds_rc ask_now(registry *r, const char *path, const char *body,
                     json_t **out, ds_err *err)
{
    ds_err why = {DS_OK, ""};
    long status = 0;
    json_t *j = NULL;
    ds_rc rc = registry_http_ask(r->http, path, body, &status, &j, &why);

    if (rc == DS_OK)
        rc = status_check(r, status, j, &why);
    if (rc == DS_OK)
        *out = j;
    else
        json_decref(j);
    pthread_mutex_lock(&r->lock);
    r->rest_until = rc == DS_E_UNREACHABLE || rc == DS_E_AUTH
                        ? ds_mono_now() + REST_AFTER
                        : 0;
    r->failed = why;
    pthread_mutex_unlock(&r->lock);
    return rc < 0 ? ds_fail(err, rc, "%s", why.msg) : rc;
}

static ds_rc ask(registry *r, const char *path, const char *body, json_t **out,
                 ds_err *err)
{
    ds_err failed = {DS_OK, ""};
    ds_rc rc;

    pthread_mutex_lock(&r->wire);
    pthread_mutex_lock(&r->lock);
    if (r->rest_until > ds_mono_now())
        failed = r->failed;
    pthread_mutex_unlock(&r->lock);
    rc = failed.rc < 0 ? ds_fail(err, failed.rc, "%s", failed.msg)
                       : ask_now(r, path, body, out, err);
    pthread_mutex_unlock(&r->wire);
    return rc;
}

static char *subject_path(registry *r, const char *fmt, const char *subject,
                          ds_arena *a)
{
    char *path;

    pthread_mutex_lock(&r->wire);
    subject = registry_http_escape(r->http, subject, a);
    pthread_mutex_unlock(&r->wire);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    path = ds_str_printf(a, fmt, subject);
#pragma GCC diagnostic pop
    return path;
}

/* ---- schemas in answers ---- */

struct texts {
    ds_slice list[REFERENCES_MAX + 1];
    char *names[REFERENCES_MAX + 1]; /* subject/version */
    uint32_t n;
};

static ds_rc schema_text(const registry *r, const json_t *j, ds_arena *a,
                         ds_slice *out, ds_err *err)
{
    const json_t *s = json_object_get(j, "schema");

    if (!json_is_string(s))
        return wrong_answer(r, "no schema", err);
    *out = ds_slice_copy(a, (ds_slice){(const uint8_t *)json_string_value(s),
                                       (uint32_t)json_string_length(s)});
    return DS_OK;
}

static ds_rc references_take(registry *r, const json_t *j, struct texts *t,
                             uint32_t depth, ds_arena *a, ds_err *err);

/* What a schema refers to comes before it, each once. */
static ds_rc reference_take(registry *r, const json_t *ref, struct texts *t,
                            uint32_t depth, ds_arena *a, ds_err *err)
{
    const char *subject = json_string_value(json_object_get(ref, "subject"));
    const json_t *version = json_object_get(ref, "version");
    char *name, *path;
    json_t *j = NULL;
    ds_rc rc;

    if (!subject || !json_is_integer(version))
        return wrong_answer(r, "a reference without subject and version", err);
    name = ds_str_printf(a, "%s/%" JSON_INTEGER_FORMAT, subject,
                         json_integer_value(version));
    for (uint32_t i = 0; i < t->n; i++)
        if (!strcmp(t->names[i], name))
            return DS_OK;
    if (t->n == REFERENCES_MAX || depth == 8)
        return wrong_answer(r, "too many references", err);
    path = subject_path(r, "/subjects/%s/versions/", subject, a);
    path = ds_str_printf(a, "%s%" JSON_INTEGER_FORMAT, path,
                         json_integer_value(version));
    rc = ask(r, path, NULL, &j, err);
    if (rc == DS_NOTFOUND)
        return wrong_answer(r, "a reference to what is not there", err);
    if (rc == DS_OK)
        rc = references_take(r, j, t, depth + 1, a, err);
    if (rc == DS_OK && t->n < REFERENCES_MAX) {
        rc = schema_text(r, j, a, &t->list[t->n], err);
        t->names[t->n++] = name;
    }
    json_decref(j);
    return rc;
}

static ds_rc references_take(registry *r, const json_t *j, struct texts *t,
                             uint32_t depth, ds_arena *a, ds_err *err)
{
    const json_t *list = json_object_get(j, "references");

    for (size_t i = 0; i < json_array_size(list); i++)
        DS_TRY(reference_take(r, json_array_get(list, i), t, depth, a, err));
    return DS_OK;
}

static ds_rc schema_take(registry *r, const json_t *j, ds_arena *a,
                         registry_schema *out, ds_err *err)
{
    const char *said_type = json_string_value(json_object_get(j, "schemaType"));
    const char *type = said_type ? said_type : "AVRO";
    struct texts t = {.n = 0};
    ds_slice *texts;

    out->type = ds_strn_copy(a, type, strnlen(type, 20));
    if (!strcmp(out->type, "AVRO"))
        DS_TRY(references_take(r, j, &t, 0, a, err));
    DS_TRY(schema_text(r, j, a, &t.list[t.n], err));
    texts = ds_new(a, ds_slice, t.n + 1);
    memcpy(texts, t.list, (t.n + 1) * sizeof(*texts));
    out->texts = texts;
    out->n = t.n + 1;
    return DS_OK;
}

static ds_rc id_take(const registry *r, const json_t *j, uint32_t *id,
                     ds_err *err)
{
    const json_t *v = json_object_get(j, "id");

    if (!json_is_integer(v) || json_integer_value(v) < 0 ||
        json_integer_value(v) > UINT32_MAX)
        return wrong_answer(r, "no id", err);
    *id = (uint32_t)json_integer_value(v);
    return DS_OK;
}

/* ---- by id ---- */

static struct entry *entry_find(registry *r, uint32_t id)
{
    struct entry *e = r->slots[id % SLOTS];

    while (e && e->schema.id != id)
        e = e->next;
    return e;
}

static void entries_forget(registry *r)
{
    for (uint32_t i = 0; i < SLOTS; i++)
        while (r->slots[i]) {
            struct entry *e = r->slots[i];

            r->slots[i] = e->next;
            ds_arena_free(e->a);
            free(e);
        }
    r->n_entries = 0;
}

/* Takes over `a`; absent: `until`. */
static void entry_put(registry *r, const registry_schema *s, ds_arena *a,
                      ds_time until)
{
    struct entry *e = entry_find(r, s->id);

    if (!e) {
        if (r->n_entries >= ENTRIES_MAX)
            entries_forget(r);
        e = calloc(1, sizeof(*e));
        DS_BUG_ON(!e);
        e->next = r->slots[s->id % SLOTS];
        r->slots[s->id % SLOTS] = e;
        r->n_entries++;
    } else {
        ds_arena_free(e->a);
    }
    e->a = a;
    e->schema = *s;
    e->until = until;
}

static void schema_copy(const registry_schema *s, ds_arena *a,
                        registry_schema *out)
{
    ds_slice *texts = ds_new(a, ds_slice, s->n + 1);

    *out = *s;
    out->type = ds_str_copy(a, s->type);
    for (uint32_t i = 0; i < s->n; i++)
        texts[i] = ds_slice_copy(a, s->texts[i]);
    out->texts = texts;
}

/* DS_END: nothing is known of it. */
static ds_rc entry_get(registry *r, uint32_t id, ds_arena *a,
                       registry_schema *out)
{
    const struct entry *e;
    ds_rc rc = DS_END;

    pthread_mutex_lock(&r->lock);
    e = entry_find(r, id);
    if (e && !e->until) {
        schema_copy(&e->schema, a, out);
        rc = DS_OK;
    } else if (e && e->until > ds_mono_now()) {
        rc = DS_NOTFOUND;
    }
    pthread_mutex_unlock(&r->lock);
    return rc;
}

/* Records can name any id: a flood of them must not become one of requests. */
static bool may_ask(registry *r)
{
    ds_time now = ds_mono_now();
    bool may;

    pthread_mutex_lock(&r->lock);
    if (now - r->second > DS_SECOND) {
        r->second = now;
        r->asked = 0;
    }
    may = r->asked < ASKED_MAX;
    r->asked += may;
    pthread_mutex_unlock(&r->lock);
    return may;
}

static ds_rc by_id_ask(registry *r, uint32_t id, ds_arena *a,
                       registry_schema *out, ds_err *err)
{
    char path[64];
    json_t *j = NULL;
    const json_t *named;
    ds_rc rc;

    if (!may_ask(r))
        return ds_fail(err, DS_E_UNREACHABLE,
                       "the schema registry %s: too many unknown ids in a "
                       "second",
                       registry_url(r));
    snprintf(path, sizeof(path), "/schemas/ids/%" PRIu32, id);
    rc = ask(r, path, NULL, &j, err);
    if (rc != DS_OK)
        return rc;
    named = json_object_get(j, "id");
    if (named && json_integer_value(named) != (json_int_t)id)
        rc = wrong_answer(r, "another id than was asked for", err);
    if (rc == DS_OK)
        rc = schema_take(r, j, a, out, err);
    json_decref(j);
    return rc;
}

ds_rc registry_by_id(registry *r, uint32_t id, ds_arena *a,
                     registry_schema *out, ds_err *err)
{
    registry_schema s = {.id = id, .type = ""};
    ds_arena *own;
    ds_rc rc = entry_get(r, id, a, out);

    if (rc != DS_END)
        return rc;
    own = ds_arena_new(1024);
    rc = by_id_ask(r, id, own, &s, err);
    if (rc < 0) {
        ds_arena_free(own);
        return rc;
    }
    s.id = id;
    if (rc == DS_OK)
        schema_copy(&s, a, out);
    pthread_mutex_lock(&r->lock);
    entry_put(r, &s, own, rc == DS_OK ? 0 : ds_mono_now() + ABSENT_FOR);
    pthread_mutex_unlock(&r->lock);
    return rc;
}

/* ---- subjects ---- */

ds_rc registry_latest(registry *r, const char *subject, ds_arena *a,
                      registry_schema *out, ds_err *err)
{
    json_t *j = NULL;
    ds_rc rc =
        ask(r, subject_path(r, "/subjects/%s/versions/latest", subject, a),
            NULL, &j, err);

    if (rc != DS_OK)
        return rc;
    rc = id_take(r, j, &out->id, err);
    if (rc == DS_OK)
        rc = schema_take(r, j, a, out, err);
    out->version = (int32_t)json_integer_value(json_object_get(j, "version"));
    json_decref(j);
    return rc;
}

static ds_rc post(registry *r, const char *fmt, const char *subject,
                  ds_slice schema, json_t **out, ds_err *err)
{
    ds_arena *a = ds_arena_new(1024);
    json_t *j = json_pack("{s:s%}", "schema", (const char *)schema.ptr,
                          (size_t)schema.len);
    char *body = j ? json_dumps(j, JSON_COMPACT) : NULL;
    ds_rc rc = body ? ask(r, subject_path(r, fmt, subject, a), body, out, err)
                    : ds_fail(err, DS_E_CONFIG, "the schema is no text");

    free(body);
    json_decref(j);
    ds_arena_free(a);
    return rc;
}

static ds_rc post_for_id(registry *r, const char *fmt, const char *subject,
                         ds_slice schema, uint32_t *id, ds_err *err)
{
    json_t *j = NULL;
    ds_rc rc = post(r, fmt, subject, schema, &j, err);

    if (rc == DS_OK)
        rc = id_take(r, j, id, err);
    json_decref(j);
    return rc;
}

ds_rc registry_lookup(registry *r, const char *subject, ds_slice schema,
                      uint32_t *id, ds_err *err)
{
    return post_for_id(r, "/subjects/%s", subject, schema, id, err);
}

ds_rc registry_register(registry *r, const char *subject, ds_slice schema,
                        uint32_t *id, ds_err *err)
{
    return post_for_id(r, "/subjects/%s/versions", subject, schema, id, err);
}
