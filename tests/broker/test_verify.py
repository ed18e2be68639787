#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""test_verify.py - does the verifier find what it is there to find?

A small cluster in memory holds a run of the word count. The good one must
pass; each kind of damage must be found, under its own name."""

import contextlib
import io
import json
import sys
import unittest

import ring
import rows
import verify

N = ring.PARTITIONS
WORDS = ["w%d" % i for i in range(20)]


class Message:
    def __init__(self, partition, offset, key, value):
        self.p, self.o, self.k, self.v = partition, offset, key, value

    def partition(self):
        return self.p

    def offset(self):
        return self.o

    def key(self):
        return self.k

    def value(self):
        return self.v


class Cluster:
    """Topics as {topic: [[(offset, key, value), ...] per partition]}, and a
    good run of the word count in them: `rounds` batches of every word."""

    def __init__(self, rounds=4, per=3):
        self.names = verify.Names()
        self.topics = {t: [[] for _ in range(N)] for t in self.names.topics()}
        self.open = {}
        self.start = {}
        self.seq = dict.fromkeys(WORDS, 0)
        for _ in range(rounds):
            self.batch(per)
        self.groups = {}
        for group, topic in self.names.groups.items():
            self.groups[group] = {(topic, p): self.end(topic, p)
                                  for p in range(N)}

    def end(self, topic, partition):
        log = self.topics[topic][partition]
        return log[-1][0] + (1 if topic == self.names.source else 2) \
            if log else 0

    def add(self, topic, partition, key, value, marker=True):
        at = self.end(topic, partition)
        self.topics[topic][partition].append((at, key, value))

    def batch(self, per):
        types = ["bigint", "bigint"]
        for i, w in enumerate(WORDS):
            for _ in range(per):
                self.seq[w] += 1
                self.add(self.names.source, i % N, None,
                         b"%s:%d" % (w.encode(), self.seq[w]))
            n, key = self.seq[w], w.encode()
            p = ring.partition_of(key)
            self.add(self.names.repartition, p, key,
                     rows.encode([per, n], types))
            self.add(self.names.changelog, p, b"\x01" + key,
                     rows.encode([n, n], types))
            self.add(self.names.sink, p, key, self.row(w, n))

    @staticmethod
    def row(word, n, last=None):
        return json.dumps({"word": word, "n": n,
                           "last": n if last is None else last}).encode()

    # What verify.py asks of a cluster.

    def read(self, brokers, topic, committed=True, start=None, seconds=0):
        for p, log in enumerate(self.topics[topic]):
            for at, key, value in log:
                if at >= self.start.get((topic, p), 0):
                    yield Message(p, at, key, value)

    def offsets_of(self, brokers, topic, spec=None, committed=False):
        return {p: self.open.get((topic, p), self.end(topic, p))
                if committed else self.end(topic, p) for p in range(N)}

    def start_of(self, brokers, topic):
        return {p: self.start.get((topic, p), 0) for p in range(N)}

    def group_offsets(self, brokers, group, topic=None):
        return dict(self.groups[group])

    def verdict(self, follower=None, stop_first=False):
        report = verify.Report(stop_first, quiet=True)
        saved = {}
        for name in ("read", "offsets_of", "start_of", "group_offsets"):
            saved[name] = getattr(ring, name)
            setattr(ring, name, getattr(self, name))
        saved["partition_count"] = ring.partition_count
        ring.partition_count = lambda brokers, topic: N
        clock, verify.time.sleep = verify.time.sleep, lambda s: None
        mono = verify.time.monotonic
        ticks = iter(range(0, 10 ** 9, 10))
        verify.time.monotonic = lambda: next(ticks)
        try:
            verify.verify("", self.names, report, follower)
        finally:
            verify.time.sleep, verify.time.monotonic = clock, mono
            for name, fn in saved.items():
                setattr(ring, name, fn)
        return report

    def log(self, topic, word):
        """The log of the partition where a word is, and its last place."""
        log = self.topics[topic][ring.partition_of(word.encode())]
        at = max(i for i, r in enumerate(log)
                 if rows.word_of(r[1]) == word)
        return log, at


class Verdicts(unittest.TestCase):
    def setUp(self):
        self.c = Cluster()
        self.n = self.c.names

    def found(self, *kinds):
        report = self.c.verdict()
        for k in kinds:
            self.assertIn(k, report.by, report.kept)
        return report

    def test_good(self):
        report = self.c.verdict()
        self.assertEqual(report.n, 0, report.kept)

    def test_input_end_not_reached(self):
        self.c.groups[self.n.job][(self.n.source, 2)] -= 1
        self.found("I0")

    def test_later_group_not_at_end(self):
        g = self.n.job + ".counts"
        del self.c.groups[g][(self.n.repartition, 1)]
        self.found("I0")

    def test_group_past_the_end(self):
        self.c.groups[self.n.job][(self.n.source, 0)] += 7
        self.found("I0")

    def test_markers_need_not_be_committed(self):
        g = self.n.job + ".counts"
        for at in self.c.groups[g]:
            if self.c.groups[g][at]:
                self.c.groups[g][at] -= 1
        self.assertEqual(self.c.verdict().n, 0)

    def test_lost_last_row(self):
        log, at = self.c.log(self.n.sink, "w3")
        del log[at]
        self.found("I1")

    def test_counted_twice(self):
        self.c.add(self.n.sink, ring.partition_of(b"w5"), b"w5",
                   self.c.row("w5", 15, 12))
        report = self.found("I1")
        self.assertIn("w5", report.kept[0])

    def test_counted_twice_in_the_middle(self):
        log, at = self.c.log(self.n.sink, "w5")
        log[at] = (log[at][0], b"w5", self.c.row("w5", 12, 11))
        self.found("I3")

    def test_lost_in_the_middle(self):
        log, at = self.c.log(self.n.sink, "w5")
        log[at] = (log[at][0], b"w5", self.c.row("w5", 11, 12))
        self.found("I3", "I1")

    def test_row_committed_twice(self):
        log, at = self.c.log(self.n.sink, "w7")
        self.c.add(self.n.sink, ring.partition_of(b"w7"), b"w7", log[at][2])
        self.found("I3")

    def test_count_goes_back(self):
        self.c.add(self.n.sink, ring.partition_of(b"w7"), b"w7",
                   self.c.row("w7", 6))
        self.found("I3", "I1")

    def test_word_that_was_never_read(self):
        self.c.add(self.n.sink, ring.partition_of(b"zz"), b"zz",
                   self.c.row("zz", 1))
        self.found("I1")

    def test_wrong_partition(self):
        log, at = self.c.log(self.n.sink, "w1")
        row = log.pop(at)
        p = (ring.partition_of(b"w1") + 1) % N
        self.c.add(self.n.sink, p, b"w1", row[2])
        self.found("I2")

    def test_key_and_row_differ(self):
        log, at = self.c.log(self.n.sink, "w1")
        log[at] = (log[at][0], b"w1", self.c.row("w2", 12))
        self.found("I2")

    def test_no_key(self):
        self.c.add(self.n.sink, 0, None, self.c.row("w1", 12))
        self.found("I2")

    def test_no_row(self):
        for bad in (b"{", b"7", None, b'{"word": "w1"}'):
            c = Cluster()
            c.add(c.names.sink, ring.partition_of(b"w1"), b"w1", bad)
            self.assertIn("I1", c.verdict().by)

    def test_repartition_twice(self):
        log, at = self.c.log(self.n.repartition, "w9")
        self.c.add(self.n.repartition, ring.partition_of(b"w9"), b"w9",
                   log[at][2])
        self.found("I4")

    def test_repartition_lost(self):
        log, at = self.c.log(self.n.repartition, "w9")
        del log[at]
        self.found("I4")

    def test_repartition_purged(self):
        for p in range(N):
            log = self.c.topics[self.n.repartition][p]
            if log:
                self.c.start[(self.n.repartition, p)] = log[len(log) // 2][0]
        self.assertEqual(self.c.verdict().n, 0)
        log, at = self.c.log(self.n.repartition, "w9")
        self.c.add(self.n.repartition, ring.partition_of(b"w9"), b"w9",
                   log[at][2])
        self.found("I4")

    def test_repartition_unreadable(self):
        self.c.add(self.n.repartition, ring.partition_of(b"w9"), b"w9",
                   b"\x01\0\0")
        self.found("I4")

    def test_open_transaction(self):
        at = self.c.end(self.n.changelog, 3)
        self.c.topics[self.n.changelog][3].append((at, b"\x01w3", b""))
        self.c.open[(self.n.changelog, 3)] = at
        self.found("I5")

    def test_changelog_behind(self):
        log, at = self.c.log(self.n.changelog, "w4")
        del log[at]
        self.found("I7")

    def test_changelog_ahead(self):
        self.c.add(self.n.changelog, ring.partition_of(b"w4"), b"\x01w4",
                   rows.encode([15, 12], ["bigint", "bigint"]))
        self.found("I7")

    def test_changelog_engine_records(self):
        self.c.add(self.n.changelog, 0, b"\0in", b"any bytes")
        self.c.groups[self.n.job + ".counts"]
        self.assertEqual(self.c.verdict().n, 0)

    def test_input_is_checked(self):
        self.c.add(self.n.source, 0, None, b"w0:99")
        self.found("I-RUN")

    def test_no_input(self):
        c = Cluster(rounds=0)
        self.assertIn("I-RUN", c.verdict().by)

    def test_stop_first(self):
        log, at = self.c.log(self.n.sink, "w3")
        del log[at]
        with self.assertRaises(verify.Stop):
            self.c.verdict(stop_first=True)

    def follower(self):
        report = verify.Report(quiet=True)
        f = type("F", (), {})()
        f.chain = verify.Chain(report, self.n.sink, N)
        for m in self.c.read("", self.n.sink):
            f.chain.record(m.partition(), m.offset(), m.key(), m.value())
        self.assertEqual(report.n, 0)
        return f

    def test_follower_agrees(self):
        self.assertEqual(self.c.verdict(self.follower()).n, 0)

    def test_follower_saw_other_rows(self):
        f = self.follower()
        f.chain.prints[3][0] = (f.chain.prints[3][0][0], 12345)
        self.assertIn("I10", self.c.verdict(f).by)

    def test_follower_saw_less(self):
        f = self.follower()
        f.chain.prints[3].pop()
        self.assertIn("I10", self.c.verdict(f).by)

    def test_live_limit(self):
        report = verify.Report(quiet=True)
        c = verify.Chain(report, "t", N, lambda w: 4)
        c.record(ring.partition_of(b"a"), 0, b"a", self.c.row("a", 4))
        self.assertEqual(report.n, 0)
        c.record(ring.partition_of(b"a"), 1, b"a", self.c.row("a", 5))
        self.assertEqual(report.by["I1"], 1)


class Parts(unittest.TestCase):
    def test_murmur2_is_java_s(self):
        """The vectors of the Java client's own test."""
        for text, want in ((b"21", -973932308), (b"foobar", -790332482),
                           (b"a-little-bit-long-string", -985981536),
                           (b"a-little-bit-longer-string", -1486304829),
                           (b"abc", 479470107)):
            self.assertEqual(ring.murmur2(text), want & ring.MASK)

    def test_rows(self):
        types = ["text", "bigint", "bigint"]
        for values in ([b"abc", 7, -1], [None, 1, 2], [b"", None, 1 << 40]):
            data = rows.encode(values, types)
            self.assertEqual(rows.decode(data, types), values)
            for cut in range(len(data)):
                self.assertIsNone(rows.decode(data[:cut], types))
            self.assertIsNone(rows.decode(data + b"x", types))
            self.assertIsNone(rows.decode(b"\x02" + data[1:], types))

    def test_partial(self):
        two, three = ["bigint"] * 2, ["text", "bigint", "bigint"]
        self.assertEqual(rows.partial(rows.encode([3, 9], two)), (3, 9))
        self.assertEqual(rows.partial(rows.encode([b"w1", 3, 9], three)),
                         (3, 9))
        self.assertIsNone(rows.partial(b"\x01"))

    def test_tokens(self):
        self.assertEqual(verify.tokens(b"W1:2  w3:4 "),
                         [("w1", 2), ("w3", 4)])
        self.assertEqual(verify.tokens(b"To say: x", False),
                         [("to", None), ("say:", None), ("x", None)])

    def test_counts(self):
        one, two = ["bigint"], ["bigint", "bigint"]
        self.assertEqual(rows.counts(rows.encode([5, 4], two)), (5, 4))
        self.assertEqual(rows.counts(rows.encode([5], one)), (5, None))
        self.assertIsNone(rows.counts(rows.encode([None, 4], two)))
        self.assertEqual(rows.partial(rows.encode([b"w", 5],
                                                  ["text"] + one)), (5, None))
        self.assertIsNone(rows.partial(None))


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
