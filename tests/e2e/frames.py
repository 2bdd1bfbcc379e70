#!/usr/bin/env python3
"""frames.py send IFACE ENDPOINT_MAC: throws one of each broken frame at the endpoint, and prints "FATE COUNT" lines:
how often each fate must have been given at the least (names as in lib/wire/drop.h)."""
import ipaddress
import socket
import struct
import sys
import time

OUR4, OUR6 = ipaddress.ip_address('198.51.100.1').packed, ipaddress.ip_address('2001:db8:1::1').packed
# Nobody has these addresses: an answer to them is never heard, and disturbs no one.
ME4, ME6 = ipaddress.ip_address('198.51.100.66').packed, ipaddress.ip_address('2001:db8:1::66').packed
ME_MAC = bytes.fromhex('020000000066')
TCP, ICMP, ICMP6 = 6, 1, 58
FIN, SYN, RST, ACK = 1, 2, 4, 16


def cksum(octets):
    if len(octets) % 2:
        octets += b'\0'
    s = sum(struct.unpack(f'!{len(octets) // 2}H', octets))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff


def pseudo(src, dst, protocol, length):
    if len(src) == 4:
        return src + dst + struct.pack('!BBH', 0, protocol, length)
    return src + dst + struct.pack('!IHBB', length, 0, 0, protocol)


def tcp(src, dst, *, sport=4000, dport=7, seq=1000, ack=0, flags=SYN, offset=None, options=b'', text=b'', bad=0):
    offset = 5 + len(options) // 4 if offset is None else offset
    h = struct.pack('!HHIIBBHHH', sport, dport, seq, ack, offset << 4, flags, 65535, 0, 0) + options + text
    s = cksum(pseudo(src, dst, TCP, len(h)) + h) ^ bad
    return h[:16] + struct.pack('!H', s) + h[18:]


def icmp(kind, code, body=b'\0' * 8, bad=0):
    h = struct.pack('!BBH', kind, code, 0) + body
    return h[:2] + struct.pack('!H', cksum(h) ^ bad) + h[4:]


def icmp6(src, dst, kind, code, body=b'\0' * 8, bad=0):
    h = struct.pack('!BBH', kind, code, 0) + body
    return h[:2] + struct.pack('!H', cksum(pseudo(src, dst, ICMP6, len(h)) + h) ^ bad) + h[4:]


def ip4(payload, *, src=ME4, dst=OUR4, protocol=TCP, version=4, ihl=None, total=None, frag=0x4000, ttl=64, options=b'',
        bad=0):
    ihl = 5 + len(options) // 4 if ihl is None else ihl
    total = 20 + len(options) + len(payload) if total is None else total
    h = struct.pack('!BBHHHBBH4s4s', version << 4 | ihl, 0, total, 1, frag, ttl, protocol, 0, src, dst) + options
    covered = h[:max(ihl * 4, 20)]
    return h[:10] + struct.pack('!H', cksum(covered) ^ bad) + h[12:] + payload


def ip6(payload, *, src=ME6, dst=OUR6, nxt=TCP, version=6, length=None, hops=64):
    return struct.pack('!IHBB16s16s', version << 28, len(payload) if length is None else length, nxt, hops, src, dst) + payload


def arp(op=1, sender_mac=ME_MAC, sender=ME4, target=OUR4, hardware=1, protocol=0x800, sizes=(6, 4)):
    return struct.pack('!HHBBH6s4s6s4s', hardware, protocol, *sizes, op, sender_mac, sender, bytes(6), target)


def packed(text):
    return ipaddress.ip_address(text).packed


