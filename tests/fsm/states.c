/* Ways into each state: got there by script, not by poking fields. */
#include "peer.h"

#include <string.h>

void
in_closed(struct peer *p)
{
	peer_start(p, false);
	expect_in(p, "CLOSED");
}

void
in_listen(struct peer *p)
{
	call_listen(p);
	expect_in(p, "LISTEN");
}

void
in_syn_sent(struct peer *p)
{
	call_open(p);
	expect(p, SYN, .seq = 0);
	expect_in(p, "SYN-SENT");
}

void
in_syn_received(struct peer *p)
{
	in_listen(p);
	arrive(p, SYN, .seq = 0);
	expect(p, SYN | ACK, .seq = 0, .ack = 1);
	expect_in(p, "SYN-RECEIVED");
}

void
in_syn_received_active(struct peer *p)
{
	in_syn_sent(p);
	arrive(p, SYN, .seq = 0);
	expect(p, SYN | ACK, .seq = 0, .ack = 1);
	expect_in(p, "SYN-RECEIVED");
}

void
in_established(struct peer *p)
{
	in_syn_received(p);
	arrive(p, ACK, .seq = 1, .ack = 1);
	expect_nothing(p);
	expect_in(p, "ESTABLISHED");
	expect_reports(p, FNS_OPENED);
}

void
in_established_active(struct peer *p)
{
	in_syn_sent(p);
	arrive(p, SYN | ACK, .seq = 0, .ack = 1);
	expect(p, ACK, .seq = 1, .ack = 1);
	expect_in(p, "ESTABLISHED");
	expect_reports(p, FNS_OPENED);
}

void
in_fin_wait_1(struct peer *p)
{
	in_established(p);
	call_shutdown(p, FNS_SHUT_WR);
	expect(p, FIN | ACK, .seq = 1, .ack = 1);
	expect_in(p, "FIN-WAIT-1");
}

void
in_fin_wait_2(struct peer *p)
{
	in_fin_wait_1(p);
	arrive(p, ACK, .seq = 1, .ack = 2);
	expect_nothing(p);
	expect_in(p, "FIN-WAIT-2");
}

void
in_close_wait(struct peer *p)
{
	in_established(p);
	arrive(p, FIN | ACK, .seq = 1, .ack = 1);
	expect_within(p, 40, ACK, .seq = 1, .ack = 2);
	expect_in(p, "CLOSE-WAIT");
	expect_reports(p, FNS_PEER_FIN);
}

void
in_closing(struct peer *p)
{
	in_fin_wait_1(p);
	arrive(p, FIN | ACK, .seq = 1, .ack = 1);
	expect(p, ACK, .seq = 2, .ack = 2);
	expect_in(p, "CLOSING");
}

void
in_last_ack(struct peer *p)
{
	in_close_wait(p);
	call_shutdown(p, FNS_SHUT_WR);
	expect(p, FIN | ACK, .seq = 1, .ack = 2);
	expect_in(p, "LAST-ACK");
}

void
in_time_wait(struct peer *p)
{
	in_fin_wait_2(p);
	arrive(p, FIN | ACK, .seq = 1, .ack = 2);
	expect(p, ACK, .seq = 2, .ack = 2);
	expect_in(p, "TIME-WAIT");
}

void
orphan_in_fin_wait_1(struct peer *p)
{
	in_established(p);
	call_close(p);
	expect(p, FIN | ACK, .seq = 1, .ack = 1);
	expect_in(p, "FIN-WAIT-1");
}

void
orphan_in_fin_wait_2(struct peer *p)
{
	orphan_in_fin_wait_1(p);
	arrive(p, ACK, .seq = 1, .ack = 2);
	expect_nothing(p);
	expect_in(p, "FIN-WAIT-2");
}
