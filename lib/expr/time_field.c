/* SPDX-License-Identifier: Apache-2.0 */
/*
 * time_field.c - parts of dates, times and intervals: extract() gives a
 * numeric, date_part() a double.
 */
#include <math.h>

#include "expr/time.h"
#include "expr/time_calc.h"
#include "record/numeric.h"

/* ---- names ---- */

const char *time_field_name(ds_slice name, char buf[64])
{
    uint32_t n = name.len < 63 ? name.len : 63;
    while (n && n < name.len && (name.ptr[n] & 0xc0) == 0x80)
        n--;
    for (uint32_t i = 0; i < n; i++) {
        char c = (char)name.ptr[i];
        buf[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    buf[n] = '\0';
    return buf;
}

time_field time_field_find(ds_slice name)
{
    char buf[64];
    int value = 0;
    time_field f = {UNIT_NONE, false, false};
    time_field_name(name, buf);
    word_kind kind = word_find_unit(buf, &value);
    f.general = kind == WORD_UNIT;
    if (kind == WORD_NONE)
        kind = word_find(buf, &value);
    if (kind == WORD_UNIT) {
        f.known = true;
        f.unit = (word_unit)value;
    } else if (kind == WORD_SPECIAL) {
        f.known = true;
        f.unit = value == SPECIAL_EPOCH ? UNIT_EPOCH : UNIT_NONE;
    }
    return f;
}

/* ---- calendar ---- */

void time_day_split(int64_t day, calendar_time *out)
{
    enum { ERA = 146097 };
    int64_t eras = day / ERA;
    calendar_split((day - eras * ERA) * CALENDAR_DAY, out);
    out->year += eras * 400;
}

int64_t time_iso_year_start(int64_t year)
{
    int64_t fourth = calendar_days(year, 1, 4);
    return fourth - time_floor_mod(fourth + 3, 7);
}

int64_t time_iso_year(int64_t day, int *week)
{
    calendar_time c;
    time_day_split(day, &c);
    int64_t year = c.year + 1;
    while (day < time_iso_year_start(year))
        year--;
    *week = (int)((day - time_iso_year_start(year)) / 7) + 1;
    return year;
}

time_clock time_clock_of(int64_t us)
{
    time_clock c;
    c.hour = us / TIME_HOUR;
    us -= c.hour * TIME_HOUR;
    c.minute = (int)(us / TIME_MINUTE);
    us -= c.minute * TIME_MINUTE;
    c.second = (int)(us / DS_SECOND);
    c.micro = (int)(us % DS_SECOND);
    return c;
}

/* ---- what a part is ---- */

typedef enum part_kind {
    PART_WHOLE,  /* value */
    PART_SECOND, /* seconds (scale 6) or milliseconds (scale 3) of a clock */
    PART_EPOCH,  /* value / 10^6 seconds */
    PART_JULIAN, /* value days and `us` */
    PART_INF,    /* value: its sign */
    PART_NULL,
    PART_UNSUPPORTED,
    PART_UNKNOWN,
} part_kind;

typedef struct part {
    part_kind kind;
    int scale;
    numeric_int value;
    int second, micro;
    int64_t us;
} part;

static part whole(int64_t v)
{
    return (part){.kind = PART_WHOLE, .value = v};
}

static part clock_part(word_unit unit, int64_t us)
{
    time_clock c = time_clock_of(us);
    int64_t micro = c.second * (int64_t)DS_SECOND + c.micro;
    switch (unit) {
    case UNIT_MICROSECOND:
        return whole(micro);
    case UNIT_MILLISECOND:
    case UNIT_SECOND:
        return (part){.kind = PART_SECOND,
                      .scale = unit == UNIT_SECOND ? 6 : 3,
                      .value = micro,
                      .second = c.second,
                      .micro = c.micro};
    case UNIT_MINUTE:
        return whole(c.minute);
    case UNIT_HOUR:
        return whole(c.hour);
    default:
        return (part){.kind = PART_UNSUPPORTED};
    }
}

/* There is no year 0: 1 BC comes before 1 AD. */
static int64_t shown_year(int64_t year)
{
    return year > 0 ? year : year - 1;
}

static part year_part(word_unit unit, int64_t year)
{
    switch (unit) {
    case UNIT_YEAR:
        return whole(shown_year(year));
    case UNIT_DECADE:
        return whole(year >= 0 ? year / 10 : -((8 - (year - 1)) / 10));
    case UNIT_CENTURY:
        return whole(year > 0 ? (year + 99) / 100 : -((99 - (year - 1)) / 100));
    default: /* UNIT_MILLENNIUM */
        return whole(year > 0 ? (year + 999) / 1000
                              : -((999 - (year - 1)) / 1000));
    }
}

static part date_part(word_unit unit, int64_t day)
{
    calendar_time c;
    int week;
    time_day_split(day, &c);
    switch (unit) {
    case UNIT_DAY:
        return whole(c.day);
    case UNIT_MONTH:
        return whole(c.month);
    case UNIT_QUARTER:
        return whole((c.month - 1) / 3 + 1);
    case UNIT_WEEK:
        time_iso_year(day, &week);
        return whole(week);
    case UNIT_YEAR:
    case UNIT_DECADE:
    case UNIT_CENTURY:
    case UNIT_MILLENNIUM:
        return year_part(unit, c.year);
    case UNIT_ISOYEAR:
        return whole(shown_year(time_iso_year(day, &week)));
    case UNIT_DOW:
        return whole(time_weekday(day));
    case UNIT_ISODOW:
        return whole((time_weekday(day) + 6) % 7 + 1);
    case UNIT_DOY:
        return whole(day - calendar_days(c.year, 1, 1) + 1);
    default:
        return (part){.kind = PART_UNSUPPORTED};
    }
}

/* Fields that come round again have no value at infinity; the others are
 * infinite with it. */
static part infinite_part(word_unit unit, ds_type type, int64_t v)
{
    switch (unit) {
    case UNIT_MICROSECOND:
    case UNIT_MILLISECOND:
    case UNIT_SECOND:
    case UNIT_MINUTE:
    case UNIT_HOUR:
    case UNIT_TIMEZONE:
    case UNIT_TIMEZONE_HOUR:
    case UNIT_TIMEZONE_MINUTE:
        if (type == DS_DATE)
            return (part){.kind = PART_UNSUPPORTED};
        return (part){.kind = PART_NULL};
    case UNIT_DAY:
    case UNIT_MONTH:
    case UNIT_QUARTER:
    case UNIT_WEEK:
    case UNIT_DOW:
    case UNIT_ISODOW:
    case UNIT_DOY:
        return (part){.kind = PART_NULL};
    case UNIT_YEAR:
    case UNIT_DECADE:
    case UNIT_CENTURY:
    case UNIT_MILLENNIUM:
    case UNIT_JULIAN:
    case UNIT_ISOYEAR:
    case UNIT_EPOCH:
        return (part){.kind = PART_INF, .value = v > 0 ? 1 : -1};
    default:
        return (part){.kind = PART_UNSUPPORTED};
    }
}

static part part_of_date(word_unit unit, int64_t v)
{
    if (!datetime_finite(v))
        return infinite_part(unit, DS_DATE, v);
    if (unit == UNIT_JULIAN)
        return whole(v + TIME_JULIAN);
    if (unit == UNIT_EPOCH)
        return whole(v * 86400);
    return date_part(unit, v);
}

static part part_of_timestamp(word_unit unit, ds_type type, int64_t v)
{
    if (!datetime_finite(v))
        return infinite_part(unit, type, v);
    int64_t day = time_floor_div(v, CALENDAR_DAY);
    int64_t us = v - day * CALENDAR_DAY;
    switch (unit) {
    case UNIT_MICROSECOND:
    case UNIT_MILLISECOND:
    case UNIT_SECOND:
    case UNIT_MINUTE:
    case UNIT_HOUR:
        return clock_part(unit, us);
    case UNIT_EPOCH:
        return (part){.kind = PART_EPOCH, .scale = 6, .value = v};
    case UNIT_JULIAN:
        return (part){
            .kind = PART_JULIAN, .value = day + TIME_JULIAN, .us = us};
    case UNIT_TIMEZONE:
    case UNIT_TIMEZONE_HOUR:
    case UNIT_TIMEZONE_MINUTE: /* the session's is UTC */
        return type == DS_TS ? whole(0) : (part){.kind = PART_UNSUPPORTED};
    default:
        return date_part(unit, day);
    }
}

static part part_of_time(word_unit unit, int64_t v)
{
    if (unit == UNIT_EPOCH)
        return (part){.kind = PART_EPOCH, .scale = 6, .value = v};
    return clock_part(unit, v);
}

static part part_of_interval(word_unit unit, const ds_interval *iv)
{
    int64_t years = iv->months / 12, months = iv->months % 12;
    switch (unit) {
    case UNIT_DAY:
        return whole(iv->days);
    case UNIT_MONTH:
        return whole(months);
    case UNIT_QUARTER:
        return whole(months / 3 + 1);
    case UNIT_YEAR:
        return whole(years);
    case UNIT_DECADE:
        return whole(years / 10);
    case UNIT_CENTURY:
        return whole(years / 100);
    case UNIT_MILLENNIUM:
        return whole(years / 1000);
    case UNIT_EPOCH: { /* a year has 365.25 days */
        int64_t seconds =
            (1461 * years + 120 * months + 4LL * iv->days) * (86400 / 4);
        return (part){.kind = PART_EPOCH,
                      .scale = 6,
                      .value = (numeric_int)seconds * DS_SECOND + iv->us};
    }
    default:
        return clock_part(unit, iv->us);
    }
}

static part part_of(time_field f, ds_type type, const run_reg *a, uint32_t i)
{
    if (f.unit == UNIT_NONE) { /* 'now' and the like mean nothing to them */
        bool known = f.known && type != DS_TIME && type != DS_IV;
        return (part){.kind = known ? PART_UNSUPPORTED : PART_UNKNOWN};
    }
    switch (type) {
    case DS_DATE:
        return part_of_date(f.unit, a->v.i64[i]);
    case DS_TIME:
        return part_of_time(f.unit, a->v.i64[i]);
    case DS_IV:
        return part_of_interval(f.unit, &a->v.iv[i]);
    default:
        return part_of_timestamp(f.unit, type, a->v.i64[i]);
    }
}

/* ---- as a number ---- */

static ds_numeric julian_numeric(const part *p)
{
    ds_numeric day = numeric_from_i64((int64_t)p->value);
    ds_numeric us = numeric_from_i64(p->us), out;
    ds_numeric all = numeric_from_i64(CALENDAR_DAY);
    if (numeric_div(&us, &all, &out) || numeric_add(&out, &day, &out))
        return day;
    return out;
}

static ds_numeric part_numeric(const part *p)
{
    if (p->kind == PART_JULIAN)
        return julian_numeric(p);
    if (p->kind == PART_INF)
        return (ds_numeric){0, 0, 0, p->value > 0 ? 1 : -1};
    return numeric_of(p->value, p->scale);
}

/* In PostgreSQL's steps, for equal last digits. */
static double part_double(const part *p, ds_type type, const run_reg *a,
                          uint32_t i)
{
    switch (p->kind) {
    case PART_SECOND:
        return p->scale == 6 ? p->second + p->micro / 1e6
                             : p->second * 1e3 + p->micro / 1e3;
    case PART_EPOCH:
        if (type == DS_IV) {
            const ds_interval *iv = &a->v.iv[i];
            int32_t years = iv->months / 12;
            double v = (double)iv->us / 1e6;
            v += 365.25 * 86400 * years;
            v += 30.0 * 86400 * (iv->months % 12);
            return v + 86400.0 * iv->days;
        }
        return (double)(int64_t)p->value / 1e6;
    case PART_JULIAN: {
        time_clock c = time_clock_of(p->us);
        double seconds = (double)((c.hour * 60 + c.minute) * 60 + c.second);
        return (double)(int64_t)p->value + (seconds + c.micro / 1e6) / 86400.0;
    }
    case PART_INF:
        return p->value > 0 ? HUGE_VAL : -HUGE_VAL;
    default:
        return (double)(int64_t)p->value;
    }
}

/* ---- kernels ---- */

void time_field_prepare(tx *call, ds_arena *a)
{
    const tx *name = call->args[0];
    if (name->kind != TX_CONST || name->null)
        return;
    time_field *f = ds_new(a, time_field, 1);
    *f = time_field_find(name->v.s);
    call->data = f;
}

static void refuse(run *r, const run_step *s, uint32_t row, part_kind kind,
                   ds_type type)
{
    char buf[64];
    ds_slice name = RUN_ARG(r, s, 0)->v.str[row];
    run_error(r, s, row, "E0704", "unit \"%s\" not %s for type %s",
              time_field_name(name, buf),
              kind == PART_UNKNOWN ? "recognized" : "supported",
              ds_type_name(type));
}

static time_field field_of(const run_step *s, ds_slice name)
{
    const time_field *known = s->data;
    return known ? *known : time_field_find(name);
}

void time_extract(run *r, const run_step *s)
{
    const run_reg *names = RUN_ARG(r, s, 0), *a = RUN_ARG(r, s, 1);
    ds_numeric *out = RUN_DST(r, s)->v.num;
    ds_type type = s->types[1];
    RUN_EACH_OK(r, s, i)
    {
        part p = part_of(field_of(s, names->v.str[i]), type, a, i);
        if (p.kind >= PART_UNSUPPORTED)
            refuse(r, s, i, p.kind, type);
        out[i] = part_numeric(&p);
        if (p.kind == PART_NULL)
            run_set_null(r, s->dst, i);
    }
}

void time_date_part(run *r, const run_step *s)
{
    const run_reg *names = RUN_ARG(r, s, 0), *a = RUN_ARG(r, s, 1);
    double *out = RUN_DST(r, s)->v.f64;
    ds_type type = s->types[1];
    RUN_EACH_OK(r, s, i)
    {
        part p = part_of(field_of(s, names->v.str[i]), type, a, i);
        if (p.kind >= PART_UNSUPPORTED)
            refuse(r, s, i, p.kind, type);
        out[i] = part_double(&p, type, a, i);
        if (p.kind == PART_NULL)
            run_set_null(r, s->dst, i);
    }
}

/* A date is a timestamp for date_part(). */
void time_date_part_date(run *r, const run_step *s)
{
    const run_reg *names = RUN_ARG(r, s, 0), *a = RUN_ARG(r, s, 1);
    double *out = RUN_DST(r, s)->v.f64;
    RUN_EACH_OK(r, s, i)
    {
        int64_t t = 0;
        const char *msg = time_date_to_timestamp(a->v.i64[i], &t);
        time_field f = field_of(s, names->v.str[i]);
        part p = whole(0);
        if (msg)
            run_error(r, s, i, "E0701", "%s", msg);
        else if (f.unit == UNIT_NONE)
            p.kind = f.known ? PART_UNSUPPORTED : PART_UNKNOWN;
        else
            p = part_of_timestamp(f.unit, DS_TIMESTAMP, t);
        if (p.kind >= PART_UNSUPPORTED)
            refuse(r, s, i, p.kind, DS_TIMESTAMP);
        out[i] = part_double(&p, DS_TIMESTAMP, a, i);
        if (p.kind == PART_NULL)
            run_set_null(r, s->dst, i);
    }
}
