/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avro_compile.c - two schemas and columns to a program.
 */
#include "codec/avro_program.h"

#include "record/numeric.h"

enum { OPS_MAX = 100000 };

/* A record that is being compiled, or was: it may hold itself. */
struct memo {
    const avro_type *writer, *reader;
    ds_type type;
    uint32_t op;
    struct memo *next;
};

struct compiler {
    ds_arena *a;
    ds_err *err;
    const char *path; /* of the field, for messages */
    avro_op *ops;
    uint32_t n_ops, cap_ops;
    avro_step *steps;
    uint32_t n_steps, cap_steps;
    uint32_t *kids;
    uint32_t n_kids, cap_kids;
    uint32_t depth;
    bool unfit; /* a column is to blame, not the schemas */
    struct memo *memo;
};

#define NONE UINT32_MAX /* does not go together */

/* ---- parts of a program ---- */

static void *grown(ds_arena *a, void *list, uint32_t n, uint32_t *cap,
                   size_t size)
{
    void *more;

    if (n < *cap)
        return list;
    *cap = *cap ? 2 * *cap : 32;
    more = ds_arena_alloc(a, *cap * size, 16);
    if (n)
        memcpy(more, list, n * size);
    return more;
}

static uint32_t op_add(struct compiler *c, avro_op op)
{
    c->ops = grown(c->a, c->ops, c->n_ops, &c->cap_ops, sizeof(op));
    c->ops[c->n_ops] = op;
    return c->n_ops++;
}

static uint32_t kid_add(struct compiler *c, uint32_t op)
{
    c->kids = grown(c->a, c->kids, c->n_kids, &c->cap_kids, sizeof(op));
    c->kids[c->n_kids] = op;
    return c->n_kids++;
}

static void step_add(struct compiler *c, avro_step s)
{
    c->steps = grown(c->a, c->steps, c->n_steps, &c->cap_steps, sizeof(s));
    c->steps[c->n_steps++] = s;
}

/* The first reason is the one that is told. */
static uint32_t no(struct compiler *c, const char *why)
{
    if (c->err->rc == DS_OK)
        (void)ds_fail(c->err, DS_E_CONFIG, "%s%s%s%s", *c->path ? "field " : "",
                      c->path, *c->path ? ": " : "", why);
    return NONE;
}

static uint32_t mismatch(struct compiler *c, const avro_type *w,
                         const avro_type *r)
{
    return no(c,
              ds_str_printf(c->a, "%s cannot be read as %s",
                            avro_type_show(w, c->a), avro_type_show(r, c->a)));
}

static uint32_t no_column(struct compiler *c, const avro_type *r, ds_type type)
{
    c->unfit = true;
    return no(c, ds_str_printf(c->a, "%s does not fit a column of type %s",
                               avro_type_show(r, c->a), ds_type_name(type)));
}

/* ---- skipping ---- */

static uint32_t compile_skip(struct compiler *c, const avro_type *w);

static uint32_t memo_find(const struct compiler *c, const avro_type *w,
                          const avro_type *r, ds_type type)
{
    for (const struct memo *m = c->memo; m; m = m->next)
        if (m->writer == w && m->reader == r && m->type == type)
            return m->op;
    return NONE;
}

static void memo_add(struct compiler *c, const avro_type *w, const avro_type *r,
                     ds_type type, uint32_t op)
{
    struct memo *m = ds_new(c->a, struct memo, 1);

    *m = (struct memo){w, r, type, op, c->memo};
    c->memo = m;
}

static uint32_t skip_record(struct compiler *c, const avro_type *w)
{
    uint32_t op = memo_find(c, w, NULL, DS_NONE);
    struct memo *before = c->memo;
    avro_step *own;

    if (op != NONE)
        return op;
    op = op_add(c, (avro_op){.code = AVRO_SKIP_RECORD, .n = w->n});
    memo_add(c, w, NULL, DS_NONE, op);
    own = ds_new(c->a, avro_step, w->n + 1);
    for (uint32_t i = 0; i < w->n; i++) {
        own[i] = (avro_step){compile_skip(c, w->fields[i].type), -1};
        if (own[i].op == NONE) {
            c->memo = before;
            return NONE;
        }
    }
    c->ops[op].first = c->n_steps;
    for (uint32_t i = 0; i < w->n; i++)
        step_add(c, own[i]);
    return op;
}

