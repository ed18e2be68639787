// SPDX-License-Identifier: Apache-2.0
package oracle;

import java.util.List;
import org.apache.spark.HashPartitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.Optional;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.streaming.Durations;
import org.apache.spark.streaming.State;
import org.apache.spark.streaming.StateSpec;
import org.apache.spark.streaming.api.java.JavaDStream;
import org.apache.spark.streaming.api.java.JavaPairDStream;

/** State by key, over all batches. */
final class States {
    private States() {
    }

    static void add(Cases cases) {
        updates(cases);
        initial(cases);
        changed(cases);
        composed(cases);
        maps(cases);
    }

    /** updateStateByKey of the number n, in every batch for every key. */
    private static void update(Cases cases, String name, String update,
        Function2<List<Long>, Optional<Long>, Optional<Long>> function) {
        cases.pairs("updateStateByKey-" + name, "{keyBy: k}, "
            + "{updateStateByKey: {emit: all, update: '" + update + "'}}",
            s -> Sums.rows(s.pairs("input").updateStateByKey(function), "n"));
    }

    private static void updates(Cases cases) {
        update(cases, "count", "coalesce(state, 0) + count(*) AS n",
            (rows, n) -> Optional.of(n.orElse(0L) + rows.size()));
        update(cases, "sum",
            "coalesce(state, 0) + coalesce(sum(v), 0) AS n", (rows, n) ->
            Optional.of(n.orElse(0L) + zero(Sums.of(rows))));
        // Removed at five, and then new again.
        update(cases, "removed", "CASE WHEN coalesce(state, 0) + count(*) < 5 "
            + "THEN coalesce(state, 0) + count(*) END AS n",
            (rows, n) -> n.orElse(0L) + rows.size() < 5
                ? Optional.of(n.orElse(0L) + rows.size()) : Optional.empty());
        // Without a row in the batch a key is gone.
        update(cases, "idle", "CASE WHEN count(*) > 0 "
            + "THEN coalesce(state, 0) + count(*) END AS n",
            (rows, n) -> rows.isEmpty() ? Optional.empty()
                : Optional.of(n.orElse(0L) + rows.size()));
        // An idle key counts down and goes at zero.
        update(cases, "decay", "CASE WHEN count(*) > 0 THEN 3 "
            + "WHEN state > 1 THEN state - 1 END AS n",
            (rows, n) -> rows.isEmpty() ? n.orElse(0L) > 1
                ? Optional.of(n.get() - 1) : Optional.empty()
                : Optional.of(3L));
    }

    /** The keys a, b and one that never comes have a state before. */
    private static void initial(Cases cases) {
        List<Row> known = List.of(Row.of("k", "a", "n", 3L),
            Row.of("k", "b", "n", 0L), Row.of("k", "z", "n", -1L));
        Case.Build build = s -> Sums.rows(s.pairs("input").updateStateByKey(
            (List<Long> rows, Optional<Long> n) -> Optional.of(
                n.orElse(0L) + rows.size()),
            new HashPartitioner(1), s.known()), "n");
        String streams = """
            out:
              from: input
              do:
                - keyBy: k
                - updateStateByKey:
                    emit: all
                    init: {table: known}
                    update: coalesce(state, 0) + count(*) AS n
            """;
        cases.add("updateStateByKey-initial", streams,
            List.of(Input.nulls("input", 52)), build).with(known);
        cases.add("updateStateByKey-initial-sparse", streams,
            List.of(Input.sparse("input", 53)), build).with(known);
        String sums = """
            out:
              from: input
              do:
                - keyBy: k
                - mapWithState:
                    init: {table: known}
                    update: coalesce(state, 0) + coalesce(sum(v), 0) AS n
            """;
        cases.add("mapWithState-initial", sums,
            List.of(Input.nulls("input", 54)),
            s -> sums(s.pairs("input"), 0, 1, s.known())).with(known);
        // Known keys time out too, from the first batch on.
        String over = sums + "        timeout: 2s\n"
            + "        on_timeout: -state AS n\n";
        for (int seed = 55; seed < 58; seed++) {
            cases.add("mapWithState-initial-timeout-" + seed, over,
                List.of(Input.sparse("input", seed)),
                s -> sums(s.pairs("input"), 2, 1, s.known())).with(known);
        }
    }

