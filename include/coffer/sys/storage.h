/* SPDX-License-Identifier: Apache-2.0 */
/* What authors of storage backends implement: objects named by relative paths below a root. */
#ifndef COFFER_SYS_STORAGE_H
#define COFFER_SYS_STORAGE_H

#include <coffer/bytes.h>

COFFER_BEGIN_DECLS

#define COFFER_STORAGE_VERSION 1

typedef struct coffer_storage coffer_storage;

typedef enum coffer_entry_type { COFFER_ENTRY_NONE = 0, COFFER_ENTRY_OBJECT, COFFER_ENTRY_DIRECTORY } coffer_entry_type;

typedef struct coffer_storage_stat {
        coffer_entry_type type;
        uint64_t size_bytes; /* as stored; of objects only */
} coffer_storage_stat;

/* One object to put. `metadata_json` (JSON object text, or NULL: none) is kept beside the object. */
typedef struct coffer_storage_put {
        const char *path;
        coffer_bytes *bytes;
        const char *metadata_json;
        bool overwrite;      /* false: an object that is there stays, metadata too, silently */
        bool metadata_first; /* publish the metadata before the object (raw blobs) */
} coffer_storage_put;

/* One object got. */
typedef struct coffer_storage_get {
        const char *path;
        bool contents_only;   /* the metadata is not wanted */
        uint64_t max_bytes;   /* a larger one may be refused with COFFER_LIMIT; 0: any size is wanted */
        coffer_status status; /* OK, NOT_FOUND, or why it failed */
        coffer_bytes *bytes;  /* one reference, or NULL */
        char *metadata_json;  /* coffer_free; NULL: the object has none; "" when what is kept is no text */
} coffer_storage_get;

/* An object that is written piece by piece and appears when committed. */
typedef struct coffer_storage_writer coffer_storage_writer;

typedef struct coffer_storage_lock coffer_storage_lock;

typedef struct coffer_storage_class {
        uint32_t version; /* COFFER_STORAGE_VERSION */
        const char *type; /* "local", "spin", "s3", ... as recorded in data.json */

        /* `out[i]` for paths[i]; a missing one is COFFER_ENTRY_NONE. */
        coffer_status (*stat)(coffer_storage *storage, const char *const *paths, size_t count, coffer_storage_stat *out,
                              coffer_error *error);
        /* In order; stops at the first failure, those before it stay put. An object put without metadata has none, even
         * when one of that name had. */
        coffer_status (*put)(coffer_storage *storage, const coffer_storage_put *puts, size_t count,
                             coffer_error *error);
        /* Fills status, bytes and metadata of each; fails as a whole only for trouble with the storage itself. `error`
         * tells of the last one that could not be got. */
        coffer_status (*get)(coffer_storage *storage, coffer_storage_get *gets, size_t count, coffer_error *error);
        /* A stream over one object and its metadata (`metadata_json` may be NULL; else coffer_free). COFFER_NOT_FOUND.
         */
        coffer_status (*open)(coffer_storage *storage, const char *path, coffer_stream **stream, char **metadata_json,
                              coffer_error *error);
        /* The same for a storage whose objects can be read at any place; NULL: those of this one can't. */
        coffer_status (*open_random)(coffer_storage *storage, const char *path, coffer_random_access **stored,
                                     char **metadata_json, coffer_error *error);
        /* Names directly below `path` ("" is the root), sorted; none when it is missing. Leftovers of crashed writers
         * and metadata sidecars are not objects and not shown, nor is Metaflow's metadata tree "_meta". */
        coffer_status (*list)(coffer_storage *storage, const char *path,
                              coffer_status (*visit)(void *user, const char *name, coffer_entry_type type,
                                                     coffer_error *error),
                              void *user, coffer_error *error);
        /* Removes objects with their metadata; missing ones are fine. */
        coffer_status (*remove)(coffer_storage *storage, const char *const *paths, size_t count, coffer_error *error);
        /* Puts the metadata of an object that is there already (mending a lost sidecar). */
        coffer_status (*put_metadata)(coffer_storage *storage, const char *path, const char *metadata_json,
                                      coffer_error *error);
        /* Moves an object (with its metadata) aside to `new_path`; COFFER_CONFLICT when something is there. */
        coffer_status (*move)(coffer_storage *storage, const char *path, const char *new_path, coffer_error *error);
        /* The next `sync` covers an object that is there already, whoever put it. */
        coffer_status (*require)(coffer_storage *storage, const char *path, coffer_error *error);
        /* Makes everything put through this storage since the last call durable: files, metadata and directories. Once
         * it has failed, it fails for good. */
        coffer_status (*sync)(coffer_storage *storage, coffer_error *error);
        /* Leftovers of crashed writers below `path`: visited by path; with `remove` also removed. Files younger than a
         * minute, or of a process that still runs on this machine, are left alone. */
        coffer_status (*leftovers)(coffer_storage *storage, const char *path, bool remove,
                                   coffer_status (*visit)(void *user, const char *path, coffer_error *error),
                                   void *user, coffer_error *error);

        /* Writing in pieces; `write` takes `count` of them that belong one behind the other. `commit` frees the writer
         * in every case; without `overwrite` an object that is there stays, with its metadata, and COFFER_CONFLICT is
         * returned. The object appears at `path`, which by then may be another one than it was begun for; NULL: that
         * one. */
        coffer_status (*begin)(coffer_storage *storage, const char *path, coffer_storage_writer **out,
                               coffer_error *error);
        coffer_status (*write)(coffer_storage_writer *writer, const coffer_cursor *parts, size_t count,
                               coffer_error *error);
        coffer_status (*commit)(coffer_storage_writer *writer, const char *path, const char *metadata_json,
                                bool overwrite, bool metadata_first, coffer_error *error);
        void (*abort)(coffer_storage_writer *writer);

        /* Keeps all others out that lock `path` (a directory, made when missing), in this process or another one: waits
         * for it. The lock ends with `unlock` or with the process. A storage that can't have locks gives one that keeps
         * nobody out. */
        coffer_status (*lock)(coffer_storage *storage, const char *path, coffer_storage_lock **out,
                              coffer_error *error);
        void (*unlock)(coffer_storage_lock *lock);

        void (*free)(coffer_storage *storage);
} coffer_storage_class;

/* Backends embed this as their first member. */
struct coffer_storage {
        const coffer_storage_class *class_;
        char *root; /* datastore_root, as full URIs start with it; owned */
};

/* "root/path" by Metaflow's rule (slashes at the end of the root and on both sides of the path count for nothing); free
 * with coffer_free. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_storage_full_uri(const coffer_storage *storage, const char *path,
                                                                   char **out, coffer_error *error);

COFFER_API void coffer_storage_free(coffer_storage *storage); /* NULL is allowed */

typedef struct coffer_storage_options {
        uint32_t version;
        bool sync; /* keep track of what is put so that `sync` can make it durable */
} coffer_storage_options;
#define COFFER_STORAGE_OPTIONS_INIT                                                                                    \
        {                                                                                                              \
                1, true                                                                                                \
        }

/* Opens the storage of TYPE `type` at `root` through the table of backends; an unknown type is COFFER_UNSUPPORTED and
 * lists the known ones. Creates nothing. */
COFFER_API COFFER_MUST_CHECK coffer_status coffer_storage_open(const char *type, const char *root,
                                                               const coffer_storage_options *options,
                                                               coffer_storage **out, coffer_error *error);

COFFER_END_DECLS
#endif