static uint32_t skip_branches(struct compiler *c, const avro_type *w)
{
    uint32_t *own = ds_new(c->a, uint32_t, w->n), op;

    for (uint32_t i = 0; i < w->n; i++) {
        own[i] = compile_skip(c, w->items[i]);
        if (own[i] == NONE)
            return NONE;
    }
    op = op_add(
        c, (avro_op){.code = AVRO_SKIP_UNION, .first = c->n_kids, .n = w->n});
    for (uint32_t i = 0; i < w->n; i++)
        kid_add(c, own[i]);
    return op;
}

static uint32_t compile_skip(struct compiler *c, const avro_type *w)
{
    avro_op op = {.code = AVRO_SKIP_LONG};

    if (c->n_ops > OPS_MAX)
        return no(c, "the schema is too large");
    switch (w->kind) {
    case AVRO_KIND_NULL:
        op.code = AVRO_OP_NULL;
        break;
    case AVRO_KIND_BOOLEAN:
        op.code = AVRO_SKIP_BOOL;
        break;
    case AVRO_KIND_INT:
    case AVRO_KIND_LONG:
        break;
    case AVRO_KIND_ENUM:
        return op_add(c, (avro_op){.code = AVRO_OP_ENUM,
                                   .type = DS_STR,
                                   .size = w->n,
                                   .symbols = w->symbols});
    case AVRO_KIND_FLOAT:
    case AVRO_KIND_DOUBLE:
    case AVRO_KIND_FIXED:
        op.code = AVRO_SKIP_FIXED;
        op.size = w->kind == AVRO_KIND_FLOAT    ? 4
                  : w->kind == AVRO_KIND_DOUBLE ? 8
                                                : w->size;
        break;
    case AVRO_KIND_BYTES:
    case AVRO_KIND_STRING:
        op.code = AVRO_SKIP_BYTES;
        break;
    case AVRO_KIND_RECORD:
        return skip_record(c, w);
    case AVRO_KIND_UNION:
        return skip_branches(c, w);
    case AVRO_KIND_ARRAY:
    case AVRO_KIND_MAP:
        op.code = w->kind == AVRO_KIND_ARRAY ? AVRO_SKIP_ARRAY : AVRO_SKIP_MAP;
        op.least = w->items[0]->least;
        op.kid = compile_skip(c, w->items[0]);
        if (op.kid == NONE)
            return NONE;
        break;
    }
    return op_add(c, op);
}

/* ---- leaves ---- */

/* What the value means: the writer's logical type where both say one, so that a
 * change from millis to micros changes no instant; the reader's where the
 * writer says none. False: they differ in kind. */
static bool meaning(const avro_type *w, const avro_type *r, avro_logical *l)
{
    *l = AVRO_PLAIN;
    if (r->logical == AVRO_PLAIN)
        return true;
    *l = w->logical != AVRO_PLAIN ? w->logical : r->logical;
    return avro_logical_type(*l) == avro_logical_type(r->logical);
}

static bool named_match(const avro_type *w, const avro_type *r)
{
    const char *name = avro_short_name(w->name);

    if (!strcmp(name, avro_short_name(r->name)))
        return true;
    for (uint32_t i = 0; i < r->n_aliases; i++)
        if (!strcmp(r->aliases[i], w->name) ||
            !strcmp(avro_short_name(r->aliases[i]), name))
            return true;
    return false;
}

/* Avro's promotions, and equal kinds. */
static bool kinds_match(const avro_type *w, const avro_type *r)
{
    if (w->kind == r->kind)
        return w->kind != AVRO_KIND_FIXED ||
               (w->size == r->size && named_match(w, r));
    switch (r->kind) {
    case AVRO_KIND_LONG:
        return w->kind == AVRO_KIND_INT;
    case AVRO_KIND_FLOAT:
        return w->kind == AVRO_KIND_INT || w->kind == AVRO_KIND_LONG;
    case AVRO_KIND_DOUBLE:
        return w->kind == AVRO_KIND_INT || w->kind == AVRO_KIND_LONG ||
               w->kind == AVRO_KIND_FLOAT;
    case AVRO_KIND_STRING:
        return w->kind == AVRO_KIND_BYTES;
    case AVRO_KIND_BYTES:
        return w->kind == AVRO_KIND_STRING;
    default:
        return false;
    }
}

