"""command add, list, show and remove: the four kinds of command."""

from harness import CALLER, Installation, expect, expect_in, run_all

UNDO = '["/bin/echo", "gone", "{address}"]'
NOTHING = {"argv": None, "run_as": None, "limit_seconds": None, "leave_running": None, "undo": None, "hold_seconds": None, "opens": None,
           "prefix4": None, "prefix6": None, "forwards_to": None, "closes": None, "closed_by": [], "enabled": True,
           "argument": None}


def shown(otk, name):
    return otk.must("command", "show", name, "--json").json()


def expect_command(otk, name, **fields):
    expect(shown(otk, name), {"name": name, **NOTHING, "users": [], **fields})
    listed = {command["name"]: command for command in otk.must("command", "list", "--json").json()}
    expect(listed[name], {"name": name, **NOTHING, **fields})


def test_open():
    """an open command has a port, a hold and, where given, prefixes"""
    with Installation() as otk:
        otk.must("command", "add", "ssh", "--open", "22/tcp", "--hold", "90s")
        expect_command(otk, "ssh", kind="open", opens="22/tcp", hold_seconds=90, prefix4=32, prefix6=128,
                       uses_address=True)
        otk.must("command", "add", "vpn", "--open", "51820/udp", "--hold", "7d", "--prefix4", "24", "--prefix6", "64")
        expect_command(otk, "vpn", kind="open", opens="51820/udp", hold_seconds=7 * 24 * 3600, prefix4=24, prefix6=64,
                       uses_address=True)
        text = otk.must("command", "show", "vpn").out
        for part in ("51820/udp", "7d", "/24 of IPv4, /64 of IPv6"):
            expect_in(part, text)
        expect_in("the address of the knock alone", otk.must("command", "show", "ssh").out)
        expect_in("opens 22/tcp for 90s", otk.must("command", "list").out)


def test_forward():
    """a forward command leads to an address and a port, of either family"""
    with Installation() as otk:
        otk.must("command", "add", "inner", "--forward", "127.0.0.1:22", "--hold", "60s")
        expect_command(otk, "inner", kind="forward", forwards_to="127.0.0.1:22", hold_seconds=60, uses_address=True)
        otk.must("command", "add", "six", "--forward", "[2001:db8::7]:2222", "--hold", "1s")
        expect_command(otk, "six", kind="forward", forwards_to="[2001:db8::7]:2222", hold_seconds=1, uses_address=True)
        expect_in("[2001:db8::7]:2222", otk.must("command", "show", "six").out)


def test_undo():
    """a program with --undo keeps both argv exactly"""
    with Installation() as otk:
        otk.must("command", "add", "x", "--exec", "--as", CALLER, "--hold", "2h", "--undo",
                 '["/bin/echo", "a b", "", "ä", "{address}"]', "--", "/bin/echo", "there")
        expect_command(otk, "x", kind="exec", argv=["/bin/echo", "there"], run_as=CALLER, limit_seconds=30, leave_running=False,
                       undo=["/bin/echo", "a b", "", "ä", "{address}"], hold_seconds=7200, uses_address=True)
        expect_in("after 2h runs /bin/echo", otk.must("command", "list").out)
        expect_in("undone by:", otk.must("command", "show", "x").out)


def test_close():
    """a close command ends what another one opened, and each names the other"""
    with Installation() as otk:
        otk.must("command", "add", "ssh", "--open", "22/tcp", "--hold", "60s")
        otk.must("command", "add", "ssh-done", "--close", "ssh")
        expect_command(otk, "ssh-done", kind="close", closes="ssh", uses_address=False)
        expect(shown(otk, "ssh")["closed_by"], ["ssh-done"])
        expect_in("closed by:", otk.must("command", "show", "ssh").out)
        expect_in("ends what knocks for ssh opened", otk.must("command", "list").out)
        otk.refused(1, "the command ssh-done closes ssh", "command", "remove", "ssh", "--yes")
        otk.must("command", "remove", "ssh-done", "--yes")
        otk.must("command", "remove", "ssh", "--yes")


def test_what_cannot_be_closed():
    """only what lasts can be closed, and it must be there"""
    with Installation() as otk:
        otk.must("command", "add", "once", "--exec", "--as", CALLER, "--", "/bin/true")
        otk.must("command", "add", "vpn", "--exec", "--as", CALLER, "--hold", "1h", "--undo", UNDO, "--", "/bin/true")
        otk.must("command", "add", "vpn-done", "--close", "vpn")
        otk.refused(1, "nothing of once lasts", "command", "add", "x", "--close", "once")
        otk.refused(1, "nothing of vpn-done lasts", "command", "add", "x", "--close", "vpn-done")
        otk.refused(1, "command list", "command", "add", "x", "--close", "nothing-like-it")


