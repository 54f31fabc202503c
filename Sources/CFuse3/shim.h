// libfuse's low-level API, as of 3.14 (Debian 12), the kernel's own structures where libfuse is older than the kernel,
// and system calls that glibc does not offer in the form needed.
#ifndef STRONGROOM_CFUSE3_SHIM_H
#define STRONGROOM_CFUSE3_SHIM_H

#ifndef FUSE_USE_VERSION
#define FUSE_USE_VERSION 314
#endif
#include <fuse3/fuse_log.h>
#include <fuse3/fuse_lowlevel.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/// O_PATH and AT_EMPTY_PATH, which fcntl.h shows only to _GNU_SOURCE.
enum { cfuse3_open_path = 010000000, cfuse3_at_empty_path = 0x1000 };

/// Gives the calling thread alone another user and group, for good: glibc's setresuid(3) changes every thread.
/// Returns 0, or -1 with errno set.
static inline int cfuse3_become_on_this_thread(uid_t uid, gid_t gid) {
  if (syscall(SYS_setresgid, gid, gid, gid) != 0) return -1;
  return (int)syscall(SYS_setresuid, uid, uid, uid);
}

/// mlock2(2) with MLOCK_ONFAULT: pages stay in memory from their first use. Returns 0, or -1 with errno set.
static inline int cfuse3_lock_on_fault(const void *start, size_t length) {
  return (int)syscall(SYS_mlock2, start, length, 1);
}

/// The cores that the process may run on: stores the numbers of the first two and returns how many there are; 1 where that cannot be found out.
static inline int cfuse3_cores(int first[2]) {
  unsigned long mask[128];
  long length = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
  int count = 0;
  for (long core = 0; core < length * 8; core++) {
    if (mask[core / 64] >> core % 64 & 1) {
      if (count < 2) first[count] = (int)core;
      count++;
    }
  }
  return count > 0 ? count : 1;
}

/// Lets a thread of the process run on these two cores only; they may be the same. Returns 0, or -1 with errno set.
static inline int cfuse3_keep_on(int thread, int core, int other) {
  unsigned long mask[128] = {0};
  if (core < 0 || core >= 8192 || other < 0 || other >= 8192) return -1;
  mask[core / 64] |= 1ul << core % 64;
  mask[other / 64] |= 1ul << other % 64;
  return (int)syscall(SYS_sched_setaffinity, thread, sizeof mask, mask);
}

/// The core that a thread of the machine runs on, or ran on last; -1 where that cannot be seen.
static inline int cfuse3_core_of(unsigned thread) {
  char text[1024];
  if (thread == 0) return -1;
  snprintf(text, sizeof text, "/proc/%u/stat", thread);
  int file = open(text, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  ssize_t count = read(file, text, sizeof text - 1);
  close(file);
  if (count <= 0) return -1;
  text[count] = 0;
  // proc(5): the name, in parentheses, may hold anything; "processor" is the 37th field after it.
  const char *field = strrchr(text, ')');
  for (int number = 0; field && number < 37; number++) field = strchr(field + 1, ' ');
  char *end;
  long core = field ? strtol(field + 1, &end, 10) : -1;
  return field && end != field + 1 && core >= 0 && core < 8192 ? (int)core : -1;
}

/// The number of the calling thread.
static inline int cfuse3_thread_number(void) { return (int)syscall(SYS_gettid); }

/// Gives the calling thread, alone, the lowest priority of ordinary threads (nice 19).
static inline void cfuse3_lower_this_thread(void) { setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 19); }

/// Tells the core that a loop waits.
static inline void cfuse3_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/// Opens the folder of a fresh fusectl mount (fsopen(2), fsmount(2)) that is nowhere in the folder tree, for machines where
/// /sys/fs/fuse/connections is not mounted. Returns a descriptor, or -1 with errno set.
static inline int cfuse3_open_connections(void) {
  int context = (int)syscall(SYS_fsopen, "fusectl", 1 /* FSOPEN_CLOEXEC */);
  if (context < 0) return -1;
  int folder = -1;
  if (syscall(SYS_fsconfig, context, 6 /* FSCONFIG_CMD_CREATE */, 0, 0, 0) == 0)
    folder = (int)syscall(SYS_fsmount, context, 1 /* FSMOUNT_CLOEXEC */, 0);
  close(context);
  return folder;
}

#endif
