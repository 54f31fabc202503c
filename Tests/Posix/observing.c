// Looking at what operations leave behind: attributes, times, whole trees.
#define _GNU_SOURCE
#include "posix.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

void describe(int folder, const char *path, int flags, char *text, size_t room) {
    struct stat found;
    if (fstatat(folder, path, &found, flags) != 0) {
        snprintf(text, room, "%s", strerrorname_np(errno));
        return;
    }
    if (S_ISDIR(found.st_mode)) {
        difference_seen[differs_folders]++;
        snprintf(text, room, "mode %o uid %u gid %u", found.st_mode, found.st_uid, found.st_gid);
    } else {
        difference_seen[differs_blocks]++;
        snprintf(text, room, "mode %o uid %u gid %u size %lld links %lu", found.st_mode, found.st_uid, found.st_gid,
            (long long)found.st_size, (unsigned long)found.st_nlink);
    }
}

// MARK: Times

bool has_fine_times;

static int64_t nanoseconds(struct timespec time) { return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec; }

void probe_times(const char *folder) {
    char path[600];
    snprintf(path, sizeof path, "%s/times", folder);
    int descriptor = open(path, O_RDWR | O_CREAT, 0600);
    struct stat found;
    has_fine_times = descriptor >= 0;
    for (int i = 0; i < 50 && has_fine_times; i++) {
        fstat(descriptor, &found);
        int64_t before = nanoseconds(found.st_ctim);
        fchmod(descriptor, i % 2 ? 0600 : 0640);
        fstat(descriptor, &found);
        has_fine_times = nanoseconds(found.st_ctim) != before;
    }
    close(descriptor);
    unlink(path);
}

static const time_t old_time = 1000000;

/// Opens what a path names, or the folder that it is in, without following a symlink.
static int open_watched(int from, const char *path, bool isParent) {
    if (!isParent) return openat(from, path, O_PATH | O_NOFOLLOW);
    char parent[path_byte_count_max];
    snprintf(parent, sizeof parent, "%s", path);
    char *slash = strrchr(parent, '/');
    if (!slash) return openat(from, ".", O_PATH);
    *slash = 0;
    return openat(from, parent, O_PATH | O_NOFOLLOW);
}

void watch_begin(World *world, const Operation *operation, Watch *watch) {
    become(operation->user);
    int from = operation->folder < 0 ? world->root_descriptor : world->slots[operation->folder];
    const char *path = path_at(operation->path), *other = path_at(operation->other);
    watch->descriptors[0] = open_watched(from, path, true);
    watch->descriptors[1] = open_watched(from, path, false);
    watch->descriptors[2] = open_watched(world->root_descriptor, other, true);
    watch->descriptors[3] = open_watched(world->root_descriptor, other, false);
    watch->descriptors[4] = dup(world->slots[operation->slot]);
    watch->descriptors[5] = dup(world->slots[operation->from]);
    struct timespec times[2] = {{.tv_sec = old_time}, {.tv_sec = old_time}};
    for (int i = 0; i < 6; i++) {
        if (watch->descriptors[i] < 0) continue;
        char place[64];
        snprintf(place, sizeof place, "/proc/self/fd/%d", watch->descriptors[i]);
        utimensat(AT_FDCWD, place, times, 0);
    }
    struct stat found;
    for (int i = 0; i < 6; i++)
        if (watch->descriptors[i] >= 0 && fstat(watch->descriptors[i], &found) == 0) watch->changed[i] = nanoseconds(found.st_ctim);
    become(user_count);
}

void watch_end(Watch *watch, char moved[static 6][4]) {
    for (int i = 0; i < 6; i++) {
        struct stat found;
        memset(moved[i], 0, 4);
        if (watch->descriptors[i] < 0) continue;
        if (fstat(watch->descriptors[i], &found) == 0) {
            moved[i][0] = found.st_mtim.tv_sec == old_time ? '-' : 'm';
            moved[i][1] = nanoseconds(found.st_ctim) == watch->changed[i] ? '-' : 'c';
        }
        close(watch->descriptors[i]);
    }
}

bool same_times(char plain[static 6][4], char mount[static 6][4], char *text, size_t room) {
    static const char *const names[] = {"the folder of the path", "the path", "the folder of the other path", "the other path", "the descriptor", "the source"};
    for (int i = 0; i < 6; i++) {
        // What is gone has no times on the mount.
        if (plain[i][0] == 0 || mount[i][0] == 0) continue;
        bool isSame = plain[i][0] == mount[i][0] && (!has_fine_times || plain[i][1] == mount[i][1]);
        if (isSame) continue;
        snprintf(text, room, "times of %s moved %s on the plain folder and %s on the mount (m: mtime, c: ctime)", names[i], plain[i], mount[i]);
        return false;
    }
    return true;
}

// MARK: Trees

enum { entry_count_max = 4096 };

static int compare_names(const void *one, const void *other) { return strcmp(*(char *const *)one, *(char *const *)other); }

