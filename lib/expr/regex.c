/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regex.c - PostgreSQL's regular expressions on PCRE2.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#include "expr/regex.h"
#include "record/show.h"

#define SPACE_SET                                                              \
    "\\t-\\r \\x{1680}\\x{2000}-\\x{2006}\\x{2008}-\\x{200a}\\x{2028}"         \
    "\\x{2029}\\x{205f}\\x{3000}"
#define WORK_SIZE 2000
#define TEXT_BUDGET (64u << 20) /* bytes looked at for the ends in one text */
#define REPEAT_MAX 255          /* PostgreSQL's */

typedef struct translate {
    const char *p; /* NUL-terminated */
    const char *at;
    ds_buf out;
    ds_arena *arena;
    const char *why;
    bool refused;
    uint32_t variable; /* quantifiers with a choice */
    bool agree;        /* the first match is the longest */
    uint32_t depth;
} translate;

static bool refuse(translate *t, const char *what)
{
    t->refused = true;
    t->why = ds_str_printf(t->arena, "%s in a regular expression", what);
    return false;
}

static bool invalid(translate *t, const char *what)
{
    t->why = ds_str_printf(t->arena, "invalid regular expression: %s", what);
    return false;
}

static void put_char(translate *t, uint32_t c)
{
    ds_buf_printf(&t->out, "\\x{%x}", c);
}

static bool hex_escape(translate *t, int digits, uint32_t *c)
{
    *c = 0;
    int n = 0;
    for (; n < digits; n++) {
        char d = t->at[n];
        uint32_t v;
        if (d >= '0' && d <= '9')
            v = (uint32_t)(d - '0');
        else if ((d | 0x20) >= 'a' && (d | 0x20) <= 'f')
            v = (uint32_t)((d | 0x20) - 'a' + 10);
        else
            return invalid(t, "invalid escape \\ sequence");
        *c = *c << 4 | v;
    }
    t->at += digits;
    if (*c == 0 || *c > 0x10ffff || (*c >= 0xd800 && *c < 0xe000))
        return invalid(t, "invalid escape \\ sequence");
    return true;
}

/* A one-character escape: its code, or 0 if the letter is none. */
static uint32_t plain_escape(char c)
{
    switch (c) {
    case 'a':
        return 7;
    case 'b':
        return 8;
    case 'e':
        return 27;
    case 'f':
        return 12;
    case 'n':
        return 10;
    case 'r':
        return 13;
    case 't':
        return 9;
    case 'v':
        return 11;
    case 'B':
        return '\\';
    default:
        return 0;
    }
}

/* After a backslash: characters, inside and outside brackets. Sets *done. */
static bool escape_char(translate *t, bool *done)
{
    char c = *t->at;
    uint32_t code = plain_escape(c);
    *done = true;
    if (code) {
        t->at++;
        put_char(t, code);
        return true;
    }
    if (c == 'u' || c == 'U') {
        t->at++;
        if (!hex_escape(t, c == 'u' ? 4 : 8, &code))
            return false;
        put_char(t, code);
        return true;
    }
    if (c == 'x' || c == 'c')
        return refuse(t, c == 'x' ? "\\x" : "\\c");
    if (c >= '0' && c <= '9')
        return refuse(t, "a back reference");
    if (c == 0)
        return invalid(t, "invalid escape \\ sequence");
    if ((uint8_t)c < 0x80 && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z')) {
        t->at++;
        put_char(t, (uint8_t)c);
        return true;
    }
    if ((uint8_t)c >= 0x80) /* stands for itself; copied with its text */
        return true;
    *done = false;
    return true;
}

static const char *class_escape(char c, bool in_set)
{
    switch (c) {
    case 's':
        return in_set ? SPACE_SET : "[" SPACE_SET "]";
    case 'S':
        return in_set ? NULL : "[^" SPACE_SET "]";
    case 'd':
        return in_set ? "0-9" : "[0-9]";
    case 'D':
        return in_set ? NULL : "[^0-9]";
    case 'w':
        return in_set ? "\\p{L}\\p{N}_" : "[\\p{L}\\p{N}_]";
    case 'W':
        return in_set ? NULL : "[^\\p{L}\\p{N}_]";
    default:
        return NULL;
    }
}

#define WORD "[\\p{L}\\p{N}_]"
static const char *constraint_escape(char c)
{
    switch (c) {
    case 'A':
        return "\\A";
    case 'Z':
        return "\\z";
    case 'm':
        return "(?<!" WORD ")(?=" WORD ")";
    case 'M':
        return "(?<=" WORD ")(?!" WORD ")";
    case 'y':
        return "(?:(?<!" WORD ")(?=" WORD ")|(?<=" WORD ")(?!" WORD "))";
    case 'Y':
        return "(?:(?<!" WORD ")(?!" WORD ")|(?<=" WORD ")(?=" WORD "))";
    default:
        return NULL;
    }
}

