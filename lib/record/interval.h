/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interval.h - the fields of an interval type, as its typmod has them:
 * "interval day to second(3)" is (fields << 16) | precision.
 */
#ifndef RECORD_INTERVAL_H
#define RECORD_INTERVAL_H

enum {
    INTERVAL_MONTH = 1 << 1,
    INTERVAL_YEAR = 1 << 2,
    INTERVAL_DAY = 1 << 3,
    INTERVAL_HOUR = 1 << 10,
    INTERVAL_MINUTE = 1 << 11,
    INTERVAL_SECOND = 1 << 12,
    INTERVAL_FULL = 0x7fff,
};

#endif
