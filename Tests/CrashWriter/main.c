// Draws the changes, makes them, and checks what is left of them.
#define _GNU_SOURCE
#include "journal.h"
#include "model.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { exit_checked = 0, exit_wrong = 1, exit_usage = 2, exit_cut = 3 };

static Model model, found;
static Journal *journal;
/// The writer's folder in the mount.
static int base;
/// Whether steps are made, or only drawn again.
static int is_making;
static uint64_t step, random_state, content_seed;

// MARK: Numbers

static uint64_t draw(uint64_t count) {
    random_state = mix(random_state);
    return random_state % count;
}

/// Mostly small, some of several packs' blobs, few of several files.
static size_t draw_size(void) {
    switch (draw(10)) {
    case 0: return 0;
    case 1: return 4096 * draw(40);
    case 2: return draw(1 << 20);
    case 3: return draw(3) ? draw(300 << 10) : draw(document_byte_count_max);
    default: return draw(24 << 10);
    }
}

static void fill(unsigned char *bytes, size_t count, uint64_t key) {
    for (size_t index = 0; index < count; index += 8) {
        uint64_t word = mix(key + index);
        memcpy(bytes + index, &word, count - index < 8 ? count - index : 8);
    }
}

// MARK: Checking

static uint64_t found_hashes[slot_count], found_folders;
static JournalReach reach;
static uint64_t matched_first, matched_last, nearest;
static int has_matched, nearest_count = slot_count + 2;

static int difference_count(void) {
    int count = folders_hash(&model) != found_folders;
    for (int slot = 0; slot < slot_count; slot++) count += slot_hash(&model, slot) != found_hashes[slot];
    return count;
}

static void finish_check(const char *state);
static const char *state_path;

/// After each step drawn again: is this what the folder holds?
static void compare(void) {
    int count = difference_count();
    // Also steps that it may not be: to say how much was lost.
    if (count < nearest_count) {
        nearest_count = count;
        nearest = step;
    }
    if (count == 0 && step >= reach.promised && step <= reach.begun) {
        if (!has_matched) matched_first = step;
        has_matched = 1;
        matched_last = step;
    }
    if (step >= reach.begun) finish_check(state_path);
}

// MARK: Steps

static void begin(void) {
    step++;
    if (step >= journal_step_count_max) exit(exit_checked);
    if (is_making) __atomic_store_n(&journal->steps[step].begun, journal_now(), __ATOMIC_RELEASE);
}

static void end(long result, const char *what) {
    if (is_making) {
        if (result < 0) {
            journal->failed_code = errno;
            journal->failed_step = (int64_t)step;
            printf("step %llu, %s: %s\n", (unsigned long long)step, what, strerror(errno));
            exit(exit_cut);
        }
        __atomic_store_n(&journal->steps[step].done, journal_now(), __ATOMIC_RELEASE);
    } else {
        compare();
    }
}

static int open_step(int slot, int flags) {
    begin();
    int descriptor = is_making ? openat(base, slot_name(slot), flags | O_CLOEXEC, 0644) : -1;
    if (flags & O_CREAT) model_create(&model, slot);
    if (flags & O_TRUNC) model_truncate(&model, slot, 0);
    end(is_making ? descriptor : 0, flags & O_CREAT ? "create" : "open");
    return descriptor;
}

/// Never more than the kernel sends as one request: such a write is there whole or not at all.
enum { write_byte_count_max = 128 << 10 };

static void write_step(int slot, int descriptor, size_t offset, size_t count) {
    static unsigned char bytes[write_byte_count_max];
    // As with O_DSYNC: on disk when it returns, and all before it.
    int is_durable = draw(16) == 0;
    begin();
    fill(bytes, count, mix(content_seed + step));
    model_write(&model, slot, offset, bytes, count);
    struct iovec part = {bytes, count};
    long written = is_making ? pwritev2(descriptor, &part, 1, (off_t)offset, is_durable ? RWF_DSYNC : 0) : (long)count;
    if (written >= 0 && written != (long)count) {
        errno = EIO;
        written = -1;
    }
    if (is_making && is_durable && written > 0) __atomic_store_n(&journal->steps[step].promised, journal_now(), __ATOMIC_RELEASE);
    end(written, "write");
}

static void write_steps(int slot, int descriptor, size_t offset, size_t count) {
    if (offset >= document_byte_count_max) return;
    if (count > document_byte_count_max - offset) count = document_byte_count_max - offset;
    while (count > 0) {
        size_t part = count < write_byte_count_max ? count : write_byte_count_max;
        write_step(slot, descriptor, offset, part);
        offset += part;
        count -= part;
    }
}

static void truncate_step(int slot, int descriptor, size_t size) {
    begin();
    model_truncate(&model, slot, size);
    end(is_making ? ftruncate(descriptor, (off_t)size) : 0, "ftruncate");
}

