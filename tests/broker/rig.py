# SPDX-License-Identifier: Apache-2.0
"""rig.py - what a run under faults needs around it: input of known content,
topics, a proxy, instances, and the reader that follows the output."""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from confluent_kafka import Producer

import proxy
import ring
import verify
from ring import Failed, Invalid

WORDS = 120


class Feeder(threading.Thread):
    """Writes lines of tokens WORD:SEQ. A word has one source partition, so
    that its tokens keep their order. Every fifth line has a word that comes
    only once: a lost row of a frequent word is made up for by its next one,
    but such a word would be missing for ever. An idempotent producer: what it
    says it wrote is there once."""

    def __init__(self, brokers, topic, rate, seed):
        super().__init__(daemon=True)
        self.topic = topic
        self.rate = rate
        self.rnd = random.Random(seed)
        self.count = {}
        self.lines = 0
        self.rare = []
        self.error = None
        self.stop_ = threading.Event()
        self.homes = [["w%d" % i for i in range(p, WORDS, ring.PARTITIONS)]
                      for p in range(ring.PARTITIONS)]
        self.p = Producer({"bootstrap.servers": brokers, "log_level": 0,
                           "enable.idempotence": True, "linger.ms": 5,
                           "message.timeout.ms": 0, "acks": "all",
                           "queue.buffering.max.messages": 2000000})

    def token(self, word):
        self.count[word] = self.count.get(word, 0) + 1
        return "%s:%d" % (word, self.count[word])

    def line(self, partition, words):
        text = " ".join(self.token(w) for w in words)
        self.p.produce(self.topic, text.encode(), partition=partition,
                       on_delivery=self.delivered)
        self.lines += 1

    def delivered(self, err, _):
        if err:
            self.error = err

    def run(self):
        start, done = time.monotonic(), 0
        while not self.stop_.wait(0.02):
            due = int((time.monotonic() - start) * self.rate)
            for _ in range(due - done):
                p = self.rnd.randrange(ring.PARTITIONS)
                words = self.rnd.choices(self.homes[p], k=3)
                if self.lines % 5 == 0:
                    self.rare.append((p, "once%d" % self.lines))
                    words.append(self.rare[-1][1])
                self.line(p, words)
            done = due
            self.p.poll(0)

    def probe(self):
        """One more token for each frequent word, and for some others."""
        rare = self.rnd.sample(self.rare, min(2000, len(self.rare)))
        for p, word in [(p, w) for p, words in enumerate(self.homes)
                        for w in words] + rare:
            self.line(p, [word])
        self.flush()

    def stop(self):
        self.stop_.set()
        if self.ident:
            self.join(10)
        self.flush()

    def flush(self):
        if self.p.flush(60) or self.error:
            raise Invalid("the input was not written: %s" % self.error)

    def limit(self, word):
        return self.count.get(word, 0)


