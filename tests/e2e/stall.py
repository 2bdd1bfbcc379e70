#!/usr/bin/env python3
"""stall.py PID COMMAND...: runs the command while the first worker of finessed is stopped, and only it, by ptrace."""
import ctypes
import os
import subprocess
import sys
import time

SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def ptrace(what, tid):
    if libc.ptrace(what, tid, None, None) != 0:
        sys.exit(f'ptrace: {os.strerror(ctypes.get_errno())}')


def worker(pid):
    for tid in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{tid}/comm', encoding='ascii') as f:
            if f.read().strip().endswith('worker-1'):
                return int(tid)
    sys.exit('no worker')


tid = worker(sys.argv[1])
ptrace(SEIZE, tid)
ptrace(INTERRUPT, tid)
os.waitpid(tid, 0x40000000)  # __WALL
begun = time.monotonic()
status = subprocess.run(sys.argv[2:], check=False).returncode
took = time.monotonic() - begun
ptrace(DETACH, tid)
print(f'{took:.2f} s')
sys.exit(status if took < 300 else 'it was kept waiting')
