/* The namespace, the processes, and the sum of what they did (kernel.h). */
#include "kernel.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine.h"
#include "work.h"

#define FDS_SPARE 64

static bool
complain(const char *what)
{
	fprintf(stderr, "finesse-bench: kernel: %s: %s\n", what, strerror(errno));
	return false;
}

void
kernel_fail(struct kernel_end *e, const char *what)
{
	snprintf(e->own->why, sizeof(e->own->why), "kernel: %s: %s", what, strerror(errno));
	atomic_store(&e->own->failed, 1);
	atomic_store(&e->stage->failed, 1);
}

bool
kernel_meet(struct kernel_end *e, enum phase phase)
{
	atomic_fetch_add(&e->stage->arrived[phase], 1);
	while (atomic_load(&e->stage->arrived[phase]) < 2 * e->stage->pairs) {
		if (atomic_load(&e->stage->failed))
			return false;
		usleep(200);
	}
	return true;
}

uint64_t
kernel_descriptors(void)
{
	struct rlimit limit = {KERNEL_FDS_MAX, KERNEL_FDS_MAX};

	if (setrlimit(RLIMIT_NOFILE, &limit) == 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return KERNEL_FDS_MAX / 2 - FDS_SPARE; /* one address has so many ports, roughly */
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	return (limit.rlim_cur < KERNEL_FDS_MAX / 2 ? limit.rlim_cur : KERNEL_FDS_MAX / 2) - FDS_SPARE;
}

static bool
loopback_up(void)
{
	struct ifreq lo = {.ifr_name = "lo"};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool up;

	if (fd < 0)
		return false;
	up = ioctl(fd, SIOCGIFFLAGS, &lo) == 0;
	lo.ifr_flags |= IFF_UP | IFF_RUNNING;
	up = up && ioctl(fd, SIOCSIFFLAGS, &lo) == 0;
	close(fd);
	return up;
}

/* Sets it, if a value is given and the namespace has it; and notes what it is. */
static void
sysctl(struct kernel_stage *s, unsigned row, const char *name, const char *value)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	f = value == NULL ? NULL : fopen(path, "we");
	if (f != NULL) {
		fputs(value, f);
		fclose(f);
	}
	snprintf(s->setting[row][0], sizeof(s->setting[row][0]), "%s", strrchr(name, '/') + 1);
	f = fopen(path, "re");
	if (f != NULL && fgets(s->setting[row][1], sizeof(s->setting[row][1]), f) != NULL)
		s->setting[row][1][strcspn(s->setting[row][1], "\n")] = '\0';
	if (f != NULL)
		fclose(f);
}

void
kernel_set_up(struct kernel_stage *s)
{
	unsigned row = 0;

	sysctl(s, row++, "ipv4/ip_local_port_range", "1024 65535");
	sysctl(s, row++, "core/somaxconn", "65535");
	sysctl(s, row++, "ipv4/tcp_max_syn_backlog", "65536");
	sysctl(s, row++, "ipv4/tcp_max_tw_buckets", "2000000");
	sysctl(s, row++, "ipv4/tcp_max_orphans", "2000000");
	sysctl(s, row++, "ipv4/tcp_congestion_control", NULL);
	sysctl(s, row++, "ipv4/tcp_tw_reuse", NULL);
	sysctl(s, row++, "ipv4/tcp_timestamps", NULL);
	sysctl(s, row++, "ipv4/tcp_syncookies", NULL);
	sysctl(s, row++, "ipv4/tcp_rmem", NULL);
	sysctl(s, row++, "ipv4/tcp_wmem", NULL);
}

static pid_t
start(const struct plan *p, struct kernel_stage *s, enum side side, unsigned number, uint64_t conns)
{
	struct kernel_end e = {.plan = p, .stage = s, .side = side, .number = number, .conns = conns};
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm((unsigned)p->timeout);
	e.pair = &s->pair[number];
	e.own = &e.pair->half[side];
	e.account.sockets = true;
	kernel_work(&e);
	e.own->account = e.account;
	_exit(0);
}

