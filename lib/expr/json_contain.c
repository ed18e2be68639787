/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_contain.c - @> and <@.
 *
 * An object contains another whose keys it has with values that contain the
 * other's; an array another each element of which is contained in one of its
 * own. The latter is quadratic, so there is a budget.
 */
#include "expr/json.h"

enum { BUDGET = 1 << 28 }; /* bytes that may be looked at for a row */

typedef struct contain {
    uint64_t budget;
    bool over;
} contain;

static bool spend(contain *c, uint64_t n)
{
    c->over = c->over || c->budget < n;
    c->budget -= c->over ? 0 : n;
    return !c->over;
}

static bool same_scalar(ds_slice a, ds_slice b)
{
    if (jsonb_kind_of(a) != jsonb_kind_of(b))
        return false;
    if (jsonb_kind_of(a) == JSONB_NUMBER)
        return jsonb_number_cmp(a, b) == 0;
    return ds_slice_eq(a, b);
}

static bool has(contain *c, ds_slice a, ds_slice b, uint32_t depth);

static bool array_has(contain *c, ds_slice a, ds_slice b, uint32_t depth)
{
    ds_slice x, y;
    for (jsonb_iter ib = jsonb_begin(b); jsonb_next(&ib, NULL, &y);) {
        bool found = false;
        for (jsonb_iter ia = jsonb_begin(a);
             !found && jsonb_next(&ia, NULL, &x) &&
             spend(c, (uint64_t)x.len + y.len + 8);)
            found = has(c, x, y, depth);
        if (!found)
            return false;
    }
    return true;
}

/* Both are in the order of their keys. */
static bool object_has(contain *c, ds_slice a, ds_slice b, uint32_t depth)
{
    ds_slice x, y, x_key, y_key;
    jsonb_iter ia = jsonb_begin(a);
    for (jsonb_iter ib = jsonb_begin(b); jsonb_next(&ib, &y_key, &y);) {
        do {
            if (!jsonb_next(&ia, &x_key, &x))
                return false;
        } while (!ds_slice_eq(x_key, y_key));
        if (!has(c, x, y, depth))
            return false;
    }
    return true;
}

static bool has(contain *c, ds_slice a, ds_slice b, uint32_t depth)
{
    if (json_is_scalar(b))
        return same_scalar(a, b);
    if (*a.ptr != *b.ptr || depth == JSONB_DEPTH || c->over)
        return false;
    if (*b.ptr == '[')
        return array_has(c, a, b, depth + 1);
    return object_has(c, a, b, depth + 1);
}

static void contains(run *r, const run_step *s, uint32_t a, uint32_t b)
{
    uint8_t *out = RUN_DST(r, s)->v.b;
    RUN_EACH_OK(r, s, i)
    {
        contain c = {BUDGET, false};
        ds_slice x = json_arg(r, s, a, i), y = json_arg(r, s, b, i);
        ds_slice e;
        if (*x.ptr == '[' && json_is_scalar(y)) {
            out[i] = false; /* an array contains its elements */
            for (jsonb_iter it = jsonb_begin(x);
                 !out[i] && jsonb_next(&it, NULL, &e);)
                out[i] = same_scalar(e, y);
        } else {
            out[i] = has(&c, x, y, 0);
        }
        if (c.over)
            run_error(r, s, i, "E0704",
                      "jsonb values are too large for @> and <@");
    }
}

void json_contains(run *r, const run_step *s)
{
    contains(r, s, 0, 1);
}

void json_contained(run *r, const run_step *s)
{
    contains(r, s, 1, 0);
}
