/* SPDX-License-Identifier: Apache-2.0 */
/*
 * func.c - the table of operators, casts and functions, and overload
 * resolution.
 */
#include "expr/func.h"

static const struct {
    const func_def *defs;
    const uint32_t *n;
} families[] = {
    {func_core, &func_core_count}, {func_num, &func_num_count},
    {func_text, &func_text_count}, {func_time, &func_time_count},
    {func_json, &func_json_count}, {func_array, &func_array_count},
};

const func_def *func_at(uint32_t i)
{
    for (size_t k = 0; k < sizeof families / sizeof *families; k++) {
        if (i < *families[k].n)
            return &families[k].defs[i];
        i -= *families[k].n;
    }
    return NULL;
}

const func_def *func_exact(const char *name, const ds_type *args, uint32_t n)
{
    const func_def *f;
    for (uint32_t i = 0; (f = func_at(i)); i++) {
        if (f->n_args != n || strcmp(f->name, name) != 0)
            continue;
        uint32_t k = 0;
        while (k < n && f->args[k] == args[k])
            k++;
        if (k == n)
            return f;
    }
    return NULL;
}

const func_def *func_exact1(const char *name, ds_type a)
{
    return func_exact(name, &a, 1);
}

const func_def *func_exact2(const char *name, ds_type a, ds_type b)
{
    ds_type args[2] = {a, b};
    return func_exact(name, args, 2);
}

bool func_exists(const char *name)
{
    const func_def *f;
    for (uint32_t i = 0; (f = func_at(i)); i++)
        if (!(f->flags & FUNC_HIDDEN) && strcmp(f->name, name) == 0)
            return true;
    return false;
}

/* How well a call fits: -1 not at all; else, unknowns aside, the number of
 * arguments that need no conversion. */
static int fit(const func_def *f, const ds_type *args, uint32_t n)
{
    int exact = 0;
    if (f->n_args != n)
        return -1;
    for (uint32_t i = 0; i < n; i++) {
        if (args[i] == DS_NONE)
            continue;
        if (args[i] == f->args[i])
            exact++;
        else if (args[i] != DS_I64 || f->args[i] != DS_F64)
            return -1;
    }
    return exact;
}

/* Unknown literals are text if some candidate takes text there. */
static int text_unknowns(const func_def *f, const ds_type *args, uint32_t n)
{
    int score = 0;
    for (uint32_t i = 0; i < n; i++)
        score += args[i] == DS_NONE && f->args[i] == DS_STR;
    return score;
}

static const func_def *one_unknown(const char *name, const ds_type *args)
{
    if ((args[0] == DS_NONE) == (args[1] == DS_NONE))
        return NULL;
    ds_type known = args[0] == DS_NONE ? args[1] : args[0];
    return func_exact2(name, known, known);
}

func_found func_resolve(const char *name, const ds_type *args, uint32_t n,
                        const func_def **out)
{
    *out = n == 2 ? one_unknown(name, args) : NULL;
    if (*out)
        return FUNC_OK;
    int best = -1, best_text = -1;
    bool tie = false;
    const func_def *f;
    for (uint32_t i = 0; (f = func_at(i)); i++) {
        if ((f->flags & FUNC_HIDDEN) || strcmp(f->name, name) != 0)
            continue;
        int exact = fit(f, args, n);
        int text = exact < 0 ? -1 : text_unknowns(f, args, n);
        if (exact < 0 || exact < best || (exact == best && text < best_text))
            continue;
        tie = exact == best && text == best_text;
        best = exact;
        best_text = text;
        *out = f;
    }
    if (*out == NULL)
        return FUNC_NONE;
    return tie ? FUNC_AMBIGUOUS : FUNC_OK;
}

const func_def *func_cast(ds_type from, ds_type to, func_cast_kind kind)
{
    if (kind == FUNC_CAST_IMPLICIT && !(from == DS_I64 && to == DS_F64))
        return NULL;
    const func_def *f;
    for (uint32_t i = 0; (f = func_at(i)); i++) {
        if (f->result == to && f->n_args == 1 && f->args[0] == from &&
            strcmp(f->name, "cast") == 0)
            return f;
    }
    return NULL;
}

const func_def *func_narrow(int width)
{
    return func_exact1(width == 2 ? "narrow2" : "narrow4", DS_I64);
}
