#include "seg.h"
