/* The file FNS_STATES names: a line for each connection, for the shim that stands for sockstat(1). */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"

#define ROWS_MAX 128

/* By tcpi_state, as the BSDs spell them. */
static const char *const names[] = {"?",          "ESTABLISHED", "SYN_SENT",  "SYN_RCVD",
                                    "FIN_WAIT_1", "FIN_WAIT_2",  "TIME_WAIT", "CLOSED",
                                    "CLOSE_WAIT", "LAST_ACK",    "LISTEN",    "CLOSING"};

static void
write_address(FILE *to, const struct sockaddr_storage *at)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)at;
	const struct sockaddr_in *in = (const struct sockaddr_in *)at;
	char text[INET6_ADDRSTRLEN] = "*";

	if (at->ss_family == AF_INET6)
		inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
	else if (at->ss_family == AF_INET)
		inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
	fprintf(to, " %s:%u", text, at->ss_family == AF_INET6 ? ntohs(in6->sin6_port) : ntohs(in->sin_port));
}

/* Its state, by tcpi_state. */
static unsigned
write_descriptor(FILE *to, struct fns_socks *s, int sock, int fd)
{
	struct sockaddr_storage local = {.ss_family = AF_UNSPEC}, remote = {.ss_family = AF_UNSPEC};
	socklen_t local_len = sizeof(local), remote_len = sizeof(remote), len;
	struct fns_tcp_figures figures = {.state = 0};

	len = sizeof(figures);
	if (fns_sock_getsockopt(s, sock, IPPROTO_TCP, TCP_INFO, &figures, &len) != 0)
		return 0;
	fns_sock_getsockname(s, sock, (struct sockaddr *)&local, &local_len);
	fns_sock_getpeername(s, sock, (struct sockaddr *)&remote, &remote_len);
	fprintf(to, "packetdril %d tcp%c", fd, local.ss_family == AF_INET6 ? '6' : '4');
	write_address(to, &local);
	write_address(to, &remote);
	fprintf(to, " %s\n", names[figures.state < sizeof(names) / sizeof(names[0]) ? figures.state : 0]);
	return figures.state;
}

/* Connections without a descriptor: those that a listener's SYN began.  The shard counts them, and `shown` others. */
static void
write_embryonic(FILE *to, const struct fns_shard *shard, uint64_t shown)
{
	struct fns_stat row[ROWS_MAX];
	size_t rows = fns_shard_stats(shard, row, ROWS_MAX);

	for (size_t i = 0; i < rows && i < ROWS_MAX; i++) {
		if (strcmp(row[i].name, "state_SYN_RECEIVED") != 0)
			continue;
		for (uint64_t n = shown; n < row[i].value; n++)
			fprintf(to, "? - tcp* *:8080 *:* SYN_RCVD\n");
	}
}

void
states_write(struct adapter *a)
{
	const char *path = getenv("FNS_STATES");
	FILE *to;
	uint64_t shown = 0;
	int sock;

	a->moved = false;
	if (path == NULL || a->socks == NULL || (to = fopen(path, "we")) == NULL)
		return;
	for (int fd = 0; fd < CALLS_FDS; fd++) {
		sock = calls_sock(fd);
		if (sock >= 0)
			shown += write_descriptor(to, a->socks, sock, fd) == TCP_SYN_RECV;
	}
	write_embryonic(to, a->shard, shown);
	fclose(to);
}
