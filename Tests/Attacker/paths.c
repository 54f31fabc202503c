// What can be tried with a path.
#define _GNU_SOURCE
#include "attacker.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

static char path[512];
static uint8_t buffer[160 * 1024];

static int some_document(enum kind kind) {
    begin(kind);
    int made = atomic_load(&world->next_document);
    return document_path((int)random_number((uint64_t)made), path);
}

static int some_folder(enum kind kind) {
    begin(kind);
    record.folder = (int16_t)(random_number((uint64_t)world->folder_count + 1) - 1);
    return folder_path(record.folder, path, record.chain, &record.depth);
}

static void note_bare(const struct stat *status) {
    if (S_ISDIR(status->st_mode) && status->st_mtime == 0) record.flags |= flag_bare;
}

/// The different calls by which attributes leave: stat, statx that trusts the kernel, O_PATH.
///
/// By the second the kernel shows of folders what it was told last, for whomever (docs/threat-model.md).
static long attributes(const char *at) {
    struct stat status;
    long result;
    switch (random_number(3)) {
    case 0: result = fstatat(AT_FDCWD, at, &status, AT_SYMLINK_NOFOLLOW); break;
    case 1: {
        struct statx extended;
        record.flags |= flag_kept;
        result = statx(AT_FDCWD, at, AT_STATX_DONT_SYNC | AT_SYMLINK_NOFOLLOW, STATX_ALL, &extended);
        status.st_mode = extended.stx_mode;
        status.st_mtime = extended.stx_mtime.tv_sec;
        break;
    }
    default: {
        int descriptor = open(at, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        if (descriptor < 0) return -1;
        result = fstat(descriptor, &status);
        int error = errno;
        close(descriptor);
        errno = error;
    }
    }
    if (result == 0) note_bare(&status);
    return result;
}

static void read_path(void) {
    if (!some_document(kind_read)) return;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return end(-1);
    uint64_t length = document_length(record.document);
    uint64_t offset = random_number(length), count = 1 + random_number(sizeof buffer);
    long result = pread(descriptor, buffer, count, (off_t)offset);
    int error = errno;
    if (result > 0) examine(record.document, offset, buffer, (uint64_t)result);
    if (result == 0) record.flags |= flag_bare;
    close(descriptor);
    errno = error;
    end(result);
}

static void write_path(void) {
    if (!some_document(kind_write)) return;
    int descriptor = open(path, O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) return end(-1);
    uint64_t offset = random_number(document_length(record.document) - 500), count = 1 + random_number(500);
    fill(record.document, offset, buffer, count);
    long result = pwrite(descriptor, buffer, count, (off_t)offset);
    int error = errno;
    close(descriptor);
    errno = error;
    end(result);
}

static void keep_path(void) {
    if (handle_count == handle_max || !some_document(kind_keep)) return;
    static const int modes[] = {O_RDONLY, O_WRONLY, O_RDWR};
    static const unsigned flags[] = {flag_read, flag_write, flag_read | flag_write};
    int choice = (int)random_number(3);
    record.flags |= flags[choice];
    int descriptor = open(path, modes[choice] | O_CLOEXEC);
    end(descriptor);
    if (descriptor >= 0) keep(descriptor, record.document, me, flags[choice]);
}

static void access_path(void) {
    if (!some_document(kind_access)) return;
    int writing = (int)random_number(2);
    record.flags |= writing ? flag_write : flag_read;
    end(faccessat(AT_FDCWD, path, writing ? W_OK : R_OK, 0));
}

static void list_path(void) {
    if (!some_folder(kind_list)) return;
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return end(-1);
    long count;
    while ((count = syscall(SYS_getdents64, descriptor, buffer, 4096)) > 0) {
        for (long at = 0; at < count;) {
            struct dirent64 *entry = (struct dirent64 *)(buffer + at);
            const char *name = entry->d_name;
            int number = atoi(name + 1);
            if (name[0] == 'f' && number < folder_max) record.folders |= 1ull << number;
            else if (name[0] == 'd' && number < document_max) record.documents[number / 64] |= 1ull << number % 64;
            else if (name[0] == 's' && number == record.folder) record.flags |= flag_link;
            else if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) record.flags |= flag_unknown_name;
            at += entry->d_reclen;
        }
    }
    int error = errno;
    close(descriptor);
    errno = error;
    end(count);
}

