#!/usr/bin/env python3
"""close.py CASE INTERFACE HOST: a program of the host kernel opens a connection to a service of finessed, one of the two
closes it, and every segment is held against the row of the specification.  '>' is finesse, '<' the host kernel, whoever
of them the row calls E."""
import errno
import os
import signal
import socket
import struct
import sys
import time

from capture import HANDSHAKE, Capture, Flow, expect, forge, relative

MSG_MORE = 0x8000
PATIENCE = 40
ECHO, DISCARD, DAYTIME, CHARGEN, HTTP, NOBODY = 7, 9, 13, 19, 80, 81
ECHOED = '< P. 1:6 ack 1\n> P. 1:6 ack 6\n'
FIN, SYN, RST, ACK = 1, 2, 4, 16
wire = None


def dial(host, port, local=0):
    """A connected socket and its flow."""
    s = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, socket.SOCK_STREAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.settimeout(PATIENCE)
    s.bind(('', local))
    s.connect((host, port))
    return s, Flow(wire, s.getsockname()[1])


def linger(s, seconds):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, seconds))


def echoed(s):
    """Five octets there and back, and read."""
    s.sendall(b'hello')
    got = b''
    while len(got) < 5:
        got += s.recv(5 - len(got))
    assert got == b'hello', got


def error_of(call, *arg):
    """What the call fails with, by name; or what it returns."""
    try:
        return call(*arg)
    except OSError as e:
        return errno.errorcode.get(e.errno, e.errno)


def read_to_end(s):
    got = b''
    while some := s.recv(65536):
        got += some
    return got


def daytime(host, local=0):
    """Connected to daytime, its line and its FIN read; the sequence number after them."""
    s, flow = dial(host, DAYTIME, local)
    return s, flow, len(read_to_end(s)) + 1


def served(end, pause=True):
    """The segments of a daytime until its FIN; the kernel may hold the ACK back if it closes before that is due."""
    return HANDSHAKE + f'> FP. 1:{end} ack 1\n' + ('' if pause else '?') + f'< . 1:1 ack {end + 1}\n'


def t01_finesse_first_4(host):
    """daytime closes, the kernel after its delayed ACK: FIN, ACK, FIN, ACK."""
    s, flow, end = daytime(host)
    flow.until(f'< . 1:1 ack {end + 1}')
    s.close()
    expect(flow, served(end) + f'< F. 1:1 ack {end + 1}\n> . {end + 1}:{end + 1} ack 2')


def t10_finesse_first_3(host):
    """daytime closes, the kernel at once: its FIN carries the ACK (T-10), or follows it (T-01)."""
    s, flow, end = daytime(host)
    s.close()
    got = expect(flow, served(end, pause=False) + f'< F. 1:1 ack {end + 1}\n> . {end + 1}:{end + 1} ack 2')
    print('accepted', got)


def t06_kernel_first(host, port=ECHO):
    """The kernel closes; the service closes on its FIN, so that ours carries the ACK: three segments."""
    s, flow = dial(host, port)
    s.close()
    expect(flow, HANDSHAKE + '< F. 1:1 ack 1\n> F. 1:1 ack 2\n< . 2:2 ack 2',
           HANDSHAKE + '< F. 1:1 ack 1\n> . 1:1 ack 2\n> F. 1:1 ack 2\n< . 2:2 ack 2')


def t06_http(host):
    """The same with http, kept alive and then closed by the client."""
    s, flow = dial(host, HTTP)
    request = b'GET /bytes/100 HTTP/1.1\r\nHost: a\r\n\r\n'
    s.sendall(request)
    got = b''
    while b'\r\n\r\n' not in got or len(got.split(b'\r\n\r\n', 1)[1]) < 100:
        got += s.recv(4096)
    s.close()
    us, them = 1 + len(got), 1 + len(request)
    expect(flow, HANDSHAKE + f'< P. 1:{them} ack 1\n?> . 1:1 ack {them}\n> P. 1:{us} ack {them}\n'
           f'?< . {them}:{them} ack {us}\n< F. {them}:{them} ack {us}\n'
           f'> F. {us}:{us} ack {them + 1}\n< . {them + 1}:{them + 1} ack {us + 1}')


