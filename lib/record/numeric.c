/* SPDX-License-Identifier: Apache-2.0 */
/*
 * numeric.c - exact decimal numbers.
 */
#include "record/numeric.h"

numeric_rc numeric_parse(ds_slice s, ds_numeric *out)
{
    (void)s;
    (void)out;
    return NUMERIC_SYNTAX;
}

void numeric_show(ds_buf *b, const ds_numeric *n)
{
    (void)n;
    ds_buf_str(b, "0");
}

uint32_t numeric_key(const ds_numeric *n, uint8_t *to)
{
    memcpy(to, n, sizeof(*n));
    return sizeof(*n);
}

uint32_t numeric_from_key(const uint8_t *p, uint32_t len, ds_numeric *out)
{
    if (len < sizeof(*out))
        return 0;
    memcpy(out, p, sizeof(*out));
    return sizeof(*out);
}
