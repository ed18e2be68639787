#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""poison.py - hostile records of all formats, with kill -9 in between.

    poison.py [--seconds N] [--seed N] [--version V]

Two instances of poison.yaml read what corpus.py says, among good records, and
are killed at random moments and at every fault point. At the end output and
dead letters together must be the input: each record in the place that its case
names and in no other, once, with its key, value, headers and time byte for
byte, in the order of its partition; and a state by key must hold each of its
records once. Then the same job under another name reads it all at once, and
the sums that it logs must be those that were counted here. Last, what was found
is damaged in every way, and each must be noticed."""

import argparse
import calendar
import collections
import copy
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
from decimal import Decimal

from confluent_kafka import KafkaException, Producer

import corpus
import ring
from ring import Failed, Invalid

PARTS = 3
FORMATS = ("json", "any", "csv", "avro", "text", "raw", "sums")
MARK = "poison.at"
AT = "_topic || ':' || _partition::text || ':' || _offset::text"
POINTS = ("after_poll", "before_produce", "mid_produce", "after_flush",
          "after_offsets", "before_commit", "after_commit", "before_store",
          "after_store")
LAW = (("in", "made"),
       ("out", "crossed", "kept", "filtered", "late", "dlq", "skipped"))
WHY = ("__streams.errors.exception", "__streams.errors.message",
       "__streams.errors.topic", "__streams.errors.partition",
       "__streams.errors.offset", "__dstream.errors.job",
       "__dstream.errors.stream", "__dstream.errors.op",
       "__dstream.errors.code", "__dstream.errors.where")


class Record:
    """A record as it stands in a topic."""

    def __init__(self, m):
        self.topic, self.partition = m.topic(), m.partition()
        self.offset = m.offset()
        self.key, self.value = m.key(), m.value()
        self.headers = m.headers() or []
        self.ts = m.timestamp()[1]

    def place(self):
        return (self.topic, self.partition, self.offset)


def read(brokers, topic):
    return [Record(m) for m in ring.read(brokers, topic)]


# -- input -----------------------------------------------------------------------

class Feeder(threading.Thread):
    """Every case again and again, in any order, among good records; what has a
    key goes to its key's partition."""

    def __init__(self, brokers, prefix, rate, seed):
        super().__init__(daemon=True)
        self.prefix, self.rate = prefix, rate
        self.rnd = random.Random(seed)
        self.stop_ = threading.Event()
        self.sent = {}
        self.lost = []
        self.now = int(time.time() * 1000)
        self.p = Producer({"bootstrap.servers": brokers, "log_level": 0,
                           "enable.idempotence": True, "linger.ms": 5,
                           "message.max.bytes": 2000000})

    def put(self, case, key=None, headers=None):
        part = self.rnd.randrange(PARTS) if key is None else \
            ring.partition_of(key, PARTS)

        def delivered(err, m):
            if err:
                self.lost.append("%s: %s" % (case.name, err))
            else:
                self.sent[m.topic(), m.partition(), m.offset()] = case
        self.p.produce("%s-%s" % (self.prefix, case.format), case.value, key,
                       part, headers=headers or [], on_delivery=delivered,
                       timestamp=self.now - self.rnd.randrange(10 ** 9))

    def any_way(self, case):
        """With some key and some headers."""
        self.put(case, corpus.key(self.rnd, case), corpus.headers(self.rnd))

    def turn(self):
        """All cases once, and as many good ones."""
        todo = corpus.cases()
        todo += [corpus.good(self.rnd) for _ in todo]
        self.rnd.shuffle(todo)
        return todo

    def run(self):
        start, done, todo = time.monotonic(), 0, []
        for case in corpus.large_cases():
            self.put(case)
        while not self.stop_.wait(0.02):
            due = int((time.monotonic() - start) * self.rate)
            for _ in range(due - done):
                todo = todo or self.turn()
                self.any_way(todo.pop())
            done = due
            self.p.poll(0)
        for case in todo:
            self.any_way(case)
            self.p.poll(0)

    def end(self):
        self.stop_.set()
        self.join(30)
        if self.p.flush(60) or self.lost:
            raise Invalid("the input was not written: %s" % self.lost[:3])


