#include "request/signed_knock.h"
