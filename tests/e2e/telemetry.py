#!/usr/bin/env python3
"""telemetry.py PREFIX FINESSECTL SOCKET: DPDK's telemetry socket, and that it says what finessectl says."""
import json
import socket
import subprocess
import sys


def ask(command):
    s.send(command.encode())
    return json.loads(s.recv(1 << 16))[command.split(',')[0]]


def ctl(command):
    return json.loads(subprocess.run([sys.argv[2], '-s', sys.argv[3], '--json', command], check=True, capture_output=True).stdout)


s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect(f'/var/run/dpdk/{sys.argv[1]}/dpdk_telemetry.v2')
s.settimeout(60)
s.recv(1 << 16)
assert ask('/finesse/status')['phase'] == 'serving'
assert ask('/finesse/closes') == ctl('closes')['classes']
assert ask('/finesse/closes,0') == ctl('closes')['classes']
states = {name.replace('-', '_'): n for name, n in ctl('states').items()}
assert ask('/finesse/states') == states, (ask('/finesse/states'), states)
assert ask('/finesse/drops')['taken'] > 0
assert ask('/finesse/stats')['frames_in'] > 0
assert ask('/finesse/stats,7') is None
