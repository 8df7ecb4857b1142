#!/usr/bin/python3
"""knockmgr doors: what is open is listed, scripts are answered, and an administrator ends it (DESIGN 9)."""

from otk_e2e import tap, wait
from otk_e2e.doors import allows, doors, let_in, make_world, runs, wait_for_door, wait_for_none, with_undo

suite = tap.Suite(make_world)


@suite.case("a door is listed while it is open, for whom and until when; by then it is gone from list and kernel")
def listed(w):
    access = w.access("--open", "22/tcp", "--hold", "20s")
    row = access.spend()
    door = wait_for_door(w, access)
    assert (door["row"], door["kind"], door["address"], door["port"]) == (row["row"], "open", w.client.ipv4, "22/tcp"), door
    assert door["what"] == f"22/tcp from {w.client.ipv4}/32" and 0 < door["seconds_left"] <= 20, door
    assert let_in(w) == [f"{w.client.ipv4} . tcp . 22"], let_in(w)
    text = w.installation.knockmgr("doors")
    assert f"{access.user}  {access.command}" in text and door["what"] in text, text
    w.clock.advance(20)
    wait_for_none(w, access)
    wait.until(lambda: access.rows("closed"), "the ledger has its end")
    wait.until(lambda: not let_in(w), "the kernel has closed it")


@suite.case("any user may ask by --allows, and is told the truth before, during and after")
def asked(w):
    access = w.access("--open", "2222/tcp", "--hold", "1h")
    client, stranger = w.client.ipv4, "192.0.2.200"
    assert not allows(w, client, "2222")
    access.spend()
    wait_for_door(w, access)
    answers = [allows(w, *words) for words in ((client, "2222"), (f"::ffff:{client}", "2222"), (stranger, "2222"),
                                               (client, "2222/udp"), (client, "2223"))]
    assert answers == [True, True, False, False, False], answers
    w.installation.knockmgr("doors", "close", access.user, "--yes")
    assert not allows(w, client, "2222")


@suite.case("a second knock prolongs the door and adds none to the list")
def prolonged(w):
    access = w.access("--open", "2223/tcp", "--hold", "1h")
    access.spend()
    first = wait_for_door(w, access)
    w.clock.advance(1800)
    access.spend()
    wait.until(lambda: doors(w, access)[0]["until"] > first["until"], "it is open for longer")
    assert [door["row"] for door in doors(w, access)] == [first["row"]]
    w.installation.knockmgr("doors", "close", access.user, "--yes")


@suite.case("an administrator ends a door by its row: at once in the kernel, with the reason in the ledger")
def closed(w):
    access = w.access("--open", "2224/tcp", "--hold", "1h")
    row = access.spend()["row"]
    wait_for_door(w, access)
    said = w.installation.knockmgr("doors", "close", row, "--yes")
    assert f"row {row}: {access.user}/{access.command}: 2224/tcp from {w.client.ipv4}/32 is closed" in said, said
    assert f"{w.client.ipv4} . tcp . 2224" not in let_in(w), let_in(w)
    end = access.rows("closed")[-1]
    assert end["of"] == row and "administrator" in end["text"], end
    assert "nothing of that kind is open" in w.installation.knockmgr("doors", "close", row, "--yes", expect=1)


@suite.case("all of a user's doors end together, and what waits to be undone is undone, once")
def all_of_a_user(w):
    undone, other = with_undo(w), w.access("--open", "2225/tcp", "--hold", "1h")
    undone.spend()
    other.spend()
    waiting = wait_for_door(w, undone)
    wait_for_door(w, other)
    assert waiting["kind"] == "exec" and waiting["what"] == f"undo for {w.client.ipv4}", waiting
    assert runs(undone) == ["run"]
    said = w.installation.knockmgr("doors", "close", undone.user, "--yes")
    assert "is run now" in said, said
    wait.until(lambda: runs(undone) == ["run", "undo"], lambda: f"it is undone; there was {runs(undone)}")
    assert doors(w, other), "a door of somebody else has ended"
    w.installation.knockmgr("doors", "close", "--all", "--yes")
    assert not doors(w)
    w.daemon.restart()
    w.settle()
    assert runs(undone) == ["run", "undo"], runs(undone)


@suite.case("a forwarding door is listed with the port that its knock determined, and answers for that one")
def forwarded(w):
    access = w.access("--forward", "127.0.0.1:2200", "--hold", "1h")
    access.spend()
    door = wait_for_door(w, access)
    port = door["port"].removesuffix("/tcp")
    assert 61000 <= int(port) <= 65534 and door["target"] == "127.0.0.1:2200", door
    assert allows(w, w.client.ipv4, port) and not allows(w, "192.0.2.200", port)
    w.installation.knockmgr("doors", "close", access.user, access.command, "--yes")
    assert not allows(w, w.client.ipv4, port)


@suite.case("when knockd is killed the list says so; what is to be closed is closed when it starts again")
def killed(w):
    access, undone = w.access("--open", "2226/tcp", "--hold", "1h"), with_undo(w)
    access.spend()
    undone.spend()
    row = wait_for_door(w, access)["row"]
    wait_for_door(w, undone)
    w.daemon.kill()
    text = w.installation.knockmgr("doors")
    for part in ("knockd is not running", "stay open in the kernel", "undone when knockd starts again", f"{row} "):
        assert part in text, text
    assert allows(w, w.client.ipv4, "2226") and f"{w.client.ipv4} . tcp . 2226" in let_in(w)
    for user in (access.user, undone.user):
        said = w.installation.knockmgr("doors", "close", user, "--yes", expect=1, environment=w.clock.environment)
        assert "knockd is not running" in said, said
    w.daemon.start()
    wait_for_none(w, access)
    wait.until(lambda: f"{w.client.ipv4} . tcp . 2226" not in let_in(w), "the kernel has closed it")
    wait.until(lambda: runs(undone) == ["run", "undo"], lambda: f"it is undone; there was {runs(undone)}")
    w.settle()
    assert not allows(w, w.client.ipv4, "2226") and runs(undone) == ["run", "undo"]


if __name__ == "__main__":
    suite.main()
