/* SPDX-License-Identifier: Apache-2.0 */
#include "serializer/library.h"

#include <dlfcn.h>
#include <link.h>
#include <locale.h>
#include <string.h>

#include "util/cleanup.h"

/* The loader's last complaint in this thread, in English whatever the locale: it is the only place where the name of a
 * missing dependency is told. */
static const char *loader_complaint(void)
{
        locale_t english = newlocale(LC_MESSAGES_MASK, "C", (locale_t)0);
        locale_t before = english ? uselocale(english) : (locale_t)0;
        const char *text = dlerror();
        if (english) {
                uselocale(before);
                freelocale(english);
        }
        return text ? text : "the loader gives no reason";
}

/* "NAME: cannot open shared object file: No such file or directory" */
static bool parse_missing(const char *complaint, char missing[COFFER_LIBRARY_NAME_BYTES])
{
        static const char ending[] = ": cannot open shared object file: No such file or directory";
        size_t length = strlen(complaint), ending_length = sizeof(ending) - 1;
        if (length <= ending_length || strcmp(complaint + length - ending_length, ending) != 0)
                return false;
        size_t name_length = length - ending_length;
        if (name_length >= COFFER_LIBRARY_NAME_BYTES)
                return false;
        memcpy(missing, complaint, name_length);
        missing[name_length] = '\0';
        return true;
}

/* ---- libraries that were loaded under a path and carry no name of their own ---- */

struct loaded_search {
        const char *file_name;
        char *path; /* a copy; to free */
};

static int match_loaded(struct dl_phdr_info *info, size_t size, void *user)
{
        struct loaded_search *search = user;
        const char *slash = strrchr(info->dlpi_name, '/');
        (void)size;
        if (!slash || strcmp(slash + 1, search->file_name) != 0)
                return 0;
        search->path = coffer_strdup(info->dlpi_name);
        return 1;
}

/* The path of a loaded library whose file has this name, or NULL. */
static char *find_loaded(const char *name)
{
        struct loaded_search search = {name, NULL};
        if (!strchr(name, '/'))
                dl_iterate_phdr(match_loaded, &search);
        return search.path;
}

coffer_status coffer_library_open(const char *name, void **handle, char missing[COFFER_LIBRARY_NAME_BYTES],
                                  coffer_error *error)
{
        const int mode = RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE;
        void *opened = dlopen(name, mode);
        if (!opened) {
                /* Before anything else calls the loader in this thread. */
                const char *complaint = loader_complaint();
                bool is_missing = parse_missing(complaint, missing);
                coffer_status status =
                        coffer_error_set(error, is_missing ? COFFER_MISSING : COFFER_IO, "%s", complaint);
                _cleanup_free_ char *path = is_missing && strcmp(missing, name) == 0 ? find_loaded(name) : NULL;
                opened = path ? dlopen(path, mode) : NULL;
                if (!opened)
                        return status;
        }
        *handle = opened;
        return COFFER_OK;
}

static const char *path_of(void *handle)
{
        struct link_map *map = NULL;
        return dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0 && map ? map->l_name : "a library";
}

coffer_status coffer_library_symbol(void *handle, const char *symbol, void **address, coffer_error *error)
{
        void *found = dlsym(handle, symbol);
        if (!found)
                return coffer_error_set(error, COFFER_NOT_FOUND, "symbol '%s' not found in '%s'", symbol,
                                        path_of(handle));
        *address = found;
        return COFFER_OK;
}

bool coffer_library_is_loaded(const char *name)
{
        void *handle = dlopen(name, RTLD_LAZY | RTLD_NOLOAD);
        if (handle) {
                dlclose(handle);
                return true;
        }
        _cleanup_free_ char *path = find_loaded(name);
        return path != NULL;
}

static int read_generation(struct dl_phdr_info *info, size_t size, void *user)
{
        uint64_t *generation = user;
        if (size >= offsetof(struct dl_phdr_info, dlpi_adds) + sizeof(info->dlpi_adds))
                *generation = info->dlpi_adds;
        return 1;
}

uint64_t coffer_library_generation(void)
{
        uint64_t generation = 0;
        dl_iterate_phdr(read_generation, &generation);
        return generation;
}
