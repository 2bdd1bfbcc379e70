#!/usr/bin/env python3
"""peer.py ACTION ...: ordinary clients of the host kernel's TCP that behave as the tests need.

Every wait has a time limit; an action that did not see what it expects says so and exits 1."""
import hashlib
import os
import re
import selectors
import socket
import struct
import sys
import threading
import time

PATIENCE = 60


def expect(what, said):
    if not what:
        sys.exit(f'peer.py: {said}')


def dial(host, port, rcvbuf=0):
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    s = socket.socket(family, socket.SOCK_STREAM)
    if rcvbuf:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
    s.settimeout(PATIENCE)
    s.connect((host, int(port)))
    return s


def read_all(s, least=0):
    """Octets until the end of file; a reset is an exception."""
    got = bytearray()
    while True:
        some = s.recv(1 << 16)
        if not some:
            break
        got += some
    expect(len(got) >= least, f'{len(got)} octets, expected {least}')
    return bytes(got)


def pattern(n, start=0):
    """Octets start to start + n of /bytes/N, as app/services/pattern.h documents them, made here independently."""
    lines = b''.join(b'%016x finesse, a TCP endpoint on DPDK after RFC 9293\n' % i
                     for i in range(start & ~63, start + n, 64))
    return lines[start & 63:][:n]


def get(s, path):
    s.sendall(f'GET {path} HTTP/1.1\r\nHost: finesse\r\nConnection: close\r\n\r\n'.encode())


def head(s):
    """The answer's status line and headers, and what came of the body with them."""
    got = b''
    while b'\r\n\r\n' not in got:
        some = s.recv(4096)
        expect(some, f'the connection ended in the headers: {got!r}')
        got += some
    headers, body = got.split(b'\r\n\r\n', 1)
    return headers.decode(), body


def digest(n):
    """digest N: sha256 of /bytes/N."""
    sha, n = hashlib.sha256(), int(n)
    for at in range(0, n, 1 << 20):
        sha.update(pattern(min(1 << 20, n - at), at))
    print(sha.hexdigest())


def connect(port, host):
    """connect PORT HOST: opens and closes."""
    dial(host, port).close()


def refused(port, host):
    """refused PORT HOST: nobody listens, and that is said."""
    try:
        dial(host, port)
    except ConnectionRefusedError:
        return
    expect(False, 'the connection was accepted')


def half_asks(begun, go, host):
    """half_asks BEGUN GO HOST: asks for half of an answer, writes BEGUN, and for the rest when GO is there."""
    s = dial(host, 80)
    s.sendall(b'GET /bytes/1000 HTTP/1.1\r\nHo')
    open(begun, 'w', encoding='ascii').close()
    until = time.monotonic() + PATIENCE
    while not os.path.exists(go) and time.monotonic() < until:
        time.sleep(0.1)
    s.sendall(b'st: finesse\r\n\r\n')
    told, body = head(s)
    body += read_all(s)
    expect('Connection: close' in told and body == pattern(1000), f'{told}, {len(body)} octets')


def half_close(host):
    """half_close HOST: asks for a megabyte, ends its own direction, then reads; the same with echo."""
    s = dial(host, 80)
    get(s, '/bytes/1048576')
    s.shutdown(socket.SHUT_WR)
    time.sleep(0.5)
    _, body = head(s)
    body += read_all(s)
    expect(body == pattern(1 << 20), f'{len(body)} octets, not the right ones')
    s = dial(host, 7)
    sent = os.urandom(1 << 20)
    writer = threading.Thread(target=lambda: (s.sendall(sent), s.shutdown(socket.SHUT_WR)))
    writer.start()
    got = read_all(s)
    writer.join()
    expect(got == sent, f'echo after half-close: {len(got)} of {len(sent)} octets')


def slow(seconds, host):
    """slow SECONDS HOST: reads a long answer at 1 kB a second through a small window, then leaves."""
    s = dial(host, 80, rcvbuf=4096)
    get(s, '/bytes/10000000')
    _, body = head(s)
    got = len(body)
    expect(body == pattern(got), 'wrong octets at the start')
    for _ in range(int(seconds)):
        some = s.recv(1000)
        expect(some == pattern(len(some), got), f'wrong octets at {got}')
        got += len(some)
        time.sleep(1)
    s.close()
    print(f'{got} octets read, all of them right')


def hog(path, host):
    """hog FILE HOST: downloads for ever; writes FILE when it is in the middle of it."""
    s = dial(host, 80)
    get(s, '/bytes/4000000000')
    for n in range(1 << 30):
        expect(s.recv(1 << 16), 'the download ended')
        if n == 20:
            with open(path, 'w', encoding='utf-8') as f:
                f.write('in the middle\n')


