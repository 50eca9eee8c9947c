/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Re-execution, in the process that calls gons_reexec_run().
 *
 * The new process has only its standard descriptors. So it reports on standard error, in a line
 * with a nonce that only the two processes know, that the action begins, or why it cannot begin.
 * This process removes that line from the output.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <time.h>

#include "gons/base/error.h"
#include "gons/process/program.h"
#include "gons/process/reexec_parts.h"

/* Declared in <gons/reexec_json.h>, which needs jansson. */
int gons_reexec_json_failed(int errnum, const char *action, const char *reason,
			    const char *printed);

enum { DEFAULT_TIMEOUT_MS = 10000 };

#define program_path "/proc/self/exe"

/* A process that prints without end must not use up the memory of the machine. */
static const size_t most_output = (size_t)1 << 30;

/* ---- checks ---- */

static int check_job(const struct gons_reexec *job)
{
	if (!job)
		return gons_i_fail(EINVAL, "job is NULL");
	if (gons_i_action_check(job->action) < 0)
		return -1;
	if (!job->param && job->param_size > 0)
		return gons_i_fail(EINVAL, "param is NULL but param_size is %zu", job->param_size);
	if (gons_i_check_timeout(job->timeout_ms) < 0)
		return -1;
	if (gons_i_check_reserved(job->reserved, "struct gons_reexec") < 0)
		return -1;
	return gons_i_environment_check(job);
}

/* Fails here for what the new process would refuse. */
static int check_process(void)
{
	if (getauxval(AT_SECURE) == 0)
		return 0;
	return gons_i_fail(EPERM, "a program with elevated privileges cannot run actions");
}

static void create_ticket(const char *action, char ticket[GONS_I_TICKET_SIZE])
{
	struct timespec now;
	uint64_t nonce;

	/* It only has to be unlikely that other output contains it by chance. */
	if (getrandom(&nonce, sizeof(nonce), GRND_NONBLOCK) != sizeof(nonce)) {
		(void)clock_gettime(CLOCK_MONOTONIC, &now);
		nonce = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	}
	(void)snprintf(ticket, GONS_I_TICKET_SIZE, "%0*jx%c%s", GONS_I_NONCE, (uintmax_t)nonce,
		       gons_i_coverage_fd() >= 0 ? 'c' : '-', action); /* fits */
}

/* ---- the result ---- */

/* What the new process has reported, and the rest of its standard error. */
struct progress {
	bool reported; /* it has called gons_reexec_check() */
	int errnum; /* why the action does not run, or 0 */
	char message[GONS_I_MESSAGE_SIZE];
	const char *text; /* in standard error */
	size_t length;
};

/* Removes a line of report() from the text. Returns its offset, and in ret the text after the
 * nonce; the end of the text and "" if there is no such line. */
static size_t take_line(const char *nonce, struct gons_i_buffer *text, char *ret, size_t size)
{
	char *line = text->size ? memmem(text->data, text->size, nonce, GONS_I_NONCE) : NULL;
	char *end = line ? memchr(line, '\n', text->size - (size_t)(line - text->data)) : NULL;

	ret[0] = '\0';
	if (!end)
		return text->size;
	*end++ = '\0';
	(void)snprintf(ret, size, "%s", line + GONS_I_NONCE);
	text->size -= (size_t)(end - line);
	memmove(line, end, text->size - (size_t)(line - text->data) + 1); /* and the '\0' */
	return (size_t)(line - text->data);
}

/* The text after a second line was not printed by the action, but by the coverage library. */
static void read_reports(const char *nonce, struct gons_i_buffer *text, struct progress *progress)
{
	char line[16 + GONS_I_MESSAGE_SIZE];
	char *message;

	memset(progress, 0, sizeof(*progress));
	(void)take_line(nonce, text, line, sizeof(line));
	progress->reported = line[0] != '\0';
	if (progress->reported) {
		progress->errnum = (int)strtol(line + 1, &message, 10);
		(void)snprintf(progress->message, sizeof(progress->message), "%s",
			       message + (*message == ':'));
	}
	text->size = take_line(nonce, text, line, sizeof(line));
	if (text->data)
		text->data[text->size] = '\0';
	progress->text = text->size ? text->data : "";
	progress->length = text->size;
}

