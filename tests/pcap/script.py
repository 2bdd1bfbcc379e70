#!/usr/bin/env python3
"""A script of segments: its capture, its configuration, and what finessed sent held against it (run.sh tells how).

  script.py FILE 4|6 conf                     the configuration, on standard output
  script.py FILE 4|6 input IN.pcap            the peer's side as a capture
  script.py FILE 4|6 compare OUT.pcap LOG     what was sent and the last words against the script; 1 if they differ
  script.py FILE 4|6 show OUT.pcap LOG        what was sent and the last words, as a script has them

A script's lines; times in milliseconds of the capture, sequence numbers relative to each side's own first:

  # ...                                       what it shows
  conf LINE                                   of the configuration; $US, $PEER are the addresses
  flow OURS PEERS                             the TCP ports
  opens MS                                    finessed opens, at this time; else it listens
  MS < FLAGS SEQ:END [ack N] [win N] [<mss N>] ["text"]    a segment of the peer; `*` behind FLAGS: SEQ is absolute
  > FLAGS SEQ:END [ack N] [<mss N,...>] ["text"]           one that finessed sends, in order
  = LINE                                      of finessed's last words
"""
import difflib
import ipaddress
import re
import struct
import sys

SECRET = bytes(range(32))
US = {4: '198.51.100.1', 6: '2001:db8:1::1'}
PEER = {4: '198.51.100.2', 6: '2001:db8:1::2'}
OUR_MAC = bytes.fromhex('027063617000')  # net_pcap's own
PEER_MAC = bytes.fromhex('020000000002')
PEER_ISN = 0xfffffff0  # wraps in every script
EPOCH_US = 1_700_000_000_000_000
FLAGS = {'F': 1, 'S': 2, 'R': 4, 'P': 8, '.': 16}
MASK = 0xffffffff

CONF = '''dpdk = {{
	args = "--no-pci --no-huge --no-shconf --no-telemetry -m 64 --vdev=net_pcap0,rx_pcap=in.pcap,tx_pcap=out.pcap";
	descriptors = 64;
}};
workers = {{ clock = "virtual"; }};
ports = ( {{ device = "net_pcap0"; ipv4 = ["{us4}/24"]; ipv6 = ["{us6}/64"]; }} );
limits = {{ connections = 100; time_wait = 100; neighbours = 16; buffer_bytes = 16777216; recorders = 0; }};
control = {{ socket = ""; metrics = ""; }};
'''
POLICY = 'timestamps = false; announce = false; isn_secret = "%s";' % SECRET.hex()


def rotl(x, n):
    return (x << n | x >> (64 - n)) & (2**64 - 1)


def siphash24(key, octets):
    """SipHash-2-4 (Aumasson and Bernstein), written from the paper and not from lib/base."""
    k0, k1 = struct.unpack('<QQ', key)
    v = [k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573]
    m = 2**64 - 1

    def rounds(n):
        for _ in range(n):
            v[0] = (v[0] + v[1]) & m
            v[2] = (v[2] + v[3]) & m
            v[1] = rotl(v[1], 13) ^ v[0]
            v[3] = rotl(v[3], 16) ^ v[2]
            v[0] = (rotl(v[0], 32) + v[3]) & m
            v[2] = (v[2] + v[1]) & m
            v[1] = rotl(v[1], 17) ^ v[2]
            v[3] = rotl(v[3], 21) ^ v[0]
            v[2] = rotl(v[2], 32)

    rest = len(octets) % 8
    padded = octets + bytes(7 - rest) + bytes([len(octets) & 255])
    for (word,) in struct.iter_unpack('<Q', padded):
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 0xff
    rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def mapped(address):
    a = ipaddress.ip_address(address)
    return bytes(10) + b'\xff\xff' + a.packed if a.version == 4 else a.packed


