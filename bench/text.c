/* A report for a person to read. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "report.h"

#define LABEL "  %-20s "

static const char *
text(const json_t *o, const char *name)
{
	const char *value = json_string_value(json_object_get(o, name));

	return value == NULL ? "" : value;
}

static double
number(const json_t *o, const char *name)
{
	return json_number_value(json_object_get(o, name));
}

/* 1234567 as 1,234,567. */
static const char *
grouped(uint64_t value, char to[32])
{
	char digits[24];
	size_t n = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, value), k = 0;

	for (size_t i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			to[k++] = ',';
		to[k++] = digits[i];
	}
	to[k] = '\0';
	return to;
}

static const char *
duration(double us, char to[32])
{
	if (us < 1000)
		snprintf(to, 32, "%.1f us", us);
	else if (us < 1e6)
		snprintf(to, 32, "%.2f ms", us / 1e3);
	else
		snprintf(to, 32, "%.2f s", us / 1e6);
	return to;
}

static void
print_classes(const char *end, const json_t *classes)
{
	const char *name, *comma = "";
	json_t *count;
	char b[32];

	printf(LABEL, end);
	json_object_foreach((json_t *)(uintptr_t)classes, name, count)
	{
		printf("%s%s %s", comma, grouped((uint64_t)json_integer_value(count), b), name);
		comma = ", ";
	}
	printf("\n");
}

static void
print_rate(const struct plan *p, const json_t *o)
{
	static const char *const unit[] = {[COMMAND_RR] = "requests", [COMMAND_STREAM] = "octets"};
	const char *of = p->command < sizeof(unit) / sizeof(unit[0]) && unit[p->command] != NULL
	                         ? unit[p->command]
	                         : "connections";
	char b[32];

	printf(LABEL "%s %s a second, in %.3f s", "rate", grouped((uint64_t)number(o, "per_second"), b), of,
	       number(o, "seconds"));
	if (p->command == COMMAND_STREAM)
		printf(": %.2f Gbit/s", number(o, "gbit_per_second"));
	printf("\n");
	if (json_object_get(o, "p50_us") != NULL) {
		printf(LABEL "p50 %s", p->command == COMMAND_RR ? "latency" : "from call to gone",
		       duration(number(o, "p50_us"), b));
		printf(", p99 %s", duration(number(o, "p99_us"), b));
		printf(", p99.9 %s", duration(number(o, "p999_us"), b));
		printf(", max %s\n", duration(number(o, "max_us"), b));
	}
	if (json_object_get(o, "longest_turn_us") != NULL)
		printf(LABEL "%s\n", "longest turn", duration(number(o, "longest_turn_us"), b));
}

static void
print_machine(const json_t *m)
{
	const json_t *apart = json_object_get(m, "core_to_core_ns");

	printf(LABEL "%s, %.0f CPUs, %.0f MiB, %s, load %s\n", "machine", text(m, "cpu"), number(m, "cpus"),
	       number(m, "memory_bytes") / 1048576, text(m, "kernel"), text(m, "load"));
	if (apart != NULL)
		printf(LABEL "%.0f ns for a line from one to the other, %.0f ns afterwards\n", "cores",
		       json_real_value(json_array_get(apart, 0)), json_real_value(json_array_get(apart, 1)));
}

static void
print_micro(const struct plan *p, const json_t *o)
{
	const char *name;
	json_t *piece;
	char b[32];

	printf("micro, among %s objects: the best of several rounds, an operation\n\n", grouped(p->conns, b));
	printf(LABEL "%8s %8s\n", "", "ns", "cycles");
	json_object_foreach(json_object_get(o, "pieces"), name, piece)
	{
		printf(LABEL "%8.1f %8.0f  %s\n", name, number(piece, "ns"), number(piece, "cycles"),
		       text(piece, "what"));
	}
	printf("\n" LABEL "%8.2f times the memory floor of this run\n", "table_burst",
	       number(o, "table_to_memory_floor"));
}

static void
print_work(const struct plan *p, const json_t *o)
{
	char b[32];

	printf("%s of %s connections, %s, ends: %s (%s)\n\n", text(o, "command"), grouped(p->conns, b),
	       text(o, "close"), text(o, "ends"), text(o, "link"));
	if (p->command != COMMAND_HOLD)
		print_rate(p, o);
	print_classes("ends, client", json_object_get(o, "classes"));
	if (p->file == NULL)
		print_classes("ends, server", json_object_get(o, "peer_classes"));
	if (json_object_get(o, "frames_per_conn") != NULL)
		printf(LABEL "%.3f, %.0f sent again\n", "frames a connection", number(o, "frames_per_conn"),
		       number(o, "retransmits"));
	if (json_object_get(o, "bytes_per_conn") != NULL)
		printf(LABEL "%.0f open, %.0f in TIME-WAIT, table and all\n", "octets a connection",
		       number(o, "bytes_per_conn"), number(o, "bytes_per_time_wait"));
	if (json_object_get(o, "os_bytes_per_conn") != NULL)
		printf(LABEL "%.1f open, by the operating system\n", "", number(o, "os_bytes_per_conn"));
}

void
report_print(const struct plan *p, const json_t *o)
{
	if (p->json) {
		json_dumpf(o, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
		printf("\n");
		return;
	}
	if (p->command == COMMAND_MICRO)
		print_micro(p, o);
	else
		print_work(p, o);
	printf(LABEL "%.0f\n", "seed", number(o, "seed"));
	print_machine(json_object_get(o, "machine"));
}
