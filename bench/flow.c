/* Which addresses and ports connection number n has.  The client has eight addresses, and all ports above 1,023 of each;
 * what does not fit into these goes to another port of the server. */
#include <stdio.h>
#include <string.h>

#include "end.h"

enum { ADDRESSES = 8, PORT_FIRST = 1024, PORTS = 65536 - PORT_FIRST, SERVER_FIRST = 7000 };

static void
address(const struct plan *p, enum side side, unsigned i, uint8_t ip[16])
{
	struct fns_addr a;
	char text[48];

	snprintf(text, sizeof(text), p->ip == 6 ? "2001:db8:1::%u" : "198.51.100.%u",
	         side == SERVER ? 100 : i + 1);
	fns_addr_parse(&a, text, 0);
	memcpy(ip, a.ip, 16);
}

void
flow_of(const struct plan *p, uint64_t number, struct fns_addr *client, struct fns_addr *server)
{
	uint64_t row = number / ADDRESSES;

	address(p, CLIENT, 0, client->ip);
	client->ip[15] = (uint8_t)(client->ip[15] + number % ADDRESSES);
	client->port = (uint16_t)(PORT_FIRST + row % PORTS);
	address(p, SERVER, 0, server->ip);
	server->port = flow_server_port((unsigned)(row / PORTS));
}

uint64_t
flow_number(const struct plan *p, const struct fns_addr *client, uint16_t server_port)
{
	uint8_t first[16];

	address(p, CLIENT, 0, first);
	return ((uint64_t)(server_port - SERVER_FIRST) * PORTS + client->port - PORT_FIRST) * ADDRESSES +
	       (uint64_t)(client->ip[15] - first[15]);
}

unsigned
flow_server_ports(const struct plan *p)
{
	return (unsigned)((p->flows - 1) / ADDRESSES / PORTS) + 1;
}

uint16_t
flow_server_port(unsigned i)
{
	return (uint16_t)(SERVER_FIRST + i);
}

void
flow_config(const struct plan *p, enum side side, struct fns_port_config *port)
{
	*port = (struct fns_port_config){.mac = {2, 0, 0, 0, 0, (uint8_t)(side + 1)}};
	port->mtu = (uint16_t)p->mtu;
	port->tx_cksum = p->offload;
	port->address_count = side == CLIENT ? ADDRESSES : 1;
	for (unsigned i = 0; i < port->address_count; i++) {
		address(p, side, i, port->address[i].ip);
		port->address[i].bits = p->ip == 6 ? 64 : 24;
	}
}
