#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""batches.py - windows and joins under faults, on several instances.

    batches.py [--seconds N] [--seed N] [--takeovers N]

Two instances, then three, then one run batches.yaml while a producer writes
known content, under the faults of chaos.py: kills at random and at named
points, zombies, state deleted and put back old, a broker killed and paused,
instances added and removed, and, on a single broker with a proxy, requests
lost, delayed and replayed. The verdict is taken from the topics, by
what each operator promises:

  B1  windows that do not overlap: each token in exactly one, a key's windows
      follow each other without a gap (low = last high + 1, n = high - low + 1)
  B2  one row per key and window, at times that are multiples of the slide
  B3  windows that overlap three times: three times the tokens
  B4  count: one row per batch over all partitions, their sum the tokens
  B5  full outer join within a batch: an id is matched once, or alone once on
      each side
  B6  full outer join by event time: an id of both sides is matched once, an id
      of one side is alone once, when the watermark has passed
  B9  the job ends up at the end of its input, and instances do not die

--takeovers measures so often how long partitions are without an owner (exactly-once.md,
B5): restart in place, and by the other instance."""

import argparse
import collections
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time

from confluent_kafka import KafkaException, Producer

import rig
import ring
from ring import Failed, Invalid

POINTS = ["after_poll", "before_produce", "mid_produce", "after_flush",
          "after_offsets", "before_commit", "after_commit", "before_store",
          "after_store", "during_restore"]
SINKS = ["apart", "sliding", "counts", "pairs", "near"]
SOURCES = {"tokens": 6, "left": 4, "right": 3}
SESSION = 6.0
WORDS = 80
LONELY = 10  # each such id comes on one side only


def after(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(
        time.time() + seconds))


class Feeder(threading.Thread):
    """A word has one source partition, so its numbers keep their order. An id
    goes to both sides, to any partition, a moment apart; its event time is when
    it goes there."""

    def __init__(self, brokers, rate, seed):
        super().__init__(daemon=True)
        self.rate, self.rnd = rate, random.Random(seed)
        self.count = collections.Counter()
        self.ids = 0
        self.lonely = {}  # those that come on one side: whether it is the left
        self.later = []
        self.error = None
        self.stop_ = threading.Event()
        self.p = Producer({"bootstrap.servers": brokers, "log_level": 0,
                           "enable.idempotence": True, "linger.ms": 5,
                           "message.timeout.ms": 0, "acks": "all",
                           "queue.buffering.max.messages": 2000000})

    def put(self, topic, partition, row):
        self.p.produce("batches-" + topic, json.dumps(row).encode(),
                       partition=partition, on_delivery=self.delivered)

    def delivered(self, err, _):
        if err:
            self.error = err

    def token(self):
        i = self.rnd.randrange(WORDS)
        word = "w%d" % i
        self.count[word] += 1
        self.put("tokens", i % SOURCES["tokens"],
                 {"w": word, "s": self.count[word]})

    def pair(self, now):
        self.ids += 1
        sides = [("left", {"id": "i%d" % self.ids, "a": self.ids}),
                 ("right", {"id": "i%d" % self.ids, "b": self.ids})]
        self.rnd.shuffle(sides)
        self.put_side(sides[0])
        if self.ids % LONELY == 0:
            self.lonely[self.ids] = sides[0][0] == "left"
            return
        self.later.append((now + self.rnd.choice((0, 0, 0.3, 1)), sides[1]))

    def put_side(self, side):
        topic, row = side
        self.put(topic, self.rnd.randrange(SOURCES[topic]),
                 dict(row, t=after(0)))

    def run(self):
        start, done = time.monotonic(), 0
        while not self.stop_.wait(0.02):
            now = time.monotonic()
            due = int((now - start) * self.rate)
            for k in range(due - done):
                self.token()
                if k % 4 == 0:
                    self.pair(now)
            done = due
            for side in [s for t, s in self.later if t <= now]:
                self.put_side(side)
            self.later = [x for x in self.later if x[0] > now]
            self.p.poll(0)

    def stop(self):
        self.stop_.set()
        self.join(10)
        for _, side in self.later:
            self.put_side(side)
        for topic in ("left", "right"):  # the watermark passes all others
            for part in range(SOURCES[topic]):
                self.put(topic, part, {"id": "end", "t": after(60)})
        if self.p.flush(60) or self.error:
            raise Invalid("the input was not written: %s" % self.error)


class Verdict:
    """What the topics say."""

    def __init__(self, brokers):
        self.brokers = brokers
        self.bad = collections.Counter()

    def add(self, inv, text):
        self.bad[inv] += 1
        if self.bad[inv] <= 10:
            ring.say("violation %s: %s" % (inv, text))

    def rows(self, sink):
        return [ring.to_json(m.value()) for m in
                ring.read(self.brokers, "batches-" + sink)]

    def tokens_seen(self):
        return sum(r["n"] for r in self.rows("apart"))

    def windows(self, feeder):
        of = collections.defaultdict(list)
        for r in self.rows("apart"):
            of[r["w"]].append(r)
        for word, total in feeder.count.items():
            high, at = 0, set()
            for r in sorted(of[word], key=lambda r: r["low"]):
                if r["low"] != high + 1 or r["n"] != r["high"] - r["low"] + 1:
                    self.add("B1", "%s after %d: %s" % (word, high, r))
                if r["at"] in at or not r["at"].endswith("00Z") and \
                        "." in r["at"]:
                    self.add("B2", "%s: %s" % (word, r))
                at.add(r["at"])
                high = max(high, r["high"])
            if high != total:
                self.add("B1", "%s: %d of %d" % (word, high, total))

    def sliding(self, feeder):
        n, at = collections.Counter(), set()
        for r in self.rows("sliding"):
            n[r["w"]] += r["n"]
            if (r["w"], r["at"]) in at:
                self.add("B2", "twice: %s" % r)
            at.add((r["w"], r["at"]))
        for word, total in feeder.count.items():
            if n[word] != 3 * total:
                self.add("B3", "%s: %d, not 3 x %d" % (word, n[word], total))

    def counts(self, feeder):
        n, at = 0, set()
        for r in self.rows("counts"):
            n += r["count"]
            if r["at"] in at:
                self.add("B4", "two counts of one batch: %s" % r)
            at.add(r["at"])
        if n != sum(feeder.count.values()):
            self.add("B4", "%d of %d" % (n, sum(feeder.count.values())))

    def sides(self, sink):
        """What each id has: (the left side, the right side) of its rows."""
        of = collections.defaultdict(list)
        for r in self.rows(sink):
            of[r["id"]].append((r["a"] is not None, r["b"] is not None))
        return of

    def pairs(self, feeder):
        of = self.sides("pairs")
        for i in range(1, feeder.ids + 1):
            got = sorted(of["i%d" % i])
            good = [[(True, True)], [(False, True), (True, False)]]
            if i in feeder.lonely:
                good = [[(feeder.lonely[i], not feeder.lonely[i])]]
            if got not in good:
                self.add("B5", "i%d: %s" % (i, got))

    def near(self, feeder):
        of = self.sides("near")
        for i in range(1, feeder.ids + 1):
            left = feeder.lonely.get(i, True)
            right = not feeder.lonely.get(i, False)
            if of["i%d" % i] != [(left, right)]:
                self.add("B6", "i%d: %s, not %s" % (i, of["i%d" % i],
                                                    (left, right)))

    def take(self, feeder):
        self.windows(feeder)
        self.sliding(feeder)
        self.counts(feeder)
        self.pairs(feeder)
        self.near(feeder)


class Run:
    def __init__(self, args):
        self.brokers = os.environ.get("DSTREAM_BROKERS")
        if not self.brokers:
            raise Invalid("DSTREAM_BROKERS is not set")
        self.rnd = random.Random(args.seed)
        self.args = args
        self.work = tempfile.mkdtemp(prefix="ring-")
        self.job = os.path.join(ring.HERE, "batches.yaml")
        self.nodes = len(self.brokers.split(","))
        self.way = rig.Way(self.brokers, self.work, self.nodes == 1)
        self.env = {"KAFKA": self.way.address}
        self.instances = {}
        self.done = collections.Counter()
        self.start = time.monotonic()
        self.verdict = Verdict(self.brokers)
        self.feeder = Feeder(self.brokers, 400, args.seed)

    def instance(self, name):
        if name not in self.instances:
            self.instances[name] = ring.Instance(name, self.work, self.job,
                                                 self.env)
        return self.instances[name]

    def did(self, kind, name=""):
        self.done[kind] += 1
        ring.say("%4d s  %s %s" % (time.monotonic() - self.start, kind, name))

    def ensure(self, name, fault=None):
        i = self.instance(name)
        if i.alive():
            return i
        if i.child is not None and i.child.returncode not in (-9, 0):
            self.verdict.add("B9", "%s ended by itself with %d: %s" % (
                name, i.child.returncode, i.tail()))
        return i.start(fault)

    def committed(self):
        """Positions of all stages: rows go on to come."""
        n = 0
        for sink in SINKS:
            n += sum(ring.offsets_of(self.brokers, "batches-" + sink).values())
        return n

    def progress(self, seconds, what):
        was = self.committed()
        try:
            ring.wait(seconds, what, lambda: self.committed() > was + 20, 1.0)
        except Failed as e:
            self.verdict.add("B9", str(e))

    # -- faults --

    def kill(self, name):
        self.ensure(name).kill()
        self.did("kill -9", name)

    def point(self, name):
        point = self.points.pop()
        i = self.ensure(name)
        i.kill()
        if point == "during_restore":
            i.wipe()
        i.start("%s:%d" % (point, 1 if "store" in point
                           else self.rnd.randint(1, 9)))
        rc = i.wait(60)
        if rc != -signal.SIGKILL:
            raise Invalid("%s did not die at %s: %s" % (name, point, rc))
        self.did("killed at a named point", "%s %s" % (name, point))
        i.start()

    def zombie(self, name, point=None):
        """Stopped past its session, at a named point or anywhere."""
        i = self.ensure(name)
        if point:
            i.kill()
            i.start("%s:%d:stop" % (point, self.rnd.randint(2, 9)))
        else:
            i.signal(signal.SIGSTOP)
        ring.wait(60, name + " is stopped", i.stopped)
        time.sleep(SESSION + self.rnd.uniform(1, 3))
        i.signal(signal.SIGCONT)
        self.did("zombie", name)

    def wiped(self, name):
        self.kill(name)
        self.instance(name).wipe()
        self.ensure(name)
        self.did("state deleted", name)

    def copy(self, name):
        """Keeps the state as it is now, for stale()."""
        self.kill(name)
        state = self.instance(name).state
        shutil.copytree(state, state + ".old")
        self.ensure(name)

    def stale(self, name):
        self.kill(name)
        i = self.instance(name)
        i.wipe()
        os.rename(i.state + ".old", i.state)
        self.ensure(name)
        self.did("state put back old", name)

    def broker_back(self):
        """All partitions of the input have a leader again."""
        def there():
            try:
                ring.offsets_of(self.brokers, "batches-tokens")
                return True
            except Invalid:
                return False
        ring.wait(60, "the brokers are back", there, 0.5)

    def broker_kill(self):
        node = ["--node", str(self.rnd.randint(1, self.nodes))]
        ring.broker("kill", *node)
        time.sleep(self.rnd.uniform(0.5, 3))
        ring.broker("restart", *node)
        self.broker_back()
        self.did("broker kill -9", node[1])
        self.progress(120, "rows come after the broker's restart")

    def broker_pause(self):
        node = ["--node", str(self.rnd.randint(1, self.nodes))]
        ring.broker("pause", *node)
        try:
            time.sleep(SESSION)
        finally:
            ring.broker("resume", *node)
        self.broker_back()
        self.did("broker paused", node[1])
        self.progress(120, "rows come after the broker's pause")

    def network(self):
        for rule, count in rig.network_rules(self.rnd):
            for name in "ab":
                self.ensure(name)
            rig.network(self.way.proxy, rule, count, 1)
            self.did("proxy " + count)
        self.progress(120, "rows come after the network's faults")

    def scale(self, names):
        """1 -> 3 -> 1, with rows all the time."""
        for name in names:
            self.ensure(name)
            time.sleep(self.rnd.uniform(1, 3))
        self.did("scaled up", "".join(names))
        self.progress(120, "rows come on %d instances" % len(names))
        for name in names[1:]:
            rc = self.instance(name).end(20)
            if rc != 0:
                self.verdict.add("B9", "%s: SIGTERM, exit %s" % (name, rc))
            time.sleep(self.rnd.uniform(0.5, 2))
        self.did("scaled down", names[0])
        self.progress(120, "rows come on one instance again")

    def random(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            name = self.rnd.choice("ab")
            for other in "ab":
                self.ensure(other)
            what = self.rnd.random()
            if what < 0.5 and self.points:
                self.point(name)
            elif what < 0.75:
                self.kill(name)
            elif what < 0.87:
                self.zombie(name)
            else:
                self.wiped(name)
            time.sleep(self.rnd.uniform(0.2, 2.5))

    def faults(self, seconds):
        """Each kind once, then at random."""
        self.points = POINTS * 2
        self.rnd.shuffle(self.points)
        self.copy("b")
        self.random(seconds / 2)
        self.zombie("a", "before_commit")
        self.zombie("b", "mid_produce")
        self.broker_kill()
        self.broker_pause()
        self.stale("b")
        if self.way.proxy:
            self.network()
        self.random(seconds / 2)
        for name in "ab":
            self.ensure(name)
        self.progress(120, "rows come after the faults")

    # -- takeovers --

    def silence(self, act, seconds=120):
        """How long no partition of the first stage's moves after `act`."""
        act()
        start = time.monotonic()
        was = ring.group_offsets(self.brokers, "batches", "batches-tokens")
        def all_moved():
            now = ring.group_offsets(self.brokers, "batches", "batches-tokens")
            return all(now.get(p, -1) > o for p, o in was.items())
        ring.wait(seconds, "all partitions move again", all_moved, 0.25)
        return time.monotonic() - start

    def takeovers(self):
        rows = []
        # Both are there when the first one goes.
        for what, act in (
                ("restart in place", lambda: (self.kill("a"),
                                              self.instance("a").start())),
                ("other instance", lambda: self.kill("a"))):
            for n in range(self.args.takeovers):
                for name in "ab":
                    self.ensure(name)
                self.progress(120, "rows come before a takeover")
                time.sleep(3)
                rows.append((what, n + 1, "%.1f s" % self.silence(act)))
        ring.say(ring.table(rows, ("takeover", "round", "until all partitions "
                                   "move")))

    # -- all --

    def run(self):
        for topic, n in SOURCES.items():
            ring.create_topics(self.brokers, ["batches-" + topic], n)
        ring.create_topics(self.brokers, ["batches-" + s for s in SINKS], 5)
        self.feeder.start()
        self.ensure("a")
        self.progress(120, "the first rows come")
        if self.args.takeovers:
            self.takeovers()
        self.scale(["a", "b", "c"])
        self.ensure("b")
        self.faults(self.args.seconds)
        self.scale(["b", "c"])
        self.feeder.stop()
        total = sum(self.feeder.count.values())
        try:
            ring.wait(150, "all tokens are in a window",
                      lambda: self.verdict.tokens_seen() >= total, 1.0)
        except Failed as e:
            self.verdict.add("B9", "%s: %d of %d" % (
                e, self.verdict.tokens_seen(), total))
        time.sleep(5)  # the overlapping windows slide past the last tokens
        for i in self.instances.values():
            if i.alive() and i.end(20) != 0:
                self.verdict.add("B9", i.name + ": SIGTERM")
        self.verdict.take(self.feeder)

    def close(self, keep):
        for i in self.instances.values():
            if i.alive():
                i.signal(signal.SIGCONT)
                i.signal(signal.SIGKILL)
                i.wait(10)
        self.way.end()
        if not self.verdict.bad and not keep:
            shutil.rmtree(self.work, ignore_errors=True)
        else:
            ring.say("logs and state: " + self.work)


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("--seconds", type=float, default=60)
    ap.add_argument("--seed", type=int, default=random.randrange(10 ** 6))
    ap.add_argument("--takeovers", type=int, default=0)
    args = ap.parse_args()
    signal.signal(signal.SIGTERM, ring.leave_nothing)
    ring.say("batches under faults, seed %d" % args.seed)
    run, invalid = Run(args), None
    try:
        run.run()
    except (Invalid, Failed, KafkaException) as e:
        invalid = str(e)
    finally:
        run.close(invalid is not None)
    for name, n in sorted(run.done.items()):
        ring.say("  %-26s %d" % (name, n))
    if invalid:
        ring.say("invalid: " + invalid)
    ring.say("%d tokens, %d ids, violations: %s" % (
        sum(run.feeder.count.values()), run.feeder.ids,
        dict(run.verdict.bad) or "none"))
    bad = sum(1 for n in run.verdict.bad.values() if n) + (invalid is not None)
    return ring.verdict(6 - min(6, bad), bad)


if __name__ == "__main__":
    sys.exit(main())
