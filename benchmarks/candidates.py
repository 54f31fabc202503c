"""Every filesystem that is measured: how its store is made, mounted, unmounted and removed."""

import json
import os
import shutil
import subprocess
import time

from place import ADMIN, OTHER, READER, Failure, as_user, mounts_below, run

PASSPHRASE = "a long passphrase of the benchmark"


class Candidate:
    """A filesystem. `path` is where its user works; `store` is what lies on the disk (None: nothing does)."""

    name = ""
    what = ""
    # The package of Debian that brings it, and its program.
    package = None
    program = None
    # What is in it survives an unmount, so that "cold" can mean a new mount with empty caches.
    keeps = True
    # Of the slowest, one round has to do in the short form.
    is_slow = False
    # Unlocking takes half a minute and cannot be made cheaper: one mount for the whole run, also where "cold" is asked for.
    stays = False

    def __init__(self, place):
        self.place = place
        self.daemon = None
        self.peak = 0
        self.daemon_seconds = 0.0

    def missing(self):
        """Why it cannot be measured here; None where it can."""
        if self.program and not shutil.which(self.program):
            return f"{self.program} is not installed (Debian package {self.package}): scripts/install-dependencies bench"
        return None

    def version(self):
        return ""

    # What each filesystem says of itself

    def make(self):
        self.folder = self.place.make(self.name, READER)
        self.store = os.path.join(self.folder, "store")
        self.path = os.path.join(self.folder, "mount")
        for made in (self.store, self.path):
            self.place.make(made, READER)
        self.make_store()

    def make_store(self):
        pass

    def start(self, shared):
        """Starts the daemon and returns its process id; it need not be ready yet."""
        raise NotImplementedError

    def stop(self):
        """Asks for the end of the mount."""
        run(["umount", self.path])

    # What is the same for all

    def mount(self, shared=False):
        if self.daemon:
            return
        self.log = open(os.path.join(self.folder, "log"), "ab")
        begun = time.monotonic()
        self.daemon = self.start(shared)
        while not mounts_below(self.path):
            if time.monotonic() > begun + 240 or (self.daemon and not is_alive(self.daemon)):
                raise Failure(f"{self.name} did not mount:\n{self.tail()}")
            time.sleep(0.005)
        # The first answer says that it serves.
        run(["stat", self.path], user=READER)
        self.mount_seconds = time.monotonic() - begun
        if self.daemon:
            # Peaks of unlocking (Argon2id, scrypt) are not peaks of serving.
            with open(f"/proc/{self.daemon}/clear_refs", "w") as file:
                file.write("5")
            self.at_start = self.cpu_seconds()

    def unmount(self):
        if not self.daemon:
            return
        self.note_peak()
        self.stop()
        deadline = time.monotonic() + 120
        while True:
            process, _, usage = os.wait4(self.daemon, os.WNOHANG)
            if process:
                break
            if time.monotonic() > deadline:
                raise Failure(f"{self.name} does not end after its unmount:\n{self.tail()}")
            time.sleep(0.005)
        self.daemon_seconds += usage.ru_utime + usage.ru_stime - self.at_start
        self.daemon = None
        self.log.close()
        if mounts_below(self.path):
            raise Failure(f"{self.name} left its mount behind")

    def clean(self):
        shutil.rmtree(self.folder)

    def forget(self):
        """Makes its own caches empty where a new mount does not."""

    def cpu_seconds(self):
        """Of the daemon so far, all its threads, in user and kernel mode."""
        if not self.daemon:
            return 0.0
        with open(f"/proc/{self.daemon}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def cpu_nanoseconds(self, wants=lambda name: True):
        """Of the daemon's threads that live and whose name is wanted, as the scheduler counts: for spans too short for the clock's ticks."""
        total = 0
        for thread in os.listdir(f"/proc/{self.daemon}/task"):
            try:
                with open(f"/proc/{self.daemon}/task/{thread}/comm") as file:
                    if not wants(file.read().strip()):
                        continue
                with open(f"/proc/{self.daemon}/task/{thread}/schedstat") as file:
                    total += int(file.read().split()[0])
            except FileNotFoundError:
                pass
        return total

    def note_peak(self):
        if self.daemon:
            with open(f"/proc/{self.daemon}/status") as file:
                for line in file:
                    if line.startswith("VmHWM:"):
                        self.peak = max(self.peak, int(line.split()[1]) * 1024)

    def bytes_on_disk(self):
        return used_bytes(self.store) if self.store else 0

    def tail(self):
        try:
            with open(os.path.join(self.folder, "log"), errors="replace") as file:
                return file.read()[-2000:]
        except OSError:
            return ""

    def spawn(self, command, user=READER, **more):
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, cwd="/", **as_user(user), **more).pid


def is_alive(process):
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def used_bytes(path):
    """Bytes that a folder and all below it take on the disk."""
    total = 0
    for folder, folders, files in os.walk(path):
        for name in files + folders:
            total += os.lstat(os.path.join(folder, name)).st_blocks * 512
    return total


class Plain(Candidate):
    name = "plain"
    what = "a folder of the disk itself"

    def make(self):
        self.folder = self.path = self.store = self.place.make(self.name, READER)

    def mount(self, shared=False):
        self.mount_seconds = 0.0

    def unmount(self):
        pass


