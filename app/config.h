/* The configuration file: read, checked, shown.  Needs no EAL and touches no port. */
#ifndef FINESSED_CONFIG_H
#define FINESSED_CONFIG_H

#include <stdio.h>

#include "settings.h"

/* Where complaints go, one a line: "FILE:LINE: setting: what is wrong". */
struct conf_report {
	FILE *out;
	const char *file;
	unsigned faults;
};

#define CONF_FILE_MAX  (1 << 20)
#define CONF_LINES_MAX 65535 /* libconfig counts lines in 16 bits */

void conf_default(struct conf *);

/* Reads and checks a file; every fault is reported, not only the first.  0, or -EINVAL. */
int conf_load(struct conf *, const char *path, struct conf_report *);

/* The same from memory: `text` need not end in 0 but may hold none. */
int conf_parse(struct conf *, const char *text, size_t len, struct conf_report *);

void conf_fault(struct conf_report *, unsigned line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The line that set it, 1 if none did; for complaints that only the running system can have. */
unsigned conf_line(const struct conf *, const char *section, const char *name, unsigned element);

/* config_check.c: what one setting says by itself (addresses), and what several say together. */
void conf_check(struct conf *, struct conf_report *);

/* The text as libconfig shall see it, or NULL with the fault reported; the caller frees it.  config_text.c */
char *conf_text_prepare(const char *text, size_t len, struct conf_report *);

/* The name that a duplicate in this line is about, in `name`; false: the line does not tell. */
bool conf_text_duplicate(const char *text, unsigned line, char *name, size_t room);

/* A worker's share of a limit that holds for all of them together: rounded up, so that none has nothing. */
uint64_t conf_share(const struct conf *, uint64_t all);

/* What shards of this configuration are made from, each with its share; explain.c prints it. */
void conf_shard(const struct conf *, struct fns_config *);
/* What a service's connections are opened with. */
void conf_options(const struct conf_service *, struct fns_options *);
/* `visit_bytes`: what the services keep of all connections. */
void conf_explain(const struct conf *, uint64_t visit_bytes, FILE *);

#endif
