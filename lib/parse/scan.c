/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan.c - tokens with positions, and a bound on nesting before parsing.
 *
 * PostgreSQL's parser builds its tree without recursion, but what follows it
 * in libpg_query walks the tree recursively. So the depth that a text can
 * reach is bounded from its tokens: everything between two commas (or AND, OR,
 * WHEN, THEN, ELSE: those make flat lists) may nest, once per token.
 */
#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>
#include <stdlib.h>
#include <strings.h>

#include "parse/parse.h"
#include "parse/scan.h"

#define MAX_CHAIN 400 /* tokens that may nest in each other */
#define MAX_COMMENTS                                                           \
    1000 /* PostgreSQL's scanner reads the rest of the text                    \
            once for each that is open */

typedef struct scan_level {
    uint32_t chain;
    bool is_case;
} scan_level;

typedef struct scan_depth {
    scan_level levels[MAX_CHAIN + 1];
    uint32_t n;
    uint32_t sum;
} scan_depth;

static void depth_push(scan_depth *s, bool is_case)
{
    s->levels[s->n].chain = 1;
    s->levels[s->n].is_case = is_case;
    s->n++;
    s->sum++;
}

static void depth_pop(scan_depth *s, bool is_case)
{
    if (s->n < 2 || s->levels[s->n - 1].is_case != is_case)
        return;
    s->n--;
    s->sum -= s->levels[s->n].chain;
    s->levels[s->n - 1].chain++;
    s->sum++;
}

static void depth_reset(scan_depth *s)
{
    scan_level *l = &s->levels[s->n - 1];
    s->sum -= l->chain;
    l->chain = 3;
    s->sum += l->chain;
}

/* Count a token; false when the text may nest too deeply. */
static bool depth_token(scan_depth *s, int id)
{
    switch (id) {
    case '(':
    case '[':
        depth_push(s, false);
        break;
    case PG_QUERY__TOKEN__CASE:
        depth_push(s, true);
        break;
    case ')':
    case ']':
        depth_pop(s, false);
        break;
    case PG_QUERY__TOKEN__END_P:
        depth_pop(s, true);
        break;
    case ',':
    case PG_QUERY__TOKEN__AND:
    case PG_QUERY__TOKEN__OR:
    case PG_QUERY__TOKEN__WHEN:
    case PG_QUERY__TOKEN__THEN:
    case PG_QUERY__TOKEN__ELSE:
        depth_reset(s);
        break;
    default:
        s->levels[s->n - 1].chain++;
        s->sum++;
    }
    return s->sum < MAX_CHAIN;
}

uint32_t scan_byte_of(const char *s, uint32_t len, uint32_t n)
{
    uint32_t i = 0;
    while (i < len && n > 0) {
        i++;
        while (i < len && ((uint8_t)s[i] & 0xc0) == 0x80)
            i++;
        n--;
    }
    return i;
}

const scan_token *scan_find(const scan_tokens *t, uint32_t at)
{
    uint32_t lo = 0, hi = t->n;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (t->list[mid].at + t->list[mid].len <= at)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < t->n ? &t->list[lo] : NULL;
}

bool scan_is(const scan_tokens *t, const scan_token *tok, const char *word)
{
    return tok && tok->len == strlen(word) &&
           strncasecmp(t->text->s + tok->at, word, tok->len) == 0;
}

static void scan_add(scan_tokens *out, const PgQuery__ScanToken *tok)
{
    scan_token *n = &out->list[out->n++];
    *n = (scan_token){.at = (uint32_t)tok->start,
                      .len = (uint32_t)(tok->end - tok->start),
                      .id = (int)tok->token,
                      .reserved = tok->keyword_kind ==
                                  PG_QUERY__KEYWORD_KIND__RESERVED_KEYWORD};
    if (n->id == ')' && out->open > 0)
        out->open--;
    n->depth = out->open;
    if (n->id == '(')
        out->open++;
}

static ds_rc scan_unpack(const PgQuery__ScanResult *r, ds_arena *a, ds_diags *d,
                         scan_tokens *out)
{
    scan_depth depth = {.n = 1};
    out->list = ds_new(a, scan_token, r->n_tokens + 1);
    for (size_t i = 0; i < r->n_tokens; i++) {
        const PgQuery__ScanToken *tok = r->tokens[i];
        if (tok->token == PG_QUERY__TOKEN__SQL_COMMENT ||
            tok->token == PG_QUERY__TOKEN__C_COMMENT)
            continue;
        scan_add(out, tok);
        if (!depth_token(&depth, (int)tok->token)) {
            ds_diag_add(d, DS_ERROR, "E0202",
                        ds_text_where(out->text, (uint32_t)tok->start, 1),
                        "split it into several steps",
                        "the expression is nested too deeply");
            return DS_E_CONFIG;
        }
    }
    return DS_OK;
}

static uint32_t comments(const char *s)
{
    uint32_t n = 0;

    while ((s = strstr(s, "/*")) != NULL) {
        s += 2;
        n++;
    }
    return n;
}

ds_rc scan_text(const ds_text *text, ds_arena *a, ds_diags *d, scan_tokens *out)
{
    *out = (scan_tokens){.text = text};
    if (text->len > DS_PARSE_MAX_BYTES) {
        ds_diag_add(d, DS_ERROR, "E0202", ds_text_where(text, 0, 1), NULL,
                    "the expression is longer than 64 KiB");
        return DS_E_CONFIG;
    }
    if (text->s && comments(text->s) > MAX_COMMENTS) {
        ds_diag_add(d, DS_ERROR, "E0202", ds_text_where(text, 0, 1), NULL,
                    "the expression has too many comments");
        return DS_E_CONFIG;
    }
    if (text->s == NULL || memchr(text->s, 0, text->len)) {
        ds_diag_add(d, DS_ERROR, "E0201", ds_text_where(text, 0, 1), NULL,
                    text->s ? "a NUL byte in the expression"
                            : "an expression is missing");
        return DS_E_CONFIG;
    }
    char *copy = ds_strn_copy(a, text->s, text->len);
    ds_rc rc = DS_E_CONFIG;
    PgQueryScanResult res = pg_query_scan(copy);
    PgQuery__ScanResult *r = NULL;
    if (res.error) {
        int pos = res.error->cursorpos;
        uint32_t at =
            scan_byte_of(text->s, text->len, pos > 0 ? (uint32_t)pos - 1 : 0);
        ds_diag_add(d, DS_ERROR, "E0201", ds_text_where(text, at, 1), NULL,
                    "%s", res.error->message);
        goto done;
    }
    r = pg_query__scan_result__unpack(NULL, res.pbuf.len,
                                      (const uint8_t *)res.pbuf.data);
    if (r == NULL)
        ds_bug(__FILE__, __LINE__, "tokens cannot be unpacked");
    rc = scan_unpack(r, a, d, out);
done:
    if (r)
        pg_query__scan_result__free_unpacked(r, NULL);
    pg_query_free_scan_result(res);
    return rc;
}
