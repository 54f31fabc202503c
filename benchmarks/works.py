"""The works. A stage is what one mount after another goes through; its works build on each other, so what a chosen work needs is done too."""

import glob
import json
import os
import shutil
import subprocess
import time

import materials
from place import OTHER, READER, Failure, as_user, run

HERE = os.path.dirname(os.path.abspath(__file__))

# name: (stage, what the table says, unit, whether more is better)
WORKS = {
    "write": ("data", "write at 128 KiB, with fsync", "MB/s", True),
    "read128-cold": ("data", "read at 128 KiB, cold", "MB/s", True),
    "read128": ("data", "read at 128 KiB, again", "MB/s", True),
    "read1m-cold": ("data", "read at 1 MiB, cold", "MB/s", True),
    "read1m": ("data", "read at 1 MiB, again", "MB/s", True),
    "random4k-cold": ("data", "4 KiB at random, cold", "µs", False),
    "random4k": ("data", "4 KiB at random, warm", "µs", False),
    "untar": ("tree", "untar a source tree, and sync", "s", False),
    "md5sum": ("tree", "md5sum of each file, cold", "s", False),
    "ls-cold": ("tree", "ls -lR, cold", "s", False),
    "ls": ("tree", "ls -lR, warm", "s", False),
    "find": ("tree", "find by name, warm", "s", False),
    "rm": ("tree", "rm -rf", "s", False),
    "md5sum-2x2": ("shared", "md5sum, 4 processes of 2 users, cold", "s", False),
    "cp": ("documents", "cp -a of PDF documents, and sync", "s", False),
}


def drop_caches():
    os.sync()
    with open("/proc/sys/vm/drop_caches", "w") as file:
        file.write("3\n")


class Sizes:
    """Of the full form, and of shorter ones by a factor."""

    def __init__(self, data=512 << 20, tree=1.0, documents=materials.DOCUMENTS, random_reads=20_000, passes=3):
        self.data, self.tree, self.documents, self.random_reads, self.passes = data, tree, documents, random_reads, passes


class Materials:
    """The tar file and the documents, made once for all candidates and rounds, in a folder of the disk."""

    def __init__(self, folder, sizes, stages):
        self.tar = os.path.join(folder, "tree.tar")
        self.documents = os.path.join(folder, "documents")
        self.tree_files = self.tree_bytes = self.documents_bytes = 0
        if stages & {"tree", "shared"}:
            self.tree_files, self.tree_bytes = materials.write_tree(self.tar, sizes.tree)
            unpacked = os.path.join(folder, "unpacked")
            os.mkdir(unpacked)
            run(["tar", "-xf", self.tar, "-C", unpacked])
            self.sums = sorted_sums(run(["sh", "-c", "find tree -type f -exec md5sum {} +"], cwd=unpacked))
            run(["rm", "-rf", unpacked])
        if "documents" in stages:
            os.mkdir(self.documents)
            self.documents_bytes = materials.write_documents(self.documents, sizes.documents)
            run(["chown", "-R", READER + ":", self.documents])


def sorted_sums(text):
    return sorted(line for line in text.splitlines() if line)


