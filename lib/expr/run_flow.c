/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run_flow.c - the steps that AND, OR, CASE and COALESCE are made of.
 */
#include "expr/func.h"

void run_begin(run *r, const run_step *s)
{
    RUN_DST(r, s)->valid = NULL;
}

void run_fill(run_reg *g, const tx *x, uint32_t n)
{
    g->valid = NULL;
    if (x->null) {
        memset(g->bits, 0, sizeof(uint64_t) * RUN_WORDS);
        g->valid = g->bits;
        return;
    }
    switch (ds_type_phys(x->type)) {
    case DS_PHYS_BOOL:
        memset(g->v.b, x->v.b, n);
        break;
    case DS_PHYS_SLICE:
        for (uint32_t i = 0; i < n; i++)
            g->v.str[i] = x->v.s;
        break;
    case DS_PHYS_NUM:
        for (uint32_t i = 0; i < n; i++)
            g->v.num[i] = x->v.num;
        break;
    case DS_PHYS_IV:
        for (uint32_t i = 0; i < n; i++)
            g->v.iv[i] = x->v.iv;
        break;
    case DS_PHYS_I64:
    case DS_PHYS_F64:
        for (uint32_t i = 0; i < n; i++)
            g->v.i64[i] = x->v.i;
    }
}

void run_load(run *r, const run_step *s)
{
    run_fill(RUN_DST(r, s), s->data, r->n);
}

#define COPY(name, field)                                                      \
    static void copy_##name(run *r, const run_step *s)                         \
    {                                                                          \
        RUN_EACH(r, s, i)                                                      \
        RUN_DST(r, s)->v.field[i] = RUN_ARG(r, s, 0)->v.field[i];              \
    }
COPY(bool, b)
COPY(word, i64)
COPY(slice, str)
COPY(num, num)
COPY(interval, iv)

static void copy_values(run *r, const run_step *s, ds_type type)
{
    static run_kernel *const copies[] = {
        [DS_PHYS_BOOL] = copy_bool,   [DS_PHYS_I64] = copy_word,
        [DS_PHYS_F64] = copy_word,    [DS_PHYS_NUM] = copy_num,
        [DS_PHYS_IV] = copy_interval, [DS_PHYS_SLICE] = copy_slice,
    };
    copies[ds_type_phys(type)](r, s);
}

void run_copy(run *r, const run_step *s)
{
    run_reg *d = RUN_DST(r, s);
    const run_reg *a = RUN_ARG(r, s, 0);
    copy_values(r, s, r->prog->regs[s->dst].type);
    if (a->valid == NULL && d->valid == NULL)
        return;
    RUN_EACH(r, s, i)
    {
        if (run_is_null(a, i))
            run_set_null(r, s->dst, i);
        else if (d->valid)
            ds_bit_set(d->valid, i);
    }
}

/* Three-valued logic: `stop` is the value that decides (AND: false). */
static void logic_into(run *r, const run_step *s, uint8_t stop)
{
    run_reg *d = RUN_DST(r, s);
    const run_reg *a = RUN_ARG(r, s, 0);
    if (a->valid == NULL && d->valid == NULL) {
        /* The rows here have not been decided by d. */
        RUN_EACH(r, s, i)
        d->v.b[i] = a->v.b[i];
        return;
    }
    RUN_EACH(r, s, i)
    {
        bool a_null = run_is_null(a, i);
        if (!a_null && a->v.b[i] == stop) {
            d->v.b[i] = stop;
            if (d->valid)
                ds_bit_set(d->valid, i);
        } else if (a_null) {
            run_set_null(r, s->dst, i);
        } else if (!run_is_null(d, i)) {
            d->v.b[i] = a->v.b[i];
        }
    }
}

void run_and_into(run *r, const run_step *s)
{
    logic_into(r, s, 0);
}

void run_or_into(run *r, const run_step *s)
{
    logic_into(r, s, 1);
}

#define SEL_KERNEL(name, test)                                                 \
    void name(run *r, const run_step *s)                                       \
    {                                                                          \
        const run_reg *a = RUN_ARG(r, s, 0);                                   \
        run_sel *out = &r->sels[s->dst];                                       \
        uint16_t *room = out->room;                                            \
        uint32_t n = 0;                                                        \
        if (a->valid == NULL) {                                                \
            const bool null = false;                                           \
            (void)null;                                                        \
            RUN_EACH(r, s, i)                                                  \
            {                                                                  \
                room[n] = (uint16_t)i;                                         \
                n += (test);                                                   \
            }                                                                  \
        } else {                                                               \
            RUN_EACH(r, s, i)                                                  \
            {                                                                  \
                const bool null = !ds_bit_get(a->valid, i);                    \
                room[n] = (uint16_t)i;                                         \
                n += (test);                                                   \
            }                                                                  \
        }                                                                      \
        out->n = n;                                                            \
        out->idx = n == r->n ? NULL : room;                                    \
    }

SEL_KERNEL(run_sel_true, !null && a->v.b[i])
SEL_KERNEL(run_sel_not_true, null || !a->v.b[i])
SEL_KERNEL(run_sel_not_false, null || a->v.b[i])
SEL_KERNEL(run_sel_null, null)
