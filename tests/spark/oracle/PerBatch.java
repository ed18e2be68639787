// SPDX-License-Identifier: Apache-2.0
package oracle;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.streaming.Durations;
import org.apache.spark.streaming.api.java.JavaDStream;

/** Operators that see the rows of one batch, without keys. */
final class PerBatch {
    private PerBatch() {
    }

    static void add(Cases cases) {
        rowByRow(cases);
        partitions(cases);
        unequalPartitions(cases);
        partitionsOfSeveral(cases);
        unions(cases);
        counts(cases);
        reduces(cases);
    }

    private static void rowByRow(Cases cases) {
        cases.pairs("map", "{map: 'k, v * 2 AS w'}", s -> s.rows("input")
            .map(r -> Row.of("k", r.get("k"), "w",
                r.get("v") == null ? null : r.number("v") * 2)));
        cases.pairs("filter", "{filter: v > 0}", s -> positive(
            s.rows("input")));
        cases.add("flatMap", """
            out:
              from: lines
              do: [{flatMap: "regexp_split_to_table(line, ' ') AS word"}]
            """, List.of(Input.lines("lines", 1)), s -> words(s));
        cases.add("flatMap-count-words", """
            out:
              from: lines
              do:
                - flatMap: regexp_split_to_table(line, ' ') AS word
                - keyBy: word
                - reduceByKey: count(*) AS n
            """, List.of(Input.lines("lines", 2)), s -> words(s)
            .mapToPair(r -> Cases.pair(r.text("word"), 1L))
            .reduceByKey(Long::sum)
            .map(p -> Row.of("word", p._1, "n", p._2)));
    }

    private static void partitions(Cases cases) {
        cases.pairs("mapPartitions", "{mapPartitions: "
            + "'SELECT count(*) AS n, sum(v) AS s FROM batch'}",
            s -> s.rows("input").mapPartitions(PerBatch::total));
        cases.pairs("mapPartitions-distinct", "{mapPartitions: "
            + "'SELECT DISTINCT k FROM batch'}",
            s -> s.rows("input").map(r -> Row.of("k", r.get("k")))
                .mapPartitions(PerBatch::distinct));
        cases.pairs("glom", "glom", s -> s.rows("input").glom()
            .map(rows -> Row.of("rows", rows)));
        cases.pairs("glom-filter", "{filter: v > 0}, glom", s -> positive(
            s.rows("input")).glom().map(rows -> Row.of("rows", rows)));
        cases.pairs("repartition", "{repartition: 4}",
            s -> s.rows("input").repartition(4));
        cases.pairs("repartition-one", "{repartition: 1}, {mapPartitions: "
            + "'SELECT count(*) AS n, sum(v) AS s FROM batch'}",
            s -> s.rows("input").repartition(1)
                .mapPartitions(PerBatch::total));
        cases.pairs("repartition-count", "{repartition: 5}, count",
            s -> count(s.rows("input").repartition(5)));
    }

    /** A source with one partition beside one with two. */
    private static void unequalPartitions(Cases cases) {
        String total = "{mapPartitions: "
            + "'SELECT count(*) AS n, sum(v) AS s FROM batch'}";
        cases.add("mapPartitions-unequal", "more: {from: other, do: [" + total
            + "]}\nout: {from: input, do: [" + total + ", {union: more}]}",
            List.of(Input.ordered("input", 15), Input.pairs("other", 16)),
            s -> s.rows("input").mapPartitions(PerBatch::total)
                .union(s.rows("other").mapPartitions(PerBatch::total)));
    }

    /** Spark's window has the partitions of all of its batches, and its union
     * those of all of its streams. */
    private static void partitionsOfSeveral(Cases cases) {
        cases.add("union-glom", "out: {from: input, do: [{union: other}, "
            + "glom]}", List.of(Input.pairs("input", 17),
                Input.pairs("other", 18)), s -> s.rows("input")
                .union(s.rows("other")).glom()
                .map(rows -> Row.of("rows", rows)));
        cases.add("window-glom", "out: {from: input, do: [{window: "
            + "{length: 2s}}, glom]}", List.of(Input.pairs("input", 14)),
            s -> s.rows("input").window(Durations.seconds(2)).glom()
                .map(rows -> Row.of("rows", rows)));
    }

