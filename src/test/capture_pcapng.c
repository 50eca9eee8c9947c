/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets as pcapng (draft-ietf-opsawg-pcapng): a section, an interface block for each link that
 * packets were seen on, and an enhanced packet block for each packet, in the order of time.
 */
#include <linux/if_arp.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>

#include "gons/base/file.h"
#include "test/report.h"

enum {
	BLOCK_SECTION = 0x0A0D0D0A,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6,
	OPTION_END = 0,
	OPTION_COMMENT = 1,
	OPTION_IF_NAME = 2,
	OPTION_IF_DESCRIPTION = 3,
	OPTION_IF_TSRESOL = 9,
	OPTION_SHB_USERAPPL = 4,
	OPTION_EPB_FLAGS = 2,
	LINKTYPE_ETHERNET = 1,
	LINKTYPE_RAW = 101,
	NANOSECONDS = 9,
};

/* A link that packets were seen on; its place in the list is its number in the file. */
struct interface {
	size_t namespace;
	int ifindex;
};

/* ---- blocks ---- */

struct block {
	unsigned char *data;
	size_t size, room;
	bool out_of_memory;
};

static void put(struct block *block, const void *data, size_t size)
{
	const size_t padded = (size + 3) & ~(size_t)3;

	if (size == 0 || block->out_of_memory)
		return;
	if (block->size + padded > block->room) {
		size_t room = 2 * (block->size + padded) + 256;
		unsigned char *larger = realloc(block->data, room);

		if (!larger) {
			block->out_of_memory = true;
			return;
		}
		block->data = larger;
		block->room = room;
	}
	memset(block->data + block->size, 0, padded);
	memcpy(block->data + block->size, data, size);
	block->size += padded;
}

static void put_u32(struct block *block, uint32_t value)
{
	put(block, &value, sizeof(value));
}

static void put_u16_pair(struct block *block, uint16_t first, uint16_t second)
{
	const uint16_t pair[2] = { first, second };

	put(block, pair, sizeof(pair));
}

static void put_option(struct block *block, uint16_t code, const void *data, size_t size)
{
	put_u16_pair(block, code, (uint16_t)size);
	if (size > 0)
		put(block, data, size);
}

static void put_text_option(struct block *block, uint16_t code, const char *text)
{
	put_option(block, code, text, strlen(text));
}

/* Writes the block with its type, and its length before and after it, and begins an empty one. */
static void write_block(struct block *block, uint32_t type, FILE *stream)
{
	const uint32_t length = (uint32_t)block->size + 12;

	(void)fwrite(&type, sizeof(type), 1, stream);
	(void)fwrite(&length, sizeof(length), 1, stream);
	(void)fwrite(block->data, 1, block->size, stream);
	(void)fwrite(&length, sizeof(length), 1, stream);
	block->size = 0;
}

/* ---- contents ---- */

static void write_section(struct block *block, const char *test, FILE *stream)
{
	char comment[300];

	(void)snprintf(comment, sizeof(comment), "test %.250s", test);
	put_u32(block, 0x1A2B3C4D); /* readers find the byte order by this */
	put_u16_pair(block, 1, 0); /* version 1.0 */
	put_u32(block, 0xFFFFFFFF); /* the length of the section is unspecified */
	put_u32(block, 0xFFFFFFFF);
	put_text_option(block, OPTION_COMMENT, comment);
	put_text_option(block, OPTION_SHB_USERAPPL, "gons");
	put_option(block, OPTION_END, NULL, 0);
	write_block(block, BLOCK_SECTION, stream);
}

/* Packets of loopback links have an Ethernet header. Packets of tunnels have no link header. */
static uint16_t link_type(uint16_t hardware)
{
	return hardware == ARPHRD_ETHER || hardware == ARPHRD_LOOPBACK ? LINKTYPE_ETHERNET
								       : LINKTYPE_RAW;
}

static void write_interface(const struct gons_i_report *report, struct block *block,
			    const struct gons_i_packet *packet, FILE *stream)
{
	const struct gons_i_report_namespace *namespace = &report->namespaces[packet->namespace];
	const struct gons_i_state_link *link =
		gons_i_state_link(&namespace->state, packet->ifindex);
	const unsigned char resolution = NANOSECONDS;
	char name[80], comment[120];

	(void)snprintf(name, sizeof(name), "%s:%s", namespace->name,
		       link ? link->name : "a link that is gone");
	(void)snprintf(comment, sizeof(comment), "network namespace %s, net:[%llu]",
		       namespace->name, (unsigned long long)namespace->ino);
	put_u16_pair(block, link_type(packet->hardware), 0);
	put_u32(block, 0); /* packets are not cut */
	put_text_option(block, OPTION_IF_NAME, name);
	put_text_option(block, OPTION_IF_DESCRIPTION, comment);
	put_text_option(block, OPTION_COMMENT, comment);
	put_option(block, OPTION_IF_TSRESOL, &resolution, 1);
	put_option(block, OPTION_END, NULL, 0);
	write_block(block, BLOCK_INTERFACE, stream);
}

static void write_packet(struct block *block, uint32_t interface,
			 const struct gons_i_packet *packet, FILE *stream)
{
	const uint32_t flags = packet->direction == PACKET_OUTGOING ? 2 : 1;

	put_u32(block, interface);
	put_u32(block, (uint32_t)((uint64_t)packet->time >> 32));
	put_u32(block, (uint32_t)packet->time);
	put_u32(block, packet->captured);
	put_u32(block, packet->size);
	put(block, packet->data, packet->captured);
	put_option(block, OPTION_EPB_FLAGS, &flags, sizeof(flags));
	put_option(block, OPTION_END, NULL, 0);
	write_block(block, BLOCK_PACKET, stream);
}

int gons_i_capture_write(const struct gons_i_report *report, const char *test, FILE *stream)
{
	const struct gons_i_capture *capture = &report->capture;
	struct interface *interfaces = calloc(capture->n + 1, sizeof(*interfaces));
	struct block block = { NULL, 0, 0, interfaces == NULL };
	size_t n = 0;

	write_section(&block, test, stream);
	for (size_t i = 0; i < capture->n && interfaces; i++) {
		const struct gons_i_packet *packet = &capture->packets[i];
		size_t j = 0;

		while (j < n && (interfaces[j].namespace != packet->namespace ||
				 interfaces[j].ifindex != packet->ifindex))
			j++;
		if (j == n) {
			interfaces[n++] = (struct interface){ packet->namespace, packet->ifindex };
			write_interface(report, &block, packet, stream);
		}
		write_packet(&block, (uint32_t)j, packet, stream);
	}
	free(interfaces);
	free(block.data);
	if (gons_i_flush(stream) < 0)
		return -1;
	if (block.out_of_memory)
		errno = ENOMEM;
	return block.out_of_memory ? -1 : 0;
}
