/* SPDX-License-Identifier: Apache-2.0 */
/* Types with their parameters: from their names, and their functions. */
#include "serializer/iotype.h"

#include "serializer/registry_internal.h"
#include "util/cursor.h"
#include "util/utf8.h"

/* ---- life ---- */

coffer_iotype *coffer_iotype_ref(coffer_iotype *type)
{
        atomic_fetch_add_explicit(&type->references, 1, memory_order_relaxed);
        return type;
}

void coffer_iotype_unref(coffer_iotype *type)
{
        if (!type || atomic_fetch_sub_explicit(&type->references, 1, memory_order_acq_rel) != 1)
                return;
        for (size_t i = 0; i < type->parameter_count; i++) {
                coffer_iotype_unref(type->parameters[i].type);
                coffer_free(type->parameters[i].word);
        }
        coffer_free(type->parameters);
        coffer_free(type->name);
        coffer_free(type);
}

const char *coffer_iotype_name(const coffer_iotype *type)
{
        return type->name;
}

size_t coffer_iotype_parameter_count(const coffer_iotype *type)
{
        return type->parameter_count;
}

coffer_iotype *coffer_iotype_parameter(const coffer_iotype *type, size_t index)
{
        return index < type->parameter_count ? type->parameters[index].type : NULL;
}

const char *coffer_iotype_parameter_word(const coffer_iotype *type, size_t index)
{
        return index < type->parameter_count ? type->parameters[index].word : NULL;
}

const coffer_iotype_class *coffer_iotype_class_of(const coffer_iotype *type)
{
        return type->class_;
}

/* ---- from names ---- */

struct parser {
        coffer_iotypes *iotypes;
        coffer_cursor rest;
        unsigned depth; /* of brackets */
};

static coffer_status no_memory(coffer_error *error)
{
        return coffer_error_set(error, COFFER_NO_MEMORY, "out of memory for a type");
}

static char *copy_text(coffer_cursor text)
{
        return coffer_strndup((const char *)text.data, text.size_bytes);
}

static bool take_byte(coffer_cursor *text, char byte)
{
        coffer_cursor taken;
        return text->size_bytes > 0 && text->data[0] == (uint8_t)byte && coffer_cursor_take(text, 1, &taken);
}

/* One more slot at the end of the type's parameters. */
static coffer_status add_slot(coffer_iotype *type, coffer_iotype_parameter_slot **out, coffer_error *error)
{
        if (type->parameter_count == COFFER_IOTYPE_MAX_PARAMETERS)
                return coffer_error_set(error, COFFER_LIMIT, "type %s has more than %d parameters", type->class_->name,
                                        COFFER_IOTYPE_MAX_PARAMETERS);
        coffer_iotype_parameter_slot *slots =
                coffer_realloc_array(type->parameters, type->parameter_count + 1, sizeof(*slots));
        if (!slots)
                return no_memory(error);
        type->parameters = slots;
        *out = &slots[type->parameter_count++];
        **out = (coffer_iotype_parameter_slot){NULL, NULL};
        return COFFER_OK;
}

/* Anything but what names are made with, spaces and control characters. */
static coffer_status parse_word(struct parser *parser, char **out, coffer_error *error)
{
        coffer_cursor word;
        size_t count = 0;
        while (count < parser->rest.size_bytes && parser->rest.data[count] > ' ' && parser->rest.data[count] != 0x7f &&
               !memchr("[],", parser->rest.data[count], 3))
                count++;
        if (count == 0 || !coffer_cursor_take(&parser->rest, count, &word) || !coffer_utf8_valid(word, false))
                return coffer_error_set(error, COFFER_MALFORMED, "a parameter of a type is no word");
        *out = copy_text(word);
        return *out ? COFFER_OK : no_memory(error);
}

static coffer_status parse_type(struct parser *parser, coffer_iotype **out, coffer_error *error);

