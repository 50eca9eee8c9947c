/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans of networks: the grammar, what is chosen, and the routes. Nothing is created.
 *
 * It also checks that names are valid, that no address and no link exists twice, and that the line and
 * column of a mistake are within the plan.
 */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "net/model.h"

static size_t n_routes;

static int count_route(const struct gons_i_net_route *route, void *arg)
{
	(void)arg;
	check(route->ifindex > 1);
	check(!route->gateway || route->gateway->family == route->destination.family);
	check(route->destination.length <= route->destination.size * 8);
	n_routes++;
	return 0;
}

static void check_port(const struct gons_i_net_model *model, const struct gons_i_net_port *port)
{
	const struct gons_i_net_segment *segment = &model->segments[port->segment];

	check(port->host < model->n_hosts && port->segment < model->n_segments);
	check(strlen(port->link) > 0 && strlen(port->link) < sizeof(port->link));
	check(port->n_addresses > 0);
	check((segment->name[0] != '\0') == (port->bridge_ifindex > 0));
	for (const struct gons_i_net_port *other = model->ports; other < port; other++) {
		check(other->ifindex != port->ifindex);
		check(other->host != port->host || strcmp(other->link, port->link) != 0);
		for (size_t i = 0; i < other->n_addresses; i++)
			for (size_t k = 0; k < port->n_addresses; k++)
				check(other->addresses[i].family != port->addresses[k].family ||
				      memcmp(other->addresses[i].bytes, port->addresses[k].bytes,
					     port->addresses[k].size) != 0);
	}
}

static void check_model(const struct gons_i_net_model *model)
{
	size_t size = 0;
	char *text;

	check(model->n_hosts > 0);
	for (size_t i = 0; i < model->n_segments; i++)
		check(model->segments[i].n_ports == 2 || model->segments[i].name[0]);
	for (size_t i = 0; i < model->n_ports; i++)
		check_port(model, &model->ports[i]);
	for (size_t i = 0; i < model->n_hosts; i++)
		check(gons_i_net_routes(model, i, count_route, NULL) == 0);
	text = gons_i_net_hosts_text(model, &size);
	check(text && strlen(text) == size);
	free(text);
}

/* "the plan is wrong in line 1, column 8: ..." */
static void check_place(const char *plan)
{
	const char *at = strstr(gons_error(), "line ");
	unsigned line = 0, column = 0, lines = 1;

	check(at && sscanf(at, "line %u, column %u", &line, &column) == 2);
	for (; *plan; plan++)
		lines += *plan == '\n';
	check(line >= 1 && line <= lines && column >= 1);
	check(strstr(gons_error(), "expected "));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gons_i_net_model model;
	char *plan = malloc(size + 1);

	check(plan);
	memcpy(plan, data, size);
	plan[size] = '\0';
	errno = 0;
	if (gons_i_net_plan_read(plan, &model) < 0 || gons_i_net_complete(&model) < 0) {
		check(errno == EINVAL);
		check_place(plan);
	} else {
		check_model(&model);
	}
	gons_i_net_model_free(&model);
	free(plan);
	return 0;
}
