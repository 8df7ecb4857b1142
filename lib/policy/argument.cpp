#include "policy/argument.h"
