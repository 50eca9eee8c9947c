/* SPDX-License-Identifier: Apache-2.0 */
/* A tap: the test plays the other hosts. It reads the Ethernet frames that the kernel sends on the
 * link, and writes those that the kernel is to receive. Here it asks for the MAC address of the link
 * by ARP, and the kernel answers. */
#include <poll.h>
#include <unistd.h>

#include <gons/cmocka.h>
#include <gons/ip.h>
#include <gons/link.h>

static const char request[] = "\xff\xff\xff\xff\xff\xff" /* to all */
			      "\2\0\0\0\0\x9" /* from this host */
			      "\x8\6" /* ARP */
			      "\0\1\x8\0\6\4" /* Ethernet and IPv4, addresses of 6 and 4 bytes */
			      "\0\1" /* request */
			      "\2\0\0\0\0\x9\xa\0\0\2" /* the sender: MAC and IPv4 address */
			      "\0\0\0\0\0\0\xa\0\0\1"; /* the target: IPv4 address */
enum { SIZE = sizeof(request) - 1, TYPE = 12, OPERATION = 20, SENDER = 22 };

static void the_kernel_answers_an_arp_request(void **state)
{
	const struct gons_link_options options = { .up = 1 };
	struct pollfd tap = { .events = POLLIN };
	char frame[2048];
	struct gons_link link = { 0 };

	(void)state;
	gons_require_link("tap"); /* skips the test where /dev/net/tun cannot be opened */
	tap.fd = gons_must(gons_tap_new_transient(&options, &link));
	gons_must(gons_address_add(-1, link.ifindex, "10.0.0.1/24"));
	assert_int_equal(write(tap.fd, request, SIZE), SIZE);
	do { /* the kernel also sends frames for IPv6 */
		assert_int_equal(poll(&tap, 1, 5000), 1);
		assert_true(read(tap.fd, frame, sizeof(frame)) >= SIZE);
	} while (memcmp(frame + TYPE, request + TYPE, 2) != 0);
	assert_memory_equal(frame + OPERATION, "\0\2", 2); /* reply */
	assert_memory_equal(frame + SENDER, link.address, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		gons_unit_test_in(the_kernel_answers_an_arp_request, CLONE_NEWNET),
	};

	return gons_run_group_tests(tests, gons_group_setup_root, NULL);
}
