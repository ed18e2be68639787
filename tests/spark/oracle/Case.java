// SPDX-License-Identifier: Apache-2.0
package oracle;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.streaming.api.java.JavaDStream;
import org.apache.spark.streaming.api.java.JavaPairDStream;

/**
 * The same thing said twice: as streams of a job, the last of them `out`, and
 * in Spark's API. Spark's answers are the rows of `out`.
 */
final class Case {
    /** Makes the stream that is compared. */
    interface Build {
        JavaDStream<Row> of(Sources sources);
    }

    /** The sources of a case in Spark. */
    interface Sources {
        JavaDStream<Row> rows(String name);

        /** The columns k and v. */
        JavaPairDStream<String, Long> pairs(String name);

        /** The table of the case. */
        JavaPairRDD<String, Long> known();
    }

    final String name;
    final String streams;
    final List<Input> inputs;
    final Build build;
    /** The rows of a table, `known`, of keys k and numbers n; NULL: none. */
    List<Row> known;
    boolean ordered;
    /** Spark's rows by batch time in ms; a batch without any has no entry. */
    final SortedMap<Long, List<Row>> answers = new TreeMap<>();

    Case(String name, String streams, List<Input> inputs, Build build) {
        this.name = name;
        this.streams = streams;
        this.inputs = inputs;
        this.build = build;
    }

    /** The order of the rows of a batch is promised. */
    Case inOrder() {
        ordered = true;
        return this;
    }

    Case with(List<Row> rows) {
        known = rows;
        return this;
    }

    synchronized void answer(long time, List<Row> rows) {
        answers.computeIfAbsent(time, t -> new ArrayList<>()).addAll(rows);
    }
}
