/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registry.h - a client of a schema registry (Confluent's REST interface).
 *
 * Answers come from outside: http and https only, no redirect is followed, no
 * proxy of the environment is used, a body is bounded, its type and shape are
 * checked. Passwords are in no message. A call ends within request.timeout.ms,
 * whatever the server does.
 *
 * What a call returns:
 *     DS_NOTFOUND       the registry says that there is no such thing
 *     DS_E_UNREACHABLE  no answer in time, an error of the server, or an answer
 *                       that is none (named in the message)
 *     DS_E_AUTH         401, 403
 *     DS_E_CONFIG       it refuses what was sent (incompatible, invalid)
 *
 * Schemas are kept by id for ever, that there is none for 30 s. After a failure
 * the next call fails at once for a while: the registry is not asked by every
 * record that waits.
 *
 * Thread: any.
 */
#ifndef REGISTRY_REGISTRY_H
#define REGISTRY_REGISTRY_H

#include "dstream/broker.h"
#include "dstream/registry.h"

typedef struct registry registry;

typedef struct registry_schema {
    uint32_t id;
    int32_t version;       /* of a subject, else 0 */
    const char *type;      /* "AVRO", "JSON", "PROTOBUF" */
    uint32_t n;            /* texts: */
    const ds_slice *texts; /* what it refers to, then the schema itself */
} registry_schema;

/* The client for these properties: the same one for the same properties, until
 * the process ends. DS_E_CONFIG: they are wrong. */
ds_rc registry_open(const ds_prop *props, uint32_t n, registry **out,
                    ds_err *err);
/* Where it is, without user and password. */
const char *registry_url(const registry *r);

/* Results live in `a`. */
ds_rc registry_by_id(registry *r, uint32_t id, ds_arena *a,
                     registry_schema *out, ds_err *err);
ds_rc registry_latest(registry *r, const char *subject, ds_arena *a,
                      registry_schema *out, ds_err *err);
/* The id of an Avro schema under a subject. */
ds_rc registry_lookup(registry *r, const char *subject, ds_slice schema,
                      uint32_t *id, ds_err *err);
/* Registers an Avro schema, or finds it. */
ds_rc registry_register(registry *r, const char *subject, ds_slice schema,
                        uint32_t *id, ds_err *err);
extern const ds_schemas_type registry_schemas;

#endif
