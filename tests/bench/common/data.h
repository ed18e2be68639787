/* SPDX-License-Identifier: Apache-2.0 */
/*
 * data.h - the input, record by record, from a seed.
 *
 * The checker makes the same input again and computes from it what the output
 * must be, so nothing has to be remembered in between.
 */
#ifndef BENCH_DATA_H
#define BENCH_DATA_H

#include <stddef.h>
#include <stdint.h>

enum {
    DATA_VALUE = 100,     /* bytes of a value of kind pass */
    DATA_WORD = 20,       /* bytes of a word */
    DATA_LINE_WORDS = 8,  /* words in a line of kind lines */
    DATA_TIME_STEP = 100, /* records with one timestamp */
};

typedef enum data_kind { DATA_PASS, DATA_WORDS, DATA_LINES } data_kind;

typedef struct data {
    data_kind kind;
    int64_t records; /* lines of kind lines */
    int64_t first_ms;
    uint32_t keys;
    uint64_t state;
    int64_t made;
    double *steps; /* of Zipf's law; NULL: uniform */
} data;

typedef struct data_record {
    char key[24], value[DATA_LINE_WORDS * (DATA_WORD + 1)];
    size_t key_len, value_len; /* key_len 0: none */
    int64_t ms;
} data_record;

/* From --kind --records --keys --dist --seed --time. */
void data_open(data *d, int argc, char **argv);
void data_close(data *d);
void data_next(data *d, data_record *r);
/* The number of the next word, for the checker. */
uint32_t data_word(data *d);
void data_word_text(uint32_t word, char text[DATA_WORD + 1]);

#endif
