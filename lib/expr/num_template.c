/* SPDX-License-Identifier: Apache-2.0 */
/*
 * num_template.c - templates of numbers, parsed.
 */
#include "expr/num_template.h"

typedef enum keyword {
    KEY_COMMA,
    KEY_POINT,
    KEY_0,
    KEY_9,
    KEY_B,
    KEY_C,
    KEY_EEEE,
    KEY_FM,
    KEY_L,
    KEY_MI,
    KEY_PL,
    KEY_PR,
    KEY_RN,
    KEY_rn,
    KEY_SG,
    KEY_S,
    KEY_TH,
    KEY_th,
    KEY_V,
    KEY_NONE
} keyword;

/* All small or all capital; what begins alike: the longer one first. */
static const struct {
    const char *word;
    keyword key;
} words[] = {
    {",", KEY_COMMA}, {".", KEY_POINT}, {"0", KEY_0},       {"9", KEY_9},
    {"B", KEY_B},     {"b", KEY_B},     {"C", KEY_C},       {"c", KEY_C},
    {"D", KEY_POINT}, {"d", KEY_POINT}, {"EEEE", KEY_EEEE}, {"eeee", KEY_EEEE},
    {"FM", KEY_FM},   {"fm", KEY_FM},   {"G", KEY_COMMA},   {"g", KEY_COMMA},
    {"L", KEY_L},     {"l", KEY_L},     {"MI", KEY_MI},     {"mi", KEY_MI},
    {"PL", KEY_PL},   {"pl", KEY_PL},   {"PR", KEY_PR},     {"pr", KEY_PR},
    {"RN", KEY_RN},   {"rn", KEY_rn},   {"SG", KEY_SG},     {"sg", KEY_SG},
    {"SP", KEY_C},    {"sp", KEY_C},    {"S", KEY_S},       {"s", KEY_S},
    {"TH", KEY_TH},   {"th", KEY_th},   {"V", KEY_V},       {"v", KEY_V},
};

static keyword find_keyword(ds_slice s, uint32_t *len)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        *len = (uint32_t)strlen(words[i].word);
        if (*len <= s.len && memcmp(words[i].word, s.ptr, *len) == 0)
            return words[i].key;
    }
    return KEY_NONE;
}

static const char *take_place(num_template *t, bool zero)
{
    if (t->bracket)
        return zero ? "\"0\" must be ahead of \"PR\""
                    : "\"9\" must be ahead of \"PR\"";
    if (zero && t->first_zero < 0 && !t->point)
        t->first_zero = t->pre;
    if (!zero && t->v)
        t->multi++;
    else if (t->point)
        t->post++;
    else
        t->pre++;
    if (zero)
        t->zero_end = t->pre + t->post;
    return NULL;
}

static const char *take_point(num_template *t)
{
    if (t->point)
        return "multiple decimal points";
    if (t->v)
        return "cannot use \"V\" and decimal point together";
    t->point = true;
    return NULL;
}

static const char *take_s(num_template *t)
{
    if (t->s != SIGN_NOWHERE)
        return "cannot use \"S\" twice";
    if (t->plus || t->minus || t->bracket)
        return "cannot use \"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\" together";
    t->s = t->point ? SIGN_BEHIND : SIGN_BEFORE;
    t->s_at = t->pre;
    return NULL;
}

static const char *take_sign(num_template *t, keyword key)
{
    if (t->s != SIGN_NOWHERE)
        return key == KEY_MI   ? "cannot use \"S\" and \"MI\" together"
               : key == KEY_PL ? "cannot use \"S\" and \"PL\" together"
                               : "cannot use \"S\" and \"SG\" together";
    t->minus |= key != KEY_PL;
    t->plus |= key != KEY_MI;
    return NULL;
}

static const char *take_pr(num_template *t)
{
    if (t->s != SIGN_NOWHERE || t->plus || t->minus)
        return "cannot use \"PR\" and \"S\"/\"PL\"/\"MI\"/\"SG\" together";
    t->bracket = true;
    return NULL;
}

static const char *take_exponent(num_template *t)
{
    if (t->exponent)
        return "cannot use \"EEEE\" twice";
    if (t->blank || t->fill_mode || t->s != SIGN_NOWHERE || t->bracket ||
        t->minus || t->plus || t->roman || t->v)
        return "\"EEEE\" is incompatible with other formats";
    t->exponent = true;
    return NULL;
}

