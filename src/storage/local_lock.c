/* SPDX-License-Identifier: Apache-2.0 */
/* Locks on directories of the local backend. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "storage/local.h"
#include "util/cleanup.h"
#include "util/fs.h"

struct coffer_storage_lock {
        int descriptor;
};

void coffer_local_unlock(coffer_storage_lock *lock)
{
        if (!lock)
                return;
        if (lock->descriptor >= 0)
                close(lock->descriptor);
        coffer_free(lock);
}
COFFER_DEFINE_CLEANUP(coffer_storage_lock *, coffer_local_unlock);

static int wait_for_lock(int descriptor)
{
        int result;
        do
                result = flock(descriptor, LOCK_EX);
        while (result < 0 && errno == EINTR);
        return result;
}

coffer_status coffer_local_lock(coffer_storage *storage, const char *path, coffer_storage_lock **out,
                                coffer_error *error)
{
        char *directory _cleanup_free_ = NULL;

        COFFER_TRY(coffer_local_file(storage, path, &directory, error));
        COFFER_TRY(coffer_fs_make_directories(directory, error));
        coffer_storage_lock *lock _cleanup_(coffer_local_unlockp) = coffer_alloc_zeroed(1, sizeof(*lock));
        if (!lock)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to lock '%s'", directory);
        lock->descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (lock->descriptor < 0)
                return coffer_error_set(error, COFFER_IO, "cannot lock '%s': %s", directory, strerror(errno));
        /* Some network mounts have no locks: then nobody is kept out. */
        if (wait_for_lock(lock->descriptor) < 0 && errno != EBADF && errno != ENOLCK && errno != EOPNOTSUPP &&
            errno != ENOSYS && errno != EINVAL)
                return coffer_error_set(error, COFFER_IO, "cannot lock '%s': %s", directory, strerror(errno));
        *out = TAKE_PTR(lock);
        return COFFER_OK;
}
