/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the descriptor files of extensions. */
#include <limits.h>
#include <stdlib.h>

#include "config.h"
#include "serializer/descriptor.h"
#include "serializer/json_file.h"
#include "serializer/registry_internal.h"
#include "serializer/xdg.h"
#include "util/fs.h"
#include "util/text.h"

enum { MOST_ENTRIES_PER_FILE = 64, MOST_FILES = 4096 };

/* One directory while it is read. */
struct directory {
        coffer_registry *registry;
        const char *path; /* absolute */
        size_t files;
};

/* What is left out because the name is taken. An earlier directory may have a file that stands in for one of a later
 * directory without a word; every other clash is told. */
static void tell_conflict(const struct directory *directory, const char *file, const char *name,
                          const coffer_error *conflict)
{
        bool is_stand_in = false;
        {
                COFFER_LOCK_SCOPE(&directory->registry->lock);
                const coffer_record *taken = coffer_map_get(directory->registry->synced.records, name);
                is_stand_in = taken && taken->directory && strcmp(taken->directory, directory->path) != 0;
        }
        if (!is_stand_in)
                coffer_registry_warn(directory->registry, "%s: left out: %s", file, conflict->message);
}

/* The place of the code as the native host takes it. An absolute path stays what it is. */
static coffer_status locate(const struct directory *directory, const coffer_descriptor_entry *entry, char **out,
                            coffer_error *error)
{
        _cleanup_free_ char *joined = NULL;
        const char *library = entry->library ? entry->library : "";
        if (*library != '/')
                COFFER_TRY(coffer_path_join(directory->path, library, &joined, error));
        return coffer_text_format(out, error, "%s:%s", joined ? joined : library, entry->symbol);
}

static bool is_allowed(coffer_registry *registry, const coffer_descriptor *descriptor)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        return coffer_toggles_allow(registry->synced.toggles, descriptor->name, descriptor->off_by_default);
}

/* An entry of types is no record: its types are looked up by their names alone. */
static coffer_status declare_iotypes(const struct directory *directory, const char *file,
                                     const coffer_descriptor_entry *entry, const char *location, coffer_error *error)
{
        if (entry->problem.status != COFFER_OK)
                coffer_registry_warn(directory->registry, "%s: left out: %s", file, entry->problem.message);
        if (entry->problem.status != COFFER_OK || !is_allowed(directory->registry, &entry->descriptor))
                return COFFER_OK;
        for (size_t i = 0; entry->iotypes[i]; i++) {
                coffer_error outcome = COFFER_ERROR_INIT;
                coffer_status status =
                        coffer_iotype_declare(directory->registry, entry->iotypes[i], location, &outcome);
                if (status == COFFER_NO_MEMORY)
                        return coffer_error_set(error, status, "%s", outcome.message);
                if (status != COFFER_OK)
                        coffer_registry_warn(directory->registry, "%s: left out: %s", file, outcome.message);
        }
        return COFFER_OK;
}

static coffer_status declare_entry(const struct directory *directory, const char *file, const json_t *json,
                                   const char *fallback_name, coffer_error *error)
{
        coffer_descriptor_entry entry _cleanup_(coffer_descriptor_entry_done);
        _cleanup_free_ char *location = NULL;
        coffer_error outcome;
        COFFER_TRY(coffer_descriptor_read(json, fallback_name, &entry, error));
        COFFER_TRY(locate(directory, &entry, &location, error));
        if (entry.remark.status != COFFER_OK)
                coffer_registry_warn(directory->registry, "%s: %s", file, entry.remark.message);
        if (entry.iotypes)
                return declare_iotypes(directory, file, &entry, location, error);
        entry.descriptor.location = location;
        coffer_status status = coffer_registry_declare_found(
                directory->registry, &entry.descriptor, coffer_native_host(), directory->path,
                entry.problem.status != COFFER_OK ? entry.problem.message : NULL, &outcome);
        if (status == COFFER_CONFLICT)
                tell_conflict(directory, file, entry.descriptor.name, &outcome);
        else if (status != COFFER_OK)
                return coffer_error_set(error, status, "%s", outcome.message);
        return COFFER_OK;
}

static coffer_status declare_entries(const struct directory *directory, const char *file, const json_t *json,
                                     const char *fallback_name, coffer_error *error)
{
        size_t count = coffer_descriptor_count(json);
        if (count > MOST_ENTRIES_PER_FILE)
                coffer_registry_warn(directory->registry, "%s: only the first %d of %zu serializers are read", file,
                                     MOST_ENTRIES_PER_FILE, count);
        for (size_t i = 0; i < count && i < MOST_ENTRIES_PER_FILE; i++)
                COFFER_TRY(declare_entry(directory, file, coffer_descriptor_at(json, i), fallback_name, error));
        return COFFER_OK;
}