    /** The keys that had rows or got another state, without `emit: all`. */
    private static void changed(Cases cases) {
        String update = "{updateStateByKey: 'CASE WHEN count(*) > 0 THEN 2 "
            + "WHEN state > 1 THEN state - 1 END AS n'}";
        cases.pairs("updateStateByKey-changed", "{keyBy: k}, " + update,
            s -> changed(s.pairs("input")));
        cases.pairs("window-updateStateByKey-changed-window", "{keyBy: k}, "
            + "{window: {length: 3s, slide: 2s}}, " + update
            + ", {window: {length: 4s}}", s -> changed(s.pairs("input")
            .window(Durations.seconds(3), Durations.seconds(2)))
            .window(Durations.seconds(4)));
    }

    /** A key without rows counts down and goes at zero. */
    private static JavaDStream<Row> changed(
        JavaPairDStream<String, Long> pairs) {
        return pairs.updateStateByKey((List<Long> rows, Optional<Row> was) -> {
            Long before = was.isPresent() ? was.get().number("n") : null;
            long n = !rows.isEmpty() ? 2L : before - 1;
            return n == 0 ? Optional.<Row>empty() : Optional.of(Row.of(
                "n", n, "new", !rows.isEmpty() || n != before));
        }).filter(p -> (Boolean) p._2.get("new"))
            .map(p -> Row.of("k", p._1, "n", p._2.get("n")));
    }

    private static JavaPairDStream<String, Long> counts(
        JavaPairDStream<String, Long> pairs) {
        return pairs.updateStateByKey((List<Long> rows, Optional<Long> n) ->
            Optional.of(n.orElse(0L) + rows.size()));
    }

    private static void composed(Cases cases) {
        String count = "{updateStateByKey: {emit: all, "
            + "update: 'coalesce(state, 0) + count(*) AS n'}}";
        cases.pairs("updateStateByKey-then-count", "{keyBy: k}, " + count
            + ", {filter: n > 2}, count", s -> counts(s.pairs("input"))
            .filter(p -> p._2 > 2).count().map(n -> Row.of("count", n)));
        cases.pairs("updateStateByKey-then-reduceByKey", "{keyBy: k}, "
            + count + ", {keyBy: n}, {reduceByKey: count(*) AS keys}",
            s -> counts(s.pairs("input"))
                .mapToPair(p -> Cases.pair(p._2, 1L)).reduceByKey(Long::sum)
                .map(p -> Row.of("n", p._1, "keys", p._2)));
        cases.pairs("window-updateStateByKey", "{keyBy: k}, "
            + "{window: {length: 2s}}, " + count, s -> Sums.rows(counts(
            s.pairs("input").window(Durations.seconds(2))), "n"));
        cases.pairs("window-slides-updateStateByKey", "{keyBy: k}, "
            + "{window: {length: 4s, slide: 2s}}, " + count,
            s -> Sums.rows(counts(s.pairs("input")
                .window(Durations.seconds(4), Durations.seconds(2))), "n"));
        cases.pairs("updateStateByKey-window", "{keyBy: k}, " + count
            + ", {window: {length: 2s, slide: 2s}}",
            s -> Sums.rows(counts(s.pairs("input"))
                .window(Durations.seconds(2), Durations.seconds(2)), "n"));
        cases.pairs("reduceByKey-updateStateByKey", "{keyBy: k}, "
            + "{reduceByKey: 'count(*) AS m'}, {updateStateByKey: "
            + "{emit: all, update: 'coalesce(state, 0) + "
            + "coalesce(sum(m), 0) AS n'}}", s -> Sums.rows(s.pairs("input")
            .mapValues(v -> 1L).reduceByKey(Long::sum).updateStateByKey(
                (List<Long> rows, Optional<Long> n) -> Optional.of(
                    n.orElse(0L) + zero(Sums.of(rows)))), "n"));
    }

