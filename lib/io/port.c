/* A port of ethdev: set-up, offloads, MTU, MAC (port.h). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_random.h>

#include "port.h"

#define FRAME_SLACK (RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN)

static int
complain(char *why, size_t room, const char *device, const char *what, int error)
{
	snprintf(why, room, "%s: %s: %s", device, what, rte_strerror(-error));
	return error;
}

/* Every endpoint address needs a MAC that nobody else on the link bears.
 * - As configured, if it is.
 * - net_tap: the kernel's end of the tap bears the port's own; both ends would form the same IPv6 link-local address
 *   from it and the kernel's duplicate address detection would take its own away.  So ours differs in the last octet.
 * - all zero (net_ring): a random one, locally administered. */
static void
choose_mac(struct port *p, const struct port_wish *wish)
{
	struct rte_ether_addr own;

	if (wish->mac_given) {
		memcpy(p->mac, wish->mac, sizeof(p->mac));
		return;
	}
	if (rte_eth_macaddr_get(p->id, &own) != 0 || rte_is_zero_ether_addr(&own))
		rte_eth_random_addr(own.addr_bytes);
	else if (strcmp(p->driver, "net_tap") == 0) {
		own.addr_bytes[0] = (own.addr_bytes[0] | RTE_ETHER_LOCAL_ADMIN_ADDR) & ~RTE_ETHER_GROUP_ADDR;
		own.addr_bytes[5] ^= 1;
	}
	memcpy(p->mac, own.addr_bytes, sizeof(p->mac));
}

/* Many PMDs of virtual devices have an MTU of their own and no call to set it: what they deliver still fits, since
 * longer frames are dropped on reception and we send none.  But a refused value is an error. */
static int
tell_mtu(struct port *p, const struct rte_eth_dev_info *dev, char *why, size_t room)
{
	int error = rte_eth_dev_set_mtu(p->id, p->mtu);

	p->mtu_told = error == 0;
	if (error == 0 || error == -ENOTSUP || error == -ENODEV)
		return 0;
	snprintf(why, room, "%s: mtu %u is refused: %s (the device takes %u to %u)", p->device, p->mtu,
	         rte_strerror(-error), dev->min_mtu, dev->max_mtu);
	return error;
}

#define SPREAD_TYPES (RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV6_TCP)
#define KEY_LEAST    40 /* octets; what is left unsaid is this */
#define KEY_MOST     64

/* Receive-side scaling by the symmetric key.  A device without a table of buckets has none that can be used. */
static void
wish_spread(struct port *p, const struct port_wish *wish, const struct rte_eth_dev_info *dev,
            struct rte_eth_conf *conf)
{
	static uint8_t key[FNS_PORTS_MAX][KEY_MOST]; /* read while the port is configured */
	uint8_t *own = key[p->id % FNS_PORTS_MAX];
	uint8_t len = dev->hash_key_size == 0 ? KEY_LEAST : dev->hash_key_size;

	if (!wish->spread || p->queues < 2 || dev->reta_size == 0 || len > KEY_MOST ||
	    (dev->flow_type_rss_offloads & SPREAD_TYPES) == 0)
		return;
	for (unsigned i = 0; i < len; i++)
		own[i] = (uint8_t)(i % 2 == 0 ? wish->spread_key >> 8 : wish->spread_key);
	conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	conf->rx_adv_conf.rss_conf.rss_key = own;
	conf->rx_adv_conf.rss_conf.rss_key_len = len;
	conf->rx_adv_conf.rss_conf.rss_hf = dev->flow_type_rss_offloads & SPREAD_TYPES;
	if (dev->rx_offload_capa & RTE_ETH_RX_OFFLOAD_RSS_HASH)
		conf->rxmode.offloads |= RTE_ETH_RX_OFFLOAD_RSS_HASH;
	p->buckets = dev->reta_size;
}

static int
configure(struct port *p, const struct port_wish *wish, const struct rte_eth_dev_info *dev, char *why,
          size_t room)
{
	struct rte_eth_conf conf = {0};
	int error;

	p->rx_ip_cksum = dev->rx_offload_capa & RTE_ETH_RX_OFFLOAD_IPV4_CKSUM;
	p->rx_tcp_cksum = dev->rx_offload_capa & RTE_ETH_RX_OFFLOAD_TCP_CKSUM;
	p->tx_tcp_cksum = dev->tx_offload_capa & RTE_ETH_TX_OFFLOAD_TCP_CKSUM;
	conf.rxmode.offloads =
		dev->rx_offload_capa & (RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM);
	conf.txmode.offloads = dev->tx_offload_capa & RTE_ETH_TX_OFFLOAD_TCP_CKSUM;
	wish_spread(p, wish, dev, &conf);
	conf.intr_conf.rxq = p->rx_interrupts;
	error = rte_eth_dev_configure(p->id, p->queues, p->queues, &conf);
	if (error != 0)
		return complain(why, room, p->device, "configuring it", error);
	p->rx_descriptors = p->tx_descriptors = wish->descriptors;
	error = rte_eth_dev_adjust_nb_rx_tx_desc(p->id, &p->rx_descriptors, &p->tx_descriptors);
	if (error != 0)
		return complain(why, room, p->device, "descriptors", error);
	return tell_mtu(p, dev, why, room);
}

