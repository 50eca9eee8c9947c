/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Re-execution without a process: how the new process reads its ticket, and how the caller reads
 * all that the process may have written. The input is
 *
 *     a byte: how it ended (below)
 *     a byte: its exit status or signal
 *     a line: the action's name, or the whole ticket
 *     what is in its standard error, with '$' for the nonce
 */
#include <poll.h>
#include <setjmp.h>
#include <string.h>
#include <sys/prctl.h>

#include "fuzz.h"
#include "gons/base/error.h"
#include "gons/process/program.h"
#include "gons/process/reexec_parts.h"

enum { FATES = 6, KILLED = 0x10, REPORTS = 0x20, TICKET = 0x40 };

static const char nonce[] = "0123456789abcdef";

static struct {
	char *line, *ticket, *text;
	size_t size;
	int how, status;
	bool is_child; /* the new process is under way, */
	jmp_buf end; /* until here */
	char report[4096];
	size_t report_size;
	bool ran;
} run;

/* ---- in the place of the calls ---- */

ssize_t __wrap_getrandom(void *buf, size_t size, unsigned flags);
char *__real_getenv(const char *name);
char *__wrap_getenv(const char *name);
int __real_unsetenv(const char *name);
int __wrap_unsetenv(const char *name);
__attribute__((noreturn)) void __real_exit(int status);
__attribute__((noreturn)) void __wrap_exit(int status);
ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);
int __wrap_prctl(int option, unsigned long value);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms);
int __wrap_gons_i_action_check(const char *name);
int __wrap_gons_i_program_run(const struct gons_i_command *command, const char *what,
			      struct gons_i_program *ret_program);

ssize_t __wrap_getrandom(void *buf, size_t size, unsigned flags)
{
	const uint64_t number = 0x0123456789abcdef;

	(void)flags;
	check(size == sizeof(number));
	memcpy(buf, &number, size);
	return (ssize_t)size;
}

char *__wrap_getenv(const char *name)
{
	if (run.is_child)
		return strcmp(name, GONS_I_ACTION_VARIABLE) == 0 ? run.ticket : NULL;
	return __real_getenv(name);
}

int __wrap_unsetenv(const char *name)
{
	return run.is_child ? 0 : __real_unsetenv(name);
}

void __wrap_exit(int status)
{
	if (!run.is_child)
		__real_exit(status);
	check(status >= 0 && status <= 255);
	run.status = status;
	longjmp(run.end, 1);
}

ssize_t __wrap_write(int fd, const void *data, size_t size)
{
	if (!run.is_child)
		return __real_write(fd, data, size);
	check(fd == 2 && run.report_size == 0 && size <= sizeof(run.report));
	memcpy(run.report, data, size);
	run.report_size = size;
	return (ssize_t)size;
}

int __wrap_prctl(int option, unsigned long value)
{
	(void)value;
	return option == PR_GET_DUMPABLE;
}

int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	(void)fds;
	check(n == 1 && timeout_ms == 0);
	return 0;
}

/* The caller may be here what else only a new process is. */
int __wrap_gons_i_action_check(const char *name)
{
	check(name[0] != '\0' && strlen(name) <= GONS_I_NAME_MAX);
	return 0;
}

/* ---- the new process ---- */

static int act(void)
{
	run.ran = true;
	return run.status * 2 - 100;
}

GONS_ACTION(plain)
{
	return act();
}

GONS_ACTION(twice)
{
	return act();
}

static void register_actions(void)
{
	check(gons_reexec_register("quoted name", act) == 0);
	check(gons_reexec_register("twice", act) == -1);
}

