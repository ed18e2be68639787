/* SPDX-License-Identifier: Apache-2.0 */
/*
 * files.h - large writes are files that RocksDB takes over.
 */
#ifndef TESTS_CONFORM_FILES_H
#define TESTS_CONFORM_FILES_H

#include "stores.h"

/* Writes that are files: keys that differ late, or only in their length. */
static void test_files(void **state)
{
    static const char *const keys[] = {
        "b00000000y", "a", "b00000000", "b0000000", "b00000000x", "a0", "b1"};
    enum { N = sizeof(keys) / sizeof(*keys) };
    struct world *w = *state;

    for (int round = 0; round < 2; round++) {
        ds_overlay *ov;

        base_db_files(((struct db *)w->db)->base, 1);
        ov = begin(w);
        for (int i = 0; i < N; i++)
            put(w, ov, keys[i], round && i % 2 ? NULL : keys[N - 1 - i]);
        commit(w, ov, 7 + round);
        assert_int_equal(type->tick(w->s, INT64_MAX, NULL), DS_OK);
        world_reopen(w, 2 * MIB);
    }
    for (int i = 0; i < N; i++)
        assert_get(w, NULL, keys[i], i % 2 ? NULL : keys[N - 1 - i]);
}

#endif
