// What the mount is meant to do otherwise than a plain folder. docs/posix.md says the same to people.
#include "posix.h"

#include <errno.h>

const Difference differences[differs_count] = {
    [differs_link] = {"link", "rights come from the one folder that a document is in", EPERM},
    [differs_fifo] = {"mkfifo, mknod", "a vault holds documents, folders and symlinks", EPERM},
    [differs_tmpfile] = {"O_TMPFILE", "what has no folder has no rights that could be judged", EOPNOTSUPP},
    [differs_shared] = {"MAP_SHARED", "stores into memory have no caller to judge and no record", ENODEV},
    [differs_collapse] = {"fallocate COLLAPSE_RANGE, INSERT_RANGE", "the kernel passes neither to a FUSE filesystem", EOPNOTSUPP},
    [differs_set_id] = {"chmod 6000", "set-user-id and set-group-id are dropped: the mount is nosuid", 0},
    [differs_chown] = {"chown by an editor who is not the owner", "the right is `edit`, not ownership; only to oneself and one's groups", 0},
    [differs_direct] = {"O_DIRECT", "asks for no alignment", 0},
    [differs_holes] = {"SEEK_HOLE, SEEK_DATA", "holes are exact to the byte, not to the block", 0},
    [differs_folders] = {"st_nlink and st_size of folders", "1 and 0: counts of what a caller may not see", 0},
    [differs_blocks] = {"st_blocks, st_ino, st_blksize", "sealed bytes; numbers per user; 128 KiB", 0},
    [differs_access_time] = {"st_atime", "reading does not move it, as with noatime: the trail says who read", 0},
    [differs_position] = {"the position after O_APPEND", "the kernel counts from the size that it last saw", 0},
};

uint64_t difference_seen[differs_count];

int differ(DifferenceKind kind) {
    difference_seen[kind]++;
    return differences[kind].error;
}
