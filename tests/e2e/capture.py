"""What went over the tap between finesse and the host kernel, segment by segment, held against a script.

A script has one segment a line, as in the rows of the specification: '>' is sent by finesse, '<' by the host kernel.

    < F. 1:1 ack 1              direction, flags (S F R P, '.' for ACK), sequence numbers from:to, acknowledgement
    ?< . 6:6 ack 6              may be there or not
    *> . 1:1 ack 1              any number of times

Sequence numbers are relative to the SYN of who sends; the flow begins with it.  Whatever the script does not have is a
failure, also in the QUIET seconds after its last segment."""
import ipaddress
import re
import socket
import struct
import threading
import time

FINESSE = {ipaddress.ip_address(a).packed for a in ('198.51.100.1', '2001:db8:1::1')}
FLAGS = ((2, 'S'), (1, 'F'), (4, 'R'), (8, 'P'), (16, '.'))
QUIET = 0.25
HANDSHAKE = '< S 0:0\n> S. 0:0 ack 1\n< . 1:1 ack 1\n'
LINE = re.compile(r'^([?*]?)([<>]) (\S+) (-?\d+):(-?\d+)(?: ack (-?\d+))?$')


class Segment:
    """One TCP segment; seq and ack as on the wire."""

    def __init__(self, at, ethernet, src, dst, tcp):
        self.at, self.ethernet, self.src, self.dst = at, ethernet, src, dst
        self.sport, self.dport, self.seq, self.ack, offset, self.flags, self.window = struct.unpack('!HHIIBBH', tcp[:16])
        self.length = len(tcp) - (offset >> 4) * 4
        self.by = '>' if src in FINESSE else '<'
        self.timestamps = find_timestamps(tcp[20:(offset >> 4) * 4])


def find_timestamps(options):
    """(TSval, TSecr), or None."""
    while options and options[0] != 0:
        if options[0] == 1:
            options = options[1:]
            continue
        if len(options) < 2 or options[1] < 2:
            return None
        if options[0] == 8:
            return struct.unpack('!II', options[2:10])
        options = options[options[1]:]
    return None


def parse(at, frame):
    """The frame's TCP segment, or None."""
    ethernet, kind, ip = frame[:14], frame[12:14], frame[14:]
    if kind == b'\x08\x00' and ip[9] == 6:
        ihl, total = (ip[0] & 15) * 4, struct.unpack('!H', ip[2:4])[0]
        return Segment(at, ethernet, ip[12:16], ip[16:20], ip[ihl:total])
    if kind == b'\x86\xdd' and ip[6] == 6:
        return Segment(at, ethernet, ip[8:24], ip[24:40], ip[40:40 + struct.unpack('!H', ip[4:6])[0]])
    return None


class Capture:
    """Everything on an interface from now on; flow() takes one connection out of it."""

    def __init__(self, interface):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.bind((interface, 3))
        self.sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)  # what it sends, the other one sees
        self.sender.bind((interface, 0))
        self.segments = []
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        """As they come, by the clock that nobody sets: the kernel's own stamps are of the one that is."""
        while True:
            try:
                frame = self.socket.recv(65600)
            except OSError:  # the tap is gone, with finesse
                return
            segment = parse(time.monotonic(), frame)
            if segment:
                self.segments.append(segment)


def relative(number, base):
    return ((number - base + (1 << 31)) & 0xffffffff) - (1 << 31)


