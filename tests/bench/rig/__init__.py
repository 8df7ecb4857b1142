"""What tools/bench measures the daemons with: two hosts joined by a veth, each pinned to a core; the daemons side by side;
the scenarios; the tables. Python's standard library only. Nothing here passes or fails."""
