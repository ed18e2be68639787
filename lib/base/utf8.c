/* SPDX-License-Identifier: Apache-2.0 */
/*
 * utf8.c - walking over text that may be anything.
 */
#include "base/utf8.h"

#include <string.h>

static bool is_tail(uint8_t c)
{
    return (c & 0xc0) == 0x80;
}

uint32_t utf8_char(const uint8_t *p, size_t n)
{
    uint8_t c = p[0];
    if (c >= 0xc2 && c <= 0xdf)
        return n >= 2 && is_tail(p[1]) ? 2 : 1;
    if (c >= 0xe0 && c <= 0xef) {
        if (n < 3 || !is_tail(p[1]) || !is_tail(p[2]))
            return 1;
        bool overlong = c == 0xe0 && p[1] < 0xa0;
        bool surrogate = c == 0xed && p[1] >= 0xa0;
        return overlong || surrogate ? 1 : 3;
    }
    if (c >= 0xf0 && c <= 0xf4) {
        if (n < 4 || !is_tail(p[1]) || !is_tail(p[2]) || !is_tail(p[3]))
            return 1;
        bool overlong = c == 0xf0 && p[1] < 0x90;
        bool beyond = c == 0xf4 && p[1] >= 0x90;
        return overlong || beyond ? 1 : 4;
    }
    return 1;
}

bool utf8_char_valid(const uint8_t *p, uint32_t len)
{
    return len > 1 || p[0] < 0x80;
}

uint32_t utf8_count(const uint8_t *p, size_t n)
{
    uint32_t count = 0;
    size_t i = 0;

    while (i < n) {
        uint64_t eight;

        for (; n - i >= 8; i += 8, count += 8) { /* ASCII, mostly */
            memcpy(&eight, p + i, 8);
            if (eight & UINT64_C(0x8080808080808080))
                break;
        }
        if (i < n) {
            i += utf8_char(p + i, n - i);
            count++;
        }
    }
    return count;
}

static uint32_t code_point(const uint8_t *p, uint32_t len)
{
    switch (len) {
    case 2:
        return (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
    case 3:
        return (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
    case 4:
        return (p[0] & 0x07u) << 18 | (p[1] & 0x3fu) << 12 |
               (p[2] & 0x3fu) << 6 | (p[3] & 0x3fu);
    default:
        return p[0];
    }
}

uint32_t utf8_width(const uint8_t *p, uint32_t len)
{
    if (len < 3)
        return 1;
    static const uint32_t wide[][2] = {
        {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},
        {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},
        {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f64f},
        {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
    };
    uint32_t c = code_point(p, len);
    for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
        if (c >= wide[i][0] && c <= wide[i][1])
            return 2;
    return 1;
}

bool utf8_is_control(const uint8_t *p, uint32_t len)
{
    if (!utf8_char_valid(p, len))
        return true;
    uint32_t c = code_point(p, len);
    return c < 0x20 || (c >= 0x7f && c < 0xa0) ||
           (c >= 0x200e && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

void utf8_cut(char *s)
{
    size_t n = strlen(s), start = n;
    while (start > 0 && n - start < 4 && is_tail((uint8_t)s[start - 1]))
        start--;
    if (start == 0)
        return;
    uint8_t lead = (uint8_t)s[start - 1];
    size_t want = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    if (n - (start - 1) < want)
        s[start - 1] = '\0';
}
