// SPDX-License-Identifier: Apache-2.0
package oracle;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.streaming.api.java.JavaDStream;
import scala.Tuple2;

/** Operators on the pairs of one batch. */
final class Keyed {
    private Keyed() {
    }

    static void add(Cases cases) {
        values(cases);
        reduces(cases);
        groups(cases);
    }

    private static void values(Cases cases) {
        cases.pairs("mapValues", "{keyBy: k}, {mapValues: v + 1 AS w}",
            s -> Sums.rows(s.pairs("input")
                .mapValues(v -> v == null ? null : v + 1), "w"));
        cases.pairs("flatMapValues", "{keyBy: k}, "
            + "{flatMapValues: 'generate_series(1, v) AS w'}",
            s -> Sums.rows(s.pairs("input").flatMapValues(v -> {
                List<Long> out = new ArrayList<>();
                for (long i = 1; v != null && i <= v; i++) {
                    out.add(i);
                }
                return out.iterator();
            }), "w"));
        cases.pairs("mapValues-reduceByKey", "{keyBy: k}, "
            + "{mapValues: v * v AS w}, {reduceByKey: sum(w) AS w}",
            s -> Sums.rows(s.pairs("input")
                .mapValues(v -> v == null ? null : v * v)
                .reduceByKey(Sums::add), "w"));
    }

    private static void reduces(Cases cases) {
        cases.pairs("reduceByKey", "{keyBy: k}, {reduceByKey: sum(v) AS v}",
            s -> Sums.rows(s.pairs("input").reduceByKey(Sums::add), "v"));
        cases.pairs("reduceByKey-function", "{keyBy: k}, "
            + "{reduceByKey: 'greatest(a, b) AS v'}",
            s -> Sums.rows(s.pairs("input").reduceByKey(Sums::max), "v"));
        cases.pairs("reduceByKey-null", "{keyBy: k}, "
            + "{reduceByKey: a + b AS v}",
            s -> Sums.rows(s.pairs("input").reduceByKey(
                (a, b) -> a == null || b == null ? null : a + b), "v"));
        cases.pairs("reduceByKey-columns", "{keyBy: k}, "
            + "{reduceByKey: 'count(*) AS n, sum(v) AS s, min(v) AS low'}",
            s -> s.rows("input").mapToPair(r -> new Tuple2<>(r.text("k"),
                Row.of("n", 1L, "s", r.get("v"), "low", r.get("v"))))
                .reduceByKey((a, b) -> Row.of(
                    "n", a.number("n") + b.number("n"),
                    "s", Sums.add(a.number("s"), b.number("s")),
                    "low", least(a.number("low"), b.number("low"))))
                .map(p -> Row.of("k", p._1, "n", p._2.get("n"),
                    "s", p._2.get("s"), "low", p._2.get("low"))));
        cases.pairs("reduceByKey-again", "{keyBy: k}, "
            + "{reduceByKey: sum(v) AS v}, {keyBy: v}, "
            + "{reduceByKey: count(*) AS n}",
            s -> s.pairs("input").reduceByKey(Sums::add)
                .mapToPair(p -> Cases.pair(p._2, 1L)).reduceByKey(Long::sum)
                .map(p -> Row.of("v", p._1, "n", p._2)));
        cases.pairs("reduceByKey-count", "{keyBy: k}, "
            + "{reduceByKey: sum(v) AS v}, count",
            s -> s.pairs("input").reduceByKey(Sums::add).count()
                .map(n -> Row.of("count", n)));
        cases.pairs("combineByKey-avg", "{keyBy: k}, "
            + "{reduceByKey: 'avg(v)::float8 AS v'}",
            s -> s.pairs("input").combineByKey(
                v -> mean(new Row(), v), Keyed::mean, Keyed::means,
                new org.apache.spark.HashPartitioner(1))
                .map(p -> Row.of("k", p._1, "v", p._2.get("n") == null ? null
                    : (double) p._2.number("s") / p._2.number("n"))));
    }

    private static void groups(Cases cases) {
        // Spark promises an order only where one partition has all rows.
        List<Input> one = List.of(Input.ordered("input", 21));
        cases.add("groupByKey-order", """
            out: {from: input, do: [{keyBy: k}, groupByKey]}
            """, one, s -> grouped(s));
        cases.pairs("groupByKey", "{keyBy: k}, groupByKey, "
            + "{map: 'k, cardinality(v) AS n'}",
            s -> s.pairs("input").groupByKey()
                .map(p -> Row.of("k", p._1, "n", Sums.count(p._2))));
        cases.pairs("countByKey", "{keyBy: k}, countByKey",
            s -> s.pairs("input").mapValues(v -> 1L).reduceByKey(Long::sum)
                .map(p -> Row.of("k", p._1, "count", p._2)));
    }

    static JavaDStream<Row> grouped(Case.Sources sources) {
        return sources.pairs("input").groupByKey().map(p -> Row.of("k", p._1,
            "v", list(p._2)));
    }

    static List<Object> list(Iterable<?> values) {
        List<Object> out = new ArrayList<>();
        values.forEach(out::add);
        return out;
    }

    private static Long least(Long a, Long b) {
        return a == null ? b : b == null ? a : Long.valueOf(Math.min(a, b));
    }

    private static Row mean(Row sum, Long value) {
        return value == null ? sum : means(sum, Row.of("n", 1L, "s", value));
    }

    private static Row means(Row a, Row b) {
        return Row.of("n", Sums.add(a.number("n"), b.number("n")),
            "s", Sums.add(a.number("s"), b.number("s")));
    }
}