/* How the bytes of a logical type are read. */
static void logical_op(const avro_type *w, avro_logical l, avro_op *op)
{
    op->type = avro_logical_type(l);
    switch (l) {
    case AVRO_DECIMAL:
        op->code = AVRO_OP_DECIMAL;
        op->size = w->kind == AVRO_KIND_FIXED ? w->size : 0;
        break;
    case AVRO_UUID:
        if (w->kind == AVRO_KIND_STRING)
            op->turn = AVRO_TO_UUID;
        break;
    case AVRO_TIME_MS:
        op->turn = AVRO_DAY_MS;
        break;
    case AVRO_TIME_US:
        op->turn = AVRO_DAY;
        break;
    case AVRO_DATE:
    case AVRO_TS_US:
    case AVRO_LOCAL_US:
        op->turn = AVRO_WHEN;
        break;
    case AVRO_TS_MS:
    case AVRO_LOCAL_MS:
        op->turn = AVRO_MS;
        break;
    case AVRO_DURATION:
        op->code = AVRO_OP_DURATION;
        break;
    default:
        break;
    }
}

static avro_op plain_op(const avro_type *w)
{
    static const struct {
        uint8_t code;
        ds_type type;
    } plain[] = {
        [AVRO_KIND_NULL] = {AVRO_OP_NULL, DS_STR},
        [AVRO_KIND_BOOLEAN] = {AVRO_OP_BOOL, DS_BOOL},
        [AVRO_KIND_INT] = {AVRO_OP_INT, DS_I32},
        [AVRO_KIND_LONG] = {AVRO_OP_LONG, DS_I64},
        [AVRO_KIND_FLOAT] = {AVRO_OP_FLOAT, DS_F32},
        [AVRO_KIND_DOUBLE] = {AVRO_OP_DOUBLE, DS_F64},
        [AVRO_KIND_BYTES] = {AVRO_OP_BYTES, DS_BYTES},
        [AVRO_KIND_STRING] = {AVRO_OP_TEXT, DS_STR},
        [AVRO_KIND_FIXED] = {AVRO_OP_FIXED, DS_BYTES},
        [AVRO_KIND_ENUM] = {AVRO_OP_ENUM, DS_STR},
    };

    return (avro_op){.code = plain[w->kind].code,
                     .type = plain[w->kind].type,
                     .size = w->size};
}

/* Fewer digits than the schema allows are refused, more are none of ours. */
static bool numeric_holds(int32_t mod, const avro_type *t)
{
    return mod == 0 || (ds_mod_scale(mod) >= t->scale &&
                        ds_mod_precision(mod) - ds_mod_scale(mod) >=
                            t->precision - t->scale);
}

/* From one type to another: a wider number, or what a text says. */
static bool turn_over(avro_op *op, ds_type type, int32_t mod)
{
    bool whole = op->type == DS_I32 || op->type == DS_I64;
    bool text = op->code == AVRO_OP_TEXT;

    if ((type == DS_I64 && op->type == DS_I32) ||
        (type == DS_F64 && op->type == DS_F32))
        op->turn = AVRO_AS_IT_IS;
    else if (type == DS_F64 && op->type == DS_I32)
        op->turn = AVRO_TO_F64;
    else if (type == DS_NUM && whole && mod == 0)
        op->turn = AVRO_TO_NUM;
    else if (type == DS_UUID && text)
        op->turn = AVRO_TO_UUID;
    else if (type == DS_JSON && text)
        op->turn = AVRO_TO_JSONB;
    else
        return false;
    op->type = type;
    return true;
}

