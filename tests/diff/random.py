#!/usr/bin/env python3
"""random.py DIFF [SEED [COUNT]]: plays random scripts to both sides and shows those that differ, each kind once.

For people, not for a verdict: the ledger cannot know a random script.  A kind is the step without its numbers and what
both sides did; what is understood can be moved into scripts.txt and the ledger."""
import os
import random
import re
import subprocess
import sys
import tempfile

STARTS = ['accepted', 'opened', 'orphan-fin-wait-2', 'half-closed', 'close-wait', 'time-wait', 'connect', 'listen',
          'connect\n< S 0:0', 'listen\n< S 0:0', 'accepted\nclose', 'accepted\nshutdown wr', 'close-wait\nclose',
          'accepted\nclose\n< F. 1:1 ack 1', 'accepted\nshutdown wr\n< F. 1:1 ack 1', 'accepted\nsend 10',
          'accepted\nsend 20\nclose', 'accepted\n< P. 1:11 ack 1', 'accepted\n< P. 11:21 ack 1',
          'accepted\n< F. 11:11 ack 1', 'time-wait\n< S 0:0 rebase 1000', 'accepted\nshutdown rd']
FLAGS = ['.'] * 6 + ['P.'] * 6 + ['F.'] * 5 + ['FP.'] * 3 + ['R', 'R.', 'S', 'S.', 'F', 'P', 'SF', 'FR.', 'SR', 'U.']
CALLS = ['close', 'shutdown wr', 'shutdown rd', 'shutdown rdwr', 'send 10', 'recv 5', 'recv 100', 'wait 600']
BATCH = 200

# First differences that are understood: "STATE before: step, difference".  The ledger has each under a name.
KNOWN = [
    r'^SYN-SENT: < \S+ .*kernel (R \S+; )?S ',        # Linux repeats its SYN at once after an ACK that is none
    r'^SYN-SENT: < SP?F? .*kernel S\. .*(sackOK|ws|ts)',  # options that were not offered, on a crossed SYN-ACK
    r'^SYN-SENT: (shutdown|send)',                     # Linux disconnects, or says EAGAIN
    r'^SYN-RECEIVED: .*kernel R ',                     # Linux looks at ACK before it looks at SEQ
    r'ack (0|42949672\d\d)\b',                        # ACK of octets before the ISS
    r'^\S+: < [FP]+ \S+, segments: ours \. .*kernel nothing', # no ACK flag and unacceptable: Linux is silent
    r'^(CLOSE-WAIT|CLOSING|LAST-ACK): < F?P\..*kernel R ',  # text behind the FIN
    r'^FIN-WAIT-2: .*ours \. .*kernel (nothing|R )',    # the miniature sockets of orphans know less
    r'^FIN-WAIT-2: < \S*R\S* .*ours nothing / kernel \. ',
    r'^TIME-WAIT: < \S*R\S* .*ours nothing / kernel \. ',
    r'^(CLOSING|LAST-ACK): .*state: ours \S+ / kernel (TIME-WAIT|CLOSED)', # an ACK on what is not acceptable
    r'^(CLOSING|LAST-ACK): .*segments: ours \. .*kernel nothing',
    r'^FIN-WAIT-1: < F\.? .*ours \. .*kernel R ',       # a FIN that does not join, after close
    r'^\S+: < F\.? 0:0 .*state: ours FIN-WAIT-1 / kernel FIN-WAIT-2',
    r'^SYN-RECEIVED: < SF? .*ours nothing / kernel R\.', r'^SYN-RECEIVED: < F?R\. .*ours \. .*kernel nothing',
    r'^\S+: < SR 0:0', r' win 5, .*ours \. .*kernel \. ', # an edge that moved left
    r'sack', r'TIME-WAIT: < SF',
]


def segment(r):
    flags = r.choice(FLAGS)
    seq = r.choice([0, 1, 1, 1, 1, 1, 2, 2, 2, 11, 12, 21, 100, 60000, 70000, 4294967290])
    length = r.choice([1, 5, 10, 10, 10, 20]) if 'P' in flags else 0
    text = f'< {flags} {seq}:{seq + length}'
    if '.' in flags:
        text += f' ack {r.choice([0, 1, 1, 1, 2, 2, 2, 2, 3, 11, 12, 21, 22, 4294967290])}'
    if r.random() < 0.08:
        text += f' win {r.choice([0, 5, 1000])}'
    return text


def script(r, name):
    start = r.choice(STARTS)
    settings = [s for s in ('ts', 'sack', 'nodelay', 'linger0', 'rfc1337', 'v6') if r.random() < 0.15]
    steps = []
    closed = 'close' in start.split('\n') or 'orphan' in start or 'time-wait' in start
    usable = not closed and start.split('\n')[0] not in ('listen',)
    for _ in range(r.randint(2, 6)):
        call = r.choice(CALLS) if r.random() < 0.35 else None
        if call is None or (not usable and not call.startswith('wait')):
            steps.append(segment(r))
            continue
        steps.append(call)
        usable = usable and call != 'close'
    return f'script {name} {" ".join(settings)}\n{start}\n' + '\n'.join(steps) + '\n'


def play(diff, scripts):
    with tempfile.TemporaryDirectory() as away:
        paths = [os.path.join(away, n) for n in ('scripts.txt', 'ledger.txt')]
        with open(paths[0], 'w', encoding='utf-8') as f:
            f.write('\n'.join(scripts))
        with open(paths[1], 'w', encoding='utf-8') as f:
            f.write('#\n')
        return subprocess.run([diff, *paths, '--once'], capture_output=True, text=True, check=False)


def in_context(what, block):
    """The first difference of a script with the state that both were in before."""
    number, _, rest = what.partition(' ')
    before = re.split(rf'^ +{number} ', block, maxsplit=1, flags=re.M)[0]
    states = re.findall(r'^ {11}([A-Z][-A-Z0-9]*)$', before, re.M)
    return f'{states[-1] if states else "CLOSED"}: {rest}'


def kind(what):
    return re.sub(r'\d+', 'N', re.sub(r'\b\d+:(\d+)', r'\1', what))


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    seed, count = [int(a) for a in sys.argv[2:4]] + [1, BATCH][len(sys.argv) - 2:]
    r = random.Random(seed)
    seen, played, same, known = set(), 0, 0, 0
    while played < count:
        n = min(BATCH, count - played)
        run = play(sys.argv[1], [script(r, f'random-{seed}-{played + i}') for i in range(n)])
        if run.returncode not in (0, 1):
            sys.exit(run.stdout + run.stderr)
        played += n
        for block in re.split(r'\n(?=random-)', '\n' + run.stdout)[1:]:
            found = re.findall(r'NOT IN LEDGER   \S+ \| (.*) \| \? \| \?', block)
            died = block.split('\n')[0].endswith('DIED')
            same += not found and not died
            if not found and not died:
                continue
            first = in_context(found[0], block) if found else block  # what follows is mostly its consequence
            if found and any(re.search(k, first) for k in KNOWN):
                known += 1
            elif kind(first) not in seen:
                seen.add(kind(first))
                print(re.sub(r'\n\n\d+ scripts.*', '', block, flags=re.S) + run.stderr * died)
    print(f'{played} random scripts, {same} the same, {known} known, {len(seen)} kinds of unknown first differences')


main()