class Session:
    """One candidate in one round of one stage. Collects `results`: work → {value, seconds, client, daemon}."""

    def __init__(self, candidate, sizes, materials_, wanted, checks):
        self.candidate, self.sizes, self.materials, self.wanted, self.checks = candidate, sizes, materials_, wanted, checks
        self.results = {}
        self.bytes_on_disk = {}

    # How a work is measured

    def note(self, work, body, value):
        """Does a work. `body` returns {seconds, client}; `value` makes the figure of the table from it."""
        before = self.candidate.cpu_seconds()
        result = body()
        result["daemon"] = self.candidate.cpu_seconds() - before
        result["value"] = value(result)
        if work in self.wanted:
            self.results[work] = result

    def wants(self, *works):
        return any(work in self.wanted for work in works)

    def client(self, *arguments, user=READER):
        """Runs client.py as a user, who times themselves."""
        output = run(["/usr/bin/python3", "-I", os.path.join(HERE, "client.py"), *map(str, arguments)], user=user, cwd="/")
        return json.loads(output)

    def inside(self, line):
        """A shell that runs a command in the mount. It goes there itself: a mount may refuse root, who starts it."""
        return ["/bin/sh", "-c", f"cd '{self.candidate.path}' && exec {line}"]

    def command(self, line, output=subprocess.DEVNULL, user=READER):
        """Runs a command in the mount as a user and times it from its start to its end."""
        begun = time.monotonic()
        with subprocess.Popen(
            self.inside(line), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE, cwd="/", **as_user(user)
        ) as process:
            errors = process.stderr.read()
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.monotonic() - begun
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise Failure(f"{self.candidate.name}: {line}: {errors.decode(errors='replace')[-2000:]}")
        return {"seconds": seconds, "client": usage.ru_utime + usage.ru_stime}

    def cold(self):
        """Nothing of it is in memory: a new mount where it keeps anything, and the kernel's caches dropped."""
        self.remount()
        self.candidate.forget()
        drop_caches()

    def remount(self):
        if self.candidate.keeps:
            self.candidate.unmount()
            self.candidate.mount(self.shared)

    def run(self, stage):
        self.shared = stage == "shared"
        if not self.candidate.daemon:
            self.candidate.make()
        self.candidate.mount(self.shared)
        self.first_mount_seconds = self.candidate.mount_seconds
        {"data": self.data, "tree": self.tree, "shared": self.two_users, "documents": self.copy_documents}[stage]()
        self.finish()
        shutil.rmtree(self.scratch_folder())

    def finish(self):
        if self.candidate.stays:
            self.candidate.note_peak()
            self.command("rm -rf data tree documents")
        else:
            self.candidate.unmount()
            self.candidate.clean()

    # The stages

    def data(self):
        path = os.path.join(self.candidate.path, "data")
        count = self.sizes.data
        rate = lambda result: count / result["seconds"] / 1e6
        self.note("write", lambda: self.client("write", path, count, 128 << 10), rate)
        if self.checks:
            self.client("check", path, count)
        for name, step in (("read128", 128 << 10), ("read1m", 1 << 20)):
            if self.wants(name + "-cold"):
                self.cold()
                self.note(name + "-cold", lambda: self.client("read", path, count, step, 1), rate)
            if self.wants(name):
                self.client("read", path, count, step, 1)
                self.note(name, lambda: self.client("read", path, count, step, self.sizes.passes), rate)
        if self.wants("random4k-cold"):
            self.cold()
            self.note("random4k-cold", lambda: self.random_reads(path, self.sizes.random_reads // 10), lambda r: r["seconds"])
        if self.wants("random4k"):
            self.client("read", path, count, 1 << 20, 1)
            self.note("random4k", lambda: self.random_reads(path, self.sizes.random_reads), lambda r: r["seconds"])
        self.remount()
        self.bytes_on_disk = {"data": self.candidate.bytes_on_disk() / count}

    def random_reads(self, path, count):
        """Seconds are microseconds of one read here: the mean that fio saw."""
        output = run([
            "fio", "--name=random", f"--filename={path}", "--rw=randread", "--bs=4k", "--ioengine=psync", "--readonly",
            "--allow_file_create=0", "--invalidate=0", "--fadvise_hint=0", "--randseed=4096", f"--size={self.sizes.data}",
            f"--io_size={count * 4096}", "--output-format=json"], user=READER, cwd="/")
        job = json.loads(output[output.index("{"):])["jobs"][0]
        read = job["read"]
        if job["error"] or read["total_ios"] < count:
            raise Failure(f"{self.candidate.name}: fio read {read['total_ios']} times, not {count}:\n{output[-1000:]}")
        cpu = (job["usr_cpu"] + job["sys_cpu"]) / 100 * read["runtime"] / 1000
        return {
            "seconds": read["clat_ns"]["mean"] / 1000, "client": cpu,
            "p50": read["clat_ns"]["percentile"]["50.000000"] / 1000, "p99": read["clat_ns"]["percentile"]["99.000000"] / 1000}

    def untar(self):
        def body():
            unpacked = self.command(f"tar -xf {self.materials.tar}")
            synced = self.client("sync", self.candidate.path)
            return {key: unpacked[key] + synced[key] for key in unpacked}

        warm(self.materials.tar)
        os.sync()
        self.note("untar", body, lambda result: result["seconds"])

    def tree(self):
        seconds = lambda result: result["seconds"]
        self.untar()
        self.remount()
        self.bytes_on_disk = {"tree": self.candidate.bytes_on_disk() / self.materials.tree_bytes}
        if self.wants("md5sum"):
            self.cold()
            sums = os.path.join(self.scratch_folder(), "sums")
            with open(sums, "w") as output:
                self.note("md5sum", lambda: self.command("find tree -type f -exec md5sum {} +", output), seconds)
            self.compare(sums)
        if self.wants("ls-cold"):
            self.cold()
            self.note("ls-cold", lambda: self.command("ls -lR tree"), seconds)
        if self.wants("ls"):
            self.command("ls -lR tree")
            self.note("ls", lambda: self.command("ls -lR tree"), seconds)
        if self.wants("find"):
            self.note("find", lambda: self.command("find tree -name '*7.c'"), seconds)
        if self.wants("rm"):
            self.note("rm", lambda: self.command("rm -rf tree"), seconds)

    def shared_work(self):
        """The files in four parts, each for a process; two of them are the other user's."""
        lists = []
        names = [line.split("  ", 1)[1] for line in self.materials.sums]
        for part in range(4):
            path = os.path.join(self.scratch_folder(), f"list{part}")
            with open(path, "w") as file:
                file.write("\0".join(names[part::4]))
            lists.append(path)
        before, begun = os.times(), time.monotonic()
        processes = []
        for part, path in enumerate(lists):
            with open(path + ".sums", "w") as output, open(path) as given:
                processes.append(subprocess.Popen(
                    self.inside("xargs -0 md5sum"), stdin=given, stdout=output, cwd="/", **as_user(OTHER if part % 2 else READER)))
        failed = [process.wait() for process in processes]
        seconds = time.monotonic() - begun
        after = os.times()
        if any(failed):
            raise Failure(f"{self.candidate.name}: md5sum by two users ended with {failed}")
        client = after.children_user - before.children_user + after.children_system - before.children_system
        return {"seconds": seconds, "client": client}

    def two_users(self):
        self.untar()
        self.cold()
        self.note("md5sum-2x2", self.shared_work, lambda result: result["seconds"])
        everything = os.path.join(self.scratch_folder(), "sums")
        with open(everything, "w") as file:
            for part in sorted(glob.glob(self.scratch_folder() + "/list*.sums")):
                file.write(open(part).read())
        self.compare(everything)

    def copy_documents(self):
        def body():
            copied = self.command(f"cp -a {self.materials.documents} .")
            synced = self.client("sync", self.candidate.path)
            return {key: copied[key] + synced[key] for key in copied}

        run(["sh", "-c", f"cat {self.materials.documents}/* > /dev/null"])
        os.sync()
        self.note("cp", body, lambda result: result["seconds"])
        run(self.inside(f"diff -r {self.materials.documents} documents"), user=READER, cwd="/")

    # Helpers

    def scratch_folder(self):
        path = self.candidate.folder + ".scratch"
        os.makedirs(path, exist_ok=True)
        return path

    def compare(self, sums):
        with open(sums) as file:
            if sorted_sums(file.read()) != self.materials.sums:
                raise Failure(f"{self.candidate.name} gave back other bytes than were written")


def warm(path):
    with open(path, "rb", buffering=0) as file:
        while file.read(1 << 20):
            pass
