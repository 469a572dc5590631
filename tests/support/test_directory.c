/* SPDX-License-Identifier: Apache-2.0 */
#include "test_directory.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"

static char path[PATH_MAX];
static int before = -1;

int test_directory_setup(void **state)
{
        const char *base = getenv("TMPDIR");
        snprintf(path, sizeof(path), "%s/coffer-test-XXXXXX", base ? base : "/tmp");
        before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (before < 0 || !mkdtemp(path) || chdir(path) != 0)
                return -1;
        return test_alloc_setup(state);
}

static int remove_entry(const char *name, const struct stat *info, int type, struct FTW *place)
{
        (void)info;
        (void)type;
        (void)place;
        return remove(name);
}

static int remove_below(const char *name, const struct stat *info, int type, struct FTW *place)
{
        return place->level > 0 ? remove_entry(name, info, type, place) : 0;
}

void test_directory_clear(void)
{
        assert_int_equal(nftw(path, remove_below, 16, FTW_DEPTH | FTW_PHYS), 0);
}

int test_directory_teardown(void **state)
{
        int result = test_alloc_teardown(state);
        if (fchdir(before) != 0 || nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0)
                result = -1;
        close(before);
        return result;
}

const char *test_directory_path(void)
{
        return path;
}
