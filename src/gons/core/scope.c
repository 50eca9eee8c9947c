/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scope: one stack of undo records a thread, and the only clean-up that gons has.
 *
 * A record is taken off the stack before it is undone, so that an undo which leaves by
 * longjmp, or which uses gons itself, finds a consistent stack. Records have numbers, because
 * a mark must not be confused with a later one at the same height.
 *
 * The scope ends with its thread. The scope of the thread that calls exit(3) ends with the process.
 */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "gons/base/file.h"
#include "gons/base/forks.h"
#include "gons/core/scope.h"
#include "gons/core/thread_state.h"

struct record {
	const struct gons_i_undo *undo; /* NULL: a mark */
	unsigned number;
	unsigned forks; /* of the process when it was pushed */
	_Alignas(max_align_t) unsigned char data[GONS_I_RECORD_SIZE];
};

struct stack {
	struct record *records;
	size_t used, room;
	unsigned next_number;
	bool ends_with_thread;
	/* The first failure of a gons_scope_end() that has not returned, and the height of its
	 * mark. If a deferred call leaves that call by longjmp, the next end of that mark, or of
	 * one below it, reports the failure. */
	struct gons_i_failure pending;
	size_t pending_height;
};

static __thread struct stack stack;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t thread_end;
static int once_error;

static int end_to(size_t height, unsigned number);

/* The calling thread ends, perhaps with the whole process. There is no caller to report a failure
 * to. */
static void end_thread(void *value)
{
	(void)value;
	stack.ends_with_thread = false; /* another destructor may still push */
	while (stack.used > 0)
		(void)end_to(0, stack.records[0].number);
	free(stack.records);
	stack.records = NULL;
	stack.room = 0;
}

/* Whether exit(3) will end the scope of the thread that calls it. */
static atomic_bool ends_with_process;

/* A handler of atexit(3), and not a destructor of the library: destructors run after the handlers
 * and the static objects of the program, which deferred calls may still use. A later handler may
 * push again. */
static void end_process(void)
{
	ends_with_process = false;
	end_thread(NULL);
}

static int prepare_exit(void)
{
	if (atomic_exchange(&ends_with_process, true) || atexit(end_process) == 0)
		return 0;
	ends_with_process = false;
	return ENOMEM;
}

static void prepare_process(void)
{
	once_error = pthread_key_create(&thread_end, end_thread);
	if (once_error == 0)
		once_error = gons_i_forks_prepare();
}

static int prepare_thread(void)
{
	int errnum;

	(void)pthread_once(&once, prepare_process);
	errnum = once_error ? once_error : prepare_exit();
	if (errnum == 0)
		errnum = pthread_setspecific(thread_end, &stack);
	if (errnum != 0)
		return gons_i_fail(errnum, "cannot arrange for the scope to end with the thread");
	stack.ends_with_thread = true;
	return 0;
}

int gons_i_scope_reserve(size_t n)
{
	size_t room = stack.room ? stack.room : 16;
	struct record *records;

	if (!stack.ends_with_thread && prepare_thread() < 0)
		return -1;
	if (stack.used + n <= stack.room)
		return 0;
	while (room < stack.used + n)
		room *= 2;
	records = realloc(stack.records, room * sizeof(*records));
	if (!records)
		return gons_i_fail(ENOMEM, "cannot store a record on the scope");
	stack.records = records;
	stack.room = room;
	return 0;
}

unsigned gons_i_scope_push(const struct gons_i_undo *undo, const void *data, size_t size)
{
	struct record *record = &stack.records[stack.used++];

	record->undo = undo;
	record->number = stack.next_number;
	record->forks = gons_i_forks();
	if (size > 0)
		memcpy(record->data, data, size);
	stack.next_number = (stack.next_number + 1) & INT_MAX; /* a mark is an int >= 0 */
	return record->number;
}

/* The index of the record with this number, or -1. */
static ssize_t find(unsigned number)
{
	for (size_t i = stack.used; i-- > 0;)
		if (stack.records[i].number == number)
			return (ssize_t)i;
	return -1;
}

/* Removes a record from any position in the stack. */
static void remove_record(size_t i)
{
	stack.used--;
	memmove(&stack.records[i], &stack.records[i + 1],
		(stack.used - i) * sizeof(stack.records[i]));
}

static int undo_record(struct record *record)
{
	if (!record->undo)
		return 0;
	if (record->forks == gons_i_forks())
		return record->undo->undo(record->data);
	record->undo->drop(record->data);
	return 0;
}