/* From the type that the schemas give to the column's. */
static bool turn_to(avro_op *op, const avro_type *r, ds_type type, int32_t mod)
{
    if (op->type == DS_NUM && type == DS_NUM) {
        if (!numeric_holds(mod, r))
            return false;
        op->mod = mod;
        op->turn = mod ? AVRO_FIT : op->turn;
        return true;
    }
    if (op->type == type) {
        if (type == DS_STR && mod) {
            op->turn = AVRO_FIT;
            op->mod = mod;
        }
        return true;
    }
    return op->turn == AVRO_AS_IT_IS && turn_over(op, type, mod);
}

/* Avro's promotion of a number to the reader's kind. */
static void promote(avro_op *op, const avro_type *w, const avro_type *r)
{
    if (w->kind == r->kind)
        return;
    if (r->kind == AVRO_KIND_LONG) {
        op->type = DS_I64;
    } else if (r->kind == AVRO_KIND_FLOAT || r->kind == AVRO_KIND_DOUBLE) {
        if (w->kind != AVRO_KIND_FLOAT)
            op->turn = AVRO_TO_F64;
        op->type = r->kind == AVRO_KIND_FLOAT ? DS_F32 : DS_F64;
    } else if (r->kind == AVRO_KIND_STRING || r->kind == AVRO_KIND_BYTES) {
        op->code = r->kind == AVRO_KIND_STRING ? AVRO_OP_TEXT : AVRO_OP_BYTES;
        op->type = r->kind == AVRO_KIND_STRING ? DS_STR : DS_BYTES;
    }
}

static uint32_t compile_enum(struct compiler *c, const avro_type *w,
                             const avro_type *r, avro_op *op)
{
    ds_slice *symbols = ds_new(c->a, ds_slice, w->n);

    if (!named_match(w, r))
        return mismatch(c, w, r);
    for (uint32_t i = 0; i < w->n; i++) {
        if (w == r) { /* mostly */
            symbols[i] = w->symbols[i];
            continue;
        }
        if (r->default_symbol >= 0)
            symbols[i] = r->symbols[r->default_symbol];
        for (uint32_t k = 0; k < r->n; k++)
            if (ds_slice_eq(w->symbols[i], r->symbols[k]))
                symbols[i] = r->symbols[k];
    }
    op->symbols = symbols;
    op->size = w->n;
    op->why = "a symbol that the reader's schema has not";
    return 0;
}

static uint32_t compile_leaf(struct compiler *c, const avro_type *w,
                             const avro_type *r, ds_type type, int32_t mod)
{
    avro_op op = plain_op(w);
    avro_logical l;

    if (!kinds_match(w, r) || !meaning(w, r, &l))
        return mismatch(c, w, r);
    promote(&op, w, r);
    if (l != AVRO_PLAIN)
        logical_op(w, l, &op);
    if (l == AVRO_DECIMAL) {
        op.scale = w->logical == AVRO_DECIMAL ? w->scale : r->scale;
        if (w->logical == AVRO_DECIMAL &&
            (w->scale > r->scale ||
             w->precision - w->scale > r->precision - r->scale))
            return mismatch(c, w, r);
        if (type == DS_NONE)
            mod = 0;
    }
    if (w->kind == AVRO_KIND_ENUM && compile_enum(c, w, r, &op) == NONE)
        return NONE;
    if (type != DS_NONE && w->kind != AVRO_KIND_NULL &&
        !turn_to(&op, r, type, mod))
        return no_column(c, r, type);
    return op_add(c, op);
}

/* ---- the rest ---- */

static uint32_t compile(struct compiler *c, const avro_type *w,
                        const avro_type *r, ds_type type, int32_t mod);

/* What the writer's branches become; one that fits nothing is refused when it
 * comes. */
static uint32_t compile_branches(struct compiler *c, const avro_type *w,
                                 const avro_type *r, ds_type type, int32_t mod)
{
    uint32_t *own = ds_new(c->a, uint32_t, w->n), good = 0, op;

    for (uint32_t i = 0; i < w->n; i++) {
        ds_err why = {DS_OK, ""}, *outer = c->err;

        c->err = &why;
        own[i] = compile(c, w->items[i], r, type, mod);
        c->err = outer;
        good += own[i] != NONE;
        if (own[i] == NONE)
            own[i] = op_add(c, (avro_op){.code = AVRO_OP_REFUSE,
                                         .why = ds_str_copy(c->a, why.msg)});
        if (c->unfit || (why.rc != DS_OK && good == 0 && i + 1 == w->n)) {
            if (outer->rc == DS_OK)
                *outer = why;
            return NONE;
        }
    }
    op = op_add(c, (avro_op){.code = AVRO_OP_UNION,
                             .type = type,
                             .open = type == DS_NONE,
                             .first = c->n_kids,
                             .n = w->n});
    for (uint32_t i = 0; i < w->n; i++)
        kid_add(c, own[i]);
    return op;
}

