// SPDX-License-Identifier: Apache-2.0
package oracle;

import org.apache.spark.api.java.function.Function;
import org.apache.spark.streaming.api.java.JavaDStream;
import org.apache.spark.streaming.api.java.JavaPairDStream;
import org.apache.spark.streaming.dstream.DStream;
import org.apache.spark.streaming.dstream.PairDStreamFunctions;
import scala.Option;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/** Spark's Scala API, where the Java API cannot say it (NULL in an Optional). */
final class Scala {
    private Scala() {
    }

    @SuppressWarnings("unchecked")
    static <T> ClassTag<T> tag() {
        return (ClassTag<T>) ClassTag$.MODULE$.AnyRef();
    }

    static <K, V> PairDStreamFunctions<K, V> of(JavaPairDStream<K, V> pairs) {
        return DStream.toPairDStreamFunctions(pairs.dstream(), tag(), tag(),
            null);
    }

    static <T> JavaDStream<Row> rows(DStream<T> stream,
        Function<T, Row> make) {
        return JavaDStream.fromDStream(stream, tag()).map(make);
    }

    static <T> T orNull(Option<T> option) {
        return option.isDefined() ? option.get() : null;
    }
}
