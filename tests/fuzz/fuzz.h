/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz.h - what the fuzz targets share.
 *
 * A target takes bytes as they might come from outside and looks for a crash,
 * a sanitizer's report, a hang, or a property that does not hold. Its seeds
 * stand in seeds/NAME; what once failed is among them.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "dstream/error.h"
#include "dstream/slice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that does not hold. */
#define FUZZ_CHECK(cond)                                                       \
    do {                                                                       \
        if (!(cond)) {                                                         \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);         \
            abort();                                                           \
        }                                                                      \
    } while (0)

/* The bytes in memory of their own, so that a read past their end is seen. */
static inline ds_slice fuzz_input(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (size)
        memcpy(copy, data, size);
    return (ds_slice){copy, (uint32_t)size};
}

/* Up to the first zero line: `head` ends there, the rest is returned. */
static inline ds_slice fuzz_split(ds_slice *all, uint8_t at)
{
    const uint8_t *p = all->len ? memchr(all->ptr, at, all->len) : NULL;
    ds_slice rest = {all->ptr + all->len, 0};
    if (p) {
        rest = (ds_slice){p + 1, (uint32_t)(all->ptr + all->len - p - 1)};
        all->len = (uint32_t)(p - all->ptr);
    }
    return rest;
}

#endif
