# SPDX-License-Identifier: Apache-2.0
"""windows - what a record costs in a window, by the number of its panes.

No broker: `run --in` reads the same rows for every window, a batch after the
other. sum is subtracted when it leaves; max has no inverse. Of two runs, one
twice as long, the difference counts: windows are full then, and slide.
"""

import os
import statistics
import subprocess

KEYS = 100000
PANES = (10, 60, 600)
KINDS = {"inverse": "sum(n)", "without": "max(n)"}
FLAT = 1.25  # of 600 panes by 60: every key is there in both


def make(path, rows):
    """Rows of keys that follow no order, the same every time."""
    seed, block = 1, []
    for _ in range(min(rows, 3 * KEYS)):
        seed = (seed * 1103515245 + 12345) & 0x7fffffff
        block.append('{"k":"key%05d","n":%d}\n' % ((seed >> 8) % KEYS,
                                                   seed & 1023))
    with open(path, "w") as f:
        for at in range(0, rows, len(block)):
            f.write("".join(block[:rows - at]))


def one(rig, source, kind, panes, rows_per_batch):
    """Exit status, CPU seconds and MiB of one run."""
    env = dict(os.environ, PANES=str(panes), REDUCE=KINDS[kind],
               ROWS=str(rows_per_batch))
    words = [rig.dstream, "run", "tests/bench/jobs/windows.yaml",
             "--in", "in=" + source, "--out", "out=/dev/null"]
    with open(os.devnull, "w") as null:
        child = subprocess.Popen(words, env=env, stdout=null, stderr=null)
        _, status, used = os.wait4(child.pid, 0)
    return status, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def run(rig, sources, kind, panes, rows_per_batch, rows):
    """`sources`: of that many rows, and of twice as many."""
    short = one(rig, sources[0], kind, panes, rows_per_batch)
    long = one(rig, sources[1], kind, panes, rows_per_batch)
    return {"kind": kind, "panes": panes,
            "ok": short[0] == 0 and long[0] == 0,
            "cpu_s_per_m": round((long[1] - short[1]) * 1e6 / rows, 3),
            "rss_mb": round(long[2], 1)}


def summary(runs):
    """CPU seconds per million records by kind and panes, and how flat."""
    table = {}
    for kind in KINDS:
        row = {}
        for panes in PANES:
            found = [r["cpu_s_per_m"] for r in runs if r["ok"]
                     and (r["kind"], r["panes"]) == (kind, panes)]
            if found:
                row[panes] = round(statistics.median(found), 3)
        if row.get(600) and row.get(60):
            row["ratio"] = round(row[600] / row[60], 2)
            row["verdict"] = "reached" if row["ratio"] <= FLAT \
                else "not reached"
        if row:
            table[kind] = row
    return table


def lines(table):
    if not table:
        return
    yield ""
    yield "reduceByKeyAndWindow, %d keys, slide of one batch; CPU-s/M" % KEYS
    for kind, row in table.items():
        yield "  %-8s %s%s" % (kind, "   ".join(
            "%d panes %.2f" % (p, row[p]) for p in PANES if p in row),
            "   600 by 60: %.2f; goal <= %.2f: %s" % (
                row["ratio"], FLAT, row["verdict"]) if "ratio" in row else "")
