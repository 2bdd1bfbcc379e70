/* DPDK's environment (eal.h). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>

#include "eal.h"
#include "eal_args.h"
#include "log.h"

#define HUGEPAGES "/sys/kernel/mm/hugepages"

static uint64_t
number_in(const char *path)
{
	FILE *f = fopen(path, "re");
	uint64_t n = 0;

	if (f == NULL)
		return 0;
	if (fscanf(f, "%" SCNu64, &n) != 1)
		n = 0;
	fclose(f);
	return n;
}

/* MiB of hugepages of any size that nobody uses. */
static uint64_t
free_hugepages(void)
{
	DIR *sizes = opendir(HUGEPAGES);
	struct dirent *size;
	uint64_t kib = 0, each;

	if (sizes == NULL)
		return 0;
	while ((size = readdir(sizes)) != NULL) {
		char path[400];

		if (sscanf(size->d_name, "hugepages-%" SCNu64 "kB", &each) != 1)
			continue;
		snprintf(path, sizeof(path), HUGEPAGES "/%s/free_hugepages", size->d_name);
		kib += number_in(path) * each;
	}
	closedir(sizes);
	return kib / 1024;
}

/* MiB that -m asks for. */
static uint64_t
wanted_memory(char *const *argv, int n)
{
	for (int i = 0; i < n; i++) {
		if (strncmp(argv[i], "-m", 2) == 0 && argv[i][2] != '\0')
			return strtoull(argv[i] + 2, NULL, 10);
		if (strcmp(argv[i], "-m") == 0 && i + 1 < n)
			return strtoull(argv[i + 1], NULL, 10);
	}
	return 1;
}

int
eal_check(const struct conf *conf, const char *file)
{
	char text[sizeof(conf->dpdk.args)], *argv[EAL_ARGS_MAX];
	uint64_t wanted, free;
	cpu_set_t cpus;
	int n;

	sched_getaffinity(0, sizeof(cpus), &cpus);
	for (unsigned i = 0; i < conf->workers.cores.count; i++) {
		if (!CPU_ISSET(conf->workers.cores.at[i], &cpus)) {
			fprintf(stderr, "%s:%u: workers.cores: core %u is not there, or not for us\n", file,
			        conf_line(conf, "workers", "cores", 0), (unsigned)conf->workers.cores.at[i]);
			return 2;
		}
	}
	memcpy(text, conf->dpdk.args, sizeof(text));
	n = eal_args_split(text, argv, EAL_ARGS_MAX);
	if (eal_args_have(argv, n, "--no-huge") || eal_args_have(argv, n, "--huge-dir"))
		return 0;
	wanted = wanted_memory(argv, n);
	free = free_hugepages();
	if (free >= wanted)
		return 0;
	fprintf(stderr,
	        "%s:%u: dpdk.args: %" PRIu64 " MB of hugepages are free, %" PRIu64 " are wanted: "
	        "echo %" PRIu64
	        " > /proc/sys/vm/nr_hugepages, or --no-huge --no-shconf instead of --in-memory\n",
	        file, conf_line(conf, "dpdk", "args", 0), free, wanted, wanted / 2 + 16);
	return 1;
}

/* "0@(0-1),1@0": the main thread on every CPU we may use, worker i on its own. */
static void
write_lcores(const struct conf *conf, char *to, size_t room)
{
	size_t len = (size_t)snprintf(to, room, "--lcores=0@(");
	cpu_set_t cpus;
	const char *comma = "";

	sched_getaffinity(0, sizeof(cpus), &cpus);
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		unsigned last = cpu;

		if (!CPU_ISSET(cpu, &cpus))
			continue;
		while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, &cpus))
			last++;
		len += (size_t)snprintf(to + len, room - len, "%s%u-%u", comma, cpu, last);
		comma = ",";
		cpu = last;
	}
	len += (size_t)snprintf(to + len, room - len, ")");
	for (unsigned i = 0; i < conf->workers.cores.count; i++)
		len += (size_t)snprintf(to + len, room - len, ",%u@%u", EAL_WORKER_LCORE(i),
		                        (unsigned)conf->workers.cores.at[i]);
}

/* An argument that EAL does not know makes it print a page of usage on standard output: the line on standard error that
 * names it is enough. */
static int
init_quietly(int argc, char **argv)
{
	int out = dup(STDOUT_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC), result;

	fflush(stdout);
	if (null >= 0)
		dup2(null, STDOUT_FILENO);
	result = rte_eal_init(argc, argv);
	fflush(stdout);
	if (out >= 0)
		dup2(out, STDOUT_FILENO);
	close(null);
	close(out);
	return result;
}

int
eal_start(const struct conf *conf, const char *file)
{
	/* EAL keeps pointers into its arguments */
	static char text[sizeof(conf->dpdk.args)], lcores[4096], name[] = "finessed";
	static char quiet[] = "--log-level=lib.eal:4", *argv[EAL_ARGS_MAX + 4];
	/* net_tap calls errors what is none: that the kernel has no multiq qdisc, that there is no second process */
	static char quiet_tap[] = "--log-level=pmd.net.tap:3";
	int argc = 0;

	argv[argc++] = name;
	argv[argc++] = quiet; /* first, so that dpdk.args may say otherwise */
	argv[argc++] = quiet_tap;
	write_lcores(conf, lcores, sizeof(lcores));
	argv[argc++] = lcores;
	memcpy(text, conf->dpdk.args, sizeof(text));
	argc += eal_args_split(text, argv + argc, EAL_ARGS_MAX);
	if (init_quietly(argc, argv) >= 0)
		return 0;
	if (rte_errno == EINVAL) {
		fprintf(stderr, "%s:%u: dpdk.args: EAL does not take \"%s\"\n", file,
		        conf_line(conf, "dpdk", "args", 0), conf->dpdk.args);
		return 2;
	}
	say("EAL does not start with dpdk.args = \"%s\": %s", conf->dpdk.args, rte_strerror(rte_errno));
	return 1;
}

void
eal_stop(void)
{
	rte_eal_cleanup();
}