# -- the verdict -------------------------------------------------------------------

def known_text(data):
    """As PostgreSQL could hold it, else None."""
    try:
        s = data.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in s else s


def want_any(record):
    """The columns of metadata that from_any adds."""
    texts = {k: v if v is None else known_text(v) for k, v in record.headers}
    bad = any(v is not None and known_text(v) is None
              for _, v in record.headers)
    return {"k": record.key if record.key is None else known_text(record.key),
            "h": None if bad else texts, "x": texts.get("x"),
            "ts": record.ts, "topic": record.topic,
            "part": record.partition, "off": record.offset}


def instant(s):
    """Milliseconds of a timestamptz in JSON."""
    m = re.fullmatch(r"(\d+-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z", s)
    whole = time.strptime(m.group(1), "%Y-%m-%dT%H:%M:%S")
    return calendar.timegm(whole) * 1000 + round(
        float(m.group(2) or 0) * 1000)


class Verdict:
    """What is wrong with outputs and dead letters, in `self.wrong`."""

    def __init__(self, input_, cases, job, places):
        self.input, self.cases, self.job = input_, cases, job
        self.lines = places  # of the job file
        self.wrong = collections.Counter()
        self.first = []
        self.count = collections.Counter()

    def say(self, kind, text):
        self.wrong[kind] += 1
        if self.wrong[kind] <= 3:
            self.first.append("%s: %.300s" % (kind, text))

    def same(self, m, source, what):
        """Key, headers, time and the key's partition are the source's."""
        if m.key != source.key:
            self.say("key", "%s: %r instead of %r" % (what, m.key, source.key))
        if m.ts != source.ts:
            self.say("time", "%s: %s instead of %s" % (what, m.ts, source.ts))
        if m.key is not None and \
                m.partition != ring.partition_of(m.key, PARTS):
            self.say("partition", "%s: key %r in %d" % (what, m.key,
                                                        m.partition))

    def output(self, m, place, headers):
        """A record of an output topic; the place that it came from."""
        source, case = self.input.get(place), self.cases.get(place)
        if source is None:
            self.say("stranger", "%s/%d/%d says it is of %s" % (m.place() +
                                                                (place,)))
            return
        what = "%s, %s" % (case.format, case.name)
        if case.fate != "out":
            self.say("fate", "%s: is output instead of %s: %.100r" % (
                what, case.fate, m.value))
        elif headers != source.headers:
            self.say("headers", "%s: %r instead of %r" % (what, headers,
                                                          source.headers))
        else:
            self.same(m, source, what)
            self.value(m, source, case, what)
        self.count[case.fate] += 1

    def value(self, m, source, case, what):
        want = case.want
        if not isinstance(want, dict):
            if m.value != want:
                self.say("value", "%s: %.100r" % (what, m.value))
            return
        row = json.loads(m.value, parse_float=Decimal)
        if case.format == "any":
            want = dict(want, **want_any(source))
            row["ts"] = instant(row["ts"])
        for k, v in want.items():
            if row.get(k, "absent") != v:
                self.say("value", "%s: %s is %.100r instead of %.100r" % (
                    what, k, row.get(k, "absent"), v))

    def letter(self, m):
        """A dead letter."""
        own = len(m.headers) - len(WHY)
        why = dict(m.headers[own:])
        if own < 0 or set(why) != set(WHY):
            self.say("why", "headers %r" % m.headers)
            return None
        why = {k: (v or b"").decode(errors="replace") for k, v in why.items()}
        place = (why["__streams.errors.topic"],
                 int(why["__streams.errors.partition"]),
                 int(why["__streams.errors.offset"]))
        source, case = self.input.get(place), self.cases.get(place)
        if source is None:
            self.say("stranger", "a dead letter of %s" % (place,))
            return None
        what = "%s, %s" % (case.format, case.name)
        if case.fate != "dlq":
            self.say("fate", "%s: is a dead letter instead of %s: %s" % (
                what, case.fate, why["__streams.errors.message"]))
        elif m.value != source.value:
            self.say("value", "%s: %.100r in the dead letter" % (what,
                                                                 m.value))
        elif m.headers[:own] != source.headers:
            self.say("headers", "%s: %r instead of %r" % (
                what, m.headers[:own], source.headers))
        else:
            self.same(m, source, what)
            self.why(why, case, what)
        self.count[case.fate] += 1
        return place

    def why(self, why, case, what):
        ends = case.op in ("source", "sink")
        stream = case.format if ends else "from_" + case.format
        for k, want in (("__dstream.errors.job", self.job),
                        ("__dstream.errors.code", case.code),
                        ("__dstream.errors.op", case.op),
                        ("__dstream.errors.stream", stream),
                        ("__streams.errors.exception", {
                            "E06": "DecodeError", "E07": "EvaluationError"
                        }.get(case.code[:3], "RecordError"))):
            if why[k] != want:
                self.say("why", "%s: %s is %r instead of %r: %s" % (
                    what, k, why[k], want, why["__streams.errors.message"]))
        if not why["__streams.errors.message"]:
            self.say("why", what + ": no message")
        file, line, col = why["__dstream.errors.where"].rsplit(":", 2)
        start = self.lines[int(line) - 1][int(col) - 1:]
        word = case.format if ends else case.op
        if not file.endswith("job.yaml") or not start.startswith(word):
            self.say("why", "%s: where is %s, there stands %.30r" % (
                what, why["__dstream.errors.where"], start))

    def sums(self, outputs):
        """The state of a key: at any time what its first records gave, each
        once, and in the end all of them."""
        want, last = collections.defaultdict(lambda: [0]), {}
        for place in sorted(self.cases):
            case = self.cases[place]
            if case.fate == "kept":
                totals = want[self.input[place].key]
                totals.append(totals[-1] + case.want)
                self.count["kept"] += 1
        for m in outputs:
            row = json.loads(m.value)
            if row["k"].encode() != m.key or m.headers or \
                    row["c"] <= last.get(m.key, 0) or \
                    want[m.key][row["c"]:row["c"] + 1] != [row["t"]]:
                self.say("state", "%s after %s records: %r" % (
                    row, last.get(m.key), m.headers))
            last[m.key] = row["c"]
        for key in set(want) | set(last):
            if last.get(key) != len(want[key]) - 1:
                self.say("state", "key %r: %s records instead of %s" % (
                    key, last.get(key), len(want[key]) - 1))

    def order(self, list_):
        """(record, place) in the order of the topic: ascending by source
        partition, and so none twice."""
        last = {}
        for m, place in list_:
            way = (m.topic, m.partition) + place[:2]
            if last.get(way, -1) >= place[2]:
                self.say("order", "%s: %d after %d" % (way, place[2],
                                                       last[way]))
            last[way] = place[2]

    def once(self, places):
        """Every record in one place, or in none if it is dropped."""
        times = collections.Counter(places)
        for place, case in self.cases.items():
            want = 1 if case.fate in ("out", "dlq") else 0
            if times[place] != want:
                self.say("missing" if times[place] < want else "doubled",
                         "%s, %s: %d times: %s" % (
                             case.format, case.name, times[place], place))


