/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "serializer/transitions.h"

/* The whole table once more, by hand: from, event, to. */
static const struct {
        coffer_record_state from;
        coffer_event event;
        coffer_record_state to;
} allowed[] = {
        {COFFER_RECORD_KNOWN, COFFER_EVENT_DISABLE, COFFER_RECORD_DISABLED},
        {COFFER_RECORD_KNOWN, COFFER_EVENT_IMPORT, COFFER_RECORD_IMPORTING},
        {COFFER_RECORD_KNOWN, COFFER_EVENT_FAILED, COFFER_RECORD_BROKEN},
        {COFFER_RECORD_IMPORTING, COFFER_EVENT_LOADED, COFFER_RECORD_CLASS_LOADED},
        {COFFER_RECORD_IMPORTING, COFFER_EVENT_MISSING, COFFER_RECORD_PENDING_ON_IMPORTS},
        {COFFER_RECORD_IMPORTING, COFFER_EVENT_FAILED, COFFER_RECORD_BROKEN},
        {COFFER_RECORD_CLASS_LOADED, COFFER_EVENT_SET_UP, COFFER_RECORD_IMPORTING_DEPS},
        {COFFER_RECORD_CLASS_LOADED, COFFER_EVENT_READY, COFFER_RECORD_ACTIVE},
        {COFFER_RECORD_CLASS_LOADED, COFFER_EVENT_MISSING, COFFER_RECORD_PENDING_ON_IMPORTS},
        {COFFER_RECORD_CLASS_LOADED, COFFER_EVENT_FAILED, COFFER_RECORD_BROKEN},
        {COFFER_RECORD_IMPORTING_DEPS, COFFER_EVENT_READY, COFFER_RECORD_ACTIVE},
        {COFFER_RECORD_IMPORTING_DEPS, COFFER_EVENT_MISSING, COFFER_RECORD_PENDING_ON_IMPORTS},
        {COFFER_RECORD_IMPORTING_DEPS, COFFER_EVENT_FAILED, COFFER_RECORD_BROKEN},
        {COFFER_RECORD_PENDING_ON_IMPORTS, COFFER_EVENT_LOADED, COFFER_RECORD_CLASS_LOADED},
        {COFFER_RECORD_PENDING_ON_IMPORTS, COFFER_EVENT_MISSING, COFFER_RECORD_PENDING_ON_IMPORTS},
        {COFFER_RECORD_PENDING_ON_IMPORTS, COFFER_EVENT_FAILED, COFFER_RECORD_BROKEN},
};

static bool find_allowed(coffer_record_state from, coffer_event event, coffer_record_state *to)
{
        for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
                if (allowed[i].from == from && allowed[i].event == event) {
                        *to = allowed[i].to;
                        return true;
                }
        return false;
}

static void every_pair_of_state_and_event_leads_where_it_should_or_nowhere(void **state)
{
        (void)state;
        for (int from = 0; from < COFFER_RECORD_STATE_COUNT; from++)
                for (int event = 0; event < COFFER_EVENT_COUNT; event++) {
                        coffer_record_state wanted = COFFER_RECORD_STATE_COUNT, to = COFFER_RECORD_STATE_COUNT;
                        bool is_allowed = find_allowed(from, event, &wanted);
                        assert_int_equal(coffer_transition(from, event, &to), is_allowed);
                        assert_int_equal(to, wanted);
                }
}

static void what_is_no_state_or_event_leads_nowhere(void **state)
{
        coffer_record_state to = COFFER_RECORD_KNOWN;
        (void)state;
        assert_false(coffer_transition(COFFER_RECORD_STATE_COUNT, COFFER_EVENT_IMPORT, &to));
        assert_false(coffer_transition(COFFER_RECORD_KNOWN, COFFER_EVENT_COUNT, &to));
        assert_int_equal(to, COFFER_RECORD_KNOWN);
}

static void states_have_the_names_that_metaflow_prints(void **state)
{
        static const char *const names[] = {"known",  "importing",          "class_loaded", "importing_deps",
                                            "active", "pending_on_imports", "broken",       "disabled"};
        (void)state;
        for (int i = 0; i < COFFER_RECORD_STATE_COUNT; i++)
                assert_string_equal(coffer_record_state_name(i), names[i]);
        assert_string_equal(coffer_record_state_name(COFFER_RECORD_STATE_COUNT), "unknown");
        assert_string_equal(coffer_event_name(COFFER_EVENT_SET_UP), "set up");
        assert_string_equal(coffer_event_name(COFFER_EVENT_COUNT), "unknown");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_pair_of_state_and_event_leads_where_it_should_or_nowhere),
                cmocka_unit_test(what_is_no_state_or_event_leads_nowhere),
                cmocka_unit_test(states_have_the_names_that_metaflow_prints),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
