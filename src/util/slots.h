/* SPDX-License-Identifier: Apache-2.0 */
/* Leave for helping threads, shared by all processes of a user on this machine: one less than it has processors, as
 * each process has a thread of its own. The end of a process gives back what it had taken. */
#ifndef COFFER_UTIL_SLOTS_H
#define COFFER_UTIL_SLOTS_H

enum {
        COFFER_SLOT_NONE = -1,      /* all are taken */
        COFFER_SLOT_UNLIMITED = -2, /* nobody counts: slots can't be had here */
};

/* Not from two threads at once. `give` takes back whatever `take` gave. */
int coffer_slots_take(void);
void coffer_slots_give(int slot);

/* In a child after fork: nothing is taken, and what the parent holds stays the parent's. */
void coffer_slots_reset(void);

#endif
