// Reading and writing by every road: read, mmap, sendfile, copy_file_range.
#define _GNU_SOURCE
#include "actor.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

/// Page-aligned, so that O_DIRECT takes it too.
static void *make_buffer(size_t count) {
    void *buffer = NULL;
    if (posix_memalign(&buffer, 4096, count ? count : 1) != 0) abort();
    return buffer;
}

static void answer_read(void *buffer, ssize_t count) {
    if (count < 0) {
        fail(errno);
    } else {
        say_content(buffer, (size_t)count);
        done();
    }
    free(buffer);
}

static void run_read(void) {
    size_t asked = (size_t)number(2);
    void *buffer = make_buffer(asked);
    answer_read(buffer, read((int)number(1), buffer, asked));
}

static void run_pread(void) {
    size_t asked = (size_t)number(3);
    void *buffer = make_buffer(asked);
    answer_read(buffer, pread((int)number(1), buffer, asked, (off_t)number(2)));
}

static void run_write(void) { settle_saying(write((int)number(1), at(2), strlen(at(2)))); }
static void run_pwrite(void) { settle_saying(pwrite((int)number(1), at(3), strlen(at(3)), (off_t)number(2))); }

/// Writes LENGTH bytes of a pattern that depends on the position in the document and a seed: byte i is i*7 + i/251 + seed.
static void run_fill(void) {
    off_t offset = (off_t)number(2);
    size_t left = (size_t)number(3), done_count = 0;
    unsigned char *buffer = make_buffer(1 << 20);
    while (left > 0) {
        size_t count = left < 1 << 20 ? left : 1 << 20;
        for (size_t i = 0; i < count; i++) {
            uint64_t position = (uint64_t)offset + i;
            buffer[i] = (unsigned char)(position * 7 + position / 251 + (uint64_t)number(4));
        }
        ssize_t written = pwrite((int)number(1), buffer, count, offset);
        if (written <= 0) break;
        offset += written, left -= (size_t)written, done_count += (size_t)written;
    }
    int code = errno;
    free(buffer);
    if (left > 0) return fail(code);
    settle_saying((long long)done_count);
}

// MARK: Mappings

enum { mapping_count_max = 64 };
static struct { unsigned char *bytes; size_t count; } mappings[mapping_count_max];
static sigjmp_buf fault_return;

static void on_fault(int signal) { siglongjmp(fault_return, signal); }

static void run_mmap(void) {
    int slot = 0;
    while (slot < mapping_count_max && mappings[slot].bytes) slot++;
    if (slot == mapping_count_max) return fail(EMFILE);
    size_t count = (size_t)number(3);
    int protection = has(5, "w") ? PROT_READ | PROT_WRITE : PROT_READ;
    void *bytes = mmap(NULL, count, protection, has(4, "shared") ? MAP_SHARED : MAP_PRIVATE, (int)number(1), (off_t)number(2));
    if (bytes == MAP_FAILED) return fail(errno);
    mappings[slot].bytes = bytes;
    mappings[slot].count = count;
    settle_saying(slot);
}

/// Touches mapped bytes; a fault is answered as `err SIGBUS 7`.
static void run_peek(void) {
    int slot = (int)number(1);
    size_t offset = (size_t)number(2), count = (size_t)number(3);
    if (slot < 0 || slot >= mapping_count_max || offset + count > mappings[slot].count) return fail(EINVAL);
    unsigned char *copy = make_buffer(count);
    struct sigaction action = {.sa_handler = on_fault}, before_bus, before_segv;
    sigaction(SIGBUS, &action, &before_bus);
    sigaction(SIGSEGV, &action, &before_segv);
    int caught = sigsetjmp(fault_return, 1);
    if (caught == 0) memcpy(copy, mappings[slot].bytes + offset, count);
    sigaction(SIGBUS, &before_bus, NULL);
    sigaction(SIGSEGV, &before_segv, NULL);
    if (caught) {
        say("fault");
        say("%s", caught == SIGBUS ? "SIGBUS" : "SIGSEGV");
    } else {
        say_content(copy, count);
    }
    free(copy);
    done();
}

