/* finesse-ladders: plays each way of closing, and two ways of opening, between two shards of this process in virtual
 * time, and draws what their flight recorders saw.
 *
 * finesse-ladders [--ascii] [--alone] [--svg DIR] [--list] [NAME...]
 *
 * --alone draws what the left end knows by itself. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ladder.h"
#include "wire.h"

enum { PORT = 7, CLIENT_PORT = 40000, DELAY_US = 10000, CLASSES = 64 };

/* An application: what it does by itself in its handler, and its connection. */
struct party {
	struct fns_conn *conn;
	bool close_on_fin, reads;
};

struct play {
	struct wire wire;
	struct party party[2];
	uint64_t before[2][CLASSES];
};

static void
read_all(struct fns_conn *c)
{
	const void *run;
	size_t n;

	while ((n = fns_peek(c, &run)) > 0)
		fns_consume(c, n);
}

static void
handler(struct fns_conn *c, unsigned reports, void *user)
{
	struct party *p = user;

	if (reports & FNS_CLOSED) {
		p->conn = NULL;
		return;
	}
	p->conn = c;
	if ((reports & FNS_READABLE) && p->reads)
		read_all(c);
	if ((reports & FNS_PEER_FIN) && p->close_on_fin) {
		p->conn = NULL;
		fns_close(c);
	}
}

static void
run_ms(struct play *p, uint64_t ms)
{
	wire_run(&p->wire, ms * 1000);
}

static void
opens(struct play *p, unsigned side, uint16_t local, unsigned to, uint16_t remote)
{
	struct fns_addr from = wire_addr(side, local), at = wire_addr(to, remote);

	p->party[side].conn = fns_open(p->wire.shard[side], &from, &at, NULL, handler, &p->party[side]);
	if (p->party[side].conn == NULL) {
		fprintf(stderr, "finesse-ladders: open: %s\n", strerror(errno));
		exit(1);
	}
}

/* From the left to a listener on the right. */
static void
connected(struct play *p)
{
	struct fns_addr at = wire_addr(1, PORT);

	p->party[0].reads = p->party[1].reads = true;
	if (fns_listen(p->wire.shard[1], &at, NULL, handler, &p->party[1]) == NULL) {
		fprintf(stderr, "finesse-ladders: listen: %s\n", strerror(errno));
		exit(1);
	}
	opens(p, 0, CLIENT_PORT, 1, PORT);
	run_ms(p, 200);
}

static void
closes(struct play *p, unsigned side)
{
	struct fns_conn *c = p->party[side].conn;

	p->party[side].conn = NULL;
	if (c != NULL)
		fns_close(c);
}

static void
sends(struct play *p, unsigned side, size_t len)
{
	static const uint8_t octets[64];

	fns_send(p->party[side].conn, octets, len);
}

static void
four(struct play *p)
{
	connected(p);
	closes(p, 0);
	run_ms(p, 100);
	closes(p, 1);
}

static void
three(struct play *p)
{
	p->party[1].close_on_fin = true;
	connected(p);
	closes(p, 0);
}

static void
to_itself(struct play *p)
{
	opens(p, 0, 6666, 0, 6666);
	run_ms(p, 100);
}

static void
two(struct play *p)
{
	to_itself(p);
	closes(p, 0);
}

static void
self_connect(struct play *p)
{
	p->party[0].reads = true;
	to_itself(p);
	sends(p, 0, 5);
	run_ms(p, 100);
}

static void
simultaneous_open(struct play *p)
{
	opens(p, 0, 6001, 1, 6002);
	opens(p, 1, 6002, 0, 6001);
	run_ms(p, 200);
}

static void
simultaneous_close(struct play *p)
{
	connected(p);
	closes(p, 0);
	closes(p, 1);
}

static void
unread(struct play *p)
{
	connected(p);
	p->party[1].reads = false;
	sends(p, 0, 4);
	run_ms(p, 100);
	closes(p, 1);
}

static void
after_close(struct play *p)
{
	connected(p);
	closes(p, 0);
	run_ms(p, 100);
	sends(p, 1, 10);
}

static void
reaped(struct play *p)
{
	connected(p);
	closes(p, 0);
	run_ms(p, 3000);
	closes(p, 1);
}

static const struct exchange {
	const char *name, *row, *title;
	void (*play)(struct play *);
} exchanges[] = {
	{"close-4", "T-01, T-07", "Close in four segments: the other application closes later", four},
	{"close-3", "T-06", "Close in three segments: it closes at once, and its FIN carries the ACK", three},
	{"close-2", "T-41", "Close in two segments: a connection with itself", two},
	{"simultaneous-close", "T-09", "Both close before either sees the other's FIN", simultaneous_close},
	{"simultaneous-open", "T-47", "Both open, and no one listens: four segments, and a last ACK each",
         simultaneous_open},
	{"self-connect", "T-40", "An open that meets itself: three segments, and one TCB", self_connect},
	{"unread", "T-13", "Closed with octets unread: a reset says that they are lost", unread},
	{"after-close", "T-24", "Text for an application that is gone", after_close},
	{"fin-wait-2", "T-30", "An orphan's time in FIN-WAIT-2 is over (2 s here); a later FIN meets nobody",
         reaped},
};

