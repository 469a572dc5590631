/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "image.h"

static const uint64_t undefined_address = UINT64_MAX;

/* Messages of object headers. */
enum {
        MESSAGE_NIL = 0x00,
        MESSAGE_DATASPACE = 0x01,
        MESSAGE_LINK_INFO = 0x02,
        MESSAGE_DATATYPE = 0x03,
        MESSAGE_FILL_VALUE = 0x05,
        MESSAGE_LINK = 0x06,
        MESSAGE_LAYOUT = 0x08,
        MESSAGE_GROUP_INFO = 0x0a,
};
enum { FLAG_SHARED = 0x02, HEADER_FLAGS_SIZE = 0x03, CHECKSUM_BYTES = 4 };

/* ---- bytes ---- */

static bool take(coffer_cursor *from, size_t size_bytes, coffer_cursor *out)
{
        if (from->size_bytes < size_bytes)
                return false;
        *out = (coffer_cursor){from->data, size_bytes};
        from->data += size_bytes;
        from->size_bytes -= size_bytes;
        return true;
}

/* Little-endian, up to 8 bytes. */
static bool take_number(coffer_cursor *from, size_t size_bytes, uint64_t *out)
{
        coffer_cursor part;
        if (!take(from, size_bytes, &part))
                return false;
        *out = 0;
        for (size_t i = 0; i < size_bytes; i++)
                *out |= (uint64_t)part.data[i] << 8 * i;
        return true;
}

static bool take_exactly(coffer_cursor *from, const char *expected, size_t size_bytes)
{
        coffer_cursor part;
        return take(from, size_bytes, &part) && memcmp(part.data, expected, size_bytes) == 0;
}
#define TAKE_LITERAL(from, literal) take_exactly((from), (literal), sizeof(literal) - 1)

static coffer_status malformed(coffer_error *error, const char *what)
{
        return coffer_error_set(error, COFFER_MALFORMED, "the HDF5 image has a malformed %s", what);
}

static coffer_status foreign(coffer_error *error, const char *what)
{
        return coffer_error_set(error, COFFER_UNSUPPORTED, "the HDF5 image has %s, which this extension does not write",
                                what);
}

/* ---- object headers ---- */

/* What the walk over a header has found so far. */
struct header {
        coffer_cursor file;
        uint64_t link_address;
        hdf5_image *image;
        uint64_t data_address, data_bytes;
        bool has_link, has_dataspace, has_datatype, has_layout;
};

typedef coffer_status (*message_fn)(struct header *header, uint64_t type, coffer_cursor body, coffer_error *error);

/* The messages of a header of version 2 in one piece, with no times and no attributes. */
static coffer_status find_messages(coffer_cursor file, uint64_t address, coffer_cursor *out, coffer_error *error)
{
        uint64_t flags, size_bytes;
        if (address > file.size_bytes)
                return malformed(error, "address");
        coffer_cursor rest = {file.data + address, file.size_bytes - (size_t)address};
        if (!TAKE_LITERAL(&rest, "OHDR\x02") || !take_number(&rest, 1, &flags))
                return malformed(error, "object header");
        if (flags & ~(uint64_t)HEADER_FLAGS_SIZE)
                return foreign(error, "an object header with times or attributes");
        if (!take_number(&rest, (size_t)1 << flags, &size_bytes) || rest.size_bytes < CHECKSUM_BYTES ||
            size_bytes > rest.size_bytes - CHECKSUM_BYTES || !take(&rest, (size_t)size_bytes, out))
                return malformed(error, "object header");
        return COFFER_OK;
}

static coffer_status walk_header(struct header *header, uint64_t address, message_fn visit, coffer_error *error)
{
        coffer_cursor messages = {NULL, 0}, body;
        uint64_t type, size_bytes, flags;
        coffer_status status = find_messages(header->file, address, &messages, error);
        while (status == COFFER_OK && take_number(&messages, 1, &type) && take_number(&messages, 2, &size_bytes) &&
               take_number(&messages, 1, &flags)) {
                if (!take(&messages, (size_t)size_bytes, &body))
                        return malformed(error, "header message");
                if (flags & FLAG_SHARED)
                        return foreign(error, "a shared message");
                status = type == MESSAGE_NIL ? COFFER_OK : visit(header, type, body, error);
        }
        return status;
}

/* ---- the root group: one hard link ---- */

static coffer_status visit_root(struct header *header, uint64_t type, coffer_cursor body, coffer_error *error)
{
        uint64_t heap, index;
        switch (type) {
        case MESSAGE_GROUP_INFO:
                return COFFER_OK;
        case MESSAGE_LINK_INFO:
                if (!TAKE_LITERAL(&body, "\0\0") || !take_number(&body, 8, &heap) || !take_number(&body, 8, &index))
                        return malformed(error, "link info");
                return heap == undefined_address && index == undefined_address ? COFFER_OK
                                                                               : foreign(error, "a heap of links");
        case MESSAGE_LINK:
                if (header->has_link || !TAKE_LITERAL(&body, "\x01\0\x04"
                                                             "data"))
                        return foreign(error, "other links than \"data\"");
                if (!take_number(&body, 8, &header->link_address) || body.size_bytes > 0)
                        return malformed(error, "link");
                header->has_link = true;
                return COFFER_OK;
        default:
                return foreign(error, "a root group with more than a link");
        }
}

