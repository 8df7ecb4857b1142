#include "tests/store/crash_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <vector>

namespace otk::test {

namespace {

// A write that no sync has followed yet: what stood there before.
struct Unsynced {
    sqlite3_int64 offset = 0;
    std::size_t size = 0;
    sqlite3_int64 old_size = 0;
    std::vector<char> old_bytes; // as far as the file went
};

// A file of ours; the real one's structure follows it in memory.
struct CrashFile {
    sqlite3_file base;
    std::vector<Unsynced>* unsynced;
};

sqlite3_vfs* real_vfs = nullptr;
sqlite3_vfs crash_vfs;
sqlite3_io_methods methods;
std::vector<CrashFile*> open_files;
long operations_left = 0;
Crash crash = Crash::killed;

CrashFile* ours(sqlite3_file* file) { return reinterpret_cast<CrashFile*>(file); }
sqlite3_file* real(sqlite3_file* file) { return reinterpret_cast<sqlite3_file*>(ours(file) + 1); }

// Puts back what was there before the writes that were not synced, newest first.
void lose_unsynced(bool every_second_only) {
    std::size_t which = 0;
    for (CrashFile* file : open_files) {
        sqlite3_file* const below = real(&file->base);
        for (auto write = file->unsynced->rbegin(); write != file->unsynced->rend(); ++write) {
            if (every_second_only && which++ % 2 == 1) continue;
            // Where the file was longer by then it stays so, with zeros in place of what is lost.
            std::vector<char> old = write->old_bytes;
            old.resize(write->size);
            below->pMethods->xWrite(below, old.data(), static_cast<int>(old.size()), write->offset);
            if (!every_second_only) below->pMethods->xTruncate(below, write->old_size);
        }
    }
}

// Counts an operation, and dies if it is the chosen one. `tear` does half of it.
template <typename Tear>
void point(Tear tear) {
    if (--operations_left != 0) return;
    if (crash == Crash::torn) tear();
    if (crash == Crash::power_cut) lose_unsynced(false);
    if (crash == Crash::reordered) lose_unsynced(true);
    (void)std::raise(SIGKILL);
}
void point() {
    point([] {});
}

int close(sqlite3_file* file) {
    std::erase(open_files, ours(file));
    delete ours(file)->unsynced;
    return real(file)->pMethods->xClose(real(file));
}

int read(sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
    return real(file)->pMethods->xRead(real(file), to, size, offset);
}

int write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
    sqlite3_file* const below = real(file);
    point([&] { below->pMethods->xWrite(below, from, size / 2, offset); });
    Unsynced before{.offset = offset, .size = static_cast<std::size_t>(size)};
    below->pMethods->xFileSize(below, &before.old_size);
    const sqlite3_int64 had = std::clamp<sqlite3_int64>(before.old_size - offset, 0, size);
    before.old_bytes.resize(static_cast<std::size_t>(had));
    if (had > 0) below->pMethods->xRead(below, before.old_bytes.data(), static_cast<int>(had), offset);
    ours(file)->unsynced->push_back(std::move(before));
    return below->pMethods->xWrite(below, from, size, offset);
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
    point();
    return real(file)->pMethods->xTruncate(real(file), size);
}

int sync(sqlite3_file* file, int flags) {
    point();
    const int result = real(file)->pMethods->xSync(real(file), flags);
    ours(file)->unsynced->clear();
    return result;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
    return real(file)->pMethods->xFileSize(real(file), size);
}
int lock(sqlite3_file* file, int level) { return real(file)->pMethods->xLock(real(file), level); }
int unlock(sqlite3_file* file, int level) { return real(file)->pMethods->xUnlock(real(file), level); }
int check_lock(sqlite3_file* file, int* result) {
    return real(file)->pMethods->xCheckReservedLock(real(file), result);
}
int control(sqlite3_file* file, int operation, void* argument) {
    return real(file)->pMethods->xFileControl(real(file), operation, argument);
}
int sector_size(sqlite3_file* file) { return real(file)->pMethods->xSectorSize(real(file)); }

int characteristics(sqlite3_file* file) {
    // Nothing is promised about the disk: no write counts as atomic, no order as kept.
    constexpr int promises =
        SQLITE_IOCAP_POWERSAFE_OVERWRITE | SQLITE_IOCAP_SAFE_APPEND | SQLITE_IOCAP_SEQUENTIAL;
    return real(file)->pMethods->xDeviceCharacteristics(real(file)) & ~promises;
}

// The shared index is memory, which nobody can watch being written; its locks and barriers come before and
// between.
int shm_map(sqlite3_file* file, int region, int size, int extend, void volatile** at) {
    if (extend != 0) point();
    return real(file)->pMethods->xShmMap(real(file), region, size, extend, at);
}
int shm_lock(sqlite3_file* file, int offset, int count, int flags) {
    if ((flags & SQLITE_SHM_EXCLUSIVE) != 0) point();
    return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}
void shm_barrier(sqlite3_file* file) {
    point();
    real(file)->pMethods->xShmBarrier(real(file));
}
int shm_unmap(sqlite3_file* file, int remove) {
    point();
    return real(file)->pMethods->xShmUnmap(real(file), remove);
}

int open(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* flags_out) {
    if ((flags & SQLITE_OPEN_CREATE) != 0) point();
    file->pMethods = nullptr;
    const int result = real_vfs->xOpen(real_vfs, name, real(file), flags, flags_out);
    if (real(file)->pMethods == nullptr) return result;
    file->pMethods = &methods;
    ours(file)->unsynced = new std::vector<Unsynced>;
    open_files.push_back(ours(file));
    return result;
}

int remove(sqlite3_vfs*, const char* name, int sync_folder) {
    point();
    return real_vfs->xDelete(real_vfs, name, sync_folder);
}

} // namespace

void crash_at(long at, Crash how) {
    operations_left = at;
    crash = how;
    real_vfs = sqlite3_vfs_find(nullptr);
    methods = {.iVersion = 2,
               .xClose = close,
               .xRead = read,
               .xWrite = write,
               .xTruncate = truncate,
               .xSync = sync,
               .xFileSize = file_size,
               .xLock = lock,
               .xUnlock = unlock,
               .xCheckReservedLock = check_lock,
               .xFileControl = control,
               .xSectorSize = sector_size,
               .xDeviceCharacteristics = characteristics,
               .xShmMap = shm_map,
               .xShmLock = shm_lock,
               .xShmBarrier = shm_barrier,
               .xShmUnmap = shm_unmap};
    crash_vfs = *real_vfs; // everything but the following as the usual one does it
    crash_vfs.zName = "crash";
    crash_vfs.pNext = nullptr;
    crash_vfs.szOsFile = static_cast<int>(sizeof(CrashFile)) + real_vfs->szOsFile;
    crash_vfs.xOpen = open;
    crash_vfs.xDelete = remove;
    sqlite3_vfs_register(&crash_vfs, 1);
}

} // namespace otk::test