/* A file that can't be read at all is a broken record under the file's name. */
static coffer_status declare_unreadable(const struct directory *directory, const char *file, const char *name,
                                        const coffer_error *reason, coffer_error *error)
{
        coffer_descriptor descriptor = COFFER_DESCRIPTOR_INIT;
        coffer_error outcome;
        descriptor.name = name;
        descriptor.location = file;
        coffer_status status = coffer_registry_declare_found(directory->registry, &descriptor, coffer_native_host(),
                                                             directory->path, reason->message, &outcome);
        if (status == COFFER_CONFLICT)
                tell_conflict(directory, file, name, &outcome);
        else if (status != COFFER_OK)
                return coffer_error_set(error, status, "%s", outcome.message);
        return COFFER_OK;
}

static coffer_status read_descriptor_file(const struct directory *directory, const char *file_name, size_t name_length,
                                          coffer_error *error)
{
        _cleanup_free_ char *file = NULL, *name = coffer_strndup(file_name, name_length);
        _cleanup_json_ json_t *json = NULL;
        coffer_error reason;
        if (!name)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a descriptor");
        COFFER_TRY(coffer_path_join(directory->path, file_name, &file, error));
        coffer_status status = coffer_json_read_file(file, COFFER_DESCRIPTOR_MAX_BYTES, &json, &reason);
        if (status == COFFER_OK)
                return declare_entries(directory, file, json, name, error);
        if (status == COFFER_NO_MEMORY)
                return coffer_error_set(error, status, "%s", reason.message);
        return declare_unreadable(directory, file, name, &reason, error);
}

static coffer_status visit(void *user, const char *name, coffer_file_type type, coffer_error *error)
{
        static const char ending[] = ".json";
        struct directory *directory = user;
        size_t length = strlen(name), ending_length = sizeof(ending) - 1;
        if (*name == '.' || length <= ending_length || strcmp(name + length - ending_length, ending) != 0 ||
            type == COFFER_FILE_DIRECTORY)
                return COFFER_OK;
        if (++directory->files > MOST_FILES)
                return coffer_error_set(error, COFFER_LIMIT, "%s: more than %d descriptor files", directory->path,
                                        MOST_FILES);
        return read_descriptor_file(directory, name, length - ending_length, error);
}

coffer_status coffer_registry_load_directory(coffer_registry *registry, const char *path, coffer_error *error)
{
        char absolute[PATH_MAX];
        if (!realpath(path, absolute)) /* libraries are opened later, when the working directory may be another */
                return coffer_error_set(error, COFFER_NOT_FOUND, "no extension directory %s", path);
        struct directory directory = {registry, absolute, 0};
        return coffer_fs_list(absolute, visit, &directory, error);
}

/* ---- where extensions are looked for ---- */

static coffer_status try_directory(coffer_registry *registry, const char *path, bool is_asked_for, coffer_error *error)
{
        coffer_error reason;
        coffer_status status = coffer_registry_load_directory(registry, path, &reason);
        if (status == COFFER_NO_MEMORY)
                return coffer_error_set(error, status, "%s", reason.message);
        if (status != COFFER_OK && (status != COFFER_NOT_FOUND || is_asked_for))
                coffer_registry_warn(registry, "%s", reason.message);
        return COFFER_OK;
}

static coffer_status try_path(coffer_registry *registry, const char *path, coffer_error *error)
{
        for (size_t length; *path; path += length + (path[length] == ':')) {
                length = strcspn(path, ":");
                if (length == 0)
                        continue;
                _cleanup_free_ char *directory = coffer_strndup(path, length);
                if (!directory)
                        return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for an extension path");
                COFFER_TRY(try_directory(registry, directory, true, error));
        }
        return COFFER_OK;
}

coffer_status coffer_registry_discover(coffer_registry *registry, const char *extension_path, coffer_error *error)
{
        if (extension_path)
                return try_path(registry, extension_path, error);
        const char *environment = secure_getenv("COFFER_EXTENSION_PATH");
        if (environment)
                COFFER_TRY(try_path(registry, environment, error));
        _cleanup_free_ char *user = NULL;
        COFFER_TRY(coffer_xdg_path("XDG_DATA_HOME", ".local/share", "coffer/extensions", &user, error));
        if (user)
                COFFER_TRY(try_directory(registry, user, false, error));
        return try_directory(registry, COFFER_SYSTEM_EXTENSION_DIR, false, error);
}
