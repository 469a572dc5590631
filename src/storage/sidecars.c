/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/sidecars.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/cursor.h"
#include "util/fork.h"
#include "util/fs.h"
#include "util/threads.h"

enum {
        MAX_LINKS = 1000, /* the smallest limit of a file system in use is 1024 */
        MAX_TEXT_BYTES = 128,
        DESCRIPTOR_PATH_BYTES = 64,
};

struct coffer_sidecars {
        /* The file that is linked to. By descriptor: its name may by now be another file's. */
        struct {
                pthread_mutex_t mutex;
                coffer_fork_entry fork;
                int descriptor; /* -1: none */
                int links;
                bool by_path; /* the kernel lets us link a descriptor by its path in /proc only */
                char text[MAX_TEXT_BYTES];
        } shared;
};

coffer_status coffer_sidecars_new(coffer_sidecars **out, coffer_error *error)
{
        coffer_sidecars *sidecars = coffer_alloc_zeroed(1, sizeof(*sidecars));
        if (!sidecars)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to open a storage");
        coffer_fork_enter(&sidecars->shared.fork, &sidecars->shared.mutex);
        sidecars->shared.descriptor = -1;
        *out = sidecars;
        return COFFER_OK;
}

static void forget(coffer_sidecars *sidecars)
{
        if (sidecars->shared.descriptor >= 0)
                close(sidecars->shared.descriptor);
        sidecars->shared.descriptor = -1;
}

void coffer_sidecars_free(coffer_sidecars *sidecars)
{
        if (!sidecars)
                return;
        forget(sidecars);
        coffer_fork_leave(&sidecars->shared.fork);
        coffer_free(sidecars);
}

/* A descriptor of the shared file that is the caller's, or -1 when it holds another text or has links enough. */
static int take_link(coffer_sidecars *sidecars, const char *text, bool *by_path)
{
        COFFER_LOCK_SCOPE(&sidecars->shared.mutex);
        *by_path = sidecars->shared.by_path;
        if (sidecars->shared.descriptor < 0 || sidecars->shared.links >= MAX_LINKS ||
            strcmp(sidecars->shared.text, text) != 0)
                return -1;
        sidecars->shared.links++;
        return fcntl(sidecars->shared.descriptor, F_DUPFD_CLOEXEC, 0);
}

static int link_by_path(int descriptor, const char *path)
{
        char source[DESCRIPTOR_PATH_BYTES];
        snprintf(source, sizeof(source), "/proc/self/fd/%d", descriptor);
        return linkat(AT_FDCWD, source, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0 ? 0 : errno;
}

/* Faster, but older kernels let privileged processes only. */
static int link_directly(int descriptor, const char *path)
{
        return linkat(descriptor, "", AT_FDCWD, path, AT_EMPTY_PATH) == 0 ? 0 : errno;
}

static void note_refusal(coffer_sidecars *sidecars)
{
        COFFER_LOCK_SCOPE(&sidecars->shared.mutex);
        sidecars->shared.by_path = true;
}

/* Gives the shared file one more name: 0, EEXIST when that is taken, or why it can't be had. */
static int link_shared(coffer_sidecars *sidecars, const char *path, const char *text)
{
        bool by_path;
        int descriptor = take_link(sidecars, text, &by_path);
        if (descriptor < 0)
                return ENOENT;
        int code = by_path ? link_by_path(descriptor, path) : link_directly(descriptor, path);
        if (code != 0 && code != EEXIST && !by_path) {
                int second = link_by_path(descriptor, path);
                if (second == 0)
                        note_refusal(sidecars);
                code = second;
        }
        close(descriptor);
        return code;
}

/* Opens the file at `path`, which another writer may have replaced since we wrote it; -1 unless it holds `text`. */
static int open_holding(const char *path, const char *text)
{
        char found[MAX_TEXT_BYTES];
        int descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        ssize_t got = descriptor < 0 ? -1 : read(descriptor, found, sizeof(found));
        if (got >= 0 && coffer_cursor_equal(coffer_cursor_of(found, (size_t)got), coffer_cursor_text(text)))
                return descriptor;
        if (descriptor >= 0)
                close(descriptor);
        return -1;
}

/* From now on the file at `path`, just written, is shared. That it can't be is no failure. */
static void share(coffer_sidecars *sidecars, const char *path, const char *text)
{
        int descriptor = strlen(text) < MAX_TEXT_BYTES ? open_holding(path, text) : -1;
        if (descriptor < 0)
                return;
        COFFER_LOCK_SCOPE(&sidecars->shared.mutex);
        forget(sidecars);
        sidecars->shared.descriptor = descriptor;
        sidecars->shared.links = 0;
        strcpy(sidecars->shared.text, text);
}

coffer_status coffer_sidecars_publish(coffer_sidecars *sidecars, const char *path, const char *text, bool replace,
                                      coffer_error *error)
{
        int code = link_shared(sidecars, path, text);
        if (code == 0)
                return COFFER_OK;
        if (code == EEXIST && !replace)
                return coffer_error_set(error, COFFER_CONFLICT, "'%s' is there already", path);
        COFFER_TRY(coffer_fs_publish(path, coffer_cursor_text(text), replace, false, error));
        if (code != EEXIST)
                share(sidecars, path, text);
        return COFFER_OK;
}
