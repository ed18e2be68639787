# SPDX-License-Identifier: Apache-2.0
"""layers - what our own readers, writers and expressions cost by themselves.

Programs link the layers and measure the CPU time of their thread. They
run in turn; the median of the turns counts. Nanoseconds per row: 250 of them
are 0.25 CPU seconds per million records.
"""

import json
import statistics

PROGRAMS = ("formats", "exprs", "joins", "avro")
AVRO_RECORDS = 2000000

# What is aimed at, in ns per row.
GOALS = {
    "filter": 10.0,
    "json_3_of_7": 250.0,
    "json_3_of_7_declared": 250.0,
    "avro_5": 150.0,
    "regexp_split_to_array": 1000.0,
    "regexp_split_to_table": 1000.0,
}

ABOUT = {
    "spin": "8 chains of multiplications: the machine",
    "json_3_of_7": "event of 7 fields, 3 declared",
    "json_3_of_7_declared": "the same, all declared, 3 read",
    "json_7": "the same, all read",
    "json_7_out": "the same, written",
    "json_5": "order of 5 types, 100 bytes",
    "json_5_out": "the same, written",
    "csv_5": "the same as CSV",
    "csv_5_out": "the same, written",
    "avro_5": "order of 5 types as Avro",
    "avro_5_out": "the same, written",
    "filter": "a > 100 AND kind = 'view'; then a * 0.908 + c",
    "filter_in_c": "the same, compiled for it",
    "regexp_split_to_array": "'\\s+', a line of 100 bytes, 22 words",
    "regexp_split_to_table": "the same, and the rows of its words",
    "regexp_split_by_blank": "the same, ' '",
    "string_to_table": "the same, no pattern",
    "join_batch": "join of a batch, a row in; half of them match the others",
    "join_within": "join within 10 s, the match 8 batches later",
    "full_outer_join_within": "fullOuterJoin, the same",
    "jsonb_parse": "text of 250 bytes to jsonb",
    "jsonb_field_text": "->> of 250 bytes",
    "jsonb_path_text": "-> 'user' ->> 'id' of 250 bytes",
}


def run(rig, turn):
    """One turn of all programs; every second one the other way round."""
    found, ok = {}, True
    for program in PROGRAMS if turn % 2 == 0 else PROGRAMS[::-1]:
        words = [rig.program(program)]
        if program == "avro":
            words.append(AVRO_RECORDS)
        try:
            one = json.loads(rig.call(words, wanted=False))
        except ValueError:
            ok = False
            continue
        if program == "avro":
            one = {"avro_5": 1000 * one["read"],
                   "avro_5_out": 1000 * one["written"]}
        elif "spin" in found:
            one["spin"] = (one["spin"] + found["spin"]) / 2
        found.update(one)
    return {"ok": ok, "ns_per_row": found}


def summary(runs):
    table = {}
    names = dict.fromkeys(n for r in runs for n in r["ns_per_row"])
    for name in sorted(names, key=order):
        values = [r["ns_per_row"][name] for r in runs
                  if name in r["ns_per_row"]]
        spins = [r["ns_per_row"][name] / r["ns_per_row"]["spin"]
                 for r in runs if name in r["ns_per_row"]
                 and r["ns_per_row"].get("spin")]
        median = statistics.median(values)
        goal = GOALS.get(name)
        table[name] = {
            "ns_per_row": round(median, 3), "low": round(min(values), 3),
            "high": round(max(values), 3), "runs": len(values),
            "spins": round(statistics.median(spins), 2) if spins else None,
            "goal": goal, "verdict": None if goal is None else
            "reached" if median <= goal else "not reached"}
    return table


def order(name):
    """As they are measured; Avro's with the other formats."""
    place = list(ABOUT)
    return place.index(name) if name in place else len(place)


def lines(table):
    if not table:
        return
    yield "%-24s %9s %9s %9s %8s" % ("ns per row of CPU", "median", "lowest",
                                     "highest", "in spins")
    for name, row in table.items():
        spins = "-" if row["spins"] is None else "%.1f" % row["spins"]
        goal = "" if row["goal"] is None else "   goal <= %.0f: %s" % (
            row["goal"], row["verdict"])
        about = ABOUT.get(name)
        yield "%-24s %9.2f %9.2f %9.2f %8s%s%s" % (
            name, row["ns_per_row"], row["low"], row["high"], spins, goal,
            "   " + about if about else "")
    yield ""
