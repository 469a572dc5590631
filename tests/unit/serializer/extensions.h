/* SPDX-License-Identifier: Apache-2.0 */
/* Real shared libraries in a case's own directory. */
#ifndef COFFER_TESTS_EXTENSIONS_H
#define COFFER_TESTS_EXTENSIONS_H

#include <dlfcn.h>
#include <link.h>

#include "fakes.h"

#include <coffer/file.h>
#include "util/fs.h"

static inline void write_file(const char *path, const char *text)
{
        assert_ok(coffer_fs_publish(path, coffer_cursor_text(text), true, false, NULL));
}

/* Copies a library of the build into the working directory, or below it. */
static inline void copy_library(const char *name, const char *as)
{
        char path[4096];
        coffer_bytes *file = NULL;
        coffer_cursor data;
        snprintf(path, sizeof(path), "%s/%s", EXT_DIR, name);
        assert_ok(coffer_fs_read(path, &file, NULL));
        assert_ok(coffer_bytes_contiguous(file, &data, NULL));
        assert_ok(coffer_fs_publish(as, data, true, false, NULL));
        coffer_bytes_unref(file);
}

/* What a program does that needs a library for itself. It stays. */
static inline void load_library(const char *path)
{
        void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
        if (!handle)
                fail_msg("%s", dlerror());
        dlclose(handle);
}

static inline int count_own_library(struct dl_phdr_info *info, size_t size, void *user)
{
        (void)size;
        *(int *)user += strncmp(info->dlpi_name, test_directory_path(), strlen(test_directory_path())) == 0;
        return 0;
}

/* Libraries of the process that come from the case's directory. */
static inline int own_libraries(void)
{
        int count = 0;
        dl_iterate_phdr(count_own_library, &count);
        return count;
}

static inline char *own_path(const char *file)
{
        static char path[4200];
        snprintf(path, sizeof(path), "%s/%s", test_directory_path(), file);
        return path;
}

#endif