/* Appends at most the first most bytes of a text, and no incomplete UTF-8 character. */
static void append(struct gons_i_failure *failure, const char *introduction, const char *text,
		   size_t length, size_t most)
{
	size_t used = strlen(failure->message);
	size_t room = sizeof(failure->message) - used;
	size_t extra = strlen(introduction) + sizeof("...");
	bool cut;

	while (length > 0 && isspace((unsigned char)text[length - 1]))
		length--;
	if (length == 0 || room <= extra)
		return;
	if (most > room - extra)
		most = room - extra;
	cut = length > most;
	if (cut)
		for (length = most; length > 0 && (text[length] & 0xc0) == 0x80;) /* UTF-8 */
			length--;
	used += (size_t)snprintf(failure->message + used, room, "%s", introduction);
	for (size_t i = 0; i < length; i++) { /* by length: there may be a NUL in it */
		const unsigned char c = (unsigned char)text[i];

		failure->message[used++] = iscntrl(c) && c != '\t' && c != '\n' ? '?' : (char)c;
	}
	(void)strcpy(failure->message + used, cut ? "..." : "");
}

/* The message "<formatted>", with what the process has written to standard error. */
__attribute__((format(printf, 3, 4))) static int fail_with_text(int errnum,
								const struct progress *progress,
								const char *format, ...)
{
	static const char blank[] = "white space";
	struct gons_i_failure failure = { .errnum = errnum };
	va_list args;

	va_start(args, format);
	(void)vsnprintf(failure.message, sizeof(failure.message), format, args);
	va_end(args);
	append(&failure, "; it wrote to standard error: ", progress->text, progress->length,
	       SIZE_MAX);
	if (progress->length > 0 && strspn(progress->text, " \t\n\v\f\r") == progress->length)
		append(&failure, "; it wrote to standard error: ", blank, sizeof(blank) - 1,
		       SIZE_MAX);
	return gons_i_failure_restore(&failure);
}

static int check_end(const char *action, int status, const struct progress *progress)
{
	char end[GONS_I_END_TEXT_SIZE];

	gons_i_describe_end(status, end);
	if (progress->errnum != 0) {
		(void)fail_with_text(progress->errnum, progress,
				     "the action \"%s\" was not run: %s", action,
				     progress->message);
		if (progress->errnum == EACCES && prctl(PR_GET_DUMPABLE) != 1) {
			gons_i_add_cause("this process is not dumpable, so the new process may not "
					 "open files below its /proc/self");
			gons_i_add_remedy("call prctl(PR_SET_DUMPABLE, 1)");
		}
		return -1;
	}
	if (!progress->reported)
		return fail_with_text(EREMOTEIO, progress,
				      "the program %s before it called gons_reexec_check(), which "
				      "runs the action \"%s\"",
				      end, action);
	if (status == 0 && progress->length == 0)
		return 0;
	return fail_with_text(EREMOTEIO, progress, "the action \"%s\" %s", action, end);
}

static int check_outcome(const struct gons_reexec *job, int timeout_ms,
			 const struct gons_i_program *program, const struct progress *progress)
{
	const char *where =
		progress->reported ? "" : ", before the program called gons_reexec_check()";

	switch (program->outcome) {
	case GONS_I_ENDED:
		break;
	case GONS_I_TIMED_OUT:
		return fail_with_text(ETIMEDOUT, progress,
				      "the action \"%s\" was killed after %d ms%s", job->action,
				      timeout_ms, where);
	case GONS_I_NOT_KILLABLE:
		return fail_with_text(
			ETIMEDOUT, progress,
			"the action \"%s\" took longer than %d ms, and cannot be killed, because "
			"it runs as another user now",
			job->action, timeout_ms);
	case GONS_I_TOO_MUCH_OUTPUT:
		return fail_with_text(EFBIG, progress,
				      "the action \"%s\" was killed because it printed more than "
				      "1 GiB",
				      job->action);
	case GONS_I_OUTPUT_NOT_RECORDED:
		(void)fail_with_text(
			program->errnum, progress,
			"the action \"%s\" was killed because its output could not be recorded",
			job->action);
		return gons_i_program_explain_record(program);
	case GONS_I_STATUS_UNKNOWN:
		return fail_with_text(ECHILD, progress,
				      "the exit status of the action \"%s\" is unknown: the "
				      "process of gons that watched it was killed",
				      job->action);
	}
	return check_end(job->action, program->status, progress);
}

/* ---- the calls ---- */

static int exit_status(const struct gons_i_program *program)
{
	if (program->outcome == GONS_I_NOT_KILLABLE || program->outcome == GONS_I_STATUS_UNKNOWN)
		return -1;
	return WIFSIGNALED(program->status) ? 128 + WTERMSIG(program->status)
					    : WEXITSTATUS(program->status);
}

