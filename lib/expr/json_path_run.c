/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_path_run.c - a path walks a value.
 *
 * In lax mode arrays are unwrapped where something else is wanted, others are
 * wrapped where an array is, and what is not there is nothing; in strict mode
 * all of that is an error. An error inside a predicate makes it unknown.
 */
#include "expr/json_path.h"

enum { STEPS = 1 << 22 }; /* for one value */

typedef enum truth { FALSE, TRUE, UNKNOWN } truth;

static path_rc run_node(path_run *w, const path_node *n, ds_slice v,
                        path_items *out, bool unwrap);
static truth run_predicate(path_run *w, const path_node *n, ds_slice v);

/* An error; inside predicates it need not be told. */
#define fail(w, ...)                                                           \
    ((w)->throws && !(w)->error                                                \
         ? (void)((w)->error = ds_str_printf((w)->arena, __VA_ARGS__))         \
         : (void)0,                                                            \
     PATH_ERROR)

static path_rc fail_hard(path_run *w, const char *why)
{
    if (!w->hard)
        w->error = why;
    w->hard = true;
    return PATH_ERROR;
}

static bool spend(path_run *w, uint64_t steps)
{
    if (w->budget < steps)
        (void)fail_hard(w, "the jsonpath takes too long on this value");
    else
        w->budget -= steps;
    return !w->hard;
}

/* Bytes that were looked at. */
static bool spend_bytes(path_run *w, uint64_t n)
{
    return spend(w, n / 64);
}

void path_add(path_run *w, path_items *items, ds_slice v)
{
    if (items->n == items->cap) {
        uint32_t cap = items->cap ? 2 * items->cap : 8;
        ds_slice *list = ds_new(w->arena, ds_slice, cap);
        if (items->n)
            memcpy(list, items->list, sizeof *list * items->n);
        items->list = list;
        items->cap = cap;
    }
    items->list[items->n++] = v;
}

static path_items items_take(path_run *w)
{
    path_items items = {NULL, 0, 0};
    if (w->n_spare)
        items = w->spare[--w->n_spare];
    items.n = 0;
    return items;
}

static void items_back(path_run *w, const path_items *items)
{
    if (items->cap && w->n_spare < PATH_SPARE)
        w->spare[w->n_spare++] = *items;
}

static bool is_array(ds_slice v)
{
    return *v.ptr == '[';
}

static bool is_number(ds_slice v)
{
    return jsonb_kind_of(v) == JSONB_NUMBER;
}

static ds_slice truth_value(truth t)
{
    static const char *const names[] = {"false", "true", "null"};
    return ds_slice_of(names[t]);
}

/* A value has been found by n: on to the accessor after it. */
static path_rc go_on(path_run *w, const path_node *n, ds_slice v,
                     path_items *out)
{
    if (n->next)
        return run_node(w, n->next, v, out, w->path->lax);
    if (out)
        path_add(w, out, v);
    return PATH_OK;
}

/* The same; ids of keyvalue() are places in this object then. */
static path_rc go_on_from(path_run *w, const path_node *n, path_base base,
                          ds_slice v, path_items *out)
{
    path_base saved = w->base;
    w->base = base;
    path_rc rc = go_on(w, n, v, out);
    w->base = saved;
    return rc;
}

/* ---- elements and members ---- */

typedef struct any {
    const path_node *then; /* for each; NULL: they are what is found */
    uint32_t first, last;  /* levels */
    bool ignore, unwrap;
} any;

static path_rc any_one(path_run *w, const any *how, ds_slice v, path_items *out)
{
    if (how->then == NULL) {
        if (out)
            path_add(w, out, v);
        return PATH_OK;
    }
    bool saved = w->ignore;
    w->ignore = saved || how->ignore;
    path_rc rc = run_node(w, how->then, v, out, how->unwrap);
    w->ignore = saved;
    return rc;
}

