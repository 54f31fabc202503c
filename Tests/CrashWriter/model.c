// The state of a writer's folder in memory, compared by hashes of blocks.
#define _GNU_SOURCE
#include "model.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

uint64_t mix(uint64_t value) {
    value += 0x9e3779b97f4a7c15;
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
    value = (value ^ value >> 27) * 0x94d049bb133111eb;
    return value ^ value >> 31;
}

void model_init(Model *model) {
    memset(model, 0, sizeof *model);
    model->folder_exists[0] = 1;
    for (int slot = 0; slot < slot_count; slot++) {
        model->documents[slot] = calloc(1, sizeof(Document));
        if (!model->documents[slot]) abort();
        model->documents[slot]->bytes = calloc(1, document_byte_count_max);
        if (!model->documents[slot]->bytes) abort();
    }
}

const char *folder_name(int folder) {
    static const char *const names[folder_count] = {".", "d1", "d2", "d3"};
    return names[folder];
}

const char *slot_name(int slot) {
    static char names[slot_count][16];
    int folder = slot / name_count;
    if (folder == 0) snprintf(names[slot], sizeof names[slot], "f%d", slot % name_count);
    else snprintf(names[slot], sizeof names[slot], "%s/f%d", folder_name(folder), slot % name_count);
    return names[slot];
}

size_t model_byte_count(const Model *model) {
    size_t count = 0;
    for (int slot = 0; slot < slot_count; slot++) count += model->documents[slot]->size;
    return count;
}

int folder_is_empty(const Model *model, int folder) {
    for (int name = 0; name < name_count; name++)
        if (model->documents[folder * name_count + name]->exists) return 0;
    return 1;
}

// MARK: Hashes

static void hash_blocks(Document *document, size_t from, size_t to) {
    for (size_t block = from / block_byte_count; block * block_byte_count < to; block++) {
        uint64_t hash = block + 1, word;
        const unsigned char *bytes = document->bytes + block * block_byte_count;
        size_t count = document_byte_count_max - block * block_byte_count;
        if (count > block_byte_count) count = block_byte_count;
        for (size_t index = 0; index + 8 <= count; index += 8) {
            memcpy(&word, bytes + index, 8);
            hash = (hash ^ word) * 0x100000001b3;
            hash ^= hash >> 29;
        }
        document->block_hashes[block] = mix(hash);
    }
}

uint64_t slot_hash(const Model *model, int slot) {
    const Document *document = model->documents[slot];
    if (!document->exists) return 0;
    uint64_t hash = mix(document->size + 1);
    for (size_t block = 0; block * block_byte_count < document->size; block++) hash = mix(hash ^ document->block_hashes[block]);
    return hash | 1;
}

uint64_t folders_hash(const Model *model) {
    uint64_t hash = 0;
    for (int folder = 0; folder < folder_count; folder++) hash = hash << 1 | (uint64_t)model->folder_exists[folder];
    return hash;
}

// MARK: Changes

void model_write(Model *model, int slot, size_t offset, const unsigned char *bytes, size_t count) {
    Document *document = model->documents[slot];
    size_t from = offset < document->size ? offset : document->size;
    memcpy(document->bytes + offset, bytes, count);
    if (offset + count > document->size) document->size = offset + count;
    hash_blocks(document, from, offset + count);
}

void model_truncate(Model *model, int slot, size_t size) {
    Document *document = model->documents[slot];
    size_t old = document->size;
    if (size < old) memset(document->bytes + size, 0, old - size);
    document->size = size;
    hash_blocks(document, size < old ? size : old, size < old ? old : size);
}

void model_create(Model *model, int slot) {
    model->documents[slot]->exists = 1;
    model_truncate(model, slot, 0);
}

void model_remove(Model *model, int slot) {
    model_truncate(model, slot, 0);
    model->documents[slot]->exists = 0;
}

void model_exchange(Model *model, int first, int second) {
    Document *document = model->documents[first];
    model->documents[first] = model->documents[second];
    model->documents[second] = document;
}

