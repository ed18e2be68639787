/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_registry.c - answers of a schema registry, with zero bytes between them:
 * to what is asked of it, then to what the schema refers to. One that begins
 * with a ! is an error's.
 *
 * The client is built in here, over an HTTP that only gives these answers.
 */
#include "codec/avro_schema.h"
#include "fuzz.h"
#include "registry/registry.c" /* NOLINT(bugprone-suspicious-include) */

static ds_slice answers;
static uint32_t asked;

registry_http *registry_http_new(const registry_props *props)
{
    (void)props;
    return (registry_http *)&answers;
}

char *registry_http_escape(registry_http *h, const char *s, ds_arena *a)
{
    (void)h;
    return ds_str_copy(a, s);
}

/* As http.c: JSON, or an error. */
ds_rc registry_http_ask(registry_http *h, const char *path, const char *body,
                        long *status, json_t **out, ds_err *err)
{
    json_error_t at;
    ds_slice text = answers;
    (void)h;
    (void)body;
    FUZZ_CHECK(path[0] == '/');
    FUZZ_CHECK(++asked < 200);
    answers = fuzz_split(&text, 0);
    *status = text.len && text.ptr[0] == '!' ? 404 : 200;
    if (*status == 404)
        text = (ds_slice){text.ptr + 1, text.len - 1};
    *out = json_loadb((const char *)text.ptr, text.len, 0, &at);
    return *out ? DS_OK
                : ds_fail(err, DS_E_UNREACHABLE, "no JSON: %s", at.text);
}

static registry *client(void)
{
    static const ds_prop props[] = {{.name = "url", .value = "http://sr"}};
    static registry *r;
    ds_err err = {DS_OK, ""};
    if (!r)
        FUZZ_CHECK(registry_open(props, 1, &r, &err) == DS_OK);
    entries_forget(r);
    r->rest_until = 0;
    r->asked = asked = 0;
    return r;
}

static void use(ds_rc rc, const registry_schema *s, ds_arena *a,
                const ds_err *err)
{
    const avro_type *t;
    ds_err why = {DS_OK, ""};
    FUZZ_CHECK(rc >= 0 || err->msg[0]);
    if (rc != DS_OK)
        return;
    FUZZ_CHECK(s->n > 0 && s->type);
    if (strcmp(s->type, "AVRO") == 0)
        (void)avro_schema_parse(s->texts, s->n, a, &t, &why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ds_arena *a = ds_arena_new(1 << 14);
    ds_slice input = fuzz_input(data, size),
             schema = {(const uint8_t *)"{}", 2};
    for (int k = 0; k < 4; k++) {
        registry *r = client();
        registry_schema s = {.n = 0};
        ds_err err = {DS_OK, ""};
        uint32_t id;
        answers = input;
        if (k == 0)
            use(registry_latest(r, "s", a, &s, &err), &s, a, &err);
        else if (k == 1)
            use(registry_by_id(r, 7, a, &s, &err), &s, a, &err);
        else if (k == 2)
            (void)registry_register(r, "s", schema, &id, &err);
        else
            (void)registry_lookup(r, "s", schema, &id, &err);
    }
    ds_arena_free(a);
    free((void *)(uintptr_t)input.ptr);
    return 0;
}
