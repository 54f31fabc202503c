#include "catalog_disk.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static sqlite3_vfs *system_layer;
static sqlite3_vfs layer;
static char *folder;
static catalog_disk_listener listener;
static void *context;
static atomic_bool is_listening;

typedef struct {
    sqlite3_file base;
    const char *path;  // SQLite keeps it until the file is closed
} File;

/// The system's own file stands behind ours, in the same memory.
static sqlite3_file *real(sqlite3_file *file) { return (sqlite3_file *)((File *)file + 1); }

static void tell(catalog_disk_call call, const char *path, int64_t offset, const void *bytes, int64_t count) {
    if (atomic_load(&is_listening)) listener(context, call, path, offset, bytes, count);
}

static int is_below(const char *path) {
    return path && atomic_load(&is_listening) && strncmp(path, folder, strlen(folder)) == 0 && path[strlen(folder)] == '/';
}

// MARK: Files

static int file_close(sqlite3_file *file) { return real(file)->pMethods->xClose(real(file)); }
static int file_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset) {
    return real(file)->pMethods->xRead(real(file), bytes, count, offset);
}
static int file_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset) {
    tell(catalog_disk_write, ((File *)file)->path, offset, bytes, count);
    return real(file)->pMethods->xWrite(real(file), bytes, count, offset);
}
static int file_truncate(sqlite3_file *file, sqlite3_int64 size) {
    tell(catalog_disk_truncate, ((File *)file)->path, size, NULL, 0);
    return real(file)->pMethods->xTruncate(real(file), size);
}
static int file_sync(sqlite3_file *file, int flags) {
    tell(catalog_disk_sync, ((File *)file)->path, 0, NULL, 0);
    int code = real(file)->pMethods->xSync(real(file), flags);
    if (code == SQLITE_OK) tell(catalog_disk_synced, ((File *)file)->path, 0, NULL, 0);
    return code;
}
static int file_size(sqlite3_file *file, sqlite3_int64 *size) { return real(file)->pMethods->xFileSize(real(file), size); }
static int file_lock(sqlite3_file *file, int level) { return real(file)->pMethods->xLock(real(file), level); }
static int file_unlock(sqlite3_file *file, int level) { return real(file)->pMethods->xUnlock(real(file), level); }
static int file_check_lock(sqlite3_file *file, int *found) { return real(file)->pMethods->xCheckReservedLock(real(file), found); }
static int file_control(sqlite3_file *file, int what, void *value) { return real(file)->pMethods->xFileControl(real(file), what, value); }
static int file_sector(sqlite3_file *file) { return real(file)->pMethods->xSectorSize(real(file)); }
static int file_traits(sqlite3_file *file) { return real(file)->pMethods->xDeviceCharacteristics(real(file)); }
static int file_shm_map(sqlite3_file *file, int page, int size, int extends, void volatile **memory) {
    return real(file)->pMethods->xShmMap(real(file), page, size, extends, memory);
}
static int file_shm_lock(sqlite3_file *file, int offset, int count, int flags) {
    return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}
static void file_shm_barrier(sqlite3_file *file) { real(file)->pMethods->xShmBarrier(real(file)); }
static int file_shm_unmap(sqlite3_file *file, int deletes) { return real(file)->pMethods->xShmUnmap(real(file), deletes); }

/// Version 2: without xFetch nothing is mapped, so nothing is written unseen.
static const sqlite3_io_methods methods = {
    2, file_close, file_read, file_write, file_truncate, file_sync, file_size, file_lock, file_unlock, file_check_lock, file_control,
    file_sector, file_traits, file_shm_map, file_shm_lock, file_shm_barrier, file_shm_unmap, NULL, NULL,
};

// MARK: The layer

static int layer_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *found) {
    (void)vfs;
    if (!is_below(path)) return system_layer->xOpen(system_layer, path, file, flags, found);
    int isThere = 0;
    system_layer->xAccess(system_layer, path, SQLITE_ACCESS_EXISTS, &isThere);
    file->pMethods = NULL;
    ((File *)file)->path = path;
    int code = system_layer->xOpen(system_layer, path, real(file), flags, found);
    if (code != SQLITE_OK) return code;
    file->pMethods = &methods;
    if (!isThere) tell(catalog_disk_made, path, 0, NULL, 0);
    return SQLITE_OK;
}

static int layer_delete(sqlite3_vfs *vfs, const char *path, int syncsFolder) {
    (void)vfs;
    if (is_below(path)) tell(catalog_disk_delete, path, 0, NULL, syncsFolder != 0);
    return system_layer->xDelete(system_layer, path, syncsFolder);
}

int catalog_disk_listen(const char *path, catalog_disk_listener told, void *with) {
    atomic_store(&is_listening, 0);
    free(folder);
    folder = path ? strdup(path) : NULL;
    listener = told;
    context = with;
    if (!system_layer) {
        sqlite3_initialize();
        system_layer = sqlite3_vfs_find(NULL);
        layer = *system_layer;
        layer.zName = "strongroom-catalog-disk";
        layer.pNext = NULL;
        layer.szOsFile += (int)sizeof(File);
        layer.xOpen = layer_open;
        layer.xDelete = layer_delete;
        int code = sqlite3_vfs_register(&layer, 1);
        if (code != SQLITE_OK) return code;
    }
    atomic_store(&is_listening, path != NULL);
    return SQLITE_OK;
}
