/* SPDX-License-Identifier: Apache-2.0 */
#include "cas/parts.h"

#include <string.h>

#include "util/cleanup.h"
#include "util/cursor.h"
#include "util/pipeline.h"
#include "util/pool.h"
#include "util/threads.h"

enum {
        MAX_WORKERS = 8, /* they and the slots bound the memory */
        MAX_SLOTS = 4,
        MAX_BATCH = 256, /* parts made in one go */
};

typedef enum stream_state { READING, ENDED, FAILED } stream_state;

typedef struct parts_stream parts_stream;

/* A part that is read in pieces. */
typedef struct part_slot {
        coffer_job job;
        parts_stream *stream;
        bool is_offered; /* somebody may make it already */
        coffer_part part;
        uint8_t *contents; /* room for them, made when it is needed first */
        coffer_status status;
        coffer_error error;
} part_slot;

struct parts_stream {
        coffer_stream base;
        coffer_parts *parts;
        coffer_frame_watch watch; /* `take` may be NULL */
        stream_state state;
        unsigned forks; /* of this process when parts were offered last */

        /* What follows the parts in slots. */
        bool is_found; /* the members below say what it is */
        coffer_parts_state next_state;
        coffer_part next;
        coffer_status next_status;
        coffer_error next_error;

        part_slot slots[MAX_SLOTS]; /* a ring: `held` of them from `first` on hold parts, in order */
        size_t first, held;
        bool is_made;      /* the first of them is ready to be read */
        size_t read_bytes; /* of it */
        bool goes_on;      /* parts have been read in pieces before: more will be */

        coffer_part batch[MAX_BATCH];
        uint8_t *batch_contents;

        struct {
                pthread_mutex_t mutex;
                void *idle[MAX_WORKERS + MAX_SLOTS];
                size_t count;
        } tools;
};

/* ---- making ---- */

static coffer_status take_tool(parts_stream *self, void **tool, coffer_error *error)
{
        {
                COFFER_LOCK_SCOPE(&self->tools.mutex);
                if (self->tools.count > 0) {
                        *tool = self->tools.idle[--self->tools.count];
                        return COFFER_OK;
                }
        }
        return self->parts->class_->tool_new(self->parts, tool, error);
}

static void give_tool(parts_stream *self, void *tool)
{
        COFFER_LOCK_SCOPE(&self->tools.mutex);
        self->tools.idle[self->tools.count++] = tool;
}

static coffer_status make(parts_stream *self, const coffer_part *part, uint8_t *to, coffer_error *error)
{
        const coffer_parts_class *class_ = self->parts->class_;
        void *tool = NULL;

        if (!class_->tool_new)
                return class_->make(self->parts, NULL, part, to, error);
        COFFER_TRY(take_tool(self, &tool, error));
        coffer_status status = class_->make(self->parts, tool, part, to, error);
        give_tool(self, tool);
        return status;
}

static void make_slot(coffer_job *job)
{
        part_slot *slot = (part_slot *)job;
        slot->status = make(slot->stream, &slot->part, slot->contents, &slot->error);
}

static coffer_status show(parts_stream *self, coffer_cursor contents, coffer_error *error)
{
        return self->watch.take ? self->watch.take(self->watch.user, contents, error) : COFFER_OK;
}

/* ---- finding ---- */

/* Failures are kept until everything before has been read. */
static void find_next(parts_stream *self)
{
        if (self->is_found)
                return;
        self->next_status = self->parts->class_->find(self->parts, &self->next, &self->next_state, &self->next_error);
        self->is_found = true;
}

static bool next_is_part(parts_stream *self)
{
        find_next(self);
        return self->next_status == COFFER_OK && self->next_state == COFFER_PARTS_FOUND;
}

static coffer_part take_next(parts_stream *self)
{
        self->is_found = false;
        return self->next;
}

/* ---- parts read in pieces ---- */