def placed(m):
    """The place that the sink's header names, and the other headers."""
    marks = [v for k, v in m.headers if k == MARK]
    topic, part, off = marks[-1].decode().split(":")
    return ((topic, int(part), int(off)),
            [h for h in m.headers if h[0] != MARK])


def raw_places(v, prefix, outputs):
    """Bytes say nothing of their place: of each key (and of none) those of a
    partition in order; what has no key anywhere, so by all that it is."""
    want = collections.defaultdict(collections.deque)
    topic = prefix + "-raw"

    def all_of(m):
        return (m.key, m.value, tuple(m.headers), m.ts)
    for place in sorted(p for p in v.input if p[0] == topic):
        want[all_of(v.input[place])].append(place)
    out = []
    for m in outputs:
        if want[all_of(m)]:
            out.append((m, want[all_of(m)].popleft()))
        else:
            v.say("stranger", "raw: %r %.60r %r" % (m.key, m.value,
                                                    m.headers))
    return out


def any_place(m):
    row = json.loads(m.value)
    return (row["topic"], row["part"], row["off"])


def judge(found, input_, cases, job, prefix, lines):
    """found: {format or "dlq": records}. The verdict."""
    v = Verdict(input_, cases, job, lines)
    places = []
    v.sums(found["sums"])
    for f in FORMATS:
        if f == "sums":
            continue
        if f == "raw":
            list_ = [(m, p, m.headers)
                     for m, p in raw_places(v, prefix, found[f])]
        elif f == "any":
            list_ = [(m, any_place(m), m.headers) for m in found[f]]
        else:
            list_ = [(m,) + placed(m) for m in found[f]]
        for m, place, headers in list_:
            v.output(m, place, headers)
        v.order([(m, p) for m, p, _ in list_
                 if f != "raw" or m.key is not None])
        places += [p for _, p, _ in list_]
    letters = [(m, v.letter(m)) for m in found["dlq"]]
    v.order([(m, p) for m, p in letters if p])
    v.once(places + [p for _, p in letters if p])
    return v


