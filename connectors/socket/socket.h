/* SPDX-License-Identifier: Apache-2.0 */
/*
 * socket.h - lines of a TCP server, as Spark's socketTextStream.
 *
 * A line is a record; its end, \n or \r\n, is not part of it. What stands
 * behind the last end when the server closes is a line too. A line of more than
 * SOCKET_LINE_MAX bytes is left out, with a warning.
 */
#ifndef SOCKET_SOCKET_H
#define SOCKET_SOCKET_H

#include "dstream/receiver.h"

#define SOCKET_LINE_MAX 1000000 /* as a record of a topic may have */

struct socket_args {
    ds_text host;
    int64_t port;
};

extern const ds_receiver_type socket_receiver;

#endif
