# SPDX-License-Identifier: Apache-2.0
"""report - medians, ratios, goals; the two files of results."""

import json
import os
import statistics

import layers
import states
import windows
from rig import say

# What is aimed at; a ratio is dstream's CPU by that of the loop.
GOALS = {
    "pass": 1.25,
    "uniform": 1.5,
    "zipf": 1.5,
    "cpu_percent": 8.0,
    "p50_ms": 65.0,
    "p99_ms": 120.0,
    "idle_percent": 1.5,
}
PARTS = ("layers", "windows", "states", "runs", "latency", "idle")
YARDSTICK = {"repartition-uniform": "uniform", "repartition-zipf": "zipf"}


def text(value, form="%.2f"):
    return "-" if value is None else form % value


def run_line(run):
    return "%s CPU-s/M  %s M/s  %s MB%s" % (
        text(run.get("cpu_s_per_m")), text(run.get("rate_m")),
        text(run.get("rss_mb"), "%.0f"), "" if run["ok"] else "  WRONG")


def latency_line(run):
    return "%s %% of a core  p50 %s  p99 %s ms%s" % (
        text(run.get("cpu_percent"), "%.1f"), text(run.get("p50_ms"), "%.0f"),
        text(run.get("p99_ms"), "%.0f"), "" if run["ok"] else "  WRONG")


def idle_line(run):
    return "%s %% of a core%s" % (text(run.get("cpu_percent")),
                                  "" if run["ok"] else "  DIED")


def broken(results):
    return [run for part in PARTS
            for run in results[part] if not run["ok"]]


def median(values):
    values = [v for v in values if v is not None]
    return round(statistics.median(values), 3) if values else None


def of(runs, program, workload=None):
    return [r for r in runs if r["program"] == program and r["ok"]
            and workload in (None, r.get("workload"))]


def verdict(value, goal):
    if value is None or goal is None:
        return None
    return "reached" if value <= goal else "not reached"


def medians(runs):
    return {"cpu_s_per_m": median([r.get("cpu_s_per_m") for r in runs]),
            "rate_m": median([r.get("rate_m") for r in runs]),
            "rss_mb": median([r["rss_mb"] for r in runs]),
            "start_s": median([r["start_s"] for r in runs]),
            "whole_cpu_s_per_m": median([r["whole"]["cpu_s_per_m"]
                                         for r in runs if "whole" in r]),
            "broker_cpu_s_per_m": median([r.get("broker_cpu_s_per_m")
                                          for r in runs])}


def ratio(ours, theirs, key):
    """The median of the pairs that ran next to each other."""
    pairs = {r["turn"]: r.get(key) for r in theirs}
    found = [r[key] / pairs[r["turn"]] for r in ours
             if r.get(key) and pairs.get(r["turn"])]
    return median(found)


def whole_ratio(ours, theirs):
    flat = [[dict(turn=r["turn"], whole=r["whole"]["cpu_s_per_m"])
             for r in runs if "whole" in r] for runs in (ours, theirs)]
    return ratio(flat[0], flat[1], "whole")


def summarize(results):
    results["layers_summary"] = layers.summary(results["layers"])
    results["windows_summary"] = windows.summary(results["windows"])
    table = {}
    for workload in dict.fromkeys(r["workload"] for r in results["runs"]):
        ours = of(results["runs"], "dstream", workload)
        theirs = of(results["runs"], "raw", YARDSTICK.get(workload, workload))
        row = {"dstream": medians(ours), "raw": medians(theirs),
               "ratio": ratio(ours, theirs, "cpu_s_per_m"),
               "whole_ratio": whole_ratio(ours, theirs),
               "goal": GOALS.get(workload)}
        row["verdict"] = verdict(row["ratio"], row["goal"])
        table[workload] = row
    results["summary"] = table
    results["goals"] = GOALS
    for part in ("latency", "idle"):
        results[part + "_summary"] = {
            program: {key: median([r.get(key) for r in
                                   of(results[part], program)])
                      for key in ("cpu_percent", "p50_ms", "p99_ms", "rss_mb")}
            for program in ("raw", "dstream")}


# ---- the table ----

