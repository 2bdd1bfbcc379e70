#!/usr/bin/env python3
"""report.py FINESSE-BENCH million [N]   N connections (1,000,000) ended in each of six ways, the host kernel's beside them
report.py FINESSE-BENCH all FOLDER    everything that bench/README.md shows: FOLDER/report.md, report.json and the plots

Each figure is the median of its runs; ratios are of runs that stood side by side.  A run of two cores counts if a line of
memory went from one to the other within NEAR ns before and after, else it is done again, TRIES times at the most.  Runs that need it are skipped aloud
where we are not root.  See report.sh."""
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import dperf

BENCH = sys.argv[1]
ROOT = os.geteuid() == 0
RUNS = int(os.environ.get('RUNS', '3'))
CLOSES = ('fin', 'rst', 'half-close', 'simultaneous', 'fin-wait-2', 'time-wait')
KERNEL_CLOSES = ('fin', 'rst', 'half-close')
PEER = os.environ.get('DPERF')  # a dperf: README.md
NEAR = float(os.environ.get('NEAR', '100'))  # cores that share a cache; a host may place virtual ones now so, now otherwise
TRIES = int(os.environ.get('TRIES', '8'))
FAILURES = []
APART = []  # [before, after] of each run that counts
KERNEL = ['kernel', 'teardown', '--window', 1024]  # at its best: bench/README.md


def memory():
    """Octets of memory that are free."""
    with open('/proc/meminfo', encoding='ascii') as f:
        return int(re.search(r'MemAvailable:\s+(\d+)', f.read()).group(1)) * 1024


def once(*words, tries=TRIES):
    """The report of one run, or None after its complaint."""
    for left in reversed(range(tries)):
        # ours and the kernel's alike: whoever else is on the machine comes second
        r = subprocess.run([*dperf.FIRST, BENCH, *map(str, words), '--json'], capture_output=True, text=True, check=False)
        if r.returncode != 0:
            FAILURES.append(f"{' '.join(map(str, words))}: {r.stderr.strip()}")
            print(f'  {FAILURES[-1]}', file=sys.stderr)
            return None
        if '--plot' in words:
            return None
        o = json.loads(r.stdout)
        apart = o.get('machine', {}).get('core_to_core_ns')
        if apart is None or max(apart) <= NEAR or left == 0:
            APART.extend([apart] if apart else [])
            return o
        time.sleep(0.5)
    return None


