/* SPDX-License-Identifier: Apache-2.0 */
/* How an object was made: one picture of REDUCE, NEWOBJ, NEWOBJ_EX and of the functions of copyreg that stand for them
 * in old protocols. */
#include "value/view.h"

static const coffer_value *sequence_item(const coffer_value *sequence, size_t index)
{
        return sequence ? coffer_value_item(sequence, index) : NULL;
}

/* Module and name of a callable; a method of a class comes as getattr(class, name). */
static void name_callable(const coffer_value *callable, coffer_maker *out)
{
        const coffer_value *inner = callable ? coffer_value_callable(callable) : NULL;
        if (inner && coffer_value_is_global(inner, "builtins", "getattr")) {
                const coffer_value *args = coffer_value_args(callable);
                const coffer_value *name = sequence_item(args, 1);
                callable = name && coffer_value_kind(name) == COFFER_KIND_STR ? sequence_item(args, 0) : NULL;
                if (callable)
                        out->method = coffer_value_data(name);
        }
        if (callable) {
                out->module = coffer_value_module(callable);
                out->qualname = coffer_value_qualname(callable);
        }
}

static void drop_args(coffer_maker *maker, size_t count)
{
        maker->args += count;
        maker->arg_count -= count;
}

/* copyreg._reconstructor(class, base, contents of the base) and copyreg.__newobj__(class, *args). */
static void see_through_copyreg(coffer_maker *maker)
{
        if (coffer_maker_is(maker, "copyreg", "_reconstructor") && maker->arg_count == 3) {
                bool has_contents = !coffer_value_is_global(maker->args[1], "builtins", "object");
                name_callable(maker->args[0], maker);
                drop_args(maker, 2);
                maker->arg_count = has_contents;
        } else if (coffer_maker_is(maker, "copyreg", "__newobj__") && maker->arg_count >= 1) {
                name_callable(maker->args[0], maker);
                drop_args(maker, 1);
        }
}

bool coffer_maker_of(const coffer_value *value, coffer_maker *out)
{
        if (value->kind != COFFER_KIND_OBJECT)
                return false;
        const coffer_object_node *object = (const coffer_object_node *)value;
        *out = (coffer_maker){.value = value,
                              .kwargs = object->kwargs,
                              .state = object->state,
                              .items = object->items,
                              .pairs = object->pairs};
        if (object->args && object->args->kind == COFFER_KIND_TUPLE) {
                out->args = object->args->items;
                out->arg_count = object->args->count;
        }
        name_callable(object->base.value, out);
        if (object->base.construction == COFFER_CALL)
                see_through_copyreg(out);
        return true;
}

bool coffer_maker_is_bare(const coffer_maker *maker)
{
        return !maker->state && !maker->items && !maker->pairs &&
               (!maker->kwargs || coffer_value_count(maker->kwargs) == 0);
}

bool coffer_maker_is(const coffer_maker *maker, const char *module, const char *qualname)
{
        size_t class_bytes = maker->qualname.size_bytes, all_bytes = strlen(qualname);
        if (!coffer_cursor_is(maker->module, module) || class_bytes > all_bytes ||
            memcmp(maker->qualname.data, qualname, class_bytes) != 0)
                return false;
        if (maker->method.size_bytes == 0)
                return class_bytes == all_bytes;
        return qualname[class_bytes] == '.' && coffer_cursor_is(maker->method, qualname + class_bytes + 1);
}

const coffer_value *coffer_maker_arg(const coffer_maker *maker, size_t index, coffer_kind kind)
{
        return index < maker->arg_count && maker->args[index]->kind == kind ? maker->args[index] : NULL;
}
