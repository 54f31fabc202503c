// Running one operation in a world.
#define _GNU_SOURCE
#include "posix.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

static unsigned char buffer[1 << 20];

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t count) {
    const unsigned char *byte = bytes;
    if (hash == 0) hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < count; i++) hash = (hash ^ byte[i]) * 0x100000001b3;
    return hash;
}

// MARK: Worlds

void open_world(World *world, const char *name, bool isMount, const char *parent, const char *folder) {
    world->name = name;
    world->isMount = isMount;
    char outer[400];
    snprintf(outer, sizeof outer, "%s/%s", parent, folder);
    snprintf(world->root, sizeof world->root, "%s/root", outer);
    // A symlink to `../a` at the top then leads into the outer folder, which goes with the world.
    if (mkdir(outer, 0755) != 0 || mkdir(world->root, 0755) != 0
        || (world->root_descriptor = open(world->root, O_RDONLY | O_DIRECTORY)) < 0) {
        fprintf(stderr, "strongroom-posix: error: %s: %s\n", world->root, strerror(errno));
        exit(2);
    }
    for (int i = 0; i < slot_count; i++) world->slots[i] = -1;
}

void close_world(World *world) {
    for (int i = 0; i < slot_count; i++) {
        if (world->slots[i] >= 0) close(world->slots[i]);
        world->slots[i] = -1;
    }
    close(world->root_descriptor);
}

// MARK: Helpers

static int base(const World *world, const Operation *operation) {
    return operation->folder < 0 ? world->root_descriptor : world->slots[operation->folder];
}

static void settle(Result *result, long value) {
    result->value = value;
    result->error = value < 0 ? errno : 0;
}

/// Offsets and counts that do not come to megabytes on each call.
static size_t wanted(const Operation *operation) {
    return operation->count > (int64_t)sizeof buffer ? sizeof buffer : (size_t)operation->count;
}

static const char *xattr_name(const Operation *operation) {
    static const char *const names[] = {"user.color", "user.类别", "user.empty", "user.n"};
    return names[operation->seed % 4];
}

/// Some calls take a path that the caller has opened, for want of one with a folder descriptor.
static int open_place(const World *world, const Operation *operation, char name[static 64]) {
    int descriptor = openat(base(world, operation), path_at(operation->path), O_PATH | O_NOFOLLOW);
    snprintf(name, 64, "/proc/self/fd/%d", descriptor);
    return descriptor;
}

// MARK: Content

static void run_read(World *world, const Operation *operation, Result *result) {
    int descriptor = world->slots[operation->slot];
    memset(buffer, 0xee, wanted(operation));
    ssize_t count = operation->kind == op_read ? read(descriptor, buffer, wanted(operation))
                                               : pread(descriptor, buffer, wanted(operation), operation->offset);
    settle(result, count);
    if (count > 0) result->hash = hash_bytes(0, buffer, (size_t)count);
}

static void run_write(World *world, const Operation *operation, Result *result) {
    int descriptor = world->slots[operation->slot];
    fill_pattern(buffer, wanted(operation), operation->seed);
    if (operation->kind == op_pwrite) return settle(result, pwrite(descriptor, buffer, wanted(operation), operation->offset));
    ssize_t count = write(descriptor, buffer, wanted(operation));
    settle(result, count);
    int flags = fcntl(descriptor, F_GETFL);
    if (count <= 0 || flags < 0 || !(flags & O_APPEND)) return;
    // The kernel moves the position of a FUSE file from the size that it saw last, which is old where another user appended.
    off_t position = lseek(descriptor, 0, SEEK_CUR), end = seek_end(descriptor, 0);
    if (world->isMount && position != end) differ(differs_position);
}

/// Positions in a folder are opaque: only what was told may be sought.
static bool is_folder(int descriptor) {
    struct stat attributes;
    return fstat(descriptor, &attributes) == 0 && S_ISDIR(attributes.st_mode);
}

static void run_seek(World *world, const Operation *operation, Result *result) {
    int descriptor = world->slots[operation->slot];
    if (is_folder(descriptor)) return;
    int64_t offset = operation->flags == SEEK_SET ? operation->offset : operation->offset % 5000 - 2500;
    if (operation->flags == SEEK_END) return settle(result, seek_end(descriptor, offset));
    settle(result, lseek(descriptor, offset, (int)operation->flags));
}

