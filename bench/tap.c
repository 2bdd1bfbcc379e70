/* DPDK's net_tap, and the host kernel's sockets at its other end: two processes in a network namespace of their own.  Ours is
 * the client, the kernel serves. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel.h"
#include "wired.h"
#include "work.h"

#define INTERFACE "fns0"
#define WAIT_MS   20000 /* for the interface: EAL makes it */

/* Address, mask and up. */
static bool
give_address(const struct fns_addr *own)
{
	struct sockaddr_in a = {.sin_family = AF_INET}, mask = {.sin_family = AF_INET};
	struct ifreq ifr = {.ifr_name = INTERFACE};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool done;

	if (fd < 0)
		return false;
	memcpy(&a.sin_addr, own->ip + 12, 4);
	mask.sin_addr.s_addr = htonl(0xffffff00);
	memcpy(&ifr.ifr_addr, &a, sizeof(a));
	done = ioctl(fd, SIOCSIFADDR, &ifr) == 0;
	memcpy(&ifr.ifr_netmask, &mask, sizeof(mask));
	done = done && ioctl(fd, SIOCSIFNETMASK, &ifr) == 0;
	done = done && ioctl(fd, SIOCGIFFLAGS, &ifr) == 0;
	ifr.ifr_flags |= IFF_UP | IFF_RUNNING;
	done = done && ioctl(fd, SIOCSIFFLAGS, &ifr) == 0;
	close(fd);
	return done;
}

static void
serve(const struct run *run, struct kernel_stage *s)
{
	const struct half *client = &run->shared->half[CLIENT];
	struct kernel_end e = {.plan = &run->plan, .stage = s, .pair = &s->pair[0], .side = SERVER};

	e.own = &run->shared->half[SERVER];
	e.conns = run->plan.conns;
	e.outward = true;
	e.account.sockets = true;
	for (unsigned ms = 0; ms < WAIT_MS && if_nametoindex(INTERFACE) == 0; ms += 10) {
		if (atomic_load(&client->failed))
			return;
		usleep(10000);
	}
	if (!give_address(&run->plan.target))
		kernel_fail(&e, "the address of " INTERFACE);
	else
		kernel_serve(&e, client);
	e.own->account = e.account;
}

static pid_t
start(const struct run *run, struct kernel_stage *s, enum side side)
{
	static struct conf conf;
	pid_t pid = fork();
	int status = 2;

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (side == SERVER) {
		alarm((unsigned)run->plan.timeout);
		atomic_store(&run->shared->half[SERVER].part, PART_STARTED);
		serve(run, s);
		atomic_store(&run->shared->half[SERVER].part, PART_CLOSED);
		status = 0;
	} else if (wired_conf(&conf, &run->plan, side, "net_tap0", "net_tap0,iface=" INTERFACE))
		status = wired_run(run, side, &conf, "tap");
	_exit(status);
}

/* In the namespace, which goes with its processes.  The exit status. */
static int
host(const struct run *run, struct kernel_stage *s)
{
	pid_t pid[2];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(CLONE_NEWNET) != 0) {
		fprintf(stderr, "finesse-bench: tap: no network namespace (root is needed): %s\n",
		        strerror(errno));
		return 1;
	}
	kernel_set_up(s);
	memcpy(run->shared->setting, s->setting, sizeof(s->setting));
	for (unsigned side = 0; side < 2; side++)
		pid[side] = start(run, s, (enum side)side);
	wired_wait(run, pid);
	return 0;
}

bool
tap_drive(struct run *run)
{
	uint64_t most = kernel_descriptors();
	struct kernel_stage *s = calloc(1, sizeof(*s) + sizeof(struct kernel_pair));
	int status = -1;
	pid_t pid;

	if (run->plan.conns > most) {
		fprintf(stderr,
		        "finesse-bench: tap: at most %llu connections: the kernel's end has no more open files\n",
		        (unsigned long long)most);
		free(s);
		return false;
	}
	if (s == NULL)
		return false;
	octets_begin(&run->plan);
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(host(run, s));
	if (pid > 0)
		waitpid(pid, &status, 0);
	free(s);
	return status == 0;
}
