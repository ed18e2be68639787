/* SPDX-License-Identifier: Apache-2.0 */
/*
 * repartition.c - rows spread evenly over n partitions (Spark's
 * DStream.repartition): the cut in front of it does the work.
 */
#include "op/ops.h"

struct repartition_args {
    int64_t partitions;
};

static int32_t repartition_spread(const void *args)
{
    return (int32_t)((const struct repartition_args *)args)->partitions;
}

static ds_rc repartition_push(ds_op *op, int port, const ds_batch *in,
                              ds_err *err)
{
    (void)port;
    op->rows_kept += in->n_sel;
    return ds_emit(op, in, err);
}

static const ds_param repartition_params[] = {
    {.name = "partitions",
     .type = DS_P_INT,
     .offset = offsetof(struct repartition_args, partitions),
     .help = "Over how many partitions the rows are spread.",
     .required = true,
     .main = true,
     .min = 1,
     .max = 10000},
    {0},
};

const ds_op_type op_repartition = {
    .name = "repartition",
    .cost = "each row crosses",
    .help = "The rows spread evenly over so many partitions.",
    .params = repartition_params,
    .args_size = sizeof(struct repartition_args),
    .size = sizeof(ds_op),
    .flags = DS_OP_KEEPS_COLUMNS,
    .push = repartition_push,
    .spread = repartition_spread,
};
