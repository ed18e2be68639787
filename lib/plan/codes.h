/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codes.h - the diagnostics of arguments, names and stages.
 *
 * A code is stable and never used again for something else. E0110 to E0119 are
 * lib/yaml's, those of texts (E02xx, E03xx) lib/parse's and lib/expr's, those
 * of properties (E05xx) a connector's.
 */
#ifndef PLAN_CODES_H
#define PLAN_CODES_H

#include <stdint.h>

/* clang-format off */
#define DS_CODE_MAP(X)                                                         \
    X(E0101, "a name that is not known here")                                  \
    X(E0102, "something required is missing")                                  \
    X(E0103, "a value of the wrong kind")                                      \
    X(E0104, "a value out of range, or none of the choices")                   \
    X(E0105, "a text that is no duration, size, name, time or topic")          \
    X(E0120, "`from` names no source or stream")                               \
    X(E0121, "streams read each other in a circle")                            \
    X(E0122, "a job needs a source")                                           \
    X(E0123, "a job needs a sink")                                             \
    X(E0124, "two operators have the same state")                              \
    X(E0125, "a name is used twice")                                           \
    X(E0126, "a source, table or sink needs exactly one connector")            \
    X(E0127, "a step names exactly one operator")                              \
    X(E0128, "a source reads one of topic, topics and pattern")                \
    X(E0129, "no such operator")                                               \
    X(E0130, "a topic that the job writes is one that it reads")               \
    X(E0131, "a topic is read by two sources")                                 \
    X(E0132, "a topic has the name of one of the job's own")                   \
    X(E0140, "no such format")                                                 \
    X(E0141, "the format needs columns")                                       \
    X(E0142, "the format cannot hold these columns")                           \
    X(E0143, "a column has the name of a record's metadata")                   \
    X(E0150, "on_error: dlq needs errors.dlq")                                 \
    X(E0151, "the operator has no on_error: null")                             \
    X(E0152, "a step or sink that only a program can have")                    \
    X(E0160, "no such cluster")                                                \
    X(E0161, "a property has two values")                                      \
    X(E0162, "no such registry")                                               \
    X(E0190, "not supported in this version")                                  \
    X(E0411, "the event time is no column of times")                           \
    X(E0412, "a watermark without an event time")                              \
    X(E0420, "a window or its slide is no multiple of the batches")            \
    X(E0421, "an inverse that is none, or not needed")                         \
    X(E0422, "streams that slide differently")                                 \
    X(E0423, "the columns of the streams differ")                              \
    X(E0424, "a function of two rows that gives another row")                  \
    X(E0425, "only the key is there")                                          \
    X(E0441, "a column has the same name on both sides of a join")             \
    X(E0442, "the keys of a join differ")                                      \
    X(E0443, "a join across batches needs watermarks")                         \
    X(E0444, "an array of arrays")                                             \
    X(E0451, "the operator needs a key")                                       \
    X(E0460, "a join that there is not with a table")                          \
    X(E0461, "a co-partitioned table where not all of it is")                  \
    X(W0101, "a stream reaches no sink")                                       \
    X(W0102, "nothing reads a source or table")                                \
    X(W0103, "removed keys leave no tombstone")                                \
    X(W0104, "id: names no state")                                             \
    X(W0106, "columns that only a registry knows")                             \
    X(W0107, "a source that cannot be read again")
/* clang-format on */

/* One line about a code of the table above, NULL for others. */
const char *codes_text(const char *code);
/* The i-th code, NULL past the last. */
const char *codes_at(uint32_t i);

#endif
