"""The way retailers' people get in, and the frame of every page that services make for them."""
