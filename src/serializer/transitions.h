/* SPDX-License-Identifier: Apache-2.0 */
/* The states of a record and what leads from one to the next. */
#ifndef COFFER_SERIALIZER_TRANSITIONS_H
#define COFFER_SERIALIZER_TRANSITIONS_H

#include <coffer/registry.h>

typedef enum coffer_event {
        COFFER_EVENT_DISABLE = 0, /* a toggle or its descriptor leaves it off */
        COFFER_EVENT_IMPORT,      /* its code is about to be loaded */
        COFFER_EVENT_LOADED,      /* the code is there and is what was declared */
        COFFER_EVENT_SET_UP,      /* its set-up is about to run */
        COFFER_EVENT_READY,       /* the set-up is done */
        COFFER_EVENT_MISSING,     /* something by name is not there */
        COFFER_EVENT_FAILED,      /* and won't be by waiting */
        COFFER_EVENT_COUNT
} coffer_event;

/* "import", "loaded", ... for messages. */
const char *coffer_event_name(coffer_event event);

/* The state after `event`; false when there is no such transition. */
COFFER_MUST_CHECK
bool coffer_transition(coffer_record_state from, coffer_event event, coffer_record_state *to);

#endif
