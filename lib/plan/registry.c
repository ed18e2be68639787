/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registry.c - lists of types by name. Small and read at load time only, so a
 * linear search will do.
 */
#include "dstream/registry.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_TYPES 64

struct ds_registry {
    ds_arena *arena;
    uint32_t n_ops, n_brokers, n_codecs, n_stores, n_receivers, n_sinks;
    const ds_op_type **ops;
    const ds_broker_type **brokers;
    const ds_codec_type **codecs;
    const ds_store_type **stores;
    const ds_receiver_type **receivers;
    const ds_sink_type **sinks;
    const ds_schemas_type *schemas;
};

ds_registry *ds_registry_new(void)
{
    ds_registry *reg = calloc(1, sizeof(*reg));

    DS_BUG_ON(reg == NULL);
    reg->arena = ds_arena_new(1 << 10);
    return reg;
}

void ds_registry_free(ds_registry *reg)
{
    if (reg == NULL)
        return;
    ds_arena_free(reg->arena);
    free(reg);
}

ds_arena *ds_registry_arena(ds_registry *reg)
{
    return reg->arena;
}

/* The list with room for one more: it has FIRST_TYPES, doubled when full. */
static void *types_room(ds_arena *a, void *types, uint32_t n)
{
    uint32_t cap = n < FIRST_TYPES ? FIRST_TYPES : 2 * n;
    const void **more;

    if (n && (n < FIRST_TYPES || (n & (n - 1))))
        return types;
    more = ds_new(a, const void *, cap);
    if (n)
        memcpy(more, types, n * sizeof(*more));
    return more;
}

/* The kinds differ in the type only. */
#define REGISTRY_KIND(kind, kinds)                                             \
    void ds_registry_add_##kind(ds_registry *reg,                              \
                                const ds_##kind##_type *type)                  \
    {                                                                          \
        DS_BUG_ON(ds_registry_##kind(reg, type->name) != NULL);                \
        reg->kinds = types_room(reg->arena, reg->kinds, reg->n_##kinds);       \
        reg->kinds[reg->n_##kinds++] = type;                                   \
    }                                                                          \
                                                                               \
    const ds_##kind##_type *ds_registry_##kind(const ds_registry *reg,         \
                                               const char *name)               \
    {                                                                          \
        for (uint32_t i = 0; i < reg->n_##kinds; i++)                          \
            if (strcmp(reg->kinds[i]->name, name) == 0)                        \
                return reg->kinds[i];                                          \
        return NULL;                                                           \
    }

REGISTRY_KIND(op, ops)
REGISTRY_KIND(broker, brokers)
REGISTRY_KIND(codec, codecs)
REGISTRY_KIND(store, stores)
REGISTRY_KIND(receiver, receivers)
REGISTRY_KIND(sink, sinks)

void ds_registry_set_schemas(ds_registry *reg, const ds_schemas_type *type)
{
    reg->schemas = type;
}

const ds_schemas_type *ds_registry_schemas(const ds_registry *reg)
{
    return reg->schemas;
}

const ds_op_type *ds_registry_op_at(const ds_registry *reg, uint32_t i)
{
    return i < reg->n_ops ? reg->ops[i] : NULL;
}

const ds_codec_type *ds_registry_codec_at(const ds_registry *reg, uint32_t i)
{
    return i < reg->n_codecs ? reg->codecs[i] : NULL;
}

const ds_receiver_type *ds_registry_receiver_at(const ds_registry *reg,
                                                uint32_t i)
{
    return i < reg->n_receivers ? reg->receivers[i] : NULL;
}
