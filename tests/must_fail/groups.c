/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several groups in one program: however it combines their results, a failure is a failure.
 */
#include "group.h"

static void skips(void **state)
{
	(void)state;
	skip();
}

static void passes(void **state)
{
	(void)state;
}

static void fails(void **state)
{
	(void)state;
	fail();
}

static const struct CMUnitTest passing[] = { gons_unit_test(passes) };
static const struct CMUnitTest skipping[] = { gons_unit_test(skips), cmocka_unit_test(skips) };
static const struct CMUnitTest failing[] = { gons_unit_test(fails), gons_unit_test(passes) };

static int run_one(char letter)
{
	struct CMUnitTest many[76];

	switch (letter) {
	case 'p':
		return gons_run_group_tests(passing, NULL, NULL);
	case 's':
		return gons_run_group_tests(skipping, NULL, NULL);
	case 'f':
		return gons_run_group_tests(failing, NULL, NULL);
	default:
		for (size_t i = 0; i < 76; i++)
			many[i] = failing[0];
		return gons_run_group_tests(many, NULL, NULL);
	}
}

/* One letter a group: skips, passes, fails, or many failures. */
static int combine(const char *letters)
{
	const char *how = getenv("HOW");
	int result = 0;

#ifndef __GLIBC__
	/* The first group returns 77 there, since exit(3) cannot change the status afterwards. */
	if (letters[0] == 's' && letters[1] != 's' && strcmp(how, "status") != 0 &&
	    (letters[1] == 'p' || strcmp(how, "early") == 0)) {
		print_error("cannot run here: this C library has no on_exit(3)\n");
		return 77;
	}
#endif
	for (; *letters; letters++) {
		int status = run_one(*letters);

		if (strcmp(how, "or") == 0)
			result |= status;
		else if (strcmp(how, "sum") == 0)
			result += status;
		else if (strcmp(how, "max") == 0)
			result = status > result ? status : result;
		else if (strcmp(how, "status") == 0)
			result = gons_exit_status();
		else if (status != 0)
			return status;
	}
	return result;
}

/*
 * run: ss HOW=or
 * status: 77
 * run: ss HOW=sum
 * status: 77
 * run: ss HOW=max
 * status: 77
 * run: ss HOW=early
 * status: 77
 * run: ss HOW=status
 * status: 77
 */
static int ss(void)
{
	return combine("ss");
}

/*
 * run: sp HOW=or
 * status: 0
 * run: sp HOW=sum
 * status: 0
 * run: sp HOW=early
 * status: 0
 * run: sp HOW=status
 * status: 0
 */
static int sp(void)
{
	return combine("sp");
}

/*
 * run: sfs HOW=or
 * status: failure
 * run: sfs HOW=sum
 * status: failure
 * run: sfs HOW=max
 * status: failure
 * run: sfs HOW=early
 * status: failure
 * run: sfs HOW=status
 * status: 1
 */
static int sfs(void)
{
	return combine("sfs");
}

/*
 * run: fps HOW=or
 * status: failure
 * run: fps HOW=sum
 * status: failure
 * run: fps HOW=max
 * status: failure
 * run: fps HOW=early
 * status: 1
 * run: fps HOW=status
 * status: 1
 */
static int fps(void)
{
	return combine("fps");
}

/*
 * 76 and one would be 77, and four times 64 would be 0.
 *
 * run: mf HOW=or
 * status: failure
 * run: mf HOW=sum
 * status: failure
 * run: mf HOW=max
 * status: 76
 * run: mf HOW=status
 * status: 76
 * run: mmmfffmmmfsmf HOW=or
 * status: failure
 * run: mmmfffmmmfsmf HOW=sum
 * status: failure
 * run: mmmfffmmmfsmf HOW=max
 * status: failure
 */
static int mf(void)
{
	return combine("mf");
}

static int mmmfffmmmfsmf(void)
{
	return combine("mmmfffmmmfsmf");
}

/*
 * What the set-up of a group enters ends with the group.
 *
 * run: scope HOW=or
 * status: 0
 * out: the deferred call of the set-up is made
 * out: the next group is where the first one was
 */
static uint64_t first_ino;

static void say(void *arg)
{
	(void)arg;
	print_message("the deferred call of the set-up is made\n");
}

static int enters(void **state)
{
	(void)state;
	if (first_ino == 0)
		first_ino = own_ino("net");
	else if (own_ino("net") == first_ino)
		print_message("the next group is where the first one was\n");
	return gons_defer(say, NULL) < 0 ? -1 : gons_netns_enter_transient();
}

static int is_inside(void **state)
{
	(void)state;
	return own_ino("net") == first_ino ? -1 : 0;
}

static int scope(void)
{
	int result = gons_run_group_tests(passing, enters, is_inside);

	return result | gons_run_group_tests(passing, enters, is_inside);
}

int main(int argc, char *argv[])
{
	const struct group groups[] = {
		{ "ss", ss },	    { "sp", sp },   { "sfs", sfs },
		{ "fps", fps },	    { "mf", mf },   { "mmmfffmmmfsmf", mmmfffmmmfsmf },
		{ "scope", scope }, { NULL, NULL },
	};

	return group_main(argc, argv, groups);
}
