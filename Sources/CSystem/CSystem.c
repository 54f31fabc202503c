#define _GNU_SOURCE
#include "include/CSystem.h"

#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

int csystem_peer_credentials(int socket, uid_t *uid, gid_t *gid, pid_t *pid) {
  struct ucred credentials;
  socklen_t length = sizeof credentials;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return -1;
  *uid = credentials.uid;
  *gid = credentials.gid;
  *pid = credentials.pid;
  return 0;
}

int csystem_fallocate(int descriptor, int mode, int64_t offset, int64_t length) {
  return fallocate(descriptor, mode, offset, length);
}

int csystem_start_writeback(int descriptor, int64_t offset, int64_t length) {
  return sync_file_range(descriptor, offset, length, SYNC_FILE_RANGE_WRITE);
}

ssize_t csystem_read_cached(int descriptor, void *buffer, size_t count, int64_t offset) {
  struct iovec part = {buffer, count};
  return preadv2(descriptor, &part, 1, offset, RWF_NOWAIT);
}

int csystem_set_direct(int descriptor, int is_on) {
  int flags = fcntl(descriptor, F_GETFL);
  if (flags < 0) return -1;
  return fcntl(descriptor, F_SETFL, is_on ? flags | O_DIRECT : flags & ~O_DIRECT);
}

int csystem_lock_within(pthread_mutex_t *mutex, int64_t nanoseconds) {
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  int64_t total = until.tv_nsec + nanoseconds;
  until.tv_sec += total / 1000000000;
  until.tv_nsec = total % 1000000000;
  return pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &until);
}

int csystem_name_thread(const char *name) { return pthread_setname_np(pthread_self(), name); }

void csystem_use_cores_of_process(void) {
  // A process's number is that of its first thread.
  unsigned long mask[128];
  long length = syscall(SYS_sched_getaffinity, getpid(), sizeof mask, mask);
  if (length > 0) syscall(SYS_sched_setaffinity, 0, length, mask);
}

pid_t csystem_thread_id(void) { return gettid(); }

void csystem_lower_priority(void) {
  // On Linux a priority is a thread's. 1: IOPRIO_WHO_PROCESS, the calling thread; class 2 (best effort), the least of its 8 levels.
  setpriority(PRIO_PROCESS, 0, 10);
  syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 7);
}

int csystem_lock_memory(void) { return mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT); }

static void raise_limit(int resource, int to_infinity) {
  struct rlimit limit;
  if (getrlimit(resource, &limit) != 0) return;
  if (to_infinity) {
    struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
    if (setrlimit(resource, &none) == 0) return;
  }
  limit.rlim_cur = limit.rlim_max;
  setrlimit(resource, &limit);
}

void csystem_raise_limits(void) {
  raise_limit(RLIMIT_NOFILE, 0);
  raise_limit(RLIMIT_MEMLOCK, 1);
}

int csystem_forbid_dumps(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

int csystem_rename(const char *from, const char *to, unsigned int flags) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, flags); }

uint64_t csystem_makedev(uint32_t major, uint32_t minor) { return makedev(major, minor); }

int csystem_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK); }

int csystem_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC | O_NONBLOCK); }

int csystem_spawn(const char *path, char *const arguments[], char *const environment[], const int *ends, int count, pid_t *pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int result = posix_spawn_file_actions_init(&actions);
  if (result != 0) return result;
  result = posix_spawnattr_init(&attributes);
  if (result != 0) {
    posix_spawn_file_actions_destroy(&actions);
    return result;
  }
  // Callers pass ends that lie above `count`, so that no dup2 overwrites one that is still needed.
  for (int index = 0; index < count && result == 0; index++) {
    result = posix_spawn_file_actions_adddup2(&actions, ends[index], index);
  }
  if (result == 0) result = posix_spawn_file_actions_addclosefrom_np(&actions, count);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  if (result == 0) result = posix_spawnattr_setsigmask(&attributes, &none);
  if (result == 0) result = posix_spawnattr_setsigdefault(&attributes, &all);
  if (result == 0) {
    result = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  if (result == 0) result = posix_spawn(pid, path, &actions, &attributes, arguments, environment);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return result;
}

void csystem_return_memory(void) { malloc_trim(0); }
