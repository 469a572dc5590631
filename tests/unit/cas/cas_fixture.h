/* SPDX-License-Identifier: Apache-2.0 */
/* A blob store under "F/data" of a local storage in the case's own directory. */
#ifndef COFFER_TEST_CAS_FIXTURE_H
#define COFFER_TEST_CAS_FIXTURE_H

#include <coffer/cas.h>

#include "../storage/storage_fixture.h"
#include "frame_fixture.h"

#define HELLO_KEY  "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"
#define HELLO_FILE "root/F/data/aa/" HELLO_KEY
#define EMPTY_KEY  "da39a3ee5e6b4b0d3255bfef95601890afd80709"
#define EMPTY_FILE "root/F/data/da/" EMPTY_KEY
#define FRAMED     "{\"cas_raw\": false, \"cas_version\": 1}"
#define RAW        "{\"cas_raw\": true, \"cas_version\": 1}"

COFFER_DEFINE_CLEANUP(coffer_cas *, coffer_cas_free);
#define _cleanup_cas_ _cleanup_(coffer_cas_freep)

static inline coffer_cas *new_cas(coffer_storage *storage, coffer_verify verify)
{
        coffer_cas_options options = COFFER_CAS_OPTIONS_INIT;
        coffer_cas *cas = NULL;
        options.verify = verify;
        assert_ok(coffer_cas_new(storage, "F/data", &options, &cas, NULL));
        return cas;
}

static inline coffer_key save(coffer_cas *cas, coffer_cursor contents, bool raw)
{
        coffer_bytes *bytes _cleanup_bytes_ = borrowed(contents);
        coffer_key key = {""};
        assert_ok(coffer_cas_save(cas, bytes, raw, &key, NULL));
        return key;
}

/* The file of a key. */
static inline const char *file_of(const char *key)
{
        static char path[128];
        snprintf(path, sizeof(path), "root/F/data/%.2s/%s", key, key);
        return path;
}

static inline const char *sidecar_of(const char *key)
{
        static char path[128];
        snprintf(path, sizeof(path), "root/F/data/%.2s/%s_meta", key, key);
        return path;
}

static inline long file_bytes(const char *path)
{
        struct stat status;
        return stat(path, &status) == 0 ? (long)status.st_size : -1;
}

static inline ino_t file_number(const char *path)
{
        struct stat status;
        assert_int_equal(stat(path, &status), 0);
        return status.st_ino;
}

/* Puts a file into the store as it is; `sidecar` may be NULL. */
static inline void plant(const char *key, coffer_cursor file, const char *sidecar)
{
        char directory[64];
        mkdir("root", 0777);
        mkdir("root/F", 0777);
        mkdir("root/F/data", 0777);
        snprintf(directory, sizeof(directory), "root/F/data/%.2s", key);
        mkdir(directory, 0777);
        write_file(file_of(key), file.data, file.size_bytes);
        unlink(sidecar_of(key));
        if (sidecar)
                write_text(sidecar_of(key), sidecar);
}

static inline void plant_framed(const char *key, coffer_cursor contents, const char *sidecar)
{
        coffer_buf file _cleanup_buf_ = COFFER_BUF_INIT(SIZE_MAX);
        append_stock_member(&file, contents);
        plant(key, coffer_buf_cursor(&file), sidecar);
}

/* Loads and compares; the status when it can't be loaded. */
static inline coffer_status loads(coffer_cas *cas, const char *key, coffer_cursor expected, bool raw,
                                  coffer_error *error)
{
        coffer_bytes *bytes _cleanup_bytes_ = NULL;
        bool is_raw = !raw;
        coffer_status status = coffer_cas_load(cas, key, &bytes, &is_raw, error);
        if (status != COFFER_OK)
                return status;
        assert_int_equal(coffer_bytes_size(bytes), expected.size_bytes);
        assert_true(coffer_cursor_equal(coffer_bytes_segment(bytes, 0), expected));
        assert_int_equal(is_raw, raw);
        return status;
}

static inline coffer_blob_health health_of(coffer_cas *cas, const char *key)
{
        coffer_blob_health health;
        uint64_t size_bytes;
        char reason[COFFER_ERROR_MESSAGE_BYTES];
        assert_ok(coffer_cas_check(cas, key, &health, &size_bytes, reason, NULL));
        assert_int_equal(reason[0] == '\0', health == COFFER_BLOB_SOUND);
        return health;
}

static inline coffer_status drain_stream(coffer_cas *cas, const char *key, coffer_buf *out, coffer_error *error)
{
        coffer_stream *stream = NULL;
        size_t got_bytes = 1;
        coffer_status status = coffer_cas_open(cas, key, &stream, error);
        if (status != COFFER_OK)
                return status;
        while (status == COFFER_OK && got_bytes > 0) {
                status = coffer_buf_reserve(out, 100000, error);
                if (status == COFFER_OK)
                        status = stream->read(stream, out->data + out->size_bytes, 100000, &got_bytes, error);
                if (status == COFFER_OK)
                        out->size_bytes += got_bytes;
        }
        stream->close(stream);
        return status;
}

#define WITH_CAS(verify_)                                                                                              \
        (void)state;                                                                                                   \
        coffer_storage *storage _cleanup_storage_ = open_root(true);                                                   \
        coffer_cas *cas _cleanup_cas_ = new_cas(storage, verify_)

#endif
