/* SPDX-License-Identifier: Apache-2.0 */
/*
 * time_trunc.c - date_trunc and date_bin.
 */
#include "expr/time.h"
#include "expr/time_calc.h"

/* What a call's constant arguments say. */
typedef struct trunc_plan {
    bool has_field, has_zone;
    time_field field;
    const datetime_zone *zone; /* NULL: there is no such zone */
} trunc_plan;

/* An abbreviation that depends on the time stands for its whole zone here. */
static const datetime_zone *whole_zone(const datetime_zone *z)
{
    return z && z->kind == ZONE_ABBREV ? z->of : z;
}

void time_trunc_prepare(tx *call, ds_arena *a)
{
    const tx *name = call->args[0];
    const tx *zone = call->n_args == 3 ? call->args[2] : NULL;
    trunc_plan *p = ds_new(a, trunc_plan, 1);
    *p =
        (trunc_plan){.has_field = name->kind == TX_CONST && !name->null,
                     .has_zone = zone && zone->kind == TX_CONST && !zone->null};
    if (p->has_field)
        p->field = time_field_find(name->v.s);
    if (p->has_zone)
        p->zone = whole_zone(datetime_zone_find(zone->v.s, a));
    call->data = p;
}

static time_field field_of(const run_step *s, ds_slice name)
{
    const trunc_plan *p = s->data;
    return p && p->has_field ? p->field : time_field_find(name);
}

static void refuse_field(run *r, const run_step *s, uint32_t row, time_field f,
                         ds_slice name, ds_type type)
{
    char buf[64];
    run_error(r, s, row, "E0704", "unit \"%s\" not %s for type %s",
              time_field_name(name, buf),
              f.general ? "supported" : "recognized", ds_type_name(type));
}

/* ---- timestamps ---- */

static int64_t clock_unit(word_unit unit)
{
    switch (unit) {
    case UNIT_MICROSECOND:
        return 1;
    case UNIT_MILLISECOND:
        return 1000;
    case UNIT_SECOND:
        return DS_SECOND;
    case UNIT_MINUTE:
        return TIME_MINUTE;
    case UNIT_HOUR:
        return TIME_HOUR;
    default:
        return 0;
    }
}

/* The first year of a span of years; before Christ as PostgreSQL counts. */
static int64_t first_year(word_unit unit, int64_t year)
{
    switch (unit) {
    case UNIT_MILLENNIUM:
        return year > 0 ? (year + 999) / 1000 * 1000 - 999
                        : -((999 - (year - 1)) / 1000) * 1000 + 1;
    case UNIT_CENTURY:
        return year > 0 ? (year + 99) / 100 * 100 - 99
                        : -((99 - (year - 1)) / 100) * 100 + 1;
    case UNIT_DECADE:
        return year > 0 ? year / 10 * 10 : -((8 - (year - 1)) / 10) * 10;
    default:
        return year;
    }
}

/* The day a unit begins that is a day or longer; false: it is no such unit. */
static bool first_day(word_unit unit, int64_t day, int64_t *out)
{
    calendar_time c;
    switch (unit) {
    case UNIT_DAY:
        *out = day;
        return true;
    case UNIT_WEEK:
        *out = day - time_floor_mod(day + 3, 7);
        return true;
    case UNIT_MONTH:
    case UNIT_QUARTER:
        time_day_split(day, &c);
        if (unit == UNIT_QUARTER)
            c.month -= (c.month - 1) % 3;
        *out = calendar_days(c.year, c.month, 1);
        return true;
    case UNIT_YEAR:
    case UNIT_DECADE:
    case UNIT_CENTURY:
    case UNIT_MILLENNIUM:
        time_day_split(day, &c);
        *out = calendar_days(first_year(unit, c.year), 1, 1);
        return true;
    default:
        return false;
    }
}

typedef enum trunc_rc { TRUNC_OK, TRUNC_FIELD, TRUNC_RANGE } trunc_rc;

static trunc_rc truncate(word_unit unit, int64_t t, int64_t *out)
{
    int64_t size = clock_unit(unit), day;
    if (size) {
        *out = t - time_floor_mod(t, size);
        return TRUNC_OK;
    }
    if (!first_day(unit, time_floor_div(t, CALENDAR_DAY), &day))
        return TRUNC_FIELD;
    if (__builtin_mul_overflow(day, (int64_t)CALENDAR_DAY, out))
        return TRUNC_RANGE;
    return datetime_valid(DS_TS, *out) ? TRUNC_OK : TRUNC_RANGE;
}

/* By the clock of a zone. Hours and less are cut where they stand, so that an
 * hour that comes twice stays the one it was. */
static trunc_rc truncate_at(word_unit unit, const datetime_zone *z, int64_t t,
                            int64_t *out)
{
    int64_t shift = datetime_zone_at(z, t, NULL, NULL) * DS_SECOND, local;
    if (__builtin_add_overflow(t, shift, &local))
        return TRUNC_RANGE;
    trunc_rc rc = truncate(unit, local, &local);
    if (rc)
        return rc;
    if (clock_unit(unit)) {
        *out = local - shift;
    } else {
        *out = datetime_zone_utc(z, local);
    }
    bool ok = datetime_finite(*out) && datetime_valid(DS_TS, *out);
    return ok ? TRUNC_OK : TRUNC_RANGE;
}

