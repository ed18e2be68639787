#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""chaos.py - the word count under faults, with the independent verdict.

    chaos.py [--seconds N] [--seed N] [--version V] [--stop-first]

Two instances share six partitions while a producer writes known content and
a reader follows the output. Every fault is asserted to have happened; one
that did not makes the run invalid, which counts as failed. In the end the
input stops, the job must catch up, and verify.py's whole verdict is taken
twice: at rest, and again after every state directory was deleted and each
word got one more token.

Environment: DSTREAM_BROKERS, DSTREAM_PROXIED and RING_PROXY_PORT (the address
behind the proxy, and the port that it listens on), DSTREAM (the program,
default build/hooks/dstream)."""

import argparse
import os
import random
import shutil
import signal
import sys
import threading
import time

from confluent_kafka import KafkaException

import rig
import ring
import verify
from rig import Rig
from ring import Failed, Invalid

POINTS = ["after_poll", "before_produce", "mid_produce", "after_flush",
          "after_offsets", "before_commit", "after_commit", "before_store",
          "after_store", "during_restore"]
# Phases in which an answer of the group's coordinator may be lost.
FENCING = ("proxy", "broker kill -9", "broker paused", "mixed")
SESSION = 6.0
KILLS = 30
KINDS = 6


class Chaos:
    """The faults, each a method that asserts that it happened. Every one
    leaves both instances running."""

    def __init__(self, rig):
        self.b = rig
        self.rnd = rig.rnd
        self.done = {}
        self.now = "start"
        self.problems = []
        self.lock = threading.Lock()

    def did(self, kind, times=1):
        with self.lock:
            row = self.done.setdefault(kind, [0, 0])
            row[0] += times

    def problem(self, name, error):
        """A fault that did not happen: the run is invalid, but goes on, since
        the other faults may tell more."""
        ring.say("invalid %s: %s" % (name, error))
        self.problems.append("%s: %s" % (name, error))

    def phase(self, name, fn, *args):
        """Runs a fault; violations that come meanwhile are put to it."""
        self.now = name
        self.b.may_fence = name in FENCING
        before = self.b.report.n
        if self.b.follower.stop.is_set():
            return
        try:
            fn(*args)
        except Failed as e:
            self.b.report.add("I9", name, "-", "-", str(e))
        except Invalid as e:
            self.problem(name, e)
        time.sleep(0.5)
        for kind, row in self.done.items():
            if kind.startswith(name):
                row[1] += self.b.report.n - before
                break

    # -- kill -9 --

    def point(self, inst, point):
        """kill -9 at a named point: the program does it to itself."""
        b = self.b
        n = self.rnd.randint(1, 8)
        if point in ("before_store", "after_store", "during_restore"):
            n = 1
        if inst.alive():
            b.kill(inst)
        if point == "during_restore":
            inst.wipe()
        inst.start("%s:%d" % (point, n))
        rc = inst.wait(30)
        if rc is None:
            raise Invalid("%s did not pass %s:%d within 30 s" % (
                inst.name, point, n))
        if rc != -signal.SIGKILL:
            raise Failed("%s was to be killed at %s but ended with %d: %s" % (
                inst.name, point, rc, inst.tail()))
        with self.lock:
            b.kills += 1
        self.did("point " + point)

    def points(self):
        """Both instances get their turn at each point, at the same time."""
        def turns(inst, order):
            for p in order:
                if self.b.follower.stop.is_set():
                    break
                try:
                    self.point(inst, p)
                except Failed as e:
                    self.b.report.add("I9", "point " + p, "-", "-", str(e))
                except Invalid as e:
                    self.problem("point " + p, e)
            if not inst.alive():
                inst.start()
        threads = []
        for name in ("a", "b"):
            order = POINTS[:]
            self.rnd.shuffle(order)
            threads.append(threading.Thread(
                target=turns, args=(self.b.instance(name), order)))
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.b.progress(30, "rows come after the kills at named points")

    def random_kills(self, times):
        for _ in range(times):
            inst = self.b.instance(self.rnd.choice("ab"))
            time.sleep(self.rnd.uniform(0.2, 2.0))
            self.b.ensure(inst)
            self.b.kill(inst)
            self.did("kill at random")
            inst.start()

    # -- zombies --

    def zombie(self, inst, fault):
        """Stopped past the session timeout while the other one takes over,
        then let go on: it must neither commit nor die."""
        other = self.b.instance("b" if inst.name == "a" else "a")
        if fault:
            self.b.ensure(inst)
            self.b.kill(inst)
            inst.start(fault + ":stop")
            ring.wait(30, "%s stops at %s" % (inst.name, fault),
                      lambda: inst.stopped() or not inst.alive())
        else:
            self.b.ensure(inst)
            inst.signal(signal.SIGSTOP)
        ring.wait(5, inst.name + " is stopped", inst.stopped)
        self.b.ensure(other)
        time.sleep(SESSION + self.rnd.uniform(1.5, 3.0))
        if not inst.stopped():
            raise Invalid(inst.name + " did not stay stopped")
        inst.signal(signal.SIGCONT)
        self.did("zombie")
        self.b.progress(40, "rows come after the zombie")
        if not inst.alive():
            raise Failed("%s: a zombie must go on, it ended with %s: %s" % (
                inst.name, inst.child.returncode, inst.tail()))

    def zombies(self):
        a, b = self.b.instance("a"), self.b.instance("b")
        self.zombie(a, "before_commit:%d" % self.rnd.randint(2, 9))
        self.zombie(b, "mid_produce:%d" % self.rnd.randint(2, 9))
        self.zombie(self.b.instance(self.rnd.choice("ab")), None)

    # -- the broker, the group --

    def broker_restart(self):
        ring.broker("kill")
        if ring.broker_answers(self.b.brokers):
            raise Invalid("the broker was not killed")
        time.sleep(self.rnd.uniform(0.5, 3.0))
        ring.broker("restart")
        ring.wait(60, "the broker is back",
                  lambda: ring.broker_answers(self.b.brokers))
        self.did("broker kill -9")
        self.b.progress(60, "rows come after the broker's restart")

    def broker_paused(self):
        """Longer than the session: every member times out, or nearly."""
        ring.broker("pause")
        try:
            # What it had read before may still be answered.
            ring.wait(10, "the broker is stopped",
                      lambda: not ring.broker_answers(self.b.brokers))
            time.sleep(SESSION)
        finally:
            ring.broker("resume")
        self.did("broker paused")
        self.b.progress(60, "rows come after the broker's pause")

    def storm(self, seconds):
        """Instances come and go; the group must have been seen larger."""
        end = time.monotonic() + seconds
        group = self.b.names.job
        before = ring.group_members(self.b.brokers, group)
        most = 0
        extra = [self.b.instance("c"), self.b.instance("d")]
        while time.monotonic() < end and not self.b.follower.stop.is_set():
            inst = self.rnd.choice(extra)
            if not inst.alive():
                inst.start()
                self.did("rebalance storm")
            elif self.rnd.random() < 0.5:
                self.b.kill(inst)
            else:
                rc = inst.end(20)
                if rc != 0:
                    raise Failed("%s: SIGTERM: exit %s: %s" % (
                        inst.name, rc, inst.tail()))
            for _ in range(self.rnd.randint(1, 4)):
                time.sleep(0.7)
                most = max(most, ring.group_members(self.b.brokers,
                                                    group))
        for inst in extra:
            if inst.alive():
                self.b.kill(inst)
        if most <= before:
            raise Invalid("nobody joined the group: %d members" % most)
        self.b.progress(60, "rows come after the storm")

    # -- the state directory --

    def state_deleted(self):
        for name in "ab":
            inst = self.b.instance(name)
            self.b.ensure(inst)
            self.b.kill(inst)
            if not os.path.isdir(inst.state):
                raise Invalid("%s has no state directory" % name)
            inst.wipe()
            inst.start()
            self.did("state directory deleted")
        self.b.progress(40, "rows come after the state was deleted")

    def state_copy(self, name):
        """Keeps the state as it is now, for state_stale."""
        inst = self.b.instance(name)
        self.b.ensure(inst)
        self.b.kill(inst)
        copy = inst.state + ".old"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(inst.state, copy)
        inst.start()

    def state_stale(self, name):
        inst = self.b.instance(name)
        copy = inst.state + ".old"
        if not os.path.isdir(copy):
            raise Invalid("there is no older state of " + name)
        self.b.ensure(inst)
        self.b.kill(inst)
        inst.wipe()
        os.rename(copy, inst.state)
        inst.start()
        self.did("state directory stale")
        self.b.progress(40, "rows come after the state went stale")

    # -- the network --

    def network(self, rule, count, times, nudge=lambda: None):
        for name in "ab":
            self.b.ensure(self.b.instance(name))
        rig.network(self.b.proxy, rule, count, times,
                    self.b.follower.stop.is_set, nudge)
        self.did("proxy " + count, times)

    def networks(self, times):
        for rule, count in rig.network_rules(self.rnd):
            self.network(rule, count, times)
        # A producer asks for its id when its process is new.
        self.network("ghost InitProducerId", "ghost InitProducerId", 1,
                     lambda: self.random_kills(1))
        self.b.progress(40, "rows come after the network's faults")

    def mixed(self, seconds):
        """Ghosts and kills together."""
        px, end = self.b.proxy, time.monotonic() + seconds
        if px:
            px.ask("add ghost EndTxn times=1000 gap=900")
            px.ask("add ghost TxnOffsetCommit times=1000 gap=1300")
            px.ask("add drop-response EndTxn times=1000 gap=1700")
        while time.monotonic() < end and not self.b.follower.stop.is_set():
            self.random_kills(1)
        if px:
            px.ask("clear")
            self.did("mixed ghosts and kills")

    def run(self, seconds):
        start = time.monotonic()
        b = self.b
        ours = os.environ.get("DSTREAM_BROKER_NAME") or \
            os.environ.get("RING_BROKER")
        for name in "ab":
            b.instance(name).start()
        b.progress(60, "the first rows")
        self.phase("point", self.points)
        self.phase("state copy", self.state_copy, "b")
        self.phase("kill at random", self.random_kills, 8)
        if b.proxy:
            self.phase("proxy", self.networks, 2)
        if ours:
            self.phase("broker kill -9", self.broker_restart)
            self.phase("broker paused", self.broker_paused)
        self.phase("zombie", self.zombies)
        self.phase("state directory deleted", self.state_deleted)
        self.phase("rebalance storm", self.storm, 22)
        self.phase("state directory stale", self.state_stale, "b")
        left = seconds - 45 - (time.monotonic() - start)
        while left > 5 and not b.follower.stop.is_set():
            self.phase("mixed", self.mixed, min(left, 20))
            left = seconds - 45 - (time.monotonic() - start)
        while b.kills < KILLS and not b.follower.stop.is_set():
            self.phase("kill at random", self.random_kills, 4)
        self.finish()

    def finish(self):
        """The verdict at rest, and the probe of the restored state."""
        b = self.b
        self.now = "catching up"
        if b.report.stop_first and b.report.n:
            return
        b.feeder.stop()
        for name in "ab":
            b.ensure(b.instance(name))
        b.catch_up(90)
        self.verdict("at rest")
        self.now = "probe"
        for name in "ab":
            b.instance(name).wipe()
            b.instance(name).start()
        b.feeder.probe()
        b.catch_up(60)
        self.verdict("at rest, state rebuilt")

    def verdict(self, name):
        b = self.b
        before = b.report.n
        b.end_all()
        b.settle_follower()
        verify.verify(b.brokers, b.names, b.report, b.follower)
        self.done[name] = [1, b.report.n - before]


def show_progress(chaos, start, stop):
    b = chaos.b
    while not stop.wait(5):
        ring.say("%4d s  kills %d  faults %d  kinds %d  lines %d  rows %d  "
                 "violations %d  now: %s" % (
                     time.monotonic() - start, b.kills,
                     sum(r[0] for r in chaos.done.values()),
                     len(kinds(chaos)), b.feeder.lines, b.outcome(),
                     b.report.n, chaos.now))


def kinds(chaos):
    """Fault kinds that happened: the points are one, the rest each its own."""
    return {k.split(" point")[0] if not k.startswith("point") else "point"
            for k in chaos.done if not k.startswith("at rest")}


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("--seconds", type=float, default=240)
    ap.add_argument("--seed", type=int, default=None)
    ap.add_argument("--rate", type=int, default=2000)
    ap.add_argument("--version", default=os.environ.get(
        "DSTREAM_BROKER_VERSION", "?"))
    ap.add_argument("--stop-first", action="store_true")
    args = ap.parse_args()
    signal.signal(signal.SIGTERM, ring.leave_nothing)
    seed = args.seed if args.seed is not None else random.randrange(10 ** 6)
    ring.say("chaos on Kafka %s, seed %d" % (args.version, seed))
    start, stop = time.monotonic(), threading.Event()
    chaos, invalid = None, None
    try:
        with Rig("chaos%d" % (seed % 100000), seed, args.rate,
                   args.stop_first) as b:
            chaos = Chaos(b)
            threading.Thread(target=show_progress, daemon=True,
                             args=(chaos, start, stop)).start()
            try:
                chaos.run(args.seconds)
            except verify.Stop:
                pass
            except (Invalid, Failed) as e:
                invalid = str(e)
                raise
            if b.follower.error:
                chaos.problem("the follower", b.follower.error)
            if chaos.problems or b.report.n:
                for i in b.instances.values():
                    ring.say("--- the end of %s's log\n%s" % (
                        i.name, i.tail(3000)))
    except (Invalid, Failed, KafkaException) as e:
        invalid = str(e)
    finally:
        stop.set()
    return summary(chaos, invalid, args, time.monotonic() - start)


def summary(chaos, invalid, args, took):
    if chaos is None:
        ring.say("invalid: %s" % invalid)
        return ring.verdict(0, 1)
    b, done = chaos.b, chaos.done
    rows = [(k, t, v) for k, (t, v) in sorted(done.items())]
    ring.say("\nKafka %s, %d s, seed %d" % (args.version, took, b.seed))
    ring.say(ring.table(rows, ("fault", "times", "violations")))
    ring.say("%d kills, %d fault kinds, %d fenced by themselves, %d lines "
             "in, %d rows out, %d violations %s" % (
                 b.kills, len(kinds(chaos)), b.fenced, b.feeder.lines,
                 b.outcome(), b.report.n, dict(b.report.by) or ""))
    for line in b.report.kept[:20]:
        ring.say("  " + line)
    if chaos.problems and not invalid:
        invalid = "; ".join(chaos.problems)[:2000]
    if not invalid and not b.report.n:
        if b.kills < KILLS or len(kinds(chaos)) < KINDS:
            invalid = "only %d kills and %d fault kinds" % (
                b.kills, len(kinds(chaos)))
        elif "at rest, state rebuilt" not in done:
            invalid = "no verdict at rest was taken"
    if invalid:
        ring.say("invalid: %s" % invalid)
    bad = sum(1 for r in done.values() if r[1])
    failed = bad + (1 if invalid else 0)
    if b.report.n and not failed:
        failed = 1
    return ring.verdict(len(done) - bad, failed)


if __name__ == "__main__":
    sys.exit(main())