# -- the run --------------------------------------------------------------------------

class Poison:
    def __init__(self, args):
        self.brokers = os.environ["DSTREAM_BROKERS"]
        self.rnd = random.Random(args.seed)
        self.seconds = args.seconds
        self.name = "poison-%05x" % random.SystemRandom().randrange(16 ** 5)
        self.work = tempfile.mkdtemp(prefix="poison-")
        self.env = {"KAFKA": self.brokers}
        self.kills = collections.Counter()
        self.instances = {}
        with open(os.path.join(self.work, "poison.avsc"), "w") as f:
            json.dump(corpus.SCHEMA, f)
        self.topics([self.name + "-" + f for f in FORMATS])
        self.job = self.job_file(self.name)
        self.feeder = Feeder(self.brokers, self.name, args.rate, args.seed)

    def topics(self, names, **more):
        ring.create_topics(self.brokers, names, PARTS, dict(
            {"retention.ms": "-1"}, **more))

    def job_file(self, job):
        """The job under a name of its own, with outputs of its own."""
        self.topics(["%s-%s-out" % (job, f) for f in FORMATS])
        # A dead letter is larger than its record: by the headers.
        self.topics([job + "-dlq"], **{"max.message.bytes": "2097152"})
        with open(os.path.join(ring.HERE, "poison.yaml")) as f:
            text = f.read() % {"job": job, "from": self.name, "at": AT}
        os.makedirs(os.path.join(self.work, job))
        path = os.path.join(self.work, job, "job.yaml")
        with open(path, "w") as f:
            f.write(text)
        shutil.copy(os.path.join(self.work, "poison.avsc"),
                    os.path.dirname(path))
        return path

    def instance(self, name):
        if name not in self.instances:
            self.instances[name] = ring.Instance(name, self.work, self.job,
                                                 self.env)
        return self.instances[name]

    def restart(self, i):
        fault = None
        if self.rnd.random() < 0.6:
            fault = "%s:%d" % (self.rnd.choice(POINTS),
                               self.rnd.randint(1, 8))
        i.start(fault)

    def ended(self, i):
        """One that is not alive: by its fault, or it is a failure."""
        rc = i.child.returncode
        if rc != -signal.SIGKILL:
            raise Failed("%s ended with %s: %s" % (i.name, rc, i.tail()))
        self.kills["fault"] += 1

    def chaos(self):
        end = time.monotonic() + self.seconds
        names = ["a"]
        self.instance("a").start()
        while time.monotonic() < end:
            if time.monotonic() > end - self.seconds / 2 and len(names) == 1:
                names.append("b")
                self.instance("b").start()
            wake = time.monotonic() + self.rnd.uniform(0.3, 4)
            while time.monotonic() < min(wake, end):
                time.sleep(0.05)
                for n in names:
                    i = self.instance(n)
                    if not i.alive():
                        self.ended(i)
                        self.restart(i)
            i = self.instance(self.rnd.choice(names))
            if i.alive():
                i.kill()
                self.kills["random"] += 1
                self.restart(i)
        self.done_before = sum(ring.group_offsets(self.brokers,
                                                  self.name).values())
        for n in names:
            i = self.instance(n)
            if i.alive():
                i.kill()
                self.kills["random"] += 1
            else:
                self.ended(i)

    def until_end(self, job, path):
        i = ring.Instance("a", os.path.join(self.work, job), path, self.env)
        rc = i.start(extra=["--until-end"]).wait(120)
        if rc != 0:
            i.signal(signal.SIGKILL)
            raise Failed("--until-end: exit %s: %s" % (rc, i.tail()))
        return i

    def look(self, job):
        found = {f: read(self.brokers, "%s-%s-out" % (job, f))
                 for f in FORMATS}
        found["dlq"] = read(self.brokers, job + "-dlq")
        return found

    def input(self):
        got = {r.place(): r for f in FORMATS
               for r in read(self.brokers, "%s-%s" % (self.name, f))}
        if set(got) != set(self.feeder.sent):
            raise Invalid("%d records were sent, %d are there" % (
                len(self.feeder.sent), len(got)))
        return got

    def judge(self, job, path, found=None):
        with open(path) as f:
            lines = f.read().split("\n")
        return judge(found or self.look(job), self.records, self.feeder.sent,
                     job, self.name, lines)

    # -- the law of conservation --

    def sums(self, logfile):
        """Every line of sums in a log; each must add up."""
        out = []
        with open(logfile, errors="replace") as f:
            for line in f:
                if '"out":' not in line or '"crossed":' not in line:
                    continue
                row = json.loads(line)
                left, right = (sum(row[k] for k in side) for side in LAW)
                if left != right:
                    raise Failed("it does not add up: " + line)
                out.append(row)
        return out

    def law(self, inst, verdict):
        last = [r for r in self.sums(inst.logfile) if r["msg"] == "ended"]
        if len(last) != 1:
            raise Failed("no line of sums at the end: " + inst.tail())
        fates = collections.Counter(c.fate for c in self.feeder.sent.values())
        rows = len(read(self.brokers, self.name + "-2-sums-out"))
        want = {"in": len(self.records), "made": rows, "crossed": 0,
                "kept": fates["kept"], "late": 0,
                "out": verdict.count["out"] + rows,
                "dlq": verdict.count["dlq"], "skipped": fates["skip"],
                "filtered": fates["filter"]}
        got = {k: last[0][k] for k in want}
        if got != want:
            raise Failed("the log's sums are %s instead of %s" % (got, want))
        return got

    # -- the whole --

    def run(self):
        self.feeder.start()
        self.chaos()
        self.feeder.end()
        self.records = self.input()
        total = len(self.records)
        if sum(self.kills.values()) < 6 or self.done_before < total / 5:
            raise Invalid("%s kills, %d of %d records before the last one" % (
                dict(self.kills), self.done_before, total))
        self.instances["end"] = self.until_end(self.name, self.job)
        found = self.look(self.name)
        v = self.judge(self.name, self.job, found)
        ring.say("%d records, %s; %s kills" % (
            total, dict(v.count), dict(self.kills)))
        if v.wrong:
            raise Failed("%s\n  %s" % (dict(v.wrong), "\n  ".join(v.first)))
        lines = sum(len(self.sums(i.logfile))
                    for i in self.instances.values())
        ring.say("%d lines of sums add up" % lines)
        self.at_once()
        damage(self, found)

    def at_once(self):
        """The same in one go, under another name."""
        job = self.name + "-2"
        path = self.job_file(job)
        i = self.until_end(job, path)
        v = self.judge(job, path)
        if v.wrong:
            raise Failed("at once: %s\n  %s" % (dict(v.wrong),
                                                "\n  ".join(v.first)))
        ring.say("at once: " + str(self.law(i, v)))

    def close(self, ok):
        self.feeder.stop_.set()
        for i in self.instances.values():
            if i.alive():
                i.signal(signal.SIGKILL)
                i.wait(10)
        if ok:
            shutil.rmtree(self.work, ignore_errors=True)
        else:
            ring.say("logs and state: " + self.work)