static path_rc any_level(path_run *w, const any *how, ds_slice container,
                         uint32_t level, path_items *out)
{
    path_rc rc = PATH_NONE;
    ds_slice v;
    if (level > how->last)
        return rc;
    for (jsonb_iter it = jsonb_begin(container); jsonb_next(&it, NULL, &v);) {
        bool deepest = how->first == PATH_DEEPEST &&
                       how->last == PATH_DEEPEST && json_is_scalar(v);
        if (!spend(w, 1 + v.len / 64)) /* it was read to find its end */
            return PATH_ERROR;
        if (level >= how->first || deepest) {
            rc = any_one(w, how, v, out);
            if (rc == PATH_ERROR || (rc == PATH_OK && !out))
                return rc;
        }
        if (level < how->last && !json_is_scalar(v)) {
            rc = any_level(w, how, v, level + 1, out);
            if (rc == PATH_ERROR || (rc == PATH_OK && !out))
                return rc;
        }
    }
    return rc;
}

/* n for each element of an array. */
static path_rc unwrap_array(path_run *w, const path_node *n, ds_slice array,
                            path_items *out, bool unwrap)
{
    any how = {.then = n, .first = 1, .last = 1, .unwrap = unwrap};
    return any_level(w, &how, array, 1, out);
}

static path_rc run_key(path_run *w, const path_node *n, ds_slice v,
                       path_items *out, bool unwrap)
{
    if (*v.ptr == '{') {
        ds_slice value = jsonb_member(v, n->text);
        if (!spend_bytes(w, value.ptr ? (uint64_t)(value.ptr - v.ptr) : v.len))
            return PATH_ERROR;
        if (value.ptr)
            return go_on(w, n, value, out);
        if (w->ignore)
            return PATH_NONE;
        return fail(w, "JSON object does not contain key \"%.*s\"",
                    (int)n->text.len, (const char *)n->text.ptr);
    }
    if (unwrap && is_array(v))
        return unwrap_array(w, n, v, out, false);
    if (w->ignore)
        return PATH_NONE;
    return fail(w, "jsonpath member accessor can only be applied to an object");
}

static path_rc run_all(path_run *w, const path_node *n, ds_slice v,
                       path_items *out, bool unwrap)
{
    bool members = n->kind == PATH_ALL_MEMBERS;
    any how = {n->next, 1, 1, false, w->path->lax};
    if (*v.ptr == (members ? '{' : '['))
        return any_level(w, &how, v, 1, out);
    if (!members && w->path->lax)
        return go_on(w, n, v, out);
    if (members && unwrap && is_array(v))
        return unwrap_array(w, n, v, out, false);
    if (w->ignore)
        return PATH_NONE;
    return fail(w,
                "jsonpath wildcard %s accessor can only be applied to an "
                "%s",
                members ? "member" : "array", members ? "object" : "array");
}

static path_rc run_any(path_run *w, const path_node *n, ds_slice v,
                       path_items *out)
{
    path_rc rc = PATH_NONE;
    any how = {n->next, n->first, n->last, true, w->path->lax};
    if (n->first == 0) {
        bool saved = w->ignore;
        w->ignore = true;
        rc = go_on(w, n, v, out);
        w->ignore = saved;
        if (rc == PATH_OK && !out)
            return rc;
    }
    return json_is_scalar(v) ? rc : any_level(w, &how, v, 1, out);
}

/* ---- subscripts ---- */

static path_rc position(path_run *w, const path_node *n, ds_slice v,
                        int64_t *at)
{
    path_items found = items_take(w);
    path_rc rc = run_node(w, n, v, &found, w->path->lax);
    ds_slice value = found.n == 1 ? found.list[0] : ds_slice_of("null");
    items_back(w, &found);
    if (rc == PATH_ERROR)
        return rc;
    if (!is_number(value))
        return fail(w,
                    "jsonpath array subscript is not a single numeric value");
    if (!path_position(value, at))
        return fail(w, "jsonpath array subscript is out of integer range");
    return PATH_OK;
}

