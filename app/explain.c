/* From settings to what a shard is made from, and the table of both that --explain prints. */
#include <inttypes.h>
#include <string.h>

#include "config.h"

#define ROWS               32
#define BUFFER_BYTES_LEAST (UINT64_C(1) << 20) /* config.h's own bound */
#define MS(seconds)        (uint32_t)((seconds)*1000)

uint64_t
conf_share(const struct conf *conf, uint64_t all)
{
	unsigned shards = conf->workers.cores.count == 0 ? 1 : conf->workers.cores.count;

	return (all + shards - 1) / shards;
}

static void
shard_limits(const struct conf *conf, struct fns_config *to)
{
	to->connections = (uint32_t)conf_share(conf, conf->limits.connections);
	to->time_wait = (uint32_t)conf_share(conf, conf->limits.time_wait);
	to->orphans = (uint32_t)conf_share(conf, conf->limits.orphans);
	to->syn_backlog = (uint32_t)conf_share(conf, conf->limits.syn_backlog);
	to->listeners = (uint32_t)conf->limits.listeners;
	to->recorders = (uint32_t)conf_share(conf, conf->limits.recorders);
	to->neighbours = (uint32_t)conf->limits.neighbours;
	to->buffer_bytes = conf_share(conf, conf->limits.buffer_bytes);
	if (to->buffer_bytes < BUFFER_BYTES_LEAST)
		to->buffer_bytes = BUFFER_BYTES_LEAST;
	to->rcv_wnd_max = (uint32_t)conf->limits.receive_window_bytes;
	to->rcv_wnd_initial = (uint32_t)conf->limits.receive_window_initial_bytes;
	to->snd_buf_max = (uint32_t)conf->limits.send_buffer_bytes;
	to->challenge_acks = (uint32_t)conf->limits.challenge_acks_per_5s;
	to->icmp_per_second = (uint32_t)conf_share(conf, conf->limits.icmp_per_s);
	to->resets_per_second = (uint32_t)conf_share(conf, conf->limits.resets_per_s);
}

static void
shard_timeouts(const struct conf *conf, struct fns_config *to)
{
	to->fin_wait_2_ms = MS(conf->timeouts.fin_wait_2_s);
	to->time_wait_ms = MS(conf->timeouts.time_wait_s);
	to->orphan_retries = (uint32_t)conf->timeouts.orphan_retries;
	to->syn_retries = (uint32_t)conf->timeouts.syn_retries;
	to->retries = (uint32_t)conf->timeouts.retries;
	to->r1 = (uint32_t)conf->timeouts.r1_retries;
	to->user_timeout_ms = MS(conf->timeouts.user_timeout_s);
	to->open_ms = MS(conf->timeouts.open_s);
	to->keepalive = conf->timeouts.keepalive_s != 0;
	if (to->keepalive)
		to->keepalive_ms = MS(conf->timeouts.keepalive_s);
	to->keepalive_interval_ms = MS(conf->timeouts.keepalive_interval_s);
	to->keepalive_probes = (uint32_t)conf->timeouts.keepalive_probes;
	to->rto_initial_ms = (uint32_t)conf->timeouts.rto_initial_ms;
	to->rto_min_ms = (uint32_t)conf->timeouts.rto_min_ms;
	to->rto_max_ms = (uint32_t)conf->timeouts.rto_max_ms;
	to->delayed_ack_ms = (uint32_t)conf->timeouts.delayed_ack_ms;
}

