/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_I_CHECK_CHECK_H
#define GONS_I_CHECK_CHECK_H

/* What the files of gons-check share. */

#include <stdbool.h>
#include <stddef.h>

/* What was found out about a thing. */
struct finding {
	bool known;
	bool there;
	bool in_user_namespace; /* there after gons_become_root(), and not without */
	char reason[1280]; /* why not, and what would help */
};

/* Something that tests may need. */
struct thing {
	const char *word; /* as in GONS_REQUIRE */
	int (*try)(const struct thing *thing); /* 0, or -1 with the reason in gons_error() */
	int types; /* of the namespaces that it is, or is in */
	const char *option; /* of the kernel, that brings it */
};

struct entry {
	struct thing thing;
	struct finding *finding;
	bool is_wanted;
};

/* What is known, and what was named beside it. */
struct list {
	struct entry *entries;
	size_t n;
};

/* ---- probes.c ---- */

/* Those that are known by name. */
extern const struct thing things[];
extern const size_t things_count;

/* A kind of links that is not among them. */
struct thing things_link(const char *kind);

/* Finds out by trying, in children. The finding must be in memory that is shared with those, and
 * so must be net, what was found out about network namespaces. */
void things_try(const struct thing *thing, const struct finding *net, struct finding *finding);

/* ---- arguments.c ---- */

/* Marks in the list of all that is known what these words name, and appends other kinds of links.
 * The words are cut up. -1 where one cannot be meant, which is said on standard error. */
int want_all(struct list *list, char **words);

/* ---- report.c ---- */

/* Write what was found out about all that is wanted to standard output: a line for each, or JSON,
 * which also tells whether all is there. */
void report_text(const struct list *list);
void report_json(const struct list *list, bool all);

#endif
