// `document`: one document, read and written at random by two users against a copy in memory.
//
// Offsets and lengths crowd around what the vault cuts content by: pages of 16 KiB, packs up to 128 KiB, blobs of 4 MiB. Each phase
// gives the document another greatest size, so that it lives in a pack, in one blob and in several.
#define _GNU_SOURCE
#include "posix.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

enum { phase_length = 4000, capacity = 10 << 20, source_size = 5 << 20, log_count = 24 };
static const int64_t greatest_sizes[] = {60 << 10, 140 << 10, 300 << 10, 1 << 20, 5 << 20, capacity};

static const Options *options;
static Chance chance;
static unsigned char model[capacity], source[source_size], buffer[capacity];
/// Which operation last changed a byte: what a failure is about.
static uint32_t changed_by[capacity];
_Static_assert(sizeof(wchar_t) == sizeof(uint32_t), "wmemset fills it");
static int64_t size, greatest;
static char path[600], source_path[600];
static int descriptors[user_count] = {-1, -1}, source_descriptor = -1, memory_descriptor = -1;
static uint64_t now;
/// The last operations, for a failure.
static char lines[log_count][160];

// MARK: Saying

static void note(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int used = snprintf(lines[now % log_count], sizeof lines[0], "%" PRIu64 " ", now);
    vsnprintf(lines[now % log_count] + used, sizeof lines[0] - (size_t)used, format, arguments);
    va_end(arguments);
}

__attribute__((format(printf, 1, 2), noreturn)) static void stop(const char *format, ...) {
    va_list arguments;
    printf("seed %" PRIu64 ", operation %" PRIu64 ": ", options->seed, now);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\nthe last operations:\n");
    for (uint64_t i = now < log_count ? 0 : now - log_count + 1; i <= now; i++) printf("  %s\n", lines[i % log_count]);
    printf("again with: --seed %" PRIu64 " --operations %" PRIu64 "\n", options->seed, now + 1);
    fflush(stdout);
    exit(1);
}

static void check(bool isTrue, const char *what) {
    if (!isTrue) stop("%s: %s", what, strerror(errno));
}

static void compare(const void *found, int64_t offset, int64_t count, const char *how) {
    const unsigned char *bytes = found;
    if (memcmp(bytes, model + offset, (size_t)count) == 0) return;
    int64_t place = 0;
    while (bytes[place] == model[offset + place]) place++;
    stop("%s of %" PRId64 " bytes at %" PRId64 ": byte %" PRId64 " is %02x and has to be %02x, as operation %u left it", how, count, offset,
        offset + place, bytes[place], model[offset + place], changed_by[offset + place]);
}

// MARK: Choosing

static int64_t chosen_offset(int64_t limit) {
    static const int64_t units[] = {4096, 16384, 16384, 131072, 4 << 20};
    int64_t offset = (int64_t)chance_below(&chance, (uint64_t)limit + 1);
    if (chance_below(&chance, 2) == 0) {
        int64_t unit = units[chance_below(&chance, 5)];
        offset = offset / unit * unit + (int64_t)chance_below(&chance, 5) - 2;
    }
    return offset < 0 ? 0 : offset > limit ? limit : offset;
}

static int64_t chosen_count(int64_t limit) {
    static const int64_t edges[] = {1, 4096, 16384, 32768, 131072};
    uint64_t kind = chance_below(&chance, 1000);
    int64_t count;
    if (kind < 550) count = 1 + (int64_t)chance_below(&chance, 4096);
    else if (kind < 780) count = 1 + (int64_t)chance_below(&chance, 40000);
    else if (kind < 950) count = edges[chance_below(&chance, 5)] + (int64_t)chance_below(&chance, 3) - 1;
    else if (kind < 990) count = 1 + (int64_t)chance_below(&chance, 400000);
    else count = (4 << 20) + (int64_t)chance_below(&chance, 3) - 1;
    return count < 1 ? (limit < 1 ? 0 : 1) : count > limit ? limit : count;
}

