// The shared world, the log, and the numbers of changes.
#define _GNU_SOURCE
#include "attacker.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

World *world;
int me;
Record record;
extern int log_descriptor, lock_descriptor;

static uint64_t seed_state;
void seed_random(uint64_t seed) { seed_state = seed * 0x9e3779b97f4a7c15 + 1; }

/// xorshift64*: the same seed makes the same choices, though not the same interleaving.
uint64_t random_number(uint64_t below) {
    seed_state ^= seed_state >> 12;
    seed_state ^= seed_state << 25;
    seed_state ^= seed_state >> 27;
    return (seed_state * 0x2545f4914f6cdd1d >> 11) % below;
}

static int64_t wall(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1000000000ll + now.tv_nsec;
}

void begin(enum kind kind) {
    memset(&record, 0, sizeof record);
    record.kind = (uint8_t)kind;
    record.user = record.opener = (uint8_t)me;
    record.document = record.other_document = -1;
    record.before = atomic_load(&world->finished);
    record.began = wall();
}

void end(long result) {
    record.error = result < 0 ? (int16_t)errno : 0;
    record.ended = wall();
    record.after = atomic_load(&world->started);
    if (write(log_descriptor, &record, sizeof record) != sizeof record) _exit(3);
    atomic_fetch_add(&world->operations, 1);
}

int folder_path(int folder, char *path, int8_t *chain, uint8_t *depth) {
    int8_t upwards[depth_max];
    int count = 0;
    for (int at = folder; at >= 0; at = atomic_load(&world->folder_parent[at])) {
        if (count == depth_max) return 0;
        upwards[count++] = (int8_t)at;
    }
    char *out = path;
    *out++ = '.';
    for (int i = 0; i < count; i++) {
        chain[i] = upwards[count - 1 - i];
        out += sprintf(out, "/f%02d", chain[i]);
    }
    *out = 0;
    *depth = (uint8_t)count;
    return 1;
}

int document_path(int document, char *path) {
    int folder = atomic_load(&world->document_folder[document]);
    if (folder < -1) return 0;
    record.document = (int16_t)document;
    record.folder = (int16_t)folder;
    if (!folder_path(folder, path, record.chain, &record.depth)) return 0;
    sprintf(path + strlen(path), "/d%03d", document);
    return 1;
}

int begin_change(void) {
    if (flock(lock_descriptor, LOCK_EX | LOCK_NB) != 0) return 0;
    atomic_fetch_add(&world->started, 1);
    return 1;
}

void end_change(void) {
    atomic_fetch_add(&world->finished, 1);
    flock(lock_descriptor, LOCK_UN);
}
