/* SPDX-License-Identifier: Apache-2.0 */
/*
 * time_at_zone.c - AT TIME ZONE, both ways, with zones as text and as
 * intervals.
 */
#include "expr/time.h"
#include "expr/time_calc.h"

/* The zone of a constant name. */
typedef struct zone_plan {
    const datetime_zone *zone; /* NULL: there is none */
} zone_plan;

void time_zone_prepare(tx *call, ds_arena *a)
{
    const tx *name = call->args[0];
    if (name->kind != TX_CONST || name->null)
        return;
    zone_plan *p = ds_new(a, zone_plan, 1);
    p->zone = datetime_zone_find(name->v.s, a);
    call->data = p;
}

void time_refuse_zone(run *r, const run_step *s, uint32_t row, ds_slice name)
{
    run_error(r, s, row, "E0704", "time zone \"%.*s\" not recognized",
              (int)name.len, (const char *)name.ptr);
}

static void convert(run *r, const run_step *s, bool to_zone)
{
    const ds_slice *names = RUN_ARG(r, s, 0)->v.str;
    const int64_t *a = RUN_ARG(r, s, 1)->v.i64;
    int64_t *out = RUN_DST(r, s)->v.i64;
    const zone_plan *p = s->data;
    RUN_EACH_OK(r, s, i)
    {
        out[i] = a[i];
        if (!datetime_finite(a[i]))
            continue;
        const datetime_zone *z =
            p ? p->zone : datetime_zone_find(names[i], r->ev->arena);
        if (z == NULL) {
            time_refuse_zone(r, s, i, names[i]);
            continue;
        }
        bool over = false;
        if (to_zone)
            over = __builtin_add_overflow(
                a[i], datetime_zone_at(z, a[i], NULL, NULL) * DS_SECOND,
                &out[i]);
        else
            out[i] = datetime_zone_utc(z, a[i]);
        if (over || !datetime_finite(out[i]) ||
            !datetime_valid(DS_TS, out[i])) {
            out[i] = 0;
            run_error(r, s, i, "E0701", "timestamp out of range");
        }
    }
}

void time_to_zone(run *r, const run_step *s)
{
    convert(r, s, true);
}

void time_from_zone(run *r, const run_step *s)
{
    convert(r, s, false);
}

/* A zone that is an interval: whole seconds east. */
static void convert_iv(run *r, const run_step *s, int sign)
{
    const ds_interval *zones = RUN_ARG(r, s, 0)->v.iv;
    const int64_t *a = RUN_ARG(r, s, 1)->v.i64;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        out[i] = a[i];
        if (!datetime_finite(a[i]))
            continue;
        if (zones[i].months || zones[i].days) {
            ds_buf b;
            ds_buf_init(&b, r->ev->arena, 64);
            interval_show(&b, &zones[i]);
            run_error(r, s, i, "E0704",
                      "interval time zone \"%.*s\" must not include months or "
                      "days",
                      (int)b.len, b.s);
            continue;
        }
        /* PostgreSQL counts them in 32 bits. */
        int32_t seconds = (int32_t)(zones[i].us / DS_SECOND);
        if (__builtin_add_overflow(a[i], sign * seconds * DS_SECOND, &out[i]) ||
            !datetime_finite(out[i]) || !datetime_valid(DS_TS, out[i])) {
            out[i] = 0;
            run_error(r, s, i, "E0701", "timestamp out of range");
        }
    }
}

void time_to_zone_iv(run *r, const run_step *s)
{
    convert_iv(r, s, 1);
}

void time_from_zone_iv(run *r, const run_step *s)
{
    convert_iv(r, s, -1);
}
