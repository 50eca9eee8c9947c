/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gons_process_*(): the options of programs in namespaces, their results, and messages about them.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include <gons/process.h>

#include "gons/core/nsfd.h"
#include "gons/core/scope.h"
#include "gons/process/exec_arguments.h"
#include "gons/process/process.h"

extern char **environ;

enum { DEFAULT_TIMEOUT_MS = 60000 };
static const size_t most_output = (size_t)1 << 30;

/* ---- options ---- */

static int check_options(const struct gons_process_options *options)
{
	if (!options->input && options->input_size > 0)
		return gons_i_fail(EINVAL, "input is NULL but input_size is %zu",
				   options->input_size);
	if (gons_i_check_timeout(options->timeout_ms) < 0)
		return -1;
	return gons_i_check_reserved(options->reserved, "struct gons_process_options");
}

static int check_argv(const char *const argv[])
{
	if (!argv)
		return gons_i_fail(EINVAL, "argv is NULL");
	if (!argv[0] || argv[0][0] == '\0')
		return gons_i_fail(EINVAL, argv[0] ? "argv[0] is empty: it must name a program"
						   : "argv[0] is NULL");
	return 0;
}

static int find_namespaces(const struct gons_process_options *options,
			   struct gons_i_command *command)
{
	int nsfd;

	if (gons_i_optional_nsfd(options->nsfd, &nsfd) < 0)
		return -1;
	if (options->set && nsfd >= 0) {
		(void)gons_i_fail(EINVAL, "both set and nsfd are given");
		gons_i_add_remedy("give only one of them");
		return -1;
	}
	if (nsfd >= 0) {
		int type = gons_type(nsfd);

		if (type < 0)
			return -1;
		command->types = type;
		command->nsfds[gons_i_type_entry(type) - gons_i_types] = nsfd;
	}
	if (!options->set)
		return 0;
	command->types = gons_set_types(options->set);
	if (command->types < 0)
		return -1;
	for (size_t i = 0; i < GONS_I_TYPES; i++)
		if (command->types & gons_i_types[i].flag) {
			command->nsfds[i] = gons_set_fd(options->set, gons_i_types[i].flag);
			if (command->nsfds[i] < 0)
				return -1;
		}
	return 0;
}

/* ---- messages ---- */

enum { WHAT_SIZE = 200 };

/* The end of its output, for a message; text is filled and returned. */
enum { SHOWN = 400 };
static const char *show_output(const struct gons_process *process, char text[SHOWN + 1])
{
	const struct gons_i_buffer *tail = &process->program.tail;
	size_t length = tail->size, from, used = 0;

	while (length > 0 && isspace((unsigned char)tail->data[length - 1]))
		length--;
	from = length > SHOWN ? length - SHOWN : 0;
	while (from > 0 && from < length && (tail->data[from] & 0xc0) == 0x80) /* UTF-8 */
		from++;
	for (; from < length; from++) {
		const unsigned char c = (unsigned char)tail->data[from];

		text[used++] = iscntrl(c) && c != '\t' && c != '\n' ? '?' : (char)c;
	}
	text[used] = '\0';
	return text;
}

static void add_output(const struct gons_process *process)
{
	char text[SHOWN + 1];

	if (process->program.tail.size == 0)
		gons_i_add_cause("it has printed nothing");
	else
		gons_i_add_cause("it has printed: %s", show_output(process, text));
}

/* Adds the cause if the file may be executed, but is on a mount with noexec. */
static int fail_noexec(const char *path)
{
	struct statvfs mount;
	struct stat st;

	if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111) &&
	    statvfs(path, &mount) == 0 && (mount.f_flag & ST_NOEXEC)) {
		gons_i_add_cause("it is on a file system that is mounted noexec");
		gons_i_add_remedy("put it where programs can be executed");
	}
	errno = EACCES;
	return -1;
}

static int fail_start(const char *const argv[], char *const environment[], const char *directory)
{
	static const char *const others[] = { "/usr/sbin", "/sbin", "/usr/local/sbin" };
	const char *path = gons_i_find_variable("PATH", environment);
	char other[PATH_MAX];

	if (directory)
		return -1;
	if (strchr(argv[0], '/'))
		return errno == EACCES ? fail_noexec(argv[0]) : -1;
	if (errno == EACCES)
		gons_i_add_cause("this user lacks the permission for a directory in PATH (%s), or "
				 "for the program there",
				 path ? path : "not set");
	if (errno != ENOENT)
		return -1;
	gons_i_add_cause("there is no such program in PATH (%s)", path ? path : "not set");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		(void)snprintf(other, sizeof(other), "%s/%s", others[i], argv[0]);
		if (access(other, X_OK) < 0)
			continue;
		gons_i_add_remedy("add %s to PATH, or run %s", others[i], other);
		break;
	}
	errno = ENOENT;
	return -1;
}

