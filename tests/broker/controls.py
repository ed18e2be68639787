#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""controls.py - negative controls: would the ring notice a broken rule?

    controls.py [--seconds N] [--seed N] [--intact] [RULE…]

The test build breaks a rule of the protocol on purpose (DSTREAM_BREAK); the
fault that the rule guards against is provoked again and again until the
verifier finds a violation, and the run stops at the first. A control that
finds none within --seconds (default 90) failed: the ring is blind there.

--intact provokes the same with every rule in force, for a third of the time:
then a violation is a failure, and the provocation must not be one itself."""

import argparse
import os
import random
import signal
import sys
import time

import ring
import verify
from chaos import SESSION
from rig import Rig
from ring import Failed, Invalid


class Control:
    """One rule. `env` makes its fault likely; provoke() is one attempt."""

    env = {}
    tries = 1000
    least = 0  # seconds of attempts, whatever --seconds says
    rate = 1500
    needs_proxy = False

    def __init__(self, rig, rnd):
        self.b = rig
        self.rnd = rnd
        self.attempts = 0

    def begin(self):
        for name in "ab":
            self.b.instance(name).start()
        self.b.progress(60, "the first rows")

    def found(self):
        return self.b.report.n > 0

    def sleep(self, seconds):
        """Sleeps, but not past the first violation."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.found():
            time.sleep(0.1)

    def stop_at(self, inst, point):
        """Restarts an instance that stops itself at a point."""
        if inst.alive():
            self.b.kill(inst)
        inst.start(point + ":stop")
        ring.wait(30, "%s stops at %s" % (inst.name, point),
                  lambda: inst.stopped() or not inst.alive())
        if not inst.stopped():
            raise Failed("%s ended with %s instead of stopping at %s: %s" % (
                inst.name, inst.child.returncode, point, inst.tail()))


