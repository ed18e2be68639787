// SPDX-License-Identifier: Apache-2.0
package oracle;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;

/**
 * A source: its columns and its rows by batch and partition. The same seed
 * gives the same rows.
 */
final class Input {
    static final int BATCHES = 12;

    final String name;
    final String columns;
    final int partitions;
    final List<List<List<Row>>> batches = new ArrayList<>();

    private Input(String name, String columns, int partitions) {
        this.name = name;
        this.columns = columns;
        this.partitions = partitions;
    }

    /** How many rows a partition has in a batch, drawn from these. */
    private static final int[] BUSY = {0, 0, 1, 2, 3, 5};
    private static final int[] SPARSE = {0, 0, 0, 0, 0, 1, 3};

    /** Keys a to e and small numbers, zero and negative ones among them. */
    static Input pairs(String name, long seed) {
        return new Input(name, "k: text, v: bigint", 2).fill(seed, BUSY, 0,
            draw -> pair(draw, 0));
    }

    /** The same; a sixth of the keys and of the numbers are NULL. */
    static Input nulls(String name, long seed) {
        return new Input(name, "k: text, v: bigint", 2).fill(seed, BUSY, 0,
            draw -> pair(draw, 6));
    }

    /** Most batches are empty, the first two for certain. */
    static Input sparse(String name, long seed) {
        return new Input(name, "k: text, v: bigint", 2).fill(seed, SPARSE, 2,
            draw -> pair(draw, 0));
    }

    /** One partition: rows have an order. */
    static Input ordered(String name, long seed) {
        return new Input(name, "k: text, v: bigint", 1).fill(seed, BUSY, 0,
            draw -> pair(draw, 6));
    }

    /** Lines of text. */
    static Input lines(String name, long seed) {
        String[] lines = {"to be or not to be", "", " ", "be", "a  b", null};
        return new Input(name, "line: text", 2).fill(seed, BUSY, 0,
            draw -> Row.of("line", lines[draw.nextInt(lines.length)]));
    }

    private static Row pair(Random draw, int nulls) {
        String key = String.valueOf((char) ('a' + draw.nextInt(5)));
        Long value = (long) draw.nextInt(6) - 2;
        return Row.of("k", nulls > 0 && draw.nextInt(nulls) == 0 ? null : key,
            "v", nulls > 0 && draw.nextInt(nulls) == 0 ? null : value);
    }

    private Input fill(long seed, int[] sizes, int silent,
        Function<Random, Row> make) {
        Random draw = new Random(seed);
        for (int batch = 0; batch < BATCHES; batch++) {
            List<List<Row>> parts = new ArrayList<>();
            boolean empty = batch < silent || draw.nextInt(6) == 0;
            for (int part = 0; part < partitions; part++) {
                List<Row> rows = new ArrayList<>();
                int size = empty ? 0 : sizes[draw.nextInt(sizes.length)];
                for (int i = 0; i < size; i++) {
                    rows.add(make.apply(draw));
                }
                parts.add(rows);
            }
            batches.add(parts);
        }
        return this;
    }
}