def t08_answer_then_fin(host):
    """Text and FIN of the kernel in one segment; the answer and our FIN, and one ACK for both."""
    s, flow = dial(host, ECHO)
    s.send(b'hello', MSG_MORE)
    s.shutdown(socket.SHUT_WR)
    assert read_to_end(s) == b'hello'
    s.close()
    got = HANDSHAKE + '< F. 1:6 ack 1\n'
    expect(flow, got + '> FP. 1:6 ack 7\n< . 7:7 ack 7', got + '> P. 1:6 ack 7\n> F. 6:6 ack 7\n< . 7:7 ack 7')


def t13_kernel_unread(host):
    """The kernel closes with octets unread: RST, and finesse has nothing left of the connection."""
    s, flow = dial(host, ECHO)
    s.sendall(b'hello')
    flow.until('< . 6:6 ack 6')
    s.close()
    script = HANDSHAKE + ECHOED + '< . 6:6 ack 6\n< R. 6:6 ack 6'
    expect(flow, script)
    forge_here(flow, 6, ACK, ack=6)
    expect(flow, script + '\n< . 6:6 ack 6\n> R 6:6')


def t14_kernel_all_read(host):
    """All octets read, then close: FIN, though some kernels before 2025 sent RST."""
    s, flow = dial(host, ECHO)
    echoed(s)
    s.close()
    expect(flow, HANDSHAKE + ECHOED + '?< . 6:6 ack 6\n< F. 6:6 ack 6\n> F. 6:6 ack 7\n< . 7:7 ack 7')


def t16_kernel_linger_0(host):
    """Linger 0 in ESTABLISHED: one RST."""
    s, flow = dial(host, ECHO)
    linger(s, 0)
    s.close()
    expect(flow, HANDSHAKE + '< R. 1:1 ack 1')


def t16_kernel_close_wait(host):
    """Linger 0 in CLOSE-WAIT (T-28: a RST ends our FIN-WAIT-2, and nothing is sent)."""
    s, flow, end = daytime(host)
    flow.until(f'< . 1:1 ack {end + 1}')
    linger(s, 0)
    s.close()
    script = served(end) + f'< R. 1:1 ack {end + 1}'
    expect(flow, script)
    forge_here(flow, 1, FIN | ACK, ack=end + 1)
    expect(flow, script + f'\n< F. 1:1 ack {end + 1}\n> R {end + 1}:{end + 1}')


def t17_kernel_linger_0_unread(host):
    """Linger 0 and octets unread: still one RST."""
    s, flow = dial(host, ECHO)
    s.sendall(b'hello')
    flow.until('< . 6:6 ack 6')
    linger(s, 0)
    s.close()
    expect(flow, HANDSHAKE + ECHOED + '< . 6:6 ack 6\n< R. 6:6 ack 6')


def killed(host, unread):
    """A process is killed with SIGKILL while it has a connection; the flow."""
    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        s, _ = dial(host, ECHO)
        if unread:
            s.sendall(b'hello')
        else:
            echoed(s)
        os.write(into, struct.pack('H', s.getsockname()[1]))
        time.sleep(30)
        os._exit(1)
    port, = struct.unpack('H', os.read(out, 2))
    flow = Flow(wire, port)
    if unread:
        flow.until('< . 6:6 ack 6')
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return flow


def t21_sigkill(host):
    """SIGKILL with nothing unread is a close: FIN."""
    expect(killed(host, False),
           HANDSHAKE + ECHOED + '?< . 6:6 ack 6\n< F. 6:6 ack 6\n> F. 6:6 ack 7\n< . 7:7 ack 7')


def t21_sigkill_unread(host):
    """SIGKILL with octets unread: RST."""
    expect(killed(host, True), HANDSHAKE + ECHOED + '< . 6:6 ack 6\n< R. 6:6 ack 6')


