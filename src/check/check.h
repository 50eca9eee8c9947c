/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_CHECK_CHECK_H
#define GONS_I_CHECK_CHECK_H

/* gons-check: the things that it checks, its probes, arguments and reports. */

#include <stdbool.h>
#include <stddef.h>

/* The result of a probe. */
struct finding {
	bool known;
	bool there;
	bool in_user_namespace; /* works only after gons_become_root() */
	char reason[1280]; /* the cause and the remedy if it does not work */
};

/* Something that tests may need. */
struct thing {
	const char *word; /* as in GONS_REQUIRE */
	int (*try)(const struct thing *thing); /* 0, or -1 with the reason in gons_error() */
	int types; /* of the namespaces that it is, or is in */
	const char *option; /* of the kernel: the one that it needs */
};

struct entry {
	struct thing thing;
	struct finding *finding;
	bool is_wanted;
};

/* The known things, and others that were named. */
struct list {
	struct entry *entries;
	size_t n;
};

/* ---- probes.c ---- */

/* The things that are known by name. */
extern const struct thing things[];
extern const size_t things_count;

/* Any other kind of links. */
struct thing things_link(const char *kind);

/* Tries a thing in child processes, which share the memory of finding and of net, the finding about
 * network namespaces. */
void things_try(const struct thing *thing, const struct finding *net, struct finding *finding);

/* ---- arguments.c ---- */

/* Marks in the list the things that these words name, and appends other kinds of links. Changes the
 * words. -1 for a word that names nothing, with a message on standard error. */
int want_all(struct list *list, char **words);

/* ---- report.c ---- */

/* Write the findings about all wanted things to standard output: a line for each, or JSON, which
 * also tells whether all of them work. */
void report_text(const struct list *list);
void report_json(const struct list *list, bool all);

#endif
