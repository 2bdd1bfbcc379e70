#!/usr/bin/env python3
"""close_calls.py CASE INTERFACE HOST: tells an application on finesse (puppet.c) each call, makes calls on a socket of
the host kernel, and holds every segment against the row of the specification.  '>' is finesse, '<' the host kernel."""
import os
import signal
import socket
import struct
import sys
import time

from capture import HANDSHAKE, Capture, Flow, expect
from close import PATIENCE, error_of, linger, read_to_end

OPENED, PEER_FIN, CLOSED, LINGERED = 1, 8, 32, 128  # enum fns_report
RD, WR, RDWR = 0, 1, 2  # enum fns_how
EPIPE, ECONNABORTED, ECONNRESET, ECONNREFUSED = 32, 103, 104, 111
wire = orders = None


def order(text):
    """Has the puppet do it; the answers, numbers where they are."""
    orders.send(text.encode())
    said = [int(x) if x.lstrip('-').isdigit() else x for x in orders.recv(600).decode().split(';')]
    return said[0] if len(said) == 1 else said


class Ours:
    """finesse's end of a connection."""

    def __init__(self, number):
        assert number >= 0, f'no connection: {number}'
        self.number = number

    def do(self, *calls):
        """The calls, all before the next turn: 'send 5', 'close'."""
        words = [c.split() for c in calls]
        return order(';'.join(' '.join([w[0], str(self.number)] + w[1:]) for w in words))

    def status(self):
        """state, reports, unread, unacked, error, class"""
        s = order(f'status {self.number}').split()
        return [s[0]] + [int(x) for x in s[1:5]] + [s[5]]

    def until(self, what, said):
        deadline = time.monotonic() + PATIENCE
        while not what(self.status()):
            assert time.monotonic() < deadline, f'not {said}: {self.status()}'
            time.sleep(0.002)

    def reports(self, wanted):
        self.until(lambda s: s[1] & wanted == wanted, f'report {wanted}')

    def unread(self, n):
        self.until(lambda s: s[2] == n, f'{n} octets to read')

    def state(self, name):
        self.until(lambda s: s[0] == name, name)

    def ended(self, how, error=0):
        self.reports(CLOSED)
        s = self.status()
        assert (s[5], s[4]) == (how, error), f'ended as {s[5]} with error {s[4]}, not {how} with {error}'
        print('class', how)


def family(host):
    return socket.AF_INET6 if ':' in host else socket.AF_INET


def own_port():
    """A port of finesse that this process uses alone, from its pid: the cases run side by side."""
    return 1024 + os.getpid() % 60000


def pair(host, lingers=-1, fin_wait_2=0):
    """A socket of the kernel connected to finesse; finesse's end of it; the flow."""
    port = own_port()
    assert order(f'listen {port} {lingers} {fin_wait_2}') == 0
    s = socket.socket(family(host), socket.SOCK_STREAM)
    s.settimeout(PATIENCE)
    s.bind(('', 0))
    s.connect((host, port))
    local = s.getsockname()[1]
    deadline = time.monotonic() + PATIENCE
    while (number := order(f'child {local}')) < 0 and time.monotonic() < deadline:
        time.sleep(0.002)
    return s, Ours(number), Flow(wire, local)


def t05_idle_then_close(host):
    s, ours, flow = pair(host)
    s.close()
    ours.reports(PEER_FIN)
    flow.until('> . 1:1 ack 2')
    assert ours.status()[0] == 'CLOSE-WAIT'
    ours.do('close')
    expect(flow, HANDSHAKE + '< F. 1:1 ack 1\n> . 1:1 ack 2\n> F. 1:1 ack 2\n< . 2:2 ack 2')
    ours.ended('passive_4')


def t06_close_at_once(host):
    s, ours, flow = pair(host)
    s.close()
    ours.reports(PEER_FIN)
    ours.do('close')
    got = expect(flow, HANDSHAKE + '< F. 1:1 ack 1\n> F. 1:1 ack 2\n< . 2:2 ack 2',
                 HANDSHAKE + '< F. 1:1 ack 1\n> . 1:1 ack 2\n> F. 1:1 ack 2\n< . 2:2 ack 2')
    ours.ended(('passive_3', 'passive_4')[got])


