/* SPDX-License-Identifier: Apache-2.0 */
/* Where a local datastore is. */
#include <coffer/datastore.h>

#include <string.h>

#include "datastore/settings.h"
#include "datastore/names.h"
#include "util/text.h"
#include "util/fs.h"

static coffer_status is_directory(const char *path, bool *out, coffer_error *error)
{
        coffer_file_type type;

        COFFER_TRY(coffer_fs_stat(path, &type, NULL, error));
        *out = type == COFFER_FILE_DIRECTORY;
        return COFFER_OK;
}

/* Without slashes at its end and from the root on. */
static coffer_status absolute_path(const char *path, char **out, coffer_error *error)
{
        _cleanup_free_ char *directory = NULL;

        while (path[0] == '.' && path[1] == '/')
                path += 2;
        if (path[0] == '/' && path[strspn(path, "/")] == '\0')
                return coffer_text_format(out, error, "/");
        if (path[0] == '/')
                COFFER_TRY(coffer_text_format(out, error, "%s", path));
        else {
                COFFER_TRY(coffer_working_directory(&directory, error));
                if (path[0] == '\0' || strcmp(path, ".") == 0)
                        *out = TAKE_PTR(directory);
                else
                        COFFER_TRY(coffer_path_join(directory, path, out, error));
        }
        for (size_t end = strlen(*out); end > 1 && (*out)[end - 1] == '/'; end--)
                (*out)[end - 1] = '\0';
        return COFFER_OK;
}

/* Takes `path` as the root if it is there or may be made. */
static coffer_status take_root(char **path, bool create, char **out, coffer_error *error)
{
        bool exists;

        COFFER_TRY(is_directory(*path, &exists, error));
        if (!exists && !create)
                return coffer_error_set(error, COFFER_NOT_FOUND, "there is no datastore at '%s'", *path);
        if (!exists)
                COFFER_TRY(coffer_fs_make_directories(*path, error));
        *out = TAKE_PTR(*path);
        return COFFER_OK;
}

/* A flow's directory holds blobs or a record. */
static coffer_status is_flow(const char *directory, bool *out, coffer_error *error)
{
        static const char *const signs[] = {"data", "_meta"};

        *out = false;
        for (size_t i = 0; i < ARRAY_COUNT(signs) && !*out; i++) {
                _cleanup_free_ char *path = NULL;
                COFFER_TRY(coffer_path_join(directory, signs[i], &path, error));
                COFFER_TRY(is_directory(path, out, error));
        }
        return COFFER_OK;
}

typedef struct flow_search {
        const char *directory;
        bool found;
} flow_search;

static coffer_status visit_entry(void *user, const char *name, coffer_file_type type, coffer_error *error)
{
        flow_search *search = user;
        _cleanup_free_ char *path = NULL;

        if (search->found || type != COFFER_FILE_DIRECTORY || coffer_name_check(COFFER_NAME_FLOW, name, NULL))
                return COFFER_OK;
        COFFER_TRY(coffer_path_join(search->directory, name, &path, error));
        return is_flow(path, &search->found, error);
}

static bool is_named_root(const char *path)
{
        const char *slash = strrchr(path, '/');
        return strcmp(slash ? slash + 1 : path, COFFER_LOCAL_DIRECTORY) == 0;
}

coffer_status coffer_store_root_at(const char *directory, bool create, char **out, coffer_error *error)
{
        _cleanup_free_ char *path = NULL, *below = NULL;
        bool has_below;

        if (!directory || directory[0] == '\0')
                return coffer_error_set(error, COFFER_INVALID, "a datastore's directory is missing");
        COFFER_TRY(absolute_path(directory, &path, error));
        if (is_named_root(path))
                return take_root(&path, create, out, error);
        COFFER_TRY(coffer_path_join(path, COFFER_LOCAL_DIRECTORY, &below, error));
        COFFER_TRY(is_directory(below, &has_below, error));
        if (!has_below) {
                flow_search search = {path, false};
                coffer_status status = coffer_fs_list(path, visit_entry, &search, error);
                if (status != COFFER_OK && status != COFFER_NOT_FOUND)
                        return status;
                if (search.found)
                        return take_root(&path, false, out, error);
        }
        return take_root(&below, create, out, error);
}

/* Where Metaflow's configuration says; COFFER_NOT_FOUND when it says nothing. */
static coffer_status configured_root(const char *start, char **out, coffer_error *error)
{
        _cleanup_free_ char *sysroot = NULL, *absolute = NULL;

        COFFER_TRY(coffer_setting(start, "METAFLOW_DATASTORE_SYSROOT_LOCAL", &sysroot, error));
        COFFER_TRY(absolute_path(sysroot, &absolute, error));
        return coffer_path_join(absolute, COFFER_LOCAL_DIRECTORY, out, error);
}

coffer_status coffer_store_find_root(const char *start, bool create, char **out, coffer_error *error)
{
        _cleanup_free_ char *directory = NULL, *path = NULL;
        const char *chosen = coffer_environment("COFFER_STORE");

        if (chosen)
                return coffer_store_root_at(chosen, create, out, error);
        COFFER_TRY(absolute_path(start ? start : ".", &directory, error));
        coffer_status status = configured_root(directory, &path, error);
        if (status == COFFER_OK)
                return take_root(&path, create, out, error);
        if (status != COFFER_NOT_FOUND)
                return status;
        status = coffer_find_upward(directory, COFFER_LOCAL_DIRECTORY, out, error);
        if (status != COFFER_NOT_FOUND || !create)
                return status;
        COFFER_TRY(coffer_path_join(directory, COFFER_LOCAL_DIRECTORY, &path, error));
        return take_root(&path, create, out, error);
}