static path_rc run_range(path_run *w, const path_node *n,
                         const path_range *range, ds_slice v, path_items *out)
{
    int64_t from = 0, to;
    path_rc rc = position(w, range->from, v, &from);
    to = from;
    if (rc == PATH_OK && range->to)
        rc = position(w, range->to, v, &to);
    if (rc == PATH_ERROR)
        return rc;
    if (!w->ignore && (from < 0 || from > to || to >= w->size))
        return fail(w, "jsonpath array subscript is out of bounds");
    from = from < 0 ? 0 : from;
    to = to >= w->size ? w->size - 1 : to;
    rc = PATH_NONE;
    if (from > to)
        return rc;
    if (!is_array(v))
        return go_on(w, n, v, out);
    ds_slice e;
    jsonb_iter it = jsonb_begin(v);
    for (int64_t i = 0; i <= to && jsonb_next(&it, NULL, &e); i++) {
        if (!spend(w, (i >= from) + e.len / 64))
            return PATH_ERROR;
        if (i < from)
            continue;
        rc = go_on(w, n, e, out);
        if (rc == PATH_ERROR || (rc == PATH_OK && !out))
            return rc;
    }
    return rc;
}

static path_rc run_subscript(path_run *w, const path_node *n, ds_slice v,
                             path_items *out)
{
    path_rc rc = PATH_NONE;
    if (!is_array(v) && !w->path->lax)
        return w->ignore ? rc
                         : fail(w, "jsonpath array accessor can only be "
                                   "applied to an array");
    int64_t saved = w->size;
    if (!spend_bytes(w, v.len))
        return PATH_ERROR;
    w->size = is_array(v) ? jsonb_count(v) : 1;
    for (const path_range *range = n->ranges; range; range = range->next) {
        int64_t size = w->size;
        rc = run_range(w, n, range, v, out);
        w->size = size;
        if (rc == PATH_ERROR || (rc == PATH_OK && !out))
            break;
    }
    w->size = saved;
    return rc;
}

/* ---- operands ---- */

/* The values of an operand; arrays among them are unwrapped in lax mode. */
static path_rc operand(path_run *w, const path_node *n, ds_slice v, bool unwrap,
                       path_items *out)
{
    if (!unwrap || !w->path->lax)
        return run_node(w, n, v, out, w->path->lax);
    path_items found = items_take(w);
    path_rc rc = run_node(w, n, v, &found, true);
    for (uint32_t i = 0; rc != PATH_ERROR && i < found.n; i++) {
        if (is_array(found.list[i]))
            rc = unwrap_array(w, NULL, found.list[i], out, false);
        else
            path_add(w, out, found.list[i]);
    }
    items_back(w, &found);
    return rc;
}

/* An operand of which there must be one; null if there is another number of
 * them. */
static path_rc one_operand(path_run *w, const path_node *n, ds_slice v,
                           ds_slice *out)
{
    path_items found = items_take(w);
    path_rc rc = operand(w, n, v, true, &found);
    *out = found.n == 1 ? found.list[0] : ds_slice_of("null");
    items_back(w, &found);
    return rc;
}

/* The same in a predicate, where errors are not told. */
static bool quiet_operand(path_run *w, const path_node *n, ds_slice v,
                          bool unwrap, path_items *out, path_rc *rc)
{
    bool saved = w->throws;
    w->throws = false;
    *rc = out && unwrap ? operand(w, n, v, true, out)
                        : run_node(w, n, v, out, w->path->lax);
    w->throws = saved;
    return *rc != PATH_ERROR;
}

static const char *sign_of(path_kind k)
{
    static const char *const names[] = {"+", "-", "+", "-", "*", "/", "%"};
    return names[k - PATH_PLUS];
}

