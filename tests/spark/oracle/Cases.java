// SPDX-License-Identifier: Apache-2.0
package oracle;

import java.util.ArrayList;
import java.util.List;
import scala.Tuple2;

/** The table of cases; how its rows are made. */
final class Cases {
    private final List<Case> all = new ArrayList<>();

    /** Every case; names are unique, they are file names. */
    static List<Case> all() {
        Cases cases = new Cases();
        PerBatch.add(cases);
        Keyed.add(cases);
        Joins.add(cases);
        Windows.add(cases);
        States.add(cases);
        Transforms.add(cases);
        return cases.all;
    }

    Case add(String name, String streams, List<Input> inputs,
        Case.Build build) {
        Case it = new Case(name, streams, inputs, build);
        all.add(it);
        return it;
    }

    /** One source, `input`, of two kinds: with NULLs, and mostly silent. */
    void pairs(String name, String chain, Case.Build build) {
        String streams = "out: {from: input, do: [" + chain + "]}";
        long seed = name.hashCode();
        add(name, streams, List.of(Input.nulls("input", seed)), build);
        add(name + "-sparse", streams,
            List.of(Input.sparse("input", seed + 1)), build);
    }

    static <K, V> Tuple2<K, V> pair(K key, V value) {
        return new Tuple2<>(key, value);
    }
}
