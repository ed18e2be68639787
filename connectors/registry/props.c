/* SPDX-License-Identifier: Apache-2.0 */
/* props.c - see props.h. */
#include "registry/props.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "registry/registry.h"

static const char *const names[] = {
    "url",
    "basic.auth.credentials.source",
    "basic.auth.user.info",
    "ssl.ca.location",
    "ssl.certificate.location",
    "ssl.key.location",
    "ssl.key.password",
    "request.timeout.ms",
    "connection.timeout.ms",
    "response.max.bytes",
};
#define N_NAMES (sizeof(names) / sizeof(*names))

enum {
    URL,
    SOURCE,
    USER,
    CA,
    CERTIFICATE,
    KEY,
    PASSWORD,
    TIMEOUT,
    CONNECT,
    BODY
};

static const char prefix[] = "schema.registry.";

struct reader {
    ds_arena *a;
    ds_diags *d;
    ds_err *err;
    registry_props *out;
    bool bad;
};

__attribute__((format(printf, 4, 5))) static void
wrong(struct reader *r, ds_where where, const char *hint, const char *fmt, ...)
{
    char msg[300];
    va_list args;

    va_start(args, fmt);
    vsnprintf(msg, sizeof(msg), fmt, args);
    va_end(args);
    if (r->d)
        ds_diag_add(r->d, DS_ERROR, "E0510", where, hint, "%s", msg);
    if (!r->bad)
        (void)ds_fail(r->err, DS_E_CONFIG, "%s", msg);
    r->bad = true;
}

static long number(struct reader *r, const ds_prop *p, long min, long max)
{
    char *end;
    long v = strtol(p->value, &end, 10);

    if (*p->value && !*end && v >= min && v <= max)
        return v;
    wrong(r, p->where, NULL, "%s is a number from %ld to %ld", p->name, min,
          max);
    return min;
}

/* ---- URLs ---- */

static char *part_of(CURLU *u, CURLUPart part)
{
    char *s = NULL;

    return curl_url_get(u, part, &s, 0) == CURLUE_OK ? s : NULL;
}

/* user:password@ of a URL: not part of what is shown. */
static void url_credentials(struct reader *r, CURLU *u)
{
    char *user = NULL, *password = NULL;

    curl_url_get(u, CURLUPART_USER, &user, CURLU_URLDECODE);
    curl_url_get(u, CURLUPART_PASSWORD, &password, CURLU_URLDECODE);
    if (user && !r->out->user) {
        r->out->user = ds_str_copy(r->a, user);
        r->out->password = ds_str_copy(r->a, password ? password : "");
    }
    curl_free(user);
    curl_free(password);
    curl_url_set(u, CURLUPART_USER, NULL, 0);
    curl_url_set(u, CURLUPART_PASSWORD, NULL, 0);
}

