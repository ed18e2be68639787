/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.c - libcurl, on a short leash.
 */
#include "registry/http.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>

#include "dstream/clock.h"

struct registry_http {
    const registry_props *props;
    CURL *curl;
    struct curl_slist *headers;
    uint32_t first; /* the server that answered last */
    char why[CURL_ERROR_SIZE];
    /* The answer. */
    char *body;
    size_t len, cap;
    bool too_long;
    long left_ms; /* that the request may take */
};

static const char type_sent[] = "application/vnd.schemaregistry.v1+json";

static void curl_begin(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static size_t body_take(char *p, size_t size, size_t n, void *arg)
{
    registry_http *h = arg;
    size_t more = size * n;

    if (h->len + more > (size_t)h->props->body_max) {
        h->too_long = true;
        return 0;
    }
    if (h->len + more + 1 > h->cap) {
        h->cap = (h->len + more + 1) * 2;
        h->body = realloc(h->body, h->cap);
        DS_BUG_ON(!h->body);
    }
    memcpy(h->body + h->len, p, more);
    h->len += more;
    return more;
}

static void set_tls(registry_http *h)
{
    const registry_props *p = h->props;

    curl_easy_setopt(h->curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(h->curl, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(h->curl, CURLOPT_SSLVERSION,
                     (long)CURL_SSLVERSION_TLSv1_2);
    if (p->ca)
        curl_easy_setopt(h->curl, CURLOPT_CAINFO, p->ca);
    if (p->certificate)
        curl_easy_setopt(h->curl, CURLOPT_SSLCERT, p->certificate);
    if (p->certificate && (p->key || p->certificate))
        curl_easy_setopt(h->curl, CURLOPT_SSLKEY,
                         p->key ? p->key : p->certificate);
    if (p->key_password)
        curl_easy_setopt(h->curl, CURLOPT_KEYPASSWD, p->key_password);
}

registry_http *registry_http_new(const registry_props *props)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    registry_http *h = calloc(1, sizeof(*h));
    char type[100];

    pthread_once(&once, curl_begin);
    DS_BUG_ON(!h);
    h->props = props;
    h->curl = curl_easy_init();
    DS_BUG_ON(!h->curl);
    snprintf(type, sizeof(type), "Content-Type: %s", type_sent);
    h->headers = curl_slist_append(NULL, type);
    h->headers = curl_slist_append(
        h->headers, "Accept: application/vnd.schemaregistry.v1+json, "
                    "application/json");
    curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, h->headers);
    curl_easy_setopt(h->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(h->curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(h->curl, CURLOPT_PROXY, "");
    curl_easy_setopt(h->curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(h->curl, CURLOPT_USERAGENT, "dstream");
    curl_easy_setopt(h->curl, CURLOPT_ERRORBUFFER, h->why);
    curl_easy_setopt(h->curl, CURLOPT_WRITEFUNCTION, body_take);
    curl_easy_setopt(h->curl, CURLOPT_WRITEDATA, h);
    curl_easy_setopt(h->curl, CURLOPT_LOW_SPEED_LIMIT, 10L);
    curl_easy_setopt(h->curl, CURLOPT_LOW_SPEED_TIME, 2L);
    if (props->user) {
        curl_easy_setopt(h->curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(h->curl, CURLOPT_USERNAME, props->user);
        curl_easy_setopt(h->curl, CURLOPT_PASSWORD, props->password);
    }
    set_tls(h);
    return h;
}

/* ---- the answer ---- */

/* "application/…json", with or without parameters. */
static bool type_is_json(const char *type)
{
    size_t n = type ? strcspn(type, "; ") : 0;

    return n > 4 && !strncasecmp(type, "application/", 12) &&
           (!strncasecmp(type + n - 5, "/json", 5) ||
            !strncasecmp(type + n - 5, "+json", 5));
}

static ds_rc answer_take(registry_http *h, long status, json_t **out,
                         ds_err *err)
{
    char *type = NULL;
    json_error_t at;

    if (status == 401 || status == 403)
        return ds_fail(err, DS_E_AUTH, "it refuses us with status %ld", status);
    if (status >= 300 && status < 400)
        return ds_fail(err, DS_E_UNREACHABLE,
                       "it answers with a redirect (status %ld), which is not "
                       "followed",
                       status);
    if (status >= 500 || status == 429 || status == 408)
        return ds_fail(err, DS_E_UNREACHABLE, "it answers with status %ld",
                       status);
    curl_easy_getinfo(h->curl, CURLINFO_CONTENT_TYPE, &type);
    if (!type_is_json(type))
        return ds_fail(err, DS_E_UNREACHABLE,
                       "its answer (status %ld) is no JSON but of type %.60s",
                       status, type ? type : "none");
    *out = json_loadb(h->body ? h->body : "", h->len, 0, &at);
    if (!*out)
        return ds_fail(err, DS_E_UNREACHABLE,
                       "its answer (status %ld) is no JSON: %.100s", status,
                       at.text);
    return DS_OK;
}

static ds_rc transfer_failed(registry_http *h, CURLcode code, ds_err *err)
{
    if (h->too_long)
        return ds_fail(err, DS_E_UNREACHABLE,
                       "its answer is longer than %ld bytes",
                       h->props->body_max);
    return ds_fail(err, DS_E_UNREACHABLE, "%.200s",
                   h->why[0] ? h->why : curl_easy_strerror(code));
}

static ds_rc ask_one(registry_http *h, const char *base, const char *path,
                     const char *body, long *status, json_t **out, ds_err *err)
{
    ds_arena *a = ds_arena_new(1024);
    long connect_ms = h->props->connect_ms;
    CURLcode code;
    ds_rc rc;

    h->len = 0;
    h->too_long = false;
    h->why[0] = 0;
    curl_easy_setopt(h->curl, CURLOPT_URL,
                     ds_str_printf(a, "%s%s", base, path));
    curl_easy_setopt(h->curl, CURLOPT_TIMEOUT_MS, h->left_ms);
    curl_easy_setopt(h->curl, CURLOPT_CONNECTTIMEOUT_MS,
                     connect_ms < h->left_ms ? connect_ms : h->left_ms);
    if (body) {
        curl_easy_setopt(h->curl, CURLOPT_POST, 1L);
        curl_easy_setopt(h->curl, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(h->curl, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
    } else {
        curl_easy_setopt(h->curl, CURLOPT_HTTPGET, 1L);
    }
    code = curl_easy_perform(h->curl);
    if (code == CURLE_OK) {
        curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, status);
        rc = answer_take(h, *status, out, err);
    } else {
        rc = transfer_failed(h, code, err);
    }
    if (rc < 0)
        ds_wrap(err, "the schema registry %s", base);
    ds_arena_free(a);
    return rc;
}

ds_rc registry_http_ask(registry_http *h, const char *path, const char *body,
                        long *status, json_t **out, ds_err *err)
{
    const registry_props *p = h->props;
    ds_time end = ds_mono_now() + p->timeout_ms * DS_MS;
    ds_rc rc = DS_E_UNREACHABLE;

    for (uint32_t i = 0; i < p->n_urls; i++) {
        uint32_t at = (h->first + i) % p->n_urls;
        long left = (long)((end - ds_mono_now()) / DS_MS);

        if (i && left < 50)
            return rc;
        /* The last one has all the time that is left. */
        h->left_ms = left / (long)(p->n_urls - i) + 1;
        rc = ask_one(h, p->urls[at], path, body, status, out, err);
        if (rc != DS_E_UNREACHABLE) {
            h->first = at;
            return rc;
        }
    }
    return rc;
}

char *registry_http_escape(registry_http *h, const char *s, ds_arena *a)
{
    char *e = curl_easy_escape(h->curl, s, 0);
    char *copy = ds_str_copy(a, e ? e : "");

    curl_free(e);
    return copy;
}
