/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The programs that a thread has started: on its scope, which ends them, and in a list for reports.
 */
#include <stdlib.h>

#include "gons/core/scope.h"
#include "gons/process/process.h"

enum { MOST_ENDED = 16 }; /* programs that have ended and keep their output for a report */

/* Of the calling thread, the newest first. */
static __thread struct gons_process *processes;

void gons_i_process_destroy(struct gons_process *process)
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

/* Requests the end of this program, and of those whose records are directly below it: they probably
 * end with the same scope, and so end at the same time and not one after the other. */
static void request_end_of_adjacent(struct gons_process *process)
{
	unsigned record = process->record;

	for (struct gons_process *other = process; other; other = other->older) {
		if (other->record != record--)
			return;
		if (!other->end_requested)
			gons_i_program_request_end(&other->program);
		other->end_requested = true;
	}
}

static int undo_process(void *data)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	struct gons_process *process = *(struct gons_process **)data;
	int result = 0;

	request_end_of_adjacent(process);
	if (!gons_i_program_end(&process->program)) {
		bool over = process->program.shared->state == GONS_I_OVER;

		result = gons_i_fail(over ? EPERM : ECHILD,
				     "cannot end all processes that %s (process %d) has started",
				     process->argv[0], (int)process->program.pid);
		gons_i_add_cause(over ? "one of them runs as another user now"
				      : "its supervisor, a process of gons, was killed");
	}
	gons_i_process_destroy(process);
	return result;
}

static void drop_process(void *data)
{
	uncancelled int cancel = gons_i_forbid_cancel();

	gons_i_process_destroy(*(struct gons_process **)data);
}

static bool is_over(const struct gons_process *process)
{
	return process->program.shared->state == GONS_I_OVER ||
	       !gons_i_program_is_supervised(&process->program);
}

/* Frees the output of the oldest programs that have ended, so that a test that runs many failing
 * commands does not use more and more memory. */
static void free_old_output(void)
{
	int n = 0;

	for (struct gons_process *process = processes; process; process = process->older) {
		struct gons_i_program *program = &process->program;

		if (process->output_freed || gons_i_program_has_remaining(program) ||
		    !is_over(process) || n++ < MOST_ENDED)
			continue;
		process->output_freed = true;
		for (int i = 0; i < GONS_I_STREAMS; i++) {
			free(program->stream[i].data);
			program->stream[i] = (struct gons_i_buffer){ .data = NULL };
		}
		free(program->tail.data);
		program->tail = (struct gons_i_buffer){ .data = NULL };
	}
}

void gons_i_process_own(struct gons_process *process)
{
	static const struct gons_i_undo undo = { .undo = undo_process, .drop = drop_process };

	process->record = gons_i_scope_push(&undo, &process, sizeof(struct gons_process *));
	process->older = processes;
	processes = process;
	free_old_output();
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
		if (!process->output_freed && (state.running || state.status != 0))
			fn(&state, arg);
	}
}
