// SPDX-License-Identifier: Apache-2.0
package oracle;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.streaming.api.java.JavaDStream;
import org.apache.spark.streaming.api.java.JavaStreamingContext;
import scala.Tuple2;

/**
 * What print() writes: the text of a few batches of several partitions, a job
 * that writes the same to its console, and the rows for it. The text is all that
 * this program writes on its standard output while batches run.
 */
final class Print {
    /** Batches of so many rows, one more than are shown, and then a rest. */
    private static final int BATCH = 11;
    private static final int ROWS = 2 * BATCH + 4;
    private static final int PARTITIONS = 3;

    private final ByteArrayOutputStream text = new ByteArrayOutputStream();
    private final List<Row> rows = new ArrayList<>();

    Print() {
        for (int i = 0; i < ROWS; i++) {
            rows.add(Row.of("k", i % 7 == 3 ? null : "k" + i, "v",
                i % 5 == 1 ? null : Long.valueOf(i - 3)));
        }
        System.setOut(new PrintStream(text, true, StandardCharsets.UTF_8));
    }

    void add(JavaStreamingContext context) {
        List<JavaRDD<Row>> batches = new ArrayList<>();
        for (int batch = 0; batch < Input.BATCHES; batch++) {
            List<List<Row>> parts = new ArrayList<>();
            for (int part = 0; part < PARTITIONS; part++) {
                parts.add(rows(batch, part));
            }
            batches.add(context.sparkContext()
                .parallelize(parts, PARTITIONS).flatMap(List::iterator));
        }
        JavaDStream<Row> stream = JavaDStream.fromDStream(
            new Feed(context.ssc(), batches), Scala.tag());
        stream.mapToPair(r -> new Tuple2<>(r.text("k"), r.number("v")))
            .print();
    }

    /** One of them has no rows. */
    private static int partition(int row) {
        return row * row % PARTITIONS;
    }

    private List<Row> rows(int batch, int part) {
        List<Row> out = new ArrayList<>();
        int to = Math.min((batch + 1) * BATCH, ROWS);
        for (int i = batch * BATCH; i < to; i++) {
            if (partition(i) == part) {
                out.add(rows.get(i));
            }
        }
        return out;
    }

    /** print.txt ends before the batches without rows. */
    void write(Path folder) throws IOException {
        String all = text.toString(StandardCharsets.UTF_8);
        Files.writeString(folder.resolve("print.txt"), all.substring(0,
            all.indexOf("Time: 4000 ms") - 44));
        Files.writeString(folder.resolve("print.yaml"), """
            dstream: 1
            job: print
            batch: {interval: 1s, max_records: %d}
            sources:
              input: {kafka: {topic: input, columns: {k: text, v: bigint}}}
            sinks:
              out: {from: input, console: {}}
            """.formatted(BATCH));
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < ROWS; i++) {
            lines.append(Row.of("value", rows.get(i), "partition",
                partition(i)).json()).append('\n');
        }
        Files.writeString(folder.resolve("print.jsonl"), lines);
    }
}
