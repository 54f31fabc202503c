// strongroom-attacker: three users at once who try to get at what they may not, by every way that a program has.
//
// All three pick random operations on random folders and documents. Nothing is judged here: each operation leaves one line of a
// log with what it tried, what it got, and between which changes of the world (rules and tree) it ran. The test holds the logs
// against a second evaluator afterwards.
//
// Names say what a node is, and are never used again: folder f07, document d012, symlink s07 (one in each folder). The content of
// a document is a pattern that names it, and only ever overwritten with itself, so that any byte shows where it came from.
#ifndef STRONGROOM_ATTACKER_H
#define STRONGROOM_ATTACKER_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

enum { user_count = 3, folder_max = 64, document_max = 512, depth_max = 8, handle_max = 12,
    /// Documents that copies go to, whose bytes may be anything.
    sink_first = 56, sink_end = 60 };

/// Shared with the test through one mapped file, and in its layout (Tests/MountedTests/Attack/AttackWorld.swift).
///
/// Every change of rules or tree has the next number. `started` is raised before it, `finished` after it, with the lock file held.
typedef struct {
    _Atomic uint64_t started, finished;
    _Atomic uint64_t stop;
    _Atomic uint64_t operations;
    int32_t folder_count;
    _Atomic int32_t next_document;
    /// -1 for those that hang on the root.
    _Atomic int32_t folder_parent[folder_max];
    /// The root is -1; -2 is not made yet, or removed.
    _Atomic int32_t document_folder[document_max];
} World;

enum kind {
    kind_stat_document = 1,
    kind_stat_folder,
    kind_access,
    kind_read,
    kind_list,
    kind_keep,
    kind_handle_read,
    kind_handle_write,
    kind_handle_seek,
    kind_handle_lock,
    kind_get_attribute,
    kind_list_attributes,
    kind_why,
    kind_read_link,
    kind_set_mode,
    kind_write,
    kind_map,
    kind_copy,
    kind_reopen,
    kind_parent,
    kind_held_folder,
    kind_create = 30,
    kind_unlink,
    kind_move_document,
    kind_move_folder,
};

enum flag {
    /// Bytes that are not those of the document: always a failure.
    flag_foreign = 1,
    /// Attributes were the constants of a folder that is only a way down.
    flag_bare = 2,
    /// A listing showed the folder's symlink.
    flag_link = 4,
    /// A name was listed that no folder, document or symlink has.
    flag_unknown_name = 8,
    /// The handle made its document.
    flag_creator = 16,
    /// Opened, asked or kept for writing, reading.
    flag_write = 32,
    flag_read = 64,
    /// The attributes may be those that the kernel was told for another user: only being there counts.
    flag_kept = 128,
};

/// One line of a log. Little-endian and in this layout in the test as well (AttackLog.swift).
typedef struct {
    uint8_t kind, user, opener, depth;
    /// 0 when it succeeded.
    int16_t error;
    uint16_t flags;
    int16_t document, other_document;
    /// The folder that it names or whose document it names, and the target of a move; -1 is the root.
    int16_t folder, other_folder;
    int8_t chain[depth_max], other_chain[depth_max];
    uint8_t other_depth, unused[7];
    /// The change that this operation is, or 0.
    uint64_t change;
    /// Changes finished before it began, and started before it ended: it met one of the worlds after these.
    uint64_t before, after;
    /// Wall nanoseconds.
    int64_t began, ended;
    /// What a listing showed.
    uint64_t folders, documents[document_max / 64];
} Record;

/// One open document of this user, or one that another user passed on.
typedef struct {
    int descriptor;
    int16_t document;
    uint8_t opener;
    uint16_t flags;
} Handle;

extern World *world;
extern int me;
extern Record record;
extern Handle handles[handle_max];
extern int handle_count;

// MARK: world.c

uint64_t random_number(uint64_t below);
/// Begins a record; an operation that must look back sets `record.before` again.
void begin(enum kind kind);
/// Ends it with `result` (negative: errno) and writes it.
void end(long result);
/// Writes the path of a folder, relative to the mount, and its chain from the root down. Returns 0 if the tree moved under it.
int folder_path(int folder, char *path, int8_t *chain, uint8_t *depth);
/// Sets `record.folder` and chain of a document as the world has it. Returns 0 where it is in no folder.
int document_path(int document, char *path);
/// Takes the lock and the next change's number; 0 when somebody else is changing something.
int begin_change(void);
void end_change(void);

// MARK: content.c

uint64_t document_length(int document);
void fill(int document, uint64_t offset, void *buffer, uint64_t count);
/// Notes `flag_foreign` unless these are the document's bytes at `offset`.
void examine(int document, uint64_t offset, const void *buffer, uint64_t count);

// MARK: paths.c, handles.c, changes.c

void attack_path(void);
void attack_handle(void);
void attack_change(void);
void keep(int descriptor, int document, int opener, unsigned flags);
void receive_handles(void);
extern int receiving_socket, sending_sockets[user_count];

#endif