/* ---- the dataset ---- */

static coffer_status read_dataspace(hdf5_image *image, coffer_cursor body, coffer_error *error)
{
        uint64_t version, dims, has_maximum, kind, maximum;
        if (!take_number(&body, 1, &version) || !take_number(&body, 1, &dims) || !take_number(&body, 1, &has_maximum) ||
            !take_number(&body, 1, &kind))
                return malformed(error, "dataspace");
        if (version != 2 || dims > HDF5_MAX_DIMS || has_maximum > 1 || kind != (dims > 0))
                return foreign(error, "another kind of dataspace");
        image->dims = (size_t)dims;
        for (size_t i = 0; i < image->dims; i++)
                if (!take_number(&body, 8, &image->shape[i]))
                        return malformed(error, "dataspace");
        for (size_t i = 0; has_maximum && i < image->dims; i++) {
                if (!take_number(&body, 8, &maximum))
                        return malformed(error, "dataspace");
                if (maximum != image->shape[i])
                        return foreign(error, "a dataset that can grow");
        }
        return body.size_bytes == 0 ? COFFER_OK : malformed(error, "dataspace");
}

static coffer_status read_layout(struct header *header, coffer_cursor body, coffer_error *error)
{
        if (!TAKE_LITERAL(&body, "\x03\x01"))
                return foreign(error, "a layout that is not contiguous");
        if (!take_number(&body, 8, &header->data_address) || !take_number(&body, 8, &header->data_bytes) ||
            body.size_bytes > 0)
                return malformed(error, "layout");
        return COFFER_OK;
}

/* Notes that a message came that may come once. */
static coffer_status once(bool *seen, coffer_error *error)
{
        if (*seen)
                return malformed(error, "dataset with a message that is there twice");
        *seen = true;
        return COFFER_OK;
}

static coffer_status visit_dataset(struct header *header, uint64_t type, coffer_cursor body, coffer_error *error)
{
        coffer_status status;
        switch (type) {
        case MESSAGE_FILL_VALUE:
                return COFFER_OK; /* every element is written */
        case MESSAGE_DATASPACE:
                status = once(&header->has_dataspace, error);
                return status == COFFER_OK ? read_dataspace(header->image, body, error) : status;
        case MESSAGE_DATATYPE:
                header->image->datatype = body;
                return once(&header->has_datatype, error);
        case MESSAGE_LAYOUT:
                status = once(&header->has_layout, error);
                return status == COFFER_OK ? read_layout(header, body, error) : status;
        default:
                return foreign(error, "filters, attributes or other extras");
        }
}

static coffer_status find_data(const struct header *header, hdf5_image *image, coffer_error *error)
{
        if (!header->has_dataspace || !header->has_datatype || !header->has_layout)
                return malformed(error, "dataset");
        image->data = (coffer_cursor){NULL, 0};
        if (header->data_bytes == 0)
                return COFFER_OK;
        if (header->data_address > header->file.size_bytes ||
            header->data_bytes > header->file.size_bytes - header->data_address)
                return malformed(error, "dataset: its data lies outside the file");
        image->data = (coffer_cursor){header->file.data + header->data_address, (size_t)header->data_bytes};
        return COFFER_OK;
}

coffer_status hdf5_image_read(coffer_cursor file, hdf5_image *out, coffer_error *error)
{
        coffer_cursor rest = file;
        uint64_t base, extension, end, root;
        hdf5_image image = {0};
        struct header header = {.file = file, .image = &image};
        if (!TAKE_LITERAL(&rest, "\x89HDF\r\n\x1a\n"))
                return malformed(error, "signature");
        if (!TAKE_LITERAL(&rest, "\x02\x08\x08\0"))
                return foreign(error, "another superblock");
        if (!take_number(&rest, 8, &base) || !take_number(&rest, 8, &extension) || !take_number(&rest, 8, &end) ||
            !take_number(&rest, 8, &root) || rest.size_bytes < CHECKSUM_BYTES || end != file.size_bytes)
                return malformed(error, "superblock");
        if (base != 0 || extension != undefined_address)
                return foreign(error, "a superblock extension");
        coffer_status status = walk_header(&header, root, visit_root, error);
        if (status == COFFER_OK && !header.has_link)
                status = malformed(error, "root group without a dataset");
        if (status == COFFER_OK)
                status = walk_header(&header, header.link_address, visit_dataset, error);
        if (status == COFFER_OK)
                status = find_data(&header, &image, error);
        if (status == COFFER_OK)
                *out = image;
        return status;
}