static void
shard_policy(const struct conf *conf, struct fns_config *to)
{
	static const uint8_t profile[] = {FNS_LINUX, FNS_BSD, FNS_RFC9293};
	static const uint8_t self[] = {FNS_SELF_ALLOW, FNS_SELF_AVOID, FNS_SELF_DETECT, FNS_SELF_REFUSE};
	static const uint8_t ecn[] = {FNS_ECN_OFF, FNS_ECN_PASSIVE, FNS_ECN_ON};
	const struct setting *cc = settings_find("policy", "congestion_control");

	to->profile = profile[conf->policy.profile];
	to->self_connect = self[conf->policy.self_connect];
	to->backlog_reset = conf->policy.backlog_overflow != 0;
	to->record_sample = (uint32_t)conf->policy.record_sample;
	to->no_delay = !conf->policy.nagle;
	to->timestamps = conf->policy.timestamps;
	to->sack = conf->policy.sack;
	to->window_scale = conf->policy.window_scale;
	to->ecn = ecn[conf->policy.ecn];
	to->ecn_retries = (uint8_t)conf->policy.ecn_retries;
	to->syn_options_retries = (uint8_t)conf->policy.syn_options_retries;
	to->strict_reset = conf->policy.strict_reset;
	to->strict_syn = conf->policy.strict_syn;
	to->drop_syn_fin = conf->policy.drop_syn_fin;
	to->icmp_may_reset = conf->policy.icmp_may_reset;
	to->unknown = (uint8_t)conf->policy.unknown; /* the words are in the enum's order */
	to->idle_restart = conf->policy.idle_restart;
	to->push_every = (uint8_t)conf->policy.push_every;
	to->rfc1337 = conf->policy.rfc1337;
	to->local_port_first = (uint16_t)conf->policy.local_ports.at[0];
	to->local_port_last = (uint16_t)conf->policy.local_ports.at[1];
	snprintf(to->cc, sizeof(to->cc), "%s", cc->words[conf->policy.congestion_control]);
}

void
conf_shard(const struct conf *conf, struct fns_config *to)
{
	fns_config_default(to);
	shard_limits(conf, to);
	shard_timeouts(conf, to);
	shard_policy(conf, to);
	to->port_count = (uint16_t)conf->ports;
	for (unsigned i = 0; i < conf->ports; i++) {
		struct fns_port_config *port = &to->port[i];

		/* the MAC and the offload are the port's to say, once it is open */
		memcpy(port->mac, conf->port[i].mac_octets, sizeof(port->mac));
		if (!conf->port[i].mac_given)
			port->mac[0] = 2;
		port->mtu = (uint16_t)conf->port[i].mtu;
		port->address_count = conf->port[i].address_count;
		memcpy(port->address, conf->port[i].address, sizeof(port->address));
		memcpy(port->gateway4, conf->port[i].gateway4_ip, sizeof(port->gateway4));
		memcpy(port->gateway6, conf->port[i].gateway6_ip, sizeof(port->gateway6));
		port->announce = conf->policy.announce;
	}
}

void
conf_options(const struct conf_service *s, struct fns_options *to)
{
	static const uint8_t profile[] = {FNS_PROFILE_DEFAULT, FNS_LINUX, FNS_BSD, FNS_RFC9293};

	*to = (struct fns_options){
		.profile = profile[s->profile],
		.no_delay = (uint8_t)s->no_delay,
		.record = (uint8_t)s->record,
		.linger = s->linger_ms < 0 ? FNS_DEFAULT : FNS_ON,
		.linger_ms = s->linger_ms < 0 ? 0 : (uint32_t)s->linger_ms,
		.fin_wait_2_ms = (int32_t)s->fin_wait_2_ms,
		.user_timeout_ms = (uint32_t)s->user_timeout_ms,
		.keepalive = s->keepalive_s == 0  ? FNS_DEFAULT
	                     : s->keepalive_s < 0 ? FNS_OFF
	                                          : FNS_ON,
		.keepalive_ms = s->keepalive_s < 0 ? 0 : MS(s->keepalive_s),
	};
}

static void
value_text(const struct setting *row, const void *base, char *text, size_t room)
{
	const void *at = (const char *)base + row->at;
	const struct conf_numbers *numbers = at;
	const struct conf_texts *texts = at;
	size_t len = 0;

	switch ((enum conf_type)row->type) {
	case CONF_NUMBER:
		snprintf(text, room, "%" PRId64, *(const int64_t *)at);
		break;
	case CONF_SWITCH:
		snprintf(text, room, "%s", *(const uint64_t *)at ? "true" : "false");
		break;
	case CONF_WORD:
		snprintf(text, room, "\"%s\"", row->words[*(const uint64_t *)at]);
		break;
	case CONF_CHOICE:
		snprintf(text, room, *(const uint64_t *)at == FNS_DEFAULT ? "\"%s\"" : "%s",
		         row->words[*(const uint64_t *)at]);
		break;
	case CONF_TEXT:
		snprintf(text, room, "\"%s\"", (const char *)at);
		break;
	case CONF_NUMBERS:
		for (unsigned i = 0; i < numbers->count; i++)
			len += (size_t)snprintf(text + len, room - len, "%s%" PRIu64, i == 0 ? "[" : ", ",
			                        numbers->at[i]);
		snprintf(text + len, room - len, len == 0 ? "[]" : "]");
		break;
	case CONF_TEXTS:
		for (unsigned i = 0; i < texts->count; i++)
			len += (size_t)snprintf(text + len, room - len, "%s\"%s\"", i == 0 ? "[" : ", ",
			                        texts->at[i]);
		snprintf(text + len, room - len, len == 0 ? "[]" : "]");
		break;
	}
}

