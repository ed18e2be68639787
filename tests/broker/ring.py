# SPDX-License-Identifier: Apache-2.0
"""ring.py - what the programs of the broker ring share: names, clients,
topics, the broker's switches, and instances of dstream as processes."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

from confluent_kafka import (Consumer, IsolationLevel, KafkaException,
                             TopicPartition)
from confluent_kafka import ConsumerGroupTopicPartitions
from confluent_kafka.admin import (AdminClient, ConfigResource,
                                   NewPartitions, NewTopic, OffsetSpec,
                                   ResourceType)

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SUPPORT = os.path.join(ROOT, "tests", "support")
PARTITIONS = 6


class Invalid(Exception):
    """The run proves nothing: a fault did not happen, a tool is missing."""


class Failed(Exception):
    """The program under test did not do what its contract says."""


def say(text):
    print(text, flush=True)


children = []


def leave_nothing(*_):
    """At SIGTERM: what was started must not outlive us."""
    for child in children:
        try:
            child.kill()
        except OSError:
            pass
    os._exit(143)


def program(build="hooks"):
    """The command line of the program under test, as a list."""
    text = os.environ.get("DSTREAM")
    if text:
        return text.split()
    return [os.path.join(ROOT, "build", build, "dstream") if build
            else os.path.join(ROOT, "build", "dstream")]


# -- the partitioner of Kafka's Java client --------------------------------

MASK = 0xffffffff


def murmur2(data):
    h = (0x9747b28c ^ len(data)) & MASK
    whole = len(data) & ~3
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i:i + 4], "little") * 0x5bd1e995 & MASK
        k = (k ^ (k >> 24)) * 0x5bd1e995 & MASK
        h = (h * 0x5bd1e995 & MASK) ^ k
    tail = data[whole:]
    if tail:
        h = (h ^ int.from_bytes(tail, "little")) * 0x5bd1e995 & MASK
    h = (h ^ (h >> 13)) * 0x5bd1e995 & MASK
    return h ^ (h >> 15)


def partition_of(key, partitions=PARTITIONS):
    return (murmur2(key) & 0x7fffffff) % partitions


# -- clients ----------------------------------------------------------------

_admins = {}
_admins_lock = threading.Lock()
_retired = []


def admin(brokers):
    """One per cluster, also of several threads: its futures die with it."""
    with _admins_lock:
        if brokers not in _admins:
            _admins[brokers] = AdminClient({"bootstrap.servers": brokers,
                                            "log_level": 0})
        return _admins[brokers]


def admins_renew():
    """Those that wait for an answer still need theirs."""
    with _admins_lock:
        _retired.append(dict(_admins))
        _admins.clear()


def call(futures, timeout=12):
    return {k: f.result(timeout) for k, f in futures.items()}


# Answers after which the client goes on asking the wrong broker, or as of an
# old leader.
STALE = ("_TIMED_OUT", "_TRANSPORT", "_NOENT", "FENCED_LEADER_EPOCH",
         "UNKNOWN_LEADER_EPOCH", "NOT_LEADER_FOR_PARTITION")


def retry(seconds, what, fn):
    """Calls fn until it returns without an error of Kafka's. A request that
    was lost with its broker may never be answered: then by a new client."""
    end = time.monotonic() + seconds
    while True:
        try:
            return fn()
        except (KafkaException, TimeoutError) as e:
            if time.monotonic() > end:
                raise Invalid("%s: %r" % (what, e)) from e
            if isinstance(e, TimeoutError) or e.args[0].name() in STALE:
                admins_renew()
            time.sleep(0.3)


def _create(brokers, topics):
    """An attempt before may have done it without our hearing of it."""
    try:
        call(admin(brokers).create_topics(topics, operation_timeout=10))
    except KafkaException as e:
        if e.args[0].name() != "TOPIC_ALREADY_EXISTS":
            raise


def create_topics(brokers, names, partitions=PARTITIONS, config=None):
    topics = [NewTopic(n, partitions, config=config or {}) for n in names]
    retry(30, "create " + ", ".join(names),
          lambda: _create(brokers, topics))
    wait(20, "topics %s are there" % ", ".join(names),
         lambda: all(partition_count(brokers, n) for n in names))
    # Until their leaders answer: one that refuses the first rows of a producer
    # may take its next ones, also if that is idempotent.
    for name in names:
        offsets_of(brokers, name)


def delete_topics(brokers, names):
    retry(30, "delete " + ", ".join(names), lambda: call(
        admin(brokers).delete_topics(names, operation_timeout=10)))


def grow_topic(brokers, topic, partitions):
    call(admin(brokers).create_partitions([NewPartitions(topic, partitions)]))
    wait(20, "%s has %d partitions" % (topic, partitions),
         lambda: partition_count(brokers, topic) == partitions)


def partition_count(brokers, topic):
    """0 if there is no such topic."""
    md = retry(20, "topics", lambda: admin(brokers).list_topics(timeout=5))
    t = md.topics.get(topic)
    return len(t.partitions) if t and not t.error else 0


def topic_config(brokers, topic):
    res = ConfigResource(ResourceType.TOPIC, topic)
    got = retry(20, "configuration of " + topic, lambda: call(
        admin(brokers).describe_configs([res], request_timeout=5), 8))[res]
    return {k: v.value for k, v in got.items()}


def offsets_of(brokers, topic, spec=None, committed=False):
    """{partition: offset}: the end, or the LSO if `committed`."""
    n = partition_count(brokers, topic)
    spec = spec or OffsetSpec.latest()
    level = (IsolationLevel.READ_COMMITTED if committed
             else IsolationLevel.READ_UNCOMMITTED)
    ask = {TopicPartition(topic, p): spec for p in range(n)}
    got = retry(20, "offsets of " + topic, lambda: call(
        admin(brokers).list_offsets(ask, isolation_level=level,
                                    request_timeout=5), 8))
    return {tp.partition: r.offset for tp, r in got.items()}


def start_of(brokers, topic):
    return offsets_of(brokers, topic, OffsetSpec.earliest())


def group_offsets(brokers, group, topic=None):
    """{(topic, partition): offset} of a group; stable ones only."""
    def ask():
        f = admin(brokers).list_consumer_group_offsets(
            [ConsumerGroupTopicPartitions(group)], require_stable=True,
            request_timeout=5)
        return f[group].result(8)
    got = retry(40, "offsets of group " + group, ask)
    return {(tp.topic, tp.partition): tp.offset
            for tp in got.topic_partitions
            if tp.offset >= 0 and (topic is None or tp.topic == topic)}


_offset_readers = {}


def committed(brokers, group, topic, partitions, timeout):
    """The group's stable offsets of a topic, asked by a consumer: the admin
    client's request can make its library abort when a broker dies under it."""
    key = (brokers, group)
    if key not in _offset_readers:
        _offset_readers[key] = Consumer({
            "bootstrap.servers": brokers, "group.id": group, "log_level": 0,
            "isolation.level": "read_committed",
            "enable.auto.commit": False})
    tps = [TopicPartition(topic, p) for p in range(partitions)]
    return _offset_readers[key].committed(tps, timeout=timeout)