/* An escape outside brackets; *atom: it matches a character. */
static bool put_escape(translate *t, bool *atom)
{
    t->at++;
    *atom = true;
    const char *set = class_escape(*t->at, false);
    const char *constraint = constraint_escape(*t->at);
    if (set || constraint) {
        ds_buf_str(&t->out, set ? set : constraint);
        *atom = set != NULL;
        t->at++;
        return true;
    }
    bool done;
    if (!escape_char(t, &done))
        return false;
    return done || invalid(t, "invalid escape \\ sequence");
}

static const char *const posix_classes[] = {"alpha",  "digit", "alnum", "upper",
                                            "lower",  "space", "blank", "punct",
                                            "xdigit", "cntrl", "word"};

static bool put_posix(translate *t)
{
    for (size_t i = 0; i < sizeof posix_classes / sizeof *posix_classes; i++) {
        const char *name = posix_classes[i];
        size_t n = strlen(name);
        if (strncmp(t->at + 2, name, n) || strncmp(t->at + 2 + n, ":]", 2))
            continue;
        if (strcmp(name, "space") == 0)
            ds_buf_str(&t->out, SPACE_SET);
        else if (strcmp(name, "digit") == 0)
            ds_buf_str(&t->out, "0-9");
        else if (strcmp(name, "word") == 0)
            ds_buf_str(&t->out, "\\p{L}\\p{N}_");
        else
            ds_buf_printf(&t->out, "[:%s:]", name);
        t->at += n + 4;
        return true;
    }
    return invalid(t, "invalid character class");
}

static bool put_set_item(translate *t)
{
    if (t->at[0] == '[' && t->at[1] == ':')
        return put_posix(t);
    if (t->at[0] == '[' && (t->at[1] == '.' || t->at[1] == '='))
        return refuse(t, "a collating element");
    if (t->at[0] == '\\') {
        t->at++;
        const char *set = class_escape(*t->at, true);
        if (set) {
            ds_buf_str(&t->out, set);
            t->at++;
            return true;
        }
        bool done;
        if (!escape_char(t, &done))
            return false;
        return done || invalid(t, "invalid escape \\ sequence");
    }
    if (t->at[0] == '-' || (uint8_t)t->at[0] >= 0x80) {
        ds_buf_add(&t->out, t->at++, 1);
        return true;
    }
    put_char(t, (uint8_t)*t->at++);
    return true;
}

static bool put_set(translate *t)
{
    ds_buf_str(&t->out, "[");
    t->at++;
    if (*t->at == '^') {
        ds_buf_str(&t->out, "^");
        t->at++;
    }
    if (*t->at == ']') { /* first: itself */
        put_char(t, ']');
        t->at++;
    }
    if (*t->at == '-') { /* first: itself */
        put_char(t, '-');
        t->at++;
    }
    while (*t->at && *t->at != ']') {
        if (t->at[0] == '-' && t->at[1] == ']') { /* last: itself */
            put_char(t, '-');
            t->at++;
        } else if (!put_set_item(t)) {
            return false;
        }
    }
    if (*t->at != ']')
        return invalid(t, "brackets [] not balanced");
    t->at++;
    ds_buf_str(&t->out, "]");
    return true;
}

static bool put_open(translate *t)
{
    static const char *const kinds[] = {"(?:", "(?=", "(?!", "(?<=", "(?<!"};
    if (++t->depth > 100)
        return invalid(t, "too deeply nested");
    if (t->at[1] != '?') {
        ds_buf_str(&t->out, "(?:");
        t->at++;
        return true;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t n = strlen(kinds[i]);
        if (strncmp(t->at, kinds[i], n))
            continue;
        t->agree = t->agree && i == 0;
        ds_buf_str(&t->out, kinds[i]);
        t->at += n;
        return true;
    }
    return refuse(t, "embedded options");
}

/* {m}, {m,}, {m,n} */
static bool put_bound(translate *t)
{
    char *end;
    unsigned long m = strtoul(t->at + 1, &end, 10), n = m;
    bool open = false;
    if (*end == ',') {
        open = end[1] == '}';
        if (open)
            end++;
        else
            n = strtoul(end + 1, &end, 10);
    }
    if (*end != '}' || m > REPEAT_MAX || n > REPEAT_MAX || n < m)
        return invalid(t, "invalid repetition count(s)");
    t->at = end + 1;
    t->variable += open || n != m;
    if (open)
        ds_buf_printf(&t->out, "{%lu,}", m);
    else
        ds_buf_printf(&t->out, "{%lu,%lu}", m, n);
    return true;
}

static bool is_quantifier(const char *p)
{
    return *p == '*' || *p == '+' || *p == '?' ||
           (*p == '{' && p[1] >= '0' && p[1] <= '9');
}

