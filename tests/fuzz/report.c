/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What gons-check prints: JSON for any reason text, with the text in it, and a line for each thing.
 * Each line of the input is a reason; NUL ends it early.
 */
#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "check/check.h"
#include "fuzz.h"

enum { MOST = 8 };

static struct finding findings[MOST];
static struct entry entries[MOST];

/* What is printed, to be freed. */
static char *print(const struct list *list, bool as_json)
{
	FILE *saved = stdout;
	size_t size = 0;
	char *text = NULL;

	stdout = open_memstream(&text, &size);
	check(stdout);
	if (as_json)
		report_json(list, false);
	else
		report_text(list);
	check(fclose(stdout) == 0);
	stdout = saved;
	check(strlen(text) == size);
	return text;
}

static bool is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

static void check_json(const struct list *list)
{
	char *text = print(list, true);
	json_t *document = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	const json_t *all = json_object_get(document, "things");

	check(document);
	check(json_array_size(all) == list->n);
	for (size_t i = 0; i < list->n; i++) {
		const json_t *reason = json_object_get(json_array_get(all, i), "reason");
		const char *given = list->entries[i].finding->reason;
		const char *read = json_string_value(reason);

		check(read);
		/* What is no UTF-8 was replaced, and nothing else. */
		check(is_ascii(given) ? strcmp(given, read) == 0
				      : strcmp(given, read) == 0 || strstr(read, "\xef\xbf\xbd"));
	}
	json_decref(document);
	free(text);
}

static void check_lines(const struct list *list)
{
	char *text = print(list, false);
	size_t lines = 0;

	for (const char *c = text; *c != '\0'; c++) {
		check((unsigned char)*c >= ' ' || *c == '\n');
		lines += *c == '\n';
	}
	check(lines == list->n + 1);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct list list = { entries, 0 };

	while (size > 0 && list.n < MOST) {
		const uint8_t *end = memchr(data, '\n', size);
		size_t length = end ? (size_t)(end - data) : size;
		char *reason = findings[list.n].reason;

		/* What try_now() cuts may end in the midst of a character. */
		(void)snprintf(reason, sizeof(findings[0].reason), "%.*s", (int)length,
			       (const char *)data);
		entries[list.n].thing.word = "net";
		entries[list.n].finding = &findings[list.n];
		entries[list.n++].is_wanted = true;
		data += length + (end != NULL);
		size -= length + (end != NULL);
	}
	check_json(&list);
	check_lines(&list);
	return 0;
}
