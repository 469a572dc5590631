/* SPDX-License-Identifier: Apache-2.0 */
/* All of libcoffer's public interface but what authors of extensions need (coffer/sys/). */
#ifndef COFFER_COFFER_H
#define COFFER_COFFER_H

#include <coffer/alloc.h>
#include <coffer/bytes.h>
#include <coffer/cas.h>
#include <coffer/common.h>
#include <coffer/datastore.h>
#include <coffer/error.h>
#include <coffer/file.h>
#include <coffer/iotype.h>
#include <coffer/metadata.h>
#include <coffer/names.h>
#include <coffer/object.h>
#include <coffer/pickle.h>
#include <coffer/progress.h>
#include <coffer/registry.h>
#include <coffer/value.h>

#endif
