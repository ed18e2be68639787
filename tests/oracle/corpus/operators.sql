-- Comparison and precedence (9.2, 4.1.6).
i4 = i8
i4 = n
i4 = f8
f4 = f8
n = f8
n = m
i2 <> i8
s = t
s < t
s <= 'abc'
s > t
s >= ''
s <> 'abc'
s != t
b = true
b < true
b >= false
y = '\x616263'::bytea
y < '\xde'::bytea
y >= '\x'
d = tl
d < tz
tl < tz
tl = '1970-01-01'
tz <= '2000-01-01'
d > '2000-01-01'
d = 'infinity'
tod < '12:00'
tod = '24:00'
iv = '30 days'
iv < interval '1 month'
iv = interval '1 day'
interval '24 hours' = interval '1 day'
interval '1 month' = interval '30 days'
u = 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'
u < 'b0000000-0000-0000-0000-000000000000'
j = '{}'
j < '[]'
j > '"text"'
j <> 'null'
ai = ARRAY[1,2,3]
ai < ARRAY[1,3]
ai > '{}'
at <= ARRAY['b']
at = '{}'
ai <> '{NULL}'
f8 = 'NaN'
f8 > 'Infinity'
f8 < '-Infinity'
'NaN'::float8 = 'NaN'::float8
'NaN'::numeric > 1e30
0::float8 = '-0'::float8
1 = 1.0
1 = '1'
'1' = 1
'a' = 1
1 = 'a'
s = 1
b = 1
d = 1
i4 = s
NULL = NULL
i4 = NULL
NULL IS NULL
i4 IS DISTINCT FROM NULL
i4 IS DISTINCT FROM i2
i4 IS NOT DISTINCT FROM 1
s IS NOT DISTINCT FROM t
j IS DISTINCT FROM 'null'
ai IS NOT DISTINCT FROM '{}'
f8 IS DISTINCT FROM 'NaN'
i4 BETWEEN 0 AND 10
i4 NOT BETWEEN 0 AND 10
i4 BETWEEN 10 AND 0
i4 BETWEEN SYMMETRIC 10 AND 0
i4 NOT BETWEEN SYMMETRIC 10 AND 0
s BETWEEN 'a' AND 'b'
d BETWEEN '1999-01-01' AND '2024-12-31'
n BETWEEN i2 AND i8
tz BETWEEN d AND tl
i4 BETWEEN NULL AND 0
b IS TRUE
b IS NOT TRUE
b IS FALSE
b IS NOT FALSE
b IS UNKNOWN
b IS NOT UNKNOWN
NULL IS UNKNOWN
(i4 > 0) IS NOT TRUE
s IS NULL
s NOTNULL
s ISNULL
j IS NOT NULL
ai IS NULL
num_nulls(i4, s, b)
num_nonnulls(i4, s, b)
num_nulls(VARIADIC ai)
i4 + 1
i8 + 1
i8 - 1
- i8
- i4
+ i4
- i2
i2 + 1::smallint
i2 * 2::smallint
i2 - i2
i4 * i4
i4 * i8
i8 * 2
i8 * -1
i4 / 3
-7 / 2
7 / -2
7 % -3
-7 % 3
i4 % 3
i4 / i2
i8 / -1
i8 % -1
i4 / 0
i4 % 0
i2 % i4
n + 1
n - 0.5
n * n
n * 0.10
n / 3
n / m
n / 0
n % 0.3
m % n
-7.5 % 2
1 / 3.0
2 / 3.0
10.0 / 3
1e20 / 3
1 / 3e20
22.0 / 7.00000
0.000001 / 3
f8 + 1
f8 - f8
f8 * 2
f8 * 1e300
f8 / 0
f8 / 3
0::float8 / 0
f4 + f4
f4 * 3
f4 / f4
f4 * 1e38::real
1e200::float8 * 1e200
1e-200::float8 * 1e-200
n ^ 2
n ^ 0.5
2 ^ 3 ^ 2
-2 ^ 2
2 ^ -1
0 ^ 0
0 ^ -1
(-8) ^ (1/3.0)
(-8)::float8 ^ 0.5
(-2.0) ^ 3
2::float8 ^ 0.5
f8 ^ 2
f8 ^ -0.5
n ^ -2
10.0 ^ 20
1.1 ^ 100
|/ 25
|/ 2
|/ (-1)
||/ 27
||/ (-8)
@ i4
@ n
@ f8
@ -5.5
@ i2
5 & 3
5 | 3
5 # 3
~ 5
i4 & 255
i4 | 1
i4 # -1
~ i4
~ i8
i8 & i4
i2 & 7::smallint
i4 << 2
i4 >> 1
i4 << 33
i4 << -1
i8 << 40
i8 >> 63
i2 << 4
i2 >> 20
1 << 31
1 << 32
-1 >> 1
1 + 2 * 3 - 4 / 2
(1 + 2) * 3
2 * 3 % 4
- 2 - 3
1 - -1
10 - 5 - 2
100 / 10 / 2
2 + 3 || 'x'
'a' || 1 + 2
NOT b
NOT NOT b
NOT i4 > 0 AND b
b OR b AND false
1 < 2 = true
i4 < 5 = b
1 IS NULL = false
NOT NULL
NOT 1
-'5'
-'a'
@ 'x'
1 + '2'
'1' + '2'
'a' + 1
1.5 + '1.5'
b + 1
s + 1
d + d
j + 1
i4 OPERATOR(pg_catalog.+) 3
i4 !== 3
1 = ANY ('{1,2}')
row(1,2) = row(1,2)
(i4, s) = (1, 'a')
(i4, s) < (2, 'a')
(i4, i2) <= (i4, i2)
(i4, s) <> (1, 'a')
(i4, s) IS NULL
(i4, s) IS NOT NULL
NOT (i4, s) IS NULL
(i4, s) IS DISTINCT FROM (1, 'a')
ROW(i4, NULL) = ROW(1, NULL)
ROW(1, 2, 3) = ROW(1, 2)
ROW(1, 'a') < ROW(1, 2)
ROW(1, NULL) < ROW(2, 1)
ROW(1, NULL) < ROW(1, 2)
s COLLATE "C" < t COLLATE "C"
s < t COLLATE "POSIX"
s || t
s || 1
1 || s
s || NULL
s || n || d
s || b
y || y
y || '\x01'
y || s
ai || ai
ai || 4
0 || ai
at || 'x'
at || 'x'::text
at || '{x,y}'
ai || '{9}'
ai || NULL
NULL || ai
j || '{"z": 1}'
j || '[1]'
'a' || 'b' || NULL
1 || 2
