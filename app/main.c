/* finessed: reads its configuration, opens the ports, serves until it is told to stop.
 *
 * Exit status: 0 stopped, everything ended; 1 failure at run time, or sums that do not add up; 2 configuration;
 * 3 stopped, and connections had to be aborted. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_mempool.h>
#include <rte_version.h>

#include "clients.h"
#include "config.h"
#include "control.h"
#include "eal.h"
#include "log.h"
#include "telemetry.h"
#include "worker.h"
#include "workers.h"

static struct conf conf;
static struct port port[FNS_PORTS_MAX];
static struct workers workers;
static struct steer *steer; /* NULL: one worker */
static struct control *control;
static atomic_uint stop_asked, reread_asked;

static void
on_stop(int signal)
{
	(void)signal;
	atomic_fetch_add_explicit(&stop_asked, 1, memory_order_relaxed);
}

static void
on_reread(int signal)
{
	(void)signal;
	atomic_fetch_add_explicit(&reread_asked, 1, memory_order_relaxed);
}

/* Who started us with one of the three closed would get our words in the first file that we open. */
static void
keep_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* Before EAL makes threads, which inherit the mask: net_tap's real-time signals are for the workers. */
static void
set_signals(void)
{
	struct sigaction stop = {.sa_handler = on_stop}, reread = {.sa_handler = on_reread};
	sigset_t real_time;

	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGHUP, &reread, NULL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&real_time);
	for (int s = SIGRTMIN; s <= SIGRTMAX; s++)
		sigaddset(&real_time, s);
	sigprocmask(SIG_BLOCK, &real_time, NULL);
}

static void
say_port(const struct conf_port *c, const struct port *p)
{
	char addresses[1024] = "", queues[64] = "";
	size_t len = 0;

	for (unsigned i = 0; i < c->ipv4.count; i++)
		len += (size_t)snprintf(addresses + len, sizeof(addresses) - len, " %s", c->ipv4.at[i]);
	for (unsigned i = 0; i < c->ipv6.count; i++)
		len += (size_t)snprintf(addresses + len, sizeof(addresses) - len, " %s", c->ipv6.at[i]);
	if (steer != NULL)
		snprintf(queues, sizeof(queues), "; %u queue%s, %s", p->queues, p->queues == 1 ? "" : "s",
		         p->spreads ? "spread by the port" : "steered by the workers");
	say("port %s (%s): %02x:%02x:%02x:%02x:%02x:%02x, mtu %u%s,%s; checksums by the port:%s%s%s%s%s",
	    p->device, p->driver, p->mac[0], p->mac[1], p->mac[2], p->mac[3], p->mac[4], p->mac[5], p->mtu,
	    p->mtu_told ? "" : " (it has no say in that)", addresses, p->rx_ip_cksum ? " rx-ip" : "",
	    p->rx_tcp_cksum ? " rx-tcp" : "", p->tx_tcp_cksum ? " tx-tcp" : "",
	    p->rx_ip_cksum || p->rx_tcp_cksum || p->tx_tcp_cksum ? "" : " none", queues);
}

static bool
open_port(unsigned i, uint16_t key)
{
	const struct conf_port *c = &conf.port[i];
	struct port_wish wish = {.device = c->device,
	                         .queues = (uint16_t)(c->queues == 0 ? conf.workers.cores.count : c->queues),
	                         .spread = conf.workers.cores.count > 1,
	                         .spread_key = key,
	                         .rx_interrupts = conf.workers.idle == CONF_IDLE_SLEEP,
	                         .mtu = (uint16_t)c->mtu,
	                         .descriptors = (uint16_t)conf.dpdk.descriptors,
	                         .mac_given = c->mac_given};
	char why[256];

	memcpy(wish.mac, c->mac_octets, sizeof(wish.mac));
	if (port_open(&port[i], &wish, why, sizeof(why)) == 0)
		return true;
	say("port %s", why);
	return false;
}

static bool
start_port(unsigned i, struct rte_mempool *pool)
{
	char why[256];

	if (port_start(&port[i], pool, why, sizeof(why)) != 0) {
		say("port %s", why);
		return false;
	}
	if (steer != NULL)
		port_spread(&port[i], &steer->map);
	say_port(&conf.port[i], &port[i]);
	return true;
}

static struct rte_mempool *
open_ports(void)
{
	uint16_t key, shards = conf.workers.cores.count;
	struct rte_mempool *pool;

	if (getrandom(&key, sizeof(key), 0) != sizeof(key)) {
		say("no randomness: getrandom: %s", strerror(errno));
		return NULL;
	}
	for (unsigned i = 0; i < conf.ports; i++) {
		if (!open_port(i, key))
			return NULL;
	}
	if (shards > 1 && (steer = steer_new(key, port, (uint16_t)conf.ports, shards)) == NULL) {
		say("no memory for the steering between %u workers", shards);
		return NULL;
	}
	pool = io_pool_new("frames", port, (uint16_t)conf.ports, steer);
	if (pool == NULL) {
		say("no memory for frames: %s: more of it in dpdk.args (-m)", rte_strerror(rte_errno));
		return NULL;
	}
	for (unsigned i = 0; i < conf.ports; i++) {
		if (!start_port(i, pool)) {
			rte_mempool_free(pool);
			return NULL;
		}
	}
	return pool;
}

static void
close_ports(void)
{
	for (unsigned i = 0; i < conf.ports; i++)
		port_close(&port[i]);
}