def t08_answer_after_fin(host):
    s, ours, flow = pair(host)
    s.shutdown(socket.SHUT_WR)
    ours.reports(PEER_FIN)
    flow.until('> . 1:1 ack 2')
    assert ours.do('send 5', 'close') == [5, 0]
    assert len(read_to_end(s)) == 5
    s.close()
    expect(flow, HANDSHAKE + '< F. 1:1 ack 1\n> . 1:1 ack 2\n> FP. 1:6 ack 2\n< . 2:2 ack 7')
    ours.ended('passive_half')


def t01_close(host):
    s, ours, flow = pair(host)
    ours.do('close')
    assert s.recv(1) == b''
    flow.until('< . 1:1 ack 2')
    assert ours.status()[0] == 'FIN-WAIT-2', ours.status()
    s.close()
    expect(flow, HANDSHAKE + '> F. 1:1 ack 1\n< . 1:1 ack 2\n< F. 1:1 ack 2\n> . 2:2 ack 2')
    ours.ended('active_4')


def t02_text_and_close(host):
    s, ours, flow = pair(host)
    assert ours.do('send 10', 'close') == [10, 0]
    assert len(read_to_end(s)) == 10
    flow.until('< . 1:1 ack 12')
    s.close()
    expect(flow, HANDSHAKE + '> FP. 1:11 ack 1\n< . 1:1 ack 12\n< F. 1:1 ack 12\n> . 12:12 ack 2')
    ours.ended('active_4')


def after_reset(s):
    said = [error_of(s.recv, 10), error_of(s.recv, 10), error_of(s.send, b'x')]
    assert said == ['ECONNRESET', b'', 'EPIPE'], said


def t13_unread(host):
    s, ours, flow = pair(host)
    s.sendall(b'four')
    ours.unread(4)
    flow.until('> . 1:1 ack 5')
    ours.do('close')
    expect(flow, HANDSHAKE + '< P. 1:5 ack 1\n> . 1:1 ack 5\n> R. 1:1 ack 5')
    ours.ended('reset_unread')
    after_reset(s)


def t14_all_read(host):
    s, ours, flow = pair(host)
    s.sendall(b'four')
    ours.unread(4)
    assert ours.do('read 4', 'close') == [4, 0]
    assert s.recv(1) == b''
    flow.until('< . 5:5 ack 2')
    s.close()
    expect(flow, HANDSHAKE + '< P. 1:5 ack 1\n?> . 1:1 ack 5\n> F. 1:1 ack 5\n< . 5:5 ack 2\n< F. 5:5 ack 2\n> . 2:2 ack 6')
    ours.ended('active_4')


def t16_linger_0(host):
    s, ours, flow = pair(host, lingers=0)
    ours.do('close')
    expect(flow, HANDSHAKE + '> R. 1:1 ack 1')
    ours.ended('reset_linger')
    after_reset(s)


def t16_linger_0_close_wait(host):
    s, ours, flow = pair(host, lingers=0)
    s.shutdown(socket.SHUT_WR)
    ours.reports(PEER_FIN)
    flow.until('> . 1:1 ack 2')
    ours.do('close')
    expect(flow, HANDSHAKE + '< F. 1:1 ack 1\n> . 1:1 ack 2\n> R. 1:1 ack 2')
    ours.ended('reset_linger')


def t16_linger_0_fin_wait_2(host):
    s, ours, flow = pair(host, lingers=0)
    ours.do(f'shutdown {WR}')
    ours.state('FIN-WAIT-2')
    ours.do('close')
    expect(flow, HANDSHAKE + '> F. 1:1 ack 1\n< . 1:1 ack 2\n> R. 2:2 ack 1')
    ours.ended('reset_linger')
    assert [error_of(s.recv, 1), error_of(s.send, b'x')] == [b'', 'EPIPE'], 'T-61: after the FIN, a RST is EPIPE'


def t17_linger_0_unread(host):
    s, ours, flow = pair(host, lingers=0)
    s.sendall(b'four')
    ours.unread(4)
    flow.until('> . 1:1 ack 5')
    ours.do('close')
    expect(flow, HANDSHAKE + '< P. 1:5 ack 1\n> . 1:1 ack 5\n> R. 1:1 ack 5')
    ours.ended('reset_unread')


def t18_linger(host):
    s, ours, flow = pair(host, lingers=2000)
    ours.do('close')
    ours.reports(LINGERED)
    assert ours.status()[0] == 'FIN-WAIT-2', ours.status()
    assert s.recv(1) == b''
    s.close()
    expect(flow, HANDSHAKE + '> F. 1:1 ack 1\n< . 1:1 ack 2\n< F. 1:1 ack 2\n> . 2:2 ack 2')


