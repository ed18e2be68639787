/* SPDX-License-Identifier: Apache-2.0 */
/*
 * utf8.h - walking over text that may be anything.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at p (n > 0 bytes are there); a byte that starts no
 * valid one counts as one. */
uint32_t utf8_char(const uint8_t *p, size_t n);
/* Is the character at p one, and not a byte that is none? */
bool utf8_char_valid(const uint8_t *p, uint32_t len);
uint32_t utf8_count(const uint8_t *p, size_t n);
/* Columns on a terminal: 2 for East Asian wide characters, else 1. */
uint32_t utf8_width(const uint8_t *p, uint32_t len);
/* A character that moves the cursor or turns the direction of writing, or a
 * byte that is no character. */
bool utf8_is_control(const uint8_t *p, uint32_t len);
/* Takes off a character that is not whole from the end of a string. */
void utf8_cut(char *s);

#endif
