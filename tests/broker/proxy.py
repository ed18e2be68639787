#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""proxy.py - a TCP proxy for Kafka that loses, delays and replays requests.

    proxy.py --listen PORT --upstream HOST:PORT --control SOCKET

The broker must advertise the proxy's port on a listener of its own, so that
nothing in the protocol has to be rewritten. Frames are read as 4 bytes of
size, api key, api version, correlation id, client id; of the requests that
belong to a transaction, the transactional id as well.

Rules come over the unix socket, one line each; the answer is one line, JSON:

    add ACTION API [times=N] [skip=N] [ms=N] [txn=TEXT] [gap=N]
    clear            forget the rules, release nothing
    cut              close every connection
    stats            {"count": {"ACTION API": N, ...}, "held": N, ...}

ACTION (each counts only when it was really done):
    drop-request   the request is not forwarded, the connection is cut
    drop-response  the request is served, its answer lost, the connection cut
    delay-request  the request, and what follows on its connection, waits ms
    delay-response the same for the answer
    ghost          the request is held and its connection cut; the client
                   sends it again, and when its next transaction has got
                   as far as the release point, the first copy reaches the
                   broker on its old connection. The client's answer waits
                   until the broker has answered the ghost.
API is a name or a number: Produce, AddPartitions, AddOffsets, EndTxn,
TxnOffsetCommit, InitProducerId. Release points of ghosts:
    EndTxn, Produce, AddPartitions, InitProducerId
                                     after a Produce of the next transaction
    TxnOffsetCommit                  after the next one's TxnOffsetCommit
