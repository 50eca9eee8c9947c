/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs in namespaces: what the caller asks for, and what becomes of them.
 */
#include <ctype.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <gons/process.h>

#include "gons/core/nsfd.h"
#include "gons/core/scope.h"
#include "gons/process/process.h"
#include "gons/process/program.h"

extern char **environ;

enum {
	DEFAULT_TIMEOUT_MS = 60000,
	MOST_ENDED = 16, /* of programs that have ended, so many keep their output for a report */
};
static const size_t most_output = (size_t)1 << 30;

struct gons_process {
	struct gons_i_program program;
	char **argv; /* one piece of memory */
	unsigned record; /* its number on the scope */
	bool asked; /* to end */
	bool forgotten; /* its output */
	struct gons_process *older;
};

/* Of the calling thread, the newest first. */
static __thread struct gons_process *processes;

/* ---- what is asked for ---- */

static int check_options(const struct gons_process_options *options)
{
	if (!options->input && options->input_size > 0)
		return gons_i_fail(EINVAL, "input is NULL but input_size is %zu",
				   options->input_size);
	if (options->timeout_ms < -1)
		return gons_i_fail(EINVAL, "timeout_ms is negative (%d)", options->timeout_ms);
	return gons_i_check_reserved(options->reserved, "struct gons_process_options");
}

static int check_argv(const char *const argv[])
{
	if (!argv)
		return gons_i_fail(EINVAL, "argv is NULL");
	return argv[0] ? 0 : gons_i_fail(EINVAL, "argv[0] is NULL");
}

static int find_namespaces(const struct gons_process_options *options,
			   struct gons_i_command *command)
{
	int nsfd;

