"""Medians over rounds, ratios, the table that people read and the JSON that programs do."""

import json
import platform
import statistics
import subprocess
import sys
import time

from works import WORKS

REFERENCE = "gocryptfs"
# Ratios to gocryptfs that this project set itself.
GOALS = {
    "write": 4, "read128": 2.5, "read128-cold": 2, "read1m": 3, "random4k": 3, "untar": 5, "md5sum": 2.5, "ls-cold": 3, "ls": 1.5, "rm": 5,
}


class Results:
    """work → candidate → one result for each round."""

    def __init__(self):
        self.works = {}
        self.peaks = {}
        self.disk = {}
        self.stage_cpu = {}
        self.mounts = {}
        self.special = []

    def add(self, session):
        name = session.candidate.name
        for work, result in session.results.items():
            self.works.setdefault(work, {}).setdefault(name, []).append(result)
        for kind, ratio in session.bytes_on_disk.items():
            self.disk.setdefault(kind, {}).setdefault(name, []).append(ratio)
        self.peaks[name] = max(self.peaks.get(name, 0), session.candidate.peak)
        self.mounts.setdefault(name, []).append(session.first_mount_seconds)

    def median(self, work, name, key="value"):
        results = self.works.get(work, {}).get(name)
        return statistics.median(result[key] for result in results) if results else None

    def ratio(self, work, name, other):
        """How many times as fast as the other one; None where one is missing."""
        mine, theirs = self.median(work, name), self.median(work, other)
        if not mine or not theirs:
            return None
        return mine / theirs if WORKS[work][3] else theirs / mine


def machine():
    try:
        with open("/proc/cpuinfo") as file:
            model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), "unknown")
    except OSError:
        model = "unknown"
    with open("/proc/loadavg") as file:
        load = float(file.read().split()[0])
    cores = int(subprocess.run(["nproc"], capture_output=True, text=True, check=True).stdout)
    return {"processor": model, "cores": cores, "kernel": platform.release(), "load at start": load, "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}


def number(value):
    if value is None:
        return "–"
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(rows, out):
    """Aligned columns; the first to the left."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for index, row in enumerate(rows):
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        print("  ".join(cells).rstrip(), file=out)
        if index == 0:
            print("  ".join("─" * width for width in widths), file=out)


def print_report(results, names, facts, out=sys.stdout):
    if results.works:
        print_works(results, names, facts, out)
    for special in results.special:
        print(file=out)
        print(special["title"], file=out)
        table([special["columns"], *special["rows"]], out)


def print_works(results, names, facts, out):
    ours = [name for name in names if name not in ("plain", "floor") and name not in facts["peers"]]
    against_reference = [name for name in ours if REFERENCE in names]
    against_floor = [name for name in ours if "floor" in names]
    head = ["median of rounds", "", *names] + [f"{name}/{REFERENCE}" for name in against_reference] + [f"{name}/floor" for name in against_floor]
    if against_reference:
        head.append("goal")
    rows = [head]
    for work, (_, what, unit, _) in WORKS.items():
        if work not in results.works:
            continue
        row = [what, unit] + [number(results.median(work, name)) for name in names]
        for other, some in ((REFERENCE, against_reference), ("floor", against_floor)):
            for name in some:
                ratio = results.ratio(work, name, other)
                row.append("–" if ratio is None else f"{ratio:.2f}×")
        if against_reference:
            row.append(f"{GOALS[work]}×" if work in GOALS else "")
        rows.append(row)
    print(file=out)
    table(rows, out)
    print("Ratios say how many times as fast: more is better, 1.00× is equal.", file=out)

    rows = [["CPU seconds, daemon + client", "", *names]]
    for work, (_, what, _, _) in WORKS.items():
        # fio reports its own, and the daemon's are what is of interest.
        if work in results.works:
            cells = []
            for name in names:
                daemon, client = results.median(work, name, "daemon"), results.median(work, name, "client")
                cells.append("–" if daemon is None else f"{daemon:.2f} + {client:.2f}")
            rows.append([what, "s", *cells])
    rows.append(["peak memory of the daemon, serving", "MiB"] + [number(results.peaks[name] / (1 << 20)) if results.peaks.get(name) else "–" for name in names])
    for kind, per_name in results.disk.items():
        what = {"data": "disk used by the file, for each byte", "tree": "disk used by the tree, for each byte"}[kind]
        rows.append([what, ""] + [number(statistics.median(per_name[name])) if name in per_name and name != "floor" else "–" for name in names])
    print(file=out)
    table(rows, out)


def as_json(results, names, facts):
    works = {}
    for work, per_name in results.works.items():
        stage, what, unit, more_is_better = WORKS[work]
        works[work] = {
            "what": what, "unit": unit, "moreIsBetter": more_is_better,
            "candidates": {
                name: {
                    "median": results.median(work, name), "rounds": per_name[name],
                    f"timesAsFastAs{REFERENCE.capitalize()}": results.ratio(work, name, REFERENCE),
                    "timesAsFastAsFloor": results.ratio(work, name, "floor"),
                }
                for name in names if name in per_name
            },
        }
    return json.dumps({
        "format": 1, **facts, "works": works, "peakBytes": results.peaks, "diskBytesForEachByte": results.disk,
        "firstMountSeconds": results.mounts, "special": results.special}, indent=1, ensure_ascii=False)