static size_t read_names(const char *path, char **names) {
    DIR *stream = opendir(path);
    if (!stream) return 0;
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(stream)) && count < entry_count_max;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) names[count++] = strdup(entry->d_name);
    closedir(stream);
    qsort(names, count, sizeof names[0], compare_names);
    return count;
}

static bool same_content(const char *plain, const char *mount) {
    static unsigned char one[1 << 18], other[1 << 18];
    int from = open(plain, O_RDONLY), to = open(mount, O_RDONLY);
    bool isSame = from >= 0 && to >= 0;
    if (!isSame) printf("  %s cannot be opened: %s\n", from < 0 ? plain : mount, strerror(errno));
    for (off_t offset = 0; isSame;) {
        ssize_t count = pread(from, one, sizeof one, offset), found = pread(to, other, sizeof other, offset);
        if (count != found || (count > 0 && memcmp(one, other, (size_t)count) != 0)) {
            ssize_t place = 0;
            while (place < count && place < found && one[place] == other[place]) place++;
            printf("  content of %s differs from offset %lld (%zd and %zd bytes from %lld)\n", mount, (long long)(offset + place), count,
                found, (long long)offset);
            isSame = false;
        }
        if (count <= 0) break;
        offset += count;
    }
    close(from), close(to);
    return isSame;
}

static size_t describe_xattrs(const char *path, char *text, size_t room) {
    char names[4096], value[4096], *sorted[64];
    size_t used = 0, count = 0;
    ssize_t byte_count = llistxattr(path, names, sizeof names);
    text[0] = 0;
    for (char *name = names; byte_count > 0 && name < names + byte_count && count < 64; name += strlen(name) + 1)
        if (strncmp(name, "user.", 5) == 0) sorted[count++] = name;
    qsort(sorted, count, sizeof sorted[0], compare_names);
    for (size_t i = 0; i < count && used < room; i++) {
        ssize_t found = lgetxattr(path, sorted[i], value, sizeof value);
        unsigned sum = 0;
        for (ssize_t j = 0; j < found; j++) sum = sum * 31 + (unsigned char)value[j];
        used += (size_t)snprintf(text + used, room - used, "%s:%zd:%u ", sorted[i], found, sum);
    }
    return count;
}

static bool same_nodes(const char *plain, const char *mount) {
    char one[4096], other[4096];
    describe(AT_FDCWD, plain, AT_SYMLINK_NOFOLLOW, one, sizeof one);
    describe(AT_FDCWD, mount, AT_SYMLINK_NOFOLLOW, other, sizeof other);
    if (strcmp(one, other) != 0) {
        printf("  attributes of %s are\n    %s, and on the plain folder\n    %s\n", mount, other, one);
        return false;
    }
    describe_xattrs(plain, one, sizeof one), describe_xattrs(mount, other, sizeof other);
    if (strcmp(one, other) != 0) {
        printf("  extended attributes of %s are\n    %s, and on the plain folder\n    %s\n", mount, other, one);
        return false;
    }
    struct stat found;
    if (lstat(plain, &found) != 0) return true;
    if (S_ISREG(found.st_mode)) return same_content(plain, mount);
    if (S_ISLNK(found.st_mode)) {
        ssize_t count = readlink(plain, one, sizeof one), others = readlink(mount, other, sizeof other);
        if (count == others && count > 0 && memcmp(one, other, (size_t)count) == 0) return true;
        printf("  targets of %s differ\n", mount);
        return false;
    }
    return same_trees(plain, mount);
}

bool same_trees(const char *plain, const char *mount) {
    char **names = calloc(entry_count_max, sizeof *names), **others = calloc(entry_count_max, sizeof *others);
    size_t count = read_names(plain, names), other_count = read_names(mount, others);
    bool isSame = true;
    for (size_t i = 0; isSame && (i < count || i < other_count); i++) {
        if (i >= count || i >= other_count || strcmp(names[i], others[i]) != 0) {
            printf("  listings of %s differ: “%s”, and “%s” on the plain folder\n", mount, i < other_count ? others[i] : "(end)",
                i < count ? names[i] : "(end)");
            isSame = false;
            break;
        }
        char one[8192], other[8192];
        snprintf(one, sizeof one, "%s/%s", plain, names[i]);
        snprintf(other, sizeof other, "%s/%s", mount, names[i]);
        isSame = same_nodes(one, other);
    }
    for (size_t i = 0; i < count; i++) free(names[i]);
    for (size_t i = 0; i < other_count; i++) free(others[i]);
    free(names), free(others);
    return isSame;
}

void remove_tree(const char *path) {
    struct stat found;
    if (lstat(path, &found) != 0) return;
    if (!S_ISDIR(found.st_mode)) {
        unlink(path);
        return;
    }
    char **names = calloc(entry_count_max, sizeof *names);
    size_t count = read_names(path, names);
    for (size_t i = 0; i < count; i++) {
        char inner[8192];
        snprintf(inner, sizeof inner, "%s/%s", path, names[i]);
        remove_tree(inner);
        free(names[i]);
    }
    free(names);
    rmdir(path);
}
