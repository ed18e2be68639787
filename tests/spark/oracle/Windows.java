// SPDX-License-Identifier: Apache-2.0
package oracle;

import java.util.List;
import org.apache.spark.streaming.Duration;
import org.apache.spark.streaming.Durations;
import org.apache.spark.streaming.api.java.JavaDStream;

/** Windows: of rows, of values, of pairs, and one behind the other. */
final class Windows {
    private Windows() {
    }

    /** Lengths and slides in seconds; the last leaves rows out. */
    private static final int[][] SHAPES = {{3, 1}, {4, 2}, {2, 2}, {2, 3}};

    private interface Shaped {
        JavaDStream<Row> of(Case.Sources sources, Duration length,
            Duration slide);
    }

    /** A case per shape; L stands for its length and slide. */
    private static void shapes(Cases cases, String name, String chain,
        Shaped build) {
        for (int[] shape : SHAPES) {
            Duration length = Durations.seconds(shape[0]);
            Duration slide = Durations.seconds(shape[1]);
            String text = name + "-" + shape[0] + "-" + shape[1];
            Input input = shape[1] == 2 ? Input.sparse("input",
                text.hashCode()) : Input.nulls("input", text.hashCode());
            cases.add(text, "out: {from: input, do: [" + chain.replace("L",
                "length: " + shape[0] + "s, slide: " + shape[1] + "s")
                + "]}", List.of(input), s -> build.of(s, length, slide));
        }
    }

    static void add(Cases cases) {
        rows(cases);
        values(cases);
        pairs(cases);
        inverses(cases);
        composed(cases);
    }

    private static void rows(Cases cases) {
        shapes(cases, "window", "{window: {L}}",
            (s, l, d) -> s.rows("input").window(l, d));
        shapes(cases, "window-count", "{window: {L}}, count",
            (s, l, d) -> PerBatch.count(s.rows("input").window(l, d)));
        shapes(cases, "window-filter-count",
            "{window: {L}}, {filter: v > 0}, count",
            (s, l, d) -> PerBatch.count(PerBatch.positive(
                s.rows("input").window(l, d))));
        shapes(cases, "window-reduceByKey", "{keyBy: k}, {window: {L}}, "
            + "{reduceByKey: sum(v) AS v}", (s, l, d) -> Sums.rows(
                s.pairs("input").window(l, d).reduceByKey(Sums::add), "v"));
    }

    private static void values(Cases cases) {
        shapes(cases, "countByWindow", "{countByWindow: {L}}",
            (s, l, d) -> s.rows("input").countByWindow(l, d)
                .map(n -> Row.of("count", n)));
        shapes(cases, "countByValueAndWindow",
            "{countByValueAndWindow: {L}}",
            (s, l, d) -> s.rows("input").countByValueAndWindow(l, d)
                .map(p -> PerBatch.counted(p._1, p._2)));
        shapes(cases, "reduceByWindow",
            "{reduceByWindow: {reduce: 'sum(v) AS v', L}}",
            (s, l, d) -> numbers(s).reduceByWindow(Sums::add, l, d)
                .map(v -> Row.of("v", v)));
        shapes(cases, "reduceByWindow-max",
            "{map: v}, {reduceByWindow: {reduce: 'greatest(a, b) AS v', L}}",
            (s, l, d) -> numbers(s).reduceByWindow(Sums::max, l, d)
                .map(v -> Row.of("v", v)));
    }

    private static void pairs(Cases cases) {
        shapes(cases, "reduceByKeyAndWindow", "{keyBy: k}, "
            + "{reduceByKeyAndWindow: {reduce: sum(v) AS v, L}}",
            (s, l, d) -> Sums.rows(s.pairs("input")
                .reduceByKeyAndWindow(Sums::add, l, d), "v"));
        shapes(cases, "reduceByKeyAndWindow-max", "{keyBy: k}, "
            + "{reduceByKeyAndWindow: {reduce: max(v) AS v, L}}",
            (s, l, d) -> Sums.rows(s.pairs("input")
                .reduceByKeyAndWindow(Sums::max, l, d), "v"));
        shapes(cases, "groupByKeyAndWindow", "{keyBy: k}, "
            + "{groupByKeyAndWindow: {L}}, {map: 'k, cardinality(v) AS n'}",
            (s, l, d) -> s.pairs("input").groupByKeyAndWindow(l, d)
                .map(p -> Row.of("k", p._1, "n", Sums.count(p._2))));
        cases.add("groupByKeyAndWindow-order", """
            out:
              from: input
              do: [{keyBy: k}, {groupByKeyAndWindow: {length: 3s}}]
            """, List.of(Input.ordered("input", 41)),
            s -> s.pairs("input").groupByKeyAndWindow(Durations.seconds(3))
                .map(p -> Row.of("k", p._1, "v", Keyed.list(p._2))));
    }