static path_rc run_arithmetic(path_run *w, const path_node *n, ds_slice v,
                              path_items *out)
{
    ds_slice x, y;
    path_rc rc = one_operand(w, n->left, v, &x);
    if (rc != PATH_ERROR)
        rc = one_operand(w, n->right, v, &y);
    if (rc == PATH_ERROR)
        return rc;
    if (!is_number(x))
        return fail(w,
                    "left operand of jsonpath operator %s is not a single "
                    "numeric value",
                    sign_of(n->kind));
    if (!is_number(y))
        return fail(w,
                    "right operand of jsonpath operator %s is not a "
                    "single numeric value",
                    sign_of(n->kind));
    ds_slice value;
    bool hard = false;
    if (!spend_bytes(w, (uint64_t)x.len + y.len))
        return PATH_ERROR;
    const char *why = path_arithmetic(n->kind, x, y, w->arena, &value, &hard);
    if (why)
        return hard ? fail_hard(w, why) : fail(w, "%s", why);
    return go_on(w, n, value, out);
}

static path_rc sign_one(path_run *w, const path_node *n, ds_slice v,
                        path_items *out)
{
    bool only_whether = !out && !n->next;
    if (!is_number(v)) {
        if (only_whether)
            return PATH_NONE;
        return fail(w,
                    "operand of unary jsonpath operator %s is not a "
                    "numeric value",
                    sign_of(n->kind));
    }
    if (only_whether)
        return PATH_OK;
    if (!spend_bytes(w, v.len))
        return PATH_ERROR;
    if (n->kind == PATH_MINUS)
        v = path_negate(v, w->arena);
    return go_on(w, n, v, out);
}

static path_rc run_sign(path_run *w, const path_node *n, ds_slice v,
                        path_items *out)
{
    path_items x = items_take(w);
    path_rc rc = operand(w, n->left, v, true, &x), done = PATH_NONE;
    for (uint32_t i = 0; rc != PATH_ERROR && i < x.n; i++) {
        rc = sign_one(w, n, x.list[i], out);
        if (rc == PATH_OK)
            done = rc;
        if (rc == PATH_OK && !out)
            break;
    }
    items_back(w, &x);
    return rc == PATH_ERROR ? rc : done;
}

/* ---- predicates ---- */

static truth compare(path_kind op, ds_slice x, ds_slice y)
{
    jsonb_kind kx = jsonb_kind_of(x), ky = jsonb_kind_of(y);
    int c;
    if (kx == JSONB_TRUE)
        kx = JSONB_FALSE;
    if (ky == JSONB_TRUE)
        ky = JSONB_FALSE;
    if (kx != ky) {
        if (kx == JSONB_NULL || ky == JSONB_NULL)
            return op == PATH_NOT_EQUAL ? TRUE : FALSE;
        return UNKNOWN;
    }
    switch (kx) {
    case JSONB_NULL:
        c = 0;
        break;
    case JSONB_FALSE:
        c = (*x.ptr == 't') - (*y.ptr == 't');
        break;
    case JSONB_NUMBER:
        c = jsonb_number_cmp(x, y);
        break;
    case JSONB_STRING:
        c = jsonb_string_cmp(x, y);
        break;
    default:
        return UNKNOWN;
    }
    switch (op) {
    case PATH_EQUAL:
        return c == 0;
    case PATH_NOT_EQUAL:
        return c != 0;
    case PATH_LESS:
        return c < 0;
    case PATH_LESS_EQUAL:
        return c <= 0;
    case PATH_GREATER:
        return c > 0;
    default:
        return c >= 0;
    }
}

static truth starts_with(path_run *w, ds_slice x, ds_slice y)
{
    if (*x.ptr != '"' || *y.ptr != '"')
        return UNKNOWN;
    x = jsonb_unescape(x, w->arena);
    y = jsonb_unescape(y, w->arena);
    return x.len >= y.len && memcmp(x.ptr, y.ptr, y.len) == 0;
}

