/* SPDX-License-Identifier: Apache-2.0 */
/*
 * network_word_count.c - Spark's NetworkWordCount: counts the words of each
 * batch of lines that a server sends. It needs no broker.
 *
 *     nc -lk 9999                                   in one terminal
 *     network_word_count localhost 9999 [SECONDS]   in another
 *
 * With SECONDS it stops by itself, gracefully: what came is counted first.
 */
#include <stdio.h>
#include <stdlib.h>

#include <dstream/dstream.h>

static int fail(const ds_err *err)
{
    fprintf(stderr, "network_word_count: %s\n", err->msg);
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    ds_streaming_context *ssc;
    ds_dstream *lines, *words, *pairs, *counts;
    ds_err err = {DS_OK, ""};
    int64_t seconds = argc == 4 ? atoll(argv[3]) : -1;
    bool stopped = false;

    if (argc != 3 && argc != 4) {
        fputs("usage: network_word_count HOST PORT [SECONDS]\n", stderr);
        return EXIT_FAILURE;
    }
    ds_log_start(DS_LOG_WARN, DS_LOG_AUTO);

    /* A context with batches of one second. */
    ssc = ds_streaming_context_new(
        &(ds_streaming_options){.job = "network-word-count", .batch = "1s"});

    /* A stream of lines; each line becomes words; each word a pair. */
    lines = ds_socket_text_stream(ssc, "lines", argv[1], atoi(argv[2]));
    words = ds_dstream_flat_map(lines, "string_to_table(value, ' ') AS word");
    pairs = ds_dstream_key_by(ds_dstream_filter(words, "word <> ''"), "word");

    /* Counted within the batch. The first ten are shown. */
    counts = ds_dstream_reduce_by_key(pairs, "count(*) AS n");
    ds_dstream_print(counts, 10);

    if (ds_streaming_context_start(ssc, &err) < 0 ||
        ds_streaming_context_await_or_timeout(
            ssc, seconds < 0 ? -1 : seconds * 1000, &stopped, &err) < 0 ||
        ds_streaming_context_stop(ssc, true, &err) < 0 ||
        ds_streaming_context_await(ssc, &err) < 0)
        return fail(&err);
    ds_streaming_context_free(ssc);
    ds_log_stop();
    return EXIT_SUCCESS;
}
