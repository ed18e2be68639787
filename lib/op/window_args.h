/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window_args.h - how long a window is and how far it slides.
 */
#ifndef OP_WINDOW_ARGS_H
#define OP_WINDOW_ARGS_H

#include "op/panes.h"

/* First member of the arguments of every window. */
struct window_args {
    ds_time length, slide; /* slide 0: that of the stream that comes in */
    ds_where length_where, slide_where;
};

/* The rows of a table of ds_param for a struct whose first member it is. */
#define WINDOW_PARAMS                                                          \
    {.name = "length",                                                         \
     .type = DS_P_DURATION,                                                    \
     .offset = offsetof(struct window_args, length),                           \
     .where = offsetof(struct window_args, length_where),                      \
     .help = "How much time a window spans: a multiple of the slide of what "  \
             "comes in.",                                                      \
     .required = true},                                                        \
    {                                                                          \
        .name = "slide", .type = DS_P_DURATION,                                \
        .offset = offsetof(struct window_args, slide),                         \
        .where = offsetof(struct window_args, slide_where),                    \
        .help = "How often there is one; by default for each batch that "      \
                "comes in."                                                    \
    }

/* Both must be multiples of the slide of what comes in (E0420); sets the node's
 * slide and adds to its span. Even after a mistake the span can be used. */
struct panes_span window_args_plan(const struct window_args *args,
                                   ds_node *node, ds_diags *d);
/* The same of a node that is not planned: `check` of every window. */
void window_args_check(ds_node *node, ds_diags *d);
/* A canonical text of it, for the signature of the state. */
const char *window_args_canon(const struct panes_span *s, const char *of,
                              ds_arena *a);

#endif
