// Changes of the tree. One at a time over all users and the administrator, so that there is one order of worlds.
#define _GNU_SOURCE
#include "attacker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static char path[512], target[512];
static uint8_t buffer[160 * 1024];

static int some_folder(void) { return (int)random_number((uint64_t)world->folder_count + 1) - 1; }

/// A document that is somewhere, or -1.
static int some_document(void) {
    int document = (int)random_number((uint64_t)atomic_load(&world->next_document));
    return atomic_load(&world->document_folder[document]) >= -1 ? document : -1;
}

static int open_target(int folder, const char *form, int number) {
    record.other_folder = (int16_t)folder;
    if (!folder_path(folder, target, record.other_chain, &record.other_depth)) return 0;
    sprintf(target + strlen(target), form, number);
    return 1;
}

static void begin_counted(enum kind kind) {
    begin(kind);
    record.change = atomic_load(&world->started);
}

static void create(void) {
    int document = atomic_load(&world->next_document);
    if (document == document_max) return;
    begin_counted(kind_create);
    record.document = (int16_t)document;
    record.folder = (int16_t)some_folder();
    if (!folder_path(record.folder, path, record.chain, &record.depth)) return;
    sprintf(path + strlen(path), "/d%03d", document);
    int descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (descriptor >= 0) {
        atomic_store(&world->document_folder[document], record.folder);
        atomic_store(&world->next_document, document + 1);
    }
    end(descriptor);
    if (descriptor < 0) return;
    uint64_t length = document_length(document);
    fill(document, 0, buffer, length);
    // May be refused in the middle of it; what is read back is then shorter.
    if (write(descriptor, buffer, length) < 0) {
        close(descriptor);
        return;
    }
    keep(descriptor, document, me, flag_read | flag_write | flag_creator);
}

static void unlink_document(void) {
    int document = some_document();
    // Some always stay.
    if (document < 40) return;
    begin_counted(kind_unlink);
    if (!document_path(document, path)) return;
    long result = unlink(path);
    if (result == 0) atomic_store(&world->document_folder[document], -2);
    end(result);
}

static void move_document(void) {
    int document = some_document();
    if (document < 0) return;
    begin_counted(kind_move_document);
    int folder = some_folder();
    if (!document_path(document, path) || !open_target(folder, "/d%03d", document) || folder == record.folder) return;
    long result = renameat2(AT_FDCWD, path, AT_FDCWD, target, random_number(2) ? RENAME_NOREPLACE : 0);
    if (result == 0) atomic_store(&world->document_folder[document], folder);
    end(result);
}

static int is_below(int folder, int above) {
    for (; folder >= 0; folder = atomic_load(&world->folder_parent[folder])) {
        if (folder == above) return 1;
    }
    return 0;
}

static int depth_below(int folder) {
    int deepest = 0;
    for (int other = 0; other < world->folder_count; other++) {
        int depth = 0;
        for (int at = other; at >= 0; at = atomic_load(&world->folder_parent[at]), depth++) {
            if (at == folder && depth > deepest) deepest = depth;
        }
    }
    return deepest;
}

static void move_folder(void) {
    int folder = (int)random_number((uint64_t)world->folder_count), parent = some_folder();
    if (is_below(parent, folder) || parent == atomic_load(&world->folder_parent[folder])) return;
    begin_counted(kind_move_folder);
    record.folder = (int16_t)folder;
    if (!folder_path(folder, path, record.chain, &record.depth) || !open_target(parent, "/f%02d", folder)) return;
    if (record.other_depth + 1 + depth_below(folder) >= depth_max) return;
    long result = renameat2(AT_FDCWD, path, AT_FDCWD, target, RENAME_NOREPLACE);
    if (result == 0) atomic_store(&world->folder_parent[folder], parent);
    end(result);
}

void attack_change(void) {
    if (!begin_change()) return;
    switch (random_number(10)) {
    case 0:
    case 1: create(); break;
    case 2: unlink_document(); break;
    case 3:
    case 4:
    case 5:
    case 6: move_document(); break;
    default: move_folder(); break;
    }
    end_change();
}
