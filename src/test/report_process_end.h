/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_TEST_REPORT_PROCESS_END_H
#define GONS_I_TEST_REPORT_PROCESS_END_H

/* Reports of tests that end their process. */

#include <stdbool.h>

/* Between these calls, a test that ends the process by a signal or by exit(3) is reported. The
 * first call must come after the first scope has begun, since exit handlers run in reverse
 * order. If the test is reported already, only its end is: what happens in its teardown is not what
 * the report is about. */
void gons_i_process_end_report_enable(bool is_reported);
void gons_i_process_end_report_disable(void);

/* Whether gons writes anything when a test fails (see GONS_REPORT and the other variables). */
bool gons_i_report_is_wanted(void);

#endif
