// `differ`: the same operations on the mount and on a plain folder, compared; a failure is shrunk to a short list.
#define _GNU_SOURCE
#include "posix.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const Options *options;
static uint64_t ran_count, done_count, compared_time_count, kind_done[op_kind_count];
static unsigned trial;

static const char *error_name(int error) { return error == 0 ? "ok" : strerrorname_np(error) ? strerrorname_np(error) : "?"; }

static void report(const Operation *operation, const Result *plain, const Result *mount) {
    printf("  ");
    print_operation(operation);
    printf("  plain folder: %s value %" PRId64 " hash %016" PRIx64 " %s\n", error_name(plain->error), plain->value, plain->hash, plain->text);
    printf("  mount:        %s value %" PRId64 " hash %016" PRIx64 " %s\n", error_name(mount->error), mount->value, mount->hash, mount->text);
}

static bool is_same(World *plain, const Operation *operation, const Result *expected, const Result *found, char *text, size_t room) {
    text[0] = 0;
    bool isSeek = operation->kind == op_seek_data || operation->kind == op_seek_hole;
    if (isSeek && (expected->error == 0 || expected->error == ENXIO) && (found->error == 0 || found->error == ENXIO))
        return is_seek_right(plain, operation, found, text, room);
    return expected->error == found->error && expected->value == found->value && expected->hash == found->hash
        && strcmp(expected->text, found->text) == 0;
}

/// Runs one operation in both worlds. Returns false, and says so unless `isQuiet`, where they differ.
static bool step(World *plain, World *mount, const Operation *operation, bool isQuiet) {
    Watch watches[2];
    Result expected, found;
    char moved[2][6][4], text[300];
    bool isEmulated = operation->kind == op_link || operation->kind == op_mkfifo || operation->kind == op_tmpfile
        || operation->kind == op_chown || operation->kind == op_allocate;
    // ext4 leaves the time alone where an extended attribute is given the value that it has, as the empty one is.
    bool isEmptyAttribute = operation->kind == op_setxattr && operation->seed % 4 == 2;
    bool watches_times = operation->watchesTimes && !isEmulated && !isEmptyAttribute;
    if (watches_times) watch_begin(plain, operation, &watches[0]), watch_begin(mount, operation, &watches[1]);
    run_expected(plain, operation, &expected);
    run(mount, operation, &found);
    if (watches_times) watch_end(&watches[0], moved[0]), watch_end(&watches[1], moved[1]);
    ran_count++;
    if (found.error == 0) done_count++, kind_done[operation->kind]++;
    if (!is_same(plain, operation, &expected, &found, text, sizeof text)) {
        if (!isQuiet) {
            report(operation, &expected, &found);
            if (text[0]) printf("  %s\n", text);
        }
        return false;
    }
    if (!watches_times) return true;
    compared_time_count++;
    if (same_times(moved[0], moved[1], text, sizeof text)) return true;
    if (!isQuiet) report(operation, &expected, &found), printf("  %s\n", text);
    return false;
}

enum { passes = -1, differs_at_end = -2 };

/// Runs a list in two new folders. Returns the index of the first difference, or `passes`, or `differs_at_end` for the trees.
static int64_t run_list(const Operation *list, size_t count, bool isQuiet, bool remounts) {
    World plain, mount;
    char folder[64], one[600], other[600];
    snprintf(folder, sizeof folder, "run-%d-%u", getpid(), trial++);
    open_world(&plain, "plain folder", false, options->plain, folder);
    open_world(&mount, "mount", true, options->mount, folder);
    int64_t result = passes;
    for (size_t i = 0; i < count && result == passes; i++)
        if (!step(&plain, &mount, &list[i], isQuiet)) result = (int64_t)i;
    close_world(&plain), close_world(&mount);
    snprintf(one, sizeof one, "%s/%s", options->plain, folder);
    snprintf(other, sizeof other, "%s/%s", options->mount, folder);
    if (result == passes) {
        int quiet = -1;
        if (isQuiet) fflush(stdout), quiet = dup(1), freopen("/dev/null", "w", stdout);
        bool isSame = same_trees(one, other);
        if (isSame && remounts && options->between) {
            if (system(options->between) != 0) {
                fprintf(stderr, "strongroom-posix: error: the command between runs failed\n");
                exit(2);
            }
            isSame = same_trees(one, other);
            if (!isSame) printf("  … after what was run in between\n");
        }
        if (!isSame) result = differs_at_end;
        if (isQuiet) fflush(stdout), dup2(quiet, 1), close(quiet), clearerr(stdout);
    }
    remove_tree(one), remove_tree(other);
    return result;
}

