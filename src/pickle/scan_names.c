/* SPDX-License-Identifier: Apache-2.0 */
#include "pickle/scan_names.h"

#include "pickle/python2_names.h"
#include "util/cleanup.h"
#include "util/cursor.h"

/* Enough for every name in the lists; a longer one is in none of them. */
enum { MAX_JOINED_BYTES = 256 };

static const char *const reason_allowed = "on the list of plain data classes";
static const char *const reason_unknown = "not on the list of plain data classes";
static const char *const reason_walk = "walks from object to object by a dotted name";
static const char *const reason_internals = "reaches into the interpreter's internals";
static const char *const reason_module = "reaches a module of the system through another one";

/* Takes the text in front of the next `separator`, and the separator; false when `rest` is empty. */
static bool take_part(coffer_cursor *rest, uint8_t separator, coffer_cursor *part)
{
        if (rest->size_bytes == 0)
                return false;
        if (!coffer_cursor_until(rest, separator, part))
                return coffer_cursor_take(rest, rest->size_bytes, part);
        return true;
}

static bool is_word_of(const char *words, coffer_cursor word)
{
        coffer_cursor rest = coffer_cursor_text(words), part;
        while (take_part(&rest, ' ', &part))
                if (coffer_cursor_equal(part, word))
                        return true;
        return false;
}

/* The first row of `module`, or where it would be. */
static size_t lower_bound(const coffer_scan_list *list, coffer_cursor module)
{
        size_t low = 0, high = list->count;
        while (low < high) {
                size_t middle = low + (high - low) / 2;
                if (coffer_cursor_compare_text(module, list->rows[middle].module) > 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* The row of `module` that names `qualname` or stands for the whole module. With `whole_only`, just the latter. */
static const coffer_scan_row *find_row(const coffer_scan_list *list, coffer_cursor module, coffer_cursor qualname,
                                       bool whole_only)
{
        for (size_t i = lower_bound(list, module); i < list->count; i++) {
                const coffer_scan_row *row = &list->rows[i];
                if (!coffer_cursor_is(module, row->module))
                        break;
                if (!row->names || (!whole_only && is_word_of(row->names, qualname)))
                        return row;
        }
        return NULL;
}

/* Why `qualname` of `module` is denied, itself or by a package around it; NULL when it is not. */
static const char *denied_as(coffer_cursor module, coffer_cursor qualname)
{
        for (size_t size = module.size_bytes; size > 0; size--) {
                bool whole = size == module.size_bytes;
                if (!whole && module.data[size] != '.')
                        continue;
                coffer_cursor head = coffer_cursor_of(module.data, size);
                const coffer_scan_row *row = find_row(&coffer_scan_denied, head, qualname, !whole);
                if (row)
                        return row->reason;
        }
        return NULL;
}

static bool is_dunder(coffer_cursor name)
{
        return name.size_bytes > 4 && memcmp(name.data, "__", 2) == 0 &&
               memcmp(name.data + name.size_bytes - 2, "__", 2) == 0;
}

/* What one step of an attribute walk gives away: modules of the system are within reach of nearly every other module,
 * often as `_os` or `_sys`. */
static const char *denied_step(coffer_cursor step)
{
        if (is_dunder(step))
                return reason_internals;
        while (step.size_bytes > 0 && step.data[0] == '_')
                step = coffer_cursor_of(step.data + 1, step.size_bytes - 1);
        return is_word_of("builtins ctypes importlib io nt os pickle posix pty runpy shutil socket subprocess sys",
                          step)
                       ? reason_module
                       : NULL;
}

/* The walk may lead through submodules: every prefix of it is tried as a part of the module's name. */
static const char *denied_walk(coffer_cursor module, coffer_cursor qualname)
{
        uint8_t joined[MAX_JOINED_BYTES];
        size_t size = 0;
        const char *reason = NULL;
        coffer_cursor rest = qualname, step;

        if (module.size_bytes < sizeof(joined)) {
                size = module.size_bytes;
                if (size > 0)
                        memcpy(joined, module.data, size);
        }
        while (!reason && take_part(&rest, '.', &step)) {
                reason = denied_as(coffer_cursor_of(joined, size), step);
                if (!reason)
                        reason = denied_step(step);
                if (size == 0 || step.size_bytes >= sizeof(joined) - size - 1)
                        continue;
                joined[size++] = '.';
                if (step.size_bytes > 0)
                        memcpy(joined + size, step.data, step.size_bytes);
                size += step.size_bytes;
        }
        return reason;
}

static coffer_judgement judge_as(coffer_cursor module, coffer_cursor qualname)
{
        if (find_row(&coffer_scan_allowed, module, qualname, false) ||
            find_row(&coffer_scan_allowed_models, module, qualname, false))
                return (coffer_judgement){COFFER_ONLY_ALLOWLISTED, reason_allowed};
        const char *reason = denied_as(module, qualname);
        if (!reason)
                reason = denied_walk(module, qualname);
        if (reason)
                return (coffer_judgement){COFFER_DANGEROUS, reason};
        bool dotted = qualname.size_bytes > 0 && memchr(qualname.data, '.', qualname.size_bytes);
        return (coffer_judgement){COFFER_SUSPICIOUS, dotted ? reason_walk : reason_unknown};
}

coffer_judgement coffer_scan_judge(coffer_cursor module, coffer_cursor qualname)
{
        coffer_judgement as_is = judge_as(module, qualname);
        if (as_is.verdict == COFFER_DANGEROUS)
                return as_is;
        coffer_python2_name(&module, &qualname);
        coffer_judgement moved = judge_as(module, qualname);
        return moved.verdict == COFFER_SUSPICIOUS ? as_is : moved;
}