/*
 * Undoes every record from the top down to the one at this height, which has this
 * number. Stops early when a record's undo has itself ended that one.
 */
static int end_to(size_t height, unsigned number)
{
	struct gons_i_failure first;

	first.errnum = 0; /* an initializer would also clear the text, at each end of a scope */
	while (stack.used > height && stack.records[height].number == number) {
		struct record record = stack.records[--stack.used];

		if (undo_record(&record) == 0 || first.errnum != 0)
			continue;
		gons_i_failure_save(&first);
		if (stack.pending.errnum == 0) {
			stack.pending = first;
			stack.pending_height = height;
		}
	}
	if (stack.pending.errnum != 0 && height <= stack.pending_height) {
		first = stack.pending;
		stack.pending.errnum = 0;
	}
	return first.errnum == 0 ? 0 : gons_i_failure_restore(&first);
}

int gons_i_scope_return(unsigned number)
{
	ssize_t own = find(number);
	struct gons_i_failure first;
	struct record record;

	if (own < 0)
		return 0;
	first.errnum = 0; /* as above */
	for (size_t i = stack.used; i-- > (size_t)own;) {
		record = stack.records[i];
		if (!record.undo || !record.undo->is_return)
			continue;
		remove_record(i);
		/* Also in a forked child, where the copy of this thread goes on: it returns as
		 * well. */
		if (record.undo->undo(record.data) < 0 && first.errnum == 0)
			gons_i_failure_save(&first);
	}
	return first.errnum == 0 ? 0 : gons_i_failure_restore(&first);
}

void gons_i_scope_remove(unsigned number)
{
	ssize_t own = find(number);

	if (own >= 0)
		remove_record((size_t)own);
}

GONS_EXPORT int gons_scope_begin(void)
{
	if (gons_i_scope_reserve(1) < 0)
		return -1;
	return (int)gons_i_scope_push(NULL, NULL, 0);
}

GONS_EXPORT int gons_scope_end(int mark)
{
	ssize_t height = mark < 0 ? -1 : find((unsigned)mark);

	if (height < 0 || stack.records[height].undo)
		return gons_i_fail(EINVAL, "%d is not a mark of this thread's scope", mark);
	return end_to((size_t)height, (unsigned)mark);
}

GONS_EXPORT struct gons_scope_block gons_scope_block_begin(void)
{
	return (struct gons_scope_block){ .mark = gons_scope_begin(), .once = 1 };
}

void gons_i_abort_if_stranded(void)
{
	if (!gons_i_is_stranded())
		return;
	(void)fprintf(stderr, "gons: %s\n", gons_error());
	abort();
}

GONS_EXPORT void gons_scope_block_end(struct gons_scope_block *block)
{
	if (block->mark >= 0 && gons_scope_end(block->mark) < 0)
		gons_i_abort_if_stranded();
}

void gons_i_scope_each_nsfd(bool is_return, void (*fn)(int nsfd, const char *name, void *arg),
			    void *arg)
{
	for (size_t i = 0; i < stack.used; i++) {
		const struct record *record = &stack.records[i];

		if (record->undo && record->undo->each_nsfd &&
		    record->undo->is_return == is_return &&
		    (is_return || record->forks == gons_i_forks()))
			record->undo->each_nsfd(record->data, fn, arg);
	}
}

/* ---- the bottom ---- */

static size_t find_bottom(void)
{
	size_t i = stack.used;

	while (i > 0 && stack.records[i - 1].undo)
		i--;
	return i;
}

void gons_i_scope_insert_at_bottom(const struct gons_i_undo *undo, const void *data, size_t size)
{
	const size_t bottom = find_bottom();
	struct record record;

	(void)gons_i_scope_push(undo, data, size);
	record = stack.records[stack.used - 1];
	memmove(&stack.records[bottom + 1], &stack.records[bottom],
		(stack.used - 1 - bottom) * sizeof(record));
	stack.records[bottom] = record;
}

void *gons_i_scope_bottom(const struct gons_i_undo *undo)
{
	const size_t bottom = find_bottom();

	return bottom < stack.used && stack.records[bottom].undo == undo &&
			       stack.records[bottom].forks == gons_i_forks()
		       ? stack.records[bottom].data
		       : NULL;
}

struct looking {
	const struct gons_i_file_id *id;
	bool is_found;
};

