/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the serializer of an object or of stored bytes. */
#include "serializer/lifecycle.h"
#include "serializer/metadata.h"

enum {
        MOST_WARNINGS = 3, /* about dispatch errors of one serializer; further ones are counted only */
        MOST_CALLED_AT_ONCE = 16,
};

/* ---- errors of those that are asked ---- */

uint64_t coffer_registry_account(coffer_registry *registry, const char *type, const char *message)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        coffer_record *record = coffer_registry_record_of_type(registry, type);
        if (!record)
                return 1;
        (void)coffer_error_set(&record->last_error, COFFER_SERIALIZER, "dispatch: %s", message);
        return ++record->dispatch_error_count;
}

/* COFFER_OK when the next may be asked. Want of memory ends the search: otherwise it would decide who stores the
 * artifact. */
static coffer_status skip_failing(coffer_registry *registry, const coffer_serializer *serializer, coffer_status status,
                                  coffer_error *cause, coffer_error *error)
{
        if (status == COFFER_NO_MEMORY)
                return coffer_error_set(error, status, "%s", cause->message);
        if (cause->status != status)
                (void)coffer_error_set(cause, status, "%s", coffer_status_text(status));
        uint64_t count = coffer_registry_account(registry, serializer->type, cause->message);
        if (count <= MOST_WARNINGS)
                coffer_registry_warn(registry, "Serializer %s failed during dispatch and was skipped: %s%s",
                                     coffer_serializer_name(serializer), cause->message,
                                     count == MOST_WARNINGS ? " (further failures of it are counted only)" : "");
        return COFFER_OK;
}

/* ---- entries that are loaded when something calls for them ---- */

struct callees {
        coffer_record *records[MOST_CALLED_AT_ONCE];
        size_t count;
};

static void add_callees(struct callees *callees, const coffer_claim *claim)
{
        for (; claim && callees->count < MOST_CALLED_AT_ONCE; claim = claim->next)
                callees->records[callees->count++] = claim->record;
}

/* True when one of them changed, so that another look may find more. */
static bool call_all(coffer_registry *registry, const struct callees *callees, const char *trigger)
{
        bool changed = false;
        for (size_t i = 0; i < callees->count; i++)
                changed |= coffer_lifecycle_call_for(registry, callees->records[i], trigger);
        return changed;
}

/* Calls `look` with everything that a descriptor can say to claim the object: "=module.qualname" of its own type,
 * "module.qualname" of each ancestor, "package.*" of each ancestor's package. */
struct claim_search {
        void (*look)(void *user, const char *claim);
        void *user;
        bool is_ancestor; /* the first one visited is the object's own type */
};

/* Looks up PREFIX + the first bytes of MODULE + "." + QUALNAME. Nobody can claim a longer one. */
static void search_type(const struct claim_search *search, const char *prefix, const char *module, size_t module_length,
                        const char *qualname)
{
        char type[COFFER_TYPE_CLAIM_BYTES];
        size_t prefix_length = strlen(prefix), qualname_length = strlen(qualname);
        if (module_length >= sizeof(type) || qualname_length >= sizeof(type) ||
            prefix_length + module_length + 1 + qualname_length >= sizeof(type))
                return;
        char *end = mempcpy(mempcpy(type, prefix, prefix_length), module, module_length);
        *end++ = '.';
        memcpy(end, qualname, qualname_length + 1);
        search->look(search->user, type);
}

static bool search_ancestor(void *user, const char *module, const char *qualname)
{
        struct claim_search *search = user;
        if (!search->is_ancestor)
                search_type(search, "=", module, strlen(module), qualname);
        search->is_ancestor = true;
        search_type(search, "", module, strlen(module), qualname);
        search_type(search, "", module, strcspn(module, "."), "*");
        return true;
}

static void search_claims(const coffer_object *object, void (*look)(void *user, const char *claim), void *user)
{
        struct claim_search search = {look, user, false};
        if (object->type->ancestors)
                object->type->ancestors(object, search_ancestor, &search);
}

struct record_search {
        const coffer_record *record;
        bool is_found;
};

static void look_in_record(void *user, const char *claim)
{
        struct record_search *search = user;
        search->is_found = search->is_found || coffer_map_has(search->record->types, claim);
}

bool coffer_record_claims_object(const coffer_record *record, const coffer_object *object)
{
        struct record_search search = {record, false};
        if (coffer_map_count(record->types) > 0)
                search_claims(object, look_in_record, &search);
        return search.is_found;
}

