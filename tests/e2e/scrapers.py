#!/usr/bin/env python3
"""scrapers.py ADDRESS:PORT PID: clients of /metrics that nobody wants.  After each, a good one is answered, and in the
end the daemon has no descriptor more than before."""
import os
import socket
import sys
import time

HOST, PORT = sys.argv[1].split(':')
FDS = f'/proc/{sys.argv[2]}/fd'


def dial():
    s = socket.create_connection((HOST, int(PORT)), timeout=60)
    return s


def rest(s):
    got = b''
    try:
        while True:
            some = s.recv(65536)
            if not some:
                return got
            got += some
    except ConnectionResetError:
        return got


def good():
    begun = time.monotonic()
    while True:
        s = dial()
        try:
            s.sendall(b'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
            got = rest(s)
        except OSError:
            got = b''
        s.close()
        if got.startswith(b'HTTP/1.1 200 '):
            return
        if time.monotonic() - begun > 60:
            sys.exit('a good scraper is not answered')
        time.sleep(0.1)


def slow():
    """One octet every 0.2 s: two seconds are all that there is."""
    begun = time.monotonic()
    s = dial()
    try:
        for octet in b'GET /metrics HTTP/1.1\r\n' + b'X: y\r\n' * 100:
            s.sendall(bytes([octet]))
            time.sleep(0.2)
        sys.exit('a slow one was not cut off')
    except OSError:
        pass
    took = time.monotonic() - begun
    if took < 2:
        sys.exit(f'a slow one was cut off after {took:.1f} s')


def long_head():
    s = dial()
    try:
        s.sendall(b'GET /metrics HTTP/1.1\r\nX: ' + b'y' * (1 << 20))
    except OSError:
        pass
    got = rest(s)
    if got and not got.startswith(b'HTTP/1.1 431 '):
        sys.exit(f'a head of a megabyte was answered with {got[:40]}')


def pipelined():
    s = dial()
    s.sendall(b'GET /healthz HTTP/1.1\r\n\r\n' * 50)
    got = rest(s)
    if got.count(b'HTTP/1.1 ') > 1:
        sys.exit('more than one answer on a connection')


def garbage():
    for text in (b'\0' * 100 + b'\r\n\r\n', b'\r\n\r\n', b'GET\r\n\r\n', b'GET /metrics\r\n\r\n', b'GET  HTTP/1.1\r\n\r\n',
                 b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', b'get /metrics HTTP/1.1\r\n\r\n'):
        s = dial()
        s.sendall(text)
        got = rest(s)
        if got and not got.startswith((b'HTTP/1.1 400 ', b'HTTP/1.1 405 ')):
            sys.exit(f'{text} was answered with {got[:40]}')


def half_closed():
    s = dial()
    s.sendall(b'GET /healthz HTTP/1.1\r\n\r\n')
    s.shutdown(socket.SHUT_WR)
    if not rest(s).startswith(b'HTTP/1.1 200 '):
        sys.exit('one that half-closed was not answered')


def many():
    held = []
    for _ in range(200):
        held.append(dial())
    time.sleep(0.3)
    if len(os.listdir(FDS)) > before + 8:
        sys.exit(f'{len(os.listdir(FDS)) - before} scrapers are held')
    for s in held:
        s.close()


def often():
    for _ in range(500):
        s = dial()
        s.sendall(b'GET /metrics HTTP/1.1\r\n\r\n')
        s.close()


good()
time.sleep(0.3)
before = len(os.listdir(FDS))
for attack in (slow, long_head, pipelined, garbage, half_closed, many, often):
    begun = time.monotonic()
    attack()
    good()
    print(f'{attack.__name__}: {time.monotonic() - begun:.1f} s')
until = time.monotonic() + 60
while (after := len(os.listdir(FDS))) != before:
    if time.monotonic() > until:
        sys.exit(f'{before} descriptors before, {after} after')
    time.sleep(0.1)