static int fail_outcome(const struct gons_process *process)
{
	const struct gons_i_program *program = &process->program;
	const char *name = process->argv[0];

	switch (program->outcome) {
	case GONS_I_ENDED:
		return 0;
	case GONS_I_TIMED_OUT:
		(void)gons_i_fail(ETIMEDOUT, "%s was killed because it took longer than %d ms",
				  name, process->timeout_ms);
		break;
	case GONS_I_TOO_MUCH_OUTPUT:
		(void)gons_i_fail(EFBIG, "%s was killed because it printed more than 1 GiB", name);
		return -1;
	case GONS_I_OUTPUT_NOT_RECORDED:
		(void)gons_i_fail(program->errnum,
				  "%s was killed because its output could not be recorded", name);
		return gons_i_program_explain_record(program);
	case GONS_I_NOT_KILLABLE:
		(void)gons_i_fail(EPERM, "cannot kill %s (process %d)", name, (int)program->pid);
		gons_i_add_cause("it runs as another user now");
		break;
	case GONS_I_STATUS_UNKNOWN:
		(void)gons_i_fail(ECHILD, "the exit status of %s is unknown", name);
		gons_i_add_cause("its supervisor, a process of gons, was killed");
		break;
	}
	add_output(process);
	return -1;
}

/* ---- the start ---- */

/* Starts a program, and waits until it is over if waits is true. Does not record it on the scope. */
static struct gons_process *start(const char *const argv[],
				  const struct gons_process_options *options, bool waits)
{
	struct gons_i_command command = {
		.argv = (char *const *)argv,
		.environment = options->environment ? (char *const *)options->environment : environ,
		.directory = options->directory,
		.input = options->input,
		.input_size = options->input_size,
		.timeout_ms = options->timeout_ms != 0 ? options->timeout_ms
			      : waits		       ? DEFAULT_TIMEOUT_MS
						       : -1,
		.most_output = most_output,
		.extra_fd = -1,
		.nsfds = { [0 ... GONS_I_TYPES - 1] = -1 },
	};
	struct gons_process *process;
	const char **paths;
	char **shell_argv;
	char what[WHAT_SIZE];
	int result;

	if (find_namespaces(options, &command) < 0)
		return NULL;
	process = calloc(1, sizeof(*process));
	paths = gons_i_list_paths(argv[0], command.environment);
	shell_argv = gons_i_list_shell_arguments(argv);
	if (process)
		process->argv = gons_i_copy_arguments(argv);
	if (!process || !paths || !shell_argv || !process->argv) {
		result = gons_i_fail(ENOMEM, "cannot run %s", argv[0]);
	} else {
		command.paths = paths;
		command.shell_argv = shell_argv;
		process->timeout_ms = command.timeout_ms;
		(void)snprintf(what, sizeof(what), "cannot run %s", argv[0]);
		result = (waits ? gons_i_program_run : gons_i_program_start)(&command, what,
									     &process->program);
		if (result < 0)
			(void)fail_start(argv, command.environment, command.directory);
	}
	free(paths);
	free(shell_argv);
	if (result == 0)
		return process;
	result = errno;
	if (process)
		free(process->argv);
	free(process);
	errno = result;
	return NULL;
}

static struct gons_process *check_and_start(const char *const argv[],
					    const struct gons_process_options *options, bool waits)
{
	static const struct gons_process_options defaults = { .nsfd = -1 };

	if (!options)
		options = &defaults;
	if (check_argv(argv) < 0 || check_options(options) < 0 || gons_i_scope_reserve(1) < 0)
		return NULL;
	return start(argv, options, waits);
}

GONS_EXPORT gons_process *gons_process_start(const char *const argv[],
					     const struct gons_process_options *options)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct gons_process *process = check_and_start(argv, options, false);

	if (process)
		gons_i_process_own(process);
	return process;
}

/* ---- the result ---- */

static const struct gons_process_result no_result = { .status = -1 };

/* Moves or copies the data of a buffer. Returns a string, which may be empty; NULL if memory is
 * short. */
static char *take_string(struct gons_i_buffer *buffer, bool move)
{
	char *data = move && buffer->data ? buffer->data : malloc(buffer->size + 1);

	if (!data)
		return NULL;
	if (data == buffer->data) {
		*buffer = (struct gons_i_buffer){ .data = NULL };
		return data;
	}
	if (buffer->size > 0)
		memcpy(data, buffer->data, buffer->size);
	data[buffer->size] = '\0';
	return data;
}

static int fill(struct gons_process *process, bool move, struct gons_process_result *result)
{
	struct gons_i_buffer *stream = process->program.stream;

	result->status = process->program.status;
	result->output_size = stream[GONS_I_OUTPUT].size;
	result->error_size = stream[GONS_I_ERROR_OUTPUT].size;
	result->output = take_string(&stream[GONS_I_OUTPUT], move);
	result->error_output = take_string(&stream[GONS_I_ERROR_OUTPUT], move);
	if (result->output && result->error_output)
		return 0;
	gons_process_result_free(result);
	return gons_i_fail(ENOMEM, "cannot store the output of %s", process->argv[0]);
}

