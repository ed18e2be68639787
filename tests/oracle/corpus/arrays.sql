-- Arrays (8.15, 9.19).
ai[1]
ai[2]
ai[0]
ai[-1]
ai[i2]
ai[NULL]
at[1] || 'x'
ai[1:2]
ai[2:]
ai[:2]
ai[:]
ai[2:1]
ai[0:1]
ai[i4:]
(ai || 7)[1]
(ARRAY['a','b','c'])[2]
(ARRAY[1,2,3])[2:3]
ARRAY[i4, i2, i8]
ARRAY[i4, n]
ARRAY[s, t]
ARRAY[s, NULL]
ARRAY[NULL, 1]
ARRAY[]
ARRAY[]::int[]
ARRAY[1, 'a']
ARRAY[1, '2']
ARRAY[b, NULL]
ARRAY[d, 'infinity']
ARRAY[j, '1']
ARRAY[f8, n]
ARRAY[iv]
ARRAY[tl, tz]
ARRAY[y]
ARRAY[u]
ARRAY[ROW(1, 'a')]
ARRAY[1.0, 2.50]::text
ARRAY['a,b', 'c"d', 'e\f', '{', ' x', 'null', NULL]::text[]
ai = ARRAY[1, 2, 3]
ai <> ARRAY[1, 2, 3]
ai < ARRAY[2]
ai > ARRAY[1, 2]
ai <= ARRAY[1, NULL]
ai = '{}'
at = ARRAY['a']
ARRAY[1, NULL] = ARRAY[1, NULL]
ARRAY[1, 2] < ARRAY[1, NULL]
ARRAY[1, 2] = ARRAY[1, 2]::bigint[]
ai = ARRAY['1']
ai @> ARRAY[1]
ai @> '{}'
ai @> ARRAY[NULL]::int[]
ai @> ARRAY[2, 2]
ai <@ ARRAY[1, 2, 3]
at @> ARRAY['a']
at <@ '{a,b,c}'
ai && ARRAY[2, 9]
ai && '{}'
ai && ARRAY[NULL]::int[]
at && ARRAY['x', 'a']
ai || ARRAY[4, 5]
ai || 4
4 || ai
ai || NULL::int
ai || NULL::int[]
at || 'z'::text
at || ARRAY['z']
ai || 4.5
ai || ai
array_append(ai, 9)
array_append(ai, NULL)
array_append(NULL, 1)
array_append(at, 'z')
array_append(ai, 1.5)
array_prepend(9, ai)
array_prepend(NULL, ai)
array_prepend('z', at)
array_cat(ai, ARRAY[9])
array_cat(ai, NULL)
array_cat(NULL, ai)
array_cat(at, '{q}')
array_dims(ai)
array_dims('{}'::int[])
array_ndims(ai)
array_ndims('{}'::int[])
array_length(ai, 1)
array_length(ai, 2)
array_length(ai, 0)
array_lower(ai, 1)
array_upper(ai, 1)
array_upper(ai, 3)
cardinality(ai)
cardinality(at)
cardinality('{}'::int[])
cardinality(NULL::int[])
cardinality(NULL)
array_fill(7, ARRAY[3])
array_fill(7, ARRAY[0])
array_fill(7, ARRAY[-1])
array_fill(s, ARRAY[2])
array_fill(NULL::int, ARRAY[2])
array_fill(7, ARRAY[2], ARRAY[1])
array_fill(7, '{}')
array_fill(7, NULL)
array_fill(7, ARRAY[NULL]::int[])
array_position(ai, 2)
array_position(ai, NULL)
array_position(ai, 2, 4)
array_position(at, 'a')
array_position(at, t)
array_position(ai, 2, NULL)
array_position(ARRAY['sun','mon','tue','wed','thu','fri','sat'], 'mon')
array_positions(ai, 2)
array_positions(ai, NULL)
array_positions(at, 'a')
array_positions(ARRAY['A','A','B','A'], 'A')
array_remove(ai, 2)
array_remove(ai, NULL)
array_remove(at, '')
array_remove(ARRAY[1,2,3,2], 2)
array_replace(ai, 2, 9)
array_replace(ai, NULL, 0)
array_replace(ai, 1, NULL)
array_replace(at, 'a', 'z')
trim_array(ai, 1)
trim_array(ai, 0)
trim_array(ai, 10)
trim_array(ai, -1)
trim_array(at, cardinality(at))
array_to_string(array_remove(ai, NULL), ',')
array_to_string(ai, ',', 'NULL')
string_to_array('1,2,3', ',')::int[]
ai::text::int[] = ai
at::text
ai::text[]
ai::numeric[]
ai::text::text
'{1,2,3}'::bigint[]
'{"a","b"}'::varchar[]
'{1.5,2}'::numeric[]
'{2024-01-01}'::timestamp[]
'{"2024-01-01 00:00+02"}'::timestamptz[]
'{"1 day","2 mons"}'::interval[]
'{"{\"a\": 1}"}'::jsonb[]
'{\\x01}'::bytea[]
'{t,NULL,f}'::bool[]
'{{1,2},{3,4}}'::int[]
ARRAY[[1,2],[3,4]]
array_sort(ai)
array_shuffle(ai)
i4 = ANY (ai)
2 = ALL (ai)
i4 = ANY (ai || 7)
at[1] LIKE ANY (ARRAY['a%'])
coalesce(ai, '{}')
nullif(ai, '{}')
greatest(ai, ARRAY[1])
CASE WHEN cardinality(ai) > 1 THEN ai[2] ELSE 0 END
ai IS NULL
ai IS NOT NULL
ai[1] IS NULL
ai IN (ARRAY[1], ARRAY[1,2,3])
pg_typeof(ai)
pg_typeof(ai[1:2])
pg_typeof(ARRAY[i2])
pg_typeof(at || 'x')
pg_typeof(string_to_array(s, ','))
s = ANY (string_to_array('a,abc', ','))
array_length(string_to_array(s, ' '), 1)
array_length(regexp_split_to_array(s, '\s+'), 1)
(regexp_match(s, '(\w+)'))[1]
(string_to_array(s, ','))[2]
(string_to_array(s, ','))[i2]
array_position(string_to_array(s, ','), 'b')
array_cat(ai, at)
ai || at
ai @> at
ai[1.5]
ai['1']
ai[s]
i4[1]
s[1]
