// SPDX-License-Identifier: Apache-2.0
package oracle;

import java.util.Comparator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.streaming.Durations;
import scala.Tuple2;

/** transform: SQL over a batch here, functions of RDDs there. */
final class Transforms {
    private Transforms() {
    }

    private static String sql(String query) {
        return "{transform: '" + query + "'}";
    }

    static void add(Cases cases) {
        plain(cases);
        ordered(cases);
        two(cases);
    }

    private static void plain(Cases cases) {
        cases.pairs("transform", sql("SELECT k, v + 1 AS w FROM batch "
            + "WHERE v > 0"), s -> s.rows("input").transform(rdd -> rdd
            .filter(r -> r.get("v") != null && r.number("v") > 0)
            .map(r -> Row.of("k", r.get("k"), "w", r.number("v") + 1))));
        cases.pairs("transform-distinct", sql("SELECT DISTINCT k FROM batch"),
            s -> s.rows("input").transform(rdd -> rdd
                .map(r -> Row.of("k", r.get("k"))).distinct(1)));
        cases.pairs("transform-total", sql("SELECT count(*) AS n, "
            + "sum(v) AS s FROM batch"), s -> s.rows("input").transform(
            rdd -> rdd.coalesce(1).mapPartitions(PerBatch::total)));
        cases.pairs("transform-groups", sql("SELECT k, sum(v) AS s "
            + "FROM batch GROUP BY k HAVING sum(v) > 0"),
            s -> s.rows("input").transform(rdd -> rdd
                .mapToPair(r -> new Tuple2<>(r.text("k"), r.number("v")))
                .reduceByKey(Sums::add)
                .filter(p -> p._2 != null && p._2 > 0)
                .map(p -> Row.of("k", p._1, "s", p._2))));
        cases.pairs("transform-union", sql("SELECT k, v FROM batch UNION ALL "
            + "SELECT k, -v FROM batch WHERE v > 1"),
            s -> s.rows("input").transform(rdd -> rdd.union(rdd
                .filter(r -> r.get("v") != null && r.number("v") > 1)
                .map(r -> Row.of("k", r.get("k"), "v", -r.number("v"))))));
        cases.pairs("window-transform", "{window: {length: 4s, slide: 2s}}, "
            + sql("SELECT DISTINCT v FROM batch"), s -> s.rows("input")
            .window(Durations.seconds(4), Durations.seconds(2))
            .transform(rdd -> rdd.map(r -> Row.of("v", r.get("v")))
                .distinct(1)));
        cases.pairs("transform-count", sql("SELECT DISTINCT k FROM batch")
            + ", count", s -> PerBatch.count(s.rows("input").transform(
                rdd -> rdd.map(r -> Row.of("k", r.get("k"))).distinct(1))));
    }

    /** NULLs are the last ones up, and first ones down, as in SQL. */
    private static final class Order implements Comparator<Row>,
        java.io.Serializable {
        private static final long serialVersionUID = 1;

        @Override
        public int compare(Row a, Row b) {
            int by = Comparator.nullsFirst(Comparator.<Long>reverseOrder())
                .compare(a.number("v"), b.number("v"));
            return by != 0 ? by : Comparator.nullsLast(
                Comparator.<String>naturalOrder())
                .compare(a.text("k"), b.text("k"));
        }
    }

    private static JavaRDD<Row> sorted(JavaRDD<Row> rows) {
        return rows.mapToPair(r -> new Tuple2<>(r, true))
            .sortByKey(new Order(), true, 1).keys();
    }

    private static void ordered(Cases cases) {
        for (String kind : List.of("nulls", "sparse")) {
            Input input = kind.equals("nulls") ? Input.nulls("input", 61)
                : Input.sparse("input", 62);
            cases.add("transform-sorted-" + kind, "out: {from: input, do: ["
                + sql("SELECT k, v FROM batch ORDER BY v DESC, k") + "]}",
                List.of(input), s -> s.rows("input")
                    .transform(rdd -> sorted(rdd))).inOrder();
            cases.add("transform-limit-" + kind, "out: {from: input, do: ["
                + sql("SELECT k, v FROM batch ORDER BY v DESC, k LIMIT 3")
                + "]}", List.of(input), s -> s.rows("input")
                    .transform(rdd -> sorted(rdd).zipWithIndex()
                        .filter(p -> p._2 < 3).keys())).inOrder();
        }
    }

    private static void two(Cases cases) {
        List<Input> inputs = List.of(Input.pairs("input", 63),
            Input.sparse("other", 64));
        cases.add("transformWith", """
            out:
              from: input
              do:
                - transformWith:
                    with: other
                    sql: >-
                      SELECT batch.k, batch.v, other.v AS w
                      FROM batch JOIN other ON other.k = batch.k
            """, inputs, s -> s.pairs("input").transformWith(s.pairs("other"),
                (a, b, time) -> a.join(b).map(p -> Row.of("k", p._1,
                    "v", p._2._1, "w", p._2._2))));
        cases.add("transformWith-except", """
            out:
              from: input
              do:
                - transformWith:
                    with: other
                    sql: SELECT k FROM batch EXCEPT SELECT k FROM other
            """, inputs, s -> s.pairs("input").transformWith(s.pairs("other"),
                (a, b, time) -> a.keys().distinct(1).subtract(b.keys())
                    .map(k -> Row.of("k", k))));
    }
}
