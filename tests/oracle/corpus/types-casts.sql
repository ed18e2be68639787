-- Types, literals and casts (chapters 4.1, 4.2, 8 and 9.1 of PostgreSQL's manual).
b::text
b::int
i4::boolean
(i4 % 2)::boolean
'yes'::boolean
' TrUe '::boolean
'off'::bool
'tr'::boolean
'o'::boolean
''::boolean
s::boolean
i2::int
i4::smallint
i8::integer
i8::smallint
n::integer
n::bigint
n::smallint
m::integer
f4::smallint
f4::integer
f8::integer
f8::bigint
f8::numeric
f4::numeric
f8::real
f4::double precision
i8::real
i8::double precision
i4::real
n::double precision
n::real
n::numeric(5,1)
n::numeric(3)
n::numeric(6,3)
i4::numeric(4)
i4::numeric(12,2)
f8::numeric(10,3)
2.5::int
3.5::int
(-2.5)::int
2.5::float8::int
3.5::float8::int
(-0.5)::float8::int
0.5::numeric::bigint
1e10::int
'1e3'::numeric
' 12 '::int
'+5'::int
'-0'::int
'0x10'::int
'12abc'::int
''::int
' '::numeric
'1_000'::int
'NaN'::numeric
'Infinity'::numeric
'-inf'::float8
'nan'::float8
'NaN'::int
'1e400'::float8
'1e-400'::float8
'1e39'::real
'1e-46'::real
'.5'::numeric
'5.'::numeric
'.'::numeric
'1e'::numeric
'--1'::int
'1e5'::int
1.0::text
1.50::text
-0.00::text
1e0::text
1e-7::text
100::numeric::text
0.1::float8::text
0.1::real::text
1e15::float8::text
1e16::float8::text
123456789012345680::float8::text
1e-4::float8::text
1e-5::float8::text
1e6::real::text
1e7::real::text
16777217::real::text
0.1::real::float8::text
0.1::real::numeric
(1/3.0)::float8::numeric
'0.1'::float8 + '0.2'::float8
9223372036854775807::text
9223372036854775808::text
-9223372036854775808
32767::smallint
32768::smallint
'-32768'::smallint
2147483648
pg_typeof(2147483648)
pg_typeof(9223372036854775808)
pg_typeof(1.0)
pg_typeof(1e3)
pg_typeof('a')
pg_typeof(NULL)
pg_typeof('a'::varchar)
pg_typeof(i2 + i2)
pg_typeof(i2 + i4)
pg_typeof(i4 + i8)
pg_typeof(i4 / f4)
pg_typeof(f4 + f4)
pg_typeof(i4 + n)
pg_typeof(n + f8)
pg_typeof(d - d)
pg_typeof(tl - tl)
pg_typeof(d + iv)
pg_typeof(ARRAY[1, 2.5])
pg_typeof(ARRAY['a'])
pg_typeof(j -> 'a')
pg_typeof(j ->> 'a')
pg_typeof(CASE WHEN b THEN 1 ELSE 2.5 END)
pg_typeof(coalesce(i2, i8))
pg_typeof(extract(year FROM d))
pg_typeof(date_part('year', d))
s::varchar(3)
s::varchar
cast(s AS varchar(2))
'abc'::varchar(2)
varchar 'abc'
i4::varchar(2)
n::varchar(4)
i4::text || 'x'
s::int
s::bigint
s::numeric
s::double precision
s::real
s::date
s::time
s::timestamp
s::timestamptz
s::interval
s::uuid
s::jsonb
s::bytea
s::text[]
s::int[]
t::smallint
t::boolean
y::text
'\xDEADbeef'::bytea
'\x1'::bytea
'\xzz'::bytea
'abc'::bytea
'a\\b'::bytea
'\000\377a'::bytea
'\400'::bytea
'\'::bytea
'a\001b'::bytea::text
d::text
d::timestamp
d::timestamptz
tl::date
tl::time
tl::timestamptz
tz::date
tz::time
tz::timestamp
tod::interval
iv::time
tod::text
tl::text
tz::text
iv::text
u::text
j::text
ai::text
at::text
'2024-02-29'::date
'2023-02-29'::date
'20240229'::date
'240229'::date
'Feb 29, 2024'::date
'29 February 2024'::date
'2024.060'::date
'J2451187'::date
'01/02/2024'::date
'13/02/2024'::date
'January 8, 99 BC'::date
'1/8/1999'::date
'08-Jan-1999'::date
'99-Jan-08'::date
'epoch'::date
'infinity'::date
'-infinity'::timestamp
'0000-01-01'::date
'10000-01-01'::date
'294277-01-01'::date
'5874897-12-31'::date
'5874898-01-01'::date
'4713-01-01 BC'::date
'4714-11-23 BC'::date
'04:05:06.789'::time
'04:05 PM'::time
'16:05 PM'::time
'12:00 AM'::time
'040506'::time
'0405'::time
'24:00:00'::time
'24:00:01'::time
'23:59:60'::time
'25:00'::time
'allballs'::time
'04:05:06.7890126'::time
'04:05:06.789'::time(1)
'2003-04-12 04:05:06'::time
'1999-01-08 04:05:06'::timestamp
'1999-01-08T04:05:06.123456789'::timestamp
'1999-01-08 04:05:06 -8:00'::timestamp
'1999-01-08 04:05:06 -8:00'::timestamptz
'1999-01-08 04:05:06 PST'::timestamptz
'1999-01-08 04:05:06 America/New_York'::timestamptz
'1999-01-08 04:05:06+05:30:15'::timestamptz
'1999-01-08 04:05:06 Nowhere/City'::timestamptz
'January 8 04:05:06 1999 PST'::timestamptz
'2024-01-01 24:00:00'::timestamp
'2024-01-01 00:00:60'::timestamp
'2024-01-01 00:60:00'::timestamp
'2024-13-01'::timestamp
'2024-01-01 12:34:56.7'::timestamp(0)
'2024-01-01 12:34:56.789'::timestamptz(1)
tl::timestamp(0)
tl::timestamp(2)
tz::timestamptz(0)
iv::interval(0)
tod::time(0)
'1 year 2 months 3 days 4 hours 5 minutes 6 seconds'::interval
'1-2'::interval
'3 4:05:06'::interval
'P1Y2M3DT4H5M6S'::interval
'P0001-02-03T04:05:06'::interval
'P1W'::interval
'PT0.5H'::interval
'1.5 months'::interval
'1.5 years'::interval
'0.7 weeks'::interval
'-1 day 2 hours'::interval
'1 day ago'::interval
'1 year -1 months ago'::interval
'-1-2 +3 -4:05:06'::interval
'2 centuries 1 decade'::interval
'1 millennium'::interval
'100'::interval
'1.25'::interval
'1h30m'::interval
'1 hour 1 hour'::interval
'3 fortnights'::interval
''::interval
interval '1' year
interval '1-2' year to month
interval '90' minute
interval '1 2:03:04' day to second
interval '1:30' minute to second
interval '1 day 12:34:56.789' day to hour
interval '1.567' second(1)
interval(2) '1.567 seconds'
interval '40' month
'10000000000 years'::interval
'178000000 years'::interval
'a0eebc999c0b4ef8bb6d6bb9bd380a11'::uuid
'{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}'::uuid
'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1'::uuid
'a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11'::uuid
'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11 '::uuid
'{"a": 1, "a": 2}'::jsonb
'[1, 2'::jsonb
'{"b":1,"aa":2,"a":3}'::jsonb
'1.10'::jsonb
'1e2'::jsonb
'-0'::jsonb
'01'::jsonb
'"\u00e4\ud83d\ude00"'::jsonb
'"\u0000"'::jsonb
'"\ud83d"'::jsonb
'nul'::jsonb
''::jsonb
'{a: 1}'::jsonb
'"a	b"'::jsonb
j::int
j::bigint
j::smallint
j::numeric
j::real
j::double precision
j::boolean
'{1,2,NULL,3}'::int[]
'{ 1 , 2 }'::int[]
'{a,"b c",NULL,"NULL",""}'::text[]
'{"a\"b","c\\d"}'::text[]
'{1,2'::int[]
'{1,,2}'::int[]
'1,2'::int[]
'{1,a}'::int[]
'{}'::int[]
'{2024-01-01,infinity}'::date[]
'{t,f}'::boolean[]
'[1:2]={5,6}'::int[]
ai::bigint[]
ai::text[]
ai::smallint[]
at::int[]
ARRAY[1,2]::text
ARRAY['a b', NULL, 'NULL', '', 'c,d', 'e"f']::text
ARRAY[1.5, 2]::int[]
CAST(NULL AS int)
CAST('12' AS bigint) + 1
int4 '17'
float8 '1.5'
numeric '1.5'
bool 'f'
date '2024-01-01' + 1
int2(5)
text(i4)
float8(i4)
numeric(i4)
int8(n)
int4(f8)
bool(i4)
date(tl)
E'a\tb\n\x41\u00e4\'\\'
U&'d\0061t\+000061'
$$it's$$
$q$a$b$q$
'a' 'b'
N'abc'
B'101'
X'1F'
0b101
1_000
1e
.5 + 5.
$1
'x'::nosuchtype
'x'::json
'x'::char(3)
now()::date::text = current_date::text
i4::text::int = i4
f8::text::float8 = f8
tz::text::timestamptz = tz
tl::text::timestamp = tl
iv::text::interval::text = iv::text
d::text::date = d
y::text::bytea = y
j::text::jsonb = j
at::text::text[] = at