static coffer_status hold_next(parts_stream *self, coffer_error *error)
{
        part_slot *slot = &self->slots[(self->first + self->held) % MAX_SLOTS];

        if (!slot->contents && !(slot->contents = coffer_alloc(COFFER_PART_MAX_BYTES)))
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to read a part of a blob");
        slot->stream = self;
        slot->part = take_next(self);
        slot->is_offered = self->held > 0;
        if (slot->is_offered)
                coffer_pool_submit(&slot->job, make_slot);
        self->held++;
        return COFFER_OK;
}

/* Parts in slots are made by helpers while the first one is being read. */
static coffer_status hold_more(parts_stream *self, coffer_error *error)
{
        while (self->goes_on && self->held < MAX_SLOTS && next_is_part(self))
                COFFER_TRY(hold_next(self, error));
        return COFFER_OK;
}

static coffer_status finish_first(parts_stream *self, coffer_error *error)
{
        part_slot *slot = &self->slots[self->first];
        COFFER_TRY(hold_more(self, error));
        if (slot->is_offered)
                coffer_pool_finish(&slot->job);
        else
                make_slot(&slot->job);
        if (slot->status != COFFER_OK && error)
                *error = slot->error;
        self->is_made = slot->status == COFFER_OK;
        return slot->status;
}

static coffer_status read_first(parts_stream *self, uint8_t *to, size_t room_bytes, size_t *got_bytes,
                                coffer_error *error)
{
        part_slot *slot = &self->slots[self->first];

        if (room_bytes > COFFER_PART_MAX_BYTES)
                self->goes_on = false; /* what follows is made in its place */
        if (!self->is_made)
                COFFER_TRY(finish_first(self, error));
        size_t left_bytes = slot->part.content_bytes - self->read_bytes;
        coffer_cursor piece =
                coffer_cursor_of(slot->contents + self->read_bytes, left_bytes < room_bytes ? left_bytes : room_bytes);
        COFFER_TRY(show(self, piece, error));
        memcpy(to, piece.data, piece.size_bytes);
        *got_bytes += piece.size_bytes;
        self->read_bytes += piece.size_bytes;
        if (self->read_bytes == slot->part.content_bytes) {
                self->first = (self->first + 1) % MAX_SLOTS;
                self->held--;
                self->is_made = false;
                self->read_bytes = 0;
                self->goes_on = room_bytes <= COFFER_PART_MAX_BYTES;
        }
        return COFFER_OK;
}

/* ---- whole parts ---- */

static coffer_status make_step(void *user, size_t index, size_t worker, coffer_error *error)
{
        parts_stream *self = user;
        const coffer_part *part = &self->batch[index];
        (void)worker;
        return make(self, part, self->batch_contents + (part->offset - self->batch[0].offset), error);
}

static coffer_status show_step(void *user, size_t index, size_t worker, coffer_error *error)
{
        parts_stream *self = user;
        const coffer_part *part = &self->batch[index];
        (void)worker;
        return show(
                self,
                coffer_cursor_of(self->batch_contents + (part->offset - self->batch[0].offset), part->content_bytes),
                error);
}

/* Makes as many parts as there is room for. */
static coffer_status read_batch(parts_stream *self, uint8_t *to, size_t room_bytes, size_t *got_bytes,
                                coffer_error *error)
{
        size_t count = 0, width = coffer_pool_width(), batch_bytes = 0;

        while (count < MAX_BATCH && next_is_part(self) && self->next.content_bytes <= room_bytes - batch_bytes) {
                self->batch[count] = take_next(self);
                batch_bytes += self->batch[count++].content_bytes;
        }
        self->batch_contents = to;
        self->goes_on = false;
        coffer_pipeline pipeline = {.count = count,
                                    .width = width < MAX_WORKERS ? width : MAX_WORKERS,
                                    .stage_count = self->watch.take ? 2 : 1,
                                    .stages = {{.run = make_step}, {.run = show_step, .in_order = true}},
                                    .user = self};
        COFFER_TRY(coffer_pipeline_run(&pipeline, error));
        *got_bytes += batch_bytes;
        return COFFER_OK;
}