static bool put_quantifier(translate *t, bool after_group)
{
    if (*t->at == '{') {
        if (!put_bound(t))
            return false;
    } else {
        t->variable++;
        ds_buf_add(&t->out, t->at++, 1);
    }
    if (after_group)
        t->agree = false;
    if (*t->at == '?')
        return refuse(t, "a non-greedy quantifier");
    if (is_quantifier(t->at))
        return invalid(t, "quantifier operand invalid");
    return true;
}

static bool put_atom(translate *t, bool *atom, bool *group)
{
    char c = *t->at;
    *atom = true;
    *group = false;
    switch (c) {
    case '\\':
        return put_escape(t, atom);
    case '[':
        return put_set(t);
    case '(':
        *atom = false;
        return put_open(t);
    case ')':
        if (t->depth-- == 0)
            return invalid(t, "parentheses () not balanced");
        *group = true;
        break;
    case '|':
        t->agree = false;
        *atom = false;
        break;
    case '^':
    case '$':
        *atom = false;
        break;
    case '.':
        break;
    default:
        if (is_quantifier(t->at))
            return invalid(t, "quantifier operand invalid");
        if ((uint8_t)c < 0x80) {
            put_char(t, (uint8_t)c);
            t->at++;
            return true;
        }
        while (((uint8_t)t->at[1] & 0xc0) == 0x80)
            ds_buf_add(&t->out, t->at++, 1);
    }
    ds_buf_add(&t->out, t->at++, 1);
    return true;
}

static bool translate_all(translate *t)
{
    if (strncmp(t->p, "***", 3) == 0)
        return refuse(t, "a *** director");
    if (strncmp(t->p, "(?", 2) == 0 && t->p[2] >= 'a' && t->p[2] <= 'z')
        return refuse(t, "embedded options");
    while (*t->at) {
        bool atom, group;
        if (!put_atom(t, &atom, &group))
            return false;
        if (is_quantifier(t->at)) {
            if (!atom)
                return invalid(t, "quantifier operand invalid");
            if (!put_quantifier(t, group))
                return false;
        }
    }
    if (t->depth)
        return invalid(t, "parentheses () not balanced");
    if (t->variable > 1)
        t->agree = false;
    return true;
}

static void free_code(void *code)
{
    pcre2_code_free(code);
}

static bool compile_pcre(translate *t, uint32_t options, regex *re)
{
    int error;
    PCRE2_SIZE at;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)t->out.s, t->out.len,
                                     PCRE2_UTF | PCRE2_UCP | PCRE2_DOTALL |
                                         PCRE2_DOLLAR_ENDONLY | options,
                                     &error, &at, NULL);
    if (code == NULL) {
        PCRE2_UCHAR msg[200];
        pcre2_get_error_message(error, msg, sizeof msg);
        return invalid(t, (const char *)msg);
    }
    ds_arena_on_reset(t->arena, free_code, code);
    (void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    re->code = code;
    re->longest = !t->agree;
    return true;
}

static bool read_flags(translate *t, ds_slice flags, uint32_t *options,
                       bool *quoted)
{
    for (uint32_t i = 0; i < flags.len; i++) {
        switch (flags.ptr[i]) {
        case 'i':
            *options |= PCRE2_CASELESS;
            break;
        case 'c':
            *options &= ~(uint32_t)PCRE2_CASELESS;
            break;
        case 's':
        case 't':
            break;
        case 'q':
            *quoted = true;
            break;
        default:
            return refuse(
                t, ds_str_printf(t->arena, "the flag \"%c\"",
                                 flags.ptr[i] < 0x80 ? flags.ptr[i] : '?'));
        }
    }
    return true;
}

static bool is_plain(const char *p)
{
    return *p && strpbrk(p, "\\[](){}*+?|^$.") == NULL;
}

const regex *regex_compile(ds_slice pattern, ds_slice flags, ds_arena *a,
                           const char **why, bool *refused)
{
    regex *re = ds_new(a, regex, 1);
    translate t = {.arena = a, .agree = true};
    t.p = t.at = ds_strn_copy(a, (const char *)pattern.ptr, pattern.len);
    ds_buf_init(&t.out, a, pattern.len * 2 + 16);
    uint32_t options = 0;
    bool quoted = false;
    bool ok = read_flags(&t, flags, &options, &quoted);
    re->text = pattern;
    re->shape = REGEX_PCRE;
    if (ok && !options && (quoted ? pattern.len > 0 : is_plain(t.p)))
        re->shape = REGEX_TEXT;
    else if (ok && !quoted && strcmp(t.p, "\\s+") == 0)
        re->shape = REGEX_SPACES;
    else if (ok && !quoted && strcmp(t.p, "\\s") == 0)
        re->shape = REGEX_SPACE;
    else if (ok && quoted)
        ok = refuse(&t, "the flag \"q\" with others");
    else if (ok)
        ok = translate_all(&t) && compile_pcre(&t, options, re);
    *why = t.why;
    *refused = t.refused;
    return ok ? re : NULL;
}