static void read_link(void) {
    if (!some_folder(kind_read_link) || record.folder < 0) return;
    sprintf(path + strlen(path), "/s%02d", record.folder);
    long result = readlink(path, (char *)buffer, 200);
    char target[32];
    sprintf(target, "secret-%02d", record.folder);
    if (result >= 0 && (result != (long)strlen(target) || memcmp(buffer, target, (size_t)result) != 0)) record.flags |= flag_foreign;
    end(result);
}

static void extended_attributes(void) {
    switch (random_number(3)) {
    case 0: {
        if (!some_document(kind_get_attribute)) return;
        long result = lgetxattr(path, "user.tag", buffer, 200);
        char tag[32];
        sprintf(tag, "tag-%03d", record.document);
        if (result >= 0 && (result != (long)strlen(tag) || memcmp(buffer, tag, (size_t)result) != 0)) record.flags |= flag_foreign;
        return end(result);
    }
    case 1:
        if (!some_document(kind_list_attributes)) return;
        return end(llistxattr(path, (char *)buffer, 200));
    default:
        if (!some_document(kind_why)) return;
        return end(lgetxattr(path, "user.strongroom.why", buffer, 4096));
    }
}

static void set_mode(void) {
    if (!some_document(kind_set_mode)) return;
    end(fchmodat(AT_FDCWD, path, 0644, 0));
}

static sigjmp_buf fault;
static void faulted(int signal) {
    (void)signal;
    siglongjmp(fault, 1);
}

/// Reads through the kernel's pages, which stay for 2 ms: so it counts from 10 ms before.
static void map_path(void) {
    if (!some_document(kind_map)) return;
    usleep(10000);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return end(-1);
    uint64_t offset = random_number(document_length(record.document) / 4096 + 1) * 4096;
    void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, descriptor, (off_t)offset);
    int error = errno;
    close(descriptor);
    errno = error;
    if (page == MAP_FAILED) return end(-1);
    signal(SIGBUS, faulted);
    long result = -1;
    if (sigsetjmp(fault, 1) == 0) {
        memcpy(buffer, page, 256);
        result = 0;
    }
    munmap(page, 4096);
    static const uint8_t nothing[256];
    if (result < 0) errno = EFAULT;
    else if (memcmp(buffer, nothing, 256) == 0) record.flags |= flag_bare;
    else examine(record.document, offset, buffer, 256);
    end(result);
}

/// A folder that is held open, and what can be reached from it without its path.
static void held_folder(void) {
    static int held = -1;
    static int16_t held_folder;
    if (held < 0 || random_number(8) == 0) {
        if (held >= 0) close(held);
        held = -1;
        if (!some_folder(kind_stat_folder)) return;
        int descriptor = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        struct stat status;
        if (descriptor >= 0 && fstat(descriptor, &status) == 0) note_bare(&status);
        else if (descriptor >= 0) {
            int error = errno;
            close(descriptor);
            descriptor = -1;
            errno = error;
        }
        end(descriptor);
        held = descriptor;
        held_folder = record.folder;
        return;
    }
    if (random_number(2) && held_folder >= 0) {
        begin(kind_parent);
        record.folder = held_folder;
        struct stat status;
        long result = fstatat(held, "..", &status, AT_SYMLINK_NOFOLLOW);
        if (result == 0) note_bare(&status);
        return end(result);
    }
    begin(kind_held_folder);
    record.folder = held_folder;
    record.document = (int16_t)random_number((uint64_t)atomic_load(&world->next_document));
    char name[8];
    sprintf(name, "d%03d", record.document);
    struct stat status;
    end(fstatat(held, name, &status, AT_SYMLINK_NOFOLLOW));
}

void attack_path(void) {
    switch (random_number(14)) {
    case 0:
    case 1:
        if (some_document(kind_stat_document)) end(attributes(path));
        return;
    case 2:
        if (some_folder(kind_stat_folder)) end(attributes(path));
        return;
    case 3: return access_path();
    case 4:
    case 5: return read_path();
    case 6: return list_path();
    case 7: return keep_path();
    case 8: return write_path();
    case 9: return read_link();
    case 10: return extended_attributes();
    case 11: return set_mode();
    case 12:
        if (random_number(8) == 0) return map_path();
        return;
    default: return held_folder();
    }
}
