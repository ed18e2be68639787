/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avro_read.c - runs programs over records.
 *
 * Every length, count and index is checked against what is left of the record
 * before anything follows it. What is allocated is bounded by the record's
 * size, also where items have no bytes of their own.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/avro_bytes.h"
#include "codec/avro_program.h"
#include "dstream/clock.h"
#include "record/builder.h"
#include "record/datetime.h"
#include "record/jsonb.h"
#include "record/numeric.h"
#include "record/value.h"

enum {
    EMPTY_ITEMS_MAX = 4096, /* of a record: items without bytes */
    EXTRA_MAX = 1 << 24,    /* of a record: steps that read none of its bytes */
    JSON_MAX = 16 << 20,    /* of a value as JSON */
    DAY_SECONDS = 86400,
};

/* Values of arrays and rows that are being read. */
struct avro_decoder {
    const avro_program *program;
    avro_bytes b;
    ds_arena *a;
    uint32_t depth, empty, extra;
    ds_value *stack;
    bool *nulls;
    uint32_t n_stack, cap_stack;
    ds_arena *scratch; /* JSON text */
};

static got value(avro_decoder *r, const avro_op *op, ds_value *v);
static got json(avro_decoder *r, const avro_op *op, ds_buf *b);
static got skip(avro_decoder *r, const avro_op *op);

avro_decoder *avro_decoder_new(void)
{
    avro_decoder *r = calloc(1, sizeof(*r));

    DS_BUG_ON(!r);
    r->scratch = ds_arena_new(4096);
    return r;
}

void avro_decoder_free(avro_decoder *r)
{
    if (!r)
        return;
    ds_arena_free(r->scratch);
    free(r->stack);
    free(r->nulls);
    free(r);
}

static got get_symbol(avro_decoder *r, const avro_op *op, ds_slice *out)
{
    int64_t i;

    if (avro_get_long(&r->b, &i) == BAD)
        return BAD;
    if (i < 0 || i >= op->size)
        return avro_bad(&r->b, "an enum has no symbol of that number");
    *out = op->symbols[i];
    return out->ptr ? GOT : avro_bad(&r->b, op->why);
}

/* Big-endian two's complement, of any length. */
static got get_decimal(avro_decoder *r, const avro_op *op, ds_numeric *out)
{
    numeric_uint v = 0;
    ds_slice s = DS_NULL_SLICE;
    uint32_t i = 0;

    if ((op->size ? avro_get_fixed(&r->b, op->size, &s)
                  : avro_get_bytes(&r->b, &s)) == BAD)
        return BAD;
    if (s.len) {
        uint8_t sign = s.ptr[0] & 0x80 ? 0xff : 0;

        v = sign ? ~(numeric_uint)0 : 0;
        while (i < s.len && s.len - i > 16 && s.ptr[i] == sign)
            i++;
        if (s.len - i > 16 || (s.ptr[i] & 0x80) != (sign & 0x80))
            return avro_bad(&r->b, "a decimal has more than 38 digits");
        for (; i < s.len; i++)
            v = v << 8 | s.ptr[i];
    }
    *out = numeric_of((numeric_int)v, op->scale);
    if (numeric_value(out) >= 0
            ? numeric_value(out) / 10 >=
                  (numeric_int)1e18 * (numeric_int)1e18 * 10
            : numeric_value(out) / 10 <=
                  -(numeric_int)1e18 * (numeric_int)1e18 * 10)
        return avro_bad(&r->b, "a decimal has more than 38 digits");
    return GOT;
}

