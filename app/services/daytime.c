/* daytime: one line that says when, and the end (RFC 867). */
#include "service.h"

static void
serve(struct fns_conn *c, unsigned reports, struct visit *v)
{
	struct tm tm;
	char line[64];
	size_t len;

	if (!(reports & FNS_OPENED))
		return;
	gmtime_r(&v->service->all->wall_s, &tm);
	len = strftime(line, sizeof(line), "%A, %B %e, %Y %H:%M:%S-UTC\r\n", &tm);
	if (fns_send(c, line, len) == (ptrdiff_t)len)
		visit_close(c, v);
	else
		fns_abort(c); /* no memory for one line */
}

const struct service_kind daytime_kind = {"daytime", sizeof(struct visit), serve, visit_drain_now};
