// libfuse's low-level API, as of 3.14 (Debian 12), the kernel's own structures where libfuse is older than the kernel,
// and system calls that glibc does not offer in the form needed.
#ifndef STRONGROOM_CFUSE3_SHIM_H
#define STRONGROOM_CFUSE3_SHIM_H

#ifndef FUSE_USE_VERSION
#define FUSE_USE_VERSION 314
#endif
#include <fuse3/fuse_log.h>
#include <fuse3/fuse_lowlevel.h>
#include <linux/fuse.h>
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

/// How many cores the process may run on; 1 where that cannot be found out.
static inline int cfuse3_core_count(void) {
  unsigned long mask[128];
  long length = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
  int count = 0;
  for (long index = 0; index < length / (long)sizeof mask[0]; index++) count += __builtin_popcountl(mask[index]);
  return count > 0 ? count : 1;
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