/* One line, with this nonce, and why not if there is none to run. */
static void check_report(const char *ticket, const char *name, bool is_there)
{
	char begin[32], reason[64 + GONS_I_NAME_MAX];
	char *end = run.report + run.report_size - 1;

	check(run.report_size > 0 && *end == '\n');
	check(!memchr(run.report, '\n', run.report_size - 1));
	*end = '\0';
	(void)snprintf(begin, sizeof(begin), "%.16s:%d:", ticket, is_there ? 0 : EINVAL);
	for (char *c = begin; *c; c++)
		*c = *c == '\n' ? ' ' : *c;
	check(strncmp(run.report, begin, strlen(begin)) == 0);
	(void)snprintf(reason, sizeof(reason), "action \"%s\" is registered", name);
	for (char *c = reason; *c; c++)
		*c = *c == '\n' ? ' ' : *c;
	check(is_there ? run.report[strlen(begin)] == '\0' : strstr(run.report, reason) != NULL);
	*end = '\n';
}

static void play_new_process(char *ticket)
{
	const int status = run.status * 2 - 100;
	const bool is_ticket = strlen(ticket) > GONS_I_NONCE + 1;
	char name[GONS_I_NAME_MAX + 1] = "";
	bool is_there;

	if (is_ticket)
		(void)snprintf(name, sizeof(name), "%s", ticket + GONS_I_NONCE + 1);
	is_there = strcmp(name, "plain") == 0 || strcmp(name, "quoted name") == 0;
	run.ran = false;
	run.report_size = 0;
	run.ticket = ticket;
	run.is_child = true;
	if (setjmp(run.end) == 0) {
		gons_reexec_check();
		check(!is_ticket);
	}
	run.is_child = false;
	check(run.ran == is_there);
	if (is_ticket)
		check_report(ticket, name, is_there);
	if (is_there)
		check(run.status == (status < 0 || status > 255 ? 255 : status));
	else if (is_ticket)
		check(run.status == EXIT_FAILURE);
}

/* ---- the caller ---- */

/* The report, and behind it what the input has with the nonce for '$'. */
static void write_text(struct gons_i_buffer *buffer)
{
	const size_t room = run.report_size + run.size * GONS_I_NONCE;

	if (room == 0)
		return;
	buffer->data = malloc(room + 1);
	check(buffer->data);
	memcpy(buffer->data, run.report, run.report_size);
	buffer->size = run.report_size;
	for (size_t i = 0; i < run.size; i++) {
		const bool is_nonce = run.text[i] == '$';
		const size_t length = is_nonce ? GONS_I_NONCE : 1;

		memcpy(buffer->data + buffer->size, is_nonce ? nonce : run.text + i, length);
		buffer->size += length;
	}
	buffer->data[buffer->size] = '\0';
}

/* What the caller must make of it, read byte by byte. */
static struct {
	char *text;
	size_t size;
	bool is_reported;
	int errnum;
} expected;

/* Where a nonce is with a line's end somewhere behind it, or -1. */
static ssize_t find_line(const char *text, size_t size)
{
	for (size_t i = 0; i + GONS_I_NONCE <= size; i++)
		if (memcmp(text + i, nonce, GONS_I_NONCE) == 0)
			return memchr(text + i, '\n', size - i) ? (ssize_t)i : -1;
	return -1;
}

static void expect(const struct gons_i_buffer *buffer)
{
	ssize_t at = find_line(buffer->data, buffer->size);
	char report[16 + GONS_I_MESSAGE_SIZE] = ""; /* none is longer */
	size_t n = 0;

	free(expected.text);
	expected.text = malloc(buffer->size + 1);
	check(expected.text);
	if (at >= 0)
		(void)sscanf(buffer->data + at + GONS_I_NONCE, "%1039[^\n]", report);
	expected.is_reported = report[0] != '\0';
	expected.errnum = expected.is_reported ? (int)strtol(report + 1, NULL, 10) : 0;
	for (size_t i = 0; i < buffer->size; i++) {
		if ((ssize_t)i == at)
			i = (size_t)((char *)memchr(buffer->data + i, '\n', buffer->size - i) -
				     buffer->data);
		else
			expected.text[n++] = buffer->data[i];
	}
	at = find_line(expected.text, n);
	expected.size = at >= 0 ? (size_t)at : n;
}

int __wrap_gons_i_program_run(const struct gons_i_command *command, const char *what,
			      struct gons_i_program *ret_program)
{
	static const char variable[] = GONS_I_ACTION_VARIABLE "=";
	char *ticket = command->environment[0];

