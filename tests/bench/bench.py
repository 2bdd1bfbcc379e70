#!/usr/bin/env python3
"""bench.py FINESSE-BENCH core|root FINESSED: small runs of every command, way to close and link; the books of each are read again
here.  What is measured does not matter; that it adds up does, and that a run which does not has no figure.  TAP."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'bench'))
import dperf  # noqa: E402 pylint: disable=wrong-import-position

BENCH, FINESSED = sys.argv[1], sys.argv[3]
CLOSES = {
    'fin': ('active_3', 'passive_3'),
    'rst': ('reset_abort', 'peer_reset_established'),
    'half-close': ('active_half', 'passive_half'),
    'simultaneous': ('simultaneous', 'simultaneous'),
    'fin-wait-2': ('timeout_fin_wait_2', 'peer_reset_last_ack'),
    'time-wait': ('active_3', 'passive_3'),
}
CHURNS = {'fin': ('passive_3', 'active_3'), 'rst': CLOSES['rst'], 'half-close': CLOSES['half-close']}
SOCKETS = {'fin': ('closed_first', 'closed_second'), 'rst': ('reset_sent', 'reset_received'),
           'half-close': ('closed_first', 'closed_second')}
cases = failed = 0


def run(*words):
    return subprocess.run([BENCH, *words, '--timeout', '60'], capture_output=True, text=True, timeout=120, check=False)


def case(name, wrong):
    """wrong: None, or what is."""
    global cases, failed
    cases += 1
    failed += wrong is not None
    print(f"{'ok' if wrong is None else 'not ok'} {cases} - {name}" + ('' if wrong is None else f'\n# {wrong}'), flush=True)


def books(o, classes, conns):
    """None if every connection is in the one class that was asked for, at both ends."""
    if not o['opened'] == o['ended'] == o['peer_opened'] == o['peer_ended']:
        return 'opens and ends differ'
    if sum(o['classes'].values()) != o['ended'] or sum(o['peer_classes'].values()) != o['ended']:
        return 'the classes do not sum to the ends'
    if conns is not None and o['opened'] != conns:
        return f"{o['opened']} were opened"
    if classes is not None and (list(o['classes']), list(o['peer_classes'])) != ([classes[0]], [classes[1]]):
        return f"ended as {o['classes']} and {o['peer_classes']}"
    return None


def good(name, words, classes, conns, *keys):
    r = run(*words, '--json')
    if r.returncode != 0:
        return case(name, f'exit {r.returncode}: {r.stderr.strip()}')
    o = json.loads(r.stdout)
    missing = [k for k in ('conns', 'close', 'link', 'opened', 'ended', 'classes', 'seconds', 'per_second', *keys) if k not in o]
    wrong = f'not in the report: {missing}' if missing else books(o, classes, conns)
    if wrong is None and (o['seconds'] <= 0 or o['per_second'] <= 0):
        wrong = 'nothing was measured'
    return case(name, wrong)


def cores_apart():
    """How far a line has to go is told of two cores, before and after, and of nothing that one core does alone."""
    wrong = None
    for link in ('direct', 'ring'):
        r = run('rr', '--conns', '4', '--seconds', '1', '--link', link, '--json')
        apart = json.loads(r.stdout)['machine'].get('core_to_core_ns')  # not there either where the cores have no time for it
        may = link == 'ring' and len(os.sched_getaffinity(0)) > 1
        if apart is not None and not (may and len(apart) == 2 and min(apart) > 0):
            wrong = f'{link}: {apart}'
    case('the way from core to core', wrong)


def refused(name, words, says, status=1):
    r = run(*words, '--json')
    wrong = None
    if r.returncode != status or r.stdout != '' or says not in r.stderr or r.stderr.count('\n') != 1:
        wrong = f'exit {r.returncode}, says {r.stderr!r}, and {len(r.stdout)} octets of figures'
    case(name, wrong)


LATENCY = ('p50_us', 'p99_us', 'p999_us', 'max_us')
MEMORY = ('bytes_per_conn', 'bytes_per_time_wait')


def every_command(link):
    for close, classes in CLOSES.items():
        good(f'{link}: teardown by {close}', ['teardown', '--conns', '2000', '--close', close, '--link', link], classes, 2000,
             *LATENCY, *MEMORY, 'frames_per_conn', 'seed', 'machine', 'settings')
    for close, classes in CHURNS.items():
        good(f'{link}: churn by {close}', ['churn', '--conns', '64', '--seconds', '1', '--close', close, '--link', link],
             classes, None, *LATENCY)
    good(f'{link}: rr', ['rr', '--conns', '32', '--seconds', '1', '--link', link], CLOSES['fin'], 32, *LATENCY)
    good(f'{link}: stream', ['stream', '--conns', '8', '--seconds', '1', '--link', link], None, 8, 'gbit_per_second')


SECOND = """seconds {0} cpuUsage 100
pktRx   {1} pktTx {1} bitsRx 12,112,000,000 bitsTx 1 dropTx 0
synRx 1 synTx 1 finRx {2} finTx 1 rstRx 0 rstTx 0
synRt {3} finRt 0 ackRt 0 pushRt 0
tcpDrop 0 udpDrop 0 ackDup 0
skOpen 1 skClose {2} skCon 1 skErr 0 rtt(us) 20.5
tcpReq 1 tcpRsp {2}
ierrors 0 oerrors 0 imissed 0

