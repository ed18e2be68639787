# SPDX-License-Identifier: Apache-2.0
"""case_tables.py - the cases of cases.py that join with tables."""

import collections
import json
import os
import signal

from confluent_kafka import Producer

import ring
from case import HEAD
from ring import Failed, Invalid

TABLES = HEAD + """\
sources:
  orders: {kafka: {topic: %(source)s, columns: {id: bigint, who: text, code: text}}}
tables:
  users: {kafka: {topic: %(users)s, key: who, columns: {who: text, name: text}}}
  regions: {file: {path: regions.csv, format: csv, key: code, columns: {code: text, region: text}, refresh: 300ms}}
streams:
  out:
    from: orders
    do:
      - keyBy: who
      - leftOuterJoin: users
      - keyBy: code
      - leftOuterJoin: regions
sinks:
  out: {from: out, kafka: {topic: %(sink)s, format: json}}
"""

OWN_TABLE = HEAD + """\
memory: 64MiB
errors: {on_error: skip}
sources:
  orders: {kafka: {topic: %(source)s, key: who, columns: {id: bigint, who: text}}}
tables:
  users: {kafka: {topic: %(users)s, key: who, %(more)s columns: {name: text}}}
streams:
  out:
    from: orders
    do:
      - leftOuterJoin: users
sinks:
  out: {from: out, kafka: {topic: %(sink)s, format: json}}
"""


class Tables:
    """Orders joined with a topic and a file: the name and the region that an
    order got."""

    def __init__(self, c):
        self.c, self.id = c, 0
        self.users = c.job + "-users"
        self.file = os.path.join(c.work, "regions.csv")
        c.topics()
        ring.create_topics(c.brokers, [self.users],
                           config={"cleanup.policy": "compact"})
        self.path = c.write(TABLES, users=self.users)

    def user(self, who, name):
        self.c.p.produce(self.users, name and json.dumps(
            {"who": who, "name": name}).encode(), who.encode())
        self.c.flush()

    def regions(self, text):
        """A new file, renamed into place."""
        with open(self.file + ".new", "w") as f:
            f.write(text)
        os.rename(self.file + ".new", self.file)

    def order(self, who, code="de"):
        self.id += 1
        self.c.put(self.id % ring.PARTITIONS, json.dumps(
            {"id": self.id, "who": who, "code": code}).encode())
        self.c.flush()
        got = ring.wait(30, "order %d" % self.id, lambda: [
            r for r in (json.loads(m.value()) for m in self.c.rows())
            if r["id"] == self.id], 0.3)
        self.c.check(len(got) == 1, "order %d: %s" % (self.id, got))
        return got[0]["name"], got[0]["region"]

    def until(self, want, who, code="de"):
        """Orders see what was there before, then what is there now."""
        first = got = self.order(who, code)
        for _ in range(30):
            if got == want:
                return
            self.c.check(got == first, "%s after %s" % (got, first))
            got = self.order(who, code)
        raise Failed("%s and not %s" % (got, want))


def case_table_of_a_topic(c):
    """The latest committed row of each key, before the first batch, later,
    and after a kill."""
    t = Tables(c)
    t.regions("de,Europe\n")
    for name in "Old", "Ann":
        t.user("ann", name)
    t.user("bob", "Bob")
    t.user("bob", None)
    p = Producer({"bootstrap.servers": c.brokers, "log_level": 0,
                  "transactional.id": c.job})
    p.init_transactions(20)
    p.begin_transaction()
    p.produce(t.users, b'{"who": "ann", "name": "Aborted"}', b"ann")
    p.flush(20)
    p.abort_transaction(20)
    inst = c.instance(t.path).start()
    c.check(t.order("ann") == ("Ann", "Europe"), "ann is not there")
    c.check(t.order("bob") == (None, "Europe"), "bob is still there")
    t.user("bob", "Bobby")
    t.until(("Bobby", "Europe"), "bob")
    t.user("ann", None)
    t.until((None, "Europe"), "ann")
    inst.signal(signal.SIGKILL)
    inst.wait(10)
    t.user("ann", "Anna")
    inst.start()
    c.check(t.order("ann") == ("Anna", "Europe"), "not the latest ann")
    c.check(t.order("bob") == ("Bobby", "Europe"), "not the latest bob")


