"""What a trail costs on disk, and how fast it is verified and asked: two trails by `trail-generator`. One of a busy mount, with hundreds of records a second; and one
of an office's days and nights, where the checkpoints, one every ten seconds while anything happens, are far more for each record.

CPU seconds of the whole command, since records a second *per core* are the goal. Unlocking an identity takes Argon2id a while, whatever the trail's length: it is
what a question about an hour long after the trail's end costs, and is taken off the rows that need an identity.
"""

import json
import os
import statistics
import subprocess
import time

from place import Failure

# Records a second and core that the project set itself, in millions.
VERIFY_GOAL = 1
READ_GOAL = 0.5
BYTES_GOAL = 110
# A Monday morning at work, on the first day of the generated trail.
HOUR = ("2025-01-06T10:00:00Z", "2025-01-06T11:00:00Z")
AFTER = "2100-01-01T00:00:00Z"


def measured(command):
    """Runs a command that has to succeed. Returns its last line of output, CPU seconds, seconds and peak memory in bytes."""
    begun = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        # One after the other: these commands say little on standard error.
        said, complained = process.stdout.read(), process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise Failure(f"{' '.join(command)} ended with {process.returncode}:\n{said}{complained}")
    return said.splitlines()[-1], usage.ru_utime + usage.ru_stime, time.monotonic() - begun, usage.ru_maxrss << 10


def trail(place, options, busy, office):
    """Both trails. Each is given as record count, days or records a second, and rounds."""
    if not os.access(options.generator, os.X_OK):
        raise Failure(f"there is no {options.generator}: swift build -c release --product trail-generator")
    made_busy, rows = one(place, options, "busy", ["--rate", str(busy[1])], busy[0], busy[2])
    made_office, more = one(place, options, "office", ["--days", str(office[1])], office[0], office[2])
    return {
        "name": "trail",
        "title": (
            f"Two trails: a busy mount with {busy[1]} records a second ({counts(made_busy)}), and {office[1]} days of an office ({counts(made_office)}); "
            f"goal: at most {BYTES_GOAL} bytes a record"),
        "columns": ["", "records read", "CPU, s", "clock, s", "CPU s a million", "a second and core", "goal", "peak, MiB"], "rows": rows + more,
        "made": made_busy, "made_office": made_office}


def counts(made):
    return (
        f"{made['records']} records, {made['checkpoints']} checkpoints, {made['segments']} segments, {made['bytes_per_record']} bytes a record, "
        f"{made['records'] / made['checkpoints']:.0f} records a checkpoint")


def one(place, options, name, density, record_count, rounds):
    """Verification without and with an identity, and questions that must read everything or may skip nearly all."""
    folder = os.path.join(place.folder, "trail-" + name)
    said, making_cpu, making, _ = measured([options.generator, folder, "--records", str(record_count), *density])
    made = json.loads(said)
    log = [options.strongroom, "log"]
    path = folder + "/trail"
    known = ["--genesis", made["genesis"], "--end", made["end"]]
    identity = ["--identity", folder + "/reviewer.identity", "--identity-passphrase-file", folder + "/passphrase"]
    query = [*log, "query", path, *identity, "--json", "--limit", "1"]
    works = {
        "unlock": [*query, "--since", AFTER],
        "log verify": [*log, "verify", path, *known, "--json"],
        "log verify, with an identity": [*log, "verify", path, *known, *identity, "--json"],
        "log query --user": [*query, "--user", "maria2"],
        "log query --path, a client": [*query, "--path", "/clients/Baker, M. 7"],
    }
    if name == "office":
        works["log query, one hour"] = [*query, "--since", HOUR[0], "--until", HOUR[1]]
    results = {name: [] for name in works}
    last = {}
    for _ in range(rounds):
        for work, command in works.items():
            last[work], *figures = measured(command)
            results[work].append(figures)
    cpu = {work: statistics.median(figures[0] for figures in values) for work, values in results.items()}
    clock = {work: statistics.median(figures[1] for figures in values) for work, values in results.items()}
    peak = {work: max(figures[2] for figures in values) for work, values in results.items()}
    million = made["records"] / 1e6
    rows = [[
        f"{name}: made by trail-generator", "–", f"{making_cpu:.2f}", f"{making:.2f}", f"{making_cpu / million:.2f}", f"{million / making_cpu:.2f} M", "–",
        "–"]]
    for work in list(works)[1:]:
        needs_identity = work != "log verify"
        taken = max(cpu[work] - (cpu["unlock"] if needs_identity else 0), 1e-9)
        answer = json.loads(last[work])
        if work.startswith("log verify"):
            if answer["verdict"] != "whole" or answer["records"] != made["records"]:
                raise Failure(f"{work}: {last[work]}")
            read = made["records"]
        else:
            read = answer["summary"]["records"]
            if not answer["summary"]["matching"]:
                raise Failure(f"{work} found nothing: {last[work]}")
        goal = "–"
        if read == made["records"]:
            goal = f"{READ_GOAL if needs_identity else VERIFY_GOAL} M"
        rows.append([
            f"{name}: {work}", str(read), f"{taken:.2f}", f"{clock[work]:.2f}", f"{taken / (read / 1e6):.2f}", f"{read / 1e6 / taken:.2f} M", goal,
            f"{peak[work] / (1 << 20):.0f}"])
    rows.append([
        f"{name}: unlocking the identity, taken off above", "–", f"{cpu['unlock']:.2f}", f"{clock['unlock']:.2f}", "–", "–", "–",
        f"{peak['unlock'] / (1 << 20):.0f}"])
    return made, rows
