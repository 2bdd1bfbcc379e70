/* Ends of connections as people write them: "198.51.100.1:80", "[2001:db8::1]:80". */
#ifndef APP_FLOW_TEXT_H
#define APP_FLOW_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include <finesse/finesse.h>

#define FLOW_END_TEXT 64

const char *flow_end_text(const struct fns_addr *, char text[FLOW_END_TEXT]); /* returns `text` */

/* "A:P", "[A]:P", "A" or ":P"; what is not given is zero.  False: none of them. */
bool flow_end_parse(const char *text, struct fns_addr *);

/* "A:P-B:P", the local end first, or one end alone; either may be less than whole. */
struct flow_text {
	struct fns_addr local, remote;
	bool either; /* one was given: it may be any of the two */
};
bool flow_parse(const char *text, struct flow_text *);
bool flow_matches(const struct flow_text *, const struct fns_addr *local, const struct fns_addr *remote);

#endif
