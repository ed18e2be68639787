-- Date and time functions and operators (9.9).
d + 7
d - 7
7 + d
d + i2
d + i4
d - d
d - '2000-01-01'
d - date '2000-01-01'
d + iv
d - iv
d + tod
tod + d
d + interval '1 month'
date '2024-01-31' + interval '1 month'
date '2024-03-31' - interval '1 month'
date '2000-02-29' + interval '1 year'
tl + iv
tl - iv
iv + tl
tl - tl
tl - '2000-01-01'
tl - d
tl + interval '1 month -1 day'
timestamp '2024-01-31 10:00' + interval '1 month 1 day'
tz + iv
tz - iv
tz - tz
tz - tl
tz - interval '1 day'
tod + iv
tod - iv
tod + interval '23 hours'
tod - interval '1 hour'
tod - tod
tod - '01:00'
iv + iv
iv - iv
- iv
iv * 2
2 * iv
iv * 0.5
iv * f8
iv * -1
iv / 2
iv / 0
iv / 3
iv / f8
interval '1 month' / 30
interval '1 year' * 0.1
interval '1 month 1 day' * 1.5
interval '1 day' * 1e10
interval '00:00:01' / 3
interval '-1 month' * 0.3
900 * interval '1 second'
21 * interval '1 day'
3.5 * interval '1 hour'
interval '1 hour' / 1.5
d + 2147483647
'infinity'::date + 1
'infinity'::timestamp - '2000-01-01'
'infinity'::timestamp + interval '1 day'
'-infinity'::timestamptz - interval '1 year'
'infinity'::timestamp - 'infinity'::timestamp
timestamp '294276-12-31 23:59:59' + interval '1 day'
age(tl)
age(timestamp '2001-04-10', timestamp '1957-06-13')
age(tl, '2000-01-01')
age('2000-01-01', tl)
age(tz, '2000-01-01 00:00+00')
age(timestamp '2024-03-31', timestamp '2024-02-29')
age(timestamp '2024-02-29', timestamp '2024-03-31')
age(timestamp '2024-03-01 00:00', timestamp '2024-01-31 12:00')
age(d, d)
extract(century from tl)
extract(century from date '2000-12-16')
extract(century from date '2001-02-16')
extract(century from date '0001-01-01 BC')
extract(day from tl)
extract(day from interval '40 days 1 minute')
extract(day from iv)
extract(decade from d)
extract(decade from tl)
extract(dow from d)
extract(dow from tl)
extract(doy from d)
extract(doy from tz)
extract(epoch from d)
extract(epoch from tl)
extract(epoch from tz)
extract(epoch from iv)
extract(epoch from tod)
extract(epoch from interval '1 year 1 month 1 day 1.5 seconds')
extract(hour from tl)
extract(hour from tod)
extract(hour from iv)
extract(hour from d)
extract(isodow from d)
extract(isoyear from d)
extract(isoyear from date '2006-01-01')
extract(julian from d)
extract(julian from tl)
extract(julian from timestamp '2006-01-01 12:00')
extract(microseconds from tod)
extract(microseconds from tl)
extract(millennium from d)
extract(millennium from tl)
extract(milliseconds from tod)
extract(milliseconds from iv)
extract(minute from tl)
extract(minute from iv)
extract(month from d)
extract(month from iv)
extract(month from interval '2 years 13 months')
extract(quarter from d)
extract(quarter from iv)
extract(second from tl)
extract(second from tod)
extract(second from iv)
extract(timezone from tz)
extract(timezone_hour from tz)
extract(timezone_minute from tz)
extract(timezone from tl)
extract(week from d)
extract(week from date '2005-01-01')
extract(week from date '2012-12-31')
extract(year from d)
extract(year from tl)
extract(year from date '0001-01-01 BC')
extract(year from iv)
extract(year from tod)
extract(dow from iv)
extract(week from iv)
extract(epoch from 'infinity'::date)
extract(year from 'infinity'::timestamp)
extract(month from 'infinity'::timestamp)
extract(nope from tl)
extract('year' from tl)
extract("year" from tl)
extract(years from tl)
extract(sec from tl)
extract(mon from tl)
extract(y from d)
date_part('year', d)
date_part('epoch', tl)
date_part('hour', tod)
date_part('day', iv)
date_part('microsecond', tz)
date_part('nope', tz)
date_part(t, tl)
date_part('second', interval '1.234567 seconds')
date_trunc('microseconds', tl)
date_trunc('milliseconds', tl)
date_trunc('second', tl)
date_trunc('minute', tl)
date_trunc('hour', tl)
date_trunc('day', tl)
date_trunc('week', tl)
date_trunc('month', tl)
date_trunc('quarter', tl)
date_trunc('year', tl)
date_trunc('decade', tl)
date_trunc('century', tl)
date_trunc('millennium', tl)
date_trunc('day', tz)
date_trunc('day', d)
date_trunc('month', tz)
date_trunc('week', d)
date_trunc('day', tz, 'Europe/Paris')
date_trunc('month', tz, 'Australia/Sydney')
date_trunc('hour', tz, 'Asia/Kolkata')
date_trunc('day', tz, 'Nowhere')
date_trunc('hour', iv)
date_trunc('day', iv)
date_trunc('month', iv)
date_trunc('quarter', iv)
date_trunc('year', iv)
date_trunc('century', iv)
date_trunc('week', iv)
date_trunc('hour', tod)
date_trunc('nope', tl)
date_trunc('isoyear', tl)
date_trunc('HOUR', tl)
date_bin('15 minutes', tl, timestamp '2001-01-01')
date_bin('15 minutes', tl, timestamp '2001-01-01 00:02:30')
date_bin('1 hour', tz, timestamptz '2001-01-01')
date_bin('1 day', tl, timestamp '2030-01-01')
date_bin('1 month', tl, timestamp '2001-01-01')
date_bin('0', tl, timestamp '2001-01-01')
date_bin('-1 hour', tl, timestamp '2001-01-01')
date_bin('7 days', tl, timestamp '2024-01-01')
date_bin(iv, tl, timestamp '2001-01-01')
isfinite(d)
isfinite(tl)
isfinite(tz)
isfinite(iv)
isfinite(timestamp 'infinity')
justify_days(iv)
justify_days(interval '35 days')
justify_hours(iv)
justify_hours(interval '27 hours')
justify_interval(iv)
justify_interval(interval '1 mon -1 hour')
justify_interval(interval '-1 mon 40 days 30 hours')
make_date(2013, 7, 15)
make_date(i4, 1, 1)
make_date(2023, 2, 29)
make_date(-44, 3, 15)
make_date(0, 7, 15)
make_interval(days => 10)
make_interval(1, 2, 3, 4, 5, 6, 7.5)
make_interval(years => 1, secs => 1.123456)
make_interval(weeks => i2)
make_interval(secs => f8)
make_interval()
make_interval(months => 1, years => 2)
make_interval(nope => 1)
make_interval(2147483647, 12)
make_time(8, 15, 23.5)
make_time(24, 0, 0)
make_time(8, 60, 0)
make_time(8, 0, 60)
make_time(8, 15, 'NaN')
make_timestamp(2013, 7, 15, 8, 15, 23.5)
make_timestamp(2013, 13, 15, 8, 15, 23.5)
make_timestamp(-1, 7, 15, 8, 15, 23.5)
make_timestamp(i4, 7, 15, 8, 15, 23.5)
make_timestamptz(2013, 7, 15, 8, 15, 23.5)
make_timestamptz(2013, 7, 15, 8, 15, 23.5, 'America/New_York')
make_timestamptz(2013, 7, 15, 8, 15, 23.5, '+05:30')
make_timestamptz(2013, 3, 31, 2, 30, 0, 'Europe/Paris')
make_timestamptz(2013, 7, 15, 8, 15, 23.5, 'Nowhere')
to_timestamp(1284352323)
to_timestamp(f8)
to_timestamp(i4)
to_timestamp(1284352323.123456)
to_timestamp('NaN'::float8)
to_timestamp('Infinity'::float8)
to_timestamp(1e20)
tl AT TIME ZONE 'America/Denver'
tl AT TIME ZONE 'UTC'
tl AT TIME ZONE 'PST'
tl AT TIME ZONE 'EDT'
tl AT TIME ZONE '+03'
tl AT TIME ZONE 'UTC+3'
tl AT TIME ZONE 'EST5EDT'
tl AT TIME ZONE 'CET-1CEST,M3.5.0,M10.5.0/3'
tl AT TIME ZONE interval '-08:00'
tl AT TIME ZONE interval '1 day'
tl AT TIME ZONE 'Nowhere'
tl AT TIME ZONE t
tz AT TIME ZONE 'America/Denver'
tz AT TIME ZONE 'europe/paris'
tz AT TIME ZONE 'Asia/Kolkata'
tz AT TIME ZONE 'Pacific/Apia'
tz AT TIME ZONE interval '05:45'
tz AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Paris'
timestamp '2026-03-29 02:30' AT TIME ZONE 'Europe/Paris'
timestamp '2026-10-25 02:30' AT TIME ZONE 'Europe/Paris'
timestamptz '2026-10-25 00:30Z' AT TIME ZONE 'Europe/Paris'
timestamptz '2026-10-25 01:30Z' AT TIME ZONE 'Europe/Paris'
timestamptz '1890-01-01 00:00Z' AT TIME ZONE 'Europe/Amsterdam'
timestamptz '2100-07-01 00:00Z' AT TIME ZONE 'America/New_York'
d AT TIME ZONE 'Europe/Paris'
tod AT TIME ZONE 'UTC'
timezone('Europe/Paris', tz)
timezone('UTC', tl)
timezone(interval '1 hour', tz)
(tl, tl + interval '1 day') OVERLAPS (timestamp '2000-01-01', timestamp '2000-06-01')
(date '2001-02-16', date '2001-12-21') OVERLAPS (date '2001-10-30', date '2002-10-30')
(date '2001-02-16', interval '100 days') OVERLAPS (date '2001-10-30', date '2002-10-30')
(date '2001-10-29', date '2001-10-30') OVERLAPS (date '2001-10-30', date '2001-10-31')
(date '2001-10-30', date '2001-10-30') OVERLAPS (date '2001-10-30', date '2001-10-31')
(d, d + 10) OVERLAPS (date '2000-01-01', date '2001-01-01')
(tz, iv) OVERLAPS (tz, interval '1 hour')
(tod, interval '1 hour') OVERLAPS (time '12:00', time '13:00')
(tod, tod) OVERLAPS (tod, tod)
(NULL::date, date '2001-01-01') OVERLAPS (date '2000-01-01', date '2002-01-01')
overlaps(tl, tl, tl, tl)
d = current_date
tl < now()
now() - now()
current_timestamp = now()
localtimestamp::timestamptz = now()
transaction_timestamp() = now()
statement_timestamp() = now()
current_time IS NOT NULL
localtime = now()::time
'now'::timestamptz = now()
'today'::date = current_date
'tomorrow'::date - 'today'::date
'yesterday'::timestamp + interval '1 day' = 'today'::timestamp
clock_timestamp() >= now()
timeofday() IS NOT NULL
date_add(tz, '1 day')
current_date - d
now()::date - 1 = 'yesterday'::date
extract(year from now()) > 2020
pg_sleep(0)
to_date('05 Dec 2000', 'DD Mon YYYY')
to_date('20000131', 'YYYYMMDD')
to_date('2000-2-3', 'YYYY-MM-DD')
to_date('2000-13-01', 'YYYY-MM-DD')
to_date('2000-02-30', 'YYYY-MM-DD')
to_date('200-01-01', 'YYYY-MM-DD')
to_date('1 1 1', 'YYYY MM DD')
to_date('01-02-95', 'DD-MM-YY')
to_date('01-02-69', 'DD-MM-YY')
to_date('01-02-70', 'DD-MM-YY')
to_date('2006-42-4', 'IYYY-IW-ID')
to_date('2006-42-4', 'IYYY-MM-ID')
to_date('2000 366', 'YYYY DDD')
to_date('2001 366', 'YYYY DDD')
to_date('2451545', 'J')
to_date('100 BC', 'YYYY BC')
to_date('-44-02-01', 'YYYY-MM-DD')
to_date('21 20 01', 'CC YY MM')
to_date('Feb 30', 'Mon DD')
to_date('MARCH 1999', 'MONTH YYYY')
to_date('xyz', 'Mon')
to_date(s, 'YYYY-MM-DD')
to_date('', 'YYYY')
to_date('20241301', 'YYYYMMDD')
to_date('2024 Q2', 'YYYY "Q"Q')
to_timestamp('05 Dec 2000', 'DD Mon YYYY')
to_timestamp('2000-01-01 12:34:56.789', 'YYYY-MM-DD HH24:MI:SS.MS')
to_timestamp('2000-01-01 12:34:56.789123', 'YYYY-MM-DD HH24:MI:SS.US')
to_timestamp('2000-01-01 12:34:56.7', 'YYYY-MM-DD HH24:MI:SS.FF1')
to_timestamp('12:3', 'SS:MS')
to_timestamp('12.003', 'SS.MS')
to_timestamp('15:12:02.020.001230', 'HH24:MI:SS.MS.US')
to_timestamp('2000-01-01 01:30 PM', 'YYYY-MM-DD HH12:MI PM')
to_timestamp('2000-01-01 13:30 PM', 'YYYY-MM-DD HH12:MI PM')
to_timestamp('2000-01-01 25:00', 'YYYY-MM-DD HH24:MI')
to_timestamp('2000-01-01 03600', 'YYYY-MM-DD SSSSS')
to_timestamp('2012-01-01 00:00 +05', 'YYYY-MM-DD HH24:MI TZH')
to_timestamp('2012-01-01 00:00 -05:30', 'YYYY-MM-DD HH24:MI TZH:TZM')
to_timestamp('2012-01-01 CET', 'YYYY-MM-DD TZ')
to_timestamp('2000----JUN', 'YYYY MON')
to_timestamp('  2000    JUN', 'YYYY MON')
to_timestamp('2000    JUN', 'FXYYYY MON')
to_timestamp('2000/JUN', 'YYYY MON')
to_timestamp('97/Feb/16', 'YYMonDD')
to_timestamp('97/Feb/16', 'YY:Mon:DD')
to_timestamp('97/Feb/16', 'FXYY/Mon/DD')
to_timestamp('97/Feb/16', 'FXYY:Mon:DD')
to_timestamp('1985-01-12', 'FXYYYY-MM-DD')
to_timestamp('19971116', 'YYYYMMDD')
to_timestamp('20000-1116', 'YYYY-MMDD')
to_timestamp('1997 AD 11 16', 'YYYY BC MM DD')
to_timestamp('0097/Feb/16 --> 08:14:30', 'YYYY/Mon/DD --> HH:MI:SS')
to_timestamp('Friday 1-January-1999', 'FMDAY DD MONTH YYYY')
to_timestamp('2011$03!18 23_38_15', 'YYYY-MM-DD HH24:MI:SS')
to_timestamp('1985 January 12', 'YYYY FMMonth DD')
to_timestamp('2005 23', 'IYYY IW')
to_timestamp('995-10-16', 'YYY-MM-DD')
to_timestamp(s, 'YYYY-MM-DD')
