# SPDX-License-Identifier: Apache-2.0
"""rig - topics, programs and the clocks of the machine."""

import json
import os
import subprocess
import sys
import time


class Trouble(Exception):
    """Something that a person has to see to."""


def say(text):
    print(text, flush=True)


def cpu_times():
    """User, nice, system, idle, iowait, irq, softirq, steal."""
    with open("/proc/stat") as f:
        return [int(n) for n in f.readline().split()[1:9]]


def steal_percent(before, after):
    spent = [b - a for a, b in zip(before, after)]
    return round(100.0 * spent[7] / max(1, sum(spent)), 1)


def process_cpu(pids):
    total = 0.0
    for pid in pids:
        try:
            with open("/proc/%d/stat" % pid) as f:
                fields = f.read().rsplit(")", 1)[1].split()
            total += (int(fields[11]) + int(fields[12])) \
                / os.sysconf("SC_CLK_TCK")
        except (OSError, ValueError):
            pass
    return total


class Rig:
    def __init__(self, folder):
        self.folder = folder
        self.began = time.time()
        self.brokers = os.environ.get("DSTREAM_BROKERS", "")
        self.programs = os.environ.get("BENCH_PROGRAMS", "build/release/bench")
        self.dstream = os.environ.get("DSTREAM", "build/dstream")
        pids = os.environ.get("DSTREAM_BROKER_PIDS", "")
        self.broker_pids = [int(p) for p in pids.replace(",", " ").split()]
        self.stamp = "%x" % int(self.began)
        self.number = 0
        self.time_ms = int(self.began * 1000) - 3600 * 1000
        for path in (self.dstream, self.program("gen")):
            if not os.access(path, os.X_OK):
                raise Trouble("%s is not built: ./dev bench does it" % path)

    def program(self, name):
        return os.path.join(self.programs, "bench_" + name)

    def topic(self, name):
        self.number += 1
        return "bench-%s-%d-%s" % (self.stamp, self.number, name)

    def call(self, words, wanted=True):
        words = [str(w) for w in words]
        done = subprocess.run(words, stdout=subprocess.PIPE, text=True)
        if wanted and done.returncode != 0:
            raise Trouble("%s ended with %d" % (words[0], done.returncode))
        return done.stdout

    def make(self, topic, args):
        self.call([self.program("gen"), "--brokers", self.brokers, "--topic",
                   topic, "--partitions", 6, "--time", self.time_ms] + args)

    def delete(self, topics):
        self.call([self.program("gen"), "--brokers", self.brokers,
                   "--delete", ",".join(topics)], wanted=False)

    # ---- commands ----

    def raw_command(self, job, name, source, out, log, forever):
        words = [self.program("raw_" + job), "--brokers", self.brokers,
                 "--in", source, "--out", out, "--id", name]
        if job == "count":
            words += ["--changelog", log]
        return words + (["--forever", "1"] if forever else [])

    def dstream_command(self, job, name, forever):
        state = os.path.join(self.folder, name)
        os.makedirs(state)
        words = [self.dstream, "run", "tests/bench/jobs/%s.yaml" % job,
                 "--instance", "0", "--state", state]
        return words + ([] if forever else ["--until-end"])

    def prepare(self, program, job, source, forever=False):
        """Topics, command and environment of a program."""
        name = self.topic(job)
        out, log = name + "-out", name + ".counts.changelog"
        self.make(out, ["--records", 0])
        env = dict(os.environ, KAFKA=self.brokers, JOB=name, IN=source,
                   OUT=out)
        topics = [out]
        if program == "raw":
            if job == "count":
                self.make(log, ["--records", 0])
            words = self.raw_command(job, name, source, out, log, forever)
        else:
            words = self.dstream_command(job, name, forever)
        if job != "pass":
            topics.append(log)
        if job == "lines":
            topics.append(name + ".counts.repartition")
        return name, out, topics, words, env

    def watch(self, args, words, env, log):
        with open(log, "w") as err:
            child = subprocess.Popen(
                [str(w) for w in [self.program("watch"), "--brokers",
                                  self.brokers] + args + ["--"] + words],
                stdout=subprocess.PIPE, stderr=err, env=env, text=True)
        return child

    def result(self, child, log):
        out = child.communicate()[0]
        try:
            found = json.loads(out)
        except ValueError:
            found = {"exit": child.returncode}
        if found.get("exit") != 0:
            with open(log, errors="replace") as f:
                found["log"] = f.read()[-2000:]
            sys.stderr.write(found["log"])
        return found

    # ---- full rate ----

    def run(self, program, job, source, data, records):
        name, out, topics, words, env = self.prepare(program, job, source)
        log = os.path.join(self.folder, name + ".log")
        groups, watched = [name], [source]
        if job == "lines":
            groups.append(name + ".counts")
            watched.append(name + ".counts.repartition")
        broker = process_cpu(self.broker_pids)
        child = self.watch(["--topics", ",".join(watched), "--groups",
                            ",".join(groups), "--timeout", 180],
                           words, env, log)
        found = self.result(child, log)
        broker = process_cpu(self.broker_pids) - broker
        checked = self.check(out, data)
        self.delete(topics)
        return numbers(found, checked, records, job, broker)

    def check(self, out, data):
        text = self.call([self.program("check"), "--brokers", self.brokers,
                          "--topic", out, "--time", self.time_ms] + data,
                         wanted=False)
        try:
            return json.loads(text)
        except ValueError:
            return {"ok": False}

    # ---- a rate ----

    def latency(self, program, seconds):
        source = self.topic("paced")
        self.make(source, ["--records", 0])
        name, out, topics, words, env = self.prepare(program, "pass", source,
                                                     True)
        log = os.path.join(self.folder, name + ".log")
        # The load begins at 2 s and goes on a little longer than the watch.
        child = self.watch(["--warm", 5, "--seconds", seconds - 2, "--hold",
                            6], words, env, log)
        time.sleep(2)
        text = self.call([self.program("latency"), "--brokers", self.brokers,
                          "--in", source, "--out", out, "--rate", 10000,
                          "--warm", 3, "--seconds", seconds], wanted=False)
        found = self.result(child, log)
        try:
            seen = json.loads(text)
        except ValueError:
            seen = {"ok": False}
        self.delete(topics + [source])
        return {"exit": found["exit"], "ok": seen.get("ok", False)
                and found["exit"] == 0,
                "cpu_percent": found.get("cpu_percent"),
                "rss_mb": mb(found), "p50_ms": seen.get("p50"),
                "p99_ms": seen.get("p99"), "max_ms": seen.get("max")}

    def idle(self, program, seconds):
        source = self.topic("idle")
        self.make(source, ["--records", 0])
        name, _, topics, words, env = self.prepare(program, "pass", source,
                                                   True)
        log = os.path.join(self.folder, name + ".log")
        child = self.watch(["--warm", 5, "--seconds", seconds], words, env,
                           log)
        found = self.result(child, log)
        self.delete(topics + [source])
        return {"exit": found["exit"], "ok": found["exit"] == 0,
                "cpu_percent": found.get("cpu_percent"), "rss_mb": mb(found)}


def mb(found):
    kb = found.get("rss_kb")
    return round(kb / 1024.0, 1) if kb else None


def numbers(found, checked, records, job, broker):
    """Per million records; for lines a record is a word."""
    run = {"exit": found.get("exit"), "output": checked,
           "ok": bool(checked.get("ok")) and found.get("exit") == 0,
           "rss_mb": mb(found), "start_s": found.get("start")}
    if "cpu" not in found:
        return run
    run["whole"] = {"cpu_s": found["cpu"], "wall_s": found["wall"],
                    "cpu_s_per_m": round(found["cpu"] * 1e6 / records, 3)}
    run["broker_cpu_s_per_m"] = round(broker * 1e6 / records, 3)
    steady = found["steady"]
    # What crosses the repartition is counted in the offsets too, so there the
    # share of the records that was there at the first commit is not known.
    done = records if job == "lines" else steady["records"]
    if done > 0 and steady["wall"] > 0:
        run["cpu_s_per_m"] = round(steady["cpu"] * 1e6 / done, 3)
        run["rate_m"] = round(done / steady["wall"] / 1e6, 3)
    return run
