/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words that name what tests need, in GONS_REQUIRE and on the command line of gons-check:
 * both must read a list in the same way. The input is
 *
 *     a byte: the types of namespaces that a test asks for
 *     a byte: those that cannot be created
 *     the words, with NUL between the arguments of gons-check
 */
#include <ctype.h>
#include <sched.h>
#include <stdarg.h>
#include <string.h>

#include <stdio.h>
#include <stdlib.h>

#include <gons/privilege.h>

#include "check/check.h"
#include "fuzz.h"
#include "test/test.h"

enum { KNOWN = 32, MOST = KNOWN + 8192, MOST_WORDS = 64 };

static struct finding finding;
static struct entry entries[MOST];
static const char *variable; /* GONS_REQUIRE */
static int missing;
static bool is_asked; /* gons-check */

/* ---- in the place of the calls ---- */

char *__real_getenv(const char *name);
char *__wrap_getenv(const char *name);
bool __wrap_gons_can(int types);
__attribute__((format(printf, 2, 3))) int __wrap_fprintf(FILE *file, const char *format, ...);

char *__wrap_getenv(const char *name)
{
	return strcmp(name, "GONS_REQUIRE") == 0 ? (char *)variable : __real_getenv(name);
}

bool __wrap_gons_can(int types)
{
	return !(types & missing);
}

/* What gons-check complains of is read, and not printed. */
int __wrap_fprintf(FILE *file, const char *format, ...)
{
	char said[64];
	va_list args;
	int length;

	va_start(args, format);
	length = is_asked ? vsnprintf(said, sizeof(said), format, args)
			  : vfprintf(file, format, args);
	va_end(args);
	check(!is_asked || strncmp(said, "gons-check: ", 12) == 0);
	return length;
}

/* ---- the lists, read from each place where a word may begin ---- */

static bool is_separator(char c)
{
	return c == ' ' || c == ',' || c == '\t' || c == '\n' || c == '\0';
}

static bool names(const char *text, const char *word)
{
	const size_t length = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at++)
		if ((at == text || is_separator(at[-1])) && is_separator(at[length]))
			return true;
	return false;
}

/* Whether gons-check is to take an argument: there is a word in it, and each may be meant. */
static bool is_good(const char *argument)
{
	char word[16];
	size_t length = 0;
	bool any = false;

	for (;; argument++) {
		if (!is_separator(*argument)) {
			if (length == sizeof(word) - 1 ||
			    (!isalnum((unsigned char)*argument) && *argument != '_' &&
			     *argument != '.' && *argument != '-'))
				return false;
			word[length++] = *argument;
			any = true;
			continue;
		}
		length = 0;
		if (*argument == '\0')
			return any;
	}
}

/* ---- gons-check ---- */

static void check_list(const struct list *list)
{
	const bool all = names(variable, "1");

	for (size_t i = 0; i < list->n; i++) {
		const char *word = list->entries[i].thing.word;
		const bool is_there = names(variable, word);
		bool is_wanted = is_there || (i < 8 && all);

		for (size_t j = 0; i >= things_count && j < i; j++) /* each once */
			check(strcmp(list->entries[j].thing.word, word) != 0);
		if (strcmp(word, "sysfs") == 0)
			is_wanted |= (names(variable, "net") && names(variable, "mnt")) || all;
		check(list->entries[i].is_wanted == is_wanted);
		check(is_there == gons_i_require_names(word));
	}
}

static void check_arguments(char **words)
{
	struct list list = { entries, things_count };
	bool good = true;
	int result;

	for (size_t i = 0; i < things_count; i++)
		entries[i] = (struct entry){ things[i], &finding, false };
	for (char **word = words; *word; word++)
		good = good && is_good(*word);
	is_asked = true;
	result = want_all(&list, words);
	is_asked = false;
	check(result == (good ? 0 : -1));
	if (good)
		check_list(&list);
}

/* ---- GONS_REQUIRE ---- */

/* Where what a test asks for cannot be made. */
static void check_required(int types)
{
	int named = 0;

	for (size_t i = 0; i < 8; i++)
		if ((types & things[i].types) && names(variable, things[i].word))
			named |= things[i].types;
	check(gons_i_requires(types) ==
	      (names(variable, "1") || named == types || (named & missing)));
}

static int types_of(uint8_t bits)
{
	int types = 0;

	for (size_t i = 0; i < 8; i++)
		if (bits & 1 << i)
			types |= things[i].types;
	return types;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *words[MOST_WORDS + 1] = { NULL };
	char *arguments, *list;

	check(things_count <= KNOWN);
	if (size < 2 || size > 2 * (MOST - KNOWN))
		return 0;
	arguments = calloc(1, size);
	list = calloc(1, size);
	check(arguments && list);
	memcpy(arguments, data + 2, size - 2);
	words[0] = arguments;
	size -= 2;
	for (size_t i = 0, n = 1; i < size; i++) {
		list[i] = arguments[i] ? arguments[i] : ',';
		if (arguments[i] == '\0' && n < MOST_WORDS)
			words[n++] = arguments + i + 1;
		else if (arguments[i] == '\0')
			arguments[i] = ',';
	}
	variable = list;
	missing = types_of(data[1]);
	if (types_of(data[0]) & missing)
		check_required(types_of(data[0]));
	check_arguments(words);
	free(arguments);
	free(list);
	return 0;
}
