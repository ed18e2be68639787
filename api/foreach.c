/* SPDX-License-Identifier: Apache-2.0 */
/* foreach.c - a function as a sink. */
#include <stdlib.h>

#include "api/api.h"

struct foreach_type {
    ds_sink_type type;
    ds_batch_fn *fn;
    void *arg;
};

/* The pieces of a batch that were written. */
struct pieces {
    const ds_batch **list;
    uint32_t n, cap;
};

static ds_rc foreach_open(const ds_sink_use *use, void **out, ds_err *err)
{
    (void)use;
    (void)err;
    *out = calloc(1, sizeof(struct pieces));
    DS_BUG_ON(!*out);
    return DS_OK;
}

static void foreach_close(void *sink)
{
    struct pieces *p = sink;

    free(p->list);
    free(p);
}

static ds_rc foreach_write(void *sink, const ds_sink_use *use,
                           const ds_batch *rows, ds_err *err)
{
    struct pieces *p = sink;

    (void)use;
    (void)err;
    if (p->n == p->cap) {
        p->cap = p->cap ? 2 * p->cap : 16;
        p->list = realloc(p->list, p->cap * sizeof(*p->list));
        DS_BUG_ON(!p->list);
    }
    p->list[p->n++] = rows;
    return DS_OK;
}

static ds_rc foreach_commit(void *sink, const ds_sink_use *use,
                            const ds_sink_batch *batch, ds_err *err)
{
    const struct foreach_type *f = (const struct foreach_type *)use->type;
    struct pieces *p = sink;
    ds_rc rc = f->fn(f->arg, batch, p->list, p->n, err);

    p->n = 0;
    return rc;
}

const char *foreach_add(ds_streaming_context *ssc, ds_batch_fn *fn, void *arg)
{
    ds_arena *a = ds_registry_arena(ssc->reg);
    struct foreach_type *f = ds_new(a, struct foreach_type, 1);

    f->type = (ds_sink_type){
        .name = ds_str_printf(a, "foreachBatch %u", ssc->n_outputs + 1),
        .help = "A function of the program.",
        .empty = true,
        .open = foreach_open,
        .close = foreach_close,
        .write = foreach_write,
        .commit = foreach_commit};
    f->fn = fn;
    f->arg = arg;
    ds_registry_add_sink(ssc->reg, &f->type);
    return f->type.name;
}