class GroupIdOnly(Control):
    """Offsets whose metadata say only the group are never refused. A zombie
    with an open transaction, its partitions at another instance, commits
    when it wakes. The transaction's timeout is long, so that it may."""

    rule = "group_id_only"
    env = {"TXN": "60000"}

    def provoke(self):
        name = "ab"[self.attempts % 2]
        inst = self.b.instance(name)
        point = ("after_flush", "mid_produce")[self.attempts // 2 % 2]
        self.stop_at(inst, "%s:%d" % (point, self.rnd.randint(2, 7)))
        self.sleep(SESSION + 2.5)
        inst.signal(signal.SIGCONT)
        self.sleep(3)


class ApplyBeforeCommit(Control):
    """State that is applied before the commit stays when the transaction is
    aborted: the batch counts twice. The transaction times out at the broker
    while the process is stopped, and nobody takes over: the session is
    long. No crash, so the state in memory goes on to be used. Where the state
    has brought its input positions along, nothing counts twice, but the rows
    of that batch are never sent: that shows only at rest, after a few tries,
    in the words that come once."""

    tries = 5
    rule = "apply_before_commit"
    env = {"TXN": "5000", "SESSION": "40000"}

    def provoke(self):
        inst = self.b.instance("ab"[self.attempts % 2])
        self.stop_at(inst, "before_commit:%d" % self.rnd.randint(2, 9))
        fast = os.environ.get("RING_FAST_ABORT")
        self.sleep(5 + (2.5 if fast else 10.5))
        inst.signal(signal.SIGCONT)
        self.sleep(3)


class RestoreLso(Control):
    """A dead writer's open transaction holds the last stable offset of the
    changelog back. The next owner commits above it and dies; the one after
    that restores to the LSO and misses what was committed above. The dead
    one stays dead: its successor would abort the transaction at once."""

    rule = "restore_lso"
    env = {"TXN": "25000"}
    least = 240  # an attempt takes half a minute; the heir may be late

    def provoke(self):
        dead = self.b.instance("ab"[self.attempts % 2])
        heir = self.b.instance("ba"[self.attempts % 2])
        if not heir.alive():
            heir.start()
        if dead.alive():
            self.b.kill(dead)
        dead.start("%s:%d" % ("after_flush" if self.attempts % 3 else
                              "mid_produce", self.rnd.randint(4, 11)))
        if dead.wait(30) != -signal.SIGKILL:
            raise Failed("%s: %s" % (dead.name, dead.tail()))
        self.sleep(SESSION + 5)
        for _ in range(2):
            self.b.ensure(heir)
            self.b.kill(heir)
            heir.wipe()
            heir.start()
            self.sleep(3)
        # The output's reader waits at the same open transaction.
        self.sleep(25 - SESSION - 11 +
                   (2 if os.environ.get("RING_FAST_ABORT") else 11))
        self.b.ensure(heir)


class NoTaint(Control):
    """A producer that goes on after a lost answer: the delayed first copy of
    EndTxn commits the first half of the next transaction, that of
    TxnOffsetCommit moves the offsets back."""

    rule = "no_taint"
    needs_proxy = True

    def begin(self):
        super().begin()
        self.b.proxy.ask("add ghost EndTxn times=100000 gap=400")
        self.b.proxy.ask("add ghost TxnOffsetCommit times=100000 gap=700")

    def provoke(self):
        """Kills make the group read the offsets that went back."""
        self.sleep(4)
        inst = self.b.instance(self.rnd.choice("ab"))
        self.b.ensure(inst)
        self.b.kill(inst)
        inst.start()
        self.sleep(2)


CONTROLS = [NoTaint, GroupIdOnly, ApplyBeforeCommit, RestoreLso]


def run(cls, args, seed):
    """(passed, text) of one control."""
    rnd = random.Random(seed)
    env = dict(cls.env)
    if not args.intact:
        env["DSTREAM_BREAK"] = cls.rule
    seconds = max(args.seconds, cls.least)
    if args.intact:
        seconds = args.seconds / 3
    if cls.needs_proxy and not (os.environ.get("DSTREAM_PROXIED")
                                and os.environ.get("RING_PROXY_PORT")):
        raise Invalid("this control needs the proxy")
    job = "%s-%d" % (cls.rule.replace("_", "-"), seed)
    with Rig(job, seed, cls.rate, stop_first=True, env=env,
               keep=args.keep) as rig:
        c = cls(rig, rnd)
        text = attempts(c, seconds)
        if not c.found() and not text:
            text = at_rest(c)
        ghosts = ""
        if rig.proxy:
            ghosts = " %s" % rig.proxy.ask("stats")["codes"]
        if rig.follower.error:
            raise Invalid("the follower: %s" % rig.follower.error)
        kept = rig.report.kept[:1]
    what = "%d attempts%s: %s" % (c.attempts, ghosts,
                                  kept[0] if kept else "no violation")
    if text:
        raise Invalid("%s; %s" % (text, what))
    return bool(kept) != args.intact, what


def attempts(c, seconds):
    """Provokes until a violation or the end of the time. The text of a fault
    that did not happen, else None."""
    try:
        c.begin()
        end = time.monotonic() + seconds
        while not c.found() and time.monotonic() < end and \
                c.attempts < c.tries:
            c.provoke()
            c.attempts += 1
    except verify.Stop:
        pass
    except (Invalid, Failed) as e:
        if not c.found():
            return str(e)
    return None


def at_rest(c):
    """What the follower could not see, the verdict at rest may."""
    b = c.b
    try:
        if b.proxy:
            b.proxy.ask("clear")
        b.feeder.stop()
        for name in "ab":
            if b.instance(name).stopped():
                b.instance(name).signal(signal.SIGCONT)
            b.ensure(b.instance(name))
        b.catch_up(90)
        b.end_all()
        verify.verify(b.brokers, b.names, b.report)
    except verify.Stop:
        pass
    except (Invalid, Failed) as e:
        return str(e)
    return None


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("rules", nargs="*", metavar="RULE",
                    help=" ".join(c.rule for c in CONTROLS))
    ap.add_argument("--seconds", type=float, default=90)
    ap.add_argument("--seed", type=int, default=None)
    ap.add_argument("--intact", action="store_true")
    ap.add_argument("--keep", action="store_true", help="keep the logs")
    args = ap.parse_args()
    signal.signal(signal.SIGTERM, ring.leave_nothing)
    known = {c.rule: c for c in CONTROLS}
    for r in args.rules:
        if r not in known:
            ap.error("unknown rule " + r)
    seed = args.seed if args.seed is not None else random.randrange(10 ** 5)
    passed = failed = 0
    rows = []
    for cls in [known[r] for r in args.rules] or CONTROLS:
        start = time.monotonic()
        ring.say("control %s, seed %d%s" % (
            cls.rule, seed, ", intact" if args.intact else ""))
        try:
            ok, what = run(cls, args, seed)
        except Exception as e:
            ok, what = False, "invalid: %s" % e
        ring.say("%s %s: %s" % ("ok" if ok else "FAIL", cls.rule, what))
        rows.append((cls.rule, "ok" if ok else "FAIL",
                     "%d s" % (time.monotonic() - start), what[:90]))
        passed, failed = passed + ok, failed + (not ok)
    ring.say("\n" + ring.table(rows, ("control", "", "took", "what")))
    return ring.verdict(passed, failed)


if __name__ == "__main__":
    sys.exit(main())
