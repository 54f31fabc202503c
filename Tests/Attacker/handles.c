// What can be tried with an open document: one's own, and one that another user passed on.
#define _GNU_SOURCE
#include "attacker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

Handle handles[handle_max];
int handle_count;
int receiving_socket, sending_sockets[user_count];
static uint8_t buffer[160 * 1024];

void keep(int descriptor, int document, int opener, unsigned flags) {
    if (handle_count == handle_max) {
        close(descriptor);
        return;
    }
    handles[handle_count++] = (Handle){descriptor, (int16_t)document, (uint8_t)opener, (uint16_t)flags};
}

static void let_go(int index) {
    close(handles[index].descriptor);
    handles[index] = handles[--handle_count];
}

static void start(enum kind kind, const Handle *handle) {
    begin(kind);
    record.document = handle->document;
    record.opener = handle->opener;
    record.flags = handle->flags;
}

static void read_handle(const Handle *handle) {
    start(kind_handle_read, handle);
    uint64_t offset = random_number(document_length(handle->document)), count = 1 + random_number(sizeof buffer);
    long result = pread(handle->descriptor, buffer, count, (off_t)offset);
    if (result > 0) examine(handle->document, offset, buffer, (uint64_t)result);
    end(result);
}

static void write_handle(const Handle *handle) {
    start(kind_handle_write, handle);
    uint64_t offset = random_number(document_length(handle->document) - 500), count = 1 + random_number(500);
    fill(handle->document, offset, buffer, count);
    end(pwrite(handle->descriptor, buffer, count, (off_t)offset));
}

static void lock_handle(const Handle *handle) {
    start(kind_handle_lock, handle);
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_len = 10};
    long result = fcntl(handle->descriptor, F_OFD_SETLK, &lock);
    int error = errno;
    if (result == 0) {
        lock.l_type = F_UNLCK;
        fcntl(handle->descriptor, F_OFD_SETLK, &lock);
    }
    errno = error;
    end(result);
}

/// Within the kernel, from a document that is open into one of those that may hold anything.
static void copy(const Handle *from) {
    static char path[512];
    start(kind_copy, from);
    int sink = sink_first + (int)random_number(sink_end - sink_first);
    if (!document_path(sink, path)) return;
    record.document = from->document;
    record.other_document = (int16_t)sink;
    int descriptor = open(path, O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) return end(-1);
    off_t source = (off_t)random_number(2000), target = (off_t)random_number(2000);
    long result = copy_file_range(from->descriptor, &source, descriptor, &target, 512, 0);
    int error = result == 0 ? ENODATA : errno;
    close(descriptor);
    errno = error;
    end(result > 0 ? result : -1);
}

/// The way through /proc, which looks nothing up.
static void reopen(const Handle *handle) {
    start(kind_reopen, handle);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", handle->descriptor);
    record.flags = flag_read;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return end(-1);
    long result = pread(descriptor, buffer, 100, 0);
    int error = errno;
    if (result > 0) examine(handle->document, 0, buffer, (uint64_t)result);
    close(descriptor);
    errno = error;
    end(result);
}

static void pass(const Handle *handle) {
    if (handle->opener != me) return;
    Handle told = *handle;
    struct iovec part = {&told, sizeof told};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr header;
    } control = {0};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &handle->descriptor, sizeof(int));
    int target = (me + 1 + (int)random_number(user_count - 1)) % user_count;
    sendmsg(sending_sockets[target], &message, MSG_DONTWAIT);
}

void receive_handles(void) {
    Handle told;
    struct iovec part = {&told, sizeof told};
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr header;
    } control;
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    if (recvmsg(receiving_socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != sizeof told) return;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (!header || header->cmsg_type != SCM_RIGHTS) return;
    int descriptor;
    memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    if (handle_count == handle_max) let_go((int)random_number(handle_max));
    keep(descriptor, told.document, told.opener, told.flags);
}

void attack_handle(void) {
    receive_handles();
    if (handle_count == 0) return;
    int index = (int)random_number((uint64_t)handle_count);
    const Handle *handle = &handles[index];
    switch (random_number(12)) {
    case 0:
    case 1:
    case 2:
    case 3:
        if (handle->flags & flag_read) read_handle(handle);
        return;
    case 4:
    case 5:
        if (handle->flags & flag_write) write_handle(handle);
        return;
    case 6:
        if (handle->flags & flag_read) {
            start(kind_handle_seek, handle);
            end(lseek(handle->descriptor, 0, SEEK_DATA));
        }
        return;
    case 7:
        if (handle->flags & flag_read) lock_handle(handle);
        return;
    case 8:
        if (handle->flags & flag_read) copy(handle);
        return;
    case 9: return reopen(handle);
    case 10: return pass(handle);
    default:
        if (random_number(3) == 0) let_go(index);
    }
}