def t20_kernel_syn_sent(host):
    """The kernel closes in SYN-SENT: nothing is sent, not even its SYN again.  HOST is a black hole."""
    s = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, socket.SOCK_STREAM)
    s.setblocking(False)
    s.bind(('', 0))
    s.connect_ex((host, ECHO))
    flow = Flow(wire, s.getsockname()[1])
    time.sleep(0.05)
    s.close()
    expect(flow, '< S 0:0', quiet=1.3)


def t24_data_after_close(host):
    """Data for a connection that daytime has closed: RST, and T-61: the kernel's program learns it as EPIPE."""
    s, flow, end = daytime(host)
    flow.until(f'< . 1:1 ack {end + 1}')
    assert s.send(b'x' * 10) == 10
    after = served(end) + f'< P. 1:11 ack {end + 1}\n> R {end + 1}:{end + 1}'
    expect(flow, after)
    said = [error_of(s.send, b'x'), error_of(s.recv, 10)]
    assert said == ['EPIPE', b''], said
    s.close()
    expect(flow, after)


def t25_data_and_fin_after_close(host):
    """The same with a FIN on it: RST and no TIME-WAIT."""
    s, flow, end = daytime(host)
    flow.until(f'< . 1:1 ack {end + 1}')
    s.send(b'x' * 10, MSG_MORE)
    s.shutdown(socket.SHUT_WR)
    after = served(end) + f'< F. 1:11 ack {end + 1}\n> R {end + 1}:{end + 1}'
    expect(flow, after)
    forge_here(flow, 11, FIN | ACK, ack=end + 1)
    expect(flow, after + f'\n< F. 11:11 ack {end + 1}\n> R {end + 1}:{end + 1}')


def t27_fin_wait_2_old(host):
    """An old segment in FIN-WAIT-2 of an orphan: an ACK, and the connection stays."""
    s, flow, end = daytime(host)
    flow.until(f'< . 1:1 ack {end + 1}')
    forge_here(flow, -100000, ACK, ack=end + 1)
    early = served(end) + f'< . -100000:-100000 ack {end + 1}\n> . {end + 1}:{end + 1} ack 1\n'
    expect(flow, early)
    s.close()
    expect(flow, early + f'< F. 1:1 ack {end + 1}\n> . {end + 1}:{end + 1} ack 2')


def t30_fin_wait_2_reaped(host):
    """timeouts.fin_wait_2_s = 1: silence, no TIME-WAIT, and the kernel's late FIN gets RST."""
    s, flow, end = daytime(host)
    time.sleep(3)
    s.close()
    expect(flow, served(end) + f'< F. 1:1 ack {end + 1}\n> R {end + 1}:{end + 1}')


def t30_fin_wait_2_in_time(host):
    """The kernel's FIN before that second is over: TIME-WAIT as ever.  Again where the machine had other things to do."""
    for _ in range(20):
        begun = time.monotonic()
        s, flow, end = daytime(host)
        time.sleep(0.4)
        s.close()
        if time.monotonic() - begun < 0.8:
            break
    expect(flow, served(end) + f'< F. 1:1 ack {end + 1}\n> . {end + 1}:{end + 1} ack 2')


def t34_kernel_half_close(host):
    """The kernel ends its own direction after the request and reads the answer."""
    s, flow = dial(host, HTTP)
    request = b'GET /bytes/100 HTTP/1.1\r\nHost: a\r\n\r\n'
    s.send(request, MSG_MORE)
    s.shutdown(socket.SHUT_WR)
    end, them = 1 + len(read_to_end(s)), 2 + len(request)
    s.close()
    script = HANDSHAKE + f'< F. 1:{them - 1} ack 1\n'
    expect(flow, script + f'> FP. 1:{end} ack {them}\n< . {them}:{them} ack {end + 1}',
           script + f'> P. 1:{end} ack {them}\n?< . {them}:{them} ack {end}\n> F. {end}:{end} ack {them}\n'
           f'< . {them}:{them} ack {end + 1}')


