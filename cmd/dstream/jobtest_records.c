/* SPDX-License-Identifier: Apache-2.0 */
/* jobtest_records.c - records of a topic: key, value, headers, time. */
#include <stdlib.h>
#include <string.h>

#include "cmd/jobtest.h"

/* ---- headers ---- */

static ds_slice scalar_slice(const ds_arg *v)
{
    return v->null ? DS_NULL_SLICE
                   : (ds_slice){(const uint8_t *)v->text.s, v->text.len};
}

static uint32_t headers_add(const ds_arg *map, ds_header *list, uint32_t n)
{
    for (uint32_t i = 0; map->kind == DS_ARG_MAP && i < map->n; i++)
        if (map->items[i]->kind == DS_ARG_SCALAR)
            list[n++] = (ds_header){ds_slice_of(map->names[i].s),
                                    scalar_slice(map->items[i])};
    return n;
}

ds_slice headers_of(const ds_arg *arg, ds_arena *a)
{
    uint32_t most = arg ? arg->n : 0, n = 0;
    ds_header *list;

    for (uint32_t i = 0; arg && arg->kind == DS_ARG_LIST && i < arg->n; i++)
        most += arg->items[i]->n;
    list = ds_new(a, ds_header, most + 1);
    if (arg && arg->kind == DS_ARG_MAP)
        n = headers_add(arg, list, n);
    for (uint32_t i = 0; arg && arg->kind == DS_ARG_LIST && i < arg->n; i++)
        n = headers_add(arg->items[i], list, n);
    return n ? ds_headers_encode(a, DS_NULL_SLICE, list, n) : DS_NULL_SLICE;
}

/* Of a map: each name once, with that value, others may stand beside them. */
static bool headers_hold(const ds_arg *want, const ds_header *got, uint32_t n)
{
    for (uint32_t i = 0; i < want->n; i++) {
        uint32_t found = 0;
        ds_slice v = scalar_slice(want->items[i]);
        for (uint32_t k = 0; k < n; k++)
            found += ds_slice_eq(got[k].name, ds_slice_of(want->names[i].s)) &&
                     ds_slice_eq(got[k].value, v);
        if (found != 1)
            return false;
    }
    return true;
}

static bool headers_match(const ds_arg *want, ds_slice hdr, ds_arena *a)
{
    ds_header *got = NULL, *list = NULL;
    uint32_t n = 0, m = 0;

    if (hdr.ptr && !ds_headers_decode(a, hdr, &got, &n))
        return false;
    if (want->kind == DS_ARG_MAP)
        return want->n ? headers_hold(want, got, n) : n == 0;
    if (want->kind != DS_ARG_LIST)
        return n == 0;
    ds_headers_decode(a, headers_of(want, a), &list, &m);
    if (want->n == 0)
        m = 0;
    for (uint32_t i = 0; i < n && n == m; i++)
        if (!ds_slice_eq(got[i].name, list[i].name) ||
            !ds_slice_eq(got[i].value, list[i].value))
            return false;
    return n == m;
}

/* ---- one record ---- */

static bool json_matches(const ds_arg *want, const json_t *got)
{
    const char *s = want->text.s;

    switch (want->kind) {
    case DS_ARG_SCALAR:
        if (want->quoted)
            return json_is_string(got) && !strcmp(json_string_value(got), s);
        return value_matches(want, DS_STR, got);
    case DS_ARG_LIST:
        if (!json_is_array(got) || json_array_size(got) != want->n)
            return false;
        for (uint32_t i = 0; i < want->n; i++)
            if (!json_matches(want->items[i], json_array_get(got, i)))
                return false;
        return true;
    case DS_ARG_MAP:
        break;
    }
    if (!json_is_object(got) || json_object_size(got) != want->n)
        return false;
    for (uint32_t i = 0; i < want->n; i++) {
        const json_t *v = json_object_get(got, want->names[i].s);
        if (!v || !json_matches(want->items[i], v))
            return false;
    }
    return true;
}

static bool bytes_match(const ds_arg *want, ds_slice got)
{
    json_t *value;
    bool ok;

    if (want->kind == DS_ARG_SCALAR)
        return (got.ptr == NULL) == want->null &&
               ds_slice_eq(got, scalar_slice(want));
    value = json_read(got);
    ok = value && json_matches(want, value);
    json_decref(value);
    return ok;
}

