/* SPDX-License-Identifier: Apache-2.0 */
/* Metaflow's configuration: environment, then the nearest .metaflow/config.json, then the profile's file. */
#ifndef COFFER_DATASTORE_SETTINGS_H
#define COFFER_DATASTORE_SETTINGS_H

#include <coffer/error.h>

#define COFFER_LOCAL_DIRECTORY ".metaflow"

/* The variable's value, NULL when unset or empty. */
const char *coffer_environment(const char *name);

/* The absolute path of the working directory; free with coffer_free. */
COFFER_MUST_CHECK coffer_status coffer_working_directory(char **out, coffer_error *error);

/* The nearest directory called `name` in `start` (an absolute path) or above it. COFFER_NOT_FOUND; free with
 * coffer_free. */
COFFER_MUST_CHECK coffer_status coffer_find_upward(const char *start, const char *name, char **out,
                                                   coffer_error *error);

/* The text of the variable `key` ("METAFLOW_..."), looked for from the directory `start`. COFFER_NOT_FOUND when it is
 * set nowhere; free with coffer_free. */
COFFER_MUST_CHECK coffer_status coffer_setting(const char *start, const char *key, char **out, coffer_error *error);

/* What Metaflow calls the user: METAFLOW_USER, SUDO_USER, USERNAME, USER, the first that is set and not root. `*out` is
 * NULL when there is none; else free with coffer_free. */
COFFER_MUST_CHECK coffer_status coffer_setting_user(char **out, coffer_error *error);

#endif