def many(n, size, host):
    """many N SIZE HOST: N echo connections open at once; each sends SIZE octets of its own and gets them back."""
    n, size = int(n), int(size)
    ready = selectors.DefaultSelector()
    conns = [dial(host, 7) for _ in range(n)]
    left, deadline = n, time.monotonic() + PATIENCE
    for s in conns:
        s.setblocking(False)
        ready.register(s, selectors.EVENT_READ | selectors.EVENT_WRITE, {'out': os.urandom(size), 'at': 0, 'in': b''})
    while left:
        expect(time.monotonic() < deadline, f'{left} of {n} connections did not get their octets back')
        for key, events in ready.select(1):
            s, own = key.fileobj, key.data
            if events & selectors.EVENT_WRITE:
                own['at'] += s.send(own['out'][own['at']:])
                if own['at'] == size:
                    ready.modify(s, selectors.EVENT_READ, own)
            if events & selectors.EVENT_READ:
                some = s.recv(1 << 16)
                expect(some, 'the connection ended early')
                own['in'] += some
                if len(own['in']) >= size:
                    expect(own['in'] == own['out'], 'not the octets that were sent')
                    ready.unregister(s)
                    left -= 1
    for s in conns:
        s.close()


def until_end(port, path, host):
    """until_end PORT FILE HOST: an idle connection (FILE appears when it is open) that must end with a FIN."""
    s = dial(host, port)
    s.sendall(b'hello')
    expect(s.recv(5) == b'hello', 'no echo')
    with open(path, 'w', encoding='utf-8') as f:
        f.write('open\n')
    read_all(s)
    print('end of file, as it should be')


def hold(port, path, host):
    """hold PORT FILE HOST: connects, never reads and never closes, until it is killed."""
    s = dial(host, port)
    open(path, 'w').close()
    s.sendall(b'x')
    time.sleep(PATIENCE)


def must_reset(path, host):
    """must_reset FILE HOST: an open connection that sends, once a second, until it is answered with a reset."""
    s = dial(host, 7)
    open(path, 'w').close()
    until = time.monotonic() + PATIENCE
    try:
        while time.monotonic() < until:
            s.sendall(b'x')
            s.settimeout(0.2)
            try:
                s.recv(100)
            except TimeoutError:
                pass
    except (ConnectionResetError, BrokenPipeError):
        print('reset')
        return
    sys.exit('no reset')


def aborts(n, host):
    """aborts N HOST: connections that send and then leave with a reset (SO_LINGER, time 0)."""
    for _ in range(int(n)):
        s = dial(host, 7)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        s.sendall(b'x' * 5000)
        s.close()


def discard(n, host):
    """discard N HOST: takes N octets, answers none (RFC 863)."""
    s = dial(host, 9)
    s.sendall(bytes(int(n)))
    s.shutdown(socket.SHUT_WR)
    expect(read_all(s) == b'', 'discard answered')


def chargen(n, host):
    """chargen N HOST: lines of 72 printing characters, each shifted by one (RFC 864)."""
    s = dial(host, 19)
    got = b''
    while len(got) < int(n):
        got += s.recv(1 << 16)
    s.close()
    lines = got.split(b'\r\n')[:-1]
    ring = bytes(range(32, 127))
    first = ring.index(lines[0][:1])
    for i, line in enumerate(lines):
        at = (first + i) % 95
        expect(line == (ring + ring)[at:at + 72], f'line {i} is {line!r}')
    print(f'{len(lines)} lines, all of them right')


def daytime(host):
    """daytime HOST: a line with this year in it, then the end (RFC 867)."""
    said = read_all(dial(host, 13))
    expect(said.endswith(b'\r\n') and time.strftime('%Y').encode() in said, f'{said!r}')
    print(said.decode().strip())


def http(host):
    """http HOST: many requests on a connection, in pieces and pipelined; what is wrong gets a 4xx; HEAD has no body."""
    s = dial(host, 80)
    for _ in range(100):
        s.sendall(b'GET / HTTP/1.1\r\nHost: finesse\r\n\r\n')
        headers, body = head(s)
        length = int(re.search(r'(?i)content-length: *(\d+)', headers).group(1))
        while len(body) < length:
            body += s.recv(length - len(body))
        expect(headers.startswith('HTTP/1.1 200') and len(body) == length, f'{headers!r} {len(body)}')
    for piece in b'GET /bytes/10 HTTP/1.1\r\nHost: finesse\r\n\r\n':
        s.send(bytes([piece]))
    headers, body = head(s)
    while len(body) < 10:
        body += s.recv(10)
    expect(body == pattern(10), f'{body!r}')
    s.sendall(b'GET /bytes/3 HTTP/1.1\r\nHost: a\r\n\r\n' * 10 + b'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    expect(read_all(s).count(b'HTTP/1.1 200') == 11, 'pipelined requests')
    for bad, status in ((b'GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', b'404'),
                        (b'nonsense\r\n\r\n', b'400'), (b'GET / HTTP/1.1\r\n' + b'x' * 100000, b'4')):
        s = dial(host, 80)
        try:
            s.sendall(bad)
            said = s.recv(1000)
        except (ConnectionResetError, BrokenPipeError):
            said = b'HTTP/1.1 4 (reset)'
        expect(said.startswith(b'HTTP/1.1 ' + status), f'{bad[:20]!r} was answered {said[:60]!r}')


ACTIONS = {f.__name__: f for f in (digest, connect, refused, half_asks, half_close, slow, hog, many, until_end, hold, must_reset, aborts,
                                   discard, chargen, daytime, http)}


def main():
    if len(sys.argv) < 2 or sys.argv[1] not in ACTIONS:
        sys.exit(__doc__ + '\n\n' + '\n'.join(f.__doc__ for f in ACTIONS.values()))
    ACTIONS[sys.argv[1]](*sys.argv[2:])


main()