int
port_open(struct port *p, const struct port_wish *wish, char *why, size_t room)
{
	struct rte_eth_dev_info dev;
	int error;

	memset(p, 0, sizeof(*p));
	snprintf(p->device, sizeof(p->device), "%s", wish->device);
	p->queues = wish->queues;
	p->mtu = wish->mtu;
	if (rte_eth_dev_get_port_by_name(wish->device, &p->id) != 0) {
		snprintf(
			why, room,
			"%s: no such device among the %u of EAL: its --vdev is not in dpdk.args, or was refused "
			"(--log-level=pmd:8 there tells why)",
			wish->device, rte_eth_dev_count_avail());
		return -ENODEV;
	}
	error = rte_eth_dev_info_get(p->id, &dev);
	if (error != 0)
		return complain(why, room, p->device, "asking what it can", error);
	p->driver = dev.driver_name;
	p->keeps_mbufs =
		strcmp(p->driver, "net_af_xdp") == 0; /* those in its fill queue: 22.11 forgets them */
	p->virtual = dev.device != NULL && strcmp(rte_bus_name(rte_dev_bus(dev.device)), "vdev") == 0;
	p->queues = RTE_MIN(p->queues, RTE_MIN(dev.max_rx_queues, dev.max_tx_queues));
	/* of the virtual ones net_tap has them; a card that cannot after all is known when it is started */
	p->rx_interrupts = wish->rx_interrupts && (!p->virtual || strcmp(p->driver, "net_tap") == 0);
	error = configure(p, wish, &dev, why, room);
	if (error == 0)
		choose_mac(p, wish);
	return error;
}

uint16_t
port_frame_max(const struct port *p)
{
	return (uint16_t)(p->mtu + FRAME_SLACK);
}

static bool
told_mac(const struct port *p)
{
	struct rte_ether_addr own, ours;

	memcpy(ours.addr_bytes, p->mac, sizeof(p->mac));
	if (rte_eth_macaddr_get(p->id, &own) == 0 && rte_is_same_ether_addr(&own, &ours))
		return true;
	return rte_eth_dev_default_mac_addr_set(p->id, &ours) == 0;
}

/* Frames to our MAC must reach us, and so must IPv6 neighbour discovery, which is multicast.  A virtual device is made
 * promiscuous: to tell it a MAC would change that of the kernel's interface behind it.  A real one filters, unless it
 * cannot be told what we need. */
static void
open_ears(struct port *p)
{
	if (!p->virtual && told_mac(p) && rte_eth_allmulticast_enable(p->id) == 0)
		return;
	p->promiscuous = rte_eth_promiscuous_enable(p->id) == 0;
}

int
port_start(struct port *p, struct rte_mempool *pool, char *why, size_t room)
{
	unsigned int numa = (unsigned int)rte_eth_dev_socket_id(p->id);
	int error;

	for (uint16_t q = 0; q < p->queues; q++) {
		error = rte_eth_rx_queue_setup(p->id, q, p->rx_descriptors, numa, NULL, pool);
		if (error == 0)
			error = rte_eth_tx_queue_setup(p->id, q, p->tx_descriptors, numa, NULL);
		if (error != 0)
			return complain(why, room, p->device, "setting up its queues", error);
	}
	error = rte_eth_dev_start(p->id);
	if (error != 0)
		return complain(why, room, p->device, "starting it", error);
	p->started = true;
	open_ears(p);
	return 0;
}

bool
port_spread(struct port *p, const struct fns_steer *steer)
{
	struct rte_eth_rss_reta_entry64 table[RTE_ETH_RSS_RETA_SIZE_512 / RTE_ETH_RETA_GROUP_SIZE];

	if (p->buckets < steer->buckets || p->buckets > RTE_ETH_RSS_RETA_SIZE_512)
		return false;
	memset(table, 0, sizeof(table));
	for (unsigned i = 0; i < p->buckets; i++) {
		struct rte_eth_rss_reta_entry64 *group = &table[i / RTE_ETH_RETA_GROUP_SIZE];

		group->mask |= UINT64_C(1) << i % RTE_ETH_RETA_GROUP_SIZE;
		group->reta[i % RTE_ETH_RETA_GROUP_SIZE] =
			(uint16_t)(i % steer->buckets % steer->shards % p->queues);
	}
	p->spreads = rte_eth_dev_rss_reta_update(p->id, table, p->buckets) == 0;
	return p->spreads;
}

void
port_close(struct port *p)
{
	if (p->driver == NULL)
		return;
	if (p->started)
		rte_eth_dev_stop(p->id);
	rte_eth_dev_close(p->id);
	memset(p, 0, sizeof(*p));
}
