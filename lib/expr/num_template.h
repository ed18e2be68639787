/* SPDX-License-Identifier: Apache-2.0 */
/*
 * num_template.h - the templates of to_char(number, template) and to_number().
 *
 *     FM9G990D00PR
 *     | ||      |     places before and after the point, with what stands
 *     | ||      how a negative number is marked
 *     | |a group separator, if there is a digit before it
 *     | a digit, or nothing if it is a zero in front
 *     without blanks and zeros that only fill
 */
#ifndef EXPR_NUM_TEMPLATE_H
#define EXPR_NUM_TEMPLATE_H

#include "expr/run.h"

typedef enum num_pattern {
    PATTERN_TEXT, /* a character as it is */
    PATTERN_9,
    PATTERN_0,
    PATTERN_POINT,  /* . and D */
    PATTERN_COMMA,  /* , and G: the locale is C's */
    PATTERN_MONEY,  /* L */
    PATTERN_ROMAN,  /* RN */
    PATTERN_roman,  /* rn */
    PATTERN_TH,     /* TH */
    PATTERN_th,     /* th */
    PATTERN_MI,     /* a minus or nothing */
    PATTERN_PL,     /* a plus or nothing */
    PATTERN_SG,     /* a plus or a minus */
    PATTERN_NOTHING /* works elsewhere, or not at all: S, PR, FM, V, B, C */
} num_pattern;

typedef struct num_item {
    num_pattern kind;
    ds_slice text; /* of PATTERN_TEXT */
} num_item;

/* Where S stands. */
typedef enum num_sign_place {
    SIGN_NOWHERE, /* there is no S */
    SIGN_BEFORE,
    SIGN_BEHIND
} num_sign_place;

typedef struct num_template {
    const num_item *items;
    uint32_t n_items;
    int pre, post;  /* places before and after the point */
    int multi;      /* places after V */
    int first_zero; /* the place of the first 0 before the point, or -1 */
    int zero_end;   /* places up to and with the last 0 */
    num_sign_place s;
    int s_at; /* places before S */
    bool fill_mode, point, v, blank, minus, plus, bracket, roman, exponent;
} num_template;

/* NULL, or the message why it is refused. */
const char *num_template_parse(ds_slice text, ds_arena *a, num_template *t);

/* The template of row i: parsed again only if it is another one. NULL: the row
 * has been refused. */
typedef struct num_templates {
    ds_slice text;
    num_template t;
    const char *msg;
} num_templates;
const num_template *num_template_of(run *r, const run_step *s, uint32_t i,
                                    ds_slice text, num_templates *last);

#endif
