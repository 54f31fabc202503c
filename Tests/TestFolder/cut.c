// What a power cut may leave of the files, rebuilt from the log.
#define _GNU_SOURCE
#include "log.h"

#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { name_count_max = 20000, folder_count_max = 600, block_byte_count = 512 };

static const char *log_bytes;
static uint64_t log_byte_count;
static uint64_t random_state;
static const char *mode;

static uint64_t draw(uint64_t count) {
    uint64_t value = random_state += 0x9e3779b97f4a7c15;
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
    value = (value ^ value >> 27) * 0x94d049bb133111eb;
    value ^= value >> 31;
    return value % count;
}

static const Entry *next(uint64_t *place, int64_t time) {
    if (*place + sizeof(Entry) > log_byte_count) return NULL;
    const Entry *entry = (const Entry *)(log_bytes + *place);
    if (entry->time > time) return NULL;
    // The log's entries are not aligned; the machine does not mind, and neither does memcpy.
    static Entry copy;
    memcpy(&copy, entry, sizeof copy);
    *place += sizeof(Entry) + copy.count;
    return &copy;
}

static void map_log(const char *path) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) stop(path);
    log_byte_count = (uint64_t)lseek(descriptor, 0, SEEK_END);
    log_bytes = mmap(NULL, log_byte_count, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (log_bytes == MAP_FAILED) stop(path);
    close(descriptor);
}

// MARK: Folders

/// A folder's changes up to here are kept.
static struct {
    char path[path_byte_count_max];
    uint64_t synced, last, kept;
} folders[folder_count_max];
static int folder_count;

static int folder(const char *path) {
    for (int index = 0; index < folder_count; index++)
        if (strcmp(folders[index].path, path) == 0) return index;
    if (folder_count == folder_count_max) abort();
    snprintf(folders[folder_count].path, path_byte_count_max, "%s", path);
    return folder_count++;
}

static int folder_of(const char *path) {
    char copy[path_byte_count_max];
    snprintf(copy, sizeof copy, "%s", path);
    const char *parent = dirname(copy);
    return folder(strcmp(parent, ".") == 0 ? "" : parent);
}

// MARK: Names

static struct {
    char path[path_byte_count_max];
    uint64_t file;
    int is_folder, is_there;
} names[name_count_max];
static int name_count;

static int name(const char *path) {
    for (int index = 0; index < name_count; index++)
        if (strcmp(names[index].path, path) == 0) return index;
    if (name_count == name_count_max) abort();
    snprintf(names[name_count].path, path_byte_count_max, "%s", path);
    return name_count++;
}

static void set_name(const char *path, int is_there, int is_folder, uint64_t file) {
    int index = name(path);
    names[index].is_there = is_there;
    names[index].is_folder = is_folder;
    names[index].file = file;
}

static int is_of_names(uint32_t kind) {
    return kind == entry_create || kind == entry_mkdir || kind == entry_rename || kind == entry_unlink || kind == entry_rmdir;
}

static void place_names(int64_t time) {
    const Entry *entry;
    for (uint64_t place = 0, at = 0; (entry = next(&place, time)); at = place) {
        if (is_of_names(entry->kind)) folders[folder_of(entry->path)].last = at + 1;
        if (entry->kind == entry_sync_folder) {
            int index = folder(entry->path[0] ? entry->path : "");
            folders[index].synced = folders[index].last;
        }
    }
    for (int index = 0; index < folder_count; index++) {
        uint64_t synced = folders[index].synced, last = folders[index].last;
        folders[index].kept = strcmp(mode, "all") == 0 ? last : strcmp(mode, "none") == 0 ? synced : synced + draw(last - synced + 1);
    }
    for (uint64_t place = 0, at = 0; (entry = next(&place, time)); at = place) {
        if (entry->kind == entry_there) set_name(entry->path, 1, 0, entry->file);
        if (!is_of_names(entry->kind) || at + 1 > folders[folder_of(entry->path)].kept) continue;
        switch (entry->kind) {
        case entry_create: set_name(entry->path, 1, 0, entry->file); break;
        case entry_mkdir: set_name(entry->path, 1, 1, 0); break;
        case entry_unlink: case entry_rmdir: set_name(entry->path, 0, 0, 0); break;
        case entry_rename: {
            int from = name(entry->path);
            set_name(entry->new_path, names[from].is_there, names[from].is_folder, names[from].file);
            names[from].is_there = 0;
            break;
        }
        }
    }
}

// MARK: Files