def several(*words, runs=RUNS, key='per_second'):
    """The middle one of several runs."""
    found = sorted((o for o in (once(*words) for _ in range(runs)) if o), key=lambda o: o[key])
    return {**found[len(found) // 2], 'lowest': found[0][key], 'highest': found[-1][key]} if found else None


def rate(o, key='per_second'):
    if o is None:
        return '-'
    v = o[key]
    return f'{v / 1e6:.2f} M' if v >= 1e6 else f'{v / 1e3:.1f} k'


def span(us):
    return f'{us:.0f} us' if us < 1e3 else f'{us / 1e3:.1f} ms' if us < 1e6 else f'{us / 1e6:.2f} s'


def million(n):
    # two ends of some 208 + 208 octets a connection, one with TIME-WAIT entries, and room for the rest
    while n * 1000 + (1 << 30) > memory() and n > 1000:
        n //= 10
    print(f'    {n:,} connections, both ends here, ended in each way; beside them {n // 20:,} of the host kernel\'s\n')
    print(f"    {'':14}{'a second':>10}{'p50':>10}{'p99':>10}{'frames':>8}{'kernel':>10}{'ratio':>8}   every one ended as")
    for close in CLOSES:
        o = once('teardown', '--conns', n, '--close', close, tries=1)
        k = once(*KERNEL, '--conns', n // 20, '--close', close, tries=1) if ROOT and close in KERNEL_CLOSES else None
        if o is None:
            continue
        ratio = f"{o['per_second'] / k['per_second']:.0f} x" if k else ''
        print(f"    {close:14}{rate(o):>10}{span(o['p50_us']):>10}{span(o['p99_us']):>10}{o['frames_per_conn']:>8.2f}"
              f"{rate(k):>10}{ratio:>8}   {', '.join(o['classes'])} / {', '.join(o['peer_classes'])}", flush=True)
    print('\n    fin-wait-2 and time-wait: reaping what is left of them, all due at once.  The kernel is not asked for the last\n'
          '    three: a FIN over its loopback has arrived before close returns, and its timers cannot be set forward.')


def link_limit():
    """Frames a second there and back over net_memif, made and forwarded by DPDK's testpmd; None if it does not run."""
    with tempfile.TemporaryDirectory() as folder:
        ends, last = [], os.cpu_count() - 1
        for role, core, mode in (('server', min(1, last), 'io'), ('client', 0, 'flowgen')):
            words = [*dperf.FIRST, 'dpdk-testpmd', '--no-pci', '--no-huge', '--no-shconf', '--no-telemetry', '-m', '512',
                     '--lcores', f'0@(0-{last}),1@{core}',
                     f'--vdev=net_memif0,role={role},socket={folder}/m,socket-abstract=no,{dperf.RINGS[1]}',
                     '--', f'--forward-mode={mode}', '--auto-start', '--stats-period=1', '--total-num-mbufs=32768',
                     '--burst=64']
            try:
                ends.append(subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                             text=True))
            except FileNotFoundError:
                return None
            time.sleep(4)
        try:
            time.sleep(5)
        finally:
            for e in ends:
                e.send_signal(signal.SIGINT)
            said = [e.communicate(timeout=20)[0] for e in ends]
        rates = [int(x) for x in re.findall(r'Rx-pps:\s+(\d+)', said[1]) if int(x) > 0]
        return max(rates) if rates else None


def table(rows):
    heads = ['figure', 'floor', 'goal', 'here', 'the kernel', 'ratio'] + (['dperf', 'here is of it'] if PEER else [])
    out = ['| ' + ' | '.join(heads) + ' |', '|' + '---|' * len(heads)]
    return '\n'.join(out + ['| ' + ' | '.join([*r, *[''] * len(heads)][:len(heads)]) + ' |' for r in rows])


def against(o, k):
    return f"{o['per_second'] / k['per_second']:.0f} x" if o and k else '-'


def teardowns(all_of):
    rows = []
    mega = all_of['fin'] = several('teardown', '--conns', 1000000, '--close', 'fin')
    k = all_of['kernel fin'] = several(*KERNEL, '--conns', 200000, '--close', 'fin', runs=1) if ROOT else None
    rows.append(('graceful teardown, 1 M pairs, ring, a second', '1.5 M, 35 x the kernel', '2.5 M', rate(mega), rate(k), against(mega, k)))
    if memory() > 12 << 30:
        ten = all_of['fin, 10 M'] = once('teardown', '--conns', 10000000, '--close', 'fin')
        share = f"{rate(ten)}, {100 * ten['per_second'] / mega['per_second']:.0f} %" if ten and mega else '-'
        rows.append(('the same, 10 M pairs, and of the rate at 1 M', '70 %', '90 %', share, '', ''))
    o = all_of['rst'] = several('teardown', '--conns', 1000000, '--close', 'rst')
    k = all_of['kernel rst'] = several(*KERNEL, '--conns', 200000, '--close', 'rst', runs=1) if ROOT else None
    rows.append(('reset teardown, 1 M pairs, ring, a second', '3 M', '5 M', rate(o), rate(k), against(o, k)))
    for close, what in (('fin-wait-2', 'orphans in FIN-WAIT-2'), ('time-wait', 'TIME-WAIT entries')):
        o = all_of[close] = several('teardown', '--conns', 1000000, '--close', close)
        here = f"{rate(o)}, {span(o['longest_turn_us'])}" if o else '-'
        rows.append((f'reaping 1 M expired {what}, a second; longest turn', '5 M, 1 ms', '10 M', here, '', ''))
    return rows


def hugepages_free():
    with open('/proc/meminfo', encoding='ascii') as f:
        text = f.read()
    return int(re.search(r'HugePages_Free:\s+(\d+)', text).group(1)) * int(re.search(r'Hugepagesize:\s+(\d+)', text).group(1)) >> 10


def peer(all_of, name, words):
    """dperf's figure for the same work, and what ours is of it: two cells."""
    if not PEER:
        return ['', '']
    conns = words[words.index('--conns') + 1]
    huge = 'huge' if hugepages_free() >= 2 * dperf.MIB['huge'] else 'no-huge'
    o, why = dperf.measure(PEER, words[0], conns, RUNS, huge)
    all_of['dperf, ' + name] = o
    if o is None:
        FAILURES.append(f'dperf {words[0]}: {why}')
        return ['-', '']
    unit = 8e-9 if words[0] == 'stream' else 1
    shown = [f'{v * unit:.1f}' if words[0] == 'stream' else rate({'per_second': v}) for v in (o['per_second'], o['lowest'], o['highest'])]
    frames = f"; {o['frames_per_conn']:.2f} frames" + ('' if o['clean'] else ', sent again') if 'clean' in o else ''
    ours = all_of[name]
    return [f"{shown[0]} ({shown[1]} to {shown[2]}{frames}; {o['ring']})",
            f"{100 * ours['per_second'] / o['per_second']:.0f} %" if ours and o['per_second'] else '-']


def spread(o):
    """Our own range, and frames a connection where that is what is counted."""
    if o is None:
        return '-'
    frames = f"; {o['frames_per_conn']:.2f} frames" if o['command'] == 'churn' else ''
    return f"{rate(o)} ({rate(o, 'lowest')} to {rate(o, 'highest')}{frames})"


def traffic(all_of):
    rows = []
    for name, words, floor, goal in (
            ('churn, memif, connections a second', ['churn', '--conns', 1024, '--seconds', 3], '1.2 M', '2 M'),
            ('64 connections, memif, requests a second', ['rr', '--conns', 64, '--seconds', 3], '2.5 M', 'above dperf\'s 3.0-5.2 M'),
            ('1,024 connections, memif, requests a second', ['rr', '--conns', 1024, '--seconds', 3], '2.5 M', 'above dperf\'s 2.7-3.7 M')):
        o = all_of[name] = several(*words, '--link', 'memif')
        k = all_of['kernel, ' + name] = several('kernel', *words, runs=1) if ROOT else None
        rows.append((name, floor, goal, spread(o), rate(k), against(o, k), *peer(all_of, name, words)))
    for link, floor, goal in (('ring', '40', ''), ('memif', '80 % of dperf', 'above dperf\'s 24-26')):
        words = ['stream', '--conns', 64, '--seconds', 3]
        o = all_of['stream, ' + link] = several(*words, '--link', link)
        k = all_of['kernel, stream'] = once('kernel', 'stream', '--conns', 64, '--seconds', 3) if ROOT else None
        gbit = [f"{x['gbit_per_second']:.1f}" if x else '-' for x in (o, k)]
        rows.append((f'stream, 64 connections, MTU 1500, {link}, Gbit/s', floor, goal, *gbit, against(o, k),
                     *(peer(all_of, 'stream, memif', words) if link == 'memif' else [])))
    o = all_of['hold'] = once('hold', '--conns', 1000000)
    k = all_of['kernel hold'] = once('kernel', 'hold', '--conns', 100000) if ROOT else None
    if o:
        rows.append(('octets of an idle connection, table slot and all; by the operating system', '272', '208',
                     f"{o['bytes_per_conn']}; {o['os_bytes_per_conn']:.0f}", str(k['bytes_per_conn']) if k else '-', ''))
        rows.append(('octets of a TIME-WAIT entry, table slot and all', '80', '64', str(o['bytes_per_time_wait']),
                     str(k['bytes_per_time_wait']) if k else '-', ''))
    return rows


def everything(folder):
    begun = time.time()
    all_of = {}
    rows = teardowns(all_of) + traffic(all_of)
    limit = link_limit() if ROOT else None
    micro = once('micro')
    for name, words in (('teardown', ['teardown', '--conns', 1000000]), ('churn', ['churn', '--conns', 1000, '--seconds', 2, '--link', 'memif']),
                        ('rr', ['rr', '--conns', 1000, '--seconds', 2, '--link', 'memif'])):
        once(*words, '--plot', os.path.join(folder, name + '.svg'))
    m = next(o['machine'] for o in all_of.values() if o)
    settings = next((o['settings'] for n, o in all_of.items() if o and n.startswith('kernel')), None)
    with open(os.path.join(folder, 'report.md'), 'w', encoding='utf-8') as f:
        f.write(f"{time.strftime('%d %B %Y')}, {m['cpu']}, {m['cpus']} CPUs, {m['memory_bytes'] >> 20} MiB, {m['kernel']}, "
                f"load before {all_of['fin']['machine']['load'] if all_of['fin'] else '?'}; medians of {RUNS} runs, "
                f"{time.time() - begun:.0f} s in all.\n\n{table(rows)}\n\n")
        f.write(f"The link itself, net_memif with testpmd at both ends, {dperf.RINGS[1]}: {f'{limit / 1e6:.1f} M frames a second there and back' if limit else 'not measured'}.\n")
        near = sorted(max(a) for a in APART)
        if near:
            f.write(f"A line of memory from one core to the other: {near[0]:.0f} to {near[-1]:.0f} ns, before and after the runs that count "
                    f"(median {statistics.median(near):.0f}; {sum(x > NEAR for x in near)} of {len(near)} counted although it was more than {NEAR:.0f}).\n")
        ring = next((o['settings'] for o in all_of.values() if o and o.get('link') == 'memif'), {})
        f.write(f"Ours over memif: {ring.get('memif')}, {ring.get('memory')}.\n")
        if settings:
            f.write('\nThe kernel: ' + ', '.join(f'{k} {v}' for k, v in settings.items()) + '.\n')
        if FAILURES:
            f.write('\nWithout a figure:\n' + ''.join(f'- {x}\n' for x in FAILURES))
    with open(os.path.join(folder, 'report.json'), 'w', encoding='utf-8') as f:
        json.dump({'runs': all_of, 'micro': micro, 'link_frames_per_second': limit, 'failures': FAILURES}, f, indent=1)
    with open(os.path.join(folder, 'report.md'), encoding='utf-8') as f:
        print(f.read())


signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that whatever runs for us is stopped
if sys.argv[2] == 'million':
    million(int(sys.argv[3]) if len(sys.argv) > 3 else 1000000)
else:
    everything(sys.argv[3])
sys.exit(len(FAILURES) > 0)
