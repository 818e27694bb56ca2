"""Things that can be changed, one file each: frozen dataclasses that act, and can tell later whether they did."""
