#!/usr/bin/env python3
"""code.py FILE: runs what packetdrill made of a script's code blocks, with the names that FreeBSD has for the states."""
import builtins
import sys

for name, state in (('ESTABLISHED', 1), ('SYN_SENT', 2), ('SYN_RECEIVED', 3), ('SYN_RCVD', 3), ('FIN_WAIT_1', 4),
                    ('FIN_WAIT_2', 5), ('TIME_WAIT', 6), ('CLOSED', 7), ('CLOSE_WAIT', 8), ('LAST_ACK', 9), ('LISTEN', 10),
                    ('CLOSING', 11)):
    setattr(builtins, 'TCPI_' + name, state)
with open(sys.argv[1], encoding='utf-8') as f:
    exec(compile(f.read(), sys.argv[1], 'exec'), {'__name__': '__main__'})
