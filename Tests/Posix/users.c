// Who an operation is.
#define _GNU_SOURCE
#include "posix.h"

#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <grp.h>

User users[user_count];

static void set_effective(int capability, bool isSet) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) != 0) abort();
    uint32_t bit = 1u << (capability & 31);
    uint32_t *effective = &data[capability >> 5].effective;
    *effective = isSet ? *effective | bit : *effective & ~bit;
    if (syscall(SYS_capset, &header, data) != 0) {
        perror("strongroom-posix: error: capset");
        exit(2);
    }
}

void prepare_identity(void) {
    if (geteuid() != 0) {
        fprintf(stderr, "strongroom-posix: error: it takes the identity of users: run it as root\n");
        exit(2);
    }
    // Otherwise leaving uid 0 would take the capabilities that lead past the plain folder's permission bits.
    if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) != 0 || setgroups(0, NULL) != 0) {
        perror("strongroom-posix: error: securebits");
        exit(2);
    }
    allow_giving_away(false);
}

void allow_giving_away(bool isAllowed) { set_effective(CAP_CHOWN, isAllowed); }

void become(unsigned user) {
    uid_t uid = user < user_count ? users[user].uid : 0;
    gid_t gid = user < user_count ? users[user].gid : 0;
    setfsgid(gid);
    setfsuid(uid);
    if ((uid_t)setfsuid((uid_t)-1) != uid) abort();
}