class Flow:
    """The segments between finesse and one port of the kernel; from the `skip`-th on."""

    def __init__(self, capture, port, skip=0):
        self.capture, self.port, self.skip = capture, port, skip

    def segments(self):
        return [s for s in self.capture.segments if self.port in (s.sport, s.dport)][self.skip:]

    def lines(self):
        """(time, text) of each segment."""
        base, out = {}, []
        for s in self.segments():
            other = '<' if s.by == '>' else '>'
            if s.flags & 2:
                base.setdefault(s.by, s.seq)
            seq = relative(s.seq, base.get(s.by, 0))
            flags = ''.join(letter for bit, letter in FLAGS if s.flags & bit) or '-'
            text = f'{s.by} {flags} {seq}:{seq + s.length}'
            if s.flags & 16:
                text += f' ack {relative(s.ack, base.get(other, 0))}'
            out.append((s.at, text))
        return out

    def until(self, text):
        """Waits until this is the last segment."""
        deadline = time.monotonic() + 30
        while not (lines := self.lines()) or lines[-1][1] != text:
            if time.monotonic() > deadline:
                raise SystemExit(f'{shown(lines)}not yet: {text}')
            time.sleep(0.002)

    def last(self, by):
        """The last segment that finesse ('>') or the kernel ('<') sent."""
        return [s for s in self.segments() if s.by == by][-1]


def read_script(script):
    rows = []
    for line in script.strip().splitlines():
        line = line.split('#')[0].strip()
        m = LINE.match(line)
        if not m:
            raise ValueError(f'not a line of a script: {line!r}')
        mark, by, flags, seq, end, ack = m.groups()
        text = f'{by} {flags} {seq}:{end}' + (f' ack {ack}' if ack else '')
        rows.append((mark, text))
    return rows


def matches(rows, lines):
    """True if the segments are those of the script: all of them, in order."""
    if not rows:
        return not lines
    mark, text = rows[0]
    if mark and matches(rows[1:], lines):
        return True
    if not lines or lines[0][1] != text:
        return False
    return matches(rows if mark == '*' else rows[1:], lines[1:])


def shown(lines):
    begun = lines[0][0] if lines else 0
    return ''.join(f'  {(at - begun) * 1000:9.3f} ms  {text}\n' for at, text in lines)


def expect(flow, *scripts, patience=30, quiet=QUIET):
    """One of the scripts, within `patience` seconds, and nothing after it.  Returns the number of that script."""
    wanted = [read_script(s) for s in scripts]
    deadline = time.monotonic() + patience
    while not any(matches(w, flow.lines()) for w in wanted) and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(quiet)
    lines = flow.lines()
    print(f'port {flow.port}:\n{shown(lines)}', end='', flush=True)
    for i, w in enumerate(wanted):
        if matches(w, lines):
            return i
    raise SystemExit('the segments are not those of the script:\n' + '\nor:\n'.join(s.strip() for s in scripts))


def cksum(octets):
    octets += b'\0' * (len(octets) % 2)
    s = sum(struct.unpack(f'!{len(octets) // 2}H', octets))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff


def forge(capture, like, seq, flags, ack=0, stamp=0):
    """Sends finesse a frame as if it came from the kernel's end of the flow: like the segment `like` of that end, with
    these numbers, and with its timestamps, `stamp` later; None: without."""
    options = b''
    if like.timestamps and stamp is not None:
        options = struct.pack('!BBBBII', 1, 1, 8, 10, like.timestamps[0] + stamp & 0xffffffff, like.timestamps[1])
    tcp = struct.pack('!HHIIBBHHH', like.sport, like.dport, seq & 0xffffffff, ack & 0xffffffff,
                      20 + len(options) << 2, flags, 65535, 0, 0) + options
    if len(like.src) == 4:
        pseudo = like.src + like.dst + struct.pack('!BBH', 0, 6, len(tcp))
        ip = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(tcp), 1, 0x4000, 64, 6, 0) + like.src + like.dst
        ip = ip[:10] + struct.pack('!H', cksum(ip)) + ip[12:]
    else:
        pseudo = like.src + like.dst + struct.pack('!IHBB', len(tcp), 0, 0, 6)
        ip = struct.pack('!IHBB', 6 << 28, len(tcp), 6, 64) + like.src + like.dst
    tcp = tcp[:16] + struct.pack('!H', cksum(pseudo + tcp)) + tcp[18:]
    capture.sender.send(like.ethernet + ip + tcp)
