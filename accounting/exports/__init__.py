"""Files for auditors: SAF-T and DSFinV-K."""