def link_layer(mac):
    """Ethernet and ARP: (fate, frame)."""
    def eth(kind, payload, dst=mac, src=ME_MAC):
        return dst + src + struct.pack('!H', kind) + payload
    syn = ip4(tcp(ME4, OUR4))
    yield 'l2_vlan', eth(0x8100, b'\0\1\x08\0' + syn)
    yield 'l2_vlan', eth(0x88a8, b'\0\1\x08\0' + syn)
    yield 'l2_length', eth(46, bytes(46))
    for kind in (0x600, 0x86f, 0x8847, 0x88cc, 0xffff):
        yield 'l2_type', eth(kind, bytes(46))
    yield 'l2_not_ours', eth(0x800, syn, dst=bytes.fromhex('020000000077'))
    yield 'l2_not_ours', eth(0x800, syn, dst=b'\xff' * 6)
    yield 'l2_source', eth(0x800, syn, src=mac)
    yield 'l2_source', eth(0x800, syn, src=b'\x01\0\x5e\0\0\x01')
    yield 'arp_short', eth(0x806, arp()[:20])
    yield 'arp_format', eth(0x806, arp(hardware=6))
    yield 'arp_format', eth(0x806, arp(protocol=0x86dd))
    yield 'arp_format', eth(0x806, arp(sizes=(6, 16)))
    yield 'arp_op', eth(0x806, arp(op=3))
    yield 'arp_sender', eth(0x806, arp(sender_mac=b'\xff' * 6))
    yield 'arp_conflict', eth(0x806, arp(sender=OUR4))
    yield 'arp_not_ours', eth(0x806, arp(target=packed('198.51.100.99')))


def network_layer():
    """IPv4 and IPv6: (fate, type, packet)."""
    t4, t6 = tcp(ME4, OUR4), tcp(ME6, OUR6)
    yield 'ip4_short', 0x800, ip4(t4)[:19]
    for version in (0, 3, 5, 6, 15):
        yield 'ip4_version', 0x800, ip4(t4, version=version)
    for ihl in (0, 1, 4, 15):
        yield 'ip4_ihl', 0x800, ip4(b'', ihl=ihl)
    for total in (0, 19, 41, 65535):
        yield 'ip4_length', 0x800, ip4(t4, total=total)
    for bit in (1, 0x8000, 0xffff):
        yield 'ip4_cksum', 0x800, ip4(t4, bad=bit)
    for frag in (0x2000, 0x0001, 0x2001, 0x1fff):
        yield 'ip4_fragment', 0x800, ip4(t4, frag=frag)
    for option in (b'\x07\x00\x04\x00', b'\x07\x01\x04\x00', b'\x44\xff\x05\x00', b'\x01\x01\x01\x44'):
        yield 'ip4_option', 0x800, ip4(t4, options=option)
    for option in (b'\x83\x03\x04\x00', b'\x89\x03\x04\x00'):
        yield 'ip4_source_route', 0x800, ip4(t4, options=option)
    for src in ('0.0.0.1', '127.0.0.1', '224.0.0.1', '240.0.0.1', '255.255.255.255', '198.51.100.1', '198.51.100.255'):
        yield 'ip4_source', 0x800, ip4(tcp(packed(src), OUR4), src=packed(src))
    yield 'ip4_not_ours', 0x800, ip4(t4, dst=packed('203.0.113.5'))
    for dst in ('198.51.100.255', '224.0.0.1', '255.255.255.255'):
        yield 'ip4_broadcast', 0x800, ip4(t4, dst=packed(dst))
    for protocol in (0, 2, 4, 17, 41, 47, 50, 51, 255):
        yield 'ip4_protocol', 0x800, ip4(t4, protocol=protocol)
    yield 'ip4_ttl', 0x800, ip4(t4, ttl=0)
    yield 'ip6_short', 0x86dd, ip6(t6)[:39]
    for version in (0, 4, 7):
        yield 'ip6_version', 0x86dd, ip6(t6, version=version)
    for length in (0, 21, 65535):
        yield 'ip6_length', 0x86dd, ip6(t6, length=length)
    for chain in (b'\x06\xff' + bytes(6), b'\x06\x01' + bytes(6)):
        yield 'ip6_extension', 0x86dd, ip6(chain, nxt=0)
    yield 'ip6_extension', 0x86dd, ip6(b'\x00\x00\x01\x04' + bytes(4) + b'\x06\x00\x01\x04' + bytes(4) + t6, nxt=60)
    yield 'ip6_option', 0x86dd, ip6(b'\x06\x00\xc0\x04' + bytes(4) + t6, nxt=60)
    yield 'ip6_routing', 0x86dd, ip6(b'\x06\x02\x00\x01' + bytes(20) + t6, nxt=43)
    yield 'ip6_fragment', 0x86dd, ip6(b'\x06\x00\x00\x01' + bytes(4) + t6, nxt=44)
    yield 'ip6_no_next', 0x86dd, ip6(bytes(8), nxt=59)
    for src in ('ff02::1', '::', '::1', '::ffff:198.51.100.2', '2001:db8:1::1'):
        yield 'ip6_source', 0x86dd, ip6(tcp(packed(src), OUR6), src=packed(src))
    yield 'ip6_not_ours', 0x86dd, ip6(t6, dst=packed('2001:db8:1::99'))
    yield 'ip6_multicast', 0x86dd, ip6(t6, dst=packed('ff02::1'))
    for protocol in (1, 4, 17, 41, 47, 50, 51, 255):
        yield 'ip6_protocol', 0x86dd, ip6(t6, nxt=protocol)


