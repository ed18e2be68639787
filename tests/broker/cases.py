#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cases.py - what bad input, a bad cluster and an operator's hand get.

    cases.py [NAME…]

Each case runs the program on a real broker, with topics of its own: the exit
code, a message that names the thing, no output, no moved offset; or, where
the job may go on, the exact result."""

import argparse
import concurrent.futures
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

from confluent_kafka import KafkaException, Producer

import corpus
import ring
from case import COUNT, HEAD, KEYED, ROWS, SUMS, WORDS, Case
from case_tables import (case_table_of_a_file, case_table_of_a_topic,
                         case_table_of_its_own, case_table_of_other_partitions)
from ring import Failed, Invalid


# -- the cases: a function each, found by its name --------------------------

def case_until_end(c):
    """--until-end ends when the later stage has committed too."""
    c.topics()
    c.words()
    path = c.write(WORDS)
    c.until_end(path)
    c.exact()
    c.words()
    c.until_end(path)
    c.exact()


def case_broken_file(c):
    c.topics()
    c.words()
    path = c.write(WORDS.replace("keyBy", "keyBuy")
                   .replace("format: json", "format: jsn"))
    got = c.run(path)
    c.ends(got, 78, "keyBuy", "jsn", "job.yaml:")
    c.nothing()
    c.check(not ring.partition_count(c.brokers, c.job +
                                     ".counts.repartition"),
            "an internal topic was created")


def case_missing_source(c):
    ring.create_topics(c.brokers, [c.sink])
    c.ends(c.run(c.write(WORDS)), 78, c.source)
    c.check(not ring.partition_count(c.brokers, c.source),
            "the source topic was created")
    c.nothing()


def case_missing_sink(c):
    ring.create_topics(c.brokers, [c.source])
    c.words()
    c.ends(c.run(c.write(WORDS)), 78, c.sink)
    c.check(not ring.partition_count(c.brokers, c.sink),
            "the sink topic was created")
    c.check(not c.committed(), "offsets moved")


def case_missing_dead_letter_topic(c):
    dlq = c.job + "-dlq"
    c.topics()
    put_rows(c, b"{")
    c.ends(c.run(c.write(ROWS + "errors: {dlq: %(dlq)s}\n", more="",
                         dlq=dlq)), 78, dlq)
    c.nothing()


def case_unreachable(c):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        there = "127.0.0.1:%d" % s.getsockname()[1]
        c.ends(c.run(c.write(WORDS), env={"KAFKA": there}), 69, there)


def case_state_locked(c):
    """The second process leaves within 5 s, before it fences the first."""
    c.topics()
    c.words()
    path = c.write(WORDS)
    first = c.instance(path).start()
    ring.wait(30, "the first has its counts",
              lambda: sum(c.counts().values()) == sum(c.want.values()), 0.5)
    start = time.monotonic()
    got = c.run(path, state=first.state, seconds=15)
    took = time.monotonic() - start
    c.ends(got, 73, first.state)
    c.check(took < 5.5, "it took %.1f s" % took)
    c.words()
    ring.wait(15, "the first goes on",
              lambda: sum(c.counts().values()) == sum(c.want.values()), 0.5)
    c.check(first.alive(), "the first ended: " + first.tail())
    c.exact()


def case_state_foreign(c):
    c.topics()
    c.words()
    path = c.write(WORDS)
    c.until_end(path)
    mine = c.instances[-1]
    other = c.job + ".b"
    shutil.copytree(os.path.join(mine.state, c.job),
                    os.path.join(mine.state, other))
    before = len(c.rows())
    with open(path) as f:
        text = f.read().replace("job: " + c.job, "job: " + other)
    path2 = os.path.join(c.work, "other.yaml")
    with open(path2, "w") as f:
        f.write(text)
    c.ends(c.run(path2, state=mine.state), 78, c.job)
    c.check(len(c.rows()) == before, "there is output")
    c.check(not c.committed(other), "offsets moved")


def case_offsets_ahead(c):
    """Group offsets ahead of the state: somebody must decide (H6)."""
    c.topics()
    c.keyed()
    path = c.write(KEYED, update=COUNT)
    c.until_end(path)
    c.alone()
    before = len(c.rows())
    c.keyed()
    at = {tp: o + 2 for tp, o in c.committed().items() if o > 2}
    ring.set_group_offsets(c.brokers, c.job, at)
    moved = c.committed()
    got = c.run(path, state=c.instances[-1].state)
    c.ends(got, 3, c.source)
    c.check(len(c.rows()) == before, "there is output")
    c.check(c.committed() == moved, "offsets moved")


def case_offsets_lower(c):
    """Lower ones: the state knows better, nothing counts twice."""
    c.topics()
    c.keyed()
    path = c.write(KEYED, update=COUNT)
    c.until_end(path)
    c.alone()
    c.keyed()
    at = {tp: o - 2 for tp, o in c.committed().items() if o > 2}
    ring.set_group_offsets(c.brokers, c.job, at)
    c.until_end(path, state=c.instances[-1].state)
    c.exact()


def case_offsets_missing(c):
    """The group is gone, and so is the local state: the changelog knows."""
    c.topics()
    c.keyed()
    path = c.write(KEYED, update=COUNT)
    c.until_end(path)
    c.alone()
    c.keyed()
    ring.delete_group(c.brokers, c.job)
    c.until_end(path, state=os.path.join(c.work, "elsewhere"))
    c.exact()


def put_rows(c, bad_value, bad_headers=None):
    """40 good records and a bad one, in partition 2; its offset."""
    for i in range(20):
        for p in (2, 4):
            if (i, p) == (12, 2):
                c.put(2, bad_value, b"bad\0key", bad_headers)
            c.put(p, json.dumps({"id": i * 10 + p, "v": 5}).encode())
    c.flush()
    return 12


def ids(c):
    """The ids in the output; one that stands twice is an error."""
    got = [ring.to_json(m.value())["id"] for m in c.rows()]
    c.check(len(got) == len(set(got)), "rows stand twice: %s" % sorted(got))
    return set(got)


def case_poison_stops(c):
    """It stops at the record, with everything before it committed, and
    again after a restart."""
    c.topics()
    at = put_rows(c, b'{"id": 7, "v": ')
    path = c.write(ROWS, more="")
    place = "topic %s partition 2 offset %d" % (c.source, at)
    for turn in range(3):
        got = c.run(path)
        c.ends(got, 1, place)
        have = c.committed().get((c.source, 2))
        c.check(have == at, "turn %d: the offset is %s instead of %d" % (
            turn, have, at))
        here = {i for i in ids(c) if i % 10 == 2}
        c.check(here == {i * 10 + 2 for i in range(12)},
                "turn %d: the rows before it are %s" % (turn, sorted(here)))


def case_poison_of_an_operator(c):
    """The same for a record on which an expression fails."""
    c.topics()
    at = put_rows(c, b'{"id": 7, "v": 0}')
    got = c.run(c.write(ROWS, more=""))
    c.ends(got, 1, "topic %s partition 2 offset %d" % (c.source, at))
    c.check(c.committed().get((c.source, 2)) == at, "the offset is %s" %
            c.committed())


ONE = HEAD + """\
sources:
  lines: {kafka: {topic: %(source)s, %(format)s}}
