/* What the table cannot say of a setting: addresses, and what several settings say together. */
#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "eal_args.h"

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
static const uint8_t none[16];

/* Our own name for a setting of a list, and where it was set. */
struct spot {
	const struct conf *conf;
	struct conf_report *report;
	const char *section, *name;
	unsigned element;
};

#define FAULT(spot, ...) fault_at(spot, __VA_ARGS__)

static void __attribute__((format(printf, 2, 3))) fault_at(const struct spot *s, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (settings_is_list(s->section))
		conf_fault(s->report, conf_line(s->conf, s->section, s->name, s->element), "%s[%u].%s: %s",
		           s->section, s->element, s->name, what);
	else
		conf_fault(s->report, conf_line(s->conf, s->section, s->name, 0), "%s.%s: %s", s->section,
		           s->name, what);
}

/* An address of the family in 16 octets. */
static bool
parse_ip(int family, const char *text, uint8_t ip[16])
{
	uint8_t raw[16];

	if (inet_pton(family, text, raw) != 1)
		return false;
	if (family == AF_INET6) {
		memcpy(ip, raw, 16);
		return memcmp(ip, mapped, sizeof(mapped)) != 0;
	}
	memcpy(ip, mapped, 12);
	memcpy(ip + 12, raw, 4);
	return true;
}

/* NULL, or why nobody can have this address. */
static const char *
unusable(int family, const uint8_t ip[16], unsigned bits)
{
	uint32_t v4 = (uint32_t)ip[12] << 24 | (uint32_t)ip[13] << 16 | (uint32_t)ip[14] << 8 | ip[15];
	uint32_t host = bits < 32 ? UINT32_MAX >> bits : 0;

	if (family == AF_INET6) {
		if (memcmp(ip, none, 15) == 0 && ip[15] <= 1)
			return "is the unspecified or the loopback address";
		return ip[0] == 0xff ? "is a multicast address" : NULL;
	}
	if (ip[12] == 0 || ip[12] == 127)
		return "is in 0.0.0.0/8 or 127.0.0.0/8";
	if (ip[12] >= 224)
		return "is a multicast or reserved address";
	if (bits < 31 && ((v4 & host) == 0 || (v4 & host) == host))
		return "is the address of the network or of everybody in it";
	return NULL;
}

static bool
on_link(const struct fns_prefix *own, const uint8_t ip[16])
{
	bool v4 = memcmp(own->ip, mapped, sizeof(mapped)) == 0;
	unsigned bits = own->bits + (v4 ? 96U : 0U);
	uint8_t mask = (uint8_t)(0xff00 >> (bits % 8));

	return memcmp(own->ip, ip, bits / 8) == 0 &&
	       (bits % 8 == 0 || ((own->ip[bits / 8] ^ ip[bits / 8]) & mask) == 0);
}

static void
check_prefix(const struct spot *s, int family, const char *text, struct conf_port *port)
{
	struct fns_prefix *to = &port->address[port->address_count];
	const char *slash = strchr(text, '/'), *wrong;
	char ip[64] = "", *end;
	unsigned long bits;

	if (slash == NULL) {
		FAULT(s, "\"%s\" has no prefix length: \"%s/%d\"", text, text, family == AF_INET ? 24 : 64);
		return;
	}
	memcpy(ip, text, (size_t)(slash - text));
	bits = strtoul(slash + 1, &end, 10);
	if (!isdigit((unsigned char)slash[1]) || *end != '\0' || bits == 0 ||
	    bits > (family == AF_INET ? 32 : 128)) {
		FAULT(s, "\"%s\": the prefix length is not 1 to %d", text, family == AF_INET ? 32 : 128);
		return;
	}
	if (!parse_ip(family, ip, to->ip)) {
		FAULT(s, "\"%s\" is no IPv%d address", ip, family == AF_INET ? 4 : 6);
		return;
	}
	to->bits = (uint8_t)bits;
	wrong = unusable(family, to->ip, (unsigned)bits);
	if (wrong != NULL) {
		FAULT(s, "\"%s\" %s", ip, wrong);
		return;
	}
	for (unsigned p = 0; p <= s->element; p++) {
		for (unsigned i = 0; i < s->conf->port[p].address_count; i++) {
			if (memcmp(s->conf->port[p].address[i].ip, to->ip, 16) == 0) {
				FAULT(s, "\"%s\" is given twice", ip);
				return;
			}
		}
	}
	port->address_count++;
}

