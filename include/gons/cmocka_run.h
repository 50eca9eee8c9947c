/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GONS_CMOCKA_RUN_H
#define GONS_CMOCKA_RUN_H

/*
 * How <gons/cmocka.h> runs tests: what its macros are made of. Included by it; nothing in
 * here is to be used otherwise, and it may change with any release.
 */

#include <gons/cmocka.h>

/*
 * cmocka hands a test nothing but its state, and gives that up when a group set-up sets
 * one. So gons's tests are marked by their initial state, and gons_cmocka_run() has cmocka
 * run a copy of the array in which each test has an entry of its own.
 *
 * The marks are addresses, because these are constant in every initialiser: the place in
 * the array is the set of types, a bit each; the last one stands for types that cannot be.
 */
extern char gons_cmocka_marks[33];
__attribute__((weak)) char gons_cmocka_marks[33];

#define GONS_CMOCKA_BIT_(types, type, bit) (((types) & (type)) ? 1 << (bit) : 0)
#define GONS_CMOCKA_MARK_(types)                                                                   \
	&gons_cmocka_marks[(types) == 0 || ((types) &                                              \
					    ~(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS |          \
					      CLONE_NEWIPC | CLONE_NEWCGROUP))                     \
				   ? 32                                                            \
				   : GONS_CMOCKA_BIT_(types, CLONE_NEWNET, 0) |                    \
					     GONS_CMOCKA_BIT_(types, CLONE_NEWNS, 1) |             \
					     GONS_CMOCKA_BIT_(types, CLONE_NEWUTS, 2) |            \
					     GONS_CMOCKA_BIT_(types, CLONE_NEWIPC, 3) |            \
					     GONS_CMOCKA_BIT_(types, CLONE_NEWCGROUP, 4)]
#define GONS_CMOCKA_TEST_(f, setup, teardown, mark)                                                \
	{                                                                                          \
#f, f, setup, teardown, mark                                                       \
	}

struct gons_cmocka_entry {
	const struct CMUnitTest *test; /* as the program has it */
	int mark; /* place in gons_cmocka_marks, or -1: not one of gons's tests */
	void *state;
	int has_state;
	gons_leaks *leaks;
	int scope;
	int is_set_up, is_torn_down;
};

/* The run that is under way; cmocka has one at a time. */
struct gons_cmocka_group {
	struct gons_cmocka_entry *current;
	struct gons_cmocka_entry *open; /* whose scope has not been ended */
	CMFixtureFunction group_setup, group_teardown;
	void *group_state;
	size_t started, completed;
	int group_teardown_failed;
};
extern struct gons_cmocka_group gons_cmocka_now;
__attribute__((weak)) struct gons_cmocka_group gons_cmocka_now;

/* ---- gons_must ---- */

#define GONS_CMOCKA_MUST_(call, text, value)                                                       \
	__extension__({                                                                            \
		__typeof__(call) value = (call);                                                   \
		if (GONS_CMOCKA_FAILED_(value)) {                                                  \
			gons_cmocka_tell_("%s: %s\n", text, gons_error());                         \
			_fail(__FILE__, __LINE__);                                                 \
		}                                                                                  \
		value;                                                                             \
	})

#ifdef __cplusplus
static inline bool gons_cmocka_failed(bool value)
{
	return !value;
}
static inline bool gons_cmocka_failed(int value)
{
	return value < 0;
}
static inline bool gons_cmocka_failed(unsigned long value)
{
	return value == 0;
}
static inline bool gons_cmocka_failed(unsigned long long value)
{
	return value == 0;
}
static inline bool gons_cmocka_failed(const volatile void *value)
{
	return value == NULL;
}
#define GONS_CMOCKA_FAILED_(value) gons_cmocka_failed(value)
#else
static inline int gons_cmocka_failed_int(int value)
{
	return value < 0;
}
static inline int gons_cmocka_failed_bool(bool value)
{
	return !value;
}
static inline int gons_cmocka_failed_number(uint64_t value)
{
	return value == 0;
}
static inline int gons_cmocka_failed_pointer(const volatile void *value)
{
	return value == NULL;
}
#define GONS_CMOCKA_FAILED_(value)                                                                 \
	_Generic((value), bool                                                                     \
		 : gons_cmocka_failed_bool, int                                                    \
		 : gons_cmocka_failed_int, unsigned long                                           \
		 : gons_cmocka_failed_number, unsigned long long                                   \
		 : gons_cmocka_failed_number, default                                              \
		 : gons_cmocka_failed_pointer)(value)
