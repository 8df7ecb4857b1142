// The chain of hashes over the rows of the ledger (docs/FORMAT.md).

#include "base/promise.h"
#include "store/ledger.h"

#include <openssl/evp.h>

#include <memory>
#include <vector>

namespace otk {

namespace {

class Fields {
  public:
    // `room` is used again and again, so that it need not grow for each row anew.
    Fields(std::vector<std::uint8_t>& room, const RowHash& previous) : bytes_(room) {
        bytes_.assign(previous.begin(), previous.end());
    }

    void add(Bytes field) {
        const std::size_t size = field.size();
        for (int shift = 24; shift >= 0; shift -= 8)
            bytes_.push_back(static_cast<std::uint8_t>(size >> shift));
        bytes_.insert(bytes_.end(), field.begin(), field.end());
    }
    void add(std::string_view text) { add(as_bytes(text)); }
    // Every integer alike, whatever its type here: 8 bytes, big-endian, two's complement.
    void add(std::int64_t number) {
        std::array<std::uint8_t, 8> field{};
        for (std::size_t i = 0; i < field.size(); ++i) {
            field[i] =
                static_cast<std::uint8_t>(static_cast<std::uint64_t>(number) >> (8 * (field.size() - 1 - i)));
        }
        add(Bytes(field));
    }
    template <typename Enum>
    requires std::is_enum_v<Enum>
    void add(Enum number) { add(static_cast<std::int64_t>(number)); }

    [[nodiscard]] Bytes all() const { return bytes_; }

  private:
    std::vector<std::uint8_t>& bytes_;
};

// Fetched once: a confined process could not load it later.
const EVP_MD* sha256() {
    static const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> digest(
        EVP_MD_fetch(nullptr, "SHA256", nullptr), EVP_MD_free);
    promise(digest != nullptr, "libcrypto has SHA-256");
    return digest.get();
}

// What a row's hash takes and what it leaves for the next one.
struct Hashing {
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
    std::vector<std::uint8_t> room;

    [[nodiscard]] RowHash digest(Bytes all) const {
        RowHash hash{};
        const bool done = context != nullptr && EVP_DigestInit_ex(context.get(), sha256(), nullptr) == 1 &&
                          EVP_DigestUpdate(context.get(), all.data(), all.size()) == 1 &&
                          EVP_DigestFinal_ex(context.get(), hash.data(), nullptr) == 1;
        promise(done, "SHA-256 of a row of the ledger");
        return hash;
    }
};

} // namespace

RowHash hash_of(const RowHash& previous, const Row& row) {
    thread_local Hashing hashing;
    Fields fields(hashing.room, previous);
    fields.add(row.number);
    fields.add(to_nanoseconds(row.at));
    fields.add(row.kind);
    fields.add(row.of);
    fields.add(row.grant);
    fields.add(row.chain == ChainId{} ? Bytes{} : Bytes(row.chain));
    fields.add(row.user);
    fields.add(row.command);
    fields.add(std::int64_t{row.count});
    fields.add(std::int64_t{row.jumped});
    fields.add(row.algorithm);
    fields.add(row.value.view());
    fields.add(row.carrier);
    fields.add(row.source.bytes());
    fields.add(std::int64_t{row.source_port});
    fields.add(row.named.bytes());
    fields.add(row.address.bytes());
    fields.add(row.refusal);
    fields.add(row.outcome);
    fields.add(row.status);
    fields.add(std::int64_t{row.duration.count()});
    fields.add(row.text);
    fields.add(Bytes(row.request));
    return hashing.digest(fields.all());
}

} // namespace otk
