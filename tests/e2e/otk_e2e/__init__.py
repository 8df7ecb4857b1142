"""What the end-to-end tests stand on: a network of namespaces, an installation of otk in a directory of its own, a running
knockd, chains computed without any of otk's code, and TAP for meson. Python's standard library only."""
