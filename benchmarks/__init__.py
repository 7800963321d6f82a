"""`make bench`: how fast the whole path is on this machine, each figure beside what it is compared with."""
