-- Rows (4.2.13, 8.16, 9.24.5).
ROW(1, 2.5, 'this is a test')
ROW(i4, s, NULL)
ROW(s, t)
ROW(d, tl, iv)
ROW(j, ai, at)
ROW(y, u, b)
ROW(1)
ROW()
(i4, s)
(1, ROW(2, 'x'))
ROW(ROW(1), ROW('a b'))
ROW('', NULL, 'a"b', 'c\d', '(x)', 'a,b', ' ')
ROW(f8, f4, n)
ROW(1, 2) = ROW(1, 2)
ROW(1, 2) = ROW(1, 3)
ROW(i4, s) = ROW(i4, s)
ROW(i4, s) <> ROW(1, 'a')
ROW(i4, s) < ROW(1, 'b')
ROW(i4, s) >= ROW(1, 'b')
ROW(1, NULL) = ROW(1, 2)
ROW(1, NULL) = ROW(2, 2)
ROW(1, 2, NULL) < ROW(1, 3, 0)
ROW(NULL, 1) < ROW(1, 2)
ROW(1, 2) = ROW(1.0, 2)
ROW(1, 2) IN (ROW(1, 2), ROW(3, 4))
ROW(i4, i2) NOT IN (ROW(1, 1))
ROW(1, NULL) IS NULL
ROW(1, NULL) IS NOT NULL
ROW(NULL, NULL) IS NULL
ROW(1, 2) IS NOT NULL
ROW(i4, s) IS DISTINCT FROM ROW(1, NULL)
ROW(i4, s) IS NOT DISTINCT FROM ROW(i4, s)
ROW(1, 'a') = ROW(1, 'a', 2)
ROW(1) = 1
ROW(i4, s) BETWEEN ROW(0, '') AND ROW(10, 'z')
ROW(1, 'a')::text
to_jsonb(ROW(i4, s, ROW(b)))
to_jsonb(ROW(1, NULL, ARRAY[1, 2]))
jsonb_build_object('r', ROW(i4, s))
ROW(1, 'a')::record
ARRAY[ROW(1, 'a'), ROW(2, 'b')]
ARRAY[ROW(i4, s)] @> ARRAY[ROW(1, 'a'::text)]
ROW(1, 'a') = ANY (ARRAY[ROW(1, 'a'::text)])
coalesce(ROW(1, 2), ROW(3, 4))
CASE WHEN b THEN ROW(1, 2) ELSE ROW(3, 4) END
nullif(ROW(1, 2), ROW(1, 2))
greatest(ROW(1, 2), ROW(1, 3))
pg_typeof(ROW(1, 2))
concat(ROW(1, 'a'), 'x')
format('%s', ROW(1, NULL))
(ROW(1, 'a')).f1
(ROW(1, 'a')).f2
(ROW(1, 'a')).nope
ROW(1, 2) + 1
(ROW(1, ROW(2, 3))).f2
md5(ROW(1, 'a')::text)
ROW(s)::text
length(ROW(s, t)::text)
(1, 2) = '(1,2)'
'x' = (i4, s)
(i4, s) = (1, 'a')
(i4, s) = NULL
(i4, s) < ROW(2, 'b')
('\x0100'::bytea, '\x00') = '\x01'
