/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avro_write.c - a tree of operations per schema; each writes one
 * value.
 */
#include "codec/avro_put.h"

#include <math.h>
#include <stdio.h>

#include "record/datetime.h"
#include "record/numeric.h"

bool avro_refuse(avro_encoder *w, const put *p, const char *why)
{
    snprintf(w->why, sizeof(w->why), "%s%.80s%s%s", p->name ? "column \"" : "",
             p->name ? p->name : "", p->name ? "\": " : "", why);
    return false;
}

static bool out_of_range(avro_encoder *w, const put *p)
{
    ds_arena *a = ds_arena_new(256);

    avro_refuse(w, p,
                ds_str_printf(a, "the value is out of range of %s",
                              avro_type_show(p->avro, a)));
    ds_arena_free(a);
    return false;
}

/* ---- values ---- */

void avro_add_long(avro_encoder *w, int64_t v)
{
    uint8_t b[10];

    ds_buf_add(w->b, b, avro_put_long(b, v));
}

void avro_add_bytes(avro_encoder *w, const void *p, uint32_t n)
{
    avro_add_long(w, n);
    ds_buf_add(w->b, p, n);
}

static bool put_bool(avro_encoder *w, const put *p, const ds_value *v)
{
    (void)p;
    ds_buf_add(w->b, v->b ? "\1" : "\0", 1);
    return true;
}

static bool put_long(avro_encoder *w, const put *p, const ds_value *v)
{
    if (p->avro->kind == AVRO_KIND_INT &&
        (v->i < INT32_MIN || v->i > INT32_MAX))
        return out_of_range(w, p);
    avro_add_long(w, v->i);
    return true;
}

static bool put_real(avro_encoder *w, const put *p, const ds_value *v)
{
    bool whole = ds_type_phys(p->type) == DS_PHYS_I64;
    double d = whole ? (double)v->i : v->f;
    float f = (float)d;

    if (p->avro->kind == AVRO_KIND_DOUBLE) {
        ds_buf_add(w->b, &d, sizeof(d));
        return true;
    }
    if (isinf(f) && !isinf(d))
        return out_of_range(w, p);
    ds_buf_add(w->b, &f, sizeof(f));
    return true;
}

static bool put_bytes(avro_encoder *w, const put *p, const ds_value *v)
{
    (void)p;
    avro_add_bytes(w, v->s.ptr, v->s.len);
    return true;
}

static bool put_fixed(avro_encoder *w, const put *p, const ds_value *v)
{
    if (v->s.len != p->avro->size)
        return out_of_range(w, p);
    ds_buf_add(w->b, v->s.ptr, v->s.len);
    return true;
}

static bool put_symbol(avro_encoder *w, const put *p, const ds_value *v)
{
    for (uint32_t i = 0; i < p->avro->n; i++)
        if (ds_slice_eq(p->avro->symbols[i], v->s)) {
            avro_add_long(w, i);
            return true;
        }
    return avro_refuse(w, p, "the value is none of the enum's symbols");
}

static bool put_uuid(avro_encoder *w, const put *p, const ds_value *v)
{
    static const char hex[] = "0123456789abcdef";
    char s[36];
    uint32_t n = 0;

    (void)p;
    for (uint32_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            s[n++] = '-';
        s[n++] = hex[v->s.ptr[i] >> 4];
        s[n++] = hex[v->s.ptr[i] & 15];
    }
    avro_add_bytes(w, s, n);
    return true;
}

static bool put_decimal(avro_encoder *w, const put *p, const ds_value *v)
{
    const avro_type *t = p->avro;
    ds_numeric num = p->type == DS_NUM ? v->num : numeric_from_i64(v->i);
    uint8_t b[16];
    numeric_int x;
    uint32_t n = 16, skip = 0;

    if (num.kind)
        return avro_refuse(w, p, "a decimal cannot hold NaN or infinity");
    if (numeric_fit(&num, ds_mod_numeric(t->precision, t->scale)) != NUMERIC_OK)
        return out_of_range(w, p);
    x = numeric_value(&num);
    for (uint32_t i = 0; i < 16; i++)
        b[15 - i] = (uint8_t)((numeric_uint)x >> 8 * i);
    while (skip < 15 && ((b[skip] == 0 && b[skip + 1] < 0x80) ||
                         (b[skip] == 0xff && b[skip + 1] >= 0x80)))
        skip++;
    n -= skip;
    if (t->kind == AVRO_KIND_BYTES) {
        avro_add_bytes(w, b + skip, n);
        return true;
    }
    if (n > t->size)
        return out_of_range(w, p);
    for (uint32_t i = n; i < t->size; i++)
        ds_buf_add(w->b, x < 0 ? "\xff" : "\0", 1);
    ds_buf_add(w->b, b + skip, n);
    return true;
}

