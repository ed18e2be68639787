/* SPDX-License-Identifier: Apache-2.0 */
/*
 * marks.h - a position's marks as a short text, to be kept beside its offset.
 *
 *     "b1 THROUGH BATCH SCANNED WATERMARK [CUTS]"
 *
 * Decimal numbers, "-" for none. Anything else, also what another version or
 * another program has left there, means that there are no marks.
 */
#ifndef PLAN_MARKS_H
#define PLAN_MARKS_H

#include "dstream/broker.h"

#define DS_MARKS_MAX 128 /* bytes of the text, with its NUL */

/* The length of the text; 0 if the marks are not set. */
size_t ds_marks_show(const ds_marks *m, char text[DS_MARKS_MAX]);
/* `text` need not be terminated; NULL: none. */
ds_marks ds_marks_read(const char *text, size_t len);

#endif
