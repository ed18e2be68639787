/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registry.h - everything a job may name: operators, connectors, formats,
 * stores. A user's own stand beside those that come with dstream.
 *
 * The one point of extension. Types are constants; the registry keeps pointers
 * to them. A name can be added once; adding it again is a bug.
 *
 * Thread: main while adding; read-only then, any.
 */
#ifndef DSTREAM_REGISTRY_H
#define DSTREAM_REGISTRY_H

#include "dstream/broker.h"
#include "dstream/codec.h"
#include "dstream/op.h"
#include "dstream/public.h"
#include "dstream/receiver.h"
#include "dstream/sink.h"
#include "dstream/store.h"

DS_PUBLIC_BEGIN

typedef struct ds_registry ds_registry;

/* What takes the properties under `registry:`, a schema registry's. */
typedef struct ds_schemas_type {
    const char *help;
    /* Lint: unknown names, wrong values. `where`: of all of them. */
    void (*check)(const ds_prop *props, uint32_t n, ds_where where,
                  ds_diags *d);
} ds_schemas_type;

ds_registry *ds_registry_new(void);
void ds_registry_free(ds_registry *reg);
/* Lives as long as the registry: for types that are made while the program
 * runs. */
ds_arena *ds_registry_arena(ds_registry *reg);

void ds_registry_add_op(ds_registry *reg, const ds_op_type *type);
void ds_registry_add_broker(ds_registry *reg, const ds_broker_type *type);
void ds_registry_add_codec(ds_registry *reg, const ds_codec_type *type);
void ds_registry_add_store(ds_registry *reg, const ds_store_type *type);
void ds_registry_add_receiver(ds_registry *reg, const ds_receiver_type *type);
void ds_registry_add_sink(ds_registry *reg, const ds_sink_type *type);
void ds_registry_set_schemas(ds_registry *reg, const ds_schemas_type *type);

/* NULL: no such name. */
const ds_op_type *ds_registry_op(const ds_registry *reg, const char *name);
const ds_broker_type *ds_registry_broker(const ds_registry *reg,
                                         const char *name);
const ds_codec_type *ds_registry_codec(const ds_registry *reg,
                                       const char *name);
const ds_store_type *ds_registry_store(const ds_registry *reg,
                                       const char *name);
const ds_receiver_type *ds_registry_receiver(const ds_registry *reg,
                                             const char *name);
const ds_sink_type *ds_registry_sink(const ds_registry *reg, const char *name);
const ds_schemas_type *ds_registry_schemas(const ds_registry *reg);
/* The i-th operator, codec, receiver; NULL past the last. */
const ds_op_type *ds_registry_op_at(const ds_registry *reg, uint32_t i);
const ds_codec_type *ds_registry_codec_at(const ds_registry *reg, uint32_t i);
const ds_receiver_type *ds_registry_receiver_at(const ds_registry *reg,
                                                uint32_t i);

/* What comes with dstream, by folder. */
void ds_register_ops(ds_registry *reg);     /* lib/op */
void ds_register_stores(ds_registry *reg);  /* state */
void ds_register_kafka(ds_registry *reg);   /* connectors/kafka */
void ds_register_memory(ds_registry *reg);  /* connectors/memory */
void ds_register_codecs(ds_registry *reg);  /* connectors/codec */
void ds_register_schemas(ds_registry *reg); /* connectors/registry */
void ds_register_socket(ds_registry *reg);  /* connectors/socket */
void ds_register_files(ds_registry *reg);   /* connectors/file */

DS_PUBLIC_END

#endif
