// Attributes and extended attributes.
#define _GNU_SOURCE
#include "actor.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static void answer_statx(int from, const char *path, int flags) {
    struct statx value;
    if (statx(from, path, flags, STATX_BASIC_STATS | STATX_BTIME, &value) < 0) return fail(errno);
    say("ino=%llu", (unsigned long long)value.stx_ino);
    say("mode=%o", value.stx_mode);
    say("nlink=%u", value.stx_nlink);
    say("uid=%u", value.stx_uid);
    say("gid=%u", value.stx_gid);
    say("size=%llu", (unsigned long long)value.stx_size);
    say("blocks=%llu", (unsigned long long)value.stx_blocks);
    say("blksize=%u", value.stx_blksize);
    say("atime=%lld", (long long)value.stx_atime.tv_sec * 1000000000 + value.stx_atime.tv_nsec);
    say("mtime=%lld", (long long)value.stx_mtime.tv_sec * 1000000000 + value.stx_mtime.tv_nsec);
    say("ctime=%lld", (long long)value.stx_ctime.tv_sec * 1000000000 + value.stx_ctime.tv_nsec);
    done();
}

static void run_stat(void) { answer_statx(AT_FDCWD, at(1), 0); }
static void run_lstat(void) { answer_statx(AT_FDCWD, at(1), AT_SYMLINK_NOFOLLOW); }
static void run_fstat(void) { answer_statx((int)number(1), "", AT_EMPTY_PATH); }

static void run_statx(void) {
    int flags = (has(3, "dont-sync") ? AT_STATX_DONT_SYNC : 0) | (has(3, "force-sync") ? AT_STATX_FORCE_SYNC : 0)
        | (has(3, "nofollow") ? AT_SYMLINK_NOFOLLOW : 0) | (has(3, "empty") ? AT_EMPTY_PATH : 0);
    answer_statx(folder(1), at(2), flags);
}

static void run_chmod(void) { settle(chmod(at(1), (mode_t)number(2))); }
static void run_fchmod(void) { settle(fchmod((int)number(1), (mode_t)number(2))); }
static void run_lchown(void) { settle(lchown(at(1), (uid_t)number(2), (gid_t)number(3))); }
static void run_fchown(void) { settle(fchown((int)number(1), (uid_t)number(2), (gid_t)number(3))); }

static struct timespec time_word(int index) {
    struct timespec time = {0};
    if (has(index, "omit")) {
        time.tv_nsec = UTIME_OMIT;
    } else if (has(index, "now")) {
        time.tv_nsec = UTIME_NOW;
    } else {
        time.tv_sec = number(index) / 1000000000;
        time.tv_nsec = number(index) % 1000000000;
        if (time.tv_nsec < 0) time.tv_sec--, time.tv_nsec += 1000000000;
    }
    return time;
}

static void run_utimens(void) {
    struct timespec times[2] = {time_word(2), time_word(3)};
    settle(utimensat(AT_FDCWD, at(1), times, AT_SYMLINK_NOFOLLOW));
}

static void run_futimens(void) {
    struct timespec times[2] = {time_word(2), time_word(3)};
    settle(futimens((int)number(1), times));
}

// MARK: Extended attributes

static char value[65536 + 1];

static void answer_value(ssize_t count) {
    if (count < 0) return fail(errno);
    say_bytes(value, (size_t)count);
    done();
}

static void answer_names(ssize_t count) {
    if (count < 0) return fail(errno);
    for (char *name = value; name < value + count; name += strlen(name) + 1) say("%s", name);
    done();
}

static int set_flags(int index) { return (has(index, "create") ? XATTR_CREATE : 0) | (has(index, "replace") ? XATTR_REPLACE : 0); }

static void run_getxattr(void) { answer_value(lgetxattr(at(1), at(2), value, sizeof value - 1)); }
static void run_fgetxattr(void) { answer_value(fgetxattr((int)number(1), at(2), value, sizeof value - 1)); }
static void run_setxattr(void) { settle(lsetxattr(at(1), at(2), at(3), strlen(at(3)), set_flags(4))); }
static void run_fsetxattr(void) { settle(fsetxattr((int)number(1), at(2), at(3), strlen(at(3)), set_flags(4))); }
static void run_listxattr(void) { answer_names(llistxattr(at(1), value, sizeof value - 1)); }
static void run_flistxattr(void) { answer_names(flistxattr((int)number(1), value, sizeof value - 1)); }
static void run_removexattr(void) { settle(lremovexattr(at(1), at(2))); }

const Command attribute_commands[] = {
    {"stat", run_stat, "stat PATH → KEY=VALUE…"},
    {"lstat", run_lstat, "lstat PATH → KEY=VALUE…"},
    {"fstat", run_fstat, "fstat FD → KEY=VALUE…"},
    {"statx", run_statx, "statx FD|cwd PATH dont-sync,force-sync,nofollow,empty → KEY=VALUE…"},
    {"chmod", run_chmod, "chmod PATH MODE"},
    {"fchmod", run_fchmod, "fchmod FD MODE"},
    {"lchown", run_lchown, "lchown PATH UID GID"},
    {"fchown", run_fchown, "fchown FD UID GID"},
    {"utimens", run_utimens, "utimens PATH ATIME MTIME      nanoseconds, omit or now"},
    {"futimens", run_futimens, "futimens FD ATIME MTIME"},
    {"getxattr", run_getxattr, "getxattr PATH NAME → VALUE"},
    {"fgetxattr", run_fgetxattr, "fgetxattr FD NAME → VALUE"},
    {"setxattr", run_setxattr, "setxattr PATH NAME VALUE [create|replace]"},
    {"fsetxattr", run_fsetxattr, "fsetxattr FD NAME VALUE [create|replace]"},
    {"listxattr", run_listxattr, "listxattr PATH → NAME…"},
    {"flistxattr", run_flistxattr, "flistxattr FD → NAME…"},
    {"removexattr", run_removexattr, "removexattr PATH NAME"},
    {0},
};
