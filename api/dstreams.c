/* SPDX-License-Identifier: Apache-2.0 */
/* dstreams.c - sources, steps and outputs, as they are said. */
#include <string.h>

#include "api/api.h"

/* ---- what is said is copied ---- */

static const char *text_copy(ds_streaming_context *ssc, const char *s)
{
    return s ? ds_str_copy(ssc->arena, s) : NULL;
}

static const char *const *opts_copy(ds_streaming_context *ssc,
                                    const char *const *opts)
{
    uint32_t n = 0;
    const char **copy;

    while (opts && opts[n])
        n++;
    copy = ds_new(ssc->arena, const char *, n + 1);
    for (uint32_t i = 0; i < n; i++)
        copy[i] = ds_str_copy(ssc->arena, opts[i]);
    return copy;
}

static ds_dstream *stream_new(ds_streaming_context *ssc, const char *name)
{
    ds_dstream *s = ds_new(ssc->arena, ds_dstream, 1);

    s->ssc = ssc;
    s->name = name;
    *ssc->last_stream = s;
    ssc->last_stream = &s->next;
    ssc->n_streams++;
    return s;
}

static struct end *end_new(ds_streaming_context *ssc, struct end ***last,
                           const char *name, const char *connector,
                           const char *const *opts)
{
    struct end *e = ds_new(ssc->arena, struct end, 1);

    e->name = text_copy(ssc, name);
    e->connector = text_copy(ssc, connector);
    e->opts = opts_copy(ssc, opts);
    **last = e;
    *last = &e->next;
    return e;
}

/* ---- sources ---- */

ds_dstream *ds_receiver_stream(ds_streaming_context *ssc, const char *name,
                               const char *receiver, const char *const *opts)
{
    if (!streaming_given(ssc, "a source", name && receiver))
        return NULL;
    end_new(ssc, &ssc->last_source, name, receiver, opts);
    return stream_new(ssc, text_copy(ssc, name));
}

ds_dstream *ds_kafka_stream(ds_streaming_context *ssc, const char *name,
                            const char *const *opts)
{
    return ds_receiver_stream(ssc, name, "kafka", opts);
}

ds_dstream *ds_socket_text_stream(ds_streaming_context *ssc, const char *name,
                                  const char *host, int port)
{
    char number[16];

    if (!streaming_given(ssc, "ds_socket_text_stream", host))
        return NULL;
    snprintf(number, sizeof(number), "%d", port);
    return ds_receiver_stream(ssc, name, "socket",
                              DS_OPTS("host", host, "port", number));
}

void ds_streaming_context_table(ds_streaming_context *ssc, const char *name,
                                const char *connector, const char *const *opts)
{
    if (streaming_given(ssc, "a table", name && connector))
        end_new(ssc, &ssc->last_table, name, connector, opts);
}

ds_dstream *ds_dstream_named(ds_streaming_context *ssc, const char *name)
{
    char msg[160];

    for (ds_dstream *s = ssc->streams; s; s = s->next)
        if (name && strcmp(s->name, name) == 0)
            return s;
    if (!streaming_given(ssc, "ds_dstream_named", name))
        return NULL;
    if (!ssc->file) {
        snprintf(msg, sizeof(msg), "no source or stream is named %.80s", name);
        streaming_wrong(ssc, msg);
        return NULL;
    }
    return stream_new(ssc, text_copy(ssc, name));
}

/* ---- steps ---- */

/* "reduceByKey" as "reduce_by_key_3". */
static const char *auto_name(ds_streaming_context *ssc, const char *op)
{
    char *name = ds_arena_alloc(ssc->arena, 2 * strlen(op) + 16, 1);
    size_t n = 0;

    for (; *op && n < 48; op++) {
        bool upper = *op >= 'A' && *op <= 'Z';

        if (upper)
            name[n++] = '_';
        if (upper)
            name[n++] = (char)(*op - 'A' + 'a');
        else if ((*op >= 'a' && *op <= 'z') || (*op >= '0' && *op <= '9'))
            name[n++] = *op;
        else
            name[n++] = '_';
    }
    snprintf(name + n, 12, "_%u", ssc->n_streams + 1);
    return name;
}

static ds_dstream *step_new(ds_dstream *s, const char *op)
{
    ds_dstream *made;

    if (!s || !streaming_given(s->ssc, "a step", op))
        return NULL;
    made = stream_new(s->ssc, auto_name(s->ssc, op));
    made->from = s->name;
    made->op = text_copy(s->ssc, op);
    return made;
}

ds_dstream *ds_dstream_step(ds_dstream *s, const char *op, const char *arg)
{
    ds_dstream *made = step_new(s, op);

    if (made)
        made->arg = text_copy(s->ssc, arg);
    return made;
}

