/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value.h - one value of any type: from text, and fitted to its type's
 * brackets. To text: show.h.
 */
#ifndef RECORD_VALUE_H
#define RECORD_VALUE_H

#include "record/nested.h"

/* Text to a value, as PostgreSQL's input function of the type reads it. `mod`:
 * of the field. `now`: as in datetime.h. NULL, or PostgreSQL's message (in `a`)
 * with *code E0701 (out of range) or E0702 (no such value). Text points to s.
 */
const char *ds_value_parse(ds_type type, int32_t mod, ds_slice s, ds_time now,
                           ds_arena *a, ds_value *out, const char **code);
/* A value to what `mod` allows: rounds numeric(p,s), time(p); refuses a text
 * that is too long for varchar(n), unless only spaces are too much. As an
 * assignment does it. */
const char *ds_value_fit(ds_type type, int32_t mod, ds_arena *a, ds_value *v,
                         const char **code);
/* Bytes from a state or a topic: whether they are a value of this type. */
bool ds_value_valid(ds_type type, ds_slice s);
/* The same for types whose values have a fixed size. */
bool ds_fixed_valid(ds_type type, const ds_value *v);

#endif