static const char *take(num_template *t, keyword key)
{
    if (t->exponent && key != KEY_EEEE)
        return "\"EEEE\" must be the last pattern used";
    switch (key) {
    case KEY_0:
    case KEY_9:
        return take_place(t, key == KEY_0);
    case KEY_POINT:
        return take_point(t);
    case KEY_S:
        return take_s(t);
    case KEY_MI:
    case KEY_PL:
    case KEY_SG:
        return take_sign(t, key);
    case KEY_PR:
        return take_pr(t);
    case KEY_EEEE:
        return take_exponent(t);
    case KEY_V:
        t->v = true;
        return t->point ? "cannot use \"V\" and decimal point together" : NULL;
    case KEY_B:
        t->blank |= t->pre == 0 && t->post == 0 && t->first_zero < 0;
        return NULL;
    case KEY_FM:
        t->fill_mode = true;
        return NULL;
    case KEY_RN:
    case KEY_rn:
        t->roman = true;
        return NULL;
    default:
        return NULL;
    }
}

static num_pattern pattern_of(keyword key)
{
    static const num_pattern patterns[] = {
        [KEY_COMMA] = PATTERN_COMMA,  [KEY_POINT] = PATTERN_POINT,
        [KEY_0] = PATTERN_0,          [KEY_9] = PATTERN_9,
        [KEY_B] = PATTERN_NOTHING,    [KEY_C] = PATTERN_NOTHING,
        [KEY_EEEE] = PATTERN_NOTHING, [KEY_FM] = PATTERN_NOTHING,
        [KEY_L] = PATTERN_MONEY,      [KEY_MI] = PATTERN_MI,
        [KEY_PL] = PATTERN_PL,        [KEY_PR] = PATTERN_NOTHING,
        [KEY_RN] = PATTERN_ROMAN,     [KEY_rn] = PATTERN_roman,
        [KEY_SG] = PATTERN_SG,        [KEY_S] = PATTERN_NOTHING,
        [KEY_TH] = PATTERN_TH,        [KEY_th] = PATTERN_th,
        [KEY_V] = PATTERN_NOTHING,
    };
    return patterns[key];
}

/* One character that stands for itself. */
static void take_character(num_item **to, ds_slice *s)
{
    uint32_t n = 1;
    while (n < s->len && (s->ptr[n] & 0xc0) == 0x80)
        n++;
    *(*to)++ = (num_item){PATTERN_TEXT, {s->ptr, n}};
    *s = (ds_slice){s->ptr + n, s->len - n};
}

static void skip(ds_slice *s)
{
    *s = (ds_slice){s->ptr + 1, s->len - 1};
}

/* "..." stands for itself; \ before a character takes it as it is. */
static void take_quoted(num_item **to, ds_slice *s)
{
    for (skip(s); s->len && s->ptr[0] != '"';) {
        if (s->ptr[0] == '\\' && s->len > 1)
            skip(s);
        take_character(to, s);
    }
    if (s->len)
        skip(s);
}

const char *num_template_parse(ds_slice text, ds_arena *a, num_template *t)
{
    num_item *items = ds_new(a, num_item, text.len + 1), *to = items;
    *t = (num_template){.items = items, .first_zero = -1};
    while (text.len) {
        uint32_t len;
        keyword key = find_keyword(text, &len);
        if (key != KEY_NONE) {
            const char *msg = take(t, key);
            if (msg)
                return msg;
            *to++ = (num_item){pattern_of(key), DS_NULL_SLICE};
            text = (ds_slice){text.ptr + len, text.len - len};
        } else if (text.ptr[0] == '"') {
            take_quoted(&to, &text);
        } else {
            if (text.ptr[0] == '\\' && text.len > 1 && text.ptr[1] == '"')
                skip(&text);
            take_character(&to, &text);
        }
    }
    t->n_items = (uint32_t)(to - items);
    return NULL;
}

const num_template *num_template_of(run *r, const run_step *s, uint32_t i,
                                    ds_slice text, num_templates *last)
{
    if (last->text.ptr == NULL || last->text.ptr != text.ptr ||
        last->text.len != text.len) {
        last->text = text;
        last->msg = num_template_parse(text, r->ev->arena, &last->t);
    }
    if (last->msg) {
        run_error(r, s, i, "E0704", "%s", last->msg);
        return NULL;
    }
    return &last->t;
}