static void compare_nsfd(int nsfd, const char *name, void *arg)
{
	struct looking *looking = arg;

	(void)name;
	looking->is_found |= gons_i_file_id_is(looking->id, nsfd);
}

bool gons_i_scope_may_end(const struct gons_i_file_id *id, bool is_own)
{
	const size_t bottom = find_bottom();
	struct looking looking = { .id = id };

	for (size_t i = bottom; is_own && i < stack.used; i++)
		if (stack.records[i].undo->is_return)
			return true;
	for (size_t i = 0; !is_own && i < bottom; i++)
		if (stack.records[i].undo && stack.records[i].undo->each_nsfd)
			stack.records[i].undo->each_nsfd(stack.records[i].data, compare_nsfd,
							 &looking);
	return !is_own && !looking.is_found;
}

/* ---- descriptors ---- */

static int close_recorded(void *data)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	const struct gons_i_file *file = data;

	if (!gons_i_file_is_same(file))
		return gons_i_file_fail(file, "close");
	if (close(file->fd) == 0 || errno == EINTR)
		return 0;
	return gons_i_fail(errno, "cannot close descriptor %d of the scope", file->fd);
}

static void drop_descriptor(void *data)
{
	uncancelled int cancel = gons_i_forbid_cancel();
	const struct gons_i_file *file = data;

	if (gons_i_file_is_same(file))
		(void)close(file->fd);
}

static void descriptor_nsfd(const void *data, void (*fn)(int nsfd, const char *name, void *arg),
			    void *arg)
{
	const struct gons_i_file *file = data;

	if (gons_i_file_is_same(file))
		fn(file->fd, NULL, arg);
}

static const struct gons_i_undo descriptor = { .undo = close_recorded,
					       .drop = drop_descriptor,
					       .each_nsfd = descriptor_nsfd };

int gons_i_move_from_0(int fd)
{
	int other;

	if (fd != 0)
		return fd;
	other = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (other < 0)
		(void)gons_i_fail(errno, "cannot duplicate descriptor 0 to another number");
	gons_i_close_fd(&fd);
	return other;
}

int gons_i_scope_push_fd(int fd)
{
	struct gons_i_file file;

	fd = gons_i_move_from_0(fd);
	if (fd < 0)
		return -1;
	gons_i_file_identify(fd, &file);
	(void)gons_i_scope_push(&descriptor, &file, sizeof(file));
	return fd;
}

/* Takes the newest record of this descriptor off the stack. 0, or -1 with EBADF. */
static int take_descriptor(int fd, const char *verb)
{
	for (size_t i = stack.used; i-- > 0;) {
		struct gons_i_file file;

		if (stack.records[i].undo != &descriptor)
			continue;
		memcpy(&file, stack.records[i].data, sizeof(file));
		if (file.fd != fd)
			continue;
		if (!gons_i_file_is_same(&file))
			return gons_i_file_fail(&file, verb);
		remove_record(i);
		return 0;
	}
	(void)gons_i_fail(EBADF, "cannot %s descriptor %d", verb, fd);
	gons_i_add_cause("it does not belong to the scope of this thread");
	return -1;
}

GONS_EXPORT int gons_close(int fd)
{
	uncancelled int cancel = gons_i_forbid_cancel();

	if (take_descriptor(fd, "close") < 0)
		return -1;
	if (close(fd) == 0 || errno == EINTR)
		return 0;
	return gons_i_fail(errno, "cannot close descriptor %d", fd);
}

GONS_EXPORT int gons_keep(int fd)
{
	uncancelled int cancel = gons_i_forbid_cancel();

	return take_descriptor(fd, "keep") < 0 ? -1 : fd;
}

/* ---- the caller's own records ---- */

struct call {
	void (*fn)(void *);
	void *arg;
};

static int make_call(void *data)
{
	struct call call = *(struct call *)data;

	call.fn(call.arg);
	return 0;
}

static void drop_call(void *data)
{
	(void)data;
}

GONS_EXPORT int gons_defer(void (*fn)(void *), void *arg)
{
	static const struct gons_i_undo undo = { .undo = make_call, .drop = drop_call };
	struct call call = { fn, arg };

	if (!fn)
		return gons_i_fail(EINVAL, "fn is NULL");
	if (gons_i_scope_reserve(1) < 0)
		return -1;
	(void)gons_i_scope_push(&undo, &call, sizeof(call));
	return 0;
}