def t16_kernel_fin_wait_2(host):
    s, ours, flow = pair(host)
    s.shutdown(socket.SHUT_WR)
    flow.until('> . 1:1 ack 2')
    linger(s, 0)
    s.close()
    expect(flow, HANDSHAKE + '< F. 1:1 ack 1\n> . 1:1 ack 2\n< R. 2:2 ack 1')
    ours.ended('peer_reset_close_wait', EPIPE)  # T-61


def t24_kernel_closed(host):
    s, ours, flow = pair(host)
    s.close()
    flow.until('> . 1:1 ack 2')
    assert ours.do('send 10') == 10
    expect(flow, HANDSHAKE + '< F. 1:1 ack 1\n> . 1:1 ack 2\n> P. 1:11 ack 2\n< R 2:2')
    ours.ended('peer_reset_close_wait', EPIPE)  # T-61


def t25_kernel_closed_fin(host):
    s, ours, flow = pair(host)
    s.close()
    flow.until('> . 1:1 ack 2')
    assert ours.do('send 10', 'close') == [10, 0]
    expect(flow, HANDSHAKE + '< F. 1:1 ack 1\n> . 1:1 ack 2\n> FP. 1:11 ack 2\n< R 2:2')
    ours.ended('peer_reset_last_ack', ECONNRESET)


def t31_kernel_linger2(host):
    s, ours, flow = pair(host)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_LINGER2, 1)
    s.close()
    time.sleep(3)
    ours.do('close')
    expect(flow, HANDSHAKE + '< F. 1:1 ack 1\n> . 1:1 ack 2\n> F. 1:1 ack 2\n< R 2:2')
    ours.ended('peer_reset_last_ack', ECONNRESET)


def t31_kernel_linger2_negative(host):
    s, ours, flow = pair(host)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_LINGER2, -1)
    s.shutdown(socket.SHUT_WR)
    flow.until('> . 1:1 ack 2')
    s.close()
    expect(flow, HANDSHAKE + '< F. 1:1 ack 1\n> . 1:1 ack 2\n< R. 2:2 ack 1')
    ours.ended('peer_reset_close_wait', EPIPE)  # T-61


def t31_ours_negative(host):
    _, ours, flow = pair(host, fin_wait_2=-1)
    ours.do('close')
    expect(flow, HANDSHAKE + '> F. 1:1 ack 1\n< . 1:1 ack 2\n> R. 2:2 ack 1')
    ours.ended('reset_fin_wait_2')


def t32_half_close(host):
    s, ours, flow = pair(host, fin_wait_2=200)
    assert ours.do(f'shutdown {WR}') == 0
    time.sleep(0.6)
    assert ours.do('status').split()[0] == 'FIN-WAIT-2'
    assert ours.do('send 1', f'shutdown {WR}') == [-EPIPE, 0]  # T-38: no second FIN
    s.sendall(b'x' * 1000)
    ours.unread(1000)
    assert ours.do('read 1000') == 1000
    flow.until('> . 2:2 ack 1001')
    s.close()
    ours.reports(PEER_FIN)
    ours.do('close')
    expect(flow, HANDSHAKE + '> F. 1:1 ack 1\n< . 1:1 ack 2\n< P. 1:1001 ack 2\n> . 2:2 ack 1001\n'
           '< F. 1001:1001 ack 2\n> . 2:2 ack 1002')
    ours.ended('active_half')


def t32_kernel_half_close(host):
    s, ours, flow = pair(host)
    s.shutdown(socket.SHUT_WR)
    assert error_of(s.send, b'x') == 'EPIPE'
    time.sleep(0.6)
    assert ours.do('send 1000') == 1000
    flow.until('< . 2:2 ack 1001')
    ours.do('close')
    assert len(read_to_end(s)) == 1000
    s.close()
    expect(flow, HANDSHAKE + '< F. 1:1 ack 1\n> . 1:1 ack 2\n> P. 1:1001 ack 2\n< . 2:2 ack 1001\n'
           '> F. 1001:1001 ack 2\n< . 2:2 ack 1002')
    ours.ended('passive_half')


def t33_half_close_then_close(host):
    s, ours, flow = pair(host, fin_wait_2=300)
    ours.do(f'shutdown {WR}')
    time.sleep(0.5)
    ours.state('FIN-WAIT-2')
    flow.until('< . 1:1 ack 2')
    begun = time.monotonic()
    ours.do('close')
    ours.reports(CLOSED)
    assert time.monotonic() - begun > 0.2, f'{time.monotonic() - begun} s after close'
    ours.ended('timeout_fin_wait_2')
    s.close()
    expect(flow, HANDSHAKE + '> F. 1:1 ack 1\n< . 1:1 ack 2\n< F. 1:1 ack 2\n> R 2:2')