	if (gons_i_optional_nsfd(options->nsfd, &nsfd) < 0)
		return -1;
	if (options->set && nsfd >= 0)
		return gons_i_fail(EINVAL, "both set and nsfd are given");
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

static const char *find_variable(const char *name, char *const environment[])
{
	size_t length = strlen(name);

	for (; environment && *environment; environment++)
		if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
			return *environment + length + 1;
	return NULL;
}

/* Where execvp(3) would look, as an array up to a NULL, in one piece of memory. */
static const char **list_paths(const char *program, char *const environment[])
{
	static const char usual[] = "/usr/local/bin:/usr/bin:/bin"; /* as a shell without PATH */
	const char *path = find_variable("PATH", environment);
	size_t n = 1, length;
	const char **paths;
	char *text;

	if (!path)
		path = usual;
	if (strchr(program, '/') || program[0] == '\0')
		path = "";
	for (const char *c = path; *c; c++)
		n += *c == ':';
	length = (n + 1) * sizeof(*paths) + strlen(path) + n * (strlen(program) + 2);
	paths = malloc(length);
	if (!paths)
		return NULL;
	text = (char *)(paths + n + 1);
	for (size_t i = 0; i < n; i++) {
		int part = (int)strcspn(path, ":");

		paths[i] = text;
		/* An empty part is the working directory. */
		text += sprintf(text, "%.*s%s%s", part, path, part > 0 ? "/" : "", program) + 1;
		path += part + 1;
	}
	paths[n] = NULL;
	return paths;
}

/* The arguments of a shell that runs argv[0] as a script. */
static char **list_shell_arguments(const char *const argv[])
{
	size_t n = 0;
	char **list;

	while (argv[n])
		n++;
	list = malloc((n + 2) * sizeof(*list));
	if (!list)
		return NULL;
	list[0] = (char *)"/bin/sh";
	for (size_t i = 0; i <= n; i++)
		list[i + 1] = (char *)argv[i];
	return list;
}

static char **copy_arguments(const char *const argv[])
{
	size_t n = 0, size = sizeof(char *);
	char **copy;
	char *text;

	for (; argv[n]; n++)
		size += sizeof(char *) + strlen(argv[n]) + 1;
	copy = malloc(size);
	if (!copy)
		return NULL;
	text = (char *)(copy + n + 1);
	for (size_t i = 0; i < n; i++) {
		copy[i] = strcpy(text, argv[i]);
		text += strlen(text) + 1;
	}
	copy[n] = NULL;
	return copy;
}

/* ---- messages ---- */

enum { WHAT_SIZE = 200, END_SIZE = 80 };

static const char *describe_end(int status, char end[END_SIZE])
{
	if (WIFSIGNALED(status))
		(void)snprintf(end, END_SIZE, "was killed by signal %d (%s)", WTERMSIG(status),
			       strsignal(WTERMSIG(status)));
	else
		(void)snprintf(end, END_SIZE, "exited with status %d", WEXITSTATUS(status));
	return end;
}

/* The last lines of what it has printed, for a message; text is filled and returned. */
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

static int fail_start(const char *const argv[], char *const environment[], const char *directory)
{
	static const char *const others[] = { "/usr/sbin", "/sbin", "/usr/local/sbin" };
	const char *path = find_variable("PATH", environment);
	char other[PATH_MAX];

	if (errno != ENOENT || directory || strchr(argv[0], '/'))
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

static int fail_fate(const struct gons_process *process)
{
	const struct gons_i_program *program = &process->program;
	const char *name = process->argv[0];

	switch (program->fate) {
	case GONS_I_ENDED:
		return 0;
	case GONS_I_OVERDUE:
		(void)gons_i_fail(ETIMEDOUT, "%s was killed because its time was over", name);
		break;
	case GONS_I_VERBOSE:
		(void)gons_i_fail(EFBIG, "%s was killed because it printed more than 1 GiB", name);
		return -1;
	case GONS_I_UNHEARD:
		return gons_i_fail(program->errnum,
				   "%s was killed because its output could not be recorded", name);
	case GONS_I_IMMORTAL:
		(void)gons_i_fail(EPERM, "cannot kill %s (process %d)", name, (int)program->pid);
		gons_i_add_cause("it has become another user's process");
		break;
	case GONS_I_UNKNOWN:
		(void)gons_i_fail(ECHILD, "cannot tell how %s ended", name);
		gons_i_add_cause("its supervisor, a process of gons, was killed");
		break;
	}
	add_output(process);
	return -1;
}

/* ---- the list, and the scope ---- */

static void destroy(struct gons_process *process)
{
	struct gons_process **at = &processes;

	while (*at && *at != process)
		at = &(*at)->older;
	if (*at)
		*at = process->older;
	gons_i_program_free(&process->program);
	free(process->argv);
	free(process);
}

/* Those that are recorded without anything between them end with the same scope, whose end is not
 * to wait for each of them in turn. */
static void ask_with_neighbours(struct gons_process *process)
{
	unsigned record = process->record;

	for (struct gons_process *other = process; other; other = other->older) {
		if (other->record != record--)
			return;
		if (!other->asked)
			gons_i_program_ask(&other->program);
		other->asked = true;
	}
}

static int undo_process(void *data)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct gons_process *process = *(struct gons_process **)data;
	int result = 0;

	ask_with_neighbours(process);
	if (!gons_i_program_end(&process->program)) {
		bool over = process->program.shared->state == GONS_I_OVER;

		result = gons_i_fail(over ? EPERM : ECHILD,
				     "cannot end all that %s (process %d) has started",
				     process->argv[0], (int)process->program.pid);
		gons_i_add_cause(over ? "a process has become another user's"
				      : "its supervisor, a process of gons, was killed");
	}
	destroy(process);
	return result;
}

static void drop_process(void *data)
{
	uncancelled int cancel = gons_i_forbid_cancel();

	destroy(*(struct gons_process **)data);
}

static bool is_over(const struct gons_process *process)
{
	return process->program.shared->state == GONS_I_OVER || process->program.supervisor == 0;
}

/* A program that runs one failing command after the other need not keep all that they said. */
static void forget_old_ones(void)
{
	int n = 0;

	for (struct gons_process *process = processes; process; process = process->older) {
		struct gons_i_program *program = &process->program;

		if (process->forgotten || gons_i_program_has_left(program) || !is_over(process) ||
		    n++ < MOST_ENDED)
			continue;
		process->forgotten = true;
		for (int i = 0; i < GONS_I_STREAMS; i++) {
			free(program->stream[i].data);
			program->stream[i] = (struct gons_i_buffer){ .data = NULL };
		}
		free(program->tail.data);
		program->tail = (struct gons_i_buffer){ .data = NULL };
	}
}

static void own(struct gons_process *process)
{
	static const struct gons_i_undo undo = { .undo = undo_process, .drop = drop_process };

	process->record = gons_i_scope_push(&undo, &process, sizeof(struct gons_process *));
	process->older = processes;
	processes = process;
}

void gons_i_processes_each(void (*fn)(const struct gons_i_process_state *state, void *arg),
			   void *arg)
{
	/* The newest is the first of the list. */
	for (struct gons_process *last = NULL, *process; last != processes; last = process) {
		struct gons_i_program *program;
		struct gons_i_process_state state;

		for (process = processes; process->older != last;)
			process = process->older;
		program = &process->program;
		(void)gons_i_program_collect(program);
		state = (struct gons_i_process_state){
			.argv = (const char *const *)process->argv,
			.pid = program->pid,
			.running = !is_over(process),
			.status = program->shared->state == GONS_I_OVER ? program->shared->status
									: -1,
			.output = program->tail.data ? program->tail.data : "",
			.output_size = program->tail.size,
		};
		if (state.output_size > GONS_I_TAIL) {
			state.output += state.output_size - GONS_I_TAIL;
			state.output_size = GONS_I_TAIL;
		}
		if (!process->forgotten && (state.running || state.status != 0))
			fn(&state, arg);
	}
}

/* ---- the start ---- */

/* There is room on the scope, but it is not recorded yet. */
static struct gons_process *start(const char *const argv[],
				  const struct gons_process_options *options, int timeout_ms)
{
	struct gons_i_command command = {
		.argv = (char *const *)argv,
		.environment = options->environment ? (char *const *)options->environment : environ,
		.directory = options->directory,
		.input = options->input,
		.input_size = options->input_size,
		.timeout_ms = timeout_ms,
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
	paths = list_paths(argv[0], command.environment);
	shell_argv = list_shell_arguments(argv);
	if (process)
		process->argv = copy_arguments(argv);
	if (!process || !paths || !shell_argv || !process->argv) {
		result = gons_i_fail(ENOMEM, "cannot run %s", argv[0]);
	} else {
		command.paths = paths;
		command.shell_argv = shell_argv;
		(void)snprintf(what, sizeof(what), "cannot run %s", argv[0]);
		result = gons_i_program_start(&command, what, &process->program);
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
					    const struct gons_process_options *options,
					    int default_timeout_ms)
{
	static const struct gons_process_options defaults = { .nsfd = -1 };

	if (!options)
		options = &defaults;
	if (check_argv(argv) < 0 || check_options(options) < 0 || gons_i_scope_reserve(1) < 0)
		return NULL;
	return start(argv, options,
		     options->timeout_ms == 0 ? default_timeout_ms : options->timeout_ms);
}

GONS_EXPORT gons_process *gons_process_start(const char *const argv[],
					     const struct gons_process_options *options)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct gons_process *process = check_and_start(argv, options, -1);

	if (process)
		own(process);
	return process;
}

/* ---- the result ---- */

static const struct gons_process_result no_result = { .status = -1 };

/* Always a string, so that nobody has to look for NULL. Moves it, or copies it. */
static char *give(struct gons_i_buffer *buffer, bool move)
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
	result->output = give(&stream[GONS_I_OUTPUT], move);
	result->error_output = give(&stream[GONS_I_ERROR_OUTPUT], move);
	if (result->output && result->error_output)
		return 0;
	gons_process_result_free(result);
	return gons_i_fail(ENOMEM, "cannot hold the output of %s", process->argv[0]);
}

/* What the call returns for a program that is over. */
static int judge(const struct gons_process *process, bool has_result)
{
	const int status = process->program.status;
	char end[END_SIZE];

	if (fail_fate(process) < 0)
		return -1;
	if (has_result || status == 0)
		return 0;
	(void)gons_i_fail(EREMOTEIO, "%s %s", process->argv[0], describe_end(status, end));
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
	process = check_and_start(argv, options, DEFAULT_TIMEOUT_MS);
	if (!process)
		return -1;
	done = gons_i_program_wait(&process->program, NULL, NULL, -1);
	if (done > 0)
		done = judge(process, result != NULL);
	if (done < 0)
		gons_i_failure_save(&failure);
	if (result && fill(process, true, result) < 0 && done == 0) {
		gons_i_failure_save(&failure);
		done = -1;
	}
	if (process->program.fate != GONS_I_ENDED || !gons_i_program_has_left(&process->program))
		(void)gons_i_program_end(&process->program);
	/* What has failed is kept for the report, and what is left for the scope to end. */
	if (gons_i_program_has_left(&process->program) || process->program.status != 0) {
		own(process);
		forget_old_ones();
	} else {
		destroy(process);
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
	if (timeout_ms < -1)
		return gons_i_fail(EINVAL, "timeout_ms is negative (%d)", timeout_ms);
	return 0;
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
		done = judge(process, result != NULL);
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
	size_t searched[GONS_I_STREAMS]; /* so many bytes have it nowhere */
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
		/* The end may be the beginning of it. */
		if (buffer->size >= search->length)
			search->searched[i] = buffer->size - (search->length - 1);
	}
	return false;
}

GONS_EXPORT int gons_process_wait_output(gons_process *process, const char *text, int timeout_ms)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct search search = { .text = text };
	char what[WHAT_SIZE], end[END_SIZE];
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
	if (fail_fate(process) < 0)
		return -1;
	(void)gons_i_fail(EREMOTEIO, "%s %s and %s", process->argv[0],
			  describe_end(process->program.status, end), what);
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
