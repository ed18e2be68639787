#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""drive.py - feeds the word count in containers, kills them, has it verified.

The containers are up already (tests/docker/run). Lines hold tokens WORD:SEQ;
the n-th token of a word has SEQ n, and all tokens of a word lie in one
partition, so that the verifier can tell a token counted twice from one lost.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

HERE = os.path.dirname(os.path.abspath(__file__))
VERIFY = os.path.normpath(os.path.join(HERE, "../broker/verify.py"))
PARTITIONS = 6
WORDS = 60
LINES = 1500


class Failed(Exception):
    """The ring has failed."""


def say(text):
    print("docker ring: " + text, flush=True)


def docker(*words):
    done = subprocess.run(["docker", *words], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=120)
    if done.returncode != 0:
        raise Failed("docker %s: %s" % (" ".join(words), done.stdout.strip()))
    return done.stdout.strip()


def await_true(seconds, what, ask):
    until = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > until:
            raise Failed("not within %d s: %s" % (seconds, what))
        time.sleep(0.3)


class Ring:
    """The containers of one compose project and the topics they share."""

    def __init__(self, args):
        self.brokers, self.project = args.brokers, args.project
        self.kafka_only = args.kafka_only
        self.random = random.Random(7)
        self.count = {}
        self.lines = 0
        self.kills = {"dstream": 0, "kafka": 0}

    def container(self, service):
        """Both generations of compose set these labels."""
        found = docker("ps", "-aq", "--filter",
                       "label=com.docker.compose.project=" + self.project,
                       "--filter", "label=com.docker.compose.service="
                       + service).split()
        if len(found) != 1:
            raise Failed("%s has %d containers" % (service, len(found)))
        return found[0]

    def status(self, service):
        return docker("inspect", "-f", "{{.State.Status}} "
                      "{{.State.ExitCode}}", self.container(service))

    def must_run(self, service):
        await_true(30, service + " runs", lambda: self.started(service))

    def await_topics(self):
        def there():
            try:
                topics = AdminClient(self.quiet()).list_topics(timeout=3)
            except Exception:
                return False
            return {"lines", "word-counts"} <= set(topics.topics)
        await_true(90, "the topics are there", there)

    def quiet(self, **more):
        return {"bootstrap.servers": self.brokers, "log_level": 0, **more}

    def feed(self, lines):
        """Write lines that were not there; each is there once."""
        failures = []
        producer = Producer(self.quiet(**{"enable.idempotence": True,
                                          "linger.ms": 20,
                                          "message.timeout.ms": 0}))
        for _ in range(lines):
            home = self.random.randrange(PARTITIONS)
            words = range(home, WORDS, PARTITIONS)
            tokens = []
            for word in self.random.choices(words, k=3):
                self.count[word] = self.count.get(word, 0) + 1
                tokens.append("w%d:%d" % (word, self.count[word]))
            producer.produce("lines", " ".join(tokens).encode(),
                             partition=home, on_delivery=lambda error, _:
                             failures.append(error) if error else None)
            producer.poll(0)
        if producer.flush(90) or failures:
            raise Failed("the input was not written: %s" % failures[:1])
        self.lines += lines

    def read(self, topic):
        """All committed records of a topic, as (key, value)."""
        consumer = Consumer(self.quiet(**{
            "group.id": "docker-ring", "enable.auto.commit": False,
            "isolation.level": "read_committed", "enable.partition.eof": True,
            "auto.offset.reset": "earliest"}))
        consumer.assign([TopicPartition(topic, p, 0)
                         for p in range(PARTITIONS)])
        found, open_ = [], set(range(PARTITIONS))
        until = time.monotonic() + 60
        while open_:
            if time.monotonic() > until:
                raise Failed("%s cannot be read" % topic)
            message = consumer.poll(0.5)
            if message is None:
                continue
            if not message.error():
                found.append((message.key(), message.value()))
            elif message.error().name() == "_PARTITION_EOF":
                open_.discard(message.partition())
        consumer.close()
        return found

    def committed(self):
        return len(self.read("word-counts"))

    def await_progress(self, what):
        """New rows come out for new lines that go in."""
        before = self.committed()
        self.feed(200)
        await_true(90, what, lambda: self.committed() > before)

    def started(self, service):
        """When the process that runs now was started; "" if none runs."""
        status, at = docker("inspect", "-f", "{{.State.Status}} "
                            "{{.State.StartedAt}}",
                            self.container(service)).split()
        return at if status == "running" else ""

    def kill(self, service):
        """kill -9 as docker does it, then the same container again."""
        container = self.container(service)
        before = self.started(service)
        if not before:
            raise Failed("%s does not run" % service)
        docker("kill", "-s", "KILL", container)
        docker("start", container)
        await_true(20, service + " runs again",
                   lambda: self.started(service) not in ("", before))
        self.kills["kafka" if service == "kafka" else "dstream"] += 1
        say("%s was killed and runs again" % service)

    def await_broker(self):
        def answers():
            try:
                topics = AdminClient(self.quiet()).list_topics(timeout=3)
                return all(p.leader >= 0 for t in topics.topics.values()
                           for p in t.partitions.values())
            except Exception:
                return False
        await_true(90, "the broker answers again", answers)

    def words_are_there(self):
        """Every word has its last count: the job has caught up."""
        last = {}
        for key, value in self.read("word-counts"):
            try:
                last[key.decode()] = json.loads(value)["n"]
            except (AttributeError, ValueError, KeyError, TypeError):
                raise Failed("no row of the word count: %r" % value)
        return last == {"w%d" % w: n for w, n in self.count.items()}

    def verify(self):
        """The verdict is another program's."""
        done = subprocess.run([sys.executable, "-B", VERIFY, "--brokers",
                               self.brokers], timeout=300)
        if done.returncode != 0:
            raise Failed("the verifier found violations")

    def run_kafka(self):
        self.feed(LINES)
        self.kill("kafka")
        self.await_broker()
        self.feed(LINES)
        tokens = {}
        for _, value in self.read("lines"):
            for token in value.decode().split():
                word, _, at = token.partition(":")
                if int(at) != tokens.get(word, 0) + 1:
                    raise Failed("%s follows %d" % (token, tokens.get(word, 0)))
                tokens[word] = int(at)
        if tokens != {"w%d" % w: n for w, n in self.count.items()}:
            raise Failed("the broker lost input")

    def run_all(self):
        self.must_run("dstream-1")
        self.must_run("dstream-2")
        self.feed(LINES)
        await_true(90, "the first rows come out", self.committed)
        say("the first rows are committed")
        for service in ("dstream-1", "dstream-2", "dstream-1"):
            self.feed(LINES)
            self.kill(service)
            self.await_progress("rows after the kill of " + service)
        self.feed(LINES)
        self.kill("kafka")
        self.await_broker()
        self.await_progress("rows after the kill of the broker")
        self.feed(LINES)
        self.kill("dstream-2")
        self.kill("kafka")
        self.await_broker()
        self.feed(LINES)
        await_true(120, "every word has its last count", self.words_are_there)
        self.must_run("dstream-1")
        self.must_run("dstream-2")
        self.stop_kindly()
        self.verify()

    def stop_kindly(self):
        """SIGTERM ends each of them with 0, its last epoch done."""
        for service in ("dstream-1", "dstream-2"):
            docker("stop", "-t", "20", self.container(service))
            status = self.status(service)
            if status != "exited 0":
                raise Failed("%s is %s after SIGTERM" % (service, status))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--brokers", required=True)
    parser.add_argument("--project", required=True)
    parser.add_argument("--kafka-only", action="store_true")
    ring = Ring(parser.parse_args())
    try:
        ring.await_topics()
        if ring.kafka_only:
            ring.run_kafka()
        else:
            ring.run_all()
    except Failed as error:
        say("FAILED: %s" % error)
        print("0 passed, 1 failed")
        return 1
    say("%d lines, %d kills of dstream and %d of the broker" % (
        ring.lines, ring.kills["dstream"], ring.kills["kafka"]))
    print("1 passed, 0 failed")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
