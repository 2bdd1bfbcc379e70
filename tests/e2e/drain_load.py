#!/usr/bin/env python3
"""drain_load.py sufficient|short N FINESSECTL SOCKET: N connections of all kinds to a daemon that is then drained.

sufficient: downloads under way, idle ones that were served, idle ones whose next request crosses our FIN, half-closed ones with an answer to come, ones that do not read
until the drain has begun: every octet of each arrives, and the ledger is empty.
short: the same, but an eighth are echoed to, never read, and are stuck; when all others have ended, the deadline is brought
near.  What the kernel knows of these connections (what it was given, what was never acknowledged, what it got back before the
reset) says how many octets are missing, and the ledger says the same number."""
import fcntl
import hashlib
import json
import os
import resource
import selectors
import socket
import struct
import subprocess
import sys
import termios
import time

US = '198.51.100.1'
SIZE = 150000
ANSWER = 200000
MODE, N, CTL, PATH = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
PATIENCE = 250
DEADLINE = 240
SPREAD = 10  # seconds over which a drain closes idle connections


def pattern(n):
    return b''.join(b'%016x finesse, a TCP endpoint on DPDK after RFC 9293\n' % i for i in range(0, n, 64))[:n]


ECHOED = pattern(ANSWER)
BODY = hashlib.sha256(pattern(SIZE)).digest()
ALL_ECHOED = hashlib.sha256(ECHOED).digest()


class Conn:
    """What came, whether a reset ended it, what is expected."""

    def __init__(self, kind, port, late=False):
        self.kind, self.late = kind, late
        self.s = socket.socket()
        self.s.setblocking(False)
        if kind in ('late', 'stuck', 'half'):
            self.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        if kind == 'half':
            self.s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * ANSWER)
        self.s.connect_ex((US, port))
        self.got, self.hash, self.tail = 0, hashlib.sha256(), b''
        self.unacked = None
        self.end = None  # 'fin', 'reset'

    def read(self):
        try:
            while True:
                some = self.s.recv(1 << 16)
                if not some:
                    self.end = 'fin'
                    return
                self.take(some)
        except BlockingIOError:
            return
        except ConnectionResetError:
            self.end = 'reset'

    def take(self, some):
        self.got += len(some)
        if self.kind in ('download', 'late'):
            if self.tail is not None:
                self.tail += some
                if b'\r\n\r\n' not in self.tail:
                    return
                some, self.tail = self.tail.split(b'\r\n\r\n', 1)[1], None
            self.hash.update(some)
        else:
            self.hash.update(some)


def open_all():
    """Kinds in turn, so that each is everywhere in the shard's memory."""
    kinds = ['idle'] * 6 + ['cross'] * 4 + ['download'] * 2 + ['late'] * 2 + ['half'] * 2
    if MODE == 'short':
        kinds = ['idle'] * 10 + ['download'] * 2 + ['half'] * 2 + ['stuck'] * 2
    conns = []
    for i in range(N):
        kind = kinds[i * 7 % len(kinds)]
        conns.append(Conn(kind, 7 if kind in ('half', 'stuck') else 80))
        if i % 200 == 199:
            wait_open(conns[-200:])
    wait_open(conns)
    return conns


def wait_open(conns):
    sel = selectors.DefaultSelector()
    for c in conns:
        if c.s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            sys.exit('not connected')
        sel.register(c.s, selectors.EVENT_WRITE, c)
    until = time.monotonic() + PATIENCE
    while sel.get_map():
        for key, _ in sel.select(1):
            sel.unregister(key.fileobj)
        if time.monotonic() > until:
            sys.exit(f'{len(sel.get_map())} connections do not open')


