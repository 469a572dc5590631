/* SPDX-License-Identifier: Apache-2.0 */
/* Driving records through their states. Nothing here holds the lock while a host or a serializer runs. */
#ifndef COFFER_SERIALIZER_LIFECYCLE_H
#define COFFER_SERIALIZER_LIFECYCLE_H

#include "serializer/registry_internal.h"

/* What made a record active. */
#define COFFER_TRIGGER_EAGER    "eager"
#define COFFER_TRIGGER_HOOK     "hook" /* what it waited for has appeared */
#define COFFER_TRIGGER_TYPE     "type"
#define COFFER_TRIGGER_ENCODING "encoding"

/* Marks a record as driven by this thread; false when one does already. With the lock held. */
COFFER_MUST_CHECK
bool coffer_lifecycle_claim(coffer_registry *registry, coffer_record *record);

/* Takes a claimed record from known or pending as far as it goes: active, pending or broken. It is then free again. */
void coffer_lifecycle_drive(coffer_registry *registry, coffer_record *record, const char *trigger);

/* Loads a record that is known because something calls for it, or waits for the thread that does (not in a thread that
 * is driving a record itself, and not for ever). True when the view is out of date afterwards. */
bool coffer_lifecycle_call_for(coffer_registry *registry, coffer_record *record, const char *trigger);

/* The record of this name waits for nothing any more. With the lock held. */
void coffer_lifecycle_forget(coffer_registry *registry, const char *name);

/* Takes one record out of those that wait for `missing` on this host (NULL: on any), claimed; NULL when there is none
 * left. */
coffer_record *coffer_lifecycle_take_waiting(coffer_registry *registry, const char *missing, const coffer_host *host);

#endif
