/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each system call and each allocation in a public call fails once, with each plausible errno.
 * Then the public call either fails with a message and has restored everything, or has
 * succeeded; and the next call works.
 *
 * usage: test-faults [PART OF THE NAME OF A SCENARIO [SYSTEM CALL]]
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gons/gons.h>
#include <gons/privilege.h>
#include <gons/reexec.h>

#include "inject.h"
#include "plausible.h"
#include "scenarios.h"

static void run_scenario(void *arg, struct outcome *outcome)
{
	const struct scenario *scenario = arg;
	int mark;

	reach(BEGUN);
	mark = gons_scope_begin();
	if (mark < 0 || (scenario->prepare && scenario->prepare() < 0)) {
		(void)snprintf(outcome->message, sizeof(outcome->message), "%s", gons_error());
		_exit(98);
	}
	reach(PREPARED);
	outcome->result = scenario->call();
	outcome->errnum = errno;
	reach(CALLED);
	(void)snprintf(outcome->message, sizeof(outcome->message), "%s", gons_error());
	if (outcome->result < 0) {
		outcome->again = scenario->call();
		outcome->again_errnum = errno;
		(void)snprintf(outcome->again_sentence, sizeof(outcome->again_sentence), "%s",
			       gons_error());
	}
	reach(CALLED_AGAIN);
	outcome->end = gons_scope_end(mark);
	outcome->end_errnum = errno;
	(void)snprintf(outcome->end_sentence, sizeof(outcome->end_sentence), "%s", gons_error());
	reach(ENDED);
}

/* Returns what differs, or NULL. */
static const char *difference(const struct snapshot *a, const struct snapshot *b)
{
	return memcmp(a->namespaces, b->namespaces, sizeof(a->namespaces)) ? "a namespace"
	       : memcmp(a->root, b->root, sizeof(a->root))		   ? "the root"
	       : memcmp(a->cwd, b->cwd, sizeof(a->cwd))			   ? "the working directory"
	       : a->fds != b->fds					   ? "the descriptors"
	       : a->threads != b->threads				   ? "the threads"
	       : a->children != b->children				   ? "the children"
	       : a->mounts != b->mounts					   ? "the mounts"
	       : a->links != b->links					   ? "the links"
									   : NULL;
}

/* Some calls have done their work when Linux lets them fail, but not when a fault is injected:
 * a close(2) that fails has closed the descriptor, and after ECHILD there is no child. */
static void allow_for_fault(const struct fault *fault, struct snapshot *snapshot)
{
	if (fault->call == SYS_close)
		snapshot->fds--;
	else if (fault->call == SYS_wait4 && fault->errnum == ECHILD)
		snapshot->children = 0;
}

static bool says_moved(const char *message)
{
	return strstr(message, "cannot return") || strstr(message, "which it cannot leave");
}

/* The return was refused, and the message says so. */
static bool is_loud(const struct outcome *outcome)
{
	return (outcome->result < 0 && says_moved(outcome->message)) ||
	       (outcome->end < 0 && says_moved(outcome->end_sentence));
}

/* Returns what is wrong, or NULL. */
static const char *judge(const struct scenario *scenario, const struct fault *fault,
			 struct report *report)
{
	static char text[2048];
	const struct outcome *outcome = &report->outcome;
	struct snapshot *at = report->at;
	const char *what;

	/* A block cannot return an error, so it ends the process. */
	if (scenario->is_block && WIFSIGNALED(report->status) &&
	    WTERMSIG(report->status) == SIGABRT && !report->was[CALLED])
		return NULL;
	if (WIFEXITED(report->status) && WEXITSTATUS(report->status) == 98) {
		(void)snprintf(text, sizeof(text), "it was not prepared: %.1000s",
			       outcome->message);
		return text;
	}
	if (report->hangs)
		return report->was[ENDED] ? "a process is left" : "it hangs";
	if (report->status != 0 || !report->was[ENDED]) {
		(void)snprintf(text, sizeof(text), "the process ended with status 0x%x",
			       (unsigned)report->status);
		return text;
	}
	/* The result of a program is not described by the text of an errno. */
	if (outcome->result < 0 && !scenario->executes && !scenario->has_findings &&
	    (outcome->errnum == 0 || !strstr(outcome->message, strerror(outcome->errnum))))
		return "errno and message are not of one failure";
	if (is_loud(outcome))
		return NULL;
	if (scenario->keeps_thread) {
		at[CALLED].threads = at[PREPARED].threads;
		at[ENDED].threads = at[BEGUN].threads;
	}
	if (report->hit && !report->hit_elsewhere) {
		allow_for_fault(fault, &at[CALLED]);
		allow_for_fault(fault, &at[ENDED]);
	}
	if (outcome->result < 0) {
		what = scenario->undoes ? NULL : difference(&at[PREPARED], &at[CALLED]);
		if (what) {
			(void)snprintf(text, sizeof(text), "it failed and changed %s", what);
			return text;
		}
		if (outcome->again < 0) {
			(void)snprintf(text, sizeof(text), "it does not work afterwards: %.1000s",
				       outcome->again_sentence);
			return text;
		}
	}
	if (outcome->end < 0) {
		(void)snprintf(text, sizeof(text), "the scope does not end: %.1000s",
			       outcome->end_sentence);
		return text;
	}
	what = scenario->changes_process ? NULL : difference(&at[BEGUN], &at[ENDED]);
	if (what) {
		(void)snprintf(text, sizeof(text), "after its scope, it changed %s", what);
		return text;
	}
	return NULL;
}

