"""Signs of abuse: scored, and shown to somebody who decides."""