static coffer_status parse_parameters(struct parser *parser, coffer_iotype *type, coffer_error *error)
{
        if (!take_byte(&parser->rest, '['))
                return COFFER_OK;
        if (++parser->depth > COFFER_IOTYPE_MAX_DEPTH)
                return coffer_error_set(error, COFFER_LIMIT, "a type is nested deeper than %d",
                                        COFFER_IOTYPE_MAX_DEPTH);
        do {
                coffer_iotype_parameter_slot *slot = NULL;
                COFFER_TRY(add_slot(type, &slot, error));
                if (type->class_->parameters == COFFER_IOTYPE_WORDS)
                        COFFER_TRY(parse_word(parser, &slot->word, error));
                else
                        COFFER_TRY(parse_type(parser, &slot->type, error));
        } while (take_byte(&parser->rest, ','));
        parser->depth--;
        if (!take_byte(&parser->rest, ']'))
                return coffer_error_set(error, COFFER_MALFORMED, "the parameters of type %s have no end",
                                        type->class_->name);
        return COFFER_OK;
}

static coffer_status check_parameters(const coffer_iotype *type, coffer_error *error)
{
        const coffer_iotype_class *class_ = type->class_;
        if (type->parameter_count >= class_->min_parameters && type->parameter_count <= class_->max_parameters)
                return class_->check ? class_->check(class_, type, error) : COFFER_OK;
        if (class_->min_parameters == class_->max_parameters)
                return coffer_error_set(error, COFFER_INVALID, "type %s takes %zu parameter%s, not %zu", class_->name,
                                        class_->min_parameters, class_->min_parameters == 1 ? "" : "s",
                                        type->parameter_count);
        return coffer_error_set(error, COFFER_INVALID, "type %s takes %zu to %zu parameters, not %zu", class_->name,
                                class_->min_parameters, class_->max_parameters, type->parameter_count);
}

static coffer_status parse_type(struct parser *parser, coffer_iotype **out, coffer_error *error)
{
        const uint8_t *start = parser->rest.data;
        coffer_cursor name;
        const coffer_iotype_class *class_ = NULL;
        size_t bytes = coffer_iotype_class_name_bytes(parser->rest);
        if (bytes == 0 || !coffer_cursor_take(&parser->rest, bytes, &name))
                return coffer_error_set(error, COFFER_MALFORMED,
                                        "no name of a type: names are made as in List[Int32], without spaces");
        char *class_name _cleanup_free_ = copy_text(name);
        if (!class_name)
                return no_memory(error);
        COFFER_TRY(coffer_iotypes_class(parser->iotypes, class_name, &class_, error));
        coffer_iotype *type _cleanup_iotype_ = coffer_alloc_zeroed(1, sizeof(*type));
        if (!type)
                return no_memory(error);
        atomic_init(&type->references, 1);
        type->class_ = class_;
        COFFER_TRY(parse_parameters(parser, type, error));
        type->name = copy_text(coffer_cursor_of(start, (size_t)(parser->rest.data - start)));
        if (!type->name)
                return no_memory(error);
        COFFER_TRY(check_parameters(type, error));
        *out = TAKE_PTR(type);
        return COFFER_OK;
}

coffer_status coffer_iotype_find(coffer_registry *registry, coffer_cursor name, coffer_iotype **out,
                                 coffer_error *error)
{
        if (name.size_bytes > COFFER_IOTYPE_MAX_NAME_BYTES)
                return coffer_error_set(error, COFFER_LIMIT, "the name of a type is longer than %d bytes",
                                        COFFER_IOTYPE_MAX_NAME_BYTES);
        coffer_iotype *type _cleanup_iotype_ = NULL;
        struct parser parser = {&registry->iotypes, name, 0};
        COFFER_TRY(parse_type(&parser, &type, error));
        if (parser.rest.size_bytes > 0)
                return coffer_error_set(error, COFFER_MALFORMED, "there is something behind the type %s", type->name);
        *out = TAKE_PTR(type);
        return COFFER_OK;
}

/* ---- errors ---- */

void coffer_iotype_error_at(coffer_error *error, const char *place)
{
        if (!error)
                return;
        char message[COFFER_ERROR_MESSAGE_BYTES];
        memcpy(message, error->message, sizeof(message));
        bool has_place = message[0] == '[' || message[0] == '.';
        (void)coffer_error_set_at(error, error->status, error->offset, "%s%s%s", place, has_place ? "" : ": ", message);
}
