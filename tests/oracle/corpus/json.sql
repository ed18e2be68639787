-- JSON functions and operators (9.16).
j -> 0
j -> 1
j -> -1
j -> 'a'
j -> 'b' -> 'c' -> 2
j ->> 0
j ->> 'a'
j ->> 'b'
j -> NULL
j -> t
j -> i2
j ->> '0'
j #> '{a}'
j #> '{b,c,0}'
j #> '{b,c,-1}'
j #> '{0,a}'
j #> '{}'
j #> '{a,NULL}'
j #>> '{b,c,2,d}'
j #>> '{0}'
j #>> '{}'
j #> at
j['a']
j['b']['c'][1]
j[0]
j[-1]['a']
j[t]
(j['a'])::int
j @> '{"a": 1}'
j @> '{}'
j @> '[]'
j @> '1'
j @> '[1]'
j @> '{"b": {"c": [1]}}'
j <@ '{"a": 1, "b": 2}'
j <@ '[1, 2, "x", null]'
'[1, [1, 2]]'::jsonb @> '[[2]]'
'["foo", "bar"]'::jsonb @> '"bar"'
'"bar"'::jsonb @> '["bar"]'
j @> j
j ? 'a'
j ? 'x'
j ? 'text'
j ? t
j ?| ARRAY['a', 'z']
j ?| at
j ?& ARRAY['a', 'b']
j ?& '{}'
j || '{"a": 9}'
j || '[3]'
j || '5'
j || j
'[1]'::jsonb || '2'
'1'::jsonb || '2'
'{"a":1}'::jsonb || '[2]'
j || NULL
j - 'a'
j - 0
j - -1
j - 100
j - ARRAY['a', 'b']
j - '{a}'::text[]
j - t
j #- '{a}'
j #- '{b,c,0}'
j #- '{0}'
j #- '{}'
j #- '{x,y}'
j = '{"a": 1}'
j < '5'
j = j
'{"a":1,"b":2}'::jsonb = '{"b":2,"a":1}'
'1.0'::jsonb = '1'
'[1,2]'::jsonb < '[1,2,3]'
'{}'::jsonb < '[]'
'null'::jsonb < '"a"'
'"a"'::jsonb < '1'
'1'::jsonb < 'false'
'true'::jsonb > 'false'
'[]'::jsonb < 'null'
'{"a":2}'::jsonb < '{"b":1}'
'{"aa":1}'::jsonb < '{"b":1}'
'{"a":1}'::jsonb < '{"a":1,"b":1}'
to_jsonb(s)
to_jsonb(i4)
to_jsonb(n)
to_jsonb(f8)
to_jsonb(f4)
to_jsonb(b)
to_jsonb(d)
to_jsonb(tl)
to_jsonb(tz)
to_jsonb(tod)
to_jsonb(iv)
to_jsonb(u)
to_jsonb(y)
to_jsonb(j)
to_jsonb(ai)
to_jsonb(at)
to_jsonb(ROW(i4, s))
to_jsonb('Fred said "Hi."'::text)
to_jsonb('a')
to_jsonb(NULL)
to_jsonb(NULL::int)
to_jsonb(ARRAY[1.50, NULL])
to_jsonb(ARRAY[ROW(1, 'a')])
to_jsonb(1e2)
to_jsonb('infinity'::date)
to_json(s)
to_json(i4)
row_to_json(ROW(1, 'foo'))
array_to_json(ai)
json_build_object('a', 1)
json_build_array(1, 2)
json_build_object()
json_build_array()
jsonb_build_array()
jsonb_build_array(1, 2, 'foo', 4, 5)
jsonb_build_array(i4, n, s, b, NULL)
jsonb_build_array(d, tl, tz, iv, u, y)
jsonb_build_array(j, ai, at)
jsonb_build_array(VARIADIC ARRAY['a', 'b'])
jsonb_build_object()
jsonb_build_object('foo', 1, 2, ROW(3, 'bar'))
jsonb_build_object('a', i4, 'b', s, 'c', NULL)
jsonb_build_object(s, i4)
jsonb_build_object(i4, s)
jsonb_build_object(d, 1, b, 2)
jsonb_build_object('a')
jsonb_build_object(NULL, 1)
jsonb_build_object('a', 1, 'a', 2)
jsonb_build_object('bb', 1, 'a', 2)
jsonb_build_object(j, 1)
jsonb_object('{a, 1, b, "def", c, 3.5}')
jsonb_object(at)
jsonb_object('{a,b}', '{1,2}')
jsonb_object('{a,b}', '{1}')
jsonb_object('{a,NULL}', '{1,2}')
jsonb_object('{a,b,c}')
jsonb_object(at, at)
jsonb_array_length(j)
jsonb_array_length('[1,2,3,{"f1":1,"f2":[5,6]},4]')
jsonb_typeof(j)
jsonb_typeof('-123.4')
jsonb_typeof('null')
jsonb_extract_path(j, 'b', 'c')
jsonb_extract_path(j, 'b', 'c', '0')
jsonb_extract_path(j, '0')
jsonb_extract_path(j, VARIADIC ARRAY['b', 'c'])
jsonb_extract_path(j)
jsonb_extract_path_text(j, 'a')
jsonb_extract_path_text(j, 'b', 'c', '2', 'd')
jsonb_set(j, '{a}', '9')
jsonb_set(j, '{b,c,1}', '"x"')
jsonb_set(j, '{0}', '9')
jsonb_set(j, '{-1}', '9')
jsonb_set(j, '{10}', '9')
jsonb_set(j, '{x}', '9', false)
jsonb_set(j, '{x,y}', '9')
jsonb_set(j, '{}', '9')
jsonb_set(j, '{a}', NULL)
jsonb_set(j, '{x}', '9', NULL)
jsonb_set(j, '{0,a}', '[2,3,4]', false)
jsonb_set(j, '{a,NULL}', '1')
jsonb_set('[{"f1":1,"f2":null},2]', '{0,f3}', '[2,3,4]')
jsonb_set_lax(j, '{a}', NULL)
jsonb_set_lax(j, '{a}', '1')
jsonb_set_lax(j, '{x}', NULL, false)
jsonb_set_lax(j, '{a}', NULL, true, 'return_target')
jsonb_set_lax(j, '{a}', NULL, true, 'delete_key')
jsonb_set_lax(j, '{a}', NULL, true, 'use_json_null')
jsonb_set_lax(j, '{a}', NULL, true, 'raise_exception')
jsonb_set_lax(j, '{a}', NULL, true, 'nope')
jsonb_set_lax(j, '{a}', NULL, true, NULL)
jsonb_insert(j, '{0}', '"new"')
jsonb_insert(j, '{0}', '"new"', true)
jsonb_insert(j, '{-1}', '0')
jsonb_insert(j, '{b,c,1}', '"new"')
jsonb_insert(j, '{x}', '1')
jsonb_insert(j, '{a}', '1')
jsonb_insert('{"a": [0,1,2]}', '{a, 1}', '"new_value"')
jsonb_insert('{"a": [0,1,2]}', '{a, 1}', '"new_value"', true)
jsonb_strip_nulls(j)
jsonb_strip_nulls('[{"f1":1, "f2":null}, 2, null, 3]')
jsonb_pretty(j)
jsonb_pretty('[{"f1":1,"f2":null}, [], {}, 2]')
jsonb_populate_record(NULL, j)
jsonb_path_exists(j, '$.a')
(j -> 'a')::int + 1
(j ->> 'a')::numeric * 2
j::text
j::text::jsonb = j
j::int
j::text = s
coalesce(j -> 'a', '0')
j -> 'a' = '1'
j -> 'a' IS NULL
jsonb '{"a": 1}' -> 'a'
'{"a":1}' -> 'a'
'[1,2]'::jsonb -> '1'
'{"1": "x"}'::jsonb -> 1
'{"1": "x"}'::jsonb -> '1'
'"abc"'::jsonb -> 0
'"abc"'::jsonb #>> '{}'
'1.50'::jsonb ->> 0
'[1.50, 1e5, -0.0, 1E-3]'::jsonb
'123456789012345678901234567890.123'::jsonb
'1e1000'::jsonb
'"\"\\\/\b\f\n\r\t"'::jsonb
'"é\u00e9"'::jsonb
'"\ud83d\ude04"'::jsonb ->> 0
' [ 1 , { "a" : null } ] '::jsonb
'{"a":{"b":{"c":[]}}}'::jsonb
'{"":1}'::jsonb -> ''
'[[[[]]]]'::jsonb
'{"a" 1}'::jsonb
'{"a":1,}'::jsonb
'[1,]'::jsonb
'{1:2}'::jsonb
'tru'::jsonb
'truex'::jsonb
'1 2'::jsonb
'.5'::jsonb
'+1'::jsonb
'1.'::jsonb
'"a'::jsonb
E'"\\x"'::jsonb
E'"a\nb"'::jsonb
'[' || '1]'
('[' || i4 || ']')::jsonb
('{"k": "' || t || '"}')::jsonb
s::jsonb -> 'a'
md5(j::text)
length(j::text)
j IN ('1', '{}', '[]')
CASE jsonb_typeof(j) WHEN 'array' THEN jsonb_array_length(j) ELSE -1 END
json_typeof(j)
j IS JSON
