/* SPDX-License-Identifier: Apache-2.0 */
#include "serializer/transitions.h"

static const char *const state_names[COFFER_RECORD_STATE_COUNT] = {
        [COFFER_RECORD_KNOWN] = "known",
        [COFFER_RECORD_IMPORTING] = "importing",
        [COFFER_RECORD_CLASS_LOADED] = "class_loaded",
        [COFFER_RECORD_IMPORTING_DEPS] = "importing_deps",
        [COFFER_RECORD_ACTIVE] = "active",
        [COFFER_RECORD_PENDING_ON_IMPORTS] = "pending_on_imports",
        [COFFER_RECORD_BROKEN] = "broken",
        [COFFER_RECORD_DISABLED] = "disabled",
};

static const char *const event_names[COFFER_EVENT_COUNT] = {
        [COFFER_EVENT_DISABLE] = "disable", [COFFER_EVENT_IMPORT] = "import", [COFFER_EVENT_LOADED] = "loaded",
        [COFFER_EVENT_SET_UP] = "set up",   [COFFER_EVENT_READY] = "ready",   [COFFER_EVENT_MISSING] = "missing",
        [COFFER_EVENT_FAILED] = "failed",
};

/* The next state plus one, so that what is not listed is absent. A record that waited is loaded and set up again
 * without passing through the two "importing" states. */
#define TO(state) (COFFER_RECORD_##state + 1)
static const uint8_t transitions[COFFER_RECORD_STATE_COUNT][COFFER_EVENT_COUNT] = {
        [COFFER_RECORD_KNOWN] =
                {
                        [COFFER_EVENT_DISABLE] = TO(DISABLED),
                        [COFFER_EVENT_IMPORT] = TO(IMPORTING),
                        [COFFER_EVENT_FAILED] = TO(BROKEN),
                },
        [COFFER_RECORD_IMPORTING] =
                {
                        [COFFER_EVENT_LOADED] = TO(CLASS_LOADED),
                        [COFFER_EVENT_MISSING] = TO(PENDING_ON_IMPORTS),
                        [COFFER_EVENT_FAILED] = TO(BROKEN),
                },
        [COFFER_RECORD_CLASS_LOADED] =
                {
                        [COFFER_EVENT_SET_UP] = TO(IMPORTING_DEPS),
                        [COFFER_EVENT_READY] = TO(ACTIVE),
                        [COFFER_EVENT_MISSING] = TO(PENDING_ON_IMPORTS),
                        [COFFER_EVENT_FAILED] = TO(BROKEN),
                },
        [COFFER_RECORD_IMPORTING_DEPS] =
                {
                        [COFFER_EVENT_READY] = TO(ACTIVE),
                        [COFFER_EVENT_MISSING] = TO(PENDING_ON_IMPORTS),
                        [COFFER_EVENT_FAILED] = TO(BROKEN),
                },
        [COFFER_RECORD_PENDING_ON_IMPORTS] =
                {
                        [COFFER_EVENT_LOADED] = TO(CLASS_LOADED),
                        [COFFER_EVENT_MISSING] = TO(PENDING_ON_IMPORTS),
                        [COFFER_EVENT_FAILED] = TO(BROKEN),
                },
};
#undef TO

const char *coffer_record_state_name(coffer_record_state state)
{
        return (unsigned)state < COFFER_RECORD_STATE_COUNT ? state_names[state] : "unknown";
}

const char *coffer_event_name(coffer_event event)
{
        return (unsigned)event < COFFER_EVENT_COUNT ? event_names[event] : "unknown";
}

bool coffer_transition(coffer_record_state from, coffer_event event, coffer_record_state *to)
{
        if ((unsigned)from >= COFFER_RECORD_STATE_COUNT || (unsigned)event >= COFFER_EVENT_COUNT ||
            transitions[from][event] == 0)
                return false;
        *to = (coffer_record_state)(transitions[from][event] - 1);
        return true;
}
