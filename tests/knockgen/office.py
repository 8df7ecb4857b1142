"""A home with one profile and its key, and the port that its knocks come to."""

import homes
from homes import Home


class Office:
    def __init__(self, undo):
        self.home = Home(undo)
        self.key = self.home.key()
        self.port = homes.Port(undo)
        self.home.add("office", self.key, udp=self.port.number)

    def send(self, *options, **settings):
        return self.home.run("send", "office", "--key", self.key.path, "--copies", 1, *options, **settings)

    def chain_file(self):
        return f"sha256-s1-{self.home.check_word(self.key).lower()}.chain"

    def add(self, name, *options, key=None, **fields):
        """A profile with the check word of the key (the office's)."""
        self.home.add(name, key or self.key, *options, **{"udp": self.port.number, **fields})

    def chain_path(self):
        return f"{self.home.states}/{self.chain_file()}"

    def next_shown(self, name):
        return self.home.next_of(name)

    def numbers(self):
        """Of the knocks that came since the last call."""
        return [self.key.number_of(packet[:16]) for packet in self.port.packets()]


def next_set(office, *options, **settings):
    return office.home.run("profile", "set", "office", "--next", *options, **settings)
