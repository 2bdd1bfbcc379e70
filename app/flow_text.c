/* Ends of connections, to and from text (flow_text.h). */
#include "flow_text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
static const uint8_t any[16];

const char *
flow_end_text(const struct fns_addr *a, char text[FLOW_END_TEXT])
{
	bool ip4 = memcmp(a->ip, mapped, 12) == 0;
	char ip[INET6_ADDRSTRLEN];

	inet_ntop(ip4 ? AF_INET : AF_INET6, ip4 ? a->ip + 12 : a->ip, ip, sizeof(ip));
	snprintf(text, FLOW_END_TEXT, ip4 ? "%s:%u" : "[%s]:%u", ip, a->port);
	return text;
}

static bool
parse_port(const char *text, unsigned *port)
{
	unsigned long n = 0;
	char *end;

	if (text[0] < '0' || text[0] > '9' || strlen(text) > 5)
		return false;
	n = strtoul(text, &end, 10);
	*port = (unsigned)n;
	return *end == '\0' && n <= 65535;
}

bool
flow_end_parse(const char *text, struct fns_addr *to)
{
	const char *colon = strrchr(text, ':');
	char ip[INET6_ADDRSTRLEN + 2];
	unsigned port = 0;
	size_t len;

	memset(to, 0, sizeof(*to));
	if (colon != NULL && text[0] != '[' && strchr(text, ':') != colon)
		colon = NULL; /* IPv6 without a port */
	if (text[0] == '[' && text[strlen(text) - 1] == ']')
		colon = NULL;
	len = colon == NULL ? strlen(text) : (size_t)(colon - text);
	if (len >= sizeof(ip) || (colon != NULL && !parse_port(colon + 1, &port)))
		return false;
	to->port = (uint16_t)port;
	if (len == 0)
		return colon != NULL;
	memcpy(ip, text, len);
	ip[len] = '\0';
	if (ip[0] != '[')
		return fns_addr_parse(to, ip, (uint16_t)port) == 0;
	if (len < 3 || ip[len - 1] != ']')
		return false;
	ip[len - 1] = '\0';
	return fns_addr_parse(to, ip + 1, (uint16_t)port) == 0;
}

bool
flow_parse(const char *text, struct flow_text *to)
{
	const char *dash = strchr(text, '-');
	char local[FLOW_END_TEXT];

	memset(to, 0, sizeof(*to));
	to->either = dash == NULL;
	if (dash == NULL)
		return flow_end_parse(text, &to->local);
	if ((size_t)(dash - text) >= sizeof(local))
		return false;
	memcpy(local, text, (size_t)(dash - text));
	local[dash - text] = '\0';
	return flow_end_parse(local, &to->local) && flow_end_parse(dash + 1, &to->remote);
}

static bool
end_matches(const struct fns_addr *want, const struct fns_addr *a)
{
	return (memcmp(want->ip, any, 16) == 0 || memcmp(want->ip, a->ip, 16) == 0) &&
	       (want->port == 0 || want->port == a->port);
}

bool
flow_matches(const struct flow_text *f, const struct fns_addr *local, const struct fns_addr *remote)
{
	if (f->either)
		return end_matches(&f->local, local) || end_matches(&f->local, remote);
	return end_matches(&f->local, local) && end_matches(&f->remote, remote);
}
