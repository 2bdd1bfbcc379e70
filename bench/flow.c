/* Which addresses and ports connection number n has.  The client uses all ports above 1,023 of each of its addresses;
 * what does not fit into these goes to another port of the server. */
#include "flow.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { PORT_FIRST = 1024, PORTS = 65536 - PORT_FIRST, SERVER_FIRST = 7000 };

bool
flow_is_ip4(const uint8_t ip[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(ip, mapped, sizeof(mapped)) == 0;
}

void
flow_text(const struct fns_addr *a, char to[64])
{
	if (flow_is_ip4(a->ip))
		inet_ntop(AF_INET, a->ip + 12, to, 64);
	else
		inet_ntop(AF_INET6, a->ip, to, 64);
}

void
flow_plan(struct plan *p)
{
	fns_addr_parse(&p->target, p->ip == 6 ? "2001:db8:1::100" : "198.51.100.100", SERVER_FIRST);
	p->sources = FNS_PORT_ADDR_MAX;
	for (unsigned i = 0; i < p->sources; i++) {
		fns_addr_parse(&p->source[i], p->ip == 6 ? "2001:db8:1::1" : "198.51.100.1", 0);
		p->source[i].ip[15] = (uint8_t)(i + 1);
	}
}

void
flow_of(const struct plan *p, uint64_t number, struct fns_addr *client, struct fns_addr *server)
{
	uint64_t row = number / p->sources;

	*client = p->source[number % p->sources];
	client->port = (uint16_t)(PORT_FIRST + row % PORTS);
	*server = p->target;
	server->port = flow_server_port(p, (unsigned)(row / PORTS));
}

uint64_t
flow_number(const struct plan *p, const struct fns_addr *client, uint16_t server_port)
{
	uint64_t row = (uint64_t)(server_port - p->target.port) * PORTS + client->port - PORT_FIRST;

	return row * p->sources + (uint64_t)(client->ip[15] - p->source[0].ip[15]);
}

uint64_t
flow_capacity(const struct plan *p)
{
	return (uint64_t)p->sources * PORTS;
}

unsigned
flow_server_ports(const struct plan *p)
{
	return p->file != NULL ? 1 : (unsigned)((p->flows - 1) / flow_capacity(p)) + 1;
}

uint16_t
flow_server_port(const struct plan *p, unsigned i)
{
	return (uint16_t)(p->target.port + i);
}

void
flow_config(const struct plan *p, enum side side, struct fns_port_config *port)
{
	const struct fns_addr *own = side == CLIENT ? p->source : &p->target;

	*port = (struct fns_port_config){.mac = {2, 0, 0, 0, 0, (uint8_t)(side + 1)}};
	port->mtu = (uint16_t)p->mtu;
	port->tx_cksum = p->offload;
	port->address_count = (uint16_t)(side == CLIENT ? p->sources : 1);
	for (unsigned i = 0; i < port->address_count; i++) {
		memcpy(port->address[i].ip, own[i].ip, 16);
		port->address[i].bits = p->ip == 6 ? 64 : 24;
	}
}
