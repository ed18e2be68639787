/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window_args.c - how long a window is and how far it slides (Spark's
 * windowDuration, slideDuration).
 */
#include "op/window_args.h"

#include <stdio.h>

/* 90s: in the largest unit that gives a whole number. */
static void show(ds_time t, char *to, size_t size)
{
    static const struct {
        const char *name;
        ds_time us;
    } units[] = {{"h", 3600 * DS_SECOND},
                 {"m", 60 * DS_SECOND},
                 {"s", DS_SECOND},
                 {"ms", DS_MS},
                 {"us", 1}};
    size_t i = 0;

    while (t % units[i].us)
        i++;
    snprintf(to, size, "%lld%s", (long long)(t / units[i].us), units[i].name);
}

static void no_multiple(ds_time t, ds_time of, const char *what, ds_where where,
                        const ds_node *node, ds_diags *d)
{
    char is[32], slide[32], less[32], more[32], hint[80];
    ds_time down = t / of * of;

    show(t, is, sizeof(is));
    show(of, slide, sizeof(slide));
    show(down + of, more, sizeof(more));
    show(down, less, sizeof(less));
    if (down)
        snprintf(hint, sizeof(hint), "try %s or %s", less, more);
    else
        snprintf(hint, sizeof(hint), "try %s", more);
    ds_diag_add(d, DS_ERROR, "E0420", where.line ? where : node->where, hint,
                "%s %s is no multiple of the slide %s of what comes in", what,
                is, slide);
}

struct panes_span window_args_plan(const struct window_args *args,
                                   ds_node *node, ds_diags *d)
{
    ds_time tick = node->tick;
    ds_time slide = args->slide ? args->slide : tick;

    if (args->length % tick)
        no_multiple(args->length, tick, "length", args->length_where, node, d);
    if (slide % tick) {
        no_multiple(slide, tick, "slide", args->slide_where, node, d);
        slide = tick; /* what follows is not measured by a mistake */
    }
    node->slide = slide;
    node->span += args->length;
    return panes_span_of(args->length, slide);
}

void window_args_check(ds_node *node, ds_diags *d)
{
    window_args_plan(node->args, node, d);
}

const char *window_args_canon(const struct panes_span *s, const char *of,
                              ds_arena *a)
{
    return ds_str_printf(a, "%lld %lld %s", (long long)s->length,
                         (long long)s->slide, of);
}
