// Chains that meet: a knock of one would be found to be another's, too (DESIGN 3).
#pragma once

#include "otp/token.h"
#include "store/policy_store.h"

namespace otk::knockmgr {

// Throws Error where the chain of a token meets one that was ever enrolled here, be it anybody's now or not:
// where its image is a knock of that one, spent or not, or where that one's image is a knock of this.
//
// The first costs as many hashes as the longest of those chains is long. The second costs this chain's length
// for each of them; where that is more than some seconds, the newest are looked at, and a warning says how
// many are not.
void check_meets_none(const PolicyStore& store, const Enrolment& enrolment);

} // namespace otk::knockmgr
