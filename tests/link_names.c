/* SPDX-License-Identifier: Apache-2.0 */
/* Names that are taken: others are tried. This program has a getrandom(2) of its own, which
 * the library then uses, for chance would take too long. */
#include "check.h"

#include <gons/link.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "links.h"

static int same_left; /* how many calls still get the same; negative: the kernel's */
static int calls, errnum;

/* NOLINTNEXTLINE: the C library has another one */
ssize_t getrandom(void *buf, size_t size, unsigned flags)
{
	calls++;
	if (errnum != 0) {
		errno = errnum;
		return -1;
	}
	if (same_left <= 0)
		return syscall(SYS_getrandom, buf, size, flags);
	same_left--;
	memset(buf, 0, size);
	return (ssize_t)size;
}

static void begin(void)
{
	same_left = errnum = calls = 0;
	need_namespaces("bridge");
}

static void another_name_is_tried(void **state)
{
	const struct gons_link_options options = { .prefix = "x-" };
	struct gons_link first, second;

	(void)state;
	begin();
	gons_must(gons_enter(blue));
	same_left = 1000;
	gons_must(gons_bridge_new_transient(&options, &first));
	assert_string_equal(first.name, "x-aaaaaaaaaaaaa");
	assert_true(calls > 0 && calls < 10);
	same_left = 20;
	gons_must(gons_bridge_new_transient(&options, &second));
	assert_string_not_equal(second.name, first.name);
	assert_memory_equal(second.name, "x-", 2);
	assert_int_equal(same_left, 0);
	assert_int_equal(count_links(-1), 2);
}

static void also_for_either_end_of_a_pair(void **state)
{
	struct gons_link_options options = { .prefix = "x-" };
	struct gons_link link;

	(void)state;
	begin();
	gons_require_link("veth");
	for (int i = 0; i < 2; i++)
		GONS_SCOPE {
			options.nsfd = i ? red : blue;
			same_left = 1000;
			gons_must(gons_bridge_new_transient(&options, NULL));
			options.nsfd = blue;
			options.peer_nsfd = red;
			same_left = 20;
			gons_must(gons_veth_new_transient(&options, &link));
			assert_int_equal(same_left, 0);
			options.peer_nsfd = 0;
		}
}

static void not_for_ever(void **state)
{
	const struct gons_link_options options = { .prefix = "x-" };

	(void)state;
	begin();
	gons_must(gons_enter(blue));
	same_left = 1000000;
	gons_must(gons_bridge_new_transient(&options, NULL));
	assert_refused(gons_bridge_new_transient(&options, NULL), EEXIST,
		       "100 random names were tried");
	assert_int_equal(count_links(-1), 1);
}

static void without_random_numbers_there_is_no_link(void **state)
{
	(void)state;
	begin();
	gons_must(gons_enter(blue));
	errnum = ENOSYS;
	assert_refused(gons_bridge_new_transient(NULL, NULL), ENOSYS, "random numbers");
	errnum = 0;
	assert_int_equal(count_links(-1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		check_test(another_name_is_tried),
		check_test(also_for_either_end_of_a_pair),
		check_test(not_for_ever),
		check_test(without_random_numbers_there_is_no_link),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}