static int chosen_descriptor(void) {
    unsigned user = (unsigned)chance_below(&chance, user_count);
    become(user);
    return descriptors[user];
}

// MARK: The model

static void change(int64_t offset, int64_t count, const unsigned char *bytes) {
    if (bytes) memcpy(model + offset, bytes, (size_t)count);
    else memset(model + offset, 0, (size_t)count);
    // A loop over each byte takes longer than the vault, unoptimised as this is built.
    wmemset((wchar_t *)changed_by + offset, (wchar_t)now, (size_t)count);
}

static void grow(int64_t to) {
    if (to <= size) return;
    change(size, to - size, NULL);
    size = to;
}

// MARK: Operations

static void run_read(void) {
    int64_t offset = chosen_offset(greatest), count = chosen_count(capacity);
    int64_t inside = offset >= size ? 0 : size - offset < count ? size - offset : count;
    note("read %" PRId64 "+%" PRId64, offset, count);
    ssize_t found = pread(chosen_descriptor(), buffer, (size_t)count, offset);
    if (found != inside) stop("read of %" PRId64 " at %" PRId64 " in %" PRId64 " bytes: %zd %s", count, offset, size, found, found < 0 ? strerror(errno) : "");
    compare(buffer, offset, inside, "read");
}

static void run_write(void) {
    int64_t offset = chosen_offset(greatest - 1), count = chosen_count(greatest - offset);
    note("write %" PRId64 "+%" PRId64 " into %" PRId64, offset, count, size);
    fill_pattern(buffer, (size_t)count, (uint32_t)chance_next(&chance));
    check(pwrite(chosen_descriptor(), buffer, (size_t)count, offset) == count, "write");
    if (offset > size) grow(offset);
    change(offset, count, buffer);
    if (size < offset + count) size = offset + count;
}

/// Both users in turns, each through a descriptor that knows nothing of the other's writes.
static void run_append(void) {
    int64_t count = chosen_count((greatest - size) / 4);
    if (count <= 0) return;
    note("append %" PRId64 " to %" PRId64, count, size);
    int both[user_count];
    for (unsigned user = 0; user < user_count; user++) {
        become(user);
        check((both[user] = open(path, O_WRONLY | O_APPEND)) >= 0, "open for appending");
    }
    for (unsigned i = 0; i < 4; i++) {
        become(i % user_count);
        fill_pattern(buffer, (size_t)count, (uint32_t)chance_next(&chance));
        check(write(both[i % user_count], buffer, (size_t)count) == count, "append");
        change(size, count, buffer);
        size += count;
    }
    for (unsigned user = 0; user < user_count; user++) check(close(both[user]) == 0, "close after appending");
}

static void run_truncate(void) {
    int64_t to = chosen_offset(chance_below(&chance, 3) == 0 ? greatest : size);
    note("truncate %" PRId64 " to %" PRId64, size, to);
    check(ftruncate(chosen_descriptor(), to) == 0, "truncate");
    if (to > size) grow(to);
    size = to;
}

static void run_allocate(void) {
    static const int modes[] = {
        0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
        FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_ZERO_RANGE, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE,
    };
    int mode = modes[chance_below(&chance, 7)];
    int64_t offset = chosen_offset(greatest - 1), count = chosen_count(greatest - offset), end = offset + count;
    note("fallocate mode %d %" PRId64 "+%" PRId64 " of %" PRId64, mode, offset, count, size);
    check(fallocate(chosen_descriptor(), mode, offset, count) == 0, "fallocate");
    int64_t inside = end < size ? end : size;
    if (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE) && offset < inside) change(offset, inside - offset, NULL);
    if (!(mode & FALLOC_FL_KEEP_SIZE)) grow(end);
}