/* ---- matching ---- */

void regex_begin(regex_run *run, const regex *re)
{
    *run = (regex_run){.re = re};
    if (re->shape != REGEX_PCRE)
        return;
    run->match = pcre2_match_data_create(8, NULL);
    run->context = pcre2_match_context_create(NULL);
    if (re->longest)
        run->work = malloc(sizeof(int) * WORK_SIZE);
    if (!run->match || !run->context || (re->longest && !run->work))
        abort(); /* out of memory, as everywhere */
}

void regex_end(regex_run *run)
{
    if (run->match)
        pcre2_match_data_free(run->match);
    if (run->context)
        pcre2_match_context_free(run->context);
    free(run->work);
}

/* The limit holds for each start in a text, so a long text gets a low one. */
void regex_text(regex_run *run, ds_slice text)
{
    if (run->context == NULL)
        return;
    uint32_t limit = (uint32_t)(50000000u / (text.len + 1));
    limit = limit > 500000 ? 500000 : limit < 1000 ? 1000 : limit;
    pcre2_set_match_limit(run->context, limit);
    pcre2_set_heap_limit(run->context, 20000);
    run->budget = TEXT_BUDGET;
}

static uint32_t window_end(ds_slice text, uint32_t from, uint32_t size)
{
    if (size >= text.len - from)
        return text.len;
    uint32_t end = from + size;
    while (end < text.len && (text.ptr[end] & 0xc0) == 0x80)
        end++;
    return end;
}

/* The longest match that begins at `begin`; looks no further than it has to. */
static regex_rc longest_end(regex_run *run, ds_slice text, uint32_t begin,
                            uint32_t *end)
{
    for (uint32_t size = 256;; size *= 4) {
        uint32_t to = window_end(text, begin, size);
        if (run->budget < to - begin + 64)
            return REGEX_LIMIT;
        run->budget -= to - begin + 64;
        int rc =
            pcre2_dfa_match(run->re->code, text.ptr, to, begin,
                            PCRE2_ANCHORED | PCRE2_NO_UTF_CHECK |
                                (to < text.len ? PCRE2_PARTIAL_HARD : 0),
                            run->match, run->context, run->work, WORK_SIZE);
        if (rc == PCRE2_ERROR_PARTIAL)
            continue;
        if (rc < 0)
            return REGEX_LIMIT;
        *end = (uint32_t)pcre2_get_ovector_pointer(run->match)[1];
        return REGEX_MATCH;
    }
}

static regex_rc next_pcre(regex_run *run, ds_slice text, uint32_t from,
                          uint32_t *begin, uint32_t *end)
{
    int rc = pcre2_match(run->re->code, text.ptr, text.len, from,
                         PCRE2_NO_UTF_CHECK, run->match, run->context);
    if (rc == PCRE2_ERROR_NOMATCH)
        return REGEX_NONE;
    if (rc < 0)
        return REGEX_LIMIT;
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(run->match);
    *begin = (uint32_t)at[0];
    *end = (uint32_t)at[1];
    return run->re->longest ? longest_end(run, text, *begin, end) : REGEX_MATCH;
}

static regex_rc next_space(const regex *re, ds_slice text, uint32_t from,
                           uint32_t *begin, uint32_t *end)
{
    const uint8_t *stop = text.ptr + text.len;
    const uint8_t *p = text.ptr + from;
    uint32_t n = 0;
    while (p < stop && (n = regex_space(p, stop)) == 0)
        p++;
    if (p == stop)
        return REGEX_NONE;
    *begin = (uint32_t)(p - text.ptr);
    p += n;
    while (re->shape == REGEX_SPACES && p < stop &&
           (n = regex_space(p, stop)) != 0)
        p += n;
    *end = (uint32_t)(p - text.ptr);
    return REGEX_MATCH;
}

regex_rc regex_next(regex_run *run, ds_slice text, uint32_t from,
                    uint32_t *begin, uint32_t *end)
{
    const regex *re = run->re;
    if (re->shape == REGEX_PCRE)
        return next_pcre(run, text, from, begin, end);
    if (re->shape != REGEX_TEXT)
        return next_space(re, text, from, begin, end);
    const uint8_t *p =
        re->text.len == 1
            ? memchr(text.ptr + from, re->text.ptr[0], text.len - from)
            : memmem(text.ptr + from, text.len - from, re->text.ptr,
                     re->text.len);
    if (p == NULL)
        return REGEX_NONE;
    *begin = (uint32_t)(p - text.ptr);
    *end = *begin + re->text.len;
    return REGEX_MATCH;
}
