"""Where a run lives: a folder on the disk that is measured, its users, its processes and mounts, and how all of that goes away again.

The driver is the first process of PID and mount namespaces of its own (see `isolate`): whatever way it ends, by Ctrl-C or
by SIGKILL, the kernel ends every daemon with it and takes every mount away. What is left to clean up by hand is the folder and the users.
"""

import fcntl
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
import time

PREFIX = "strongroom-bench-"
INSIDE = "STRONGROOM_BENCH_INSIDE"
# Does the work; the same work with somebody else; gives the rights; has rights on a few folders only.
USERS = (READER, OTHER, ADMIN, GUEST) = tuple(f"strongroom-bench-{number}" for number in range(1, 5))


class Failure(Exception):
    """Ends the run, with a text for whoever started it."""


def isolate():
    """Starts the driver anew in namespaces of its own. Returns there."""
    if os.environ.get(INSIDE) == "yes" and os.getpid() == 1:
        return
    os.environ[INSIDE] = "yes"
    command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private"]
    os.execvp(command[0], command + [sys.executable] + sys.argv)


def mounts_below(path):
    """Mountpoints at and below `path`, the last one first."""
    found = []
    with open("/proc/self/mountinfo") as table:
        for line in table:
            mountpoint = line.split(" ")[4].encode().decode("unicode_escape")
            if mountpoint == path or mountpoint.startswith(path + "/"):
                found.append(mountpoint)
    return found[::-1]


class Place:
    """Use as a context; everything made in it is gone on leaving."""

    def __init__(self, parent):
        self.parent = parent

    def __enter__(self):
        self.lock = open("/run/lock/strongroom-bench.lock", "w")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("another benchmark is running on this machine; waiting for it to end", file=sys.stderr)
            fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.clear_away_old()
        self.folder = tempfile.mkdtemp(prefix=PREFIX, dir=self.parent)
        os.chmod(self.folder, 0o755)
        for name in USERS:
            # useradd refuses while another program of the system holds its lock for a moment.
            run(["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", name], tries=5)
        self.let_users_mount()
        return self

    def let_users_mount(self):
        """Peers are mounted by a user. Where only root may open /dev/fuse, everybody may in this namespace of mounts, and nowhere else."""
        device = os.stat("/dev/fuse")
        if device.st_mode & 0o006 != 0o006:
            mine = os.path.join(self.folder, "fuse")
            os.mknod(mine, stat.S_IFCHR | 0o666, device.st_rdev)
            os.chmod(mine, 0o666)
            run(["mount", "--bind", mine, "/dev/fuse"])
        # So that they can let another user in, as the row of two users needs.
        rules = os.path.join(self.folder, "fuse.conf")
        with open(rules, "w") as file:
            file.write("user_allow_other\n")
        if not os.path.exists("/etc/fuse.conf"):
            raise Failure("there is no /etc/fuse.conf: scripts/install-dependencies bench")
        run(["mount", "--bind", rules, "/etc/fuse.conf"])

    def __exit__(self, kind, error, trace):
        left = self.end_processes()
        mounts = mounts_below(self.folder)
        for own in ("/etc/fuse.conf", "/dev/fuse"):
            if mounts_below(own):
                subprocess.run(["umount", own], check=False)
        for mountpoint in mounts:
            subprocess.run(["umount", "--lazy", mountpoint], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.remove_users()
        if os.path.exists(self.folder):
            print(f"benchmarks: error: {self.folder} cannot be removed", file=sys.stderr)
        if kind is None and (mounts or left):
            raise Failure(f"left behind: mounts {mounts}, processes {left}")

    def clear_away_old(self):
        """Of a run that the machine cut off. The lock says that nobody else uses it."""
        for name in os.listdir(self.parent):
            if name.startswith(PREFIX):
                shutil.rmtree(os.path.join(self.parent, name), ignore_errors=True)
        self.remove_users()

    def remove_users(self):
        for name in USERS:
            try:
                pwd.getpwnam(name)
            except KeyError:
                continue
            run(["userdel", name], tries=5)

    def end_processes(self):
        """Ends all other processes of the namespace; returns their names."""
        names = []
        for entry in os.listdir("/proc"):
            if entry.isdigit() and int(entry) != os.getpid():
                try:
                    with open(f"/proc/{entry}/comm") as file:
                        name = file.read().strip()
                    os.kill(int(entry), 9)
                    names.append(name)
                except OSError:
                    pass
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                if os.waitpid(-1, os.WNOHANG) == (0, 0):
                    time.sleep(0.02)
            except ChildProcessError:
                break
        return names

    def make(self, name, owner=None):
        """Makes a folder, which belongs to `owner`."""
        path = os.path.join(self.folder, name)
        os.makedirs(path)
        if owner:
            entry = pwd.getpwnam(owner)
            os.chown(path, entry.pw_uid, entry.pw_gid)
        return path


def as_user(name):
    """What `subprocess` needs to start a program as this user, with no other group than their own."""
    if name is None:
        return {}
    entry = pwd.getpwnam(name)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def run(command, user=None, tries=1, **more):
    """Runs a command that has to succeed; its output goes into the failure if it does not. Returns what it printed."""
    for attempt in range(tries):
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False, **as_user(user), **more)
        if done.returncode == 0:
            return done.stdout
        time.sleep(0.2 * attempt)
    raise Failure(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")