static truth like_regex(path_run *w, const path_node *n, ds_slice x)
{
    uint32_t begin, end;
    if (*x.ptr != '"')
        return UNKNOWN;
    x = jsonb_unescape(x, w->arena);
    regex_run *re = &w->regex[n->re_number];
    if (!w->regex_begun[n->re_number])
        regex_begin(re, n->re);
    w->regex_begun[n->re_number] = true;
    regex_text(re, x);
    switch (regex_next(re, x, 0, &begin, &end)) {
    case REGEX_MATCH:
        return TRUE;
    case REGEX_NONE:
        return FALSE;
    default:
        (void)fail_hard(w,
                        "the regular expression takes too long on this text");
        return UNKNOWN;
    }
}

static truth test_pair(path_run *w, const path_node *n, ds_slice x, ds_slice y)
{
    uint64_t bytes =
        x.len < y.len || n->kind >= PATH_STARTS_WITH ? x.len : y.len;
    if (n->kind == PATH_LIKE_REGEX)
        bytes = 64 * bytes + 4096;
    if (!spend(w, 1 + bytes / 64))
        return UNKNOWN;
    if (n->kind == PATH_STARTS_WITH)
        return starts_with(w, x, y);
    if (n->kind == PATH_LIKE_REGEX)
        return like_regex(w, n, x);
    return compare(n->kind, x, y);
}

/* True for one pair in lax mode; in strict mode all are looked at. */
static truth test_lists(path_run *w, const path_node *n, const path_items *x,
                        const path_items *y)
{
    bool unknown = false, found = false, lax = w->path->lax;
    for (uint32_t i = 0; i < x->n; i++)
        for (uint32_t j = 0; j < y->n; j++) {
            truth t = test_pair(w, n, x->list[i], y->list[j]);
            if (w->hard || (t == UNKNOWN && !lax))
                return UNKNOWN;
            if (t == TRUE && lax)
                return TRUE;
            unknown = unknown || t == UNKNOWN;
            found = found || t == TRUE;
        }
    return found ? TRUE : unknown ? UNKNOWN : FALSE;
}

static truth test_pairs(path_run *w, const path_node *n, ds_slice v)
{
    path_items x = items_take(w), y = items_take(w);
    path_rc rc;
    truth t = UNKNOWN;
    bool compares = n->kind < PATH_STARTS_WITH;
    if (n->right == NULL)
        path_add(w, &y, DS_NULL_SLICE);
    if (quiet_operand(w, n->left, v, true, &x, &rc) &&
        (n->right == NULL || quiet_operand(w, n->right, v, compares, &y, &rc)))
        t = test_lists(w, n, &x, &y);
    items_back(w, &x);
    items_back(w, &y);
    return t;
}

static truth test_exists(path_run *w, const path_node *n, ds_slice v)
{
    path_items found = items_take(w);
    path_rc rc;
    bool lax = w->path->lax;
    truth t = UNKNOWN;
    if (quiet_operand(w, n->left, v, false, lax ? NULL : &found, &rc))
        t = (lax ? rc == PATH_OK : found.n > 0) ? TRUE : FALSE;
    items_back(w, &found);
    return t;
}

static truth run_predicate(path_run *w, const path_node *n, ds_slice v)
{
    truth l, r;
    switch (n->kind) {
    case PATH_AND:
    case PATH_OR:
        l = run_predicate(w, n->left, v);
        if (l == (n->kind == PATH_AND ? FALSE : TRUE))
            return l;
        r = run_predicate(w, n->right, v);
        return r == (n->kind == PATH_AND ? TRUE : FALSE) ? l : r;
    case PATH_NOT:
        l = run_predicate(w, n->left, v);
        return l == UNKNOWN ? l : !l;
    case PATH_IS_UNKNOWN:
        return run_predicate(w, n->left, v) == UNKNOWN;
    case PATH_EXISTS:
        return test_exists(w, n, v);
    default:
        return test_pairs(w, n, v);
    }
}