def settle(conns):
    """Idle ones get an answer, the stuck fill what there is to fill."""
    for c in conns:
        if c.kind in ('idle', 'cross'):
            c.s.send(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    for c in conns:
        until = time.monotonic() + PATIENCE
        while c.kind in ('idle', 'cross') and c.got < 64 and time.monotonic() < until:
            c.read()
            time.sleep(0 if c.got else 0.001)
    stuck = [c for c in conns if c.kind == 'stuck']
    for c in stuck:
        c.given = 0
    quiet = 0
    while stuck and quiet < 10:
        moved = 0
        for c in stuck:
            try:
                while True:
                    n = c.s.send(bytes(16384))
                    c.given += n
                    moved += n
            except BlockingIOError:
                pass
        quiet = 0 if moved else quiet + 1
        time.sleep(0.1)


def begin_work(conns):
    for c in conns:
        if c.kind in ('download', 'late'):
            c.s.send(b'GET /bytes/%d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' % SIZE)
        elif c.kind == 'half':
            if c.s.send(ECHOED) != ANSWER:
                sys.exit('the kernel does not take what is to be echoed')
            c.s.shutdown(socket.SHUT_WR)
    until = time.monotonic() + PATIENCE  # a request that is still on its way is no work yet
    while any(unacked(c) for c in conns if c.kind in ('download', 'late')) and time.monotonic() < until:
        time.sleep(0.1)
    time.sleep(0.3)


def unacked(c):
    return struct.unpack('i', fcntl.ioctl(c.s, termios.TIOCOUTQ, b'\0' * 4))[0]


def read_on(conns, drain, begun):
    """Until all have ended; who reads late begins a second after the drain did."""
    sel = selectors.DefaultSelector()
    waiting = [c for c in conns if c.kind in ('late', 'stuck')]
    for c in conns:
        if c not in waiting or MODE == 'short' and c.kind == 'late':
            sel.register(c.s, selectors.EVENT_READ, c)
    until = time.monotonic() + PATIENCE
    stuck = [c for c in conns if c.kind == 'stuck']
    crossing = [(begun + SPREAD * i / N, c) for i, c in enumerate(conns) if c.kind == 'cross']
    while (sel.get_map() or waiting) and time.monotonic() < until:
        for key, _ in sel.select(0.01):
            c = key.data
            c.read()
            if c.end:
                sel.unregister(c.s)
                c.s.close()
        while crossing and crossing[0][0] < time.monotonic():
            c = crossing.pop(0)[1]
            if not c.end:
                c.s.send(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
        if stuck and not sel.get_map():
            for c in stuck:
                c.unacked = unacked(c)  # nothing moves on it any more; the deadline is still ahead
            stuck = []
            subprocess.run([CTL, '-s', PATH, 'drain', '--deadline', '1'], check=True)
        ready = drain.poll() is not None if MODE == 'short' else time.monotonic() - begun > 1
        if waiting and ready:
            for c in waiting:
                sel.register(c.s, selectors.EVENT_READ, c)
            waiting = []
    if sel.get_map():
        sys.exit(f'{len(sel.get_map())} connections have not ended')


def check(conns, ledger):
    wrong = [c for c in conns if c.kind in ('download', 'late') and (c.end != 'fin' or c.hash.digest() != BODY)]
    wrong += [c for c in conns if c.kind == 'half' and (c.end != 'fin' or c.hash.digest() != ALL_ECHOED)]
    wrong += [c for c in conns if c.kind in ('idle', 'cross') and c.end != 'fin']
    if wrong:
        c = wrong[0]
        sys.exit(f'{len(wrong)} connections did not get what was theirs: {c.kind}, {c.got} octets, {c.end}')
    stuck = [c for c in conns if c.kind == 'stuck']
    missing = sum(c.given - c.unacked - c.got for c in stuck)
    lost = ledger['lost_unacked'] + ledger['lost_unread']
    print(f'{len(conns)} connections, {len(stuck)} stuck, {missing} octets missing; ledger {ledger}')
    if lost != missing or ledger['aborted'] != len(stuck):
        sys.exit(f'the ledger says {lost}, the peers miss {missing}')
    if any(c.end != 'reset' for c in stuck):
        sys.exit('a stuck connection was not reset')


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (N + 100, N + 100))
    conns = open_all()
    settle(conns)
    begin_work(conns)
    begun = time.monotonic()
    drain = subprocess.Popen([CTL, '-s', PATH, '--json', 'drain', '--wait', '--deadline', str(DEADLINE)],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    read_on(conns, drain, begun)
    out = drain.communicate(timeout=PATIENCE)[0]
    if drain.returncode != (3 if MODE == 'short' else 0):
        sys.exit(f'finessectl drain: exit {drain.returncode}')
    check(conns, json.loads(out)['ledger'])
    os._exit(0)


main()
