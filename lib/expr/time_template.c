/* SPDX-License-Identifier: Apache-2.0 */
/*
 * time_template.c - templates taken apart.
 *
 * At each place the longest word counts; what is none stands for itself, as
 * does all between double quotes.
 */
#include "expr/time_template.h"

const char *const template_months[12] = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
const char *const template_days[7] = {"Sunday",    "Monday",   "Tuesday",
                                      "Wednesday", "Thursday", "Friday",
                                      "Saturday"};
const char *const template_roman[12] = {
    "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"};

/* clang-format off */
#define NUMBER(upper, lower, field, mode) \
    {upper, sizeof(upper) - 1, field, mode, true, 0}, \
    {lower, sizeof(lower) - 1, field, mode, true, 0}
#define OTHER(upper, lower, field) \
    {upper, sizeof(upper) - 1, field, MODE_NONE, false, CASE_UPPER}, \
    {lower, sizeof(lower) - 1, field, MODE_NONE, false, CASE_LOWER}
#define NAME(upper, title, lower, field, mode) \
    {upper, sizeof(upper) - 1, field, mode, false, CASE_UPPER}, \
    {title, sizeof(title) - 1, field, mode, false, CASE_TITLE}, \
    {lower, sizeof(lower) - 1, field, mode, false, CASE_LOWER}