def test_one_kind():
    """a command is of exactly one kind, and takes only what belongs to it"""
    with Installation() as otk:
        otk.must("command", "add", "ssh", "--open", "22/tcp", "--hold", "60s")
        program = ("--", "/bin/true")
        for part, *words in (
                ("what kind of command", "--as", CALLER, *program), ("what kind of command",),
                ("two kinds", "--exec", "--open", "22/tcp", "--hold", "1s", *program),
                ("two kinds", "--open", "22/tcp", "--forward", "127.0.0.1:22", "--hold", "1s"),
                ("two kinds", "--close", "ssh", "--open", "22/tcp"),
                ("after --", "--exec", "--as", CALLER),
                ("--as does not go with --open", "--open", "22/tcp", "--hold", "1s", "--as", CALLER),
                ("--limit does not go with --forward", "--forward", "127.0.0.1:22", "--hold", "1s", "--limit", "1s"),
                ("--undo does not go with --open", "--open", "22/tcp", "--hold", "1s", "--undo", UNDO),
                ("--hold does not go with --close", "--close", "ssh", "--hold", "1s"),
                ("--prefix4 does not go with --forward", "--forward", "127.0.0.1:22", "--hold", "1s", "--prefix4", "24"),
                ("--prefix6 does not go with --exec", "--exec", "--as", CALLER, "--prefix6", "64", *program),
                ("runs no program", "--open", "22/tcp", "--hold", "1s", *program),
                ("runs no program", "--close", "ssh", *program),
                ("there is no --undo", "--exec", "--as", CALLER, "--hold", "1s", *program),
                ("--hold TIME", "--exec", "--as", CALLER, "--undo", UNDO, *program),
                ("--hold TIME", "--open", "22/tcp"), ("--hold TIME", "--forward", "127.0.0.1:22")):
            otk.refused(2, part, "command", "add", "x", *words)


def test_values():
    """ports, targets, times and prefixes outside their bounds are refused with an example"""
    with Installation() as otk:
        for port in ("22", "ssh/tcp", "0/tcp", "65536/tcp", "22/sctp", "", "22/tcp/udp"):
            otk.refused(2, "22/tcp", "command", "add", "x", "--open", port, "--hold", "60s")
        for target in ("22", "localhost:22", "127.0.0.1", "127.0.0.1:0", "::1:22", "[::1]", "", "[127.0.0.1]:22"):
            otk.refused(2, "127.0.0.1:22", "command", "add", "x", "--forward", target, "--hold", "60s")
        for hold in ("0s", "8d", "60", "-1s", "soon", ""):
            otk.refused(2, "--hold", "command", "add", "x", "--open", "22/tcp", "--hold", hold)
        for option, bits in (("--prefix4", "7"), ("--prefix4", "33"), ("--prefix6", "15"), ("--prefix6", "129"),
                             ("--prefix4", "x"), ("--prefix6", "")):
            otk.refused(2, option, "command", "add", "x", "--open", "22/tcp", "--hold", "60s", option, bits)
        for undo in ("", "{}", "[]", "[1]", '"/bin/true"', '["/bin/true"', "/bin/true", '[["/bin/true"]]'):
            otk.refused(2, "list of texts in JSON", "command", "add", "x", "--exec", "--as", CALLER, "--hold", "1s",
                        "--undo", undo, "--", "/bin/true")
        for undo, part in (('["true"]', "--undo:"), ('["/bin/true", "x{address}"]', "--undo:"),
                           ('["/no/such/program"]', "/no/such/program"), ('["/etc"]', "not a program")):
            otk.refused(1, part, "command", "add", "x", "--exec", "--as", CALLER, "--hold", "1s", "--undo", undo, "--",
                        "/bin/true")


def test_firewall_advice():
    """what else an open command needs is said by the mode of the firewall"""
    ssh = ("--open", "22/tcp", "--hold", "60s", "--prefix4", "24")
    with Installation() as otk:
        for done in (otk.must("command", "add", "ssh", *ssh), otk.must("command", "show", "ssh")):
            expect_in("knockmgr guard on --confirm 5m", done.out)
        otk.must("command", "add", "inner", "--forward", "127.0.0.1:22", "--hold", "60s")
        expect("guard" in otk.must("command", "show", "inner").out, False)
    with Installation('[firewall]\nmode = "sets"\ntable = "mine"\nset4 = "friends"\n') as otk:
        for done in (otk.must("command", "add", "ssh", *ssh), otk.must("command", "show", "ssh")):
            for part in ("table inet mine", "friends_24", "22"):
                expect_in(part, done.out)
    with Installation('[firewall]\nmode = "none"\n') as otk:
        expect_in("knockmgr doors --allows", otk.must("command", "add", "ssh", *ssh).out)


def test_what_is_at_stake():
    """who removes something is told what ends with it"""
    with Installation() as otk:
        otk.must("user", "add", "anna")
        otk.must("command", "add", "ssh", "--open", "22/tcp", "--hold", "60s")
        otk.must("command", "add", "vpn", "--exec", "--as", CALLER, "--hold", "1h", "--undo", UNDO, "--", "/bin/true")
        for command in ("ssh", "vpn"):
            otk.must("grant", "add", "anna", command, "--generate", "--length", "5")
        expect_in("is undone at once", otk.must("grant", "remove", "anna", "vpn", "--yes").out)
        expect_in("0 grants; what waits to be undone", otk.must("command", "remove", "vpn", "--yes").out)
        expect_in("1 grant; open doors end", otk.must("command", "remove", "ssh", "--yes").out)
        expect_in("0 grants\n", otk.must("user", "remove", "anna", "--yes").out)


run_all(globals())
