// The words, the answers, the user, and the loop.
#define _GNU_SOURCE
#include "actor.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

int word_count;
char *words[word_count_max];

// MARK: Words

const char *at(int index) { return index < word_count ? words[index] : ""; }

long long number(int index) { return strtoll(at(index), NULL, 0); }

int has(int index, const char *name) {
    size_t length = strlen(name);
    for (const char *word = at(index); *word;) {
        size_t span = strcspn(word, ",");
        if (span == length && memcmp(word, name, length) == 0) return 1;
        word += span;
        if (*word == ',') word++;
    }
    return 0;
}

int folder(int index) { return strcmp(at(index), "cwd") == 0 ? AT_FDCWD : (int)number(index); }

static int hex_digit(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
    return -1;
}

/// Undoes %XX in place. A word holds no zero byte: no path and no name can.
static void unescape(char *word) {
    char *out = word;
    for (char *in = word; *in; in++) {
        if (*in != '%') {
            *out++ = *in;
        } else if (hex_digit(in[1]) >= 0 && hex_digit(in[2]) >= 0) {
            *out++ = (char)(hex_digit(in[1]) << 4 | hex_digit(in[2]));
            in += 2;
        }
    }
    *out = 0;
}

static void split(char *line) {
    word_count = 0;
    while (line && word_count < word_count_max) {
        char *word = strsep(&line, " ");
        unescape(word);
        words[word_count++] = word;
    }
}

// MARK: Answers

static char *answer;
static size_t answer_length, answer_capacity;

static void append(const char *text, size_t length) {
    if (answer_length + length + 1 > answer_capacity) {
        answer_capacity = (answer_length + length + 1) * 2;
        answer = realloc(answer, answer_capacity);
        if (!answer) abort();
    }
    memcpy(answer + answer_length, text, length);
    answer_length += length;
    answer[answer_length] = 0;
}

void say_bytes(const void *bytes, size_t count) {
    append(" ", 1);
    if (count == 0) append("%", 1);
    for (size_t i = 0; i < count; i++) {
        unsigned char byte = ((const unsigned char *)bytes)[i];
        char text[4] = {(char)byte, 0};
        if (byte <= ' ' || byte == '%' || byte >= 0x7f) snprintf(text, sizeof text, "%%%02x", byte);
        append(text, strlen(text));
    }
}

void say(const char *format, ...) {
    char text[4096];
    va_list list;
    va_start(list, format);
    int length = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    say_bytes(text, length < 0 ? 0 : (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

/// The number of bytes, their FNV-1a hash (64 bits), and the first 64 of them in hex.
void say_content(const void *bytes, size_t count) {
    const unsigned char *byte = bytes;
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < count; i++) hash = (hash ^ byte[i]) * 0x100000001b3;
    char prefix[129] = "";
    for (size_t i = 0; i < count && i < 64; i++) snprintf(prefix + 2 * i, 3, "%02x", byte[i]);
    say("%zu", count);
    say("%016llx", (unsigned long long)hash);
    say("%s", prefix);
}

static void send_line(const char *head) {
    fputs(head, stdout);
    if (answer_length) fputs(answer, stdout);
    fputc('\n', stdout);
    fflush(stdout);
}

void done(void) { send_line("ok"); }

void fail(int code) {
    answer_length = 0;
    const char *name = code == 0 ? "NONE" : strerrorname_np(code);
    say("%s", name ? name : "UNKNOWN");
    say("%d", code);
    send_line("err");
}

void settle(long result) {
    if (result < 0) fail(errno);
    else done();
}

void settle_saying(long long result) {
    if (result < 0) {
        fail(errno);
    } else {
        say("%lld", result);
        done();
    }
}

// MARK: The user

/// Groups from `10,20` or `-` for none.
static size_t parse_groups(const char *text, gid_t *groups, size_t limit) {
    size_t count = 0;
    while (*text && *text != '-' && count < limit) {
        groups[count++] = (gid_t)strtoul(text, (char **)&text, 10);
        if (*text == ',') text++;
    }
    return count;
}

/// Becomes another user for good. Only root can.
static int become(uid_t uid, gid_t gid, const char *group_list) {
    gid_t groups[64];
    size_t count = parse_groups(group_list, groups, 64);
    if (setgroups(count, groups) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0) return -1;
    // Changing uid made the process undumpable, and /proc/self/fd root's; tests reopen descriptors there.
    return prctl(PR_SET_DUMPABLE, 1);
}

static void run_become(void) { settle(become((uid_t)number(1), (gid_t)number(2), word_count > 3 ? at(3) : "-")); }

/// Root lends itself another user's file system identity, as servers do for their clients.
static void run_fsuid(void) {
    gid_t groups[64];
    size_t count = parse_groups(word_count > 3 ? at(3) : "-", groups, 64);
    if (setgroups(count, groups) < 0) return fail(errno);
    setfsgid((gid_t)number(2));
    setfsuid((uid_t)number(1));
    if ((uid_t)setfsuid((uid_t)-1) != (uid_t)number(1)) return fail(EPERM);
    done();
}

static void run_id(void) {
    say("%d", (int)getuid());
    say("%d", (int)getgid());
    say("%d", (int)getpid());
    done();
}

static void run_umask(void) { settle_saying(umask((mode_t)number(1))); }

static const Command user_commands[] = {
    {"id", run_id, "id → UID GID PID"},
    {"become", run_become, "become UID GID GROUPS"},
    {"fsuid", run_fsuid, "fsuid UID GID GROUPS"},
    {"umask", run_umask, "umask MODE → OLD"},
    {0},
};

static const Command *const tables[] = {
    user_commands, file_commands, content_commands, folder_commands, attribute_commands, sharing_commands,
};

static const Command *find(const char *name) {
    for (size_t table = 0; table < sizeof tables / sizeof tables[0]; table++)
        for (const Command *command = tables[table]; command->name; command++)
            if (strcmp(command->name, name) == 0) return command;
    return NULL;
}

static int usage(void) {
    fputs("usage: strongroom-actor UID GID GROUPS|-            obey commands on standard input\n"
          "       strongroom-actor UID GID GROUPS|- PROGRAM …  run a program as that user\n\ncommands:\n", stderr);
    for (size_t table = 0; table < sizeof tables / sizeof tables[0]; table++)
        for (const Command *command = tables[table]; command->name; command++) fprintf(stderr, "  %s\n", command->usage);
    return 2;
}

int main(int argument_count, char **arguments) {
    if (argument_count < 4) return usage();
    uid_t uid = (uid_t)strtoul(arguments[1], NULL, 10);
    gid_t gid = (gid_t)strtoul(arguments[2], NULL, 10);
    if (become(uid, gid, arguments[3]) < 0) {
        perror("strongroom-actor: cannot become that user");
        return 1;
    }
    // Threads of a test run block signals, and children inherit that.
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (argument_count > 4) {
        execvp(arguments[4], arguments + 4);
        perror(arguments[4]);
        return 127;
    }

    // The actor goes when the test run does, however that ends.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    umask(022);
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    while ((length = getline(&line, &capacity, stdin)) > 0) {
        if (line[length - 1] == '\n') line[length - 1] = 0;
        split(line);
        answer_length = 0;
        const Command *command = find(at(0));
        if (command) command->run();
        else fail(ENOSYS);
    }
    return 0;
}
