-- Logic, conditional expressions, IN, ANY, ALL (9.1, 9.18, 9.24).
b AND i4 > 0
b OR i4 > 0
b AND NULL
b OR NULL
false AND 1/0 = 1
true OR 1/(i4 - i4) = 1
NULL AND false
NULL OR true
NOT (b AND NOT b)
CASE WHEN i4 > 0 THEN 'pos' WHEN i4 < 0 THEN 'neg' ELSE 'zero' END
CASE WHEN i4 > 0 THEN 'pos' END
CASE i4 WHEN 1 THEN 'one' WHEN 2 THEN 'two' ELSE 'other' END
CASE i4 WHEN NULL THEN 'null' ELSE 'other' END
CASE s WHEN 'a' THEN 1 WHEN t THEN 2 END
CASE WHEN i4 <> 0 THEN 100 / i4 ELSE 0 END
CASE WHEN i4 = 0 THEN 0 ELSE 7 % i4 END
CASE WHEN b THEN i4 ELSE n END
CASE WHEN b THEN i2 ELSE i8 END
CASE WHEN b THEN 1 ELSE 'x' END
CASE WHEN b THEN '1' ELSE 2 END
CASE WHEN b THEN d ELSE tl END
CASE WHEN b THEN tz ELSE tl END
CASE WHEN b THEN NULL ELSE NULL END
CASE WHEN b THEN NULL ELSE 1.50 END
CASE WHEN 1 THEN 2 END
CASE WHEN b THEN s ELSE i4 END
CASE n WHEN 1 THEN 'int' WHEN 0.5 THEN 'half' END
CASE WHEN s = 'a' OR t = 'a' THEN b WHEN b IS NULL THEN true END
CASE WHEN b THEN ARRAY[1] ELSE ai END
CASE WHEN b THEN '{}' ELSE ai END
CASE WHEN b THEN j ELSE '[0]' END
CASE WHEN false THEN 1/0 ELSE 5 END
CASE i4 % 3 WHEN 0 THEN 'fizz' WHEN 1 THEN s ELSE s || t END
CASE WHEN i4 > 100 THEN CASE WHEN b THEN 'A' ELSE 'B' END ELSE 'C' END
coalesce(i4, 0)
coalesce(NULL, i4, 5)
coalesce(i2, i4, i8)
coalesce(i4, n)
coalesce(s, t, 'none')
coalesce(s, 1)
coalesce(NULL, NULL)
coalesce(NULL, '5')::int + 1
coalesce(i4, 1/0)
coalesce(b, i4 / 0 = 1)
coalesce(d, 'infinity')
coalesce(tl, tz)
coalesce()
nullif(i4, 1)
nullif(s, '')
nullif(i4, i8)
nullif(n, 0)
nullif(f8, 'NaN')
nullif(i4, s)
nullif(NULL, 1)
nullif(1, NULL)
100 / nullif(i4, 0)
pg_typeof(nullif(i2, i8))
greatest(i4, i2, 0)
least(i4, i2, 0)
greatest(i4, n, f8)
greatest(i4, NULL)
least(NULL, NULL)
greatest(s, t)
least(s, t, 'abc')
greatest(d, '2000-01-01')
greatest(d, tz)
least(iv, '1 day')
greatest(ai, ARRAY[2])
greatest(f8, 0)
least(f8, 'NaN')
greatest(b, false)
greatest(j, '1')
greatest(1, 'a')
greatest(i4, s)
i4 IN (1, 2, 3)
i4 IN (1, NULL)
i4 NOT IN (1, 2, 3)
i4 NOT IN (1, NULL)
i4 IN (i2, i8)
i4 IN (1.5, 2, 10)
s IN ('a', 'b', 'abc')
s NOT IN ('a', t)
s IN (t, lower(s))
i4 IN ('1', '2')
i4 IN ('x')
i4 IN (1, 'x')
s IN (1)
d IN ('1970-01-01', '2000-02-29')
f8 IN ('NaN', 0)
NULL IN (1, 2)
i4 IN (NULL)
b IN (true)
j IN ('1', '{}')
u IN ('ffffffff-ffff-ffff-ffff-ffffffffffff')
ai IN ('{1}', '{}')
(i4, s) IN ((1, 'a'), (2, 'b'))
(i4, s) NOT IN ((1, 'a'))
i4 IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
i8 IN (0, 1, 2, 3, 4, 5, 1000000007)
n IN (0, 1, 2.5, 0.5, 100.00)
s IN ('', 'a', 'abc', 'ABC', '12', 'aaaa', 'true', 'it''s', 'x=1;y=2')
i4 = ANY (ai)
i4 = ANY ('{1,2,3}')
i4 = ANY (ARRAY[1, NULL])
i4 <> ALL (ai)
i4 > ALL (ai)
i4 >= ANY (ai)
i4 < SOME (ARRAY[i2, i4])
s = ANY (at)
s LIKE ANY (ARRAY['a%', '%b'])
s NOT LIKE ALL (ARRAY['a%', '%b'])
s ILIKE ANY (at)
s ~ ANY (ARRAY['^a', 'o$'])
t || 'x' = ANY (at)
n = ANY (ARRAY[1, 2, 0.5])
i4 = ANY (ARRAY[1.0, 2])
i4 = ANY (NULL)
i4 = ANY (NULL::int[])
i4 = ALL ('{}')
i4 = ANY ('{}')
NULL = ANY (ai)
NULL = ALL ('{}'::int[])
i4 = ANY (i4)
i4 = ANY (s)
i4 + ANY (ai)
d = ANY ('{1970-01-01}')
j = ANY (ARRAY['1', '{}']::jsonb[])
2 * i2 = ANY (ai)
b AND b OR NOT b
b IS NULL OR b
b = NOT b
(i4 > 0) = b
i4 > 0 IS TRUE
b <> (i4 = 1)
EXISTS (SELECT 1)
(SELECT 1)
i4 IN (SELECT 1)
ARRAY(SELECT 1)
row_number() OVER ()
nosuch(i4)
nosuch
i4.x
lower()
lower(1)
lower(s, t)
abs('x')
abs(s)
substring(i4, 1)
length(i4)
upper(NULL)
round(f8, 2)
now() = current_timestamp
random()
