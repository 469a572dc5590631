/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COFFER_TABLE_TABLE_H
#define COFFER_TABLE_TABLE_H

#include <coffer/sys/iotype.h>

COFFER_API const coffer_iotype_class *coffer_iotype_entry(uint32_t abi, const char *name);

#endif
