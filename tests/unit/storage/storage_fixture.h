/* SPDX-License-Identifier: Apache-2.0 */
/* Short hands for tests of storages. Each works on a local storage at "root" in the case's own directory. */
#ifndef COFFER_TEST_STORAGE_FIXTURE_H
#define COFFER_TEST_STORAGE_FIXTURE_H

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <coffer/sys/storage.h>

#include "test.h"
#include "util/cleanup.h"
#include "util/cursor.h"

COFFER_DEFINE_CLEANUP(coffer_storage *, coffer_storage_free);
#define _cleanup_storage_ _cleanup_(coffer_storage_freep)

static inline coffer_storage *open_root(bool sync)
{
        coffer_storage_options options = COFFER_STORAGE_OPTIONS_INIT;
        coffer_storage *storage = NULL;
        options.sync = sync;
        assert_ok(coffer_storage_open("local", "root", &options, &storage, NULL));
        return storage;
}

static inline coffer_bytes *bytes_of(const char *text)
{
        coffer_bytes *bytes = NULL;
        assert_ok(coffer_bytes_new(&bytes, NULL));
        assert_ok(coffer_bytes_append_copy(bytes, coffer_cursor_text(text), NULL));
        return bytes;
}

static inline coffer_status put_text(coffer_storage *storage, const char *path, const char *text, const char *metadata,
                                     bool overwrite, coffer_error *error)
{
        coffer_bytes *bytes _cleanup_bytes_ = bytes_of(text);
        coffer_storage_put put = {path, bytes, metadata, overwrite, false};
        return storage->class_->put(storage, &put, 1, error);
}

/* What `path` holds, with its metadata ("-": none), as "CONTENTS|METADATA"; or the name of the status. */
static inline const char *got(coffer_storage *storage, const char *path)
{
        static char text[512];
        coffer_storage_get get = {.path = path};
        coffer_cursor contents;

        assert_ok(storage->class_->get(storage, &get, 1, NULL));
        if (get.status != COFFER_OK)
                return coffer_status_name(get.status);
        assert_ok(coffer_bytes_contiguous(get.bytes, &contents, NULL));
        snprintf(text, sizeof(text), "%.*s|%s", (int)contents.size_bytes,
                 contents.size_bytes ? (const char *)contents.data : "", get.metadata_json ? get.metadata_json : "-");
        coffer_bytes_unref(get.bytes);
        coffer_free(get.metadata_json);
        return text;
}

static inline void write_file(const char *path, const void *data, size_t size_bytes)
{
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        if (size_bytes > 0)
                assert_int_equal(fwrite(data, 1, size_bytes, file), size_bytes);
        assert_int_equal(fclose(file), 0);
}

static inline void write_text(const char *path, const char *text)
{
        write_file(path, text, strlen(text));
}

static inline const char *file_text(const char *path)
{
        static char text[4096];
        FILE *file = fopen(path, "rb");
        if (!file)
                return "(missing)";
        text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
        fclose(file);
        return text;
}

/* Gives a file an age, as seen by whoever looks for leftovers. */
static inline void make_old(const char *path)
{
        struct timespec times[2] = {{0, UTIME_OMIT}, {0, 0}};
        clock_gettime(CLOCK_REALTIME, &times[1]);
        times[1].tv_sec -= 3600;
        assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* Collects what a visitor is shown, each followed by a comma; `list_names` adds a slash to directories. */
typedef struct shown {
        char text[2048];
} shown;

static inline coffer_status show_name(void *user, const char *name, coffer_entry_type type, coffer_error *error)
{
        shown *shown_ = user;
        size_t used = strlen(shown_->text);
        (void)error;
        snprintf(shown_->text + used, sizeof(shown_->text) - used, "%s%s,", name,
                 type == COFFER_ENTRY_DIRECTORY ? "/" : "");
        return COFFER_OK;
}

static inline coffer_status show_path(void *user, const char *path, coffer_error *error)
{
        return show_name(user, path, COFFER_ENTRY_OBJECT, error);
}

#endif
