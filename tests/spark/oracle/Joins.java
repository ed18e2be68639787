// SPDX-License-Identifier: Apache-2.0
package oracle;

import java.util.List;
import org.apache.spark.api.java.Optional;
import org.apache.spark.streaming.Durations;
import org.apache.spark.streaming.api.java.JavaDStream;
import org.apache.spark.streaming.api.java.JavaPairDStream;

/** Joins of two streams within the batch, and across batches by windows. */
final class Joins {
    private Joins() {
    }

    /** Both sides have NULLs, or one of them is mostly silent. */
    private static void both(Cases cases, String name, String chain,
        Case.Build build) {
        String streams = """
            right: {from: other, do: [{map: k, v AS w}, {keyBy: k}]}
            out: {from: input, do: [{keyBy: k}, CHAIN]}
            """.replace("k, v AS w", "'k, v AS w'").replace("CHAIN", chain);
        long seed = name.hashCode();
        cases.add(name, streams, List.of(Input.nulls("input", seed),
            Input.nulls("other", seed + 1)), build);
        cases.add(name + "-sparse", streams, List.of(
            Input.pairs("input", seed + 2), Input.sparse("other", seed + 3)),
            build);
    }

    static void add(Cases cases) {
        both(cases, "join", "{join: {with: right}}",
            s -> joined(s.pairs("input").join(s.pairs("other"))));
        both(cases, "leftOuterJoin", "{leftOuterJoin: {with: right}}",
            s -> left(s.pairs("input"), s.pairs("other")));
        both(cases, "rightOuterJoin", "{rightOuterJoin: {with: right}}",
            s -> Scala.rows(Scala.of(s.pairs("input")).rightOuterJoin(
                s.pairs("other").dstream(), Scala.tag()),
                p -> row(p._1, Scala.orNull(p._2._1), p._2._2)));
        both(cases, "fullOuterJoin", "{fullOuterJoin: {with: right}}",
            s -> full(s.pairs("input"), s.pairs("other")));
        both(cases, "cogroup", "{cogroup: right}, "
            + "{map: 'k, cardinality(v) AS n, cardinality(w) AS m'}",
            s -> s.pairs("input").cogroup(s.pairs("other"))
                .map(p -> Row.of("k", p._1, "n", Sums.count(p._2._1),
                    "m", Sums.count(p._2._2))));
        both(cases, "join-count", "{join: {with: right}}, count",
            s -> s.pairs("input").join(s.pairs("other")).count()
                .map(n -> Row.of("count", n)));
        ordered(cases);
        composed(cases);
        windows(cases);
        chain(cases);
        tables(cases);
    }

    private static void ordered(Cases cases) {
        cases.add("cogroup-order", """
            right: {from: other, do: [{map: 'k, v AS w'}, {keyBy: k}]}
            out: {from: input, do: [{keyBy: k}, {cogroup: right}]}
            """, List.of(Input.ordered("input", 31),
                Input.ordered("other", 32)),
            s -> s.pairs("input").cogroup(s.pairs("other"))
                .map(p -> Row.of("k", p._1, "v", Keyed.list(p._2._1),
                    "w", Keyed.list(p._2._2))));
    }

    private static void composed(Cases cases) {
        both(cases, "reduceByKey-join", "{reduceByKey: sum(v) AS v}, "
            + "{join: {with: right}}, {reduceByKey: sum(v + w) AS s}",
            s -> Sums.rows(s.pairs("input").reduceByKey(Sums::add)
                .join(s.pairs("other")).mapValues(p -> p._1 == null
                    || p._2 == null ? null : p._1 + p._2)
                .reduceByKey(Sums::add), "s"));
        cases.add("join-keys", """
            right: {from: other, do: [{map: k}, {keyBy: k}]}
            out: {from: input, do: [{map: k}, {keyBy: k}, {join: right}]}
            """, List.of(Input.nulls("input", 30), Input.nulls("other", 40)),
            s -> s.pairs("input").join(s.pairs("other"))
                .map(p -> Row.of("k", p._1)));
        cases.add("join-itself", """
            right: {from: input, do: [{map: 'k, v AS w'}, {keyBy: k}]}
            out: {from: input, do: [{keyBy: k}, {join: {with: right}}]}
            """, List.of(Input.pairs("input", 33)),
            s -> joined(s.pairs("input").join(s.pairs("input"))));
        cases.add("join-three", """
            right: {from: other, do: [{map: 'k, v AS w'}, {keyBy: k}]}
            last: {from: third, do: [{map: 'k, v AS x'}, {keyBy: k}]}
            out:
              from: input
              do: [{keyBy: k}, {join: {with: right}}, {join: {with: last}}]
            """, List.of(Input.pairs("input", 34), Input.pairs("other", 35),
                Input.pairs("third", 36)),
            s -> s.pairs("input").join(s.pairs("other"))
                .join(s.pairs("third")).map(p -> Row.of("k", p._1,
                    "v", p._2._1._1, "w", p._2._1._2, "x", p._2._2)));
    }

