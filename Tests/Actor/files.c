// Opening, closing and moving about; programs started; locks of no kind.
#define _GNU_SOURCE
#include "actor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/fs.h>
#include <unistd.h>

static int open_flags(int index) {
    static const struct { const char *name; int flag; } table[] = {
        {"r", O_RDONLY}, {"w", O_WRONLY}, {"rw", O_RDWR}, {"create", O_CREAT}, {"excl", O_EXCL}, {"trunc", O_TRUNC},
        {"append", O_APPEND}, {"directory", O_DIRECTORY}, {"nofollow", O_NOFOLLOW}, {"path", O_PATH}, {"tmpfile", O_TMPFILE},
        {"direct", O_DIRECT}, {"nonblock", O_NONBLOCK}, {"sync", O_SYNC}, {"noatime", O_NOATIME},
    };
    int flags = 0;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (has(index, table[i].name)) flags |= table[i].flag;
    return flags;
}

static mode_t mode_or(int index, mode_t other) { return word_count > index ? (mode_t)number(index) : other; }

static void run_open(void) { settle_saying(open(at(1), open_flags(2), mode_or(3, 0644))); }
static void run_openat(void) { settle_saying(openat(folder(1), at(2), open_flags(3), mode_or(4, 0644))); }
static void run_close(void) { settle(close((int)number(1))); }
static void run_dup(void) { settle_saying(dup((int)number(1))); }

static void run_access(void) {
    int mode = (has(2, "r") ? R_OK : 0) | (has(2, "w") ? W_OK : 0) | (has(2, "x") ? X_OK : 0);
    settle(access(at(1), mode));
}

static void run_chdir(void) { settle(chdir(at(1))); }
static void run_fchdir(void) { settle(fchdir((int)number(1))); }

static void run_getcwd(void) {
    char path[8192];
    // The system call itself: glibc's fallback walks the folders and would hide what the kernel says.
    if (syscall(SYS_getcwd, path, sizeof path) < 0) return fail(errno);
    say("%s", path);
    done();
}

/// Starts a program and waits for it; says its exit status, or fails with what execve said.
static void run_exec(void) {
    int report[2];
    if (pipe2(report, O_CLOEXEC) < 0) return fail(errno);
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0), dup2(null, 1), dup2(null, 2);
        words[word_count < word_count_max ? word_count : word_count_max - 1] = NULL;
        execv(at(1), words + 1);
        int code = errno;
        if (write(report[1], &code, sizeof code) < 0) _exit(126);
        _exit(127);
    }
    close(report[1]);
    int code = 0, status = 0;
    ssize_t count = child < 0 ? -1 : read(report[0], &code, sizeof code);
    close(report[0]);
    if (child < 0) return fail(EAGAIN);
    waitpid(child, &status, 0);
    if (count == sizeof code) return fail(code);
    say("%d", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    done();
}

/// inotify on a path; the descriptor is read with `events`.
static void run_watch(void) {
    int descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (descriptor < 0) return fail(errno);
    if (inotify_add_watch(descriptor, at(1), IN_ALL_EVENTS) < 0) {
        int code = errno;
        close(descriptor);
        return fail(code);
    }
    settle_saying(descriptor);
}

/// The names told by inotify within so many milliseconds, each as MASK:NAME.
static void run_events(void) {
    struct pollfd waiting = {.fd = (int)number(1), .events = POLLIN};
    _Alignas(struct inotify_event) char buffer[16384];
    while (poll(&waiting, 1, (int)number(2)) > 0) {
        ssize_t count = read(waiting.fd, buffer, sizeof buffer);
        if (count <= 0) break;
        for (char *cursor = buffer; cursor < buffer + count;) {
            struct inotify_event *event = (struct inotify_event *)cursor;
            say("%x:%s", event->mask, event->len ? event->name : "");
            cursor += sizeof *event + event->len;
        }
    }
    done();
}

static void run_ioctl(void) {
    int value = 0;
    settle(ioctl((int)number(1), strcmp(at(2), "getflags") == 0 ? FS_IOC_GETFLAGS : FIONREAD, &value));
}

static void run_poll(void) {
    struct pollfd waiting = {.fd = (int)number(1), .events = POLLIN | POLLOUT};
    int count = poll(&waiting, 1, 0);
    if (count < 0) return fail(errno);
    say("%x", waiting.revents);
    done();
}

const Command file_commands[] = {
    {"open", run_open, "open PATH FLAGS [MODE] → FD      flags: r w rw create excl trunc append directory nofollow path tmpfile direct sync"},
    {"openat", run_openat, "openat FD|cwd PATH FLAGS [MODE] → FD"},
    {"close", run_close, "close FD"},
    {"dup", run_dup, "dup FD → FD"},
    {"access", run_access, "access PATH r,w,x|f"},
    {"chdir", run_chdir, "chdir PATH"},
    {"fchdir", run_fchdir, "fchdir FD"},
    {"getcwd", run_getcwd, "getcwd → PATH"},
    {"exec", run_exec, "exec PATH ARGUMENTS… → STATUS"},
    {"watch", run_watch, "watch PATH → FD"},
    {"events", run_events, "events FD MILLISECONDS → MASK:NAME…"},
    {"ioctl", run_ioctl, "ioctl FD getflags|fionread"},
    {"poll", run_poll, "poll FD → EVENTS"},
    {0},
};
