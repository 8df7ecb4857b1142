#include "request/signing_key.h"
