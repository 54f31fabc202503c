// strongroom-posix: drives a mount as programs do, and compares what it does with what it should.
//
// `differ` runs random operations of two users on the mount and on a plain folder of this machine and compares results, errno,
// attributes, contents and listings; what is meant to differ stands in one table, differences.c. `document` reads and writes one
// document at random against a copy in memory. Both print their seed, take it, and `differ` shrinks a failure to a short list of
// operations that it can replay.
//
// It runs as root and takes each user's identity for file access by setfsuid(2), which is who a FUSE filesystem is told of. It keeps
// the capabilities that let it past the plain folder's permission bits, since the mount keeps those bits and does not consult them.
#ifndef STRONGROOM_POSIX_H
#define STRONGROOM_POSIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// MARK: Numbers by chance (numbers.c)

typedef struct {
    uint64_t state;
} Chance;

/// splitmix64: the same numbers for the same seed on every machine.
uint64_t chance_next(Chance *chance);
/// 0 … below-1.
uint64_t chance_below(Chance *chance, uint64_t below);
/// Fills bytes that depend on the seed alone.
void fill_pattern(unsigned char *bytes, size_t count, uint32_t seed);

// MARK: Users (users.c)

enum { user_count = 2 };
typedef struct {
    uid_t uid;
    gid_t gid;
} User;
extern User users[user_count];

/// Keeps the capabilities of root over changes of the user, but for those that would let a user give files away.
void prepare_identity(void);
/// File access is that user's from now on; `user_count` is root.
void become(unsigned user);
/// Lets the process give files away, for a change that the plain folder has to follow.
void allow_giving_away(bool isAllowed);

// MARK: Calls tried again (kernel.c)

/// How often the kernel worked by a size from before.
extern uint64_t stale_count;
/// Maps privately, copies the mapping's bytes, which have to lie inside the document, and stores over them. -1 and errno on failure.
int read_mapping(int descriptor, off_t offset, size_t count, unsigned char *into);
/// copy_file_range(2) until all is copied or the source ends. -1 where nothing was copied for an error.
int64_t copy_range(int from, int64_t from_offset, int to, int64_t to_offset, int64_t count);
/// sendfile(2) until all is sent or the source ends.
int64_t send_range(int from, int64_t offset, int to, int64_t count);
/// lseek(2) with SEEK_END.
int64_t seek_end(int descriptor, int64_t offset);

// MARK: Operations (operations.c, running.c)

typedef enum {
    op_open, op_close, op_read, op_write, op_pread, op_pwrite, op_seek, op_seek_data, op_seek_hole, op_truncate, op_ftruncate,
    op_allocate, op_copy, op_fsync, op_fdatasync, op_map, op_map_shared, op_mkdir, op_rmdir, op_unlink, op_symlink, op_readlink,
    op_rename, op_link, op_mkfifo, op_tmpfile, op_stat, op_fstat, op_access, op_chmod, op_fchmod, op_chown, op_utimens, op_futimens,
    op_setxattr, op_getxattr, op_listxattr, op_removexattr, op_list, op_flock, op_lock, op_getlock, op_kind_count
} Kind;

/// One operation, independent of all others: any subset of a list can run.
typedef struct {
    Kind kind;
    unsigned user;
    /// Indexes of paths (`path_at`); `folder` is the slot of a descriptor that they start from, or -1 for the root.
    unsigned path, other;
    int folder;
    /// Slots of descriptors.
    unsigned slot, from;
    uint32_t flags;
    int64_t offset, count;
    uint32_t seed;
    /// Whether times are set back before it, and looked at after it.
    bool watchesTimes;
} Operation;

enum { slot_count = 4, path_byte_count_max = 1200 };

/// The paths that operations speak of, relative; some are there to fail.
extern const unsigned path_count;
const char *path_at(unsigned index);
unsigned chosen_path(Chance *chance);

Operation chosen_operation(Chance *chance);
const char *kind_name(Kind kind);
/// One line, as `parse` reads it.
void print_operation(const Operation *operation);
bool parse_operation(const char *line, Operation *operation);

// MARK: Worlds (running.c, observing.c)

/// A tree that operations run in.
typedef struct {
    const char *name;
    bool isMount;
    char root[512];
    int root_descriptor;
    int slots[slot_count];
} World;

/// What an operation did; everything in it has to be the same in both worlds.
typedef struct {
    int64_t value;
    int error;
    uint64_t hash;
    char text[200];
} Result;

void open_world(World *world, const char *name, bool isMount, const char *parent, const char *folder);
/// Closes its descriptors; the folder stays.
void close_world(World *world);
void run(World *world, const Operation *operation, Result *result);
/// Runs it on the plain folder, so that the result is what the mount is meant to give: the table of differences is in here.
void run_expected(World *plain, const Operation *operation, Result *result);
/// Whether a hole or data that the mount found agrees with the plain folder's bytes. Says what is wrong in `text`.
bool is_seek_right(World *plain, const Operation *operation, const Result *found, char *text, size_t room);

/// Attributes that both worlds have, as text.
void describe(int folder, const char *path, int flags, char *text, size_t room);
/// Times of what an operation names, before and after.
typedef struct {
    int descriptors[6];
    int64_t changed[6];
} Watch;
void watch_begin(World *world, const Operation *operation, Watch *watch);
/// Which of them moved, as text; two worlds' are compared by `same_times`.
void watch_end(Watch *watch, char moved[static 6][4]);
bool same_times(char plain[static 6][4], char mount[static 6][4], char *text, size_t room);
/// Whether this kernel tells two changes apart that follow at once.
extern bool has_fine_times;
void probe_times(const char *folder);

/// Compares everything under two folders. Returns false and prints the first difference.
bool same_trees(const char *plain, const char *mount);
/// Removes everything under a folder, and the folder.
void remove_tree(const char *path);

// MARK: Differences that are meant (differences.c)

/// What the mount does otherwise than a plain folder, and why.
typedef struct {
    const char *what, *why;
    /// The errno that the mount answers where a plain folder succeeds; 0 where it is something else than an errno.
    int error;
} Difference;

typedef enum {
    differs_link, differs_fifo, differs_tmpfile, differs_shared, differs_collapse, differs_set_id, differs_chown, differs_direct,
    differs_holes, differs_folders, differs_blocks, differs_access_time, differs_position, differs_count
} DifferenceKind;
extern const Difference differences[differs_count];
extern uint64_t difference_seen[differs_count];
/// Notes that one was met, and returns its errno.
int differ(DifferenceKind kind);

// MARK: Programs (differ.c, document.c)

typedef struct {
    const char *plain, *mount, *between, *replay;
    uint64_t seed;
    uint64_t operation_count, per_seed, between_count;
} Options;

int differ_main(const Options *options);
int document_main(const Options *options);

#endif