/// Leaves the position at `offset`, since holes are found at other places in both worlds.
static void run_seek_hole(World *world, const Operation *operation, Result *result) {
    int descriptor = world->slots[operation->slot];
    if (is_folder(descriptor)) return;
    settle(result, lseek(descriptor, operation->offset, operation->kind == op_seek_data ? SEEK_DATA : SEEK_HOLE));
    lseek(descriptor, operation->offset < 0 ? 0 : operation->offset, SEEK_SET);
}

static void run_copy(World *world, const Operation *operation, Result *result) {
    int from = world->slots[operation->from], to = world->slots[operation->slot];
    settle(result, copy_range(from, operation->offset, to, (int64_t)(operation->seed % 200000), operation->count));
}

static void run_map(World *world, const Operation *operation, Result *result) {
    int descriptor = world->slots[operation->slot];
    struct stat attributes;
    if (fstat(descriptor, &attributes) != 0) return settle(result, -1);
    off_t offset = operation->offset < 0 ? 0 : operation->offset & ~4095l;
    size_t count = wanted(operation);
    if (!S_ISREG(attributes.st_mode)) return;
    size_t inside = offset >= attributes.st_size ? 0 : (size_t)(attributes.st_size - offset);
    if (inside > count) inside = count;
    if (operation->kind == op_map && inside > 0) {
        settle(result, read_mapping(descriptor, offset, inside, buffer));
        if (result->error == 0) result->hash = hash_bytes(0, buffer, inside);
        return;
    }
    // Shared, or past the end, where nothing may be touched.
    void *bytes = mmap(NULL, count, PROT_READ, operation->kind == op_map ? MAP_PRIVATE : MAP_SHARED, descriptor, offset);
    if (bytes == MAP_FAILED) return settle(result, -1);
    munmap(bytes, count);
}

// MARK: Names

static void run_open(World *world, const Operation *operation, Result *result) {
    unsigned slot = operation->slot;
    int flags = (int)operation->flags;
    // Not every plain folder takes O_DIRECT, and one that does asks for whole blocks. A folder refuses it everywhere.
    struct stat target;
    bool isFolder = fstatat(base(world, operation), path_at(operation->path), &target, 0) == 0 && S_ISDIR(target.st_mode);
    if (!world->isMount && !isFolder) flags &= ~O_DIRECT;
    int descriptor = openat(base(world, operation), path_at(operation->path), flags, operation->seed & 0777);
    settle(result, descriptor);
    if (descriptor < 0) return;
    result->value = 0;
    if (world->slots[slot] >= 0) close(world->slots[slot]);
    world->slots[slot] = descriptor;
    if (world->isMount && flags & O_DIRECT) differ(differs_direct);
}

static int compare_names(const void *one, const void *other) { return strcmp(*(char *const *)one, *(char *const *)other); }

static void run_list(World *world, const Operation *operation, Result *result) {
    int descriptor = openat(base(world, operation), path_at(operation->path), O_RDONLY | O_DIRECTORY);
    settle(result, descriptor);
    if (descriptor < 0) return;
    DIR *stream = fdopendir(descriptor);
    enum { name_count_max = 512 };
    static char *names[name_count_max];
    size_t count = 0;
    errno = 0;
    for (struct dirent *entry; count < name_count_max && (entry = readdir(stream));) {
        if (asprintf(&names[count], "%s\t%d", entry->d_name, entry->d_type) < 0) abort();
        count++;
    }
    if (errno != 0) settle(result, -1);
    else result->value = (int64_t)count;
    closedir(stream);
    qsort(names, count, sizeof names[0], compare_names);
    for (size_t i = 0; i < count; i++) {
        result->hash = hash_bytes(result->hash, names[i], strlen(names[i]) + 1);
        if (i < 12) {
            size_t used = strlen(result->text);
            snprintf(result->text + used, sizeof result->text - used, "%.20s ", names[i]);
        }
        free(names[i]);
    }
}

static void run_symlink(World *world, const Operation *operation, Result *result) {
    static const char *const targets[] = {"a", "b/p", "../a", "../b/q", "p", "x", "absent", "", "./c/../d", "long"};
    const char *target = targets[operation->seed % 10];
    char text[1001];
    if (strcmp(target, "long") == 0) {
        memset(text, 'l', 1000), text[1000] = 0;
        target = text;
    }
    settle(result, symlinkat(target, base(world, operation), path_at(operation->path)));
}

