/* The machine that a figure comes from. */
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static void
first_line(const char *path, char *to, size_t room)
{
	FILE *f = fopen(path, "re");

	to[0] = '\0';
	if (f == NULL)
		return;
	if (fgets(to, (int)room, f) != NULL)
		to[strcspn(to, "\n")] = '\0';
	fclose(f);
}

static void
cpu_model(char *to, size_t room)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[256];

	snprintf(to, room, "unknown");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		char *colon = strchr(line, ':');

		if (strncmp(line, "model name", 10) != 0 || colon == NULL)
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(to, room, "%s", colon + 2);
		break;
	}
	if (f != NULL)
		fclose(f);
}

json_t *
machine(void)
{
	json_t *o = json_object();
	struct utsname u;
	char text[256];

	cpu_model(text, sizeof(text));
	json_object_set_new(o, "cpu", json_string(text));
	json_object_set_new(o, "cpus", json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
	json_object_set_new(o, "memory_bytes",
	                    json_integer((json_int_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE)));
	if (uname(&u) == 0) {
		snprintf(text, sizeof(text), "%s %s", u.sysname, u.release);
		json_object_set_new(o, "kernel", json_string(text));
	}
	first_line("/sys/kernel/mm/transparent_hugepage/enabled", text, sizeof(text));
	json_object_set_new(o, "transparent_hugepages", json_string(text));
	first_line("/proc/sys/vm/nr_hugepages", text, sizeof(text));
	json_object_set_new(o, "hugepages", json_integer(atoll(text)));
	first_line("/proc/loadavg", text, sizeof(text));
	json_object_set_new(o, "load", json_string(text));
	return o;
}

uint64_t
machine_slab_object(const char *kind)
{
	FILE *f = fopen("/proc/slabinfo", "re");
	unsigned long long bytes = 0;
	char line[256], name[64];

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%63s %*u %*u %llu", name, &bytes) == 2 && strcmp(name, kind) == 0)
			break;
		bytes = 0;
	}
	if (f != NULL)
		fclose(f);
	return bytes;
}

/* The number that follows `name:` in /proc/meminfo. */
static uint64_t
meminfo(const char *name)
{
	FILE *f = fopen("/proc/meminfo", "re");
	unsigned long long value = 0;
	char line[128], word[64];

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%63[^:]: %llu", word, &value) == 2 && strcmp(word, name) == 0)
			break;
		value = 0;
	}
	if (f != NULL)
		fclose(f);
	return value;
}

uint64_t
machine_slab_bytes(void)
{
	return meminfo("Slab") * 1024;
}

uint64_t
machine_hugepages_free(void)
{
	return meminfo("HugePages_Free") * meminfo("Hugepagesize") * 1024;
}