# -- can the verdict fail? ----------------------------------------------------------

def with_(m, **more):
    m = copy.copy(m)
    for k, v in more.items():
        setattr(m, k, v)
    return m


def damages(found, rnd):
    """(the kind that must be found, what was found with one thing wrong)."""
    def change(where, kind, fn, fits=lambda m: True):
        list_ = list(found[where])
        at = rnd.choice([i for i, m in enumerate(list_) if fits(m)])
        list_[at:at + 1] = fn(list_[at])
        return kind, dict(found, **{where: list_})

    def header(m, name, value):
        # Not the record's own headers, which may have the same names.
        own = len(m.headers) - len(WHY)
        return [with_(m, headers=m.headers[:own] + [
            (k, value if k == name else v) for k, v in m.headers[own:]])]
    keyed = [m for m in found["text"] if m.key is not None]
    for where in ("json", "dlq"):
        yield change(where, "missing", lambda m: [])
        yield change(where, "doubled", lambda m: [m, m])
        yield change(where, "key", lambda m: [with_(m, key=b"other")])
        yield change(where, "time", lambda m: [with_(m, ts=m.ts + 1)])
        yield change(where, "headers", lambda m: [with_(
            m, headers=[("more", b"")] + m.headers)])
        yield change(where, "partition", lambda m: [with_(
            m, partition=(m.partition + 1) % PARTS)],
            lambda m: m.key is not None)
        yield change(where, "value", lambda m: [with_(
            m, value=b"{}" if where == "json" else (m.value or b"") + b" ")])
    yield change("dlq", "why", lambda m: header(
        m, "__dstream.errors.code", b"E0999"))
    yield change("dlq", "why", lambda m: header(
        m, "__dstream.errors.where", b"job.yaml:1:1"))
    yield change("dlq", "why", lambda m: [with_(m, headers=m.headers[:-1])])
    yield change("raw", "missing", lambda m: [])
    yield change("raw", "stranger", lambda m: [with_(
        m, value=(m.value or b"") + b"x")])
    yield change("sums", "state", lambda m: [m, m])
    yield change("sums", "state", lambda m: [one_more(m, "t")])
    # The last one is the last of its key: before it a record could be missing
    # from the state and still come.
    rest, last = found["sums"][:-1], found["sums"][-1]
    yield "state", dict(found, sums=rest + [one_more(last, "c")])
    yield "state", dict(found, sums=rest)
    m = rnd.choice(keyed)
    yield "fate", dict(found, dlq=found["dlq"] + [with_(m, headers=placed(
        m)[1] + letter_headers(m, found["dlq"][0]))])
    list_ = list(found["text"])
    ways = collections.defaultdict(list)
    for i, m in enumerate(list_):
        ways[m.partition, placed(m)[0][:2]].append(i)
    i, k = max(ways.values(), key=len)[:2]
    list_[i], list_[k] = list_[k], list_[i]
    yield "order", dict(found, text=list_)


