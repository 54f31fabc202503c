#!/usr/bin/python3
"""What a user does with one file, timed from within: write, read, random. Prints one JSON object. Run by `works.py` as that user."""

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


def main():
    work, path, *numbers = sys.argv[1:]
    result = {"write": write, "read": read, "check": check, "sync": sync}[work](path, *map(int, numbers))
    print(json.dumps(result))


main()