static void put(int out, const char *bytes, uint64_t count, uint64_t offset) {
    if (pwrite(out, bytes, count, (off_t)offset) != (ssize_t)count) stop("out");
}

static void copy_base(const char *base, uint64_t file, int out) {
    // Under the name that it had when the log began.
    uint64_t place = 0;
    const Entry *entry;
    while ((entry = next(&place, INT64_MAX)) && entry->kind == entry_there) {
        if (entry->file != file) continue;
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", base, entry->path);
        int descriptor = open(path, O_RDONLY | O_CLOEXEC);
        if (descriptor < 0) stop(path);
        static char bytes[1 << 20];
        ssize_t count;
        for (uint64_t done = 0; (count = pread(descriptor, bytes, sizeof bytes, (off_t)done)) > 0; done += (uint64_t)count)
            put(out, bytes, (uint64_t)count, done);
        close(descriptor);
        return;
    }
}

/// Returns how many blocks were lost.
static uint64_t write_file(const char *base, uint64_t file, int out, int64_t time) {
    copy_base(base, file, out);
    const Entry *entry;
    uint64_t synced = 0, dropped_count = 0, created = 0;
    for (uint64_t place = 0; (entry = next(&place, time));) {
        if (entry->file != file) continue;
        // A number may be used again for another file.
        if (entry->kind == entry_create) created = synced = place;
        if (entry->kind == entry_sync) synced = place;
    }
    if (created && ftruncate(out, 0) != 0) stop("out");
    for (uint64_t place = created; (entry = next(&place, time));) {
        if (entry->file != file) continue;
        int is_synced = place <= synced;
        if (entry->kind == entry_truncate) {
            if (!is_synced && strcmp(mode, "none") == 0) continue;
            if (!is_synced && strcmp(mode, "some") == 0 && draw(2)) continue;
            if (ftruncate(out, (off_t)entry->offset) != 0) stop("out");
        }
        if (entry->kind != entry_write) continue;
        const char *content = log_bytes + place - entry->count;
        if (is_synced || strcmp(mode, "all") == 0) {
            put(out, content, entry->count, entry->offset);
            continue;
        }
        // Blocks of the file: the first and last of a write may be parts.
        for (uint64_t done = 0; done < entry->count;) {
            uint64_t count = block_byte_count - (entry->offset + done) % block_byte_count;
            if (count > entry->count - done) count = entry->count - done;
            if (strcmp(mode, "some") == 0 && draw(2)) put(out, content + done, count, entry->offset + done);
            else dropped_count++;
            done += count;
        }
    }
    return dropped_count;
}

static int by_length(const void *first, const void *second) {
    return (int)strlen(names[*(const int *)first].path) - (int)strlen(names[*(const int *)second].path);
}

static const char *out_path;
static size_t base_length;

/// A folder that was there at the start; `out` itself too.
static int make_folder(const char *path, const struct stat *status, int kind, struct FTW *place) {
    (void)status, (void)place;
    if (kind != FTW_D) return 0;
    char copy[4096];
    snprintf(copy, sizeof copy, "%s%s", out_path, path + base_length);
    return mkdir(copy, 0700);
}

int cut(const char *base, const char *log, const char *out, int64_t time, const char *which, uint64_t seed) {
    map_log(log);
    mode = which;
    random_state = seed;
    out_path = out;
    base_length = strlen(base);
    if (nftw(base, make_folder, 16, FTW_PHYS) != 0) stop(base);
    place_names(time);
    static int order[name_count_max];
    for (int index = 0; index < name_count; index++) order[index] = index;
    qsort(order, (size_t)name_count, sizeof *order, by_length);
    uint64_t dropped_count = 0;
    for (int index = 0; index < name_count; index++) {
        if (!names[order[index]].is_there) continue;
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", out, names[order[index]].path);
        if (names[order[index]].is_folder) {
            mkdir(path, 0700);
            continue;
        }
        int descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        // Its folder's name was lost.
        if (descriptor < 0) continue;
        dropped_count += write_file(base, names[order[index]].file, descriptor, time);
        close(descriptor);
    }
    printf("dropped=%llu\n", (unsigned long long)dropped_count);
    return 0;
}

int print_times(const char *log, int64_t from, int64_t to) {
    map_log(log);
    const Entry *entry;
    for (uint64_t place = 0; (entry = next(&place, to));)
        if (entry->time >= from && entry->kind != entry_there) printf("%lld\n", (long long)entry->time);
    return 0;
}