static void run_munmap(void) {
    int slot = (int)number(1);
    if (slot < 0 || slot >= mapping_count_max || !mappings[slot].bytes) return fail(EINVAL);
    long result = munmap(mappings[slot].bytes, mappings[slot].count);
    mappings[slot].bytes = NULL;
    settle(result);
}

// MARK: Other roads

/// sendfile(2) into memory.
static void run_sendfile(void) {
    int memory = memfd_create("sendfile", MFD_CLOEXEC);
    if (memory < 0) return fail(errno);
    off_t offset = (off_t)number(2);
    size_t asked = (size_t)number(3);
    ssize_t count = sendfile(memory, (int)number(1), &offset, asked);
    if (count < 0) {
        int code = errno;
        close(memory);
        return fail(code);
    }
    void *buffer = make_buffer((size_t)count);
    ssize_t back = pread(memory, buffer, (size_t)count, 0);
    close(memory);
    answer_read(buffer, back);
}

static void run_copy(void) {
    loff_t from = number(2), to = number(4);
    settle_saying(copy_file_range((int)number(1), &from, (int)number(3), &to, (size_t)number(5), 0));
}

static void run_seek(void) {
    static const struct { const char *name; int whence; } table[] = {
        {"set", SEEK_SET}, {"cur", SEEK_CUR}, {"end", SEEK_END}, {"data", SEEK_DATA}, {"hole", SEEK_HOLE},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (has(3, table[i].name)) return settle_saying(lseek((int)number(1), (off_t)number(2), table[i].whence));
    fail(EINVAL);
}

static void run_truncate(void) { settle(truncate(at(1), (off_t)number(2))); }
static void run_ftruncate(void) { settle(ftruncate((int)number(1), (off_t)number(2))); }

static void run_fallocate(void) {
    int mode = (has(2, "keep") ? FALLOC_FL_KEEP_SIZE : 0) | (has(2, "punch") ? FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE : 0)
        | (has(2, "zero") ? FALLOC_FL_ZERO_RANGE : 0) | (has(2, "collapse") ? FALLOC_FL_COLLAPSE_RANGE : 0)
        | (has(2, "insert") ? FALLOC_FL_INSERT_RANGE : 0);
    settle(fallocate((int)number(1), mode, (off_t)number(3), (off_t)number(4)));
}

static void run_fsync(void) { settle(fsync((int)number(1))); }
static void run_fdatasync(void) { settle(fdatasync((int)number(1))); }
static void run_syncfs(void) { settle(syncfs((int)number(1))); }

const Command content_commands[] = {
    {"read", run_read, "read FD LENGTH → COUNT HASH PREFIX"},
    {"pread", run_pread, "pread FD OFFSET LENGTH → COUNT HASH PREFIX"},
    {"write", run_write, "write FD TEXT → COUNT"},
    {"pwrite", run_pwrite, "pwrite FD OFFSET TEXT → COUNT"},
    {"fill", run_fill, "fill FD OFFSET LENGTH SEED → COUNT"},
    {"mmap", run_mmap, "mmap FD OFFSET LENGTH private|shared [w] → MAPPING"},
    {"peek", run_peek, "peek MAPPING OFFSET LENGTH → COUNT HASH PREFIX | fault SIGBUS"},
    {"munmap", run_munmap, "munmap MAPPING"},
    {"sendfile", run_sendfile, "sendfile FD OFFSET LENGTH → COUNT HASH PREFIX"},
    {"copy", run_copy, "copy FD OFFSET FD OFFSET LENGTH → COUNT"},
    {"seek", run_seek, "seek FD OFFSET set|cur|end|data|hole → OFFSET"},
    {"truncate", run_truncate, "truncate PATH SIZE"},
    {"ftruncate", run_ftruncate, "ftruncate FD SIZE"},
    {"fallocate", run_fallocate, "fallocate FD -|keep|punch|zero|collapse|insert OFFSET LENGTH"},
    {"fsync", run_fsync, "fsync FD"},
    {"fdatasync", run_fdatasync, "fdatasync FD"},
    {"syncfs", run_syncfs, "syncfs FD"},
    {0},
};