/* What must not be there; NULL: it is a URL for us. */
static const char *url_trouble(CURLU *u)
{
    char *scheme = part_of(u, CURLUPART_SCHEME);
    char *query = part_of(u, CURLUPART_QUERY);
    char *fragment = part_of(u, CURLUPART_FRAGMENT);
    const char *why = NULL;

    if (!scheme ||
        (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
        why = "it begins with http:// or https://";
    else if (query || fragment)
        why = "nothing follows its path";
    curl_free(scheme);
    curl_free(query);
    curl_free(fragment);
    return why;
}

static bool one_url(struct reader *r, const ds_prop *p, const char *text)
{
    CURLU *u = curl_url();
    char *clean = NULL;
    const char *why = "it is no URL";
    size_t n;

    if (strstr(text, "://") &&
        curl_url_set(u, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) ==
            CURLUE_OK)
        why = url_trouble(u);
    if (!why) {
        url_credentials(r, u);
        curl_url_get(u, CURLUPART_URL, &clean, 0);
        n = strlen(clean);
        while (n && clean[n - 1] == '/')
            n--;
        r->out->urls[r->out->n_urls++] = ds_strn_copy(r->a, clean, n);
        curl_free(clean);
    } else {
        /* The text itself may have a password. */
        wrong(r, p->where, "registry: {url: https://registry:8081}",
              "the url of a registry cannot be used: %s", why);
    }
    curl_url_cleanup(u);
    return !why;
}

static void all_urls(struct reader *r, const ds_prop *p)
{
    const char *s = p->value;

    while (*s) {
        size_t n = strcspn(s, ",");
        const char *end = s + n;

        while (n && (*s == ' ' || *s == '\t'))
            s++, n--;
        while (n && (s[n - 1] == ' ' || s[n - 1] == '\t'))
            n--;
        if (n && r->out->n_urls == REGISTRY_URLS_MAX) {
            wrong(r, p->where, NULL, "a registry has at most %d urls",
                  REGISTRY_URLS_MAX);
            return;
        }
        if (n && !one_url(r, p, ds_strn_copy(r->a, s, n)))
            return;
        s = *end ? end + 1 : end;
    }
}

/* ---- the rest ---- */

static void user_info(struct reader *r, const ds_prop *p)
{
    const char *colon = strchr(p->value, ':');

    if (!colon) {
        wrong(r, p->where, "basic.auth.user.info: ${file:registry_auth}",
              "%s is user:password", p->name);
        return;
    }
    r->out->user = ds_strn_copy(r->a, p->value, (size_t)(colon - p->value));
    r->out->password = ds_str_copy(r->a, colon + 1);
}

static void credentials(struct reader *r, const ds_prop *source,
                        const ds_prop *user)
{
    const char *from = source ? source->value : user ? "USER_INFO" : "URL";

    if (!strcmp(from, "USER_INFO")) {
        if (user)
            user_info(r, user);
        else
            wrong(r, source->where, NULL,
                  "basic.auth.credentials.source: USER_INFO needs "
                  "basic.auth.user.info");
    } else if (strcmp(from, "URL") != 0) {
        wrong(r, source->where, NULL,
              "basic.auth.credentials.source is URL or USER_INFO");
    } else if (user) {
        wrong(r, user->where, NULL,
              "basic.auth.user.info needs basic.auth.credentials.source: "
              "USER_INFO");
    }
}

static void others(struct reader *r, const ds_prop *const *p)
{
    registry_props *o = r->out;

    o->ca = p[CA] ? p[CA]->value : NULL;
    o->certificate = p[CERTIFICATE] ? p[CERTIFICATE]->value : NULL;
    o->key = p[KEY] ? p[KEY]->value : NULL;
    o->key_password = p[PASSWORD] ? p[PASSWORD]->value : NULL;
    o->timeout_ms = p[TIMEOUT] ? number(r, p[TIMEOUT], 100, 60000) : 3000;
    o->connect_ms = p[CONNECT] ? number(r, p[CONNECT], 50, 60000) : 1000;
    o->body_max = p[BODY] ? number(r, p[BODY], 1024, 64 << 20) : 1 << 20;
    if (o->key && !o->certificate)
        wrong(r, p[KEY]->where, NULL,
              "ssl.key.location needs ssl.certificate.location");
}

static int name_find(const char *name)
{
    if (!strncmp(name, prefix, sizeof(prefix) - 1))
        name += sizeof(prefix) - 1;
    for (size_t i = 0; i < N_NAMES; i++)
        if (!strcmp(names[i], name))
            return (int)i;
    return -1;
}

static void unknown(struct reader *r, const ds_prop *p)
{
    const char *name = p->name, *near;

    if (!strncmp(name, prefix, sizeof(prefix) - 1))
        name += sizeof(prefix) - 1;
    near = ds_name_nearest(name, names, N_NAMES);
    wrong(r, p->where,
          near ? ds_str_printf(r->a, "did you mean `%s`?", near) : NULL,
          "no property of a registry is named `%.80s`", p->name);
}

ds_rc registry_props_read(const ds_prop *props, uint32_t n, ds_where where,
                          registry_props *out, ds_arena *a, ds_diags *d,
                          ds_err *err)
{
    ds_err first = {DS_OK, ""};
    struct reader r = {a, d, &first, out, false};
    const ds_prop *known[N_NAMES] = {NULL};

    *out = (registry_props){0};
    for (uint32_t i = 0; i < n; i++) {
        int at = name_find(props[i].name);

        if (at < 0)
            unknown(&r, &props[i]);
        else if (known[at])
            wrong(&r, props[i].where, NULL, "%s stands twice", props[i].name);
        else
            known[at] = &props[i];
    }
    credentials(&r, known[SOURCE], known[USER]);
    if (known[URL])
        all_urls(&r, known[URL]);
    if (!out->n_urls && !r.bad)
        wrong(&r, where, "registry: {url: https://registry:8081}",
              "a registry needs its url");
    others(&r, known);
    return r.bad ? ds_fail(err, DS_E_CONFIG, "%s", first.msg) : DS_OK;
}

/* ---- lint ---- */

static bool is_near(const char *url)
{
    return strstr(url, "//localhost") || strstr(url, "//127.") ||
           strstr(url, "//[::1]");
}

static void schemas_check(const ds_prop *props, uint32_t n, ds_where where,
                          ds_diags *d)
{
    ds_arena *a = ds_arena_new(4096);
    registry_props p;
    ds_err ignored = {DS_OK, ""};

    if (registry_props_read(props, n, where, &p, a, d, &ignored) == DS_OK)
        for (uint32_t i = 0; p.user && i < p.n_urls; i++)
            if (!strncmp(p.urls[i], "http:", 5) && !is_near(p.urls[i]))
                ds_diag_add(d, DS_WARNING, "W0510", where, "https://",
                            "the registry's password goes over the network in "
                            "clear text");
    ds_arena_free(a);
}

const ds_schemas_type registry_schemas = {
    .help = "A schema registry with Confluent's REST interface.",
    .check = schemas_check,
};

void ds_register_schemas(ds_registry *reg)
{
    ds_registry_set_schemas(reg, &registry_schemas);
}
