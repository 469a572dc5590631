/* SPDX-License-Identifier: Apache-2.0 */
/* Many small blobs are saved in groups: helpers store one group while the next is being filled. */
#include "cas/cas_internal.h"
#include "cas/pieces.h"
#include "util/buf.h"
#include "util/crew.h"

/* From here on a blob is stored by itself. This and the number of groups bound the memory for those that wait. */
#define LARGE_BYTES ((uint64_t)1 << 20)
#define GROUP_BYTES ((uint64_t)1 << 20)

typedef struct group {
        coffer_cas_saver *saver;
        coffer_bytes *blobs[COFFER_CREW_MAX_ITEMS];
        coffer_key keys[COFFER_CREW_MAX_ITEMS];
        size_t places[COFFER_CREW_MAX_ITEMS]; /* among all that were added */
        size_t count;
        uint64_t size_bytes;
        coffer_crew crew;
} group;

struct coffer_cas_saver {
        coffer_cas *cas;
        bool raw;
        coffer_buf keys; /* coffer_key of all that were added */
        size_t count;
        group groups[2];
        group *filling, *storing;
        uint64_t added_bytes, stored_bytes;
        coffer_progress_fn progress; /* NULL: nobody wants to know */
        void *progress_user;
        bool has_failed;
        size_t failed;
};

static bool store_member(void *user, size_t index)
{
        group *self = user;
        const coffer_cas_saver *saver = self->saver;
        return coffer_cas_save(saver->cas, self->blobs[index], saver->raw, &self->keys[index], NULL) == COFFER_OK;
}

coffer_status coffer_cas_saver_new(coffer_cas *cas, bool raw, coffer_cas_saver **out, coffer_error *error)
{
        coffer_cas_saver *saver = coffer_alloc_zeroed(1, sizeof(*saver));
        if (!saver)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to save blobs");
        saver->cas = cas;
        saver->raw = raw;
        saver->keys = (coffer_buf)COFFER_BUF_INIT(SIZE_MAX / 2);
        for (size_t i = 0; i < ARRAY_COUNT(saver->groups); i++) {
                saver->groups[i].saver = saver;
                saver->groups[i].crew.work = store_member;
                saver->groups[i].crew.user = &saver->groups[i];
        }
        saver->filling = &saver->groups[0];
        saver->storing = &saver->groups[1];
        *out = saver;
        return COFFER_OK;
}

void coffer_cas_saver_set_progress(coffer_cas_saver *saver, coffer_progress_fn progress, void *user)
{
        saver->progress = progress;
        saver->progress_user = user;
}

static void empty(group *self)
{
        for (size_t i = 0; i < self->count; i++)
                coffer_bytes_unref(self->blobs[i]);
        self->count = 0;
        self->size_bytes = 0;
}

void coffer_cas_saver_free(coffer_cas_saver *saver)
{
        if (!saver)
                return;
        for (size_t i = 0; i < ARRAY_COUNT(saver->groups); i++) {
                coffer_crew_stop(&saver->groups[i].crew);
                empty(&saver->groups[i]);
        }
        coffer_buf_done(&saver->keys);
        coffer_free(saver);
}

/* ---- storing ---- */

static coffer_status note(coffer_cas_saver *saver, size_t place, coffer_status status)
{
        if (status != COFFER_OK && !saver->has_failed) {
                saver->has_failed = true;
                saver->failed = place;
        }
        return status;
}

/* `done` bytes of what is being stored are. */
static bool tell(void *user, uint64_t done, uint64_t total)
{
        const coffer_cas_saver *saver = user;
        (void)total;
        return !saver->progress ||
               saver->progress(saver->progress_user, saver->stored_bytes + done, saver->added_bytes);
}

static coffer_status save_at(coffer_cas_saver *saver, size_t place, const coffer_bytes *bytes, coffer_error *error)
{
        coffer_key *keys = (coffer_key *)saver->keys.data;
        return note(saver, place, coffer_cas_save(saver->cas, bytes, saver->raw, &keys[place], error));
}

