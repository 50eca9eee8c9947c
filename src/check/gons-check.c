/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gons-check: what tests may need, and whether this machine has it.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <gons/reexec.h>

#include "check.h"

/* Exit statuses: something is missing; the command line is wrong or the output cannot be written. */
enum { MISSING = 1, MISUSE = 2 };

static const char help[] =
	"usage: gons-check [--json] [WORD...]\n"
	"Checks everything that tests with gons may need, and prints one line for each: whether\n"
	"this machine has it; and if not, why, and what would help.\n"
	"\n"
	"WORD, as in GONS_REQUIRE (also several, with commas or blanks between them): the name of\n"
	"a namespace type (net, mnt, uts, ipc, cgroup, user, pid, time, or 1 for all), of a kind\n"
	"of link (veth, dummy...), sysfs, loopback, capture, unprivileged or reexec. Only what is\n"
	"named is checked then.\n"
	"\n"
	"  --json     writes JSON\n"
	"  --help     writes this\n"
	"  --version  writes the version\n"
	"\n"
	"Exit status: 0 if everything that was checked is there, 1 if something is missing, 2 if the\n"
	"command line is wrong or the output cannot be written.\n";

/* ---- what is wanted ---- */

/* The findings are shared with the children. */
static bool make_list(size_t more, struct list *list)
{
	const size_t most = things_count + more;
	struct finding *findings = mmap(NULL, most * sizeof(*findings), PROT_READ | PROT_WRITE,
					MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (findings == MAP_FAILED)
		return false;
	list->entries = calloc(most, sizeof(*list->entries));
	if (!list->entries)
		return false;
	for (size_t i = 0; i < most; i++)
		list->entries[i].finding = &findings[i];
	for (; list->n < things_count; list->n++)
		list->entries[list->n].thing = things[list->n];
	return true;
}

/* ---- what is there ---- */

static void find_out(struct list *list, size_t i)
{
	const struct entry *entry = &list->entries[i];
	const struct entry *net = &list->entries[0];
	const bool is_in_net = entry != net && (entry->thing.types & net->thing.types);

	if (is_in_net && !net->finding->known)
		things_try(&net->thing, NULL, net->finding);
	if (!entry->finding->known)
		things_try(&entry->thing, is_in_net ? net->finding : NULL, entry->finding);
}

/* Whether all that is wanted is there. */
static bool find_out_all(struct list *list)
{
	bool all = true;

	for (size_t i = 0; i < list->n; i++) {
		if (!list->entries[i].is_wanted)
			continue;
		find_out(list, i);
		all = all && list->entries[i].finding->there;
	}
	return all;
}

/* ---- the command ---- */

/* Without this, an output that was cut by a full disk would look like a result. */
static int finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	perror("gons-check: cannot write");
	return MISUSE;
}

/* The words, or NULL where there is nothing more to do than to end with this status. */
static char **parse(int argc, char **argv, bool *json, int *status)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' },
						 { "help", no_argument, NULL, 'h' },
						 { "version", no_argument, NULL, 'v' },
						 { NULL, 0, NULL, 0 } };
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'j') {
			*json = true;
			continue;
		}
		if (option == 'h')
			(void)fputs(help, stdout);
		else if (option == 'v')
			(void)puts("gons-check " VERSION);
		*status = option == '?' ? MISUSE : finish(0);
		return NULL;
	}
	return argv + optind;
}

int main(int argc, char **argv)
{
	struct list list = { NULL, 0 };
	bool json = false;
	int status = 0;
	size_t more = 0;
	char **words;
	bool all;

	gons_reexec_check();
	words = parse(argc, argv, &json, &status);
	if (!words)
		return status;
	for (char **word = words; *word; word++)
		more += strlen(*word) + 1; /* more than can be in the list */
	if (!make_list(more, &list)) {
		perror("gons-check");
		return MISUSE;
	}
	if (want_all(&list, words) < 0)
		return MISUSE;
	for (size_t i = 0; i < list.n && !*words; i++)
		list.entries[i].is_wanted = true;
	all = find_out_all(&list);
	if (json)
		report_json(&list, all);
	else
		report_text(&list);
	return finish(*words && !all ? MISSING : 0);
}
