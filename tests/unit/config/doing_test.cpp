// The keys that say what knockd does about a knock: doors, firewall, ledger, alerts.

#include "tests/unit/config/faults.h"

using namespace otk;
using namespace otk::test;

TEST_CASE("the ports of doors are a range above the system's own services") {
    for (const char* text : {"", "61000", "61000-", "-65534", "61000-65536", "61000 - 65534", "1-2-3", "a-b",
                             "+61000-65534", "61000-65534x"}) {
        CAPTURE(text);
        CHECK(says(std::string("[forward]\nports = \"") + text + "\"\n", "2:9", "61000-65534"));
    }
    CHECK(says("[forward]\nports = \"1023-2000\"\n", "2:9", "below 1024"));
    CHECK(says("[forward]\nports = \"0-2000\"\n", "2:9", "below 1024"));
    CHECK(says("[forward]\nports = \"65534-61000\"\n", "2:9", "did you mean \"61000-65534\"?"));
    CHECK(says("[forward]\nports = [61000]\n", "2:9", "a list"));
}

TEST_CASE("the firewall's names are such as nft reads without quotes") {
    CHECK(says("[firewall]\nmode = \"Guard\"\n", "2:8", "none of guard, sets and none"));
    for (const char* name : {"", "4otk", "-otk", "a b", "a;b", "a{", "\u00e4", "$x", "a\\nb"}) {
        CAPTURE(name);
        for (const char* key : {"table", "set4", "set6"}) {
            CHECK(says(std::string("[firewall]\n") + key + " = \"" + name + "\"\n",
                       "2:" + std::to_string(std::string_view(key).size() + 4), "name in nftables"));
        }
    }
    const std::string longest(64, 'a');
    CHECK(fault_of("[firewall]\ntable = \"" + longest + "\"\n") == "accepted");
    CHECK(says("[firewall]\ntable = \"" + longest + "a\"\n", "2:9", "at most 64"));
    CHECK(says("[firewall]\nset6 = \"otk4\"\n", "2:8", "both 'otk4'"));
    CHECK(says("[firewall]\nset4 = \"x\"\nset6 = \"x\"\n", "2:8", "both 'x'"));
    CHECK(fault_of("[firewall]\nset4 = \"otk6\"\nset6 = \"otk4\"\n") == "accepted");
    CHECK(says("[firewall]\nalways_allow = [\"10.0.0.0/8\", \"10.0.0.1/8\"]\n", "2:31", "no network"));
}

TEST_CASE("durations have units, least values and words for none") {
    CHECK(says("[ledger]\nkeep = \"for ever\"\n", "2:8", "or \"forever\""));
    CHECK(says("[ledger]\nkeep = \"23h\"\n", "2:8", "the least is \"1d\""));
    CHECK(says("[ledger]\nkeep = 90\n", "2:8", "a text in quotes"));
    CHECK(says("[ledger]\noutput_keep = \"59m\"\n", "2:15", "the least is \"1h\""));
    CHECK(says("[alerts]\nsilence = \"never\"\n", "2:11", "for example \"90d\""));
    CHECK(says("[alerts]\nsilence = \"\"\n", "2:11", "for example \"90d\""));
    CHECK(says("[alerts]\npassphrase_age = \"0d\"\n", "2:18", "or \"never\""));
    CHECK(fault_of("[ledger]\nkeep = \"1d\"\noutput_keep = \"1h\"\n") == "accepted");
}

TEST_CASE("the skew of clocks is short, and dynamic mode has a port") {
    CHECK(fault_of("[accept]\nclock_skew = \"1s\"\n") == "accepted");
    CHECK(says("[accept]\nclock_skew = \"0s\"\n", "2:14", "a number with s, m, h or d"));
    CHECK(says("[accept]\nclock_skew = \"601s\"\n", "2:14", "the most is \"10m\""));
    CHECK(says("[accept]\nclock_skew = 60\n", "2:14", "a text in quotes"));
    CHECK(says("[dynamic]\nport = 0\n", "2:8", "from 1 to 65535"));
    CHECK(says("[dynamic]\nport = 65536\n", "2:8", "from 1 to 65535"));
    CHECK(says("[dynamic]\nenabled = 1\n", "2:11", "true or false"));
}

TEST_CASE("alerts name what there is, and their command is checked like any other") {
    CHECK(says("[alerts]\non = [\"used\", \"replays\"]\n", "2:15", "did you mean 'replay'?"));
    CHECK(says("[alerts]\non = [\"everything\"]\n", "2:7", "the alerts are used, replay, late"));
    CHECK(fault_of("[alerts]\non = []\n") == "accepted");
    CHECK(says("[alerts]\ncommand = [\"mail\"]\n", "2:11", "/usr/bin/mail"));
    CHECK(says("[alerts]\ncommand = \"/bin/mail\"\n", "2:11", "in brackets"));
    CHECK(says("[alerts]\ncommand = [\"/bin/x\", \"{count}\"]\n", "2:11", "the tokens are {alert} {user}"));
    CHECK(says("[alerts]\ncommand = [\"/bin/x\", \"-s{text}\"]\n", "2:11", "$OTK_TEXT"));
    std::string many = "[alerts]\ncommand = [\"/bin/x\"";
    for (int i = 0; i < 63; ++i)
        many += ", \"a\"";
    CHECK(fault_of(many + "]\n") == "accepted");
    CHECK(says(many + ", \"a\"]\n", "2:11", "at most 64 arguments"));
    CHECK(says("[alerts]\nrun_as = \"a b\"\n", "2:10", "account"));
    CHECK(says("[alerts]\nper_hour = 0\n", "2:12", "from 1 to 3600"));
    CHECK(says("[alerts]\nflood = 0\n", "2:9", "from 1"));
    CHECK(says("[limits]\ndoors = 0\n", "2:9", "from 1 to 4096"));
    CHECK(says("[users]\nforward = \"\"\n", "2:11", "account"));
}

TEST_CASE("a metrics file that the collector would not read, or that depends on where knockd was started") {
    for (const char* path : {"otk.prom", "./otk.prom", "/x/otk.txt", "/x/otk", "/x/", "/x/.prom",
                             "/x/otk.PROM", "/x/a\\u0000.prom", "/x\\n/otk.prom", "otk"}) {
        CAPTURE(path);
        CHECK(says("[metrics]\nfile = \"" + std::string(path) + "\"\n", "2:8",
                   "absolute path that ends in .prom"));
    }
    CHECK(says("[metrics]\nfile = 3\n", "2:8", "a text in quotes"));
    CHECK(says("[metrics]\nfile = \"/" + std::string(4096, 'x') + ".prom\"\n", "2:8", "absolute path"));
    CHECK(says("[metrics]\nfiel = \"\"\n", "2:1", "did you mean 'file'?"));
    CHECK(says("[metric]\nfile = \"\"\n", "1:2", "did you mean [metrics]?"));
    CHECK(fault_of("[metrics]\nfile = \"\"\n") == "accepted");
    CHECK(fault_of("[metrics]\nfile = \"/x/otk.prom\"\n") == "accepted");
}

TEST_CASE("config: a group that may read the state is a name, or nobody is left out") {
    CHECK(says("[state]\nreadable_by = \"a b\"\n", "2:15", "cannot be a system account's name"));
    CHECK(says("[state]\nreadable_by = 4\n", "2:15", "a text in quotes"));
    CHECK(fault_of("[state]\nreadable_by = \"\"\n") == "accepted");
}
