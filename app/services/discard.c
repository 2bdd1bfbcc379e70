/* discard: what comes is taken and forgotten (RFC 863). */
#include "service.h"

static void
serve(struct fns_conn *c, unsigned reports, struct visit *v)
{
	(void)reports;
	visit_swallow(c);
	if (v->peer_fin)
		visit_close(c, v);
}

const struct service_kind discard_kind = {"discard", sizeof(struct visit), serve, visit_drain_quiet};
