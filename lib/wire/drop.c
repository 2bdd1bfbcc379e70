#include "drop.h"