streams:
  out: {from: lines, do: [{map: "%(map)s, _offset AS off"}]}
sinks:
  out: {from: out, kafka: {topic: %(sink)s, format: json}}
"""


def stops(c, format_, map_, good, bad):
    """A job that stops at a bad record, between good ones, at each start."""
    c.topics()
    for i in range(20):
        c.put(2, bad if i == 12 else good)
    c.flush()
    path = c.write(ONE, format=format_, map=map_)
    for turn in range(2):
        c.ends(c.run(path), 1,
               "topic %s partition 2 offset 12: error[E0" % c.source)
        c.check(c.committed().get((c.source, 2)) == 12,
                "turn %d: the offsets are %s" % (turn, c.committed()))
        offs = [ring.to_json(m.value())["off"] for m in c.rows()]
        c.check(offs == list(range(12)), "turn %d: rows %s" % (turn, offs))


def case_poison_stops_csv(c):
    stops(c, "format: csv, columns: {id: bigint, d: date}", "id, d",
          b"1,2026-01-31", b"1,2026-02-30")


def case_poison_stops_avro(c):
    with open(os.path.join(c.work, "p.avsc"), "w") as f:
        json.dump(corpus.SCHEMA, f)
    stops(c, "format: avro, schema: {file: p.avsc}", "id, num",
          corpus.avro(), corpus.avro()[:-1])


def case_poison_stops_new_types(c):
    """An expression over numeric, date and jsonb."""
    stops(c, "columns: {n: numeric, d: date, j: jsonb}",
          "n * n AS n, d + 1 AS d, (j->>'x')::numeric AS x",
          b'{"n": 1.5, "d": "2026-01-31", "j": {"x": 1}}',
          b'{"n": 1e30, "d": "2026-01-31", "j": {"x": 1}}')


def case_poison_larger_than_the_dead_letters_take(c):
    """There is no place for it: the job stops there, and says so."""
    dlq = c.job + "-dlq"
    c.topics(dlq)
    c.p = Producer({"bootstrap.servers": c.brokers, "log_level": 0,
                    "enable.idempotence": True, "message.max.bytes": 2000000})
    c.put(2, b'{"id": 1}')
    c.put(2, b"x" * corpus.LARGE)
    c.flush()
    path = c.write(ROWS + "errors: {dlq: %(dlq)s}\n", more="", dlq=dlq)
    for _ in range(2):
        c.ends(c.run(path), 1, dlq, "topic %s partition 2 offset 1" %
               c.source)
        c.check(c.committed().get((c.source, 2)) == 1, "the offsets are %s" %
                c.committed())
    c.check(ids(c) == {1} and not c.rows(dlq), "rows: %s" % ids(c))


def case_poison_skipped(c):
    c.topics()
    put_rows(c, b'{"id": 7, "v": 0}')
    c.until_end(c.write(ROWS, more="        on_error: skip"))
    c.check(len(ids(c)) == 40 and 7 not in ids(c), "rows: %s" % ids(c))
    end = ring.offsets_of(c.brokers, c.source)
    c.check(c.committed().get((c.source, 2)) == end[2], "offsets: %s" %
            c.committed())


def case_poison_dead_letter(c):
    """The original bytes, and where they came from in headers."""
    dlq = c.job + "-dlq"
    c.topics(dlq)
    headers = [("h", b"\0\xff"), ("h", b""), ("n", None)]
    bad = b'{"id": "\xff", '
    at = put_rows(c, bad, headers)
    path = c.write(ROWS + "errors: {dlq: %(dlq)s}\n", more="", dlq=dlq)
    c.until_end(path)
    c.check(len(ids(c)) == 40, "rows: %s" % sorted(ids(c)))
    letters = c.rows(dlq)
    c.check(len(letters) == 1, "%d dead letters" % len(letters))
    m = letters[0]
    c.check(m.key() == b"bad\0key" and m.value() == bad,
            "key %r, value %r" % (m.key(), m.value()))
    got = m.headers() or []
    c.check([h for h in got if not h[0].startswith("__")] == headers,
            "headers %r" % got)
    has = {k: (v or b"").decode() for k, v in got if k.startswith("__")}
    for key, want in (("__streams.errors.topic", c.source),
                      ("__streams.errors.partition", "2"),
                      ("__streams.errors.offset", str(at)),
                      ("__dstream.errors.job", c.job)):
        c.check(has.get(key) == want, "header %s is %r" % (key,
                                                           has.get(key)))
    for key in ("__streams.errors.exception", "__streams.errors.message",
                "__dstream.errors.stream", "__dstream.errors.op",
                "__dstream.errors.code", "__dstream.errors.where"):
        c.check(key in has, "no header %s: %s" % (key, sorted(has)))
    c.rest([c.sink, dlq])


def case_error_limit(c):
    """Dead letters are for a few: past the limit, of all workers together,
    the job fails."""
    dlq = c.job + "-dlq"
    c.topics(dlq)
    for i in range(60):
        c.put(i % ring.PARTITIONS, b"{")
    c.flush()
    got = c.run(c.write(ROWS + "errors: {dlq: %(dlq)s, limit: 20/1m}\n"
                        "workers: 3\n", more="", dlq=dlq))
    c.ends(got, 1, "limit")
    letters = len(c.rows(dlq))
    done = sum(c.committed().values())
    c.check(letters == done <= 20, "%d dead letters for %d records" % (
        letters, done))
    c.check(not c.rows(), "there is output")


def case_changelog_deleted(c):
    """The state would be lost: somebody must decide."""
    c.topics()
    c.keyed()
    path = c.write(KEYED, update=COUNT)
    c.until_end(path)
    c.alone()
    before, moved = len(c.rows()), c.committed()
    c.keyed()
    ring.delete_topics(c.brokers, [c.job + ".counts.changelog"])
    ring.wait(20, "the changelog is gone", lambda: not ring.partition_count(
        c.brokers, c.job + ".counts.changelog"))
    for state in (os.path.join(c.work, "elsewhere"), c.instances[-1].state):
        c.ends(c.run(path, state=state), 3, c.job + ".counts.changelog")
        c.check(len(c.rows()) == before, "there is output")
        c.check(c.committed() == moved, "offsets moved")


def case_changelog_deleted_and_nothing_to_read(c):
    """Lost state is told, and reset, also if there is no record to read."""
    c.topics()
    path = c.write(KEYED, update=COUNT)
    c.keyed()
    c.until_end(path)
    topic = c.job + ".counts.changelog"
    ring.delete_topics(c.brokers, [topic])
    c.ends(c.run(path, "--until-end"), 3, topic)
    c.ends(c.run(path, "--until-end", "--reset-state"), 0)
    c.want.clear()
    c.keyed_one("new")
    c.flush()
    c.until_end(path)
    got = ring.to_json(c.rows()[-1].value())
    c.check(got == {"word": "new", "n": 1}, "counted on: %s" % got)


def case_repartition_deleted(c):
    """Rows may have waited in it: nobody goes on as if nothing were."""
    c.topics()
    c.words()
    path = c.write(SUMS)
    c.until_end(path)
    got = sum(ring.to_json(m.value())["n"] for m in c.rows())
    c.check(got == sum(c.want.values()), "%d of %d rows" % (
        got, sum(c.want.values())))
    topic = c.job + ".sums.repartition"
    c.alone(c.job, c.job + ".sums")
    before, moved = len(c.rows()), c.committed()
    c.words()
    ring.delete_topics(c.brokers, [topic])
    ring.wait(20, "the topic is gone",
              lambda: not ring.partition_count(c.brokers, topic))
    for _ in range(2):
        c.ends(c.run(path), 3, topic)
        c.check(len(c.rows()) == before, "there is output")
        c.check(c.committed() == moved, "offsets moved")


def case_wrong_cleanup_policy(c):
    c.topics()
    c.words()
    topic = c.job + ".counts.changelog"
    ring.create_topics(c.brokers, [topic], config={
        "cleanup.policy": "delete"})
    c.ends(c.run(c.write(WORDS)), 78, topic, "cleanup.policy")
    c.nothing()


def case_wrong_partition_count(c):
    c.topics()
    c.words()
    topic = c.job + ".counts.changelog"
    ring.create_topics(c.brokers, [topic], partitions=3, config={
        "cleanup.policy": "compact"})
    c.ends(c.run(c.write(WORDS)), 78, topic, "partitions")
    c.nothing()


def case_source_grows(c):
    """Keys cross a topic that keeps its partitions: the counts go on, over a
    growth while the job runs and over a restart."""
    c.topics()
    path = c.write(WORDS)
    one = c.instance(path)
    one.start()
    c.words()
    ring.wait(30, "the first counts", lambda: c.counts() == dict(c.want), 0.5)
    grown = ring.PARTITIONS + 3
    ring.grow_topic(c.brokers, c.source, grown)
    c.producer()
    for i in range(grown):
        c.want["grown"] += 1
        c.put(i, b"grown")
    c.flush()
    ring.wait(60, "the counts of the new partitions",
              lambda: c.counts() == dict(c.want), 0.5)
    one.signal(signal.SIGTERM)
    c.check(one.wait(20) == 0, "stopped: " + one.tail())
    c.words()
    c.until_end(path)
    c.exact()


def case_internal_topics(c):
    """dstream creates them with the configuration that they need."""
    c.topics()
    c.words(6)
    c.until_end(c.write(WORDS))
    for topic, policy in ((c.job + ".counts.changelog", "compact"),
                          (c.job + ".counts.repartition", "delete")):
        n = ring.partition_count(c.brokers, topic)
        c.check(n == ring.PARTITIONS, "%s has %d partitions" % (topic, n))
        config = ring.topic_config(c.brokers, topic)
        c.check(config["cleanup.policy"] == policy, "%s: %s" % (
            topic, config["cleanup.policy"]))
        if policy == "delete":
            c.check(config["retention.ms"] == "-1", "%s: retention.ms %s" % (
                topic, config["retention.ms"]))


def case_tombstones(c):
    """A state of NULL removes the key: a tombstone, in the output and in
    the changelog; the key then begins anew."""
    c.topics()
    path = c.write(KEYED, update="CASE WHEN min(v) < 0 THEN NULL ELSE "
                   "coalesce(state, 0) + count(*) END AS n")
    c.keyed()
    c.until_end(path)
    state = c.instances[-1].state
    c.keyed_one("w3", -1)
    c.flush()
    c.until_end(path, state=state)
    for t in (c.sink, c.job + ".counts.changelog"):
        c.check(any(m.value() is None and b"w3" in (m.key() or b"")
                    for m in c.rows(t)), "no tombstone in " + t)
    c.want["w3"] = 0
    c.keyed_one("w3")
    c.flush()
    c.until_end(path, state=os.path.join(c.work, "elsewhere"))
    c.exact()


def case_sigterm(c):
    """Exit 0 within 10 s, under load, and nothing is left open."""
    c.topics()
    c.words(2000)
    path = c.write(WORDS)
    inst = c.instance(path).start()
    ring.wait(30, "rows", c.rows, 0.3)
    for i in range(3):
        c.words(2000)
        inst.signal(signal.SIGTERM)
        rc = inst.wait(10)
        c.check(rc == 0, "SIGTERM: exit %s: %s" % (rc, inst.tail()))
        c.rest([c.sink, c.job + ".counts.changelog",
                c.job + ".counts.repartition"])
        inst.start()
        time.sleep(1.5 + i)
    inst.signal(signal.SIGTERM)
    inst.signal(signal.SIGTERM)
    c.check(inst.wait(10) is not None, "a second SIGTERM: still there")
    c.until_end(path, state=inst.state)
    c.exact()


def case_same_instance_id(c):
    """The older one of two leaves with a message, the newer one goes on."""
    c.topics()
    c.words()
    path = c.write(WORDS)
    old = c.instance(path).start()
    ring.wait(30, "rows", c.rows, 0.3)
    new = c.instance(path, state=os.path.join(c.work, "elsewhere")).start()
    rc = old.wait(40)
    c.check(rc == 1, "the older one: exit %s: %s" % (rc, old.tail()))
    c.words()
    ring.wait(40, "the newer one counts on",
              lambda: sum(c.counts().values()) == sum(c.want.values()), 0.5)
    c.check(new.alive(), "the newer one ended: " + new.tail())
    c.exact()


def case_replay(c):
    """A plan that changes nothing; refusals; then offsets and state back to
    the beginning together, and the same counts again."""
    c.topics()
    c.words()
    path = c.write(WORDS)
    groups = (c.job, c.job + ".counts")
    c.until_end(path)
    state = c.instances[-1].state
    before = [c.committed(g) for g in groups]
    rc, text = c.tool("replay", path, "--to-earliest")
    c.check(rc == 0 and "Replay plan" in text, "plan: exit %d: %s" % (
        rc, text[-400:]))
    c.check([c.committed(g) for g in groups] == before, "a plan moved it")
    rc, text = c.tool("replay", path, "--to-offset", "0")
    c.check(rc == 3, "--to-offset with state: exit %d: %s" % (
        rc, text[-400:]))
    c.alone(*groups)
    inst = c.instance(path, state=state).start()
    ring.wait(20, "it is in its group", lambda: ring.group_members(
        c.brokers, c.job), 0.5)
    rc, text = c.tool("replay", path, "--to-earliest", "--execute")
    c.check(rc != 0, "a replay while an instance runs: " + text[-400:])
    rc = inst.end(15)
    c.check(rc == 0, "SIGTERM: exit %s: %s" % (rc, inst.tail()))
    c.check([c.committed(g) for g in groups] == before, "it moved")
    c.alone(*groups)
    rc, text = c.tool("replay", path, "--to-earliest", "--execute")
    c.check(rc == 0, "--execute: exit %d: %s" % (rc, text[-400:]))
    c.check(set(c.committed().values()) <= {0}, "the offsets are %s" %
            c.committed())
    seen = len(c.rows())
    c.until_end(path, state=state)
    again = c.rows()[:]
    c.check(len(again) > seen, "nothing was counted again")
    last = {}
    for m in again:
        last[m.key().decode()] = (ring.to_json(m.value()) or {}).get("n")
    c.check(last == dict(c.want), "after the replay: %s instead of %s" % (
        last, dict(c.want)))


def case_replay_before_the_first_run(c):
    """There is no internal topic yet; the job counts as if nothing was."""
    c.topics()
    c.words()
    path = c.write(WORDS)
    rc, text = c.tool("replay", path, "--to-earliest", "--execute")
    c.check(rc == 0, "replay: exit %d: %s" % (rc, text[-600:]))
    c.until_end(path)
    c.exact()


def case_disk_full(c):
    """Needs a file system of its own, so root."""
    at = os.path.join(c.work, "small")
    os.mkdir(at)
    r = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs",
                        at], stderr=subprocess.DEVNULL)
    if r.returncode:
        return "no file system of its own: not root"
    try:
        c.topics()
        c.words()
        c.ends(c.run(c.write(WORDS), state=at), 73, at)
        c.nothing()
    finally:
        subprocess.run(["umount", "-l", at])
    return None


def run(name):
    """(name, error or None, note)."""
    c, error, note = Case(name), None, ""
    start = time.monotonic()
    try:
        note = globals()["case_" + name](c) or ""
    except (Failed, Invalid, KafkaException, OSError,
            subprocess.SubprocessError) as e:
        error = str(e) or repr(e)
    except Exception as e:
        error = "%r, in a case that could not judge it" % e
    c.close(not error)
    ring.say("%s %s (%.0f s)%s" % ("FAIL" if error else "ok", name,
                                   time.monotonic() - start,
                                   ": " + (error or note) if error or note
                                   else ""))
    return error is None


def main():
    names = [n[5:] for n in globals() if n.startswith("case_")]
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("names", nargs="*", metavar="NAME",
                    help=" ".join(names))
    ap.add_argument("--jobs", type=int, default=3)
    args = ap.parse_args()
    signal.signal(signal.SIGTERM, ring.leave_nothing)
    for n in args.names:
        if n not in names:
            ap.error("unknown case " + n)
    if not os.environ.get("DSTREAM_BROKERS"):
        ap.error("DSTREAM_BROKERS is not set")
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        done = list(pool.map(run, args.names or names))
    return ring.verdict(sum(done), len(done) - sum(done))


if __name__ == "__main__":
    sys.exit(main())
