#!/usr/bin/env python3
"""What run.sh runs: packetdrill on a scratch copy of each script, once per variant, as many at a time as there are cores."""
import argparse
import concurrent.futures
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT_S = 30  # of real time; a script's own time is virtual
LOCAL = {'ipv4': '192.168.0.1', 'mapped': '192.168.0.1', 'ipv6': 'fd3d:0a0b:17d6::1'}
REMOTE = {'ipv4': '192.0.2.1', 'mapped': '192.0.2.1', 'ipv6': 'fd3d:fa7b:d17d::1'}
VERSION = {'ipv4': 'ipv4', 'mapped': 'ipv4-mapped-ipv6', 'ipv6': 'ipv6'}
DEFINED = {  # what scripts may leave to whoever runs them
    'ipv4': ['TFO_COOKIE=3021b9d889017eeb', 'CODE=host_unreachable', 'CMSG_LEVEL_IP=SOL_IP', 'CMSG_TYPE_RECVERR=IP_RECVERR'],
    'mapped': ['TFO_COOKIE=3021b9d889017eeb', 'CODE=host_unreachable', 'CMSG_LEVEL_IP=SOL_IPV6',
               'CMSG_TYPE_RECVERR=IPV6_RECVERR'],
    'ipv6': ['TFO_COOKIE=c1d1e9742a47a9bc', 'CMSG_LEVEL_IP=SOL_IPV6', 'CMSG_TYPE_RECVERR=IPV6_RECVERR'],
}


SAID = {'skip': 'skipped', 'lack': 'fails  '}  # what is listed: not for us, or not there yet


class Script:
    """A script in the scratch copy, and what its text says of how to run it."""

    def __init__(self, root, copy, name):
        self.name = os.path.join(os.path.basename(root), name) if name else os.path.basename(root)
        self.path = os.path.join(copy, name) if name else copy
        self.source = os.path.join(root, name) if name else root
        with open(self.path, encoding='utf-8', errors='replace') as f:
            self.text = f.read()

    def choose(self, defined):
        """A script for several systems: #ifdef NAME ... #endif, of which packetdrill knows nothing."""
        keep, out = [True], []
        for line in self.text.split('\n'):
            if line.startswith('#ifdef '):
                keep.append(keep[-1] and line.split()[1] in defined)
            elif line.startswith('#endif') and len(keep) > 1:
                keep.pop()
            else:
                out.append(line if keep[-1] else '')
                continue
            out.append('')
        if out != self.text.split('\n'):
            self.text = '\n'.join(out)
            with open(self.path, 'w', encoding='utf-8') as f:
                f.write(self.text)

    def option(self, name):
        found = re.search(r'^--' + name + r'=(\S+)', self.text, re.M)
        return found.group(1) if found else None

    def variants(self, wanted):
        own = self.option('ip_version')
        if own:
            return [v for v in VERSION if VERSION[v] == own and v in wanted]
        return [v for v in wanted if not (self.name.endswith('v6.pkt') and v != 'ipv6')
                and not (self.name.endswith('v4.pkt') and v == 'ipv6')]

    def profile(self, wanted):
        return wanted or ('bsd' if 'net.inet.' in self.text else 'linux')


def copy_tree(root, scratch):
    """DIR in the scratch folder, with what its scripts run beside it; three folders down, so that ../.. stays inside."""
    below = os.path.join(tempfile.mkdtemp(dir=scratch), 'a', 'b', 'c')
    copy = os.path.join(below, os.path.basename(root))
    if os.path.isfile(root):
        os.makedirs(below)
        shutil.copyfile(root, copy)
        names = ['']
    else:
        shutil.copytree(root, copy)
        names = sorted(os.path.relpath(os.path.join(d, f), root) for d, _, files in os.walk(root) for f in files
                       if f.endswith('.pkt'))
    for name in names:
        path, source = os.path.join(copy, name) if name else copy, os.path.join(root, name) if name else root
        with open(path, encoding='utf-8', errors='surrogateescape') as f:
            text = f.read()
        for beside in set(re.findall(r'(?:\.\./)+[\w./-]+', text)):
            bring(os.path.join(os.path.dirname(source), beside), os.path.join(os.path.dirname(path), beside))
        # a script that sets what is below /proc/sys and restores it: to our file, and out of ours
        with open(path, 'w', encoding='utf-8', errors='surrogateescape') as f:
            f.write(text.replace('/tmp/sysctl_restore_', os.path.join(scratch, 'sysctl_restore_')))
    return [Script(root, copy, name) for name in names]