static bool same_kind(const avro_type *w, const avro_type *r)
{
    return w->kind == r->kind && (!w->name || named_match(w, r)) &&
           (w->logical == r->logical || w->logical == AVRO_PLAIN ||
            r->logical == AVRO_PLAIN ||
            avro_logical_type(w->logical) == avro_logical_type(r->logical));
}

/* The reader's branch for a type: the same kind first, then what it can be
 * promoted to. */
static const avro_type *branch_for(const avro_type *w, const avro_type *r)
{
    for (uint32_t i = 0; i < r->n; i++)
        if (same_kind(w, r->items[i]))
            return r->items[i];
    for (uint32_t i = 0; i < r->n; i++)
        if (w->kind < AVRO_KIND_FIXED && kinds_match(w, r->items[i]))
            return r->items[i];
    return NULL;
}

static const avro_field *field_find(const avro_type *w, const avro_field *r)
{
    for (uint32_t i = 0; i < w->n; i++)
        if (!strcmp(w->fields[i].name, r->name))
            return &w->fields[i];
    for (uint32_t k = 0; k < r->n_aliases; k++)
        for (uint32_t i = 0; i < w->n; i++)
            if (!strcmp(w->fields[i].name, r->aliases[k]))
                return &w->fields[i];
    return NULL;
}

/* Where the fields of a record go. */
struct fields {
    const ds_schema *to; /* NULL: json mode, as in the reader's schema */
    const int32_t *at;   /* by the reader's field: field of the result or -1 */
};

static uint32_t compile_field(struct compiler *c, const avro_type *w,
                              const avro_type *r, const struct fields *f,
                              int32_t to)
{
    if (to < 0)
        return compile_skip(c, w);
    return compile(c, w, r, f->to ? f->to->fields[to].type : DS_NONE,
                   f->to ? f->to->fields[to].mod : 0);
}

static uint32_t compile_default(struct compiler *c, const avro_field *r,
                                const struct fields *f, int32_t to)
{
    uint32_t kid;

    if (!r->def.ptr)
        return no(c, "the record was written without it, and it has no "
                     "default");
    kid = compile_field(c, r->type, r->type, f, to);
    if (kid == NONE)
        return NONE;
    return op_add(c, (avro_op){.code = AVRO_OP_DEFAULT,
                               .type = c->ops[kid].type,
                               .open = f->to == NULL,
                               .kid = kid,
                               .bytes = r->def});
}

static const char *path_push(struct compiler *c, const char *name)
{
    const char *before = c->path;

    c->path = *before ? ds_str_printf(c->a, "%s.%s", before, name)
                      : ds_str_copy(c->a, name);
    return before;
}

/* The steps of a record, in the writer's order, then the defaults. */
static bool compile_steps(struct compiler *c, const avro_type *w,
                          const avro_type *r, const struct fields *f,
                          uint32_t *first, uint32_t *n)
{
    avro_step *own = ds_new(c->a, avro_step, w->n + r->n + 1);
    const avro_field **to_of = ds_new(c->a, const avro_field *, w->n + 1);
    bool *given = ds_new(c->a, bool, r->n + 1);
    bool ok = true;

    *n = 0;
    for (uint32_t k = r->n; k-- > 0;) { /* the first one of several */
        const avro_field *from = field_find(w, &r->fields[k]);

        given[k] = from != NULL;
        if (from)
            to_of[from - w->fields] = &r->fields[k];
    }
    for (uint32_t i = 0; i < w->n && ok; i++) {
        const char *before = path_push(c, w->fields[i].name);
        const avro_field *to = to_of[i];
        avro_step s = {NONE, -1};

        if (to)
            s.to = f->at[to - r->fields];
        s.op = to ? compile_field(c, w->fields[i].type, to->type, f, s.to)
                  : compile_skip(c, w->fields[i].type);
        ok = s.op != NONE;
        own[(*n)++] = s;
        c->path = before;
    }
    for (uint32_t k = 0; k < r->n && ok; k++) {
        const char *before = path_push(c, r->fields[k].name);
        avro_step s = {NONE, f->at[k]};

        if (!given[k] && s.to >= 0) {
            s.op = compile_default(c, &r->fields[k], f, s.to);
            ok = s.op != NONE;
            own[(*n)++] = s;
        }
        c->path = before;
    }
    *first = c->n_steps;
    for (uint32_t i = 0; i < *n && ok; i++)
        step_add(c, own[i]);
    return ok;
}