#endif

/* ---- gons_require ---- */

/* Whether GONS_REQUIRE has this word; there are commas or blanks between them. */
static inline int gons_cmocka_listed(const char *word)
{
	const char *list = getenv("GONS_REQUIRE");
	size_t length = strlen(word);

	while (list && *list) {
		size_t here = strcspn(list, ", \t\n");

		if (here == length && strncmp(list, word, length) == 0)
			return 1;
		list += here + (list[here] != '\0');
	}
	return 0;
}

/* Skips the test for this reason, or fails it. */
static inline void gons_cmocka_skip(int required, const char *reason, const char *file, int line)
{
	const struct gons_cmocka_entry *entry = gons_cmocka_now.current;

	gons_cmocka_tell_("gons: %s: %s: %s\n", required ? "required" : "skipped",
			  entry ? entry->test->name : "test", reason);
	if (required)
		_fail(file, line);
	_skip(file, line);
}

/* Whether GONS_REQUIRE wants a failure rather than a skip: where it names all the types that
 * were asked for, or one that the refusal is about, since the others can be made. */
static inline int gons_cmocka_required(int types)
{
	int named = 0;

	if (gons_cmocka_listed("1"))
		return 1;
	for (unsigned bit = 0; bit < 31; bit++) {
		int type = types & (int)(1U << bit);

		if (type != 0 && gons_type_name(type) && gons_cmocka_listed(gons_type_name(type)))
			named |= type;
	}
	if (named == 0 || named == types)
		return named == types;
	return !gons_can(named) || gons_can(types & ~named);
}

/* Skips the test for the message of the last failure, or fails it. */
static inline void gons_cmocka_refused(int required, int types, const char *file, int line)
{
	char reason[1024];

	(void)snprintf(reason, sizeof(reason), "%s", gons_error());
	gons_cmocka_skip(required || gons_cmocka_required(types), reason, file, line);
}

/* A mistake of the program must not look like a skip. */
static inline void gons_cmocka_misused(const char *file, int line)
{
	gons_cmocka_tell_("%s\n", gons_error());
	_fail(file, line);
}

static inline void gons_cmocka_require(int types, const char *file, int line)
{
	const int all = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP |
			CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWTIME;

	if (gons_can(types))
		return;
	if (types == 0 || (types & ~all))
		gons_cmocka_misused(file, line);
	gons_cmocka_refused(0, types, file, line);
}

static inline void gons_cmocka_require_link(const char *kind, const char *file, int line)
{
	if (gons_can_link(kind))
		return;
	if (!kind || kind[0] == '\0' || strlen(kind) > 15) /* IFNAMSIZ - 1 */
		gons_cmocka_misused(file, line);
	if (errno == EOPNOTSUPP)
		gons_cmocka_skip(gons_cmocka_listed(kind), gons_error(), file, line);
	/* It is not the kind, but already the network namespace to try it in. */
	gons_cmocka_refused(gons_cmocka_listed(kind), CLONE_NEWNET, file, line);
}

/* ---- one test ---- */

static inline void gons_cmocka_report(const char *message, void *name)
{
	gons_cmocka_tell_("gons: left behind: %s: %s\n", (const char *)name, message);
}

/* Ends the test's scope and looks for what it left. May be left by longjmp, from a deferred
 * call, and called again then. Returns 0, or -1. */
static inline int gons_cmocka_finish(struct gons_cmocka_entry *entry)
{
	char name[256];
	int result = 0;
	int leaks;

	(void)snprintf(name, sizeof(name), "%s", entry->test->name);
	if (entry->scope >= 0) {
		result = gons_scope_end(entry->scope);
		entry->scope = -1;
	}
	if (result < 0)
		gons_cmocka_tell_("gons: not undone: %s: %s\n", name, gons_error());
	gons_cmocka_now.open = NULL;
	leaks = gons_leaks_end(entry->leaks, gons_cmocka_report, name);
	entry->leaks = NULL;
	if (leaks < 0) {
		gons_cmocka_tell_("gons: the run ends here: %s: %s\n", name, gons_error());
		exit(EXIT_FAILURE);
	}
	return leaks > 0 ? -1 : result;
}

