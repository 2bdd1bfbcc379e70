#include "ip4.h"
