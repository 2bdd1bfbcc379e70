#include "icmp.h"