	check(strncmp(ticket, variable, sizeof(variable) - 1) == 0);
	ticket += sizeof(variable) - 1;
	check(strncmp(ticket, nonce, GONS_I_NONCE) == 0 && ticket[GONS_I_NONCE] == '-');
	check(strcmp(ticket + GONS_I_NONCE + 1, run.line) == 0);
	check(what[0] != '\0');
	*ret_program =
		(struct gons_i_program){ .supervisor_fd = -1, .socket_fd = -1, .log_fd = -1 };
	if (run.how & REPORTS)
		play_new_process(ticket);
	ret_program->outcome = (run.how & 0xf) % FATES;
	ret_program->errnum = ENOSPC;
	ret_program->status = run.how & KILLED ? 1 + run.status % 64 : run.status << 8;
	write_text(&ret_program->stream[GONS_I_ERROR_OUTPUT]);
	expect(&ret_program->stream[GONS_I_ERROR_OUTPUT]);
	return 0;
}

/* Whether each character of UTF-8 has all of its bytes, by their number alone. */
static bool is_whole(const char *text, size_t size)
{
	for (size_t i = 0, more; i < size; i += 1 + more) {
		const unsigned char c = (unsigned char)text[i];

		more = c < 0xc0 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
		for (size_t j = 1; j <= more; j++)
			if (i + j >= size || (text[i + j] & 0xc0) != 0x80)
				return false;
		if (c >= 0x80 && c < 0xc0)
			return false;
	}
	return true;
}

static void check_sentence(void)
{
	const char *message = gons_error();
	const size_t length = strlen(message);
	const char *quoted = strstr(message, "it wrote to standard error: ");

	check(errno != 0 && length > 0 && length < GONS_I_MESSAGE_SIZE);
	if (expected.errnum != 0 && run.how % 16 % FATES == GONS_I_ENDED)
		return; /* the other process has written it, except for its end */
	check(strstr(message, run.line) || length > GONS_I_NAME_MAX);
	if (is_whole(run.line, strlen(run.line)) && is_whole(expected.text, expected.size))
		check(is_whole(message, length));
	check((expected.size > 0) == (quoted != NULL) || strstr(run.line, "it wrote"));
	for (const char *c = quoted; c && *c; c++)
		check((unsigned char)*c >= ' ' || *c == '\t' || *c == '\n' || strchr(run.line, *c));
}

static void call(void)
{
	const struct gons_reexec job = { .action = run.line };
	struct gons_reexec_result result;
	const bool is_ended = run.how % 16 % FATES == GONS_I_ENDED;
	int done;

	gons_i_failure_clear(0);
	done = gons_reexec_run(&job, &result);
	check(memcmp(result.error_output, expected.text, expected.size) == 0);
	check(result.error_output[expected.size] == '\0');
	check(result.output[0] == '\0' && result.output_size == 0);
	check((done == 0) == (is_ended && expected.is_reported && expected.errnum == 0 &&
			      !(run.how & KILLED) && run.status == 0 && expected.size == 0));
	if (done == -1)
		check_sentence();
	if (is_ended && expected.errnum != 0)
		check(errno == expected.errnum);
	gons_reexec_result_free(&result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool is_set_up;
	char *text;

	if (!is_set_up)
		register_actions();
	if (!is_set_up)
		gons_reexec_check(); /* as main() would */
	is_set_up = true;
	if (size < 3)
		return 0;
	text = malloc(size - 1);
	check(text);
	memcpy(text, data + 2, size - 2);
	text[size - 2] = '\0';
	run.how = data[0];
	run.status = data[1];
	run.text = text;
	run.line = strsep(&run.text, run.how & TICKET ? "" : "\n");
	run.size = run.text ? size - 2 - (size_t)(run.text - text) : 0;
	run.report_size = 0;
	if (run.how & TICKET)
		play_new_process(run.line);
	else if (run.line[0] != '\0' && strlen(run.line) <= GONS_I_NAME_MAX)
		call();
	free(text);
	return 0;
}
