/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nested.c - the bytes of arrays and rows.
 */
#include "record/nested.h"

bool nested_valid(ds_type type, ds_slice v)
{
    (void)type;
    (void)v;
    return false;
}

void nested_show(ds_buf *b, ds_type type, ds_slice v)
{
    (void)type;
    (void)v;
    ds_buf_str(b, "{}");
}

void nested_show_json(ds_buf *b, ds_type type, ds_slice v)
{
    (void)type;
    (void)v;
    ds_buf_str(b, "[]");
}
