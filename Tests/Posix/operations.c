// Which operations there are, how one is chosen, and how it is written down.
#define _GNU_SOURCE
#include "posix.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/// How often each kind comes, out of the sum.
static const struct { const char *name; unsigned weight; } kinds[op_kind_count] = {
    [op_open] = {"open", 110}, [op_close] = {"close", 8}, [op_read] = {"read", 30}, [op_write] = {"write", 50},
    [op_pread] = {"pread", 60}, [op_pwrite] = {"pwrite", 60}, [op_seek] = {"seek", 20}, [op_seek_data] = {"seek-data", 12},
    [op_seek_hole] = {"seek-hole", 12}, [op_truncate] = {"truncate", 16}, [op_ftruncate] = {"ftruncate", 24},
    [op_allocate] = {"allocate", 36}, [op_copy] = {"copy", 26}, [op_fsync] = {"fsync", 1}, [op_fdatasync] = {"fdatasync", 1},
    [op_map] = {"map", 26}, [op_map_shared] = {"map-shared", 4}, [op_mkdir] = {"mkdir", 60}, [op_rmdir] = {"rmdir", 16},
    [op_unlink] = {"unlink", 24}, [op_symlink] = {"symlink", 14}, [op_readlink] = {"readlink", 12}, [op_rename] = {"rename", 50},
    [op_link] = {"link", 6}, [op_mkfifo] = {"mkfifo", 4}, [op_tmpfile] = {"tmpfile", 4}, [op_stat] = {"stat", 50},
    [op_fstat] = {"fstat", 30}, [op_access] = {"access", 16}, [op_chmod] = {"chmod", 20}, [op_fchmod] = {"fchmod", 10},
    [op_chown] = {"chown", 12}, [op_utimens] = {"utimens", 20}, [op_futimens] = {"futimens", 10}, [op_setxattr] = {"setxattr", 20},
    [op_getxattr] = {"getxattr", 16}, [op_listxattr] = {"listxattr", 8}, [op_removexattr] = {"removexattr", 8}, [op_list] = {"list", 24},
    [op_flock] = {"flock", 24}, [op_lock] = {"lock", 30}, [op_getlock] = {"getlock", 16},
};

const char *kind_name(Kind kind) { return kinds[kind].name; }

// MARK: Paths

#define NAME_OF_85 "这是一个很长的名字这是一个很长的名字这是一个很长的名字这是一个很长的名字这是一个很长的名字这是一个很长的名字这是一个很长的名字这是一个很长的名字末尾的五个"
#define NAME_OF_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/// What most operations are about comes first.
static const char *const paths[] = {
    "a", "b", "c",
    "a/p", "a/q", "b/p", "b/q", "c/p", "c/q",
    "a/p/x", "a/p/y", "a/q/x", "b/p/x", "b/p/y", "b/q/x", "c/p/x", "c/q/y",
    // Rare ones: forms of a path, names at the limits, what leads nowhere.
    "", ".", "a/", "b/", "a/p/", "a/.", "a/..", "c/../b", "b//q", "a/p/x/z",
    NAME_OF_85, "a/" NAME_OF_64 NAME_OF_64 NAME_OF_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde",
    NAME_OF_64 NAME_OF_64 NAME_OF_64 NAME_OF_64, "\xff\xfe not UTF-8", "new\nline and\ttab", "-rf", "..x",
};
enum { top_count = 3, second_count = 6, third_count = 8 };
const unsigned path_count = sizeof paths / sizeof paths[0];

const char *path_at(unsigned index) { return paths[index % path_count]; }

unsigned chosen_path(Chance *chance) {
    uint64_t kind = chance_below(chance, 100);
    if (kind < 48) return (unsigned)chance_below(chance, top_count);
    if (kind < 82) return top_count + (unsigned)chance_below(chance, second_count);
    if (kind < 95) return top_count + second_count + (unsigned)chance_below(chance, third_count);
    unsigned common = top_count + second_count + third_count;
    return common + (unsigned)chance_below(chance, path_count - common);
}

// MARK: Sizes

/// Offsets near what the vault cuts content by: a page of 16 KiB, a pack's 128 KiB, a blob of 4 MiB; and the kernel's page.
static int64_t chosen_offset(Chance *chance) {
    static const int64_t edges[] = {0, 0, 4096, 16384, 32768, 65536, 131072, 262144, 4 << 20};
    uint64_t kind = chance_below(chance, 100);
    if (kind < 40) return (int64_t)chance_below(chance, 20000);
    if (kind < 55) return (int64_t)chance_below(chance, 300000);
    int64_t edge = edges[chance_below(chance, kind < 97 ? 8 : 9)];
    int64_t offset = edge + (int64_t)chance_below(chance, 5) - 2;
    return offset < 0 ? 0 : offset;
}

static int64_t chosen_count(Chance *chance) {
    static const int64_t edges[] = {0, 1, 4096, 16384, 131072};
    uint64_t kind = chance_below(chance, 100);
    if (kind < 50) return 1 + (int64_t)chance_below(chance, 3000);
    if (kind < 75) return 1 + (int64_t)chance_below(chance, 40000);
    if (kind < 80) return 1 + (int64_t)chance_below(chance, 200000);
    int64_t count = edges[chance_below(chance, 5)] + (int64_t)chance_below(chance, 3) - 1;
    return count < 0 ? 0 : count;
}

