/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex_plan.c - the plan for the groups of a regular expression.
 */
#include "expr/regex_plan.h"

typedef struct planner {
    regex_tree *t;
    uint32_t depth; /* of the plan */
} planner;

/* Matches go as deep as plans. */
enum { PLAN_DEPTH = 2000 };

#define PREFERS(f) ((f) & (REGEX_LONGER | REGEX_SHORTER))
#define MESSY(f) ((f) & (REGEX_MIXED | REGEX_CAPTURES | REGEX_BACKS))

/* What is around something with these flags: its preference stays inside, but
 * that there are both is known. */
static unsigned outer(unsigned f)
{
    if (PREFERS(f) == (REGEX_LONGER | REGEX_SHORTER))
        f |= REGEX_MIXED;
    return f & ~(unsigned)(REGEX_LONGER | REGEX_SHORTER);
}

/* The first one that prefers something decides. */
static unsigned prefer(unsigned a, unsigned b)
{
    return PREFERS(a) ? PREFERS(a) : PREFERS(b);
}

static unsigned combine(unsigned a, unsigned b)
{
    return outer(a | b) | prefer(a, b);
}

static regex_plan *plan_new(planner *p, regex_plan_kind kind, unsigned flags,
                            const regex_node *node)
{
    regex_plan *out = ds_new(p->t->arena, regex_plan, 1);
    out->kind = kind;
    out->flags = flags;
    out->node = node;
    out->min = out->max = 1;
    return out;
}

static void plan_kids(planner *p, regex_plan *to, uint32_t n)
{
    to->kids = ds_new(p->t->arena, regex_plan *, n);
    to->n_kids = n;
}

static regex_node *cat_of(planner *p, const regex_node *a, const regex_node *b)
{
    regex_node *n = regex_node_new(p->t, REGEX_CAT);
    regex_node_add(p->t, n, (regex_node *)(uintptr_t)a);
    regex_node_add(p->t, n, (regex_node *)(uintptr_t)b);
    return n;
}

static regex_plan *pair(planner *p, regex_plan *a, regex_plan *b,
                        unsigned flags)
{
    regex_plan *out =
        plan_new(p, REGEX_PAIR, flags, cat_of(p, a->node, b->node));
    plan_kids(p, out, 2);
    out->kids[0] = a;
    out->kids[1] = b;
    return out;
}

static regex_plan *plan_node(planner *p, const regex_node *n);

static regex_node *repeated(planner *p, const regex_node *atom, uint32_t min,
                            uint32_t max)
{
    regex_node *n = regex_node_new(p->t, REGEX_REPEAT);
    n->min = min;
    n->max = max;
    n->prefer = REGEX_LONG;
    regex_node_add(p->t, n, (regex_node *)(uintptr_t)atom);
    return n;
}

/* What a part of a branch is: its atom and how often. */
typedef struct part {
    const regex_node *node; /* with its quantifier */
    regex_plan *atom;
    uint32_t min, max;
    unsigned prefers; /* of the quantifier */
} part;

static part part_of(planner *p, const regex_node *n)
{
    part out = {.node = n, .min = 1, .max = 1};
    if (n->kind == REGEX_REPEAT) {
        out.min = n->min;
        out.max = n->max;
        out.prefers = n->prefer == REGEX_LONG    ? REGEX_LONGER
                      : n->prefer == REGEX_SHORT ? REGEX_SHORTER
                                                 : 0;
        n = n->kids[0];
    }
    out.atom = plan_node(p, n);
    return out;
}

/* A part that must be looked into. */
static regex_plan *plan_part(planner *p, const part *x)
{
    regex_plan *atom = x->atom;
    unsigned flags = combine(x->prefers, atom->flags);
    bool once = x->min == 1 && x->max == 1;
    if (atom->kind == REGEX_BACKREF && atom->group == 0) {
        atom->min = x->min;
        atom->max = x->max;
        atom->flags |= flags;
        atom->node = x->node;
        return atom;
    }
    unsigned inner = atom->flags & (REGEX_LONGER | REGEX_SHORTER | REGEX_MIXED);
    if (once && (x->prefers == 0 || inner == 0 || inner == x->prefers))
        return atom;
    if (!(atom->flags & (REGEX_CAPTURES | REGEX_BACKS)))
        return plan_new(p, REGEX_LEAF, prefer(x->prefers, atom->flags),
                        x->node);
    if (x->min > 0 && !(atom->flags & REGEX_BACKS)) {
        /* Only the last turn's groups count. */
        uint32_t max = x->max == REGEX_MANY ? REGEX_MANY : x->max - 1;
        regex_plan *turns =
            plan_new(p, REGEX_LEAF, prefer(x->prefers, atom->flags),
                     repeated(p, atom->node, x->min - 1, max));
        return pair(p, turns, atom, flags);
    }
    regex_plan *out = plan_new(p, REGEX_TURNS, flags, x->node);
    out->min = x->min;
    out->max = x->max;
    plan_kids(p, out, 1);
    out->kids[0] = atom;
    return out;
}