def t35_kernel_shutdown_rd(host):
    """shutdown(RD) sends nothing; what comes afterwards is acknowledged and read, then comes the end."""
    s, flow = dial(host, ECHO)
    s.shutdown(socket.SHUT_RD)
    s.sendall(b'hello')
    flow.until('< . 6:6 ack 6')
    said = [s.recv(10), s.recv(10)]
    assert said == [b'hello', b''], said
    s.close()
    expect(flow, HANDSHAKE + ECHOED + '< . 6:6 ack 6\n< F. 6:6 ack 6\n> F. 6:6 ack 7\n< . 7:7 ack 7')


def t36_kernel_shutdown_rdwr(host):
    """shutdown(RDWR), then data of ours: the kernel resets."""
    s, flow = dial(host, ECHO)
    s.send(b'hello', MSG_MORE)
    s.shutdown(socket.SHUT_RDWR)
    start = HANDSHAKE + '< F. 1:6 ack 1\n'
    expect(flow, start + '> FP. 1:6 ack 7\n< R 7:7', start + '> P. 1:6 ack 7\n?> F. 6:6 ack 7\n< R 7:7')
    said = [error_of(s.recv, 10), error_of(s.recv, 10), error_of(s.send, b'x')]
    assert said == ['ECONNRESET', b'', 'EPIPE'], said


def forge_here(flow, seq, flags, ack=0, stamp=0):
    """A frame as if the kernel's end had sent it; numbers relative to the SYNs."""
    segments = flow.segments()
    mine, ours = (next(s.seq for s in segments if s.by == by and s.flags & SYN) for by in '<>')
    forge(wire, flow.last('<'), mine + seq, flags, ours + ack if flags & ACK else 0, stamp)


def in_time_wait(host):
    """A flow that daytime and then the kernel closed, its script, and the number after our FIN."""
    s, flow, end = daytime(host)
    flow.until(f'< . 1:1 ack {end + 1}')
    s.close()
    script = served(end) + f'< F. 1:1 ack {end + 1}\n> . {end + 1}:{end + 1} ack 2\n'
    expect(flow, script, quiet=0.05)
    return flow, script, end + 1


def t50_time_wait_fin_again(host):
    """TIME-WAIT answers the FIN again with an ACK; T-51: the RST that this ACK meets at the kernel, which knows the
    connection no more, ends nothing (RFC 1337)."""
    flow, script, end = in_time_wait(host)
    for _ in range(2):
        forge_here(flow, 1, FIN | ACK, ack=end)
        script += f'< F. 1:1 ack {end}\n> . {end}:{end} ack 2\n< R 2:2\n'
        expect(flow, script, quiet=0.6)


def t53_time_wait_old_syn(host):
    """An old SYN without a newer timestamp: an ACK, the entry stays."""
    flow, script, end = in_time_wait(host)
    forge_here(flow, -1000, SYN, stamp=-1)
    script += f'< S -1000:-1000\n> . {end}:{end} ack 2\n< R 2:2\n'
    expect(flow, script)
    forge_here(flow, 1, FIN | ACK, ack=end)
    expect(flow, script + f'< F. 1:1 ack {end}\n> . {end}:{end} ack 2\n< R 2:2', quiet=0.05)


def t52_reopened(host):
    """The kernel binds the same port again and connects while our TIME-WAIT is there: accepted, with an initial sequence
    number 65537 above the last one of the connection before."""
    old, script, end = in_time_wait(host)
    before = old.segments()
    s, _, end2 = daytime(host, local=old.port)
    flow = Flow(wire, old.port, skip=len(before))
    flow.until(f'< . 1:1 ack {end2 + 1}')
    s.close()
    expect(flow, served(end2) + f'< F. 1:1 ack {end2 + 1}\n> . {end2 + 1}:{end2 + 1} ack 2')
    step = relative(flow.segments()[1].seq, before[1].seq + end)
    assert step == 65537, f'the new initial sequence number is {step} above'
    print('initial sequence number: 65537 above')