// MARK: Flags

static uint32_t chosen_open_flags(Chance *chance) {
    static const uint32_t modes[] = {O_RDONLY, O_WRONLY, O_RDWR, O_RDWR, O_RDWR, O_RDWR, O_RDWR, O_RDWR};
    uint32_t flags = modes[chance_below(chance, 8)];
    if (chance_below(chance, 100) < 70) flags |= O_CREAT;
    static const struct { uint32_t flag; unsigned percent; } rest[] = {
        {O_EXCL, 8}, {O_TRUNC, 10}, {O_APPEND, 20}, {O_NOFOLLOW, 8}, {O_DIRECT, 8}, {O_DIRECTORY, 6}, {O_NONBLOCK, 4}, {O_SYNC, 1},
    };
    for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++)
        if (chance_below(chance, 100) < rest[i].percent) flags |= rest[i].flag;
    // An open folder, from which other paths then start.
    if (flags & O_DIRECTORY && chance_below(chance, 3) != 0) flags = O_RDONLY | O_DIRECTORY;
    return flags;
}

static uint32_t chosen_flags(Chance *chance, Kind kind) {
    static const uint32_t renames[] = {0, 0, 0, 0, RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_EXCHANGE, RENAME_NOREPLACE | RENAME_EXCHANGE};
    static const uint32_t allocations[] = {
        0, 0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
        FALLOC_FL_ZERO_RANGE, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, FALLOC_FL_COLLAPSE_RANGE,
        FALLOC_FL_INSERT_RANGE,
    };
    static const uint32_t flocks[] = {LOCK_SH, LOCK_EX, LOCK_UN};
    static const uint32_t locks[] = {F_RDLCK, F_WRLCK, F_UNLCK};
    static const uint32_t whences[] = {SEEK_SET, SEEK_CUR, SEEK_END};
    switch (kind) {
    case op_open: return chosen_open_flags(chance);
    case op_rename: return renames[chance_below(chance, 8)];
    case op_allocate: return allocations[chance_below(chance, 10)];
    case op_flock: return flocks[chance_below(chance, 3)];
    case op_lock:
    case op_getlock: return locks[chance_below(chance, kind == op_lock ? 3 : 2)];
    case op_seek: return whences[chance_below(chance, 3)];
    case op_access: return (uint32_t)chance_below(chance, 8);
    default: return (uint32_t)chance_below(chance, 4);
    }
}

Operation chosen_operation(Chance *chance) {
    Operation operation = {0};
    unsigned total = 0;
    for (unsigned i = 0; i < op_kind_count; i++) total += kinds[i].weight;
    uint64_t place = chance_below(chance, total);
    while (place >= kinds[operation.kind].weight) place -= kinds[operation.kind++].weight;
    operation.user = (unsigned)chance_below(chance, user_count);
    operation.path = chosen_path(chance);
    operation.other = chosen_path(chance);
    operation.folder = chance_below(chance, 12) == 0 ? (int)chance_below(chance, slot_count) : -1;
    operation.slot = (unsigned)chance_below(chance, slot_count);
    operation.from = (unsigned)chance_below(chance, slot_count);
    operation.flags = chosen_flags(chance, operation.kind);
    operation.offset = chosen_offset(chance);
    operation.count = chosen_count(chance);
    operation.seed = (uint32_t)chance_next(chance);
    operation.watchesTimes = chance_below(chance, 6) == 0;
    // Now and then what no file takes.
    if (chance_below(chance, 200) == 0) operation.offset = -1;
    return operation;
}

// MARK: Text

void print_operation(const Operation *operation) {
    printf("%s user=%u path=%u other=%u folder=%d slot=%u from=%u flags=0x%x offset=%" PRId64 " count=%" PRId64 " seed=%u times=%d",
        kinds[operation->kind].name, operation->user, operation->path, operation->other, operation->folder, operation->slot,
        operation->from, operation->flags, operation->offset, operation->count, operation->seed, operation->watchesTimes);
    // For the eye; `parse_operation` stops before it.
    printf("  # %.40s", path_at(operation->path));
    if (operation->kind == op_rename || operation->kind == op_link) printf(" -> %.40s", path_at(operation->other));
    printf("\n");
}

bool parse_operation(const char *line, Operation *operation) {
    char name[32];
    int watches = 0;
    int found = sscanf(line, "%31s user=%u path=%u other=%u folder=%d slot=%u from=%u flags=0x%x offset=%" SCNd64 " count=%" SCNd64
        " seed=%u times=%d", name, &operation->user, &operation->path, &operation->other, &operation->folder, &operation->slot,
        &operation->from, &operation->flags, &operation->offset, &operation->count, &operation->seed, &watches);
    if (found != 12 || operation->user >= user_count || operation->slot >= slot_count || operation->from >= slot_count
        || operation->folder >= slot_count)
        return false;
    operation->watchesTimes = watches != 0;
    for (unsigned i = 0; i < op_kind_count; i++)
        if (strcmp(name, kinds[i].name) == 0) {
            operation->kind = (Kind)i;
            return true;
        }
    return false;
}
