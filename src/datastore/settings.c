/* SPDX-License-Identifier: Apache-2.0 */
#include "datastore/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/text.h"
#include "util/fs.h"
#include "util/json.h"

const char *coffer_environment(const char *name)
{
        const char *value = getenv(name);
        return value && value[0] != '\0' ? value : NULL;
}

coffer_status coffer_working_directory(char **out, coffer_error *error)
{
        char *directory = getcwd(NULL, 0);
        if (!directory)
                return coffer_error_set(error, errno == ENOMEM ? COFFER_NO_MEMORY : COFFER_IO,
                                        "cannot tell the working directory: %s", strerror(errno));
        coffer_status status = coffer_text_format(out, error, "%s", directory);
        free(directory);
        return status;
}

coffer_status coffer_find_upward(const char *start, const char *name, char **out, coffer_error *error)
{
        _cleanup_free_ char *directory = NULL;

        COFFER_TRY(coffer_text_format(&directory, error, "%s", start));
        for (;;) {
                _cleanup_free_ char *candidate = NULL;
                coffer_file_type type;
                COFFER_TRY(coffer_path_join(directory, name, &candidate, error));
                COFFER_TRY(coffer_fs_stat(candidate, &type, NULL, error));
                if (type == COFFER_FILE_DIRECTORY) {
                        *out = TAKE_PTR(candidate);
                        return COFFER_OK;
                }
                char *slash = strrchr(directory, '/');
                if (!slash || strcmp(directory, "/") == 0)
                        return coffer_error_set(error, COFFER_NOT_FOUND, "there is no %s at or above '%s'", name,
                                                start);
                slash[slash == directory ? 1 : 0] = '\0';
        }
}

/* The file of Metaflow's profile, below METAFLOW_HOME; `*out` is NULL when there is no home. */
static coffer_status profile_file(char **out, coffer_error *error)
{
        const char *home = coffer_environment("METAFLOW_HOME"), *profile = coffer_environment("METAFLOW_PROFILE");
        const char *user_home = coffer_environment("HOME");

        home = home ? home : "~/.metaflowconfig";
        bool below_user_home = home[0] == '~' && (home[1] == '/' || home[1] == '\0');
        *out = NULL;
        if (below_user_home && !user_home)
                return COFFER_OK;
        return coffer_text_format(out, error, "%s%s/config%s%s.json", below_user_home ? user_home : "",
                                  below_user_home ? home + 1 : home, profile ? "_" : "", profile ? profile : "");
}

/* The text under `key` in a configuration file; COFFER_NOT_FOUND when there is no such file or key. */
static coffer_status read_key(const char *file, const char *key, char **out, coffer_error *error)
{
        _cleanup_bytes_ coffer_bytes *bytes = NULL;
        _cleanup_json_ json_t *root = NULL;
        coffer_cursor text;

        COFFER_TRY(coffer_fs_read(file, &bytes, error));
        COFFER_TRY(coffer_bytes_contiguous(bytes, &text, error));
        COFFER_TRY(coffer_json_parse(text, file, &root, error));
        const json_t *value = json_object_get(root, key);
        if (!value || json_is_null(value))
                return coffer_error_set(error, COFFER_NOT_FOUND, "%s: no %s", file, key);
        if (!json_is_string(value))
                return coffer_error_set(error, COFFER_MALFORMED, "%s: %s is not a text", file, key);
        return coffer_text_format(out, error, "%s", json_string_value(value));
}

static coffer_status read_local_key(const char *start, const char *key, char **out, coffer_error *error)
{
        _cleanup_free_ char *directory = NULL, *file = NULL;

        COFFER_TRY(coffer_find_upward(start, COFFER_LOCAL_DIRECTORY, &directory, error));
        COFFER_TRY(coffer_path_join(directory, "config.json", &file, error));
        return read_key(file, key, out, error);
}

static coffer_status read_profile_key(const char *key, char **out, coffer_error *error)
{
        _cleanup_free_ char *file = NULL;
        coffer_file_type type;

        COFFER_TRY(profile_file(&file, error));
        if (!file)
                return coffer_error_set(error, COFFER_NOT_FOUND, "there is no home directory");
        COFFER_TRY(coffer_fs_stat(file, &type, NULL, error));
        if (type == COFFER_FILE_NONE && coffer_environment("METAFLOW_PROFILE"))
                return coffer_error_set(error, COFFER_INVALID, "METAFLOW_PROFILE is '%s', but there is no '%s'",
                                        getenv("METAFLOW_PROFILE"), file);
        return read_key(file, key, out, error);
}

coffer_status coffer_setting(const char *start, const char *key, char **out, coffer_error *error)
{
        const char *value = coffer_environment(key);
        if (value)
                return coffer_text_format(out, error, "%s", value);
        coffer_status status = read_local_key(start, key, out, error);
        return status == COFFER_NOT_FOUND ? read_profile_key(key, out, error) : status;
}

static bool is_user(const char *name)
{
        return name && name[0] != '\0' && strcmp(name, "root") != 0;
}

coffer_status coffer_setting_user(char **out, coffer_error *error)
{
        static const char *const variables[] = {"SUDO_USER", "USERNAME", "USER"};
        _cleanup_free_ char *directory = NULL, *configured = NULL;

        COFFER_TRY(coffer_working_directory(&directory, error));
        coffer_status status = coffer_setting(directory, "METAFLOW_USER", &configured, error);
        if (status != COFFER_OK && status != COFFER_NOT_FOUND)
                return status;
        *out = is_user(configured) ? TAKE_PTR(configured) : NULL;
        for (size_t i = 0; i < ARRAY_COUNT(variables) && !*out; i++) {
                if (is_user(getenv(variables[i])))
                        COFFER_TRY(coffer_text_format(out, error, "%s", getenv(variables[i])));
        }
        return COFFER_OK;
}
