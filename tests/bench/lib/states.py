# SPDX-License-Identifier: Apache-2.0
"""states - a store of ten million keys: restored, opened, in use.

One program and no broker; each phase is a process of its own, so that its most
resident memory is its own too. With room for all keys, and with the default
`memory:`, where most of them lie on the disk.
"""

import json
import os
import shutil

KEYS = {False: 10000000, True: 1000000}
MEMORY = {"all": {False: 2048, True: 256}, "part": {False: 256, True: 32}}

# What is aimed at with ten million keys and room for them, in seconds.
GOALS = {"restore_s": 8.0, "first_s": 0.6}


def run(rig, quick, room):
    """The phases in turn on one folder."""
    folder = os.path.join(rig.folder, "states-" + room)
    memory = MEMORY[room][quick]
    found = {"room": room, "memory_mb": memory, "keys": KEYS[quick], "ok": True}
    for phase in ("restore", "open", "use"):
        text = rig.call([rig.program("state"), phase, folder, KEYS[quick],
                         memory], wanted=False)
        try:
            found[phase] = json.loads(text)
        except ValueError:
            found["ok"] = False
            break
    shutil.rmtree(folder, ignore_errors=True)
    return found


def per_million(phase):
    return 1e6 * phase["use_cpu_s"] / phase["rows"]


def goal(name, value, found):
    if found["keys"] != KEYS[False] or found["room"] != "all":
        return ""
    return "   goal <= %.1f s: %s" % (
        GOALS[name], "reached" if value <= GOALS[name] else "not reached")


def lines(runs):
    for found in runs:
        if not found["ok"]:
            continue
        restore, opened, use = (found[p] for p in ("restore", "open", "use"))
        yield "%d keys of 33 bytes in a store, memory: %d MiB" % (
            found["keys"], found["memory_mb"])
        yield "  restored      %7.1f s  %6.1f CPU-s  %5.0f MB%s" % (
            restore["restore_s"], restore["restore_cpu_s"],
            restore["rss_mb"], goal("restore_s", restore["restore_s"], found))
        yield "  first epoch   %7.2f s  %6.2f CPU-s%s" % (
            opened["first_s"], opened["first_cpu_s"],
            goal("first_s", opened["first_s"], found))
        yield "  memory filled %7.1f s  %6.1f CPU-s  %5.0f MB" % (
            opened["loaded_s"], opened["loaded_cpu_s"], opened["rss_mb"])
        yield "  in use        %7.2f CPU-s/M        %5.0f MB" % (
            per_million(use), use["rss_mb"])
        yield ""