def t35_shutdown_rd(host):
    s, ours, flow = pair(host)
    assert ours.do(f'shutdown {RD}') == 0
    s.sendall(b'x' * 1000)
    ours.unread(1000)
    assert ours.do('read 1000') == 1000
    flow.until('> . 1:1 ack 1001')
    s.close()
    ours.reports(PEER_FIN)
    ours.do('close')
    expect(flow, HANDSHAKE + '< P. 1:1001 ack 1\n> . 1:1 ack 1001\n< F. 1001:1001 ack 1\n?> . 1:1 ack 1002\n'
           '> F. 1:1 ack 1002\n< . 1002:1002 ack 2')


def t36_shutdown_both(host):
    s, ours, flow = pair(host)
    ours.do(f'shutdown {RDWR}')
    assert s.recv(1) == b''
    flow.until('< . 1:1 ack 2')
    s.sendall(b'x' * 10)
    expect(flow, HANDSHAKE + '> F. 1:1 ack 1\n< . 1:1 ack 2\n< P. 1:11 ack 2\n> R 2:2')
    ours.reports(CLOSED)
    print(ours.status())
    assert ours.do('send 1') in (-ECONNRESET, -EPIPE)
    ours.do('close')


def t56_open_refused(host):
    s = socket.socket(family(host), socket.SOCK_STREAM)  # bound and not listening: a port that is nobody's
    s.bind(('', 0))
    port = s.getsockname()[1]
    ours = Ours(order(f'open {peer_of(host)} {port} 0 -1 0'))
    expect(Flow(wire, port), '> S 0:0\n< R. 0:0 ack 1')
    ours.ended('peer_reset_syn_sent', ECONNREFUSED)
    ours.do('close')


def peer_of(host):
    return '2001:db8:1::2' if ':' in host else '198.51.100.2'


def t58_kernel_resets(host):
    s, ours, flow = pair(host)
    s.sendall(b'four')
    ours.unread(4)
    flow.until('> . 1:1 ack 5')
    linger(s, 0)
    s.close()
    ours.ended('peer_reset_established', ECONNRESET)
    expect(flow, HANDSHAKE + '< P. 1:5 ack 1\n> . 1:1 ack 5\n< R. 5:5 ack 1')
    said = ours.do('read 10', 'send 1', 'send 1', 'close')
    assert said == [4, -ECONNRESET, -EPIPE, 0], said


def t58_we_abort(host):
    s, ours, flow = pair(host)
    ours.do('abort')
    expect(flow, HANDSHAKE + '> R. 1:1 ack 1')
    ours.ended('reset_abort', ECONNABORTED)
    after_reset(s)


def t21_listener_killed(host):
    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        s = socket.socket(family(host), socket.SOCK_STREAM)
        s.bind(('', 0))
        s.listen(4)
        os.write(into, struct.pack('H', s.getsockname()[1]))
        time.sleep(10)
        os._exit(1)
    port, = struct.unpack('H', os.read(out, 2))
    ours = Ours(order(f'open {peer_of(host)} {port} 0 -1 0'))
    ours.reports(OPENED)
    flow = Flow(wire, port)
    flow.until('> . 1:1 ack 1')
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    expect(flow, OPENED_BY_US + '< R. 1:1 ack 1')
    ours.ended('peer_reset_established', ECONNRESET)
    ours.do('close')


OPENED_BY_US = '> S 0:0\n< S. 0:0 ack 1\n> . 1:1 ack 1\n'


def t52_open_again(host):
    """The kernel closes first and has the TIME-WAIT; we open again from the same port to its listener."""
    listener = socket.socket(family(host), socket.SOCK_STREAM)
    listener.settimeout(PATIENCE)
    listener.bind(('', 0))
    listener.listen(4)
    port, local = listener.getsockname()[1], own_port()
    before = 0
    for _ in range(2):
        ours = Ours(order(f'open {peer_of(host)} {port} {local} -1 0'))
        s, _ = listener.accept()
        s.close()
        flow = Flow(wire, port, skip=before)
        flow.until('> . 1:1 ack 2')
        ours.do('close')
        expect(flow, OPENED_BY_US + '< F. 1:1 ack 1\n> . 1:1 ack 2\n> F. 1:1 ack 2\n< . 2:2 ack 2')
        ours.ended('passive_4')
        before = len(flow.segments())


