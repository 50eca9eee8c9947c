/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the words of the command line.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

enum { NAMESPACE_TYPES = 8, MNT = 1, SYSFS = 8 }; /* in the table; net is the first */

static int misuse(const char *what, const char *word)
{
	(void)fprintf(stderr, "gons-check: %s \"%s\"; see gons-check --help\n", what, word);
	return -1;
}

static bool can_be_a_kind(const char *word)
{
	const size_t length = strlen(word);

	for (const char *c = word; *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) && !strchr("_.-", *c))
			return false;
	return length > 0 && length < 16; /* IFNAMSIZ */
}

static int want(struct list *list, const char *word)
{
	size_t i = 0;

	if (strcmp(word, "1") == 0) {
		for (; i < NAMESPACE_TYPES; i++)
			list->entries[i].is_wanted = true;
		return 0;
	}
	while (i < list->n && strcmp(list->entries[i].thing.word, word) != 0)
		i++;
	if (i == list->n) {
		if (!can_be_a_kind(word))
			return misuse("neither a namespace type nor a kind of link:", word);
		list->entries[list->n++].thing = things_link(word);
	}
	list->entries[i].is_wanted = true;
	return 0;
}

/* Splits a list where GONS_REQUIRE is split, in place. */
static int want_list(struct list *list, char *words)
{
	static const char separators[] = ", \t\n";
	char *word;

	if (words[strspn(words, separators)] == '\0')
		return misuse("there is no word in", words);
	while ((word = strsep(&words, separators)))
		if (*word != '\0' && want(list, word) < 0)
			return -1;
	return 0;
}

int want_all(struct list *list, char **words)
{
	for (; *words; words++)
		if (want_list(list, *words) < 0)
			return -1;
	/* For both types gons_can() also tries the sysfs. */
	if (list->entries[0].is_wanted && list->entries[MNT].is_wanted)
		list->entries[SYSFS].is_wanted = true;
	return 0;
}
