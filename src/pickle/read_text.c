/* SPDX-License-Identifier: Apache-2.0 */
/* Text whose length stands in front of it. From memory it is borrowed; from a stream it arrives in pieces, of which the
 * head is copied and the rest is looked at and dropped. */
#include <inttypes.h>

#include "pickle/reader.h"
#include "util/utf8.h"

enum { FIRST_PIECE_BYTES = 1 << 20 /* more is allocated only for data that has arrived */ };

/* ---- looking at characters ---- */

static bool is_ascii(coffer_cursor text)
{
        uint64_t bits = 0;
        size_t i = 0;
        for (uint64_t word; i + sizeof(word) <= text.size_bytes; i += sizeof(word)) {
                memcpy(&word, text.data + i, sizeof(word));
                bits |= word;
        }
        for (; i < text.size_bytes; i++)
                bits |= text.data[i];
        return (bits & UINT64_C(0x8080808080808080)) == 0;
}

coffer_kind coffer_reader_python2_kind(coffer_cursor text)
{
        return is_ascii(text) ? COFFER_KIND_STR : COFFER_KIND_BYTES;
}

/* How many bytes of a character that goes on behind `text` are at its end: 0 to 3. */
static size_t split_character_bytes(coffer_cursor text)
{
        for (size_t back = 1; back <= 3 && back <= text.size_bytes; back++) {
                uint8_t byte = text.data[text.size_bytes - back];
                if ((byte & 0xc0) == 0x80)
                        continue;
                size_t wanted = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
                return wanted > back ? back : 0;
        }
        return 0;
}

/* Whole characters of `text`, at most `max_bytes`. */
static coffer_cursor head_of(coffer_cursor text, uint64_t max_bytes, coffer_kind kind)
{
        if (text.size_bytes <= max_bytes)
                return text;
        text.size_bytes = (size_t)max_bytes;
        if (kind == COFFER_KIND_STR)
                text.size_bytes -= split_character_bytes(text);
        return text;
}

/* What has been seen of a text that arrives in pieces. */
typedef struct survey {
        uint8_t split[4]; /* the beginning of a character that goes on in the next piece */
        size_t split_bytes;
        bool ascii;
        bool utf8;
        bool latin1;
        uint64_t characters;
} survey;

/* Looks at whole characters. */
static void survey_characters(survey *seen, coffer_cursor text)
{
        seen->utf8 = seen->utf8 && coffer_utf8_valid(text, true);
        for (size_t i = 0; i < text.size_bytes; i++) {
                seen->characters += (text.data[i] & 0xc0) != 0x80;
                seen->latin1 = seen->latin1 && text.data[i] < 0xc4;
        }
}

/* Completes the split character with the first bytes of `text`, which it takes. */
static void survey_split(survey *seen, coffer_cursor *text)
{
        uint8_t byte;
        while (text->size_bytes > 0 && (text->data[0] & 0xc0) == 0x80 && seen->split_bytes < sizeof(seen->split) &&
               coffer_cursor_u8(text, &byte))
                seen->split[seen->split_bytes++] = byte;
        coffer_cursor character = {seen->split, seen->split_bytes};
        if (text->size_bytes == 0 && split_character_bytes(character) > 0)
                return;
        survey_characters(seen, character);
        seen->split_bytes = 0;
}

static void survey_text(survey *seen, coffer_cursor text)
{
        seen->ascii = seen->ascii && is_ascii(text);
        if (seen->split_bytes > 0)
                survey_split(seen, &text);
        if (seen->split_bytes > 0)
                return;
        size_t split_bytes = split_character_bytes(text);
        text.size_bytes -= split_bytes;
        survey_characters(seen, text);
        if (split_bytes > 0)
                memcpy(seen->split, text.data + text.size_bytes, split_bytes);
        seen->split_bytes = split_bytes;
}

static coffer_status check_str(coffer_reader *reader, bool utf8)
{
        return utf8 ? COFFER_OK : coffer_reader_fail(reader, COFFER_MALFORMED, "text is not valid UTF-8");
}

static bool wants_pieces(const coffer_reader *reader)
{
        return reader->options->version >= 2 && reader->options->piece;
}