static uint32_t compile_record(struct compiler *c, const avro_type *w,
                               const avro_type *r, ds_type type)
{
    const ds_schema *to = ds_row_fields(type);
    int32_t *at = ds_new(c->a, int32_t, r->n + 1);
    const char **names = ds_new(c->a, const char *, r->n + 1);
    struct fields f = {to, at};
    uint32_t op = memo_find(c, w, r, type), first, n;
    struct memo *before = c->memo;

    if (op != NONE)
        return op;
    if (w->kind != AVRO_KIND_RECORD)
        return mismatch(c, w, r);
    if (type != DS_NONE && (!to || to->n != r->n))
        return no_column(c, r, type);
    for (uint32_t i = 0; i < r->n; i++) {
        at[i] = (int32_t)i;
        names[i] = r->fields[i].name;
        if (to && strcmp(to->fields[i].name, names[i]) != 0)
            return no_column(c, r, type);
    }
    op = op_add(c, (avro_op){.code = AVRO_OP_RECORD,
                             .type = type,
                             .open = type == DS_NONE,
                             .size = r->n,
                             .names = names});
    memo_add(c, w, r, type, op);
    if (!compile_steps(c, w, r, &f, &first, &n)) {
        /* Nor does what was made of its parts count: it may name this one. */
        c->memo = before;
        return NONE;
    }
    c->ops[op].first = first;
    c->ops[op].n = n;
    return op;
}

static uint32_t compile_items(struct compiler *c, const avro_type *w,
                              const avro_type *r, ds_type type, int32_t mod)
{
    ds_type elem = ds_type_elem(type);
    uint32_t kid;

    if (w->kind != r->kind)
        return mismatch(c, w, r);
    if (type != DS_NONE && (r->kind != AVRO_KIND_ARRAY || elem == DS_NONE))
        return no_column(c, r, type);
    kid = compile(c, w->items[0], r->items[0], elem, mod);
    if (kid == NONE)
        return NONE;
    return op_add(c,
                  (avro_op){.code = w->kind == AVRO_KIND_ARRAY ? AVRO_OP_ARRAY
                                                               : AVRO_OP_MAP,
                            .type = type,
                            .open = type == DS_NONE,
                            .least = w->items[0]->least,
                            .kid = kid});
}

/* A whole value as jsonb. A string that goes into a column is its text. */
static uint32_t compile_json(struct compiler *c, const avro_type *w,
                             const avro_type *r)
{
    const avro_type *just = avro_nullable_of(r);
    uint32_t kid;

    if ((just ? just : r)->kind == AVRO_KIND_STRING &&
        (just ? just : r)->logical == AVRO_PLAIN)
        return NONE; /* compile() goes on */
    kid = compile(c, w, r, DS_NONE, 0);
    if (kid == NONE)
        return NONE;
    return op_add(c,
                  (avro_op){.code = AVRO_OP_JSON, .type = DS_JSON, .kid = kid});
}

static uint32_t compile_any(struct compiler *c, const avro_type *w,
                            const avro_type *r, ds_type type, int32_t mod)
{
    if (w->kind == AVRO_KIND_UNION)
        return compile_branches(c, w, r, type, mod);
    if (r->kind == AVRO_KIND_UNION) {
        const avro_type *branch = branch_for(w, r);

        return branch ? compile(c, w, branch, type, mod) : mismatch(c, w, r);
    }
    if (r->kind == AVRO_KIND_RECORD)
        return compile_record(c, w, r, type);
    if (r->kind == AVRO_KIND_ARRAY || r->kind == AVRO_KIND_MAP)
        return compile_items(c, w, r, type, mod);
    if (w->kind > AVRO_KIND_ENUM)
        return mismatch(c, w, r);
    return compile_leaf(c, w, r, type, mod);
}

