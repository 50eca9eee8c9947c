/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SCENARIOS_H
#define SCENARIOS_H

#include <stdbool.h>
#include <stddef.h>

/* One public call, and what it needs before it can be made. */
struct scenario {
	const char *name;
	int (*call)(void); /* 0, or -1 with errno and message */
	int (*prepare)(void); /* may be NULL; undone with the scope */
	const char *link; /* the kind of link that must be possible; may be NULL */
	bool changes_process; /* the scope does not undo the call */
	bool undoes; /* the types that the call can change, also when it fails */
	bool keeps_thread; /* for a second an idle thread, which the next call may use */
	bool is_block; /* GONS_IN: ends the process where the thread cannot return */
	bool has_findings; /* the message lists them, and not the text of an errno */
	bool executes; /* programs, whose own calls do not count */
};

extern const struct scenario scenarios[];
extern const size_t n_scenarios;

#endif
