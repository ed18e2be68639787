# SPDX-License-Identifier: Apache-2.0
"""case.py - what the cases of cases.py share: jobs, and a Case with topics, a
work folder and instances of its own."""

import collections
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile

from confluent_kafka import Producer

import ring
from ring import Failed, Invalid

HEAD = """\
dstream: 1
job: %(job)s
batch: 100ms
kafka:
  bootstrap.servers: ${KAFKA:?the address of the broker}
  session.timeout.ms: 6000
  heartbeat.interval.ms: 1000
  transaction.timeout.ms: 10000
"""

WORDS = HEAD + """\
sources:
  lines: {kafka: {topic: %(source)s, format: text}}
streams:
  counts:
    from: lines
    do:
      - flatMap: regexp_split_to_table(lower(value), '\\s+') AS word
      - filter: word <> ''
      - keyBy: word
      - updateStateByKey: coalesce(state, 0) + count(*) AS n
sinks:
  counts: {from: counts, kafka: {topic: %(sink)s, format: json}}
"""

# The same without a cut: the source is partitioned by the key already.
KEYED = HEAD + """\
sources:
  lines: {kafka: {topic: %(source)s, format: json, key: word, columns: {word: text, v: bigint}}}
streams:
  counts:
    from: lines
    do:
      - updateStateByKey: %(update)s
sinks:
  counts: {from: counts, kafka: {topic: %(sink)s, format: json}}
"""
COUNT = "coalesce(state, 0) + count(*) AS n"

# One result per batch, without state.
SUMS = HEAD + """\
sources:
  lines: {kafka: {topic: %(source)s, format: text}}
streams:
  sums:
    from: lines
    do:
      - flatMap: regexp_split_to_table(lower(value), '\\s+') AS word
      - keyBy: word
      - reduceByKey: count(*) AS n
sinks:
  sums: {from: sums, kafka: {topic: %(sink)s, format: json}}
"""

ROWS = HEAD + """\
sources:
  lines: {kafka: {topic: %(source)s, format: json, columns: {id: bigint not null, v: bigint}}}
streams:
  out:
    from: lines
    do:
      - map: id, 100 / v AS q
%(more)s
sinks:
  out: {from: out, kafka: {topic: %(sink)s, format: json}}
"""


class Case:
    def __init__(self, name):
        self.brokers = os.environ["DSTREAM_BROKERS"]
        self.job = "%s-%s" % (name.replace("_", "-"),
                              "%05x" % random.randrange(16 ** 5))
        self.source = self.job + "-in"
        self.sink = self.job + "-out"
        self.work = tempfile.mkdtemp(prefix="case-")
        self.env = {"KAFKA": self.brokers}
        self.instances = []
        self.want = collections.Counter()
        self.producer()

    # -- set-up --

    def topics(self, *more):
        ring.create_topics(self.brokers, [self.source, self.sink] +
                           list(more))

    def write(self, text, **more):
        path = os.path.join(self.work, "job.yaml")
        with open(path, "w") as f:
            f.write(text % dict(vars(self), **more))
        return path

    def producer(self):
        """A new one knows the partitions as they are now."""
        self.p = Producer({"bootstrap.servers": self.brokers,
                           "log_level": 0, "enable.idempotence": True})

    def put(self, partition, value, key=None, headers=None):
        self.p.produce(self.source, value, key, partition, headers=headers)

    def flush(self):
        if self.p.flush(30):
            raise Invalid("the input was not written")

    def words(self, n=60):
        """Lines of words; what they add up to goes to self.want."""
        for i in range(n):
            words = ["w%d" % (i % 7), "w%d" % (i % 11)]
            self.want.update(words)
            self.put(i % ring.PARTITIONS, " ".join(words).encode())
        self.flush()

    def keyed(self, n=60, v=1):
        for i in range(n):
            self.keyed_one("w%d" % (i % 11), v)
        self.flush()

    def keyed_one(self, word, v=1):
        self.want[word] += 1
        self.put(ring.partition_of(word.encode()),
                 json.dumps({"word": word, "v": v}).encode(), word.encode())

    # -- running --

    def instance(self, path, name="a", state=None):
        i = ring.Instance(name, self.work, path, self.env)
        if state:
            i.state = state
        i.logfile = os.path.join(self.work,
                                 "log-%d.txt" % len(self.instances))
        self.instances.append(i)
        return i

    def run(self, path, *extra, seconds=60, env=None, **more):
        """Runs to the exit: (code, what it wrote)."""
        i = self.instance(path, **more)
        i.start(extra=extra, env=env)
        rc = i.wait(seconds)
        if rc is None:
            raise Failed("still running after %d s: %s" % (
                seconds, i.tail()))
        return rc, i.output()

    def tool(self, *words, seconds=60):
        r = subprocess.run(ring.program() + list(words), timeout=seconds,
                           env=dict(os.environ, **self.env),
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT)
        return r.returncode, r.stdout.decode(errors="replace")

    def until_end(self, path, **more):
        rc, text = self.run(path, "--until-end", **more)
        self.check(rc == 0, "--until-end: exit %d: %s" % (rc, text[-600:]))

    # -- looking --

    def check(self, good, text):
        if not good:
            raise Failed(text)

    def ends(self, got, rc, *names):
        """The exit code, and a message that names the thing."""
        self.check(got[0] == rc, "exit %d instead of %d: %s" % (
            got[0], rc, got[1][-600:]))
        for n in names:
            self.check(n in got[1], "the message does not name %r: %s" % (
                n, got[1][-600:]))

    def rows(self, topic=None):
        return list(ring.read(self.brokers, topic or self.sink))

    def counts(self):
        """The last n per word; each word's counts must only grow."""
        got = {}
        for m in self.rows():
            row = ring.to_json(m.value())
            if row is None:
                got.pop(m.key().decode(), None)
                continue
            self.check(row["n"] > got.get(row["word"], 0),
                       "%s: %d after %d" % (row["word"], row["n"],
                                            got.get(row["word"], 0)))
            got[row["word"]] = row["n"]
        return got

    def exact(self):
        got = self.counts()
        self.check(got == dict(self.want), "the counts are %s instead of %s"
                   % (got, dict(self.want)))

    def committed(self, group=None):
        return ring.group_offsets(self.brokers, group or self.job)

    def alone(self, *groups):
        """Waits until the groups have no members: a static one stays until
        its session ends."""
        for g in groups or (self.job,):
            ring.wait(30, "group %s is empty" % g, lambda: not
                      ring.group_members(self.brokers, g), 0.5)

    def nothing(self):
        self.check(not self.rows(), "there is output")
        self.check(not self.committed(), "offsets moved")

    def rest(self, topics):
        for t in topics:
            ring.wait(10, "no open transaction in " + t, lambda:
                      ring.offsets_of(self.brokers, t) ==
                      ring.offsets_of(self.brokers, t, committed=True))

    def close(self, ok):
        for i in self.instances:
            if i.alive():
                i.signal(signal.SIGKILL)
                i.wait(10)
        if ok:
            shutil.rmtree(self.work, ignore_errors=True)
