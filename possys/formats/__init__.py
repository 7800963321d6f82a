"""How moments and days are written where nothing else is said: in the admin, since every other page says it itself."""