bool coffer_record_claims_encoding(const coffer_record *record, const char *encoding)
{
        return coffer_map_has(record->encodings, encoding);
}

struct view_search {
        const coffer_view *view;
        struct callees callees;
};

static void look_in_view(void *user, const char *claim)
{
        struct view_search *search = user;
        add_callees(&search->callees, coffer_view_type_claims(search->view, claim));
}

/* The current view, after everything is loaded that claims the type of the object. */
static coffer_status view_for_object(coffer_registry *registry, const coffer_object *object, coffer_view **out,
                                     coffer_error *error)
{
        for (;;) {
                _cleanup_view_ coffer_view *view = NULL;
                COFFER_TRY(coffer_view_acquire(registry, &view, error));
                struct view_search search = {view, {{NULL}, 0}};
                if (coffer_view_has_type_claims(view))
                        search_claims(object, look_in_view, &search);
                if (!call_all(registry, &search.callees, COFFER_TRIGGER_TYPE)) {
                        *out = TAKE_PTR(view);
                        return COFFER_OK;
                }
        }
}

/* The current view, after everything is loaded that claims the encoding. */
static coffer_status view_for_encoding(coffer_registry *registry, const char *encoding, coffer_view **out,
                                       coffer_error *error)
{
        for (;;) {
                _cleanup_view_ coffer_view *view = NULL;
                COFFER_TRY(coffer_view_acquire(registry, &view, error));
                struct callees callees = {{NULL}, 0};
                add_callees(&callees, coffer_view_encoding_claims(view, encoding));
                if (!call_all(registry, &callees, COFFER_TRIGGER_ENCODING)) {
                        *out = TAKE_PTR(view);
                        return COFFER_OK;
                }
        }
}

/* ---- nobody wants it ---- */

static coffer_status no_serializer(const coffer_object *object, const char *name, coffer_error *error)
{
        _cleanup_free_ char *type = NULL;
        if (coffer_object_type_text(object, &type, error) == COFFER_NO_MEMORY)
                return COFFER_NO_MEMORY;
        return coffer_error_set(error, COFFER_DECLINED,
                                "No serializer claimed artifact '%s' (type: %s). The pickle serializer normally takes "
                                "all objects: check that it is enabled.",
                                name, type ? type : "object");
}

/* What the reader needs, as " It needs a, b: install them." */
static void explain_needs(const coffer_record *record, coffer_error *out)
{
        size_t count = coffer_map_count(record->needs);
        *out->message = '\0';
        for (size_t i = 0; i < count; i++) {
                coffer_error so_far = *out;
                (void)coffer_error_set(out, COFFER_DECLINED, "%s%s'%s'", so_far.message, i ? ", " : " It needs ",
                                       coffer_map_key_at(record->needs, i));
        }
        coffer_error list = *out;
        if (count > 0)
                (void)coffer_error_set(out, COFFER_DECLINED, "%s: install %s.", list.message,
                                       count > 1 ? "them" : "it");
}

/* Says of a declared reader of the encoding why it is not among those that were asked; an empty message when there is
 * none. */
static void explain_reader(coffer_registry *registry, const char *encoding, coffer_error *out)
{
        COFFER_LOCK_SCOPE(&registry->lock);
        *out->message = '\0';
        for (size_t i = 0; i < coffer_map_count(registry->synced.records); i++) {
                const coffer_record *record = coffer_map_value_at(registry->synced.records, i);
                if (!coffer_map_has(record->encodings, encoding) || record->state == COFFER_RECORD_ACTIVE)
                        continue;
                coffer_error needs;
                explain_needs(record, &needs);
                bool has_reason = record->last_error.status != COFFER_OK;
                (void)coffer_error_set(out, COFFER_DECLINED, " Serializer '%s' reads this encoding but is %s%s%s%s%s",
                                       record->name, coffer_record_state_name(record->state), has_reason ? ": " : ".",
                                       has_reason ? record->last_error.message : "",
                                       has_reason && *needs.message ? "." : "", needs.message);
                return;
        }
}

coffer_status coffer_registry_explain(coffer_registry *registry, const char *encoding, char **out, coffer_error *error)
{
        coffer_error reader;
        explain_reader(registry, encoding, &reader);
        if (!*reader.message)
                return coffer_error_set(error, COFFER_NOT_FOUND, "no declared serializer reads '%s'", encoding);
        *out = coffer_strdup(reader.message + 1); /* it starts with the space that parts it from what is before */
        return *out ? COFFER_OK : coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for an explanation");
}

