// strongroom-actor: one process that stands for one user in the mounted tests.
//
// It gives up root for a uid, gid and groups, then obeys one command a line on standard input and answers each with one line on
// standard output: `ok WORD…` or `err ERRNO-NAME NUMBER`. Words are separated by one space; bytes that could be mistaken for
// something else are written %XX, and a lone % is the empty word. Descriptors keep the numbers that the kernel gave them, so that
// the tests can speak of them, pass them to other actors and find them under /proc.
#ifndef STRONGROOM_ACTOR_H
#define STRONGROOM_ACTOR_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// The words of one command; `at(1)` is its first argument.
enum { word_count_max = 64 };
extern int word_count;
extern char *words[word_count_max];

/// The word at `index`, or the empty string.
const char *at(int index);
/// The word at `index` as a number (decimal, 0x…, 0…); 0 when there is none.
long long number(int index);
/// Whether the word at `index` is one of a comma-separated list's names: `has(2, "excl")`.
int has(int index, const char *name);
/// A path's folder argument: a descriptor number, or `cwd`.
int folder(int index);

/// The answer of the command that runs now: exactly one of `fail…` or `done` after any number of `say…`.
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_bytes(const void *bytes, size_t count);
void say_content(const void *bytes, size_t count);
void done(void);
void fail(int code);
/// `done()` when `result` is not negative, else `fail(errno)`.
void settle(long result);
/// Like `settle`, and says `result` first.
void settle_saying(long long result);

typedef struct {
    const char *name;
    void (*run)(void);
    const char *usage;
} Command;

extern const Command file_commands[], content_commands[], folder_commands[], attribute_commands[], sharing_commands[];

#endif
