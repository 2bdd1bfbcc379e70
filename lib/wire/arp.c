#include "arp.h"