def case_table_of_a_file(c):
    """Wrong at the start: exit 1 with the line. Later: the old rows stay."""
    t = Tables(c)
    t.user("ann", "Ann")
    c.ends(c.run(t.path), 1, "regions.csv: No such file")
    t.regions("de,Europe\nnz\n")
    c.ends(c.run(t.path), 1, "regions.csv:2: ")
    c.nothing()
    t.regions("de,Europe\nnz,Oceania\n")
    inst = c.instance(t.path).start()
    c.check(t.order("ann", "nz") == ("Ann", "Oceania"), "nz is not there")
    with open(t.file, "w") as f:
        f.write("de,Germany\nnz,New Ze")
        f.flush()
        ring.wait(20, "the log says that it is half-written",
                  lambda: "half-written" in inst.output(), 0.3)
        c.check(t.order("ann", "nz") == ("Ann", "Oceania"), "half a file")
        f.write("aland\n")
    t.until(("Ann", "New Zealand"), "ann", "nz")
    os.unlink(t.file)
    ring.wait(20, "the log says that it is gone",
              lambda: "No such file" in inst.output(), 0.3)
    c.check(t.order("ann", "nz") == ("Ann", "New Zealand"), "it is gone")
    t.regions("de,Europe\n")
    t.until(("Ann", None), "ann", "nz")
    inst.signal(signal.SIGTERM)
    c.check(inst.wait(10) == 0, "SIGTERM: " + inst.tail())


class OwnTable:
    """Orders joined with a co-partitioned table."""

    def __init__(self, c):
        self.c, self.id = c, 0
        self.users = c.job + "-users"
        self.want = {}
        self.p = Producer({"bootstrap.servers": c.brokers, "log_level": 0,
                           "enable.idempotence": True,
                           "partitioner": "murmur2_random",
                           "queue.buffering.max.messages": 1000000})

    def user(self, who, name):
        self.p.produce(self.users, name and json.dumps(
            {"name": name}).encode(), who.encode())

    def order(self, who, name):
        self.id += 1
        self.want[self.id] = name
        self.p.produce(self.c.source, json.dumps(
            {"id": self.id, "who": who}).encode(), who.encode())

    def flush(self):
        if self.p.flush(60):
            raise Invalid("the input was not written")

    def exact(self):
        got = collections.Counter()
        for m in self.c.rows():
            r = json.loads(m.value())
            got[r["id"]] += 1
            name = self.want[r["id"]]
            self.c.check(r["name"] == name, "order %d: %.40s, not %.40s" % (
                r["id"], r["name"], name))
        self.c.check(got == {i: 1 for i in self.want},
                     "%d orders, %d of %d" % (got.total(), len(got), self.id))


def case_table_of_its_own(c):
    """A co-partitioned table: read before the first order; larger than tables
    may be otherwise; the same through kills; deleted rows are gone; another
    process takes it over."""
    t = OwnTable(c)
    c.topics()
    ring.create_topics(c.brokers, [t.users],
                       config={"cleanup.policy": "compact"})
    n = 120000
    for i in range(n):
        t.user("u%d" % i, "name %d %s" % (i, "x" * 150))
    for i in range(0, n, 40):
        t.order("u%d" % i, "name %d %s" % (i, "x" * 150))
    t.order("nobody", None)
    t.flush()
    whole = c.write(OWN_TABLE, users=t.users, more="")
    c.ends(c.run(whole), 1, "a fourth of `memory:`")
    c.nothing()
    path = c.write(OWN_TABLE, users=t.users, more="copartitioned: true,")
    inst = c.instance(path)
    for point in ("before_commit:2", "after_commit:2", "mid_produce:1"):
        inst.start(point)
        c.check(inst.wait(40) == -signal.SIGKILL, point + ": " + inst.tail())
    c.until_end(path, state=inst.state)
    t.exact()
    for i in range(0, n, 400):
        t.user("u%d" % i, None if i % 800 else "new")
        t.order("nobody", None)
    t.flush()
    c.until_end(path, state=inst.state)
    for i in range(0, n, 400):
        t.order("u%d" % i, None if i % 800 else "new")
        t.order("u%d" % (i + 1), "name %d %s" % (i + 1, "x" * 150))
    t.flush()
    c.until_end(path, state=os.path.join(c.work, "elsewhere"))
    t.exact()


def case_table_of_other_partitions(c):
    """A co-partitioned table whose topic has another number of partitions."""
    t = OwnTable(c)
    c.topics()
    ring.create_topics(c.brokers, [t.users], 5)
    path = c.write(OWN_TABLE, users=t.users, more="copartitioned: true,")
    c.ends(c.run(path), 78, "E0440", t.users)
    c.nothing()
