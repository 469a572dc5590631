/* SPDX-License-Identifier: Apache-2.0 */
/* Which types there are, and loading the libraries of those that were declared. */
#include "serializer/iotype.h"

#include <ctype.h>

#include "serializer/library.h"
#include "serializer/registry_internal.h"

enum { MOST_CLASS_NAME_BYTES = 127 };

static void free_entry(void *pointer)
{
        coffer_iotype_entry *entry = pointer;
        coffer_free(entry->location);
        coffer_free(entry);
}

coffer_status coffer_iotypes_init(coffer_iotypes *iotypes, coffer_error *error)
{
        pthread_mutex_init(&iotypes->lock, NULL);
        return coffer_map_new(free_entry, &iotypes->synced.entries, error);
}

void coffer_iotypes_done(coffer_iotypes *iotypes)
{
        coffer_map_free(iotypes->synced.entries);
        pthread_mutex_destroy(&iotypes->lock);
}

size_t coffer_iotype_class_name_bytes(coffer_cursor text)
{
        size_t count = 0;
        while (count < text.size_bytes && count <= MOST_CLASS_NAME_BYTES && text.data[count] < 0x80 &&
               (text.data[count] == '_' || isalpha(text.data[count]) || (count > 0 && isdigit(text.data[count]))))
                count++;
        return count <= MOST_CLASS_NAME_BYTES ? count : 0;
}

static bool is_class_name(const char *name)
{
        size_t length = strlen(name);
        return length > 0 && coffer_iotype_class_name_bytes((coffer_cursor){(const uint8_t *)name, length}) == length;
}

/* Each pair whole, and for each format one pair or the other. */
static bool has_hooks(const coffer_iotype_class *class_)
{
        bool wire = class_->wire_serialize && class_->wire_deserialize;
        bool storage = class_->storage_serialize && class_->storage_deserialize;
        bool json = class_->to_json && class_->from_json;
        bool has_half = (!wire && (class_->wire_serialize || class_->wire_deserialize)) ||
                        (!storage && (class_->storage_serialize || class_->storage_deserialize)) ||
                        (!json && (class_->to_json || class_->from_json));
        return !has_half && (json || (wire && storage));
}

static coffer_status check_class(const coffer_iotype_class *class_, coffer_error *error)
{
        if (class_->abi != COFFER_IOTYPE_ABI || class_->struct_bytes < COFFER_IOTYPE_CLASS_MIN_BYTES)
                return coffer_error_set(error, COFFER_ABI, "a type speaks ABI %u, this library %d", class_->abi,
                                        COFFER_IOTYPE_ABI);
        if (!class_->name || !is_class_name(class_->name))
                return coffer_error_set(error, COFFER_INVALID, "a type has no name, or one that is no identifier");
        if (!class_->to_spec || !has_hooks(class_))
                return coffer_error_set(error, COFFER_INVALID,
                                        "type %s lacks a function: it needs to_spec, and the four hooks or to_json "
                                        "and from_json in their place",
                                        class_->name);
        return COFFER_OK;
}

/* Takes over `location` on success. */
static coffer_status enter(coffer_iotypes *iotypes, const char *name, const coffer_iotype_class *class_, char *location,
                           coffer_error *error)
{
        coffer_iotype_entry *entry _cleanup_free_ = coffer_alloc_zeroed(1, sizeof(*entry));
        if (!entry)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for type %s", name);
        *entry = (coffer_iotype_entry){class_, location};
        COFFER_LOCK_SCOPE(&iotypes->lock);
        if (coffer_map_has(iotypes->synced.entries, name))
                return coffer_error_set(error, COFFER_CONFLICT, "type %s is there already", name);
        COFFER_TRY(coffer_map_set(iotypes->synced.entries, name, entry, error));
        (void)TAKE_PTR(entry);
        return COFFER_OK;
}

coffer_status coffer_iotype_register(coffer_registry *registry, const coffer_iotype_class *class_, coffer_error *error)
{
        COFFER_TRY(check_class(class_, error));
        return enter(&registry->iotypes, class_->name, class_, NULL, error);
}

static bool is_declared(coffer_iotypes *iotypes, const char *name, const char *location)
{
        COFFER_LOCK_SCOPE(&iotypes->lock);
        const coffer_iotype_entry *entry = coffer_map_get(iotypes->synced.entries, name);
        return entry && entry->location && strcmp(entry->location, location) == 0;
}

coffer_status coffer_iotype_declare(coffer_registry *registry, const char *name, const char *location,
                                    coffer_error *error)
{
        if (!is_class_name(name))
                return coffer_error_set(error, COFFER_INVALID, "'%s' is no name of a type", name);
        if (is_declared(&registry->iotypes, name, location)) /* its directory is read once more */
                return COFFER_OK;
        char *copy _cleanup_free_ = coffer_strdup(location);
        if (!copy)
                return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for type %s", name);
        COFFER_TRY(enter(&registry->iotypes, name, NULL, copy, error));
        (void)TAKE_PTR(copy);
        return COFFER_OK;
}

/* ---- loading ---- */

static coffer_status load(const char *location, const char *name, const coffer_iotype_class **out, coffer_error *error)
{
        char missing[COFFER_LIBRARY_NAME_BYTES];
        void *address = NULL;
        COFFER_TRY(coffer_native_symbol(location, COFFER_IOTYPE_SYMBOL, &address, missing, error));
        coffer_iotype_entry_fn entry;
        memcpy(&entry, &address, sizeof(entry)); /* ISO C has no cast from data to function pointers */
        const coffer_iotype_class *class_ = entry(COFFER_IOTYPE_ABI, name);
        if (!class_)
                return coffer_error_set(error, COFFER_ABI, "'%s' has no type %s for ABI %d", location, name,
                                        COFFER_IOTYPE_ABI);
        COFFER_TRY(check_class(class_, error));
        if (strcmp(class_->name, name) != 0)
                return coffer_error_set(error, COFFER_CONFLICT, "'%s' gives type %s where %s is declared", location,
                                        class_->name, name);
        *out = class_;
        return COFFER_OK;
}

static coffer_iotype_entry *find(coffer_iotypes *iotypes, const char *name, const coffer_iotype_class **class_)
{
        COFFER_LOCK_SCOPE(&iotypes->lock);
        coffer_iotype_entry *entry = coffer_map_get(iotypes->synced.entries, name);
        *class_ = entry ? entry->class_ : NULL;
        return entry;
}

coffer_status coffer_iotypes_class(coffer_iotypes *iotypes, const char *name, const coffer_iotype_class **out,
                                   coffer_error *error)
{
        const coffer_iotype_class *class_ = NULL;
        coffer_iotype_entry *entry = find(iotypes, name, &class_);
        if (!entry)
                return coffer_error_set(error, COFFER_NOT_FOUND,
                                        "there is no type %s here; the extension that has it may not be installed",
                                        name);
        if (!class_) {
                /* Threads may load it at the same time: libraries are opened once, and what they give is the same. */
                COFFER_TRY(load(entry->location, name, &class_, error));
                COFFER_LOCK_SCOPE(&iotypes->lock);
                entry->class_ = class_;
        }
        *out = class_;
        return COFFER_OK;
}
