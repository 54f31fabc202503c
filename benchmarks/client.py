#!/usr/bin/python3
"""What a user does with files, timed from within: write, read, list, probe. Prints one JSON object. Run by `works.py` as that user."""

import json
import mmap
import os
import random
import resource
import sys
import time
import zlib

MIB = 1 << 20
POOL = 32 * MIB


def pool():
    """The bytes of the file: 32 MiB of random bytes, again and again."""
    return random.Random(512).randbytes(POOL)


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def timed(body):
    before, begun = cpu(), time.monotonic()
    body()
    return {"seconds": time.monotonic() - begun, "client": cpu() - before}


def write(path, byte_count, step):
    source = memoryview(pool())
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)

    def body():
        for offset in range(0, byte_count, step):
            start = offset % POOL
            if os.write(file, source[start : start + step]) != step:
                raise OSError("short write")
        os.fsync(file)

    return timed(body)


def read(path, byte_count, step, passes):
    buffer = memoryview(mmap.mmap(-1, step))
    results = []
    for _ in range(passes):
        file = os.open(path, os.O_RDONLY)

        def body():
            total = 0
            while count := os.readv(file, (buffer,)):
                total += count
            if total != byte_count:
                raise OSError(f"{total} bytes, not {byte_count}")

        results.append(timed(body))
        os.close(file)
    return sorted(results, key=lambda result: result["seconds"])[len(results) // 2]


def check(path, byte_count):
    """Reads it once, and compares with what was written."""
    wanted = 0
    source = memoryview(pool())
    for offset in range(0, byte_count, POOL):
        wanted = zlib.crc32(source[: min(POOL, byte_count - offset)], wanted)
    found = 0
    with open(path, "rb", buffering=0) as file:
        while piece := file.read(MIB):
            found = zlib.crc32(piece, found)
    if found != wanted:
        raise OSError("other bytes came back than were written")
    return {"seconds": 0, "client": 0}


def sync(path):
    """All that was written below a folder is on the disk: fsync of the folder, for filesystems that sync(2) does not reach, and sync(2)."""

    def body():
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(folder)
        os.close(folder)
        os.sync()

    return timed(body)


def fill(path, count):
    """Makes empty files in one folder."""

    def body():
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        for number in range(count):
            os.close(os.open(f"{number:07d} document.pdf", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644, dir_fd=folder))
        os.fsync(folder)

    return timed(body)


def list_names(path, passes):
    entries = 0
    results = []
    for _ in range(passes):

        def body():
            nonlocal entries
            entries = len(os.listdir(path))

        results.append(timed(body))
    result = sorted(results, key=lambda result: result["seconds"])[len(results) // 2]
    return {**result, "entries": entries}


def name(path, number):
    return f"{path}/{number // 10_000:04d}/{number // 100 % 100:02d}/{number:07d}"


def repeat(path, count, work):
    """One operation on a document of 1 MiB again and again, for those who count what it costs."""
    file = path + "/document"
    opened = os.open(file, os.O_RDONLY)
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    buffer = memoryview(mmap.mmap(-1, 128 << 10))

    def create(number):
        name = f"{path}/made {number % 100}"
        os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
        os.unlink(name)

    def absent(_):
        try:
            os.stat("absent", dir_fd=folder)
        except FileNotFoundError:
            pass

    works = {
        "read128": lambda number: os.preadv(opened, (buffer,), number % 8 * len(buffer)),
        "read4k": lambda number: os.preadv(opened, (buffer[:4096],), number * 7919 % 256 * 4096),
        "lookup": lambda _: os.stat("document", dir_fd=folder),
        "absent": absent,
        "getattr": lambda _: os.fstat(opened),
        "open": lambda _: os.close(os.open(file, os.O_RDONLY)),
        "create": create}
    for number in range(count):
        works[work](number)
    return {}


def probe(path, count, name):
    """p50, in seconds, of each operation on documents all over the vault, the first time and again; the first hundred of each are not counted."""
    source = random.Random(count)
    chosen = [name(path, number) for number in source.sample(range(count), min(count, 1100))]

    def lookup(file, _):
        os.stat(file)

    def open_and_read(file, _):
        opened = os.open(file, os.O_RDONLY)
        if len(os.pread(opened, 4096, 0)) != 1024:
            raise OSError("short read")
        os.close(opened)

    def create(file, number):
        os.close(os.open(f"{file}.{number}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))

    def p50(operation):
        taken = []
        for number, file in enumerate(chosen):
            begun = time.perf_counter()
            operation(file, number)
            taken.append(time.perf_counter() - begun)
        measured = sorted(taken[min(100, len(taken) // 2) :])
        return measured[len(measured) // 2]

    first = {label: p50(operation) for label, operation in (("lookup", lookup), ("open", open_and_read))}
    again = {label: p50(operation) for label, operation in (("lookup", lookup), ("open", open_and_read), ("create", create))}
    return first, again


def probe_tree(path, count):
    return probe(path, count, lambda path, number: f"{path}/{number // 10_000:04d}/{number // 100 % 100:02d}/{number:07d}")


def probe_documents(path, count):
    return probe(path, count, lambda path, number: f"{path}/{number:07d} document.pdf")


def main():
    works = {
        "write": write, "read": read, "check": check, "sync": sync, "fill": fill, "list": list_names, "repeat": repeat, "probe-tree": probe_tree,
        "probe-documents": probe_documents}
    work, path, *rest = sys.argv[1:]
    result = works[work](path, *(int(value) if value.isdigit() else value for value in rest))
    print(json.dumps(result))


main()
