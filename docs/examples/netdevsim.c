/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A test of code that finds out which links are ports of the same network card. The kernel simulates
 * two cards with two ports each. Other virtual links have no card, so this test cannot use them.
 */
#include <fcntl.h>
#include <gons/cmocka.h>
#include <gons/link.h>
#include <unistd.h>

/* ---- the code under test ---- */

/* The symbolic link "class/net/NAME/device" of a sysfs leads to the card. */
static int find_card(int sysfs_fd, const char *name, char *card, size_t size)
{
	char path[64];
	ssize_t length;

	(void)snprintf(path, sizeof(path), "class/net/%s/device", name);
	length = readlinkat(sysfs_fd, path, card, size - 1);
	if (length < 0)
		return -1;
	card[length] = '\0';
	return 0;
}

/* ---- the test ---- */

static void ports_of_a_card_are_told_from_those_of_another(void **state)
{
	struct gons_link left[2], right[2];
	char cards[4][128];
	int sysfs_fd;

	(void)state;
	gons_require(CLONE_NEWNET);
	gons_require_link("netdevsim"); /* needs root of the machine */
	gons_must(gons_netns_enter_transient());
	gons_must(gons_netdevsim_new_transient(2, left)); /* removed with the scope */
	gons_must(gons_netdevsim_new_transient(2, right));
	sysfs_fd = gons_must(gons_sysfs_open());
	for (int i = 0; i < 2; i++) {
		assert_int_equal(find_card(sysfs_fd, left[i].name, cards[i], 128), 0);
		assert_int_equal(find_card(sysfs_fd, right[i].name, cards[2 + i], 128), 0);
	}
	assert_string_equal(cards[0], cards[1]);
	assert_string_equal(cards[2], cards[3]);
	assert_string_not_equal(cards[0], cards[2]);
	assert_int_equal(find_card(sysfs_fd, "lo", cards[0], 128), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = { gons_unit_test(
		ports_of_a_card_are_told_from_those_of_another) };

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}
