/* Two processes and a net_memif between them; or one process, and at the other end whoever a configuration says. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wired.h"
#include "work.h"

/* Small enough for the second cache, and buffers of an odd number of cache lines, so that their beginnings spread over its
 * sets: of 2,048 octets, all of them share one set in 32.  Room for a frame of MTU 1500. */
#define RING "rsize=10,bsize=1600"

static pid_t
start(const struct run *run, enum side side, const char *path)
{
	static struct conf conf;
	char device[128];
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(device, sizeof(device), "net_memif0,role=%s,socket=%s,socket-abstract=no," RING,
	         side == CLIENT ? "client" : "server", path);
	_exit(wired_conf(&conf, &run->plan, side, "net_memif0", device) ? wired_run(run, side, &conf, "memif")
	                                                                : 2);
}

static void
note(struct shared *s, unsigned row, const char *name, const char *value)
{
	snprintf(s->setting[row][0], sizeof(s->setting[row][0]), "%s", name);
	snprintf(s->setting[row][1], sizeof(s->setting[row][1]), "%s", value);
}

bool
memif_drive(struct run *run)
{
	char folder[] = "/tmp/finesse-bench.XXXXXX", path[64];
	pid_t pid[2];

	if (mkdtemp(folder) == NULL) {
		perror("finesse-bench: /tmp");
		return false;
	}
	snprintf(path, sizeof(path), "%s/memif", folder);
	note(run->shared, 0, "memif", RING);
	note(run->shared, 1, "memory", wired_memory());
	octets_begin(&run->plan);
	fflush(stdout);
	pid[SERVER] = start(run, SERVER, path);
	/* net_memif calls once, and not again: the server has to be there */
	for (uint64_t ms = 0; ms < run->plan.timeout * 1000 && access(path, F_OK) != 0; ms += 10) {
		if (waitpid(pid[SERVER], NULL, WNOHANG) != 0)
			break;
		usleep(10000);
	}
	pid[CLIENT] = start(run, CLIENT, path);
	wired_wait(run, pid);
	unlink(path);
	rmdir(folder);
	return true;
}

/* The service that a configuration wants to be called, and the addresses to call it from. */
static bool
aim(struct plan *p, const struct conf *conf)
{
	const struct conf_service *s = NULL;

	for (unsigned i = 0; i < conf->services && s == NULL; i++)
		s = conf->service[i].type == CONF_CLIENT ? &conf->service[i] : NULL;
	if (s == NULL) {
		fprintf(stderr, "%s: services: no client: whom should it call?\n", p->file);
		return false;
	}
	memcpy(p->target.ip, s->target_ip, sizeof(p->target.ip));
	p->target.port = (uint16_t)s->port;
	p->sources = 0;
	for (unsigned i = 0; i < conf->port[0].address_count; i++) {
		const uint8_t *ip = conf->port[0].address[i].ip;

		if (flow_is_ip4(ip) == flow_is_ip4(p->target.ip))
			memcpy(p->source[p->sources++].ip, ip, 16);
	}
	if (p->flows > flow_capacity(p))
		p->flows = flow_capacity(p);
	if (p->sources > 0 && p->conns <= p->flows)
		return true;
	fprintf(stderr, "%s: ports: %u addresses are too few for %llu connections to one port\n", p->file,
	        p->sources, (unsigned long long)p->conns);
	return false;
}

bool
alone_drive(struct run *run)
{
	static struct conf conf;
	struct conf_report report = {.out = stderr, .file = run->plan.file};

	if (conf_load(&conf, run->plan.file, &report) != 0 || !aim(&run->plan, &conf))
		return false;
	/* nobody is there to wait for */
	atomic_store(&run->shared->half[SERVER].phase, PHASE_OVER);
	atomic_store(&run->shared->half[SERVER].gone, UINT64_MAX);
	atomic_store(&run->shared->half[SERVER].part, PART_CLOSED);
	octets_begin(&run->plan);
	wired_run(run, CLIENT, &conf, run->plan.file);
	return true;
}
