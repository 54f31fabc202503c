"""Rows that are not one work for all candidates: what grows with a vault, and what check and record cost. Each returns a table for the report."""

import json
import math
import os
import statistics
import time

from candidates import Floor, Strongroom
from place import ADMIN, GUEST, OTHER, READER, Failure, run
from works import drop_caches

HERE = os.path.dirname(os.path.abspath(__file__))


def client(*arguments, user=READER):
    return json.loads(run(["/usr/bin/python3", "-I", os.path.join(HERE, "client.py"), *map(str, arguments)], user=user, cwd="/"))


def microseconds(seconds):
    return f"{seconds * 1e6:.1f}"


def milliseconds(seconds):
    return f"{seconds * 1e3:.1f}"


def works(name):
    """Whether a thread of the daemon does something for its requests. The companion burns what nobody else wants."""
    return name != "fuse-companion"


def median_between(values):
    """The median, and between what it lies with a probability of 95 %, from the order of the values alone."""
    ordered = sorted(values)
    margin = 0.98 * len(ordered) ** 0.5
    low, high = (len(ordered) - 1) / 2 - margin, (len(ordered) - 1) / 2 + margin
    return statistics.median(ordered), ordered[max(0, math.floor(low))], ordered[min(len(ordered) - 1, math.ceil(high))]


