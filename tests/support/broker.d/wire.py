# SPDX-License-Identifier: Apache-2.0
"""wire - asks a broker, in Kafka's own protocol, whether it is ready.

Ready means that a transaction would succeed now: every node knows the others,
every partition has a leader, and all partitions of the two internal topics of
the coordinators are loaded. A port that listens says none of that. The
requests are old versions that both majors still answer.
"""

import socket
import struct

METADATA, OFFSET_FETCH, FIND_COORDINATOR, INIT_PRODUCER_ID = 3, 9, 10, 22
GROUP, TRANSACTION = 0, 1
# Consecutive last letters fall into different partitions of the coordinators'
# topics, which have four (or, in a foreign cluster, any number of them).
PROBES = ["dstream-ready-%d" % n for n in range(4)]


class NotReady(Exception):
    """Says what is still missing."""


class Reader:
    """Reads the fields of an answer one after the other."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, form):
        value = struct.unpack_from(">" + form, self.data, self.at)[0]
        self.at += struct.calcsize(">" + form)
        return value

    def text(self):
        length = self.take("h")
        if length < 0:
            return None
        self.at += length
        return self.data[self.at - length:self.at].decode()

    def items(self, read):
        return [read() for _ in range(self.take("i"))]


def text(value):
    data = value.encode()
    return struct.pack(">h", len(data)) + data


def exactly(conn, size):
    data = b""
    while len(data) < size:
        part = conn.recv(size - len(data))
        if not part:
            raise NotReady("the connection was closed")
        data += part
    return data


def ask(address, key, version, body, timeout=5):
    """Send one request on its own connection and return the answer."""
    head = struct.pack(">hhi", key, version, 1) + text("dstream-tests")
    try:
        with socket.create_connection(address, timeout=timeout) as conn:
            conn.sendall(struct.pack(">i", len(head + body)) + head + body)
            size = struct.unpack(">i", exactly(conn, 4))[0]
            answer = Reader(exactly(conn, size))
    except OSError as error:
        raise NotReady("%s:%d: %s" % (*address, error))
    answer.take("i")
    return answer


def metadata(address):
    """The nodes that a broker knows and the partitions without a leader."""
    answer = ask(address, METADATA, 1, struct.pack(">i", -1))

    def node():
        found = (answer.take("i"), answer.text(), answer.take("i"))
        answer.text()
        return found

    def partition():
        error, number = answer.take("h"), answer.take("i")
        answer.take("i")
        answer.items(lambda: answer.take("i"))
        answer.items(lambda: answer.take("i"))
        return number, error

    def topic():
        error, name = answer.take("h"), answer.text()
        answer.take("b")
        return name, error, answer.items(partition)

    nodes = answer.items(node)
    answer.take("i")
    homeless = ["%s [%d]" % (name, number)
                for name, _, partitions in answer.items(topic)
                for number, error in partitions if error == 5]
    return nodes, homeless


def coordinator(address, kind, name):
    answer = ask(address, FIND_COORDINATOR, 1,
                 text(name) + struct.pack(">b", kind))
    answer.take("i")
    error = answer.take("h")
    answer.text()
    if error != 0:
        raise NotReady("no coordinator yet for %s (error %d)" % (name, error))
    answer.take("i")
    host = answer.text()
    return host, answer.take("i")


def check(addresses, nodes, all_up=True):
    """Raise NotReady unless every address answers and knows so many nodes."""
    for address in addresses:
        known, homeless = metadata(address)
        if len(known) < nodes:
            raise NotReady("%s:%d knows %d nodes of %d"
                           % (*address, len(known), nodes))
        if all_up and homeless:
            raise NotReady("no leader yet for " + ", ".join(homeless[:3]))
    for name in PROBES:
        at = coordinator(addresses[0], TRANSACTION, name)
        answer = ask(at, INIT_PRODUCER_ID, 0,
                     text(name) + struct.pack(">i", 10000))
        answer.take("i")
        error = answer.take("h")
        if error != 0:
            raise NotReady("the transaction coordinator answers error %d"
                           % error)
        at = coordinator(addresses[0], GROUP, name)
        answer = ask(at, OFFSET_FETCH, 2, text(name) + struct.pack(">i", 0))
        answer.take("i")
        error = answer.take("h")
        if error != 0:
            raise NotReady("the group coordinator answers error %d" % error)