static void run_copy(void) {
    bool isWithin = chance_below(&chance, 3) != 0;
    int64_t from_size = isWithin ? size : source_size;
    if (from_size == 0) return;
    int64_t from = chosen_offset(from_size - 1), to = chosen_offset(greatest - 1);
    int64_t count = chosen_count(greatest - to < from_size - from ? greatest - to : from_size - from);
    if (isWithin && (from > to ? from - to : to - from) < count) count = from > to ? from - to : to - from;
    if (count == 0) return;
    note("copy %" PRId64 "+%" PRId64 " %s to %" PRId64, from, count, isWithin ? "within" : "from the other", to);
    int descriptor = chosen_descriptor(), origin = isWithin ? descriptor : source_descriptor;
    int64_t copied = copy_range(origin, from, descriptor, to, count);
    if (copied != count) stop("copy: %" PRId64 " %s", copied, strerror(errno));
    memcpy(buffer, (isWithin ? model : source) + from, (size_t)count);
    if (to > size) grow(to);
    change(to, count, buffer);
    if (size < to + count) size = to + count;
}

static void run_map(void) {
    if (size == 0) return;
    int64_t offset = chosen_offset(size - 1) & ~4095l, count = chosen_count(size - offset);
    note("map %" PRId64 "+%" PRId64, offset, count);
    check(read_mapping(chosen_descriptor(), offset, (size_t)count, buffer) == 0, "map");
    compare(buffer, offset, count, "mapping");
}

static void run_sendfile(void) {
    if (size == 0) return;
    int64_t offset = chosen_offset(size - 1), count = chosen_count(size - offset);
    note("sendfile %" PRId64 "+%" PRId64, offset, count);
    int descriptor = chosen_descriptor();
    check(ftruncate(memory_descriptor, 0) == 0 && lseek(memory_descriptor, 0, SEEK_SET) == 0, "memory file");
    int64_t sent = send_range(descriptor, offset, memory_descriptor, count);
    if (sent != count) stop("sendfile: %" PRId64 " %s", sent, strerror(errno));
    check(pread(memory_descriptor, buffer, (size_t)count, 0) == count, "memory file");
    compare(buffer, offset, count, "sendfile");
}

/// The first byte from `offset` that is not zero, or `until`.
static int64_t first_byte(const unsigned char *bytes, int64_t offset, int64_t until) {
    static const unsigned char zeros[4096];
    while (until - offset >= 4096 && memcmp(bytes + offset, zeros, sizeof zeros) == 0) offset += 4096;
    while (offset < until && bytes[offset] == 0) offset++;
    return offset;
}

/// A byte that is not zero is never in a hole, and nothing is found past the end.
static void run_seek(void) {
    int64_t offset = chosen_offset(greatest);
    note("seek from %" PRId64 " of %" PRId64, offset, size);
    int descriptor = chosen_descriptor();
    off_t data = lseek(descriptor, offset, SEEK_DATA);
    int data_error = errno;
    off_t hole = lseek(descriptor, offset, SEEK_HOLE);
    if (offset >= size) {
        if (data >= 0 || data_error != ENXIO || hole >= 0 || errno != ENXIO) stop("seek past the end found something");
        return;
    }
    int64_t until = data < 0 ? size : data;
    if ((data < 0 && data_error != ENXIO) || until < offset || until > size) stop("SEEK_DATA from %" PRId64 ": %ld", offset, (long)data);
    int64_t passed = first_byte(model, offset, until);
    if (passed < until) stop("SEEK_DATA from %" PRId64 " passes over byte %" PRId64, offset, passed);
    if (hole < offset || hole > size || (hole < size && model[hole] != 0)) stop("SEEK_HOLE from %" PRId64 ": %ld", offset, (long)hole);
}

static void run_stat(void) {
    struct stat attributes;
    note("stat");
    become((unsigned)chance_below(&chance, user_count));
    check(stat(path, &attributes) == 0, "stat");
    if (attributes.st_size != size) stop("the size is %lld and has to be %" PRId64, (long long)attributes.st_size, size);
    if ((int64_t)attributes.st_blocks * 512 > size + 511) stop("%lld blocks for %" PRId64 " bytes", (long long)attributes.st_blocks, size);
}

