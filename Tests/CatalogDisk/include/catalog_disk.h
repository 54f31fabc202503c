#ifndef CATALOG_DISK_H
#define CATALOG_DISK_H
#include <stdint.h>

// SQLite's file layer with somebody listening: every change that SQLite makes to a file below one folder is told before it is done, with its
// bytes. Files elsewhere are SQLite's own. Reading one of those files in this process instead would drop SQLite's locks on it.

typedef enum {
    catalog_disk_made,       // a file that was not there is now
    catalog_disk_write,      // `count` bytes are about to be written at `offset`
    catalog_disk_truncate,   // the file is about to be cut, or to grow, to `offset`
    catalog_disk_sync,       // a sync is about to begin
    catalog_disk_synced,     // the sync succeeded
    catalog_disk_delete,     // the file is about to go; with `count` 1 its folder is then synced
} catalog_disk_call;

typedef void (*catalog_disk_listener)(
    void *context, catalog_disk_call call, const char *path, int64_t offset, const void *bytes, int64_t count);

/// From now on `listener` is told of files below `folder`, from any thread; NULL ends it. While no database below either folder is open.
/// The layer becomes this process's default and stays so. Returns SQLite's code.
int catalog_disk_listen(const char *folder, catalog_disk_listener listener, void *context);

#endif
