/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs in the failure report: how those of the test ended, and what the command of
 * GONS_ON_FAILURE prints in each namespace.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <gons/process.h>

#include "gons/process/process.h"
#include "test/report.h"

enum { LINES = 10, COMMAND_MS = 10000 };

/* Writes the last lines, each after "|". */
static void write_lines(const char *text, size_t size, FILE *stream)
{
	const char *end = text + size, *begin;
	unsigned lines = 0;

	while (end > text && end[-1] == '\n')
		end--;
	for (begin = end; begin > text && lines < LINES; begin--)
		if (begin[-1] == '\n' && ++lines == LINES)
			break;
	if (begin > text)
		(void)fputs("    | ...\n", stream);
	while (begin < end) {
		const char *newline = memchr(begin, '\n', (size_t)(end - begin));
		const size_t length = newline ? (size_t)(newline - begin) : (size_t)(end - begin);

		(void)fputs("    | ", stream);
		(void)fwrite(begin, 1, length, stream);
		(void)fputc('\n', stream);
		begin += length + 1;
	}
}

static void write_end(int status, FILE *stream)
{
	if (WIFEXITED(status))
		(void)fprintf(stream, "ended with status %d", WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		(void)fprintf(stream, "killed by signal %d (%s)", WTERMSIG(status),
			      strsignal(WTERMSIG(status)));
	else
		(void)fputs("ended", stream);
}

static void write_process(const struct gons_i_process_state *state, void *arg)
{
	FILE *stream = arg;

	(void)fputs("program", stream);
	for (size_t i = 0; state->argv[i]; i++)
		(void)fprintf(stream, " %s", state->argv[i]);
	(void)fprintf(stream, " (process %d): ", state->pid);
	if (state->running)
		(void)fputs("running", stream);
	else
		write_end(state->status, stream);
	(void)fputs(state->output_size ? ", its output ends with\n" : ", without output\n", stream);
	write_lines(state->output, state->output_size, stream);
}

void gons_i_report_write_processes(FILE *stream)
{
	gons_i_processes_each(write_process, stream);
}

void gons_i_report_run_command(const struct gons_i_report *report, const char *command,
			       FILE *stream)
{
	const char *const argv[] = { "sh", "-c", command, NULL };

	for (size_t i = 0; i < report->n; i++) {
		const struct gons_process_options options = {
			.nsfd = report->namespaces[i].fd,
			.timeout_ms = COMMAND_MS,
		};
		struct gons_process_result result = { .status = -1 };

		(void)fprintf(stream, "%s: %s\n", report->namespaces[i].name, command);
		if (gons_process_run(argv, &options, &result) < 0)
			(void)fprintf(stream, "  %s\n", gons_error());
		if (result.output_size > 0)
			write_lines(result.output, result.output_size, stream);
		if (result.error_size > 0)
			write_lines(result.error_output, result.error_size, stream);
		gons_process_result_free(&result);
	}
}
