// What a writer has begun, done and been promised, in a file outside the vault that outlives the writer.
#ifndef CRASH_WRITER_JOURNAL_H
#define CRASH_WRITER_JOURNAL_H

#include <stdint.h>

enum { journal_step_count_max = 1 << 16 };

/// Times are nanoseconds of CLOCK_MONOTONIC; 0 where it did not come to that.
typedef struct {
    int64_t begun, done, promised;
} JournalStep;

typedef struct {
    /// The system call that failed, and why; 0 where none did.
    int64_t failed_step, failed_code;
    JournalStep steps[journal_step_count_max];
} Journal;

/// Maps the journal at `path`, made anew where `fresh`. NULL with errno.
Journal *journal_open(const char *path, int fresh);
int64_t journal_now(void);

/// The last steps of which something is known at `time`; 0 for none.
typedef struct {
    uint64_t promised, done, begun;
} JournalReach;

JournalReach journal_reach(const Journal *journal, int64_t time);

#endif
