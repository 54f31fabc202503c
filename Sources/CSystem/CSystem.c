#define _GNU_SOURCE
#include "include/CSystem.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
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

int csystem_name_thread(const char *name) { return pthread_setname_np(pthread_self(), name); }

pid_t csystem_thread_id(void) { return gettid(); }

int csystem_forbid_dumps(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

int csystem_rename(const char *from, const char *to, unsigned int flags) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, flags); }

uint64_t csystem_makedev(uint32_t major, uint32_t minor) { return makedev(major, minor); }