class Way:
    """How instances reach the broker: through a proxy, where the broker
    advertises one and `wanted`; `proxy` is its client, or None."""

    def __init__(self, brokers, work, wanted=True):
        self.address, self.proxy, self.child = brokers, None, None
        upstream = os.environ.get("DSTREAM_PROXIED")
        port = os.environ.get("RING_PROXY_PORT")
        if not (wanted and upstream and port):
            return
        path = os.path.join(work, "proxy.sock")
        self.child = subprocess.Popen(
            [sys.executable, "-B", os.path.join(ring.HERE, "proxy.py"),
             "--listen", port, "--upstream", upstream, "--control", path],
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        ring.children.append(self.child)
        if b"ready" not in self.child.stdout.readline():
            raise Invalid("the proxy does not start")
        self.proxy = proxy.Client(path)
        self.address = "127.0.0.1:" + port

    def end(self):
        if self.child:
            self.child.terminate()
            self.child.wait(10)


def network(px, rule, count, times, stop=lambda: False, nudge=lambda: None):
    """One rule of the proxy; it must really be done."""
    before = px.count(count)
    px.ask("add %s times=%d gap=200" % (rule, times))
    try:
        nudge()
        ring.wait(25, "the proxy did: " + count,
                  lambda: px.count(count) >= before + times or stop())
    except Failed as e:
        raise Invalid(str(e)) from e
    finally:
        px.ask("clear")


def network_rules(rnd):
    """What may happen to requests of a transaction: (rule, what counts)."""
    rules = [(r, r) for r in (
        "drop-request EndTxn", "drop-response EndTxn",
        "drop-request TxnOffsetCommit", "drop-response TxnOffsetCommit")]
    rules += [("%s ms=%d" % (r, rnd.randint(300, 2500)), r) for r in (
        "delay-request EndTxn", "delay-request TxnOffsetCommit")]
    return rules + [("ghost " + api, "ghost " + api) for api in (
        "EndTxn", "TxnOffsetCommit", "AddPartitions", "Produce")]


class Rig:
    """A run's surroundings: topics, work folder, proxy, instances, input and
    the reader that follows. `job` makes names of its own for each run."""

    def __init__(self, job, seed, rate=1500, stop_first=False, env=None,
                 use_proxy=True, keep=True):
        self.brokers = os.environ.get("DSTREAM_BROKERS")
        if not self.brokers:
            raise Invalid("DSTREAM_BROKERS is not set")
        self.work = tempfile.mkdtemp(prefix="ring-")
        self.names = verify.Names(job, job + "-lines", job + "-counts")
        self.report = verify.Report(stop_first)
        self.rnd = random.Random(seed)
        self.seed = seed
        self.rate = rate
        self.env = dict(env or {})
        self.way = self.proxy = None
        self.use_proxy = use_proxy
        self.keep = keep
        self.instances = {}
        self.kills = 0
        self.may_fence = False
        self.fenced = 0

    def __enter__(self):
        try:
            self.begin()
        except BaseException:
            if self.way:
                self.way.end()
            raise
        return self

    def begin(self):
        self.way = Way(self.brokers, self.work, self.use_proxy)
        self.proxy = self.way.proxy
        self.env["KAFKA"] = self.way.address
        self.job = self.job_file()
        ring.create_topics(self.brokers, [self.names.source, self.names.sink])
        self.feeder = Feeder(self.brokers, self.names.source, self.rate,
                             self.seed)
        self.follower = verify.Follower(self.brokers, self.names, self.report,
                                        self.feeder.limit)
        self.feeder.start()
        self.follower.start()

    def __exit__(self, kind, value, trace):
        for i in self.instances.values():
            if i.alive():
                i.signal(signal.SIGKILL)
                i.wait(10)
        self.follower.stop.set()
        self.feeder.stop_.set()
        self.follower.join(10)
        self.way.end()
        if not self.keep or (kind is None and not self.report.n):
            shutil.rmtree(self.work, ignore_errors=True)
        else:
            ring.say("logs and state: " + self.work)

    def job_file(self):
        with open(os.path.join(ring.HERE, "word-count.yaml")) as f:
            text = f.read()
        n = self.names
        for old, new in (("job: word-count", "job: " + n.job),
                         ("topic: lines", "topic: " + n.source),
                         ("topic: word-counts", "topic: " + n.sink)):
            if old not in text:
                raise Invalid("word-count.yaml has no " + old)
            text = text.replace(old, new)
        path = os.path.join(self.work, "job.yaml")
        with open(path, "w") as f:
            f.write(text)
        return path

    def instance(self, name):
        if name not in self.instances:
            self.instances[name] = ring.Instance(
                name, self.work, self.job, self.env)
        return self.instances[name]

    def kill(self, inst):
        inst.kill()
        self.kills += 1

    def ensure(self, inst, fault=None):
        """An instance that ended by itself broke I9; go on with a new one.
        But where the answer to a JoinGroup can be lost, the broker takes the
        second one of a static member for a duplicate: then it may leave as a
        fenced one does (contract: exit 1), and somebody starts it again."""
        if inst.alive():
            return
        rc = inst.child.returncode if inst.child is not None else -9
        if rc == 1 and self.may_fence and "fenced" in inst.output().lower():
            self.fenced += 1
            ring.say("%s was fenced by itself; started again" % inst.name)
        elif rc != -9:
            self.report.add("I9", inst.name, "-", "-", "ended by itself with "
                            "%d: %s" % (rc, inst.tail()))
        inst.start(fault)

    def outcome(self):
        """How many rows the follower has seen."""
        return self.follower.chain.records

    def progress(self, seconds, what):
        """I9: rows go on to come."""
        was = self.outcome()

        def there():
            if self.may_fence:
                for name in "ab":
                    self.ensure(self.instance(name))
            return self.outcome() > was or self.follower.stop.is_set()
        try:
            ring.wait(seconds, what, there)
        except Failed as e:
            self.report.add("I9", self.names.sink, "-", "-", str(e))

    def catch_up(self, seconds):
        """I9: within a bound after the last fault the job is at the end."""
        try:
            ring.wait(seconds, "the job catches up with its input",
                      lambda: verify.at_end(self.brokers, self.names), 1.0)
        except Failed as e:
            lag = {g: ring.group_offsets(self.brokers, g)
                   for g in self.names.groups}
            self.report.add("I9", self.names.source, "-", "-",
                            "%s; committed %s" % (e, lag))

    def end_all(self):
        for i in self.instances.values():
            if i.child is None:
                continue
            if not i.alive() and i.child.returncode == -9:
                continue
            rc = i.end(15)
            if rc != 0:
                self.report.add("I9", i.name, "-", "-", "SIGTERM: exit %s: %s"
                                % (rc, i.tail()))

    def settle_follower(self):
        """The follower must reach the end before it is compared."""
        def there():
            lso = ring.offsets_of(self.brokers, self.names.sink,
                                  committed=True)
            seen = self.follower.chain.prints
            last = {p: s[-1][0] for p, s in seen.items() if s}
            return all(not verify._behind(self.brokers, self.names.sink, p,
                                          last.get(p, -1) + 1, end)
                       for p, end in lso.items())
        if not self.report.stop_first:
            ring.wait(30, "the follower reads to the end", there, 0.5)