ds_dstream *ds_dstream_step_opts(ds_dstream *s, const char *op,
                                 const char *const *opts)
{
    ds_dstream *made = step_new(s, op);

    if (made)
        made->opts = opts_copy(s->ssc, opts);
    return made;
}

ds_dstream *ds_dstream_step_with(ds_dstream *s, const char *op,
                                 const ds_dstream *with)
{
    if (!s || !with)
        return NULL;
    if (with->ssc != s->ssc) {
        streaming_wrong(s->ssc, "the streams of a step belong to one context");
        return NULL;
    }
    return ds_dstream_step(s, op, with->name);
}

/* One of the functions is set. */
static bool is_one(const ds_function *fn)
{
    return (fn->flat_map != NULL) + (fn->map_columns != NULL) +
               (fn->filter != NULL) + (fn->reduce != NULL) +
               (fn->update != NULL) ==
           1;
}

ds_dstream *ds_dstream_function(ds_dstream *s, const ds_function *fn)
{
    bool given = fn && fn->name && fn->name[0] && is_one(fn);

    if (!s || !streaming_given(s->ssc, "ds_dstream_function", given) || !given)
        return NULL;
    if (ds_registry_op(s->ssc->reg, fn->name)) {
        streaming_wrong(s->ssc, ds_str_printf(s->ssc->arena,
                                              "an operator is named %.80s "
                                              "already",
                                              fn->name));
        return NULL;
    }
    ds_registry_add_function(s->ssc->reg, fn);
    return ds_dstream_step(s, fn->name, NULL);
}

/* Streams after it know it by its name already. */
static bool is_read(const ds_dstream *s)
{
    for (const ds_dstream *o = s->next; o; o = o->next)
        if (o->from == s->name)
            return true;
    for (const struct end *e = s->ssc->outputs; e; e = e->next)
        if (e->stream == s)
            return true;
    return false;
}

ds_dstream *ds_dstream_as(ds_dstream *s, const char *name)
{
    if (!s || !streaming_given(s->ssc, "ds_dstream_as", name))
        return s;
    if (!s->op || is_read(s))
        streaming_wrong(s->ssc,
                        "a stream is named before anything comes of it, and a "
                        "source when it is made");
    else
        s->name = text_copy(s->ssc, name);
    return s;
}

const char *ds_dstream_name(const ds_dstream *s)
{
    return s ? s->name : NULL;
}

/* ---- outputs ---- */

static const char *output_name(const ds_dstream *s, const char *what)
{
    return ds_str_printf(s->ssc->arena, "%s_%u", what, s->ssc->n_outputs + 1);
}

void ds_dstream_to(ds_dstream *s, const char *name, const char *sink,
                   const char *const *opts)
{
    struct end *e;

    if (!s || !streaming_given(s->ssc, "an output", sink))
        return;
    if (!name)
        name = output_name(s, "output");
    e = end_new(s->ssc, &s->ssc->last_output, name, sink, opts);
    e->stream = s;
    s->ssc->n_outputs++;
}

void ds_dstream_print(ds_dstream *s, int rows)
{
    char limit[16];

    snprintf(limit, sizeof(limit), "%d", rows);
    if (s && streaming_open(s->ssc))
        ds_dstream_to(s, output_name(s, "print"), "console",
                      DS_OPTS("limit", limit));
}

void ds_dstream_to_kafka(ds_dstream *s, const char *const *opts)
{
    if (s && streaming_open(s->ssc))
        ds_dstream_to(s, output_name(s, "kafka"), "kafka", opts);
}

void ds_dstream_foreach_batch(ds_dstream *s, ds_batch_fn *fn, void *arg)
{
    if (s && streaming_given(s->ssc, "ds_dstream_foreach_batch", fn))
        ds_dstream_to(s, output_name(s, "foreach_batch"),
                      foreach_add(s->ssc, fn, arg), NULL);
}

/* ---- as a job ---- */

void dstreams_say(ds_streaming_context *ssc, ds_job *job)
{
    for (const struct end *e = ssc->sources; e; e = e->next)
        ds_job_source(job, e->name, e->connector, e->opts);
    for (const struct end *e = ssc->tables; e; e = e->next)
        ds_job_table(job, e->name, e->connector, e->opts);
    for (const ds_dstream *s = ssc->streams; s; s = s->next) {
        ds_stream *made;

        if (!s->op)
            continue;
        made = ds_job_stream(job, s->name, s->from);
        if (s->opts)
            ds_stream_step_opts(made, s->op, s->opts);
        else
            ds_stream_step(made, s->op, s->arg);
    }
    for (const struct end *e = ssc->outputs; e; e = e->next)
        ds_job_sink(job, e->name, e->stream->name, e->connector, e->opts);
}
