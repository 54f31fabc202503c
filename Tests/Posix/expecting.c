// What the mount has to answer: what a plain folder answers, but for the table of differences.
#define _GNU_SOURCE
#include "posix.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int base(const World *world, const Operation *operation) {
    return operation->folder < 0 ? world->root_descriptor : world->slots[operation->folder];
}

static void refuse(Result *result, DifferenceKind kind) {
    memset(result, 0, sizeof *result);
    result->value = -1;
    result->error = differ(kind);
}

/// The plain folder does it and takes it back; what it refuses by itself, the mount refuses alike.
static void expect_refusal(World *plain, const Operation *operation, Result *result, DifferenceKind kind) {
    run(plain, operation, result);
    if (result->error != 0) return;
    if (operation->kind == op_link) unlinkat(plain->root_descriptor, path_at(operation->other), 0);
    if (operation->kind == op_mkfifo) unlinkat(base(plain, operation), path_at(operation->path), 0);
    refuse(result, kind);
}

/// Neither kind of range exists on a FUSE filesystem, and not every plain folder knows zeroed ones.
static void expect_allocation(World *plain, const Operation *operation, Result *result) {
    Operation other = *operation;
    if (operation->flags & (FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE)) {
        // Room alone: it fails for the same reasons and changes nothing.
        other.flags = FALLOC_FL_KEEP_SIZE;
        run(plain, &other, result);
        if (result->error == 0 || result->error == ENOSPC) refuse(result, differs_collapse);
        return;
    }
    run(plain, operation, result);
    if (!(operation->flags & FALLOC_FL_ZERO_RANGE) || result->error != EOPNOTSUPP) return;
    // tmpfs: a hole that may lie past the end says the same.
    other.flags = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    run(plain, &other, result);
    if (result->error != 0 || operation->flags & FALLOC_FL_KEEP_SIZE) return;
    struct stat attributes;
    int descriptor = plain->slots[operation->slot];
    int64_t end = operation->offset + operation->count;
    if (fstat(descriptor, &attributes) == 0 && attributes.st_size < end && ftruncate(descriptor, end) != 0) abort();
}

/// The right to change attributes is `edit`, whoever owns the document; but nobody gives one away.
static void expect_owner(World *plain, const Operation *operation, Result *result) {
    struct stat before;
    if (fstatat(base(plain, operation), path_at(operation->path), &before, AT_SYMLINK_NOFOLLOW) != 0) return run(plain, operation, result);
    const User *caller = &users[operation->user];
    uid_t uid = operation->flags & 1 ? users[operation->seed % user_count].uid : before.st_uid;
    gid_t gid = operation->flags & 2 ? users[operation->seed / 8 % user_count].gid : before.st_gid;
    bool isAllowed = (uid == before.st_uid || uid == caller->uid) && (gid == before.st_gid || gid == caller->gid);
    if (!isAllowed) {
        memset(result, 0, sizeof *result);
        result->value = -1;
        result->error = EPERM;
        return;
    }
    if (before.st_uid != caller->uid) differ(differs_chown);
    allow_giving_away(true);
    run(plain, operation, result);
    allow_giving_away(false);
}

void run_expected(World *plain, const Operation *operation, Result *result) {
    Operation other = *operation;
    switch (operation->kind) {
    case op_link: return expect_refusal(plain, operation, result, differs_link);
    case op_mkfifo: return expect_refusal(plain, operation, result, differs_fifo);
    case op_tmpfile: return expect_refusal(plain, operation, result, differs_tmpfile);
    case op_map_shared: {
        run(plain, operation, result);
        struct stat attributes;
        if (result->error == 0 && fstat(plain->slots[operation->slot], &attributes) == 0 && S_ISREG(attributes.st_mode))
            refuse(result, differs_shared);
        return;
    }
    case op_allocate: return expect_allocation(plain, operation, result);
    case op_chown: return expect_owner(plain, operation, result);
    case op_chmod: case op_fchmod:
        other.seed &= ~06000u;
        if (other.seed != operation->seed) differ(differs_set_id);
        return run(plain, &other, result);
    default: return run(plain, operation, result);
    }
}

// MARK: Holes

/// Whether the plain folder's bytes from `offset` to `end` are all zeros.
static bool is_zero(int descriptor, int64_t offset, int64_t end) {
    static unsigned char bytes[65536];
    while (offset < end) {
        size_t count = end - offset < (int64_t)sizeof bytes ? (size_t)(end - offset) : sizeof bytes;
        ssize_t found = pread(descriptor, bytes, count, offset);
        if (found <= 0) return true;
        for (ssize_t i = 0; i < found; i++)
            if (bytes[i] != 0) return false;
        offset += found;
    }
    return true;
}

bool is_seek_right(World *plain, const Operation *operation, const Result *found, char *text, size_t room) {
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", plain->slots[operation->slot]);
    // The descriptor itself may be open for writing alone.
    int descriptor = open(name, O_RDONLY);
    struct stat attributes;
    if (descriptor < 0 || fstat(descriptor, &attributes) != 0 || S_ISDIR(attributes.st_mode)) {
        if (descriptor >= 0) close(descriptor);
        return true;
    }
    differ(differs_holes);
    int64_t offset = operation->offset, size = attributes.st_size;
    bool isRight;
    if (offset < 0 || offset >= size) {
        isRight = found->error == ENXIO;
        snprintf(text, room, "before the start or past the end it has to be ENXIO");
    } else if (operation->kind == op_seek_data) {
        bool isNone = found->error == ENXIO;
        isRight = (isNone || (found->error == 0 && found->value >= offset && found->value < size))
            && is_zero(descriptor, offset, isNone ? size : found->value);
        snprintf(text, room, "bytes that are not zero were passed over as a hole, or the place is outside the document");
    } else {
        isRight = found->error == 0 && found->value >= offset && found->value <= size
            && (found->value == size || is_zero(descriptor, found->value, found->value + 1));
        snprintf(text, room, "a hole was told where a byte is not zero, or outside the document");
    }
    close(descriptor);
    return isRight;
}
