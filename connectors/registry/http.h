/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h - one request to one of the registry's servers, and its answer.
 */
#ifndef REGISTRY_HTTP_H
#define REGISTRY_HTTP_H

#include <jansson.h>

#include "registry/props.h"

typedef struct registry_http registry_http;

registry_http *registry_http_new(const registry_props *props);

/* GET, or POST of `body`, of a path that begins with /. Servers are tried in
 * order until one answers, the one that answered last first. DS_OK: *status and
 * the JSON object, which is the caller's. Thread: one at a time. */
ds_rc registry_http_ask(registry_http *h, const char *path, const char *body,
                        long *status, json_t **out, ds_err *err);
/* For paths: everything but letters, digits and -._~ as %XX. */
char *registry_http_escape(registry_http *h, const char *s, ds_arena *a);

#endif
