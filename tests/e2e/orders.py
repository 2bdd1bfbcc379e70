#!/usr/bin/env python3
"""orders.py signal_first|signal_second SOCKET PID: SIGTERM to a daemon with one connection, and an order to drain, the one
right behind the other.  drain.deadline_s is below 10."""
import json
import os
import signal
import socket
import sys

MODE, PATH, PID = sys.argv[1], sys.argv[2], int(sys.argv[3])
s = socket.socket(socket.AF_UNIX)
s.settimeout(60)
s.connect(PATH)
lines = s.makefile('r', encoding='utf-8')


def order(deadline_s):
    s.sendall(b'{"version":1,"command":"drain","wait":true,"deadline_s":%d}\n' % deadline_s)


def told():
    answer = json.loads(lines.readline())
    print(answer)
    return answer


if MODE == 'signal_first':
    os.kill(PID, signal.SIGTERM)
    order(3)
    first = told()
else:
    order(3600)
    first = told()
    if not 3500 < first['progress']['left_s'] <= 3600:
        sys.exit('the deadline of the order is not told')
    os.kill(PID, signal.SIGTERM)
if first['progress']['connections'] != 1 or first['progress']['elapsed_s'] > 60:
    sys.exit('not what has happened since the order')
near = MODE == 'signal_first'
answer = told()
while 'ledger' not in answer:
    near = near or answer['progress']['left_s'] < 10
    answer = told()
if not near:
    sys.exit('the deadline of the signal is not told')
ledger = answer['ledger']
if ledger['connections'] != 1 or ledger['aborted'] != 1 or ledger['elapsed_s'] > 60 or ledger['ended'] > 1:
    sys.exit('the ledger is wrong')