/* A teardown that failed by an assertion left its test open. */
static inline void gons_cmocka_begin_test(struct gons_cmocka_entry *entry)
{
	if (gons_cmocka_now.open)
		(void)gons_cmocka_finish(gons_cmocka_now.open);
	gons_cmocka_now.current = entry;
	if (!entry->has_state)
		entry->state = gons_cmocka_now.group_state ? gons_cmocka_now.group_state
			       : entry->mark < 0	   ? entry->test->initial_state
							   : NULL;
	entry->has_state = 1;
}

/* ---- namespaces for gons_unit_test_in ---- */

/* The type that a bit of a mark stands for. */
static inline int gons_cmocka_type(int bit)
{
	const int types[] = { CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC,
			      CLONE_NEWCGROUP };

	return types[bit];
}

/* In new namespaces: the sysfs and the loopback link, where these types ask for them. */
static inline int gons_cmocka_furnish(int types)
{
	const int both = CLONE_NEWNET | CLONE_NEWNS;

	if ((types & both) != both)
		return 0;
	return gons_mntns_mount_sysfs_ro() < 0 || gons_netns_loopback_up() < 0 ? -1 : 0;
}

/* What gons_cmocka_pool() asked for, and the pool of the run that is under way. */
struct gons_cmocka_ahead {
	int types;
	unsigned wanted;
	gons_pool *pool;
};
extern struct gons_cmocka_ahead gons_cmocka_ahead;
__attribute__((weak)) struct gons_cmocka_ahead gons_cmocka_ahead;

static inline int gons_cmocka_pool(int types, unsigned n)
{
	if (GONS_CMOCKA_MARK_(types) == &gons_cmocka_marks[32])
		return gons_enter_transient(types); /* refuses these */
	gons_cmocka_ahead.types = types;
	gons_cmocka_ahead.wanted = n;
	return 0;
}

static inline void gons_cmocka_furnish_here(void *result)
{
	*(int *)result = gons_cmocka_furnish(CLONE_NEWNET | CLONE_NEWNS);
}

/* Runs on the pool's thread, too: no assertions. */
static inline int gons_cmocka_furnish_set(const gons_set *set, void *arg)
{
	const int nsfds[] = { gons_set_fd(set, CLONE_NEWNET), gons_set_fd(set, CLONE_NEWNS) };
	int result = -1;

	(void)arg;
	return gons_execute_all(nsfds, 2, gons_cmocka_furnish_here, &result) < 0 ? -1 : result;
}

/* Where it is refused, each test makes its own namespaces, and is told why not. */
static inline void gons_cmocka_start_pool(void)
{
	const int both = CLONE_NEWNET | CLONE_NEWNS;
	struct gons_cmocka_ahead *ahead = &gons_cmocka_ahead;
	int is_furnished = (ahead->types & both) == both;

	if (ahead->wanted == 0)
		return;
	ahead->pool =
		gons_pool_new(ahead->types, is_furnished ? gons_cmocka_furnish_set : NULL, NULL);
	if (ahead->pool && gons_pool_start(ahead->pool, ahead->wanted) == 0)
		return;
	gons_pool_close(ahead->pool);
	ahead->pool = NULL;
}

static inline void gons_cmocka_end_pool(void)
{
	gons_pool_close(gons_cmocka_ahead.pool);
	gons_cmocka_ahead.pool = NULL;
}

static inline int gons_cmocka_enter_types(int types)
{
	const struct gons_cmocka_ahead *ahead = &gons_cmocka_ahead;
	gons_set *set = ahead->pool && ahead->types == types ? gons_pool_get(ahead->pool) : NULL;
	int result;

	if (!set)
		return gons_enter_transient(types) < 0 ? -1 : gons_cmocka_furnish(types);
	result = gons_set_enter(set);
	gons_set_close(set); /* keeps errno; whoever is inside needs no descriptor */
	return result;
}