times: how often (default 1); skip: let so many pass first; gap: at least so
many milliseconds between two; txn: only ids that contain TEXT."""

import argparse
import asyncio
import collections
import json
import os
import socket
import struct
import sys
import time

APIS = {"Produce": 0, "Fetch": 1, "Metadata": 3, "OffsetCommit": 8,
        "OffsetFetch": 9, "JoinGroup": 11, "Heartbeat": 12, "SyncGroup": 14,
        "InitProducerId": 22, "AddPartitions": 24, "AddOffsets": 25,
        "EndTxn": 26, "TxnOffsetCommit": 28}
NAMES = {v: k for k, v in APIS.items()}
ACTIONS = ("drop-request", "drop-response", "delay-request",
           "delay-response", "ghost")
# From this version on a request has compact strings and tagged fields.
FLEXIBLE = {0: 9, 22: 2, 24: 4, 25: 3, 26: 3, 28: 3}
# The request of the next transaction after whose answer a ghost is let go.
RELEASE = {26: 0, 0: 0, 22: 0, 24: 0, 28: 28}
LIMIT = 110 << 20


def api_number(text):
    if text in APIS:
        return APIS[text]
    if text.isdigit():
        return int(text)
    raise ValueError("unknown api " + text)


def varint(data, at):
    value = shift = 0
    while True:
        b = data[at]
        value |= (b & 127) << shift
        at, shift = at + 1, shift + 7
        if b < 128:
            return value, at


class Request:
    """The head of a frame (without its size), as far as rules look at it."""

    def __init__(self, frame):
        self.frame = frame
        self.api, self.version, self.id = struct.unpack_from(">hhi", frame)
        self.name = NAMES.get(self.api, str(self.api))
        self.txn = None
        self.acks = True
        try:
            self.parse(frame)
        except (IndexError, struct.error, UnicodeDecodeError):
            pass

    def parse(self, f):
        if self.api not in FLEXIBLE:
            return
        size = struct.unpack_from(">h", f, 8)[0]
        at = 10 + max(size, 0)
        if self.version >= FLEXIBLE[self.api]:
            n, at = varint(f, at)
            for _ in range(n):
                _, at = varint(f, at)
                skip, at = varint(f, at)
                at += skip
            size, at = varint(f, at)
            size -= 1
        elif self.api == 0 and self.version < 3:
            size = -1
        else:
            size, at = struct.unpack_from(">h", f, at)[0], at + 2
        if size >= 0:
            self.txn = f[at:at + size].decode()
        if self.api == 0:
            at += max(size, 0)
            self.acks = struct.unpack_from(">h", f, at)[0] != 0


class Rule:
    def __init__(self, words):
        self.action, api = words[0], words[1]
        if self.action not in ACTIONS:
            raise ValueError("unknown action " + self.action)
        self.api = api_number(api)
        if self.action == "ghost" and self.api not in RELEASE:
            raise ValueError("no ghosts of " + api)
        opts = dict(w.split("=", 1) for w in words[2:])
        self.left = int(opts.pop("times", 1))
        self.skip = int(opts.pop("skip", 0))
        self.ms = int(opts.pop("ms", 500))
        self.gap = int(opts.pop("gap", 0))
        self.txn = opts.pop("txn", None)
        self.next = 0.0
        if opts:
            raise ValueError("unknown option " + ", ".join(opts))

    def takes(self, req):
        if req.api != self.api or self.left <= 0:
            return False
        if self.txn and self.txn not in (req.txn or ""):
            return False
        if req.api in RELEASE and req.txn is None:
            return False
        if time.monotonic() < self.next:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.left -= 1
        self.next = time.monotonic() + self.gap / 1000
        return True

    def label(self):
        return "%s %s" % (self.action, NAMES.get(self.api, self.api))


class Ghost:
    """A held first copy. It waits for the client's second one, then for the
    release point in the next transaction of the same id."""

    def __init__(self, req, link):
        self.req = req
        self.link = link
        self.retried = False
        self.decided = False
        self.done = False

    def answered(self, req):
        """Called with each answered request: whether it is time."""
        if self.done or req.txn != self.req.txn:
            return False
        if not self.retried:
            self.retried = req.api == self.req.api
            self.decided = self.retried and self.req.api == 26
            return False
        if not self.decided:
            self.decided = req.api == 26
            return False
        return req.api == RELEASE[self.req.api]


class Link:
    """One client connection with its connection to the broker."""

    def __init__(self, proxy, client):
        self.proxy = proxy
        self.cr, self.cw = client
        self.pending = collections.deque()
        self.ghost_waits = {}
        self.held = False
        self.client_open = True

    async def run(self):
        try:
            self.ur, self.uw = await asyncio.open_connection(
                *self.proxy.upstream, limit=1 << 20)
        except OSError:
            self.cw.transport.abort()
            return
        tasks = [asyncio.ensure_future(self.up()),
                 asyncio.ensure_future(self.down())]
        try:
            await asyncio.wait(tasks,
                               return_when=asyncio.FIRST_COMPLETED)
            if self.held:
                await asyncio.wait([tasks[1]], timeout=120)
        finally:
            for t in tasks:
                t.cancel()
            self.close_client()
            self.uw.transport.abort()

    def close_client(self):
        if self.client_open:
            self.client_open = False
            self.cw.transport.abort()

    async def frame(self, reader):
        head = await reader.readexactly(4)
        size = struct.unpack(">i", head)[0]
        if not 8 <= size <= LIMIT and not 4 <= size <= LIMIT:
            raise ConnectionError("no Kafka frame")
        return await reader.readexactly(size)

    async def up(self):
        try:
            while True:
                req = Request(await self.frame(self.cr))
                if not await self.request(req):
                    return
        except (OSError, EOFError, ConnectionError):
            pass

    async def request(self, req):
        """Whether the connection goes on."""
        self.proxy.seen[req.name] += 1
        rule = self.proxy.match(req, "request")
        if rule and rule.action == "delay-request":
            self.proxy.did(rule)
            await asyncio.sleep(rule.ms / 1000)
        elif rule and rule.action == "drop-request":
            self.proxy.did(rule)
            self.close_client()
            return False
        elif rule and rule.action == "ghost":
            self.held = True
            self.proxy.ghosts.append(Ghost(req, self))
            self.proxy.did(rule, "held")
            self.close_client()
            return False
        if req.acks:
            self.pending.append((req, self.proxy.match(req, "response")))
        await self.send_up(req.frame)
        return True

    async def send_up(self, frame):
        self.uw.write(struct.pack(">i", len(frame)) + frame)
        await self.uw.drain()

    async def down(self):
        try:
            while True:
                data = await self.frame(self.ur)
                if not await self.response(data):
                    return
        except (OSError, EOFError, ConnectionError):
            pass

    async def response(self, data):
        ident = struct.unpack_from(">i", data)[0]
        if ident in self.ghost_waits:
            self.ghost_waits.pop(ident).set_result(data)
            return True
        req, rule = None, None
        if self.pending:
            req, rule = self.pending.popleft()
        if rule and rule.action == "drop-response":
            self.proxy.did(rule)
            self.close_client()
            return False
        if rule and rule.action == "delay-response":
            self.proxy.did(rule)
            await asyncio.sleep(rule.ms / 1000)
        if req is not None and req.txn is not None:
            await self.proxy.answered(req)
        if self.client_open:
            self.cw.write(struct.pack(">i", len(data)) + data)
            await self.cw.drain()
        return True

    async def release(self, ghost):
        """The first copy reaches the broker; its error code, None if the
        broker did not answer."""
        wait = asyncio.get_running_loop().create_future()
        self.ghost_waits[ghost.req.id] = wait
        await self.send_up(ghost.req.frame)
        return await asyncio.wait_for(wait, 3)


class Proxy:
    def __init__(self, upstream):
        self.upstream = upstream
        self.rules = []
        self.ghosts = []
        self.links = set()
        self.count = collections.Counter()
        self.seen = collections.Counter()
        self.codes = collections.Counter()

    def match(self, req, side):
        for rule in self.rules:
            if (rule.action.endswith("response")) == (side == "response"):
                if rule.takes(req):
                    return rule
        return None

    def did(self, rule, suffix=None):
        self.count[rule.label() + (" " + suffix if suffix else "")] += 1

    async def answered(self, req):
        for g in [g for g in self.ghosts if g.answered(req)]:
            g.done = True
            self.ghosts.remove(g)
            name = "ghost " + g.req.name
            try:
                data = await g.link.release(g)
                self.count[name] += 1
                self.codes["%s %s" % (name, error_of(g.req, data))] += 1
            except (OSError, asyncio.TimeoutError):
                self.count[name + " lost"] += 1

    async def serve(self, reader, writer):
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = Link(self, (reader, writer))
        self.links.add(link)
        try:
            await link.run()
        finally:
            self.links.discard(link)

    async def control(self, reader, writer):
        try:
            while True:
                line = await reader.readline()
                if not line:
                    break
                writer.write(json.dumps(self.command(
                    line.decode().split())).encode() + b"\n")
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    def command(self, words):
        try:
            if words[0] == "add":
                self.rules.append(Rule(words[1:]))
            elif words[0] == "clear":
                self.rules.clear()
            elif words[0] == "cut":
                for link in list(self.links):
                    link.close_client()
            elif words[0] != "stats":
                raise ValueError("unknown command " + words[0])
        except (ValueError, IndexError) as e:
            return {"error": str(e)}
        return {"count": self.count, "seen": self.seen, "codes": self.codes,
                "held": len(self.ghosts),
                "left": sum(r.left for r in self.rules)}


def error_of(req, data):
    """The error code in the answer to a ghost, as far as it is in a fixed
    place: EndTxn has it after the throttle time, TxnOffsetCommit at the end
    of its first partition."""
    try:
        if req.api == 26:
            at = 4 + 4 + (1 if req.version >= 3 else 0)
            return struct.unpack_from(">h", data, at)[0]
        if req.api == 28 and req.version >= 3:
            return struct.unpack_from(">h", data, len(data) - 5)[0]
    except struct.error:
        pass
    return "?"


class Client:
    """The other end of the control socket, for the programs of the ring."""

    def __init__(self, path):
        self.path = path

    def ask(self, line):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
            s.settimeout(10)
            s.connect(self.path)
            s.sendall(line.encode() + b"\n")
            data = b""
            while not data.endswith(b"\n"):
                more = s.recv(65536)
                if not more:
                    break
                data += more
        got = json.loads(data)
        if "error" in got:
            raise ValueError(got["error"])
        return got

    def count(self, what):
        return self.ask("stats")["count"].get(what, 0)


async def run(args):
    host, port = args.upstream.rsplit(":", 1)
    proxy = Proxy((host, int(port)))
    if os.path.exists(args.control):
        os.unlink(args.control)
    await asyncio.start_unix_server(proxy.control, args.control)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1",
                                        args.listen, limit=1 << 20)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("--listen", type=int, required=True)
    ap.add_argument("--upstream", required=True)
    ap.add_argument("--control", required=True)
    try:
        asyncio.run(run(ap.parse_args()))
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