def t56_refused(host):
    """Nobody listens: RST, ECONNREFUSED."""
    s = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, socket.SOCK_STREAM)
    s.bind(('', 0))
    flow = Flow(wire, s.getsockname()[1])
    assert error_of(s.connect, (host, NOBODY)) == 'ECONNREFUSED'
    expect(flow, '< S 0:0\n> R. 0:0 ack 1')


def alive(host, forged, script):
    """In ESTABLISHED, forged segments (sequence number, flags, timestamp) and what they meet; then the connection still
    echoes, and closes with FINs."""
    s, flow = dial(host, ECHO)
    echoed(s)
    flow.until('< . 6:6 ack 6')
    for seq, flags, stamp in forged:
        forge_here(flow, seq, flags, stamp=stamp)
        time.sleep(0.03)
    script = HANDSHAKE + ECHOED + '< . 6:6 ack 6\n' + script
    expect(flow, script)
    echoed(s)
    s.close()
    expect(flow, script + '\n< P. 6:11 ack 6\n> P. 6:11 ack 11\n?< . 11:11 ack 11\n< F. 11:11 ack 11\n'
           '> F. 11:11 ack 12\n< . 12:12 ack 12')


def t59_rst_in_window(host):
    """A RST in the window but not exact: challenge ACK."""
    alive(host, [(106, RST, 0)], '< R 106:106\n> . 6:6 ack 6')


def t59_rst_outside(host):
    """A RST outside the window: nothing."""
    alive(host, [(-100000, RST, 0)], '< R -100000:-100000')


def t60_syn(host):
    """A SYN, whatever its number and timestamp: challenge ACK."""
    alive(host, [(6, SYN, 0), (106, SYN, 0), (-100000, SYN, 0), (6, SYN, -1)],
          '\n'.join(f'< S {n}:{n}\n> . 6:6 ack 6' for n in (6, 106, -100000, 6)))


def t29_syn_in_fin_wait_2(host):
    """A SYN for an orphan in FIN-WAIT-2: RST, as for a segment without a connection (number 0), and gone."""
    s, flow, end = daytime(host)
    flow.until(f'< . 1:1 ack {end + 1}')
    forge_here(flow, 1, SYN)
    zero = relative(0, flow.segments()[1].seq)
    script = served(end) + f'< S 1:1\n> R. {zero}:{zero} ack 2\n'
    expect(flow, script)
    s.close()
    expect(flow, script + f'< F. 1:1 ack {end + 1}\n> R {end + 1}:{end + 1}', quiet=0.05)


def drained(host):
    """Two idle echo connections; finessed is told to stop (T-01 with nothing queued): FIN, ACK, FIN, ACK, and for the
    kernel that answers at once FIN, FIN, ACK."""
    slow, slow_flow = dial(host, ECHO)
    fast, fast_flow = dial(host, ECHO)
    open(os.environ['READY'], 'w', encoding='ascii').close()
    for s in (slow, fast):
        s.settimeout(10)
    assert fast.recv(10) == b''
    fast.close()
    assert slow.recv(10) == b''
    slow_flow.until('< . 1:1 ack 2')
    slow.close()
    time.sleep(0.03)
    expect(fast_flow, HANDSHAKE + '> F. 1:1 ack 1\n?< . 1:1 ack 2\n< F. 1:1 ack 2\n> . 2:2 ack 2', quiet=0.05)
    expect(slow_flow, HANDSHAKE + '> F. 1:1 ack 1\n< . 1:1 ack 2\n< F. 1:1 ack 2\n> . 2:2 ack 2', quiet=0.05)


def main():
    global wire
    cases = {name: f for name, f in globals().items() if name[0] == 't' and name[1:3].isdigit()}
    cases['drained'] = drained
    if len(sys.argv) != 4 or sys.argv[1] not in cases:
        sys.exit(__doc__ + '\n\n' + '\n'.join(f'{name}: {f.__doc__}' for name, f in cases.items()))
    wire = Capture(sys.argv[2])
    cases[sys.argv[1]](sys.argv[3])


if __name__ == '__main__':
    main()