static inline void gons_cmocka_enter(int mark)
{
	int types = 0;

	if (mark == 0)
		return;
	if (mark == 32) {
		gons_cmocka_tell_("gons_unit_test_in() takes one or several of CLONE_NEWNET, "
				  "CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC and CLONE_NEWCGROUP\n");
		_fail(__FILE__, __LINE__);
	}
	for (int i = 0; i < 5; i++)
		if (mark & (1 << i))
			types |= gons_cmocka_type(i);
	if (gons_cmocka_enter_types(types) == 0)
		return;
	/* What the machine cannot do, and not what the program did wrong or ran out of. */
	if (errno == EPERM || errno == EACCES || errno == ENOSPC || errno == ENOSYS ||
	    errno == EINVAL || errno == ENOENT)
		gons_cmocka_refused(0, types, __FILE__, __LINE__);
	gons_cmocka_tell_("%s\n", gons_error());
	_fail(__FILE__, __LINE__);
}

static inline int gons_cmocka_tear_down(struct gons_cmocka_entry *entry)
{
	if (!entry->is_set_up || entry->is_torn_down)
		return 0;
	entry->is_torn_down = 1;
	if (entry->test->teardown_func == NULL || entry->test->teardown_func(&entry->state) == 0)
		return 0;
	gons_cmocka_tell_("gons: the teardown of %s failed\n", entry->test->name);
	return -1;
}

/* The whole of a test of gons's. Whatever leaves it early, gons_cmocka_rescue() follows. */
static inline void gons_cmocka_test(void **cmocka_state)
{
	struct gons_cmocka_entry *entry = (struct gons_cmocka_entry *)*cmocka_state;
	int result;

	gons_cmocka_begin_test(entry);
	gons_cmocka_now.started++;
	entry->leaks = gons_must(gons_leaks_begin());
	gons_cmocka_now.open = entry;
	entry->scope = gons_must(gons_scope_begin());
	gons_cmocka_enter(entry->mark);
	if (entry->test->setup_func != NULL && entry->test->setup_func(&entry->state) != 0) {
		gons_cmocka_tell_("gons: the set-up of %s failed\n", entry->test->name);
		_fail(__FILE__, __LINE__);
	}
	entry->is_set_up = 1;
	entry->test->test_func(&entry->state);
	result = gons_cmocka_tear_down(entry);
	result |= gons_cmocka_finish(entry);
	if (result != 0)
		_fail(__FILE__, __LINE__);
	gons_cmocka_now.completed++;
}

/* The teardown that cmocka knows of: does what is left to do after an early end. */
static inline int gons_cmocka_rescue(void **cmocka_state)
{
	struct gons_cmocka_entry *entry = (struct gons_cmocka_entry *)*cmocka_state;
	int result;

	if (gons_cmocka_now.open != entry)
		return 0;
	result = gons_cmocka_tear_down(entry);
	return gons_cmocka_finish(entry) | result;
}

#ifdef GONS_CMOCKA_STOPS_
/* A set-up of gons's is part of its test, which would pass without having been run. */
__attribute__((noreturn)) static inline void gons_cmocka_stop(const char *file, int line)
{
	const struct gons_cmocka_entry *entry = gons_cmocka_now.open;

	if (entry && !entry->is_set_up) {
		gons_cmocka_tell_("gons: stop() in the set-up of %s\n", entry->test->name);
		_fail(file, line);
	}
	gons_cmocka_now.completed++;
	_stop();
}
#endif

/* ---- a test that is not one of gons's ---- */

static inline int gons_cmocka_plain_setup(void **cmocka_state)
{
	struct gons_cmocka_entry *entry = (struct gons_cmocka_entry *)*cmocka_state;

	gons_cmocka_begin_test(entry);
	return entry->test->setup_func(&entry->state);
}

static inline void gons_cmocka_plain_test(void **cmocka_state)
{
	struct gons_cmocka_entry *entry = (struct gons_cmocka_entry *)*cmocka_state;

	gons_cmocka_begin_test(entry);
	gons_cmocka_now.started++;
	if (entry->test->test_func != NULL)
		entry->test->test_func(&entry->state);
	gons_cmocka_now.completed++;
}