static bool put_date(avro_encoder *w, const put *p, const ds_value *v)
{
    if (v->i == DS_TIME_INF || v->i == DS_TIME_NINF)
        return avro_refuse(w, p, "a date of Avro cannot be infinite");
    return put_long(w, p, v);
}

static bool put_time(avro_encoder *w, const put *p, const ds_value *v)
{
    ds_value x = *v;

    if (p->type != DS_TIME && (x.i == DS_TIME_INF || x.i == DS_TIME_NINF))
        return avro_refuse(w, p, "a timestamp of Avro cannot be infinite");
    if (p->avro->logical == AVRO_TIME_MS || p->avro->logical == AVRO_TS_MS ||
        p->avro->logical == AVRO_LOCAL_MS)
        x.i = datetime_round(p->type, x.i, 3) / DS_MS;
    return put_long(w, p, &x);
}

static bool put_interval(avro_encoder *w, const put *p, const ds_value *v)
{
    const ds_interval *iv = &v->iv;
    ds_time ms = iv->us / DS_MS;
    uint32_t parts[3] = {(uint32_t)iv->months, (uint32_t)iv->days,
                         (uint32_t)ms};

    if (iv->months < 0 || iv->days < 0 || iv->us < 0 || ms > UINT32_MAX ||
        iv->us % DS_MS)
        return avro_refuse(
            w, p,
            "a duration of Avro holds whole milliseconds below 2^32, "
            "and nothing negative");
    for (uint32_t i = 0; i < 3; i++)
        for (uint32_t k = 0; k < 4; k++) {
            uint8_t byte = (uint8_t)(parts[i] >> 8 * k);

            ds_buf_add(w->b, &byte, 1);
        }
    return true;
}

static bool put_value(avro_encoder *w, const put *p, bool null,
                      const ds_value *v)
{
    if (null && p->null_branch < 0)
        return avro_refuse(w, p, "the schema does not allow NULL");
    if (null) {
        if (p->avro->kind != AVRO_KIND_NULL)
            avro_add_long(w, p->null_branch);
        return true;
    }
    if (p->branch >= 0)
        avro_add_long(w, p->branch);
    return p->fn(w, p, v);
}

static bool put_array(avro_encoder *w, const put *p, const ds_value *v)
{
    nested_iter it = nested_begin(p->type, v->s);
    uint32_t n = array_count(v->s);
    bool null;
    ds_value item;

    if (n)
        avro_add_long(w, n);
    while (nested_next(&it, NULL, &null, &item))
        if (!put_value(w, p->kids[0], null, &item))
            return false;
    avro_add_long(w, 0);
    return true;
}

static bool put_row(avro_encoder *w, const put *p, const ds_value *v)
{
    for (uint32_t i = 0; i < p->n; i++) {
        const avro_field *f = &p->avro->fields[i];
        ds_value field = {.i = 0};
        bool null;

        if (!p->kids[i]) {
            ds_buf_add(w->b, f->def.ptr, f->def.len);
            continue;
        }
        null = !row_get(p->type, v->s, p->from[i], &field);
        if (!put_value(w, p->kids[i], null, &field))
            return false;
    }
    return true;
}

bool avro_encode_record(avro_encoder *w, const ds_col *cols, uint32_t row,
                        ds_buf *b, const char **why)
{
    const put *top = w->top;

    w->b = b;
    *why = w->why;
    for (uint32_t i = 0; i < top->n; i++) {
        const put *kid = top->kids[i];
        uint32_t c = w->value ? 0 : top->from[i];
        ds_value v = {.i = 0};
        bool null;

        if (!kid) {
            const avro_field *f = &top->avro->fields[i];
            ds_buf_add(b, f->def.ptr, f->def.len);
            continue;
        }
        null = ds_col_is_null(&cols[c], row);
        if (!null)
            v = ds_col_value(&cols[c], w->columns->fields[c].type, row);
        if (!put_value(w, kid, null, &v))
            return false;
    }
    return true;
}

/* ---- making it ---- */

struct maker {
    ds_arena *a;
    ds_err *err;
    const char *path;
    uint32_t depth;
};

static const put *make(struct maker *m, const avro_type *t, ds_type type);

