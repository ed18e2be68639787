// SPDX-License-Identifier: Apache-2.0
package oracle;

import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.RDD;
import org.apache.spark.streaming.StreamingContext;
import org.apache.spark.streaming.Time;
import org.apache.spark.streaming.dstream.InputDStream;
import scala.Option;

/**
 * A source whose batches belong to times. A queueStream would give the first
 * one to whoever asks first: a window that leaves batches out never asks for
 * them.
 */
final class Feed extends InputDStream<Row> {
    private static final long serialVersionUID = 1;

    private final transient List<JavaRDD<Row>> batches;

    Feed(StreamingContext context, List<JavaRDD<Row>> batches) {
        super(context, Scala.tag());
        this.batches = batches;
    }

    @Override
    public Option<RDD<Row>> compute(Time time) {
        int batch = (int) (time.milliseconds() / 1000) - 1;
        return Option.apply(batches.get(batch).rdd());
    }

    @Override
    public void start() {
    }

    @Override
    public void stop() {
    }
}