static coffer_status no_deserializer(coffer_registry *registry, const coffer_metadata *metadata, const char *name,
                                     coffer_error *error)
{
        _cleanup_free_ char *info = NULL;
        coffer_error reader;
        COFFER_TRY(coffer_metadata_info_json(metadata, &info, error));
        explain_reader(registry, coffer_metadata_encoding(metadata), &reader);
        const char *source = coffer_metadata_info(metadata, "source");
        bool is_named = source && *source;
        return coffer_error_set(error, COFFER_DECLINED,
                                "No deserializer claimed artifact '%s' (encoding: %s, serializer_info: %s).%s%s%s%s",
                                name, coffer_metadata_encoding(metadata), info,
                                is_named ? " The artifact was written by '" : "", is_named ? source : "",
                                is_named ? "': the corresponding extension may not be installed." : "", reader.message);
}

/* ---- the two searches ---- */

/* What serializers are asked about: an object to store, or what is stored. The other one is NULL. */
struct question {
        const coffer_object *object;
        const coffer_metadata *metadata;
};

static coffer_status ask(const coffer_serializer *serializer, const struct question *question, bool *takes,
                         coffer_error *cause)
{
        return question->object ? serializer->can_serialize(serializer, question->object, takes, cause)
                                : serializer->can_deserialize(serializer, question->metadata, takes, cause);
}

/* COFFER_DECLINED (and no message yet) when nobody takes it. */
static coffer_status find_taker(coffer_registry *registry, const coffer_view *view, const struct question *question,
                                coffer_choice *out, coffer_error *error)
{
        for (size_t i = 0; i < coffer_view_count(view); i++) {
                const coffer_choice *choice = &coffer_view_at(view, i)->choice;
                coffer_error cause = COFFER_ERROR_INIT;
                bool takes = false;
                if (!choice->serializer)
                        continue;
                coffer_status status = ask(choice->serializer, question, &takes, &cause);
                if (status == COFFER_OK && takes) {
                        *out = *choice;
                        return COFFER_OK;
                }
                if (status != COFFER_OK && status != COFFER_DECLINED)
                        COFFER_TRY(skip_failing(registry, choice->serializer, status, &cause, error));
        }
        return COFFER_DECLINED;
}

coffer_status coffer_registry_find_serializer(coffer_registry *registry, const coffer_object *object, const char *name,
                                              coffer_choice *out, coffer_error *error)
{
        if (!object->type)
                return coffer_error_set(error, COFFER_INVALID, "artifact '%s' is no object", name);
        coffer_registry_poll(registry);
        _cleanup_view_ coffer_view *view = NULL;
        COFFER_TRY(view_for_object(registry, object, &view, error));
        struct question question = {object, NULL};
        coffer_status status = find_taker(registry, view, &question, out, error);
        return status == COFFER_DECLINED ? no_serializer(object, name, error) : status;
}

coffer_status coffer_registry_find_deserializer(coffer_registry *registry, const coffer_metadata *metadata,
                                                const char *name, coffer_choice *out, coffer_error *error)
{
        const char *encoding = coffer_metadata_encoding(metadata);
        if (!encoding)
                return coffer_error_set(error, COFFER_INVALID, "artifact '%s' has no encoding", name);
        coffer_registry_poll(registry);
        _cleanup_view_ coffer_view *view = NULL;
        COFFER_TRY(view_for_encoding(registry, encoding, &view, error));
        struct question question = {NULL, metadata};
        coffer_status status = find_taker(registry, view, &question, out, error);
        return status == COFFER_DECLINED ? no_deserializer(registry, metadata, name, error) : status;
}

coffer_status coffer_registry_order(coffer_registry *registry, coffer_choice **out, size_t *count, coffer_error *error)
{
        coffer_registry_poll(registry);
        _cleanup_view_ coffer_view *view = NULL;
        COFFER_TRY(coffer_view_acquire(registry, &view, error));
        coffer_choice *order = coffer_alloc_zeroed(coffer_view_count(view), sizeof(*order));
        if (!order)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for the order of serializers");
        *count = 0;
        for (size_t i = 0; i < coffer_view_count(view); i++)
                if (coffer_view_at(view, i)->choice.serializer)
                        order[(*count)++] = coffer_view_at(view, i)->choice;
        *out = order;
        return COFFER_OK;
}