static const put *no(struct maker *m, const avro_type *t, ds_type type)
{
    if (m->err->rc == DS_OK)
        (void)ds_fail(m->err, DS_E_CONFIG,
                      "column \"%s\" of type %s does not fit the schema's %s",
                      m->path, ds_type_name(type), avro_type_show(t, m->a));
    return NULL;
}

static put_fn *logical_fn(const avro_type *t, ds_type type)
{
    switch (t->logical) {
    case AVRO_DECIMAL:
        return type == DS_NUM || type == DS_I16 || type == DS_I32 ||
                       type == DS_I64
                   ? put_decimal
                   : NULL;
    case AVRO_UUID:
        if (type == DS_UUID)
            return t->kind == AVRO_KIND_FIXED ? put_fixed : put_uuid;
        return NULL;
    case AVRO_DATE:
        return type == DS_DATE ? put_date : NULL;
    case AVRO_TIME_MS:
    case AVRO_TIME_US:
        return type == DS_TIME ? put_time : NULL;
    case AVRO_TS_MS:
    case AVRO_TS_US:
        return type == DS_TS ? put_time : NULL;
    case AVRO_LOCAL_MS:
    case AVRO_LOCAL_US:
        return type == DS_TIMESTAMP ? put_time : NULL;
    case AVRO_DURATION:
        return type == DS_IV ? put_interval : NULL;
    case AVRO_PLAIN:
        break;
    }
    return NULL;
}

static put_fn *plain_fn(const avro_type *t, ds_type type)
{
    bool whole = type == DS_I16 || type == DS_I32 || type == DS_I64;
    bool real = type == DS_F32 || type == DS_F64;

    switch (t->kind) {
    case AVRO_KIND_BOOLEAN:
        return type == DS_BOOL ? put_bool : NULL;
    case AVRO_KIND_INT:
    case AVRO_KIND_LONG:
        return whole ? put_long : NULL;
    case AVRO_KIND_FLOAT:
        return real ? put_real : NULL;
    case AVRO_KIND_DOUBLE:
        return real || type == DS_I16 || type == DS_I32 ? put_real : NULL;
    case AVRO_KIND_STRING:
        return type == DS_UUID                     ? put_uuid
               : type == DS_STR || type == DS_JSON ? put_bytes
                                                   : NULL;
    case AVRO_KIND_BYTES:
        return type == DS_BYTES || type == DS_STR ? put_bytes : NULL;
    case AVRO_KIND_FIXED:
        return type == DS_BYTES ? put_fixed : NULL;
    case AVRO_KIND_ENUM:
        return type == DS_STR ? put_symbol : NULL;
    default:
        return NULL;
    }
}

put_fn *avro_put_fn(const avro_type *t, ds_type type)
{
    return t->logical == AVRO_PLAIN ? plain_fn(t, type) : logical_fn(t, type);
}

/* Kids of a record: by the names of its fields. */
static bool make_fields(struct maker *m, put *p, const ds_schema *row)
{
    const put **kids = ds_new(m->a, const put *, p->avro->n + 1);
    uint32_t *from = ds_new(m->a, uint32_t, p->avro->n + 1), found = 0;
    const char *before = m->path;

    p->n = p->avro->n;
    p->kids = kids;
    p->from = from;
    for (uint32_t i = 0; i < p->n; i++) {
        const avro_field *f = &p->avro->fields[i];
        int at = ds_schema_find(row, f->name);

        if (at < 0 && !f->def.ptr) {
            (void)ds_fail(m->err, DS_E_CONFIG,
                          "the schema's field \"%s%s%s\" has no column and no "
                          "default",
                          before, *before ? "." : "", f->name);
            return false;
        }
        if (at < 0)
            continue;
        found++;
        from[i] = (uint32_t)at;
        m->path =
            *before ? ds_str_printf(m->a, "%s.%s", before, f->name) : f->name;
        kids[i] = make(m, f->type, row->fields[at].type);
        m->path = before;
        if (!kids[i])
            return false;
    }
    for (uint32_t c = 0; c < row->n && found < row->n; c++) {
        uint32_t i = 0;

        while (i < p->n &&
               strcmp(p->avro->fields[i].name, row->fields[c].name) != 0)
            i++;
        if (i == p->n) {
            (void)ds_fail(m->err, DS_E_CONFIG,
                          "column \"%s%s%s\" is no field of the schema's %s",
                          before, *before ? "." : "", row->fields[c].name,
                          avro_type_show(p->avro, m->a));
            return false;
        }
    }
    return true;
}

