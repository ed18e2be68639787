/* SPDX-License-Identifier: Apache-2.0 */
/*
 * typmod.h - what stands in brackets after a type, and what it does.
 */
#ifndef EXPR_TYPMOD_H
#define EXPR_TYPMOD_H

#include "record/value.h"

/* A value of any type (of arrays: its elements) to what `mod` allows. Explicit
 * casts cut texts that are too long, others refuse them. NULL, or PostgreSQL's
 * message. */
const char *typmod_fit(ds_type type, int32_t mod, bool is_explicit, ds_arena *a,
                       ds_value *v, const char **code);
/* The literal of interval '1' day with its unit. */
ds_slice typmod_interval_text(ds_slice s, int32_t mod, ds_arena *a);

/* The bits of an interval's fields, as PostgreSQL's grammar numbers them. */
enum {
    TYPMOD_MONTH = 1 << 1,
    TYPMOD_YEAR = 1 << 2,
    TYPMOD_DAY = 1 << 3,
    TYPMOD_HOUR = 1 << 10,
    TYPMOD_MINUTE = 1 << 11,
    TYPMOD_SECOND = 1 << 12,
    TYPMOD_ALL_FIELDS = 0x7fff,
    TYPMOD_ALL_DIGITS = 0xffff,
};

#endif