    /** With an inverse: Spark keeps what became empty, as long as `keep`. */
    private static void inverses(Cases cases) {
        shapes(cases, "inverse-counts", "{keyBy: k}, {mapValues: 1 AS n}, "
            + "{reduceByKeyAndWindow: {reduce: a + b AS n, "
            + "inverse: a - b AS n, keep: n > 0, L}}",
            (s, l, d) -> Sums.rows(s.pairs("input").mapValues(v -> 1L)
                .reduceByKeyAndWindow(Long::sum, (a, b) -> a - b, l, d, 1,
                    p -> p._2 > 0), "n"));
        String both = "reduce: a + b AS n, inverse: a - b AS n, length: 2s}}";
        Duration two = Durations.seconds(2);
        Duration one = Durations.seconds(1);
        cases.pairs("inverse-kept", "{keyBy: k}, {mapValues: 1 AS n}, "
            + "{reduceByKeyAndWindow: {" + both, s -> Sums.rows(
            s.pairs("input").mapValues(v -> 1L).reduceByKeyAndWindow(
                Long::sum, (a, b) -> a - b, two, one), "n"));
        String streams = "out: {from: input, do: [{map: 1 AS n}, "
            + "{reduceByWindow: {" + both + "]}";
        Case.Build build = s -> s.rows("input").map(r -> 1L)
            .reduceByWindow(Long::sum, (a, b) -> a - b, two, one)
            .map(n -> Row.of("n", n));
        cases.add("inverse-reduceByWindow", streams,
            List.of(Input.ordered("input", 42)), build);
        cases.add("inverse-reduceByWindow-sparse", streams,
            List.of(Input.sparse("input", 43)), build);
    }

    private static void composed(Cases cases) {
        cases.pairs("window-window", "{window: {length: 2s}}, "
            + "{window: {length: 4s, slide: 2s}}", s -> s.rows("input")
            .window(Durations.seconds(2))
            .window(Durations.seconds(4), Durations.seconds(2)));
        cases.pairs("window-slides-window", "{window: {length: 2s, "
            + "slide: 2s}}, {window: {length: 4s}}, count",
            s -> PerBatch.count(s.rows("input")
                .window(Durations.seconds(2), Durations.seconds(2))
                .window(Durations.seconds(4))));
        cases.pairs("reduceByKey-window", "{keyBy: k}, "
            + "{reduceByKey: sum(v) AS v}, {window: {length: 3s}}",
            s -> Sums.rows(s.pairs("input").reduceByKey(Sums::add)
                .window(Durations.seconds(3)), "v"));
        cases.pairs("count-window", "count, {window: {length: 3s}}, "
            + "{reduce: sum(count) AS n}", s -> s.rows("input").count()
            .window(Durations.seconds(3)).reduce(Long::sum)
            .map(n -> Row.of("n", n)));
        cases.pairs("countByWindow-window", "{countByWindow: {length: 2s, "
            + "slide: 2s}}, {window: {length: 4s, slide: 2s}}",
            s -> s.rows("input")
                .countByWindow(Durations.seconds(2), Durations.seconds(2))
                .window(Durations.seconds(4), Durations.seconds(2))
                .map(n -> Row.of("count", n)));
        cases.pairs("filter-countByWindow", "{filter: v > 2}, "
            + "{countByWindow: {length: 3s}}", s -> s.rows("input")
            .filter(r -> r.get("v") != null && r.number("v") > 2)
            .countByWindow(Durations.seconds(3), Durations.seconds(1))
            .map(n -> Row.of("count", n)));
        cases.pairs("reduceByKeyAndWindow-again", "{keyBy: k}, "
            + "{reduceByKeyAndWindow: {reduce: sum(v) AS v, length: 2s, "
            + "slide: 2s}}, {reduceByKeyAndWindow: {reduce: max(v) AS v, "
            + "length: 4s}}", s -> Sums.rows(s.pairs("input")
            .reduceByKeyAndWindow(Sums::add, Durations.seconds(2),
                Durations.seconds(2))
            .reduceByKeyAndWindow(Sums::max, Durations.seconds(4)), "v"));
    }

    private static JavaDStream<Long> numbers(Case.Sources sources) {
        return sources.rows("input").map(r -> r.number("v"));
    }
}
