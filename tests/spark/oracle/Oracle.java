// SPDX-License-Identifier: Apache-2.0
package oracle;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.streaming.Durations;
import org.apache.spark.streaming.api.java.JavaDStream;
import org.apache.spark.streaming.api.java.JavaPairDStream;
import org.apache.spark.streaming.api.java.JavaStreamingContext;
import org.apache.spark.streaming.scheduler.StreamingListener;
import org.apache.spark.streaming.scheduler.StreamingListenerBatchCompleted;
import org.apache.spark.util.ManualClock;
import scala.Tuple2;

/**
 * Oracle WORK FOLDER [NAME…] - asks Spark for the answers of all cases, or of those
 * whose names begin so, and writes them to FOLDER as job tests.
 *
 * All cases live in one StreamingContext whose clock is moved by hand, so that
 * its batches follow one another as fast as they are computed.
 */
public final class Oracle implements Case.Sources {
    private static final int PATIENCE_SECONDS = 120;

    private final JavaStreamingContext context;
    private Case current;
    private final Map<String, JavaDStream<Row>> made = new HashMap<>();

    private Oracle(JavaStreamingContext context) {
        this.context = context;
    }

    /** Counts the batches that are done. */
    private static final class Done implements StreamingListener {
        final Semaphore batches = new Semaphore(0);

        @Override
        public void onBatchCompleted(StreamingListenerBatchCompleted batch) {
            batches.release();
        }
    }

    @Override
    public JavaDStream<Row> rows(String name) {
        return made.computeIfAbsent(name, this::make);
    }

    @Override
    public JavaPairDStream<String, Long> pairs(String name) {
        return rows(name).mapToPair(
            row -> new Tuple2<>(row.text("k"), row.number("v")));
    }

    /** Rows are given before anything is asked: see with(). */
    @Override
    public JavaPairRDD<String, Long> known() {
        return context.sparkContext().parallelize(current.known, 1)
            .mapToPair(row -> new Tuple2<>(row.text("k"), row.number("n")));
    }

    /** A partition of an RDD is a partition of the source. */
    private JavaDStream<Row> make(String name) {
        Input input = current.inputs.stream()
            .filter(i -> i.name.equals(name)).findFirst().orElseThrow();
        List<JavaRDD<Row>> batches = new ArrayList<>();
        for (List<List<Row>> parts : input.batches) {
            batches.add(context.sparkContext()
                .parallelize(parts, parts.size()).flatMap(List::iterator));
        }
        return JavaDStream.fromDStream(new Feed(context.ssc(), batches),
            Scala.tag());
    }

    private void add(Case it) {
        current = it;
        made.clear();
        it.build.of(this).foreachRDD((rdd, time) -> it.answer(
            time.milliseconds(), rdd.collect()));
    }

    private static JavaStreamingContext start(Path work) {
        SparkConf conf = new SparkConf().setMaster("local[2]")
            .setAppName("oracle").set("spark.ui.enabled", "false")
            .set("spark.default.parallelism", "1")
            .set("spark.streaming.concurrentJobs", "2")
            .set("spark.shuffle.compress", "false")
            .set("spark.shuffle.spill.compress", "false")
            .set("spark.cleaner.referenceTracking", "false")
            .set("spark.ui.retainedJobs", "1")
            .set("spark.ui.retainedStages", "1")
            .set("spark.ui.retainedTasks", "1")
            .set("spark.ui.liveUpdate.period", "-1")
            .set("spark.local.dir", work.resolve("spark").toString())
            .set("spark.driver.host", "localhost")
            .set("spark.driver.bindAddress", "127.0.0.1")
            .set("spark.streaming.clock", "org.apache.spark.util.ManualClock");
        JavaStreamingContext context = new JavaStreamingContext(
            new JavaSparkContext(new Quick(conf)), Durations.seconds(1));
        // The streaming context gets none: it would write its graph each batch.
        context.sparkContext().setCheckpointDir(
            work.resolve("checkpoint").toString());
        return context;
    }

    private void run() throws InterruptedException {
        Done done = new Done();
        context.ssc().addStreamingListener(done);
        context.start();
        ManualClock clock = (ManualClock) context.ssc().scheduler().clock();
        for (int batch = 1; batch <= Input.BATCHES; batch++) {
            clock.advance(1000);
            if (!done.batches.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("batch " + batch
                    + " does not end");
            }
        }
        // Throws what a batch threw.
        context.awaitTerminationOrTimeout(1);
        context.stop(true, false);
    }

    private static boolean wanted(Case it, String[] words) {
        for (int i = 2; i < words.length; i++) {
            if (it.name.startsWith(words[i])) {
                return true;
            }
        }
        return words.length == 2;
    }

    public static void main(String[] words) throws Exception {
        Path folder = Files.createDirectories(Path.of(words[1]));
        List<Case> cases = new ArrayList<>();
        for (Case it : Cases.all()) {
            if (wanted(it, words)) {
                cases.add(it);
            }
        }
        PrintStream output = System.out;
        Print print = new Print();
        Oracle oracle = new Oracle(start(Path.of(words[0])));
        print.add(oracle.context);
        for (Case it : cases) {
            oracle.add(it);
        }
        oracle.run();
        for (Case it : cases) {
            TestFile.write(folder, it);
        }
        print.write(folder);
        output.println(cases.size() + " cases answered by Spark");
    }
}
