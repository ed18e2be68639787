#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""test_proxy.py - the fault proxy against a broker of a few lines.

The broker writes down the requests that reach it, in order, and answers each
with its correlation id and a number of its own."""

import asyncio
import contextlib
import io
import os
import struct
import sys
import tempfile
import unittest

import proxy
import ring


def text(s):
    return struct.pack(">h", len(s)) + s.encode()


def request(api, ident, txn="job.main.a.0", version=None):
    """A frame with its size, as librdkafka 2.0.2 would send it."""
    version = {0: 7, 28: 3, 26: 1, 24: 0}.get(api, 0) \
        if version is None else version
    body = struct.pack(">hhi", api, version, ident) + text("rdkafka")
    if version >= proxy.FLEXIBLE.get(api, 99):
        body += b"\0" + bytes([len(txn) + 1]) + txn.encode()
    elif api in proxy.FLEXIBLE:
        body += text(txn)
    body += struct.pack(">hi", -1, 0)
    return struct.pack(">i", len(body)) + body


class Heads(unittest.TestCase):
    def test_transactional_id(self):
        for api in (0, 24, 25, 26, 28):
            r = proxy.Request(request(api, 7)[4:])
            self.assertEqual((r.api, r.id, r.txn), (api, 7, "job.main.a.0"))

    def test_no_transaction(self):
        self.assertIsNone(proxy.Request(request(3, 1)[4:]).txn)

    def test_cut_short(self):
        frame = request(28, 1)[4:]
        for n in range(8, len(frame)):
            proxy.Request(frame[:n])

    def test_bad_rules(self):
        p = proxy.Proxy(("", 0))
        for line in ("add", "add ghost", "add ghost Fetch", "add lose EndTxn",
                     "add ghost Nothing", "add ghost EndTxn often=1", "what",
                     "add ghost EndTxn times=x"):
            self.assertIn("error", p.command(line.split()), line)
        self.assertEqual(p.rules, [])


class World:
    """Broker, proxy and clients in one event loop."""

    async def __aenter__(self):
        self.got = []
        self.broker = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        port = self.broker.sockets[0].getsockname()[1]
        self.proxy = proxy.Proxy(("127.0.0.1", port))
        self.front = await asyncio.start_server(
            self.proxy.serve, "127.0.0.1", 0)
        self.port = self.front.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.front.close()
        self.broker.close()

    async def serve(self, reader, writer):
        with contextlib.suppress(EOFError, OSError):
            while True:
                size = struct.unpack(">i", await reader.readexactly(4))[0]
                r = proxy.Request(await reader.readexactly(size))
                self.got.append((r.name, r.id))
                writer.write(struct.pack(">iiih", 10, r.id, 0, 47))
                await writer.drain()

    async def client(self):
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def ask(self, conn, api, ident):
        conn[1].write(request(api, ident))
        size = struct.unpack(">i", await conn[0].readexactly(4))[0]
        return struct.unpack_from(">i", await conn[0].readexactly(size))[0]

    def rule(self, line):
        got = self.proxy.command(("add " + line).split())
        assert "error" not in got, got


async def cut(world, conn, api, ident):
    """The connection must be cut instead of an answer."""
    try:
        await asyncio.wait_for(world.ask(conn, api, ident), 5)
    except (EOFError, OSError):
        return True
    return False


class Faults(unittest.TestCase):
    def world(self, body):
        async def whole():
            async with World() as w:
                await asyncio.wait_for(body(w), 20)
        asyncio.run(whole())

    def test_passes(self):
        async def body(w):
            c = await w.client()
            for i, api in enumerate((3, 24, 0, 26)):
                self.assertEqual(await w.ask(c, api, i), i)
            self.assertEqual(w.got, [("Metadata", 0), ("AddPartitions", 1),
                                     ("Produce", 2), ("EndTxn", 3)])
        self.world(body)

    def test_drop_request(self):
        async def body(w):
            w.rule("drop-request EndTxn")
            self.assertTrue(await cut(w, await w.client(), 26, 1))
            self.assertEqual(w.got, [])
            self.assertEqual(await w.ask(await w.client(), 26, 1), 1)
            self.assertEqual(w.proxy.count["drop-request EndTxn"], 1)
        self.world(body)

    def test_drop_response(self):
        async def body(w):
            w.rule("drop-response EndTxn skip=1")
            c = await w.client()
            self.assertEqual(await w.ask(c, 26, 1), 1)
            self.assertTrue(await cut(w, c, 26, 2))
            self.assertEqual(w.got, [("EndTxn", 1), ("EndTxn", 2)])
            self.assertEqual(w.proxy.count["drop-response EndTxn"], 1)
        self.world(body)

    def test_delay(self):
        async def body(w):
            w.rule("delay-request TxnOffsetCommit ms=300")
            c, loop = await w.client(), asyncio.get_running_loop()
            at = loop.time()
            await w.ask(c, 28, 1)
            self.assertGreaterEqual(loop.time() - at, 0.29)
            at = loop.time()
            await w.ask(c, 28, 2)
            self.assertLess(loop.time() - at, 0.25)
        self.world(body)

    def test_other_transactions_pass(self):
        async def body(w):
            w.rule("drop-request EndTxn txn=job.counts")
            self.assertEqual(await w.ask(await w.client(), 26, 1), 1)
        self.world(body)

    def test_ghost_of_end_txn(self):
        """The first copy arrives after the next transaction's Produce, and
        before the client hears of that."""
        async def body(w):
            w.rule("ghost EndTxn")
            self.assertTrue(await cut(w, await w.client(), 26, 9))
            c = await w.client()
            await w.ask(c, 26, 1)
            await w.ask(c, 24, 2)
            await w.ask(c, 0, 3)
            self.assertEqual(w.got, [("EndTxn", 1), ("AddPartitions", 2),
                                     ("Produce", 3), ("EndTxn", 9)])
            self.assertEqual(w.proxy.count["ghost EndTxn"], 1)
            self.assertEqual(w.proxy.codes["ghost EndTxn 47"], 1)
        self.world(body)

    def test_ghost_of_offsets(self):
        async def body(w):
            w.rule("ghost TxnOffsetCommit")
            self.assertTrue(await cut(w, await w.client(), 28, 9))
            c = await w.client()
            for i, api in enumerate((28, 26, 0, 28, 26)):
                await w.ask(c, api, i)
            self.assertEqual(
                w.got, [("TxnOffsetCommit", 0), ("EndTxn", 1), ("Produce", 2),
                        ("TxnOffsetCommit", 3), ("TxnOffsetCommit", 9),
                        ("EndTxn", 4)])
        self.world(body)

    def test_ghost_waits_for_its_retry(self):
        async def body(w):
            w.rule("ghost EndTxn")
            self.assertTrue(await cut(w, await w.client(), 26, 9))
            await w.ask(await w.client(), 0, 1)
            self.assertEqual(w.got, [("Produce", 1)])
            self.assertEqual(len(w.proxy.ghosts), 1)
            self.assertEqual(w.proxy.count["ghost EndTxn"], 0)
        self.world(body)

    def test_broker_away(self):
        async def body(w):
            w.broker.close()
            await w.broker.wait_closed()
            self.assertTrue(await cut(w, await w.client(), 3, 1))
        self.world(body)

    def test_control_socket(self):
        async def body(w):
            with tempfile.TemporaryDirectory() as d:
                path = os.path.join(d, "s")
                await asyncio.start_unix_server(w.proxy.control, path)
                client = proxy.Client(path)

                def talk():
                    client.ask("add drop-request EndTxn")
                    with self.assertRaises(ValueError):
                        client.ask("add nonsense EndTxn")
                    return client.ask("stats")
                got = await asyncio.to_thread(talk)
                self.assertEqual(got["left"], 1)
        self.world(body)


def main():
    suite = unittest.defaultTestLoader.loadTestsFromModule(
        sys.modules["__main__"])
    out = io.StringIO()
    with contextlib.redirect_stderr(out):
        result = unittest.TextTestRunner(out).run(suite)
    bad = len(result.failures) + len(result.errors)
    if bad:
        ring.say(out.getvalue())
    return ring.verdict(result.testsRun - bad, bad)


if __name__ == "__main__":
    sys.exit(main())