void model_rename(Model *model, int from, int to) {
    if (from == to) return;
    model_remove(model, to);
    model_exchange(model, from, to);
}

// MARK: What is really there

static int read_document(Model *model, int slot, int folder) {
    int descriptor = openat(folder, slot_name(slot), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) {
        printf("%s cannot be opened: %s\n", slot_name(slot), strerror(errno));
        return 1;
    }
    model_create(model, slot);
    static unsigned char buffer[1 << 20];
    size_t offset = 0;
    ssize_t count;
    int wrong = 0;
    while ((count = pread(descriptor, buffer, sizeof buffer, (off_t)offset)) > 0) {
        if (offset + (size_t)count > document_byte_count_max) break;
        model_write(model, slot, offset, buffer, (size_t)count);
        offset += (size_t)count;
    }
    if (count != 0) {
        printf("%s cannot be read at %zu: %s\n", slot_name(slot), offset, count < 0 ? strerror(errno) : "it is too long");
        wrong = 1;
    }
    struct stat status;
    if (fstat(descriptor, &status) != 0 || (size_t)status.st_size != offset) {
        printf("%s ends at %zu and says that it has %lld bytes\n", slot_name(slot), offset, (long long)status.st_size);
        wrong = 1;
    }
    close(descriptor);
    return wrong;
}

static int read_folder(Model *model, int base, int folder) {
    int descriptor = openat(base, folder_name(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) {
        printf("folder %s cannot be opened: %s\n", folder_name(folder), strerror(errno));
        return 1;
    }
    DIR *stream = fdopendir(descriptor);
    if (!stream) abort();
    int wrong = 0;
    struct dirent *entry;
    while ((entry = readdir(stream))) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
        if (name[0] == 'f' && name[1] >= '0' && name[1] < '0' + name_count && !name[2]) {
            wrong += read_document(model, folder * name_count + name[1] - '0', base);
        } else if (folder == 0 && name[0] == 'd' && name[1] > '0' && name[1] < '0' + folder_count && !name[2]) {
            model->folder_exists[name[1] - '0'] = 1;
        } else {
            printf("%s/%s was never made\n", folder_name(folder), name);
            wrong++;
        }
    }
    closedir(stream);
    return wrong;
}

int model_read(Model *model, int folder) {
    int wrong = read_folder(model, folder, 0);
    for (int inner = 1; inner < folder_count; inner++)
        if (model->folder_exists[inner]) wrong += read_folder(model, folder, inner);
    return wrong;
}

// MARK: Kept between rounds

int model_save(const Model *model, const char *path) {
    FILE *file = fopen(path, "we");
    if (!file) return -1;
    fwrite(model->folder_exists, sizeof model->folder_exists, 1, file);
    for (int slot = 0; slot < slot_count; slot++) {
        const Document *document = model->documents[slot];
        uint64_t head[2] = {(uint64_t)document->exists, document->size};
        fwrite(head, sizeof head, 1, file);
        if (document->size) fwrite(document->bytes, 1, document->size, file);
    }
    int failed = ferror(file);
    return fclose(file) != 0 || failed ? -1 : 0;
}

int model_load(Model *model, const char *path) {
    FILE *file = fopen(path, "re");
    if (!file) return errno == ENOENT ? 0 : -1;
    int good = fread(model->folder_exists, sizeof model->folder_exists, 1, file) == 1;
    for (int slot = 0; good && slot < slot_count; slot++) {
        uint64_t head[2];
        good = fread(head, sizeof head, 1, file) == 1 && head[1] <= document_byte_count_max;
        if (!good || !head[0]) continue;
        model_create(model, slot);
        Document *document = model->documents[slot];
        good = fread(document->bytes, 1, head[1], file) == head[1];
        document->size = head[1];
        hash_blocks(document, 0, document->size);
    }
    fclose(file);
    errno = EINVAL;
    return good ? 0 : -1;
}
