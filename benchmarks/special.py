"""Rows that are not one work for all candidates: what grows with a vault, and what check and record cost. Each returns a table for the report."""

import json
import os
import statistics
import time

from candidates import Strongroom
from place import ADMIN, GUEST, OTHER, READER, run
from works import drop_caches

HERE = os.path.dirname(os.path.abspath(__file__))


def client(*arguments, user=READER):
    return json.loads(run(["/usr/bin/python3", "-I", os.path.join(HERE, "client.py"), *map(str, arguments)], user=user, cwd="/"))


def microseconds(seconds):
    return f"{seconds * 1e6:.1f}"


def check_and_record(place, program, unchecked, byte_count, rounds):
    """A warm read at 128 KiB by the program, and by one that neither checks nor records it: one after the other, `rounds` times."""
    pair = [Strongroom(place, program, "checked"), Strongroom(place, unchecked, "unchecked")]
    seconds = {candidate.name: [] for candidate in pair}
    cpu = {candidate.name: [] for candidate in pair}
    for candidate in pair:
        candidate.make()
        candidate.mount()
        client("write", candidate.path + "/data", byte_count, 128 << 10)
    for number in range(rounds + 1):
        for candidate in pair if number % 2 else pair[::-1]:
            before = candidate.cpu_seconds()
            result = client("read", candidate.path + "/data", byte_count, 128 << 10, 3)
            # The first round fills caches.
            if number:
                seconds[candidate.name].append(result["seconds"])
                cpu[candidate.name].append(candidate.cpu_seconds() - before)
    for candidate in pair:
        candidate.unmount()
        candidate.clean()
    middle = {name: statistics.median(values) for name, values in seconds.items()}
    least = {name: min(values) for name, values in seconds.items()}
    burnt = {name: statistics.median(values) / 3 for name, values in cpu.items()}
    rows = [
        [what, f"{byte_count / values['checked'] / 1e6:.0f} MB/s", f"{byte_count / values['unchecked'] / 1e6:.0f} MB/s",
         f"{(values['checked'] / values['unchecked'] - 1) * 100:.1f} %"]
        for what, values in (("median of rounds", middle), ("best of rounds", least))]
    rows.append([
        "CPU seconds of the daemon", f"{burnt['checked']:.3f}", f"{burnt['unchecked']:.3f}",
        f"{(burnt['checked'] / max(burnt['unchecked'], 1e-9) - 1) * 100:.1f} %"])
    return {
        "name": "check-record", "title": f"Check and record on a warm read at 128 KiB (goal: at most 6 %), {rounds} rounds",
        "columns": ["", "with", "without", "cost"], "rows": rows}


def listing(place, program, entry_count):
    """`ls -f` of one folder: by who has all rights from the top, by who has them from grants below, and of the plain disk."""
    vault = Strongroom(place, program, "listing")
    vault.make()
    vault.mount()
    plain = place.make("listing-plain", READER)
    for folder in (vault.path + "/top/wide", plain + "/wide"):
        run(["mkdir", "-p", folder], user=READER)
        client("fill", folder, entry_count)
    # A user without any right at the top of it: one grant on three folders, beside as many that stay hidden.
    client("fill-folders", vault.path + "/top/narrow", entry_count)
    for number in (1, entry_count // 2, entry_count - 1):
        run([
            vault.binary, "grant", "add", f"{vault.path}/top/narrow/{number:07d}", "--to", "user:" + GUEST, "--rights",
            "reader", "--reason", "benchmark"], user=ADMIN)
    client("sync", vault.path)
    vault.unmount()
    vault.mount()
    rows = []
    for what, folder, user in (
        ("plain disk", plain + "/wide", READER), ("rights inherited from the top (editor)", vault.path + "/top/wide", READER),
        ("rights inherited from the top (reader)", vault.path + "/top/wide", OTHER),
        ("three grants below, all else hidden", vault.path + "/top/narrow", GUEST)):
        first = client("list", folder, 1, user=user)
        again = client("list", folder, 5, user=user)
        rows.append([what, str(again["entries"]), f"{first['seconds'] * 1e3:.1f}", f"{again['seconds'] * 1e3:.1f}"])
    vault.unmount()
    vault.clean()
    run(["rm", "-rf", plain])
    return {
        "name": "listing", "title": f"One folder of {entry_count} entries: names only (getdents)",
        "columns": ["", "entries shown", "first, ms", "again, ms"], "rows": rows}


def growth(place, program, counts):
    """p50 of stat by name, open and read of 4 KiB, and create, in vaults with more and more documents of 1 KiB, 100 in a folder."""
    rows = []
    for count in counts:
        vault = Strongroom(place, program, "growth")
        vault.make()
        vault.mount()
        client("grow", vault.path, count)
        client("sync", vault.path)
        vault.unmount()
        catalog = sum(
            os.path.getsize(os.path.join(vault.store, name)) for name in os.listdir(vault.store) if name.startswith("catalog.sqlite"))
        drop_caches()
        vault.mount()
        mounting = vault.mount_seconds
        times = client("probe", vault.path, count)
        vault.unmount()
        rows.append([
            str(count), microseconds(times["lookup"]), microseconds(times["open"]), microseconds(times["create"]), f"{mounting:.2f}",
            f"{catalog / count:.0f}", f"{vault.peak / (1 << 20):.0f}"])
        vault.clean()
    return {
        "name": "growth", "title": "Growth: p50, and the mount by a key file with cold caches",
        "columns": ["documents", "lookup, µs", "open + read, µs", "create, µs", "mount, s", "catalog bytes each", "peak, MiB"], "rows": rows}
