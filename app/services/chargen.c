/* chargen: lines of 72 characters, rotating through the 95 that print, until the peer closes (RFC 864). */
#include "service.h"

#define PRINTABLE 95
#define LINE      74 /* with CR LF */

struct chargen {
	struct visit visit;
	uint32_t at; /* the next octet, modulo all lines */
};

/* The octets from position `at` on; the lines repeat after PRINTABLE of them. */
static void
fill(uint8_t *to, uint32_t at, size_t len)
{
	static const char end[] = "\r\n";
	uint32_t line = at / LINE, column = at % LINE;

	for (size_t i = 0; i < len; i++) {
		if (column < LINE - 2)
			to[i] = (uint8_t)(' ' + (line + column) % PRINTABLE);
		else
			to[i] = (uint8_t)end[column - (LINE - 2)];
		if (++column == LINE) {
			column = 0;
			line++;
		}
	}
}

static void
serve(struct fns_conn *c, unsigned reports, struct visit *v)
{
	struct chargen *g = (struct chargen *)v;

	(void)reports;
	visit_swallow(c);
	if (v->peer_fin) {
		visit_close(c, v);
		return;
	}
	for (;;) {
		uint8_t *piece = v->service->all->scratch;
		size_t len = fns_writable(c) + 1;
		ptrdiff_t taken;

		len = len < SCRATCH_BYTES ? len : SCRATCH_BYTES;
		fill(piece, g->at, len);
		taken = fns_send(c, piece, len);
		if (taken < 0)
			return;
		g->at = (uint32_t)((g->at + (size_t)taken) % (PRINTABLE * LINE));
		if ((size_t)taken < len)
			return; /* FNS_WRITABLE comes */
	}
}

/* It never ends by itself. */
const struct service_kind chargen_kind = {"chargen", sizeof(struct chargen), serve, visit_drain_now};
