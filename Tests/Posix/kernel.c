// Calls that a FUSE filesystem of two users answers otherwise once in a while, through no fault of its own.
//
// Each user has a node of their own of every document, so the kernel's copy of its size is brought up to date by fstat(2). The answer
// to that is dropped when pages of the node are dropped at the same moment (fs/fuse: attr_version), as the mount has them dropped 2 ms
// after a mapping was read. What works by the kernel's copy then sees the size of before: a mapping faults past it, a copy or
// sendfile ends at it, and SEEK_END goes to it. The next fstat puts it right, so each of these is tried again, and counted.
#define _GNU_SOURCE
#include "posix.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

uint64_t stale_count;
enum { attempt_count_max = 5 };

static void wait_for_kernel(int descriptor) {
    struct stat attributes;
    stale_count++;
    usleep(3000);
    fstat(descriptor, &attributes);
}

static sigjmp_buf fault_return;

static void on_fault(int signal) { siglongjmp(fault_return, signal); }

/// Copies the bytes of a mapping and stores over them. False where it faults.
static bool take_bytes(unsigned char *bytes, size_t count, unsigned char *into) {
    struct sigaction action = {.sa_handler = on_fault}, before;
    sigaction(SIGBUS, &action, &before);
    int caught = sigsetjmp(fault_return, 1);
    if (caught == 0) {
        memcpy(into, bytes, count);
        // What is stored there stays in the process; the next reads say so.
        memset(bytes, 0x5a, count);
    }
    sigaction(SIGBUS, &before, NULL);
    return caught == 0;
}

int read_mapping(int descriptor, off_t offset, size_t count, unsigned char *into) {
    struct stat attributes;
    fstat(descriptor, &attributes);
    for (int attempt = 0; attempt < attempt_count_max; attempt++) {
        unsigned char *bytes = mmap(NULL, count, PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor, offset);
        if (bytes == MAP_FAILED) return -1;
        bool isTaken = take_bytes(bytes, count, into);
        munmap(bytes, count);
        if (isTaken) return 0;
        wait_for_kernel(descriptor);
    }
    errno = EFAULT;
    return -1;
}

int64_t copy_range(int from, int64_t from_offset, int to, int64_t to_offset, int64_t count) {
    loff_t source = from_offset, target = to_offset;
    struct stat attributes;
    fstat(from, &attributes), fstat(to, &attributes);
    int64_t copied = 0;
    for (int attempt = 0; copied < count;) {
        ssize_t piece = copy_file_range(from, &source, to, &target, (size_t)(count - copied), 0);
        if (piece < 0) return copied > 0 ? copied : -1;
        copied += piece;
        if (piece > 0) {
            // A copy of a document to its own end goes on for as long as it grows by that.
            attempt = 0;
            continue;
        }
        // At the end of the source, or of what the kernel takes for it.
        if (fstat(from, &attributes) != 0 || source >= attributes.st_size || attempt++ == attempt_count_max) break;
        wait_for_kernel(from);
    }
    return copied;
}

int64_t send_range(int from, int64_t offset, int to, int64_t count) {
    off_t place = offset;
    struct stat attributes;
    fstat(from, &attributes);
    int64_t sent = 0;
    for (int attempt = 0; sent < count;) {
        ssize_t piece = sendfile(to, from, &place, (size_t)(count - sent));
        if (piece < 0) return sent > 0 ? sent : -1;
        sent += piece;
        if (piece > 0) {
            // A copy of a document to its own end goes on for as long as it grows by that.
            attempt = 0;
            continue;
        }
        if (fstat(from, &attributes) != 0 || place >= attributes.st_size || attempt++ == attempt_count_max) break;
        wait_for_kernel(from);
    }
    return sent;
}

int64_t seek_end(int descriptor, int64_t offset) {
    for (int attempt = 0;; attempt++) {
        off_t place = lseek(descriptor, offset, SEEK_END);
        struct stat attributes;
        int code = errno;
        if (fstat(descriptor, &attributes) != 0 || place < 0 || place == attributes.st_size + offset || attempt == attempt_count_max) {
            errno = code;
            return place;
        }
        wait_for_kernel(descriptor);
    }
}