def bring(source, to):
    to = os.path.normpath(to)
    if os.path.basename(to) == 'set_sysctls.py':
        source = os.path.join(HERE, 'shims', 'set_sysctls')
        if os.path.exists(to):
            os.remove(to)
    if os.path.isfile(source) and not os.path.exists(to):
        os.makedirs(os.path.dirname(to), exist_ok=True)
        shutil.copy(source, to)


def command(script, variant, args):
    flags = [f'profile={script.profile(args.profile)}']
    local = script.option('local_ip') or LOCAL[variant]
    flags.append(('local6=' if ':' in local else 'local4=') + local)
    mtu = script.option('mtu') or ('1520' if variant == 'ipv6' and 'profile=linux' in flags else None)
    if script.option('mss'):
        flags.append('mss=' + script.option('mss'))
    if mtu:
        flags.append('mtu=' + mtu)
    words = [os.environ['PACKETDRILL'], '--send_omit_free', f'--so_filename={args.adapter}',
             '--so_flags=' + ' '.join(flags + args.set), f'--code_command={sys.executable} -I -S {HERE}/code.py']
    words += [f'-D{d}' for d in DEFINED[variant]]
    for name, value in (('ip_version', VERSION[variant]), ('local_ip', local), ('remote_ip', REMOTE[variant])):
        if not script.option(name):
            words.append(f'--{name}={value}')
    return words + [os.path.basename(script.path)]


