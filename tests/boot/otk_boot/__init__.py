"""What the boot tests stand on: a Debian tree with otk installed, booted by its own systemd in namespaces, and a client on
its network. What is not about booting comes from tests/e2e/otk_e2e. Python's standard library only."""