#define FRACTION(n) \
    {"FF" #n, 3, FIELD_FF, MODE_NONE, true, n}, \
    {"ff" #n, 3, FIELD_FF, MODE_NONE, true, n}

static const template_word template_words[] = {
    OTHER("A.D.", "a.d.", FIELD_ERA_DOTS), OTHER("B.C.", "b.c.", FIELD_ERA_DOTS),
    OTHER("A.M.", "a.m.", FIELD_MERIDIEM_DOTS),
    OTHER("P.M.", "p.m.", FIELD_MERIDIEM_DOTS),
    OTHER("AD", "ad", FIELD_ERA), OTHER("BC", "bc", FIELD_ERA),
    OTHER("AM", "am", FIELD_MERIDIEM), OTHER("PM", "pm", FIELD_MERIDIEM),
    NUMBER("CC", "cc", FIELD_CC, MODE_NONE),
    NAME("DAY", "Day", "day", FIELD_DAY_NAME, MODE_NONE),
    NAME("DY", "Dy", "dy", FIELD_DY_NAME, MODE_NONE),
    NUMBER("DDD", "ddd", FIELD_DDD, MODE_GREGORIAN),
    NUMBER("DD", "dd", FIELD_DD, MODE_GREGORIAN),
    NUMBER("D", "d", FIELD_D, MODE_GREGORIAN),
    FRACTION(1), FRACTION(2), FRACTION(3), FRACTION(4), FRACTION(5), FRACTION(6),
    OTHER("FX", "fx", FIELD_FX),
    NUMBER("HH24", "hh24", FIELD_HH24, MODE_NONE),
    NUMBER("HH12", "hh12", FIELD_HH12, MODE_NONE),
    NUMBER("HH", "hh", FIELD_HH12, MODE_NONE),
    NUMBER("IDDD", "iddd", FIELD_IDDD, MODE_ISO_WEEK),
    NUMBER("ID", "id", FIELD_ID, MODE_ISO_WEEK),
    NUMBER("IW", "iw", FIELD_IW, MODE_ISO_WEEK),
    NUMBER("IYYY", "iyyy", FIELD_IYYY, MODE_ISO_WEEK),
    NUMBER("IYY", "iyy", FIELD_IYY, MODE_ISO_WEEK),
    NUMBER("IY", "iy", FIELD_IY, MODE_ISO_WEEK),
    NUMBER("I", "i", FIELD_I, MODE_ISO_WEEK),
    NUMBER("J", "j", FIELD_J, MODE_NONE),
    NUMBER("MI", "mi", FIELD_MI, MODE_NONE),
    NUMBER("MM", "mm", FIELD_MM, MODE_GREGORIAN),
    NAME("MONTH", "Month", "month", FIELD_MONTH_NAME, MODE_GREGORIAN),
    NAME("MON", "Mon", "mon", FIELD_MON_NAME, MODE_GREGORIAN),
    NUMBER("MS", "ms", FIELD_MS, MODE_NONE),
    OTHER("OF", "of", FIELD_OF),
    NUMBER("Q", "q", FIELD_Q, MODE_NONE),
    {"RM", 2, FIELD_RM, MODE_GREGORIAN, false, CASE_UPPER},
    {"rm", 2, FIELD_RM, MODE_GREGORIAN, false, CASE_LOWER},
    NUMBER("SSSSS", "sssss", FIELD_SSSS, MODE_NONE),
    NUMBER("SSSS", "ssss", FIELD_SSSS, MODE_NONE),
    NUMBER("SS", "ss", FIELD_SS, MODE_NONE),
    OTHER("TZH", "tzh", FIELD_TZH),
    NUMBER("TZM", "tzm", FIELD_TZM, MODE_NONE),
    OTHER("TZ", "tz", FIELD_TZ),
    NUMBER("US", "us", FIELD_US, MODE_NONE),
    NUMBER("WW", "ww", FIELD_WW, MODE_GREGORIAN),
    NUMBER("W", "w", FIELD_W, MODE_GREGORIAN),
    NUMBER("Y,YYY", "y,yyy", FIELD_Y_YYY, MODE_GREGORIAN),
    NUMBER("YYYY", "yyyy", FIELD_YYYY, MODE_GREGORIAN),
    NUMBER("YYY", "yyy", FIELD_YYY, MODE_GREGORIAN),
    NUMBER("YY", "yy", FIELD_YY, MODE_GREGORIAN),
    NUMBER("Y", "y", FIELD_Y, MODE_GREGORIAN),
};
/* clang-format on */

typedef struct reader {
    const char *p, *end;
    template_node *node;
} reader;

static bool at(const reader *r, const char *word)
{
    size_t n = strlen(word);
    return (size_t)(r->end - r->p) >= n && memcmp(r->p, word, n) == 0;
}

static bool skip(reader *r, const char *word)
{
    if (!at(r, word))
        return false;
    r->p += strlen(word);
    return true;
}

static const template_word *longest_word(const reader *r)
{
    const template_word *best = NULL;
    size_t n = sizeof template_words / sizeof *template_words;
    for (size_t i = 0; i < n; i++) {
        const template_word *w = &template_words[i];
        if ((best == NULL || w->len > best->len) && at(r, w->name))
            best = w;
    }
    return best;
}

bool template_is_separator(char c)
{
    return c > 0x20 && c < 0x7f && !(c >= '0' && c <= '9') &&
           !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z');
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* One character, of UTF-8. */
static void take_char(reader *r, template_kind kind)
{
    template_node *node = r->node++;
    *node = (template_node){.kind = (uint8_t)kind};
    do {
        node->text[node->len++] = *r->p++;
    } while (r->p < r->end && (*r->p & 0xc0) == 0x80 && node->len < 4);
}

static void take_quoted(reader *r)
{
    r->p++;
    while (r->p < r->end && *r->p != '"') {
        if (*r->p == '\\' && r->p + 1 < r->end)
            r->p++;
        take_char(r, NODE_CHAR);
    }
    r->p += r->p < r->end;
}

static void take_other(reader *r)
{
    if (*r->p == '"') {
        take_quoted(r);
        return;
    }
    if (at(r, "\\\""))
        r->p++;
    take_char(r, template_is_separator(*r->p) ? NODE_SEPARATOR
                 : is_space(*r->p)            ? NODE_SPACE
                                              : NODE_CHAR);
}

static void take_node(reader *r)
{
    bool fill = skip(r, "FM") || skip(r, "fm");
    bool translate = !fill && (skip(r, "TM") || skip(r, "tm"));
    const template_word *w = longest_word(r);
    if (w == NULL) {
        if (r->p < r->end)
            take_other(r);
        return;
    }
    r->p += w->len;
    template_node *node = r->node++;
    *node = (template_node){
        .kind = NODE_FIELD, .fill = fill, .translate = translate, .word = w};
    if (skip(r, "TH"))
        node->th_upper = true;
    else if (skip(r, "th"))
        node->th_lower = true;
    else
        skip(r, "SP");
}

const template *template_parse(ds_slice text, ds_arena *a)
{
    template_node *nodes = ds_new(a, template_node, text.len + 1);
    template *t = ds_new(a, template, 1);
    reader r = {(const char *)text.ptr, (const char *)text.ptr + text.len,
                nodes};
    while (r.p < r.end)
        take_node(&r);
    *t = (template){text, nodes, (uint32_t)(r.node - nodes)};
    return t;
}

const template *template_of(const template *constant, const template *last,
                            ds_slice text, ds_arena *a)
{
    if (constant)
        return constant;
    if (last && last->text.len == text.len &&
        memcmp(last->text.ptr, text.ptr, text.len) == 0)
        return last;
    return template_parse(text, a);
}