def table_lines(results):
    if not results["summary"]:
        return
    yield "%-20s %-8s %8s %8s %6s %8s %8s %9s" % (
        "full rate", "", "CPU-s/M", "M rec/s", "MB", "start s", "whole",
        "broker")
    for workload, row in results["summary"].items():
        for program in ("raw", "dstream"):
            m = row[program]
            if m["cpu_s_per_m"] is None or (
                    program == "raw" and workload in YARDSTICK):
                continue
            yield "%-20s %-8s %8s %8s %6s %8s %8s %9s" % (
                workload, program, text(m["cpu_s_per_m"]), text(m["rate_m"]),
                text(m["rss_mb"], "%.0f"), text(m["start_s"]),
                text(m["whole_cpu_s_per_m"]), text(m["broker_cpu_s_per_m"]))
        yield "%-20s ratio %s (whole run %s)%s" % (
            "", text(row["ratio"]), text(row["whole_ratio"]),
            goal_text(row["ratio"], row["goal"], "%.2f"))


def goal_text(value, goal, form):
    if goal is None:
        return "; no goal"
    return "; goal <= " + form % goal + ": " + (verdict(value, goal)
                                                or "not measured")


def rate_lines(results):
    if results["latency"]:
        yield ""
        yield "10,000 records a second, batches of 100 ms"
    for program in ("raw", "dstream"):
        m = results["latency_summary"][program]
        if m["p50_ms"] is None:
            continue
        yield "  %-8s %5s %% of a core   p50 %s ms   p99 %s ms   %s MB" % (
            program, text(m["cpu_percent"], "%.1f"), text(m["p50_ms"], "%.0f"),
            text(m["p99_ms"], "%.0f"), text(m["rss_mb"], "%.0f"))
        if program == "dstream":
            yield "           core%s" % goal_text(
                m["cpu_percent"], GOALS["cpu_percent"], "%.0f %%")
            yield "           p50%s" % goal_text(m["p50_ms"], GOALS["p50_ms"],
                                                 "%.0f ms")
            yield "           p99%s" % goal_text(m["p99_ms"], GOALS["p99_ms"],
                                                 "%.0f ms")


def idle_lines(results):
    if results["idle"]:
        yield ""
        yield "idle"
    for program in ("raw", "dstream"):
        m = results["idle_summary"][program]
        if m["cpu_percent"] is None:
            continue
        yield "  %-8s %5s %% of a core%s" % (
            program, text(m["cpu_percent"]), goal_text(
                m["cpu_percent"], GOALS["idle_percent"], "%.1f %%")
            if program == "dstream" else "")


def lines(results):
    a = results["about"]
    yield "dstream bench   %s   commit %s" % (a["when"], a["commit"])
    yield "%d x %s, Linux %s; load before %s, steal %s %%, %s s" % (
        a["cpus"], a["cpu"], a["kernel"], a["load_before"],
        a["steal_percent"], a["seconds"])
    if results["runs"] or results["latency"] or results["idle"]:
        yield ("%d records, %d keys, %d partitions; Kafka %s, one node on "
               "this machine; median of %d" % (
                   a["records"], a["keys"], a["partitions"], a["kafka"],
                   a["runs"]))
    yield ""
    yield from layers.lines(results["layers_summary"])
    yield from windows.lines(results["windows_summary"])
    yield from states.lines(results["states"])
    yield from table_lines(results)
    yield from rate_lines(results)
    yield from idle_lines(results)
    wrong = broken(results)
    yield ""
    yield "%d runs, %s" % (
        sum(len(results[p]) for p in PARTS),
        "all outputs read back and right" if not wrong
        else "%d DIED OR WROTE SOMETHING WRONG" % len(wrong))
    if a["load_before"] > 0.5 or a["steal_percent"] > 5:
        yield ("The machine was not idle: only ratios of one run mean "
               "something.")


def write(results, folder):
    with open(os.path.join(folder, "results.json"), "w") as f:
        json.dump(results, f, indent=1)
        f.write("\n")
    page = "\n".join(lines(results)) + "\n"
    with open(os.path.join(folder, "results.txt"), "w") as f:
        f.write(page)
    say("")
    say(page.rstrip("\n"))
    say("")
    say("written to %s/results.txt and results.json" % folder)
