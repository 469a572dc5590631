/* SPDX-License-Identifier: Apache-2.0 */
/* Many small blobs are loaded in groups: helpers read some groups ahead of the one that is being handed out. */
#include "cas/cas_internal.h"
#include "util/crew.h"

/* Larger contents are not read ahead, nor is any more for a group that holds so much. This and the numbers below bound
 * the memory. */
#define GROUP_BYTES ((uint64_t)1 << 20)

enum { GROUP_KEYS = 64, GROUPS = 3 };

typedef struct group {
        coffer_cas_loader *loader;
        const char *const *keys;
        coffer_bytes *blobs[GROUP_KEYS];
        atomic_uint_fast64_t size_bytes;
        coffer_crew crew;
} group;

struct coffer_cas_loader {
        coffer_cas *cas;
        coffer_cas small; /* the same store, refusing what is large */
        const char *const *keys;
        size_t count;
        size_t next;       /* key to hand out */
        size_t next_ahead; /* key that the next group begins with */
        group groups[GROUPS];
};

static bool load_member(void *user, size_t index)
{
        group *self = user;
        coffer_bytes *bytes;

        if (atomic_load(&self->size_bytes) >= GROUP_BYTES ||
            coffer_cas_load(&self->loader->small, self->keys[index], &bytes, NULL, NULL) != COFFER_OK)
                return false;
        atomic_fetch_add(&self->size_bytes, coffer_bytes_size(bytes));
        self->blobs[index] = bytes;
        return true;
}

coffer_status coffer_cas_loader_new(coffer_cas *cas, const char *const *keys, size_t count, coffer_cas_loader **out,
                                    coffer_error *error)
{
        coffer_cas_loader *loader = coffer_alloc_zeroed(1, sizeof(*loader));
        if (!loader)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to load blobs");
        loader->cas = cas;
        loader->small = *cas;
        loader->small.max_stored_bytes = GROUP_BYTES;
        if (loader->small.max_blob_bytes > GROUP_BYTES)
                loader->small.max_blob_bytes = GROUP_BYTES;
        loader->keys = keys;
        loader->count = count;
        for (size_t i = 0; i < GROUPS; i++) {
                loader->groups[i].loader = loader;
                loader->groups[i].crew.work = load_member;
                loader->groups[i].crew.user = &loader->groups[i];
        }
        *out = loader;
        return COFFER_OK;
}

void coffer_cas_loader_free(coffer_cas_loader *loader)
{
        if (!loader)
                return;
        for (size_t i = 0; i < GROUPS; i++) {
                coffer_crew_stop(&loader->groups[i].crew);
                for (size_t j = 0; j < GROUP_KEYS; j++)
                        coffer_bytes_unref(loader->groups[i].blobs[j]);
        }
        coffer_free(loader);
}

static group *group_of(coffer_cas_loader *loader, size_t key)
{
        return &loader->groups[key / GROUP_KEYS % GROUPS];
}

/* Groups are read ahead as long as there is a free place for one. */
static void read_ahead(coffer_cas_loader *loader)
{
        while (loader->next_ahead < loader->count && loader->next_ahead < loader->next + GROUPS * GROUP_KEYS) {
                group *self = group_of(loader, loader->next_ahead);
                size_t rest = loader->count - loader->next_ahead;
                self->keys = loader->keys + loader->next_ahead;
                self->crew.count = rest < GROUP_KEYS ? rest : GROUP_KEYS;
                atomic_store(&self->size_bytes, 0);
                coffer_crew_start(&self->crew);
                loader->next_ahead += self->crew.count;
        }
}

coffer_status coffer_cas_loader_next(coffer_cas_loader *loader, coffer_bytes **out, coffer_error *error)
{
        size_t key = loader->next, index = key % GROUP_KEYS;
        group *self = group_of(loader, key);

        *out = NULL;
        if (key == loader->count)
                return COFFER_OK;
        if (index == 0 && loader->count > 1) {
                read_ahead(loader);
                coffer_crew_finish(&self->crew);
        }
        loader->next++;
        if (coffer_crew_has_done(&self->crew, index))
                *out = self->blobs[index];
        self->blobs[index] = NULL;
        return *out ? COFFER_OK : coffer_cas_load(loader->cas, loader->keys[key], out, NULL, error);
}
