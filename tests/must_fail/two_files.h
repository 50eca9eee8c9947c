/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TWO_FILES_H
#define TWO_FILES_H

#include "group.h"

extern const struct CMUnitTest two_files_tests[2];
void enters_in_another_file(void **state);
void leaks_in_another_file(void **state);
void requires_in_another_file(void **state);

#endif
