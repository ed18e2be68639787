/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jsonb_cmp.c - the order of jsonb values, and one text for equal ones.
 *
 * Both texts are walked side by side up to the first difference. Then the
 * larger container wins, the outermost first: what is left of every container
 * around is counted in both. So nothing is read twice, however deep it is.
 */
#include "record/jsonb_scan.h"

/* ---- numbers ---- */

typedef struct number {
    bool minus;
    ds_slice whole, frac; /* no zeros before, none after */
} number;

static number number_of(ds_slice v)
{
    number n = {.minus = *v.ptr == '-'};
    const uint8_t *p = v.ptr + n.minus, *end = v.ptr + v.len;
    const uint8_t *point = memchr(p, '.', (size_t)(end - p));
    const uint8_t *to = point ? point : end;
    p += *p == '0';
    n.whole = (ds_slice){p, (uint32_t)(to - p)};
    n.frac = (ds_slice){end, 0};
    if (point) {
        while (end[-1] == '0')
            end--;
        n.frac = (ds_slice){point + 1, (uint32_t)(end - point - 1)};
    }
    return n;
}

static int bytes_cmp(ds_slice a, ds_slice b)
{
    uint32_t n = a.len < b.len ? a.len : b.len;
    int c = n ? memcmp(a.ptr, b.ptr, n) : 0;
    return c ? (c > 0) - (c < 0) : (a.len > b.len) - (a.len < b.len);
}

int jsonb_number_cmp(ds_slice a, ds_slice b)
{
    number x = number_of(a), y = number_of(b);
    if (x.minus != y.minus)
        return x.minus ? -1 : 1;
    int c = (x.whole.len > y.whole.len) - (x.whole.len < y.whole.len);
    if (c == 0)
        c = bytes_cmp(x.whole, y.whole);
    if (c == 0)
        c = bytes_cmp(x.frac, y.frac);
    return x.minus ? -c : c;
}

/* ---- strings ---- */

/* The next unescaped byte, -1 at the end. */
static int next_byte(const uint8_t **p, const uint8_t *end)
{
    if (*p == end)
        return -1;
    return **p == '\\' ? jsonb_unescape_one(p) : *(*p)++;
}

int jsonb_string_cmp(ds_slice a, ds_slice b)
{
    const uint8_t *p = a.ptr + 1, *p_end = a.ptr + a.len - 1;
    const uint8_t *q = b.ptr + 1, *q_end = b.ptr + b.len - 1;
    size_t n = (size_t)(p_end - p), m = (size_t)(q_end - q);
    if (memchr(p, '\\', n) == NULL && memchr(q, '\\', m) == NULL) {
        int c = memcmp(p, q, n < m ? n : m);
        return c ? (c > 0) - (c < 0) : (n > m) - (n < m);
    }
    for (;;) {
        int x = next_byte(&p, p_end), y = next_byte(&q, q_end);
        if (x != y)
            return x < y ? -1 : 1;
        if (x < 0)
            return 0;
    }
}

static uint32_t unescaped_len(ds_slice v)
{
    const uint8_t *p = v.ptr + 1, *end = v.ptr + v.len - 1;
    uint32_t n = 0;
    for (; p < end; n++)
        p += *p != '\\' ? 1 : p[1] == 'u' ? 6 : 2;
    return n;
}

int jsonb_key_cmp(ds_slice a, ds_slice b)
{
    uint32_t n = a.len - 2, m = b.len - 2;
    if (memchr(a.ptr, '\\', a.len) || memchr(b.ptr, '\\', b.len)) {
        n = unescaped_len(a);
        m = unescaped_len(b);
    }
    return n != m ? (n > m) - (n < m) : jsonb_string_cmp(a, b);
}

/* ---- order ---- */

/* Null, string, number, boolean, array, object. */
static int rank(jsonb_kind k)
{
    static const int ranks[] = {
        [JSONB_NULL] = 0,  [JSONB_STRING] = 1, [JSONB_NUMBER] = 2,
        [JSONB_FALSE] = 3, [JSONB_TRUE] = 3,   [JSONB_ARRAY] = 4,
        [JSONB_OBJECT] = 5};
    return ranks[k];
}

static bool opens(uint8_t c)
{
    return c == '{' || c == '[';
}

static bool closes(uint8_t c)
{
    return c == '}' || c == ']';
}

/* Two values that are not both looked into. */
static int scalar_cmp(ds_slice a, ds_slice b)
{
    jsonb_kind x = jsonb_kind_of(a), y = jsonb_kind_of(b);
    if (rank(x) != rank(y))
        return rank(x) < rank(y) ? -1 : 1;
    if (x == JSONB_STRING)
        return jsonb_string_cmp(a, b);
    if (x == JSONB_NUMBER)
        return jsonb_number_cmp(a, b);
    if (x >= JSONB_ARRAY)
        return bytes_cmp(a, b);
    return (x > y) - (x < y);
}

