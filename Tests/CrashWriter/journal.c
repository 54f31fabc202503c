#define _GNU_SOURCE
#include "journal.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

Journal *journal_open(const char *path, int fresh) {
    int descriptor = open(path, O_RDWR | O_CLOEXEC | (fresh ? O_CREAT | O_TRUNC : 0), 0600);
    if (descriptor < 0) return NULL;
    if (fresh && ftruncate(descriptor, sizeof(Journal)) != 0) return NULL;
    void *memory = mmap(NULL, sizeof(Journal), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    close(descriptor);
    return memory == MAP_FAILED ? NULL : memory;
}

int64_t journal_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

JournalReach journal_reach(const Journal *journal, int64_t time) {
    JournalReach reach = {0, 0, 0};
    for (uint64_t step = 1; step < journal_step_count_max; step++) {
        const JournalStep *times = &journal->steps[step];
        if (!times->begun || times->begun > time) break;
        reach.begun = step;
        if (times->done && times->done <= time) reach.done = step;
        if (times->promised && times->promised <= time) reach.promised = step;
    }
    return reach;
}