static void rename_step(int from, int to, unsigned flags) {
    begin();
    if (flags & RENAME_EXCHANGE) model_exchange(&model, from, to);
    else model_rename(&model, from, to);
    end(is_making ? renameat2(base, slot_name(from), base, slot_name(to), flags) : 0, "rename");
}

static void unlink_step(int slot) {
    begin();
    model_remove(&model, slot);
    end(is_making ? unlinkat(base, slot_name(slot), 0) : 0, "unlink");
}

static void folder_step(int folder, int exists) {
    begin();
    model.folder_exists[folder] = exists;
    long result = 0;
    if (is_making) result = exists ? mkdirat(base, folder_name(folder), 0755) : unlinkat(base, folder_name(folder), AT_REMOVEDIR);
    end(result, exists ? "mkdir" : "rmdir");
}

/// Promises all steps before it.
static void sync_step(int descriptor) {
    begin();
    long result = is_making ? fsync(descriptor) : 0;
    if (is_making && result == 0) __atomic_store_n(&journal->steps[step].promised, journal_now(), __ATOMIC_RELEASE);
    end(result, "fsync");
}

static void sync_folder_step(int folder) {
    int descriptor = is_making ? openat(base, folder_name(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (is_making && descriptor < 0) end(-1, "open a folder");
    sync_step(descriptor);
    if (is_making) close(descriptor);
}

static void close_handle(int descriptor) {
    if (is_making) close(descriptor);
}

// MARK: What a user does

static int draw_slot(int exists) {
    int start = (int)draw(slot_count);
    for (int index = 0; index < slot_count; index++) {
        int slot = (start + index) % slot_count;
        if (model.folder_exists[slot / name_count] && model.documents[slot]->exists == exists) return slot;
    }
    return -1;
}

static void fsync_file_and_folder(int slot, int descriptor) {
    sync_step(descriptor);
    sync_folder_step(slot / name_count);
}

static void create_document(void) {
    int slot = draw_slot(0);
    if (slot < 0 || model_byte_count(&model) > total_byte_count_max) return;
    size_t size = draw_size();
    int is_synced = draw(2) == 0;
    int descriptor = open_step(slot, O_RDWR | O_CREAT | O_EXCL);
    write_steps(slot, descriptor, 0, size);
    if (is_synced) fsync_file_and_folder(slot, descriptor);
    close_handle(descriptor);
}

static void change_document(void) {
    int slot = draw_slot(1);
    if (slot < 0) return;
    int kind = (int)draw(5);
    int descriptor = open_step(slot, kind == 0 ? O_RDWR | O_TRUNC : O_RDWR);
    size_t size = model.documents[slot]->size;
    switch (kind) {
    case 0: write_steps(slot, descriptor, 0, draw_size()); break;
    case 1: write_steps(slot, descriptor, size, draw_size() / 4); break;
    case 2: truncate_step(slot, descriptor, draw(2) ? draw(size + 1) : draw(document_byte_count_max / 4)); break;
    default:
        for (uint64_t count = 1 + draw(6); count > 0; count--) write_steps(slot, descriptor, draw(size + 1), draw(30000));
    }
    if (draw(3) == 0) fsync_file_and_folder(slot, descriptor);
    close_handle(descriptor);
}

/// As careful programs save: a new document, synced, takes the old one's name.
static void replace_document(void) {
    int fresh = draw_slot(0), old = draw_slot(1);
    if (fresh < 0 || old < 0 || model_byte_count(&model) > total_byte_count_max) return;
    int descriptor = open_step(fresh, O_RDWR | O_CREAT | O_EXCL);
    write_steps(fresh, descriptor, 0, draw_size());
    if (draw(4)) sync_step(descriptor);
    close_handle(descriptor);
    rename_step(fresh, old, 0);
    if (draw(2)) sync_folder_step(old / name_count);
}

static void move_document(void) {
    int from = draw_slot(1), to = draw_slot(draw(2) == 0), is_exchange = draw(3) == 0;
    if (from < 0 || to < 0 || from == to) return;
    rename_step(from, to, is_exchange && model.documents[to]->exists ? RENAME_EXCHANGE : 0);
}

static void remove_document(void) {
    int slot = draw_slot(1);
    if (slot < 0) return;
    unlink_step(slot);
    if (draw(4) == 0) sync_folder_step(slot / name_count);
}

static void change_folder(void) {
    int folder = 1 + (int)draw(folder_count - 1);
    if (!model.folder_exists[folder]) folder_step(folder, 1);
    else if (folder_is_empty(&model, folder)) folder_step(folder, 0);
    else return;
    if (draw(4) == 0) sync_folder_step(0);
}

/// What was written is what is read, while others commit.
static void read_document_back(void) {
    int slot = draw_slot(1);
    if (slot < 0 || !is_making) return;
    static unsigned char bytes[64 << 10];
    const Document *document = model.documents[slot];
    int descriptor = openat(base, slot_name(slot), O_RDONLY | O_CLOEXEC);
    ssize_t count = descriptor < 0 ? -1 : read(descriptor, bytes, sizeof bytes);
    size_t expected = document->size < sizeof bytes ? document->size : sizeof bytes;
    if (count < 0) end(-1, "read back");
    if ((size_t)count != expected || memcmp(bytes, document->bytes, expected) != 0) {
        printf("%s reads otherwise than it was written before any crash\n", slot_name(slot));
        exit(exit_wrong);
    }
    close(descriptor);
}

static void act(void) {
    switch (draw(16)) {
    case 0: case 1: case 2: case 3: create_document(); break;
    case 4: case 5: case 6: case 7: case 8: change_document(); break;
    case 9: case 10: replace_document(); break;
    case 11: move_document(); break;
    case 12: remove_document(); remove_document(); break;
    case 13: change_folder(); break;
    default: read_document_back();
    }
}

// MARK: Answers

static void explain(void) {
    printf("step %llu comes nearest, and differs in %d:\n", (unsigned long long)nearest, difference_count());
    if (folders_hash(&model) != found_folders) printf("  the folders\n");
    for (int slot = 0; slot < slot_count; slot++) {
        const Document *wanted = model.documents[slot], *got = found.documents[slot];
        if (slot_hash(&model, slot) == found_hashes[slot]) continue;
        size_t first = 0;
        while (first < wanted->size && first < got->size && wanted->bytes[first] == got->bytes[first]) first++;
        printf("  %s: %s %zu bytes, was to be %s %zu bytes; first other byte at %zu\n", slot_name(slot),
               got->exists ? "there," : "missing,", got->size, wanted->exists ? "there," : "missing,", wanted->size, first);
    }
}

static int is_explaining;

static void finish_check(const char *state) {
    if (is_explaining) {
        explain();
        exit(exit_wrong);
    }
    printf("promised=%llu done=%llu begun=%llu found=%llu latest=%llu matched=%d nearest=%llu differing=%d\n", (unsigned long long)reach.promised,
           (unsigned long long)reach.done, (unsigned long long)reach.begun, (unsigned long long)matched_first,
           (unsigned long long)matched_last, has_matched, (unsigned long long)nearest, nearest_count);
    if (!has_matched) exit(exit_wrong);
    // What is there now is what the next round begins with.
    if (model_save(&found, state) != 0) {
        perror(state);
        exit(exit_wrong);
    }
    exit(exit_checked);
}

static int usage(void) {
    fputs("usage: strongroom-crash-writer write FOLDER STATE JOURNAL SEED [STEPS]  changes FOLDER, which is as STATE says, until a call fails\n"
          "       strongroom-crash-writer check FOLDER STATE JOURNAL SEED [TIME]   finds the step that FOLDER is at, and notes it in STATE\n"
          "       strongroom-crash-writer explain FOLDER STATE JOURNAL SEED [TIME] NEAREST   says what differs from that step\n", stderr);
    return exit_usage;
}

int main(int argument_count, char **arguments) {
    if (argument_count < 6) return usage();
    is_making = strcmp(arguments[1], "write") == 0;
    is_explaining = strcmp(arguments[1], "explain") == 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    umask(022);
    model_init(&model);
    state_path = arguments[3];
    if (model_load(&model, state_path) != 0) {
        perror(state_path);
        return exit_wrong;
    }
    journal = journal_open(arguments[4], is_making);
    if (!journal) {
        perror(arguments[4]);
        return exit_wrong;
    }
    // After the journal: what a mount that is gone already leaves is nothing, and not what the journal said before.
    base = open(arguments[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (base < 0) {
        perror(arguments[2]);
        return exit_cut;
    }
    content_seed = mix(strtoull(arguments[5], NULL, 0));
    random_state = mix(content_seed);
    int64_t limit = argument_count > 6 ? strtoll(arguments[6], NULL, 0) : 0;
    if (is_making) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        while (limit == 0 || (int64_t)step < limit) act();
        return exit_checked;
    }

    reach = journal_reach(journal, limit > 0 ? limit : INT64_MAX);
    model_init(&found);
    int wrong = model_read(&found, base);
    if (wrong) return exit_wrong;
    for (int slot = 0; slot < slot_count; slot++) found_hashes[slot] = slot_hash(&found, slot);
    found_folders = folders_hash(&found);
    if (is_explaining && argument_count > 7) {
        reach.begun = strtoull(arguments[7], NULL, 0);
        nearest = reach.begun;
    }
    compare();
    for (;;) act();
}