static void
check_gateway(const struct spot *s, int family, const char *text, const struct conf_port *port,
              uint8_t gateway[16])
{
	bool reachable = false;

	if (text[0] == '\0')
		return;
	if (!parse_ip(family, text, gateway) || unusable(family, gateway, 32) != NULL) {
		FAULT(s, "\"%s\" is no IPv%d address of a router", text, family == AF_INET ? 4 : 6);
		return;
	}
	if (family == AF_INET6 && gateway[0] == 0xfe && (gateway[1] & 0xc0) == 0x80)
		reachable = true;
	for (unsigned i = 0; i < port->address_count; i++) {
		if (memcmp(port->address[i].ip, gateway, 16) == 0) {
			FAULT(s, "\"%s\" is our own address", text);
			return;
		}
		reachable = reachable || on_link(&port->address[i], gateway);
	}
	if (!reachable)
		FAULT(s, "\"%s\" is on no network of this port", text);
}

static void
check_mac(const struct spot *s, struct conf_port *port)
{
	unsigned m[6];
	int end = 0;

	if (port->mac[0] == '\0')
		return;
	if (strlen(port->mac) != 17 ||
	    sscanf(port->mac, "%2x:%2x:%2x:%2x:%2x:%2x%n", &m[0], &m[1], &m[2], &m[3], &m[4], &m[5], &end) !=
	            6 ||
	    end != 17) {
		FAULT(s, "\"%s\" is not written like 02:00:00:00:00:01", port->mac);
		return;
	}
	for (unsigned i = 0; i < 6; i++)
		port->mac_octets[i] = (uint8_t)m[i];
	port->mac_given = true;
	if (m[0] & 1)
		FAULT(s, "\"%s\" is a group address", port->mac);
	else if (memcmp(port->mac_octets, none, 6) == 0)
		FAULT(s, "\"%s\" is nobody's", port->mac);
}

static void
check_port(struct conf *conf, struct conf_report *report, unsigned n)
{
	struct conf_port *port = &conf->port[n];
	struct spot s = {conf, report, "ports", "device", n};

	for (unsigned i = 0; i < n; i++) {
		if (port->device[0] != '\0' && strcmp(conf->port[i].device, port->device) == 0) {
			FAULT(&s, "\"%s\" is given twice", port->device);
			break;
		}
	}
	if (port->ipv4.count + port->ipv6.count > CONF_ADDRESS_MAX) {
		FAULT(&s, "has %u addresses, %d at most", port->ipv4.count + port->ipv6.count,
		      CONF_ADDRESS_MAX);
		return;
	}
	s.name = "ipv4";
	for (unsigned i = 0; i < port->ipv4.count; i++)
		check_prefix(&s, AF_INET, port->ipv4.at[i], port);
	s.name = "ipv6";
	for (unsigned i = 0; i < port->ipv6.count; i++)
		check_prefix(&s, AF_INET6, port->ipv6.at[i], port);
	s.name = "gateway4";
	check_gateway(&s, AF_INET, port->gateway4, port, port->gateway4_ip);
	s.name = "gateway6";
	check_gateway(&s, AF_INET6, port->gateway6, port, port->gateway6_ip);
	s.name = "mac";
	check_mac(&s, port);
	s.name = "mtu";
	if (port->ipv6.count > 0 && port->mtu < 1280)
		FAULT(&s, "%u is below the 1280 that IPv6 needs", (unsigned)port->mtu);
	s.name = "device";
	if (port->ipv4.count + port->ipv6.count == 0)
		FAULT(&s, "\"%s\" has no address: set ipv4 or ipv6", port->device);
}

