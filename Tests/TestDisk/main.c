// strongroom-test-disk: a disk that remembers what was written to it and when, and that fails, fills or hangs when told to.
//
//   serve MOUNTPOINT IMAGE LOG CONTROL   shows IMAGE as MOUNTPOINT/disk, for losetup(8); notes every write and flush in LOG
//   times LOG FROM TO                    says when it wrote between two times, one a line
//   cut BASE LOG OUT TIME MODE SEED      makes OUT: what a power cut at TIME (CLOCK_MONOTONIC, nanoseconds) may leave of a disk that was BASE
//
// A disk has what was written before its last completed flush. Of later writes, in blocks of 4 KiB, it may have any: `all` keeps all of
// them (a copy of the disk at that instant), `none` none, `some` draws for each block, which tears and reorders.
#define FUSE_USE_VERSION 312
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

typedef struct {
    int64_t time;
    uint64_t offset;
    /// Bytes that follow in the log; 0 for a flush.
    uint64_t count;
} Entry;

/// Mapped, and set by whoever runs the disk: an errno makes the calls of its kind fail; `hangs` holds up all of them.
typedef struct {
    int32_t read_code, write_code, flush_code, hangs;
    /// What was asked for so far.
    uint32_t read_count, write_count, flush_count;
} Control;

enum { disk_node = 2, block_byte_count = 4096 };

static int image, log_file;
static volatile Control *control;
static off_t image_byte_count;

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void stop(const char *what) {
    perror(what);
    exit(1);
}

// MARK: Serving

static void fill_status(fuse_ino_t node, struct stat *status) {
    memset(status, 0, sizeof *status);
    status->st_ino = node;
    status->st_nlink = 1;
    status->st_mode = node == FUSE_ROOT_ID ? S_IFDIR | 0700 : S_IFREG | 0600;
    status->st_size = node == FUSE_ROOT_ID ? 0 : image_byte_count;
}

static void on_lookup(fuse_req_t request, fuse_ino_t parent, const char *name) {
    struct fuse_entry_param entry = {.ino = disk_node, .attr_timeout = 3600, .entry_timeout = 3600};
    if (parent != FUSE_ROOT_ID || strcmp(name, "disk") != 0) {
        fuse_reply_err(request, ENOENT);
        return;
    }
    fill_status(disk_node, &entry.attr);
    fuse_reply_entry(request, &entry);
}

static void on_getattr(fuse_req_t request, fuse_ino_t node, struct fuse_file_info *file) {
    (void)file;
    struct stat status;
    fill_status(node, &status);
    fuse_reply_attr(request, &status, 3600);
}

static void on_open(fuse_req_t request, fuse_ino_t node, struct fuse_file_info *file) {
    if (node != disk_node) {
        fuse_reply_err(request, EISDIR);
        return;
    }
    file->direct_io = 1;
    fuse_reply_open(request, file);
}

/// The errno that the call is to fail with, 0 for none.
static int fault(int32_t volatile *code, uint32_t volatile *count) {
    while (control->hangs) usleep(1000);
    ++*count;
    return *code;
}

static void on_read(fuse_req_t request, fuse_ino_t node, size_t count, off_t offset, struct fuse_file_info *file) {
    (void)node, (void)file;
    static char bytes[1 << 20];
    int code = fault(&control->read_code, &control->read_count);
    if (count > sizeof bytes) count = sizeof bytes;
    ssize_t result = code ? -1 : pread(image, bytes, count, offset);
    if (result < 0) fuse_reply_err(request, code ? code : errno);
    else fuse_reply_buf(request, bytes, (size_t)result);
}

static void note(Entry entry, const char *bytes) {
    if (write(log_file, &entry, sizeof entry) != sizeof entry) stop("log");
    if (entry.count && write(log_file, bytes, entry.count) != (ssize_t)entry.count) stop("log");
}

static void on_write(fuse_req_t request, fuse_ino_t node, const char *bytes, size_t count, off_t offset, struct fuse_file_info *file) {
    (void)node, (void)file;
    int code = fault(&control->write_code, &control->write_count);
    if (code) {
        fuse_reply_err(request, code);
        return;
    }
    note((Entry){.time = now(), .offset = (uint64_t)offset, .count = count}, bytes);
    if (pwrite(image, bytes, count, offset) != (ssize_t)count) stop("image");
    fuse_reply_write(request, count);
}

static void on_fsync(fuse_req_t request, fuse_ino_t node, int data_only, struct fuse_file_info *file) {
    (void)node, (void)data_only, (void)file;
    int code = fault(&control->flush_code, &control->flush_count);
    if (!code) note((Entry){.time = now()}, NULL);
    fuse_reply_err(request, code);
}

static void on_fallocate(fuse_req_t request, fuse_ino_t node, int mode, off_t offset, off_t count, struct fuse_file_info *file) {
    (void)node, (void)mode, (void)offset, (void)count, (void)file;
    fuse_reply_err(request, EOPNOTSUPP);
}