def check_and_record(place, program, unchecked, byte_count, mounts):
    """A warm read at 128 KiB by the program, and by one that neither checks nor records it: one after the other, by new mounts each time,
    since where a process comes to lie in memory makes several percent for as long as it lives.

    What others do to the machine shows in the clock, less in the processor time of what works for it."""
    passes, rounds = 5, 5
    reads = passes * (byte_count // (128 << 10))
    pair = [Strongroom(place, program, "checked"), Strongroom(place, unchecked, "unchecked")]
    seconds = {candidate.name: [] for candidate in pair}
    each = {candidate.name: [] for candidate in pair}
    for candidate in pair:
        candidate.make()
        candidate.mount()
        client("write", candidate.path + "/data", byte_count, 128 << 10)
        candidate.unmount()
    for mount in range(mounts):
        clock, burnt = ({candidate.name: [] for candidate in pair} for _ in range(2))
        for candidate in pair:
            candidate.mount()
        for number in range(rounds + 1):
            for candidate in pair if (mount + number) % 2 else pair[::-1]:
                before = candidate.cpu_nanoseconds(works)
                result = client("read", candidate.path + "/data", byte_count, 128 << 10, passes)
                # The first round fills caches.
                if number:
                    clock[candidate.name].append(result["seconds"])
                    burnt[candidate.name].append((candidate.cpu_nanoseconds(works) - before) / 1e3 / reads)
        for candidate in pair:
            candidate.unmount()
            seconds[candidate.name].append(statistics.median(clock[candidate.name]))
            each[candidate.name].append(statistics.median(burnt[candidate.name]))
    for candidate in pair:
        candidate.clean()

    def cost(checked, unchecked):
        return f"{(checked / unchecked - 1) * 100:.1f} %"

    # Mounts of the same moment.
    def paired(values):
        middle, low, high = median_between([one / other for one, other in zip(values["checked"], values["unchecked"])])
        return f"{cost(middle, 1)} ({cost(low, 1)} … {cost(high, 1)})"

    def row(what, values, choose, show):
        checked, unchecked = (choose(values[candidate.name]) for candidate in pair)
        return [what, show(checked), show(unchecked), cost(checked, unchecked)]

    def speed(value):
        return f"{byte_count / value / 1e6:.0f} MB/s"

    def spent(value):
        return f"{value:.2f} µs"

    rows = [
        row("clock, median", seconds, statistics.median, speed),
        row("clock, least", seconds, min, speed),
        ["clock, median of pairs (95 % between)", "–", "–", paired(seconds)],
        row("CPU for a READ, median", each, statistics.median, spent),
        row("CPU for a READ, least", each, min, spent),
        ["CPU, median of pairs (95 % between)", "–", "–", paired(each)]]
    return {
        "name": "check-record", "title": f"Check and record on a warm read at 128 KiB (goal: at most 6 %), {mounts} mounts",
        "columns": ["", "with", "without", "cost"], "rows": rows}


# What one operation may allocate in the threads that answer requests: a count, so that it holds on any machine; more ends the run. One for each
# request is libfuse's own, for its `struct fuse_req`.
ALLOCATIONS = {
    "read128": ("READ of 128 KiB from the page cache", 1), "read4k": ("READ of 4 KiB at random from the page cache", 1),
    "lookup": ("LOOKUP of a document in memory", 3), "getattr": ("GETATTR", 1), "absent": ("LOOKUP of a name that is not there", 4),
    "open": ("LOOKUP, OPEN, FLUSH and RELEASE", 11), "create": ("CREATE, FLUSH, RELEASE, LOOKUP and UNLINK", 25)}


def allocations(place, program):
    """Allocations of each operation: the program with a malloc that counts, which is asked for the same 1,000 times more often."""
    library = os.path.join(place.folder, "allocations.so")
    run(["cc", "-shared", "-fPIC", "-O1", "-o", library, os.path.join(HERE, "allocations.c")])
    counter = os.path.join(place.folder, "allocations.count")
    with open(counter, "wb") as file:
        file.write(bytes(4096))

    def count():
        with open(counter, "rb") as file:
            return int.from_bytes(file.read(8), "little")

    vault = Strongroom(place, program, "allocations")
    vault.environment = {"LD_PRELOAD": library, "STRONGROOM_ALLOCATIONS": counter}
    vault.make()
    vault.mount()
    client("write", vault.path + "/document", 1 << 20, 128 << 10)
    rows = []
    more = 1000
    failed = []
    for work, (what, limit) in ALLOCATIONS.items():
        client("repeat", vault.path, 300, work)
        taken = []
        for times in (300, 300 + more):
            before = count()
            client("repeat", vault.path, times, work)
            taken.append(count() - before)
        each = (taken[1] - taken[0]) / more
        rows.append([what, f"{each:.2f}", str(limit)])
        # A buffer that grows now and then is none of the operation's.
        if each > limit + 0.05:
            failed.append(f"{what}: {each:.2f}")
    if not count():
        failed.append("nothing was counted")
    vault.unmount()
    vault.clean()
    if failed:
        raise Failure("more is allocated than may be: " + "; ".join(failed))
    return {
        "name": "allocations", "title": "Allocations of one operation, in the threads that answer",
        "columns": ["", "each", "may be"], "rows": rows}


class Filled(Strongroom):
    """A vault that `vault-filler` fills before it is mounted: a million documents in half a minute. It writes as a mount does, and records nothing but its commits."""

    def __init__(self, place, programs, name):
        super().__init__(place, programs.strongroom, name)
        self.filler = programs.filler
        if not os.access(self.filler, os.X_OK):
            raise Failure(f"there is no {self.filler}: swift build -c release --product vault-filler")

    def fill(self, work, path, *counts):
        run([self.filler, self.store, self.key, work, path, *map(str, counts)])

    def catalog_bytes(self):
        return sum(
            os.path.getsize(os.path.join(self.store, name)) for name in os.listdir(self.store) if name.startswith("catalog.sqlite"))


def listing(place, programs, document_count, folder_count):
    """The names of one folder: by who has rights from the top, by who has three grants in another one, of the floor and of the plain disk."""
    vault = Filled(place, programs, "listing")
    vault.make()
    vault.fill("documents", "/wide", document_count)
    vault.fill("folders", "/narrow", folder_count)
    floor = Floor(place, programs.floor)
    floor.make()
    floor.mount()
    plain = place.make("listing-plain", READER)
    for folder in (floor.path + "/wide", plain + "/wide"):
        run(["mkdir", "-p", folder], user=READER)
        client("fill", folder, document_count)
    vault.mount()
    for number in (1, folder_count // 2, folder_count - 1):
        run([
            vault.binary, "grant", "add", f"{vault.path}/narrow/{number:07d}", "--to", "user:" + GUEST, "--rights", "reader", "--reason",
            "benchmark"], user=ADMIN)
    vault.unmount()
    vault.mount()
    lists = {
        "plain disk": (plain + "/wide", READER), "floor: FUSE, names in memory, nobody judged": (floor.path + "/wide", READER),
        "rights from the top, editor": (vault.path + "/wide", READER), "rights from the top, reader": (vault.path + "/wide", OTHER),
        f"three grants in a folder of {folder_count}": (vault.path + "/narrow", GUEST)}
    first = {what: client("list", folder, 1, user=user) for what, (folder, user) in lists.items()}
    again = {what: [] for what in lists}
    for _ in range(3):
        for what, (folder, user) in lists.items():
            again[what].append(client("list", folder, 5, user=user)["seconds"])
    middle = {what: statistics.median(values) for what, values in again.items()}
    least = middle["floor: FUSE, names in memory, nobody judged"]
    rows = [
        [what, str(first[what]["entries"]), milliseconds(first[what]["seconds"]), milliseconds(middle[what]),
         f"{middle[what] / least:.2f}×" if first[what]["entries"] == document_count else "–"] for what in lists]
    for mounted in (vault, floor):
        mounted.unmount()
        mounted.clean()
    run(["rm", "-rf", plain])
    return {
        "name": "listing", "title": f"One folder of {document_count} documents: names only (getdents)",
        "columns": ["", "entries shown", "first, ms", "again, ms", "of the floor"], "rows": rows}


def growth(place, programs, counts):
    """p50 of stat by name, open and read, and create, in vaults with more and more documents of 1 KiB: 100 in a folder, and all in one."""
    rows = []
    base = {}
    for shape in ("tree", "documents"):
        for count in counts:
            vault = Filled(place, programs, "growth")
            vault.make()
            vault.fill(shape, "/", count)
            catalog = vault.catalog_bytes()
            # The rights are given by a mount before the one that is measured.
            vault.mount()
            vault.unmount()
            drop_caches()
            vault.mount()
            mounting = vault.mount_seconds
            first, again = client("probe-" + shape, vault.path, count)
            vault.note_peak()
            vault.unmount()
            least = base.setdefault(shape, again)
            rows.append([
                f"{count}, {'100 in a folder' if shape == 'tree' else 'in one folder'}",
                *(f"{microseconds(first[name])}, {microseconds(again[name])} ({again[name] / least[name]:.2f}×)" for name in ("lookup", "open")),
                f"{microseconds(again['create'])} ({again['create'] / least['create']:.2f}×)", f"{mounting:.2f}", f"{catalog / count:.0f}",
                f"{vault.peak / (1 << 20):.0f}"])
            vault.clean()
    return {
        "name": "growth", "title": "Growth: p50 of documents all over the vault, the first time and again; mounted by a key file with cold caches",
        "columns": ["documents", "lookup, µs", "open + read, µs", "create, µs", "mount, s", "catalog bytes each", "peak, MiB"], "rows": rows}


def access(place, programs, principal_count, folder_count):
    """Who may do what at a folder on which everybody has a grant, and where a user has rights who has eleven of them: the command from start to end."""
    vault = Filled(place, programs, "access")
    vault.make()
    vault.fill("folders", "/many", folder_count)
    vault.fill("grants", "/many", principal_count, 10)
    names = os.path.join(place.folder, "passwd")
    with open("/etc/passwd") as source, open(names, "w") as target:
        target.write(source.read())
        for number in range(principal_count):
            target.write(f"strongroom-many-{number}:x:{200_000 + number}:{200_000 + number}::/:/usr/sbin/nologin\n")
    # In this namespace of mounts alone: users whom the vault names have to be known to the system.
    run(["mount", "--bind", names, "/etc/passwd"])
    try:
        # The rights of the driver's users are given by a mount before the one that is measured.
        vault.mount()
        vault.unmount()
        vault.mount()
        mounting = vault.mount_seconds
        rows = []
        for what, command in (
                (f"access who, with {principal_count} principals", ["who", vault.path + "/many"]),
                ("access who, one of the folders in it", ["who", f"{vault.path}/many/{folder_count // 2:07d}"]),
                ("access what, one of the principals", ["what", "user:strongroom-many-17", "--vault", vault.path]),
                ("access explain, one of them", ["explain", "user:strongroom-many-17", "read", f"{vault.path}/many/{folder_count // 2:07d}"])):
            taken = []
            for _ in range(5):
                begun = time.monotonic()
                said = run([vault.binary, "access", *command], user=ADMIN)
                taken.append(time.monotonic() - begun)
            rows.append([what, str(len(said.splitlines())), f"{statistics.median(taken):.3f}"])
        vault.note_peak()
        rows.append(["mount", "–", f"{mounting:.2f}"])
        rows.append(["peak of the daemon, MiB", "–", f"{vault.peak / (1 << 20):.0f}"])
        vault.unmount()
    finally:
        run(["umount", "/etc/passwd"])
    vault.clean()
    return {
        "name": "access", "title": f"Questions about rights: {principal_count} principals, {principal_count * 11} grants, {folder_count} folders",
        "columns": ["", "lines", "s"], "rows": rows}