class Floor(Candidate):
    name = "floor"
    what = "files in memory behind the project's own Fuse part: what FUSE itself costs"
    keeps = False

    def __init__(self, place, program):
        super().__init__(place)
        self.floor = program

    def missing(self):
        return None if os.access(self.floor, os.X_OK) else f"there is no {self.floor}: swift build -c release --product fuse-floor"

    def make_store(self):
        shutil.rmtree(self.store)
        self.store = None

    def start(self, shared):
        return self.spawn([self.floor, self.path], user=None)


class Strongroom(Candidate):
    what = "default configuration: direct reads, every operation judged and recorded"

    def __init__(self, place, program, name="strongroom", user=None):
        super().__init__(place)
        self.binary = os.path.abspath(program)
        self.name = name
        self.user = user
        # What the daemon has in its environment besides the driver's.
        self.environment = {}
        if user:
            self.what = "private mount of one user (mount --user)"

    def missing(self):
        return None if os.access(self.binary, os.X_OK) else f"there is no {self.binary}: make build"

    def version(self):
        return run([self.binary, "--version"]).strip().splitlines()[-1]

    def make_store(self):
        self.secret = os.path.join(self.folder, "passphrase")
        with open(self.secret, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(PASSPHRASE + "\n")
        self.was_granted = False
        identity = os.path.join(self.folder, "reviewer")
        os.rmdir(self.store)
        run([self.binary, "reviewer", "keygen", "-o", identity, "--passphrase-file", self.secret])
        self.identity = identity
        run([
            self.binary, "init", self.store, "--reviewer", identity + ".pub", "--admin", "user:" + ADMIN,
            "--passphrase-file", self.secret])
        # A key file unlocks at once; the work of Argon2id is not what is measured.
        self.key = os.path.join(self.folder, "key")
        run([self.binary, "key", "add", self.store, "--passphrase-file", self.secret, "--new-key-file", self.key])

    def start(self, shared):
        if not self.was_granted:
            # Rights are given by a mount that lets the administrator in.
            self.was_granted = True
            self.launch([])
            run([
                self.binary, "grant", "add", self.path, "--to", "user:" + READER, "--rights", "editor", "--reason", "benchmark"],
                user=ADMIN)
            run([
                self.binary, "grant", "add", self.path, "--to", "user:" + OTHER, "--rights", "reader", "--reason",
                "benchmark"], user=ADMIN)
            process = self.find()
            self.stop()
            os.waitpid(process, 0)
        self.launch(["--user", self.user] if self.user else [])
        return self.find()

    def launch(self, more):
        run([self.binary, "mount", self.store, self.path, "--key-file", self.key, *more], env={**os.environ, **self.environment})

    def find(self):
        """The daemon, which is ours to wait for since this process is the first of its namespace."""
        # A build without check and record says so at each start, beside what was asked.
        lines = run([self.binary, "status", self.path, "--json"]).splitlines()
        return int(json.loads(next(line for line in lines if line.startswith("{")))["pid"])

    def stop(self):
        run([self.binary, "unmount", self.path])


class Gocryptfs(Candidate):
    name = program = package = "gocryptfs"
    what = "defaults (AES-256-GCM), but for cheap unlocking (scryptn 10)"

    def version(self):
        return run([self.program, "-version"]).split(";")[0].strip()

    def make_store(self):
        self.secret = os.path.join(self.folder, "passphrase")
        with open(self.secret, "w") as file:
            file.write(PASSPHRASE + "\n")
        run([self.program, "-q", "-init", "-scryptn", "10", "-passfile", self.secret, self.store], user=READER)

    def start(self, shared):
        command = [self.program, "-q", "-fg", "-passfile", self.secret] + (["-allow_other"] if shared else [])
        return self.spawn(command + [self.store, self.path])

    def stop(self):
        run(["fusermount3", "-u", self.path])


class Securefs(Candidate):
    name = program = package = "securefs"
    what = "defaults, but for cheap unlocking (one round of PBKDF2)"

    def version(self):
        return " ".join(run([self.program, "version"]).split())[:40]

    def make_store(self):
        run([self.program, "create", "--pbkdf", "pkcs5-pbkdf2-hmac-sha256", "-r", "1", "--pass", PASSPHRASE, self.store], user=READER)

    def start(self, shared):
        command = [self.program, "mount", "--pass", PASSPHRASE] + (["-o", "allow_other"] if shared else [])
        return self.spawn(command + [self.store, self.path])

    def stop(self):
        run(["fusermount3", "-u", self.path])


class Cryfs(Candidate):
    name = program = package = "cryfs"
    what = "defaults (XChaCha20-Poly1305)"
    is_slow = True
    stays = True
    keeps = False

    def version(self):
        return run([self.program, "--version"]).strip().splitlines()[0]

    def start(self, shared):
        environment = dict(os.environ, HOME=self.folder, CRYFS_FRONTEND="noninteractive", CRYFS_NO_UPDATE_CHECK="true")
        command = [self.program, "--foreground", self.store, self.path, "--", "-o", "allow_other"]
        read, write = os.pipe()
        os.write(write, (PASSPHRASE + "\n" + PASSPHRASE + "\n").encode())
        os.close(write)
        process = subprocess.Popen(
            command, stdin=read, stdout=self.log, stderr=self.log, cwd="/", env=environment, **as_user(READER))
        os.close(read)
        return process.pid

    def forget(self):
        # It keeps a block for a second at most.
        time.sleep(2)

    def stop(self):
        run(["fusermount3", "-u", self.path])


PEERS = (Gocryptfs, Securefs, Cryfs)
