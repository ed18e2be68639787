# SPDX-License-Identifier: Apache-2.0
"""rig.py - what the cases need: topics, records, jobs as processes, readers."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support", "registry.d"))

from registry import Registry, free_port  # noqa: E402,F401

BROKERS = os.environ.get("DSTREAM_BROKERS", "")
DSTREAM = os.environ.get("DSTREAM", "")
WORK = tempfile.mkdtemp(prefix="registry-ring-")


class Failed(Exception):
    """The program under test did not do what its contract says."""


def check(ok, what):
    if not ok:
        raise Failed(what)


def same(got, want, what="rows"):
    if got != want:
        raise Failed("%s:\n  got  %r\n  want %r" % (what, got, want))


def wait(seconds, what, there):
    end = time.monotonic() + seconds
    while True:
        value = there()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed("not within %d s: %s" % (seconds, what))
        time.sleep(0.1)


def topics(*names, partitions=1):
    admin = AdminClient({"bootstrap.servers": BROKERS})
    made = admin.create_topics([NewTopic(n, partitions, 1) for n in names])
    for f in made.values():
        f.result(30)


def produce(topic, records, partition=0):
    """Records: (key, value) in bytes."""
    p = Producer({"bootstrap.servers": BROKERS, "log_level": 0,
                  "enable.idempotence": True})
    for key, value in records:
        p.produce(topic, key=key, value=value, partition=partition)
    check(p.flush(30) == 0, "the input was not written")


def records(topic):
    """All committed records, by partition and offset."""
    c = Consumer({"bootstrap.servers": BROKERS, "group.id": "reader",
                  "enable.auto.commit": False,
                  "isolation.level": "read_committed"})
    found = []
    try:
        parts = c.list_topics(topic, 30).topics[topic].partitions
        for p in parts:
            low, high = c.get_watermark_offsets(TopicPartition(topic, p), 30)
            if low == high:
                continue
            c.assign([TopicPartition(topic, p, low)])
            while c.position([TopicPartition(topic, p)])[0].offset < high:
                m = c.poll(1)
                if m is None:
                    break
                if m.error() is None:
                    found.append(m)
    finally:
        c.close()
    return found


def client(url, **more):
    """A request without an answer in 10 s is asked again: the registry loses
    one now and then, and the client would wait for ever."""
    return SchemaRegistryClient(dict({"url": url, "timeout": 10}, **more))


def write(sr, topic, schema, rows, key=None, field=MessageField.VALUE):
    """Rows as Confluent's serializer writes them, under a registered id."""
    s = AvroSerializer(sr, schema)
    context = SerializationContext(topic, field)
    return [s(r, context) for r in rows]


def read(sr, topic, field=MessageField.VALUE):
    d = AvroDeserializer(sr)
    context = SerializationContext(topic, field)
    return [d(m.value() if field == MessageField.VALUE else m.key(), context)
            for m in records(topic)]


class Job:
    """A job file and a process that runs it."""

    def __init__(self, name, text, env=None):
        self.name = name
        self.path = os.path.join(WORK, name + ".yaml")
        self.log = os.path.join(WORK, name + ".log")
        self.env = dict(os.environ, DSTREAM_BROKERS=BROKERS, **(env or {}))
        self.child = None
        with open(self.path, "w") as f:
            f.write("dstream: 1\njob: %s\nbatch: 200ms\n" % name + text)

    def start(self, *more):
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(
                [DSTREAM, "run", self.path, "--state",
                 os.path.join(WORK, "state"), "--log-format", "json", *more],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=self.env)
        return self

    def output(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def end(self, seconds=60):
        """The exit code of a process that ends by itself."""
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failed("%s does not end:\n%s"
                         % (self.name, self.output()[-2000:])) from None

    def run(self, code=0, says=None):
        """To the end of the input."""
        rc = self.start("--until-end").end()
        if rc != code:
            raise Failed("%s: exit %d, not %d:\n%s"
                         % (self.name, rc, code, self.output()[-2000:]))
        for text in [says] if isinstance(says, str) else says or []:
            if text not in self.output():
                raise Failed("%s does not say %r:\n%s"
                             % (self.name, text, self.output()[-2000:]))
        return self

    def lint(self, code=0, says="", *more):
        """What lint says of the file."""
        p = subprocess.run([DSTREAM, "lint", *more, self.path],
                           capture_output=True, text=True, env=self.env)
        out = p.stdout + p.stderr
        if p.returncode != code or says not in out:
            raise Failed("lint of %s: exit %d, not %d, and %r:\n%s"
                         % (self.name, p.returncode, code, says, out))

    def stop(self):
        self.child.send_signal(signal.SIGTERM)
        same(self.end(20), 0, "exit code after SIGTERM")

    def kill(self):
        if self.child and self.child.poll() is None:
            self.child.kill()
            self.child.wait()


class Background(threading.Thread):
    """Starts a registry while other things are done."""

    def __init__(self, **how):
        super().__init__(daemon=True)
        self.registry = Registry(**how).start()
        self.error = None
        self.start()

    def run(self):
        try:
            self.registry.wait()
        except Exception as e:  # noqa: BLE001 - shown by get()
            self.error = e

    def get(self):
        self.join()
        if self.error:
            raise self.error
        return self.registry


def clean():
    shutil.rmtree(WORK, ignore_errors=True)