static void run_sync(void) {
    bool isWhole = chance_below(&chance, 2) == 0;
    note(isWhole ? "fsync" : "fdatasync");
    int descriptor = chosen_descriptor();
    check((isWhole ? fsync(descriptor) : fdatasync(descriptor)) == 0, "sync");
}

// MARK: Opening

static void close_all(void) {
    for (unsigned user = 0; user < user_count; user++) {
        if (descriptors[user] >= 0) check(close(descriptors[user]) == 0, "close");
        descriptors[user] = -1;
    }
    if (source_descriptor >= 0) close(source_descriptor);
    source_descriptor = -1;
}

static void open_all(void) {
    for (unsigned user = 0; user < user_count; user++) {
        become(user);
        check((descriptors[user] = open(path, O_RDWR | O_CREAT, 0644)) >= 0, "open");
    }
    check((source_descriptor = open(source_path, O_RDONLY)) >= 0, "open the source");
}

/// The last close seals what is in memory.
static void run_reopen(void) {
    note("close and open");
    close_all();
    open_all();
}

static void check_all(void) {
    note("check all");
    become(0);
    for (int64_t offset = 0; offset < size;) {
        ssize_t found = pread(descriptors[0], buffer, 1 << 20, offset);
        if (found <= 0) stop("read at %" PRId64 " of %" PRId64 ": %zd", offset, size, found);
        compare(buffer, offset, found, "check of all");
        offset += found;
    }
    check(pread(descriptors[0], buffer, 1, size) == 0, "read at the end");
}

/// Unmounts and mounts again, or whatever the command does; everything then comes from the disk.
static void run_between(void) {
    note("what is run in between");
    close_all();
    become(user_count);
    check(system(options->between) == 0, "the command in between");
    open_all();
    check_all();
}

static void begin_phase(void) {
    greatest = greatest_sizes[chance_below(&chance, sizeof greatest_sizes / sizeof greatest_sizes[0])];
    note("a phase of at most %" PRId64 " bytes", greatest);
    if (size <= greatest) return;
    check(ftruncate(chosen_descriptor(), greatest) == 0, "truncate");
    size = greatest;
}

// MARK: All

static const struct { void (*run)(void); unsigned weight; } table[] = {
    {run_read, 260}, {run_write, 300}, {run_append, 20}, {run_truncate, 70}, {run_allocate, 130}, {run_copy, 80}, {run_map, 70},
    {run_sendfile, 20}, {run_seek, 30}, {run_stat, 40}, {run_sync, 5}, {run_reopen, 20}, {check_all, 3},
};

int document_main(const Options *given) {
    options = given;
    chance.state = options->seed;
    snprintf(path, sizeof path, "%s/document-%d", options->mount, getpid());
    snprintf(source_path, sizeof source_path, "%s/source-%d", options->mount, getpid());
    printf("document: %" PRIu64 " operations, seed %" PRIu64 "\n", options->operation_count, options->seed);
    memory_descriptor = memfd_create("sendfile", MFD_CLOEXEC);
    fill_pattern(source, source_size, (uint32_t)options->seed);
    become(0);
    int made = open(source_path, O_WRONLY | O_CREAT, 0644);
    check(made >= 0 && write(made, source, source_size) == source_size && close(made) == 0, "make the source");
    open_all();
    unsigned total = 0;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) total += table[i].weight;
    uint64_t between_count = 0;
    for (now = 0; now < options->operation_count; now++) {
        if (now % phase_length == 0) begin_phase();
        if (options->between_count > 0 && now % options->between_count == options->between_count - 1) run_between(), between_count++;
        uint64_t place = chance_below(&chance, total);
        size_t index = 0;
        while (place >= table[index].weight) place -= table[index++].weight;
        table[index].run();
    }
    check_all();
    close_all();
    unlink(path), unlink(source_path);
    printf("ran %" PRIu64 " operations, with %" PRIu64 " times the command in between\n", now, between_count);
    printf("the kernel worked by an old size %" PRIu64 " times\n", stale_count);
    return 0;
}