def run(job):
    script, variant, args, scratch = job
    own = tempfile.mkdtemp(dir=scratch)
    env = dict(os.environ, PATH=os.path.join(HERE, 'shims') + ':' + os.environ['PATH'], LD_PRELOAD=args.preload, TMPDIR=own,
               FNS_SYSCTL=os.path.join(own, 'sysctl'), FNS_STATES=os.path.join(own, 'states'), FNS_SCRATCH=scratch,
               BASH_ENV=os.path.join(HERE, 'shims', 'functions'))
    with tempfile.TemporaryFile(mode='w+', errors='replace') as said:
        process = subprocess.Popen(command(script, variant, args), cwd=os.path.dirname(script.path), env=env, stdout=said,
                                   stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            status = process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            status = 'hangs'
        said.seek(0)
        return status, said.read()


def why(status, said, name):
    """The line of packetdrill's that says what differs; the two segments under it, if it shows them."""
    lines = [x for x in said.splitlines() if x.strip() and not (x.startswith('finesse: ') and x.endswith('; ignored'))]
    at = next((i for i, x in enumerate(lines) if re.match(r'[^ ]*\.pkt:\d+: ', x)), None)
    if status == 'hangs':
        return [f'no end after {LIMIT_S} s of real time']
    if at is None:
        return lines[:2] or [f'status {status}']
    short = re.sub(r'^[^ ]*(?=\.pkt:)', os.path.splitext(os.path.basename(name))[0], lines[at])
    told = [x for x in lines[:at] if x.startswith('finesse: ')]
    if short.endswith('error in Python code'):
        return [short, *[x.strip() for x in lines if re.match(r'\s+assert |\w*Error', x)]]
    return [short] + lines[at + 1:at + 5] + told


class Listed:
    """Lines of "NAME  reason"; a NAME that ends in / is everything below, one with :VARIANT that variant alone."""

    def __init__(self, path):
        self.rows = []
        with open(path, encoding='utf-8') as f:
            for line in f:
                if line.strip() and not line.startswith('#'):
                    self.rows.append(re.split(r'\s{2,}', line.strip(), maxsplit=1))

    def reason(self, source, variant):
        for pattern, reason in self.rows:
            script, _, only = pattern.partition(':')
            hit = f'/{script}' in source if script.endswith('/') else source.endswith(f'/{script}')
            if hit and only in ('', variant):
                return reason
        return None


def table(path, results):
    """A row for each script: its variants, and why not."""
    rows = {}
    for name, variant, verdict, reason in results:
        rows.setdefault(name, {})[variant] = verdict
        if reason:
            rows[name]['why'] = reason
    with open(path, 'w', encoding='utf-8') as f:
        f.write('| script | IPv4 | IPv6 | mapped | why not |\n|---|---|---|---|---|\n')
        for name in sorted(rows):
            r = rows[name]
            f.write(f'| {name} | {r.get("ipv4", "")} | {r.get("ipv6", "")} | {r.get("mapped", "")} | {r.get("why", "")} |\n')


def options():
    parser = argparse.ArgumentParser(prog='run.sh', allow_abbrev=False)
    parser.add_argument('--profile', choices=('linux', 'bsd', 'rfc9293'))
    parser.add_argument('--variants', default='ipv4,ipv6,mapped')
    parser.add_argument('--define', action='append', default=[])
    parser.add_argument('--set', action='append', default=[])
    parser.add_argument('--listed', default=os.path.join(HERE, 'expected.txt'))
    parser.add_argument('--build', default=os.path.join(HERE, '..', '..', 'build'))
    parser.add_argument('--table')
    parser.add_argument('--verbose', action='store_true')
    parser.add_argument('roots', nargs='*', default=[os.path.join(HERE, 'scripts')])
    args = parser.parse_args()
    args.adapter = os.path.abspath(os.path.join(args.build, 'tests', 'packetdrill', 'libfinesse_packetdrill.so'))
    args.preload = os.path.abspath(os.path.join(args.build, 'tests', 'packetdrill', 'pd_preload.so'))
    for needed in (args.adapter, args.preload, *args.roots):
        if not os.path.exists(needed):
            sys.exit(f'run.sh: there is no {needed}')
    return args


def judge(script, variant, outcome, listed, verbose):
    """Prints what has to be said, and returns the verdict with its reason."""
    status, said = outcome
    reason = listed.reason(script.source, variant)
    if status == 0:
        if reason:
            print(f'pass, though listed: {script.name} {variant}: {reason}')
        return 'pass', None
    if reason:
        return 'lack' if reason.startswith('missing') else 'skip', reason
    print(f'FAIL {script.name} {variant}')
    lines = said.splitlines() if verbose else why(status, said, script.path)
    print(''.join(f'     {x}\n' for x in lines), end='', flush=True)
    return 'fail', lines[0] if lines else str(status)


def main():
    args, begun = options(), time.time()
    listed, results = Listed(args.listed), []
    with tempfile.TemporaryDirectory(prefix='finesse-pd-') as scratch:
        scripts = [s for root in args.roots for s in copy_tree(os.path.abspath(root), scratch)]
        for script in scripts:
            script.choose(args.define or ['FreeBSD'])
        jobs = [(s, v, args, scratch) for s in scripts for v in s.variants(args.variants.split(','))]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for job, outcome in zip(jobs, pool.map(run, jobs)):
                results.append((job[0].name, job[1], *judge(job[0], job[1], outcome, listed, args.verbose)))
    reasons = {}
    for name, variant, verdict, reason in results:
        if verdict in SAID:
            reasons[SAID[verdict], reason] = reasons.get((SAID[verdict], reason), 0) + 1
    for (verdict, reason), n in sorted(reasons.items()):
        print(f'{verdict} {n:4d}: {reason}')
    if args.table:
        table(args.table, results)
    count = {v: sum(r[2] == v for r in results) for v in ('pass', 'fail', 'lack', 'skip')}
    print(f'{count["pass"]} passed, {count["fail"]} failed, {count["lack"]} known to fail, {count["skip"]} skipped: '
          f'{len(scripts)} scripts, {len(results)} runs, {time.time() - begun:.0f} s')
    sys.exit(1 if count['fail'] or not results else 0)


main()
