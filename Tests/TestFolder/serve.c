// The folder behind, shown through FUSE. One thread: the log has one order.
#define FUSE_USE_VERSION 31
#define _GNU_SOURCE
#include "log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <fuse.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

static int root, log_file;
static size_t backing_length;

static void note(uint32_t kind, uint64_t file, const char *path, const char *new_path, uint64_t offset, const void *bytes, uint64_t count) {
    Entry entry = {.kind = kind, .file = file, .offset = offset, .count = bytes ? count : 0};
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    entry.time = (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
    if (path) snprintf(entry.path, sizeof entry.path, "%s", path + (path[0] == '/'));
    if (new_path) snprintf(entry.new_path, sizeof entry.new_path, "%s", new_path + (new_path[0] == '/'));
    if (write(log_file, &entry, sizeof entry) != sizeof entry) stop("log");
    if (entry.count && write(log_file, bytes, count) != (ssize_t)count) stop("log");
}

static const char *relative(const char *path) { return path[1] ? path + 1 : "."; }

static int outcome(int result) { return result < 0 ? -errno : 0; }

static uint64_t number(int descriptor) {
    struct stat status;
    if (fstat(descriptor, &status) != 0) stop("fstat");
    return status.st_ino;
}

static void *on_init(struct fuse_conn_info *connection, struct fuse_config *configuration) {
    (void)connection;
    configuration->use_ino = 1;
    configuration->hard_remove = 1;
    configuration->nullpath_ok = 1;
    return NULL;
}

static int on_getattr(const char *path, struct stat *status, struct fuse_file_info *file) {
    return outcome(file ? fstat((int)file->fh, status) : fstatat(root, relative(path), status, AT_SYMLINK_NOFOLLOW));
}

static int on_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset, struct fuse_file_info *file, enum fuse_readdir_flags flags) {
    (void)path, (void)offset, (void)flags;
    int descriptor = openat((int)file->fh, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = descriptor < 0 ? NULL : fdopendir(descriptor);
    if (!stream) return -errno;
    struct dirent *entry;
    while ((entry = readdir(stream))) fill(buffer, entry->d_name, NULL, 0, 0);
    closedir(stream);
    return 0;
}

static int keep(int descriptor, struct fuse_file_info *file) {
    if (descriptor < 0) return -errno;
    file->fh = (uint64_t)descriptor;
    return 0;
}

static int on_opendir(const char *path, struct fuse_file_info *file) {
    return keep(openat(root, relative(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC), file);
}

static int on_open(const char *path, struct fuse_file_info *file) {
    return keep(openat(root, relative(path), (file->flags & ~(O_APPEND | O_CREAT | O_EXCL | O_TRUNC)) | O_CLOEXEC), file);
}

static int on_create(const char *path, mode_t mode, struct fuse_file_info *file) {
    int result = keep(openat(root, relative(path), (file->flags & ~O_APPEND) | O_CREAT | O_CLOEXEC, mode), file);
    if (result == 0) note(entry_create, number((int)file->fh), path, NULL, 0, NULL, 0);
    return result;
}

static int on_release(const char *path, struct fuse_file_info *file) {
    (void)path;
    close((int)file->fh);
    return 0;
}

static int on_read(const char *path, char *buffer, size_t count, off_t offset, struct fuse_file_info *file) {
    (void)path;
    ssize_t result = pread((int)file->fh, buffer, count, offset);
    return result < 0 ? -errno : (int)result;
}

static int on_write(const char *path, const char *bytes, size_t count, off_t offset, struct fuse_file_info *file) {
    (void)path;
    ssize_t result = pwrite((int)file->fh, bytes, count, offset);
    if (result < 0) return -errno;
    note(entry_write, number((int)file->fh), path, NULL, (uint64_t)offset, bytes, (uint64_t)result);
    return (int)result;
}

static int on_truncate(const char *path, off_t size, struct fuse_file_info *file) {
    int descriptor = file ? (int)file->fh : openat(root, relative(path), O_WRONLY | O_CLOEXEC);
    int result = descriptor < 0 ? -errno : outcome(ftruncate(descriptor, size));
    if (result == 0) note(entry_truncate, number(descriptor), path, NULL, (uint64_t)size, NULL, 0);
    if (!file && descriptor >= 0) close(descriptor);
    return result;
}

static int on_fallocate(const char *path, int mode, off_t offset, off_t count, struct fuse_file_info *file) {
    (void)path;
    // Space set aside changes nothing that is read.
    return mode == FALLOC_FL_KEEP_SIZE ? outcome(fallocate((int)file->fh, mode, offset, count)) : -EOPNOTSUPP;
}

static int on_fsync(const char *path, int data_only, struct fuse_file_info *file) {
    (void)data_only;
    note(entry_sync, number((int)file->fh), path, NULL, 0, NULL, 0);
    return 0;
}

static int on_fsyncdir(const char *path, int data_only, struct fuse_file_info *file) {
    (void)data_only;
    char name[64], target[4096];
    snprintf(name, sizeof name, "/proc/self/fd/%d", (int)file->fh);
    ssize_t length = readlink(name, target, sizeof target - 1);
    if (length < (ssize_t)backing_length) return -EIO;
    target[length] = 0;
    (void)path;
    note(entry_sync_folder, 0, target + backing_length, NULL, 0, NULL, 0);
    return 0;
}

static int on_mkdir(const char *path, mode_t mode) {
    int result = outcome(mkdirat(root, relative(path), mode));
    if (result == 0) note(entry_mkdir, 0, path, NULL, 0, NULL, 0);
    return result;
}

static int on_rename(const char *from, const char *to, unsigned flags) {
    if (flags) return -EINVAL;
    int result = outcome(renameat(root, relative(from), root, relative(to)));
    if (result == 0) note(entry_rename, 0, from, to, 0, NULL, 0);
    return result;
}

static int on_unlink(const char *path) {
    int result = outcome(unlinkat(root, relative(path), 0));
    if (result == 0) note(entry_unlink, 0, path, NULL, 0, NULL, 0);
    return result;
}

static int on_rmdir(const char *path) {
    int result = outcome(unlinkat(root, relative(path), AT_REMOVEDIR));
    if (result == 0) note(entry_rmdir, 0, path, NULL, 0, NULL, 0);
    return result;
}

static int on_chmod(const char *path, mode_t mode, struct fuse_file_info *file) {
    return outcome(file ? fchmod((int)file->fh, mode) : fchmodat(root, relative(path), mode, 0));
}

static int on_chown(const char *path, uid_t uid, gid_t gid, struct fuse_file_info *file) {
    return outcome(file ? fchown((int)file->fh, uid, gid) : fchownat(root, relative(path), uid, gid, AT_SYMLINK_NOFOLLOW));
}

static int on_utimens(const char *path, const struct timespec times[2], struct fuse_file_info *file) {
    return outcome(file ? futimens((int)file->fh, times) : utimensat(root, relative(path), times, AT_SYMLINK_NOFOLLOW));
}

static int on_statfs(const char *path, struct statvfs *status) {
    (void)path;
    return outcome(fstatvfs(root, status));
}

static int note_what_is_there(const char *path, const struct stat *status, int kind, struct FTW *place) {
    (void)place;
    if (kind == FTW_F) note(entry_there, status->st_ino, path + backing_length, NULL, 0, NULL, 0);
    return 0;
}

int serve(const char *mountpoint, const char *backing, const char *log_path) {
    char *resolved = realpath(backing, NULL);
    root = resolved ? open(resolved, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    log_file = open(log_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (root < 0 || log_file < 0) stop(backing);
    backing_length = strlen(resolved);
    if (nftw(resolved, note_what_is_there, 16, FTW_PHYS) != 0) stop(backing);
    umask(0);
    const struct fuse_operations operations = {
        .init = on_init, .getattr = on_getattr, .readdir = on_readdir, .opendir = on_opendir, .open = on_open, .create = on_create,
        .release = on_release, .releasedir = on_release, .read = on_read, .write = on_write, .truncate = on_truncate,
        .fallocate = on_fallocate, .fsync = on_fsync, .fsyncdir = on_fsyncdir, .mkdir = on_mkdir, .rename = on_rename,
        .unlink = on_unlink, .rmdir = on_rmdir, .chmod = on_chmod, .chown = on_chown, .utimens = on_utimens, .statfs = on_statfs,
    };
    char *arguments[] = {"strongroom-test-folder", "-ofsname=strongroom-test-folder", NULL};
    struct fuse_args parsed = FUSE_ARGS_INIT(2, arguments);
    struct fuse *fuse = fuse_new(&parsed, &operations, sizeof operations, NULL);
    if (!fuse || fuse_mount(fuse, mountpoint) != 0) stop(mountpoint);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int result = fuse_loop(fuse);
    fuse_unmount(fuse);
    fuse_destroy(fuse);
    free(resolved);
    return result != 0;
}
