// System calls and constants that Swift's Glibc module does not carry, mostly since they need _GNU_SOURCE; and sys/xattr.h whole.
#ifndef STRONGROOM_CSYSTEM_H
#define STRONGROOM_CSYSTEM_H

#include <pthread.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/xattr.h>

/// The credentials of the process at the other end of a Unix socket (SO_PEERCRED).
/// Returns 0, or -1 with errno set.
int csystem_peer_credentials(int socket, uid_t *uid, gid_t *gid, pid_t *pid);

/// fallocate(2); `mode` is a combination of the FALLOC_FL constants below.
int csystem_fallocate(int descriptor, int mode, int64_t offset, int64_t length);
enum { csystem_falloc_keep_size = 1, csystem_falloc_punch_hole = 2, csystem_falloc_zero_range = 16 };

/// sync_file_range(2) with SYNC_FILE_RANGE_WRITE: starts writeback, promises nothing.
int csystem_start_writeback(int descriptor, int64_t offset, int64_t length);

/// preadv2(2) with RWF_NOWAIT: what the kernel has in memory, perhaps only its beginning; -1 with EAGAIN where it has nothing.
ssize_t csystem_read_cached(int descriptor, void *buffer, size_t count, int64_t offset);

/// Turns O_DIRECT on or off for an open file. Returns 0, or -1 with errno set (EINVAL: the file system has none).
int csystem_set_direct(int descriptor, int is_on);

/// pthread_mutex_clocklock(3) on the monotonic clock, at most `nanoseconds` from now. Returns 0 or ETIMEDOUT.
int csystem_lock_within(pthread_mutex_t *mutex, int64_t nanoseconds);

/// pthread_setname_np(3) for the calling thread.
int csystem_name_thread(const char *name);

/// Lets the calling thread run where the process's first thread may. A thread begins where the one that started it may run.
void csystem_use_cores_of_process(void);

/// gettid(2).
pid_t csystem_thread_id(void);

/// Makes the calling thread one that others go before, for processor and disk (setpriority(2), ioprio_set(2)). Not to be undone.
void csystem_lower_priority(void);

/// mlockall(2) for present and future pages, each locked when it is first touched (MCL_ONFAULT).
int csystem_lock_memory(void);

/// Raises the limits on open files and locked memory as far as this process may: for root, locked memory without limit.
void csystem_raise_limits(void);

/// Gives memory that was freed back to the system (malloc_trim(3)).
void csystem_return_memory(void);

/// Makes the process undumpable and unreadable to others of its uid (PR_SET_DUMPABLE 0).
int csystem_forbid_dumps(void);

/// renameat2(2) of paths. The flags are those that FUSE passes.
int csystem_rename(const char *from, const char *to, unsigned int flags);
enum { csystem_rename_noreplace = 1, csystem_rename_exchange = 2 };

/// lseek(2) whence values for data and holes.
enum { csystem_seek_data = 3, csystem_seek_hole = 4 };

/// makedev(3).
uint64_t csystem_makedev(uint32_t major, uint32_t minor);

/// accept4(2) and pipe2(2) with close-on-exec and non-blocking set.
int csystem_accept(int listener);
int csystem_pipe(int ends[2]);

/// Starts `path` anew with posix_spawn(3) in a session of its own: `ends[i]` becomes descriptor i, everything else is closed, no signal is
/// blocked or ignored. Returns 0 and the process id, or an errno.
int csystem_spawn(const char *path, char *const arguments[], char *const environment[], const int *ends, int count, pid_t *pid);

#endif