static uint32_t little(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

static got get_duration(avro_decoder *r, ds_interval *out)
{
    ds_slice s = DS_NULL_SLICE;

    if (avro_get_fixed(&r->b, 12, &s) == BAD)
        return BAD;
    if (little(s.ptr) > INT32_MAX || little(s.ptr + 4) > INT32_MAX)
        return avro_bad(&r->b, "interval out of range");
    *out = (ds_interval){.months = (int32_t)little(s.ptr),
                         .days = (int32_t)little(s.ptr + 4),
                         .us = (ds_time)little(s.ptr + 8) * DS_MS};
    return GOT;
}

/* ---- turns ---- */

/* Avro has no infinity: what would be one is out of range. */
static got to_when(avro_decoder *r, const avro_op *op, ds_value *v)
{
    if ((op->turn == AVRO_MS && __builtin_mul_overflow(v->i, DS_MS, &v->i)) ||
        !datetime_finite(v->i) || !datetime_valid(op->type, v->i))
        return avro_bad(&r->b, op->type == DS_DATE ? "date out of range"
                                                   : "timestamp out of range");
    return GOT;
}

static got to_day(avro_decoder *r, ds_value *v)
{
    if (v->i < 0 || v->i > DAY_SECONDS * DS_SECOND)
        return avro_bad(&r->b, "a time is not within a day");
    return GOT;
}

/* What a text or a number must be for its column. */
static got to_parsed(avro_decoder *r, const avro_op *op, ds_value *v)
{
    const char *code, *why;

    if (op->turn == AVRO_FIT)
        why = ds_value_fit(op->type, op->mod, r->a, v, &code);
    else
        why = ds_value_parse(op->type, 0, v->s, DS_TIME_NONE, r->a, v, &code);
    return why ? avro_bad(&r->b, why) : GOT;
}

static got turn(avro_decoder *r, const avro_op *op, ds_value *v)
{
    const char *why;
    ds_slice s;

    switch (op->turn) {
    case AVRO_WHEN:
    case AVRO_MS:
        return to_when(r, op, v);
    case AVRO_DAY_MS:
        v->i *= DS_MS; /* of an int */
        return to_day(r, v);
    case AVRO_DAY:
        return to_day(r, v);
    case AVRO_TO_F64:
        v->f = op->type == DS_F32 ? (double)(float)v->i : (double)v->i;
        return GOT;
    case AVRO_TO_NUM:
        v->num = numeric_from_i64(v->i);
        return GOT;
    case AVRO_TO_JSONB:
        s = v->s;
        return jsonb_parse(s, r->a, &v->s, &why) ? GOT : avro_bad(&r->b, why);
    default:
        return to_parsed(r, op, v);
    }
}

/* ---- containers ---- */

static got enter(avro_decoder *r)
{
    if (r->depth >= AVRO_DEPTH_MAX)
        return avro_bad(&r->b, "values are nested too deeply");
    r->depth++;
    return GOT;
}

/* After a container: what has no bytes, and defaults, can be named as often in
 * a schema as it likes. */
static got leave(avro_decoder *r, const avro_op *op, const uint8_t *from,
                 got how)
{
    size_t steps = 1 + (size_t)op->n + op->bytes.len;

    r->depth--;
    if (how == BAD || (r->b.p != from && op->code != AVRO_OP_DEFAULT))
        return how;
    if (steps > EXTRA_MAX - r->extra)
        return avro_bad(&r->b, "too many values without bytes");
    r->extra += (uint32_t)steps;
    return how;
}

/* The next block of an array or map: how many items; 0 is the end. */
static got get_block(avro_decoder *r, const avro_op *op, int64_t *n,
                     const uint8_t **end)
{
    int64_t size;

    *end = NULL;
    if (avro_get_long(&r->b, n) == BAD)
        return BAD;
    if (*n < 0) {
        if (*n == INT64_MIN || avro_get_long(&r->b, &size) == BAD)
            return avro_bad(&r->b, "a block has a wrong count");
        *n = -*n;
        if (size < 0 || (uint64_t)size > avro_left(&r->b))
            return avro_truncated(&r->b);
        *end = r->b.p + size;
    }
    if (op->least && (uint64_t)*n > avro_left(&r->b) / op->least)
        return avro_bad(&r->b,
                        "a block counts more items than the record can hold");
    if (!op->least) {
        if (*n > EMPTY_ITEMS_MAX - (int64_t)r->empty)
            return avro_bad(&r->b, "too many items without bytes");
        r->empty += (uint32_t)*n;
    }
    return GOT;
}

static got block_end(avro_decoder *r, const uint8_t *end)
{
    if (end && end != r->b.p)
        return avro_bad(&r->b, "a block is not as long as it says");
    return GOT;
}

static void push(avro_decoder *r, got how, const ds_value *v)
{
    if (r->n_stack == r->cap_stack) {
        r->cap_stack = r->cap_stack ? 2 * r->cap_stack : 256;
        r->stack = realloc(r->stack, r->cap_stack * sizeof(*r->stack));
        r->nulls = realloc(r->nulls, r->cap_stack * sizeof(*r->nulls));
        DS_BUG_ON(!r->stack || !r->nulls);
    }
    r->nulls[r->n_stack] = how == GOT_NULL;
    r->stack[r->n_stack++] = *v;
}

static got get_array(avro_decoder *r, const avro_op *op, ds_slice *out)
{
    const avro_op *kid = &r->program->ops[op->kid];
    uint32_t base = r->n_stack;
    const uint8_t *end;
    int64_t n;

    do {
        if (get_block(r, op, &n, &end) == BAD)
            return BAD;
        for (int64_t i = 0; i < n; i++) {
            ds_value v = {.i = 0};
            got how = value(r, kid, &v);

            if (how == BAD)
                return BAD;
            push(r, how, &v);
        }
        if (block_end(r, end) == BAD)
            return BAD;
    } while (n);
    *out = array_make(ds_type_elem(op->type), r->stack + base, r->nulls + base,
                      r->n_stack - base, r->a);
    if (!out->ptr)
        out->ptr = (const uint8_t *)"";
    r->n_stack = base;
    return GOT;
}

/* Fields come in the writer's order, and go to their places. */
static got get_row(avro_decoder *r, const avro_op *op, ds_slice *out)
{
    uint32_t base = r->n_stack;
    const ds_value none = {.i = 0};

    for (uint32_t i = 0; i < op->size; i++)
        push(r, GOT_NULL, &none);
    for (uint32_t i = 0; i < op->n; i++) {
        const avro_step *s = &r->program->steps[op->first + i];
        ds_value v = {.i = 0};
        got how = s->to < 0 ? skip(r, &r->program->ops[s->op])
                            : value(r, &r->program->ops[s->op], &v);

        if (how == BAD)
            return BAD;
        if (s->to < 0)
            continue;
        r->stack[base + (uint32_t)s->to] = v;
        r->nulls[base + (uint32_t)s->to] = how == GOT_NULL;
    }
    *out = row_make(op->type, r->stack + base, r->nulls + base, r->a);
    r->n_stack = base;
    return GOT;
}

static const avro_op *get_branch(avro_decoder *r, const avro_op *op)
{
    int64_t i;

    if (avro_get_long(&r->b, &i) == BAD)
        return NULL;
    if (i < 0 || i >= op->n) {
        avro_bad(&r->b, "a union has no branch of that number");
        return NULL;
    }
    return &r->program->ops[r->program->kids[op->first + (uint32_t)i]];
}

static got get_jsonb(avro_decoder *r, const avro_op *op, ds_slice *out)
{
    const char *why;
    ds_buf b;
    ds_slice s;

    ds_arena_reset(r->scratch);
    ds_buf_init(&b, r->scratch, 256);
    if (json(r, &r->program->ops[op->kid], &b) == BAD)
        return BAD;
    if (b.len == 4 && !memcmp(b.s, "null", 4))
        return GOT_NULL;
    s = (ds_slice){(const uint8_t *)b.s, b.len};
    return jsonb_parse(s, r->a, out, &why) ? GOT : avro_bad(&r->b, why);
}

/* The default's bytes in place of the record's. */
static got get_default(avro_decoder *r, const avro_op *op, ds_value *v,
                       ds_buf *b)
{
    const uint8_t *p = r->b.p, *end = r->b.end;
    const avro_op *kid = &r->program->ops[op->kid];
    got how;

    r->b.p = op->bytes.ptr;
    r->b.end = op->bytes.ptr + op->bytes.len;
    how = b ? json(r, kid, b) : value(r, kid, v);
    r->b.p = p;
    r->b.end = end;
    return how;
}

static got container(avro_decoder *r, const avro_op *op, ds_value *v)
{
    const uint8_t *from = r->b.p;
    got how = BAD;

    if (enter(r) == BAD)
        return BAD;
    if (op->code == AVRO_OP_RECORD)
        how = get_row(r, op, &v->s);
    else if (op->code == AVRO_OP_ARRAY)
        how = get_array(r, op, &v->s);
    else if (op->code == AVRO_OP_JSON)
        how = get_jsonb(r, op, &v->s);
    else if (op->code == AVRO_OP_DEFAULT)
        how = get_default(r, op, v, NULL);
    else if (op->code == AVRO_OP_REFUSE)
        how = avro_bad(&r->b, op->why);
    else
        how = avro_bad(&r->b, "a value that no column can hold");
    return leave(r, op, from, how);
}

static got leaf(avro_decoder *r, const avro_op *op, ds_value *v)
{
    switch (op->code) {
    case AVRO_OP_NULL:
        return GOT_NULL;
    case AVRO_OP_BOOL:
        return avro_get_bool(&r->b, &v->b);
    case AVRO_OP_INT:
        return avro_get_int(&r->b, &v->i);
    case AVRO_OP_LONG:
        return avro_get_long(&r->b, &v->i);
    case AVRO_OP_FLOAT:
        return avro_get_float(&r->b, &v->f);
    case AVRO_OP_DOUBLE:
        return avro_get_double(&r->b, &v->f);
    case AVRO_OP_TEXT:
        return avro_get_text(&r->b, &v->s);
    case AVRO_OP_BYTES:
        return avro_get_bytes(&r->b, &v->s);
    case AVRO_OP_FIXED:
        return avro_get_fixed(&r->b, op->size, &v->s);
    case AVRO_OP_ENUM:
        return get_symbol(r, op, &v->s);
    case AVRO_OP_DECIMAL:
        return get_decimal(r, op, &v->num);
    case AVRO_OP_DURATION:
        return get_duration(r, &v->iv);
    case AVRO_OP_UNION:
        op = get_branch(r, op);
        return op ? value(r, op, v) : BAD;
    default:
        return container(r, op, v);
    }
}

/* Numbers that are no dates to PostgreSQL. */
static got in_range(avro_decoder *r, const avro_op *op, const ds_value *v)
{
    return datetime_valid(op->type, v->i)
               ? GOT
               : avro_bad(&r->b, op->type == DS_DATE
                                     ? "date out of range"
                                     : "timestamp out of range");
}

static got value(avro_decoder *r, const avro_op *op, ds_value *v)
{
    got how = leaf(r, op, v);

    if (how == GOT && op->turn != AVRO_AS_IT_IS)
        how = turn(r, op, v);
    if (how == GOT &&
        (op->type == DS_DATE || op->type == DS_TIMESTAMP || op->type == DS_TS))
        how = in_range(r, op, v);
    return how;
}

/* ---- as JSON ---- */

static got json_items(avro_decoder *r, const avro_op *op, ds_buf *b)
{
    const avro_op *kid = &r->program->ops[op->kid];
    bool map = op->code == AVRO_OP_MAP, any = false;
    const uint8_t *end;
    ds_slice key;
    int64_t n;

    ds_buf_add(b, map ? "{" : "[", 1);
    do {
        if (get_block(r, op, &n, &end) == BAD)
            return BAD;
        for (int64_t i = 0; i < n; i++) {
            if (any)
                ds_buf_add(b, ",", 1);
            any = true;
            if (map) {
                if (avro_get_text(&r->b, &key) == BAD)
                    return BAD;
                ds_show_json_str(b, key);
                ds_buf_add(b, ":", 1);
            }
            if (json(r, kid, b) == BAD)
                return BAD;
        }
        if (block_end(r, end) == BAD)
            return BAD;
    } while (n);
    ds_buf_add(b, map ? "}" : "]", 1);
    return GOT;
}

static got json_record(avro_decoder *r, const avro_op *op, ds_buf *b)
{
    bool any = false;

    ds_buf_add(b, "{", 1);
    for (uint32_t i = 0; i < op->n; i++) {
        const avro_step *s = &r->program->steps[op->first + i];
        const avro_op *kid = &r->program->ops[s->op];

        if (s->to < 0) {
            if (skip(r, kid) == BAD)
                return BAD;
            continue;
        }
        if (any)
            ds_buf_add(b, ",", 1);
        any = true;
        ds_show_json_str(b, ds_slice_of(op->names[s->to]));
        ds_buf_add(b, ":", 1);
        if (json(r, kid, b) == BAD)
            return BAD;
    }
    ds_buf_add(b, "}", 1);
    return GOT;
}

static got json_leaf(avro_decoder *r, const avro_op *op, ds_buf *b)
{
    ds_value v = {.i = 0};
    got how = value(r, op, &v);
    ds_col c = {.v.p = &v};

    if (how == GOT)
        ds_show_json(b, op->type, &c, 0);
    else if (how == GOT_NULL)
        ds_buf_str(b, "null");
    return how == BAD ? BAD : GOT;
}

static got json_open(avro_decoder *r, const avro_op *op, ds_buf *b)
{
    switch (op->code) {
    case AVRO_OP_RECORD:
        return json_record(r, op, b);
    case AVRO_OP_ARRAY:
    case AVRO_OP_MAP:
        return json_items(r, op, b);
    case AVRO_OP_DEFAULT:
        return get_default(r, op, NULL, b);
    case AVRO_OP_UNION:
        op = get_branch(r, op);
        return op ? json(r, op, b) : BAD;
    default:
        return json_leaf(r, op, b);
    }
}

static got json(avro_decoder *r, const avro_op *op, ds_buf *b)
{
    const uint8_t *from = r->b.p;

    if (!op->open)
        return json_leaf(r, op, b);
    if (b->len > JSON_MAX)
        return avro_bad(&r->b, "a value is longer than 16 MiB as JSON");
    if (enter(r) == BAD)
        return BAD;
    return leave(r, op, from, json_open(r, op, b));
}

/* ---- skipping ---- */

static got skip_items(avro_decoder *r, const avro_op *op)
{
    const avro_op *kid = &r->program->ops[op->kid];
    const uint8_t *end;
    ds_slice key;
    int64_t n;

    do {
        if (get_block(r, op, &n, &end) == BAD)
            return BAD;
        if (end) {
            r->b.p = end;
            continue;
        }
        for (int64_t i = 0; i < n; i++)
            if ((op->code == AVRO_SKIP_MAP &&
                 avro_get_bytes(&r->b, &key) == BAD) ||
                skip(r, kid) == BAD)
                return BAD;
    } while (n);
    return GOT;
}

static got skip_inside(avro_decoder *r, const avro_op *op)
{
    const uint8_t *from = r->b.p;
    got how = GOT;

    if (enter(r) == BAD)
        return BAD;
    if (op->code == AVRO_SKIP_UNION) {
        const avro_op *branch = get_branch(r, op);

        how = branch ? skip(r, branch) : BAD;
    } else if (op->code == AVRO_SKIP_RECORD) {
        for (uint32_t i = 0; i < op->n && how != BAD; i++)
            how =
                skip(r, &r->program->ops[r->program->steps[op->first + i].op]);
    } else {
        how = skip_items(r, op);
    }
    return leave(r, op, from, how);
}

static got skip(avro_decoder *r, const avro_op *op)
{
    ds_slice s = DS_NULL_SLICE;
    int64_t i;
    uint8_t b;

    switch (op->code) {
    case AVRO_OP_NULL:
        return GOT;
    case AVRO_SKIP_BOOL:
        return avro_get_bool(&r->b, &b);
    case AVRO_SKIP_LONG:
        return avro_get_long(&r->b, &i);
    case AVRO_SKIP_FIXED:
        return avro_get_fixed(&r->b, op->size, &s);
    case AVRO_SKIP_BYTES:
        return avro_get_bytes(&r->b, &s);
    case AVRO_OP_ENUM:
        return get_symbol(r, op, &s);
    default:
        return skip_inside(r, op);
    }
}

/* ---- a record ---- */

static void put_null(const avro_columns_out *out, uint32_t col)
{
    if (!out->values[col])
        return;
    if (!out->valid[col])
        out->valid[col] = ds_bits_new(out->a, out->n_rows, true);
    ds_bit_clear(out->valid[col], out->row);
}

static void put_value(const avro_columns_out *out, uint32_t col,
                      const ds_value *v)
{
    void *to = out->values[col];

    if (!to)
        return;
    switch (ds_type_phys(out->columns->fields[col].type)) {
    case DS_PHYS_BOOL:
        ((uint8_t *)to)[out->row] = v->b;
        break;
    case DS_PHYS_I64:
        ((int64_t *)to)[out->row] = v->i;
        break;
    case DS_PHYS_F64:
        ((double *)to)[out->row] = v->f;
        break;
    case DS_PHYS_NUM:
        ((ds_numeric *)to)[out->row] = v->num;
        break;
    case DS_PHYS_IV:
        ((ds_interval *)to)[out->row] = v->iv;
        break;
    case DS_PHYS_SLICE:
        ((ds_slice *)to)[out->row] = v->s;
        break;
    }
}

static got read_field(avro_decoder *r, const avro_op *op,
                      const avro_columns_out *out, uint32_t col)
{
    const ds_field *f = &out->columns->fields[col];
    ds_value v = {.i = 0};
    got how = value(r, op, &v);

    if (how == GOT)
        put_value(out, col, &v);
    if (how != GOT_NULL)
        return how;
    if (f->not_null) {
        snprintf(r->b.why, sizeof(r->b.why),
                 "null value in column \"%.80s\" violates not-null constraint",
                 f->name);
        return BAD;
    }
    put_null(out, col);
    return GOT;
}

/* Which column it was, if the message does not say. */
static void why_name(avro_decoder *r, const char *column)
{
    char why[sizeof(r->b.why)];

    if (!strncmp(r->b.why, "null value", 10))
        return;
    snprintf(why, sizeof(why), "column \"%.80s\": %.300s", column, r->b.why);
    memcpy(r->b.why, why, sizeof(why));
}

bool avro_decode_record(avro_decoder *r, const avro_program *p, ds_slice bytes,
                        const avro_columns_out *out, const char **why)
{
    r->program = p;
    r->b.p = bytes.ptr;
    r->b.end = bytes.ptr + bytes.len;
    r->a = out->a;
    r->depth = r->empty = r->extra = r->n_stack = 0;
    *why = r->b.why;
    for (uint32_t i = 0; i < p->n; i++) {
        const avro_step *s = &p->steps[p->first + i];
        const avro_op *op = &p->ops[s->op];

        if (s->to < 0 && skip(r, op) == BAD)
            return false;
        if (s->to >= 0 && read_field(r, op, out, (uint32_t)s->to) == BAD) {
            why_name(r, out->columns->fields[s->to].name);
            return false;
        }
    }
    if (r->b.p == r->b.end)
        return true;
    snprintf(r->b.why, sizeof(r->b.why), "%zu bytes follow the record",
             avro_left(&r->b));
    return false;
}