static path_rc run_filter(path_run *w, const path_node *n, ds_slice v,
                          path_items *out, bool unwrap)
{
    if (unwrap && is_array(v))
        return unwrap_array(w, n, v, out, false);
    ds_slice saved = w->current;
    w->current = v;
    truth t = run_predicate(w, n->left, v);
    w->current = saved;
    if (w->hard)
        return PATH_ERROR;
    return t == TRUE ? go_on(w, n, v, out) : PATH_NONE;
}

/* ---- methods ---- */

static path_rc run_keyvalue(path_run *w, const path_node *n, ds_slice v,
                            path_items *out)
{
    path_rc rc = PATH_NONE;
    ds_slice key, value;
    if (!spend(w, w->base.object.len / 64))
        return PATH_ERROR;
    int64_t id = path_object_id(&w->base, v);
    for (jsonb_iter it = jsonb_begin(v); jsonb_next(&it, &key, &value);) {
        if (!out && !n->next)
            return PATH_OK;
        if (!spend_bytes(w, 64 + (uint64_t)key.len + value.len))
            return PATH_ERROR;
        ds_slice made = path_keyvalue(id, key, value, w->arena);
        rc = go_on_from(w, n, (path_base){made, w->next_id++}, made, out);
        if (rc == PATH_ERROR || (rc == PATH_OK && !out))
            return rc;
    }
    return rc;
}

static const char *method_name(path_kind k)
{
    static const char *const names[] = {"type",  "size", "double",  "ceiling",
                                        "floor", "abs",  "keyvalue"};
    return names[k - PATH_TYPE];
}

static path_rc run_double(path_run *w, const path_node *n, ds_slice v,
                          path_items *out)
{
    if (!is_number(v) && *v.ptr != '"')
        return fail(w, "jsonpath item method .double() can only be applied to "
                       "a string or numeric value");
    const char *why = path_double(v, w->arena, &v);
    return why ? fail(w, "%s", why) : go_on(w, n, v, out);
}

static path_rc run_method(path_run *w, const path_node *n, ds_slice v,
                          path_items *out, bool unwrap)
{
    bool object = n->kind == PATH_KEYVALUE;
    if (unwrap && is_array(v))
        return unwrap_array(w, n, v, out, false);
    if (n->kind == PATH_DOUBLE)
        return run_double(w, n, v, out);
    if (object ? *v.ptr != '{' : !is_number(v))
        return fail(w, "jsonpath item method .%s() can only be applied to %s",
                    method_name(n->kind),
                    object ? "an object" : "a numeric value");
    if (object)
        return run_keyvalue(w, n, v, out);
    if (!spend_bytes(w, v.len))
        return PATH_ERROR;
    return go_on(w, n, path_round(n->kind, v, w->arena), out);
}

static path_rc run_size(path_run *w, const path_node *n, ds_slice v,
                        path_items *out)
{
    if (!is_array(v) && !w->path->lax) {
        if (w->ignore)
            return PATH_NONE;
        return fail(w, "jsonpath item method .size() can only be applied to "
                       "an array");
    }
    if (!spend_bytes(w, v.len))
        return PATH_ERROR;
    int64_t size = is_array(v) ? jsonb_count(v) : 1;
    return go_on(w, n, path_number(size, w->arena), out);
}

static path_rc run_type(path_run *w, const path_node *n, ds_slice v,
                        path_items *out)
{
    static const char *const names[] = {
        "\"null\"",   "\"boolean\"", "\"boolean\"", "\"number\"",
        "\"string\"", "\"array\"",   "\"object\""};
    return go_on(w, n, ds_slice_of(names[jsonb_kind_of(v)]), out);
}

/* ---- all of them ---- */

