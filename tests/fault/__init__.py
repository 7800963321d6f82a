"""`make fault`: kills, starves and exchanges every part of the system under traffic, then reconciles."""
