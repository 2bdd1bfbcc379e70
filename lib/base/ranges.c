#include "ranges.h"
