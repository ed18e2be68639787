# SPDX-License-Identifier: Apache-2.0
"""bench - options, the broker, and the order of the runs."""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time

import report
from rig import Rig, Trouble, cpu_times, say, steal_percent
import layers
import states
import windows

WORKLOADS = ("formats", "windows", "state", "pass", "uniform", "zipf",
             "repartition", "latency", "idle")
ALONE = {"formats", "windows", "state"}  # need no broker
PARTITIONS = 6
KEYS = 1000000


class Options:
    def __init__(self, words):
        self.quick = False
        self.runs = None
        self.records = None
        self.workloads = []
        words = list(words)
        while words:
            self.take(words.pop(0), words)
        self.workloads = self.workloads or list(WORKLOADS)
        self.runs = self.runs or (1 if self.quick else 3)
        self.records = self.records or (1000000 if self.quick else 3000000)
        self.seconds = 10 if self.quick else 15

    def take(self, word, words):
        if word == "--quick":
            self.quick = True
        elif word in ("--runs", "--records") and words and words[0].isdigit():
            setattr(self, word[2:], int(words.pop(0)))
        elif word in WORKLOADS:
            self.workloads.append(word)
        else:
            import __main__
            sys.stderr.write(__main__.__doc__)
            sys.exit(0 if word in ("-h", "--help", "help") else 64)


def main(words):
    options = Options(words)
    if set(options.workloads) - ALONE and not os.environ.get("BENCH_BROKER"):
        return with_broker(words)
    try:
        return measure(options)
    except Trouble as trouble:
        say("bench: %s" % trouble)
        return 1


def with_broker(words):
    """Runs this again beside a broker, which ends with it."""
    env = dict(os.environ, BENCH_BROKER="1")
    return subprocess.call(
        ["tests/support/broker", "run", "--name", "bench-%d" % os.getpid(),
         "--property", "log.segment.delete.delay.ms=1000",
         "--", sys.argv[0]] + words, env=env)


def measure(options):
    os.makedirs("build/bench", exist_ok=True)
    folder = tempfile.mkdtemp(prefix="dstream-bench-")
    try:
        rig = Rig(folder)
        results = {"format": 1, "about": about(options), "layers": [],
                   "windows": [], "states": [],
                   "runs": [], "latency": [], "idle": []}
        before = cpu_times()
        for workload in options.workloads:
            globals()["do_" + workload](rig, options, results)
        results["about"]["steal_percent"] = steal_percent(before, cpu_times())
        results["about"]["seconds"] = round(time.time() - rig.began, 1)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report.summarize(results)
    report.write(results, "build/bench")
    return 1 if report.broken(results) else 0


def about(options):
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"],
                            capture_output=True, text=True)
    model = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo")
             if line.startswith("model name")]
    return {
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "commit": commit.stdout.strip(),
        "cpus": os.cpu_count(),
        "cpu": model[0] if model else platform.machine(),
        "kernel": platform.release(),
        "load_before": round(os.getloadavg()[0], 2),
        "kafka": os.environ.get("DSTREAM_BROKER_VERSION", "unknown"),
        "partitions": PARTITIONS,
        "keys": KEYS,
        "records": options.records,
        "runs": options.runs,
    }


# ---- our own layers: no broker, no dstream ----

def do_formats(rig, options, results):
    runs = 5 if options.quick else 9
    say("formats: CPU time of readers, writers and expressions, %d times"
        % runs)
    for turn in range(runs):
        before = cpu_times()
        run = layers.run(rig, turn)
        run.update(turn=turn, steal_percent=steal_percent(before, cpu_times()))
        results["layers"].append(run)
        say("  turn %d: %d measured%s" % (turn + 1, len(run["ns_per_row"]),
                                          "" if run["ok"] else "  DIED"))


