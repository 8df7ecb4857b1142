// What stands in the kernel's nftables ruleset: noticing that somebody changed it, and whether a table is
// still as it was.
#pragma once

#include "policy/model.h"

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

namespace otk {

class RulesetWatch {
  public:
    RulesetWatch(); // throws Error where nfnetlink cannot be had
    ~RulesetWatch();
    RulesetWatch(const RulesetWatch&) = delete;
    RulesetWatch& operator=(const RulesetWatch&) = delete;

    // Readable after each transaction of whomever; hear() then takes what is there. It never blocks.
    [[nodiscard]] int fd() const;
    void hear();

    // The number of the newest transaction in this network namespace.
    [[nodiscard]] std::uint32_t generation();

    // All that decides what a table of family inet does, except the elements of its sets: equal as long as
    // nobody touched it, and not when it was made again with the same text. Default: there is no such table.
    struct Table {
        std::uint64_t handle = 0; // never used again in this namespace
        std::size_t chains = 0;
        std::size_t rules = 0;
        std::string fingerprint; // what it is made of
        friend bool operator==(const Table&, const Table&) = default;
    };
    [[nodiscard]] Table table(const std::string& name);
    // The sets of a table of family inet by their names: numbers of the table and of the set, which are never
    // used again.
    using Sets = std::map<std::string, std::pair<std::uint64_t, std::uint64_t>>;
    [[nodiscard]] Sets sets(const std::string& table);
    // The elements of guard_table's set of guarded ports; empty when there is none.
    struct Guarded {
        std::set<Service> services;
        bool ends = false; // there is one that the kernel forgets by itself: a trial
    };
    [[nodiscard]] Guarded guarded();
    // Does anything here, besides our own table, translate destination addresses?
    [[nodiscard]] bool translation();

  private:
    struct Inside;
    std::unique_ptr<Inside> inside_;
};

// How many connections are being translated by redirection or DNAT, at most 1: is there one. They end with
// the last chain that translates.
[[nodiscard]] bool translated_connections();

} // namespace otk
