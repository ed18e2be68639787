// SPDX-License-Identifier: Apache-2.0
package oracle;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Writes a case as a job and a test file with Spark's answers in it. */
final class TestFile {
    private TestFile() {
    }

    static void write(Path folder, Case it) throws IOException {
        Files.writeString(folder.resolve(it.name + ".yaml"), job(it));
        Files.writeString(folder.resolve(it.name + ".test.yaml"), test(it));
    }

    private static String job(Case it) {
        StringBuilder out = new StringBuilder();
        out.append("dstream: 1\njob: ").append(it.name.toLowerCase());
        out.append("\nbatch: 1s\nsources:\n");
        for (Input input : it.inputs) {
            out.append("  " + input.name + ": {kafka: {topic: " + input.name
                + ", columns: {" + input.columns + "}}}\n");
        }
        out.append("streams:\n").append(it.streams.indent(2));
        out.append("sinks:\n  out: {from: out, kafka: {topic: out}}\n");
        if (it.known != null) {
            out.append("tables:\n  known: {kafka: {topic: known, key: k, "
                + "columns: {k: text, n: bigint}}}\n");
        }
        return out.toString();
    }

    private static String test(Case it) {
        StringBuilder out = new StringBuilder();
        out.append("job: " + it.name + ".yaml\ntests:\n");
        out.append("  - name: " + it.name + "\n    steps:\n");
        if (it.known != null) {
            out.append("      - known: " + Row.json(it.known) + "\n");
        }
        for (int batch = 0; batch < Input.BATCHES; batch++) {
            for (Input input : it.inputs) {
                rows(out, input, batch);
            }
            List<Row> rows = it.answers.getOrDefault((batch + 1) * 1000L,
                List.of());
            out.append("      - expect: {exact: true, ");
            out.append(it.ordered ? "order: strict, " : "");
            out.append("out: " + Row.json(rows) + "}\n");
        }
        return out.toString();
    }

    private static void rows(StringBuilder out, Input input, int batch) {
        for (int part = 0; part < input.partitions; part++) {
            List<Row> rows = input.batches.get(batch).get(part);
            // The first batch names every partition, even an empty one.
            if (batch == 0 || !rows.isEmpty()) {
                out.append("      - {" + input.name + ": " + Row.json(rows)
                    + ", partition: " + part + "}\n");
            }
        }
    }
}