static inline int gons_cmocka_plain_teardown(void **cmocka_state)
{
	struct gons_cmocka_entry *entry = (struct gons_cmocka_entry *)*cmocka_state;

	return entry->test->teardown_func(&entry->state);
}

/* ---- the group ---- */

static inline int gons_cmocka_group_setup(void **cmocka_state)
{
	(void)cmocka_state; /* stays NULL: cmocka would replace every test's state by it */
	if (gons_status() != NULL) {
		gons_cmocka_tell_("gons: start-up switching failed: %s\n", gons_status());
		return -1;
	}
	if (gons_cmocka_now.group_setup != NULL &&
	    gons_cmocka_now.group_setup(&gons_cmocka_now.group_state) != 0)
		return -1;
	gons_cmocka_start_pool(); /* after gons_become_root(), which takes a single thread */
	return 0;
}

static inline int gons_cmocka_group_teardown(void **cmocka_state)
{
	(void)cmocka_state;
	gons_cmocka_now.group_teardown_failed = 1; /* unless it comes back from here */
	if (gons_cmocka_now.open)
		(void)gons_cmocka_finish(gons_cmocka_now.open);
	gons_cmocka_now.current = NULL;
	if (gons_cmocka_now.group_teardown != NULL &&
	    gons_cmocka_now.group_teardown(&gons_cmocka_now.group_state) != 0)
		return -1;
	gons_cmocka_now.group_teardown_failed = 0;
	return 0;
}

/* Makes what cmocka gets to see of a test. */
static inline void gons_cmocka_copy(const struct CMUnitTest *test, struct gons_cmocka_entry *entry,
				    struct CMUnitTest *copy)
{
	const char *mark = (const char *)test->initial_state;
	int is_ours =
		mark >= gons_cmocka_marks && mark < gons_cmocka_marks + sizeof(gons_cmocka_marks);

	entry->test = test;
	entry->scope = -1;
	entry->mark = is_ours ? (int)(mark - gons_cmocka_marks) : -1;
	copy->name = test->name;
	copy->initial_state = entry;
	if (is_ours) {
		copy->test_func = gons_cmocka_test;
		copy->teardown_func = gons_cmocka_rescue;
		return;
	}
	if (test->test_func != NULL)
		copy->test_func = gons_cmocka_plain_test;
	if (test->setup_func != NULL)
		copy->setup_func = gons_cmocka_plain_setup;
	if (test->teardown_func != NULL)
		copy->teardown_func = gons_cmocka_plain_teardown;
}

static inline int gons_cmocka_run(const char *name, const struct CMUnitTest *tests, size_t n,
				  CMFixtureFunction group_setup, CMFixtureFunction group_teardown)
{
	/* Not malloc, which cmocka.h may have replaced by its own. */
	struct gons_cmocka_entry *entries =
		(struct gons_cmocka_entry *)__builtin_calloc(n + 1, sizeof(*entries));
	struct CMUnitTest *copies = (struct CMUnitTest *)__builtin_calloc(n + 1, sizeof(*copies));
	int result = -1;

	memset(&gons_cmocka_now, 0, sizeof(gons_cmocka_now));
	gons_cmocka_now.group_setup = group_setup;
	gons_cmocka_now.group_teardown = group_teardown;
	if (entries && copies) {
		for (size_t i = 0; i < n; i++)
			gons_cmocka_copy(&tests[i], &entries[i], &copies[i]);
		result = _cmocka_run_group_tests(name, copies, n, gons_cmocka_group_setup,
						 gons_cmocka_group_teardown);
		gons_cmocka_end_pool();
	}
	__builtin_free(copies);
	__builtin_free(entries);
	gons_cmocka_now.current = NULL;
	return result;
}

static inline int gons_cmocka_status(int failed)
{
	if (failed < 0)
		return EXIT_FAILURE;
	failed += gons_cmocka_now.group_teardown_failed;
	if (failed == 0 && gons_cmocka_now.started > 0 && gons_cmocka_now.completed == 0)
		return 77;
	return failed > 76 ? 76 : failed;
}

#endif
