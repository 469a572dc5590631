/* SPDX-License-Identifier: Apache-2.0 */
/* Progress of long work. */
#ifndef COFFER_PROGRESS_H
#define COFFER_PROGRESS_H

#include <coffer/common.h>

COFFER_BEGIN_DECLS

/* Called now and then by long operations, in the calling thread: `done` of `total` units (total 0: not known yet).
 * Return false to stop the operation at the next safe point. */
typedef bool (*coffer_progress_fn)(void *user, uint64_t done, uint64_t total);

COFFER_END_DECLS
#endif
