/* What a run is set to: --so_flags, and the file of key=value lines that FNS_SYSCTL names.  A key is one of the adapter's
 * own (profile, mtu, mss, local4, local6), a setting of the daemon ("timeouts.fin_wait_2_s", or "fin_wait_2_s" alone), or a sysctl
 * of Linux or a BSD that stands in the table of options_sysctl.c. */
#ifndef PD_OPTIONS_H
#define PD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <finesse/config.h>

#define OPTION_VALUE 96

struct options {
	char value[128][OPTION_VALUE]; /* by row of the daemon's table (app/settings.c); "": its default */
	char local4[64], local6[64], mtu[16];
	uint32_t mss;                  /* text of an injected segment at the most; 0: what the MTU allows */
	uint32_t keepalive_ms;         /* 0: the default */
	uint32_t snd_buf, notsent_low; /* of a new descriptor; 0: the default */
	long long file_size, file_ns;  /* of FNS_SYSCTL, when it was last read */
	bool changed;                  /* since options_config */
};

/* Forgets everything, then reads --so_flags: words of key=value, separated by blanks or commas. */
void options_init(struct options *, const char *flags);

/* Reads FNS_SYSCTL if it is not as it was. */
void options_reread(struct options *);

/* What a shard shall be made of.  False: one line on standard error says what is wrong. */
bool options_config(struct options *, struct fns_config *);

/* One setting by any of its names; one that nobody knows is told on standard error, and else without effect. */
void options_set(struct options *, const char *key, const char *value);

/* A setting of the daemon by name or section.name.  False: there is none, or it is not the kind that can be set so. */
bool options_set_daemon(struct options *, const char *name, const char *value);

/* options_sysctl.c.  False: the name is not in the table. */
bool options_set_sysctl(struct options *, const char *name, const char *value);

#endif