    /**
     * A sum for each key, called once per key and batch as dstream does, which
     * is behind a groupByKey; a timed-out key gives minus its sum.
     */
    private static JavaDStream<Row> sums(JavaPairDStream<String, Long> pairs,
        int timeout, int slide) {
        return sums(pairs, timeout, slide, null);
    }

    /** `known`: states before the first batch; null: none. */
    private static JavaDStream<Row> sums(JavaPairDStream<String, Long> pairs,
        int timeout, int slide, JavaPairRDD<String, Long> known) {
        StateSpec<String, Iterable<Long>, Long, Row> spec = StateSpec.function(
            (String key, Optional<Iterable<Long>> rows, State<Long> state) -> {
                if (state.isTimingOut()) {
                    return Row.of("k", key, "n", -state.get());
                }
                long n = (state.exists() ? state.get() : 0L)
                    + zero(Sums.of(rows.get()));
                state.update(n);
                return Row.of("k", key, "n", n);
            });
        if (known != null) {
            spec = spec.initialState(known);
        }
        if (timeout == 0) {
            return pairs.groupByKey().mapWithState(spec);
        }
        // Spark looks for what is over when it checkpoints.
        var stream = pairs.groupByKey()
            .mapWithState(spec.timeout(Durations.seconds(timeout)));
        stream.checkpoint(Durations.seconds(slide));
        return stream;
    }

    private static void maps(Cases cases) {
        String update = "update: 'coalesce(state, 0) + "
            + "coalesce(sum(v), 0) AS n'";
        cases.pairs("mapWithState", "{keyBy: k}, {mapWithState: {" + update
            + "}}", s -> sums(s.pairs("input"), 0, 1));
        cases.pairs("mapWithState-removed", "{keyBy: k}, {mapWithState: "
            + "{update: 'CASE WHEN coalesce(state, 0) + count(*) < 4 "
            + "THEN coalesce(state, 0) + count(*) END AS n', "
            + "emit: 'state AS n, count(*) AS rows'}}", States::removed);
        String over = "on_timeout: -state AS n}}";
        // What is exactly as old is not over.
        cases.pairs("mapWithState-timeout", "{keyBy: k}, {mapWithState: {"
            + update + ", timeout: 2s, " + over,
            s -> sums(s.pairs("input"), 2, 1));
        cases.pairs("window-mapWithState-timeout", "{keyBy: k}, {window: "
            + "{length: 2s, slide: 2s}}, {mapWithState: {" + update
            + ", timeout: 3s, " + over, s -> sums(s.pairs("input")
            .window(Durations.seconds(2), Durations.seconds(2)), 3, 2));
        cases.pairs("mapWithState-count", "{keyBy: k}, {mapWithState: {"
            + update + "}}, count", s -> PerBatch.count(
                sums(s.pairs("input"), 0, 1)));
    }

    /** A key is removed at four rows; its row then has a NULL. */
    private static JavaDStream<Row> removed(Case.Sources sources) {
        StateSpec<String, Iterable<Long>, Long, Row> spec = StateSpec.function(
            (String key, Optional<Iterable<Long>> rows, State<Long> state) -> {
                long count = Sums.count(rows.get());
                long n = (state.exists() ? state.get() : 0L) + count;
                if (n < 4) {
                    state.update(n);
                } else if (state.exists()) {
                    state.remove();
                }
                return Row.of("k", key, "n", n < 4 ? n : null, "rows", count);
            });
        return sources.pairs("input").groupByKey().mapWithState(spec);
    }

    private static long zero(Long value) {
        return value == null ? 0 : value;
    }
}
