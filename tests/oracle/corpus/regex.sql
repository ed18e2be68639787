-- Regular expressions (9.7.2, 9.7.3).
s ~ 'a'
s ~ '^a'
s ~ 'c$'
s ~* 'ABC'
s !~ 'a'
s !~* 'HELLO'
s ~ t
s ~* t
s ~ ''
s ~ '.'
s ~ '\d'
s ~ '^\d+$'
s ~ '\s'
s ~ '\w+\W\w+'
s ~ '[[:alpha:]]'
s ~ '[[:upper:]]{2}'
s ~ '[^[:alnum:] ]'
s ~ '[[:space:]][[:space:]]'
s ~ 'a|b|c'
s ~ '(a|b)+c'
s ~ 'a{3}'
s ~ 'a{2,}'
s ~ 'a{1,2}$'
s ~ 'a{0}'
s ~ 'a{300}'
s ~ 'a{2,1}'
s ~ '*a'
s ~ 'a**'
s ~ '('
s ~ ')'
s ~ '['
s ~ '[b-a]'
s ~ '[[:nope:]]'
s ~ '\'
s ~ '(?=a)a'
s ~ '(?!a).'
s ~ '(?<=a)b'
s ~ '(?<!a)b'
s ~ '(?:ab)+'
s ~ '(?i)ABC'
s ~ '(?x) a b c '
s ~ '(?n)a.c'
s ~ '***=a.c'
s ~ '***:abc'
s ~ '***a'
s ~ '\mtwo\M'
s ~ '\yquick\y'
s ~ '\Bo'
s ~ '\Aa'
s ~ 'c\Z'
s ~ '[[:<:]]brown[[:>:]]'
s ~ '\u00e4'
s ~ '\x61'
s ~ 'ä'
s ~* 'Ä'
s ~ '[ä-ü]'
s ~ '日.語'
s ~ '\t'
s ~ 'tab\there'
s ~ '[\t]'
s ~ '[\d]'
s ~ '[\w-]+'
s ~ '[]a]'
s ~ '[^]a]'
s ~ '[a-]'
s ~ '[.a.]'
s ~ '[[.a.]]'
s ~ '[[=a=]]'
s ~ '[[.hyphen.]]'
s ~ '\.'
s ~ '\a'
s ~ '\D'
s ~ '\S+\s\S+'
s ~ '(a)(b)\2'
s ~ '(.)\1'
s ~ '^(.).*\1$'
s ~ '(a*)*'
s ~ '(a+|b+)*c'
s ~ 'x=(\d);'
s ~ '\{'
s ~ '{'
s ~ '{1}'
s ~ 'a{,2}'
s ~ 'a{1'
s ~ '^*'
s ~ '$'
s ~ '^$'
E'a\nb' ~ 'a$'
E'a\nb' ~ '(?n)a$'
E'a\nb' ~ 'a.b'
E'a\nb' ~ '(?p)a.b'
E'a\nb' ~ '(?w)^b'
E'a\nb' ~ '(?s)^b'
E'a\nb' ~ '[^x]b'
E'a\nb' ~ '(?n)[^x]b'
regexp_match(s, 'a')
regexp_match(s, '(a)(b)')
regexp_match(s, '(a)|(b)')
regexp_match(s, '(\w+)\s+(\w+)')
regexp_match(s, '(\d+)-(\d+)-(\d+)')
regexp_match(s, '[a-z]+', 'i')
regexp_match(s, 'A', 'ic')
regexp_match(s, 'a', 'g')
regexp_match(s, 'a', 'z')
regexp_match(s, 'a b c', 'x')
regexp_match(s, 'a.c', 'q')
regexp_match('foobarbequebaz', 'bar.*que')
regexp_match('foobarbequebaz', '(bar)(beque)')
regexp_match('abc01234xyz', '(?:(.*?)(\d+)(.*)){1,1}')
regexp_match('abc01234xyz', '(.*)(\d+)(.*)')
regexp_match('abc01234xyz', '(.*?)(\d+)(.*)')
regexp_match('XY1234Z', 'Y*([0-9]{1,3})')
regexp_match('XY1234Z', 'Y*?([0-9]{1,3})')
regexp_match('abcd', 'a|ab|abc')
regexp_match('abcd', '(a|ab)(c|bcd)')
regexp_match('abcd', '(a|ab)(c|bcd)?')
regexp_match('xaaay', 'a*?')
regexp_match('xaaay', 'a+?')
regexp_match('aaa', '(a{1,2}?)(a*)')
regexp_match('aaab', '(a+?)(a*)b')
regexp_match('foo bar', '(?<=foo )bar')
regexp_match('ab', '(a)|b')
regexp_match('b', '(a)|b')
regexp_match('abab', '(ab)*')
regexp_match('aab', '(a|b)*')
regexp_match('x', '(y)?')
regexp_match('', '')
regexp_match('abc', '')
regexp_match(s, t)
regexp_like(s, 'a')
regexp_like(s, 'A', 'i')
regexp_like(s, '^t', 'n')
regexp_like(s, 'a', 'g')
regexp_count(s, 'a')
regexp_count(s, '\w+')
regexp_count(s, 'A', 1, 'i')
regexp_count(s, 'a', 2)
regexp_count(s, 'a', 0)
regexp_count(s, 'a', 100)
regexp_count(s, '')
regexp_count(s, 'a*')
regexp_count('ABCABCAXYaxy', 'A.')
regexp_count('ABCABCAXYaxy', 'A.', 1, 'i')
regexp_instr(s, 'a')
regexp_instr(s, '\s')
regexp_instr(s, 'a', 2)
regexp_instr(s, 'a', 1, 2)
regexp_instr(s, 'a', 1, 1, 1)
regexp_instr(s, 'A', 1, 1, 0, 'i')
regexp_instr(s, '(\w)(\w)', 1, 1, 0, '', 2)
regexp_instr(s, 'a', 1, 0)
regexp_instr(s, 'a', 1, 1, 2)
regexp_instr(s, 'a', 1, 1, 0, 'g')
regexp_instr(s, 'a', 1, 1, 0, '', -1)
regexp_instr('ABCABCAXYaxy', 'A.', 1, 3)
regexp_instr('number of your street, town zip, FR', '[^,]+', 1, 2)
regexp_instr('ABCDEFGHI', '(c..)(...)', 1, 1, 0, 'i', 2)
regexp_instr('日本語', '語')
regexp_substr(s, 'a+')
regexp_substr(s, '[^,]+', 1, 2)
regexp_substr(s, 'a', 2)
regexp_substr(s, 'A', 1, 1, 'i')
regexp_substr(s, '(\w)(\w)', 1, 1, '', 2)
regexp_substr(s, '(\w)(\w)', 1, 1, '', 3)
regexp_substr('ABCDEFGHI', '(c..)(...)', 1, 1, 'i', 2)
regexp_substr(s, 'zzz')
regexp_replace(s, 'a', 'X')
regexp_replace(s, 'a', 'X', 'g')
regexp_replace(s, 'A', 'X', 'gi')
regexp_replace(s, '(\w+)\s+(\w+)', '\2 \1')
regexp_replace(s, '.', '[\&]', 'g')
regexp_replace(s, 'b', '\\')
regexp_replace(s, '(a)(b)?', '<\1|\2|\3>', 'g')
regexp_replace(s, '', '-', 'g')
regexp_replace(s, 'a*', 'x', 'g')
regexp_replace(s, '^', '> ')
regexp_replace(s, '$', ' <')
regexp_replace(s, '\s+', ' ', 'g')
regexp_replace(s, 'a', 'X', 2)
regexp_replace(s, 'a', 'X', 1, 2)
regexp_replace(s, 'a', 'X', 1, 0)
regexp_replace(s, 'A', 'X', 1, 2, 'i')
regexp_replace(s, 'a', 'X', 0)
regexp_replace(s, 'a', 'X', 1, -1)
regexp_replace(s, 'a', 'X', '1')
regexp_replace('foobarbaz', 'b..', 'X')
regexp_replace('foobarbaz', 'b..', 'X', 'g')
regexp_replace('foobarbaz', 'b(..)', 'X\1Y', 'g')
regexp_replace('X', 'x', 'y', 'i')
regexp_replace(s, t, '<\&>', 'g')
regexp_replace(s, 'o', NULL)
regexp_replace('äbc', '[^a-z]', '', 'g')
regexp_replace('A PostgreSQL function', 'a|e|i|o|u', 'X', 1, 0, 'i')
regexp_replace('A PostgreSQL function', 'a|e|i|o|u', 'X', 1, 3, 'i')
regexp_split_to_array(s, ',')
regexp_split_to_array(s, '\s+')
regexp_split_to_array(s, '')
regexp_split_to_array(s, '\s*')
regexp_split_to_array(s, 'A', 'i')
regexp_split_to_array(s, '(,)')
regexp_split_to_array('', ',')
regexp_split_to_array(s, 'zzz')
regexp_split_to_array('the quick brown fox', '\s*')
regexp_split_to_array('hello world', '\s+')
regexp_split_to_array(s, ',', 'g')
substring(s from '\d+')
substring(s from 'o(.)')
substring(s, '[a-z]+')
substring('foobar' from 'o.b')
substring('foobar' from 'o(.)b')
substring('Thomas' from '...$')
substring(s from t)
substring('foobar' from '%#"o_b#"%' for '#')
substring('foobar' similar '%#"o_b#"%' escape '#')
substring('foobar' similar '#"o_b#"%' escape '#')
substring(s similar '%#"[a-c]+#"%' escape '#')
substring('abcdefg' similar 'a#"(b_d)#"%' escape '#')
substring('abcdefg' similar '#"(b_d)#"%' escape '#')
substring('abcdefg' similar 'a#"%#"g' escape '#')
substring('abcdefg' similar 'a#"%#"x|g' escape '#')
substring('abc' similar 'a#"b#"c#"' escape '#')
s SIMILAR TO 'abc'
s SIMILAR TO 'a'
s SIMILAR TO '%(b|d)%'
s SIMILAR TO '(b|c)%'
s SIMILAR TO '%\mtwo\M%'
s SIMILAR TO '[a-z]+'
s SIMILAR TO '_{4}'
s SIMILAR TO 'a{4}'
s SIMILAR TO 'a*'
s SIMILAR TO '%[0-9]%'
s NOT SIMILAR TO '%a%'
s SIMILAR TO 'a#%' ESCAPE '#'
s SIMILAR TO '%#%%' ESCAPE '#'
s SIMILAR TO 'x=1;y=2'
s SIMILAR TO 'a.c'
s SIMILAR TO '^abc$'
s SIMILAR TO '(abc|ABC)'
s SIMILAR TO 'a|abc'
s SIMILAR TO t
s SIMILAR TO ''
s SIMILAR TO 'a' ESCAPE 'ab'
'a.c' SIMILAR TO 'a.c'
'abc' SIMILAR TO 'a_c|x'
similar_to_escape('%(b|d)_')
similar_to_escape('a#%b', '#')
similar_to_escape(s)
similar_to_escape('a[b%c]_', '\')
s ~ 'a\'
s ~ ('a' || t)
'aXb' ~ 'a(?i)x'
'abc' ~ 'a(?#comment)bc'
'a.b' ~ 'a[.]b'
'foo.bar' ~ '^\w+\.\w+$'
'2024-02-29' ~ '^\d{4}-\d{2}-\d{2}$'
'me@example.com' ~* '^[A-Z0-9._%+-]+@[A-Z0-9.-]+\.[A-Z]{2,}$'
'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab' ~ '^(a+)+$'
