/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_path_value.c - numbers, methods and ids of SQL/JSON paths.
 *
 * A value is its jsonb text here too; numbers become numeric to be computed
 * with.
 */
#include "expr/json_path.h"
#include "record/numeric.h"
#include "record/value.h"

static ds_slice shown(const ds_numeric *n, ds_arena *a)
{
    ds_buf b;
    ds_buf_init(&b, a, 48);
    numeric_show(&b, n);
    return json_since(&b, 0);
}

const char *path_arithmetic(path_kind op, ds_slice x, ds_slice y, ds_arena *a,
                            ds_slice *out, bool *hard)
{
    ds_numeric l, r, v;
    numeric_rc rc = numeric_parse(x, &l);
    if (rc == NUMERIC_OK)
        rc = numeric_parse(y, &r);
    if (rc == NUMERIC_OK)
        rc = (op == PATH_ADD   ? numeric_add
              : op == PATH_SUB ? numeric_sub
              : op == PATH_MUL ? numeric_mul
              : op == PATH_DIV ? numeric_div
                               : numeric_mod)(&l, &r, &v);
    *hard = rc != NUMERIC_OK && rc != NUMERIC_ZERO;
    if (rc == NUMERIC_ZERO)
        return "division by zero";
    if (rc != NUMERIC_OK)
        return "a numeric has at most 38 digits";
    *out = shown(&v, a);
    return NULL;
}

ds_slice path_number(int64_t n, ds_arena *a)
{
    ds_buf b;
    ds_buf_init(&b, a, 24);
    ds_buf_printf(&b, "%lld", (long long)n);
    return json_since(&b, 0);
}

static bool is_zero(ds_slice n)
{
    for (uint32_t i = 0; i < n.len; i++)
        if (n.ptr[i] >= '1' && n.ptr[i] <= '9')
            return false;
    return true;
}

ds_slice path_negate(ds_slice n, ds_arena *a)
{
    if (*n.ptr == '-')
        return (ds_slice){n.ptr + 1, n.len - 1};
    if (is_zero(n))
        return n;
    uint8_t *p = ds_arena_alloc(a, n.len + 1, 1);
    *p = '-';
    memcpy(p + 1, n.ptr, n.len);
    return (ds_slice){p, n.len + 1};
}

/* The whole number next to zero, or the one beyond. */
static ds_slice whole(ds_slice n, bool beyond, ds_arena *a)
{
    const uint8_t *point = memchr(n.ptr, '.', n.len);
    uint32_t len = point ? (uint32_t)(point - n.ptr) : n.len;
    bool minus = *n.ptr == '-';
    uint8_t *p = ds_arena_alloc(a, len + 1, 1), *first = p + 1 + minus;
    memcpy(p + 1, n.ptr, len); /* a carry goes before it */
    if (beyond) {
        uint8_t *d = p + len;
        while (d >= first && *d == '9')
            *d-- = '0';
        if (d >= first) {
            ++*d;
        } else {
            p[0] = minus ? '-' : '1';
            p[1] = minus ? '1' : p[1];
            return (ds_slice){p, len + 1};
        }
    }
    if (minus && len == 2 && *first == '0')
        return (ds_slice){first, 1};
    return (ds_slice){p + 1, len};
}

ds_slice path_round(path_kind how, ds_slice n, ds_arena *a)
{
    bool minus = *n.ptr == '-';
    if (how == PATH_ABS)
        return minus ? path_negate(n, a) : n;
    const uint8_t *point = memchr(n.ptr, '.', n.len);
    if (point == NULL)
        return n;
    ds_slice fraction = {point, n.len - (uint32_t)(point - n.ptr)};
    bool away = minus == (how == PATH_FLOOR);
    return whole(n, away && !is_zero(fraction), a);
}

const char *path_double(ds_slice v, ds_arena *a, ds_slice *out)
{
    bool string = *v.ptr == '"';
    ds_value d;
    const char *code;
    ds_slice text = string ? jsonb_unescape(v, a) : v;
    if (ds_value_parse(DS_F64, 0, text, 0, a, &d, &code))
        return string ? "string argument of jsonpath item method .double() is "
                        "not a valid representation of a double precision "
                        "number"
                      : "numeric argument of jsonpath item method .double() "
                        "is out of range for type double precision";
    if (d.f - d.f != 0)
        return "NaN or Infinity is not allowed for jsonpath item method "
               ".double()";
    *out = v;
    if (!string)
        return NULL;
    ds_numeric n;
    if (numeric_from_f64(d.f, &n) == NUMERIC_OK) {
        *out = shown(&n, a);
        return NULL;
    }
    ds_buf b;
    ds_buf_init(&b, a, 64); /* as numeric, however wide */
    ds_buf_printf(&b, "%.15g", d.f);
    return jsonb_parse(json_since(&b, 0), a, out, &code) ? NULL : code;
}

