#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""verify.py - the independent verdict on a run of the word count.

It reads the topics with another client, recomputes the answer from the input
and never looks at dstream's logs or metrics. The names of the invariants are
I0 to I10:

  I0   the committed group offsets reach the end of what each stage reads
  I1   every token of the input is counted exactly once
  I2   a key is in one partition, the one that Kafka's Java client chooses
  I3   the counts of a key only grow, and each one is exact: n = last
  I4   the partial counts of the repartition topic add up to the input
  I5   at rest no transaction is open: LSO = end, in every topic
  I7   the last after-images of the changelog are the last counts
  I8   committed offsets never go back (--follow, and the chaos run)
  I10  who read through the faults saw what a reader afterwards sees
  I-RUN  the input itself is not what the producer should have written

    verify.py --brokers B [--follow] [--stop-first]

Prints each violation with topic, partition and offset; exit 1 if there is
one. --follow checks what can be checked while the job runs, until SIGTERM."""

import argparse
import collections
import os
import signal
import sys
import threading
import time

from confluent_kafka import Consumer, KafkaException, TopicPartition

import ring
import rows


class Stop(Exception):
    """The first violation, when only the first is wanted."""


class Report:
    """Collects violations; the first hundred are kept whole."""

    def __init__(self, stop_first=False, quiet=False):
        self.n = 0
        self.kept = []
        self.by = collections.Counter()
        self.stop_first = stop_first
        self.quiet = quiet
        self.lock = threading.Lock()

    def add(self, inv, topic, partition, offset, text):
        line = "%s %s[%s]@%s: %s" % (inv, topic, partition, offset, text)
        with self.lock:
            self.n += 1
            self.by[inv] += 1
            if len(self.kept) < 100:
                self.kept.append(line)
                if not self.quiet:
                    ring.say("violation " + line)
        if self.stop_first:
            raise Stop(line)


class Names:
    """Topics and groups of the word count (contract.md 1)."""

    def __init__(self, job="word-count", source="lines", sink="word-counts",
                 stream="counts"):
        self.job = job
        self.source = source
        self.sink = sink
        self.repartition = "%s.%s.repartition" % (job, stream)
        self.changelog = "%s.%s.changelog" % (job, stream)
        self.groups = {job: source, "%s.%s" % (job, stream): self.repartition}

    def topics(self):
        return [self.source, self.sink, self.repartition, self.changelog]


def tokens(line, chain=True):
    """[(word, seq)] of a line of the input; without `chain` a token is a
    word and has no seq."""
    out = []
    for t in line.decode(errors="replace").lower().split():
        word, _, seq = t.partition(":") if chain else (t, "", "")
        out.append((word, int(seq) if seq else None))
    return out


class Input:
    """What the input says: the answer, recomputed."""

    def __init__(self, report, topic, chain=True):
        self.report = report
        self.topic = topic
        self.chain = chain
        self.total = collections.Counter()
        self.home = {}
        self.records = 0

    def record(self, partition, offset, value):
        self.records += 1
        for word, seq in tokens(value or b"", self.chain):
            self.total[word] += 1
            if seq is None:
                continue
            if seq != self.total[word]:
                self.report.add("I-RUN", self.topic, partition, offset,
                                "%s: SEQ %d is its token %d" % (
                                    word, seq, self.total[word]))
            if self.home.setdefault(word, partition) != partition:
                self.report.add("I-RUN", self.topic, partition, offset,
                                word + ": is in two source partitions")


class Chain:
    """The output, record by record: I2, I3, and I1 as far as it is known.
    limit(word) is how often the word was produced so far, None: unknown."""

    def __init__(self, report, topic, partitions, limit=None, chain=True):
        self.report = report
        self.topic = topic
        self.partitions = partitions
        self.limit = limit or (lambda word: None)
        self.chain = chain
        self.last = {}
        self.where = {}
        self.records = 0
        self.prints = collections.defaultdict(list)

    def record(self, partition, offset, key, value):
        self.records += 1
        self.prints[partition].append((offset, hash((key, value))))
        bad = self.check(partition, offset, key, value)
        if bad:
            self.report.add(bad[0], self.topic, partition, offset, bad[1])

    def check(self, partition, offset, key, value):
        if key is None:
            return "I2", "a record without a key"
        word = key.decode(errors="replace")
        row = ring.to_json(value)
        if row is None or not isinstance(row.get("n"), int):
            return "I1", "%s: no row of the word count: %r" % (word, value)
        if row.get("word") != word:
            return "I2", "%s: the row is of %r" % (word, row.get("word"))
        if ring.partition_of(key, self.partitions) != partition:
            return "I2", "%s belongs to partition %d" % (
                word, ring.partition_of(key, self.partitions))
        n, before = row["n"], self.last.get(word, 0)
        was = self.where.get(word)
        self.last[word] = n
        self.where[word] = offset
        if n <= before:
            return "I3", "%s: %d after %d at %s: repeated" % (
                word, n, before, was)
        limit = self.limit(word)
        if limit is not None and n > limit:
            return "I1", "%s: %d, but only %d were produced" % (
                word, n, limit)
        if self.chain and row.get("last") != n:
            return "I3", "%s: n %d, but its last token is %s: %s" % (
                word, n, row.get("last"),
                "counted twice" if n > (row.get("last") or 0) else "lost")
        return None


class Follower(threading.Thread):
    """Reads the output through the faults, as a user would, and the group's
    offsets. The first violation sets `stop` if only the first is wanted."""

    def __init__(self, brokers, names, report, limit=None, chain=True):
        super().__init__(daemon=True)
        self.brokers = brokers
        self.names = names
        self.report = report
        self.stop = threading.Event()
        self.error = None
        self.offsets = {}
        self.partitions = {}
        self.chain = Chain(report, names.sink,
                           ring.partition_count(brokers, names.sink), limit,
                           chain)

    def run(self):
        watcher = threading.Thread(target=self.watch, daemon=True)
        watcher.start()
        c = Consumer({"bootstrap.servers": self.brokers, "log_level": 0,
                      "group.id": "verifier", "enable.auto.commit": False,
                      "isolation.level": "read_committed",
                      "auto.offset.reset": "error", "check.crcs": True})
        c.assign([TopicPartition(self.names.sink, p, 0)
                  for p in range(self.chain.partitions)])
        try:
            while not self.stop.is_set():
                for m in c.consume(5000, 0.2):
                    self.message(m)
        except Stop:
            pass
        except Exception as e:
            self.error = e
        finally:
            self.stop.set()
            c.close()
            watcher.join(20)

    def message(self, m):
        if not m.error():
            self.chain.record(m.partition(), m.offset(), m.key(), m.value())
        elif m.error().fatal() or m.error().name() == "_AUTO_OFFSET_RESET":
            raise KafkaException(m.error())

    def watch(self):
        """I8. While a broker is away there is nothing to see."""
        while not self.stop.wait(1.0):
            for group in self.names.groups:
                try:
                    self.look(group)
                except Stop:
                    self.stop.set()
                except Exception:
                    continue

    def look(self, group):
        topic = self.names.groups[group]
        if topic not in self.partitions:
            self.partitions[topic] = len(ring.offsets_of(self.brokers, topic))
        for tp in ring.committed(self.brokers, group, topic,
                                 self.partitions[topic], 4):
            at = (group, tp.topic, tp.partition)
            before = self.offsets.get(at, -1)
            self.offsets[at] = max(before, tp.offset)
            if 0 <= tp.offset < before:
                self.offsets[at] = tp.offset
                self.report.add("I8", tp.topic, tp.partition, tp.offset,
                                "group %s went back from %d" % (
                                    group, before))


# -- the verdict at rest ----------------------------------------------------

def check_groups(brokers, names, report):
    """I0."""
    for group, topic in names.groups.items():
        got = ring.group_offsets(brokers, group, topic)
        last = last_data(brokers, topic)
        for p, end in ring.offsets_of(brokers, topic).items():
            at = got.get((topic, p))
            need = min(end, last.get(p, -1) + 1)
            if at is None and need > 0:
                report.add("I0", topic, p, "-", "group %s has no offset, "
                           "%d records wait" % (group, need))
            elif at is not None and not need <= at <= end:
                report.add("I0", topic, p, at, "group %s is not at the end: "
                           "data to %d, end %d" % (group, need, end))


_last = {}


def last_data(brokers, topic):
    """{partition: offset of the last record}, remembered from the reads."""
    if topic not in _last:
        _last[topic] = {}
        for m in ring.read(brokers, topic):
            _last[topic][m.partition()] = m.offset()
    return _last[topic]


def check_rest(brokers, names, report):
    """I5. A marker may follow the answer to EndTxn by a moment."""
    for topic in names.topics():
        end = time.monotonic() + 15
        while True:
            hw = ring.offsets_of(brokers, topic)
            lso = ring.offsets_of(brokers, topic, committed=True)
            if hw == lso or time.monotonic() > end:
                break
            time.sleep(0.5)
        for p in hw:
            if hw[p] != lso[p]:
                report.add("I5", topic, p, lso[p],
                           "an open transaction: the end is %d" % hw[p])


def read_input(brokers, names, report, chain=True):
    got = Input(report, names.source, chain)
    last = _last.setdefault(names.source, {})
    for m in ring.read(brokers, names.source):
        last[m.partition()] = m.offset()
        got.record(m.partition(), m.offset(), m.value())
    return got


def check_output(brokers, names, report, answer, chain=True):
    """I1, I2, I3."""
    out = Chain(report, names.sink, ring.partition_count(brokers, names.sink),
                lambda w: answer.total.get(w, 0), chain)
    for m in ring.read(brokers, names.sink):
        out.record(m.partition(), m.offset(), m.key(), m.value())
    check_totals(report, names.sink, answer.total, out.last, "I1", out.where)
    return out


def check_totals(report, topic, want, got, inv, where=None):
    """Two {word: count} must be the same."""
    for word in sorted(set(want) | set(got)):
        a, b = want.get(word, 0), got.get(word, 0)
        if a != b:
            report.add(inv, topic, ring.partition_of(word.encode()),
                       (where or {}).get(word, "-"),
                       "%s: %d, but the input has %d" % (word, b, a))


def check_repartition(brokers, names, report, answer):
    """I4: what crossed the cut, summed up. Records below the group's offset
    may have been purged; a word then counts from the first one left."""
    topic = names.repartition
    n = ring.partition_count(brokers, topic)
    start = ring.start_of(brokers, topic)
    got, last = collections.Counter(), {}
    for m in ring.read(brokers, topic):
        last[m.partition()] = m.offset()
        if m.key() is None:
            continue
        word = rows.word_of(m.key())
        if word not in answer.total:
            continue
        row = rows.partial(m.value())
        if row is None:
            report.add("I4", topic, m.partition(), m.offset(),
                       "%s: not a partial count: %r" % (word, m.value()))
            continue
        if word not in got and start[m.partition()] > 0 and row[1]:
            got[word] = row[1] - row[0]
        got[word] += row[0]
        if ring.partition_of(word.encode(), n) != m.partition():
            report.add("I2", topic, m.partition(), m.offset(),
                       word + ": in the wrong partition")
        if row[1] is not None and got[word] != row[1]:
            report.add("I4", topic, m.partition(), m.offset(),
                       "%s: %d crossed, but its last token is %d" % (
                           word, got[word], row[1]))
    _last[topic] = last
    want = {w: t for w, t in answer.total.items()
            if w in got or not start[ring.partition_of(w.encode(), n)]}
    check_totals(report, topic, want, got, "I4")


def check_changelog(brokers, names, report, answer):
    """I7: the state that a restore would find."""
    topic = names.changelog
    n = ring.partition_count(brokers, topic)
    got, where = {}, {}
    for m in ring.read(brokers, topic):
        word = rows.word_of(m.key() or b"")
        if word not in answer.total:
            continue
        if m.value() is None:
            got.pop(word, None)
            continue
        row = rows.counts(m.value())
        if row is None:
            report.add("I7", topic, m.partition(), m.offset(),
                       "%s: not its state: %r" % (word, m.value()))
            continue
        got[word], where[word] = row[0], m.offset()
        if ring.partition_of(word.encode(), n) != m.partition():
            report.add("I2", topic, m.partition(), m.offset(),
                       word + ": in the wrong partition")
    check_totals(report, topic, answer.total, got, "I7", where)


def check_follower(names, report, follower, out):
    """I10."""
    seen = follower.chain.prints
    for p in sorted(set(seen) | set(out.prints)):
        a, b = seen.get(p, []), out.prints.get(p, [])
        for i, (one, two) in enumerate(zip(a, b)):
            if one != two:
                report.add("I10", names.sink, p, two[0],
                           "the reader through the faults saw offset %d here"
                           % one[0])
                break
        else:
            if len(a) != len(b):
                report.add("I10", names.sink, p, "-",
                           "the reader through the faults saw %d records, "
                           "there are %d" % (len(a), len(b)))


def verify(brokers, names, report, follower=None, chain=True, internal=True):
    """Everything at rest. Returns the answer and the output that was read."""
    _last.clear()
    check_rest(brokers, names, report)
    answer = read_input(brokers, names, report, chain)
    if not answer.records:
        report.add("I-RUN", names.source, "-", "-", "there is no input")
    out = check_output(brokers, names, report, answer, chain)
    if internal:
        check_repartition(brokers, names, report, answer)
        check_changelog(brokers, names, report, answer)
    check_groups(brokers, names, report)
    if follower:
        check_follower(names, report, follower, out)
    return answer, out


def at_end(brokers, names):
    """Whether the job has caught up: each group is past the last record that
    a reader of its topic sees now."""
    for group, topic in names.groups.items():
        got = ring.group_offsets(brokers, group, topic)
        lso = ring.offsets_of(brokers, topic, committed=True)
        for p, end in lso.items():
            if got.get((topic, p), 0) >= end:
                continue
            if _behind(brokers, topic, p, got.get((topic, p), 0), end):
                return False
    return True


def _behind(brokers, topic, partition, start, end):
    """Whether a record lies in [start, end): markers are not records."""
    c = Consumer({"bootstrap.servers": brokers, "group.id": "verifier",
                  "isolation.level": "read_committed", "log_level": 0,
                  "enable.auto.commit": False, "enable.partition.eof": True,
                  "auto.offset.reset": "earliest"})
    c.assign([TopicPartition(topic, partition, max(start, 0))])
    try:
        until = time.monotonic() + 10
        while time.monotonic() < until:
            m = c.poll(1.0)
            if m is None:
                continue
            if not m.error():
                return m.offset() < end
            if m.error().name() == "_PARTITION_EOF":
                return False
        return True
    finally:
        c.close()


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("--brokers", default=os.environ.get("DSTREAM_BROKERS"))
    ap.add_argument("--job", default="word-count")
    ap.add_argument("--source", default="lines")
    ap.add_argument("--sink", default="word-counts")
    ap.add_argument("--stream", default="counts")
    ap.add_argument("--plain", action="store_true",
                    help="the input has words without :SEQ")
    ap.add_argument("--output-only", action="store_true",
                    help="do not read the internal topics' values")
    ap.add_argument("--follow", action="store_true")
    ap.add_argument("--stop-first", action="store_true")
    args = ap.parse_args()
    if not args.brokers:
        ap.error("--brokers or DSTREAM_BROKERS")
    names = Names(args.job, args.source, args.sink, args.stream)
    report = Report(args.stop_first)
    try:
        if args.follow:
            f = Follower(args.brokers, names, report, chain=not args.plain)
            for s in (signal.SIGTERM, signal.SIGINT):
                signal.signal(s, lambda *_: f.stop.set())
            f.start()
            while f.is_alive():
                f.join(0.5)
            if f.error:
                raise f.error
            ring.say("%d records followed" % f.chain.records)
        else:
            answer, out = verify(args.brokers, names, report,
                                 chain=not args.plain,
                                 internal=not args.output_only)
            ring.say("%d input records, %d words, %d output records" % (
                answer.records, len(answer.total), out.records))
    except Stop:
        pass
    ring.say("%d violations" % report.n)
    return 1 if report.n else 0


if __name__ == "__main__":
    sys.exit(main())
