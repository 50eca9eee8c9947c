/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes findings: as a line for people, or as JSON for programs.
 */
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "check.h"

static void write_line(const struct thing *thing, const struct finding *finding)
{
	(void)printf("%-12s ", thing->word);
	if (finding->there) {
		(void)printf("yes%s\n", finding->in_user_namespace ? ", in a user namespace" : "");
		return;
	}
	(void)printf("no: ");
	/* The names of mounts may have a newline in them, and worse. */
	for (const char *c = finding->reason; *c != '\0'; c++)
		(void)putchar((unsigned char)*c < ' ' || *c == 0x7f ? '?' : *c);
	(void)putchar('\n');
}

void report_text(const struct list *list)
{
	struct utsname kernel;

	(void)uname(&kernel); /* cannot fail */
	(void)printf("gons-check " VERSION ", Linux %s %s, uid %u\n", kernel.release,
		     kernel.machine, geteuid());
	for (size_t i = 0; i < list->n; i++)
		if (list->entries[i].is_wanted)
			write_line(&list->entries[i].thing, list->entries[i].finding);
}

/* ---- JSON ---- */

/* The length of the character of UTF-8 at text; 0 where there is none (RFC 3629). */
static size_t character_length(const unsigned char *text)
{
	const unsigned char first = text[0];
	const size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if ((first >= 0x80 && first < 0xc2) || first > 0xf4)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	/* Longer than need be, half of a pair, beyond the last one. */
	if ((first == 0xe0 && text[1] < 0xa0) || (first == 0xed && text[1] > 0x9f) ||
	    (first == 0xf0 && text[1] < 0x90) || (first == 0xf4 && text[1] > 0x8f))
		return 0;
	return length;
}

static void write_string(const char *string)
{
	const unsigned char *text = (const unsigned char *)string;

	(void)putchar('"');
	while (*text != '\0') {
		size_t length = character_length(text);

		if (length == 0)
			(void)printf("\\ufffd");
		else if (*text == '"' || *text == '\\')
			(void)printf("\\%c", *text);
		else if (*text < ' ')
			(void)printf("\\u%04x", *text);
		else
			(void)fwrite(text, 1, length, stdout);
		text += length == 0 ? 1 : length;
	}
	(void)putchar('"');
}

static void write_object(const struct thing *thing, const struct finding *finding)
{
	(void)printf("{ \"name\": ");
	write_string(thing->word);
	(void)printf(", \"there\": %s", finding->there ? "true" : "false");
	(void)printf(", \"in_user_namespace\": %s", finding->in_user_namespace ? "true" : "false");
	(void)printf(", \"reason\": ");
	if (finding->there)
		(void)printf("null");
	else
		write_string(finding->reason);
	(void)printf(" }");
}

void report_json(const struct list *list, bool all)
{
	const char *separator = "\n    ";
	struct utsname kernel;

	(void)uname(&kernel);
	(void)printf("{ \"gons\": \"" VERSION "\", \"kernel\": ");
	write_string(kernel.release);
	(void)printf(", \"machine\": ");
	write_string(kernel.machine);
	(void)printf(", \"uid\": %u, \"all\": %s,\n  \"things\": [", geteuid(),
		     all ? "true" : "false");
	for (size_t i = 0; i < list->n; i++) {
		if (!list->entries[i].is_wanted)
			continue;
		(void)fputs(separator, stdout);
		write_object(&list->entries[i].thing, list->entries[i].finding);
		separator = ",\n    ";
	}
	(void)printf("\n  ] }\n");
}