/* In the namespace: all processes, from the first to the last.  The exit status. */
static int
host(const struct plan *p, struct kernel_stage *s)
{
	uint64_t left = p->conns, each = (p->conns + s->pairs - 1) / s->pairs;
	int status, result = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(CLONE_NEWNET) != 0)
		return !complain("no network namespace (root is needed)");
	if (!loopback_up())
		return !complain("lo");
	kernel_set_up(s);
	s->slab_before = machine_slab_bytes();
	for (unsigned i = 0; i < s->pairs; i++) {
		uint64_t n = left < each ? left : each;

		if (start(p, s, SERVER, i, n) < 0 || start(p, s, CLIENT, i, n) < 0) {
			atomic_store(&s->failed, 1);
			return !complain("fork");
		}
		left -= n;
	}
	while (wait(&status) > 0) {
		if (status != 0) {
			atomic_store(&s->failed, 1);
			fprintf(stderr, "finesse-bench: kernel: a process ended by %s %d\n",
			        WIFSIGNALED(status) ? "signal" : "status",
			        WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
			result = 1;
		}
	}
	return result;
}

static void
add(struct account *to, const struct account *from)
{
	to->sockets = true;
	to->opened += from->opened;
	to->ended += from->ended;
	to->live += from->live;
	to->seen_open += from->seen_open;
	to->seen_over += from->seen_over;
	to->wrong_octets += from->wrong_octets;
	to->unanswered += from->unanswered;
	to->requests += from->requests;
	to->octets_sent += from->octets_sent;
	to->octets_received += from->octets_received;
	for (unsigned i = 0; i < ACCOUNT_CLASSES; i++)
		to->class[i] += from->class[i];
	if (from->begun_ns != 0 && (to->begun_ns == 0 || from->begun_ns < to->begun_ns))
		to->begun_ns = from->begun_ns;
	if (from->over_ns > to->over_ns)
		to->over_ns = from->over_ns;
}

static void
gather(struct run *run, const struct kernel_stage *s)
{
	for (unsigned i = 0; i < s->pairs; i++) {
		for (unsigned side = 0; side < 2; side++) {
			const struct half *from = &s->pair[i].half[side];
			struct half *to = &run->shared->half[side];

			add(&to->account, &from->account);
			/* of teardown, the server's: it is the last to be done with a connection */
			histogram_merge(&run->shared->half[CLIENT].account.latency, &from->account.latency);
			if (atomic_load(&from->failed) && !atomic_load(&to->failed)) {
				memcpy(to->why, from->why, sizeof(to->why));
				atomic_store(&to->failed, 1);
			}
		}
	}
	/* of few connections, the pages of slabs that they share with others would be most of it */
	if (s->slab_open > s->slab_before && run->plan.conns >= 1000)
		run->shared->half[CLIENT].account.conn_bytes =
			(s->slab_open - s->slab_before) / 2 / run->plan.conns;
	run->shared->half[CLIENT].account.tw_bytes = machine_slab_object("tw_sock_TCP");
	run->shared->half[CLIENT].account.rss_before = s->slab_before;
	run->shared->half[CLIENT].account.rss_open = s->slab_open;
	run->shared->half[CLIENT].account.rss_after = s->slab_after;
	run->shared->half[SERVER].account.rss_before = s->slab_before;
	run->shared->half[SERVER].account.rss_open = s->slab_open;
	run->shared->half[SERVER].account.rss_after = s->slab_after;
	memcpy(run->shared->setting, s->setting, sizeof(s->setting));
}

bool
kernel_drive(struct run *run)
{
	const struct plan *p = &run->plan;
	uint64_t each = kernel_descriptors();
	unsigned pairs = (unsigned)((p->conns + each - 1) / each);
	size_t bytes = sizeof(struct kernel_stage) + pairs * sizeof(struct kernel_pair);
	struct kernel_stage *s;
	int status = -1;
	pid_t pid;

	if (pairs > KERNEL_PAIRS_MAX) {
		fprintf(stderr,
		        "finesse-bench: kernel: at most %llu connections with %llu open files a process\n",
		        (unsigned long long)(each * KERNEL_PAIRS_MAX), (unsigned long long)each);
		return false;
	}
	s = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		return complain("memory");
	s->pairs = pairs;
	octets_begin(p);
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(host(p, s));
	if (pid > 0)
		waitpid(pid, &status, 0);
	gather(run, s);
	munmap(s, bytes);
	return pid < 0 ? complain("fork") : status == 0;
}