def group_members(brokers, group):
    """How many members the group has."""
    def ask():
        f = admin(brokers).describe_consumer_groups([group],
                                                    request_timeout=4)
        return len(f[group].result(6).members)
    return retry(30, "members of group " + group, ask)


def set_group_offsets(brokers, group, offsets):
    """Moves a group's offsets while nobody is in it."""
    tps = [TopicPartition(t, p, o) for (t, p), o in offsets.items()]

    def ask():
        call(admin(brokers).alter_consumer_group_offsets(
            [ConsumerGroupTopicPartitions(group, tps)]))
    retry(30, "set offsets of group " + group, ask)


def delete_group(brokers, group):
    retry(30, "delete group " + group, lambda: call(
        admin(brokers).delete_consumer_groups([group])))


def read(brokers, topic, committed=True, start=None, seconds=120):
    """Yields every message of a topic, in offset order per partition, until
    the end (read_committed: the last stable offset) of every partition."""
    n = partition_count(brokers, topic)
    c = Consumer({"bootstrap.servers": brokers,
                  "group.id": "verifier", "log_level": 0,
                  "isolation.level": ("read_committed" if committed
                                      else "read_uncommitted"),
                  "enable.auto.commit": False, "check.crcs": True,
                  "auto.offset.reset": "error",
                  "enable.partition.eof": True})
    begin = start or start_of(brokers, topic)
    c.assign([TopicPartition(topic, p, begin[p]) for p in range(n)])
    open_ = set(range(n))
    end = time.monotonic() + seconds
    try:
        while open_:
            if time.monotonic() > end:
                raise Invalid("reading %s took more than %d s, partitions %s"
                              % (topic, seconds, sorted(open_)))
            for m in c.consume(10000, 1.0):
                if m.error():
                    if m.error().name() == "_PARTITION_EOF":
                        open_.discard(m.partition())
                    elif not m.error().retriable():
                        raise KafkaException(m.error())
                else:
                    yield m
    finally:
        c.close()