/* What is set belongs to a service of its type. */
static void
check_kinds(const struct conf *conf, struct conf_report *report, unsigned n)
{
	const struct setting *type = settings_find("services", "type");
	uint64_t is = conf->service[n].type;

	for (size_t i = 0; i < settings_count(); i++) {
		const struct setting *row = settings_row(i);
		struct spot s = {conf, report, "services", row->name, n};

		if (strcmp(row->section, "services") == 0 && !settings_applies(row, is) &&
		    conf->line[i][n] != 0)
			FAULT(&s, "only a service of type \"%s\" has it",
			      type->words[__builtin_ctz(row->kinds)]);
	}
}

static void
check_client(struct conf *conf, struct conf_report *report, unsigned n)
{
	struct conf_service *c = &conf->service[n];
	struct spot s = {conf, report, "services", "target", n};
	bool v6 = strchr(c->target, ':') != NULL;

	if (c->type != CONF_CLIENT)
		return;
	if (!parse_ip(v6 ? AF_INET6 : AF_INET, c->target, c->target_ip))
		FAULT(&s, "\"%s\" is no address to connect to", c->target);
	else if (unusable(v6 ? AF_INET6 : AF_INET, c->target_ip, 32) != NULL)
		FAULT(&s, "\"%s\" %s", c->target, unusable(v6 ? AF_INET6 : AF_INET, c->target_ip, 32));
	s.name = "receive_bytes";
	if (c->receive_bytes > 0 && !c->read)
		FAULT(&s, "nothing is counted where read is false");
	s.name = "check";
	if (c->check && !c->read)
		FAULT(&s, "nothing is checked where read is false");
	s.name = "local_port";
	if (c->local_port != 0 && c->connections > 1)
		FAULT(&s, "only one connection can have it, and connections is %" PRIu64, c->connections);
}

static void
check_services(struct conf *conf, struct conf_report *report)
{
	for (unsigned n = 0; n < conf->services; n++) {
		struct spot s = {conf, report, "services", "port", n};

		for (unsigned i = 0; i < n; i++) {
			if (conf->service[i].port == conf->service[n].port && conf->service[n].port != 0 &&
			    conf->service[i].type != CONF_CLIENT && conf->service[n].type != CONF_CLIENT) {
				FAULT(&s, "%u is given twice", (unsigned)conf->service[n].port);
				break;
			}
		}
		check_kinds(conf, report, n);
		check_client(conf, report, n);
	}
}

static void
check_order(const struct conf *conf, struct conf_report *report, const char *section, const char *low,
            uint64_t low_is, const char *high, uint64_t high_is)
{
	struct spot s = {conf, report, section, low, 0};
	const struct setting *row = settings_find(section, low);

	if (low_is <= high_is)
		return;
	/* complain of the one that the file sets */
	if (conf->line[settings_index(row)][0] == 0) {
		s.name = high;
		FAULT(&s, "%" PRIu64 " is below %s, which is %" PRIu64, high_is, low, low_is);
	} else
		FAULT(&s, "%" PRIu64 " is above %s, which is %" PRIu64, low_is, high, high_is);
}

static void
check_metrics(const struct conf *conf, struct conf_report *report)
{
	struct spot s = {conf, report, "control", "metrics", 0};
	const char *text = conf->control.metrics, *colon = strrchr(text, ':');
	char host[64] = "", *end;
	uint8_t ip[16];
	unsigned long port;

	if (text[0] == '\0')
		return;
	if (colon != NULL && colon != text) {
		memcpy(host, text, (size_t)(colon - text));
		port = strtoul(colon + 1, &end, 10);
		if (host[0] == '[' && host[strlen(host) - 1] == ']') {
			host[strlen(host) - 1] = '\0';
			memmove(host, host + 1, strlen(host));
		}
		if (isdigit((unsigned char)colon[1]) && *end == '\0' && port >= 1 && port <= 65535 &&
		    (parse_ip(AF_INET, host, ip) || parse_ip(AF_INET6, host, ip)))
			return;
	}
	FAULT(&s, "\"%s\" is not written like 127.0.0.1:9464 or [::1]:9464", text);
}