def x09_simultaneous(host):
    s, ours, flow = pair(host)
    order('deaf 1')
    s.close()
    time.sleep(0.02)
    ours.do('close')
    time.sleep(0.03)
    order('deaf 0')
    expect(flow, HANDSHAKE + '< F. 1:1 ack 1\n> F. 1:1 ack 1\n< . 2:2 ack 2\n> . 2:2 ack 2')
    ours.ended('simultaneous')


def x26_data_in_fin_wait_1(host):
    """The kernel's octets were under way when we closed; its program has EPIPE: T-62, our RST is one below."""
    s, ours, flow = pair(host)
    order('deaf 1')
    s.sendall(b'x' * 10)
    time.sleep(0.01)
    ours.do('close')
    time.sleep(0.01)
    order('deaf 0')
    expect(flow, HANDSHAKE + '< P. 1:11 ack 1\n> F. 1:1 ack 1\n< . 11:11 ack 2\n> R 1:1\n> R 2:2',
           HANDSHAKE + '< P. 1:11 ack 1\n> F. 1:1 ack 1\n> R 1:1')
    ours.ended('reset_after_close')
    said = [error_of(s.recv, 1), error_of(s.send, b'x')]
    assert said == [b'', 'EPIPE'], said


def x20_close_in_syn_sent(host):
    listener = socket.socket(family(host), socket.SOCK_STREAM)
    listener.bind(('', 0))
    listener.listen(4)
    port = listener.getsockname()[1]
    order('deaf 1')
    ours = Ours(order(f'open {peer_of(host)} {port} 0 -1 0'))
    time.sleep(0.03)
    ours.do('close')
    time.sleep(0.03)
    order('deaf 0')
    expect(Flow(wire, port), '> S 0:0\n< S. 0:0 ack 1\n> R 1:1')
    ours.ended('closed_syn_sent')


def x20_kernel_closes_in_syn_sent(host):
    port = own_port()
    order(f'listen {port} -1 0')
    s = socket.socket(family(host), socket.SOCK_STREAM)
    s.setblocking(False)
    s.bind(('', 0))
    order('deaf 1')
    s.connect_ex((host, port))
    flow = Flow(wire, s.getsockname()[1])
    time.sleep(0.02)
    s.close()
    order('deaf 0')
    expect(flow, '< S 0:0\n> S. 0:0 ack 1\n< R 1:1')


def x47_simultaneous_open(host):
    port = own_port()
    s = socket.socket(family(host), socket.SOCK_STREAM)
    s.setblocking(False)
    s.bind(('', 0))
    local = s.getsockname()[1]
    flow = Flow(wire, local)
    order('deaf 1')
    s.connect_ex((host, port))
    time.sleep(0.02)
    ours = Ours(order(f'open {peer_of(host)} {local} {port} -1 0'))
    time.sleep(0.02)
    order('deaf 0')
    ours.reports(OPENED)
    # Both of the kernel's may come in one burst: then one ACK answers them, and no SYN-ACK is owed any more.
    crossed = '< S 0:0\n> S 0:0\n< S. 0:0 ack 1\n?> S. 0:0 ack 1\n'
    expect(flow, crossed + '?> . 1:1 ack 1\n?< . 1:1 ack 1', crossed + '< . 1:1 ack 1\n> . 1:1 ack 1')
    s.setblocking(True)
    s.settimeout(PATIENCE)
    s.sendall(b'hello')
    ours.unread(5)
    ours.do('read 5', 'send 5')
    assert len(s.recv(5)) == 5
    s.close()
    ours.reports(PEER_FIN)
    ours.do('close')
    ours.reports(CLOSED)
    assert not any(x.flags & 4 for x in flow.segments()), 'a reset'


def stop(_):
    assert order('stop') == 1


def main():
    global wire, orders
    cases = {name: f for name, f in globals().items() if name[1:3].isdigit() or name == 'stop'}
    if len(sys.argv) != 4 or sys.argv[1] not in cases:
        sys.exit(__doc__ + '\n\n' + '\n'.join(cases))
    wire = Capture(sys.argv[2])
    orders = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    orders.settimeout(PATIENCE)
    orders.bind('')
    orders.connect(os.environ['ORDERS'])
    cases[sys.argv[1]](sys.argv[3])


main()
