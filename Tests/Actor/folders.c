// Listing folders and changing what is in them.
#define _GNU_SOURCE
#include "actor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

static int is_dot(const char *name) { return strcmp(name, ".") == 0 || strcmp(name, "..") == 0; }

/// All names, without `.` and `..`.
static void run_list(void) {
    DIR *stream = opendir(at(1));
    if (!stream) return fail(errno);
    struct dirent *entry;
    while (errno = 0, (entry = readdir(stream)))
        if (!is_dot(entry->d_name)) say("%s", entry->d_name);
    int code = errno;
    closedir(stream);
    if (code) return fail(code);
    done();
}

/// One getdents64(2) on a descriptor, with a buffer of so many bytes: a folder handle that was inherited or passed works too.
static void run_getdents(void) {
    _Alignas(8) char buffer[65536];
    size_t size = word_count > 2 ? (size_t)number(2) : sizeof buffer;
    long count = syscall(SYS_getdents64, (int)number(1), buffer, size < sizeof buffer ? size : sizeof buffer);
    if (count < 0) return fail(errno);
    for (char *cursor = buffer; cursor < buffer + count;) {
        struct dirent64 *entry = (struct dirent64 *)cursor;
        if (!is_dot(entry->d_name)) say("%s", entry->d_name);
        cursor += entry->d_reclen;
    }
    done();
}

// MARK: Streams, for telldir and seekdir

enum { stream_count_max = 16 };
static DIR *streams[stream_count_max];

static DIR *stream(int index) {
    long long slot = number(index);
    return slot >= 0 && slot < stream_count_max ? streams[slot] : NULL;
}

static void run_opendir(void) {
    for (int slot = 0; slot < stream_count_max; slot++) {
        if (streams[slot]) continue;
        streams[slot] = opendir(at(1));
        if (!streams[slot]) return fail(errno);
        return settle_saying(slot);
    }
    fail(EMFILE);
}

/// Up to COUNT entries, `.` and `..` among them, each as NAME and the position after it.
static void run_readdir(void) {
    if (!stream(1)) return fail(EBADF);
    for (long long left = number(2); left > 0; left--) {
        errno = 0;
        struct dirent *entry = readdir(stream(1));
        if (!entry && errno) return fail(errno);
        if (!entry) break;
        say("%s", entry->d_name);
        say("%ld", telldir(stream(1)));
    }
    done();
}

static void run_seekdir(void) {
    if (!stream(1)) return fail(EBADF);
    seekdir(stream(1), (long)number(2));
    done();
}

static void run_closedir(void) {
    if (!stream(1)) return fail(EBADF);
    long result = closedir(stream(1));
    streams[number(1)] = NULL;
    settle(result);
}

// MARK: Changes

static void run_mkdir(void) { settle(mkdir(at(1), word_count > 2 ? (mode_t)number(2) : 0755)); }
static void run_rmdir(void) { settle(rmdir(at(1))); }
static void run_unlink(void) { settle(unlink(at(1))); }

static void run_rename(void) {
    unsigned flags = (has(3, "noreplace") ? RENAME_NOREPLACE : 0) | (has(3, "exchange") ? RENAME_EXCHANGE : 0)
        | (has(3, "whiteout") ? 1u << 2 : 0);
    settle(renameat2(AT_FDCWD, at(1), AT_FDCWD, at(2), flags));
}

static void run_link(void) { settle(link(at(1), at(2))); }
static void run_symlink(void) { settle(symlink(at(1), at(2))); }

static void run_readlink(void) {
    char target[4097];
    ssize_t count = readlink(at(1), target, sizeof target);
    if (count < 0) return fail(errno);
    say_bytes(target, (size_t)count);
    done();
}

static void run_mknod(void) {
    mode_t kind = has(2, "fifo") ? S_IFIFO : has(2, "socket") ? S_IFSOCK : has(2, "device") ? S_IFCHR : S_IFREG;
    settle(mknod(at(1), kind | 0644, 0x0103));
}

static void run_statfs(void) {
    struct statfs value;
    if (statfs(at(1), &value) < 0) return fail(errno);
    say("type=%llx", (unsigned long long)value.f_type);
    say("bsize=%llu", (unsigned long long)value.f_bsize);
    say("blocks=%llu", (unsigned long long)value.f_blocks);
    say("bavail=%llu", (unsigned long long)value.f_bavail);
    say("files=%llu", (unsigned long long)value.f_files);
    say("ffree=%llu", (unsigned long long)value.f_ffree);
    say("namelen=%llu", (unsigned long long)value.f_namelen);
    say("flags=%llx", (unsigned long long)value.f_flags);
    done();
}

const Command folder_commands[] = {
    {"list", run_list, "list PATH → NAME…"},
    {"getdents", run_getdents, "getdents FD [BYTES] → NAME…"},
    {"opendir", run_opendir, "opendir PATH → STREAM"},
    {"readdir", run_readdir, "readdir STREAM COUNT → (NAME POSITION)…"},
    {"seekdir", run_seekdir, "seekdir STREAM POSITION"},
    {"closedir", run_closedir, "closedir STREAM"},
    {"mkdir", run_mkdir, "mkdir PATH [MODE]"},
    {"rmdir", run_rmdir, "rmdir PATH"},
    {"unlink", run_unlink, "unlink PATH"},
    {"rename", run_rename, "rename OLD NEW [noreplace|exchange|whiteout]"},
    {"link", run_link, "link OLD NEW"},
    {"symlink", run_symlink, "symlink TARGET PATH"},
    {"readlink", run_readlink, "readlink PATH → TARGET"},
    {"mknod", run_mknod, "mknod PATH file|fifo|socket|device"},
    {"statfs", run_statfs, "statfs PATH → KEY=VALUE…"},
    {0},
};