/* ---- the stream ---- */

static coffer_status read_otherwise(parts_stream *self, uint8_t *to, size_t room_bytes, size_t *got_bytes,
                                    coffer_error *error)
{
        coffer_stream *rest = self->parts->class_->rest(self->parts);
        size_t count = 0;

        COFFER_TRY(rest->read(rest, to, room_bytes, &count, error));
        if (count == 0)
                self->state = ENDED;
        *got_bytes += count;
        return COFFER_OK;
}

static coffer_status read_on(parts_stream *self, uint8_t *to, size_t room_bytes, size_t *got_bytes, coffer_error *error)
{
        if (self->held > 0)
                return read_first(self, to, room_bytes, got_bytes, error);
        find_next(self);
        if (self->next_status != COFFER_OK && error)
                *error = self->next_error;
        if (self->next_status != COFFER_OK)
                return self->next_status;
        if (self->next_state == COFFER_PARTS_OTHERWISE)
                return read_otherwise(self, to, room_bytes, got_bytes, error);
        if (self->next_state == COFFER_PARTS_ENDED) {
                self->state = ENDED;
                return COFFER_OK;
        }
        if (self->next.content_bytes <= room_bytes)
                return read_batch(self, to, room_bytes, got_bytes, error);
        return hold_next(self, error);
}

/* In a child after fork nobody makes any more what was offered to helpers, and one may have held the lock. */
static void mind_forks(parts_stream *self)
{
        unsigned forks = coffer_pool_forks();
        if (self->forks == forks)
                return;
        self->forks = forks;
        pthread_mutex_init(&self->tools.mutex, NULL);
        for (size_t i = 0; i < MAX_SLOTS; i++)
                self->slots[i].is_offered = false;
}

static coffer_status stream_read(coffer_stream *stream, void *buffer, size_t capacity_bytes, size_t *got_bytes,
                                 coffer_error *error)
{
        parts_stream *self = (parts_stream *)stream;
        coffer_status status = COFFER_OK;
        size_t count = 0;

        if (self->state == FAILED)
                return coffer_error_set(error, COFFER_STATE, "the stream has failed before");
        if (capacity_bytes == 0)
                return coffer_error_set(error, COFFER_INVALID, "a stream cannot be read into no room");
        mind_forks(self);
        while (count < capacity_bytes && self->state == READING && status == COFFER_OK)
                status = read_on(self, (uint8_t *)buffer + count, capacity_bytes - count, &count, error);
        if (status == COFFER_OK)
                *got_bytes = count;
        else
                self->state = FAILED;
        return status;
}

static void stream_close(coffer_stream *stream)
{
        parts_stream *self = (parts_stream *)stream;

        mind_forks(self);
        for (size_t i = 0; i < self->held; i++) {
                part_slot *slot = &self->slots[(self->first + i) % MAX_SLOTS];
                if (slot->is_offered)
                        coffer_pool_withdraw(&slot->job);
        }
        for (size_t i = 0; i < MAX_SLOTS; i++)
                coffer_free(self->slots[i].contents);
        for (size_t i = 0; i < self->tools.count; i++)
                self->parts->class_->tool_free(self->parts, self->tools.idle[i]);
        pthread_mutex_destroy(&self->tools.mutex);
        self->parts->class_->free(self->parts);
        coffer_free(self);
}

coffer_status coffer_parts_open(coffer_parts *parts, const coffer_frame_watch *watch, coffer_stream **out,
                                coffer_error *error)
{
        parts_stream *self = coffer_alloc_zeroed(1, sizeof(*self));
        if (!self)
                return coffer_error_set(error, COFFER_NO_MEMORY, "no memory to read a blob");
        self->base = (coffer_stream){stream_read, stream_close};
        self->parts = parts;
        if (watch)
                self->watch = *watch;
        self->forks = coffer_pool_forks();
        pthread_mutex_init(&self->tools.mutex, NULL);
        *out = &self->base;
        return COFFER_OK;
}