def do_windows(rig, options, results):
    batch = 2000 if options.quick else 10000
    rows = 700 * batch
    sources = [os.path.join(rig.folder, "windows-%d.jsonl" % n)
               for n in (1, 2)]
    say("windows: %d rows of %d keys, %d in a batch"
        % (rows, windows.KEYS, batch))
    for n, source in enumerate(sources):
        windows.make(source, (n + 1) * rows)
    for turn in range(options.runs):
        for kind in windows.KINDS:
            for panes in windows.PANES:
                before = cpu_times()
                run = windows.run(rig, sources, kind, panes, batch, rows)
                run.update(turn=turn,
                           steal_percent=steal_percent(before, cpu_times()))
                results["windows"].append(run)
                say("  %-8s %3d panes  %.2f CPU-s/M  %.0f MB%s" % (
                    kind, panes, run["cpu_s_per_m"], run["rss_mb"],
                    "" if run["ok"] else "  DIED"))
    for source in sources:
        os.remove(source)


def do_state(rig, options, results):
    for room in ("all", "part"):
        say("state: many keys, with memory for %s of them" % room)
        before = cpu_times()
        run = states.run(rig, options.quick, room)
        run.update(steal_percent=steal_percent(before, cpu_times()))
        results["states"].append(run)
        for line in states.lines([run]):
            say("  " + line)


# ---- full rate: the input is there before the program starts ----

def turns(options, programs):
    """A B, B A, A B: what drifts hits both."""
    for turn in range(options.runs):
        for program in programs if turn % 2 == 0 else programs[::-1]:
            yield turn, program


def full_rate(rig, options, results, workload, programs, data, one):
    """`one(program, input, turn)` runs a program and gives its numbers."""
    source = rig.topic(workload)
    say("%s: making %s" % (workload, data["about"]))
    rig.make(source, data["args"])
    for turn, program in turns(options, programs):
        before = cpu_times()
        run = one(program, source, turn)
        run.update(workload=workload, program=program, turn=turn,
                   steal_percent=steal_percent(before, cpu_times()))
        results["runs"].append(run)
        say("  %-8s %s" % (program, report.run_line(run)))
    rig.delete([source])


def pass_data(options):
    return {"about": "%d records" % options.records,
            "args": ["--kind", "pass", "--records", options.records]}


def words_data(options, dist):
    return {"about": "%d words, %s" % (options.records, dist),
            "args": ["--kind", "words", "--records", options.records,
                     "--keys", KEYS, "--dist", dist]}


def lines_data(options, dist):
    lines = options.records // 8
    return {"about": "%d lines of 8 words, %s" % (lines, dist),
            "args": ["--kind", "lines", "--records", lines,
                     "--keys", KEYS, "--dist", dist]}


def do_pass(rig, options, results):
    data = pass_data(options)

    def one(program, source, turn):
        return rig.run(program, "pass", source, data["args"], options.records)

    full_rate(rig, options, results, "pass", ["raw", "dstream"], data, one)


def count(rig, options, results, workload, dist):
    data = words_data(options, dist)

    def one(program, source, turn):
        return rig.run(program, "count", source, data["args"], options.records)

    full_rate(rig, options, results, workload, ["raw", "dstream"], data, one)


def do_uniform(rig, options, results):
    count(rig, options, results, "uniform", "uniform")


def do_zipf(rig, options, results):
    count(rig, options, results, "zipf", "zipf")


def do_repartition(rig, options, results):
    for dist in ("uniform", "zipf"):
        data = lines_data(options, dist)

        def one(program, source, turn):
            return rig.run(program, "lines", source, data["args"],
                           options.records)

        full_rate(rig, options, results, "repartition-" + dist, ["dstream"],
                  data, one)


# ---- 10,000 records a second, and none ----

def do_latency(rig, options, results):
    say("latency: 10000 records a second for %d s, batches of 100 ms"
        % options.seconds)
    for turn, program in turns(options, ["raw", "dstream"]):
        before = cpu_times()
        run = rig.latency(program, options.seconds)
        run.update(program=program, turn=turn,
                   steal_percent=steal_percent(before, cpu_times()))
        results["latency"].append(run)
        say("  %-8s %s" % (program, report.latency_line(run)))


def do_idle(rig, options, results):
    say("idle: 20 s without a record")
    for program in ("raw", "dstream"):
        run = rig.idle(program, 20)
        run.update(program=program)
        results["idle"].append(run)
        say("  %-8s %s" % (program, report.idle_line(run)))