static void trunc_failed(run *r, const run_step *s, uint32_t i, trunc_rc rc,
                         time_field f)
{
    RUN_DST(r, s)->v.i64[i] = 0;
    if (rc == TRUNC_FIELD)
        refuse_field(r, s, i, f, RUN_ARG(r, s, 0)->v.str[i], s->types[1]);
    else
        run_error(r, s, i, "E0701", "timestamp out of range");
}

void time_trunc(run *r, const run_step *s)
{
    const ds_slice *names = RUN_ARG(r, s, 0)->v.str;
    const int64_t *a = RUN_ARG(r, s, 1)->v.i64;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        out[i] = a[i];
        if (!datetime_finite(a[i]))
            continue;
        time_field f = field_of(s, names[i]);
        trunc_rc rc = truncate(f.general ? f.unit : UNIT_NONE, a[i], &out[i]);
        if (rc)
            trunc_failed(r, s, i, rc, f);
    }
}

void time_trunc_zone(run *r, const run_step *s)
{
    const ds_slice *names = RUN_ARG(r, s, 0)->v.str;
    const int64_t *a = RUN_ARG(r, s, 1)->v.i64;
    const ds_slice *zones = RUN_ARG(r, s, 2)->v.str;
    int64_t *out = RUN_DST(r, s)->v.i64;
    const trunc_plan *p = s->data;
    RUN_EACH_OK(r, s, i)
    {
        out[i] = a[i];
        if (!datetime_finite(a[i]))
            continue;
        const datetime_zone *z =
            p && p->has_zone
                ? p->zone
                : whole_zone(datetime_zone_find(zones[i], r->ev->arena));
        if (z == NULL) {
            time_refuse_zone(r, s, i, zones[i]);
            continue;
        }
        time_field f = field_of(s, names[i]);
        trunc_rc rc =
            truncate_at(f.general ? f.unit : UNIT_NONE, z, a[i], &out[i]);
        if (rc)
            trunc_failed(r, s, i, rc, f);
    }
}

/* ---- intervals ---- */

static bool truncate_interval(word_unit unit, ds_interval *iv)
{
    int64_t size = clock_unit(unit);
    if (size) {
        iv->us -= iv->us % size;
        return true;
    }
    int32_t months = unit == UNIT_MILLENNIUM ? 12000
                     : unit == UNIT_CENTURY  ? 1200
                     : unit == UNIT_DECADE   ? 120
                     : unit == UNIT_YEAR     ? 12
                     : unit == UNIT_QUARTER  ? 3
                     : unit == UNIT_MONTH    ? 1
                                             : 0;
    if (months == 0 && unit != UNIT_DAY)
        return false;
    iv->us = 0;
    if (months) {
        iv->days = 0;
        iv->months -= iv->months % months;
    }
    return true;
}

void time_trunc_iv(run *r, const run_step *s)
{
    const ds_slice *names = RUN_ARG(r, s, 0)->v.str;
    const ds_interval *a = RUN_ARG(r, s, 1)->v.iv;
    ds_interval *out = RUN_DST(r, s)->v.iv;
    RUN_EACH_OK(r, s, i)
    {
        time_field f = field_of(s, names[i]);
        out[i] = a[i];
        if (!f.general || !truncate_interval(f.unit, &out[i]))
            refuse_field(r, s, i, f, names[i], DS_IV);
    }
}

/* ---- date_bin ---- */

static const char *bin(const ds_interval *stride, int64_t t, int64_t origin,
                       int64_t *out)
{
    int64_t size, diff;
    *out = t;
    if (!datetime_finite(t))
        return NULL;
    if (!datetime_finite(origin))
        return "origin out of range";
    if (stride->months)
        return "timestamps cannot be binned into intervals containing months "
               "or years";
    if (__builtin_mul_overflow(stride->days, (int64_t)CALENDAR_DAY, &size) ||
        __builtin_add_overflow(size, stride->us, &size))
        return "interval out of range";
    if (size <= 0)
        return "stride must be greater than zero";
    if (__builtin_sub_overflow(t, origin, &diff))
        return "interval out of range";
    int64_t rest = diff % size;
    diff -= rest;
    if (rest < 0 && __builtin_sub_overflow(diff, size, &diff))
        return "interval out of range";
    if (__builtin_add_overflow(origin, diff, out) ||
        !datetime_valid(DS_TS, *out))
        return "timestamp out of range";
    return NULL;
}

void time_bin(run *r, const run_step *s)
{
    const ds_interval *strides = RUN_ARG(r, s, 0)->v.iv;
    const int64_t *a = RUN_ARG(r, s, 1)->v.i64;
    const int64_t *origins = RUN_ARG(r, s, 2)->v.i64;
    int64_t *out = RUN_DST(r, s)->v.i64;
    RUN_EACH_OK(r, s, i)
    {
        const char *msg = bin(&strides[i], a[i], origins[i], &out[i]);
        if (msg) {
            out[i] = 0;
            run_error(r, s, i,
                      msg[0] == 's' || strides[i].months ? "E0704" : "E0701",
                      "%s", msg);
        }
    }
}
