// System calls and macros that Swift's Glibc module does not carry.
#ifndef STRONGROOM_CSYSTEM_H
#define STRONGROOM_CSYSTEM_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

/// The credentials of the process at the other end of a Unix socket (SO_PEERCRED).
/// Returns 0, or -1 with errno set.
int csystem_peer_credentials(int socket, uid_t *uid, gid_t *gid, pid_t *pid);

#endif
