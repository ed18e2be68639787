/* SPDX-License-Identifier: Apache-2.0 */
/* version.c - of the grammar. */
#include "parse/version.h"

#include <pg_query.h>

const char *parse_library_version(void)
{
    return PG_VERSION;
}