/* The commas after p in each of the `depth` containers around, the innermost
 * first. */
static void count_rest(const uint8_t *p, const uint8_t *end, uint32_t depth,
                       uint32_t *counts)
{
    uint32_t inner = 0;
    memset(counts, 0, sizeof *counts * depth);
    for (uint32_t i = 0; i < depth;) {
        if (*p == '"') {
            p = jsonb_string_end(p, end);
            continue;
        }
        if (opens(*p))
            inner++;
        else if (closes(*p) && inner > 0)
            inner--;
        else if (closes(*p))
            i++;
        else if (*p == ',' && inner == 0)
            counts[i]++;
        p++;
    }
}

typedef struct sides {
    const uint8_t *a, *a_end, *b, *b_end;
    uint32_t depth;
} sides;

/* `c` decides unless a container around has more members in one text. */
static int decide(const sides *s, int c)
{
    uint32_t x[JSONB_DEPTH], y[JSONB_DEPTH];
    count_rest(s->a, s->a_end, s->depth, x);
    count_rest(s->b, s->b_end, s->depth, y);
    for (uint32_t i = s->depth; i-- > 0;)
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    return c;
}

/* After a value: to the next one, or depth 0. */
static int step(sides *s)
{
    while (s->depth > 0 && closes(*s->a) && closes(*s->b)) {
        s->a++;
        s->b++;
        s->depth--;
    }
    if (s->depth == 0)
        return 0;
    if (closes(*s->a) != closes(*s->b))
        return decide(s, closes(*s->a) ? -1 : 1);
    if (!(*s->a == ',' || *s->a == ':'))
        return 0; /* the first one of a container */
    s->a += 2;
    s->b += 2;
    return 0;
}

static int containers_cmp(ds_slice va, ds_slice vb)
{
    sides s = {va.ptr, va.ptr + va.len, vb.ptr, vb.ptr + vb.len, 0};
    int c = 0;
    do {
        bool deeper = s.depth < JSONB_DEPTH; /* else as plain bytes */
        if (deeper && opens(*s.a) && *s.a == *s.b) {
            s.a++;
            s.b++;
            s.depth++;
        } else {
            const uint8_t *a = s.a, *b = s.b;
            s.a = jsonb_value_end(a, s.a_end);
            s.b = jsonb_value_end(b, s.b_end);
            c = scalar_cmp((ds_slice){a, (uint32_t)(s.a - a)},
                           (ds_slice){b, (uint32_t)(s.b - b)});
            if (c)
                return decide(&s, c);
        }
        c = step(&s);
    } while (c == 0 && s.depth > 0);
    return c;
}

int jsonb_cmp(ds_slice a, ds_slice b)
{
    bool a_open = opens(*a.ptr), b_open = opens(*b.ptr);
    if (a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0)
        return 0;
    if (a_open && b_open)
        return containers_cmp(a, b);
    /* To PostgreSQL a scalar alone is an array of one. */
    if (!a_open && *b.ptr == '[' && b.len == 2)
        return 1;
    if (!b_open && *a.ptr == '[' && a.len == 2)
        return -1;
    return scalar_cmp(a, b);
}

/* ---- equal bytes ---- */

/* The next number from p on that ends with zeros after its point: where it
 * ends, *keep without the zeros. NULL: there is none. */
static const uint8_t *next_zeros(const uint8_t *p, const uint8_t *end,
                                 const uint8_t **keep)
{
    while (p < end) {
        if (*p == '"') {
            p = jsonb_string_end(p, end);
            continue;
        }
        if (*p != '.') {
            p++;
            continue;
        }
        const uint8_t *point = p++;
        while (p < end && *p >= '0' && *p <= '9')
            p++;
        if (p[-1] != '0')
            continue;
        *keep = p;
        while ((*keep)[-1] == '0')
            (*keep)--;
        if (*keep == point + 1)
            *keep = point;
        return p;
    }
    return NULL;
}

ds_slice jsonb_plain(ds_slice v, ds_arena *a)
{
    const uint8_t *p = v.ptr, *end = v.ptr + v.len, *keep;
    const uint8_t *next = next_zeros(p, end, &keep);
    if (next == NULL)
        return v;
    uint8_t *to = ds_arena_alloc(a, v.len, 1), *t = to;
    for (; next; next = next_zeros(p, end, &keep)) {
        memcpy(t, p, (size_t)(keep - p));
        t += keep - p;
        p = next;
    }
    memcpy(t, p, (size_t)(end - p));
    return (ds_slice){to, (uint32_t)(t + (end - p) - to)};
}