static void
settings(struct fns_config *cf)
{
	fns_config_default(cf);
	cf->connections = 64;
	cf->time_wait = 64;
	cf->buffer_bytes = 8u << 20;
	cf->recorders = 16;
	cf->record_sample = 1;
	cf->self_connect = FNS_SELF_ALLOW;
	cf->fin_wait_2_ms = 2000;
}

static void
count(const struct fns_shard *s, uint64_t value[CLASSES])
{
	struct fns_stat row[CLASSES];
	size_t n = fns_shard_closes(s, row, CLASSES);

	for (size_t i = 0; i < n && i < CLASSES; i++)
		value[i] = row[i].value;
}

static void
print_counted(const struct play *p, FILE *out)
{
	for (unsigned side = 0; side < 2; side++) {
		uint64_t now[CLASSES] = {0};
		unsigned n = 0;

		count(p->wire.shard[side], now);
		fprintf(out, "%11s  counted on the %s:", "", side == 0 ? "left" : "right");
		for (size_t i = 0; i < fns_class_count() && i < CLASSES; i++) {
			uint64_t more = now[i] - p->before[side][i];

			if (more > 0)
				fprintf(out, "%s %s %" PRIu64, n++ > 0 ? "," : "", fns_class_name(i), more);
		}
		fprintf(out, "%s\n", n > 0 ? "" : " nothing");
	}
	fputc('\n', out);
}

/* The first recording there is. */
static bool
recorded(const struct fns_shard *s, struct fns_record *out)
{
	struct fns_record_row row[16];
	size_t n = fns_shard_records(s, row, 16);

	return n > 0 && fns_shard_record(s, row[0].id, out) == 0;
}

static int
write_svg(const struct ladder *l, const struct exchange *x, const char *title, const char *folder)
{
	char path[512];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s.svg", folder, x->name);
	out = fopen(path, "w");
	if (out == NULL) {
		fprintf(stderr, "finesse-ladders: %s: %s\n", path, strerror(errno));
		return 1;
	}
	ladder_svg(l, title, out);
	if (ferror(out) | fclose(out)) {
		fprintf(stderr, "finesse-ladders: %s: not written\n", path);
		return 1;
	}
	return 0;
}

struct form {
	bool ascii, alone;
	const char *folder; /* for SVG; NULL: none */
};

static int
show(const struct exchange *x, const struct form *form)
{
	static struct fns_record record[2];
	static struct ladder ladder;
	struct fns_config cf;
	struct play p = {0};
	char title[128];
	bool two_sided;
	int status = 1;

	settings(&cf);
	if (!wire_begin(&p.wire, &cf, DELAY_US)) {
		fprintf(stderr, "finesse-ladders: %s\n", strerror(errno));
		return 1;
	}
	for (unsigned side = 0; side < 2; side++)
		count(p.wire.shard[side], p.before[side]);
	x->play(&p);
	run_ms(&p, 1000);
	snprintf(title, sizeof(title), "%s: %s (%s)", x->name, x->title, x->row);
	two_sided = !form->alone && recorded(p.wire.shard[1], &record[1]);
	if (recorded(p.wire.shard[0], &record[0])) {
		ladder_lay(&ladder, &record[0], two_sided ? &record[1] : NULL);
		ladder_print(&ladder, title, form->ascii, stdout);
		print_counted(&p, stdout);
		status = form->folder == NULL ? 0 : write_svg(&ladder, x, title, form->folder);
	}
	wire_end(&p.wire);
	return status;
}

static int
usage(void)
{
	fputs("usage: finesse-ladders [--ascii] [--alone] [--svg DIR] [--list] [NAME...]\n", stderr);
	return 2;
}

static const struct exchange *
by_name(const char *name)
{
	for (size_t i = 0; i < sizeof(exchanges) / sizeof(exchanges[0]); i++) {
		if (strcmp(exchanges[i].name, name) == 0)
			return &exchanges[i];
	}
	return NULL;
}

static int
list(void)
{
	for (size_t i = 0; i < sizeof(exchanges) / sizeof(exchanges[0]); i++)
		printf("%-20s %-12s %s\n", exchanges[i].name, exchanges[i].row, exchanges[i].title);
	return 0;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {{"ascii", no_argument, NULL, 'a'},
	                                        {"alone", no_argument, NULL, 'o'},
	                                        {"svg", required_argument, NULL, 's'},
	                                        {"list", no_argument, NULL, 'l'},
	                                        {0}};
	struct form form = {0};
	int c, status = 0;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'a')
			form.ascii = true;
		else if (c == 'o')
			form.alone = true;
		else if (c == 's')
			form.folder = optarg;
		else
			return c == 'l' ? list() : usage();
	}
	for (int i = optind; i < argc; i++) {
		if (by_name(argv[i]) == NULL) {
			fprintf(stderr, "finesse-ladders: %s: no such exchange (--list)\n", argv[i]);
			return 2;
		}
	}
	for (int i = optind; i < argc; i++)
		status |= show(by_name(argv[i]), &form);
	for (size_t i = 0; optind == argc && i < sizeof(exchanges) / sizeof(exchanges[0]); i++)
		status |= show(&exchanges[i], &form);
	return status;
}
