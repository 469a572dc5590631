/* SPDX-License-Identifier: Apache-2.0 */
/* Files as memory. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "util/cursor.h"
#include "util/fork.h"
#include "util/fs_internal.h"
#include "util/threads.h"

enum { BEHIND_BYTES = 16 << 20 };

struct mapping {
        void *memory;
        size_t size_bytes;
        int descriptor; /* of the file, where contents are to be read from it; -1: they are in the memory */
        struct mapping *next;
};

/* All mappings there are: few, and looked for once a mebibyte. */
static struct {
        pthread_once_t once;
        pthread_mutex_t mutex;
        coffer_fork_entry fork;
        struct mapping *first;
} mapped = {.once = PTHREAD_ONCE_INIT};

static void mapped_init(void)
{
        coffer_fork_enter(&mapped.fork, &mapped.mutex);
}

static void mapping_register(struct mapping *mapping)
{
        pthread_once(&mapped.once, mapped_init);
        COFFER_LOCK_SCOPE(&mapped.mutex);
        mapping->next = mapped.first;
        mapped.first = mapping;
}

static void mapping_release(void *owner)
{
        struct mapping *mapping = owner;
        {
                COFFER_LOCK_SCOPE(&mapped.mutex);
                struct mapping **link = &mapped.first;
                while (*link != mapping)
                        link = &(*link)->next;
                *link = mapping->next;
        }
        munmap(mapping->memory, mapping->size_bytes);
        coffer_fs_closep(&mapping->descriptor);
        coffer_free(mapping);
}

/* The mapping that a part of memory lies in; NULL when there is none. The mutex is held. */
static const struct mapping *mapping_find(coffer_cursor part)
{
        for (const struct mapping *each = mapped.first; each; each = each->next) {
                uintptr_t offset = (uintptr_t)part.data - (uintptr_t)each->memory;
                if (offset < each->size_bytes && part.size_bytes <= each->size_bytes - offset)
                        return each;
        }
        return NULL;
}

/* The kernel maps more than was asked for, also what was given back before: so what lies before goes too. */
static void mapping_give_back(const struct mapping *mapping, size_t end)
{
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        end = end / page * page;
        size_t begin = end > BEHIND_BYTES ? end - BEHIND_BYTES : 0;
        if (end > begin) /* all is still in the file, should anybody ask again */
                madvise((uint8_t *)mapping->memory + begin, end - begin, MADV_DONTNEED);
}

void coffer_fs_passed(coffer_cursor part)
{
        pthread_once(&mapped.once, mapped_init);
        COFFER_LOCK_SCOPE(&mapped.mutex);
        const struct mapping *mapping = mapping_find(part);
        if (mapping)
                mapping_give_back(mapping, (size_t)(part.data - (const uint8_t *)mapping->memory) + part.size_bytes);
}

/* Where a part is to be read from; -1: from memory. */
static int find_file(coffer_cursor part, off_t *offset)
{
        pthread_once(&mapped.once, mapped_init);
        COFFER_LOCK_SCOPE(&mapped.mutex);
        const struct mapping *mapping = mapping_find(part);
        if (!mapping)
                return -1;
        *offset = part.data - (const uint8_t *)mapping->memory;
        return mapping->descriptor;
}

coffer_status coffer_fs_copy(uint8_t *to, coffer_cursor part, coffer_error *error)
{
        off_t offset;
        int file = find_file(part, &offset);

        if (file < 0 && part.size_bytes > 0)
                memcpy(to, part.data, part.size_bytes);
        for (size_t copied_bytes = 0; file >= 0 && copied_bytes < part.size_bytes;) {
                ssize_t got_bytes =
                        pread(file, to + copied_bytes, part.size_bytes - copied_bytes, offset + (off_t)copied_bytes);
                if (got_bytes < 0 && errno == EINTR)
                        continue;
                if (got_bytes < 0)
                        return coffer_error_set(error, COFFER_IO, "cannot read the file: %s", strerror(errno));
                if (got_bytes == 0)
                        return coffer_error_set(error, COFFER_CORRUPT, "the file was cut short while it was read");
                copied_bytes += (size_t)got_bytes;
        }
        return COFFER_OK;
}

/* A file that somebody cuts short while it is mapped ends in SIGBUS. Stores publish whole files under their names and
 * never write to them again, so only someone with the right to write to the store can do that, and he could do worse.
 */
coffer_status coffer_fs_map(int descriptor, size_t size_bytes, bool is_changing, coffer_bytes *bytes,
                            coffer_error *error)
{
        struct mapping *mapping = coffer_alloc(sizeof(*mapping));
        if (!mapping)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory to map a file");
        *mapping = (struct mapping){.memory = mmap(NULL, size_bytes, PROT_READ, MAP_PRIVATE, descriptor, 0),
                                    .size_bytes = size_bytes,
                                    .descriptor = -1};
        if (mapping->memory == MAP_FAILED) {
                coffer_free(mapping);
                return coffer_error_set(error, COFFER_UNSUPPORTED, "the file cannot be mapped");
        }
        if (is_changing) /* without one more descriptor it is read as files that stay are */
                mapping->descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
        mapping_register(mapping);
        coffer_status status = coffer_bytes_append_borrow(bytes, coffer_cursor_of(mapping->memory, size_bytes),
                                                          mapping_release, mapping, error);
        if (status != COFFER_OK)
                mapping_release(mapping);
        return status;
}