def one_more(m, column):
    row = json.loads(m.value)
    row[column] += 1
    return with_(m, value=json.dumps(row).encode())


def letter_headers(m, like):
    """Those of a dead letter, for a record that is none."""
    topic, part, off = placed(m)[0]
    own = dict(like.headers[-len(WHY):])
    own.update({"__streams.errors.topic": topic.encode(),
                "__streams.errors.partition": b"%d" % part,
                "__streams.errors.offset": b"%d" % off})
    return list(own.items())


def damage(poison, found):
    n = 0
    for kind, damaged in damages(found, poison.rnd):
        v = poison.judge(poison.name, poison.job, damaged)
        if not v.wrong[kind]:
            raise Failed("the verdict does not see what is damaged (%s): %s" %
                         (kind, dict(v.wrong)))
        n += 1
    ring.say("%d damages, each was seen" % n)


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("--seconds", type=int, default=35)
    ap.add_argument("--rate", type=int, default=400)
    ap.add_argument("--seed", type=int, default=None)
    ap.add_argument("--version", default="")
    args = ap.parse_args()
    if args.seed is None:
        args.seed = random.SystemRandom().randrange(10 ** 6)
    ring.say("poison %s, seed %d" % (args.version, args.seed))
    signal.signal(signal.SIGTERM, ring.leave_nothing)
    if not os.environ.get("DSTREAM_BROKERS"):
        ap.error("DSTREAM_BROKERS is not set")
    poison = Poison(args)
    ok = False
    try:
        poison.run()
        ok = True
    except (Failed, Invalid, KafkaException) as e:
        ring.say("FAIL: %s" % e)
    finally:
        poison.close(ok)
    return ring.verdict(int(ok), int(not ok))


if __name__ == "__main__":
    sys.exit(main())
