#include "neigh.h"