/* The return value of a call for a program that is over. */
static int check_end(const struct gons_process *process, bool has_result)
{
	const int status = process->program.status;
	char end[GONS_I_END_TEXT_SIZE];

	if (fail_outcome(process) < 0)
		return -1;
	if (has_result || status == 0)
		return 0;
	(void)gons_i_fail(EREMOTEIO, "%s %s", process->argv[0], gons_i_describe_end(status, end));
	add_output(process);
	return -1;
}

GONS_EXPORT int gons_process_run(const char *const argv[],
				 const struct gons_process_options *options,
				 struct gons_process_result *result)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct gons_process *process;
	struct gons_i_failure failure;
	int done;

	if (result)
		*result = no_result;
	process = check_and_start(argv, options, true);
	if (!process)
		return -1;
	done = check_end(process, result != NULL);
	if (done < 0)
		gons_i_failure_save(&failure);
	if (result && fill(process, true, result) < 0 && done == 0) {
		gons_i_failure_save(&failure);
		done = -1;
	}
	if (process->program.outcome != GONS_I_ENDED ||
	    !gons_i_program_has_remaining(&process->program))
		(void)gons_i_program_end(&process->program);
	/* Keep a failed program for the report, and one with running processes for the end of the
	 * scope. */
	if (gons_i_program_has_remaining(&process->program) || process->program.status != 0) {
		gons_i_process_own(process);
	} else {
		gons_i_process_destroy(process);
	}
	return done == 0 ? 0 : gons_i_failure_restore(&failure);
}

GONS_EXPORT pid_t gons_process_pid(const gons_process *process)
{
	return process ? process->program.pid : gons_i_fail(EINVAL, "process is NULL");
}

static int check_wait(const gons_process *process, int timeout_ms)
{
	if (!process)
		return gons_i_fail(EINVAL, "process is NULL");
	return gons_i_check_timeout(timeout_ms);
}

static int fail_timeout(const struct gons_process *process, const char *what, int timeout_ms)
{
	(void)gons_i_fail(ETIMEDOUT, "%s %s in %d ms", process->argv[0], what, timeout_ms);
	add_output(process);
	return -1;
}

GONS_EXPORT int gons_process_wait(gons_process *process, int timeout_ms,
				  struct gons_process_result *result)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct gons_i_failure failure;
	int done;

	if (result)
		*result = no_result;
	if (check_wait(process, timeout_ms) < 0)
		return -1;
	done = gons_i_program_wait(&process->program, NULL, NULL, timeout_ms);
	if (done > 0)
		done = check_end(process, result != NULL);
	else if (errno == ETIMEDOUT)
		done = fail_timeout(process, "has not ended", timeout_ms);
	if (done < 0)
		gons_i_failure_save(&failure);
	if (result && fill(process, false, result) < 0)
		return -1;
	return done == 0 ? 0 : gons_i_failure_restore(&failure);
}

/* ---- output to wait for ---- */

struct search {
	const struct gons_i_buffer *stream;
	const char *text;
	size_t length;
	size_t searched[GONS_I_STREAMS]; /* the text does not begin in so many first bytes */
};

static bool has_printed(void *arg)
{
	struct search *search = arg;

	for (int i = 0; i < GONS_I_STREAMS; i++) {
		const struct gons_i_buffer *buffer = &search->stream[i];
		size_t from = search->searched[i];

		if (search->length == 0 ||
		    (buffer->size > from && memmem(buffer->data + from, buffer->size - from,
						   search->text, search->length)))
			return true;
		/* The last bytes may be the beginning of the text. */
		if (buffer->size >= search->length)
			search->searched[i] = buffer->size - (search->length - 1);
	}
	return false;
}

GONS_EXPORT int gons_process_wait_output(gons_process *process, const char *text, int timeout_ms)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct search search = { .text = text };
	char what[WHAT_SIZE], end[GONS_I_END_TEXT_SIZE];
	int done;

	if (check_wait(process, timeout_ms) < 0)
		return -1;
	if (!text)
		return gons_i_fail(EINVAL, "text is NULL");
	search.length = strlen(text);
	search.stream = process->program.stream;
	done = gons_i_program_wait(&process->program, has_printed, &search, timeout_ms);
	if (done == 0)
		return 0;
	(void)snprintf(what, sizeof(what), "has not printed \"%s\"", text);
	if (done < 0)
		return errno == ETIMEDOUT ? fail_timeout(process, what, timeout_ms) : -1;
	if (fail_outcome(process) < 0)
		return -1;
	(void)gons_i_fail(EREMOTEIO, "%s %s and %s", process->argv[0],
			  gons_i_describe_end(process->program.status, end), what);
	add_output(process);
	return -1;
}

GONS_EXPORT void gons_process_result_free(struct gons_process_result *result)
{
	int saved = errno;

	if (!result)
		return;
	free(result->output);
	free(result->error_output);
	*result = no_result;
	errno = saved;
}
