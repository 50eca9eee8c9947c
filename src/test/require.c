/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a test requires of the machine. When it is missing, the test is skipped, or fails if
 * GONS_REQUIRE lists it.
 */
#include <stdlib.h>
#include <string.h>

#include <gons/privilege.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/types.h"
#include "test/test.h"

/* Commas or blanks separate the words. */
bool gons_i_require_names(const char *word)
{
	const char *list = getenv("GONS_REQUIRE");
	size_t length = strlen(word);

	while (list && *list) {
		size_t here = strcspn(list, ", \t\n");

		if (here == length && strncmp(list, word, length) == 0)
			return true;
		list += here + (list[here] != '\0');
	}
	return false;
}

/* If GONS_REQUIRE lists only some of these types, finds out whether these are the ones that the
 * machine cannot create. */
bool gons_i_requires(int types)
{
	int named = 0;

	if (gons_i_require_names("1"))
		return true;
	for (size_t i = 0; i < GONS_I_TYPES; i++)
		if ((types & gons_i_types[i].flag) && gons_i_require_names(gons_i_types[i].name))
			named |= gons_i_types[i].flag;
	if (named == 0 || named == types)
		return named == types;
	return !gons_can(named) || gons_can(types & ~named);
}

int gons_i_test_skip_or_fail(bool is_required)
{
	const char *name = gons_i_test_name();

	gons_i_test_note("gons: %s: %s: %s\n", is_required ? "required" : "skipped",
			 name ? name : "test", gons_error());
	if (is_required)
		return -1;
	gons_i_test_skips();
	return 1;
}

int gons_i_test_refused(int types)
{
	struct gons_i_failure failure;
	bool is_required;

	gons_i_failure_save(&failure);
	is_required = gons_i_requires(types);
	(void)gons_i_failure_restore(&failure);
	return gons_i_test_skip_or_fail(is_required);
}

/* Whether the error says nothing about what the machine can do: a limit was reached, or the child
 * process that tried it was too slow or was killed. */
static bool is_unrelated(int errnum)
{
	return errnum == ENOMEM || errnum == EMFILE || errnum == ENFILE || errnum == EAGAIN ||
	       errnum == ETIMEDOUT || errnum == ECHILD;
}

GONS_EXPORT int gons_test_require(int types)
{
	int known = 0;

	if (gons_can(types))
		return 0;
	for (size_t i = 0; i < GONS_I_TYPES; i++)
		known |= gons_i_types[i].flag;
	/* A mistake of the program must not look like a skip. */
	if (types == 0 || (types & ~known) || is_unrelated(errno))
		return -1;
	return gons_i_test_refused(types);
}

GONS_EXPORT int gons_test_require_link(const char *kind)
{
	struct gons_i_failure failure;
	bool netns_is_refused;

	if (gons_can_link(kind))
		return 0;
	if (!kind || kind[0] == '\0' || strlen(kind) > 15 /* IFNAMSIZ - 1 */ || is_unrelated(errno))
		return -1;
	if (gons_i_require_names(kind))
		return gons_i_test_skip_or_fail(true);
	gons_i_failure_save(&failure);
	netns_is_refused = !gons_can(CLONE_NEWNET);
	(void)gons_i_failure_restore(&failure);
	return netns_is_refused ? gons_i_test_refused(CLONE_NEWNET)
				: gons_i_test_skip_or_fail(false);
}