static bool record_matches(const ds_arg *want, const memory_record *got,
                           ds_arena *a)
{
    const ds_arg *key = ds_arg_find(want, "key");
    const ds_arg *value = ds_arg_find(want, "value");
    const ds_arg *headers = ds_arg_find(want, "headers");
    const ds_arg *ts = ds_arg_find(want, "ts");
    ds_time t;

    return (!key || bytes_match(key, got->key)) &&
           (!value || bytes_match(value, got->val)) &&
           (!headers || headers_match(headers, got->hdr, a)) &&
           (!ts || (ts->text.s && ds_time_parse(ds_slice_of(ts->text.s), &t) &&
                    t == got->ts));
}

static void bytes_show(const char *name, ds_slice s, ds_buf *out)
{
    ds_buf_printf(out, "%s: ", name);
    if (s.ptr)
        ds_show_json_str(out, s);
    else
        ds_buf_str(out, "null");
}

static void record_show(const memory_record *rec, ds_arena *a, ds_buf *out)
{
    ds_header *h = NULL;
    uint32_t n = 0;

    bytes_show("{key", rec->key, out);
    bytes_show(", value", rec->val, out);
    if (rec->hdr.ptr && !ds_headers_decode(a, rec->hdr, &h, &n))
        n = 0;
    for (uint32_t i = 0; i < n; i++) {
        ds_buf_str(out, i ? ", " : ", headers: [");
        ds_buf_add(out, h[i].name.ptr, h[i].name.len);
        bytes_show("", h[i].value, out);
    }
    ds_buf_str(out, n ? "], ts: " : ", ts: ");
    ds_buf_printf(out, "%lld us}", (long long)rec->ts);
}

/* ---- bags ---- */

typedef struct record_bag {
    const ds_arg *want;
    const memory_record *got;
    uint32_t n;
    ds_arena *a;
    int *of_got;
    bool *seen;
} record_bag;

static bool place_find(record_bag *m, uint32_t i)
{
    for (uint32_t k = 0; k < m->n; k++) {
        if (m->seen[k] || !record_matches(m->want->items[i], &m->got[k], m->a))
            continue;
        m->seen[k] = true;
        if (m->of_got[k] < 0 || place_find(m, (uint32_t)m->of_got[k])) {
            m->of_got[k] = (int)i;
            return true;
        }
    }
    return false;
}

static const memory_record *last_of_keys(const memory_record *got, uint32_t *n,
                                         ds_arena *a)
{
    memory_record *kept = ds_new(a, memory_record, *n + 1);
    uint32_t n_kept = 0;

    for (uint32_t i = 0; i < *n; i++) {
        uint32_t k = 0;
        while (k < n_kept && !ds_slice_eq(kept[k].key, got[i].key))
            k++;
        kept[k] = got[i];
        n_kept += k == n_kept;
    }
    *n = n_kept;
    return kept;
}

bool records_compare(const ds_arg *want, const memory_record *got, uint32_t n,
                     const compare_how *how, ds_arena *a, ds_buf *diff)
{
    record_bag m = {want, got, n, a, NULL, NULL};
    bool ok = true;

    if (how->last_only)
        m.got = last_of_keys(got, &m.n, a);
    m.of_got = ds_new(a, int, m.n + 1);
    m.seen = ds_new(a, bool, m.n + 1);
    for (uint32_t k = 0; k < m.n; k++)
        m.of_got[k] = -1;
    for (uint32_t i = 0; i < want->n; i++) {
        memset(m.seen, 0, m.n);
        if (how->strict && !how->last_only) /* it has one place only */
            for (uint32_t k = 0; k < m.n; k++)
                m.seen[k] = k != i;
        if (place_find(&m, i))
            continue;
        ok = false;
        ds_buf_str(diff, "  - ");
        arg_show(want->items[i], diff);
        ds_buf_str(diff, "      expected\n");
    }
    for (uint32_t k = 0; k < m.n; k++) {
        if (m.of_got[k] >= 0)
            continue;
        ok = false;
        ds_buf_str(diff, "  + ");
        record_show(&m.got[k], a, diff);
        ds_buf_str(diff, "      got\n");
    }
    return ok;
}
