/* SPDX-License-Identifier: Apache-2.0 */
/* version.cc - of the store's library; its C interface does not tell. */
#include "state/version.h"

#include <rocksdb/version.h>

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

const char *state_library_version(void)
{
    return TEXT(ROCKSDB_MAJOR) "." TEXT(ROCKSDB_MINOR) "." TEXT(ROCKSDB_PATCH);
}