/* Hands on a piece of a text that is cut. */
static coffer_status tell_piece(coffer_reader *reader, uint64_t size_bytes, uint64_t offset, coffer_cursor piece)
{
        const coffer_pickle_read_options *options = reader->options;
        return wants_pieces(reader) ? options->piece(options->piece_user, size_bytes, offset, piece, reader->error)
                                    : COFFER_OK;
}

/* ---- text in memory ---- */

/* Pushes a node over the head of a longer text. */
static coffer_status push_head(coffer_reader *reader, coffer_kind kind, coffer_cursor head, uint64_t full_size_bytes,
                               const survey *seen)
{
        coffer_value *node = coffer_node_text_head(reader->document, kind, head, full_size_bytes);
        if (node && kind == COFFER_KIND_STR) {
                coffer_extended_data *extended = (coffer_extended_data *)node->extended;
                extended->is_latin1 = seen->latin1;
                extended->latin1_size_bytes = seen->characters;
        }
        return coffer_reader_push(reader, node);
}

static survey new_survey(void)
{
        return (survey){.ascii = true, .utf8 = true, .latin1 = true};
}

static coffer_status push_cut_text(coffer_reader *reader, coffer_kind kind, coffer_cursor text, bool stays)
{
        coffer_cursor head = head_of(text, reader->options->keep_bytes, kind);
        survey seen = new_survey();
        if (kind == COFFER_KIND_STR)
                survey_text(&seen, text);
        COFFER_TRY(tell_piece(reader, text.size_bytes, 0, text));
        if (!stays) {
                void *copy = coffer_document_alloc(reader->document, head.size_bytes + 1);
                if (!copy)
                        return coffer_document_failure(reader->document, reader->error);
                memcpy(copy, head.data, head.size_bytes);
                head = coffer_cursor_of(copy, head.size_bytes);
        }
        return push_head(reader, kind, head, text.size_bytes, &seen);
}

coffer_status coffer_reader_push_text(coffer_reader *reader, coffer_kind kind, coffer_cursor text, bool stays)
{
        if (kind == COFFER_KIND_STR)
                COFFER_TRY(check_str(reader, is_ascii(text) || coffer_utf8_valid(text, true)));
        uint64_t keep_bytes = reader->options->keep_bytes;
        if (keep_bytes > 0 && text.size_bytes > keep_bytes)
                return push_cut_text(reader, kind, text, stays);
        return coffer_reader_push(reader, stays ? coffer_node_text(reader->document, kind, text)
                                                : coffer_node_text_copy(reader->document, kind, text));
}

/* ---- text from a stream ---- */

typedef struct arriving_text {
        uint8_t *kept; /* the document's memory */
        size_t kept_bytes;
        size_t capacity_bytes;
        uint64_t keep_bytes; /* how much shall be kept in the end */
        survey seen;
} arriving_text;

static coffer_status make_room(coffer_reader *reader, arriving_text *text)
{
        uint64_t wanted = text->capacity_bytes ? (uint64_t)text->capacity_bytes * 2 : FIRST_PIECE_BYTES;
        if (wanted > text->keep_bytes)
                wanted = text->keep_bytes;
        if (wanted > SIZE_MAX)
                return coffer_reader_fail(reader, COFFER_LIMIT, "text of %" PRIu64 " bytes", text->keep_bytes);
        void *memory = coffer_document_grow(reader->document, text->kept, text->capacity_bytes, (size_t)wanted);
        if (!memory)
                return coffer_document_failure(reader->document, reader->error);
        text->kept = (uint8_t *)memory;
        text->capacity_bytes = (size_t)wanted;
        return COFFER_OK;
}

static coffer_status keep_piece(coffer_reader *reader, arriving_text *text, coffer_cursor piece)
{
        while (piece.size_bytes > 0 && text->kept_bytes < text->keep_bytes) {
                if (text->kept_bytes == text->capacity_bytes)
                        COFFER_TRY(make_room(reader, text));
                coffer_cursor part = piece;
                size_t room = text->capacity_bytes - text->kept_bytes;
                if (!coffer_cursor_take(&piece, piece.size_bytes < room ? piece.size_bytes : room, &part))
                        break;
                memcpy(text->kept + text->kept_bytes, part.data, part.size_bytes);
                text->kept_bytes += part.size_bytes;
        }
        return COFFER_OK;
}

