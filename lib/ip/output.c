#include "ip.h"
