// strongroom-crash-writer: one user's changes to a folder of a mount, and the proof of what a crash left of them.
//
// The writer draws changes from a seed and makes them one system call (*step*) after the other, each noted in a journal outside the
// vault before and after. A step is *promised* once an fsync after it, or a write with RWF_DSYNC, has returned. The checker draws the same steps again without
// making them, and compares what it finds in the folder with the state after each step: a crash is survived when the folder is, byte
// for byte and name for name, as it was after some step that is no older than the last promise and no newer than the last one begun.
#ifndef CRASH_WRITER_MODEL_H
#define CRASH_WRITER_MODEL_H

#include <stddef.h>
#include <stdint.h>

/// Folder 0 is the writer's own; the others are made and removed in it.
enum { folder_count = 4, name_count = 8, slot_count = folder_count * name_count };
/// Large enough for documents of several blobs.
enum { document_byte_count_max = 6 << 20, total_byte_count_max = 20 << 20, block_byte_count = 4096 };
enum { block_count_max = (document_byte_count_max + block_byte_count - 1) / block_byte_count };

/// What one name of a folder holds. `bytes` beyond `size` are zero.
typedef struct {
    int exists;
    size_t size;
    unsigned char *bytes;
    uint64_t block_hashes[block_count_max];
} Document;

/// Everything that a writer has made.
typedef struct {
    int folder_exists[folder_count];
    Document *documents[slot_count];
} Model;

void model_init(Model *model);
/// `d2/f3` or `f3`, relative to the writer's folder.
const char *slot_name(int slot);
const char *folder_name(int folder);
size_t model_byte_count(const Model *model);
int folder_is_empty(const Model *model, int folder);

/// Changes as the system calls of the same names make them.
void model_write(Model *model, int slot, size_t offset, const unsigned char *bytes, size_t count);
void model_truncate(Model *model, int slot, size_t size);
void model_create(Model *model, int slot);
void model_remove(Model *model, int slot);
void model_rename(Model *model, int from, int to);
void model_exchange(Model *model, int first, int second);

/// One number for the content of a slot; 0 where there is nothing.
uint64_t slot_hash(const Model *model, int slot);
uint64_t folders_hash(const Model *model);
/// Reads what the folder holds now. Says on standard output what does not belong there; returns how many such things.
int model_read(Model *model, int folder);

/// - Returns: 0, or -1 with errno.
int model_save(const Model *model, const char *path);
int model_load(Model *model, const char *path);

/// splitmix64.
uint64_t mix(uint64_t value);

#endif