struct totals {
	unsigned tried, failed, survived, loud, wrong;
};

static void try_fault(const struct scenario *scenario, const struct plausible *call,
		      const struct fault *fault, struct totals *totals, bool *ret_hit)
{
	struct report report;
	const char *wrong;

	if (!run_with_fault(run_scenario, (void *)scenario, fault, &report)) {
		perror("cannot run a child under a filter");
		exit(1);
	}
	*ret_hit = report.hit;
	if (!report.hit && fault->call >= 0)
		return;
	wrong = judge(scenario, fault, &report);
	totals->tried++;
	if (is_loud(&report.outcome) || WIFSIGNALED(report.status))
		totals->loud++;
	else if (report.outcome.result == 0)
		totals->survived++;
	else
		totals->failed++;
	if (getenv("FAULTS_VERBOSE"))
		printf("%s: %s %u, %s: %d, \"%s\"\n", scenario->name, call ? call->name : "none",
		       fault->nth, strerror(fault->errnum), report.outcome.result,
		       report.outcome.result < 0 ? report.outcome.message : "");
	if (!wrong)
		return;
	totals->wrong++;
	fprintf(stderr, "%s: %s number %u fails with %s: %s; it returned %d, \"%s\"\n",
		scenario->name, call ? call->name : "nothing", fault->nth, strerror(fault->errnum),
		wrong, report.outcome.result,
		report.outcome.result < 0 ? report.outcome.message : "");
}

/* only: the name of the system call to try, or NULL. */
static void try_scenario(const struct scenario *scenario, const char *only, struct totals *totals)
{
	struct fault fault = { .call = -1, .here_only = scenario->executes };
	const char *wrong = NULL;
	struct report report;
	bool hit;

	if (run_with_fault(run_scenario, (void *)scenario, &fault, &report))
		wrong = judge(scenario, &fault, &report);
	if (wrong || report.outcome.result != 0 || !report.was[ENDED]) {
		fprintf(stderr, "%s: without a fault: %s; \"%s\"\n", scenario->name,
			wrong ? wrong : "it failed", report.outcome.message);
		totals->wrong++;
		return;
	}
	for (int number = 0; number < CALLS; number++) {
		const struct plausible *call = find_plausible(number);

		if (report.count[number] == 0)
			continue;
		if (!call) {
			fprintf(stderr, "%s: system call %d is not in the table\n", scenario->name,
				number);
			totals->wrong++;
			continue;
		}
		if (only && strcmp(only, call->name) != 0)
			continue;
		for (int i = 0; i < 6 && call->errnums[i] != 0; i++) {
			fault.call = number;
			fault.nth = 0;
			fault.errnum = call->errnums[i];
			do {
				fault.nth++;
				try_fault(scenario, call, &fault, totals, &hit);
			} while (hit && fault.nth < 200);
		}
	}
}

int main(int argc, char **argv)
{
	struct totals all = { 0 };

	gons_reexec_check();
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (gons_become_root() < 0) {
		fprintf(stderr, "gons: skipped: faults: %s\n", gons_error());
		return 77;
	}
	(void)setenv("GONS_REPORT", "0", 1); /* of a test that could not begin */
	/* In new namespaces, so that mounts and links of other programs do not count. */
	if (gons_enter_transient(CLONE_NEWNET | CLONE_NEWNS) < 0) {
		fprintf(stderr, "%s\n", gons_error());
		return 1;
	}
	for (size_t i = 0; i < n_scenarios; i++) {
		struct totals totals = { 0 };

		if (argc > 1 && !strstr(scenarios[i].name, argv[1]))
			continue;
		if (scenarios[i].link && !gons_can_link(scenarios[i].link)) {
			fprintf(stderr, "gons: skipped: %s: %s\n", scenarios[i].name, gons_error());
			continue;
		}
		try_scenario(&scenarios[i], argc > 2 ? argv[2] : NULL, &totals);
		printf("%-32s %5u tried: %5u refused, %5u done all the same, %3u loud\n",
		       scenarios[i].name, totals.tried, totals.failed, totals.survived,
		       totals.loud);
		all.tried += totals.tried;
		all.failed += totals.failed;
		all.survived += totals.survived;
		all.loud += totals.loud;
		all.wrong += totals.wrong;
	}
	printf("%u faults tried: %u refused, %u done all the same, %u loud; %u wrong\n", all.tried,
	       all.failed, all.survived, all.loud, all.wrong);
	return all.wrong == 0 && all.tried > 0 ? 0 : 1;
}
