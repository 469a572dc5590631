/* SPDX-License-Identifier: Apache-2.0 */
/* The host that imports modules and takes classes. */
#ifndef COFFER_PYTHON_HOST_H
#define COFFER_PYTHON_HOST_H

#include "class_registry.h"

/* Fills registry->host. */
void pycoffer_host_init(pycoffer_class_registry *registry);

#endif
