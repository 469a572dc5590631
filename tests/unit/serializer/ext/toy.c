/* SPDX-License-Identifier: Apache-2.0 */
/* An extension in many disguises; meson.build says what each one does wrong. Takes objects of class toys.TYPE. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include <coffer/sys/serializer.h>

#ifndef TOY_TYPE
#define TOY_TYPE NULL /* the name of its own file */
#endif
#ifndef TOY_PRIORITY
#define TOY_PRIORITY COFFER_DEFAULT_PRIORITY
#endif
#ifndef TOY_ABI
#define TOY_ABI COFFER_SERIALIZER_ABI
#endif
#ifndef TOY_BYTES
#define TOY_BYTES sizeof(coffer_serializer)
#endif
#ifndef TOY_ENTRY
#define TOY_ENTRY coffer_serializer_entry
#endif

#ifdef TOY_HEAVY
#define TOY_SETUP setup
static coffer_status setup(const coffer_serializer *self, coffer_setup_context *context, coffer_error *error)
{
        void *handle = NULL, *answer = NULL;
        (void)self;
        coffer_status status = coffer_lazy_import(context, TOY_HEAVY, &handle, error);
        if (status == COFFER_OK)
                status = coffer_lazy_symbol(context, handle, TOY_SYMBOL, &answer, error);
        return status;
}
#else
#define TOY_SETUP NULL
#endif

#ifdef TOY_NEEDS
int TOY_NEEDS(void);
#endif

static coffer_status can_serialize(const coffer_serializer *self, const coffer_object *object, bool *out,
                                   coffer_error *error)
{
        (void)error;
        *out = coffer_object_is(object, "toys", self->type);
#ifdef TOY_NEEDS
        *out = *out && TOY_NEEDS() != 0;
#endif
        return COFFER_OK;
}

static coffer_status can_deserialize(const coffer_serializer *self, const coffer_metadata *metadata, bool *out,
                                     coffer_error *error)
{
        (void)error;
        *out = strcmp(coffer_metadata_encoding(metadata), self->type) == 0;
        return COFFER_OK;
}

static coffer_status serialize(const coffer_serializer *self, const coffer_object *object, coffer_format format,
                               coffer_blob_list *blobs, coffer_metadata *metadata, char **wire, coffer_error *error)
{
        coffer_bytes *bytes = NULL;
        (void)object;
        (void)format;
        (void)wire;
        coffer_status status = coffer_bytes_new(&bytes, error);
        if (status == COFFER_OK)
                status = coffer_blob_list_add_bytes(blobs, bytes, error);
        coffer_bytes_unref(bytes);
        return status == COFFER_OK ? coffer_metadata_set_encoding(metadata, self->type, error) : status;
}

static coffer_status deserialize(const coffer_serializer *self, coffer_format format, const coffer_blob_list *blobs,
                                 const coffer_metadata *metadata, const char *wire, coffer_object *out,
                                 coffer_error *error)
{
        (void)self;
        (void)format;
        (void)blobs;
        (void)metadata;
        (void)wire;
        (void)out;
        return coffer_error_set(error, COFFER_UNSUPPORTED, "toys are not given back");
}

const coffer_serializer *TOY_ENTRY(uint32_t abi);

/* The file's name without directory and ending. */
static const char *own_name(void)
{
        static char name[64];
        Dl_info info;
        if (dladdr(name, &info) == 0)
                return "nobody";
        const char *slash = strrchr(info.dli_fname, '/');
        snprintf(name, sizeof(name), "%s", slash ? slash + 1 : info.dli_fname);
        name[strcspn(name, ".")] = '\0';
        return name;
}

COFFER_API const coffer_serializer *TOY_ENTRY(uint32_t abi)
{
        static coffer_serializer toy = {
                .abi = TOY_ABI,
                .struct_bytes = TOY_BYTES,
                .type = TOY_TYPE,
                .priority = TOY_PRIORITY,
                .setup = TOY_SETUP,
                .can_serialize = can_serialize,
                .can_deserialize = can_deserialize,
                .serialize = serialize,
                .deserialize = deserialize,
        };
        if (abi != COFFER_SERIALIZER_ABI)
                return NULL;
#ifdef TOY_REFUSES
        return NULL;
#endif
        if (!toy.type)
                toy.type = own_name();
        return &toy;
}