static int serve(const char *mountpoint, const char *image_path, const char *log_path, const char *control_path) {
    image = open(image_path, O_RDWR | O_CLOEXEC);
    if (image < 0) stop(image_path);
    image_byte_count = lseek(image, 0, SEEK_END);
    log_file = open(log_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (log_file < 0) stop(log_path);
    int shared = open(control_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (shared < 0 || ftruncate(shared, sizeof(Control)) != 0) stop(control_path);
    control = mmap(NULL, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, shared, 0);
    if (control == MAP_FAILED) stop(control_path);

    const struct fuse_lowlevel_ops operations = {
        .lookup = on_lookup, .getattr = on_getattr, .open = on_open, .read = on_read, .write = on_write,
        .fsync = on_fsync, .fallocate = on_fallocate,
    };
    char *arguments[] = {"strongroom-test-disk", "-ofsname=strongroom-test-disk", NULL};
    struct fuse_args parsed = FUSE_ARGS_INIT(2, arguments);
    struct fuse_session *session = fuse_session_new(&parsed, &operations, sizeof operations, NULL);
    if (!session || fuse_session_mount(session, mountpoint) != 0) stop(mountpoint);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    // One thread: the log has one order, and it is the disk's.
    int result = fuse_session_loop(session);
    fuse_session_unmount(session);
    fuse_session_destroy(session);
    return result != 0;
}

// MARK: Cutting

static uint64_t mix(uint64_t value) {
    value += 0x9e3779b97f4a7c15;
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
    value = (value ^ value >> 27) * 0x94d049bb133111eb;
    return value ^ value >> 31;
}

static void put(int out, const char *bytes, uint64_t count, uint64_t offset) {
    if (pwrite(out, bytes, count, (off_t)offset) != (ssize_t)count) stop("out");
}

static int cut(const char *base_path, const char *log_path, const char *out_path, int64_t time, const char *mode, uint64_t seed) {
    int base = open(base_path, O_RDONLY | O_CLOEXEC), out = open(out_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int log_descriptor = open(log_path, O_RDONLY | O_CLOEXEC);
    if (base < 0 || out < 0 || log_descriptor < 0) stop("open");
    off_t size = lseek(base, 0, SEEK_END), log_size = lseek(log_descriptor, 0, SEEK_END);
    if (ftruncate(out, size) != 0) stop(out_path);
    static char bytes[1 << 20];
    // Holes stay holes.
    for (off_t data = lseek(base, 0, SEEK_DATA); data >= 0 && data < size;) {
        off_t end = lseek(base, data, SEEK_HOLE);
        while (data < end) {
            ssize_t count = pread(base, bytes, sizeof bytes < (size_t)(end - data) ? sizeof bytes : (size_t)(end - data), data);
            if (count <= 0) stop(base_path);
            put(out, bytes, (uint64_t)count, (uint64_t)data);
            data += count;
        }
        data = lseek(base, data, SEEK_DATA);
    }
    const char *log = mmap(NULL, (size_t)log_size, PROT_READ, MAP_PRIVATE, log_descriptor, 0);
    if (log == MAP_FAILED) stop(log_path);

    uint64_t flushed = 0, write_count = 0, unflushed_count = 0, dropped_count = 0;
    for (uint64_t place = 0; place + sizeof(Entry) <= (uint64_t)log_size;) {
        const Entry *entry = (const Entry *)(log + place);
        if (entry->time > time) break;
        place += sizeof(Entry) + entry->count;
        if (entry->count == 0) flushed = place;
    }
    for (uint64_t place = 0; place + sizeof(Entry) <= (uint64_t)log_size;) {
        const Entry *entry = (const Entry *)(log + place);
        if (entry->time > time) break;
        const char *content = log + place + sizeof(Entry);
        place += sizeof(Entry) + entry->count;
        write_count += entry->count != 0;
        if (place <= flushed) {
            if (entry->count) put(out, content, entry->count, entry->offset);
            continue;
        }
        unflushed_count++;
        for (uint64_t done = 0; done < entry->count; done += block_byte_count) {
            uint64_t count = entry->count - done < block_byte_count ? entry->count - done : block_byte_count;
            int is_kept = strcmp(mode, "all") == 0;
            if (strcmp(mode, "some") == 0) {
                seed = mix(seed);
                is_kept = seed & 1;
            }
            if (is_kept) put(out, content + done, count, entry->offset + done);
            else dropped_count++;
        }
    }
    printf("writes=%llu unflushed=%llu dropped=%llu\n", (unsigned long long)write_count, (unsigned long long)unflushed_count,
           (unsigned long long)dropped_count);
    return 0;
}

static int print_times(const char *log_path, int64_t from, int64_t to) {
    FILE *log = fopen(log_path, "re");
    if (!log) stop(log_path);
    Entry entry;
    while (fread(&entry, sizeof entry, 1, log) == 1) {
        if (entry.time >= from && entry.time <= to && entry.count) printf("%lld\n", (long long)entry.time);
        if (fseek(log, (long)entry.count, SEEK_CUR) != 0) stop(log_path);
    }
    fclose(log);
    return 0;
}

int main(int argument_count, char **arguments) {
    if (argument_count == 6 && strcmp(arguments[1], "serve") == 0) return serve(arguments[2], arguments[3], arguments[4], arguments[5]);
    if (argument_count == 5 && strcmp(arguments[1], "times") == 0)
        return print_times(arguments[2], strtoll(arguments[3], NULL, 0), strtoll(arguments[4], NULL, 0));
    if (argument_count == 8 && strcmp(arguments[1], "cut") == 0)
        return cut(arguments[2], arguments[3], arguments[4], strtoll(arguments[5], NULL, 0), arguments[6], strtoull(arguments[7], NULL, 0));
    fputs("usage: strongroom-test-disk serve MOUNTPOINT IMAGE LOG CONTROL\n"
          "       strongroom-test-disk times LOG FROM TO\n"
          "       strongroom-test-disk cut BASE LOG OUT TIME all|some|none SEED\n", stderr);
    return 2;
}