static void run_readlink(World *world, const Operation *operation, Result *result) {
    char text[4096];
    ssize_t count = readlinkat(base(world, operation), path_at(operation->path), text, operation->seed % 8 == 0 ? 3 : sizeof text);
    settle(result, count);
    if (count > 0) result->hash = hash_bytes(0, text, (size_t)count);
}

// MARK: Attributes

static struct timespec chosen_time(uint32_t seed) {
    struct timespec time = {.tv_sec = (time_t)(seed % 2000000000) - 200000000, .tv_nsec = seed % 999999937};
    if (seed % 7 == 0) time.tv_nsec = UTIME_OMIT;
    if (seed % 7 == 1) time.tv_nsec = UTIME_NOW;
    if (seed % 41 == 0) time.tv_nsec = 1000000000;
    return time;
}

static void run_utimens(World *world, const Operation *operation, Result *result) {
    struct timespec times[2] = {chosen_time(operation->seed), chosen_time(operation->seed * 2654435761u + 7)};
    struct stat attributes;
    bool isByHandle = operation->kind == op_futimens;
    int flags = operation->flags & 1 ? AT_SYMLINK_NOFOLLOW : 0;
    if (isByHandle) settle(result, futimens(world->slots[operation->slot], times));
    else settle(result, utimensat(base(world, operation), path_at(operation->path), times, flags));
    if (result->error != 0) return;
    int found = isByHandle ? fstat(world->slots[operation->slot], &attributes)
                           : fstatat(base(world, operation), path_at(operation->path), &attributes, flags);
    if (found != 0) return settle(result, -1);
    int isAccessSet = times[0].tv_nsec < 1000000000, isModifiedSet = times[1].tv_nsec < 1000000000;
    snprintf(result->text, sizeof result->text, "atime %ld.%09ld mtime %ld.%09ld", isAccessSet ? attributes.st_atim.tv_sec : 0,
        isAccessSet ? attributes.st_atim.tv_nsec : 0, isModifiedSet ? attributes.st_mtim.tv_sec : 0,
        isModifiedSet ? attributes.st_mtim.tv_nsec : 0);
}

static void run_stat(World *world, const Operation *operation, Result *result) {
    struct stat attributes;
    int flags = operation->flags & 1 ? AT_SYMLINK_NOFOLLOW : 0;
    bool isByHandle = operation->kind == op_fstat;
    int found = isByHandle ? fstat(world->slots[operation->slot], &attributes)
                           : fstatat(base(world, operation), path_at(operation->path), &attributes, flags);
    settle(result, found);
    if (found != 0) return;
    if (isByHandle) describe(world->slots[operation->slot], "", AT_EMPTY_PATH, result->text, sizeof result->text);
    else describe(base(world, operation), path_at(operation->path), flags, result->text, sizeof result->text);
}

static void run_xattr(World *world, const Operation *operation, Result *result) {
    char place[64];
    int descriptor = open_place(world, operation, place);
    if (descriptor < 0) return settle(result, -1);
    const char *name = xattr_name(operation);
    size_t count = strcmp(name, "user.empty") == 0 ? 0 : operation->seed % 300;
    // The descriptor's name is a symlink to follow, to what the path names, be that a symlink itself.
    switch (operation->kind) {
    case op_setxattr: {
        static const int modes[] = {0, XATTR_CREATE, XATTR_REPLACE, 0};
        fill_pattern(buffer, count, operation->seed);
        settle(result, setxattr(place, name, buffer, count, modes[operation->flags]));
        break;
    }
    case op_getxattr: {
        static const size_t rooms[] = {0, 8, 4096, 4096};
        ssize_t found = getxattr(place, name, buffer, rooms[operation->flags]);
        settle(result, found);
        if (found > 0 && rooms[operation->flags] > 0) result->hash = hash_bytes(0, buffer, (size_t)found);
        break;
    }
    case op_removexattr: settle(result, removexattr(place, name)); break;
    default: {
        char names[4096];
        ssize_t found = listxattr(place, names, sizeof names);
        settle(result, found < 0 ? -1 : 0);
        // Their order is nobody's promise, and a plain folder may have others' (security.…).
        uint64_t sum = 0;
        for (char *each = names; found > 0 && each < names + found; each += strlen(each) + 1)
            if (strncmp(each, "user.", 5) == 0) sum += hash_bytes(0, each, strlen(each));
        result->hash = sum;
    }
    }
    int code = errno;
    close(descriptor);
    errno = code;
}

// MARK: Locks

