#!/usr/bin/env python3
"""hostile.py SOCKET PID: clients of the control socket that nobody wants (O04, O05, N06).  After each, a good one is answered;
in the end the daemon has no descriptor and no thread more, and no more than a few MB."""
import array
import json
import os
import random
import socket
import sys
import threading
import time

PATH, PROC = sys.argv[1], f'/proc/{sys.argv[2]}'
STATUS = b'{"version":1,"command":"status"}\n'


def dial():
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(60)
    until = time.monotonic() + 60
    while True:
        try:
            s.connect(PATH)
            return s
        except BlockingIOError:  # as many wait to be accepted as may
            if time.monotonic() > until:
                sys.exit('nobody is accepted')
            time.sleep(0.005)


def rest(s):
    got = b''
    try:
        while True:
            some = s.recv(1 << 16)
            if not some:
                return got
            got += some
    except OSError:
        return got


def line(s):
    got = b''
    while not got.endswith(b'\n'):
        some = s.recv(1 << 16)
        if not some:
            break
        got += some
    return got


def ask(text):
    s = dial()
    s.sendall(text)
    got = line(s)
    s.close()
    return got


def good():
    begun = time.monotonic()
    while True:
        try:
            answer = json.loads(ask(STATUS))
            if 'phase' in answer:
                return
        except (OSError, ValueError):
            pass
        if time.monotonic() - begun > 60:
            sys.exit('a good client is not answered')
        time.sleep(0.05)


def is_error(text, what):
    got = ask(text)
    if b'"error"' not in got or got.count(b'\n') != 1:
        sys.exit(f'{what}: answered with {got[:80]}')


def nonsense():
    is_error(b'\n', 'an empty line')
    is_error(b'garbage\n', 'garbage')
    is_error(b'\0\xff\xfe\n', 'octets that are no UTF-8')
    is_error(b'[]\n', 'an array')
    is_error(b'{}\n', 'no version')
    is_error(b'{"version":2,"command":"status"}\n', 'another version')
    is_error(b'{"version":1}\n', 'no command')
    is_error(b'{"version":1,"command":"dance"}\n', 'an unknown command')
    is_error(b'{"version":1,"command":7}\n', 'a command that is a number')
    is_error(b'{"version":1,"command":"status","command":"stats"}\n', 'a member twice')
    is_error(b'{"version":1,"command":"conns","state":"X"}\n', 'an unknown state')
    is_error(b'{"version":1,"command":"conns","older_s":-1}\n', 'a negative age')
    is_error(b'{"version":1,"command":"drain","deadline_s":"soon"}\n', 'a deadline that is none')
    is_error(b'{"version":1,"command":"drain","deadline_s":-1}\n', 'a deadline in the past')
    is_error(b'{"version":1,"command":"ladder","last":1000000}\n', 'more ladders than there may be')
    is_error(b'{"version":1,"command":"capture"}\n', 'a capture of nothing')
    for command, name in ((b'"dance', 31), (b'"conns","state":"', 31), (b'"capture","class":"', 39)):
        text = b'{"version":1,"command":' + command + b'a' * (name - 5 * (command == b'"dance')) + 'é"}\n'.encode()
        if b'there is no ' not in ask(text):
            sys.exit(f'{text}: no answer that names it')
    is_error(b'[' * 4000 + b'\n', 'depth')


def too_long():
    for end in (b'\n', b''):
        s = dial()
        try:
            s.sendall(b'x' * (1 << 22) + end)
        except OSError:
            pass
        got = rest(s)
        if len(got) > 200:
            sys.exit(f'{len(got)} octets in answer to a request of 4 MB')
        s.close()


def slow():
    s = dial()
    try:
        for _ in range(200):
            s.sendall(b' ')
            time.sleep(0.3)
        sys.exit('a client that sends an octet now and then is not cut off')
    except OSError:
        pass


def partial():
    for n in range(1, len(STATUS)):
        s = dial()
        s.sendall(STATUS[:n])
        s.close()


def half_closed():
    s = dial()
    s.sendall(STATUS)
    s.shutdown(socket.SHUT_WR)
    if b'"phase"' not in rest(s):
        sys.exit('one that half-closed was not answered')


def two_at_once():
    s = dial()
    s.sendall(STATUS * 3)
    got = b''
    while got.count(b'\n') < 3:
        some = s.recv(1 << 16)
        if not some:
            sys.exit('three requests, fewer answers')
        got += some
    s.close()


def deaf():
    """Asks for much and takes nothing."""
    held = []
    for _ in range(8):
        s = dial()
        s.sendall(b'{"version":1,"command":"stats"}\n' * 100)
        held.append(s)
    time.sleep(0.5)
    for s in held:
        s.close()


def seventeenth():
    held = [dial() for _ in range(16)]
    time.sleep(0.2)
    s = dial()
    if b'16 clients' not in rest(s):
        sys.exit('a seventeenth client was let in')
    for h in held:
        h.close()


def many():
    for _ in range(10000):
        s = socket.socket(socket.AF_UNIX)
        s.setblocking(False)
        try:
            s.connect(PATH)
        except OSError:
            pass
        s.close()


def descriptors():
    null = os.open('/dev/null', os.O_RDONLY)
    fds = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [null] * 253))]
    for _ in range(100):
        s = dial()
        try:
            for _ in range(20):
                s.sendmsg([STATUS], fds)
        except OSError:
            pass
        s.close()
    os.close(null)


def race():
    """Four at once, 500 requests each; each answer is whole."""
    wrong = []

    def walk():
        for _ in range(300):
            s = dial()
            s.sendall(b'{"version":1,"command":"conns"}\n')
            s.shutdown(socket.SHUT_WR)
            if b'"stalled":[]' not in rest(s):
                wrong.append('conns: no end')

    def one(seed):
        chance = random.Random(seed)
        for _ in range(500):
            command = chance.choice(['status', 'states', 'stats', 'drops', 'closes', 'resets'])
            try:
                answer = json.loads(ask(b'{"version":1,"command":"%s"}\n' % command.encode()))
            except (OSError, ValueError) as error:
                wrong.append(f'{command}: {error}')
                return
            if 'error' in answer:
                wrong.append(f'{command}: {answer}')

    threads = [threading.Thread(target=one, args=(seed,)) for seed in range(4)] + [threading.Thread(target=walk)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if wrong:
        sys.exit(wrong[0])


def used():
    with open(f'{PROC}/statm', encoding='ascii') as f:
        resident = int(f.read().split()[1]) * 4096
    return len(os.listdir(f'{PROC}/fd')), len(os.listdir(f'{PROC}/task')), resident


good()
race()
time.sleep(0.2)
before = used()
for attack in (nonsense, too_long, slow, partial, half_closed, two_at_once, deaf, seventeenth, many, descriptors, race):
    begun = time.monotonic()
    attack()
    good()
    print(f'{attack.__name__}: {time.monotonic() - begun:.1f} s')
until = time.monotonic() + 60
while (after := used())[:2] != before[:2] and time.monotonic() < until:
    time.sleep(0.1)
print(f'before {before}, after {after}: descriptors, threads, octets')
if before[:2] != after[:2]:
    sys.exit('descriptors or threads are left')
if after[2] > before[2] + (8 << 20):
    sys.exit('memory has grown')
