// strongroom-test-folder: a folder that remembers what was done to its files and when, below every filesystem's own promises.
//
//   serve MOUNTPOINT FOLDER LOG        shows FOLDER as MOUNTPOINT; notes every write, sync, name made and removed in LOG
//   times LOG FROM TO                  says when something changed between two times, one a line
//   cut BASE LOG OUT TIME MODE SEED    makes OUT, a new folder: what POSIX allows a power cut at TIME to leave of a folder that was BASE
//
// A file has what was written before its last sync; of later writes any blocks of 512 bytes, and any of its later sizes. A folder has the
// names that it had at its last sync, and of later changes any number, in order: syncing a file promises nothing of its name. `all` keeps
// everything, `none` what was synced alone, `some` draws.
#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void stop(const char *what) {
    perror(what);
    exit(1);
}

int main(int argument_count, char **arguments) {
    if (argument_count == 5 && strcmp(arguments[1], "serve") == 0) return serve(arguments[2], arguments[3], arguments[4]);
    if (argument_count == 5 && strcmp(arguments[1], "times") == 0)
        return print_times(arguments[2], strtoll(arguments[3], NULL, 0), strtoll(arguments[4], NULL, 0));
    if (argument_count == 8 && strcmp(arguments[1], "cut") == 0)
        return cut(arguments[2], arguments[3], arguments[4], strtoll(arguments[5], NULL, 0), arguments[6], strtoull(arguments[7], NULL, 0));
    fputs("usage: strongroom-test-folder serve MOUNTPOINT FOLDER LOG\n"
          "       strongroom-test-folder times LOG FROM TO\n"
          "       strongroom-test-folder cut BASE LOG OUT TIME all|some|none SEED\n", stderr);
    return 2;
}