static path_rc run_variable(path_run *w, const path_node *n, path_items *out)
{
    ds_slice v = DS_NULL_SLICE;
    if (w->vars.ptr && *w->vars.ptr != '{')
        return fail_hard(w, "\"vars\" argument is not an object");
    if (w->vars.ptr)
        v = jsonb_member(w->vars, n->text);
    if (v.ptr == NULL)
        return fail_hard(w, ds_str_printf(w->arena,
                                          "could not find jsonpath variable "
                                          "\"%.*s\"",
                                          (int)n->text.len,
                                          (const char *)n->text.ptr));
    return go_on_from(w, n, (path_base){w->vars, 1}, v, out);
}

static path_rc run_truth(path_run *w, const path_node *n, ds_slice v,
                         path_items *out)
{
    truth t = run_predicate(w, n, v);
    if (w->hard)
        return PATH_ERROR;
    return go_on(w, n, truth_value(t), out);
}

static path_rc run_node(path_run *w, const path_node *n, ds_slice v,
                        path_items *out, bool unwrap)
{
    if (!spend(w, 1))
        return PATH_ERROR;
    switch (n->kind) {
    case PATH_LITERAL:
        return go_on(w, n, n->text, out);
    case PATH_ROOT:
        return go_on_from(w, n, (path_base){w->root, 0}, w->root, out);
    case PATH_CURRENT:
        return go_on(w, n, w->current, out);
    case PATH_LAST:
        return go_on(w, n, path_number(w->size - 1, w->arena), out);
    case PATH_VARIABLE:
        return run_variable(w, n, out);
    case PATH_KEY:
        return run_key(w, n, v, out, unwrap);
    case PATH_ALL_MEMBERS:
    case PATH_ALL_ELEMENTS:
        return run_all(w, n, v, out, unwrap);
    case PATH_SUBSCRIPT:
        return run_subscript(w, n, v, out);
    case PATH_ANY:
        return run_any(w, n, v, out);
    case PATH_FILTER:
        return run_filter(w, n, v, out, unwrap);
    case PATH_TYPE:
        return run_type(w, n, v, out);
    case PATH_SIZE:
        return run_size(w, n, v, out);
    case PATH_DOUBLE:
    case PATH_CEILING:
    case PATH_FLOOR:
    case PATH_ABS:
    case PATH_KEYVALUE:
        return run_method(w, n, v, out, unwrap);
    case PATH_PLUS:
    case PATH_MINUS:
        return run_sign(w, n, v, out);
    case PATH_ADD:
    case PATH_SUB:
    case PATH_MUL:
    case PATH_DIV:
    case PATH_MOD:
        return run_arithmetic(w, n, v, out);
    default:
        return run_truth(w, n, v, out);
    }
}

void path_begin(path_run *w, const path *p, ds_slice vars, ds_arena *a)
{
    *w = (path_run){.path = p, .vars = vars, .arena = a};
    w->regex = ds_new(a, regex_run, p->n_regex + 1);
    w->regex_begun = ds_new(a, bool, p->n_regex + 1);
}

void path_end(path_run *w)
{
    for (uint32_t i = 0; i < w->path->n_regex; i++)
        if (w->regex_begun[i])
            regex_end(&w->regex[i]);
}

path_rc path_find(path_run *w, ds_slice v, bool silent, path_items *out)
{
    w->root = w->current = v;
    w->size = -1;
    w->ignore = w->path->lax;
    w->throws = !silent;
    w->hard = false;
    w->error = NULL;
    w->budget = STEPS;
    if (w->vars.ptr && *w->vars.ptr != '{')
        return fail_hard(w, "\"vars\" argument is not an object");
    w->base = (path_base){v, 0};
    w->next_id = w->vars.ptr ? 2 : 1;
    /* Strict: only the whole list shows that there is no error. */
    path_rc rc;
    if (out == NULL && !w->path->lax) {
        path_items all = items_take(w);
        rc = run_node(w, w->path->root, v, &all, false);
        rc = rc == PATH_ERROR ? rc : all.n ? PATH_OK : PATH_NONE;
        items_back(w, &all);
    } else {
        rc = run_node(w, w->path->root, v, out, w->path->lax);
    }
    return w->error ? PATH_ERROR : rc;
}