def quote(**how):
    return bytes(4) + ip4(tcp(OUR4, ME4, sport=7, dport=4000)[:8], src=OUR4, dst=ME4, total=40, **how)


def messages():
    """ICMP and ICMPv6: (fate, type, packet)."""
    def m4(*arg, **how):
        return 0x800, ip4(icmp(*arg, **how), protocol=ICMP)

    def m6(*arg, hops=64, **how):
        return 0x86dd, ip6(icmp6(ME6, OUR6, *arg, **how), nxt=ICMP6, hops=hops)
    yield 'icmp_short', *m4(8, 0, b'')
    yield 'icmp_cksum', *m4(8, 0, bad=1)
    for kind in (0, 4, 5, 13, 17, 40, 255):
        yield 'icmp_type', *m4(kind, 0)
    for kind, code in ((8, 1), (3, 16), (11, 2), (12, 3)):
        yield 'icmp_code', *m4(kind, code)
    for body in (b'\0' * 4, quote()[:27], quote(version=5), quote(protocol=17), quote(ihl=4), quote(frag=1)):
        yield 'icmp_quote', *m4(3, 1, body)
    yield 'icmp_no_conn', *m4(3, 1, quote())
    yield 'icmp_short', *m6(128, 0, b'')
    yield 'icmp_cksum', *m6(128, 0, bad=1)
    yield 'icmp_type', *m6(137, 0)
    yield 'icmp_code', *m6(1, 7)
    yield 'icmp_quote', *m6(1, 0, bytes(4))
    yield 'nd_hop_limit', *m6(135, 0, bytes(4) + OUR6, hops=64)
    yield 'nd_option', *m6(135, 0, bytes(4) + OUR6 + b'\x01\x00' + bytes(6), hops=255)
    yield 'nd_target', *m6(135, 0, bytes(4) + packed('ff02::1'), hops=255)


def segments():
    """TCP headers: (fate, type, packet), over IPv4 and over IPv6."""
    for src, dst, wrap, kind in ((ME4, OUR4, ip4, 0x800), (ME6, OUR6, ip6, 0x86dd)):
        def seg(**how):
            return kind, wrap(tcp(src, dst, **how))
        yield 'tcp_short', kind, wrap(tcp(src, dst)[:19])
        for offset in (0, 4, 6, 15):
            yield 'tcp_offset', *seg(offset=offset)
        for bad in (1, 0x8000, 0xffff):
            yield 'tcp_cksum', *seg(bad=bad)
        yield 'tcp_port_zero', *seg(sport=0)
        yield 'tcp_port_zero', *seg(dport=0)
        for option in (b'\x02\x00\x01\x01', b'\x02\x01\x01\x01', b'\x08\xff\x01\x01', b'\x01\x01\x01\x05'):
            yield 'tcp_option', *seg(options=option)
        yield 'closed_rst', *seg(dport=4444, flags=RST)
        yield 'listen_rst', *seg(flags=RST)
        yield 'listen_no_syn', *seg(flags=0)
        yield 'listen_no_syn', *seg(flags=FIN)


def send(iface, mac_text):
    mac = bytes.fromhex(mac_text.replace(':', ''))
    out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    out.bind((iface, 0))
    wanted = {}
    frames = list(link_layer(mac))
    frames += [(fate, mac + ME_MAC + struct.pack('!H', kind) + packet)
               for table in (network_layer, messages, segments) for fate, kind, packet in table()]
    for fate, frame in frames:
        out.send(frame)
        wanted[fate] = wanted.get(fate, 0) + 1
        time.sleep(0.0005)
    for fate, count in sorted(wanted.items()):
        print(fate, count)


def main():
    if len(sys.argv) != 4 or sys.argv[1] != 'send':
        sys.exit(__doc__)
    send(*sys.argv[2:])


main()
