// Who the users are, planting the tree, and the loop.
//
// usage: strongroom-attacker plant  MOUNT FOLDER SEED COUNT UID:GID:GROUPS
//        strongroom-attacker attack MOUNT FOLDER SEED COUNT UID:GID:GROUPS UID:GID:GROUPS UID:GID:GROUPS
// FOLDER holds `world` and `lock`, which the test made, and gets `log-0` … `log-2`. COUNT operations are made by all users together.
#define _GNU_SOURCE
#include "attacker.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

int log_descriptor, lock_descriptor;
void seed_random(uint64_t seed);

static void die(const char *what) {
    perror(what);
    _exit(2);
}

static void become(char *who) {
    gid_t groups[32];
    int count = 0;
    char *uid = strsep(&who, ":"), *gid = strsep(&who, ":");
    for (char *group; (group = strsep(&who, ",")) && count < 32;) groups[count++] = (gid_t)atoi(group);
    if (setgroups((size_t)count, groups) != 0 || setresgid((gid_t)atoi(gid), (gid_t)atoi(gid), (gid_t)atoi(gid)) != 0 ||
        setresuid((uid_t)atoi(uid), (uid_t)atoi(uid), (uid_t)atoi(uid)) != 0)
        die("becoming a user");
}

static int open_in(const char *folder, const char *name, int flags) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int descriptor = open(path, flags | O_CLOEXEC, 0600);
    if (descriptor < 0) die(path);
    return descriptor;
}

static void plant(void) {
    static uint8_t buffer[160 * 1024];
    char path[512];
    int8_t chain[depth_max];
    uint8_t depth;
    for (int folder = 0; folder < world->folder_count; folder++) {
        folder_path(folder, path, chain, &depth);
        if (mkdir(path, 0755) != 0) die(path);
        char target[32];
        snprintf(target, sizeof target, "secret-%02d", folder);
        sprintf(path + strlen(path), "/s%02d", folder);
        if (symlink(target, path) != 0) die(path);
    }
    for (int document = 0; document < atomic_load(&world->next_document); document++) {
        begin(kind_create);
        document_path(document, path);
        int descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        uint64_t length = document_length(document);
        fill(document, 0, buffer, length);
        char tag[32];
        snprintf(tag, sizeof tag, "tag-%03d", document);
        if (descriptor < 0 || write(descriptor, buffer, length) != (ssize_t)length || fsetxattr(descriptor, "user.tag", tag, strlen(tag), 0) != 0)
            die(path);
        close(descriptor);
    }
}

static void attack(uint64_t count) {
    while (atomic_load(&world->operations) < count && !atomic_load(&world->stop)) {
        uint64_t choice = random_number(100);
        if (choice < 60) attack_path();
        else if (choice < 97) attack_handle();
        else attack_change();
    }
}

int main(int argument_count, char **arguments) {
    if (argument_count < 7) {
        fprintf(stderr, "usage: strongroom-attacker plant|attack MOUNT FOLDER SEED COUNT UID:GID:GROUPS…\n");
        return 2;
    }
    const char *folder = arguments[3];
    uint64_t seed = strtoull(arguments[4], NULL, 10), count = strtoull(arguments[5], NULL, 10);
    int shared = open_in(folder, "world", O_RDWR);
    world = mmap(NULL, sizeof(World), PROT_READ | PROT_WRITE, MAP_SHARED, shared, 0);
    if (world == MAP_FAILED) die("mapping the world");
    seed_random(seed);
    if (chdir(arguments[2]) != 0) die(arguments[2]);

    if (strcmp(arguments[1], "plant") == 0) {
        become(arguments[6]);
        plant();
        return 0;
    }
    if (argument_count != 6 + user_count) return 2;
    int receiving[user_count];
    for (int user = 0; user < user_count; user++) {
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) != 0) die("socketpair");
        receiving[user] = ends[0];
        sending_sockets[user] = ends[1];
    }
    for (int user = 0; user < user_count; user++) {
        pid_t child = fork();
        if (child < 0) die("fork");
        if (child > 0) continue;
        char name[16];
        snprintf(name, sizeof name, "log-%d", user);
        log_descriptor = open_in(folder, name, O_WRONLY | O_CREAT | O_APPEND);
        // A lock of its own for each: flock belongs to the open file.
        lock_descriptor = open_in(folder, "lock", O_RDWR);
        me = user;
        receiving_socket = receiving[user];
        for (int other = 0; other < user_count; other++) {
            if (other != user) close(receiving[other]);
        }
        become(arguments[6 + user]);
        // Changing the user cleared it.
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        seed_random(seed * 31 + (uint64_t)user + 1);
        attack(count);
        _exit(0);
    }
    int failed = 0, status;
    while (wait(&status) > 0) failed |= status;
    return failed ? 1 : 0;
}
