/* SPDX-License-Identifier: Apache-2.0 */
/*
 * types.h - the kinds of stores.
 */
#ifndef STATE_TYPES_H
#define STATE_TYPES_H

#include "dstream/registry.h"
#include "state/state.h"

extern const ds_store_type store_memory, store_rocksdb;

#endif