static void
say_serving(void)
{
	static const char *const none = " nothing";
	const struct setting *type = settings_find("services", "type");
	const struct conf_numbers *cores = &conf.workers.cores;
	char text[1024] = "", on[512] = "";
	size_t len = 0;

	for (unsigned i = 0; i < conf.services; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, " %s:%u",
		                        type->words[conf.service[i].type], (unsigned)conf.service[i].port);
	len = (size_t)snprintf(on, sizeof(on), "core%s", cores->count == 1 ? "" : "s");
	for (unsigned i = 0; i < cores->count; i++)
		len += (size_t)snprintf(on + len, sizeof(on) - len, " %u", (unsigned)cores->at[i]);
	say("serving%s on %s, %" PRIu64 " connections at most", text[0] == '\0' ? none : text, on,
	    conf.limits.connections);
}

/* Closes everything, and counts what came back. */
static struct leavings
close_all(struct rte_mempool *pool)
{
	struct leavings l = {.mbufs = pool->size};

	for (unsigned i = 0; i < conf.ports; i++)
		l.forgetful = l.forgetful || port[i].keeps_mbufs;
	close_ports();
	if (steer != NULL)
		steer_drain(steer, l.steered);
	l.mbufs_back = l.mbufs - io_pool_missing(pool);
	return l;
}

/* From launch to last words: the exit status. */
static int
serve(struct rte_mempool *pool)
{
	bool serving = workers_launch(&workers) && workers_prove(&workers), sound;
	struct leavings left;
	int status = 1;

	telemetry_begin(&workers);
	if (serving)
		say_serving();
	else
		atomic_fetch_add_explicit(&stop_asked, 2, memory_order_relaxed);
	control_run(control, &workers, &reread_asked);
	workers_join(&workers);
	left = close_all(pool);
	sound = workers_last_words(&workers, &left);
	if (sound && serving)
		status = workers_aborted(&workers) > 0 ? 3 : 0;
	say("stopped: %s",
	    !sound ? "something does not add up" : (status == 0 ? "everything ended" : "by force"));
	return status;
}

static int
run(const char *file)
{
	struct rte_mempool *pool;
	int status = 1;

	control = control_new(&conf, file);
	if (control == NULL)
		return 1;
	pool = open_ports();
	if (pool != NULL && workers_new(&workers, &conf, port, pool, steer, &stop_asked))
		status = serve(pool);
	telemetry_end();
	close_ports();
	control_free(control);
	workers_free(&workers);
	steer_free(steer);
	rte_mempool_free(pool);
	return status;
}

static void
usage(FILE *out)
{
	fprintf(out, "usage: finessed -c FILE [--check | --explain]\n"
	             "       finessed --profiles | --version | --help\n"
	             "\n"
	             "  -c, --config FILE  the configuration: conf/finesse.conf shows every setting\n"
	             "      --check        say what is wrong with FILE, and end\n"
	             "      --explain      check, and show every setting in force and the memory it costs\n"
	             "      --profiles     what the profiles linux, bsd and rfc9293 do differently\n"
	             "\n"
	             "exit status: 0 stopped, 1 failure at run time, 2 wrong configuration,\n"
	             "             3 stopped, and connections had to be aborted\n");
}

static void
show_profiles(void)
{
	struct fns_profile_rule row[32];
	size_t rows = fns_profile_rules(row, 32);

	printf("%-18s %-6s %-4s %-8s %s\n", "rule", "linux", "bsd", "rfc9293", "where it says yes:");
	for (size_t i = 0; i < rows && i < 32; i++)
		printf("%-18s %-6s %-4s %-8s %s\n", row[i].name, row[i].linux_ ? "yes" : "no",
		       row[i].bsd ? "yes" : "no", row[i].rfc9293 ? "yes" : "no", row[i].help);
}

struct wish {
	const char *file;
	bool check, explain;
};

/* -1: go on; otherwise the exit status. */
static int
read_options(int argc, char **argv, struct wish *wish)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"check", no_argument, NULL, 'k'},
		{"explain", no_argument, NULL, 'e'},
		{"version", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{"profiles", no_argument, NULL, 'p'},
		{NULL, 0, NULL, 0},
	};
	int o;

	while ((o = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		switch (o) {
		case 'c':
			wish->file = optarg;
			break;
		case 'k':
			wish->check = true;
			break;
		case 'e':
			wish->explain = true;
			break;
		case 'v':
			printf("finessed %s, %s\n", FINESSE_VERSION, rte_version());
			return 0;
		case 'p':
			show_profiles();
			return 0;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (wish->file == NULL || optind != argc) {
		usage(stderr);
		return 2;
	}
	return -1;
}

int
main(int argc, char **argv)
{
	struct conf_report report = {.out = stderr};
	struct wish wish = {0};
	int status;

	keep_standard();
	status = read_options(argc, argv, &wish);
	if (status >= 0)
		return status;
	report.file = wish.file;
	if (conf_load(&conf, wish.file, &report) != 0)
		return 2;
	if (wish.explain)
		conf_explain(&conf, worker_visit_bytes(&conf), stdout);
	else if (wish.check)
		printf("%s: good\n", wish.file);
	if (wish.check || wish.explain)
		return 0;
	status = eal_check(&conf, wish.file);
	if (status != 0)
		return status;
	set_signals();
	status = eal_start(&conf, wish.file);
	if (status != 0)
		return status;
	status = run(wish.file);
	eal_stop();
	return status;
}
