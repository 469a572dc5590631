/* SPDX-License-Identifier: Apache-2.0 */
/* The scanner's opinion of a name that a pickle imports. */
#ifndef COFFER_PICKLE_SCAN_NAMES_H
#define COFFER_PICKLE_SCAN_NAMES_H

#include <coffer/pickle.h>

typedef struct coffer_judgement {
        coffer_verdict verdict;
        const char *reason; /* static */
} coffer_judgement;

/* Judges the global `qualname` (dots walk attributes) of `module`, whichever generation of Python the names are from.
 */
coffer_judgement coffer_scan_judge(coffer_cursor module, coffer_cursor qualname);

/* One row of the lists. `names` are separated by single spaces; NULL stands for everything in the module and in its
 * submodules. `reason` says what a denied name can do; the allowed need none. */
typedef struct coffer_scan_row {
        const char *module;
        const char *names;
        const char *reason;
} coffer_scan_row;

/* Sorted by module; a module may have several rows. */
typedef struct coffer_scan_list {
        const coffer_scan_row *rows;
        size_t count;
} coffer_scan_list;

extern const coffer_scan_list coffer_scan_allowed;        /* the standard library and NumPy */
extern const coffer_scan_list coffer_scan_allowed_models; /* pandas, SciPy and scikit-learn */
extern const coffer_scan_list coffer_scan_denied;

#endif
