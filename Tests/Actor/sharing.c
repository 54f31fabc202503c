// Locks, and descriptors passed from one actor to another.
#define _GNU_SOURCE
#include "actor.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

// MARK: Locks

/// One lock as asked for: KIND flock|posix|ofd, TYPE r|w|u, START, LENGTH (0 is to the end).
typedef struct {
    int descriptor;
    char kind, type;
    struct flock range;
} Lock;

static Lock lock_words(int first) {
    Lock lock = {.descriptor = (int)number(first), .kind = at(first + 1)[0], .type = at(first + 2)[0]};
    lock.range.l_type = lock.type == 'r' ? F_RDLCK : lock.type == 'w' ? F_WRLCK : F_UNLCK;
    lock.range.l_whence = SEEK_SET;
    lock.range.l_start = (off_t)number(first + 3);
    lock.range.l_len = (off_t)number(first + 4);
    return lock;
}

static int take(Lock *lock, int waits) {
    if (lock->kind == 'f') {
        int operation = lock->type == 'r' ? LOCK_SH : lock->type == 'w' ? LOCK_EX : LOCK_UN;
        return flock(lock->descriptor, operation | (waits ? 0 : LOCK_NB));
    }
    if (lock->kind == 'o') return fcntl(lock->descriptor, waits ? F_OFD_SETLKW : F_OFD_SETLK, &lock->range);
    return fcntl(lock->descriptor, waits ? F_SETLKW : F_SETLK, &lock->range);
}

static void run_lock(void) {
    Lock lock = lock_words(1);
    settle(take(&lock, 0));
}

/// Who would be in the way: TYPE START LENGTH PID, TYPE u when nobody is.
static void run_getlock(void) {
    Lock lock = lock_words(1);
    if (fcntl(lock.descriptor, lock.kind == 'o' ? F_OFD_GETLK : F_GETLK, &lock.range) < 0) return fail(errno);
    say("%c", lock.range.l_type == F_RDLCK ? 'r' : lock.range.l_type == F_WRLCK ? 'w' : 'u');
    say("%lld", (long long)lock.range.l_start);
    say("%lld", (long long)lock.range.l_len);
    say("%d", (int)lock.range.l_pid);
    done();
}

// A lock that waits does so on a thread of its own, so that the actor can go on; one at a time is enough.
static Lock waiting;
static pthread_t waiter;
static int waiter_started, waiter_code;

static void on_interrupt(int signal) { (void)signal; }

static void *wait_for_lock(void *unused) {
    (void)unused;
    waiter_code = take(&waiting, 1) < 0 ? errno : 0;
    return NULL;
}

static void run_wait_lock(void) {
    if (waiter_started) return fail(EBUSY);
    struct sigaction action = {.sa_handler = on_interrupt};  // without SA_RESTART: the call ends with EINTR
    sigaction(SIGUSR1, &action, NULL);
    waiting = lock_words(1);
    int code = pthread_create(&waiter, NULL, wait_for_lock, NULL);
    if (code) return fail(code);
    waiter_started = 1;
    done();
}

static int join_waiter(long long milliseconds) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += milliseconds / 1000;
    until.tv_nsec += milliseconds % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
    return pthread_timedjoin_np(waiter, NULL, &until);
}

/// How the waiting lock ended; ETIMEDOUT while it still waits.
static void run_lock_result(void) {
    if (!waiter_started) return fail(ESRCH);
    int code = join_waiter(number(1));
    if (code) return fail(code);
    waiter_started = 0;
    if (waiter_code) return fail(waiter_code);
    done();
}

static void run_interrupt_lock(void) {
    if (!waiter_started) return fail(ESRCH);
    settle(pthread_kill(waiter, SIGUSR1));
}

// MARK: Passing descriptors

static socklen_t abstract_address(struct sockaddr_un *address, const char *name) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    int length = snprintf(address->sun_path + 1, sizeof address->sun_path - 1, "strongroom-actor/%s", name);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}

/// A mailbox under a name, in which others put descriptors.
static void run_mailbox(void) {
    struct sockaddr_un address;
    socklen_t length = abstract_address(&address, at(1));
    int box = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (box < 0 || bind(box, (struct sockaddr *)&address, length) < 0) return fail(errno);
    settle_saying(box);
}

typedef union {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr alignment;
} Control;

static void run_send(void) {
    struct sockaddr_un address;
    char byte = 0;
    Control control = {0};
    struct iovec vector = {&byte, 1};
    struct msghdr message = {
        .msg_name = &address, .msg_namelen = abstract_address(&address, at(1)), .msg_iov = &vector, .msg_iovlen = 1,
        .msg_control = control.bytes, .msg_controllen = sizeof control.bytes,
    };
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    int descriptor = (int)number(2);
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    int sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (sender < 0) return fail(errno);
    long result = sendmsg(sender, &message, 0);
    int code = errno;
    close(sender);
    errno = code;
    settle(result);
}

static void run_receive(void) {
    char byte;
    Control control;
    struct iovec vector = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes,
    };
    if (recvmsg((int)number(1), &message, MSG_CMSG_CLOEXEC) < 0) return fail(errno);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (!header || header->cmsg_type != SCM_RIGHTS) return fail(EBADMSG);
    int descriptor;
    memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    settle_saying(descriptor);
}

const Command sharing_commands[] = {
    {"lock", run_lock, "lock FD flock|posix|ofd r|w|u START LENGTH"},
    {"getlock", run_getlock, "getlock FD posix|ofd r|w START LENGTH → TYPE START LENGTH PID"},
    {"wait-lock", run_wait_lock, "wait-lock FD flock|posix|ofd r|w START LENGTH"},
    {"lock-result", run_lock_result, "lock-result MILLISECONDS"},
    {"interrupt-lock", run_interrupt_lock, "interrupt-lock"},
    {"mailbox", run_mailbox, "mailbox NAME → FD"},
    {"send", run_send, "send NAME FD"},
    {"receive", run_receive, "receive FD → FD"},
    {0},
};
