#include "request/asking.h"
