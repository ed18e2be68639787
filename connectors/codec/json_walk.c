/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_walk.c - one pass over the tokens of a JSON object.
 *
 * The index says where tokens begin. This pass checks that each is what may
 * stand there, that it is whole, and that nothing but blanks lies between two
 * of them: so a text that passes is valid JSON whatever the index missed.
 * Nested values are followed with a bit per level, without recursion.
 *
 * In a text without a backslash, which most are, a string need not be read to
 * find its end: it ends before the next token. That no quote was overlooked is
 * seen at the end: all are counted, and there are two for each string.
 */
#include "codec/json_walk.h"

#include <stdio.h>

/* A column's name has at most 63 bytes, and an escape takes six. */
enum { NAME_MAX_RAW = 63 * 6 };

const char *json_kind_name(json_kind kind)
{
    static const char *const names[] = {"null",    "null",   "boolean",
                                        "boolean", "number", "string",
                                        "object",  "array"};
    return names[kind];
}

static __attribute__((cold, noinline)) bool fail(json_walk *w, uint32_t at,
                                                 const char *what)
{
    snprintf(w->error, sizeof(w->error),
             "invalid input syntax for type json: %s at byte %u", what, at + 1);
    return false;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Only blanks from the last token up to `at`. */
static __attribute__((noinline)) bool only_blanks(const json_walk *w,
                                                  uint32_t at)
{
    uint32_t i = w->end;
    while (i < at && is_blank(w->text.ptr[i]))
        i++;
    return i >= at;
}

/* The next token's first byte; false at the end or if something stands before
 * it. */
static inline bool take(json_walk *w, uint8_t *c, uint32_t *at)
{
    if (w->next >= w->n_at)
        return fail(w, w->text.len, "the text ends early");
    *at = w->at[w->next];
    if (*at != w->end && (*at < w->end || !only_blanks(w, *at)))
        return fail(w, w->end, "a character that cannot stand there");
    w->next++;
    *c = w->text.ptr[*at];
    w->end = *at + 1;
    return true;
}

/* ---- quotes and backslashes ---- */

typedef uint8_t bytes16 __attribute__((vector_size(16)));

static bytes16 all_are(uint8_t c)
{
    return (bytes16){c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c};
}

static uint32_t sum16(bytes16 v)
{
    const uint64_t even = 0x00ff00ff00ff00ffull;
    uint64_t half[2], sum;

    memcpy(half, &v, sizeof(half));
    sum = (half[0] & even) + (half[0] >> 8 & even) + (half[1] & even) +
          (half[1] >> 8 & even);
    return (uint32_t)(sum * 0x0001000100010001ull >> 48);
}

/* How many quotes, and whether there is a backslash, in at most 4080 bytes: a
 * counter is a byte. */
static uint32_t count_quotes(const uint8_t *p, uint32_t n, bool *escapes)
{
    static const uint8_t masks[32] = {[16] = 255, 255, 255, 255, 255, 255,
                                      255,        255, 255, 255, 255, 255,
                                      255,        255, 255, 255};
    const bytes16 quote = all_are('"'), backslash = all_are('\\');
    bytes16 quotes = {0}, found = {0}, v, mask;
    uint32_t i = 0;

    for (; i + 16 <= n; i += 16) {
        memcpy(&v, p + i, 16);
        quotes -= (bytes16)(v == quote);
        found |= (bytes16)(v == backslash);
    }
    if (i < n) {
        uint8_t rest[16] = {0};
        const uint8_t *from = rest;

        /* The last 16 bytes, without those that were counted. */
        if (n >= 16)
            from = p + n - 16;
        else
            memcpy(rest + 16 - n, p, n);
        memcpy(&v, from, 16);
        memcpy(&mask, masks + (n - i), 16);
        v &= mask;
        quotes -= (bytes16)(v == quote);
        found |= (bytes16)(v == backslash);
    }
    *escapes |= sum16(found & all_are(1)) != 0;
    return sum16(quotes);
}

static void look_for_escapes(json_walk *w)
{
    enum { PIECE = 255 * 16 };
    bool escapes = false;

    w->quotes = w->strings = 0;
    for (uint32_t i = 0; i < w->text.len && !escapes; i += PIECE) {
        uint32_t n = w->text.len - i < PIECE ? w->text.len - i : PIECE;
        w->quotes += count_quotes(w->text.ptr + i, n, &escapes);
    }
    w->plain = !escapes;
}

/* ---- strings ---- */

static int hex4(const uint8_t *p)
{
    int v = 0;
    for (int i = 0; i < 4; i++) {
        uint8_t c = p[i], low = c | 0x20;
        int digit = c >= '0' && c <= '9'       ? c - '0'
                    : low >= 'a' && low <= 'f' ? low - 'a' + 10
                                               : -1;
        if (digit < 0)
            return -1;
        v = v * 16 + digit;
    }
    return v;
}

/* One escape at p (a backslash; n bytes are there): its bytes to `to`, which
 * has room for four. Returns the escape's length, 0 if it is none. */
static uint32_t unescape_one(const uint8_t *p, uint32_t n, uint8_t *to,
                             uint32_t *len)
{
    static const char from[] = "\"\\/bfnrt", result[] = "\"\\/\b\f\n\r\t";
    *len = 1;
    if (n < 2)
        return 0;
    if (p[1] != 'u') {
        const char *found = p[1] ? strchr(from, p[1]) : NULL;
        if (found)
            to[0] = (uint8_t)result[found - from];
        return found ? 2 : 0;
    }
    int first = n >= 6 ? hex4(p + 2) : -1;
    if (first < 0 || (first >= 0xdc00 && first <= 0xdfff))
        return 0;
    uint32_t c = (uint32_t)first, used = 6;
    if (first >= 0xd800 && first <= 0xdbff) {
        int second = n >= 12 && p[6] == '\\' && p[7] == 'u' ? hex4(p + 8) : -1;
        if (second < 0xdc00 || second > 0xdfff)
            return 0;
        c = 0x10000 + ((c - 0xd800) << 10) + ((uint32_t)second - 0xdc00);
        used = 12;
    }
    if (c < 0x80) {
        to[0] = (uint8_t)c;
        return used;
    }
    *len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (uint32_t i = *len - 1; i > 0; i--, c >>= 6)
        to[i] = (uint8_t)(0x80 | (c & 0x3f));
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    to[0] = (uint8_t)(lead[*len] | c);
    return used;
}

uint32_t json_unescape(ds_slice raw, uint8_t *to)
{
    uint8_t *start = to, four[4];
    for (uint32_t i = 0; i < raw.len;) {
        if (raw.ptr[i] != '\\') {
            *to++ = raw.ptr[i++];
            continue;
        }
        uint32_t len;
        i += unescape_one(raw.ptr + i, raw.len - i, four, &len);
        memcpy(to, four, len);
        to += len;
    }
    return (uint32_t)(to - start);
}

/* From the first escape on: every one is checked on the way to the quote. */
static bool take_escaped(json_walk *w, uint32_t from, uint32_t *end)
{
    const uint8_t *p = w->text.ptr;
    uint32_t i = from, len;
    uint8_t four[4];
    while (i < w->text.len && p[i] != '"') {
        if (p[i] != '\\') {
            i++;
            continue;
        }
        uint32_t used = unescape_one(p + i, w->text.len - i, four, &len);
        if (!used)
            return fail(w, i, "an invalid escape sequence");
        i += used;
    }
    if (i >= w->text.len)
        return fail(w, from, "a string does not end");
    *end = i;
    return true;
}

/* A high bit in each byte of v that is c. */
static uint64_t bytes_that_are(uint64_t v, uint8_t c)
{
    const uint64_t ones = 0x0101010101010101ull, high = 0x8080808080808080ull;
    uint64_t x = v ^ (ones * c);
    return (x - ones) & ~x & high;
}

/* The first quote or backslash from p on; `end` if there is none. */
static const uint8_t *string_mark(const uint8_t *p, const uint8_t *end)
{
    uint64_t v;
    for (; end - p >= (ptrdiff_t)sizeof(v); p += sizeof(v)) {
        memcpy(&v, p, sizeof(v));
        /* Above the first hit there may be false ones. */
        uint64_t hits = bytes_that_are(v, '"') | bytes_that_are(v, '\\');
        if (hits)
            return p + __builtin_ctzll(hits) / 8;
    }
    while (p < end && *p != '"' && *p != '\\')
        p++;
    return p;
}

/* The rest of a string whose quote stands at `at`, by reading it. */
static __attribute__((noinline)) bool take_marked(json_walk *w, uint32_t at,
                                                  json_cell *cell)
{
    const uint8_t *from = w->text.ptr + at + 1;
    const uint8_t *stop = w->text.ptr + w->text.len;
    const uint8_t *mark = string_mark(from, stop);
    uint32_t end = (uint32_t)(mark - w->text.ptr);
    if (mark == stop)
        return fail(w, at, "a string does not end");
    cell->escaped = *mark == '\\';
    if (cell->escaped && !take_escaped(w, end, &end))
        return false;
    cell->kind = JSON_STRING;
    cell->raw = (ds_slice){from, end - at - 1};
    w->end = end + 1;
    return true;
}

/* The same. */
static inline bool take_string(json_walk *w, uint32_t at, json_cell *cell)
{
    if (!w->plain)
        return take_marked(w, at, cell);
    const uint8_t *p = w->text.ptr;
    uint32_t end = w->next < w->n_at ? w->at[w->next] : w->text.len;
    while (end > at && is_blank(p[end - 1]))
        end--;
    if (end < at + 2 || p[end - 1] != '"')
        return fail(w, at, "a string does not end");
    cell->kind = JSON_STRING;
    cell->escaped = false;
    cell->raw = (ds_slice){p + at + 1, end - at - 2};
    w->end = end;
    w->strings++;
    return true;
}

/* ---- other scalars ---- */

static uint32_t digits(const json_walk *w, uint32_t i)
{
    while (i < w->text.len && w->text.ptr[i] >= '0' && w->text.ptr[i] <= '9')
        i++;
    return i;
}

static bool char_at(const json_walk *w, uint32_t i, char c)
{
    return i < w->text.len && w->text.ptr[i] == (uint8_t)c;
}

static bool take_number(json_walk *w, uint32_t at, json_cell *cell)
{
    uint32_t i = at + char_at(w, at, '-');
    uint32_t end = char_at(w, i, '0') ? i + 1 : digits(w, i);
    bool ok = end > i;
    cell->escaped = false;
    if (ok && char_at(w, end, '.')) {
        i = end + 1;
        end = digits(w, i);
        ok = end > i;
        cell->escaped = true;
    }
    if (ok && (char_at(w, end, 'e') || char_at(w, end, 'E'))) {
        i = end + 1;
        i += char_at(w, i, '+') || char_at(w, i, '-');
        end = digits(w, i);
        ok = end > i;
        cell->escaped = true;
    }
    if (!ok)
        return fail(w, at, "an invalid number");
    cell->kind = JSON_NUMBER;
    cell->raw = (ds_slice){w->text.ptr + at, end - at};
    w->end = end;
    return true;
}

static bool take_word(json_walk *w, uint32_t at, const char *word,
                      json_kind kind, json_cell *cell)
{
    uint32_t n = (uint32_t)strlen(word);
    if (w->text.len - at < n || memcmp(w->text.ptr + at, word, n) != 0)
        return fail(w, at, "an unknown word");
    cell->kind = kind;
    w->end = at + n;
    return true;
}

/* A value that starts with c; of a container only the opening. */
static bool take_value(json_walk *w, uint8_t c, uint32_t at, json_cell *cell)
{
    switch (c) {
    case '"':
        return take_string(w, at, cell);
    case '{':
        cell->kind = JSON_OBJECT;
        return true;
    case '[':
        cell->kind = JSON_ARRAY;
        return true;
    case 't':
        return take_word(w, at, "true", JSON_TRUE, cell);
    case 'f':
        return take_word(w, at, "false", JSON_FALSE, cell);
    case 'n':
        return take_word(w, at, "null", JSON_NULL, cell);
    default:
        if (c == '-' || (c >= '0' && c <= '9'))
            return take_number(w, at, cell);
        return fail(w, at, "a value was expected");
    }
}

/* ---- fields ---- */

/* As memcmp, for names: n is small. */
static inline bool same_bytes(const uint8_t *a, const uint8_t *b, uint32_t n)
{
    uint64_t x, y;
    uint32_t i = 0;
    if (n < 8) {
        while (i < n && a[i] == b[i])
            i++;
        return i == n;
    }
    for (;;) {
        memcpy(&x, a + i, 8);
        memcpy(&y, b + i, 8);
        if (x != y)
            return false;
        if (i + 8 == n)
            return true;
        i = i + 16 <= n ? i + 8 : n - 8; /* the last ones overlap */
    }
}

static int find_column(const json_walk *w, ds_slice name)
{
    for (uint32_t i = 0; i < w->columns->n; i++)
        if (w->names[i].len == name.len &&
            same_bytes(w->names[i].ptr, name.ptr, name.len))
            return (int)i;
    return -1;
}

static __attribute__((noinline)) int find_escaped(const json_walk *w,
                                                  ds_slice raw)
{
    uint8_t buf[NAME_MAX_RAW];
    if (raw.len > sizeof(buf))
        return -1;
    return find_column(w, (ds_slice){buf, json_unescape(raw, buf)});
}

/* A field that is not the one that was in its place before. */
static __attribute__((noinline)) int find_new(json_walk *w, ds_slice name,
                                              uint32_t place)
{
    int col = find_column(w, name);
    if (place < JSON_SEEN && name.len <= JSON_SEEN_NAME) {
        json_seen *seen = &w->seen[place];
        seen->col = col;
        seen->len = name.len;
        memcpy(seen->name, name.ptr, name.len);
    }
    return col;
}

/* The column that a field is for, or -1. Records tend to have their fields in
 * one order. */
static inline int column_of(json_walk *w, const json_cell *key, uint32_t place)
{
    if (key->escaped)
        return find_escaped(w, key->raw);
    if (place < JSON_SEEN && w->seen[place].len == key->raw.len &&
        key->raw.len > 0 &&
        same_bytes(w->seen[place].name, key->raw.ptr, key->raw.len))
        return w->seen[place].col;
    return find_new(w, key->raw, place);
}

/* A key and its colon. */
static inline bool take_key(json_walk *w, uint8_t c, uint32_t at,
                            json_cell *key)
{
    uint32_t colon;
    if (c != '"')
        return fail(w, at, "a field's name was expected");
    if (!take_string(w, at, key) || !take(w, &c, &colon))
        return false;
    return c == ':' || fail(w, colon, "\":\" was expected");
}

static bool fail_unknown(json_walk *w, const json_cell *key)
{
    int n = key->raw.len < 64 ? (int)key->raw.len : 64;
    snprintf(w->error, sizeof(w->error), "field \"%.*s\" is no column", n,
             (const char *)key->raw.ptr);
    return false;
}

/* ---- the walk: inside values of fields ---- */

enum state {
    FIRST_FIELD, /* a field or the object's end */
    FIELD,
    FIRST_ITEM, /* a value or the array's end */
    ITEM,
    AFTER /* a comma or the container's end */
};

struct walk_state {
    enum state state;
    uint32_t depth;   /* of containers that are open; the record's is one */
    uint64_t objects; /* bit d: the container of level d is an object */
};

static bool in_object(const struct walk_state *s)
{
    return s->objects >> (s->depth - 1) & 1;
}

static bool enter(json_walk *w, struct walk_state *s, json_kind kind,
                  uint32_t at)
{
    if (s->depth == JSON_MAX_DEPTH)
        return fail(w, at, "nested more than 64 levels deep");
    uint64_t bit = 1ull << s->depth++;
    s->objects = kind == JSON_OBJECT ? s->objects | bit : s->objects & ~bit;
    s->state = kind == JSON_OBJECT ? FIRST_FIELD : FIRST_ITEM;
    return true;
}

static bool is_container(const json_cell *cell)
{
    return cell->kind == JSON_OBJECT || cell->kind == JSON_ARRAY;
}

/* A field's or an item's value. */
static bool walk_value(json_walk *w, struct walk_state *s, uint8_t c,
                       uint32_t at)
{
    json_cell cell;
    if (!take_value(w, c, at, &cell))
        return false;
    s->state = AFTER;
    return !is_container(&cell) || enter(w, s, cell.kind, at);
}

static bool fail_after(json_walk *w, bool object, uint32_t at)
{
    return fail(w, at,
                object ? "\",\" or \"}\" was expected"
                       : "\",\" or \"]\" was expected");
}

static bool walk_token(json_walk *w, struct walk_state *s)
{
    uint8_t c;
    uint32_t at;
    json_cell key;
    if (!take(w, &c, &at))
        return false;
    bool closes = c == (in_object(s) ? '}' : ']');
    if (closes && s->state != FIELD && s->state != ITEM) {
        s->depth--;
        s->state = AFTER;
        return true;
    }
    switch (s->state) {
    case AFTER:
        if (c != ',')
            return fail_after(w, in_object(s), at);
        s->state = in_object(s) ? FIELD : ITEM;
        return true;
    case FIRST_FIELD:
    case FIELD:
        return take_key(w, c, at, &key) && take(w, &c, &at) &&
               walk_value(w, s, c, at);
    default:
        return walk_value(w, s, c, at);
    }
}

/* All of the array or object that is open at `at`. */
static bool walk_container(json_walk *w, uint32_t at, json_cell *cell)
{
    struct walk_state s = {AFTER, 1, 1};
    if (!enter(w, &s, cell->kind, at))
        return false;
    while (s.depth > 1)
        if (!walk_token(w, &s))
            return false;
    cell->raw = (ds_slice){w->text.ptr + at, w->end - at};
    return true;
}

/* ---- the walk: a record's fields ---- */

static inline bool walk_field(json_walk *w, uint8_t c, uint32_t at,
                              uint32_t place, json_cell *cells)
{
    json_cell key, other;
    if (!take_key(w, c, at, &key))
        return false;
    int i = column_of(w, &key, place);
    if (i < 0 && w->strict)
        return fail_unknown(w, &key);
    json_cell *cell = i < 0 ? &other : &cells[i];
    return take(w, &c, &at) && take_value(w, c, at, cell) &&
           (!is_container(cell) || walk_container(w, at, cell));
}

static bool walk_fields(json_walk *w, json_cell *cells)
{
    uint8_t c;
    uint32_t at;
    if (!take(w, &c, &at))
        return false;
    if (c == '}')
        return true;
    for (uint32_t place = 0;; place++) {
        if (!walk_field(w, c, at, place, cells) || !take(w, &c, &at))
            return false;
        if (c == '}')
            return true;
        if (c != ',')
            return fail_after(w, true, at);
        if (!take(w, &c, &at))
            return false;
    }
}

static bool walk_all(json_walk *w, json_cell *cells)
{
    uint8_t c;
    uint32_t at;
    json_cell root;
    if (!take(w, &c, &at) || !take_value(w, c, at, &root))
        return false;
    if (root.kind != JSON_OBJECT) {
        snprintf(
            w->error, sizeof(w->error), "a JSON object was expected, not %s %s",
            root.kind == JSON_ARRAY ? "an" : "a", json_kind_name(root.kind));
        return false;
    }
    if (!walk_fields(w, cells))
        return false;
    if (w->next < w->n_at || !only_blanks(w, w->text.len))
        return fail(w, w->end, "something follows the value");
    if (w->plain && w->quotes != 2 * w->strings)
        return fail(w, 0, "a string does not end");
    return true;
}

bool json_walk_object(json_walk *w, ds_slice text, json_cell *cells)
{
    memset(cells, 0, w->columns->n * sizeof(*cells));
    w->text = text;
    w->next = w->end = 0;
    const char *wrong =
        json_index_run(w->index, text.ptr, text.len, &w->at, &w->n_at);
    if (wrong) {
        snprintf(w->error, sizeof(w->error),
                 "invalid input syntax for type json: %s", wrong);
        return false;
    }
    look_for_escapes(w);
    return walk_all(w, cells);
}
