/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.h - files of a batch, as Spark's saveAsTextFiles(prefix, suffix).
 *
 *     PREFIX-TIME[.SUFFIX]/part-00000    TIME: the batch's, in milliseconds
 *     .BASE.TIME.PARTITION.TOKEN.MARK.N.tmp   beside it, until it has
 *                                      committed; MARK: of job and suffix
 *
 * A part has the rows of one partition, one per line, in their order. A batch
 * without rows leaves nothing (Spark: an empty folder). Where a batch is not
 * whole (no operator with results per batch before), it may have further parts
 * of the same partition: part-00000-2.
 *
 * Exactly once: a part is written and synced under a hidden name before the
 * transaction commits and gets its name after it; what a crash left in between
 * is finished or removed at the next start, by the token of the transaction
 * that committed last (dstream/sink.h). The folder has to be there for
 * whoever takes the partition over: shared, or one instance.
 */
#ifndef FILE_FILE_H
#define FILE_FILE_H

#include "dstream/sink.h"

struct file_sink_args {
    ds_text path; /* the prefix */
    ds_text suffix;
    int format; /* FILE_TEXT, FILE_JSON */
};
enum { FILE_TEXT, FILE_JSON };

extern const ds_sink_type file_sink;

#endif
