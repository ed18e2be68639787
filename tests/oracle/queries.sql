-- Queries that random ones do not reach, one a line. Their columns are c0, c1, ...
SELECT n AS c0 FROM (VALUES (1.0), (1.00), (2.5)) AS t(n) ORDER BY c0 DESC LIMIT 1
SELECT count(*) AS c0, sum(v) AS c1, max(k) AS c2 FROM batch WHERE false
SELECT k AS c0, count(*) AS c1 FROM batch WHERE false GROUP BY k
SELECT sum(v) OVER () AS c0 FROM batch WHERE false
SELECT DISTINCT ON (k) k AS c0, v AS c1 FROM batch ORDER BY k, v DESC NULLS LAST
SELECT DISTINCT ON (k, g) k AS c0, max(v) OVER (PARTITION BY k) AS c1 FROM batch
SELECT k AS c0, v AS c1 FROM batch ORDER BY v NULLS FIRST, k DESC, g, s, f FETCH FIRST 4 ROWS WITH TIES
SELECT * FROM (SELECT k AS c0, w AS c1, x AS c2 FROM batch NATURAL JOIN other) q
SELECT k AS c0, g AS c1, w AS c2 FROM batch FULL JOIN other USING (k) WHERE g IS NULL OR w IS NULL
SELECT k AS c0, batch.k AS c1, other.k AS c2 FROM batch RIGHT JOIN other USING (k)
SELECT q.k AS c0, q.w AS c1 FROM (batch JOIN other USING (k)) AS q
SELECT a.v AS c0, b.v AS c1 FROM batch a JOIN batch b ON a.v < b.v AND a.k = b.k
SELECT a.v AS c0, b.w AS c1 FROM batch a LEFT JOIN other b ON a.v < b.w
SELECT a.g AS c0, b.x AS c1 FROM batch a LEFT JOIN other b ON a.g = b.x
SELECT a.g AS c0, b.w AS c1 FROM batch a FULL JOIN other b ON a.g = b.w AND a.k = b.k
SELECT d AS c0, z AS c1 FROM batch WHERE d = z::date
SELECT k AS c0 FROM batch WHERE (k, g) IN (SELECT k, h FROM other)
SELECT k AS c0 FROM batch WHERE (k, g) NOT IN (SELECT k, h FROM other)
SELECT k AS c0, (k, g) IN (SELECT k, h FROM other) AS c1 FROM batch
SELECT k AS c0, v IN (SELECT w FROM other o WHERE o.k = batch.k) AS c1 FROM batch
SELECT k AS c0, v NOT IN (SELECT w FROM other o WHERE o.k = batch.k AND o.h = batch.g) AS c1 FROM batch
SELECT k AS c0, (SELECT count(*) FROM other o WHERE o.k = batch.k) AS c1, (SELECT sum(w) + 1 FROM other o WHERE o.k = batch.k) AS c2 FROM batch
SELECT k AS c0, (SELECT w FROM other o WHERE o.k = batch.k) AS c1 FROM batch
SELECT (SELECT w FROM other) AS c0 FROM batch
SELECT CASE WHEN g > 1000 THEN (SELECT w FROM other) END AS c0 FROM batch
SELECT ARRAY(SELECT w FROM other ORDER BY w) AS c0, v = ANY (SELECT w FROM other) AS c1, v <> ALL (SELECT w FROM other WHERE w IS NOT NULL) AS c2 FROM batch
SELECT 1 / (g - g) AS c0 FROM batch
SELECT sum(v) AS c0 FROM batch HAVING sum(v) > 0
SELECT 1 AS c0 HAVING true
SELECT k AS c0, sum(sum(v)) OVER (ORDER BY k) AS c1, rank() OVER (ORDER BY count(*) DESC) AS c2 FROM batch GROUP BY k
SELECT upper(k) AS c0, count(*) FILTER (WHERE v > 1) AS c1, count(DISTINCT g) AS c2, array_agg(v ORDER BY v DESC NULLS LAST) AS c3 FROM batch GROUP BY upper(k)
SELECT g + 1 AS c0, sum(v) * (g + 1) AS c1 FROM batch GROUP BY g + 1
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY v) AS c0, mode() WITHIN GROUP (ORDER BY k) AS c1 FROM batch
SELECT v AS c0, sum(v) OVER (ORDER BY v, k, g RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE GROUP) AS c1 FROM batch
SELECT v AS c0, sum(v) OVER (ORDER BY v RANGE BETWEEN 1 PRECEDING AND 2 FOLLOWING) AS c1 FROM batch
SELECT v AS c0, count(*) OVER (ORDER BY v DESC RANGE BETWEEN 3 PRECEDING AND CURRENT ROW) AS c1 FROM batch
SELECT f AS c0, count(*) OVER (ORDER BY f NULLS FIRST RANGE BETWEEN 0.75 PRECEDING AND 0.75 FOLLOWING) AS c1 FROM batch
SELECT n AS c0, count(*) OVER (PARTITION BY g ORDER BY n DESC NULLS LAST RANGE BETWEEN 1 FOLLOWING AND 3.5 FOLLOWING) AS c1 FROM batch
SELECT d AS c0, count(*) OVER (ORDER BY d RANGE BETWEEN '2 months' PRECEDING AND '1 day' FOLLOWING EXCLUDE CURRENT ROW) AS c1 FROM batch
SELECT z AS c0, count(*) OVER (ORDER BY z DESC RANGE '12 hours' PRECEDING) AS c1 FROM batch
SELECT v AS c0, sum(v) OVER (ORDER BY v RANGE BETWEEN -1 PRECEDING AND CURRENT ROW) AS c1 FROM batch
SELECT v AS c0, sum(v) OVER (ORDER BY v ROWS BETWEEN -1 PRECEDING AND CURRENT ROW) AS c1 FROM batch
SELECT v AS c0, first_value(v) OVER w AS c1, last_value(v) OVER w AS c2, nth_value(v, 3) OVER w AS c3 FROM batch WINDOW w AS (PARTITION BY g ORDER BY v, k, s GROUPS BETWEEN 1 PRECEDING AND 2 FOLLOWING EXCLUDE TIES)
SELECT v AS c0, lag(v, g, -1) OVER (ORDER BY v, k, g, s, f, n, d) AS c1 FROM batch
SELECT v AS c0, dense_rank() OVER w AS c1, percent_rank() OVER w AS c2, cume_dist() OVER w AS c3, lead(v) OVER (ORDER BY v, k, g, s, f, n, d) AS c4 FROM batch WINDOW w AS (PARTITION BY k ORDER BY v)
SELECT ntile(0) OVER (ORDER BY v) AS c0 FROM batch
SELECT ntile(NULL) OVER (ORDER BY v) AS c0 FROM batch
SELECT string_agg(k, '-') OVER (ORDER BY v, k, g, s, f, n, d ROWS 2 PRECEDING) AS c0 FROM batch
SELECT max(s) OVER (PARTITION BY k ORDER BY v, g, s) AS c0, min(d) OVER (ORDER BY v, k, g, s ROWS BETWEEN 2 PRECEDING AND 2 FOLLOWING) AS c1 FROM batch
SELECT stddev_samp(v) OVER (ORDER BY v, k, g, s ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING)::numeric(20,6) AS c0 FROM batch
SELECT k AS c0 FROM batch UNION SELECT NULL UNION ALL SELECT 'q' ORDER BY 1 NULLS FIRST
SELECT 1 AS c0 UNION ALL SELECT 2.5 UNION ALL VALUES (NULL) ORDER BY c0
SELECT k AS c0 FROM batch EXCEPT ALL (SELECT k FROM other UNION ALL SELECT 'a') ORDER BY c0
(SELECT k AS c0 FROM batch ORDER BY v, k, g LIMIT 3) UNION ALL (SELECT k FROM other ORDER BY w, k LIMIT 2)
WITH a AS (SELECT k, sum(v) AS s FROM batch GROUP BY k), b AS (SELECT * FROM a WHERE s > 2) SELECT a.k AS c0, b.s AS c1 FROM a LEFT JOIN b USING (k)
WITH batch AS (SELECT k, 1 AS one FROM other) SELECT k AS c0, one AS c1 FROM batch
SELECT k AS c0, unnest(ARRAY[v, v + 1]) AS c1 FROM batch
SELECT k AS c0, u AS c1 FROM batch, unnest(ARRAY[v, g]) AS u WHERE u > 1
SELECT k AS c0, e.key AS c1, e.value AS c2 FROM batch, jsonb_each(jsonb_build_object('v', v, 'g', g)) AS e
SELECT n AS c0 FROM generate_series(1, 5) AS n WHERE n NOT IN (SELECT g FROM batch WHERE g IS NOT NULL)
SELECT x.p AS c0, x.q AS c1 FROM (VALUES (1, 'a'), (2, NULL)) AS x(p, q) WHERE EXISTS (SELECT 1 FROM batch b WHERE b.g = x.p)
SELECT k AS c0, v AS c1 FROM batch ORDER BY v * -1, k, g LIMIT 5 OFFSET 2
SELECT k AS c0, v AS c1 FROM batch LIMIT 0
SELECT count(*) AS c0 FROM batch LIMIT (SELECT NULL::bigint)
SELECT upper AS c0, n AS c1 FROM (SELECT upper(k), count(*) AS n FROM batch GROUP BY upper) q
SELECT "case" AS c0, text AS c1, g AS c2 FROM (SELECT CASE WHEN b THEN 1 END, 1::int::text, CASE WHEN b THEN 2 ELSE g END FROM batch) q
SELECT k AS c0, g AS c1, count(*) AS c2 FROM batch GROUP BY (k, (g))
SELECT count(*) AS c0 FROM batch GROUP BY ROW(k, g)
SELECT p AS c0, y AS c1 FROM (WITH a(x, y) AS (SELECT k, g FROM batch) SELECT t.* FROM a AS t(p)) q
SELECT k AS c0 FROM batch b WHERE g = (SELECT max(g) FROM batch c WHERE c.k = b.k)
SELECT k AS c0 FROM batch b WHERE EXISTS (SELECT DISTINCT 1 / 0 FROM other o WHERE o.k = b.k ORDER BY 1)
SELECT EXISTS (SELECT unnest('{}'::int[]) FROM other) AS c0, EXISTS (SELECT count(*) FROM other WHERE false) AS c1
SELECT a.k AS c0, b.w AS c1 FROM batch a JOIN other b ON nullif(b.k, 'a') = a.k AND a.g = nullif(b.h, 2)
SELECT DISTINCT rank() OVER (ORDER BY g) AS c0 FROM batch ORDER BY rank() OVER (ORDER BY g)
SELECT sum(g) OVER (ORDER BY v) AS c0, sum(g) OVER (ORDER BY v DESC) AS c1, sum(v) OVER (ORDER BY v) AS c2, sum(g) OVER (ORDER BY v NULLS FIRST) AS c3, sum(g) OVER (ORDER BY v RANGE CURRENT ROW) AS c4, count(g) OVER (ORDER BY v) AS c5 FROM batch
SELECT sum(g) OVER (ORDER BY v RANGE 1 PRECEDING) AS c0, sum(g) OVER (ORDER BY v RANGE 2 PRECEDING) AS c1, lag(v) OVER (ORDER BY v) AS c2, lag(v, 2) OVER (ORDER BY v) AS c3, count(*) FILTER (WHERE g > 1) OVER (ORDER BY v) AS c4, count(*) FILTER (WHERE g > 2) OVER (ORDER BY v) AS c5 FROM batch
SELECT x AS c0, count(*) OVER (ORDER BY x RANGE BETWEEN 'inf' PRECEDING AND CURRENT ROW) AS c1, count(*) OVER (ORDER BY x DESC RANGE BETWEEN 'inf' PRECEDING AND 'inf' FOLLOWING) AS c2, count(*) OVER (ORDER BY x RANGE BETWEEN 'inf' FOLLOWING AND 'inf' FOLLOWING) AS c3 FROM (VALUES (1.5::float8), ('inf'), ('-inf'), ('nan'), (NULL)) AS t(x)
SELECT x AS c0, count(*) OVER (ORDER BY x RANGE BETWEEN 'inf' PRECEDING AND CURRENT ROW) AS c1, count(*) OVER (ORDER BY x DESC RANGE BETWEEN 'inf' PRECEDING AND 'inf' FOLLOWING) AS c2 FROM (VALUES (1.5), ('inf'), ('-inf'), ('nan'), (NULL)) AS t(x)
SELECT count(*) OVER (ORDER BY f RANGE 'NaN' PRECEDING) AS c0 FROM batch
SELECT v AS c0, count(*) OVER (ORDER BY v, k, g, s, f, n, d ROWS 1.5 PRECEDING) AS c1 FROM batch
SELECT value AS c0, x.value AS c1, x ->> 'a' AS c2 FROM jsonb_array_elements('[{"a": 1}, 2]') AS x
