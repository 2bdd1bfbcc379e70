#include "wheel.h"