/* Turns an empty buffer into an empty string. */
static int make_string(struct gons_i_buffer *buffer)
{
	if (!buffer->data)
		buffer->data = calloc(1, 1);
	return buffer->data ? 0 : gons_i_fail(ENOMEM, "cannot store the output of an action");
}

static int fail_start(void)
{
	if (errno == ENOENT && access(program_path, F_OK) == 0)
		gons_i_add_cause("its dynamic linker does not exist in this thread's mount "
				 "namespace or root");
	else if (errno == ENOENT) {
		gons_i_add_cause("procfs of this PID namespace is not mounted on /proc");
		gons_i_add_remedy("mount it: mount -t proc proc /proc");
	} else if (errno == E2BIG)
		gons_i_add_cause("the environment is too long");
	return -1;
}

static int run_program(const struct gons_reexec *job, int timeout_ms, char *const *environment,
		       struct gons_i_program *ret_program)
{
	static const char *const paths[] = { program_path, NULL };
	char *argv[] = { program_invocation_name, NULL };
	const struct gons_i_command command = {
		.paths = paths,
		.argv = argv,
		.environment = environment,
		.input = job->param,
		.input_size = job->param_size,
		.timeout_ms = timeout_ms,
		.most_output = most_output,
		.ends_all = true,
		.extra_fd = gons_i_coverage_fd(),
	};

	if (gons_i_program_run(&command, "cannot run this program (/proc/self/exe) again",
			       ret_program) < 0)
		return fail_start();
	return 0;
}

/* Moves the data out of the program's buffer. */
static char *take_data(struct gons_i_buffer *buffer)
{
	char *data = buffer->data;

	*buffer = (struct gons_i_buffer){ .data = NULL };
	return data;
}

static int take_result(const struct gons_reexec *job, int timeout_ms, const char *ticket,
		       struct gons_i_program *program, struct gons_reexec_result *result)
{
	struct gons_i_buffer *output = &program->stream[GONS_I_OUTPUT];
	struct gons_i_buffer *error_output = &program->stream[GONS_I_ERROR_OUTPUT];
	struct progress progress;
	int done;

	read_reports(ticket, error_output, &progress);
	done = make_string(output) < 0 || make_string(error_output) < 0
		       ? -1
		       : check_outcome(job, timeout_ms, program, &progress);
	result->output_size = output->size;
	result->output = take_data(output);
	result->error_output = take_data(error_output);
	result->exit_status = exit_status(program);
	return done;
}

static int run(const struct gons_reexec *job, struct gons_reexec_result *result)
{
	int timeout_ms = job->timeout_ms ? job->timeout_ms : DEFAULT_TIMEOUT_MS;
	struct gons_i_environment environment;
	struct gons_i_program program;
	char ticket[GONS_I_TICKET_SIZE];
	int done;

	create_ticket(job->action, ticket);
	if (gons_i_environment_create(job, ticket, &environment) < 0)
		return -1;
	done = run_program(job, timeout_ms, environment.variables, &program);
	gons_i_environment_free(&environment);
	if (done < 0)
		return -1;
	(void)gons_i_program_end(&program);
	done = take_result(job, timeout_ms, ticket, &program, result);
	gons_i_program_free(&program);
	return done;
}

GONS_EXPORT int gons_reexec_run(const struct gons_reexec *job, struct gons_reexec_result *result)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct gons_reexec_result own = { .exit_status = -1 };
	int done = check_job(job) < 0 || check_process() < 0 ? -1 : run(job, &own);

	if (result)
		*result = own;
	else
		gons_reexec_result_free(&own);
	return done;
}

/* The calling function is inline in the program, and cannot set the message itself. */
GONS_EXPORT int gons_reexec_json_failed(int errnum, const char *action, const char *reason,
					const char *printed)
{
	enum { SHOWN = 100 };
	struct gons_i_failure failure = { .errnum = errnum };

	if (!reason && printed)
		return gons_i_fail(errnum, "both param and job->param are given");
	if (!reason)
		return gons_i_fail(errnum,
				   "cannot write the parameter of the action \"%s\" as JSON",
				   action ? action : "");
	(void)snprintf(failure.message, sizeof(failure.message),
		       "the action \"%s\" has not printed a JSON value: %s", action, reason);
	append(&failure, "; it printed: ", printed, strlen(printed), SHOWN);
	return gons_i_failure_restore(&failure);
}

GONS_EXPORT void gons_reexec_result_free(struct gons_reexec_result *result)
{
	int saved = errno;

	if (!result)
		return;
	free(result->output);
	free(result->error_output);
	*result = (struct gons_reexec_result){ .exit_status = -1 };
	errno = saved;
}
