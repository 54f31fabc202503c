// The command line.
#define _GNU_SOURCE
#include "posix.h"

#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char usage[] =
    "usage: strongroom-posix differ   --mount FOLDER --plain FOLDER --users NAME,NAME [--seed N] [--operations N] [--per-seed N]\n"
    "                                 [--between COMMAND --every N] [--replay FILE]\n"
    "       strongroom-posix document --mount FOLDER --users NAME,NAME [--seed N] [--operations N] [--between COMMAND --every N]\n";

static int take_users(char *list) {
    for (int i = 0; i < user_count; i++) {
        char *name = strtok(i == 0 ? list : NULL, ",");
        struct passwd *entry = name ? getpwnam(name) : NULL;
        if (!entry) return 0;
        users[i] = (User){.uid = entry->pw_uid, .gid = entry->pw_gid};
    }
    return 1;
}

int main(int count, char **arguments) {
    static const struct option table[] = {
        {"mount", 1, 0, 'm'}, {"plain", 1, 0, 'p'}, {"users", 1, 0, 'u'}, {"seed", 1, 0, 's'}, {"operations", 1, 0, 'n'},
        {"per-seed", 1, 0, 'k'}, {"between", 1, 0, 'b'}, {"every", 1, 0, 'e'}, {"replay", 1, 0, 'r'}, {0},
    };
    Options options = {.seed = 1, .operation_count = 2000, .per_seed = 2000};
    bool hasUsers = false;
    for (int option; (option = getopt_long(count, arguments, "", table, NULL)) != -1;) switch (option) {
        case 'm': options.mount = optarg; break;
        case 'p': options.plain = optarg; break;
        case 'u': hasUsers = take_users(optarg); break;
        case 's': options.seed = strtoull(optarg, NULL, 0); break;
        case 'n': options.operation_count = strtoull(optarg, NULL, 0); break;
        case 'k': options.per_seed = strtoull(optarg, NULL, 0); break;
        case 'b': options.between = optarg; break;
        case 'e': options.between_count = strtoull(optarg, NULL, 0); break;
        case 'r': options.replay = optarg; break;
        default: fputs(usage, stderr); return 2;
        }
    const char *program = optind < count ? arguments[optind] : "";
    bool isDiffer = strcmp(program, "differ") == 0, isDocument = strcmp(program, "document") == 0;
    if (!hasUsers || !options.mount || options.per_seed == 0 || !(isDocument || (isDiffer && options.plain))) {
        fputs(usage, stderr);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    umask(022);
    prepare_identity();
    return isDiffer ? differ_main(&options) : document_main(&options);
}
