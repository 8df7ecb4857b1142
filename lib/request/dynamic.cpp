#include "request/dynamic.h"
