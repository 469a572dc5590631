/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded into a program: counts the calls that change files or flush them, and
 *   SHIM_KILL_AT=N   kills the process at the Nth of them, before it happens
 *   SHIM_TORN=1      a write that is killed has got half of its bytes out
 *   SHIM_LOG=FILE    appends what was done, one call a line, fields separated by tabs:
 *                    create PATH INODE | write INODE | sync INODE | syncfs | mkdir PATH | rename FROM TO | link FROM TO
 * | unlink PATH */
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long calls;

/* Counts a call; true when it is the one that the process dies at. */
static bool is_fatal(void)
{
        const char *at = getenv("SHIM_KILL_AT");
        return at && atomic_fetch_add(&calls, 1) + 1 == atol(at);
}

static void die(void)
{
        kill(getpid(), SIGKILL);
        for (;;)
                pause();
}

static void count(void)
{
        if (is_fatal())
                die();
}

/* Not through the functions below, so that the log is no part of what is logged. */
static void note(const char *format, ...)
{
        const char *path = getenv("SHIM_LOG");
        char line[2 * PATH_MAX + 64];
        va_list values;

        if (!path)
                return;
        va_start(values, format);
        int length = vsnprintf(line, sizeof(line), format, values);
        va_end(values);
        int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND, 0666);
        if (length < 0 || file < 0 || syscall(SYS_write, file, line, length) != length)
                abort();
        syscall(SYS_close, file);
}

static unsigned long inode_of(int file)
{
        struct stat status;
        return fstat(file, &status) == 0 ? (unsigned long)status.st_ino : 0;
}

static int note_result(int result, const char *verb, const char *path, const char *other)
{
        if (result == 0)
                note("%s\t%s%s%s\n", verb, path, other ? "\t" : "", other ? other : "");
        return result;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int open_counted(int directory, const char *path, int flags, mode_t mode)
{
        bool creates = (flags & O_CREAT) != 0;
        if (creates)
                count();
        int file = (int)syscall(SYS_openat, directory, path, flags, mode);
        if (creates && file >= 0)
                note("create\t%s\t%lu\n", path, inode_of(file));
        return file;
}

#define OPEN(directory)                                                                                                \
        {                                                                                                              \
                va_list values;                                                                                        \
                va_start(values, flags);                                                                               \
                mode_t mode = flags & O_CREAT ? va_arg(values, mode_t) : 0;                                            \
                va_end(values);                                                                                        \
                return open_counted(directory, path, flags, mode);                                                     \
        }

int open(const char *path, int flags, ...) OPEN(AT_FDCWD) int open64(const char *path, int flags, ...)
        OPEN(AT_FDCWD) int openat(int directory, const char *path, int flags, ...)
                OPEN(directory) int openat64(int directory, const char *path, int flags, ...) OPEN(directory)

                        ssize_t write(int file, const void *data, size_t size)
{
        if (is_fatal()) {
                if (getenv("SHIM_TORN") && syscall(SYS_write, file, data, size / 2) < 0)
                        abort();
                die();
        }
        ssize_t written = REAL(write)(file, data, size);
        note("write\t%lu\n", inode_of(file));
        return written;
}

ssize_t writev(int file, const struct iovec *parts, int number)
{
        count();
        ssize_t written = REAL(writev)(file, parts, number);
        note("write\t%lu\n", inode_of(file));
        return written;
}

ssize_t pwrite(int file, const void *data, size_t size, off_t offset)
{
        count();
        ssize_t written = REAL(pwrite)(file, data, size, offset);
        note("write\t%lu\n", inode_of(file));
        return written;
}

ssize_t pwrite64(int file, const void *data, size_t size, off64_t offset)
{
        count();
        ssize_t written = REAL(pwrite64)(file, data, size, offset);
        note("write\t%lu\n", inode_of(file));
        return written;
}

int ftruncate(int file, off_t size)
{
        count();
        int result = REAL(ftruncate)(file, size);
        note("write\t%lu\n", inode_of(file));
        return result;
}

int fsync(int file)
{
        count();
        int result = REAL(fsync)(file);
        if (result == 0)
                note("sync\t%lu\n", inode_of(file));
        return result;
}

int fdatasync(int file)
{
        count();
        int result = REAL(fdatasync)(file);
        if (result == 0)
                note("sync\t%lu\n", inode_of(file));
        return result;
}

int syncfs(int file)
{
        count();
        int result = REAL(syncfs)(file);
        if (result == 0)
                note("syncfs\n");
        return result;
}

int mkdir(const char *path, mode_t mode)
{
        count();
        return note_result(REAL(mkdir)(path, mode), "mkdir", path, NULL);
}

int mkdirat(int directory, const char *path, mode_t mode)
{
        count();
        return note_result(REAL(mkdirat)(directory, path, mode), "mkdir", path, NULL);
}

int rename(const char *from, const char *to)
{
        count();
        return note_result(REAL(rename)(from, to), "rename", from, to);
}

int renameat(int from_directory, const char *from, int to_directory, const char *to)
{
        count();
        return note_result(REAL(renameat)(from_directory, from, to_directory, to), "rename", from, to);
}

int renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned int flags)
{
        count();
        return note_result(REAL(renameat2)(from_directory, from, to_directory, to, flags), "rename", from, to);
}

int link(const char *from, const char *to)
{
        count();
        return note_result(REAL(link)(from, to), "link", from, to);
}

int linkat(int from_directory, const char *from, int to_directory, const char *to, int flags)
{
        count();
        return note_result(REAL(linkat)(from_directory, from, to_directory, to, flags), "link", from, to);
}

int unlink(const char *path)
{
        count();
        return note_result(REAL(unlink)(path), "unlink", path, NULL);
}

int unlinkat(int directory, const char *path, int flags)
{
        count();
        return note_result(REAL(unlinkat)(directory, path, flags), "unlink", path, NULL);
}