bool path_position(ds_slice n, int64_t *out)
{
    const uint8_t *p = n.ptr, *end = p + n.len;
    bool minus = *p == '-';
    int64_t v = 0;
    for (p += minus; p < end && *p != '.'; p++) {
        v = 10 * v + (*p - '0');
        if (v > (int64_t)INT32_MAX + 1)
            return false;
    }
    *out = minus ? -v : v;
    return *out == (int32_t)*out;
}

/* ---- keyvalue() ---- */

/* Groups of four digits, from the point on in both directions. */
static bool group_is_zero(const uint8_t *p, uint32_t n)
{
    while (n && *p == '0') {
        p++;
        n--;
    }
    return n == 0;
}

/* Bytes of a number in PostgreSQL's format. */
static uint32_t number_size(ds_slice v)
{
    const uint8_t *p = v.ptr, *end = p + v.len;
    p += *p == '-';
    const uint8_t *point = memchr(p, '.', (size_t)(end - p));
    uint32_t n = (uint32_t)((point ? point : end) - p);
    uint32_t frac = point ? (uint32_t)(end - point - 1) : 0;
    int32_t first = 0, last = 0; /* groups that are not zero; 0: the units */
    bool any = false;
    for (uint32_t at = 0; at < n; at += (n - at - 1) % 4 + 1) {
        uint32_t len = (n - at - 1) % 4 + 1;
        int32_t group = (int32_t)((n - at - 1) / 4);
        if (group_is_zero(p + at, len))
            continue;
        first = any ? first : group;
        last = group;
        any = true;
    }
    for (uint32_t at = 0; at < frac; at += 4) {
        int32_t group = -1 - (int32_t)(at / 4);
        if (group_is_zero(point + 1 + at, frac - at < 4 ? frac - at : 4))
            continue;
        first = any ? first : group;
        last = group;
        any = true;
    }
    uint32_t digits = any ? (uint32_t)(first - last + 1) : 0;
    bool is_short = frac <= 63 && first <= 63 && first >= -64;
    return 4 + (is_short ? 2 : 4) + 2 * digits;
}

static uint32_t string_size(ds_slice v)
{
    const uint8_t *p = v.ptr + 1, *end = v.ptr + v.len - 1;
    uint32_t n = 0;
    for (; p < end; n++) {
        if (*p == '\\')
            (void)(p += p[1] == 'u' ? 6 : 2);
        else
            p++;
    }
    return n;
}

/* Where a container that begins at byte `at` ends; *found: where the one at
 * `target` begins. */
static int64_t container_end(ds_slice v, int64_t at, const uint8_t *target,
                             int64_t *found)
{
    bool object = *v.ptr == '{';
    ds_slice key, value;
    if (v.ptr == target)
        *found = at;
    at += 4 + 4 * (int64_t)jsonb_count(v) * (object ? 2 : 1);
    if (object)
        for (jsonb_iter it = jsonb_begin(v); jsonb_next(&it, &key, &value);)
            at += string_size(key);
    for (jsonb_iter it = jsonb_begin(v);
         *found < 0 && jsonb_next(&it, &key, &value);) {
        switch (jsonb_kind_of(value)) {
        case JSONB_STRING:
            at += string_size(value);
            break;
        case JSONB_NUMBER:
            at = (at + 3) / 4 * 4 + number_size(value);
            break;
        case JSONB_ARRAY:
        case JSONB_OBJECT:
            at = container_end(value, (at + 3) / 4 * 4, target, found);
            break;
        default:
            break;
        }
    }
    return at;
}

int64_t path_object_id(const path_base *base, ds_slice v)
{
    int64_t found = -1;
    if (!json_is_scalar(base->object))
        container_end(base->object, 0, v.ptr, &found);
    return (found < 0 ? 0 : found) + base->id * 10000000000;
}

ds_slice path_keyvalue(int64_t id, ds_slice key, ds_slice value, ds_arena *a)
{
    ds_buf b;
    ds_buf_init(&b, a, key.len + value.len + 64);
    ds_buf_printf(&b, "{\"id\": %lld, \"key\": ", (long long)id);
    ds_buf_add(&b, key.ptr, key.len);
    ds_buf_str(&b, ", \"value\": ");
    ds_buf_add(&b, value.ptr, value.len);
    ds_buf_add(&b, "}", 1);
    return json_since(&b, 0);
}
