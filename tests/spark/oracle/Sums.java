// SPDX-License-Identifier: Apache-2.0
package oracle;

import org.apache.spark.streaming.api.java.JavaDStream;
import org.apache.spark.streaming.api.java.JavaPairDStream;

/** SQL's aggregates as functions of two values: NULL is passed over. */
final class Sums {
    private Sums() {
    }

    static Long add(Long a, Long b) {
        return a == null ? b : b == null ? a : Long.valueOf(a + b);
    }

    static Long take(Long a, Long b) {
        return a == null || b == null ? a : Long.valueOf(a - b);
    }

    static Long max(Long a, Long b) {
        return a == null ? b : b == null ? a : Long.valueOf(Math.max(a, b));
    }

    static Long of(Iterable<Long> values) {
        Long sum = null;
        for (Long value : values) {
            sum = add(sum, value);
        }
        return sum;
    }

    static long count(Iterable<?> values) {
        long count = 0;
        for (Object value : values) {
            count++;
        }
        return count;
    }

    /** Pairs as rows of the columns k and `name`. */
    static JavaDStream<Row> rows(JavaPairDStream<String, Long> pairs,
        String name) {
        return pairs.map(pair -> Row.of("k", pair._1, name, pair._2));
    }
}