def our_isn(s):
    """RFC 6528: a clock of 4 us and a keyed hash of the flow, in which our address is its number in the configuration and
    IPv4's first eight octets are left out (lib/tcp/key.h); the key as lib/tcp/tcp.c derives it from the secret."""
    key = b''.join(struct.pack('<Q', siphash24(SECRET[:16], SECRET[16:] + bytes([n]))) for n in (1, 0x81))
    ip6 = s.family == 6
    flow = mapped(PEER[s.family])[0 if ip6 else 8:] + struct.pack('<HHBB', s.ours, s.peers, ip6, 0)
    return (s.begins_us // 4 + siphash24(key, flow)) & MASK


def checksum(octets):
    octets += bytes(len(octets) % 2)
    total = sum(word for (word,) in struct.iter_unpack('>H', octets))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def pseudo(src, dst, proto, length):
    if len(src) == 4:
        return src + dst + struct.pack('>BBH', 0, proto, length)
    return src + dst + struct.pack('>IHBB', length, 0, 0, proto)


class Script:
    """The lines of a script, by kind."""

    def __init__(self, path, family):
        self.family, self.conf, self.segments, self.expected = family, [], [], []
        self.ours = self.peers = 0
        self.begins_us = None
        with open(path, encoding='utf-8') as f:
            for number, line in enumerate(f, 1):
                try:
                    self.read(line.strip())
                except (ValueError, KeyError, AttributeError) as e:
                    sys.exit(f'{path}:{number}: {line.strip()}: {e!r}')
        self.begins_us = self.begins_us or 0

    def read(self, line):
        line = line.replace('$US', US[self.family]).replace('$PEER', PEER[self.family])
        line = line.replace('$MSS', '1460' if self.family == 4 else '1440')
        words = line.split()
        if not words or line.startswith('#'):
            return
        if words[0] == 'conf':
            self.conf.append(line[5:])
        elif words[0] == 'flow':
            self.ours, self.peers = int(words[1]), int(words[2])
        elif words[0] == 'opens':
            self.begins_us = int(words[1]) * 1000
        elif words[0] in ('>', '='):
            self.expected.append(' '.join(words))
        else:
            us, segment = self.segment(' '.join(words))
            self.segments.append((us, segment))
            if self.begins_us is None and segment['flags'] == FLAGS['S']:
                self.begins_us = us

    @staticmethod
    def segment(line):
        m = re.fullmatch(r'([\d.]+) < ([SFRP.]+)(\*?) (\d+):(\d+)(?: ack (\d+))?(?: win (\d+))?(?: <mss (\d+)>)?(?: "(.*)")?', line)
        if not m:
            raise ValueError('not a segment')
        ms, flags, absolute, seq, end, ack, win, mss, text = m.groups()
        length = int(end) - int(seq)
        octets = text.encode() if text else (b'finesse ' * (length // 8 + 1))[:length]
        if len(octets) != length:
            raise ValueError(f'the text has {len(octets)} octets')
        if ('.' in flags) != (ack is not None):
            raise ValueError('ack N goes with the flag .')
        return round(float(ms) * 1000), {
            'flags': sum(FLAGS[f] for f in flags), 'seq': int(seq) + (0 if absolute else PEER_ISN),
            'ack': None if ack is None else int(ack), 'win': int(win or 65535), 'mss': mss, 'octets': octets}


def ip_packet(family, proto, octets, hops=64):
    src, dst = ipaddress.ip_address(PEER[family]).packed, ipaddress.ip_address(US[family]).packed
    if family == 6:
        return struct.pack('>IHBB', 6 << 28, len(octets), proto, hops) + src + dst + octets
    head = struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(octets), 0, 0x4000, hops, proto, 0) + src + dst
    return head[:10] + struct.pack('>H', checksum(head)) + head[12:] + octets


def frame(family, packet):
    return OUR_MAC + PEER_MAC + struct.pack('>H', 0x0800 if family == 4 else 0x86dd) + packet


def tcp_frame(s, segment):
    src, dst = ipaddress.ip_address(PEER[s.family]).packed, ipaddress.ip_address(US[s.family]).packed
    options = struct.pack('>BBH', 2, 4, int(segment['mss'])) if segment['mss'] else b''
    ack = 0 if segment['ack'] is None else (segment['ack'] + our_isn(s)) & MASK
    head = struct.pack('>HHIIBBHHH', s.peers, s.ours, segment['seq'] & MASK, ack, (20 + len(options)) << 2,
                       segment['flags'], segment['win'], 0, 0) + options
    whole = head + segment['octets']
    total = checksum(pseudo(src, dst, 6, len(whole)) + whole)
    return frame(s.family, ip_packet(s.family, 6, whole[:16] + struct.pack('>H', total) + whole[18:]))


def asks_for_us(family):
    """ARP request or neighbour solicitation: as any peer begins, and so finessed need not ask for it."""
    src, dst = ipaddress.ip_address(PEER[family]).packed, ipaddress.ip_address(US[family]).packed
    if family == 4:
        arp = struct.pack('>HHBBH', 1, 0x0800, 6, 4, 1) + PEER_MAC + src + bytes(6) + dst
        return b'\xff' * 6 + PEER_MAC + b'\x08\x06' + arp + bytes(18)
    nd = struct.pack('>BBHI', 135, 0, 0, 0) + dst + b'\x01\x01' + PEER_MAC
    total = checksum(pseudo(src, dst, 58, len(nd)) + nd)
    return frame(6, ip_packet(6, 58, nd[:2] + struct.pack('>H', total) + nd[4:], 255))


def write_input(s, path):
    frames = [(us, tcp_frame(s, segment)) for us, segment in s.segments]
    if frames:
        frames.insert(0, (0, asks_for_us(s.family)))
    with open(path, 'wb') as f:
        f.write(struct.pack('<IHHIIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for us, octets in frames:
            at = EPOCH_US + us
            f.write(struct.pack('<IIII', at // 1000000, at % 1000000, len(octets), len(octets)) + octets)


def read_frames(path):
    with open(path, 'rb') as f:
        octets = f.read()
    if struct.unpack_from('<I', octets)[0] not in (0xa1b2c3d4, 0xa1b23c4d):
        sys.exit(f'{path}: not a capture')
    at = 24
    while at < len(octets):
        length = struct.unpack_from('<I', octets, at + 8)[0]
        yield octets[at + 16:at + 16 + length]
        at += 16 + length


def option_text(octets):
    names, at, said = {2: 'mss', 3: 'wscale', 8: 'ts'}, 0, []
    while at < len(octets) and octets[at] != 0:
        if octets[at] == 1:
            at += 1
            continue
        kind, value = octets[at], octets[at + 2:at + octets[at + 1]]
        said.append('sackOK' if kind == 4 else f'{names.get(kind, kind)} {int.from_bytes(value, "big")}' if kind != 5 else
                    'sack ' + '-'.join(str((e - PEER_ISN) & MASK) for (e,) in struct.iter_unpack('>I', value)))
        at += octets[at + 1]
    return f' <{",".join(said)}>' if said else ''


def tcp_text(s, src, dst, octets):
    ours, peers, seq, ack, offset, flags = struct.unpack_from('>HHIIBB', octets)
    text = octets[(offset >> 4) * 4:]
    first = (seq - our_isn(s)) & MASK
    said = '> ' + ''.join(name for name, bit in FLAGS.items() if flags & bit)
    said += f' {first}:{first + len(text)}'
    if flags & FLAGS['.']:
        said += f' ack {(ack - PEER_ISN) & MASK}'
    said += option_text(octets[20:(offset >> 4) * 4])
    if text:
        said += f' "{text.decode()}"' if len(text) <= 32 and text.isascii() and text.decode().isprintable() else ''
    if (ours, peers) != (s.ours, s.peers):
        said += f' ports {ours} {peers}'
    if checksum(pseudo(src, dst, 6, len(octets)) + octets) != 0:
        said += ' BAD CHECKSUM'
    return said


def frame_text(s, octets):
    kind = struct.unpack_from('>H', octets, 12)[0]
    if kind == 0x0806:
        return '> arp'
    if octets[:12] != PEER_MAC + OUR_MAC:
        return f'> from {octets[6:12].hex(":")} to {octets[:6].hex(":")}'
    if kind == 0x0800:
        length, proto = struct.unpack_from('>H', octets, 16)[0], octets[23]
        src, dst, rest, good = octets[26:30], octets[30:34], octets[34:14 + length], checksum(octets[14:34]) == 0
    else:
        length, proto = struct.unpack_from('>H', octets, 18)[0], octets[20]
        src, dst, rest, good = octets[22:38], octets[38:54], octets[54:54 + length], True
    if proto in (1, 58):
        return '> nd' if proto == 58 and rest[0] >= 133 else f'> icmp {rest[0]} {rest[1]}'
    addresses = ipaddress.ip_address(src) == ipaddress.ip_address(US[s.family])
    return tcp_text(s, src, dst, rest) + ('' if good and addresses else ' BAD HEADER')


def what_came(s, out, log):
    """The frames and the last words; what resolves neighbours only where nothing else is expected."""
    lines = [frame_text(s, octets) for octets in read_frames(out)]
    if s.segments:
        lines = [line for line in lines if line not in ('> arp', '> nd')]
    with open(log, encoding='utf-8') as f:
        lines += ['= ' + found for found in re.findall(r'^finessed: ((?:closes|lost_unacked) .*)', f.read(), re.M)]
    return lines


def main():
    if len(sys.argv) < 4 or sys.argv[2] not in ('4', '6'):
        sys.exit(__doc__)
    s, what, rest = Script(sys.argv[1], int(sys.argv[2])), sys.argv[3], sys.argv[4:]
    if what == 'conf':
        policy = [line[7:] for line in s.conf if line.startswith('policy ')]
        print(CONF.format(us4=US[4], us6=US[6]) + f'policy = {{ {POLICY} {" ".join(policy)} }};')
        print('\n'.join(line for line in s.conf if not line.startswith('policy ')))
    elif what == 'input':
        write_input(s, rest[0])
    else:
        came = what_came(s, *rest)
        if what == 'show':
            print('\n'.join(came))
            return
        differ = list(difflib.unified_diff(s.expected, came, 'the script', 'what finessed did', lineterm='', n=99))
        print('\n'.join(differ))
        sys.exit(1 if differ else 0)


main()
