"""What was won: winners are told, claim with the receipt at hand, and are paid after two people agreed."""