static uint32_t compile(struct compiler *c, const avro_type *w,
                        const avro_type *r, ds_type type, int32_t mod)
{
    uint32_t op;

    if (c->n_ops > OPS_MAX || c->depth > 2 * AVRO_DEPTH_MAX)
        return no(c, "the schema is too large");
    c->depth++;
    op = type == DS_JSON ? compile_json(c, w, r) : NONE;
    if (op == NONE && c->err->rc == DS_OK)
        op = compile_any(c, w, r, type, mod);
    c->depth--;
    return op;
}

/* ---- all of it ---- */

/* Which field of the reader's schema each column is. */
static bool columns_place(struct compiler *c, const avro_type *r,
                          const avro_target *t, int32_t *at)
{
    for (uint32_t i = 0; i < r->n; i++)
        at[i] = -1;
    for (uint32_t i = 0; i < t->columns->n; i++) {
        const char *name = t->columns->fields[i].name;
        uint32_t k = 0;

        while (k < r->n && strcmp(r->fields[k].name, name) != 0)
            k++;
        if (k == r->n)
            return no(c, ds_str_printf(c->a, "the schema has no field \"%s\"",
                                       name)) != NONE;
        at[k] = (int32_t)i;
    }
    return true;
}

/* A column that nobody wants still has to fit. */
static bool columns_fit(struct compiler *c, const avro_type *r,
                        const avro_target *t, const int32_t *at)
{
    for (uint32_t i = 0; i < r->n && t->want; i++) {
        const ds_field *f = at[i] < 0 ? NULL : &t->columns->fields[at[i]];
        const char *before;
        uint32_t op;

        if (!f || t->want[at[i]])
            continue;
        before = path_push(c, r->fields[i].name);
        op = compile(c, r->fields[i].type, r->fields[i].type, f->type, f->mod);
        c->path = before;
        if (op == NONE)
            return false;
    }
    return true;
}

static bool compile_top(struct compiler *c, const avro_type *w,
                        const avro_type *r, const avro_target *t,
                        avro_program *p)
{
    int32_t *at = ds_new(c->a, int32_t, r->n + 1);
    struct fields f = {t->columns, at};
    const ds_field *only = t->columns->fields;
    uint32_t op;

    if (r->kind != AVRO_KIND_RECORD) {
        if (t->columns->n != 1)
            return no(c, ds_str_printf(c->a, "%s is one value, not %u columns",
                                       avro_type_show(r, c->a),
                                       t->columns->n)) != NONE;
        op = compile(c, w, r, only->type, only->mod);
        p->first = c->n_steps;
        p->n = 1;
        if (op != NONE)
            step_add(c, (avro_step){op, 0});
        return op != NONE;
    }
    if (w->kind != AVRO_KIND_RECORD)
        return mismatch(c, w, r) != NONE;
    if (!columns_place(c, r, t, at) || !columns_fit(c, r, t, at))
        return false;
    for (uint32_t i = 0; i < r->n && t->want; i++)
        if (at[i] >= 0 && !t->want[at[i]])
            at[i] = -1;
    return compile_steps(c, w, r, &f, &p->first, &p->n);
}

ds_rc avro_compile(const avro_type *writer, const avro_type *reader,
                   const avro_target *target, ds_arena *a,
                   const avro_program **out, ds_err *err)
{
    ds_err why = {DS_OK, ""};
    struct compiler c = {.a = a, .err = &why, .path = ""};
    avro_program *p = ds_new(a, avro_program, 1);

    if (!compile_top(&c, writer, reader, target, p))
        return ds_fail(err, DS_E_CONFIG, "%s", why.msg);
    p->ops = c.ops;
    p->steps = c.steps;
    p->kids = c.kids;
    p->n_columns = target->columns->n;
    *out = p;
    return DS_OK;
}
