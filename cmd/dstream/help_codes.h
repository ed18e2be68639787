/* SPDX-License-Identifier: Apache-2.0 */
/*
 * help_codes.h - codes of errors and warnings for `dstream help CODE`: a line
 * for each, and for the frequent ones what is wrong and what is right.
 */
#ifndef CMD_HELP_CODES_H
#define CMD_HELP_CODES_H

/* One line about a code of any layer, or NULL. */
const char *help_code_text(const char *code);

typedef enum help_kind {
    HELP_EXPR, /* an expression over help_columns, with help_row */
    HELP_JOB,  /* lines of a job, each in the place of help_job's line with the
                  same first word */
} help_kind;

typedef struct help_example {
    const char *code;
    help_kind kind;
    const char *wrong, *right;
} help_example;

/* The last has code NULL. */
extern const help_example help_examples[];

extern const char help_columns[], help_row[], help_job[];

#endif
