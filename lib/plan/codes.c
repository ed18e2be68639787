/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codes.c - the table of codes.h.
 */
#include "plan/codes.h"

#include <stddef.h>
#include <string.h>

static const struct code {
    const char *code;
    const char *text;
} codes[] = {
#define X(code, text) {#code, text},
    DS_CODE_MAP(X)
#undef X
};

#define N_CODES (sizeof(codes) / sizeof(*codes))

const char *codes_text(const char *code)
{
    for (size_t i = 0; i < N_CODES; i++)
        if (strcmp(codes[i].code, code) == 0)
            return codes[i].text;
    return NULL;
}

const char *codes_at(uint32_t i)
{
    return i < N_CODES ? codes[i].code : NULL;
}
