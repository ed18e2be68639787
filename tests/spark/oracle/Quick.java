// SPDX-License-Identifier: Apache-2.0
package oracle;

import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;

/**
 * Spark without its cleaner of closures, which reads class files for every RDD
 * and takes most of the time of so small batches. Ours hold nothing unclean.
 */
final class Quick extends SparkContext {
    Quick(SparkConf conf) {
        super(conf);
    }

    @Override
    public <F> F clean(F function, boolean check) {
        return function;
    }
}
