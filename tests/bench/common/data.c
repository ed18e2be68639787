/* SPDX-License-Identifier: Apache-2.0 */
/* data.c - the input, record by record, from a seed. */
#include "data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"

/* Splitmix64. */
static uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Zipf's law with exponent 1: word k has the weight 1 / (k + 1). */
static double *zipf_steps(uint32_t keys)
{
    double *steps = malloc(keys * sizeof(*steps)), sum = 0;
    if (!steps)
        kit_die("no memory");
    for (uint32_t i = 0; i < keys; i++)
        steps[i] = sum += 1.0 / (i + 1);
    for (uint32_t i = 0; i < keys; i++)
        steps[i] /= sum;
    return steps;
}

void data_open(data *d, int argc, char **argv)
{
    const char *kind = kit_opt(argc, argv, "kind", "pass");
    const char *dist = kit_opt(argc, argv, "dist", "uniform");
    memset(d, 0, sizeof(*d));
    d->kind = strcmp(kind, "words") == 0   ? DATA_WORDS
              : strcmp(kind, "lines") == 0 ? DATA_LINES
                                           : DATA_PASS;
    d->records = kit_opt_int(argc, argv, "records", 1000000);
    d->keys = (uint32_t)kit_opt_int(argc, argv, "keys", 1000000);
    d->first_ms = kit_opt_int(argc, argv, "time", 0);
    d->state = (uint64_t)kit_opt_int(argc, argv, "seed", 1);
    if (d->keys == 0)
        kit_die("--keys 0");
    if (strcmp(dist, "zipf") == 0)
        d->steps = zipf_steps(d->keys);
}

void data_close(data *d)
{
    free(d->steps);
    d->steps = NULL;
}

uint32_t data_word(data *d)
{
    uint64_t z = random_next(&d->state);
    if (!d->steps)
        return (uint32_t)((z >> 32) * d->keys >> 32);
    double u = (double)(z >> 11) / 9007199254740992.0;
    uint32_t low = 0, high = d->keys - 1;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (d->steps[mid] > u)
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}

void data_word_text(uint32_t word, char text[DATA_WORD + 1])
{
    snprintf(text, DATA_WORD + 1, "word%016u", word);
}

static void fill_pass(data *d, data_record *r)
{
    uint32_t key = (uint32_t)(random_next(&d->state) % 10000000);
    r->key_len = (size_t)snprintf(r->key, sizeof(r->key), "k%07u", key);
    r->value_len = DATA_VALUE;
    for (int i = 0; i < DATA_VALUE; i += 4) {
        uint32_t z = (uint32_t)(random_next(&d->state) >> 32);
        for (int j = 0; j < 4; j++, z >>= 8)
            r->value[i + j] = (char)('0' + (z & 63));
    }
}

static void fill_line(data *d, data_record *r)
{
    r->key_len = 0;
    r->value_len = 0;
    for (int i = 0; i < DATA_LINE_WORDS; i++) {
        if (i > 0)
            r->value[r->value_len++] = ' ';
        data_word_text(data_word(d), r->value + r->value_len);
        r->value_len += DATA_WORD;
    }
}

void data_next(data *d, data_record *r)
{
    r->ms = d->first_ms + d->made++ / DATA_TIME_STEP;
    if (d->kind == DATA_PASS) {
        fill_pass(d, r);
    } else if (d->kind == DATA_LINES) {
        fill_line(d, r);
    } else {
        data_word_text(data_word(d), r->key);
        r->key_len = DATA_WORD;
        r->value_len = 0;
    }
}
