#!/usr/bin/env python3
"""prometheus.py FILE [EARLIER]: reads Prometheus' text exposition format strictly, as promtool does; exits 1 at the first line
that it does not allow.  With an earlier scrape: counters must not have decreased, and no series may have come or gone.

Rules: HELP and TYPE once each and before the samples of their metric, samples of a metric together, names and labels of the
allowed characters, no label twice, no series twice, values that are numbers, counters ending in _total and not negative, a
newline at the end, nothing but what `promtool check metrics` takes without a complaint."""
import re
import sys

NAME = r'[a-zA-Z_:][a-zA-Z0-9_:]*'
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*'
SAMPLE = re.compile(rf'({NAME})(?:\{{(.*)\}})? (\S+)(?: (-?\d+))?$')
PAIR = re.compile(rf'({LABEL})="((?:[^"\\\n]|\\["\\n])*)"(,|$)')
NUMBER = re.compile(r'[+-]?(\d+(\.\d*)?([eE][+-]?\d+)?|Inf)$|NaN$')
KNOWN = {'shard', 'state', 'class', 'fate', 'version', 'phase'}


class Wrong(Exception):
    pass


def labels_of(text):
    pairs, at = [], 0
    while text and at < len(text):
        found = PAIR.match(text, at)
        if not found:
            raise Wrong(f'labels {text!r}')
        pairs.append((found.group(1), found.group(2)))
        at = found.end()
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise Wrong('a label is given twice')
    for name in names:
        if name not in KNOWN:
            raise Wrong(f'a label that is not ours: {name}')
    return tuple(sorted(pairs))


class Reader:
    def __init__(self):
        self.help, self.type, self.series, self.done, self.now = {}, {}, {}, set(), None

    def turn_to(self, name):
        if name == self.now:
            return
        if name in self.done:
            raise Wrong(f'{name}: its lines are not together')
        if self.now:
            self.done.add(self.now)
        self.now = name

    def comment(self, line):
        found = re.match(rf'# (HELP|TYPE) ({NAME}) (.+)$', line)
        if not found:
            raise Wrong('neither HELP nor TYPE')
        what, name, text = found.groups()
        self.turn_to(name)
        into = self.help if what == 'HELP' else self.type
        if name in into or any(key[0] == name for key in self.series):
            raise Wrong(f'{what} of {name} is late or comes twice')
        if what == 'TYPE' and text not in ('counter', 'gauge'):
            raise Wrong(f'type {text}')
        if what == 'HELP' and re.search(r'\\(?![\\n])', text):
            raise Wrong('a backslash that escapes nothing')
        into[name] = text

    def sample(self, line):
        found = SAMPLE.match(line)
        if not found:
            raise Wrong('no sample')
        name, labels, value, _ = found.groups()
        self.turn_to(name)
        if name not in self.type or name not in self.help:
            raise Wrong(f'{name} without HELP or TYPE')
        if not NUMBER.match(value):
            raise Wrong(f'value {value}')
        if self.type[name] == 'counter' and (not name.endswith('_total') or float(value) < 0):
            raise Wrong(f'{name} is no counter')
        if self.type[name] == 'gauge' and name.endswith('_total'):
            raise Wrong(f'{name} is named like a counter')
        key = (name, labels_of(labels or ''))
        if key in self.series:
            raise Wrong(f'{key} comes twice')
        self.series[key] = float(value)


def read(path):
    with open(path, encoding='utf-8', newline='') as f:
        text = f.read()
    if not text.endswith('\n') or '\r' in text:
        sys.exit(f'{path}: lines end with a newline, the last one too')
    reader = Reader()
    for n, line in enumerate(text[:-1].split('\n'), 1):
        try:
            if line.startswith('#'):
                reader.comment(line)
            else:
                reader.sample(line)
        except Wrong as wrong:
            sys.exit(f'{path}:{n}: {wrong}: {line}')
    for name in reader.type:
        if not any(key[0] == name for key in reader.series):
            sys.exit(f'{path}: {name} has no samples')
    return reader


def main():
    now = read(sys.argv[1])
    print(f'{len(now.type)} metrics, {len(now.series)} series')
    if len(sys.argv) < 3:
        return
    before = read(sys.argv[2])
    if set(now.series) != set(before.series):
        sys.exit(f'series came or went: {sorted(set(now.series) ^ set(before.series))[:3]}')
    for key, value in before.series.items():
        if now.type[key[0]] == 'counter' and now.series[key] < value:
            sys.exit(f'{key} has decreased: {value} to {now.series[key]}')


main()
