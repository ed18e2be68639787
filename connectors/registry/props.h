/* SPDX-License-Identifier: Apache-2.0 */
/*
 * props.h - the properties of a registry, under Confluent's names with or
 * without `schema.registry.` in front.
 */
#ifndef REGISTRY_PROPS_H
#define REGISTRY_PROPS_H

#include "dstream/broker.h"

enum { REGISTRY_URLS_MAX = 8 };

typedef struct registry_props {
    uint32_t n_urls;
    const char
        *urls[REGISTRY_URLS_MAX]; /* without user, without / at the end */
    const char *user, *password;  /* NULL: none */
    const char *ca, *certificate, *key, *key_password;
    long timeout_ms, connect_ms;
    long body_max;
} registry_props;

/* `d` (may be NULL): every mistake; `err`: the first one. */
ds_rc registry_props_read(const ds_prop *props, uint32_t n, ds_where where,
                          registry_props *out, ds_arena *a, ds_diags *d,
                          ds_err *err);

#endif
