#include "cksum.h"
