#include "base/fd.h"

#include <unistd.h>

namespace otk {

void Fd::close() {
    if (fd_ >= 0) (void)::close(std::exchange(fd_, -1)); // nothing useful can be done about a failure
}

} // namespace otk
