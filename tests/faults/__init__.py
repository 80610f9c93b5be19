"""Injected faults: servers that end, disks that are full, files that are cut, and what follows."""
