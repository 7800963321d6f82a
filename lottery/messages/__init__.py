"""What players are told, by mail or text message: codes to sign in with, and news of their prizes."""