static void
check_texts(const struct conf *conf, struct conf_report *report)
{
	struct spot s = {conf, report, "policy", "isn_secret", 0};
	const char *secret = conf->policy.isn_secret;

	if (secret[0] != '\0' && (strlen(secret) != 64 || strspn(secret, "0123456789abcdefABCDEF") != 64))
		FAULT(&s, "must be 64 hexadecimal digits, or empty");
	s = (struct spot){conf, report, "control", "socket", 0};
	if (conf->control.socket[0] != '\0' && conf->control.socket[0] != '/')
		FAULT(&s, "\"%s\" is no absolute path", conf->control.socket);
	check_metrics(conf, report);
}

static void
check_workers(const struct conf *conf, struct conf_report *report)
{
	const struct conf_numbers *cores = &conf->workers.cores, *ports = &conf->policy.local_ports;
	struct spot s = {conf, report, "workers", "cores", 0};

	if (cores->count == 0)
		FAULT(&s, "names no core");
	for (unsigned i = 1; i < cores->count; i++) {
		for (unsigned k = 0; k < i; k++) {
			if (cores->at[i] == cores->at[k] && conf->workers.idle != CONF_IDLE_SLEEP) {
				FAULT(&s, "%u is given twice: only workers that sleep can share a core",
				      (unsigned)cores->at[i]);
				return;
			}
		}
	}
	s.name = "clock";
	if (conf->workers.clock == CONF_CLOCK_VIRTUAL && cores->count > 1)
		FAULT(&s, "virtual time is that of one worker; %u cores are given", cores->count);
	if (conf->workers.clock == CONF_CLOCK_VIRTUAL && conf->ports > 1)
		FAULT(&s, "only one port can be the capture whose time it is; %u are given", conf->ports);
	s = (struct spot){conf, report, "policy", "local_ports", 0};
	if (ports->count != 2 || ports->at[0] > ports->at[1])
		FAULT(&s, "must be the first and the last port, [32768, 60999]");
}

static void
check_eal(const struct conf *conf, struct conf_report *report)
{
	struct spot s = {conf, report, "dpdk", "args", 0};
	char text[sizeof(conf->dpdk.args)], *argv[64];
	const char *wrong;
	int n;

	memcpy(text, conf->dpdk.args, sizeof(text));
	n = eal_args_split(text, argv, 64);
	wrong = n < 0 ? "has more than 64 arguments, or a quote that does not end" : eal_args_wrong(argv, n);
	if (wrong != NULL)
		FAULT(&s, "%s", wrong);
}

void
conf_check(struct conf *conf, struct conf_report *report)
{
	unsigned before = report->faults;
	struct fns_config shard;
	char why[256];

	if (conf->ports == 0)
		conf_fault(report, 1, "ports: no port is configured");
	for (unsigned i = 0; i < conf->ports; i++)
		check_port(conf, report, i);
	check_services(conf, report);
	check_eal(conf, report);
	check_workers(conf, report);
	check_texts(conf, report);
	check_order(conf, report, "timeouts", "rto_min_ms", conf->timeouts.rto_min_ms, "rto_max_ms",
	            conf->timeouts.rto_max_ms);
	check_order(conf, report, "timeouts", "rto_initial_ms", conf->timeouts.rto_initial_ms, "rto_max_ms",
	            conf->timeouts.rto_max_ms);
	check_order(conf, report, "timeouts", "r1_retries", conf->timeouts.r1_retries, "retries",
	            conf->timeouts.retries);
	check_order(conf, report, "limits", "receive_window_initial_bytes",
	            conf->limits.receive_window_initial_bytes, "receive_window_bytes",
	            conf->limits.receive_window_bytes);
	if (report->faults != before)
		return;
	/* the library's own word comes last: it knows what we may not */
	conf_shard(conf, &shard);
	if (fns_config_check(&shard, why, sizeof(why)) != 0)
		conf_fault(report, 1, "%s", why);
}
