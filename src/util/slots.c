/* SPDX-License-Identifier: Apache-2.0 */
/* Slots are bytes of a file in memory, taken by locking them. The locks belong to the open file, which a child after
 * fork must therefore open anew. */
#include "util/slots.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_SLOTS = 64, CLOSED = -1 };

static int file = CLOSED;
static uint64_t taken; /* by this process: its own locks don't keep it out */

static int open_file(void)
{
        char path[64];
        struct stat info;

        snprintf(path, sizeof(path), "/dev/shm/coffer-threads-%lu", (unsigned long)geteuid());
        int opened = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
        if (opened >= 0 && (fstat(opened, &info) < 0 || info.st_uid != geteuid() || !S_ISREG(info.st_mode))) {
                close(opened);
                return CLOSED;
        }
        return opened;
}

static bool lock(int slot, short type)
{
        struct flock range = {.l_type = type, .l_whence = SEEK_SET, .l_start = slot, .l_len = 1};
        return fcntl(file, F_OFD_SETLK, &range) == 0;
}

static int slot_count(void)
{
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        long count = processors > 1 ? processors - 1 : 0;
        return count < MAX_SLOTS ? (int)count : MAX_SLOTS;
}

int coffer_slots_take(void)
{
        if (file == CLOSED && (file = open_file()) == CLOSED)
                return COFFER_SLOT_UNLIMITED;
        for (int slot = 0; slot < slot_count(); slot++) {
                if (!(taken & (uint64_t)1 << slot) && lock(slot, F_WRLCK)) {
                        taken |= (uint64_t)1 << slot;
                        return slot;
                }
        }
        return COFFER_SLOT_NONE;
}

void coffer_slots_give(int slot)
{
        if (slot < 0)
                return;
        taken &= ~((uint64_t)1 << slot);
        lock(slot, F_UNLCK);
}

void coffer_slots_reset(void)
{
        if (file != CLOSED)
                close(file);
        file = CLOSED;
        taken = 0;
}
