/* What a run was asked for: the commands and options, declared once. */
#ifndef BENCH_PLAN_H
#define BENCH_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <finesse/config.h>

/* clang-format off */
/*        name      command on the line, what it measures                                                            */
#define COMMANDS(X)                                                                                                   \
	X(TEARDOWN, "teardown", "open --conns connections, hold them, end them all in the way of --close")            \
	X(CHURN,    "churn",    "connections a second: connect, request and answer of --bytes, close")                \
	X(RR,       "rr",       "requests a second and latency on --conns connections that stay")                     \
	X(STREAM,   "stream",   "octets a second on --conns connections")                                             \
	X(HOLD,     "hold",     "memory of --conns idle connections")                                                 \
	X(MICRO,    "micro",    "the pieces: table, wheel, SipHash, checksum, parsing, one turn")                     \
	X(KERNEL,   "kernel",   "kernel COMMAND ...: the same on the host kernel's own sockets, in a namespace")

#define CLOSES(X)                                                                                                     \
	X(FIN,          "fin",          "one end closes, the other follows")                                          \
	X(RST,          "rst",          "one end aborts")                                                             \
	X(HALF,         "half-close",   "one end sends FIN, the other sends text first and then closes")              \
	X(SIMULTANEOUS, "simultaneous", "both ends close before either sees the other's FIN")                         \
	X(FIN_WAIT_2,   "fin-wait-2",   "one end closes, the other never does: orphans reaped when their time is over") \
	X(TIME_WAIT,    "time-wait",    "as fin; then the TIME-WAIT entries are reaped when their time is over")

#define LINKS(X)                                                                                                      \
	X(DIRECT, "direct", "no link: one thread turns both ends in turn")                                            \
	X(RING,   "ring",   "two threads, each on a core of its own, and a ring of frames each way")                  \
	X(MEMIF,  "memif",  "two processes and DPDK's net_memif in copy mode")                                        \
	X(TAP,    "tap",    "DPDK's net_tap; the host kernel's sockets serve at its other end")

/*        field      name         argument default       least most         help                                     */
#define NUMBERS(X)                                                                                                    \
	X(conns,     "conns",     "N",  0,      0,    20000000,   "connections; of churn, at once; 0: 100,000, of churn 1,024") \
	X(seconds,   "seconds",   "S",  5,      1,    3600,       "how long churn, rr and stream go on")              \
	X(bytes,     "bytes",     "B",  64,     1,    1048576,    "octets of a request, and of its answer")           \
	X(window,    "window",    "N",  128,    1,    20000000,   "opens or closes under way at once")                \
	X(burst,     "burst",     "N",  32,     1,    128,        "frames taken in one turn")                         \
	X(mtu,       "mtu",       "N",  1500,   576,  1500,       "of IP")                                            \
	X(ip,        "ip",        "4|6", 4,     4,    6,          "version of IP")                                    \
	X(timeout,   "timeout",   "S",  900,    1,    86400,      "a run that takes longer has failed")               \
	X(seed,      "seed",      "N",  0,      0,    INT64_MAX,  "of everything random; 0: another each time")
/* clang-format on */

enum command {
#define X(name, word, help) COMMAND_##name,
	COMMANDS(X)
#undef X
		COMMAND_COUNT
};
enum close_kind {
#define X(name, word, help) CLOSE_##name,
	CLOSES(X)
#undef X
		CLOSE_COUNT
};
enum link_kind {
#define X(name, word, help) LINK_##name,
	LINKS(X)
#undef X
		LINK_COUNT
};

#define CONNS            100000
#define CHURN_AT_ONCE    1024 /* enough to keep both ends busy; more of them only leave the caches */
#define CHURN_FLOWS      (1u << 21)
#define CHURN_BYTES_MOST 16384

struct plan {
	uint8_t command; /* enum command; under `kernel`, the one that follows it */
	bool kernel;
	uint8_t close; /* enum close_kind */
	uint8_t link;  /* enum link_kind */
#define X(field, name, argument, standard, least, most, help) uint64_t field;
	NUMBERS(X)
#undef X
	uint64_t flows; /* four-tuples that connections may have: churn uses them again and again */
	/* connections go from these addresses to that one, unless --ip or a configuration says otherwise */
	struct fns_addr source[FNS_PORT_ADDR_MAX], target;
	unsigned sources;
	bool shuffled; /* connections are ended in random order, not in that of their opening */
	bool offload;  /* the link computes and checks TCP checksums, as a network card does */
	bool json;
	const char *plot, *file; /* or NULL */
	const char *plant;       /* a fault that the run must find, for the tests; or NULL */
};

/* Words of the lists above; static. */
const char *plan_command(const struct plan *);
const char *plan_close(const struct plan *);
const char *plan_link(const struct plan *);

/* -1: go on; otherwise the exit status, after the complaint or what was asked for. */
int plan_read(struct plan *, int argc, char **argv);

#endif