static coffer_status save_large(coffer_cas_saver *saver, size_t place, const coffer_bytes *bytes, coffer_error *error)
{
        coffer_key *keys = (coffer_key *)saver->keys.data;
        coffer_status status = coffer_cas_save_telling(saver->cas, bytes, saver->raw, saver->progress ? tell : NULL,
                                                       saver, &keys[place], error);
        saver->stored_bytes += coffer_bytes_size(bytes);
        return note(saver, place, status);
}

static void start(group *self)
{
        self->crew.count = self->count;
        coffer_crew_start(&self->crew);
}

/* Waits for a group. Those that could not be stored are tried again, to learn why. */
static coffer_status settle(group *self, coffer_error *error)
{
        coffer_key *keys = (coffer_key *)self->saver->keys.data;
        coffer_status status = COFFER_OK;

        coffer_crew_finish(&self->crew);
        for (size_t i = 0; i < self->count && status == COFFER_OK; i++) {
                if (coffer_crew_has_done(&self->crew, i))
                        keys[self->places[i]] = self->keys[i];
                else
                        status = save_at(self->saver, self->places[i], self->blobs[i], error);
        }
        if (status == COFFER_OK && self->count > 0 && !tell(self->saver, self->size_bytes, 0))
                status = note(self->saver, self->places[self->count - 1],
                              coffer_error_set(error, COFFER_DECLINED, "the saving was stopped"));
        self->saver->stored_bytes += self->size_bytes;
        empty(self);
        return status;
}

/* The group that was being filled is stored from now on, once the one before is. */
static coffer_status turn(coffer_cas_saver *saver, coffer_error *error)
{
        group *full = saver->filling;

        COFFER_TRY(settle(saver->storing, error));
        saver->filling = saver->storing;
        saver->storing = full;
        start(full);
        return COFFER_OK;
}

static coffer_status check_usable(const coffer_cas_saver *saver, coffer_error *error)
{
        if (saver->has_failed)
                return coffer_error_set(error, COFFER_STATE, "blob %zu could not be saved, which ended it",
                                        saver->failed);
        return COFFER_OK;
}

static coffer_status gather(coffer_cas_saver *saver, size_t place, coffer_bytes *bytes, coffer_error *error)
{
        group *self = saver->filling;
        coffer_status status = COFFER_OK;

        if (coffer_bytes_is_unstable(bytes))
                status = coffer_pieces_copy(bytes, &self->blobs[self->count], error);
        else
                self->blobs[self->count] = coffer_bytes_ref(bytes);
        if (status != COFFER_OK)
                return note(saver, place, status);
        self->places[self->count++] = place;
        self->size_bytes += coffer_bytes_size(bytes);
        bool is_full = self->count == COFFER_CREW_MAX_ITEMS || self->size_bytes >= GROUP_BYTES;
        return is_full ? turn(saver, error) : COFFER_OK;
}

coffer_status coffer_cas_saver_add(coffer_cas_saver *saver, coffer_bytes *bytes, coffer_error *error)
{
        static const coffer_key unknown = {""};

        COFFER_TRY(check_usable(saver, error));
        coffer_status status = coffer_buf_append(&saver->keys, &unknown, sizeof(unknown), error);
        if (status != COFFER_OK)
                return note(saver, saver->count, status);
        size_t place = saver->count++;
        saver->added_bytes += coffer_bytes_size(bytes);
        return coffer_bytes_size(bytes) < LARGE_BYTES ? gather(saver, place, bytes, error)
                                                      : save_large(saver, place, bytes, error);
}

coffer_status coffer_cas_saver_flush(coffer_cas_saver *saver, coffer_error *error)
{
        COFFER_TRY(check_usable(saver, error));
        COFFER_TRY(turn(saver, error));
        return settle(saver->storing, error);
}

/* ---- what came of it ---- */

size_t coffer_cas_saver_count(const coffer_cas_saver *saver)
{
        return saver->count;
}

const coffer_key *coffer_cas_saver_key(const coffer_cas_saver *saver, size_t index)
{
        return &((const coffer_key *)saver->keys.data)[index];
}

bool coffer_cas_saver_has_failed(const coffer_cas_saver *saver)
{
        return saver->has_failed;
}

size_t coffer_cas_saver_failed(const coffer_cas_saver *saver)
{
        return saver->failed;
}