"""


def reading_dperf():
    """Its best clean second; without one, its best; the median of those after the load has risen; the last is never whole."""
    rising = ''.join(SECOND.format(i, f'{3 * (i + 1)},000', f'{i + 1},000', f'\x1b[41;37m{5 if i == 9 else 0}\x1b[0m') for i in range(15))
    seconds = dperf.seconds_of(rising)
    churn, rr, stream = (dperf.figure(what, dperf.seconds_of(rising)) for what in ('churn', 'rr', 'stream'))
    wrong = None
    if len(seconds) != 14 or churn != {'per_second': 14000, 'clean': True, 'frames_per_conn': 6}:
        wrong = f'{len(seconds)} seconds, {churn}'
    elif rr != {'per_second': 12500} or round(stream['per_second']) != round(1514e6 * 1460 / 1514):
        wrong = f'{rr}, {stream}'
    elif dperf.figure('churn', dperf.seconds_of(SECOND.format(0, '60', '10', '1') * 3))['clean']:
        wrong = 'what was sent again is clean'
    case('the seconds of dperf', wrong)


def core():
    reading_dperf()
    cores_apart()
    every_command('direct')
    every_command('ring')
    good('ring: rr of long messages', ['rr', '--conns', '4', '--seconds', '1', '--bytes', '300001'], None, 4)
    good('ring: hold', ['hold', '--conns', '5000'], CLOSES['fin'], 5000, *MEMORY, 'os_bytes_per_conn')
    good('ring: IPv6', ['teardown', '--conns', '2000', '--ip', '6'], CLOSES['fin'], 2000)
    good('ring: in random order, checksums by the link', ['teardown', '--conns', '2000', '--order', 'random', '--offload'],
         CLOSES['fin'], 2000)
    good('ring: more connections than one port of the server has', ['teardown', '--conns', '600000', '--link', 'direct'],
         CLOSES['fin'], 600000)
    for words in (['teardown', '--conns', '500', '--close', 'half-close'], ['churn', '--conns', '16', '--seconds', '1'],
                  ['rr', '--conns', '4', '--seconds', '1'], ['stream', '--conns', '4', '--seconds', '1']):
        refused(f'{words[0]}: one wrong octet, and there is no figure', [*words, '--plant', 'octet'], 'octets are wrong')
        refused(f'{words[0]}: one end that nobody saw, and there is no figure', [*words, '--plant', 'end'], 'no figure')
    refused('no such way to close', ['teardown', '--close', 'slam'], '"slam"', 2)
    refused('no such number', ['teardown', '--conns', '1e6'], '"1e6"', 2)


CONF = """dpdk = {{ args = "--no-pci --no-telemetry --no-huge --no-shconf -m 128 --vdev=net_memif0,role={role},socket={folder}/m,socket-abstract=no,rsize=10,bsize=1600"; }};
workers = {{ cores = [{core}]; }};
ports = ( {{ device = "net_memif0"; mac = "02:00:00:00:00:{mac}"; ipv4 = ["198.51.100.{host}/24"]; }} );
services = ( {services} );
control = {{ socket = "{folder}/control.{role}"; metrics = ""; }};
"""
SERVICES = '{ type = "echo"; port = 7; }, { type = "discard"; port = 9; }, { type = "http"; port = 80; }'
CLIENT = '{{ type = "client"; target = "198.51.100.1"; port = {}; }}'


def alone(name, words, port, says=None):
    """One end alone, of a memif whose other end is finessed; or what it has to complain of."""
    with tempfile.TemporaryDirectory() as folder:
        for role, services in (('server', SERVICES), ('client', CLIENT.format(port))):
            with open(f'{folder}/{role}.conf', 'w', encoding='ascii') as f:
                f.write(CONF.format(role=role, folder=folder, core=int(role == 'server') % os.cpu_count(), services=services,
                                    mac=f'0{1 + (role == "client")}', host=1 + (role == 'client')))
        with open(f'{folder}/log', 'w', encoding='utf-8') as log, \
                subprocess.Popen([FINESSED, '-c', f'{folder}/server.conf'], stdout=log, stderr=log) as server:
            for _ in range(100):
                if os.path.exists(f'{folder}/m'):
                    break
                time.sleep(0.1)
            r = run(*words, '-c', f'{folder}/client.conf', '--json')
            server.send_signal(signal.SIGKILL)
        if says is not None:
            return case(name, None if r.returncode == 1 and says in r.stderr and r.stdout == '' else f'exit {r.returncode}: {r.stderr}')
        if r.returncode != 0:
            return case(name, f'exit {r.returncode}: {r.stderr.strip()}')
    o = json.loads(r.stdout)
    right = o['opened'] == o['ended'] == sum(o['classes'].values()) and o['per_second'] > 0 and o['ends'] == 'finesse and a peer'
    return case(name, None if right else f'{o}')


def alone_with_a_peer():
    alone('one end alone: churn of http', ['churn', '--conns', '16', '--seconds', '1'], 80)
    alone('one end alone: rr with echo', ['rr', '--conns', '16', '--seconds', '1'], 7)
    alone('one end alone: stream to discard', ['stream', '--conns', '4', '--seconds', '1'], 9)
    alone('one end alone: rr with http, which ends it', ['rr', '--conns', '4', '--seconds', '1'], 80, 'ended a connection')


TAPS = {'rst': ('reset_abort', 'reset_received'), 'half-close': ('active_half', 'closed_second'),
        'fin-wait-2': ('timeout_fin_wait_2', 'closed_second')}


def over_a_tap():
    """The kernel's end sees three or four frames of a close, as it likes: these are told apart at ours only."""
    for close in ('fin', 'time-wait'):
        good(f'tap: teardown by {close}', ['teardown', '--conns', '500', '--close', close, '--link', 'tap'], None, 500, *LATENCY)
    for close, classes in TAPS.items():
        good(f'tap: teardown by {close}', ['teardown', '--conns', '500', '--close', close, '--link', 'tap'], classes, 500, *LATENCY,
             'frames_per_conn', 'settings')
    for close, classes in {'fin': ('passive_3', 'closed_first'), 'rst': TAPS['rst'], 'half-close': TAPS['half-close']}.items():
        good(f'tap: churn by {close}', ['churn', '--conns', '16', '--seconds', '1', '--close', close, '--link', 'tap'], classes, None)
    good('tap: rr', ['rr', '--conns', '16', '--seconds', '1', '--link', 'tap'], None, 16, *LATENCY)
    good('tap: stream', ['stream', '--conns', '4', '--seconds', '1', '--link', 'tap'], None, 4, 'gbit_per_second')
    for words in (['teardown', '--conns', '200', '--close', 'half-close'], ['rr', '--conns', '4', '--seconds', '1'],
                  ['stream', '--conns', '4', '--seconds', '1']):
        refused(f'tap: {words[0]}: one wrong octet, and there is no figure', [*words, '--link', 'tap', '--plant', 'octet'], 'octets are wrong')
    refused('tap: one end that nobody saw', ['teardown', '--conns', '100', '--link', 'tap', '--plant', 'end'], 'no figure')
    refused('tap: FINs that cross', ['teardown', '--close', 'simultaneous', '--link', 'tap'], 'not --close simultaneous', 2)
    refused('tap: more connections than open files', ['teardown', '--conns', '1000000', '--link', 'tap'], 'tap: at most')


