// What was done to the files of a folder, in one order.
#ifndef TEST_FOLDER_LOG_H
#define TEST_FOLDER_LOG_H

#include <stddef.h>
#include <stdint.h>

enum {
    /// A file that was there at the start.
    entry_there = 1, entry_create, entry_write, entry_truncate, entry_sync, entry_mkdir, entry_rename, entry_unlink, entry_rmdir,
    entry_sync_folder,
};

enum { path_byte_count_max = 200 };

typedef struct {
    /// CLOCK_MONOTONIC, nanoseconds.
    int64_t time;
    /// The file's number in the folder behind; it keeps it under any name.
    uint64_t file, offset;
    /// Bytes that follow, of a write.
    uint64_t count;
    uint32_t kind;
    char path[path_byte_count_max], new_path[path_byte_count_max];
} Entry;

void stop(const char *what) __attribute__((noreturn));
/// Shows `backing` as `mountpoint`, and notes in `log` what is done to it.
int serve(const char *mountpoint, const char *backing, const char *log);
/// Makes `out`: what a power cut at `time` may leave of a folder that was `base` when the log began.
int cut(const char *base, const char *log, const char *out, int64_t time, const char *mode, uint64_t seed);
int print_times(const char *log, int64_t from, int64_t to);

#endif