    private static void unions(Cases cases) {
        List<Input> two = List.of(Input.pairs("input", 11),
            Input.sparse("other", 12));
        cases.add("union", """
            out: {from: input, do: [{union: other}]}
            """, two, s -> s.rows("input").union(s.rows("other")));
        cases.add("union-itself", """
            same: {from: input, do: [{filter: v > 0}]}
            out: {from: input, do: [{union: same}]}
            """, two.subList(0, 1), s -> s.rows("input")
            .union(positive(s.rows("input"))));
        cases.add("union-three", """
            more: {from: third, do: [{filter: v > 0}]}
            out: {from: input, do: [{union: [other, more]}]}
            """, List.of(two.get(0), two.get(1), Input.nulls("third", 13)),
            s -> s.rows("input").union(s.rows("other"))
                .union(positive(s.rows("third"))));
        cases.add("union-count", """
            out: {from: input, do: [{union: other}, count]}
            """, two, s -> count(s.rows("input").union(s.rows("other"))));
        cases.add("window-union-count", """
            more: {from: other, do: [{window: {length: 4s, slide: 2s}}]}
            out:
              from: input
              do: [{window: {length: 2s, slide: 2s}}, {union: more}, count]
            """, two, s -> count(s.rows("input")
                .window(Durations.seconds(2), Durations.seconds(2))
                .union(s.rows("other")
                    .window(Durations.seconds(4), Durations.seconds(2)))));
        cases.add("union-reduceByKey", """
            out:
              from: input
              do: [{union: other}, {keyBy: k}, {reduceByKey: sum(v) AS v}]
            """, two, s -> Sums.rows(s.pairs("input").union(s.pairs("other"))
                .reduceByKey(Sums::add), "v"));
    }

    private static void counts(Cases cases) {
        cases.pairs("count", "count", s -> count(s.rows("input")));
        cases.pairs("count-filter", "{filter: v > 2}, count", s -> count(s
            .rows("input")
            .filter(r -> r.get("v") != null && r.number("v") > 2)));
        cases.pairs("count-count", "count, count",
            s -> count(s.rows("input").count()));
        cases.pairs("countByValue", "countByValue", s -> s.rows("input")
            .countByValue().map(p -> counted(p._1, p._2)));
        cases.pairs("countByValue-map", "{map: v % 2 AS odd}, countByValue",
            s -> s.rows("input").map(r -> Row.of("odd",
                r.get("v") == null ? null : r.number("v") % 2))
                .countByValue().map(p -> counted(p._1, p._2)));
    }

    private static void reduces(Cases cases) {
        cases.pairs("reduce-sum", "{reduce: sum(v) AS v}", s -> s
            .rows("input").map(r -> r.number("v")).reduce(Sums::add)
            .map(v -> Row.of("v", v)));
        cases.pairs("reduce-max", "{map: v}, {reduce: 'greatest(a, b) AS v'}",
            s -> s.rows("input").map(r -> r.number("v")).reduce(Sums::max)
                .map(v -> Row.of("v", v)));
        cases.pairs("reduce-columns", "{reduce: "
            + "'least(a.k, b.k) AS k, greatest(a.v, b.v) AS v'}",
            s -> s.rows("input").reduce((a, b) -> Row.of(
                "k", least(a.text("k"), b.text("k")),
                "v", Sums.max(a.number("v"), b.number("v")))));
        cases.pairs("reduce-filter", "{filter: v > 2}, {reduce: sum(v) AS v}",
            s -> s.rows("input")
                .filter(r -> r.get("v") != null && r.number("v") > 2)
                .map(r -> r.number("v")).reduce(Sums::add)
                .map(v -> Row.of("v", v)));
        cases.pairs("reduce-count", "{reduce: sum(v) AS v}, count", s -> count(
            s.rows("input").map(r -> r.number("v")).reduce(Sums::add)));
    }

    static JavaDStream<Row> positive(JavaDStream<Row> rows) {
        return rows.filter(r -> r.get("v") != null && r.number("v") > 0);
    }

    static JavaDStream<Row> count(JavaDStream<?> rows) {
        return rows.count().map(n -> Row.of("count", n));
    }

    static Row counted(Row row, Long count) {
        Row out = new Row();
        out.putAll(row);
        out.put("count", count);
        return out;
    }

    /** A line that is NULL has no words, an empty one has one: ''. */
    private static JavaDStream<Row> words(Case.Sources sources) {
        return sources.rows("lines").flatMap(r -> {
            List<Row> words = new ArrayList<>();
            if (r.get("line") != null) {
                for (String word : r.text("line").split(" ", -1)) {
                    words.add(Row.of("word", word));
                }
            }
            return words.iterator();
        });
    }

    static Iterator<Row> total(Iterator<Row> rows) {
        long count = 0;
        Long sum = null;
        while (rows.hasNext()) {
            count++;
            sum = Sums.add(sum, rows.next().number("v"));
        }
        return Arrays.asList(Row.of("n", count, "s", sum)).iterator();
    }

    private static Iterator<Row> distinct(Iterator<Row> rows) {
        java.util.Set<Row> seen = new java.util.LinkedHashSet<>();
        rows.forEachRemaining(seen::add);
        return seen.iterator();
    }

    private static String least(String a, String b) {
        return a == null ? b : b == null || a.compareTo(b) < 0 ? a : b;
    }
}
