"""What a trail costs on disk, and how fast it is verified and asked: a trail such as a busy office makes, by `trail-generator`.

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


def trail(place, options, record_count, days, rounds):
    """Verification without and with an identity, and questions that must read everything or may skip nearly all."""
    if not os.access(options.generator, os.X_OK):
        raise Failure(f"there is no {options.generator}: swift build -c release --product trail-generator")
    folder = os.path.join(place.folder, "trail")
    said, making_cpu, making, _ = measured([options.generator, folder, "--records", str(record_count), "--days", str(days)])
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
        "log query, one hour": [*query, "--since", HOUR[0], "--until", HOUR[1]],
    }
    results = {name: [] for name in works}
    last = {}
    for _ in range(rounds):
        for name, command in works.items():
            last[name], *figures = measured(command)
            results[name].append(figures)
    cpu = {name: statistics.median(one[0] for one in values) for name, values in results.items()}
    clock = {name: statistics.median(one[1] for one in values) for name, values in results.items()}
    peak = {name: max(one[2] for one in values) for name, values in results.items()}
    million = made["records"] / 1e6
    rows = [[
        "made by trail-generator", "–", f"{making_cpu:.2f}", f"{making:.2f}", f"{making_cpu / million:.2f}", f"{million / making_cpu:.2f} M", "–", "–"]]
    for name in list(works)[1:]:
        needs_identity = name != "log verify"
        taken = max(cpu[name] - (cpu["unlock"] if needs_identity else 0), 1e-9)
        answer = json.loads(last[name])
        if name.startswith("log verify"):
            if answer["verdict"] != "whole" or answer["records"] != made["records"]:
                raise Failure(f"{name}: {last[name]}")
            read = made["records"]
        else:
            read = answer["summary"]["records"]
            if not answer["summary"]["matching"]:
                raise Failure(f"{name} found nothing: {last[name]}")
        goal = "–"
        if read == made["records"]:
            goal = f"{READ_GOAL if needs_identity else VERIFY_GOAL} M"
        rows.append([
            name, str(read), f"{taken:.2f}", f"{clock[name]:.2f}", f"{taken / (read / 1e6):.2f}", f"{read / 1e6 / taken:.2f} M", goal,
            f"{peak[name] / (1 << 20):.0f}"])
    rows.append(["unlocking the identity, taken off above", "–", f"{cpu['unlock']:.2f}", f"{clock['unlock']:.2f}", "–", "–", "–", f"{peak['unlock'] / (1 << 20):.0f}"])
    return {
        "name": "trail",
        "title": (
            f"A trail of {made['records']} records in {days} days, {made['checkpoints']} checkpoints, {made['segments']} segments: "
            f"{made['bytes_per_record']} bytes a record (goal: at most {BYTES_GOAL})"),
        "columns": ["", "records read", "CPU, s", "clock, s", "CPU s a million", "a second and core", "goal", "peak, MiB"], "rows": rows,
        "made": made}