// MARK: Shrinking

/// Takes pieces out of a list while it still fails; smaller pieces each time. Returns how many operations are left.
static size_t shrink(Operation *list, size_t count) {
    Operation *trial_list = malloc(count * sizeof *list);
    time_t end = time(NULL) + 120;
    for (size_t piece = count / 2; piece >= 1; piece = piece > 1 && piece < 4 ? piece - 1 : piece / 2) {
        for (size_t start = 0; start + piece <= count && time(NULL) < end;) {
            memcpy(trial_list, list, start * sizeof *list);
            memcpy(trial_list + start, list + start + piece, (count - start - piece) * sizeof *list);
            int64_t outcome = run_list(trial_list, count - piece, true, false);
            if (outcome == passes) {
                start += piece;
                continue;
            }
            memcpy(list, trial_list, (count - piece) * sizeof *list);
            count -= piece;
            if (outcome >= 0 && (size_t)outcome + 1 < count) count = (size_t)outcome + 1;
        }
        if (piece == 1) break;
    }
    free(trial_list);
    return count;
}

static void fail(Operation *list, size_t count, int64_t outcome, uint64_t seed) {
    printf("seed %" PRIu64 ": the mount and the plain folder differ %s %" PRId64 "\n", seed,
        outcome >= 0 ? "at operation" : "at the end, after", outcome >= 0 ? outcome : (int64_t)count);
    if (outcome >= 0) count = (size_t)outcome + 1;
    count = shrink(list, count);
    printf("shrunk to %zu operations; keep them in a file and replay them with --replay FILE:\n", count);
    for (size_t i = 0; i < count; i++) print_operation(&list[i]);
    printf("which ends with:\n");
    run_list(list, count, false, false);
    fflush(stdout);
}

// MARK: Programs

static int replay(void) {
    FILE *file = fopen(options->replay, "r");
    static Operation list[100000];
    size_t count = 0;
    char line[1000];
    if (!file) {
        fprintf(stderr, "strongroom-posix: error: %s: %s\n", options->replay, strerror(errno));
        return 2;
    }
    while (count < 100000 && fgets(line, sizeof line, file))
        if (line[0] != '#' && line[0] != '\n' && !parse_operation(line, &list[count++])) {
            fprintf(stderr, "strongroom-posix: error: not an operation: %s", line);
            return 2;
        }
    fclose(file);
    int64_t outcome = run_list(list, count, false, true);
    printf("%zu operations: %s\n", count, outcome == passes ? "the same" : "different");
    return outcome == passes ? 0 : 1;
}

int differ_main(const Options *given) {
    options = given;
    probe_times(options->plain);
    if (options->replay) return replay();
    uint64_t seed_count = (options->operation_count + options->per_seed - 1) / options->per_seed;
    printf("differ: %" PRIu64 " operations, %" PRIu64 " a seed, from seed %" PRIu64 "%s\n", options->operation_count, options->per_seed,
        options->seed, has_fine_times ? "" : "; the kernel's times are too coarse to compare ctime");
    fflush(stdout);
    Operation *list = malloc(options->per_seed * sizeof *list);
    for (uint64_t i = 0; i < seed_count; i++) {
        Chance chance = {.state = options->seed + i};
        for (uint64_t j = 0; j < options->per_seed; j++) list[j] = chosen_operation(&chance);
        bool remounts = options->between_count > 0 && i % options->between_count == options->between_count - 1;
        int64_t outcome = run_list(list, options->per_seed, false, remounts);
        if (outcome == passes) continue;
        fail(list, options->per_seed, outcome, options->seed + i);
        return 1;
    }
    free(list);
    printf("ran %" PRIu64 " operations, of which %" PRIu64 " succeeded; times were compared %" PRIu64 " times\n", ran_count, done_count,
        compared_time_count);
    printf("the kernel worked by an old size %" PRIu64 " times\n", stale_count);
    for (unsigned i = 0; i < op_kind_count; i++) printf("done %s %" PRIu64 "\n", kind_name((Kind)i), kind_done[i]);
    for (unsigned i = 0; i < differs_count; i++) printf("differs %" PRIu64 " times: %s\n", difference_seen[i], differences[i].what);
    return 0;
}