def wait(seconds, what, fn, every=0.1):
    """Waits until fn is true; what it waited for goes into the error."""
    end = time.monotonic() + seconds
    while True:
        v = fn()
        if v:
            return v
        if time.monotonic() > end:
            raise Failed("not within %g s: %s" % (seconds, what))
        time.sleep(every)


# -- the broker's switches --------------------------------------------------

def broker(*args):
    """kill, restart, pause, resume of the broker that the ring runs on."""
    cmd = [os.path.join(SUPPORT, "broker")]
    if os.environ.get("RING_BROKER"):
        cmd = os.environ["RING_BROKER"].split()
    r = subprocess.run(cmd + list(args), stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       timeout=90)
    if r.returncode:
        raise Invalid("broker %s: exit %d: %s" % (
            " ".join(args), r.returncode, r.stdout.decode()[-400:]))
    return r.stdout.decode()


def broker_answers(brokers):
    try:
        admin(brokers).list_topics(timeout=2)
        return True
    except KafkaException:
        return False


# -- instances --------------------------------------------------------------

class Instance:
    """One `dstream run` with its state directory and its log."""

    def __init__(self, name, work, job, env, extra=()):
        self.name = name
        self.job = job
        self.env = dict(env)
        self.extra = list(extra)
        self.state = os.path.join(work, "state-" + name)
        self.logfile = os.path.join(work, "log-%s.txt" % name)
        self.child = None
        self.starts = 0
        self.lock = threading.RLock()

    def start(self, fault=None, extra=(), env=None):
        full = dict(os.environ)
        full.pop("DSTREAM_FAULT", None)
        full.update(self.env)
        full.update(env or {})
        if fault:
            full["DSTREAM_FAULT"] = fault
        cmd = program() + ["run", self.job, "--instance", self.name,
                           "--state", self.state] + self.extra + list(extra)
        self.starts += 1
        self.log = open(self.logfile, "ab")
        self.log.write(("\n== start %d at %s %s\n" % (
            self.starts, time.strftime("%H:%M:%S"), fault or "")).encode())
        self.log.flush()
        self.mark = os.path.getsize(self.logfile)
        self.child = subprocess.Popen(cmd, env=full, stderr=self.log,
                                      stdout=self.log,
                                      stdin=subprocess.DEVNULL)
        children.append(self.child)
        self.log.close()
        return self

    def alive(self):
        return self.child is not None and self.child.poll() is None

    def pid(self):
        return self.child.pid

    def signal(self, sig):
        if self.alive():
            self.child.send_signal(sig)

    def wait(self, seconds):
        """The exit code, negative for a signal; None if it still runs."""
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def kill(self):
        """kill -9, asserted."""
        if not self.alive():
            raise Invalid("%s: was not running, exit %s: %s" % (
                self.name, self.child.returncode if self.child else None,
                self.tail()))
        self.signal(signal.SIGKILL)
        if self.wait(10) != -signal.SIGKILL:
            raise Invalid("%s: kill -9 did not happen" % self.name)

    def stopped(self):
        """Whether the kernel shows the process as stopped."""
        try:
            with open("/proc/%d/stat" % self.pid()) as f:
                return f.read().rsplit(")", 1)[1].split()[0] in "Tt"
        except OSError:
            return False

    def end(self, seconds=30):
        """SIGTERM; the exit code. What does not end is killed: None."""
        if not self.alive():
            return self.child.returncode if self.child else None
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        rc = self.wait(seconds)
        if rc is None:
            self.signal(signal.SIGKILL)
            self.wait(10)
        return rc

    def output(self):
        """What this start has written so far."""
        with open(self.logfile, "rb") as f:
            f.seek(self.mark)
            return f.read().decode(errors="replace")

    def tail(self, size=600):
        try:
            return self.output()[-size:]
        except OSError:
            return ""

    def wipe(self):
        shutil.rmtree(self.state, ignore_errors=True)


def table(rows, head):
    """Rows as text in columns."""
    rows = [head] + [[str(c) for c in r] for r in rows]
    width = [max(len(r[i]) for r in rows) for i in range(len(head))]
    out = []
    for r in rows:
        out.append("  ".join(c.ljust(w) for c, w in zip(r, width)).rstrip())
    return "\n".join(out)


def verdict(passed, failed):
    """The last line of every program of the ring, and its exit code."""
    say("%d passed, %d failed" % (passed, failed))
    sys.stdout.flush()
    return 1 if failed or not passed else 0


def to_json(value):
    """A row of a json sink, or None if it is none."""
    try:
        row = json.loads(value)
    except (ValueError, TypeError):
        return None
    return row if isinstance(row, dict) else None


if __name__ == "__main__":
    sys.exit("ring.py is a module")