def root():
    for close, classes in SOCKETS.items():
        good(f'kernel: teardown by {close}', ['kernel', 'teardown', '--conns', '2000', '--close', close], classes, 2000,
             *LATENCY, 'settings', 'machine')
    good('kernel: churn', ['kernel', 'churn', '--conns', '64', '--seconds', '1'], ('closed_second', 'closed_first'), None)
    good('kernel: rr', ['kernel', 'rr', '--conns', '32', '--seconds', '1'], None, 32)
    good('kernel: stream', ['kernel', 'stream', '--conns', '8', '--seconds', '1'], None, 8)
    good('kernel: hold', ['kernel', 'hold', '--conns', '2000'], None, 2000, 'bytes_per_conn')
    for fault in ('octet', 'end'):
        refused(f'kernel: planted {fault}, and there is no figure',
                ['kernel', 'teardown', '--conns', '200', '--close', 'half-close', '--plant', fault], 'no figure')
    every_command('memif')
    alone_with_a_peer()
    over_a_tap()
    left = [f for f in os.listdir('/tmp') if f.startswith('finesse-bench.')]
    case('nothing is left in /tmp', None if not left else f'{left}')


if sys.argv[2] == 'root' and os.geteuid() != 0:
    print('1..0 # SKIP needs root: it makes a network namespace')
    sys.exit(0)
{'core': core, 'root': root}[sys.argv[2]]()
print(f'1..{cases}')
sys.exit(failed > 0)