static void run_lock(World *world, const Operation *operation, Result *result) {
    int descriptor = world->slots[operation->slot];
    if (operation->kind == op_flock) return settle(result, flock(descriptor, (int)operation->flags | LOCK_NB));
    struct flock lock = {
        .l_type = (short)operation->flags, .l_whence = SEEK_SET, .l_start = operation->offset % 300, .l_len = operation->count % 100,
    };
    settle(result, fcntl(descriptor, operation->kind == op_lock ? F_OFD_SETLK : F_OFD_GETLK, &lock));
    // Which of several is told is nobody's promise; whether there is one is.
    if (operation->kind == op_getlock && result->error == 0) result->value = lock.l_type == F_UNLCK;
}

// MARK: All

// No mode has the sticky bit: the mount keeps it, but a FUSE filesystem's kernel side does not, so that fs.protected_symlinks and its like
// refuse what stands in such a folder on the plain side alone.

void run(World *world, const Operation *operation, Result *result) {
    memset(result, 0, sizeof *result);
    become(operation->user);
    int from = base(world, operation);
    int descriptor = world->slots[operation->slot];
    const char *path = path_at(operation->path);
    switch (operation->kind) {
    case op_open: run_open(world, operation, result); break;
    case op_close:
        settle(result, descriptor < 0 ? (errno = EBADF, -1) : close(descriptor));
        world->slots[operation->slot] = -1;
        break;
    case op_read: case op_pread: run_read(world, operation, result); break;
    case op_write: case op_pwrite: run_write(world, operation, result); break;
    case op_seek: run_seek(world, operation, result); break;
    case op_seek_data: case op_seek_hole: run_seek_hole(world, operation, result); break;
    case op_truncate: {
        char place[64];
        int target = openat(from, path, O_PATH);
        snprintf(place, sizeof place, "/proc/self/fd/%d", target);
        settle(result, target < 0 ? -1 : truncate(place, operation->offset));
        if (target >= 0) close(target);
        break;
    }
    case op_ftruncate: settle(result, ftruncate(descriptor, operation->offset)); break;
    case op_allocate: settle(result, fallocate(descriptor, (int)operation->flags, operation->offset, operation->count)); break;
    case op_copy: run_copy(world, operation, result); break;
    case op_fsync: settle(result, fsync(descriptor)); break;
    case op_fdatasync: settle(result, fdatasync(descriptor)); break;
    case op_map: case op_map_shared: run_map(world, operation, result); break;
    case op_mkdir: settle(result, mkdirat(from, path, operation->seed & 0777)); break;
    case op_rmdir: settle(result, unlinkat(from, path, AT_REMOVEDIR)); break;
    case op_unlink: settle(result, unlinkat(from, path, 0)); break;
    case op_symlink: run_symlink(world, operation, result); break;
    case op_readlink: run_readlink(world, operation, result); break;
    case op_rename: settle(result, renameat2(from, path, world->root_descriptor, path_at(operation->other), operation->flags)); break;
    case op_link: settle(result, linkat(from, path, world->root_descriptor, path_at(operation->other), 0)); break;
    case op_mkfifo: settle(result, mknodat(from, path, S_IFIFO | 0644, 0)); break;
    case op_tmpfile: {
        int made = openat(from, path, O_TMPFILE | O_RDWR, 0600);
        settle(result, made < 0 ? -1 : 0);
        if (made >= 0) close(made);
        break;
    }
    case op_stat: case op_fstat: run_stat(world, operation, result); break;
    case op_access: settle(result, faccessat(from, path, (int)operation->flags, AT_EACCESS)); break;
    case op_chmod: settle(result, fchmodat(from, path, operation->seed & 06777, 0)); break;
    case op_fchmod: settle(result, fchmod(descriptor, operation->seed & 06777)); break;
    case op_chown: {
        uid_t uid = operation->flags & 1 ? users[operation->seed % user_count].uid : (uid_t)-1;
        gid_t gid = operation->flags & 2 ? users[operation->seed / 8 % user_count].gid : (gid_t)-1;
        settle(result, fchownat(from, path, uid, gid, AT_SYMLINK_NOFOLLOW));
        break;
    }
    case op_utimens: case op_futimens: run_utimens(world, operation, result); break;
    case op_setxattr: case op_getxattr: case op_listxattr: case op_removexattr: run_xattr(world, operation, result); break;
    case op_list: run_list(world, operation, result); break;
    case op_flock: case op_lock: case op_getlock: run_lock(world, operation, result); break;
    case op_kind_count: abort();
    }
    become(user_count);
}