static void
explain_row(const struct conf *conf, const struct setting *row, const void *base, int element, FILE *out)
{
	char value[1100], name[96], from[32] = "default";
	unsigned line = conf->line[settings_index(row)][element < 0 ? 0 : element];

	if (element < 0)
		snprintf(name, sizeof(name), "%s.%s", row->section, row->name);
	else
		snprintf(name, sizeof(name), "%s[%d].%s", row->section, element, row->name);
	value_text(row, base, value, sizeof(value));
	if (line != 0)
		snprintf(from, sizeof(from), "line %u", line);
	fprintf(out, "%-40s %-26s %-9s %s", name, value, from, row->help);
	if (row->type == CONF_NUMBER || row->type == CONF_NUMBERS)
		fprintf(out, " (%" PRId64 " to %" PRId64 ")", row->min, row->max);
	for (unsigned i = 0; row->words != NULL && row->words[i] != NULL; i++)
		fprintf(out, "%s%s%s", i == 0 ? " (" : ", ", row->words[i],
		        row->words[i + 1] == NULL ? ")" : "");
	if (row->shared && conf->workers.cores.count > 1)
		fprintf(out, " [each of %u workers: %" PRIu64 "]", conf->workers.cores.count,
		        conf_share(conf, *(const uint64_t *)(const void *)((const char *)base + row->at)));
	fputc('\n', out);
}

static void
explain_memory(const struct conf *conf, uint64_t visit_bytes, FILE *out)
{
	struct fns_memory row[ROWS];
	struct fns_config shard;
	uint64_t total = 0;
	size_t n;

	conf_shard(conf, &shard);
	n = fns_config_memory(&shard, row, ROWS - 1);
	if (n > ROWS - 1)
		n = ROWS - 1;
	row[n++] = (struct fns_memory){"visits of services", visit_bytes / shard.connections,
	                               shard.connections, visit_bytes};
	fprintf(out, "\nmemory of a worker at the worst; untouched parts cost nothing until they are used\n");
	fprintf(out, "%-32s %10s %14s %18s\n", "part", "each", "count", "bytes");
	for (size_t i = 0; i < n; i++) {
		fprintf(out, "%-32s %10" PRIu64 " %14" PRIu64 " %18" PRIu64 "\n", row[i].name, row[i].each,
		        row[i].count, row[i].bytes);
		total += row[i].bytes;
	}
	fprintf(out, "%-32s %10s %14s %18" PRIu64 "\n", "in all", "", "", total);
	if (conf->workers.cores.count > 1)
		fprintf(out, "%-32s %10s %14u %18" PRIu64 "\n", "workers, all together", "",
		        conf->workers.cores.count, total * conf->workers.cores.count);
}

void
conf_explain(const struct conf *conf, uint64_t visit_bytes, FILE *out)
{
	fprintf(out, "%-40s %-26s %-9s %s\n", "setting", "value", "from", "meaning");
	for (size_t i = 0; i < settings_count(); i++) {
		const struct setting *row = settings_row(i);

		if (!settings_is_list(row->section))
			explain_row(conf, row, conf, -1, out);
		for (unsigned k = 0; strcmp(row->section, "ports") == 0 && k < conf->ports; k++)
			explain_row(conf, row, &conf->port[k], (int)k, out);
		for (unsigned k = 0; strcmp(row->section, "services") == 0 && k < conf->services; k++) {
			if (settings_applies(row, conf->service[k].type))
				explain_row(conf, row, &conf->service[k], (int)k, out);
		}
	}
	explain_memory(conf, visit_bytes, out);
}
