/* What can be set: one table that declares every setting once, and the values that come of it.  The table drives the
 * parser (config.c), --explain, and the test that holds conf/finesse.conf against it. */
#ifndef FINESSED_SETTINGS_H
#define FINESSED_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <finesse/config.h>

#define CONF_CORES_MAX    64
#define CONF_SERVICES_MAX 64
#define CONF_ADDRESS_MAX  FNS_PORT_ADDR_MAX

enum conf_type {
	CONF_NUMBER,  /* uint64_t; int64_t where the range begins below 0 */
	CONF_SWITCH,  /* uint64_t: 0 or 1; true or false in the file */
	CONF_WORD,    /* uint64_t: index into `words` */
	CONF_CHOICE,  /* uint64_t: enum fns_switch; true, false, or "default": as configured for all */
	CONF_TEXT,    /* char[max + 1] */
	CONF_NUMBERS, /* struct conf_numbers; min and max are those of each number */
	CONF_TEXTS,   /* struct conf_texts */
};

struct conf_numbers {
	uint64_t at[CONF_CORES_MAX];
	uint16_t count;
};

struct conf_texts {
	char at[CONF_ADDRESS_MAX][64];
	uint16_t count;
};

/* One row of the table. */
struct setting {
	const char *section;  /* "limits"; "ports" and "services" are lists of groups */
	const char *name;     /* with its unit, where it has one */
	uint8_t type;         /* enum conf_type */
	size_t at;            /* offset in struct conf, or in the element of the list */
	const char *standard; /* the default as the file would write it; NULL: must be given */
	int64_t min, max;     /* a number's range; a text's longest length; how many elements are allowed */
	const char *const *words;
	const char *help;
	unsigned kinds; /* of a service: a set of 1 << enum conf_service_type that have it; 0: all */
	bool shared;    /* a limit of all workers together: each has its share (conf_share) */
};

size_t settings_count(void);
const struct setting *settings_row(size_t);
const struct setting *settings_find(const char *section, const char *name); /* or NULL */
size_t settings_index(const struct setting *);
bool settings_is_list(const char *section);

/* A service of this type has the setting. */
bool settings_applies(const struct setting *, uint64_t service_type);

enum conf_idle { CONF_IDLE_SLEEP, CONF_IDLE_PAUSE, CONF_IDLE_POLL };
enum conf_clock { CONF_CLOCK_MONOTONIC, CONF_CLOCK_VIRTUAL };
enum conf_drain { CONF_DRAIN_REFUSE, CONF_DRAIN_IGNORE };
enum conf_service_type { CONF_ECHO, CONF_DISCARD, CONF_CHARGEN, CONF_DAYTIME, CONF_HTTP, CONF_CLIENT };

struct conf_port {
	char device[64], mac[18], gateway4[64], gateway6[64];
	struct conf_texts ipv4, ipv6;
	uint64_t mtu, queues;
	/* what these texts say */
	struct fns_prefix address[CONF_ADDRESS_MAX];
	uint16_t address_count;
	uint8_t gateway4_ip[16], gateway6_ip[16]; /* all zero: none */
	uint8_t mac_octets[6];
	bool mac_given;
};

struct conf_service {
	uint64_t type, port, body_bytes;
	uint64_t profile, user_timeout_ms, no_delay, record;
	int64_t fin_wait_2_ms, linger_ms, keepalive_s;
	/* client */
	char target[64];
	uint64_t local_port, connections, total, seconds, rate, start_ms;
	uint64_t send_bytes, receive_bytes, read, check, close;
	uint8_t target_ip[16]; /* what the text says */
};

#define CONF_ROWS_MAX 128

/* The settings by their own names; what reads them converts units. */
struct conf {
	struct {
		char args[1024];
		uint64_t descriptors;
	} dpdk;
	struct {
		struct conf_numbers cores;
		uint64_t idle, sleep_us, clock;
	} workers;
	struct conf_port port[FNS_PORTS_MAX];
	unsigned ports;
	struct {
		uint64_t connections, time_wait, orphans, syn_backlog, listeners, neighbours, buffer_bytes,
			recorders;
		uint64_t receive_window_bytes, receive_window_initial_bytes, send_buffer_bytes;
		uint64_t challenge_acks_per_5s, icmp_per_s, resets_per_s;
	} limits;
	struct {
		uint64_t fin_wait_2_s, time_wait_s, orphan_retries, syn_retries, retries, r1_retries,
			user_timeout_s, open_s;
		uint64_t keepalive_s, keepalive_interval_s, keepalive_probes;
		uint64_t rto_initial_ms, rto_min_ms, rto_max_ms, delayed_ack_ms;
	} timeouts;
	struct {
		uint64_t profile, self_connect, backlog_overflow, congestion_control, record_sample;
		struct conf_numbers local_ports;
		uint64_t nagle, timestamps, sack, window_scale, ecn, ecn_retries, syn_options_retries,
			strict_reset, strict_syn, drop_syn_fin, icmp_may_reset, unknown, idle_restart,
			push_every, rfc1337, announce;
		char isn_secret[65];
	} policy;
	struct conf_service service[CONF_SERVICES_MAX];
	unsigned services;
	struct {
		uint64_t deadline_s, new_connections;
	} drain;
	struct {
		char socket[108], group[33], metrics[64];
	} control;
	uint16_t line[CONF_ROWS_MAX]
		     [CONF_SERVICES_MAX]; /* by row of the table and element of a list; 0: the default */
};

#endif
