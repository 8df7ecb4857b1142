#!/usr/bin/python3
"""tools/suite-network: its command reaches the named hosts, by the proxy, and nothing else. The hosts are two small
servers in a network that the test makes for itself. Argument: the program."""

import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "shape"))
from tap import Report  # noqa: E402

INSIDE = "TEST_SUITE_NETWORK_INSIDE"
# Connects by the proxy to localhost, port PORT, and prints what the server says; "refused N" when the proxy says N.
BY_PROXY = """
import socket, sys
proxy = socket.create_connection(("127.0.0.1", 1080))
proxy.sendall(bytes([5, 1, 0]))
assert proxy.recv(2) == bytes([5, 0])
proxy.sendall(bytes([5, 1, 0, 3, 9]) + b"localhost" + int(sys.argv[1]).to_bytes(2, "big"))
code = proxy.recv(10)[1]
print(f"refused {code}" if code else proxy.makefile().read(), end="")
"""
DIRECTLY = "import socket, sys; print(socket.create_connection(('127.0.0.1', int(sys.argv[1]))).makefile().read())"
SERVER = """
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("listening", flush=True)
while True:
    connection, _ = listener.accept()
    connection.sendall(b"port " + sys.argv[1].encode())
    connection.close()
"""


def server(port):
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(port)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "listening\n"
    return process


def run(program, hosts, script, port):
    done = subprocess.run([program, *hosts, "--", sys.executable, "-c", script, str(port)], capture_output=True, text=True,
                          check=False)
    return done.returncode, done.stdout, done.stderr


def differs(got, wanted):
    return [] if got == wanted else [f"wanted {wanted!r}", f"got    {got!r}"]


def cases(program, report):
    allowed = ["localhost:8001"]
    report.case("a named host is reached by the proxy", differs(run(program, allowed, BY_PROXY, 8001), (0, "port 8001", "")))
    report.case("another port of it is not, and that is said", differs(
        run(program, allowed, BY_PROXY, 8002),
        (0, "refused 2", "suite-network: localhost, port 8002, is no mirror: refused\n")))
    report.case("a named host that does not answer is told apart", differs(run(program, ["localhost:8003"], BY_PROXY, 8003)[:2],
                                                                         (0, "refused 4")))
    report.case("without the proxy nothing is reached",
                [] if "Connection refused" in run(program, allowed, DIRECTLY, 8001)[2] else ["it was reached"])
    report.case("the exit code is the command's", differs(run(program, allowed, "import sys; sys.exit(7)", 0)[0], 7))
    report.case("and tells the signal that ended it", differs(
        run(program, allowed, "import os; os.kill(os.getpid(), 9)", 0)[0], 137))


def main():
    if os.geteuid() != 0:
        print("1..0 # SKIP it needs root for network namespaces")
        return
    if INSIDE not in os.environ:
        os.environ[INSIDE] = "yes"
        os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    servers = [server(8001), server(8002)]
    report = Report()
    try:
        cases(sys.argv[1], report)
    finally:
        for process in servers:
            process.kill()
            process.wait()
    report.end()


if __name__ == "__main__":
    main()