    private static void windows(Cases cases) {
        List<Input> inputs = List.of(Input.pairs("input", 37),
            Input.sparse("other", 38));
        cases.add("window-join", """
            right:
              from: other
              do: [{map: 'k, v AS w'}, {keyBy: k}, {window: {length: 3s}}]
            out:
              from: input
              do: [{keyBy: k}, {window: {length: 2s}}, {join: {with: right}}]
            """, inputs, s -> joined(window(s, "input", 2, 1)
                .join(window(s, "other", 3, 1))));
        cases.add("window-fullOuterJoin", """
            right:
              from: other
              do:
                - map: k, v AS w
                - keyBy: k
                - window: {length: 4s, slide: 2s}
            out:
              from: input
              do:
                - keyBy: k
                - window: {length: 2s, slide: 2s}
                - fullOuterJoin: {with: right}
            """, inputs, s -> full(window(s, "input", 2, 2),
                window(s, "other", 4, 2)));
        cases.add("window-leftOuterJoin-batch", """
            right: {from: other, do: [{map: 'k, v AS w'}, {keyBy: k}]}
            out:
              from: input
              do:
                - keyBy: k
                - window: {length: 3s}
                - leftOuterJoin: {with: right}
            """, inputs, s -> left(window(s, "input", 3, 1),
                s.pairs("other")));
    }

    /** Windows of two lengths, joined with each other and with another stream's,
     * and state behind that: see tests/golden/chains.test.yaml. */
    private static void chain(Cases cases) {
        String window = "{reduceByKeyAndWindow: {reduce: sum(v) AS NAME, "
            + "length: LENGTH, slide: 2s}}]}\n";
        String streams = "shorter: {from: input, do: [{keyBy: k}, "
            + window.replace("NAME", "s1").replace("LENGTH", "1s")
            + "longer: {from: input, do: [{keyBy: k}, "
            + window.replace("NAME", "s2").replace("LENGTH", "6s") + """
            right:
              from: other
              do:
                - map: k, v AS w
                - keyBy: k
                - window: {length: 2s, slide: 2s}
            three:
              from: shorter
              do: [{fullOuterJoin: longer}, {leftOuterJoin: right}]
            out:
              from: three
              do:
                - updateStateByKey:
                    emit: all
                    update: >-
                      count(*) AS n, count(s1) AS m, coalesce(state.t, 0)
                      + coalesce(sum(s2), 0)::bigint + count(w) AS t
            """;
        cases.add("windows-joins-state", streams, List.of(
            Input.pairs("input", 71), Input.sparse("other", 72)),
            s -> three(s).updateStateByKey(Joins::total)
                .map(p -> Row.of("k", p._1, "n", p._2.get("n"),
                    "m", p._2.get("m"), "t", p._2.get("t"))));
    }

    private static JavaPairDStream<String, Row> three(Case.Sources sources) {
        return sum(sources, 1).fullOuterJoin(sum(sources, 6))
            .leftOuterJoin(window(sources, "other", 2, 2))
            .mapValues(p -> Row.of("s1", p._1._1.orNull(),
                "s2", p._1._2.orNull(), "w", p._2.orNull()));
    }

    private static JavaPairDStream<String, Long> sum(Case.Sources sources,
        int length) {
        return sources.pairs("input").reduceByKeyAndWindow(Sums::add,
            Durations.seconds(length), Durations.seconds(2));
    }

    private static Optional<Row> total(List<Row> rows, Optional<Row> state) {
        long m = 0;
        long t = state.isPresent() ? state.get().number("t") : 0;
        for (Row row : rows) {
            m += row.get("s1") == null ? 0 : 1;
            t += (row.get("s2") == null ? 0 : row.number("s2"))
                + (row.get("w") == null ? 0 : 1);
        }
        return Optional.of(Row.of("n", (long) rows.size(), "m", m, "t", t));
    }

    /** A table has no NULL for a key: nothing of it meets one. */
    private static void tables(Cases cases) {
        List<Row> known = List.of(Row.of("k", "a", "n", 3L),
            Row.of("k", "b", "n", null), Row.of("k", "z", "n", -1L));
        List<Input> inputs = List.of(Input.nulls("input", 39));
        cases.add("join-table", """
            out: {from: input, do: [{keyBy: k}, {join: known}]}
            """, inputs, s -> {
                var table = s.known();
                return s.pairs("input").transform(rdd -> rdd.join(table)
                    .map(p -> Row.of("k", p._1, "v", p._2._1,
                        "n", p._2._2)));
            }).with(known);
        cases.add("transform-table", """
            out:
              from: input
              do:
                - transform: >-
                    SELECT k, count(v) AS n
                    FROM known LEFT JOIN batch USING (k) GROUP BY k
            """, inputs, s -> {
                var table = s.known();
                return s.pairs("input").transform(rdd -> table.cogroup(rdd
                    .filter(p -> p._2 != null))
                    .filter(p -> p._2._1.iterator().hasNext())
                    .map(p -> Row.of("k", p._1, "n",
                        Sums.count(p._2._2))));
            }).with(known);
    }

    private static JavaPairDStream<String, Long> window(Case.Sources sources,
        String name, int length, int slide) {
        return sources.pairs(name).window(Durations.seconds(length),
            Durations.seconds(slide));
    }

    private static JavaDStream<Row> left(JavaPairDStream<String, Long> a,
        JavaPairDStream<String, Long> b) {
        return Scala.rows(Scala.of(a).leftOuterJoin(b.dstream(), Scala.tag()),
            p -> row(p._1, p._2._1, Scala.orNull(p._2._2)));
    }

    private static JavaDStream<Row> full(JavaPairDStream<String, Long> a,
        JavaPairDStream<String, Long> b) {
        return Scala.rows(Scala.of(a).fullOuterJoin(b.dstream(), Scala.tag()),
            p -> row(p._1, Scala.orNull(p._2._1), Scala.orNull(p._2._2)));
    }

    private static JavaDStream<Row> joined(
        JavaPairDStream<String, scala.Tuple2<Long, Long>> pairs) {
        return pairs.map(p -> row(p._1, p._2._1, p._2._2));
    }

    private static Row row(String key, Long left, Long right) {
        return Row.of("k", key, "v", left, "w", right);
    }
}
