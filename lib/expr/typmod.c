/* SPDX-License-Identifier: Apache-2.0 */
/*
 * typmod.c - what stands in brackets after a type, and what it does.
 */
#include "expr/typmod.h"
#include "record/datetime.h"

enum { SECOND = 1000000 };

/* ---- intervals ---- */

/* PostgreSQL drops what is below the last field. */
static void fit_fields(ds_interval *iv, int32_t mask)
{
    const ds_time minute = 60 * (ds_time)SECOND, hour = 60 * minute;
    if (mask & TYPMOD_SECOND)
        return;
    if (mask & TYPMOD_MINUTE) {
        iv->us = iv->us / minute * minute;
    } else if (mask & TYPMOD_HOUR) {
        iv->us = iv->us / hour * hour;
    } else {
        iv->us = 0;
        if (!(mask & TYPMOD_DAY))
            iv->days = 0;
        if (!(mask & (TYPMOD_DAY | TYPMOD_MONTH)))
            iv->months = iv->months / 12 * 12;
    }
}

static void fit_digits(ds_interval *iv, int32_t digits)
{
    ds_time unit = 1;
    for (int32_t i = digits; i < 6; i++)
        unit *= 10;
    if (unit == 1)
        return;
    ds_time half = iv->us < 0 ? -(unit / 2) : unit / 2;
    iv->us = (iv->us + half) / unit * unit;
}

static void fit_interval(ds_interval *iv, int32_t mod)
{
    int32_t typmod = mod - 1;
    int32_t mask = typmod >> 16 & TYPMOD_ALL_FIELDS;
    int32_t digits = typmod & TYPMOD_ALL_DIGITS;
    if (mask != TYPMOD_ALL_FIELDS)
        fit_fields(iv, mask);
    if (digits != TYPMOD_ALL_DIGITS)
        fit_digits(iv, digits);
}

static const char *last_unit(int32_t mask)
{
    if (mask & TYPMOD_SECOND)
        return " second";
    if (mask & TYPMOD_MINUTE)
        return " minute";
    if (mask & TYPMOD_HOUR)
        return " hour";
    if (mask & TYPMOD_DAY)
        return " day";
    return mask & TYPMOD_MONTH ? " month" : " year";
}

/* The last word is a number without anything: it counts the last field. With
 * MINUTE TO SECOND, 1:2 are minutes and seconds. */
ds_slice typmod_interval_text(ds_slice s, int32_t mod, ds_arena *a)
{
    int32_t mask = mod ? (mod - 1) >> 16 & TYPMOD_ALL_FIELDS : 0;
    if (mod == 0 || mask == TYPMOD_ALL_FIELDS)
        return s;
    uint32_t end = s.len;
    while (end && s.ptr[end - 1] == ' ')
        end--;
    uint32_t from = end, colons = 0;
    bool digits = false, number = true;
    while (from && s.ptr[from - 1] != ' ') {
        uint8_t ch = s.ptr[--from];
        digits = digits || (ch >= '0' && ch <= '9');
        colons += ch == ':';
        number = number && ((ch >= '0' && ch <= '9') || ch == '.' ||
                            ch == ':' || ch == '+' || ch == '-');
        number = number && !(ch == '-' && from && s.ptr[from - 1] != ' ');
    }
    if (!digits || !number)
        return s;
    const char *text = NULL;
    const char *p = (const char *)s.ptr;
    if (colons == 0)
        text = ds_str_printf(a, "%.*s%s", (int)end, p, last_unit(mask));
    else if (colons == 1 && mask == (TYPMOD_MINUTE | TYPMOD_SECOND))
        text = ds_str_printf(a, "%.*s00:%.*s", (int)from, p, (int)(end - from),
                             p + from);
    return text ? ds_slice_of(text) : s;
}

/* ---- values ---- */

/* The bytes of the first n characters. */
static uint32_t text_bytes(ds_slice s, int32_t n)
{
    uint32_t at = 0;
    for (; at < s.len && n > 0; n--) {
        at++;
        while (at < s.len && (s.ptr[at] & 0xc0) == 0x80)
            at++;
    }
    return at;
}

static const char *fit_array(ds_type elem, int32_t mod, bool is_explicit,
                             ds_arena *a, ds_value *v, const char **code)
{
    uint32_t n = array_count(v->s);
    ds_value *values = ds_new(a, ds_value, n + 1);
    bool *nulls = ds_new(a, bool, n + 1);
    nested_iter it = nested_begin(ds_array_type(elem), v->s);
    for (uint32_t i = 0; i < n && nested_next(&it, NULL, &nulls[i], &values[i]);
         i++) {
        const char *msg =
            nulls[i] ? NULL
                     : typmod_fit(elem, mod, is_explicit, a, &values[i], code);
        if (msg)
            return msg;
    }
    v->s = array_make(elem, values, nulls, n, a);
    return NULL;
}

const char *typmod_fit(ds_type type, int32_t mod, bool is_explicit, ds_arena *a,
                       ds_value *v, const char **code)
{
    if (ds_type_elem(type) != DS_NONE)
        return fit_array(ds_type_elem(type), mod, is_explicit, a, v, code);
    if (type == DS_IV) {
        fit_interval(&v->iv, mod);
        return NULL;
    }
    if (type == DS_STR && is_explicit) {
        v->s.len = text_bytes(v->s, ds_mod_length(mod));
        return NULL;
    }
    return ds_value_fit(type, mod, a, v, code);
}
