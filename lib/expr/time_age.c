/* SPDX-License-Identifier: Apache-2.0 */
/*
 * time_age.c - age, justify_*, OVERLAPS, isfinite.
 */
#include "expr/time.h"
#include "expr/time_calc.h"

/* ---- age: years, months, days and time between two timestamps ---- */

/* PostgreSQL takes infinity for the last microsecond it can count to. */
static void age_split(int64_t t, calendar_time *c)
{
    if (t == DS_TIME_INF)
        *c = (calendar_time){294277, 1, 9, 4, 0, 54, 775807};
    else
        calendar_split(t, c);
}

static ds_interval age(int64_t a, int64_t b)
{
    calendar_time x, y;
    bool swapped = a < b;
    age_split(swapped ? b : a, &x);
    age_split(swapped ? a : b, &y);
    int64_t us =
        ((x.hour - y.hour) * 60LL + x.minute - y.minute) * TIME_MINUTE +
        (x.second - y.second) * (int64_t)DS_SECOND + x.micro - y.micro;
    int64_t days = x.day - y.day;
    int64_t months = (x.year - y.year) * 12 + x.month - y.month;
    if (us < 0) {
        us += CALENDAR_DAY;
        days--;
    }
    /* A month that is borrowed is as long as the earlier time's. */
    while (days < 0) {
        days += calendar_days_in_month(y.year, y.month);
        months--;
    }
    int64_t sign = swapped ? -1 : 1;
    return (ds_interval){sign * us, (int32_t)(sign * days),
                         (int32_t)(sign * months)};
}

static void age_row(run *r, const run_step *s, uint32_t i, int64_t a, int64_t b)
{
    ds_interval *out = RUN_DST(r, s)->v.iv;
    if (a != DS_TIME_NINF && b != DS_TIME_NINF) {
        out[i] = age(a, b);
    } else {
        out[i] = (ds_interval){0, 0, 0};
        run_error(r, s, i, "E0701", "timestamp out of range");
    }
}

void time_age(run *r, const run_step *s)
{
    const int64_t *a = RUN_ARG(r, s, 0)->v.i64;
    const int64_t *b = RUN_ARG(r, s, 1)->v.i64;
    RUN_EACH_OK(r, s, i)
    age_row(r, s, i, a[i], b[i]);
}

/* From the beginning of today. */
void time_age_now(run *r, const run_step *s)
{
    const int64_t *a = RUN_ARG(r, s, 0)->v.i64;
    int64_t today = r->ev->now - time_floor_mod(r->ev->now, CALENDAR_DAY);
    RUN_EACH_OK(r, s, i)
    age_row(r, s, i, today, a[i]);
}

/* ---- isfinite ---- */

void time_is_finite(run *r, const run_step *s)
{
    const int64_t *a = RUN_ARG(r, s, 0)->v.i64;
    uint8_t *out = RUN_DST(r, s)->v.b;
    RUN_EACH(r, s, i)
    out[i] = datetime_finite(a[i]);
}

void time_is_finite_iv(run *r, const run_step *s)
{
    uint8_t *out = RUN_DST(r, s)->v.b;
    RUN_EACH(r, s, i)
    out[i] = 1;
}

/* ---- justify ---- */

/* Days that are whole months; months and days get the same sign. */
static bool days_to_months(ds_interval *iv)
{
    int32_t whole = iv->days / 30;
    iv->days -= whole * 30;
    return !__builtin_add_overflow(iv->months, whole, &iv->months);
}

static bool time_to_days(ds_interval *iv)
{
    int64_t whole = iv->us / CALENDAR_DAY;
    iv->us -= whole * CALENDAR_DAY;
    return !__builtin_add_overflow(iv->days, (int32_t)whole, &iv->days);
}

static void same_sign_days(ds_interval *iv)
{
    if (iv->days > 0 && iv->us < 0) {
        iv->us += CALENDAR_DAY;
        iv->days--;
    } else if (iv->days < 0 && iv->us > 0) {
        iv->us -= CALENDAR_DAY;
        iv->days++;
    }
}

static bool justify_days(ds_interval *iv)
{
    if (!days_to_months(iv))
        return false;
    if (iv->months > 0 && iv->days < 0) {
        iv->days += 30;
        iv->months--;
    } else if (iv->months < 0 && iv->days > 0) {
        iv->days -= 30;
        iv->months++;
    }
    return true;
}