/* A union: the branch that takes the type, and the one for NULL. */
static const put *make_branch(struct maker *m, const avro_type *t, ds_type type)
{
    ds_err *outer = m->err;
    put *p = NULL;
    int32_t null = -1;

    for (uint32_t i = 0; i < t->n; i++) {
        ds_err why = {DS_OK, ""};
        const put *made;

        if (t->items[i]->kind == AVRO_KIND_NULL) {
            null = (int32_t)i;
            continue;
        }
        if (p)
            continue;
        m->err = t->n == 2 ? outer : &why;
        made = make(m, t->items[i], type);
        m->err = outer;
        if (!made)
            continue;
        p = ds_new(m->a, put, 1);
        *p = *made;
        p->branch = (int32_t)i;
    }
    if (!p)
        return no(m, t, type);
    p->null_branch = null;
    return p;
}

static bool make_kids(struct maker *m, put *p, ds_type type)
{
    ds_type elem = ds_type_elem(type);

    if (p->avro->kind == AVRO_KIND_RECORD && ds_row_fields(type)) {
        p->fn = put_row;
        return make_fields(m, p, ds_row_fields(type));
    }
    if (p->avro->kind == AVRO_KIND_ARRAY && elem != DS_NONE) {
        const put **kid = ds_new(m->a, const put *, 1);

        p->fn = put_array;
        p->kids = kid;
        kid[0] = make(m, p->avro->items[0], elem);
        return kid[0] != NULL;
    }
    return true;
}

/* Those that are not null. */
static uint32_t branches(const avro_type *t)
{
    uint32_t n = t->n;

    for (uint32_t i = 0; i < t->n; i++)
        n -= t->items[i]->kind == AVRO_KIND_NULL;
    return n;
}

static int32_t null_branch(const avro_type *t)
{
    if (t->kind == AVRO_KIND_UNION)
        for (uint32_t i = 0; i < t->n; i++)
            if (t->items[i]->kind == AVRO_KIND_NULL)
                return (int32_t)i;
    return t->kind == AVRO_KIND_NULL ? 0 : -1;
}

static const put *make(struct maker *m, const avro_type *t, ds_type type)
{
    put *p;

    if (m->depth > AVRO_DEPTH_MAX)
        return no(m, t, type);
    if (t->kind == AVRO_KIND_UNION && !(type == DS_JSON && branches(t) > 1)) {
        m->depth++;
        p = (put *)make_branch(m, t, type);
        m->depth--;
        return p;
    }
    p = ds_new(m->a, put, 1);
    *p = (put){.type = type,
               .avro = t,
               .null_branch = null_branch(t),
               .branch = -1,
               .name = m->path};
    m->depth++;
    if (!make_kids(m, p, type))
        return NULL;
    m->depth--;
    if (!p->fn)
        p->fn = avro_put_fn(t, type);
    if (!p->fn && type == DS_JSON)
        p->fn = avro_put_json;
    return p->fn ? p : no(m, t, type);
}

static const put *make_value(struct maker *m, const avro_type *t,
                             const ds_schema *columns)
{
    put *p = ds_new(m->a, put, 1);
    const put **kid = ds_new(m->a, const put *, 1);

    m->path = columns->fields[0].name;
    kid[0] = make(m, t, columns->fields[0].type);
    *p = (put){.avro = t, .n = 1, .kids = kid};
    return kid[0] ? p : NULL;
}

ds_rc avro_encoder_new(const avro_type *t, const ds_schema *columns,
                       ds_arena *a, avro_encoder **out, ds_err *err)
{
    ds_err why = {DS_OK, ""};
    struct maker m = {.a = a, .err = &why, .path = ""};
    avro_encoder *w = ds_new(a, avro_encoder, 1);
    put *top = ds_new(a, put, 1);

    w->columns = columns;
    w->value = t->kind != AVRO_KIND_RECORD;
    if (w->value && columns->n != 1)
        return ds_fail(err, DS_E_CONFIG,
                       "the schema's %s is one value, not %u columns",
                       avro_type_show(t, a), columns->n);
    if (w->value) {
        w->top = make_value(&m, t, columns);
        if (!w->top)
            return ds_fail(err, DS_E_CONFIG, "%s", why.msg);
    } else {
        *top = (put){.avro = t};
        if (!make_fields(&m, top, columns))
            return ds_fail(err, DS_E_CONFIG, "%s", why.msg);
        w->top = top;
    }
    *out = w;
    return DS_OK;
}