/* Reads all pieces that somebody wants. The head of `size_bytes` is kept, all of it is looked at. */
static coffer_status receive(coffer_reader *reader, uint64_t size_bytes, bool look, arriving_text *text)
{
        uint64_t keep_bytes = reader->options->keep_bytes;
        *text = (arriving_text){.keep_bytes = keep_bytes && keep_bytes < size_bytes ? keep_bytes : size_bytes};
        text->seen = new_survey();
        bool is_wanted = look || (text->keep_bytes < size_bytes && wants_pieces(reader));
        for (uint64_t left = size_bytes; left > 0;) {
                coffer_cursor piece;
                if (!is_wanted && text->kept_bytes == text->keep_bytes)
                        return coffer_source_pass(&reader->source, left, reader->error);
                COFFER_TRY(coffer_source_take_some(&reader->source, left, &piece, reader->error));
                if (text->keep_bytes < size_bytes)
                        COFFER_TRY(tell_piece(reader, size_bytes, size_bytes - left, piece));
                left -= piece.size_bytes;
                if (look)
                        survey_text(&text->seen, piece);
                COFFER_TRY(keep_piece(reader, text, piece));
        }
        text->seen.utf8 = text->seen.utf8 && text->seen.split_bytes == 0;
        return COFFER_OK;
}

static coffer_status push_arrived(coffer_reader *reader, coffer_kind kind, uint64_t size_bytes,
                                  const arriving_text *text)
{
        coffer_cursor kept = {text->kept, text->kept_bytes};
        if (text->kept_bytes == size_bytes)
                return coffer_reader_push(reader, coffer_node_text(reader->document, kind, kept));
        if (kind == COFFER_KIND_STR)
                kept.size_bytes -= split_character_bytes(kept);
        return push_head(reader, kind, kept, size_bytes, &text->seen);
}

static coffer_status stream_text(coffer_reader *reader, coffer_kind kind, uint64_t size_bytes, bool python2)
{
        arriving_text text;
        COFFER_TRY(receive(reader, size_bytes, python2 || kind == COFFER_KIND_STR, &text));
        if (python2)
                kind = text.seen.ascii ? COFFER_KIND_STR : COFFER_KIND_BYTES;
        if (kind == COFFER_KIND_STR)
                COFFER_TRY(check_str(reader, text.seen.utf8));
        return push_arrived(reader, kind, size_bytes, &text);
}

/* ---- both ---- */

/* Takes text that is in the window as a whole. */
static bool take_ready(coffer_source *source, uint64_t size_bytes, coffer_cursor *out)
{
        if (size_bytes > coffer_source_ready(source))
                return false;
        *out = (coffer_cursor){source->next, (size_t)size_bytes};
        source->next += size_bytes;
        return true;
}

/* Tells where the data are of which the node pushed last has but the head. */
static void note_offset(coffer_reader *reader, uint64_t offset)
{
        coffer_value *node = reader->stack.values[reader->stack.count - 1];
        if (node->flags & COFFER_NODE_EXTENDED)
                ((coffer_extended_data *)node->extended)->offset = offset;
}

static coffer_status push_counted_text(coffer_reader *reader, coffer_kind kind, uint64_t size_bytes)
{
        coffer_cursor text;
        if (take_ready(&reader->source, size_bytes, &text))
                return coffer_reader_push_text(reader, kind, text, !reader->source.stream);
        COFFER_TRY(coffer_source_expect(&reader->source, size_bytes, reader->error));
        return stream_text(reader, kind, size_bytes, false);
}

coffer_status coffer_reader_text(coffer_reader *reader, coffer_kind kind, uint64_t size_bytes)
{
        uint64_t offset = coffer_source_offset(&reader->source);
        COFFER_TRY(push_counted_text(reader, kind, size_bytes));
        note_offset(reader, offset);
        return COFFER_OK;
}

coffer_status coffer_reader_python2_text(coffer_reader *reader, uint64_t size_bytes)
{
        coffer_cursor text;
        if (take_ready(&reader->source, size_bytes, &text))
                return coffer_reader_push_text(reader, coffer_reader_python2_kind(text), text, !reader->source.stream);
        COFFER_TRY(coffer_source_expect(&reader->source, size_bytes, reader->error));
        return stream_text(reader, COFFER_KIND_STR, size_bytes, true);
}