static bool justify_hours(ds_interval *iv)
{
    if (!time_to_days(iv))
        return false;
    same_sign_days(iv);
    return true;
}

static bool justify_interval(ds_interval *iv)
{
    /* First, so that the days do not overflow. */
    if ((iv->days > 0 && iv->us > 0) || (iv->days < 0 && iv->us < 0))
        if (!days_to_months(iv))
            return false;
    if (!time_to_days(iv) || !days_to_months(iv))
        return false;
    if (iv->months > 0 && (iv->days < 0 || (iv->days == 0 && iv->us < 0))) {
        iv->days += 30;
        iv->months--;
    } else if (iv->months < 0 &&
               (iv->days > 0 || (iv->days == 0 && iv->us > 0))) {
        iv->days -= 30;
        iv->months++;
    }
    same_sign_days(iv);
    return true;
}

static void justify(run *r, const run_step *s, bool (*fn)(ds_interval *iv))
{
    const ds_interval *a = RUN_ARG(r, s, 0)->v.iv;
    ds_interval *out = RUN_DST(r, s)->v.iv;
    RUN_EACH_OK(r, s, i)
    {
        out[i] = a[i];
        if (!fn(&out[i]))
            run_error(r, s, i, "E0701", "interval out of range");
    }
}

void time_justify_days(run *r, const run_step *s)
{
    justify(r, s, justify_days);
}

void time_justify_hours(run *r, const run_step *s)
{
    justify(r, s, justify_hours);
}

void time_justify_interval(run *r, const run_step *s)
{
    justify(r, s, justify_interval);
}

/* ---- OVERLAPS ---- */

typedef struct span {
    int64_t from, to;
    bool no_from, no_to; /* NULL */
} span;

/* The end is not part of a span, unless it has no length. NULL ends leave it
 * open whether they overlap, if the rest does not decide it. *null: so. */
static bool overlap(span a, span b, bool *null)
{
    *null = true;
    span *both[] = {&a, &b};
    for (int k = 0; k < 2; k++) {
        span *x = both[k];
        if (x->no_from && x->no_to)
            return false;
        if (x->no_from || (!x->no_to && x->from > x->to)) {
            int64_t from = x->from;
            x->from = x->to;
            x->to = from;
            x->no_to = x->no_from;
        }
    }
    if (a.from == b.from) {
        *null = a.no_to || b.no_to;
        return true;
    }
    span *early = a.from < b.from ? &a : &b, *late = a.from < b.from ? &b : &a;
    if (early->no_to)
        return false;
    if (late->from < early->to) {
        *null = false;
        return true;
    }
    *null = late->no_to;
    return false;
}

/* The end of a span that may be given as its length. */
static const char *span_end(const run_reg *g, ds_type type, ds_type of,
                            uint32_t i, span *x)
{
    if (x->no_to)
        return NULL;
    if (type != DS_IV) {
        x->to = g->v.i64[i];
        return NULL;
    }
    ds_interval iv = g->v.iv[i];
    x->to = 0;
    if (x->no_from) {
        x->no_to = true; /* NULL + length */
        return NULL;
    }
    if (of == DS_TIME) {
        x->to = time_floor_mod(x->from + iv.us % CALENDAR_DAY, CALENDAR_DAY);
        return NULL;
    }
    return time_add_interval(x->from, iv, &x->to);
}

void time_overlaps(run *r, const run_step *s)
{
    uint8_t *out = RUN_DST(r, s)->v.b;
    RUN_DST(r, s)->valid = NULL;
    RUN_EACH(r, s, i)
    {
        span x[2];
        const char *msg = NULL;
        bool null;
        for (uint32_t k = 0; k < 2; k++) {
            const run_reg *from = RUN_ARG(r, s, 2 * k);
            const run_reg *to = RUN_ARG(r, s, 2 * k + 1);
            x[k] = (span){.no_from = run_is_null(from, i),
                          .no_to = run_is_null(to, i)};
            x[k].from = x[k].no_from ? 0 : from->v.i64[i];
            const char *m =
                span_end(to, s->types[2 * k + 1], s->types[2 * k], i, &x[k]);
            msg = msg ? msg : m;
        }
        out[i] = overlap(x[0], x[1], &null);
        if (msg)
            run_error(r, s, i, "E0701", "%s", msg);
        else if (null)
            run_set_null(r, s->dst, i);
    }
}
