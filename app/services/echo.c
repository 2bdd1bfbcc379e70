/* echo: what comes goes back (RFC 862).  No buffer of its own: what the send side does not take stays unread, and the
 * receive window closes on the peer. */
#include "service.h"

static void
serve(struct fns_conn *c, unsigned reports, struct visit *v)
{
	const void *run;
	size_t len;

	(void)reports;
	while ((len = fns_peek(c, &run)) > 0) {
		ptrdiff_t taken = fns_send(c, run, len);

		if (taken <= 0)
			return; /* FNS_WRITABLE or FNS_CLOSED comes */
		fns_consume(c, (size_t)taken);
	}
	if (v->peer_fin)
		visit_close(c, v);
}

const struct service_kind echo_kind = {"echo", sizeof(struct visit), serve, visit_drain_quiet};
