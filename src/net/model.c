/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions on the model of a network that several files use.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gons/base/common.h"
#include "gons/base/error.h"
#include "net/model.h"

void gons_i_net_model_free(struct gons_i_net_model *model)
{
	for (size_t i = 0; i < model->n_ports; i++)
		free(model->ports[i].addresses);
	for (size_t i = 0; i < model->n_hosts; i++)
		free(model->hosts[i].ports);
	for (size_t i = 0; i < model->n_segments; i++)
		free(model->segments[i].networks);
	free(model->ports);
	free(model->hosts);
	free(model->segments);
	memset(model, 0, sizeof(*model));
}

int gons_i_net_fail_at(struct gons_i_net_position position, const char *format, ...)
{
	char cause[256];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(cause, sizeof(cause), format, args);
	va_end(args);
	(void)gons_i_fail(EINVAL, "the plan is wrong in line %u, column %u", position.line,
			  position.column);
	gons_i_add_cause("%s", cause);
	return -1;
}

bool gons_i_net_grow(void *array, size_t n, size_t size)
{
	void **elements = array;
	const bool is_full = (n & (n - 1)) == 0; /* it has room for a power of two, or for none */
	void *larger;

	if (is_full) {
		larger = realloc(*elements, (n ? 2 * n : 1) * size);
		if (!larger) {
			(void)gons_i_fail(ENOMEM, "cannot read the plan");
			return false;
		}
		*elements = larger;
	}
	memset((char *)*elements + n * size, 0, size);
	return true;
}

int gons_i_net_add_address(struct gons_i_net_port *port, const struct gons_i_prefix *address)
{
	if (!gons_i_net_grow(&port->addresses, port->n_addresses, sizeof(*address)))
		return -1;
	port->addresses[port->n_addresses++] = *address;
	return 0;
}

size_t gons_i_net_find_host(const struct gons_i_net_model *model, const char *name)
{
	size_t i = 0;

	while (i < model->n_hosts && strcmp(model->hosts[i].name, name) != 0)
		i++;
	return i;
}

const struct gons_i_prefix *gons_i_net_port_address(const struct gons_i_net_port *port, int family)
{
	for (size_t i = 0; i < port->n_addresses; i++)
		if (port->addresses[i].family == family)
			return &port->addresses[i];
	return NULL;
}

struct gons_i_prefix gons_i_net_network_of(const struct gons_i_prefix *address)
{
	struct gons_i_prefix network = *address;

	(void)gons_i_prefix_mask(&network);
	return network;
}

bool gons_i_net_overlap(const struct gons_i_prefix *a, const struct gons_i_prefix *b)
{
	struct gons_i_prefix first = *a, second = *b;
	const unsigned char length = a->length < b->length ? a->length : b->length;

	if (a->family != b->family)
		return false;
	first.length = length;
	second.length = length;
	(void)gons_i_prefix_mask(&first);
	(void)gons_i_prefix_mask(&second);
	return memcmp(first.bytes, second.bytes, first.size) == 0;
}

bool gons_i_net_same_prefix(const struct gons_i_prefix *a, const struct gons_i_prefix *b)
{
	return a->family == b->family && a->length == b->length &&
	       memcmp(a->bytes, b->bytes, a->size) == 0;
}
