/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the local backend, shared by its files. */
#ifndef COFFER_STORAGE_LOCAL_H
#define COFFER_STORAGE_LOCAL_H

#include <coffer/sys/storage.h>
#include "storage/pending.h"
#include "storage/sidecars.h"

typedef struct coffer_local {
        coffer_storage base;
        coffer_sidecars *sidecars;
        coffer_pending *pending; /* NULL: nobody will ask for durability */
} coffer_local;

static inline coffer_local *coffer_local_of(coffer_storage *storage)
{
        return (coffer_local *)storage;
}

/* The file of an object; free with coffer_free. COFFER_INVALID for a path that would leave the tree. */
COFFER_MUST_CHECK
coffer_status coffer_local_file(const coffer_storage *storage, const char *path, char **out, coffer_error *error);
/* The file that holds the metadata of the object in `file`. */
COFFER_MUST_CHECK
coffer_status coffer_local_sidecar(const char *file, char **out, coffer_error *error);

/* True for the names that crashed writers leave behind: ours and Metaflow's. */
bool coffer_local_is_leftover(const char *name);
/* True for the names of files that are no objects: leftovers and sidecars. */
bool coffer_local_is_reserved(const char *name);

/* Parts of the backend's table. */
COFFER_MUST_CHECK
coffer_status coffer_local_begin(coffer_storage *storage, const char *path, coffer_storage_writer **out,
                                 coffer_error *error);
COFFER_MUST_CHECK
coffer_status coffer_local_write(coffer_storage_writer *writer, const coffer_cursor *parts, size_t count,
                                 coffer_error *error);
COFFER_MUST_CHECK
coffer_status coffer_local_commit(coffer_storage_writer *writer, const char *path, const char *metadata_json,
                                  bool overwrite, bool metadata_first, coffer_error *error);
void coffer_local_abort(coffer_storage_writer *writer);
COFFER_MUST_CHECK
coffer_status coffer_local_put_metadata(coffer_storage *storage, const char *path, const char *metadata_json,
                                        coffer_error *error);
COFFER_MUST_CHECK coffer_status coffer_local_lock(coffer_storage *storage, const char *path, coffer_storage_lock **out,
                                                  coffer_error *error);
void coffer_local_unlock(coffer_storage_lock *lock);
COFFER_MUST_CHECK
coffer_status coffer_local_leftovers(coffer_storage *storage, const char *path, bool remove,
                                     coffer_status (*visit)(void *user, const char *path, coffer_error *error),
                                     void *user, coffer_error *error);

#endif