/* kids[from..) of a concatenation. */
static regex_plan *plan_branch(planner *p, regex_node *const *kids, uint32_t n)
{
    regex_node *before = regex_node_new(p->t, REGEX_CAT);
    unsigned flags = 0;
    if (p->depth > PLAN_DEPTH && !p->t->why)
        (void)regex_too_complex(p->t);
    for (uint32_t i = 0; i < n && !p->t->why; i++) {
        if (kids[i]->kind == REGEX_ASSERT || kids[i]->kind == REGEX_LOOK) {
            regex_node_add(p->t, before, kids[i]);
            continue;
        }
        part x = part_of(p, kids[i]);
        if (x.max == 0)
            continue;
        unsigned f = flags | x.prefers | x.atom->flags;
        if (!MESSY(outer(f))) {
            flags = f;
            regex_node_add(p->t, before, kids[i]);
            continue;
        }
        regex_plan *out = plan_part(p, &x);
        unsigned all = combine(x.prefers, x.atom->flags);
        if (i + 1 < n) {
            p->depth++;
            regex_plan *rest = plan_branch(p, kids + i + 1, n - i - 1);
            p->depth--;
            bool plain = out->kind == REGEX_LEAF && out->group == 0 &&
                         rest->kind == REGEX_LEAF && rest->group == 0 &&
                         !MESSY(outer(out->flags | rest->flags));
            all = combine(all, rest->flags);
            if (plain)
                out = plan_new(p, REGEX_LEAF, combine(out->flags, rest->flags),
                               cat_of(p, out->node, rest->node));
            else
                out = pair(p, out, rest, all);
        }
        if (before->n_kids == 0 && PREFERS(all) == PREFERS(out->flags))
            return out;
        return pair(p, plan_new(p, REGEX_LEAF, flags, before), out,
                    combine(flags, all));
    }
    return plan_new(p, REGEX_LEAF, flags, before);
}

static regex_plan *plan_alt(planner *p, const regex_node *n)
{
    regex_plan *out = plan_new(p, REGEX_CHOICE, REGEX_LONGER, n);
    plan_kids(p, out, n->n_kids);
    for (uint32_t i = 0; i < n->n_kids; i++) {
        out->kids[i] = plan_node(p, n->kids[i]);
        out->flags |= outer(out->kids[i]->flags);
    }
    if (!MESSY(out->flags))
        out->kind = REGEX_LEAF;
    return out;
}

static regex_plan *plan_group(planner *p, const regex_node *n)
{
    regex_plan *out = plan_node(p, n->kids[0]);
    if (out->group) { /* ((x)) */
        regex_plan *inner = out, *empty;
        empty = plan_new(p, REGEX_LEAF, 0, regex_node_new(p->t, REGEX_CAT));
        out = pair(p, inner, empty, inner->flags);
    }
    out->flags |= REGEX_CAPTURES;
    out->group = n->group;
    return out;
}

static regex_plan *plan_node(planner *p, const regex_node *n)
{
    regex_plan *out;
    switch (n->kind) {
    case REGEX_CAT:
        return plan_branch(p, n->kids, n->n_kids);
    case REGEX_ALT:
        return plan_alt(p, n);
    case REGEX_GROUP:
        return plan_group(p, n);
    case REGEX_BACK:
        out = plan_new(p, REGEX_BACKREF, REGEX_BACKS, n);
        out->back = n->group;
        return out;
    case REGEX_REPEAT: {
        regex_node *kid = (regex_node *)(uintptr_t)n;
        return plan_branch(p, &kid, 1);
    }
    default:
        return plan_new(p, REGEX_LEAF, 0, n);
    }
}

regex_plan *regex_plan_of(regex_tree *t, regex_prefer *prefers)
{
    planner p = {t, 0};
    regex_plan *out = plan_node(&p, t->root);
    if (t->why)
        return NULL;
    *prefers = out->flags & REGEX_SHORTER ? REGEX_SHORT : REGEX_LONG;
    return out;
}

bool regex_plan_compile(regex_tree *t, regex_plan *p)
{
    p->looks =
        regex_has(p->node, REGEX_ASSERT) || regex_has(p->node, REGEX_LOOK);
    p->code = regex_code(t, p->node, false, false);
    if (p->code == NULL)
        return false;
    for (uint32_t i = 0; i < p->n_kids; i++)
        if (!regex_plan_compile(t, p->kids[i]))
            return false;
    return true;
}
