/* SPDX-License-Identifier: Apache-2.0 */
/*
 * time_template.h - templates of to_char, to_timestamp and to_date:
 * "FMDay, DD Month YYYY HH24:MI" as a list of nodes.
 */
#ifndef EXPR_TIME_TEMPLATE_H
#define EXPR_TIME_TEMPLATE_H

#include "expr/time_calc.h"

typedef enum template_field {
    FIELD_MERIDIEM,
    FIELD_MERIDIEM_DOTS,
    FIELD_ERA,
    FIELD_ERA_DOTS,
    FIELD_CC,
    FIELD_DAY_NAME,
    FIELD_DY_NAME,
    FIELD_DDD,
    FIELD_DD,
    FIELD_D,
    FIELD_FF,
    FIELD_FX,
    FIELD_HH24,
    FIELD_HH12,
    FIELD_IDDD,
    FIELD_ID,
    FIELD_IW,
    FIELD_IYYY,
    FIELD_IYY,
    FIELD_IY,
    FIELD_I,
    FIELD_J,
    FIELD_MI,
    FIELD_MM,
    FIELD_MONTH_NAME,
    FIELD_MON_NAME,
    FIELD_MS,
    FIELD_OF,
    FIELD_Q,
    FIELD_RM,
    FIELD_SSSS,
    FIELD_SS,
    FIELD_TZH,
    FIELD_TZM,
    FIELD_TZ,
    FIELD_US,
    FIELD_WW,
    FIELD_W,
    FIELD_Y_YYY,
    FIELD_YYYY,
    FIELD_YYY,
    FIELD_YY,
    FIELD_Y,
} template_field;

/* What kind of dates a field belongs to. */
typedef enum template_mode {
    MODE_NONE,
    MODE_GREGORIAN,
    MODE_ISO_WEEK,
} template_mode;

typedef enum template_case { CASE_UPPER, CASE_TITLE, CASE_LOWER } template_case;

typedef struct template_word {
    char name[6];
    uint8_t len;
    uint8_t field;   /* template_field */
    uint8_t mode;    /* template_mode */
    bool digits;     /* it begins with one */
    uint8_t letters; /* template_case of a text; of FF: its digits */
} template_word;

typedef enum template_kind {
    NODE_FIELD,
    NODE_SEPARATOR,
    NODE_SPACE,
    NODE_CHAR,
} template_kind;

typedef struct template_node {
    uint8_t kind;         /* template_kind */
    bool fill, translate; /* FM, TM */
    bool th_upper, th_lower;
    uint8_t len;               /* of text */
    char text[4];              /* of all but NODE_FIELD */
    const template_word *word; /* of NODE_FIELD */
} template_node;

typedef struct template
{
    ds_slice text; /* what it was made from */
    const template_node *nodes;
    uint32_t n;
}
template;

const template *template_parse(ds_slice text, ds_arena *a);
/* The template of a row: the call's constant one, or the last row's if its text
 * is the same, or a new one. */
const template *template_of(const template *constant, const template *last,
                            ds_slice text, ds_arena *a);
/* ASCII but no letter, digit or blank. */
bool template_is_separator(char c);

extern const char *const template_months[12];
extern const char *const template_days[7]; /* from Sunday */
extern const char *const template_roman[12];

#endif
