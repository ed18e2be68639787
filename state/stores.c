/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stores.c - the list of stores.
 */
#include "state/types.h"

void ds_register_stores(ds_registry *reg)
{
    ds_registry_add_store(reg, &store_memory);
    ds_registry_add_store(reg, &store_rocksdb);
}
