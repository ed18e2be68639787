/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stateful_word_count.c - Spark's StatefulNetworkWordCount from Kafka to Kafka:
 * running counts by functions in C, exactly once. Kill it at any moment and
 * start it again.
 *
 *     stateful_word_count BROKERS IN OUT STATE_DIR [SECONDS]
 *
 * The topics IN (lines) and OUT (a record per word and batch, its key the word)
 * exist.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include <dstream/dstream.h>

/* flatMap: the words of a line, in small letters. */
static ds_rc split(void *arg, const ds_in *line, ds_out *out, ds_err *err)
{
    ds_slice text = ds_in_text(line, 0);
    uint8_t word[64];
    uint32_t n = 0;

    (void)arg;
    (void)err;
    for (uint32_t i = 0; i <= text.len; i++) {
        if (i < text.len && isalpha(text.ptr[i])) {
            if (n < sizeof(word))
                word[n++] = (uint8_t)tolower(text.ptr[i]);
            continue;
        }
        if (n > 0) {
            ds_out_row(out);
            ds_out_text(out, 0, (ds_slice){word, n});
        }
        n = 0;
    }
    return DS_OK;
}

/* updateStateByKey: Spark's (Seq[V], Option[S]) => Option[S]. The state is one
 * column, how often the word came. */
static ds_rc add(void *arg, const ds_update *u, ds_out *state, ds_err *err)
{
    int64_t before = u->state ? ds_in_i64(u->state, 0) : 0;

    (void)arg;
    (void)err;
    ds_out_row(state);
    ds_out_i64(state, 0, before + u->n);
    return DS_OK;
}

static void say(ds_streaming_context *ssc, char **argv)
{
    ds_dstream *lines = ds_kafka_stream(
        ssc, "lines", DS_OPTS("topic", argv[2], "format", "text"));
    ds_dstream *words = ds_dstream_function(
        lines, &(ds_function){.name = "split",
                              .help = "The words of a line.",
                              .columns = DS_OPTS("word", "text"),
                              .flat_map = split});
    ds_dstream *pairs = ds_dstream_key_by(words, "word");
    ds_dstream *counts = ds_dstream_function(
        pairs, &(ds_function){.name = "add",
                              .help = "Counts for ever.",
                              .columns = DS_OPTS("n", "bigint"),
                              .version = "1", /* of what the state means */
                              .update = add});

    ds_dstream_as(counts, "counts"); /* names the state and its changelog */
    ds_dstream_to_kafka(counts, DS_OPTS("topic", argv[3]));
}

int main(int argc, char **argv)
{
    ds_streaming_context *ssc;
    ds_err err = {DS_OK, ""};
    int64_t ms = argc == 6 ? 1000 * atoll(argv[5]) : -1;
    int code = EXIT_SUCCESS;

    if (argc != 5 && argc != 6) {
        fputs("usage: stateful_word_count BROKERS IN OUT STATE_DIR "
              "[SECONDS]\n",
              stderr);
        return EXIT_FAILURE;
    }
    ssc = ds_streaming_context_new(
        &(ds_streaming_options){.job = "stateful-word-count",
                                .batch = "500ms",
                                .brokers = argv[1],
                                .state_dir = argv[4]});
    say(ssc, argv);
    puts(ds_streaming_context_explain(ssc, &err) ? "it is fine" : err.msg);
    if (ds_streaming_context_start(ssc, &err) < 0 ||
        ds_streaming_context_await_or_timeout(ssc, ms, NULL, &err) < 0 ||
        ds_streaming_context_stop(ssc, true, &err) < 0 ||
        ds_streaming_context_await(ssc, &err) < 0) {
        fprintf(stderr, "stateful_word_count: %s\n", err.msg);
        code = EXIT_FAILURE;
    }
    ds_streaming_context_free(ssc);
    return code;
}
