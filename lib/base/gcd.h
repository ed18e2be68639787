/* SPDX-License-Identifier: Apache-2.0 */
/* gcd.h - the largest number that divides both (Euclid). */
#ifndef BASE_GCD_H
#define BASE_GCD_H

#include <stdint.h>

/* gcd(a, 0) is a. */
static inline uint64_t gcd_of(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

#endif
