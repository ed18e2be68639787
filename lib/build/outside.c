/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outside.c - sources and sinks that are no topics of Kafka: receivers, and the
 * sinks of programs.
 */
#include <string.h>

#include "build/build.h"

/* ---- receivers ---- */

/* What a map has besides item `without`. */
static const ds_arg *map_rest(const ds_job *job, const ds_arg *map,
                              uint32_t without)
{
    ds_text *names = ds_new(job->arena, ds_text, map->n + 1);
    const ds_arg **items = ds_new(job->arena, const ds_arg *, map->n + 1);
    uint32_t n = 0;

    for (uint32_t i = 0; i < map->n; i++) {
        if (i == without)
            continue;
        names[n] = map->names[i];
        items[n++] = map->items[i];
    }
    return args_map(names, items, n, map->where, job->arena);
}

const ds_receiver_type *build_receiver(const ds_job *job, const ds_arg *arg,
                                       const ds_arg **under,
                                       const ds_arg **rest)
{
    for (uint32_t i = 0; arg && arg->kind == DS_ARG_MAP && i < arg->n; i++) {
        const ds_receiver_type *type =
            ds_registry_receiver(job->reg, arg->names[i].s);

        if (type == NULL)
            continue;
        *under = arg->items[i];
        *rest = map_rest(job, arg, i);
        return type;
    }
    return NULL;
}

bool build_received(ds_job *job, struct source *src,
                    const ds_receiver_type *type, const ds_arg *arg)
{
    const char *what =
        ds_str_printf(job->arena, "`%s` of source %s", type->name, src->name.s);
    ds_where where = args_name_where(&src->name);
    ds_source_args *s = ds_new(job->arena, ds_source_args, 1);
    void *args =
        ds_arena_alloc(job->arena, type->args_size + 1, alignof(max_align_t));
    ds_text format = ds_text_of(type->format), text = ds_text_of("text");
    const char **name = ds_new(job->arena, const char *, 1);
    bool ok =
        ds_args_fill(arg, type->params, what, args, job->arena, &job->diags);

    if (ok && type->check)
        type->check(args, where, &job->diags);
    name[0] = ds_str_printf(job->arena, "%s.%s.received",
                            job->set.job.s ? job->set.job.s : "", src->name.s);
    *s = (ds_source_args){.topic = ds_text_of(name[0]),
                          .format = format,
                          .start = ds_text_of("earliest"),
                          .codec = build_codec(job, &format, type->format),
                          .key_codec = build_codec(job, &text, "text"),
                          .names = name,
                          .n_names = 1,
                          .receiver = type,
                          .receiver_args = args};
    src->args = s;
    if (s->codec)
        s->body = build_lone(job, s->codec->lone);
    if (!ok || !s->codec || !s->key_codec)
        return false;
    ds_diag_add(&job->diags, DS_WARNING, "W0107", where,
                "let the sender write to a topic of Kafka",
                "source `%s` gives each record once: one that is on its way in "
                "a crash is lost, or comes twice",
                src->name.s);
    return true;
}

/* ---- sinks of programs ---- */

bool build_is_program(ds_job *job, const ds_text *name)
{
    if (strcmp(name->s, "foreachBatch") != 0)
        return false;
    ds_diag_add(&job->diags, DS_ERROR, "E0152", args_name_where(name),
                "a sink of a file is kafka or console; a program calls "
                "ds_dstream_foreach_batch()",
                "`foreachBatch` takes a function: only a program has one");
    return true;
}

const ds_sink_type *build_outside_type(ds_job *job, const ds_arg *arg,
                                       const ds_arg **under,
                                       const ds_arg **rest)
{
    for (uint32_t i = 0; arg && arg->kind == DS_ARG_MAP && i < arg->n; i++) {
        const ds_sink_type *type = ds_registry_sink(job->reg, arg->names[i].s);

        if (type == NULL && build_is_program(job, &arg->names[i]))
            *rest = map_rest(job, arg, i);
        if (type == NULL)
            continue;
        *under = arg->items[i];
        *rest = map_rest(job, arg, i);
        return type;
    }
    return NULL;
}

void build_outside(ds_job *job, const ds_sink_type *type, const ds_text *name,
                   ds_node *input, const ds_arg *arg)
{
    ds_outside_args *s = ds_new(job->arena, ds_outside_args, 1);
    void *args =
        ds_arena_alloc(job->arena, type->args_size + 1, alignof(max_align_t));
    const char *what =
        ds_str_printf(job->arena, "`%s` of sink %s", type->name, name->s);
    bool ok =
        ds_args_fill(arg, type->params, what, args, job->arena, &job->diags);
    ds_node *node;

    if (input == NULL)
        return;
    node = planner_node(&job->planner, ds_registry_op(job->reg, "outside"),
                        name->s,
                        ds_str_printf(job->arena, "%s.%s", name->s, type->name),
                        type->name, args_name_where(name), input);
    *s = (ds_outside_args){type, args, job->set.job.s, job->file};
    node->args = s;
    node->on_error = job->on_error;
    node->broken = !ok;
    planner_add(&job->planner, node);
}
