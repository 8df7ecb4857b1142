// A file system for SQLite in which the process dies at a chosen point. It passes everything on to the usual
// one and counts what changes a file or the shared index of the write-ahead log.
#pragma once

namespace otk::test {

enum class Crash {
    killed,    // before the operation: what was written stays, as when a process is killed
    torn,      // in the middle of it: a write is cut in half
    power_cut, // what was not synced yet is lost as well
    reordered, // of what was not synced every second write is lost
};

// From now on this process dies by SIGKILL at operation number `at` (1 is the first). For a child of a test
// only: there is no way back. Writes that a file closes without a sync count as synced.
void crash_at(long at, Crash how);

} // namespace otk::test
